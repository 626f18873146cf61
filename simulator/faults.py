"""The catalogue of faults: what can go wrong around a table, where, how it is done to the simulation, and a proof.

Each kind makes a `Fault`. It is begun at a `Site`, gets a tick every 20 ms, and is ended. `acted` counts what it has
changed so far: bytes, readings, ticks. A fault that has changed nothing was not applied, and a run that relies on it
has shown nothing. Kinds of the host, its clock, its disk and the broker have no `make`: they happen on the other side
of the wire, where `bascule.campaign_rig` does them, and where a tester does what `by_hand` says.

The ids are the rows of the fault table in docs/safety.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

from . import wire
from .fault_acts import (
    Bounce,
    Change,
    Fault,
    Gone,
    OnSensor,
    OnWire,
    Pulse,
    Setting,
    Site,
    Stuck,
    WrongSide,
    drifting,
    gone,
    mirrored,
    noisy,
    shifted,
    spiking,
)
from .physics import Physics
from .sensors import Switches
from .table import Table
from .wire import FROM_UNIT, TO_UNIT, Filter

SLIPS_DPS: Final = 0.02
WARM, HOT = 0.75, 0.9
"""Of what the motor may take: beyond the unit's two thresholds, 0.7 and 0.8."""


class Layer(StrEnum):
    """Where a fault is."""

    WIRE = "wire"
    SENSORS = "sensors"
    SWITCHES = "switches"
    MOTOR = "motor"
    BRAKE = "brake"
    POWER = "power"
    UNIT = "unit"
    HOST = "host"
    CLOCK = "clock"
    DISK = "disk"
    BROKER = "broker"


class Amount(NamedTuple):
    """How much of it: what it means, its unit, least, most, and what it is when nobody says."""

    meaning: str
    unit: str
    least: float
    most: float
    usual: float


