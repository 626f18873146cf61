"""A command's payload as a `Wish`, or a sentence that says what is wrong with it. Pure, and never raises.

The payload comes from anybody who may publish. It is empty, a bare word or number, or one JSON object with the
argument by name. Everything but `stop` and `level` is strict: what is not fully understood moves nobody. Those two
mean the same whatever comes with them, because a person may have nothing else to help themselves with (F22, H11).
"""

import json
import math
import re
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn

from ..account import EARLIEST_WALL_S
from ..model import Reason, Unreadable, Verb, Wish
from ..people_payload import SAVE_KEYS, read_feedback, read_save
from ..preset_draft import Draft, draft
from ..preset_file import PresetError

MAX_PAYLOAD: Final = 4096
"""Bytes. Chosen: twenty times the longest sensible command; more is not even decoded."""
MAX_ID: Final = 64
MAX_CODE: Final = 16
MAX_ANGLE_DEG: Final = 90.0
"""The reach of any table (docs/mqtt.md); the limits that protect somebody are judged elsewhere."""
MAX_LAST: Final = 20
"""Sessions that are shown at once. Chosen: they fit into 64 KB, which is as much as some brokers let through."""
_MAX_NUMBER: Final = 32
"""Characters. Chosen: more than any double needs; keeps thousands of digits out of the integer conversion."""
_MAX_EXPIRES_S: Final = 1e11
"""Chosen: the year 5138. Larger numbers are milliseconds by mistake and would never expire."""
_PRESS: Final = "PRESS"
"""What a Home Assistant button sends unless it is told otherwise."""

_PIN: Final = re.compile(r"[0-9]{4,8}")
_NAME: Final = re.compile(r"[a-z0-9_-]{1,32}")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
"""A number as JSON writes it; float() alone would also take `1_5`, `infinity` and other alphabets' digits."""
_DIRECTIONS: Final = {"up": -1, "down": 1, "stop": 0}
"""`up` raises the head, which makes the angle of inversion smaller."""
_ALWAYS: Final = (Verb.STOP, Verb.LEVEL)
_COMMON: Final = ("id", "code", "expires")

_Value = object
"""Whatever JSON can hold; every use checks the type first."""
_Fields = dict[str, _Value]


class BadPayloadError(Exception):
    """What is wrong with the payload, as the first half of a sentence. Never leaves `parse`.

    `advised`: it says by itself what to send instead.
    """

    def __init__(self, what: str, advised: bool = False) -> None:
        super().__init__(what)
        self.advised = advised


class Argument(NamedTuple):
    """How a verb takes its argument: the keys it may have, the example for people, what a bare payload means.

    `read`: how these keys become the wish's `body`, for verbs whose argument is more than a word. It may raise
    ValueError with the first half of a sentence. Whole numbers come as floats, too. `optional`: the verb means
    something without its argument.
    """

    keys: tuple[str, ...]
    expects: str
    bare: Callable[[str], _Fields]
    read: Callable[[_Fields], object] | None = None
    optional: bool = False


def _bare_preset(word: str) -> _Fields:
    return {"preset": word}


def _bare_angle(word: str) -> _Fields:
    if _NUMBER.fullmatch(word) is None or len(word) > _MAX_NUMBER:
        raise BadPayloadError(f"{_shown(word)} is not a number")
    return {"angle_deg": float(word)}


def _bare_direction(word: str) -> _Fields:
    return {"direction": word}


def bare_object(word: str) -> _Fields:
    """For verbs that take nothing but an object."""
    raise BadPayloadError(f"{_shown(word)} is not a JSON object")


def _bare_nothing(word: str) -> _Fields:
    raise BadPayloadError(f"{_shown(word)} is not expected")


def _bare_person(word: str) -> _Fields:
    return {"person": word}


def _bare_outcome(word: str) -> _Fields:
    return {"outcome": word}


def _bare_pin(word: str) -> _Fields:
    return {"pin": word}


def _bare_last(word: str) -> _Fields:
    return {"last": _bare_angle(word)["angle_deg"]}


