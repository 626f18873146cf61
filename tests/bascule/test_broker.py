"""The embedded broker, both kinds of it, as a client and as the terminal see it."""

import io
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from bascule import broker as module
from bascule.broker import BrokerError, EmbeddedBroker, find_mosquitto, keep_log, lan_address

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
KINDS = [pytest.param("mosquitto", marks=needs_mosquitto), "iotcore"]
BIG = 300_000  # bytes: more than any document, less than the limit of 1 MiB


def wait_for(condition: Callable[[], object], what: str, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.005)


class Client:
    """A paho client that writes down what happens to it."""

    def __init__(self, broker: EmbeddedBroker, username: str | None, password: str | None) -> None:
        self.messages: list[MQTTMessage] = []
        self.connected = False
        self.refused = False
        self.granted = 0
        self.paho = PahoClient(CallbackAPIVersion.VERSION2, client_id=f"test-{id(self):x}", reconnect_on_failure=False)
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda client, data, message: self.messages.append(message)
        self.paho.on_subscribe = self._on_subscribe
        if username is not None:
            self.paho.username_pw_set(username, password)
        self.paho.connect("127.0.0.1", broker.port)
        self.paho.loop_start()

    def _on_connect(self, client: object, data: object, flags: object, code: object, properties: object) -> None:
        self.connected = code == 0
        self.refused |= code != 0

    def _on_disconnect(self, *arguments: object) -> None:
        self.refused |= not self.connected

    def _on_subscribe(self, *arguments: object) -> None:
        self.granted += 1

    def subscribe(self, topic: str) -> None:
        wanted = self.granted + 1
        self.paho.subscribe(topic, qos=1)
        wait_for(lambda: self.granted == wanted, "the subscription")

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self.paho.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5.0)

    def wait_for_messages(self, number: int) -> list[tuple[str, bytes, bool]]:
        wait_for(lambda: len(self.messages) >= number, f"{number} messages")
        return [(message.topic, bytes(message.payload), message.retain) for message in self.messages]


@contextmanager
def client_of(broker: EmbeddedBroker) -> Iterator[Client]:
    client = Client(broker, broker.username, broker.password)
    try:
        wait_for(lambda: client.connected, "the connection")
        yield client
    finally:
        client.paho.disconnect()
        client.paho.loop_stop()


def is_refused(broker: EmbeddedBroker, username: str | None, password: str | None) -> bool:
    """mosquitto says so in its answer, rumqttd hangs up without one."""
    client = Client(broker, username, password)
    try:
        wait_for(lambda: client.refused or client.connected, "an answer")
        return not client.connected
    finally:
        client.paho.disconnect()
        client.paho.loop_stop()


@contextmanager
def taken_port() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def free_port() -> int:
    with taken_port() as port:
        return port


def accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0):
            return True
    except OSError:
        return False