Make = Callable[[float], Fault]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault.

    `for_s`: how long it lasts when nobody says; 0 is for ever. `moving`: it only shows while the drive is asked to
    move; `resting`: while a load rests on the brake. `strands`: the right reaction may be to hold, head down too, and
    call for help. `travel_deg`: how far it may move the table against every order before the unit has stopped it.
    """

    name: str
    layer: Layer
    ids: tuple[str, ...]
    meaning: str
    make: Make | None = None
    amount: Amount | None = None
    for_s: float = 0.0
    moving: bool = False
    resting: bool = False
    strands: bool = False
    travel_deg: float = 0.0
    by_hand: str = ""

    def value(self, amount: float | None) -> float:
        """The amount to use; ValueError, with what is possible, for one out of range or where there is none."""
        if self.amount is None:
            if amount is not None:
                raise ValueError(f"{self.name} has no amount")
            return 0.0
        if amount is None:
            return self.amount.usual
        if not self.amount.least <= amount <= self.amount.most:
            least, most, unit = self.amount.least, self.amount.most, self.amount.unit
            raise ValueError(f"{self.name}: {self.amount.meaning} is {least:g} to {most:g} {unit}".rstrip())
        return amount


def _wire(made: Callable[[Random, float], Filter]) -> Make:
    return lambda amount: OnWire(made, amount)


def _sensor(name: str, change: Change) -> Make:
    return lambda amount: OnSensor(f"{name}_fault", change, amount)


def _stuck(name: str) -> Make:
    return lambda _: OnSensor(f"{name}_fault", Stuck(), 0.0)


def _physics(table: Table) -> Physics:
    return table.physics


def _switches(table: Table) -> Switches:
    return table.switches


def _table(table: Table) -> Table:
    return table


def _reset(table: Table) -> None:
    table.reset_unit()


def _power_cut(table: Table) -> None:
    table.lose_memory()


def _always(_: Table) -> bool:
    return True


def _powered(table: Table) -> bool:
    """The motor has current, so that what is wrong with the drive makes a difference."""
    return table.physics.current_a > 0.0


def _runs(table: Table) -> bool:
    """The drive turns: a motor that runs by itself does so without being told."""
    return abs(table.physics.drive_dps) > SLIPS_DPS


def _slips(table: Table) -> bool:
    """The drive turns although the motor has no current."""
    return table.physics.current_a == 0.0 and abs(table.physics.drive_dps) > SLIPS_DPS


def _heated(heat: float) -> Make:
    """The motor stays as hot as that, whatever it does."""
    return lambda _: Pulse(lambda table: setattr(table.memory, "heat", heat), 0.5)


_PART = Amount("the part of the transmissions that it hits", "", 0.01, 1.0, 0.2)
_L = Layer

KINDS: Final = (
    # ---- wire
    Kind("bit_flips", _L.WIRE, ("F1",), "one bit of a transmission is wrong", _wire(wire.BitFlips), _PART, 3.0),
    Kind("truncation", _L.WIRE, ("F1",), "transmissions lose their end", _wire(wire.Truncation), _PART, 3.0),
    Kind("drops", _L.WIRE, ("F2",), "transmissions are lost", _wire(wire.Drops), _PART, 3.0),
    Kind("duplicates", _L.WIRE, ("F2",), "transmissions come twice", _wire(wire.Duplicates), _PART, 3.0),
    Kind("reordering", _L.WIRE, ("F2",), "transmissions change places", _wire(wire.Reordering), _PART, 3.0),
    Kind("delay", _L.WIRE, ("F2",), "everything comes late", _wire(wire.Delay),
         Amount("how late", "ms", 20.0, 1500.0, 200.0), 4.0),
    Kind("jitter", _L.WIRE, ("F2",), "everything comes late by different times", _wire(wire.Jitter),
         Amount("how late at most", "ms", 20.0, 600.0, 120.0), 4.0),
    Kind("replay", _L.WIRE, ("F2", "F21"), "old transmissions come again", _wire(wire.Replay), _PART, 3.0),
    Kind("garbage", _L.WIRE, ("F1", "F22"), "random bytes between the good ones", _wire(wire.Garbage), _PART, 3.0),
    Kind("noise_burst", _L.WIRE, ("F1",), "random bytes at every tick", _wire(wire.Garbage),
         Amount("the part of the ticks", "", 1.0, 1.0, 1.0), 0.6),
    Kind("wrong_baud", _L.WIRE, ("F1",), "one end has another baud rate", _wire(wire.WrongBaud), for_s=3.0),
    Kind("half_open_to_unit", _L.WIRE, ("F3", "F17"), "the unit hears nothing any more",
         lambda _: OnWire(wire.HalfOpen, TO_UNIT), for_s=6.0),
    Kind("half_open_from_unit", _L.WIRE, ("F3", "F4"), "the unit is not heard any more",
         lambda _: OnWire(wire.HalfOpen, FROM_UNIT), for_s=6.0),
    Kind("stuck_to_unit", _L.WIRE, ("F3", "F21"), "what is for the unit waits in a buffer and comes in one burst",
         lambda _: OnWire(wire.Stuck, TO_UNIT), for_s=1.0),
    Kind("stuck_from_unit", _L.WIRE, ("F3",), "what the unit says waits in a buffer and comes in one burst",
         lambda _: OnWire(wire.Stuck, FROM_UNIT), for_s=1.0),
    Kind("dribble", _L.WIRE, ("F2",), "only so many bytes get through in 20 ms", _wire(wire.Dribble),
         Amount("how many", "bytes", 5.0, 30.0, 20.0), 4.0),
    # ---- sensors
    Kind("bed_stuck", _L.SENSORS, ("F7",), "the sensor on the bed keeps its last reading", _stuck("bed")),
    Kind("drive_stuck", _L.SENSORS, ("F7",), "the sensor on the drive keeps its last reading", _stuck("drive")),
    Kind("bed_gone", _L.SENSORS, ("F7",), "the sensor on the bed is out of range", _sensor("bed", gone)),
    Kind("drive_gone", _L.SENSORS, ("F7",), "the sensor on the drive is out of range", _sensor("drive", gone)),
    Kind("bed_jump", _L.SENSORS, ("F7", "F8"), "the sensor on the bed is off by so much", _sensor("bed", shifted),
         Amount("how much", "°", -40.0, 40.0, 8.0)),
    Kind("drive_jump", _L.SENSORS, ("F7", "F8"), "the sensor on the drive is off by so much",
         _sensor("drive", shifted), Amount("how much", "°", -40.0, 40.0, 8.0)),
    Kind("bed_mirrored", _L.SENSORS, ("F7",), "the sensor on the bed has its sign flipped", _sensor("bed", mirrored)),
    Kind("drive_mirrored", _L.SENSORS, ("F7",), "the sensor on the drive has its sign flipped",
         _sensor("drive", mirrored)),
    Kind("bed_drifts", _L.SENSORS, ("F8",), "the sensor on the bed drifts", _sensor("bed", drifting),
         Amount("how fast", "°/s", -3.0, 3.0, 0.7), travel_deg=3.0),
    Kind("drive_drifts", _L.SENSORS, ("F8",), "the sensor on the drive drifts", _sensor("drive", drifting),
         Amount("how fast", "°/s", -3.0, 3.0, 0.7), travel_deg=3.0),
    Kind("bed_noisy", _L.SENSORS, ("F7",), "the sensor on the bed is noisy", _sensor("bed", noisy),
         Amount("standard deviation", "°", 0.2, 10.0, 1.5)),
    Kind("drive_noisy", _L.SENSORS, ("F7",), "the sensor on the drive is noisy", _sensor("drive", noisy),
         Amount("standard deviation", "°", 0.2, 10.0, 1.5)),
    Kind("bed_spikes", _L.SENSORS, ("F7",), "single readings of the sensor on the bed are wild",
         _sensor("bed", spiking), Amount("the part of the readings", "", 0.01, 0.6, 0.05)),
    Kind("drive_spikes", _L.SENSORS, ("F7",), "single readings of the sensor on the drive are wild",
         _sensor("drive", spiking), Amount("the part of the readings", "", 0.01, 0.6, 0.05)),
    Kind("bed_offset", _L.SENSORS, ("F8",), "the sensor on the bed is off by less than anybody can notice",
         _sensor("bed", shifted), Amount("how much", "°", -1.0, 1.0, 1.0)),
    Kind("drive_offset", _L.SENSORS, ("F8",), "the sensor on the drive is off by less than anybody can notice",
         _sensor("drive", shifted), Amount("how much", "°", -1.0, 1.0, -1.0)),
    Kind("level_switch_wrong", _L.SENSORS, ("F8",), "the level switch reports the other side", lambda _: WrongSide()),
    # ---- switches, by hands and feet
    Kind("estop_pressed", _L.SWITCHES, ("F24",), "the emergency stop is pressed",
         lambda _: Setting(_switches, "estop", True, _always), for_s=2.0, strands=True),
    Kind("ankle_lock_open", _L.SWITCHES, ("F25",), "an ankle lock is open",
         lambda _: Setting(_switches, "ankles_locked", False, _always)),
    Kind("ankle_lock_bounces", _L.SWITCHES, ("F25",), "an ankle lock's switch bounces",
         lambda ticks: Bounce("ankles_locked", ticks), Amount("how long each time", "ticks of 20 ms", 1.0, 4.0, 2.0),
         2.0),
    Kind("nobody_sensed", _L.SWITCHES, ("F26",), "the occupant is not sensed",
         lambda _: Setting(_switches, "occupied", False, _always)),
    Kind("occupant_shifts", _L.SWITCHES, ("F26",), "the occupant's switch opens for moments",
         lambda ticks: Bounce("occupied", ticks), Amount("how long each time", "ticks of 20 ms", 1.0, 20.0, 5.0), 2.0),
    Kind("person_gone", _L.SWITCHES, ("F26",), "nobody is sensed and an ankle lock is open", lambda _: Gone(),
         strands=True),
    Kind("lowered_by_hand", _L.SWITCHES, (), "a rescuer lowers the table",
         lambda _: Setting(_switches, "lowering", True, _always), for_s=3.0, strands=True),
    Kind("arm_button_stuck", _L.SWITCHES, ("F21",), "the arm button stays pressed",
         lambda _: Setting(_switches, "arm_button", True, _always)),
    Kind("arms_up", _L.SWITCHES, (), "the person stretches the arms overhead",
         lambda _: Setting(_physics, "arms_wanted", 1.0, _always), for_s=5.0, travel_deg=1.0),
    # ---- motor
    Kind("stall", _L.MOTOR, ("F10",), "something holds the drive",
         lambda _: Setting(_physics, "jammed", True, _powered), moving=True, strands=True),
    Kind("wrong_way", _L.MOTOR, ("F9",), "the motor runs the other way",
         lambda _: Setting(_physics, "polarity", -1, _powered), moving=True, strands=True,
         travel_deg=3.5),
    Kind("heavy", _L.MOTOR, ("F11",), "the joints turn hard",
         lambda nm: Setting(_physics, "coulomb_nm", nm, _powered), Amount("friction", "N·m", 20.0, 150.0, 80.0),
         moving=True, travel_deg=1.0),
    Kind("loose_linkage", _L.MOTOR, ("F8",), "the linkage has play",
         lambda deg: Setting(_physics, "backlash_deg", deg, _powered), Amount("how much", "°", 0.6, 2.5, 2.0),
         moving=True),
    Kind("weak_motor", _L.MOTOR, ("F11",), "the motor makes only a part of its speed",
         lambda part: Setting(_physics, "strength", part, _powered), Amount("which part", "", 0.25, 0.9, 0.5),
         moving=True),
    Kind("runaway", _L.MOTOR, ("F12",), "the motor runs by itself while the brake is off",
         lambda dps: Setting(_physics, "runaway_dps", dps, _runs), Amount("how fast", "°/s", -6.0, 6.0, 2.0),
         moving=True, strands=True, travel_deg=6.0),
    # ---- brake
    Kind("brake_slips", _L.BRAKE, ("F13",), "the brake does not hold the load",
         lambda dps: Setting(_physics, "slip_dps", dps, _slips), Amount("how fast", "°/s", 0.1, 2.0, 0.5), 8.0,
         resting=True, travel_deg=90.0),
    # ---- power
    Kind("supply_low", _L.POWER, ("F16",), "the supply is weak",
         lambda volt: Setting(_table, "supply_v", volt, _always), Amount("its voltage", "V", 10.4, 10.9, 10.7)),
    Kind("supply_critical", _L.POWER, ("F16",), "the supply breaks down",
         lambda volt: Setting(_table, "supply_v", volt, _always), Amount("its voltage", "V", 5.0, 9.5, 9.0), 2.0,
         strands=True),
    Kind("supply_dips", _L.POWER, ("F16",), "the supply dips for a moment",
         lambda volt: Setting(_table, "supply_v", volt, _always), Amount("its voltage", "V", 7.0, 10.9, 9.0), 0.04),
    Kind("power_cut", _L.POWER, ("F5", "F16"), "the unit loses power for a moment, and its memory",
         lambda _: Pulse(_power_cut)),
    Kind("motor_warm", _L.POWER, ("F15",), "the motor has only its reserve left", _heated(WARM)),
    Kind("motor_hot", _L.POWER, ("F15",), "the motor is beyond its reserve", _heated(HOT)),
    # ---- unit
    Kind("unit_hangs", _L.UNIT, ("F6",), "the unit does nothing for a while; a watchdog ends that",
         lambda ms: Pulse(lambda table: table.hang(ms / 1000)), Amount("how long", "ms", 20.0, 3000.0, 1000.0)),
    Kind("unit_resets", _L.UNIT, ("F5",), "the tilt unit restarts", lambda _: Pulse(_reset)),
    Kind("unit_resets_twice", _L.UNIT, ("F5",), "the tilt unit restarts twice within a second",
         lambda _: Pulse(_reset, 0.7), for_s=0.8, strands=True),
    Kind("unit_keeps_resetting", _L.UNIT, ("F5", "F6"), "the tilt unit restarts again and again",
         lambda every_s: Pulse(_reset, every_s), Amount("every", "s", 0.1, 2.0, 0.4), 3.0, strands=True),
    # ---- host
    Kind("host_killed", _L.HOST, ("F17",), "the controller is gone and stays away",
         by_hand="kill -9 the controller"),
    Kind("host_restarts", _L.HOST, ("F4", "F17"), "the controller dies and begins anew when it is over", for_s=2.5,
         by_hand="kill -9 the controller and start it again"),
    Kind("host_crash_loop", _L.HOST, ("F17",), "the controller begins anew every 0.8 s", for_s=4.0,
         by_hand="kill -9 the controller in a loop"),
    Kind("host_stalls", _L.HOST, ("F17",), "the controller does nothing for a while", for_s=3.0,
         by_hand="kill -STOP the controller, and -CONT"),
    Kind("host_hiccups", _L.HOST, ("F17",), "the controller does nothing for so long, once a second",
         amount=Amount("how long", "ms", 40.0, 900.0, 350.0), for_s=4.0,
         by_hand="kill -STOP and -CONT the controller in a loop"),
    Kind("unplugged", _L.HOST, ("F4",), "the serial port is gone until it is over", for_s=3.0,
         by_hand="pull the USB cable, or end the simulator and start it again"),
    # ---- clock
    Kind("clock_jumps", _L.CLOCK, ("F18",), "the wall clock jumps, and the controller restarts upon it",
         amount=Amount("how far", "h", -48.0, 48.0, 25.0), for_s=0.5, by_hand="date --set, and restart the controller"),
    Kind("clock_unset", _L.CLOCK, ("F18",), "the host boots without a clock", for_s=0.5,
         by_hand="date --set 1970-01-01, and restart the controller"),
    # ---- disk
    Kind("disk_full", _L.DISK, ("F19",), "the ledger can't write and says so", by_hand="fill the disk"),
    Kind("disk_hangs", _L.DISK, ("F19",), "the ledger does not answer",
         by_hand="freeze the file system: fsfreeze -f"),
    # ---- broker
    Kind("broker_gone", _L.BROKER, ("F20",), "the broker is gone for a while", for_s=12.0, by_hand="stop the broker"),
    Kind("broker_flaps", _L.BROKER, ("F20",), "the broker comes and goes every 0.7 s", for_s=4.0,
         by_hand="stop and start the broker in a loop"),
    Kind("retained_commands", _L.BROKER, ("F21",), "every command comes as one that the broker had kept", for_s=0.5,
         by_hand="publish commands with the retain flag"),
    Kind("stale_burst", _L.BROKER, ("F21",), "a phone's old queue comes in one burst, arm and start together",
         for_s=0.5, by_hand="send arm, start, resume and stand within a second"),
    Kind("duplicate_commands", _L.BROKER, ("F21",), "every command comes again a second later", for_s=0.5,
         by_hand="publish each command twice with the same id"),
    Kind("flood", _L.BROKER, ("F22",), "50 commands at once, again and again, readable or not", for_s=2.0,
         by_hand="publish to the command topics in a loop"),
)  # fmt: skip
"""All kinds. What the tilt unit can't be broken by is not here: `docs/safety.md` says what only hardware shows."""

