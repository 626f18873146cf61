"""What people do to the simulated table by hand: one line of text each, for the standard input of the simulator."""

from typing import Final

from .table import Table

HELP: Final = """\
estop on|off          press or release the emergency stop
ankles open|locked    open or close the ankle locks
occupied on|off       somebody lies on the table, or nobody
button arm            press the arm button
arms up|down          stretch the arms overhead, or lay them down
lower on|off          a rescuer lowers the table by hand
jam on|off            something is in the way of the drive
reset                 the tilt unit restarts
status                where everything is
help                  this list"""


class HandError(ValueError):
    """A line that means nothing; says what would."""


def do(table: Table, line: str) -> str:
    """Do one line to the table; what to answer. Raises HandError. Nothing is changed by a line that means nothing."""
    words = line.lower().split()
    if not words:
        return ""
    if words == ["help"]:
        return HELP
    if words == ["status"]:
        return status(table)
    if words == ["reset"]:
        table.reset_unit()
        return "the tilt unit restarts"
    if words == ["button", "arm"]:
        table.press_arm_button()
        return "the arm button was pressed"
    switch = SWITCHES.get(words[0])
    if switch is None:
        raise HandError(f"unknown: {words[0]}; 'help' lists what there is")
    if len(words) != 2 or words[1] not in switch:
        raise HandError(f"{words[0]} needs one of: {', '.join(switch)}")
    _set(table, words[0], switch[words[1]])
    return status(table)


SWITCHES: Final[dict[str, dict[str, bool]]] = {
    "estop": {"on": True, "off": False},
    "ankles": {"open": False, "locked": True},
    "occupied": {"on": True, "off": False},
    "arms": {"up": True, "down": False},
    "lower": {"on": True, "off": False},
    "jam": {"on": True, "off": False},
}
"""What can be switched, and by which words."""


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
