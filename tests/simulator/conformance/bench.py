"""A unit in virtual time for the checks: a table as their port, a hand at its switches, and a tampered line."""

from collections.abc import Callable
from typing import Any

from simulator.conformance.catalogue import BY_NUMBER
from simulator.conformance.suite import Result, Suite
from simulator.conformance.talk import Wish

from .mutants import Line


class VirtualPort:
    """The port to a table of virtual time: a tick passes while somebody waits."""

    def __init__(self, table: Any, line: Line | None = None) -> None:
        self.table = table
        self._line = line or Line()

    def now_s(self) -> float:
        return float(self.table.now_s)

    def send(self, data: bytes) -> None:
        self.table.receive(self._line.to_unit(data))

    def receive(self, until_s: float) -> bytes:
        while self.table.now_s < until_s - 1e-9:
            if data := self._line.from_unit(self.table.tick()):
                return data
        return b""


def hand_at(table: Any) -> Callable[[Wish], bool]:
    """Does at once what it is asked for."""
    switches = table.switches
    acts: dict[str, Callable[[], None]] = {
        "weight": lambda: _set(switches, occupied=True, ankles_locked=True),
        "empty": lambda: _set(switches, occupied=False),
        "estop": lambda: _set(switches, estop=True),
        "release": lambda: _set(switches, estop=False),
        "open": lambda: _set(switches, ankles_locked=False),
        "lock": lambda: _set(switches, ankles_locked=True),
        "gone": lambda: _set(switches, occupied=False),
        "back": lambda: _set(switches, occupied=True),
        "button": table.press_arm_button,
        "lower": lambda: _set(switches, lowering=True),
        "stow": lambda: _set(switches, lowering=False),
        "reset": table.reset_unit,
    }

    def ask(wish: Wish) -> bool:
        acts[wish.word]()
        table.physics.disturb()
        return True

    return ask


def _set(switches: Any, **values: bool) -> None:
    for name, value in values.items():
        setattr(switches, name, value)


def suite_of(
    table: Any, line: Line | None = None, motion: bool = True, hands: bool = True, listen: bool = True
) -> Suite:
    """A run over an empty table, that has listened."""
    table.switches.occupied = False
    suite = Suite(VirtualPort(table, line), 7, hand_at(table) if hands else lambda _: False, hands, motion, 2.0)
    if listen:
        suite.listen()
    return suite


def judge(table: Any, number: str, line: Line | None = None) -> Result:
    """One check alone."""
    return suite_of(table, line).run(BY_NUMBER[number])
