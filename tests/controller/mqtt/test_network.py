"""The network thread: a stop in front of what came before it, and connections that end in any way."""

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest

from controller.mqtt.network import NetworkThread

from .conftest import MOSQUITTO, Broker, Peer, Table, wait_for

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

Make = Callable[..., Any]
COMMAND = "bascule/home/command/"


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_stop_does_not_wait_for_what_came_before_it(
    broker: Broker, make_table: Make, make_peer: Make, version: str
) -> None:
    """H11: here each of the others takes 50 ms to be taken in."""
    table: Table = make_table(broker.port, version=version)
    taken = table.client._on_wish

    def slowly(wish: object) -> None:
        time.sleep(0.05)
        taken(wish)  # type: ignore[arg-type]

    table.client._on_wish = slowly
    table.started()
    peer: Peer = make_peer(broker.port)
    for angle in range(12):
        peer.say(COMMAND + "goto", str(angle).encode())
    peer.say(COMMAND + "stop")
    wait_for(lambda: len(table.wishes) == 13, "all of them")
    names = [name for name, _ in table.log if name in ("stop", "wish")]
    assert names.count("stop") == 1
    assert names.index("stop") <= 3, "as soon as it had come, not behind the twelve"


def test_a_mistake_while_serving_ends_one_connection_and_not_the_thread(
    broker: Broker, make_table: Make, make_peer: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    table: Table = make_table(broker.port).started()
    network: NetworkThread = table.client._commands._network
    read, failures = NetworkThread._read, [1]

    def fail(self: NetworkThread, *rest: object) -> bool:
        if self is network and failures:
            failures.clear()
            raise KeyError("a mistake of the library")
        return read(self, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(NetworkThread, "_read", fail)
    with caplog.at_level(logging.WARNING):
        table.wait_down()
    table.wait_up()
    assert table.client._commands._network is network
    assert table.client.counters.rebuilds == 0
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop")
