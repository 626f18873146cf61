"""What a payload means. A large table of good and bad ones, then whatever hypothesis can think of."""

import json
import math
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.model import Reason, Unreadable, Verb, Wish
from controller.mqtt import commands
from controller.mqtt.commands import parse
from controller.people_payload import Save
from controller.preset_draft import Draft, draft
from controller.profile import Profile

NOW_S = 1_770_000_000.0
ANA = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.5)
NEEDING = [
    Verb.START, Verb.GOTO, Verb.JOG, Verb.LOCK, Verb.UNLOCK, Verb.FEEDBACK, Verb.PEOPLE_SAVE, Verb.PEOPLE_DELETE,
    Verb.PEOPLE_ACCEPT, Verb.PRESETS_SAVE, Verb.PRESETS_DELETE,
]  # fmt: skip
OPTIONAL = [Verb.HISTORY_GET]
PLAIN = [verb for verb in Verb if verb not in (*NEEDING, *OPTIONAL, Verb.STOP, Verb.LEVEL)]
"""Verbs without an argument that may refuse their payload."""
STRICT = [*PLAIN, *NEEDING, *OPTIONAL]


def read(verb: str, payload: bytes, retained: bool = False) -> Wish | Unreadable | None:
    return parse(verb, payload, retained, NOW_S)