def _last(fields: _Fields) -> object:
    if fields.get("last") is None:
        return None
    last = _number(fields, "last")
    if not 1 <= last <= MAX_LAST or last != int(last):
        raise BadPayloadError(f"last is {_shown(last)}, it is a whole number from 1 to {MAX_LAST}")
    return int(last)


def _read_preset(fields: _Fields) -> Draft:
    try:
        return draft(fields)
    except PresetError as error:
        raise BadPayloadError(str(error), advised=True) from None


_PIN_ARGUMENT: Final = Argument(("pin",), 'a PIN of 4 to 8 digits, such as 2580 or {"pin": "2580"}', _bare_pin)
_PERSON_ARGUMENT: Final = Argument(("person",), 'a person, such as ana or {"person": "ana"}', _bare_person)
_ARGUMENTS: Final = {
    Verb.ARM: Argument(("person",), 'a person, as in {"person": "ana"}', _bare_nothing, optional=True),
    Verb.START: Argument(("preset", "person"), 'a preset, such as back or {"preset": "back"}', _bare_preset),
    Verb.GOTO: Argument(("angle_deg", "person"), 'an angle in degrees, such as 15 or {"angle_deg": 15}', _bare_angle),
    Verb.JOG: Argument(("direction", "person"), 'up, down or stop, such as up or {"direction": "up"}', _bare_direction),
    Verb.LOCK: _PIN_ARGUMENT,
    Verb.UNLOCK: _PIN_ARGUMENT,
    Verb.FEEDBACK: Argument(("outcome",), 'ok or symptom, or {"outcome": "ok"}', _bare_outcome, read_feedback),
    Verb.PEOPLE_SAVE: Argument(
        SAVE_KEYS,
        'a profile, such as {"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62}',
        bare_object,
        read_save,
    ),
    Verb.PEOPLE_DELETE: _PERSON_ARGUMENT,
    Verb.PEOPLE_ACCEPT: _PERSON_ARGUMENT,
    Verb.HISTORY_GET: Argument(
        ("last",),
        f'a number of sessions from 1 to {MAX_LAST}, such as 5 or {{"last": 5}}',
        _bare_last,
        _last,
        optional=True,
    ),
    Verb.PRESETS_SAVE: Argument(
        ("preset", "title", "purpose", "basis", "rate_dps", "repeat", "steps"),
        'a preset, such as {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1, '
        '"steps": [{"angle_deg": 8, "hold_s": 60}]}',
        bare_object,
        _read_preset,
    ),
    Verb.PRESETS_DELETE: Argument(
        ("preset",), 'the id of an own preset, such as calm or {"preset": "calm"}', _bare_preset
    ),
}
"""The verbs that take an argument. All others take none."""
_NAMED: Final = (Verb.PEOPLE_SAVE, Verb.PEOPLE_DELETE, Verb.PEOPLE_ACCEPT)
"""Verbs that mean nobody unless they name a person."""


def parse(verb: str, payload: bytes, retained: bool, wall_s: float) -> Wish | Unreadable | None:
    """What one message on `command/<verb>` means, however hostile (F22). `wall_s`: Unix seconds, to judge `expires`.

    None: the empty message that clears a retained command, on the verbs that need an argument. The others can't tell
    it from a command here; `clearing` does.
    """
    try:
        known = Verb(verb)
    except ValueError:
        known_verbs = ", ".join(Verb)
        message = f"there is no command {_shown(verb)}; the commands are {known_verbs}"
        return Unreadable(
            _shown(verb, quote=""), Reason.UNKNOWN_VERB, _sentence(message), _readable_id(_salvage(payload))
        )
    if known in _ALWAYS:
        return _always(known, payload, retained, wall_s)
    if not payload and known in _ARGUMENTS and not _ARGUMENTS[known].optional:
        return None
    fields: _Fields = {}
    try:
        fields = _fields(known, payload)
        return _wish(known, fields, retained, wall_s)
    except BadPayloadError as error:
        message = str(error) if error.advised else f"{error}; {_expectation(known)}"
        return Unreadable(known, Reason.BAD_PAYLOAD, _sentence(message), _readable_id(fields))


