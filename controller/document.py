"""The documents of one moment, read off the core. Pure: wall time is an argument, Unix seconds."""

from collections.abc import Container, Iterable
from datetime import UTC, datetime
from math import ceil
from typing import Final

from protocol.messages import CAUSES, Cause, Rung

from .causes import QUIET, cause_code, gravest, sentence
from .core import Core
from .documents import (
    SCHEMA,
    BudgetDocument,
    EventDocument,
    FaultDocument,
    LimitDocument,
    LinkDocument,
    PresetDocument,
    PresetsDocument,
    ResultDocument,
    SessionDocument,
    StateDocument,
    StepDocument,
)
from .estimator import Estimate
from .lie_still import lie_still
from .model import Answer, Event, State
from .presets import Preset

PLAIN: Final[dict[State, str]] = {
    State.STANDING: "Standing. Arm to begin.",
    State.STANDBY: "At rest. Arm to begin.",
    State.ARMED: "Armed. Start within a minute, or stop to disarm.",
    State.PAUSED: "Paused. Head-down time goes on counting.",
    State.FROZEN: "Frozen. Send level to return.",
    State.RETURNING: "Returning to level.",
    State.RISING: "Going to standing.",
}
"""What a person is told in each state that needs no more words."""


def timestamp(wall_s: float) -> str:
    """Unix seconds as UTC with milliseconds."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def state_document(core: Core, seq: int, uptime_s: float, wall_s: float) -> StateDocument:
    """The state of the table at this moment."""
    conduct, e = core.conduct, core.estimate
    identity = core.link.identity
    moving_to = conduct.run.player if conduct.run is not None else conduct.way
    return StateDocument(
        schema=SCHEMA,
        simulated=bool(identity.simulated) if identity is not None else None,
        table=conduct.settings.table,
        seq=seq,
        time=timestamp(wall_s),
        uptime_s=round(uptime_s, 1),
        state=conduct.state,
        angle_deg=round(e.angle_deg, 2) if e is not None else None,
        rate_dps=round(e.rate_dps, 2) if e is not None else None,
        target_deg=round(moving_to.target.angle_deg, 2) if moving_to is not None else None,
        moving=e is not None and e.moving,
        head_down=e.head_down if e is not None else None,
        occupied=e.occupied if e is not None else None,
        ankles_locked=e.ankles_locked if e is not None else None,
        estop=e.estop if e is not None else None,
        armed=conduct.state is State.ARMED,
        arm_code=conduct.arming.code if conduct.state is State.ARMED else None,
        arm_remaining_s=_whole(conduct.arming.remaining_s(conduct.hand_s)) if conduct.state is State.ARMED else None,
        locked=conduct.child_lock.on,
        session=_session(core),
        budget=_budget(core),
        lie_still=lie_still(conduct, e),
        limit=LimitDocument(conduct.limit.value, conduct.limit.reason),
        rung=e.rung if e is not None else 0,
        faults=tuple(_faults(core, e, wall_s)) if e is not None else (),
        link=_link(core),
        message=_message(core, e),
    )


def _whole(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _session(core: Core) -> SessionDocument | None:
    conduct = core.conduct
    run = conduct.run
    if run is None:
        return None
    elapsed_s, remaining_s = conduct.now_s - run.since_s, run.player.remaining_s
    return SessionDocument(
        id=run.id,
        preset=run.preset,
        person=run.person,
        step=run.player.index + 1,
        steps=run.player.count,
        label=run.player.label,
        elapsed_s=round(elapsed_s, 1),
        remaining_s=round(remaining_s, 1),
        head_down_s=round(conduct.meter.session_s, 1),
        progress=round(elapsed_s / (elapsed_s + remaining_s), 3) if elapsed_s + remaining_s > 0 else 0.0,
        pauses=conduct.pauses.count,
        paused_s=round(conduct.pauses.all_s(conduct.now_s), 1),
        check_in_remaining_s=_whole(conduct.check_in.left_s(conduct.now_s)),
    )


def _budget(core: Core) -> BudgetDocument:
    conduct = core.conduct
    booking, person, limits = conduct.booking, conduct.person, conduct.limits
    running_s = conduct.meter.session_s if booking.session is not None else 0.0
    now_s = booking.ledger_s(conduct.now_s)
    resting = booking.session is None
    return BudgetDocument(
        person=person,
        head_down_today_s=round(booking.used_before_s(person, conduct.now_s) + running_s, 1),
        allowed_today_s=limits.day_head_down_s.value,
        sessions_today=booking.account.sessions_today(person, now_s),
        rest_remaining_s=round(booking.account.rest_remaining_s(person, now_s, limits.rest_s.value), 1)
        if resting
        else 0.0,
    )


def _faults(core: Core, e: Estimate, wall_s: float) -> Iterable[FaultDocument]:
    conduct, told = core.conduct, e.causes | e.latched
    if not told:  # nearly always; to ask each cause takes as long as the whole rest of a document
        return
    for cause, fact in CAUSES.items():
        if cause in QUIET or not told & cause:
            continue
        ago_s = conduct.now_s - conduct.cause_since_s.get(cause, conduct.now_s)
        since = timestamp(wall_s - ago_s)
        yield FaultDocument(cause_code(cause), fact.rung, since, sentence(fact.meaning), e.latched & cause != 0)


def _link(core: Core) -> LinkDocument:
    identity, telemetry_age_s = core.link.identity, core.link.age_s(core.conduct.now_s)
    if identity is None:
        return LinkDocument(False, None, None, None, None)
    firmware = f"{identity.firmware_major}.{identity.firmware_minor}.{identity.firmware_patch}"
    age_s = None if telemetry_age_s is None else round(max(telemetry_age_s, 0.0), 3)
    return LinkDocument(core.estimate is not None, age_s, f"{identity.unit:08x}", firmware, identity.protocol)


def _message(core: Core, e: Estimate | None) -> str:
    """One plain sentence: the gravest thing first."""
    conduct = core.conduct
    if conduct.alarm:
        return conduct.alarm
    if e is None:
        return conduct.note or "Waiting for the tilt unit."
    if conduct.state is State.FAULT:
        alone = e.head_down and (e.rung >= Rung.HOLD or (e.causes | e.latched) & Cause.PERSON_LOST)
        if alone:
            return f"Somebody needs help. {sentence(gravest(e))} Send level if that is safe."
        return f"{sentence(gravest(e))} Acknowledge it at level or head up."
    if conduct.check_in.asked:
        return "Are you well? Answer with checkin within half a minute, or the table returns to level."
    if conduct.state is State.RUNNING and conduct.run is not None:
        return sentence(f"{conduct.run.preset}: {conduct.run.player.label}")
    if conduct.state is State.RETURNING and e.rung >= Rung.LEVEL and not e.causes & Cause.LEVEL_WISHED:
        return f"Returning to level: {gravest(e)}."
    if conduct.state is State.LEVEL:
        left_s = ceil(conduct.pause_left_s)
        rest = f"Lie still for another {left_s} s before standing up." if left_s else "Stand up when you like."
        return f"Level. {rest}"
    if conduct.note:
        return f"{PLAIN[conduct.state]} {sentence(conduct.note)}"
    if not core.broker.up and conduct.state is not State.OFFLINE:
        return f"{PLAIN[conduct.state]} {core.broker.message}"
    if conduct.booking.failed:
        return f"{sentence(conduct.booking.failed)} No session can run until the controller is restarted."
    rest_s = _budget(core).rest_remaining_s
    if rest_s > 0 and conduct.state in (State.STANDING, State.STANDBY):
        return (
            f"{PLAIN[conduct.state].partition(' Arm')[0]} The next session is possible in {-(-rest_s // 60):.0f} min."
        )
    return PLAIN[conduct.state]


def presets_document(presets: Iterable[Preset], own: Container[str] = ()) -> PresetsDocument:
    """Everything that `start` accepts; `own`: the ids of those that are the owner's."""
    return PresetsDocument(tuple(preset_document(preset, preset.id in own) for preset in presets))