CALM = {
    "title": "Calm", "purpose": "Rest.", "rate_dps": 1, "repeat": 2,
    "steps": [{"angle_deg": 8, "hold_s": 60}, {"rest_s": 60}],
}  # fmt: skip
GOOD: list[tuple[Verb, bytes, Wish]] = [
    (Verb.START, b"back", Wish(Verb.START, preset="back")),
    (Verb.START, b" back\r\n", Wish(Verb.START, preset="back")),
    (Verb.START, b'"back"', Wish(Verb.START, preset="back")),
    (Verb.START, b"15", Wish(Verb.START, preset="15")),
    (Verb.START, b"a_b-9", Wish(Verb.START, preset="a_b-9")),
    (Verb.START, b"x" * 32, Wish(Verb.START, preset="x" * 32)),
    (Verb.START, b'{"preset": "back"}', Wish(Verb.START, preset="back")),
    (Verb.START, b' {"preset": "back"}\n', Wish(Verb.START, preset="back")),
    (
        Verb.START,
        b'{"preset": "back", "person": "ana", "id": "7", "code": "4711", "expires": 1770000010}',
        Wish(Verb.START, preset="back", person="ana", id="7", code="4711"),
    ),
    (Verb.START, b'{"preset": "back", "person": null, "id": null, "code": null}', Wish(Verb.START, preset="back")),
    (Verb.START, b'{"preset": "back", "id": "", "code": "", "expires": null}', Wish(Verb.START, preset="back")),
    (Verb.START, b'{"preset":"\\u0062ack"}', Wish(Verb.START, preset="back")),
    (Verb.GOTO, b"15", Wish(Verb.GOTO, angle_deg=15.0)),
    (Verb.GOTO, b"-10.5", Wish(Verb.GOTO, angle_deg=-10.5)),
    (Verb.GOTO, b"1.5e1", Wish(Verb.GOTO, angle_deg=15.0)),
    (Verb.GOTO, b"0", Wish(Verb.GOTO, angle_deg=0.0)),
    (Verb.GOTO, b"90", Wish(Verb.GOTO, angle_deg=90.0)),
    (Verb.GOTO, b"-90.0", Wish(Verb.GOTO, angle_deg=-90.0)),
    (Verb.GOTO, b'{"angle_deg": 15}', Wish(Verb.GOTO, angle_deg=15.0)),
    (Verb.GOTO, b'{"angle_deg": -0.5, "id": "x"}', Wish(Verb.GOTO, angle_deg=-0.5, id="x")),
    (Verb.JOG, b"up", Wish(Verb.JOG, direction=-1)),
    (Verb.JOG, b"down", Wish(Verb.JOG, direction=1)),
    (Verb.JOG, b"stop", Wish(Verb.JOG, direction=0)),
    (Verb.JOG, b'"up"', Wish(Verb.JOG, direction=-1)),
    (Verb.JOG, b'{"direction": "down"}', Wish(Verb.JOG, direction=1)),
    (Verb.LOCK, b"2580", Wish(Verb.LOCK, pin="2580")),
    (Verb.LOCK, b"00000000", Wish(Verb.LOCK, pin="00000000")),
    (Verb.PRESETS_DELETE, b"calm", Wish(Verb.PRESETS_DELETE, preset="calm")),
    (Verb.PRESETS_DELETE, b'{"preset": "calm", "id": "7"}', Wish(Verb.PRESETS_DELETE, preset="calm", id="7")),
    (
        Verb.PRESETS_SAVE,
        json.dumps({"preset": "calm", **CALM, "id": "7"}).encode(),
        Wish(Verb.PRESETS_SAVE, id="7", body=draft({"preset": "calm", **CALM})),
    ),
    (Verb.UNLOCK, b'"0258"', Wish(Verb.UNLOCK, pin="0258")),
    (Verb.UNLOCK, b'{"pin": "0258", "id": "7"}', Wish(Verb.UNLOCK, pin="0258", id="7")),
    *[(verb, b"", Wish(verb)) for verb in (*PLAIN, *OPTIONAL)],
    *[(verb, b" \n", Wish(verb)) for verb in (*PLAIN, *OPTIONAL)],
    *[(verb, b"PRESS", Wish(verb)) for verb in (*PLAIN, *OPTIONAL)],
    *[(verb, b"{}", Wish(verb)) for verb in (*PLAIN, *OPTIONAL)],
    *[(verb, b'{"id": "7", "code": "ab"}', Wish(verb, id="7", code="ab")) for verb in (*PLAIN, *OPTIONAL)],
    (Verb.HISTORY_GET, b"1", Wish(Verb.HISTORY_GET, body=1)),
    (Verb.HISTORY_GET, b'{"last": 20, "id": "7"}', Wish(Verb.HISTORY_GET, body=20, id="7")),
    (Verb.HISTORY_GET, b'{"last": null}', Wish(Verb.HISTORY_GET)),
    (Verb.ARM, b'{"person": "ana"}', Wish(Verb.ARM, person="ana")),
    (Verb.GOTO, b'{"angle_deg": 15, "person": "ana"}', Wish(Verb.GOTO, angle_deg=15.0, person="ana")),
    (Verb.JOG, b'{"direction": "up", "person": "ana"}', Wish(Verb.JOG, direction=-1, person="ana")),
    *[(Verb.FEEDBACK, word.encode(), Wish(Verb.FEEDBACK, body=word)) for word in ("ok", "symptom")],
    (Verb.FEEDBACK, b'{"outcome": "ok", "id": "7"}', Wish(Verb.FEEDBACK, body="ok", id="7")),
    (Verb.PEOPLE_DELETE, b"ana", Wish(Verb.PEOPLE_DELETE, person="ana")),
    (Verb.PEOPLE_ACCEPT, b'{"person": "ana"}', Wish(Verb.PEOPLE_ACCEPT, person="ana")),
    (
        Verb.PEOPLE_SAVE,
        b'{"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62.5, "id": "7"}',
        Wish(Verb.PEOPLE_SAVE, person="ana", id="7", body=Save(ANA, None, None)),
    ),
    (
        Verb.PEOPLE_SAVE,
        b'{"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62.5, "programme": true, "week": 2}',
        Wish(Verb.PEOPLE_SAVE, person="ana", body=Save(ANA, True, 2)),
    ),
    (Verb.ARM, b'{"id": "' + "ü".encode() * 64 + b'"}', Wish(Verb.ARM, id="ü" * 64)),
    (Verb.ARM, b'{"code": "' + b"9" * 16 + b'"}', Wish(Verb.ARM, code="9" * 16)),
    (Verb.ARM, b'{"expires": 1770000000.5}', Wish(Verb.ARM)),
    (Verb.ARM, b'{"expires": 1770000000}', Wish(Verb.ARM, expired=True)),
    (Verb.ARM, b'{"expires": 0}', Wish(Verb.ARM, expired=True)),
    (Verb.GOTO, b'{"angle_deg": 5, "expires": 1769999999}', Wish(Verb.GOTO, angle_deg=5.0, expired=True)),
]


@pytest.mark.parametrize(("verb", "payload", "wish"), GOOD)
@pytest.mark.parametrize("retained", [False, True])
def test_good_payloads(verb: Verb, payload: bytes, wish: Wish, retained: bool) -> None:
    expected = {name: getattr(wish, name) for name in Wish.__slots__} | {"retained": retained}
    assert read(verb, payload, retained) == Wish(**expected)


def nested(depth: int, opening: bytes = b"[", closing: bytes = b"]") -> bytes:
    return opening * depth + closing * depth