CATALOGUE: Final = {kind.name: kind for kind in KINDS}


class Injector:
    """The faults at work at one site. `tick` is called before each tick of the table."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._running: list[tuple[str, Fault, float | None]] = []

    @property
    def running(self) -> list[str]:
        """Names of the faults at work."""
        return [name for name, _, _ in self._running]

    def acted(self) -> list[tuple[str, int]]:
        """The faults at work, each with what it has changed so far."""
        return [(name, fault.acted) for name, fault, _ in self._running]

    def begin(self, kind: Kind, amount: float | None = None, for_s: float | None = None) -> Fault:
        """Begin a fault; None: its usual amount and time. ValueError if it can't be done here or so."""
        value = kind.value(amount)
        if kind.make is None:
            raise ValueError(f"{kind.name} happens at the controller's side; there: {kind.by_hand}")
        fault = kind.make(value)
        fault.begin(self.site)
        seconds = kind.for_s if for_s is None else for_s
        until_s = self.site.table.now_s + seconds if seconds > 0 else None
        self._running.append((kind.name, fault, until_s))
        return fault

    def end(self, name: str = "") -> list[tuple[str, int]]:
        """End all faults of this name, or all there are; each with what it changed."""
        return self._end([one for one in self._running if name in ("", one[0])])

    def tick(self) -> list[tuple[str, int]]:
        """Time goes on; the faults that are over by it, each with what it changed."""
        now_s = self.site.table.now_s
        for _, fault, _ in self._running:
            fault.tick(self.site)
        return self._end([one for one in self._running if one[2] is not None and now_s >= one[2]])

    def _end(self, over: list[tuple[str, Fault, float | None]]) -> list[tuple[str, int]]:
        for one in over:
            self._running.remove(one)
            one[1].end(self.site)
        return [(name, fault.acted) for name, fault, _ in over]
