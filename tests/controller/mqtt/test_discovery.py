"""The discovery document: what is in it, when, and that Home Assistant takes it as it is meant."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from controller.model import State
from controller.mqtt.discovery import Discovery
from controller.mqtt.topics import Topics
from controller.presets import bundled
from protocol.messages import Cause

from .discovery_lint import wrong

PRESETS = ["gentle", "back", "evening-2"]
REMOTE = {"arm", "start", "goto", "resume", "stand", "checkin", "preset", "target"}


def discovery(**changed: Any) -> Discovery:
    fields = {
        "topics": Topics("bascule", "home"), "name": "Inversion table", "version": "0.1.0", "remote_start": True,
        "arm": True, "largest_deg": 60.0,
    }  # fmt: skip
    return Discovery(**{**fields, **changed})


def document(presets: list[str] = PRESETS, people: tuple[str, ...] = ("ana",), **changed: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(discovery(**changed).payload(presets, people))
    return found


def there(found: dict[str, Any]) -> dict[str, Any]:
    """The components that exist; the others are named only to be removed."""
    return {name: one for name, one in found["components"].items() if len(one) > 1}


# What Home Assistant makes of it


@pytest.mark.parametrize("people", [(), ("ana",), tuple(f"person-{n}" for n in range(32))])
@pytest.mark.parametrize("remote_start", [False, True])
@pytest.mark.parametrize("base", ["bascule", "Zuhause/Gästezimmer", "a b"])
def test_nothing_is_wrong_with_it(people: tuple[str, ...], remote_start: bool, base: str) -> None:
    presets = [*bundled(), *(f"own-{'x' * 26}{n:02}" for n in range(12))]
    made = discovery(remote_start=remote_start, topics=Topics(base, "home"))
    found = json.loads(made.payload(presets, people))
    assert wrong(found, remote_start) == []
    assert len(made.payload(presets, people)) < 40_000, "some brokers let 64 KB through"
    node = made.topic.removeprefix("homeassistant/device/").removesuffix("/config")
    assert node.isascii()
    assert set(node) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def test_different_tables_have_different_names() -> None:
    bases = ("bascule", "a/b", "a-b", "a_b", "a b", "Ä")
    assert len({discovery(topics=Topics(base, "home")).topic for base in bases}) == len(bases)
    assert discovery().topic == "homeassistant/device/bascule_home/config"


Break = Callable[[dict[str, Any]], object]
BROKEN: dict[str, tuple[Break, str]] = {
    "key on top": (lambda d: d.update(qos=1), "the document: the key qos is unknown"),
    "key of the device": (lambda d: d["device"].update(color="red"), "device: the key color"),
    "no origin": (lambda d: d["origin"].pop("name"), "origin: name is missing"),
    "no unique_id": (lambda d: d["components"]["stop"].pop("unique_id"), "stop: unique_id is missing"),
    "doubled unique_id": (lambda d: d["components"]["stop"].update(unique_id="bascule_home_level"), "stands twice"),
    "cover": (lambda d: d["components"]["stop"].update(platform="cover"), "the platform 'cover'"),
    "misspelt key": (lambda d: d["components"]["stop"].update(device_clas="x"), "the key device_clas vanishes"),
    "class angle": (lambda d: d["components"]["angle"].update(device_class="angle"), "device_class angle"),
    "class of a binary sensor": (
        lambda d: d["components"]["problem"].update(device_class="fault"), "device_class fault"
    ),
    "enum with a unit": (lambda d: d["components"]["state"].update(unit_of_measurement="x"), "on enum"),
    "options without enum": (lambda d: d["components"]["state"].pop("device_class"), "need each other"),
    "sec": (lambda d: d["components"]["rest"].update(unit_of_measurement="sec"), "the unit sec"),
    "config on a sensor": (lambda d: d["components"]["angle"].update(entity_category="config"), "only read"),
    "object_id": (lambda d: d["components"]["angle"].update(object_id="x"), "the key object_id"),
    "foreign id": (lambda d: d["components"]["angle"].update(default_entity_id="button.x"), "no id of this"),
    "option none": (lambda d: d["components"]["preset"]["options"].append("none"), "reads as unknown"),
    "number upside down": (lambda d: d["components"]["target"].update(min=61), "out of reach"),
    "no qos": (lambda d: d["components"]["stop"].pop("qos"), "without qos 1"),
    "category of stop": (lambda d: d["components"]["stop"].update(entity_category="config"), "leaves it out"),
    "stop needs the link": (lambda d: d["components"]["stop"]["availability"].append({}), "depends on more"),
    "expiry on stop": (lambda d: d["components"]["stop"].update(message_expiry_interval=9), "may be held up"),
    "start for all": (lambda d: d["components"]["start"].pop("entity_category"), "start is no config"),
    "level for all": (lambda d: d["components"]["level"].pop("entity_category"), "level is no config"),
    "start for ever": (lambda d: d["components"]["start"].pop("message_expiry_interval"), "without an expiry"),
    "choosing moves": (
        lambda d: d["components"]["target"].update(command_topic="bascule/home/command/goto", qos=1),
        "choosing is moving",
    ),
    "no availability": (lambda d: d["components"]["angle"].pop("availability"), "look alive"),
    "unbalanced template": (lambda d: d["components"]["angle"].update(value_template="{{ 1 }"), "{{ without }}"),
    "NaN": (lambda d: d["components"]["target"].update(max=float("nan")), "a NaN"),
    "no stop": (lambda d: d["components"].pop("stop"), "no stop"),
    "trigger": (lambda d: d["components"]["fault_trigger"].pop("payload"), "the trigger is dropped"),
    "document as a state": (lambda d: d["components"]["angle"].pop("value_template"), "a document as a state"),
    "icon": (lambda d: d["components"]["stop"].update(icon="stop"), "the icon is none"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_the_lint_finds(name: str) -> None:
    spoil, words = BROKEN[name]
    found = deepcopy(document())
    spoil(found)
    said = wrong(found, True)
    assert any(words in sentence for sentence in said), said


def test_the_lint_finds_a_start_without_an_opt_in() -> None:
    assert any("start without an opt-in" in sentence for sentence in wrong(document(), False))


# What is in it


def test_without_an_opt_in_nothing_there_begins_motion() -> None:
    found = document(remote_start=False)
    commands = {one["command_topic"] for one in there(found).values() if "command_topic" in one}
    assert commands == {"bascule/home/command/stop", "bascule/home/command/level", "bascule/home/command/pause"}


def test_what_is_not_there_is_named_to_be_removed() -> None:
    """Home Assistant keeps what an update leaves out: after `remote_start = false` the button start, for example."""
    with_all, without = document(), document(remote_start=False)
    assert with_all["components"].keys() == without["components"].keys()
    gone = {name: one for name, one in without["components"].items() if name not in there(without)}
    assert gone.keys() == REMOTE | {"person"}
    assert gone["start"] == {"platform": "button"}
    assert gone["preset"] == gone["person"] == {"platform": "select"}
    assert gone["target"] == {"platform": "number"}
    assert len(there(with_all)) == len(with_all["components"])


def test_nobody_to_choose_is_no_choice() -> None:
    found = document(people=())
    assert "person" not in there(found)
    assert "command_template" not in found["components"]["arm"]
    assert document()["components"]["person"]["options"] == ["guest", "ana"]
    assert "'person'" in document()["components"]["arm"]["command_template"]


def test_where_only_the_button_on_the_table_arms_there_is_no_other() -> None:
    found = there(document(arm=False))
    assert "arm" not in found
    assert "start" in found


def test_the_presets_can_be_chosen_and_the_first_is_there_to_begin_with() -> None:
    preset = document()["components"]["preset"]
    assert preset["options"] == PRESETS
    assert preset["value_template"] == "{{ 'gentle' if this.state == 'unknown' else '' }}"
    assert document(["none", "back"])["components"]["preset"]["options"] == ["back"]


def test_the_target_reaches_from_the_seat_to_the_tables_limit() -> None:
    target = document(largest_deg=20.0)["components"]["target"]
    assert (target["min"], target["max"]) == (-15, 20.0)


def test_choices_command_nothing() -> None:
    found = there(document())
    for name in ("preset", "person", "target"):
        assert found[name]["command_topic"].startswith("bascule/home/choice/")
        assert found[name]["optimistic"] is True


def test_stop_and_level_are_there_without_a_tilt_unit_and_the_others_are_not() -> None:
    daemon = [{"topic": "bascule/home/availability"}]
    link = {
        "topic": "bascule/home/state", "value_template": "{{ 'online' if value_json.link.up else 'offline' }}"
    }  # fmt: skip
    buttons = {name: one for name, one in there(document()).items() if one["platform"] == "button"}
    (asked,) = buttons.pop("checkin")["availability"][1:]
    assert "link.up and" in asked["value_template"]
    assert "check_in_remaining_s is not none" in asked["value_template"]
    for name, one in buttons.items():
        assert one["availability"] == (daemon if name in ("stop", "level") else [*daemon, link])
        assert one["availability_mode"] == "all"


def test_every_state_and_every_fault_is_an_option() -> None:
    found = document()["components"]
    assert set(found["state"]["options"]) == {str(state) for state in State}
    ordinary = {"stopped", "level_wished", "frozen_long", "restarted"}
    assert set(found["fault"]["options"]) == {"ok"} | {str(cause.name).lower() for cause in Cause} - ordinary


def test_the_device_is_the_table() -> None:
    found = document(name="Studio")
    assert found["device"]["name"] == "Studio"
    assert found["device"]["identifiers"] == ["bascule_home"]
    assert found["components"]["angle"]["default_entity_id"] == "sensor.bascule_home_angle"
    odd = document(topics=Topics("Zu/Hause", "t-1"))["components"]["angle"]
    assert odd["default_entity_id"] == "sensor.zu_2fhause_t_1_angle"
    assert odd["state_topic"] == "Zu/Hause/t-1/state"