BROKEN: list[tuple[bytes, str]] = [
    (b"\xff", "not UTF-8"),
    (b"\xc3", "not UTF-8"),
    (b"\xed\xa0\x80", "not UTF-8"),
    (b"\x00", ""),
    (b"{", "not valid JSON"),
    (b'{"preset": "back"', "not valid JSON"),
    (b'{"preset": "back"}}', "not valid JSON"),
    (b'{"preset": "back"} x', "not valid JSON"),
    (b'{"preset": "back",}', "not valid JSON"),
    (b"{preset: back}", "not valid JSON"),
    (b"{'preset': 'back'}", "not valid JSON"),
    (b'{"id": "a\nb"}', "not valid JSON"),
    (b'{"id": "7", "id": "7"}', "a key appears twice"),
    (b'{"id": "7", "id": "8"}', "a key appears twice"),
    (b'{"x": {"a": 1, "a": 1}}', "a key appears twice"),
    (b'{"expires": NaN}', "NaN is no usable number"),
    (b'{"expires": Infinity}', "Infinity is no usable number"),
    (b'{"expires": -Infinity}', "-Infinity is no usable number"),
    (b'{"expires": 1e999}', "1e999 is no usable number"),
    (b'{"expires": ' + b"9" * 4000 + b"}", "is no usable number"),
    (b'{"expires": 0.' + b"1" * 4000 + b"}", "is no usable number"),
    (b'{"expires": "1770000010"}', 'expires is "1770000010", not a number'),
    (b'{"expires": true}', "expires is true, not a number"),
    (b'{"expires": [1]}', "expires is a list, not a number"),
    (b'{"expires": -1}', "expires is -1, it is in Unix seconds"),
    (b'{"expires": 1770000010000}', "it is in Unix seconds"),
    (b'{"id": 7}', "id is 7, it is a string of at most 64"),
    (b'{"id": true}', "id is true"),
    (b'{"id": {}}', "id is an object"),
    (b'{"id": "' + b"x" * 65 + b'"}', "id is"),
    (b'{"id": "a\\u0000b"}', 'id is "a?b"'),
    (b'{"id": "a\\nb"}', 'id is "a?b"'),
    (b'{"id": "\\ud800"}', 'id is "?"'),
    (b'{"id": "\\u202e"}', 'id is "?"'),
    (b'{"code": 4711}', "code is 4711, it is a string of at most 16"),
    (b'{"code": "' + b"1" * 17 + b'"}', "code is"),
    (b'{"code": "\\udfff"}', 'code is "?"'),
    (b'{"colour": "red"}', 'the key "colour" is unknown'),
    (b'{"": 1}', 'the key "" is unknown'),
    (b'{"\\ud800": 1}', 'the key "?" is unknown'),
    (b'{"ID": "7"}', 'the key "ID" is unknown'),
    (b'{"x": ' + nested(1900) + b"}", ""),
    (b'{"x":' * 700 + b"1" + b"}" * 700, ""),
    (b"[", ""),
    (b"[]", ""),
    (b'["back"]', ""),
    (nested(2000), ""),
    (b"[" * 4096, ""),
    (b'"', ""),
    (b'"\\ud800"', ""),
    (b"null", ""),
    (b"true", ""),
    (b"false", ""),
    (b"NaN", ""),
    (b"Infinity", ""),
    (b"two words", ""),
    (b"back\x00", ""),
    (b"\xef\xbb\xbfback", ""),
    (b"{}" + b" " * 4095, "the payload has 4097 bytes, at most 4096 are read"),
    (b"x" * 1_000_000, "the payload has 1000000 bytes"),
]
"""Bad for every verb that is read strictly."""

