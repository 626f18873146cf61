"""Home Assistant, the real one: what it makes of the table, and what somebody can do with it there."""

import json
import re
import signal
import subprocess
import threading
from typing import Any

import pytest

from tests.bascule.conftest import Process, free_port
from tests.controller.mqtt import discovery_lint as lint

from .conftest import EXAMPLES, Household, named, parts, until
from .core import FOLDER, ROOT, environment

CHOICES = ("preset", "person", "target")
UNDER_WAY_DEG = 2.0
"""A stop freezes within 1.5° of travel; the rest is for what moved before it came."""


def settled(home: Household, seconds: float) -> None:
    """Real time for whatever might still move."""
    threading.Event().wait(seconds)
    assert home.truth()["state"]


def arm(home: Household) -> str:
    """The code, as soon as the table can be armed: a new one first has to hear its unit, its broker and its disk."""

    def armed() -> str | None:
        since = len(home.peer.heard)
        home.press("arm")
        answer = until(lambda: [one for one in home.answers(since) if one["verb"] == "arm"], "an answer")[0]
        assert answer["reason"] in (None, "link_down", "busy"), answer
        return str(home.shows("state", "armed")["attributes"]["arm_code"]) if answer["accepted"] else None

    code: str = until(armed, "it is armed")
    return code


def start(home: Household, preset: str = "gentle") -> None:
    """As a person does it: choose, arm, start."""
    home.choose("preset", preset)
    arm(home)
    home.press("start")
    home.shows("state", "running")


# What it makes of the document


def test_the_lint_knows_no_key_that_the_core_does_not() -> None:
    if not FOLDER.exists():
        pytest.skip(f"there is no Home Assistant in {FOLDER}: uv run --no-project tools/home_assistant.py")
    script = ROOT / "tests" / "home_assistant" / "schema.py"
    command = [FOLDER / "bin" / "python", script]
    said = subprocess.run(command, check=True, capture_output=True, timeout=60, env=environment()).stdout
    known: dict[str, Any] = json.loads(said)
    for platform, keys in lint.KEYS.items():
        assert keys - {"platform"} - lint.LATER <= set(known["keys"][platform]), platform
    for name, keys in (("top", lint.TOP), ("device", lint.DEVICE), ("origin", lint.ORIGIN)):
        assert keys <= set(known["keys"][name])
    assert set(known["sensor_classes"]) >= lint.SENSOR_CLASSES
    assert set(known["binary_sensor_classes"]) >= lint.BINARY_SENSOR_CLASSES
    assert set(known["durations"]) >= lint.DURATIONS


def test_every_part_is_there_with_its_name_and_its_place(home: Household) -> None:
    wanted = {name: one for name, one in parts().items() if one["platform"] != "device_automation"}
    until(lambda: home.ids().keys() == wanted.keys(), "every part")
    entries = {entry["unique_id"]: entry for entry in home.core.ask("config/entity_registry/list")}
    states = home.core.states()
    for part, one in wanted.items():
        entry = entries[f"bascule_home_{part}"]
        assert entry["entity_category"] == one.get("entity_category")
        assert entry["entity_id"] == named(part)
        shown = states[entry["entity_id"]]["attributes"]
        assert shown["friendly_name"] == f"Inversion table {one['name']}"
        assert shown.get("icon") == one.get("icon")
        assert shown.get("unit_of_measurement") == one.get("unit_of_measurement")
        assert shown.get("device_class") == one.get("device_class")
    (device,) = [one for one in home.core.ask("config/device_registry/list") if one["name"] == "Inversion table"]
    assert (device["manufacturer"], device["model"]) == ("Bascule", "Inversion table")
    triggers = home.core.ask("device_automation/trigger/list", device_id=device["id"])
    assert {(one["subtype"], one["type"]) for one in triggers if one["domain"] == "mqtt"} == {
        ("fault", "reported"), ("check-in", "asked for"),
    }  # fmt: skip


def test_a_table_at_rest_is_told_plainly(home: Household) -> None:
    home.begin()
    home.shows("link", "on")
    shown = {part: home.state(part)["state"] for part in parts() if part != "session" and "trigger" not in part}
    assert float(shown.pop("angle")) == pytest.approx(-80, abs=0.5)
    buttons = {part for part, one in parts().items() if one["platform"] == "button"}
    assert {part: state for part, state in shown.items() if part not in buttons} == {
        "state": "standing", "message": "Standing. Arm to begin.", "answer": shown["answer"],
        "preset_running": "unknown", "step": "unknown", "time_left": "unknown", "head_down_today": "0.0",
        "head_down_left": "20.0", "rest": "0.0", "last_session": "unknown", "fault": "ok", "limit": "30.0",
        "problem": "off", "occupied": "on", "ankles": "off", "moving": "off", "head_down": "off", "check_in": "off",
        "estop": "off", "child_lock": "off", "link": "on", "simulated": "on", "preset": shown["preset"],
        "person": "guest", "target": "0",
    }  # fmt: skip
    assert shown["preset"] in home.state("preset")["attributes"]["options"]
    assert {part for part in buttons if shown[part] == "unavailable"} == {"checkin"}, "nobody is asked"


