"""Several tables: found by a wildcard on one broker, and over two bridged ones as the documentation has them."""

import json
import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from bascule.broker import EmbeddedBroker, find_mosquitto, mosquitto_config
from tests.bascule.conftest import Client, free_port, listens, until

from .conftest import DOCS, Start

TABLES = ("red", "blue", "green")
BLOCK = re.compile(r"<!-- (centre|house) -->\n\n```\n(.*?)```", re.DOTALL)
SETTLED_S = 1.5
"""Chosen: a loop would have come round hundreds of times."""


class Listener:
    """An ordinary client: the newest message on each topic, and how many came."""

    def __init__(self, port: int, *topics: str) -> None:
        self.newest: dict[str, str] = {}
        self.heard: list[tuple[str, str, bool]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self.client.on_connect = lambda *_: self.client.subscribe([(topic, 1) for topic in topics])
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        until(self.client.is_connected, "a connection")

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        self.newest[message.topic] = message.payload.decode()
        self.heard.append((message.topic, message.payload.decode(), message.retain))

    def count(self, topic: str) -> int:
        return sum(one == topic for one, _, _ in self.heard)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def listener() -> Iterator[Callable[..., Listener]]:
    running: list[Listener] = []

    def begin(port: int, *topics: str) -> Listener:
        running.append(Listener(port, *topics))
        return running[-1]

    yield begin
    for one in running:
        one.close()


def test_a_client_finds_all_tables_and_sees_which_are_gone(
    start: Start, mosquitto: EmbeddedBroker, listener: Callable[..., Listener], tmp_path: Path
) -> None:
    daemons = {
        name: start("run", "--port", "sim://", "--table", name, "--broker", mosquitto.url(), "--data", tmp_path)
        for name in TABLES
    }
    first = listener(mosquitto.port, "bascule/+/availability", "bascule/+/state")

    def standing(heard: Listener) -> set[str]:
        states = [json.loads(text) for topic, text in list(heard.newest.items()) if topic.endswith("/state")]
        return {state["table"] for state in states if state["state"] == "standing"}

    until(lambda: standing(first) == set(TABLES), "all tables")
    daemons["blue"].end(signal.SIGKILL)
    until(lambda: first.newest["bascule/blue/availability"] == "offline", "the last will of a table that died")
    late = listener(mosquitto.port, "bascule/+/availability", "bascule/+/state")
    until(lambda: len(late.newest) == 2 * len(TABLES), "what is retained")
    assert {name: late.newest[f"bascule/{name}/availability"] for name in TABLES} == {
        "red": "online", "blue": "offline", "green": "online",
    }  # fmt: skip
    assert standing(late) == set(TABLES)  # why a state alone is not to be believed


def documented() -> dict[str, str]:
    """The configurations of the centre's and the house's brokers."""
    return dict(BLOCK.findall((DOCS / "many-tables.md").read_text("utf-8")))


@contextmanager
def running(config: str, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A Mosquitto with this configuration."""
    program = find_mosquitto()
    assert program is not None
    (folder / f"{port}.conf").write_text(config)
    broker = subprocess.Popen([program, "-c", str(folder / f"{port}.conf")], stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(port), "a broker")
        yield broker
    finally:
        broker.kill()
        broker.wait()


@pytest.fixture
def bridged(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The ports of a centre and of a house whose broker is bridged to it."""
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: apt-get install mosquitto")
    centre, house = free_port(), free_port()
    written = documented()
    above = mosquitto_config("127.0.0.1", centre, None) + written["centre"].replace("listener 1883\n", "")
    below = mosquitto_config("127.0.0.1", house, None) + written["house"].replace(
        "centre.example:1883", f"127.0.0.1:{centre}"
    )
    with running(above, tmp_path, centre), running(below, tmp_path, house):
        yield centre, house


def test_a_bridge_carries_states_up_and_commands_down_once_and_never_what_was_kept(
    start: Start,
    client: Callable[[int, str], Client],
    listener: Callable[..., Listener],
    bridged: tuple[int, int],
    tmp_path: Path,
) -> None:
    centre, house = bridged
    far = listener(centre, "bascule/#")
    start("run", "--port", "sim://", "--table", "home", "--broker", f"mqtt://127.0.0.1:{house}", "--data", tmp_path)
    near = client(house, "home")
    near.state("standing")
    until(lambda: near.ask("goto", "-70")["reason"] == "not_armed", "links in both directions")
    until(lambda: far.newest.get("bascule/home/availability") == "online", "availability in the centre")
    until(lambda: state_of(far)["state"] == "standing", "the state in the centre")

    def press(verb: str, payload: str) -> dict[str, Any]:
        """A command in the centre, and its answer there."""
        start = len(far.heard)
        far.client.publish(f"bascule/home/command/{verb}", payload, qos=1).wait_for_publish(10)

        def answers() -> list[dict[str, Any]]:
            since = [json.loads(text) for topic, text, _ in far.heard[start:] if topic == "bascule/home/result"]
            return [answer for answer in since if answer["verb"] == verb]

        return dict(until(answers, f"an answer to {verb}")[0])

    assert press("stop", "PRESS")["accepted"]
    threading.Event().wait(SETTLED_S)  # also the second in which nothing starts after a stop
    assert answered(near).count("stop") == 1
    assert far.count("bascule/home/command/stop") == 1  # heard as published, not again from below
    assert press("arm", "PRESS")["accepted"]
    until(lambda: state_of(far)["armed"], "an armed table, seen from the centre")
    assert press("start", json.dumps({"preset": "gentle", "code": state_of(far)["arm_code"]}))["moving"]
    until(lambda: state_of(far)["moving"], "a table that moves, seen from the centre")
    assert press("stop", "PRESS")["accepted"]
    far_states = [json.loads(text)["seq"] for topic, text, _ in far.heard if topic == "bascule/home/state"]
    assert len(far_states) == len(set(far_states))
    assert not [topic for topic, _, kept in far.heard if kept]
    assert not [topic for topic, _, _ in far.heard if topic.endswith("_echo")]

    # Somebody retains a command in the centre: he is thrown out, nothing comes down, nothing is there later.
    until(lambda: not state_of(far)["moving"], "a table at rest")
    until(lambda: answered(near).count("stop") == 2, "all answers in the house")
    before = len(answered(near))
    careless = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=False)
    careless.connect("127.0.0.1", centre)
    careless.loop_start()
    until(careless.is_connected, "a connection")
    careless.publish("bascule/home/command/arm", "PRESS", qos=1, retain=True)
    until(lambda: not careless.is_connected(), "whoever retains is thrown out")
    careless.loop_stop()
    later = listener(centre, "bascule/#")
    threading.Event().wait(SETTLED_S)
    assert not [topic for topic, _, kept in later.heard if kept or "/command/" in topic]
    assert len(answered(near)) == before


def state_of(heard: Listener) -> dict[str, Any]:
    """The newest state of the table home, or one of nothing."""
    return dict(json.loads(heard.newest.get("bascule/home/state", '{"state": null, "armed": false, "moving": false}')))


def answered(near: Client) -> list[str]:
    """The verbs of all results in the house."""
    return [body["verb"] for topic, body in near.heard if topic == "result"]