BAD: list[tuple[Verb, bytes, str]] = [
    *[(verb, payload, wrong) for verb in STRICT for payload, wrong in BROKEN],
    *[(Verb.HISTORY_GET, b'{"last": %d}' % last, f"last is {last}") for last in (0, -1, 21)],
    (Verb.HISTORY_GET, b"1.5", "last is 1.5, it is a whole number from 1 to 20"),
    (Verb.HISTORY_GET, b'{"last": "5"}', 'last is "5", not a number'),
    (Verb.HISTORY_GET, b'{"last": true}', "last is true, not a number"),
    (Verb.HISTORY_GET, b"all", '"all" is not a number'),
    *[(verb, payload, "the payload is blank") for verb in NEEDING for payload in (b" ", b"\r\n\t")],
    *[
        (verb, payload, "is not expected")
        for verb in PLAIN
        for payload in (b"OFF", b"ON", b"1", b"0", b'"x"', b"press")
    ],
    (Verb.ARM, b'{"preset": "back"}', 'the key "preset" is unknown, arm knows person, id, code, expires'),
    (Verb.ARM, b'{"person": "Ana"}', 'person is "Ana"'),
    (Verb.PAUSE, b'{"person": "ana"}', 'the key "person" is unknown'),
    (Verb.FEEDBACK, b"OK", "outcome: must be ok or symptom"),
    (Verb.FEEDBACK, b"{}", "outcome: must be ok or symptom"),
    (Verb.PEOPLE_DELETE, b"{}", "person is missing"),
    (Verb.PEOPLE_ACCEPT, b'{"person": null}', "person is null"),
    (Verb.PEOPLE_SAVE, b"ana", '"ana" is not a JSON object'),
    (Verb.PEOPLE_SAVE, b'{"name": "Ana"}', "person is missing"),
    *[
        (
            Verb.PEOPLE_SAVE,
            json.dumps({"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62} | {key: value}).encode(),
            wrong,
        )
        for key, value, wrong in (
            ("person", "guest", "person: guest is whoever has no profile"),
            ("name", "", "name: must be 1 to 64 letters"),
            ("name", "A\nB", "name: must not contain control characters"),
            ("height_cm", 140, "height_cm: must be from 147 to 198 cm, which is what makers"),
            ("height_cm", "168", "height_cm: must be from 147 to 198"),
            ("weight_kg", 137, "weight_kg: must be from 30 to 136 kg"),
            ("angle_deg", 61, "angle_deg: must be from 0 to 60 degrees"),
            ("programme", "yes", "programme: must be true or false"),
            ("week", 0, "week: must be a whole number from 1 to 6"),
            ("week", 7, "week: must be a whole number from 1 to 6"),
            ("week", 1.5, "week: must be a whole number"),
            ("week", True, "week: must be a whole number"),
        )
    ],
    (Verb.RESUME, b'{"angle_deg": 5}', 'the key "angle_deg" is unknown'),
    (Verb.PRESETS_DELETE, b"Calm", 'preset is "Calm", it has 1 to 32'),
    (Verb.PRESETS_SAVE, b"calm", '"calm" is not a JSON object'),
    *[(Verb.LOCK, b"{}", "pin is missing"), (Verb.UNLOCK, b'{"id": "7"}', "pin is missing")],
    *[
        (verb, payload, "pin is not written as 4 to 8 digits in quotes")
        for verb in (Verb.LOCK, Verb.UNLOCK)
        for payload in (
            b"258",
            b"123456789",
            b"25.8",
            b"-2580",
            b"25 80",
            "２５８０".encode(),
            b'{"pin": 2580}',
            b"PRESS",
        )
    ],
    (Verb.ARM, b'{"pin": "2580"}', 'the key "pin" is unknown'),
    (Verb.START, b"{}", "preset is missing"),
    (Verb.START, b'{"person": "ana"}', "preset is missing"),
    (Verb.START, b'{"preset": null}', "preset is null"),
    (Verb.START, b'{"preset": ""}', 'preset is ""'),
    (Verb.START, b'{"preset": 15}', "preset is 15"),
    (Verb.START, b'{"preset": true}', "preset is true"),
    (Verb.START, b'{"preset": ["back"]}', "preset is a list"),
    (Verb.START, b'{"preset": "Back"}', 'preset is "Back", it has 1 to 32 of'),
    (Verb.START, b'{"preset": "back\\n"}', 'preset is "back?"'),
    (Verb.START, b'{"preset": "b\\u00e4ck"}', 'preset is "bäck"'),
    (Verb.START, b'{"preset": "' + b"x" * 33 + b'"}', "preset is"),
    (Verb.START, b'{"preset": "back", "person": ""}', 'person is ""'),
    (Verb.START, b'{"preset": "back", "person": "Ana"}', 'person is "Ana"'),
    (Verb.START, b'{"preset": "back", "person": 3}', "person is 3"),
    (Verb.START, b'{"preset": "back", "angle_deg": 15}', 'the key "angle_deg" is unknown'),
    (Verb.START, b'{"preset": "back", "preset": "neck"}', "a key appears twice"),
    (Verb.START, b"Back", 'preset is "Back"'),
    (Verb.START, b"back/../x", "preset is"),
    (Verb.START, b"15.0", 'preset is "15.0"'),
    (Verb.START, b"x" * 33, "preset is"),
    (Verb.START, b'"back', "not valid JSON"),
    (Verb.GOTO, b"{}", "angle_deg is missing"),
    (Verb.GOTO, b'{"angle_deg": null}', "angle_deg is null"),
    (Verb.GOTO, b'{"angle_deg": "15"}', 'angle_deg is "15", not a number'),
    (Verb.GOTO, b'{"angle_deg": true}', "angle_deg is true, not a number"),
    (Verb.GOTO, b'{"angle_deg": [15]}', "angle_deg is a list"),
    (Verb.GOTO, b'{"angle_deg": {"a": 15}}', "angle_deg is an object"),
    (Verb.GOTO, b'{"angle_deg": 90.01}', "it is from -90 to 90"),
    (Verb.GOTO, b'{"angle_deg": -91}', "angle_deg is -91, it is from -90 to 90"),
    (Verb.GOTO, b'{"angle_deg": NaN}', "NaN is no usable number"),
    (Verb.GOTO, b'{"angle_deg": 1e999}', "1e999 is no usable number"),
    (Verb.GOTO, b'{"angle_deg": 1E400}', "is no usable number"),
    (Verb.GOTO, b'{"angle_deg": ' + b"1" * 33 + b"}", "is no usable number"),
    (Verb.GOTO, b'{"angle": 15}', 'the key "angle" is unknown, goto knows angle_deg, person, id, code, expires'),
    (Verb.GOTO, b"90.5", "it is from -90 to 90"),
    (Verb.GOTO, b"1e999", "it is from -90 to 90"),
    (Verb.GOTO, b'"15"', "is not a number"),
    (Verb.GOTO, b"up", '"up" is not a number'),
    (Verb.GOTO, b"nan", "is not a number"),
    (Verb.GOTO, b"inf", "is not a number"),
    (Verb.GOTO, b"-Infinity", "is not a number"),
    (Verb.GOTO, b"1_5", "is not a number"),
    (Verb.GOTO, b"+15", "is not a number"),
    (Verb.GOTO, b"015", "is not a number"),
    (Verb.GOTO, b"15.", "is not a number"),
    (Verb.GOTO, b".5", "is not a number"),
    (Verb.GOTO, b"15,5", "is not a number"),
    (Verb.GOTO, b"15 16", "is not a number"),
    (Verb.GOTO, b"0x0f", "is not a number"),
    (Verb.GOTO, "١٥".encode(), "is not a number"),
    (Verb.GOTO, "15°".encode(), "is not a number"),
    (Verb.GOTO, b"0" * 4000, "is not a number"),
    (Verb.GOTO, b"1" + b"0" * 40, "is not a number"),
    (Verb.JOG, b"{}", "direction is missing"),
    (Verb.JOG, b"UP", 'direction is "UP"'),
    (Verb.JOG, b"1", 'direction is "1"'),
    (Verb.JOG, b"left", 'direction is "left"'),
    (Verb.JOG, b'{"direction": 1}', "direction is 1"),
    (Verb.JOG, b'{"direction": ["up"]}', "direction is a list"),
    (Verb.JOG, b'{"direction": null}', "direction is null"),
    (Verb.JOG, b'{"jog": "up"}', 'the key "jog" is unknown'),
]
EXPECTED = {
    Verb.ARM: 'arm may have a person, as in {"person": "ana"}',
    Verb.FEEDBACK: 'feedback needs ok or symptom, or {"outcome": "ok"}',
    Verb.PEOPLE_SAVE: "people/save needs a profile, such as "
    '{"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62}',
    Verb.PEOPLE_DELETE: 'people/delete needs a person, such as ana or {"person": "ana"}',
    Verb.PEOPLE_ACCEPT: 'people/accept needs a person, such as ana or {"person": "ana"}',
    Verb.START: 'start needs a preset, such as back or {"preset": "back"}',
    Verb.GOTO: 'goto needs an angle in degrees, such as 15 or {"angle_deg": 15}',
    Verb.JOG: 'jog needs up, down or stop, such as up or {"direction": "up"}',
    Verb.LOCK: 'lock needs a PIN of 4 to 8 digits, such as 2580 or {"pin": "2580"}',
    Verb.UNLOCK: 'unlock needs a PIN of 4 to 8 digits, such as 2580 or {"pin": "2580"}',
    Verb.HISTORY_GET: 'history/get may have a number of sessions from 1 to 20, such as 5 or {"last": 5}',
    Verb.PRESETS_DELETE: 'presets/delete needs the id of an own preset, such as calm or {"preset": "calm"}',
    Verb.PRESETS_SAVE: 'presets/save needs a preset, such as {"preset": "calm", "title": "Calm", "purpose": "Rest.", '
    '"rate_dps": 1, "steps": [{"angle_deg": 8, "hold_s": 60}]}',
}


@pytest.mark.parametrize(("verb", "payload", "wrong"), BAD, ids=lambda value: repr(value)[:60])
def test_bad_payloads_are_refused_with_what_is_wrong_and_what_is_expected(
    verb: Verb, payload: bytes, wrong: str
) -> None:
    answer = read(verb, payload)
    assert isinstance(answer, Unreadable), answer
    assert answer.verb == verb
    assert answer.reason is Reason.BAD_PAYLOAD
    assert wrong.lower() in answer.message.lower()
    assert answer.message.removesuffix(".").endswith(
        EXPECTED.get(verb, f'{verb} needs no argument, send an empty payload or {{"id": "7"}}')
    )
    assert len(answer.message) < 600
    assert answer.message.isprintable()
    answer.message.encode("utf-8")


@pytest.mark.parametrize("verb", NEEDING)
def test_the_empty_message_that_clears_a_retained_one_is_ignored(verb: Verb) -> None:
    assert read(verb, b"") is None
    assert read(verb, b"", retained=True) is None


def test_a_refusal_finds_its_sender() -> None:
    for payload in (
        b'{"angle_deg": 500, "id": "7"}',
        b'{"id": "7"}',
        b'{"id": "7", "x": 1}',
        b'{"id": "7", "code": 1}',
    ):
        answer = read(Verb.GOTO, payload)
        assert isinstance(answer, Unreadable)
        assert answer.id == "7"
    for payload in (b'{"id": 7}', b'{"id": "7", "id": "7"}', b'{"id": "7"', b'{"id": "\\ud800"}', b'{"id": ""}', b"{}"):
        answer = read(Verb.GOTO, payload)
        assert isinstance(answer, Unreadable)
        assert answer.id is None


@pytest.mark.parametrize(
    "verb", ["", "Stop", "STOP", "stop ", "fly", "état", "a" * 60_000, "a\x00b", "start\n", "\ud800"]
)
def test_unknown_verbs_are_told_the_list(verb: str) -> None:
    answer = read(verb, b"back")
    assert isinstance(answer, Unreadable)
    assert answer.reason is Reason.UNKNOWN_VERB
    assert (
        "arm, start, goto, jog, pause, resume, skip, checkin, stop, level, stand, acknowledge, lock, unlock"
        in answer.message
    )
    assert "presets/save, presets/delete" in answer.message
    assert answer.verb == verb or not verb.isprintable() or len(verb) > 40
    assert answer.verb.isprintable()
    assert len(answer.verb) <= 41
    assert len(answer.message) < 400
    answer.message.encode("utf-8")


ANYTHING: list[bytes] = [
    *[payload for payload, _ in BROKEN],
    *[payload for _, payload, _ in GOOD],
    b"",
    b" ",
    b"OFF",
    b"\xff" * 1_000_000,
    b"{" * 1_000_000,
    b'{"id": "' + b"x" * 1_000_000 + b'"}',
    bytes(range(256)) * 16,
]


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.LEVEL])
@pytest.mark.parametrize("payload", ANYTHING, ids=lambda value: repr(value)[:40])
@pytest.mark.parametrize("retained", [False, True])
def test_stop_and_level_are_accepted_with_any_payload(verb: Verb, payload: bytes, retained: bool) -> None:
    """F22, H11."""
    wish = read(verb, payload, retained)
    assert isinstance(wish, Wish)
    assert wish.verb is verb
    assert wish.retained is retained
    assert (wish.code, wish.preset, wish.person, wish.angle_deg, wish.direction) == (None, None, None, None, 0)


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.LEVEL])
def test_stop_and_level_carry_their_id_if_it_can_be_read(verb: Verb) -> None:
    for payload in (b'{"id": "7"}', b' {"id": "7", "x": [1]}', b'{"id": "7", "expires": "soon"}'):
        assert read(verb, payload) == Wish(verb, id="7")
    for payload in (
        b'{"id": "7"',
        b'{"id": 7}',
        b'"7"',
        b"7",
        b'{"id": "' + b"7" * 65 + b'"}',
        b'{"id":"7"}' + b" " * 4090,
    ):
        assert read(verb, payload) == Wish(verb)


