"""What people and fate do to the simulated table: one line of text each, for the standard input of the simulator."""

import re
from collections.abc import Callable
from random import Random
from typing import Final

from .fault_acts import Site
from .faults import CATALOGUE, KINDS, Injector, Kind
from .table import Table
from .wire import Wire

HELP: Final = """\
estop on|off          press or release the emergency stop
ankles open|locked    open or close the ankle locks
occupied on|off       somebody lies on the table, or nobody
button arm            press the arm button
arms up|down          stretch the arms overhead, or lay them down
lower on|off          a rescuer lowers the table by hand
jam on|off            something is in the way of the drive
reset                 the tilt unit restarts
fault KIND [AMOUNT] [5s]   a fault of the kinds below, for so long (0s: until it is ended)
fault off [KIND]      end a fault, or all of them
faults                which are at work, and what they changed so far
status                where everything is
help                  this list"""

SECONDS: Final = re.compile(r"(\d+(?:\.\d+)?)s")
NUMBER: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\D*")

SWITCHES: Final[dict[str, dict[str, bool]]] = {
    "estop": {"on": True, "off": False},
    "ankles": {"open": False, "locked": True},
    "occupied": {"on": True, "off": False},
    "arms": {"up": True, "down": False},
    "lower": {"on": True, "off": False},
    "jam": {"on": True, "off": False},
}
"""What can be switched, and by which words."""
WORDS: Final = (*SWITCHES, "button", "reset", "faults", "status", "help")
"""What a line may begin with, beside `fault`."""


class HandError(ValueError):
    """A line that means nothing, or can't be done; says what would."""


class Hands:
    """What is done to one table and to the wire that leads to it. `tick` before each tick of the table."""

    def __init__(self, table: Table, wire: Wire | None = None, seed: int = 0) -> None:
        self._table = table
        self.wire = wire or Wire()
        self._injector = Injector(Site(table, self.wire, Random(seed)))

    def do(self, line: str) -> str:
        """Do one line; what to answer. Raises HandError. Nothing is changed by a line that means nothing."""
        return self.read(line)()

    def tick(self) -> list[str]:
        """Time goes on for the faults; what to say of those that are over."""
        return [_over(name, acted) for name, acted in self._injector.tick()]

    def read(self, line: str) -> Callable[[], str]:
        """What a line means, to be called to do it. Raises HandError."""
        words = line.lower().split()
        if not words:
            return str
        if words == ["help"]:
            return help_text
        if words == ["status"]:
            return lambda: status(self._table)
        if words == ["faults"]:
            return self._faults
        if words == ["reset"]:
            return self._reset
        if words == ["button", "arm"]:
            return self._press
        if words[0] == "fault":
            return self._read_fault(words[1:])
        switch = SWITCHES.get(words[0])
        if switch is None:
            raise HandError(f"unknown: {words[0]}; 'help' lists what there is")
        if len(words) != 2 or words[1] not in switch:
            raise HandError(f"{words[0]} needs one of: {', '.join(switch)}")
        return lambda: self._switch(words[0], switch[words[1]])

    def _reset(self) -> str:
        self._table.reset_unit()
        return "the tilt unit restarts"

    def _press(self) -> str:
        self._table.press_arm_button()
        return "the arm button was pressed"

    def _switch(self, name: str, value: bool) -> str:
        _set(self._table, name, value)
        return status(self._table)

    # ---- faults -----------------------------------------------------------------------------------------------------

    def _read_fault(self, words: list[str]) -> Callable[[], str]:
        if not words:
            raise HandError("fault needs a kind; 'help' lists them")
        if words[0] == "off":
            return self._read_end(words[1:])
        kind = _kind(words[0])
        amount, for_s = None, None
        for word in words[1:]:
            seconds, number = SECONDS.fullmatch(word), NUMBER.fullmatch(word)
            if seconds and for_s is None:
                for_s = float(seconds[1])
            elif number and not seconds and amount is None:
                amount = float(number[1])
            else:
                raise HandError(f"{word}: the form is fault {kind.name} [AMOUNT] [5s]")
        if kind.make is None:
            raise HandError(f"{kind.name} happens at the controller's side. To do it: {kind.by_hand}.")
        try:
            value = kind.value(amount)
        except ValueError as error:
            raise HandError(str(error)) from None
        return lambda: self._begin(kind, value if kind.amount else None, for_s)

    def _begin(self, kind: Kind, amount: float | None, for_s: float | None) -> str:
        if kind.name in self._injector.running:
            raise HandError(f"{kind.name} is at work already; 'fault off {kind.name}' ends it")
        self._injector.begin(kind, amount, for_s)
        seconds = kind.for_s if for_s is None else for_s
        how_much = f" ({amount:g} {kind.amount.unit})" if kind.amount and amount is not None else ""
        return f"{kind.name}{how_much}: {kind.meaning}, {f'for {seconds:g} s' if seconds else 'until it is ended'}"

    def _read_end(self, words: list[str]) -> Callable[[], str]:
        if len(words) > 1:
            raise HandError("the form is fault off [KIND]")
        name = _kind(words[0]).name if words else ""
        return lambda: "; ".join(_over(*one) for one in self._injector.end(name)) or "no such fault is at work"

    def _faults(self) -> str:
        return "; ".join(f"{name}: {_deeds(acted)}" for name, acted in self._injector.acted()) or "none is at work"