# A session


def test_a_session_from_choosing_to_level(home: Household) -> None:
    home.begin()
    home.choose("preset", "gentle")
    code = arm(home)
    until(lambda: home.truth()["arm_code"] == code, "the table has the same code")
    home.press("start")
    home.shows("head_down", "on")
    sent = home.peer.last("bascule/home/command/start")
    assert json.loads(sent or b"") == {"preset": "gentle", "code": code}
    until(lambda: abs(float(home.state("angle")["state"]) - 8) < 1, "the angle of the preset")
    assert home.state("preset_running")["state"] == "gentle"
    assert home.state("step")["state"] == "8° for 4 min"
    assert 0 < float(home.state("time_left")["state"]) < 6
    assert home.state("limit")["attributes"]["reason"] == "preset gentle"
    assert home.state("state")["attributes"]["arm_code"] is None
    event = home.state("session")["attributes"]
    assert (event["event_type"], event["preset"]) in (("started", "gentle"), ("step", "gentle"))
    home.press("stop")
    home.shows("state", "frozen", "returning")
    home.press("level")
    home.shows("state", "level")
    assert float(home.state("angle")["state"]) == pytest.approx(0, abs=1)
    ended = until(
        lambda: home.state("last_session") if home.state("last_session")["state"] != "unknown" else None, "it is kept"
    )
    assert ended["attributes"]["why"] == "stop was pressed"
    assert float(home.state("head_down_today")["state"]) > 0
    assert home.state("answer")["attributes"]["command"] == "level"
    event = home.state("session")["attributes"]
    assert (event["event_type"], event["why"]) == ("interrupted", "stop was pressed")


def test_who_is_asked_can_answer_there(home: Household) -> None:
    """Slower than the others: the half minute for the answer goes by the table's clock."""
    home.begin(speed=6, angle_deg=0.0)
    start(home, "gentle")
    home.shows("check_in", "on")
    until(lambda: home.state("checkin")["state"] != "unavailable", "it can be pressed")
    home.press("checkin")
    home.shows("check_in", "off")
    home.shows("checkin", "unavailable")
    assert home.truth()["state"] == "running"
    assert "check_in" in {json.loads(said)["kind"] for said in home.peer.payloads("bascule/home/event")}
    home.press("stop")


def test_the_target_angle_moves_nothing_until_somebody_says_go(home: Household) -> None:
    home.begin()
    number = {"entity_id": named("target"), "value": -15}
    arm(home)
    home.core.post("services/number/set_value", number)
    settled(home, 0.5)
    assert home.truth()["state"] == "armed"
    home.press("goto")
    home.shows("state", "running")
    assert json.loads(home.peer.last("bascule/home/command/goto") or b"")["angle_deg"] == -15
    home.press("stop")
    home.shows("state", "frozen", "standing", "standby")


def test_a_refusal_is_told_and_a_person_is_named(home: Household) -> None:
    home.begin()
    home.choose("person", "ana")
    home.press("arm")
    refused = until(lambda: home.state("answer") if "checklist" in home.state("answer")["state"] else None, "an answer")
    assert refused["state"].startswith("The checklist comes first: ana has not accepted it yet.")
    assert refused["attributes"]["accepted"] is False
    home.choose("person", "guest")
    home.press("start")
    until(lambda: home.state("answer")["state"].startswith("Arm first."), "an answer")
    assert home.truth()["state"] == "standing"


# Many buttons at once


def press_everything(home: Household) -> tuple[float, float, list[dict[str, Any]]]:
    """The angle before, the highest since, and every answer."""
    before, since = home.truth()["angle_deg"], len(home.peer.heard)
    home.core.press({"entity_id": "all"})
    until(lambda: {answer["verb"] for answer in home.answers(since)} >= {"stop", "level", "arm", "start"}, "answers")
    settled(home, 1.8)  # level follows a second after the stop
    seen = [json.loads(said)["angle_deg"] for said in home.said("state", since)]
    return before, max(seen, default=before), home.answers(since)