def test_a_late_stop_is_a_stop_and_a_late_level_says_so() -> None:
    late = b'{"id": "7", "expires": 1}'
    assert read(Verb.STOP, late) == Wish(Verb.STOP, id="7")
    assert read(Verb.LEVEL, late) == Wish(Verb.LEVEL, id="7", expired=True)
    assert read(Verb.LEVEL, b'{"expires": 1770000001}') == Wish(Verb.LEVEL)


# --- whatever comes -------------------------------------------------------------------------------------------------

JSON_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
NAME = re.compile(r"[a-z0-9_-]{1,32}")
PIN = re.compile(r"[0-9]{4,8}")


def entitled(verb: Verb, payload: bytes) -> dict[str, Any]:
    """Told again in other words: the arguments that these bytes give, or nothing at all."""
    text = payload.decode("utf-8")
    try:
        value = json.loads(text)
    except ValueError:
        value = text.strip(" \t\r\n")
    if isinstance(value, dict):
        assert len(payload) <= 4096
        keys = {"id", "code", "expires"} | {
            Verb.START: {"preset", "person"},
            Verb.GOTO: {"angle_deg", "person"},
            Verb.JOG: {"direction", "person"},
            Verb.FEEDBACK: {"outcome"},
            Verb.PEOPLE_SAVE: {"person", "name", "height_cm", "weight_kg", "angle_deg", "programme", "week"},
            Verb.PEOPLE_DELETE: {"person"},
            Verb.PEOPLE_ACCEPT: {"person"},
            Verb.LOCK: {"pin"},
            Verb.UNLOCK: {"pin"},
            Verb.PRESETS_SAVE: {"preset", "title", "purpose", "basis", "rate_dps", "repeat", "steps"},
            Verb.PRESETS_DELETE: {"preset"},
        }.get(verb, set())
        assert set(value) <= keys
        return value
    if verb is Verb.GOTO:
        assert JSON_NUMBER.fullmatch(text.strip(" \t\r\n"))
        return {"angle_deg": float(text)}
    if not isinstance(value, str):
        value = text.strip(" \t\r\n")
    assert verb is not Verb.PRESETS_SAVE
    keys = {Verb.START: "preset", Verb.PRESETS_DELETE: "preset", Verb.JOG: "direction", Verb.FEEDBACK: "outcome"}
    return {keys.get(verb) or ("person" if verb in (Verb.PEOPLE_DELETE, Verb.PEOPLE_ACCEPT) else "pin"): value}