def script(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "mosquitto"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def broker(kind: str) -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(prefer=kind) as started:
        yield started


# What a client sees


def test_delivers_to_wildcards_what_is_published(broker: EmbeddedBroker) -> None:
    with client_of(broker) as subscriber, client_of(broker) as publisher:
        subscriber.subscribe("bascule/+/state")
        publisher.publish("bascule/demo/other", b"not this")
        publisher.publish("bascule/demo/state", b"this")
        assert subscriber.wait_for_messages(1) == [("bascule/demo/state", b"this", False)]
        subscriber.subscribe("bascule/demo/event/#")
        publisher.publish("bascule/demo/event/step", b"and this")
        assert subscriber.wait_for_messages(2)[1:] == [("bascule/demo/event/step", b"and this", False)]


def test_delivers_retained_messages_as_retained_to_who_comes_later(broker: EmbeddedBroker) -> None:
    with client_of(broker) as publisher:
        publisher.publish("bascule/demo/state", b"old", retain=True)
        publisher.publish("bascule/demo/state", b"new", retain=True)
        publisher.publish("bascule/demo/presets", b"gone", retain=True)
        publisher.publish("bascule/demo/presets", b"", retain=True)
        publisher.publish("bascule/demo/event", b"passing")
    with client_of(broker) as late:
        late.subscribe("bascule/#")
        late.publish("bascule/end", b"")
        assert late.wait_for_messages(2) == [("bascule/demo/state", b"new", True), ("bascule/end", b"", False)]


def test_carries_a_large_document_live_and_retained(broker: EmbeddedBroker) -> None:
    large = os.urandom(BIG)
    with client_of(broker) as early, client_of(broker) as late:
        early.subscribe("bascule/#")
        early.publish("bascule/demo/presets", large, retain=True)
        assert early.wait_for_messages(1) == [("bascule/demo/presets", large, False)]
        late.subscribe("bascule/#")
        assert late.wait_for_messages(1) == [("bascule/demo/presets", large, True)]


def test_publishes_the_last_will_of_a_client_that_vanishes(broker: EmbeddedBroker) -> None:
    # CONNECT of MQTT 3.1.1: clean session, will with QoS 1 and retain, keepalive 60 s, client "c", topic "w", "offline"
    connect = bytes.fromhex("10 19 0004 4d515454 04 2e 003c 0001 63 0001 77 0007 6f66666c696e65")
    with client_of(broker) as watcher:
        watcher.subscribe("w")
        with socket.create_connection(("127.0.0.1", broker.port), timeout=5.0) as vanishing:
            vanishing.sendall(connect)
            assert vanishing.recv(4) == bytes.fromhex("20 02 00 00")  # CONNACK, accepted
        assert watcher.wait_for_messages(1) == [("w", b"offline", False)]
    with client_of(broker) as late:
        late.subscribe("w")
        assert late.wait_for_messages(1) == [("w", b"offline", True)]


# Who may connect


def test_listens_on_loopback_only_and_lets_everybody_in(broker: EmbeddedBroker, kind: str) -> None:
    assert broker.alive()
    assert broker.kind.split()[0] == kind
    assert broker.url() == f"mqtt://127.0.0.1:{broker.port}"
    assert (broker.username, broker.password) == (None, None)
    # Every address 127.x.y.z is this machine, but only a listener on all addresses answers on this one.
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.2", broker.port)) != 0


def test_on_the_network_only_the_generated_password_opens(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "lan_address", lambda: "192.168.7.8")
    with EmbeddedBroker(lan=True, prefer=kind) as broker:
        assert broker.url() == f"mqtt://bascule@192.168.7.8:{broker.port}"
        assert broker.password is not None
        assert len(broker.password) == 10
        assert set(broker.password) <= set("abcdefghjkmnpqrstuvwxyz23456789")
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.2", broker.port)) == 0
        assert is_refused(broker, None, None)
        assert is_refused(broker, "bascule", None)
        assert is_refused(broker, "bascule", "")
        assert is_refused(broker, "bascule", broker.password[::-1] + "x")
        assert is_refused(broker, "somebody", broker.password)
        assert not is_refused(broker, "bascule", broker.password)
        first = broker.password
    with EmbeddedBroker(lan=True, prefer=kind) as broker:
        assert broker.password != first


def test_a_machine_without_network_cannot_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NOBODY", ("127.0.0.1", 9))
    with pytest.raises(BrokerError, match=r"on no network .* leave out --lan"):
        lan_address()


# Ports


def test_stopping_frees_the_port_at_once(kind: str) -> None:
    port = free_port()
    for _ in range(2):
        with EmbeddedBroker(port=port, prefer=kind) as broker, client_of(broker):
            assert broker.port == port
        assert not broker.alive()
        assert not accepts(port)
    broker.stop()  # a second time does nothing


def test_refuses_a_taken_port_with_a_sentence(kind: str) -> None:
    with taken_port() as port, pytest.raises(BrokerError) as refusal:
        EmbeddedBroker(port=port, prefer=kind).start()
    assert str(refusal.value) == (
        f"port {port} is taken by another program: "
        "name another one with --port, or leave the option out for the next free one"
    )


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_refuses_what_is_no_port(port: int) -> None:
    with pytest.raises(BrokerError, match="is not a port"):
        EmbeddedBroker(port=port, prefer="iotcore").start()


def test_takes_the_next_free_port(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with taken_port() as first:
        monkeypatch.setattr(module, "FIRST_PORT", first)
        with EmbeddedBroker(prefer=kind) as broker, EmbeddedBroker(prefer=kind) as other:
            assert first < broker.port < other.port < first + 50
        monkeypatch.setattr(module, "PORTS_TRIED", 1)
        with pytest.raises(BrokerError, match=f"no port from {first} to {first} is free: name a free one with --port"):
            EmbeddedBroker(prefer=kind).start()


def test_moves_on_when_somebody_takes_the_port_meanwhile(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = module.port_refusal
    answers: list[str | None] = [None]  # the first is a lie: what was free a moment ago
    monkeypatch.setattr(module, "port_refusal", lambda bind, port: answers.pop() if answers else honest(bind, port))
    with taken_port() as first:
        monkeypatch.setattr(module, "FIRST_PORT", first)
        with EmbeddedBroker(prefer=kind) as broker, client_of(broker):
            assert broker.port > first


# The process


def test_says_what_the_broker_said_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = script(tmp_path, "echo the moon is in the wrong house", "exit 3")
    monkeypatch.setattr(module, "find_mosquitto", lambda: program)
    broker = EmbeddedBroker(port=free_port(), folder=tmp_path / "logs")
    with pytest.raises(BrokerError, match=r"did not start.*\nthe moon is in the wrong house"):
        broker.start()
    assert not broker.alive()
    assert (tmp_path / "logs" / "broker.log").read_text() == "the moon is in the wrong house\n"


def test_ends_a_broker_that_neither_starts_nor_listens_to_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beat = tmp_path / "beat"
    program = script(tmp_path, "trap '' TERM", f"while :; do date +%N > {beat}; sleep 0.02; done")
    monkeypatch.setattr(module, "find_mosquitto", lambda: program)
    monkeypatch.setattr(module, "START_S", 0.5)
    monkeypatch.setattr(module, "STOP_S", 0.1)
    with pytest.raises(BrokerError, match="nothing"):
        EmbeddedBroker(port=free_port()).start()
    assert beat.exists()  # it ran, and returning proves its end: the other end of its pipe is closed


def test_names_the_package_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_mosquitto", lambda: None)
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        EmbeddedBroker(prefer="mosquitto").start()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BrokerError, match="apt-get install mosquitto"):
        EmbeddedBroker().start()


@needs_mosquitto
def test_prefers_mosquitto(monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedBroker() as broker:
        assert broker.kind.startswith("mosquitto 2.")
    monkeypatch.setattr(module, "find_mosquitto", lambda: None)
    with EmbeddedBroker() as broker:
        assert broker.kind == "iotcore"


HOST_PROGRAM = """
import signal, sys
from bascule.broker import EmbeddedBroker
signal.signal(signal.SIGINT, lambda number, frame: print("interrupted", flush=True))
broker = EmbeddedBroker(prefer=sys.argv[1])
broker.start()
print(broker.port, broker._child.pid, flush=True)
while True:
    signal.pause()
"""


def test_outlives_the_interrupt_key_but_not_its_parent(kind: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOST_PROGRAM, kind]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # a killed parent leaves its folder
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment
    ) as parent:
        assert parent.stdout is not None
        port, number = map(int, parent.stdout.readline().split())
        os.killpg(parent.pid, signal.SIGINT)  # what the terminal does on Ctrl-C
        assert parent.stdout.readline() == "interrupted\n"
        assert os.getsid(number) != os.getsid(parent.pid)
        assert accepts(port)
        parent.kill()
    wait_for(lambda: not accepts(port), "the end of the broker")


def test_the_log_stays_small(tmp_path: Path) -> None:
    lines = [b"%05d " % number + b"x" * 100 + b"\n" for number in range(2000)]
    keep_log(io.BytesIO(b"".join(lines)), tmp_path / "log")
    kept = (tmp_path / "log").read_bytes()
    assert len(kept) <= 65536
    assert kept.endswith(lines[-1])
    keep_log(io.BytesIO(b"x" * 200_000), tmp_path / "log")
    assert (tmp_path / "log").stat().st_size <= 65536
