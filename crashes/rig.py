"""One table with everything around it, for one round: simulator, cable, broker, controller, phone, and its record."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final, Self

from .bounds import HOST_LOST
from .bridge import Cable
from .dated import set_ahead
from .judge import LEVEL_DEG, Bounds
from .phone import TABLE, Phone, RigError, until
from .processes import START_S, Broker, Process, python
from .record import damage, used_s
from .trace import EXPOSED_DEG, Sample, join

DISK_BYTES: Final = 1 << 20
"""Of the small disk: room for the record, and soon full."""
LAST_BYTES: Final = 256
"""The last lines of a trace."""
RETURN_S: Final = 20.0
"""Chosen: from the steepest target at 1 °/s with a margin; a slower one is judged by its progress anyway."""
SETTLE_S: Final = 10.0
"""Chosen: a table at rest settles with its next telemetry; a busy machine's disk has long written that by then."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a kind of crash needs of its rig."""

    cable: bool = False
    clock: bool = False
    disk: bool = False


class Rig:
    """Made for one round in a folder of its own. Whatever it started is killed at its end."""

    def __init__(self, folder: Path, random: Random, needs: Needs) -> None:
        self.folder = folder
        self.random = random
        self.needs = needs
        self.story: list[str] = []
        self.problems: list[str] = []
        self.bounds: Bounds = HOST_LOST
        self.crash_s: float | None = None
        self.target_deg = 0.0
        self.cable: Cable | None = None
        self.unit: Process | None = None
        self.controller: Process | None = None
        self.phone: Phone | None = None
        self.extra: list[Process] = []
        self.asked_to_end = False
        self._began_s = time.monotonic()
        self._traces: list[Path] = []
        self.mounted = False
        folder.mkdir(parents=True)
        self.data = folder / "data"
        self.clock = folder / "clock"
        self.broker = Broker(folder)

    # ---- beginning and end ------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.cable is not None:
            self.cable.close()
        if self.phone is not None:
            self.phone.close()
        # Controllers first: one that outlives its unit finds another round's on a terminal of the same number.
        for process in (self.controller, *self.extra):
            if process is not None:
                process.kill()
        self.kill_unit()
        self.broker.kill()
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.data)], check=False)

    def begin(self) -> None:
        """Everything up, the table level, the controller connected to both."""
        if self.needs.disk:
            self._mount()
        if self.needs.clock:
            set_ahead(self.clock, 0)
        self.start_unit(round(self.random.uniform(0.0, 1.3), 1))
        if self.needs.cable:
            self.cable = Cable(self.folder / "unit", self.folder / "port")
        self.broker.start()
        self.phone = Phone(self.broker.port)
        self.start_controller()
        self.wait_for("standby", "level", patience_s=START_S)

    def _mount(self) -> None:
        """A small disk of its own for the record, where this user may mount one."""
        self.data.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(self.data)]
        self.mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0

    # ---- parts ------------------------------------------------------------------------------------------------------

    @property
    def port(self) -> Path:
        """Where the controller finds the unit."""
        return self.folder / ("port" if self.needs.cable else "unit")

    def start_unit(self, angle_deg: float) -> None:
        """The simulated unit and table, found at this angle."""
        trace = self.folder / f"trace-{len(self._traces)}"
        self._traces.append(trace)
        link = str(self.folder / "unit")
        self.unit = Process(
            *python("crashes.recorded", str(trace), "simulate", "--pty", link, "--start-angle", f"{angle_deg:.2f}"),
            *("--seed", str(self.random.randrange(1 << 16))),
        )
        self.unit.says("simulated table")
        until(lambda: trace.exists() and trace.stat().st_size > LAST_BYTES, "a trace", START_S)

    def kill_unit(self) -> None:
        """SIGKILL, and its port is gone as an unplugged adapter's is.

        A killed simulator leaves its link behind. The number of its terminal is free then, and the next simulator of
        any round gets it: a controller that followed the old link met another round's table, level and at rest.
        """
        (self.folder / "unit").unlink(missing_ok=True)
        if self.unit is not None:
            self.unit.kill()

    def command(self, port: Path, data: Path) -> tuple[str, ...]:
        """A controller's command line."""
        program = ("crashes.dated", str(self.clock)) if self.needs.clock else ("bascule",)
        broker = f"mqtt://127.0.0.1:{self.broker.port}"
        return python(*program, "run", "--port", str(port), "--broker", broker, "--data", str(data), "--table", TABLE)

    def start_controller(self) -> Process:
        """The controller, in the place of one that has ended."""
        if self.controller is not None:
            self.controller.kill()
        self.asked_to_end = False
        self.controller = Process(*self.command(self.port, self.data))
        return self.controller

    @property
    def record(self) -> Path:
        """The file of the ledger."""
        return self.data / f"{TABLE}.sqlite3"

    # ---- what happens -----------------------------------------------------------------------------------------------

    def tell(self, words: str) -> None:
        """A line of the round's story."""
        self.story.append(f"{time.monotonic() - self._began_s:6.2f} s  {words}")

    def blame(self, words: str) -> None:
        """Something is as it must not be."""
        self.tell(f"WRONG: {words}")
        self.problems.append(words)

    def wait(self, seconds: float) -> None:
        """Let time pass: a crash lasts."""
        end_s = time.monotonic() + seconds
        with contextlib.suppress(RigError):
            until(lambda: time.monotonic() >= end_s, "", seconds + 1)

    def crash(self, words: str, bounds: Bounds = HOST_LOST) -> None:
        """The moment from which the table is judged, and by which bounds; called just before the blow."""
        self.bounds = bounds
        self.tell(f"{words}, at {self.angle_deg():.1f}°")
        self.crash_s = time.monotonic()

    def seconds_since(self, at_s: float) -> float:
        """By the machine's monotonic clock."""
        return time.monotonic() - at_s

    def samples(self) -> list[Sample]:
        """The whole trace so far."""
        return join(trace.read_text() for trace in self._traces)

    def angle_deg(self) -> float:
        """Where the table truly is."""
        with self._traces[-1].open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LAST_BYTES))
            return join([file.read().partition(b"\n")[2].decode()])[-1].angle_deg

    def approach(self) -> None:
        """Head down by a session, to a random moment of the rise or of the hold. RigError if it does not get there."""
        phone, random = self.sure(self.phone), self.random
        self.target_deg = round(random.uniform(7.5, 11.0), 1)
        rising = random.random() < 0.5
        start = len(phone.heard)
        armed = phone.ask("arm")
        for _ in range(20):
            if armed["accepted"] or "does not hear" not in armed["message"]:
                break
            self.wait(0.1)  # the unit's first words came before ours were back
            armed = phone.ask("arm")
        if not armed["accepted"]:
            raise RigError(f"arming was refused: {armed['message']}")
        code = phone.wait("state", lambda state: state["armed"], start, 10.0)["arm_code"]
        went = phone.ask("goto", json.dumps({"angle_deg": self.target_deg, "code": code}))
        if not went["accepted"]:
            raise RigError(f"the session was refused: {went['message']}")
        deg = random.uniform(EXPOSED_DEG + 0.5, self.target_deg - 0.5) if rising else self.target_deg - 0.3
        until(lambda: self.angle_deg() >= deg, f"{deg:.1f}° on the way to {self.target_deg:g}°", 30.0)
        if not rising:
            self.wait(random.uniform(0.5, 3.0))

    def wait_for(self, *names: str, patience_s: float) -> dict[str, Any]:
        """A fresh state document with one of these states."""
        phone: Phone = self.sure(self.phone)
        state: dict[str, Any] = {"state": None}
        end_s = time.monotonic() + patience_s
        while time.monotonic() < end_s:
            with contextlib.suppress(RigError):
                state = phone.state(1.0)
                if state["state"] in names:
                    return state
        raise RigError(f"not within {patience_s:g} s: a state of {names}; it was {state['state']}")

    def come_home(self) -> None:
        """Wait until the table is level and has rested there, for as long as that may take; the judge decides."""
        with contextlib.suppress(RigError):
            until(lambda: self.angle_deg() <= LEVEL_DEG, "level", self.bounds.home_s + RETURN_S)
        self.wait(1.0)

    def recover(self) -> None:
        """The world is whole again; the controller too, by itself if it runs. Nothing of the session is left."""
        self.broker.start()
        controller = self.sure(self.controller)
        if not controller.running:
            status, last = controller.process.returncode, controller.lines[-3:]
            self.tell(f"the controller is started again; it had ended with status {status}")
            if not self.asked_to_end and not (status == 1 and any(str(self.record) in line for line in last)):
                self.blame(f"the controller ended by itself and does not say plainly why: {last}")
            self.start_controller()
        try:
            state = self.wait_for("standby", "level", patience_s=30.0)
        except RigError as error:
            self.blame(f"the controller does not come back: {error}; it says {self.sure(self.controller).lines[-3:]}")
            return
        if state["armed"] or state["session"] is not None or state["target_deg"] is not None:
            self.blame(f"something is left of the session: {state}")

    # ---- the record of head-down time -------------------------------------------------------------------------------

    def charged_s(self) -> float:
        """What is on record as used, or what the controller says if that is less."""
        try:
            recorded_s = self._recorded_s()
            told_s: float = self.sure(self.phone).state(SETTLE_S)["budget"]["head_down_today_s"]
            return min(recorded_s, told_s)
        except RigError as error:
            self.blame(str(error))
            return 0.0

    def _recorded_s(self) -> float:
        """Waits a little for a session that is not settled yet.

        A controller that could not write its record leaves one open until its next start.
        """

        def settled() -> bool:
            return used_s(self.record) is not None

        try:
            until(settled, "a record without an open session", SETTLE_S)
        except RigError:
            self.tell("the controller is started again: its record has an open session, or can't be read")
            self.start_controller()
            until(settled, "a record without an open session", START_S)
        return used_s(self.record) or 0.0

    def damage(self, how: str) -> None:
        """Do to the files of the record what a bad disk or a wrong hand does."""
        damage(self.record, how, self.random)
        self.tell(f"the record is {how}")

    def fill_disk(self) -> None:
        """No byte more: a real full disk where one could be mounted, otherwise a limit on this one process."""
        if self.mounted:
            with (self.data / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)
        else:
            self.sure(self.controller).limit_files(0)
        self.tell(f"the disk is full ({'a small disk' if self.mounted else 'a limit'})")

    def free_disk(self) -> None:
        """There is room again."""
        (self.data / "filler").unlink(missing_ok=True)
        controller = self.sure(self.controller)
        if not self.mounted and controller.running:
            controller.limit_files(None)
        self.tell("the disk has room again")

    @staticmethod
    def sure(part: Any) -> Any:
        """A part that is there by now."""
        if part is None:
            raise RigError("a part of the rig was never started")
        return part

    def kill_controller(self) -> None:
        """SIGKILL."""
        controller: Process = self.sure(self.controller)
        controller.hit(signal.SIGKILL)
        controller.process.wait()

    def ask_to_end(self) -> None:
        """SIGTERM."""
        self.asked_to_end = True
        controller: Process = self.sure(self.controller)
        if controller.running:
            controller.hit(signal.SIGTERM)


def clear(folder: Path) -> None:
    """A round's folder is no longer needed."""
    shutil.rmtree(folder, ignore_errors=True)
