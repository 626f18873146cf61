"""The second door: everything that goes out passes `gate`, which denies by default.

Stop, level, keepalive and disarm always pass; everything else has to earn it. A target is judged by `vet` as the whole
numbers that go over the wire: hundredths of a degree (cdeg), of a degree a second (cdps), + towards head down. What
`gate` never lets out is stated and proved in `proofs/`.
"""

from enum import Enum, auto
from functools import lru_cache
from typing import Final, NamedTuple

from protocol.messages import Rung

from .estimator import Estimate
from .model import State, Target
from .safety import Action

SLACK_CDEG: Final = 30
"""A target this far above the table is no increase: it is the sensors' noise on a resting table."""
UNRESERVED_CDEG: Final = 500
"""Head-down time counts above 5° (domain.md): beyond it nobody goes without reserved time."""
WIRE: Final = 0.01
"""One hundredth, the scale of angles and rates on the wire (`protocol/messages.py`)."""


class Order(Enum):
    """What the controller may tell the unit."""

    KEEPALIVE = auto()
    STOP = auto()
    LEVEL = auto()
    ARM = auto()
    DISARM = auto()
    ACKNOWLEDGE = auto()
    MOVE = auto()


class Permit(NamedTuple):
    """What the gate knows of the session: who asked, what was granted, what is left."""

    state: State
    action: Action
    limit_deg: float
    rate_dps: float
    reserved_left_s: float


class Outgoing(NamedTuple):
    """One order on its way out; `target` only with MOVE."""

    order: Order
    target: Target | None = None


KEEP: Final = Outgoing(Order.KEEPALIVE)
_ALWAYS: Final = frozenset({Order.KEEPALIVE, Order.STOP, Order.LEVEL, Order.DISARM})
_UPWARD: Final = frozenset({State.RUNNING, State.PAUSED, State.RETURNING})
"""States in which a person's live wish may increase the angle; RETURNING only as far as level."""
_GRANTED: Final = frozenset({State.ARMED, State.RUNNING, State.RETURNING})
"""States in which the unit is asked for its grant: armed, started before it came, led up to level."""
_DOWNWARD: Final = _UPWARD | {State.RISING}
"""States in which a target may lead down."""
_LEVEL: Final = int(Rung.LEVEL)


def gate(out: Outgoing, e: Estimate, p: Permit) -> Outgoing:
    """The order as it may go out, or a keepalive in its place."""
    order = out.order
    if order is Order.MOVE:
        return _gate_move(out, e, p)
    if order in _ALWAYS:
        return out
    if order is Order.ARM:
        earned = p.state in _GRANTED and p.action is Action.NONE and e.sound and not e.head_down
        return out if earned else KEEP
    if order is Order.ACKNOWLEDGE:
        return KEEP if e.head_down else out
    return KEEP


def _gate_move(out: Outgoing, e: Estimate, p: Permit) -> Outgoing:
    """A target as it goes over the wire. What is no number of a sensible size never gets that far."""
    if out.target is None:
        return KEEP
    angle_deg, rate_dps = out.target
    limit_deg, most_dps, table_deg = p.limit_deg, p.rate_dps, e.angle_deg
    if not (
        -91.0 < angle_deg < 91.0
        and -10.0 < rate_dps < 10.0
        and 0.0 <= limit_deg < 91.0
        and 0.0 < most_dps < 10.0
        and -400.0 < table_deg < 400.0
    ):
        return KEEP
    angle_cdeg, rate_cdps = (angle_deg / WIRE).__round__(), (rate_dps / WIRE).__round__()
    passed = vet(
        angle_cdeg, rate_cdps, (table_deg / WIRE).__round__(), within(limit_deg), within(most_dps),
        p.reserved_left_s > 0.0, p.state, e.armed, e.sound, e.trusted, e.estop, e.rung, p.action is Action.HOME,
    )  # fmt: skip
    if passed is None:
        return KEEP
    cut_cdeg, cut_cdps = passed
    if cut_cdeg == angle_cdeg and cut_cdps == rate_cdps:
        return out
    return Outgoing(Order.MOVE, Target(cut_cdeg / 100, cut_cdps / 100))


@lru_cache(maxsize=64)
def within(limit: float) -> int:
    """The most hundredths that do not exceed a limit: converting never loosens one. Remembered, as limits stay."""
    hundredths = round(limit / WIRE)
    return hundredths if hundredths / 100 <= limit else hundredths - 1


def vet(
    angle_cdeg: int,
    rate_cdps: int,
    table_cdeg: int,
    limit_cdeg: int,
    most_cdps: int,
    reserved: bool,
    state: State,
    armed: bool,
    sound: bool,
    trusted: bool,
    estop: bool,
    rung: int,
    home: bool,
) -> tuple[int, int] | None:
    """H4: a target within the limits, and its rate; None if it may not go out at all.

    Downwards in a live state; upwards only in a live session that nothing speaks against. `home`: the verdict of the
    first door is to go home.
    """
    if not trusted or estop or rung >= _LEVEL:
        return None
    if state is State.RETURNING:
        limit_cdeg = 0
    elif not reserved and limit_cdeg > UNRESERVED_CDEG:
        limit_cdeg = UNRESERVED_CDEG
    if angle_cdeg > limit_cdeg:
        angle_cdeg = limit_cdeg
        if rate_cdps > 0:
            rate_cdps = 0
    if rate_cdps > most_cdps:
        rate_cdps = most_cdps
    elif rate_cdps < -most_cdps:
        rate_cdps = -most_cdps
    if angle_cdeg <= table_cdeg + SLACK_CDEG and rate_cdps <= 0:
        earned = state in _DOWNWARD
    else:
        earned = state in _UPWARD and armed and sound and rung == 0 and not home
    return (angle_cdeg, rate_cdps) if earned else None
