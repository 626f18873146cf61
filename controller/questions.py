"""Why a wish is refused: each reason of the contract as a named question that says nothing or a sentence."""

from collections.abc import Callable
from math import ceil
from typing import Final, NamedTuple

from .account import Account
from .estimator import LEVEL_DEG, Estimate
from .limits import Limits
from .model import State, Verb, Wish
from .presets import Preset
from .safety import LIVE

ARMING_S: Final = 60.0
"""A session may start within 60 s of arming (docs/mqtt.md)."""
HUMAN_S: Final = 1.0
"""A wish without the code comes a second after the arming at the earliest: a burst out of a stale queue does not."""
FRESH_S: Final = 0.3
"""An angle that is older is no angle of now: the unit's own patience with a nonce (safety.md)."""
JOG_S: Final = 0.5
"""Jog ends when its heartbeat is 500 ms late."""
STEEPEST_SEAT_DEG: Final = -15.0
"""Presets go to −15° (circulation); further up is the way to standing, which needs the pause."""


class Situation(NamedTuple):
    """Everything that a refusal may depend on. `hand_s`: wall-like time of human hands; other times in seconds.

    `jog` is the direction that somebody holds, 0 when the button was let go, None while nobody moves the table by hand.
    `comparing`: the ledger has not accounted for the unit's count yet. `held`: why the session is held just now.
    `asked`: the person is asked to check in. `unknown`, `due`, `taken`: why `person` can't be served: not known,
    checklist not read, armed for somebody else. `own_wrong`: why the file of own presets is left alone.
    """

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
    jog: int | None
    arm_by_button: bool
    taken_before: bool
    presets: tuple[str, ...]
    ledger_failed: str
    broker_gone: str
    leaving: bool
    comparing: bool = False
    held: str = ""
    locked: bool = False
    asked: bool = False
    skipped_at_s: float | None = None
    unknown: str = ""
    due: str = ""
    taken: str = ""
    own_wrong: str = ""


CHECKLIST: Final = (
    "both ankles locked, nothing and nobody in reach of the table, the checklist read, somebody else in the room"
)
"""H13: what a person confirms by arming."""

Question = Callable[[Wish, Situation], str | None]


def unknown_preset(w: Wish, s: Situation) -> str | None:
    if w.verb in (Verb.START, Verb.PRESETS_DELETE) and s.preset is None:
        more = f" Your own presets are left alone: {s.own_wrong}" if s.own_wrong else ""
        return f"There is no preset {w.preset!r}. There are: {', '.join(s.presets)}.{more}"
    return None


def unknown_person(_: Wish, s: Situation) -> str | None:
    return s.unknown or None


def retained(w: Wish, _: Situation) -> str | None:
    """F21."""
    if w.retained:
        return "The broker had kept this command; nothing moves on old commands. Send it without the retain flag."
    return None


def expired(w: Wish, _: Situation) -> str | None:
    """F21."""
    if w.late:
        return "This command was held up on its way. Give it again, if you still mean it."
    return "This command came after its own expiry." if w.expired else None


def duplicate(w: Wish, s: Situation) -> str | None:
    if s.taken_before:
        return f"A command with the id {w.id!r} was taken already."
    return None


def locked(_: Wish, s: Situation) -> str | None:
    if s.locked:
        return "The child lock is on: stop and level work, everything else needs unlock with the PIN first."
    return None


def link_down(w: Wish, s: Situation) -> str | None:
    if s.estimate is None or s.state is State.OFFLINE:
        return "There is no connection to the tilt unit; check its cable and power."
    if not s.estimate.host_live and w.verb in MOVING:
        return "The tilt unit does not hear the controller; check its cable."
    if s.broker_gone and (w.verb in MOVING or w.verb is Verb.STAND):
        return f"Nothing moves while a stop from the phone might not arrive. {s.broker_gone}"
    return None