def _kind(name: str) -> Kind:
    kind = CATALOGUE.get(name.replace("-", "_"))
    if kind is None:
        raise HandError(f"unknown fault: {name}; 'help' lists them")
    return kind


def _over(name: str, acted: int) -> str:
    return f"{name} is over: {_deeds(acted)}"


def _deeds(acted: int) -> str:
    """The proof that a fault was applied, or that it was not."""
    return f"it acted {acted} times" if acted else "it has changed nothing"


def help_text() -> str:
    """All lines, and all kinds of faults with their amounts and times."""
    width = max(len(kind.name) for kind in KINDS)
    return "\n".join((HELP, "", *(f"{kind.name:{width}}  {_described(kind)}" for kind in KINDS)))


def _described(kind: Kind) -> str:
    words = f"{kind.layer}: {kind.meaning}"
    if kind.amount is not None:
        least, most = f"{kind.amount.least:g}", f"{kind.amount.most:g} {kind.amount.unit}".rstrip()
        words += f"; AMOUNT: {kind.amount.meaning}, {least} to {most} ({kind.amount.usual:g})"
    if kind.make is None:
        return f"{words} (by hand: {kind.by_hand})"
    return f"{words} ({kind.for_s:g}s)" if kind.for_s else words


def scenario(hands: Hands, text: str) -> list[tuple[float, str]]:
    """Lines with a time in front, `12.5 fault stall 5s`, in order; # begins a comment. HandError names the line."""
    found = []
    for number, whole in enumerate(text.splitlines(), 1):
        line = whole.split("#", 1)[0].strip()
        if not line:
            continue
        when, _, what = line.partition(" ")
        try:
            at_s = float(when)
            if not at_s >= 0.0:
                raise ValueError
        except ValueError:
            raise HandError(f"line {number}: begins with {when!r}, not with seconds") from None
        try:
            hands.read(what)
        except HandError as error:
            raise HandError(f"line {number}: {error}") from None
        found.append((at_s, what))
    return sorted(found, key=lambda one: one[0])


def _set(table: Table, name: str, value: bool) -> None:
    switches, physics = table.switches, table.physics
    if name == "estop":
        switches.estop = value
    elif name == "ankles":
        switches.ankles_locked = value
    elif name == "occupied":
        switches.occupied = value
    elif name == "lower":
        switches.lowering = value
    elif name == "jam":
        physics.jammed = value
    else:
        physics.arms_wanted = 1.0 if value else 0.0
    physics.disturb()


def status(table: Table) -> str:
    """Where everything is, in one line."""
    switches, physics = table.switches, table.physics
    words = [
        f"{physics.bed_deg:+.1f}°",
        "occupied" if switches.occupied else "empty",
        "ankles locked" if switches.ankles_locked else "ankles open",
    ]
    words += [word for word, on in (
        ("emergency stop pressed", switches.estop), ("lowered by hand", switches.lowering),
        ("jammed", physics.jammed), ("arms up", physics.arms_wanted > 0),
    ) if on]  # fmt: skip
    return ", ".join(words)