def check(verb: Verb, payload: bytes, retained: bool) -> None:
    answer = read(verb, payload, retained)
    if verb in (Verb.STOP, Verb.LEVEL):
        assert isinstance(answer, Wish)
    if answer is None:
        assert verb in NEEDING
        assert payload == b""
    elif isinstance(answer, Unreadable):
        assert answer.reason is Reason.BAD_PAYLOAD
        answer.message.encode("utf-8")
        assert len(answer.message) < 600
    else:
        assert answer.verb is verb
        assert answer.retained is retained
        assert answer.id is None or (len(answer.id) <= 64 and answer.id.isprintable())
        assert answer.code is None or (len(answer.code) <= 16 and answer.code.isprintable())
        if verb in NEEDING:
            given = entitled(verb, payload)
            if verb is Verb.START:
                assert answer.preset == given["preset"]
                assert answer.preset is not None
                assert NAME.fullmatch(answer.preset)
                assert answer.person == given.get("person")
            if verb is Verb.PRESETS_DELETE:
                assert answer.preset == given["preset"]
            if verb is Verb.PRESETS_SAVE:
                assert isinstance(answer.body, Draft)
                assert answer.body.id == given["preset"]
                assert answer.body.pattern.title == given["title"]
                assert len(answer.body.pattern.steps) == len(given["steps"])
            if verb is Verb.GOTO:
                assert answer.angle_deg == given["angle_deg"]
                assert not isinstance(given["angle_deg"], bool)
                assert answer.angle_deg is not None
                assert math.isfinite(answer.angle_deg)
                assert -90 <= answer.angle_deg <= 90
            if verb is Verb.JOG:
                assert answer.direction == {"up": -1, "down": 1, "stop": 0}[given["direction"]]
            if verb is Verb.FEEDBACK:
                assert answer.body == given["outcome"]
                assert answer.body in ("ok", "symptom")
            if verb in (Verb.PEOPLE_SAVE, Verb.PEOPLE_DELETE, Verb.PEOPLE_ACCEPT):
                assert answer.person == given["person"]
                assert NAME.fullmatch(str(answer.person))
            if verb in (Verb.LOCK, Verb.UNLOCK):
                assert answer.pin == given["pin"]
                assert PIN.fullmatch(answer.pin)
            assert answer.expired is (given.get("expires") is not None and given["expires"] <= NOW_S)


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["back", "up", "7"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
NAMES = ["id", "code", "expires", "preset", "person", "angle_deg", "direction", "pin", "outcome", "week"]
KEYS = st.sampled_from(NAMES) | st.text(max_size=6)
OBJECTS = st.dictionaries(KEYS, JSON_VALUES, max_size=5).map(lambda value: json.dumps(value).encode())
GOOD_BYTES = st.sampled_from(
    [payload for _, payload, _ in GOOD] + [payload for payload, _ in BROKEN if len(payload) < 99]
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good payload with a few bytes removed, changed or put in."""
    payload = bytearray(draw(GOOD_BYTES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(payload)))
        end = draw(st.integers(at, min(at + 2, len(payload))))
        payload[at:end] = draw(st.binary(max_size=2))
    return bytes(payload)


@settings(max_examples=1500, deadline=None)
@given(
    verb=st.sampled_from(list(Verb)),
    payload=st.binary(max_size=200) | damaged() | OBJECTS | JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    retained=st.booleans(),
)
@example(verb=Verb.START, payload=b'{"preset":"back"}\x00', retained=False)
@example(verb=Verb.GOTO, payload=b"1\x0c", retained=False)
@example(verb=Verb.GOTO, payload=b"-0", retained=False)
def test_never_raises_and_never_moves_from_garbage(verb: Verb, payload: bytes, retained: bool) -> None:
    """F22, H4."""
    check(verb, payload, retained)


@settings(max_examples=300, deadline=None)
@given(verb=st.text(max_size=50), payload=st.binary(max_size=60))
def test_never_raises_for_any_verb(verb: str, payload: bytes) -> None:
    answer = read(verb, payload)
    if verb not in list(Verb):
        assert isinstance(answer, Unreadable)
        assert answer.reason is Reason.UNKNOWN_VERB


@pytest.mark.parametrize(("verb", "payload", "_wrong"), BAD, ids=lambda value: repr(value)[:60])
def test_the_oracle_agrees_with_the_table(verb: Verb, payload: bytes, _wrong: str) -> None:
    check(verb, payload, False)


def test_with_a_clock_that_was_never_set_whatever_expires_has_expired() -> None:
    """F18: a host that believes in 1970 would take every stale command for a fresh one."""
    late = b'{"angle_deg": 5, "expires": 1770000010}'
    for wall_s, expired in ((10.0, True), (1_735_689_599.0, True), (1_735_689_600.0, False)):
        assert parse("goto", late, False, wall_s) == Wish(Verb.GOTO, angle_deg=5.0, expired=expired)
    assert parse("goto", b"5", False, 10.0) == Wish(Verb.GOTO, angle_deg=5.0)
    for verb in ("stop", "level"):
        assert parse(verb, b'{"expires": 1770000010}', False, 10.0) == Wish(Verb(verb))


# ---- verbs whose argument is an object of its own -------------------------------------------------------------------


@pytest.fixture
def with_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if acknowledge took an object with a `name` and a list."""

    def read_it(fields: dict[str, object]) -> object:
        if not isinstance(fields.get("name"), str):
            raise commands.BadPayloadError("name is missing")
        return tuple(sorted(fields))

    argument = commands.Argument(("name", "list"), 'an object, such as {"name": "x"}', commands.bare_object, read_it)
    monkeypatch.setitem(commands._ARGUMENTS, Verb.ACKNOWLEDGE, argument)


@pytest.mark.usefixtures("with_object")
def test_an_object_of_its_own_becomes_the_body() -> None:
    wish = read("acknowledge", b'{"name": "x", "list": [{"a": 1}], "id": "7", "code": "c"}')
    assert wish == Wish(Verb.ACKNOWLEDGE, id="7", code="c", body=("list", "name"))


@pytest.mark.usefixtures("with_object")
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"x", '"x" is not a JSON object'),
        (b'"x"', '"x" is not a JSON object'),
        (b'{"list": []}', "name is missing"),
        (b'{"name": "x", "nome": 1}', 'the key "nome" is unknown'),
    ],
)
def test_what_is_wrong_with_an_object_of_its_own_is_told(payload: bytes, why: str) -> None:
    wish = read("acknowledge", payload)
    assert isinstance(wish, Unreadable)
    assert wish.reason is Reason.BAD_PAYLOAD
    assert why[1:] in wish.message
    assert wish.message.endswith('; acknowledge needs an object, such as {"name": "x"}.')


