"""The kinds of crash, one table. Those that last longest come first: rounds run side by side."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import faults as do
from . import surroundings as around
from .bridge import Way
from .rig import Needs, Rig


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind. `do` breaks things and makes the world whole again, but for what `Rig.recover` does."""

    name: str
    what: str
    do: Callable[[Rig], None]
    needs: Needs


NOTHING, CABLE, CLOCK, DISK = Needs(), Needs(cable=True), Needs(clock=True), Needs(disk=True)
TO_UNIT = "nothing reaches the unit"
TO_HOST = "nothing reaches the controller"
HOLDS = "the cable holds everything back"
KINDS: Final = (
    Kind("stop_then_killed", "stop by a person, then kill -9", do.stop_then_killed, NOTHING),
    Kind("broker_stopped", "broker hangs (SIGSTOP)", do.broker_stopped, NOTHING),
    Kind("log_full", "log never read, then broker killed or SIGTERM", around.log_full, NOTHING),
    Kind("broker_killed", "broker killed for good", do.broker_killed, NOTHING),
    Kind("disk_full", "disk full", around.disk_full, DISK),
    Kind("record_overwritten", "record overwritten, later kill -9", around.damaged_running("overwritten"), NOTHING),
    Kind("record_truncated", "record truncated, later kill -9", around.damaged_running("truncated"), NOTHING),
    Kind("record_deleted", "record deleted, later kill -9", around.damaged_running("deleted"), NOTHING),
    Kind("broker_flaps", "broker flaps", do.broker_flaps, NOTHING),
    Kind("combined", "two or three of these at once", around.combined, Needs(cable=True, clock=True)),
    Kind("unit_killed", "unit without power, back", do.unit_killed, NOTHING),
    Kind("second_controller", "two controllers, then kill -9", do.second, NOTHING),
    Kind("disk_full_killed", "disk full and kill -9", around.disk_full_killed, DISK),
    Kind("damaged_stopped", "kill -9, record damaged before the start", around.damaged_stopped, NOTHING),
    Kind("clock_set", "wall clock set, kill -9 or SIGTERM", around.clock, CLOCK),
    Kind("killed", "kill -9", do.killed, NOTHING),
    Kind("stopped", "SIGSTOP 1 to 6 s", do.stopped, NOTHING),
    Kind("terminated", "SIGTERM", do.terminated, NOTHING),
    Kind("terminated_twice", "SIGTERM twice", do.terminated_twice, NOTHING),
    Kind("cable_pulled", "cable pulled and back", do.pulled, CABLE),
    Kind("cut_to_unit", f"half-open: {TO_UNIT}", do.cut(Way.DROP, Way.PASS, TO_UNIT), CABLE),
    Kind("cut_to_host", f"half-open: {TO_HOST}", do.cut(Way.PASS, Way.DROP, TO_HOST), CABLE),
    Kind("cable_holds", "bytes held back, then all at once", do.cut(Way.HOLD, Way.HOLD, HOLDS), CABLE),
)
BY_NAME: Final = {kind.name: kind for kind in KINDS}
