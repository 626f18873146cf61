"""Why a wish is refused: each reason of the contract as a named question, asked in the contract's order.

A wish is refused by the first reason that applies to its verb. Stop and level are asked nothing.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

from .account import Account
from .estimator import Estimate
from .limits import Limits
from .model import Reason, State, Verb, Wish
from .presets import Preset

ARMING_S: Final = 60.0
"""A session may start within 60 s of arming (docs/mqtt.md)."""
HUMAN_S: Final = 1.0
"""A wish without the code comes a second after the arming at the earliest: a burst out of a stale queue does not."""
JOG_S: Final = 0.5
"""Jog ends when its heartbeat is 500 ms late."""
DEEPEST_STAND_DEG: Final = -15.5
"""Presets go to −15° (circulation); below that it is standing up, which needs the pause."""


class Situation(NamedTuple):
    """Everything that a refusal may depend on. `hand_s`: wall-like time of human hands; other times in seconds."""

    state: State
    estimate: Estimate | None
    limits: Limits
    account: Account
    ledger_s: float
    person: str
    preset: Preset | None
    hand_s: float
    armed_at_s: float | None
    arm_code: str | None
    stopped_at_s: float | None
    paused_at_s: float | None
    pause_left_s: float
    went_past_5: bool
    jogging: bool
    arm_by_button: bool
    seen_ids: frozenset[str]
    presets: tuple[str, ...]
    ledger_failed: str


Question = Callable[[Wish, Situation], str | None]


def unknown_preset(w: Wish, s: Situation) -> str | None:
    if w.verb is Verb.START and s.preset is None:
        return f"There is no preset {w.preset!r}. There are: {', '.join(s.presets)}."
    return None


def unknown_person(w: Wish, s: Situation) -> str | None:
    if w.person not in (None, s.person):
        return f"There is no person {w.person!r} here; leave the person out to start as {s.person}."
    return None


def retained(w: Wish, _: Situation) -> str | None:
    if w.retained:
        return "The broker had kept this command; nothing moves on old commands. Send it without the retain flag."
    return None


def expired(w: Wish, _: Situation) -> str | None:
    return "This command came after its own expiry." if w.expired else None


def duplicate(w: Wish, s: Situation) -> str | None:
    if w.id is not None and w.id in s.seen_ids:
        return f"A command with the id {w.id!r} was taken already."
    return None


def link_down(_: Wish, s: Situation) -> str | None:
    if s.estimate is None or s.state is State.OFFLINE:
        return "There is no connection to the tilt unit; check its cable and power."
    return None


def estop(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and s.estimate.estop:
        return "The emergency stop is pressed. Release it first."
    return None


def fault_latched(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and (s.estimate.latched or s.state is State.FAULT):
        return "A fault waits for acknowledgement. Read it in the state, then acknowledge it at level or head up."
    return f"{s.ledger_failed} No session can start." if s.ledger_failed else None


def not_occupied(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and not s.estimate.occupied:
        return "Nobody is sensed on the table."
    return None


def ankles_open(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and not s.estimate.ankles_locked:
        return "An ankle lock is open. Close both locks."
    return None


def budget_spent(w: Wish, s: Situation) -> str | None:
    day_s = s.limits.day_head_down_s.value
    needed_s = s.preset.head_down_s() if s.preset is not None else 1.0
    if s.account.head_down_today_s(s.person, s.ledger_s) + needed_s > day_s:
        when = s.account.when_s(s.person, s.ledger_s, needed_s, day_s)
        return f"Not enough head-down time is left today: {day_s / 60:g} min in 24 h.{_possible(when)}"
    if s.account.sessions_today(s.person, s.ledger_s) >= s.limits.sessions_per_day.value:
        when = s.account.when_session_s(s.person, s.ledger_s, s.limits.sessions_per_day.value)
        return f"{s.limits.sessions_per_day.value:g} sessions in 24 h are enough.{_possible(when)}"
    return None


def rest_needed(_: Wish, s: Situation) -> str | None:
    left_s = s.account.rest_remaining_s(s.person, s.ledger_s, s.limits.rest_s.value)
    return f"Rest between sessions is needed.{_possible(left_s)}" if left_s > 0 else None


def busy(w: Wish, s: Situation) -> str | None:
    if s.state in FROM[w.verb] or (w.verb is Verb.JOG and s.jogging):
        return None
    return BUSY[s.state]


def not_armed(w: Wish, s: Situation) -> str | None:
    if w.verb is Verb.ARM:
        if s.arm_by_button:
            return "This table is armed with the button on the table only."
        return None
    if s.jogging:
        return None
    if s.armed_at_s is None:
        return "Arm first: ankles locked, nothing in reach, checklist read."
    if w.code is not None and w.code != s.arm_code:
        return "This is not the arm code of the state; read it again."
    return None


def too_soon(w: Wish, s: Situation) -> str | None:
    if s.stopped_at_s is not None and s.hand_s - s.stopped_at_s < HUMAN_S:
        return "A stop was pressed just now. Wait a second."
    if w.verb in (Verb.RESUME, Verb.SKIP):
        if s.paused_at_s is not None and s.hand_s - s.paused_at_s < HUMAN_S:
            return "Too soon after the pause: send it a second later."
        return None
    if w.verb in (Verb.ARM, Verb.STAND) or s.jogging or w.code is not None:
        return None
    if s.armed_at_s is None or s.hand_s - s.armed_at_s >= HUMAN_S:
        return None
    return "Too soon after arming: start a second later, or quote the arm code."


def over_angle(w: Wish, s: Situation) -> str | None:
    asked = w.angle_deg if w.angle_deg is not None else s.preset.largest_angle_deg if s.preset is not None else None
    limit = s.limits.angle_deg
    if asked is not None and asked > limit.value:
        return f"{asked:g}° is over your limit of {limit.value:g}° ({limit.reason})."
    return None


def over_time(_: Wish, s: Situation) -> str | None:
    limit = s.limits.session_head_down_s
    if s.preset is not None and s.preset.head_down_s() > limit.value:
        return (
            f"{s.preset.title} needs {s.preset.head_down_s() / 60:.1f} min head down, over your "
            f"{limit.value / 60:g} min a session ({limit.reason})."
        )
    return None


def not_level(w: Wish, s: Situation) -> str | None:
    if s.estimate is None:
        return None
    if w.verb is Verb.ACKNOWLEDGE:
        return "A fault is acknowledged at level or head up. Send level first." if s.estimate.head_down else None
    if s.state is State.FROZEN and not s.went_past_5 and not s.estimate.head_down:
        return None
    if s.estimate.at_level or (s.state is State.STANDBY and not s.estimate.head_down):
        return None
    return "Standing up begins at level. Send level first."


def pause_first(w: Wish, s: Situation) -> str | None:
    rising = w.verb is Verb.STAND or (w.verb is Verb.GOTO and (w.angle_deg or 0.0) < DEEPEST_STAND_DEG)
    direct = s.state is State.FROZEN and not s.went_past_5
    if rising and not direct and s.state is not State.STANDING and s.pause_left_s > 0:
        return f"Lie still for another {s.pause_left_s:.0f} s: blood pressure is low after lying head down."
    return None


QUESTIONS: Final[dict[Reason, Question]] = {
    Reason.UNKNOWN_PRESET: unknown_preset,
    Reason.UNKNOWN_PERSON: unknown_person,
    Reason.RETAINED: retained,
    Reason.EXPIRED: expired,
    Reason.DUPLICATE: duplicate,
    Reason.LINK_DOWN: link_down,
    Reason.ESTOP: estop,
    Reason.FAULT_LATCHED: fault_latched,
    Reason.NOT_OCCUPIED: not_occupied,
    Reason.ANKLES_OPEN: ankles_open,
    Reason.BUDGET_SPENT: budget_spent,
    Reason.REST_NEEDED: rest_needed,
    Reason.BUSY: busy,
    Reason.NOT_ARMED: not_armed,
    Reason.TOO_SOON: too_soon,
    Reason.OVER_ANGLE: over_angle,
    Reason.OVER_TIME: over_time,
    Reason.NOT_LEVEL: not_level,
    Reason.PAUSE_FIRST: pause_first,
}
"""In the order of the contract."""

_R = Reason
_ANY: Final = frozenset({_R.RETAINED, _R.EXPIRED, _R.DUPLICATE, _R.LINK_DOWN})
_PERSON: Final = _ANY | {_R.ESTOP, _R.FAULT_LATCHED, _R.NOT_OCCUPIED, _R.ANKLES_OPEN}
_BEGIN: Final = _PERSON | {_R.BUDGET_SPENT, _R.REST_NEEDED, _R.BUSY, _R.NOT_ARMED}
ASKED: Final[dict[Verb, frozenset[Reason]]] = {
    Verb.ARM: _BEGIN | {_R.UNKNOWN_PERSON, _R.TOO_SOON},
    Verb.START: _BEGIN | {_R.UNKNOWN_PRESET, _R.UNKNOWN_PERSON, _R.TOO_SOON, _R.OVER_ANGLE, _R.OVER_TIME},
    Verb.GOTO: _BEGIN | {_R.TOO_SOON, _R.OVER_ANGLE, _R.PAUSE_FIRST},
    Verb.JOG: _BEGIN | {_R.TOO_SOON},
    Verb.PAUSE: _ANY | {_R.BUSY},
    Verb.RESUME: _PERSON | {_R.BUSY, _R.TOO_SOON},
    Verb.SKIP: _PERSON | {_R.BUSY, _R.TOO_SOON},
    Verb.STAND: _PERSON | {_R.BUSY, _R.TOO_SOON, _R.NOT_LEVEL, _R.PAUSE_FIRST},
    Verb.ACKNOWLEDGE: _ANY | {_R.ESTOP, _R.BUSY, _R.NOT_LEVEL},
    Verb.STOP: frozenset(),
    Verb.LEVEL: frozenset(),
}
"""Which questions each verb is asked."""

_REST: Final = frozenset({State.STANDING, State.STANDBY, State.LEVEL})
FROM: Final[dict[Verb, frozenset[State]]] = {
    Verb.ARM: _REST | {State.ARMED},
    Verb.START: _REST | {State.ARMED},
    Verb.GOTO: _REST | {State.ARMED},
    Verb.JOG: _REST | {State.ARMED},
    Verb.PAUSE: frozenset({State.RUNNING}),
    Verb.RESUME: frozenset({State.PAUSED}),
    Verb.SKIP: frozenset({State.RUNNING, State.PAUSED}),
    Verb.STAND: _REST | {State.FROZEN, State.ARMED},
    Verb.ACKNOWLEDGE: frozenset(State) - {State.RUNNING, State.PAUSED, State.RETURNING, State.RISING},
}
"""In which states a verb means anything."""

BUSY: Final[dict[State, str]] = {
    State.OFFLINE: "There is no connection to the tilt unit.",
    State.STANDING: "No session runs.",
    State.STANDBY: "No session runs.",
    State.ARMED: "No session runs yet.",
    State.RUNNING: "A session runs. Pause, stop or level it first.",
    State.PAUSED: "A session is paused. Resume, stop or level it first.",
    State.FROZEN: "The table is frozen after a stop. Send level or stand first.",
    State.RETURNING: "The table is returning to level.",
    State.LEVEL: "No session runs.",
    State.RISING: "The table is on its way to standing.",
    State.FAULT: "A fault is being handled. Read it in the state.",
}
"""Why a verb means nothing in a state."""


def refuse(wish: Wish, situation: Situation) -> tuple[Reason, str] | None:
    """The first reason, in the contract's order, that refuses this wish, with its sentence."""
    asked = ASKED[wish.verb]
    for reason, question in QUESTIONS.items():
        if reason in asked:
            message = question(wish, situation)
            if message is not None:
                return reason, message
    return None


def _possible(when_s: float | None) -> str:
    """A sentence about when to come back."""
    if when_s is None or when_s <= 0:
        return ""
    minutes = -(-when_s // 60)
    return f" Possible again in {minutes:.0f} min." if minutes < 100 else f" Possible again in {minutes / 60:.0f} h."
