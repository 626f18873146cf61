"""The first door: `assess` sees everything that comes in before the session does (the second one is `gate.py`).

Each hazard is one named function that says nothing or gives a `Verdict`; the most severe verdict wins.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

from protocol.messages import Cause, Rung

from .causes import gravest
from .estimator import APART_DEG, ORDINARY, Estimate
from .model import Limit, State

LATE_S: Final = 0.3
"""A nonce lives 300 ms (safety.md): without newer telemetry nothing that is sent would be obeyed."""
BROKER_GRACE_S: Final = 10.0
"""Safety.md, F20: nothing more at once, home after 10 s."""
OVER_ANGLE_DEG: Final = 1.0
"""Safety.md, F14: limit + 1°."""
HEAD_DOWN_LIMIT_DEG: Final = 5.0
"""Head-down time counts above 5° (domain.md): beyond it nobody goes without reserved time."""


class Action(IntEnum):
    """What a verdict asks for, least severe first."""

    NONE = 0
    HOLD = 1
    HOME = 2


class Verdict(NamedTuple):
    """The reaction to a hazard. `code` is a word for machines, `message` a sentence for a person."""

    action: Action
    code: str
    message: str


@dataclass(slots=True)
class Circumstances:
    """What the hazards are judged by, beside the estimate. Seconds; `broker_down_s` is negative while it is up.

    One is kept and brought up to date with each step.
    """

    state: State
    age_s: float
    limit: Limit
    continuous_left_s: float
    allowed_left_s: float
    allowed: Limit
    reserved_left_s: float
    broker_down_s: float
    local_stop: bool
    ledger_failed: str
    grant_lost: bool


FINE: Final = Verdict(Action.NONE, "", "")
LIVE: Final = frozenset({State.RUNNING, State.PAUSED})
"""States in which a session runs."""
RECORDED: Final = LIVE | {State.ARMED}
"""States in which head-down time has to be recorded; the way to level or to standing needs none."""


def late(_: Estimate, c: Circumstances) -> Verdict | None:
    """F3, F4: telemetry is too old to answer."""
    if c.age_s > LATE_S:
        return Verdict(Action.HOLD, "late", "The tilt unit is late; nothing moves on until it answers.")
    return None


def untrusted(e: Estimate, _: Circumstances) -> Verdict | None:
    """F7, F8: nobody knows the angle."""
    if not e.trusted:
        return Verdict(Action.HOME, "angle_untrusted", "The angle sensors do not agree.")
    return None


PASSING: Final = ORDINARY | int(Cause.RESTARTED)
"""Causes that pass by themselves: a unit that was switched on just now has to look at its sensors first."""


def unit_reacts(e: Estimate, c: Circumstances) -> Verdict | None:
    """F13, F15, F16: the unit stands on its ladder, or something is latched there: no session goes on over that.

    Nor over a cause that only refuses, as a warm motor does: the way home needs the reserve that is left.
    """
    if e.rung >= Rung.LEVEL or e.latched:
        return Verdict(Action.HOME, "unit", "The tilt unit ended the session.")
    if c.state in LIVE and e.causes & ~PASSING:
        return Verdict(Action.HOME, "unit", f"The tilt unit refuses to go on: {gravest(e)}.")
    return None


def unheard(e: Estimate, _: Circumstances) -> Verdict | None:
    """F3: the unit speaks and does not hear us; no stop of ours would arrive."""
    if not e.host_live:
        return Verdict(Action.HOLD, "unheard", "The tilt unit does not hear the controller.")
    return None


def over_angle(e: Estimate, c: Circumstances) -> Verdict | None:
    """F14, H2."""
    if e.worst_deg <= c.limit.value + OVER_ANGLE_DEG:
        return None
    limit = f"limit of {c.limit.value:g}° ({c.limit.reason})"
    if e.above_deg > APART_DEG:
        why = f"Only one angle sensor shows {e.worst_deg:.0f}°, over the {limit}; one of the two is wrong."
    else:
        why = f"{e.worst_deg:.0f}° is over the {limit}."
    return Verdict(Action.HOME, "over_angle", why)


def over_time(e: Estimate, c: Circumstances) -> Verdict | None:
    """F14, H3: this long at this angle, this session, or this day is enough."""
    if not e.head_down:
        return None
    if c.continuous_left_s <= 0:
        return Verdict(Action.HOME, "over_time", "Head down for as long as this angle allows without a break.")
    if c.allowed_left_s <= 0:
        minutes = f"{c.allowed.value / 60:.3g} min head down"
        return Verdict(Action.HOME, "over_time", f"{minutes} are over ({c.allowed.reason}).")
    return None


def unreserved(e: Estimate, c: Circumstances) -> Verdict | None:
    """F19, H3: head-down time that is not on record."""
    if c.ledger_failed and c.state in RECORDED:
        return Verdict(Action.HOME, "ledger", c.ledger_failed)
    if c.state in LIVE and e.head_down and c.reserved_left_s <= 0:
        action = Action.HOME if e.worst_deg > HEAD_DOWN_LIMIT_DEG else Action.HOLD
        return Verdict(action, "unrecorded", "Head-down time could not be recorded in time.")
    return None


def emergency_stop(e: Estimate, _: Circumstances) -> Verdict | None:
    """F24."""
    if e.estop:
        return Verdict(Action.HOME, "estop", "The emergency stop is pressed.")
    return None


def ankles(e: Estimate, _: Circumstances) -> Verdict | None:
    """F25, H13."""
    if not (e.ankles_locked or e.locked_lately):
        return Verdict(Action.HOME, "ankles_open", "An ankle lock is open.")
    return None


def occupant(e: Estimate, _: Circumstances) -> Verdict | None:
    """F26, H13."""
    if not (e.occupied or e.occupied_lately):
        return Verdict(Action.HOME, "not_occupied", "Nobody is sensed on the table.")
    return None


def grant_lost(_: Estimate, c: Circumstances) -> Verdict | None:
    """F2, F17: the unit took its grant back, because a lease or a nonce came late."""
    if c.grant_lost:
        return Verdict(Action.HOME, "lease", "The connection to the tilt unit faltered.")
    return None


def broker_lost(_: Estimate, c: Circumstances) -> Verdict | None:
    """F20: nobody could press stop on a phone."""
    if c.broker_down_s < 0 or c.local_stop:
        return None
    if c.broker_down_s < BROKER_GRACE_S:
        return Verdict(Action.HOLD, "broker_lost", "The MQTT broker is gone: a stop from the phone would not arrive.")
    return Verdict(Action.HOME, "broker_lost", "The MQTT broker has been gone for 10 s.")


HAZARDS: Final[tuple[Callable[[Estimate, Circumstances], Verdict | None], ...]] = (
    emergency_stop, untrusted, over_angle, over_time, ankles, occupant, unit_reacts, unreserved, grant_lost,
    broker_lost, unheard, late,
)  # fmt: skip
"""In the order in which they are told when several are as severe."""
OF_A_SOUND_TABLE: Final = (over_angle, over_time, unreserved, grant_lost, broker_lost, late)
"""The ones that are left to judge where `Estimate.sound` rules the others out."""


def assess(e: Estimate, c: Circumstances) -> Verdict:
    """The first door: the most severe of all verdicts."""
    worst = FINE
    for hazard in OF_A_SOUND_TABLE if e.sound else HAZARDS:
        if (verdict := hazard(e, c)) and verdict.action > worst.action:
            worst = verdict
    return worst
