"""A real mosquitto that can be stopped, a wire that can be cut or frozen, and somebody who listens."""

import contextlib
import os
import selectors
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from controller.model import Unreadable, Wish
from controller.mqtt.address import Address
from controller.mqtt.client import MqttClient
from controller.mqtt.connection import VERSIONS, Timing
from controller.mqtt.discovery import Discovery
from controller.mqtt.topics import Topics

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin")
FAST = Timing(echo_s=0.2, stale_s=1.0, retry_min_s=1, retry_max_s=1, late_s=0.6, settle_s=0.5)


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 5.0) -> Any:
    """What the condition gives as soon as it holds; fails with `what` after `seconds`."""
    deadline_s = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"not within {seconds} s: {what}"
        time.sleep(0.002)
    return value


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Broker:
    """A mosquitto with stock settings; what it retains is forgotten when it stops."""

    def __init__(self, folder: Path, *lines: str, anonymous: bool = True) -> None:
        self.port = free_port()
        self._folder = folder
        self._file = folder / "mosquitto.conf"
        self._process: subprocess.Popen[bytes] | None = None
        settings = [f"listener {self.port} 127.0.0.1", f"allow_anonymous {str(anonymous).lower()}"]
        settings += ["set_tcp_nodelay false", "persistence false", *lines]
        if os.geteuid() == 0:
            settings.append("user root")
        self._file.write_text("\n".join(settings) + "\n")

    def start(self) -> None:
        assert MOSQUITTO is not None
        with (self._folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._file)], stdout=log, stderr=log)
        wait_for(self._listens, "mosquitto listens")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.2):
            return True
        return False

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(5)
            self._process = None


