"""The values that travel between the controller's modules. No behaviour, no I/O."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Verb(StrEnum):
    """What somebody may wish of the table (docs/mqtt.md)."""

    ARM = "arm"
    START = "start"
    GOTO = "goto"
    JOG = "jog"
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    CHECKIN = "checkin"
    STOP = "stop"
    LEVEL = "level"
    STAND = "stand"
    ACKNOWLEDGE = "acknowledge"
    LOCK = "lock"
    UNLOCK = "unlock"
    FEEDBACK = "feedback"
    PEOPLE_SAVE = "people/save"
    PEOPLE_DELETE = "people/delete"
    PEOPLE_ACCEPT = "people/accept"
    HISTORY_GET = "history/get"
    PRESETS_SAVE = "presets/save"
    PRESETS_DELETE = "presets/delete"
    DISCOVERY_REMOVE = "discovery/remove"


class Reason(StrEnum):
    """Why a wish is refused, in the order of the contract: the first that applies is the one that is told."""

    BAD_PAYLOAD = "bad_payload"
    UNKNOWN_VERB = "unknown_verb"
    UNKNOWN_PRESET = "unknown_preset"
    UNKNOWN_PERSON = "unknown_person"
    RETAINED = "retained"
    EXPIRED = "expired"
    DUPLICATE = "duplicate"
    LOCKED = "locked"
    LINK_DOWN = "link_down"
    ESTOP = "estop"
    FAULT_LATCHED = "fault_latched"
    NOT_OCCUPIED = "not_occupied"
    ANKLES_OPEN = "ankles_open"
    CHECKLIST_DUE = "checklist_due"
    BUDGET_SPENT = "budget_spent"
    REST_NEEDED = "rest_needed"
    BUSY = "busy"
    NOT_ARMED = "not_armed"
    TOO_SOON = "too_soon"
    OVER_ANGLE = "over_angle"
    OVER_TIME = "over_time"
    NOT_LEVEL = "not_level"
    PAUSE_FIRST = "pause_first"
    NOT_SAVED = "not_saved"


class State(StrEnum):
    """What the table is doing, in the words of the state document."""

    OFFLINE = "offline"
    STANDING = "standing"
    STANDBY = "standby"
    ARMED = "armed"
    RUNNING = "running"
    PAUSED = "paused"
    FROZEN = "frozen"
    RETURNING = "returning"
    LEVEL = "level"
    RISING = "rising"
    FAULT = "fault"


class EventKind(StrEnum):
    """What happened, in the words of the event topic."""

    SESSION_STARTED = "session_started"
    STEP = "step"
    SESSION_ENDED = "session_ended"
    CHECK_IN = "check_in"
    LIMIT = "limit"
    FAULT = "fault"
    FAULT_CLEARED = "fault_cleared"
    COMMAND_REFUSED = "command_refused"
    BROKER_LOST = "broker_lost"
    LINK_LOST = "link_lost"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Wish:
    """A command as it was understood. A `pin` is shown nowhere.

    `body`: what a verb whose argument is more than a word made of it; its type is the verb's business.

    `retained`: the broker had kept it. `expired`: its own expiry had passed, or (`late`) its way was blocked. `sent`:
    how many stop frames the stop lane had written in all by then.
    """

    verb: Verb
    id: str | None = None
    code: str | None = None
    preset: str | None = None
    person: str | None = None
    angle_deg: float | None = None
    direction: int = 0
    retained: bool = False
    expired: bool = False
    late: bool = False
    sent: int = 0
    pin: str = field(default="", repr=False)
    body: object = None


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A command that was not understood: the verb as it was written, and why, in a sentence."""

    verb: str
    reason: Reason
    message: str
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a wish. `moving`: whether the table moves because of it; `reason` is None if it was accepted."""

    verb: str
    id: str | None
    accepted: bool
    moving: bool
    reason: Reason | None
    message: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. Only the fields that its kind needs are set."""

    kind: EventKind
    message: str
    session: str | None = None
    preset: str | None = None
    person: str | None = None
    step: int | None = None
    label: str | None = None
    outcome: str | None = None
    why: str | None = None
    code: str | None = None
    reason: Reason | None = None
    verb: str | None = None


class Show(NamedTuple):
    """The newest sessions of the history are to be published, so many of them."""

    last: int


class Forget(NamedTuple):
    """The history is to forget this person's sessions."""

    person: str


class Undiscover(NamedTuple):
    """Home Assistant is to forget the table, until the controller starts again."""


class Keep(NamedTuple):
    """A small file is to hold this text from now on, through restarts; None: no such file.

    `file` is its name among ours. `otherwise`: what it means if that can't be done, as the end of a sentence.
    `instead_of`: the text that it replaces, for a file that people write, too; one that holds another is left alone.
    """

    file: str
    text: str | None
    otherwise: str
    instead_of: str | None = None


class NotKept(NamedTuple):
    """A small file could not be kept: its name among ours, and a sentence."""

    file: str
    message: str


class Target(NamedTuple):
    """Where the table should be at one moment, and how fast that point moves."""

    angle_deg: float
    rate_dps: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure and the sentence that says where it comes from: `15.0`, "programme week 1"."""

    value: float
    reason: str
