"""What the table is doing: one table of states. A pair that is not in it changes nothing.

`RESTS_…` triggers are fired when the table stands still and nothing is wrong, by where it stands. Nothing but START,
RESUME, LEVEL and STAND, each a person's wish or the way home, leads to a state in which the controller moves the table.
"""

from enum import Enum, auto
from typing import Final

from .model import State


class Trigger(Enum):
    """What may change the state."""

    LINK_LOST = auto()
    FOUND_STANDING = auto()
    FOUND_ELSEWHERE = auto()
    UNIT_RETURNS = auto()
    FAULT = auto()
    RESTS_STANDING = auto()
    RESTS_LEVEL = auto()
    RESTS_ELSEWHERE = auto()
    ARM = auto()
    START = auto()
    PAUSE = auto()
    RESUME = auto()
    FINISHED = auto()
    STOP = auto()
    LEVEL = auto()
    STAND = auto()
    INTERRUPTED = auto()


_S, _T = State, Trigger

_ALWAYS: Final = {_T.LINK_LOST: _S.OFFLINE, _T.FAULT: _S.FAULT, _T.UNIT_RETURNS: _S.RETURNING}
_BY_PLACE: Final = {
    _T.RESTS_STANDING: _S.STANDING,
    _T.RESTS_LEVEL: _S.LEVEL,
    _T.RESTS_ELSEWHERE: _S.STANDBY,
}
_AT_REST: Final = {**_ALWAYS, **_BY_PLACE, _T.ARM: _S.ARMED, _T.LEVEL: _S.RETURNING, _T.STAND: _S.RISING}

TRANSITIONS: Final[dict[State, dict[Trigger, State]]] = {
    _S.OFFLINE: {_T.FOUND_STANDING: _S.STANDING, _T.FOUND_ELSEWHERE: _S.STANDBY, _T.UNIT_RETURNS: _S.RETURNING,
                 _T.FAULT: _S.FAULT},
    _S.STANDING: _AT_REST,
    _S.STANDBY: _AT_REST,
    _S.LEVEL: _AT_REST,
    _S.ARMED: {**_ALWAYS, **_BY_PLACE, _T.START: _S.RUNNING, _T.LEVEL: _S.RETURNING, _T.STAND: _S.RISING},
    _S.RUNNING: {**_ALWAYS, _T.PAUSE: _S.PAUSED, _T.STOP: _S.FROZEN, _T.LEVEL: _S.RETURNING, _T.FINISHED: _S.LEVEL,
                 _T.RESTS_STANDING: _S.STANDING, _T.RESTS_ELSEWHERE: _S.STANDBY, _T.INTERRUPTED: _S.FROZEN},
    _S.PAUSED: {**_ALWAYS, _T.RESUME: _S.RUNNING, _T.STOP: _S.FROZEN, _T.LEVEL: _S.RETURNING,
                _T.INTERRUPTED: _S.FROZEN},
    _S.FROZEN: {**_ALWAYS, **_BY_PLACE, _T.LEVEL: _S.RETURNING, _T.STAND: _S.RISING},
    _S.RETURNING: {**_ALWAYS, _T.STOP: _S.FROZEN, _T.RESTS_LEVEL: _S.LEVEL, _T.INTERRUPTED: _S.FROZEN},
    _S.RISING: {**_ALWAYS, _T.STOP: _S.FROZEN, _T.RESTS_STANDING: _S.STANDING, _T.LEVEL: _S.RETURNING,
                _T.INTERRUPTED: _S.FROZEN},
    _S.FAULT: {_T.LINK_LOST: _S.OFFLINE, _T.UNIT_RETURNS: _S.RETURNING, **_BY_PLACE, _T.LEVEL: _S.RETURNING},
}  # fmt: skip


class Machine:
    """The state, changed by triggers only."""

    def __init__(self) -> None:
        self.state = State.OFFLINE

    def fire(self, trigger: Trigger) -> bool:
        """Follow the trigger; whether the state changed."""
        after = TRANSITIONS[self.state].get(trigger, self.state)
        changed = after is not self.state
        self.state = after
        return changed