class Proxy:
    """A wire between a client and the broker. `pairs` maps the client's id to its two sockets."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.frozen = False
        self.refusing = False
        self.accepted = 0
        self._pairs: list[tuple[socket.socket, socket.socket, bytearray]] = []
        self._ended_sides: set[socket.socket] = set()
        self._ended = threading.Event()
        self._commands: list[Callable[[], None]] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self, part: bytes = b"") -> None:
        """Resets the connections whose greeting contains `part`, in both directions."""
        done = threading.Event()

        def now() -> None:
            for pair in [pair for pair in self._pairs if part in bytes(pair[2])]:
                self._drop(pair)
            done.set()

        self._commands.append(now)
        assert done.wait(2)

    def close(self) -> None:
        self._ended.set()
        self._thread.join(2)

    def _run(self) -> None:
        while not self._ended.is_set():
            for key, _ in self._selector.select(0.005):
                self._handle(key.fileobj)
            while self._commands:
                self._commands.pop(0)()
            if self.frozen:
                time.sleep(0.005)
        for pair in list(self._pairs):
            self._drop(pair)
        self._selector.close()
        self._listener.close()

    def _handle(self, source: Any) -> None:
        if source is self._listener:
            near, _ = self._listener.accept()
            self.accepted += 1
            if self.refusing:
                _reset(near)
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 1)
            except OSError:
                _reset(near)
                return
            for sock in (near, far):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._selector.register(sock, selectors.EVENT_READ)
            self._pairs.append((near, far, bytearray()))
            return
        if self.frozen:
            return
        for pair in self._pairs:
            near, far, greeting = pair
            if source in (near, far):
                other = far if source is near else near
                try:
                    data = source.recv(65536)
                    if data:
                        if source is near and len(greeting) < 200:
                            greeting += data
                        if other not in self._ended_sides:
                            other.sendall(data)
                    elif other in self._ended_sides:
                        self._drop(pair)
                    else:  # what was sent before the end still arrives, as on a real wire
                        self._ended_sides.add(source)
                        self._selector.unregister(source)
                        other.shutdown(socket.SHUT_WR)
                except OSError:
                    self._drop(pair)
                return

    def _drop(self, pair: tuple[socket.socket, socket.socket, bytearray]) -> None:
        self._pairs.remove(pair)
        for sock in pair[:2]:
            if sock not in self._ended_sides:
                self._selector.unregister(sock)
            self._ended_sides.discard(sock)
            _reset(sock)


def _reset(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class Peer:
    """Somebody else at the broker: writes down everything that is said there, and can publish."""

    def __init__(
        self, port: int, *topics: str, client_id: str = "", will: str | None = None, version: str = "3.1.1"
    ) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.messages: list[MQTTMessage] = []
        self._ready = threading.Event()
        self.paho = Client(CallbackAPIVersion.VERSION2, client_id, protocol=VERSIONS[version])
        if will is not None:
            self.paho.will_set(will, b"offline", 1, True)
        self.paho.reconnect_delay_set(1, 1)
        self.paho.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics or ("#",)])
        self.paho.on_subscribe = lambda *_: self._ready.set()
        self.paho.on_message = lambda _c, _u, message: self._note(message)
        self.paho.connect("127.0.0.1", port)
        self.paho.loop_start()
        assert self._ready.wait(5)

    def _note(self, message: MQTTMessage) -> None:
        self.messages.append(message)
        self.heard.append((message.topic, bytes(message.payload), message.retain))

    def say(self, topic: str, payload: bytes = b"", qos: int = 1, retain: bool = False) -> None:
        info = self.paho.publish(topic, payload, qos, retain)
        info.wait_for_publish(5)
        assert info.is_published()

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for heard, payload, _ in list(self.heard) if heard == topic]

    def last(self, topic: str) -> bytes | None:
        payloads = self.payloads(topic)
        return payloads[-1] if payloads else None

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


class Table:
    """An MqttClient and everything that it reported, in order."""

    def __init__(self, port: int, *, timing: Timing = FAST, version: str = "3.1.1", **address: Any) -> None:
        self.log: list[tuple[str, object]] = []
        self.raising: set[str] = set()
        self.error: type[BaseException] = RuntimeError
        self.client = MqttClient(
            Address("127.0.0.1", port, **address),
            "bascule",
            "home",
            version,
            on_stop=lambda retained: self._note("stop", retained),
            on_wish=lambda wish: self._note("wish", wish),
            on_link=lambda up, message: self._note("link", (up, message)),
            on_birth=lambda: self._note("birth", None),
            on_held_up=lambda: self._note("held_up", None),
            discovery=Discovery(Topics("bascule", "home"), "Table", "0.1.0", True, True, 60.0),
            timing=timing,
        )

    def _note(self, name: str, value: object) -> None:
        self.log.append((name, value))
        if name in self.raising:
            raise self.error(f"{name} went wrong")

    def start(self) -> "Table":
        self.client.start()
        return self

    def started(self, seconds: float = 5.0) -> "Table":
        self.start()
        self.wait_up(seconds)
        return self

    def wait_up(self, seconds: float = 5.0) -> None:
        wait_for(lambda: self.link[0], "the link is up", seconds)

    def wait_down(self, seconds: float = 5.0) -> str:
        wait_for(lambda: self.links_seen and not self.link[0], "the link is down", seconds)
        return self.link[1]

    @property
    def links_seen(self) -> list[tuple[bool, str]]:
        """Without the renewals that come with each echo."""
        told: list[tuple[bool, str]] = [value for name, value in list(self.log) if name == "link"]  # type: ignore[misc]
        return [one for one, before in zip(told, [None, *told], strict=False) if one != before]

    @property
    def link(self) -> tuple[bool, str]:
        return (self.links_seen or [(False, "")])[-1]

    @property
    def wishes(self) -> list[Wish | Unreadable]:
        return [value for name, value in list(self.log) if name == "wish"]  # type: ignore[misc]

    @property
    def stops(self) -> list[bool]:
        return [value for name, value in list(self.log) if name == "stop"]  # type: ignore[misc]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """A running mosquitto."""
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def stack() -> Iterator[contextlib.ExitStack]:
    """Closes what a test opened, in reverse order."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def make_broker(tmp_path: Path, stack: contextlib.ExitStack) -> Callable[..., Broker]:
    """A mosquitto with further settings, not started."""

    def make(*lines: str, anonymous: bool = True) -> Broker:
        broker = Broker(tmp_path, *lines, anonymous=anonymous)
        stack.callback(broker.stop)
        return broker

    return make


@pytest.fixture
def make_table(stack: contextlib.ExitStack) -> Callable[..., Table]:
    """A table on a port, not started."""

    def make(port: int, **options: Any) -> Table:
        table = Table(port, **options)
        stack.callback(table.client.close)
        return table

    return make


@pytest.fixture
def make_peer(stack: contextlib.ExitStack) -> Callable[..., Peer]:
    """Somebody else on a port, connected."""

    def make(port: int, *topics: str, **options: Any) -> Peer:
        peer = Peer(port, *topics, **options)
        stack.callback(peer.close)
        return peer

    return make


@pytest.fixture
def proxy(broker: Broker) -> Iterator[Proxy]:
    """A wire to the broker."""
    proxy = Proxy(broker.port)
    yield proxy
    proxy.close()
