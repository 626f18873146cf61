"""What the table publishes: the documents of the MQTT contract, as values; `mqtt.payloads` writes them as JSON.

What is absent or unknown is None, never NaN. Lists and objects are whole: no field is left out.
"""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from .model import EventKind, Reason, State

SCHEMA: Final = 1
"""Version of the state document. Fields may be added within it; a field that changes its meaning makes it 2."""

Degrees = Annotated[float, Field(description="degrees of inversion: 0 level, + head down, -80 standing")]
Seconds = Annotated[float, Field(ge=0, description="seconds")]
Timestamp = Annotated[str, Field(description="UTC, ISO 8601 with milliseconds")]


@dataclass(frozen=True, slots=True)
class SessionDocument:
    """The running session; `remaining_s` until it ends at level. `check_in_remaining_s`: null while nobody is asked."""

    id: str
    preset: str
    person: str
    step: Annotated[int, Field(ge=1, description="the step that runs, from 1")]
    steps: int
    label: str
    elapsed_s: Seconds
    remaining_s: Seconds
    head_down_s: Seconds
    progress: Annotated[float, Field(ge=0, le=1)]
    pauses: Annotated[int, Field(ge=0, description="how many pauses there were, and is one")]
    paused_s: Seconds
    check_in_remaining_s: Annotated[float | None, Field(ge=0, description="seconds left to answer with `checkin`")]


@dataclass(frozen=True, slots=True)
class BudgetDocument:
    """Whom the table serves, their head-down time over the last 24 hours, and how long their next session waits."""

    person: str
    head_down_today_s: Seconds
    allowed_today_s: Seconds
    sessions_today: int
    rest_remaining_s: Seconds


@dataclass(frozen=True, slots=True)
class LieStillDocument:
    """What is left of the pause at level before `stand`, and why it is so long: a sentence."""

    remaining_s: Seconds
    reason: str


@dataclass(frozen=True, slots=True)
class LimitDocument:
    """The tightest angle limit and where it comes from."""

    angle_deg: Degrees
    reason: str


@dataclass(frozen=True, slots=True)
class FaultDocument:
    """One cause at work or latched; `latched` means that it waits for `acknowledge`."""

    code: str
    rung: Annotated[int, Field(ge=0, le=4)]
    since: Timestamp
    message: str
    latched: bool


@dataclass(frozen=True, slots=True)
class LinkDocument:
    """The serial link to the tilt unit; `age_s` of the newest telemetry."""

    up: bool
    age_s: Seconds | None  # H10: who shows a state can show how old it is
    unit: str | None
    firmware: str | None
    protocol: int | None


@dataclass(frozen=True, slots=True)
class StateDocument:
    """The table at one moment. Retained; believe it only while `availability` is online and `time` is fresh."""

    schema: int
    simulated: bool | None
    table: str
    seq: Annotated[int, Field(ge=0, description="counts the state documents of this run")]
    time: Timestamp
    uptime_s: Seconds
    state: State
    angle_deg: Degrees | None
    rate_dps: float | None
    target_deg: Degrees | None
    moving: bool
    head_down: bool | None
    occupied: bool | None
    ankles_locked: bool | None
    estop: bool | None
    armed: bool
    arm_code: Annotated[str | None, Field(description="quote it as `code` to start within the arming window")]
    arm_remaining_s: Seconds | None
    locked: bool
    session: SessionDocument | None
    budget: BudgetDocument
    lie_still: LieStillDocument | None
    limit: LimitDocument
    rung: Annotated[int, Field(ge=0, le=4, description="0 none, 1 refuse, 2 level, 3 blind level, 4 hold")]
    faults: tuple[FaultDocument, ...]
    link: LinkDocument
    message: Annotated[str, Field(description="one plain sentence for a person")]


@dataclass(frozen=True, slots=True)
class ResultDocument:
    """The answer to one command."""

    verb: str
    id: str | None
    accepted: bool
    moving: Annotated[bool, Field(description="whether the table moves because of this command")]
    reason: Reason | None
    message: str
    time: Timestamp


@dataclass(frozen=True, slots=True)
class EventDocument:
    """Something that happened; fields that its kind has no use for are null."""

    time: Timestamp
    kind: EventKind
    message: str
    session: str | None
    preset: str | None
    person: str | None
    step: int | None
    label: str | None
    outcome: Annotated[
        str | None, Field(description="of an ended session: reached or interrupted; of feedback: ok or symptom")
    ]
    why: str | None
    code: Annotated[str | None, Field(description="of a fault")]
    reason: Reason | None
    verb: str | None


@dataclass(frozen=True, slots=True)
class StepDocument:
    """One step of a preset: reach the angle at this rate, then hold it or swing around it."""

    label: str
    angle_deg: Degrees
    hold_s: Seconds
    rate_dps: float
    swing_deg: float
    period_s: float


@dataclass(frozen=True, slots=True)
class PresetDocument:
    """A preset, from standing to its end at level."""

    id: str
    title: str
    purpose: str
    basis: str
    own: Annotated[bool, Field(description="saved by the owner: may be replaced and deleted")]
    duration_s: Seconds
    head_down_s: Seconds
    largest_angle_deg: Degrees
    steps: tuple[StepDocument, ...]


@dataclass(frozen=True, slots=True)
class PresetsDocument:
    """Everything that `start` accepts."""

    presets: tuple[PresetDocument, ...]


@dataclass(frozen=True, slots=True)
class HistogramDocument:
    """How often something took how long since the controller started; `max_ms` since the last health document."""

    bounds_ms: Annotated[tuple[float, ...], Field(description="upper bounds, milliseconds, rising")]
    at_most: Annotated[tuple[int, ...], Field(description="how often it took at most each of the bounds")]
    count: Annotated[int, Field(description="how often in all, also beyond the last bound")]
    sum_ms: Annotated[float, Field(description="of all of them together, milliseconds")]
    max_ms: Annotated[float | None, Field(description="the longest since the last health document; null: none")]


@dataclass(frozen=True, slots=True)
class HealthDocument:
    """How the controller itself is doing; counters are of this run."""

    time: Timestamp
    uptime_s: Seconds
    version: str
    protocol: int
    steps: Annotated[int, Field(description="completed control steps")]
    step_max_ms: Annotated[float | None, Field(description="longest control step since the last health document")]
    gap_max_ms: Annotated[float | None, Field(description="longest time between two control steps since then")]
    loop_step: Annotated[HistogramDocument, Field(description="control steps, from data read to answer written")]
    loop_jitter: Annotated[
        HistogramDocument,
        Field(description="between two telemetries: by how much the time here differs from the time at the unit"),
    ]
    realtime_priority: Annotated[
        int, Field(ge=0, le=99, description="of the control thread (SCHED_FIFO); 0: an ordinary thread")
    ]
    telemetry: int
    telemetry_lost: int
    frames_damaged: int
    frames_rejected: int
    connects: Annotated[int, Field(description="how often the unit was found")]
    commands: int
    commands_refused: int
    commands_dropped: Annotated[int, Field(description="lost because the queue was full; never a stop or a level")]
    mqtt_errors: Annotated[int, Field(description="failures in the MQTT client's callbacks")]
    mqtt_dropped: Annotated[int, Field(description="messages that found no broker or no room, and commands of a flood")]
    mqtt_rebuilds: Annotated[int, Field(description="how often the client's echo stayed away and it connected anew")]
    notices: tuple[str, ...]
