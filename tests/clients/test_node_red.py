"""The Node-RED flow of the documentation in a real Node-RED, headless: somebody presses its buttons."""

import json
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bascule.broker import EmbeddedBroker
from tests.bascule.conftest import Client, free_port, listens, until

from .conftest import DOCS, MODULES

FLOW = DOCS / "node-red" / "bascule-flow.json"
SETTINGS = {
    "flowFile": "flows.json", "uiHost": "127.0.0.1", "disableEditor": True, "telemetry": {"enabled": False},
    "credentialSecret": False, "externalModules": {"autoInstall": False, "palette": {"allowInstall": False}},
}  # fmt: skip
HAND_S = 1.1
"""A hand is slower than the one-second rule: after stop, and after arm."""


class NodeRed:
    """A running Node-RED with the flow, its output, and its buttons by their names."""

    def __init__(self, node: str, folder: Path, broker_port: int) -> None:
        self.port = free_port()
        flow = json.loads(FLOW.read_text("utf-8"))
        for one in flow:
            if one["type"] == "mqtt-broker":
                one["port"] = str(broker_port)
        self._buttons = {one["name"]: one["id"] for one in flow if one["type"] == "inject"}
        (folder / "flows.json").write_text(json.dumps(flow))
        settings = json.dumps({**SETTINGS, "uiPort": self.port})
        (folder / "settings.js").write_text(f"module.exports = {settings};")
        self._process = subprocess.Popen(
            [node, MODULES / "node-red" / "red.js", "--userDir", folder, "--settings", folder / "settings.js"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())

    def shows(self, node: str, words: str) -> None:
        """Wait until a node has put these words out."""
        until(lambda: any(f":{node}" in line and words in line for line in self.lines), f"{words!r} from {node!r}")

    def shown(self, node: str) -> list[str]:
        """What this node has put out so far."""
        return [line.split("] ", 2)[-1] for line in self.lines if f":{node}" in line]

    def press(self, name: str) -> None:
        """A click on the button of an inject node."""
        url = f"http://127.0.0.1:{self.port}/inject/{self._buttons[name]}"
        with urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=10) as answer:
            assert answer.status == 200

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def phone(table: Callable[[str], Client]) -> Client:
    """Another client of the same table."""
    return table("home")


@pytest.fixture
def red(node: str, mosquitto: EmbeddedBroker, phone: Client, tmp_path: Path) -> Iterator[NodeRed]:
    folder = tmp_path / "red"
    folder.mkdir()
    running = NodeRed(node, folder, mosquitto.port)
    until(lambda: listens(running.port), "a listening Node-RED")
    yield running
    running.end()


def started(phone: Client) -> list[str]:
    """Why each start so far was refused; empty words for one that was accepted."""
    return [body["reason"] or "" for topic, body in phone.heard if topic == "result" and body["verb"] == "start"]


def test_the_flow_shows_stops_and_starts_only_as_the_contract_allows(red: NodeRed, phone: Client) -> None:
    red.shows("The table", "standing -80°: Standing.")
    red.press("STOP")
    red.shows("Answers", "stop: ")
    red.press("2. Start gentle")
    red.shows("armed, and by this state?", "Arm first.")
    threading.Event().wait(HAND_S)
    red.press("1. Arm")
    red.shows("The table", "armed -80°: Armed.")
    red.press("2. Start gentle")
    red.shows("armed, and by this state?", "Start a second after arming, not sooner.")
    assert started(phone) == []  # three presses, and nothing was even sent
    threading.Event().wait(HAND_S)
    red.press("2. Start gentle")
    red.shows("Answers", "start: Gentle started.")
    phone.wait("state", lambda state: state["state"] == "running" and state["moving"])
    red.press("2. Start gentle")  # the code is spent
    until(lambda: len(red.shown("armed, and by this state?")) == 3, "the last press was held back")
    assert started(phone) == [""]
    before = len(phone.heard)
    red.press("STOP")
    red.shows("NOTIFY", "Gentle was interrupted: stop was pressed.")
    frozen = phone.wait("state", lambda state: state["state"] in ("frozen", "standing"), before)
    assert frozen["session"] is None
    assert frozen["angle_deg"] < -60  # it had only begun
    red.press("Level")
    red.shows("Answers", "level: ")


def test_the_flow_tells_of_a_fault_and_of_a_controller_that_is_gone(red: NodeRed, phone: Client) -> None:
    red.shows("The table", "standing")
    assert red.shown("NOTIFY") == []
    event = {"kind": "fault", "message": "The motor is stalled.", "outcome": None}
    phone._client.publish("bascule/home/event", json.dumps(event | EMPTY), qos=1)
    red.shows("NOTIFY", "The motor is stalled.")
    phone._client.publish("bascule/home/availability", "offline", qos=1)
    red.shows("NOTIFY", "The table is offline.")
    red.press("2. Start gentle")
    red.shows("armed, and by this state?", "The table is offline.")
    red.press("STOP")
    red.shows("Answers", "stop: ")


EMPTY = {
    "time": "2026-11-22T16:18:20.070Z", "session": None, "preset": None, "person": None, "step": None, "label": None,
    "why": None, "code": "stall", "reason": None, "verb": None,
}  # fmt: skip


def test_no_command_of_the_flow_is_kept_and_every_topic_is_in_the_contract() -> None:
    flow = json.loads(FLOW.read_text("utf-8"))
    out = {one["topic"]: one for one in flow if one["type"] == "mqtt out"}
    assert next(iter(out)) == "bascule/home/command/stop"
    assert {one["retain"] for one in out.values()} == {"false"}
    assert {one["qos"] for one in out.values()} == {"1"}
    channels = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))["channels"]
    known = {channel["address"].format(base="bascule", table="home") for channel in channels.values()}
    assert {one["topic"] for one in flow if one["type"].startswith("mqtt ")} <= known
    assert not [one for one in flow if one["type"] == "inject" and (one["repeat"] or one["crontab"] or one["once"])]
