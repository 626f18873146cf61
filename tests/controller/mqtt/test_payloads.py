"""Documents as JSON: exact bytes, nothing that is no JSON, and schemas that say the same as the files in docs."""

import json
import math
from dataclasses import MISSING, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from controller.documents import (
    BudgetDocument,
    EventDocument,
    FaultDocument,
    HealthDocument,
    HistogramDocument,
    LieStillDocument,
    LimitDocument,
    LinkDocument,
    PresetDocument,
    PresetsDocument,
    ResultDocument,
    SessionDocument,
    StateDocument,
    StepDocument,
)
from controller.history_documents import HistoryDocument, MetDocument, PastSessionDocument, TraceDocument
from controller.model import EventKind, Reason, State
from controller.mqtt.payloads import DOCUMENTS, Document, dump, schema_text, schemas

ROOT = Path(__file__).resolve().parents[3]
TIME = "2026-03-01T12:00:00.000Z"

STATE = StateDocument(
    schema=1,
    simulated=True,
    table="home",
    seq=7,
    time=TIME,
    uptime_s=12.5,
    state=State.RUNNING,
    angle_deg=14.5,
    rate_dps=-0.25,
    target_deg=15.0,
    moving=True,
    head_down=True,
    occupied=True,
    ankles_locked=True,
    estop=False,
    armed=False,
    arm_code=None,
    arm_remaining_s=None,
    locked=False,
    session=SessionDocument("s1", "back", "ana", 1, 3, "tilt", 4.0, 120.0, 2.0, 0.1, 2, 30.5, 12.0),
    budget=BudgetDocument("guest", 2.0, 600.0, 1, 0.0),
    lie_still=LieStillDocument(41.5, "60 s after being head down."),
    limit=LimitDocument(15.0, "programme week 1"),
    rung=0,
    faults=(FaultDocument("F15", 1, TIME, "The motor is hot.", False),),
    link=LinkDocument(True, 0.02, "simulator", "1.0", 1),
    message="Tilting to 15°.",
)
UNKNOWN = replace(
    STATE,
    simulated=None,
    state=State.OFFLINE,
    angle_deg=None,
    rate_dps=None,
    target_deg=None,
    head_down=None,
    occupied=None,
    ankles_locked=None,
    estop=None,
    session=None,
    lie_still=None,
    faults=(),
    link=LinkDocument(False, None, None, None, None),
)
RESULT = ResultDocument("goto", "7", False, False, Reason.OVER_ANGLE, "30° is over your limit of 15°.", TIME)
EVENT = EventDocument(
    TIME, EventKind.SESSION_ENDED, "Done.", "s1", "back", "ana", None, None, "reached", None, None, None, None
)
PRESETS = PresetsDocument(
    (
        PresetDocument(
            "back",
            "Back",
            "Eases the back.",
            "chosen",
            False,
            300.0,
            120.0,
            15.0,
            (StepDocument("tilt", 15, 60, 1, 0, 0),),
        ),
    )
)
STEPS = HistogramDocument((1.0, 5.0), (2990, 2999), 3000, 512.125, 7.25)
JITTER = HistogramDocument((1.0, 5.0), (0, 0), 0, 0.0, None)
HEALTH = HealthDocument(
    TIME, 60.0, "0.1.0", 1, 3000, 1.5, None, STEPS, JITTER, 10, 3000, 0, 0, 0, 1, 4, 1, 0, 0, 2, 0, ("No unit.",)
)
PAST = PastSessionDocument(
    "s1", "ana", "back", TIME, "sound", 310.0, 241.5, 8.1, 3, 3, "interrupted", "stopped",
    (MetDocument(12.5, "broker_lost", "The broker is gone."),), (), "ok",
    TraceDocument((0.0, 55.0, 60.5), (-80.0, 0.05, None)),
)  # fmt: skip
EXAMPLES: list[tuple[str, Document]] = [
    ("state", STATE),
    ("state", UNKNOWN),
    ("result", RESULT),
    ("result", replace(RESULT, id=None, accepted=True, reason=None)),
    ("event", EVENT),
    ("presets", PRESETS),
    ("presets", PresetsDocument(())),
    ("health", HEALTH),
    ("last_session", PAST),
    ("last_session", replace(PAST, largest_angle_deg=None, feedback=None, trace=None)),
    ("history", HistoryDocument(TIME, (PAST, PAST), None)),
    ("history", HistoryDocument(TIME, (), "Sessions are not recorded at the moment.")),
]


def test_the_exact_bytes() -> None:
    assert (
        dump(RESULT)
        == (
            '{"verb":"goto","id":"7","accepted":false,"moving":false,"reason":"over_angle",'
            '"message":"30° is over your limit of 15°.","time":"2026-03-01T12:00:00.000Z"}'
        ).encode()
    )


@pytest.mark.parametrize(("name", "document"), EXAMPLES)
def test_examples_are_whole_and_read_back_the_same(name: str, document: Document) -> None:
    payload = dump(document)
    value = json.loads(payload, parse_constant=pytest.fail)
    assert list(value) == [field.name for field in fields(document)], "no field is left out"
    assert TypeAdapter(DOCUMENTS[name]).validate_json(payload) == document
    assert conforms(value, schemas()[name])
    assert not conforms({key: each for key, each in value.items() if key != next(iter(value))}, schemas()[name])


def conforms(value: Any, schema: dict[str, Any]) -> bool:
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.parametrize("broken", [{"angle_deg": "15"}, {"state": "asleep"}, {"rung": 5}, {"uptime_s": -1}])
def test_the_schema_refuses_what_is_wrong(broken: dict[str, Any]) -> None:
    value = json.loads(dump(STATE)) | broken
    assert not conforms(value, schemas()["state"])


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("field", ["angle_deg", "rate_dps", "uptime_s"])
def test_no_number_that_json_lacks(field: str, value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        dump(replace(STATE, **{field: value}))


def test_nor_deep_inside() -> None:
    assert STATE.session is not None
    for inner in (
        {"session": replace(STATE.session, progress=math.nan)},
        {"limit": LimitDocument(math.nan, "x")},
        {"link": LinkDocument(True, math.nan, None, None, None)},
        {"budget": replace(STATE.budget, allowed_today_s=math.inf)},
    ):
        with pytest.raises(ValueError, match="JSON"):
            dump(replace(STATE, **inner))


@pytest.mark.parametrize(
    "wrong", [{"uptime_s": "12"}, {"session": 3}, {"state": "bogus"}, {"message": "\ud800"}, {"faults": ("F1",)}]
)
def test_wrong_values_raise_instead_of_travelling(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        dump(replace(STATE, **wrong))


def test_the_schemas_in_docs_are_current() -> None:
    folder = ROOT / "docs" / "schemas"
    assert {file.stem for file in folder.glob("*.json")} == set(DOCUMENTS)
    for name, schema in schemas().items():
        text = (folder / f"{name}.json").read_text(encoding="utf-8")
        assert text == schema_text(schema), f"run python -m controller.mqtt.contract: {name}.json is not current"


def test_the_schemas_name_themselves_and_require_every_field() -> None:
    assert list(schemas()) == ["state", "result", "event", "presets", "health", "last_session", "history"]
    for name, schema in schemas().items():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"urn:bascule:schema:1:{name}"
        assert schema["title"] == f"Bascule {name}"
        assert schema["required"] == [field.name for field in fields(DOCUMENTS[name])]
    for kind in DOCUMENTS.values():
        assert is_dataclass(kind)
        assert all(field.default is MISSING for field in fields(kind))
