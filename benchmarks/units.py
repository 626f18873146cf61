"""Many simulated units in one process, each on a pty of its own: `python -m benchmarks.units FOLDER NAME…`.

Their ticks are spread over a period, as those of real tables are: whoever is told first after a pause would wake the
processor for all others, and pay for it.

`--hz`: telemetries a second, by letting the tables' time run faster or slower; `--changes`: how often a second somebody
sits down or gets up, which is a state document each. Lines on standard input: `begin` forgets what was noticed,
`report` answers with the names of the tables that have lost their lease or their host since, `count` with how many
telemetries all of them have sent.
"""

import argparse
import os
import select
import sys
import time
from itertools import cycle
from pathlib import Path
from typing import Final

from protocol.framing import Damage, Deframer
from protocol.messages import Cause, Telemetry, unpack_from_unit
from simulator.server import Pty
from simulator.table import Table

LOST: Final = int(Cause.LEASE_EXPIRED | Cause.HOST_SILENT)
LATE_S: Final = 0.1
"""Chosen as the simulator has it: what was held up for longer does not make up for it in one burst."""


class Unit:
    """One table on its pty."""

    def __init__(self, folder: Path, name: str, number: int) -> None:
        self.name = name
        self.table = Table(number, unit=number + 1)
        self.lost = False
        self.telemetries = 0
        self._pty = Pty(folder / f"{name}.unit")
        self._deframer = Deframer()

    def tick(self) -> None:
        """The next 20 ms of its time."""
        data = self.table.tick()
        self.table.receive(self._pty.exchange(data, 0.0))
        for payload in self._deframer.feed(data):
            message = None if isinstance(payload, Damage) else unpack_from_unit(payload)
            if isinstance(message, Telemetry):
                self.telemetries += 1
                self.lost = self.lost or bool((message.causes | message.latched) & LOST)


def main() -> None:
    """Until standard input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="+")
    parser.add_argument("--hz", type=float, default=50.0)
    parser.add_argument("--changes", type=float, default=0.0)
    options = parser.parse_args()
    units = [Unit(options.folder, name, number) for number, name in enumerate(options.names)]
    _say("ready")
    turn_s = 1.0 / options.hz / len(units)
    change_s = 1.0 / options.changes if options.changes else float("inf")
    next_s = changed_s = time.monotonic()
    for unit in cycle(units):
        _wait(next_s, units)
        now_s = time.monotonic()
        if now_s - changed_s >= change_s:
            changed_s += change_s
            for one in units:
                one.table.switches.occupied = not one.table.switches.occupied
        unit.tick()
        next_s = max(next_s + turn_s, now_s - LATE_S)


def _wait(until_s: float, units: list[Unit]) -> None:
    """Until it is time; meanwhile do what is asked, and end with whoever asks."""
    while select.select([0], [], [], max(until_s - time.monotonic(), 0.0))[0]:
        line = os.read(0, 64)
        if not line:
            sys.exit()
        _obey(line.decode().strip(), units)


def _obey(line: str, units: list[Unit]) -> None:
    if line == "begin":
        for unit in units:
            unit.lost = False
        _say("begun")
    elif line == "count":
        _say(str(sum(unit.telemetries for unit in units)))
    elif line == "report":
        _say(" ".join(unit.name for unit in units if unit.lost))


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
