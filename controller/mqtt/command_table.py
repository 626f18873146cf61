"""All commands in the order of docs/mqtt.md: what each carries and does. The table there is rendered from this one."""

from typing import Any, Final, NamedTuple

from ..model import Verb
from ..preset_file import Pattern
from ..profile import Profile
from .command_models import (
    Common,
    OfAngle,
    OfDirection,
    OfNumber,
    OfOutcome,
    OfOwnPreset,
    OfPerson,
    OfPin,
    OfPreset,
    OfSomebody,
)


class Command(NamedTuple):
    """One verb. `argument`, `bare` and `does`: the words of docs/mqtt.md, with its links; `example`: as an object."""

    verb: Verb
    carries: type
    argument: str
    bare: str
    does: str
    example: dict[str, Any]


COMMANDS: Final = (
    Command(
        Verb.ARM,
        OfPerson,
        "optional `person`",
        "empty",
        "opens a window of 60 s in which motion may start. Needs a person on the table and both "
        "ankle locks closed; refused for whatever would refuse a start. See [What arming "
        "confirms](#what-arming-confirms). The window closes with a start, a refused or "
        "unreadable `start`, `goto` or `jog`, a stop, a fault, or a lost link",
        {},
    ),
    Command(
        Verb.START,
        OfPreset,
        "`preset`, optional `person`",
        "`gentle`",
        "plays a preset, to its end at level; `programme` plays the [week of the person](people.md#the-programme)",
        {"preset": "gentle", "code": "mrrv", "id": "7"},
    ),
    Command(
        Verb.GOTO,
        OfAngle,
        "`angle_deg`, optional `person`",
        "`15`",
        "goes to an angle at up to 1.5 °/s. Head down it stays there for as long as limits allow, "
        "at most 10 min, then returns to level. Below −15° is the way to standing and needs the "
        "pause at level first",
        {"angle_deg": 15},
    ),
    Command(
        Verb.JOG,
        OfDirection,
        "`direction`: `up`, `down`, `stop`; optional `person`",
        "`up`",
        "moves by hand, from −15° to the limit: send it every 200 ms while the button is held. "
        "When the next one is 500 ms late the table holds, as in a pause. `up` raises the head, "
        "`down` lowers it. `stop` here only lets go of the button",
        {"direction": "up"},
    ),
    Command(
        Verb.PAUSE,
        Common,
        "none",
        "empty",
        "slows down and holds. Head-down time goes on counting. After two minutes, or four in all "
        "pauses of a session, the table goes home. A `jog` that was let go counts as a pause",
        {},
    ),
    Command(
        Verb.RESUME,
        Common,
        "none",
        "empty",
        "goes on after a pause",
        {},
    ),
    Command(
        Verb.SKIP,
        Common,
        "none",
        "empty",
        "goes on with the next step",
        {},
    ),
    Command(
        Verb.CHECKIN,
        Common,
        "none",
        "empty",
        "answers the question whether the person is well, see [The check-in](#the-check-in). Moves nothing",
        {},
    ),
    Command(
        Verb.STOP,
        Common,
        "none",
        "anything",
        "freezes the table now and ends the session. Always accepted",
        {},
    ),
    Command(
        Verb.LEVEL,
        Common,
        "none",
        "anything",
        "returns to level. Always accepted; see [Level](#level) for when it moves",
        {},
    ),
    Command(
        Verb.STAND,
        Common,
        "none",
        "empty",
        "from level, after the pause, up to standing, with a stop of 20 s at −40°",
        {},
    ),
    Command(
        Verb.ACKNOWLEDGE,
        Common,
        "none",
        "empty",
        "clears latched faults whose cause is gone, at level or head up",
        {},
    ),
    Command(
        Verb.LOCK,
        OfPin,
        "`pin`: 4 to 8 digits",
        "`2580`",
        "child lock: everything but `stop`, `level` and `unlock` is refused from now on, the arm "
        "button at the table, too. An open arming window closes; a session that runs goes on",
        {"pin": "2580"},
    ),
    Command(
        Verb.UNLOCK,
        OfPin,
        "`pin`",
        "`2580`",
        "ends the child lock. After five wrong PINs none is looked at for a minute",
        {"pin": "2580"},
    ),
    Command(
        Verb.HISTORY_GET,
        OfNumber,
        "none, or `last`: 1 to 20",
        "`5`",
        "publishes the newest sessions on `history`, ten if none are named. Works without a tilt unit, too",
        {"last": 5},
    ),
    Command(
        Verb.PRESETS_SAVE,
        Pattern,
        "a preset, see [Own presets](#own-presets)",
        "none",
        "saves it, or replaces the own one with its id; `start` knows it at once",
        {
            "preset": "calm",
            "title": "Calm",
            "purpose": "Rest.",
            "rate_dps": 1,
            "steps": [{"angle_deg": "now", "hold_s": 60}],
        },
    ),
    Command(
        Verb.PRESETS_DELETE,
        OfOwnPreset,
        "`preset`",
        "`calm`",
        "deletes an own preset; a session that plays it goes on",
        {"preset": "calm"},
    ),
    Command(
        Verb.FEEDBACK,
        OfOutcome,
        "`outcome`: `ok` or `symptom`",
        "`ok`",
        "says how the last session was, for the [programme](people.md#the-programme); from its end to the next start",
        {"outcome": "ok"},
    ),
    Command(
        Verb.PEOPLE_SAVE,
        Profile,
        "`person`, `name`, `height_cm`, `weight_kg`, optional `angle_deg`, `programme`, `week`",
        "object only",
        "makes or changes a [profile](people.md#a-profile). `programme`: `true` begins it, "
        "`false` leaves it. `week`: goes back to this one",
        {"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62},
    ),
    Command(
        Verb.PEOPLE_DELETE,
        OfSomebody,
        "`person`",
        "`ana`",
        "forgets profile, week, checklist and history; head-down time of the last 24 h still counts for this id",
        {"person": "ana"},
    ),
    Command(
        Verb.PEOPLE_ACCEPT,
        OfSomebody,
        "`person`",
        "`ana`",
        "this person has read the [checklist](people.md#the-checklist)",
        {"person": "ana"},
    ),
    Command(
        Verb.DISCOVERY_REMOVE,
        Common,
        "none",
        "empty",
        "Home Assistant forgets the table, until the controller starts again ([home-assistant.md](home-assistant.md))",
        {},
    ),
)