def test_every_button_at_once_moves_nobody_who_stands(home: Household) -> None:
    home.begin()
    for _ in range(2):
        before, highest, _ = press_everything(home)
        assert highest == pytest.approx(before, abs=0.5)
        assert home.truth()["state"] in ("standing", "armed")
        home.press("stop")


def test_every_button_at_once_moves_nobody_who_is_armed(home: Household) -> None:
    home.begin(speed=1)
    arm(home)
    settled(home, 1.2)
    before, highest, answers = press_everything(home)
    assert highest <= before + UNDER_WAY_DEG
    assert home.truth()["state"] in ("frozen", "standing", "standby")
    assert {answer["verb"] for answer in answers if answer["accepted"]} >= {"stop", "level"}


def test_every_button_at_once_ends_a_session_and_leads_nowhere_but_home(home: Household) -> None:
    home.begin()
    start(home, "gentle")
    until(lambda: home.truth()["head_down"] and not home.truth()["moving"], "held head down")
    before, highest, _ = press_everything(home)
    assert highest <= before + UNDER_WAY_DEG
    assert home.truth()["state"] in ("frozen", "returning", "level")


def test_all_buttons_of_a_room_are_stop_and_pause(home: Household) -> None:
    """Those that may begin motion are of the category config, which a room leaves out."""
    (device,) = [one for one in home.core.ask("config/device_registry/list") if one["name"] == "Inversion table"]
    home.core.ask("config/device_registry/update", device_id=device["id"], area_id="bedroom")
    for target in ({"area_id": "bedroom"}, {"device_id": device["id"]}):
        since = len(home.peer.heard)
        home.core.press(target)
        until(lambda since=since: len(home.answers(since)) >= 2, "two answers")
        settled(home, 0.3)
        assert sorted(answer["verb"] for answer in home.answers(since)) == ["pause", "stop"]


# The examples


def test_the_reminder_reminds_and_lays_ready_and_moves_nothing(home: Household) -> None:
    home.begin()
    home.choose("preset", "gentle")
    since = len(home.peer.heard)
    home.core.post("services/automation/trigger", {"entity_id": "automation.stretch", "skip_condition": False})
    notes = until(lambda: home.core.ask("persistent_notification/get"), "a reminder")
    assert notes[-1]["title"] == "Time to stretch"
    assert notes[-1]["message"].startswith("Your inversion table is ready, with 20.0 min head down left for today.")
    assert notes[-1]["message"].endswith("arm, and start back.")
    assert home.state("preset")["state"] == "back"
    commands = {topic for topic, _, _ in home.peer.heard[since:] if "/command/" in topic}
    assert commands <= {"bascule/home/command/_echo"}
    home.core.post("services/persistent_notification/dismiss_all", {})
    start(home)
    home.core.post("services/automation/trigger", {"entity_id": "automation.stretch", "skip_condition": False})
    settled(home, 0.5)
    assert home.core.ask("persistent_notification/get") == [], "not while a session runs"
    home.press("stop")


def test_an_automation_hears_of_a_fault_and_of_nothing_else(home: Household) -> None:
    home.begin()
    (device,) = [one for one in home.core.ask("config/device_registry/list") if one["name"] == "Inversion table"]
    trigger = {
        "trigger": "device", "domain": "mqtt", "device_id": device["id"], "type": "reported", "subtype": "fault",
    }  # fmt: skip
    action = {
        "action": "persistent_notification.create",
        "data": {"title": "Fault", "message": "{{ trigger.payload_json.message }}"},
    }
    automation = {"alias": "Fault", "triggers": [trigger], "actions": [action]}
    home.core.post("config/automation/config/fault", automation)
    home.core.post("services/persistent_notification/dismiss_all", {})
    until(lambda: home.core.state("automation.fault")["state"] == "on", "the automation")
    for kind, message in (("limit", "No."), ("fault", "The motor stalled."), ("fault_cleared", "No.")):
        home.peer.say("bascule/home/event", json.dumps({"kind": kind, "message": message}).encode())
    notes = until(lambda: home.core.ask("persistent_notification/get"), "a notification")
    settled(home, 0.3)
    assert home.core.ask("persistent_notification/get") == notes
    assert [(note["title"], note["message"]) for note in notes] == [("Fault", "The motor stalled.")]
    home.core.post("services/persistent_notification/dismiss_all", {})


def test_the_reminder_has_no_word_that_could_move_the_table() -> None:
    text = (EXAMPLES / "morning_stretch_reminder.yaml").read_text("utf-8")
    actions = set(re.findall(r"action: (\w+\.\w+)", text))
    assert actions == {"persistent_notification.create", "select.select_option"}
    assert not re.search(r"button|mqtt\.|command", text)


