"""The contract in docs is made from the models, is whole, and says what the parser of commands and the documents do."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from controller.model import Unreadable, Verb, Wish
from controller.mqtt.command_table import COMMANDS, Command
from controller.mqtt.commands import parse
from controller.mqtt.contract import asyncapi, asyncapi_text, rendered
from controller.mqtt.payloads import DOCUMENTS
from controller.mqtt.topics import Topics

ROOT = Path(__file__).resolve().parents[3]
NOW_S = 1_790_000_000.0
CONTRACT = asyncapi()
RETAINED = {"availability", "state", "presets", "health", "last_session"}


def valid(command: Command, value: object) -> bool:
    """Whether the contract lets the object through."""
    name = f"command_{str(command.verb).replace('/', '_')}"
    payload = CONTRACT["components"]["messages"][name]["payload"]
    return Draft202012Validator(CONTRACT | payload).is_valid(value)


def taken(command: Command, value: object) -> bool:
    """Whether the parser understands the object."""
    wish = parse(command.verb, json.dumps(value).encode(), False, NOW_S)
    assert isinstance(wish, Wish | Unreadable)
    return isinstance(wish, Wish)


def test_the_files_are_current() -> None:
    said = "run python -m controller.mqtt.contract"
    assert (ROOT / "docs" / "asyncapi.json").read_text("utf-8") == asyncapi_text(), said
    page = (ROOT / "docs" / "mqtt.md").read_text("utf-8")
    assert page == rendered(page), said


def test_the_module_writes_them(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "mqtt.md").read_text("utf-8")
    (tmp_path / "mqtt.md").write_text(page.replace("| `event` |", "| `evnt` |"), "utf-8")
    command = [sys.executable, "-m", "controller.mqtt.contract", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=30)
    assert (tmp_path / "mqtt.md").read_text("utf-8") == page
    assert (tmp_path / "asyncapi.json").read_text("utf-8") == asyncapi_text()
    assert (tmp_path / "schemas" / "state.json").is_file()


def test_a_page_without_a_place_for_the_tables_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the table of topics"):
        rendered("# Something else\n")


def test_every_topic_is_in_it() -> None:
    topics = Topics("bascule", "home")
    ours = {getattr(topics, name) for name in (*DOCUMENTS, "availability")} | {topics.command(verb) for verb in Verb}
    addresses = {channel["address"] for channel in CONTRACT["channels"].values()}
    assert {address.format(base="bascule", table="home") for address in addresses} == ours


def test_it_says_what_is_retained_and_never_a_command() -> None:
    retained = {
        name.removeprefix("publish_")
        for name, operation in CONTRACT["operations"].items()
        if operation["bindings"]["mqtt"]["retain"]
    }
    assert retained == RETAINED


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in references(each)]
    return [found for each in value for found in references(each)] if isinstance(value, list) else []


def test_every_reference_leads_somewhere() -> None:
    found = references(CONTRACT)
    assert len(found) > 80
    for reference in found:
        place: Any = CONTRACT
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]


def test_a_command_for_each_verb() -> None:
    assert sorted(command.verb for command in COMMANDS) == sorted(Verb)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: str(c.verb))
class TestCommand:
    """The schema and the parser, one verb at a time."""

    def test_the_example_holds(self, command: Command) -> None:
        assert valid(command, command.example)
        assert taken(command, command.example)

    def test_what_all_have_in_common(self, command: Command) -> None:
        full = command.example | {"id": "7", "code": "mrrv", "expires": NOW_S + 60}
        assert valid(command, full)
        assert taken(command, full)

    def test_an_unknown_key_is_none(self, command: Command) -> None:
        wrong = command.example | {"angle": 15}
        assert not valid(command, wrong)
        assert not taken(command, wrong) or command.verb in (Verb.STOP, Verb.LEVEL), "those two take anything"

    def test_what_is_required_is_missed(self, command: Command) -> None:
        name = f"command_{str(command.verb).replace('/', '_')}"
        for key in CONTRACT["components"]["messages"][name]["payload"].get("required", []):
            less = {name: value for name, value in command.example.items() if name != key}
            assert not valid(command, less)
            assert not taken(command, less), key

    def test_nothing_else_is_required(self, command: Command) -> None:
        for key in command.example:
            less = {name: value for name, value in command.example.items() if name != key}
            assert valid(command, less) == taken(command, less), key

    def test_the_bare_form(self, command: Command) -> None:
        bare = re.fullmatch(r"`(.+)`", command.bare)
        payload = bare[1].encode() if bare else b""
        wish = parse(command.verb, payload, False, NOW_S)
        assert isinstance(wish, Wish) or (wish is None and command.bare in ("object only", "none"))


EDGES: list[tuple[Verb, dict[str, Any], bool]] = [
    (Verb.GOTO, {"angle_deg": 90}, True),
    (Verb.GOTO, {"angle_deg": 90.5}, False),
    (Verb.GOTO, {"angle_deg": -90}, True),
    (Verb.GOTO, {"angle_deg": "15"}, False),
    (Verb.GOTO, {"angle_deg": True}, False),
    (Verb.START, {"preset": "x" * 32}, True),
    (Verb.START, {"preset": "x" * 33}, False),
    (Verb.START, {"preset": "Back"}, False),
    (Verb.START, {"preset": "back", "person": "ana"}, True),
    (Verb.START, {"preset": "back", "id": "x" * 65}, False),
    (Verb.START, {"preset": "back", "code": "x" * 17}, False),
    (Verb.JOG, {"direction": "left"}, False),
    (Verb.LOCK, {"pin": "123"}, False),
    (Verb.LOCK, {"pin": "12345678"}, True),
    (Verb.LOCK, {"pin": 2580}, False),
    (Verb.FEEDBACK, {"outcome": "fine"}, False),
    (Verb.HISTORY_GET, {"last": 20}, True),
    (Verb.HISTORY_GET, {"last": 21}, False),
    (Verb.HISTORY_GET, {"last": 1.5}, False),
    (Verb.HISTORY_GET, {}, True),
    (Verb.ARM, {"person": "ana"}, True),
    (Verb.ARM, {"person": "Ana"}, False),
    (Verb.PEOPLE_SAVE, {"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62, "week": 99}, False),
    (Verb.PEOPLE_SAVE, {"person": "ana", "name": "Ana", "height_cm": 168, "weight_kg": 62, "programme": True}, True),
    (Verb.PEOPLE_SAVE, {"person": "ana", "name": "Ana", "height_cm": 20, "weight_kg": 62}, False),
    (Verb.PRESETS_SAVE, {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1, "steps": []}, False),
    (Verb.PRESETS_SAVE, {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 9,
                         "steps": [{"rest_s": 60}]}, False),
    (Verb.PRESETS_SAVE, {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1,
                         "steps": [{"angle_deg": "there", "hold_s": 60}]}, False),
    (Verb.PRESETS_SAVE, {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1, "repeat": 2,
                         "steps": [{"angle_deg": 8, "hold_s": 60}, {"rest_s": 60}]}, True),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "value", "right"), EDGES)
def test_schema_and_parser_agree(verb: Verb, value: dict[str, Any], right: bool) -> None:
    (command,) = (each for each in COMMANDS if each.verb is verb)
    assert valid(command, value) is right
    assert taken(command, value) is right


def test_what_the_page_shows_as_json_is_json() -> None:
    page = (ROOT / "docs" / "mqtt.md").read_text("utf-8")
    shown = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    assert len(shown) >= 5
    kinds = {"verb": "result", "kind": "event", "schema": "state", "trace": "last_session"}
    for value in shown:
        (name,) = {kind for key, kind in kinds.items() if key in value and not ("kind" in value and key == "verb")}
        payload = CONTRACT["components"]["messages"][name]["payload"]
        Draft202012Validator(CONTRACT | payload).validate(value)