def _always(verb: Verb, payload: bytes, retained: bool, wall_s: float) -> Wish:
    """`stop` and `level` whatever the payload. A late `stop` is a stop; a late `level` says so (it may not be live)."""
    fields = _salvage(payload)
    expired = False
    if verb is not Verb.STOP:
        try:
            expired = wall_s >= EARLIEST_WALL_S and _expired(fields, wall_s)
        except BadPayloadError:
            expired = False
    return Wish(verb, id=_readable_id(fields), retained=retained, expired=expired)


def _salvage(payload: bytes) -> _Fields:
    """What can be read of a payload that may be anything."""
    if payload[:MAX_PAYLOAD].lstrip()[:1] != b"{":
        return {}
    try:
        return _object(_text(payload))
    except BadPayloadError:
        return {}


def _sentence(words: str) -> str:
    """For a person: a capital letter and a full stop, the words as they are."""
    return f"{words[:1].upper()}{words[1:]}."


def _fields(verb: Verb, payload: bytes) -> _Fields:
    """The payload's fields by name, whichever way it was written."""
    text = _text(payload).strip(" \t\r\n")
    if text.startswith("{"):
        return _object(text)
    argument = _ARGUMENTS.get(verb)
    if (argument is None or argument.optional) and text in ("", _PRESS):
        return {}
    if argument is None:
        raise BadPayloadError(f"{_shown(text)} is not expected")
    if not text:
        raise BadPayloadError("the payload is blank")
    if text.startswith('"'):
        word = _decode(text)
        if not isinstance(word, str) or verb is Verb.GOTO:
            raise BadPayloadError(f"{_shown(text)} is not a number")
        return argument.bare(word)
    if text in ("null", "true", "false"):
        raise BadPayloadError(f"the payload is {text}")
    return argument.bare(text)


def _wish(verb: Verb, fields: _Fields, retained: bool, wall_s: float) -> Wish:
    argument = _ARGUMENTS.get(verb)
    allowed = (*(argument.keys if argument else ()), *_COMMON)
    for key in fields:
        if key not in allowed:
            raise BadPayloadError(f"the key {_shown(key)} is unknown, {verb} knows {', '.join(allowed)}")
    return Wish(
        verb,
        id=_short(fields, "id", MAX_ID),
        code=_short(fields, "code", MAX_CODE),
        expired=_expired(fields, wall_s),
        preset=_name(fields, "preset") if verb in (Verb.START, Verb.PRESETS_DELETE) else None,
        person=_name(fields, "person") if fields.get("person") is not None or verb in _NAMED else None,
        angle_deg=_angle_deg(fields) if verb is Verb.GOTO else None,
        direction=_direction(fields) if verb is Verb.JOG else 0,
        retained=retained,
        pin=_pin(fields) if verb in (Verb.LOCK, Verb.UNLOCK) else "",
        body=_body(argument, fields),
    )


def _body(argument: Argument | None, fields: _Fields) -> object:
    """What the verb's own keys say, all of them together."""
    if argument is None or argument.read is None:
        return None
    try:
        return argument.read({key: value for key, value in fields.items() if key in argument.keys})
    except ValueError as error:
        raise BadPayloadError(str(error)) from None


def _name(fields: _Fields, key: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str):
        raise BadPayloadError(f"{key} is {_shown(value)}" if key in fields else f"{key} is missing")
    if _NAME.fullmatch(value) is None:
        raise BadPayloadError(f"{key} is {_shown(value)}, it has 1 to 32 of a-z, 0-9, _ and -")
    return value


def _angle_deg(fields: _Fields) -> float:
    value = _number(fields, "angle_deg")
    if not -MAX_ANGLE_DEG <= value <= MAX_ANGLE_DEG:
        raise BadPayloadError(f"angle_deg is {_shown(value)}, it is from -90 to 90")
    return value