def test_the_dashboard_loads_and_names_nothing_that_there_is_not(home: Household) -> None:
    loaded = home.core.ask("lovelace/config", url_path="inversion-table")
    assert loaded["title"] == "Inversion table"
    text = (EXAMPLES / "dashboard.yaml").read_text("utf-8")
    known = {str(one.get("default_entity_id")) for one in parts().values()}
    found = set(re.findall(r"\b(?:sensor|binary_sensor|button|select|number)\.\w+", text)) - {"button.press"}
    assert found <= known
    for entity in re.findall(r"\b(?:sensor|binary_sensor|button|select|number)\.inversion_\w+", json.dumps(loaded)):
        assert entity in home.core.states(), entity


# What comes and goes


def test_without_an_opt_in_what_begins_motion_goes_and_comes_back(home: Household) -> None:
    gone = {"arm", "start", "goto", "resume", "checkin", "stand", *CHOICES}
    home.begin(remote_start=False)
    until(lambda: not gone & home.ids().keys(), "they go")
    assert {"stop", "level", "pause", "state"} <= home.ids().keys()
    home.begin(remote_start=True)
    until(lambda: gone <= home.ids().keys(), "they come back")


def test_what_is_gone_is_shown_as_gone(home: Household) -> None:
    """H10: without the tilt unit, without the controller, and the truth again."""
    home.end()
    port = free_port()
    (home.folder / "table" / "remote.toml").write_text("[mqtt]\nremote_start = true\n", "utf-8")
    simulator = Process("simulate", "--tcp", f"127.0.0.1:{port}")
    simulator.says("A simulated table")
    words = (
        "run", "--port", f"socket://127.0.0.1:{port}", "--broker", f"mqtt://127.0.0.1:{home.broker.port}",
        "--config", str(home.folder / "table" / "remote.toml"), "--data", str(home.folder / "other"),
    )  # fmt: skip
    controller = Process(*words)
    try:
        home.shows("state", "standing")
        simulator.end(signal.SIGKILL)
        home.shows("state", "offline")
        home.shows("start", "unavailable")
        assert home.state("angle")["state"] == "unavailable"
        assert home.state("stop")["state"] != "unavailable"
        assert home.state("level")["state"] != "unavailable"
        assert home.state("problem")["state"] == "on"
        controller.hit(signal.SIGKILL)
        home.shows("stop", "unavailable")
        there = {part: home.state(part)["state"] for part in home.ids() if part not in CHOICES}
        assert set(there.values()) == {"unavailable"}
    finally:
        simulator.end(signal.SIGKILL)
        controller.end(signal.SIGKILL)
    home.begin()
    until(lambda: home.state("stop")["state"] != "unavailable", "stop can be pressed")
    assert home.state("message")["state"].startswith("Standing.")


def test_after_a_restart_of_the_broker_the_truth_is_shown(home: Household) -> None:
    """It keeps nothing: all of it is said again."""
    home.begin()
    start(home)
    home.broker.stop()
    home.shows("state", "unavailable")
    assert home.state("stop")["state"] == "unavailable"
    since = len(home.peer.heard)
    home.broker.start()
    until(lambda: home.said("state", since), "the table is back")
    until(lambda: home.state("state")["state"] == home.truth()["state"], "the same as the table says")
    assert home.truth()["state"] not in ("armed", "running"), "what ran without a broker does not run on"
    until(lambda: home.state("stop")["state"] != "unavailable", "stop can be pressed")
    lost = [line for line in home.core.complaints() if "The connection was lost" not in line]
    assert lost == []


def test_after_a_restart_of_the_core_everything_is_there_and_what_was_chosen(home: Household) -> None:
    home.begin()
    home.choose("preset", "recovery")
    home.core.post("services/number/set_value", {"entity_id": named("target"), "value": 12})
    home.core.stop()
    assert home.core.complaints() == []
    home.core.start()
    home.shows("state", "standing")
    home.shows("preset", "recovery")
    home.shows("target", "12")
    assert {part for part in home.ids() if home.state(part)["state"] == "unavailable"} == {"checkin"}


def test_the_table_can_be_forgotten(home: Household) -> None:
    home.begin()
    home.peer.say("bascule/home/command/discovery/remove")
    until(lambda: not home.ids(), "no entity is left")
    assert "Inversion table" not in {one["name"] for one in home.core.ask("config/device_registry/list")}
    assert not [entity for entity in home.core.states() if "inversion_table" in entity]