BAD_PRESETS = [
    (b"{}", "preset: is missing; write the id that it is to have"),
    (b'{"preset": "calm"}', "preset calm, title: is missing"),
    (
        json.dumps({"preset": "calm", **CALM, "repeat": 1.5}).encode(),
        "preset calm, repeat: 1.5 can't be used; write a whole number from 1 to 20",
    ),
    (
        json.dumps({"preset": "calm", **CALM, "steps": [{"angle_deg": 75, "hold_s": 60}]}).encode(),
        "preset calm, step 1, angle_deg: 75 is too much; write degrees from −30 to 60",
    ),
    (
        json.dumps(
            {"preset": "calm", **CALM, "steps": [{"angle_deg": 5, "swing_deg": 1, "hold_s": 60, "period_s": 5e-324}]}
        ).encode(),
        "preset calm, step 1, period_s: 4.94066e-324 makes the swing too fast for 3 °/s, 1 °/s², 2 °/s³",
    ),
    (
        json.dumps({"preset": "calm", **CALM, "title": "a\nb"}).encode(),
        'preset calm, title: "a\\nb" has line breaks or other control characters',
    ),
    (
        json.dumps({"preset": "calm", **CALM, "steps": [{"angle_deg": "here", "hold_s": 60}]}).encode(),
        'preset calm, step 1, angle_deg: "here" can\'t be used',
    ),
]


@pytest.mark.parametrize(("payload", "wrong"), BAD_PRESETS)
def test_what_is_wrong_with_a_preset_is_told_in_the_words_of_its_file(payload: bytes, wrong: str) -> None:
    answer = read(Verb.PRESETS_SAVE, payload)
    assert isinstance(answer, Unreadable)
    assert answer.reason is Reason.BAD_PAYLOAD
    assert answer.message.startswith(f"{wrong[0].upper()}{wrong[1:]}")
    assert "presets/save needs" not in answer.message
    assert len(answer.message) < 200
