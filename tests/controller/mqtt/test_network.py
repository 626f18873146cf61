"""The network thread: a stop in front of what came before it, and connections that end in any way."""

import logging
import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from controller.mqtt.lookout import Lookout
from controller.mqtt.network import NetworkThread

from .conftest import MOSQUITTO, Broker, Peer, Table, wait_for
from .test_lookout import publish

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

Make = Callable[..., Any]
COMMAND = "bascule/home/command/"


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_stop_does_not_wait_for_what_came_before_it(
    broker: Broker, make_table: Make, make_peer: Make, version: str
) -> None:
    """H11: here the first of the others is only taken in when all have been said, and each takes 50 ms."""
    table: Table = make_table(broker.port, version=version)
    taken, said = table.client._on_wish, threading.Event()

    def slowly(wish: object) -> None:
        assert said.wait(10)
        time.sleep(0.05)  # what comes from the broker meanwhile waits in the socket
        taken(wish)  # type: ignore[arg-type]

    table.client._on_wish = slowly
    table.started()
    peer: Peer = make_peer(broker.port)
    for angle in range(12):
        peer.say(COMMAND + "goto", str(angle).encode())
    peer.say(COMMAND + "stop")
    said.set()
    wait_for(lambda: len(table.wishes) == 13, "all of them")
    names = [name for name, _ in table.log if name in ("stop", "wish")]
    assert names.count("stop") == 1
    assert names.index("stop") <= 3, "as soon as it had come, not behind the twelve"
    gone = [wish.expired and wish.late for wish in table.wishes]
    assert gone[-1] is False, "the stop itself"
    assert all(gone[names.index("stop") : -1]), "what was said before the stop, and is read after it"


def test_a_mistake_while_serving_ends_one_connection_and_not_the_thread(
    broker: Broker, make_table: Make, make_peer: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    table: Table = make_table(broker.port).started()
    network: NetworkThread = table.client._commands._network
    look, failures = NetworkThread._look, [1]

    def fail(self: NetworkThread, sock: object) -> None:
        if self is network and failures:
            failures.clear()
            raise KeyError("a mistake of the library")
        look(self, sock)

    monkeypatch.setattr(NetworkThread, "_look", fail)
    with caplog.at_level(logging.WARNING):
        message = table.wait_down()
    table.wait_up()
    assert message.startswith("a mistake of this program ended the connection to the broker")
    assert table.client.counters.callback_errors == 1
    assert any("a mistake of the library" in str(record.exc_info) for record in caplog.records if record.exc_info)
    assert table.client._commands._network is network
    assert table.client.counters.rebuilds == 0
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop")


def test_a_connection_that_comes_about_too_late_is_given_up(broker: Broker, make_table: Make) -> None:
    """A name that is looked up for a minute: by then there is another connection with the same id."""
    table: Table = make_table(broker.port).started()
    connection = table.client._commands
    paho, begun, go_on = connection._client, threading.Event(), threading.Event()
    connect = paho.reconnect

    def slowly() -> object:
        begun.set()
        assert go_on.wait(10)
        return connect()

    paho.reconnect = slowly  # type: ignore[method-assign, assignment]
    sock: Any = paho.socket()
    sock.shutdown(socket.SHUT_RDWR)
    assert begun.wait(5)
    leaving = connection.retire(0.0)
    go_on.set()
    leaving.join(5)
    assert not leaving.is_alive()
    assert paho.socket() is None or paho.socket().fileno() < 0  # type: ignore[union-attr]
    assert not connection._network._thread.is_alive()


def test_a_connection_that_was_given_up_shows_nothing() -> None:
    """What waits in its socket may be of long ago when a callback that hung comes back."""
    shown: list[bytes] = []
    network = NetworkThread(Client(CallbackAPIVersion.VERSION2), "x", (1.0, 1.0), lambda: 0, print, shown.append)
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"x")
        network._look(near)
        assert shown == [b"x"]
        network.silence()
        network._look(near)
    assert shown == [b"x"]


def wire(*parts: bytes) -> list[int]:
    """Parts that come one after the other, each read before the next: 1 for a stop told ahead, -1 for one told then."""
    told: list[int] = []
    client = Client(CallbackAPIVersion.VERSION2, "x")
    lookout, (near, far) = Lookout(COMMAND + "stop"), socket.socketpair()

    def read(_: Client, __: object, message: MQTTMessage) -> None:
        if message.topic == COMMAND + "stop" and not lookout.read():
            told.append(-1)

    def look(waiting: bytes) -> None:
        told.extend([1] * lookout.look(waiting))

    client.on_message = read
    near.setblocking(False)
    client._sock = near
    network = NetworkThread(
        client, "x", (1.0, 1.0), lambda: 0, print, lambda data: told.extend([1] * lookout.look(data))
    )
    with near, far:
        for part in parts:
            far.sendall(part)
            while select.select([near], [], [], 0.0)[0]:
                network._look(near)
                client.loop_read()
    return told


def test_a_stop_in_two_parts_is_told_once() -> None:
    stop = publish(COMMAND + "stop", b'{"id": "7"}')
    for cut in range(1, len(stop)):
        assert len(wire(stop[:cut], stop[cut:])) == 1, cut


def test_what_looks_like_a_stop_inside_of_a_message_hides_none_behind_it() -> None:
    stop = publish(COMMAND + "stop")
    other = publish(COMMAND + "goto", b"x" * 5 + stop)
    assert wire(other[: -len(stop)], other[-len(stop) :], stop) == [1]
    assert wire(other[: -len(stop)], other[-len(stop) :] + stop) == [1]
