"""Real processes, a real broker and an ordinary MQTT client, for the tests that go from end to end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from jsonschema import Draft202012Validator
from paho.mqtt.enums import CallbackAPIVersion

from bascule.broker import EmbeddedBroker
from controller.mqtt.contract import asyncapi

PATIENCE_S = 30.0
"""A loaded machine may take its time; nothing here is a measurement."""


def until(wanted: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Poll until something is true; its value."""
    end_s = time.monotonic() + patience_s
    while time.monotonic() < end_s:
        if value := wanted():
            return value
        threading.Event().wait(0.02)
    raise AssertionError(f"not within {patience_s:g} s: {what}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


CONTRACT = asyncapi()
PUBLISHED = {
    name: Draft202012Validator(CONTRACT | CONTRACT["components"]["messages"][name]["payload"])
    for name in CONTRACT["components"]["messages"]
    if not name.startswith("command_")
}


def breaches(topic: str, body: object) -> list[str]:
    """What the contract says against this message."""
    if body == "":
        return []  # a retained topic that was cleared
    if topic not in PUBLISHED:
        return [f"{topic} is in no contract"]
    return [f"{topic}, {'/'.join(map(str, e.path))}: {e.message[:200]}" for e in PUBLISHED[topic].iter_errors(body)]


class Client:
    """Hears everything of one table, and sends commands to it. Whatever it hears has to be as the contract says."""

    def __init__(self, port: int, table: str) -> None:
        self._topic = f"bascule/{table}"
        self.heard: list[tuple[str, Any]] = []
        self.breaches: list[str] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe(f"{self._topic}/#")
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        until(lambda: listens(port), "a broker")  # otherwise the next attempt would be a second later
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        until(self._client.is_connected, "a connection to the broker")

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._topic + "/")
        if topic.startswith("command/"):
            return
        text = message.payload.decode()
        body = json.loads(text) if text.startswith("{") else text
        self.breaches += breaches(topic, body)
        self.heard.append((topic, body))

    def send(self, verb: str, payload: str | bytes | None = None, retain: bool = False) -> None:
        """Publish a command, no matter what becomes of it."""
        self._client.publish(f"{self._topic}/command/{verb}", payload, qos=1, retain=retain).wait_for_publish(10)

    def ask(self, verb: str, payload: str | bytes | None = None) -> dict[str, Any]:
        """Publish a command and wait for its result."""
        start = len(self.heard)
        self.send(verb, payload)
        return self.wait("result", lambda result: result["verb"] == verb, start)

    def wait(self, topic: str, wanted: Callable[[Any], bool], start: int = 0, patience_s: float = PATIENCE_S) -> Any:
        """The first message on a topic that is wanted, of those heard since `start`."""

        def found() -> list[Any]:
            return [body for name, body in self.heard[start:] if name == topic and wanted(body)][:1]

        return until(found, f"{topic} as wanted; last: {self.heard[-1:]}", patience_s)[0]

    def state(self, *names: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Wait until the newest state is one of these."""

        def newest() -> list[Any]:
            states = [body for name, body in self.heard if name == "state"][-1:]
            return [state for state in states if state["state"] in names]

        found = until(newest, f"state {names}; heard: {self.heard[-1:]}", patience_s)
        return dict(found[0])

    def arm_and_start(self, payload: dict[str, Any], verb: str = "start") -> dict[str, Any]:
        """Arm, then start at once by quoting the code."""

        def begun() -> dict[str, Any] | None:
            start = len(self.heard)
            armed = self.ask("arm")
            if armed["reason"] == "link_down":  # the unit's first words, before ours came back; or an echo that is late
                return None
            assert armed["accepted"], armed["message"]
            code = self.wait("state", lambda state: state["armed"], start)["arm_code"]
            result = self.ask(verb, json.dumps({**payload, "code": code}))
            # A slow disk, just after connecting:
            return None if "brought up to date" in result["message"] else result

        found: dict[str, Any] = until(begun, "the unit and the disk are ready")
        return found

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        assert not self.breaches


class Process:
    """A `bascule` command, or another module, with its output in a list of lines. `under`: a program that starts it."""

    def __init__(
        self, *arguments: str, env: dict[str, str] | None = None, module: str = "bascule", under: tuple[str, ...] = ()
    ) -> None:
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=Path(__file__).resolve().parents[2], env={**os.environ, "COLUMNS": "200", **(env or {})},
        )  # fmt: skip
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip())

    def type(self, line: str) -> str:
        """A line on standard input; the next line that comes out."""
        assert self._process.stdin is not None
        before = len(self.lines)
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        until(lambda: len(self.lines) > before, f"an answer to {line!r}")
        return self.lines[before]

    def says(self, words: str) -> None:
        """Wait until the output contains these words."""
        until(lambda: any(words in line for line in self.lines), f"{words!r} in {self.lines}")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def hit(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self, number: int = signal.SIGTERM, patience_s: float = PATIENCE_S) -> int:
        """Send a signal and wait for the end; the exit status."""
        if self.running:
            self._process.send_signal(number)
        try:
            self._process.wait(patience_s)
        finally:
            if self.running:
                self._process.kill()
                self._process.wait()
        self._reader.join(5)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        return int(self._process.returncode)


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Start `bascule` commands; whatever still runs at the end is killed."""
    processes: list[Process] = []

    def starter(*arguments: object, **options: Any) -> Process:
        processes.append(Process(*map(str, arguments), **options))
        return processes[-1]

    yield starter
    for process in processes:
        process.end(signal.SIGKILL)


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(free_port()) as running:
        yield running


@pytest.fixture
def client() -> Iterator[Callable[[int, str], Client]]:
    clients: list[Client] = []

    def connect(port: int, table: str) -> Client:
        clients.append(Client(port, table))
        return clients[-1]

    yield connect
    for one in clients:
        one.close()