def estop(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and s.estimate.estop:
        return "The emergency stop is pressed. Release it first."
    return None


def fault_latched(w: Wish, s: Situation) -> str | None:
    if s.estimate is not None and (s.estimate.latched or s.state is State.FAULT):
        return "A fault waits for acknowledgement. Read it in the state, then acknowledge it at level or head up."
    if s.estimate is not None and not s.estimate.trusted:
        return "The angle sensors do not agree, so nobody knows how far the table is tilted. Ask for help."
    if s.held and (w.verb in (Verb.RESUME, Verb.SKIP) or (s.jog is not None and w.direction != 0)):
        return s.held
    if s.ledger_failed and w.verb in MOVING:
        return f"{s.ledger_failed} No session can run until the controller is restarted."
    return None


def not_occupied(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and not s.estimate.occupied:
        return "Nobody is sensed on the table."
    return None


def ankles_open(_: Wish, s: Situation) -> str | None:
    if s.estimate is not None and not s.estimate.ankles_locked:
        return "An ankle lock is open. Close both locks."
    return None


def checklist_due(_: Wish, s: Situation) -> str | None:
    """H13."""
    return s.due or None


def budget_spent(_: Wish, s: Situation) -> str | None:
    if s.state in LIVE:
        return None
    day, most = s.limits.day_head_down_s, s.limits.sessions_per_day
    needed_s = s.preset.head_down_s() if s.preset is not None else 1.0
    if s.account.head_down_today_s(s.person, s.ledger_s) + needed_s > day.value:
        when = _when_s(s, needed_s)
        needs = f" for the {needed_s / 60:.1f} min of {s.preset.title}" if s.preset is not None else ""
        allowed = f"{day.value / 60:.3g} min in 24 h are allowed ({day.reason})"
        return f"Not enough head-down time is left{needs}: {allowed}.{_possible(when)}"
    if s.account.sessions_today(s.person, s.ledger_s) >= most.value:
        when = _when_s(s, needed_s)
        return f"{most.value:g} sessions in 24 h are enough ({most.reason}).{_possible(when)}"
    return None


def rest_needed(_: Wish, s: Situation) -> str | None:
    if s.state in LIVE:
        return None
    left_s = s.account.rest_remaining_s(s.person, s.ledger_s, s.limits.rest_s.value)
    return f"Rest between sessions is needed.{_possible(left_s)}" if left_s > 0 else None


def busy(w: Wish, s: Situation) -> str | None:
    if w.verb in SAVING:
        moves = s.estimate is not None and s.estimate.moving
        return "The table moves. Save and delete presets while it stands still." if moves else None
    if s.leaving and (w.verb in MOVING or w.verb is Verb.STAND):
        return "The controller is being shut down."
    if s.comparing and w.verb in BEGINNING:
        return "The record of head-down time is being brought up to date. Try again in a moment."
    if s.jog is not None and w.verb in (Verb.RESUME, Verb.SKIP):
        return "The table is moved by hand. Hold a jog button, stop or level it."
    if w.verb is Verb.CHECKIN and s.state in LIVE and not s.asked:
        return "Nobody is asked just now. Answer when the state or the event check_in asks."
    if s.state is State.ARMED and w.verb in ABOUT_PEOPLE:
        return "The table is armed. Stop first, or start."
    if s.state in FROM[w.verb] or (w.verb is Verb.JOG and s.jog is not None):
        return None
    return BUSY[s.state]


def not_armed(w: Wish, s: Situation) -> str | None:
    if w.verb is Verb.ARM:
        if s.arm_by_button:
            return "This table is armed with the button on the table only."
        return None
    if s.taken:
        return s.taken
    if s.jog is not None:
        return None
    if s.armed_at_s is None:
        return f"Arm first. With that you confirm: {CHECKLIST}."
    if s.hand_s - s.armed_at_s > ARMING_S:
        return "The arming window has closed. Arm again."
    if w.code is not None and w.code != s.arm_code:
        return "This is not the arm code of the state; read it again."
    return None


def too_soon(w: Wish, s: Situation) -> str | None:
    """F21: a burst out of a stale queue is no human hand."""
    if s.stopped_at_s is not None and s.hand_s - s.stopped_at_s < HUMAN_S:
        return "A stop was pressed just now. Wait a second."
    if w.verb in (Verb.RESUME, Verb.SKIP) or (s.jog is not None and w.direction != 0):
        if s.paused_at_s is not None and s.hand_s - s.paused_at_s < HUMAN_S:
            return "Too soon after the pause: send it a second later."
        if w.verb is Verb.SKIP and s.skipped_at_s is not None and s.hand_s - s.skipped_at_s < HUMAN_S:
            return "Too soon after the last skip: send it a second later."
        return None
    if w.verb in (Verb.ARM, Verb.STAND) or s.jog is not None or w.code is not None:
        return None
    if s.armed_at_s is None or s.hand_s - s.armed_at_s >= HUMAN_S:
        return None
    return "Too soon after arming: start a second later, or quote the arm code."


def over_angle(w: Wish, s: Situation) -> str | None:
    asked = w.angle_deg if w.angle_deg is not None else s.preset.largest_angle_deg if s.preset is not None else None
    limit = s.limits.angle_deg
    if asked is not None and not asked <= limit.value:
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
    e = s.estimate
    if e is None or s.jog is not None:
        return None
    if w.verb is not Verb.STAND:
        what = "A fault is acknowledged" if w.verb is Verb.ACKNOWLEDGE else "A session starts"
        return f"{what} at level or head up. Send level first." if e.head_down else None
    if e.at_level or e.standing or (not e.head_down and (s.state is State.STANDBY or _goes_straight_back(s))):
        return None
    return "Standing up begins at level. Send level first."


def pause_first(w: Wish, s: Situation) -> str | None:
    if s.estimate is None or s.pause_left_s <= 0:
        return None
    angle_deg = s.estimate.angle_deg
    if w.verb is Verb.STAND:
        rises = not s.estimate.standing and not _goes_straight_back(s)
    elif w.verb is Verb.GOTO:
        rises = w.angle_deg is not None and w.angle_deg < min(STEEPEST_SEAT_DEG, angle_deg)
    else:
        rises = w.direction < 0 and s.jog != w.direction and STEEPEST_SEAT_DEG < angle_deg <= LEVEL_DEG
    if rises:
        return f"Lie still for another {ceil(s.pause_left_s)} s: blood pressure is low after lying head down."
    return None


def _goes_straight_back(s: Situation) -> bool:
    """A freeze on the way up, before 5° was passed."""
    return s.state is State.FROZEN and not s.went_past_5


def _when_s(s: Situation, needed_s: float) -> float | None:
    """Seconds until head-down time, number of sessions and rest all allow a session. None if waiting won't do."""
    account, limits = s.account.settled(s.ledger_s), s.limits
    day_s = account.when_s(s.person, s.ledger_s, needed_s, limits.day_head_down_s.value)
    session_s = account.when_session_s(s.person, s.ledger_s, limits.sessions_per_day.value)
    if day_s is None or session_s is None:
        return None
    return max(day_s, session_s, account.rest_remaining_s(s.person, s.ledger_s, limits.rest_s.value))


def _possible(when_s: float | None) -> str:
    """A sentence about when to come back."""
    if when_s is None:
        return " Waiting does not help."
    minutes = ceil(when_s / 60)
    return f" Possible again in {minutes} min." if minutes < 100 else f" Possible again in {ceil(when_s / 3600)} h."


BEGINNING: Final = frozenset({Verb.START, Verb.GOTO, Verb.JOG})
"""What begins a session: needs the arming window, and closes it when it is refused."""
ABOUT_PEOPLE: Final = frozenset({Verb.PEOPLE_SAVE, Verb.PEOPLE_DELETE, Verb.PEOPLE_ACCEPT})
"""What changes who may do what."""
MOVING: Final = BEGINNING | {Verb.ARM, Verb.RESUME, Verb.SKIP}
"""What leads to motion in a session."""
SAVING: Final = frozenset({Verb.PRESETS_SAVE, Verb.PRESETS_DELETE})
"""What moves nothing, and is for a table at rest."""
_REST: Final = frozenset({State.STANDING, State.STANDBY, State.LEVEL})
_UNMOVED: Final = frozenset(State) - LIVE - {State.RETURNING, State.RISING}
FROM: Final[dict[Verb, frozenset[State]]] = {
    Verb.ARM: _REST | {State.ARMED},
    Verb.START: _REST | {State.ARMED},
    Verb.GOTO: _REST | {State.ARMED},
    Verb.JOG: _REST | {State.ARMED},
    Verb.PAUSE: frozenset({State.RUNNING}),
    Verb.RESUME: frozenset({State.PAUSED}),
    Verb.SKIP: LIVE,
    Verb.CHECKIN: LIVE,
    Verb.STAND: _REST | {State.FROZEN, State.ARMED},
    Verb.ACKNOWLEDGE: _UNMOVED,
    Verb.FEEDBACK: frozenset(State) - LIVE,
    Verb.PEOPLE_SAVE: _UNMOVED - {State.ARMED},
    Verb.PEOPLE_DELETE: _UNMOVED - {State.ARMED},
    Verb.PEOPLE_ACCEPT: _UNMOVED - {State.ARMED},
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
    State.RETURNING: "The table is returning to level. Wait until it is there.",
    State.LEVEL: "No session runs.",
    State.RISING: "The table is on its way to standing. Wait until it is there.",
    State.FAULT: "A fault is being handled. Read it in the state.",
}
"""Why a verb means nothing in a state."""