def preset_document(preset: Preset, own: bool = False) -> PresetDocument:
    """One preset with its figures, from standing."""
    return PresetDocument(
        id=preset.id,
        title=preset.title,
        purpose=preset.purpose,
        basis=preset.basis,
        own=own,
        duration_s=round(preset.duration_s(), 1),
        head_down_s=round(preset.head_down_s(), 1),
        largest_angle_deg=preset.largest_angle_deg,
        steps=tuple(
            StepDocument(step.label, step.angle_deg, step.hold_s, step.rate_dps, step.swing_deg, step.period_s)
            for step in preset.steps
        ),
    )


def result_document(answer: Answer, wall_s: float) -> ResultDocument:
    """An answer as it is published."""
    return ResultDocument(
        str(answer.verb), answer.id, answer.accepted, answer.moving, answer.reason, answer.message, timestamp(wall_s)
    )


def event_document(event: Event, wall_s: float) -> EventDocument:
    """An event as it is published."""
    return EventDocument(
        time=timestamp(wall_s),
        kind=event.kind,
        message=event.message,
        session=event.session,
        preset=event.preset,
        person=event.person,
        step=event.step,
        label=event.label,
        outcome=event.outcome,
        why=event.why,
        code=event.code,
        reason=event.reason,
        verb=event.verb,
    )