def _direction(fields: _Fields) -> int:
    value = fields.get("direction")
    if not isinstance(value, str) or value not in _DIRECTIONS:
        raise BadPayloadError(f"direction is {_shown(value)}" if "direction" in fields else "direction is missing")
    return _DIRECTIONS[value]


def _pin(fields: _Fields) -> str:
    """A PIN; what was sent in its place may be one that was mistyped, and is shown nowhere."""
    value = fields.get("pin")
    if not isinstance(value, str) or _PIN.fullmatch(value) is None:
        raise BadPayloadError("pin is not written as 4 to 8 digits in quotes" if "pin" in fields else "pin is missing")
    return value


def _expired(fields: _Fields, wall_s: float) -> bool:
    if fields.get("expires") is None:
        return False
    value = _number(fields, "expires")
    if not 0 <= value <= _MAX_EXPIRES_S:
        raise BadPayloadError(f"expires is {_shown(value)}, it is in Unix seconds")
    return value <= wall_s or wall_s < EARLIEST_WALL_S  # F18: a clock that was never set knows no expiry


def _number(fields: _Fields, key: str) -> float:
    """A finite number; true and false are none although Python counts them among the integers."""
    value = fields.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadPayloadError(f"{key} is {_shown(value)}, not a number" if key in fields else f"{key} is missing")
    return float(value)


def _short(fields: _Fields, key: str, length: int) -> str | None:
    """An optional string of printable characters; an empty one is none, so that templates may render nothing."""
    value = fields.get(key)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > length or not value.isprintable():
        raise BadPayloadError(f"{key} is {_shown(value)}, it is a string of at most {length} printable characters")
    return value


def _readable_id(fields: _Fields) -> str | None:
    """The id if it can be used, so that even a refusal finds its sender."""
    try:
        return _short(fields, "id", MAX_ID)
    except BadPayloadError:
        return None


def _text(payload: bytes) -> str:
    if len(payload) > MAX_PAYLOAD:
        raise BadPayloadError(f"the payload has {len(payload)} bytes, at most {MAX_PAYLOAD} are read")
    try:
        return bytes(payload).decode("utf-8")
    except UnicodeDecodeError:
        raise BadPayloadError("the payload is not UTF-8 text") from None


def _object(text: str) -> _Fields:
    value = _decode(text)
    if not isinstance(value, dict):
        raise BadPayloadError("the payload is not a JSON object")
    return value


def _decode(text: str) -> _Value:
    try:
        value: _Value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise BadPayloadError(f"the payload is not valid JSON ({error.msg}, character {error.pos + 1})") from None
    except RecursionError:
        raise BadPayloadError("the payload is nested too deeply") from None
    return value


def _pairs(pairs: list[tuple[str, _Value]]) -> _Fields:
    """A JSON object. The same key twice would leave the meaning to the parser: refused."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise BadPayloadError("a key appears twice")
    return fields


def _json_number(text: str) -> float:
    value = float(text) if len(text) <= _MAX_NUMBER else math.inf
    if not math.isfinite(value):
        raise BadPayloadError(f"{_shown(text, quote='')} is no usable number")
    return value


def _json_constant(text: str) -> NoReturn:
    raise BadPayloadError(f"{text} is no usable number")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_json_number, parse_float=_json_number, parse_constant=_json_constant
)


def _expectation(verb: Verb) -> str:
    argument = _ARGUMENTS.get(verb)
    if argument is not None:
        return f"{verb} {'may have' if argument.optional else 'needs'} {argument.expects}"
    return f'{verb} needs no argument, send an empty payload or {{"id": "7"}}'


def _shown(value: _Value, quote: str = '"') -> str:
    """A stranger's value, short and harmless enough for a sentence, a log line and UTF-8."""
    if isinstance(value, str):
        text = "".join(letter if letter.isprintable() else "?" for letter in value[:40])
        return f"{quote}{text}{'…' if len(value) > 40 else ''}{quote}"
    if isinstance(value, bool) or value is None:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return f"{value:g}"
    return "a list" if isinstance(value, list) else "an object"
