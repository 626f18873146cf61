"""The client against a real mosquitto: what it says, what it hears, and what it does when something breaks."""

import contextlib
import json
import logging
import math
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.model import Reason, Unreadable, Verb, Wish
from controller.mqtt import commands
from controller.mqtt.address import Address
from controller.mqtt.client import MqttClient
from controller.mqtt.connection import MAX_QUEUED, Timing

from .conftest import FAST, MOSQUITTO, Broker, Peer, Proxy, Table, free_port, wait_for
from .test_payloads import EVENT, HEALTH, PRESETS, RESULT, STATE

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")

AVAILABILITY = "bascule/home/availability"
COMMAND = "bascule/home/command/"
LOGIN = "username and password_file in [mqtt] (or --broker mqtts://USER@… and --password-file)"
ROOT = Path(__file__).resolve().parents[3]
Make = Callable[..., Any]


def publish_all(table: Table) -> None:
    table.client.publish_state(STATE)
    table.client.publish_presets(PRESETS)
    table.client.publish_health(HEALTH)
    table.client.publish_discovery(PRESETS, ["ana"])


RETAINED = {
    AVAILABILITY,
    "bascule/home/state",
    "bascule/home/presets",
    "bascule/home/health",
    "homeassistant/device/bascule_home/config",
}


def sockets(table: Table) -> list[Any]:
    client = table.client
    return [each._client.socket() for each in (client._commands, client._publisher)]


def running(*tables: Table) -> list[str]:
    tokens = [table.client._pulse.token for table in tables]
    return [thread.name for thread in threading.enumerate() if any(token in thread.name for token in tokens)]


# --- what it says ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_documents_arrive_and_retained_ones_stay(
    broker: Broker, make_table: Make, make_peer: Make, version: str
) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port, version=version)
    publish_all(table)
    table.started()
    assert table.link == (True, f"connected to the broker at 127.0.0.1:{broker.port}")
    table.client.publish_event(EVENT)
    table.client.publish_result(RESULT)
    wait_for(lambda: peer.last("bascule/home/result"), "the result")
    wait_for(lambda: peer.last("bascule/home/event"), "the event")
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    assert json.loads(peer.last("bascule/home/event") or b"")["kind"] == "session_ended"
    assert json.loads(peer.last("bascule/home/result") or b"")["reason"] == "over_angle"
    late: Peer = make_peer(broker.port)
    wait_for(lambda: {topic for topic, _, _ in late.heard} >= RETAINED, "the retained ones for who comes later")
    assert {topic for topic, _, retained in late.heard if retained} == RETAINED
    assert json.loads(late.last("bascule/home/state") or b"")["angle_deg"] == 14.5
    for sock in sockets(table):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0


def changes(peer: Peer) -> list[bytes]:
    """What was said of the availability, without repeats: a word that comes back before its sender has noted it
    counts as another's, and is said again."""
    return [word for word, _ in groupby(peer.payloads(AVAILABILITY))]


def test_offline_is_said_before_online(broker: Broker, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port, AVAILABILITY)
    make_table(broker.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    assert peer.payloads(AVAILABILITY) == [b"offline", b"online"]


def test_only_the_latest_of_a_retained_topic_is_sent(broker: Broker, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port, "bascule/home/state")
    table: Table = make_table(broker.port)
    for seq in range(1000):
        table.client.publish_state(replace(STATE, seq=seq))
    table.started()
    wait_for(lambda: peer.heard, "the state")
    assert [json.loads(payload)["seq"] for payload in peer.payloads("bascule/home/state")] == [999]


def test_a_document_that_is_no_json_is_counted_and_logged_once(
    broker: Broker, make_table: Make, make_peer: Make, caplog: pytest.LogCaptureFixture
) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port).started()
    for count in range(3):
        table.client.publish_state(replace(STATE, angle_deg=math.nan))
        wait_for(lambda count=count: table.client.counters.unserialisable > count, "counted")
    table.client.publish_event(replace(EVENT, message="\ud800"))
    table.client.publish_state(STATE)
    wait_for(lambda: peer.last("bascule/home/state"), "the next state")
    wait_for(lambda: table.client.counters.unserialisable == 4, "the event, which may come after the state")
    assert [record.getMessage().split(":")[0] for record in caplog.records if record.levelno == logging.ERROR] == [
        "a document for bascule/home/state cannot be published",
        "a document for bascule/home/event cannot be published",
    ]
    assert b"NaN" not in b"".join(payload for _, payload, _ in peer.heard)


def test_home_assistants_birth_brings_everything_again(broker: Broker, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port)
    publish_all(table)
    table.started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    peer.heard.clear()
    peer.say("homeassistant/status", b"offline")
    peer.say("homeassistant/status", b"online", qos=0)
    wait_for(lambda: {topic for topic, _, _ in peer.heard} >= RETAINED, "all retained ones again")
    assert peer.last(AVAILABILITY) == b"online"
    assert [name for name, _ in table.log if name == "birth"] == ["birth"]


def test_what_home_assistant_is_told_follows_and_can_be_taken_back(
    broker: Broker, make_table: Make, make_peer: Make
) -> None:
    topic = "homeassistant/device/bascule_home/config"
    table: Table = make_table(broker.port)
    table.client.publish_discovery(PRESETS, ["ana"])
    table.started()
    peer: Peer = make_peer(broker.port, topic)
    wait_for(lambda: peer.heard, "the broker keeps it")
    options = json.loads(peer.payloads(topic)[0])["components"]["preset"]["options"]
    assert options == [preset.id for preset in PRESETS.presets]
    table.client.remove_discovery()
    wait_for(lambda: peer.payloads(topic)[-1] == b"", "it is taken back")
    later: Peer = make_peer(broker.port, topic, AVAILABILITY)
    wait_for(lambda: later.heard, "what the broker keeps")
    assert [heard for heard, _, _ in later.heard] == [AVAILABILITY]


def test_an_offline_of_somebody_else_is_set_right(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """The last will of a connection that died long ago may come after our `online` (H10 the other way round)."""
    peer: Peer = make_peer(broker.port)
    make_table(broker.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    peer.say(AVAILABILITY, b"offline", retain=True)
    wait_for(lambda: len(changes(peer)) >= 4, "the offline, and the answer to it")
    assert changes(peer) == [b"offline", b"online"] * 2


# --- what it hears --------------------------------------------------------------------------------------------------


def test_stop_is_called_before_anything_is_parsed(
    broker: Broker, make_table: Make, make_peer: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """H11."""
    table: Table = make_table(broker.port)
    threads: list[str] = []
    parse = commands.parse

    def spy(verb: str, *rest: Any) -> Any:
        table.log.append(("parse", verb))
        threads.append(threading.current_thread().name)
        return parse(verb, *rest)

    monkeypatch.setattr(commands, "parse", spy)
    table.started()
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "stop", b'{"id": "7"}')
    wait_for(lambda: table.wishes, "the wish")
    said = [entry for entry in table.log if entry[0] != "link"]
    assert said == [("stop", False), ("parse", "stop"), ("wish", Wish(Verb.STOP, id="7"))]
    assert threads == [f"mqtt-{table.client._commands.client_id}"]


def test_wishes_of_every_kind(broker: Broker, make_table: Make, make_peer: Make) -> None:
    table: Table = make_table(broker.port).started()
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "start", b'{"preset": "back", "person": "ana", "code": "12"}')
    peer.say(COMMAND + "goto", b"15", qos=2)
    peer.say(COMMAND + "goto", b"steep", qos=0)
    peer.say(COMMAND + "fly")
    peer.say(COMMAND + "presets/save", b"{}")
    peer.say(COMMAND + "presets/fly", b"{}")
    peer.say(COMMAND.rstrip("/"), b"stop")
    peer.say("bascule/other/command/stop")
    peer.say(COMMAND + "start", b"")
    peer.say(COMMAND + "level")
    wait_for(lambda: Wish(Verb.LEVEL) in table.wishes, "the last one")
    assert table.wishes[:2] == [
        Wish(Verb.START, preset="back", person="ana", code="12"),
        Wish(Verb.GOTO, angle_deg=15.0),
    ]
    assert [(each.verb, each.reason) for each in table.wishes[2:-1] if isinstance(each, Unreadable)] == [
        ("goto", Reason.BAD_PAYLOAD),
        ("fly", Reason.UNKNOWN_VERB),
        ("presets/save", Reason.BAD_PAYLOAD),
        ("presets/fly", Reason.UNKNOWN_VERB),
    ]
    assert len(table.wishes) == 7
    assert table.stops == []


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_retained_commands_say_so(broker: Broker, make_table: Make, make_peer: Make, version: str) -> None:
    """F21."""
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "start", b"back", retain=True)
    peer.say(COMMAND + "stop", b"", retain=False)
    peer.say(COMMAND + "stop", b"x", retain=True)
    table: Table = make_table(broker.port, version=version).started()
    wait_for(lambda: len(table.wishes) == 2, "both")
    assert set(table.wishes) == {Wish(Verb.START, preset="back", retained=True), Wish(Verb.STOP, retained=True)}
    assert table.stops == [True]
    peer.say(COMMAND + "stop", b"x", retain=True)
    wait_for(lambda: len(table.wishes) == 3, "a live one")
    assert table.stops == [True, False]
    assert table.wishes[2] == Wish(Verb.STOP)
    peer.say(COMMAND + "start", b"", retain=True)
    peer.say(COMMAND + "level")
    wait_for(lambda: len(table.wishes) == 4, "the one after the empty one")
    assert table.wishes[3] == Wish(Verb.LEVEL)


@pytest.mark.parametrize("kept_before", [False, True])
def test_the_empty_message_that_clears_a_kept_command_is_none(
    broker: Broker, make_table: Make, make_peer: Make, kept_before: bool
) -> None:
    """F21: by MQTT 3.1.1 it arrives like a live one, whether it was kept before we came or since."""
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port)
    if not kept_before:
        table.started()
    peer.say(COMMAND + "stand", b"PRESS", retain=True)
    if kept_before:
        table.started()
    wait_for(lambda: len(table.wishes) == 1, "the kept one")
    assert table.wishes == [Wish(Verb.STAND, retained=kept_before)]
    peer.say(COMMAND + "stand", b"", retain=True)
    wait_for(lambda: len(table.wishes) == 2, "its clearing")
    assert table.wishes[1] == Wish(Verb.STAND, retained=True)
    peer.say(COMMAND + "stand", b"")
    wait_for(lambda: len(table.wishes) == 3, "a command")
    assert table.wishes[2] == Wish(Verb.STAND)


def test_a_megabyte(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """F22."""
    table: Table = make_table(broker.port).started()
    peer: Peer = make_peer(broker.port, "nothing")
    peer.say(COMMAND + "start", b"x" * 1_000_000)
    peer.say(COMMAND + "stop", b"\xff" * 1_000_000)
    wait_for(lambda: len(table.wishes) == 2, "both")
    refused, stop = table.wishes
    assert isinstance(refused, Unreadable)
    assert refused.reason is Reason.BAD_PAYLOAD
    assert stop == Wish(Verb.STOP)
    assert table.stops == [False]
    assert table.link[0]


def test_more_than_two_megabytes_never_reach_us_by_mqtt_5(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """F22: paho would have all of it in memory before we could look at its length."""
    table: Table = make_table(broker.port, version="5").started()
    peer: Peer = make_peer(broker.port, "nothing")
    peer.say(COMMAND + "goto", b"x" * 3_000_000)
    peer.say(COMMAND + "stop", b"x" * 1_900_000)
    wait_for(lambda: table.wishes, "the stop")
    assert table.wishes == [Wish(Verb.STOP)]
    assert table.link[0]


def test_a_flood_costs_no_stop_and_no_link(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """F22."""
    table: Table = make_table(broker.port, timing=replace(FAST, stale_s=5.0)).started()
    flooder: Peer = make_peer(broker.port, "nothing")
    peer: Peer = make_peer(broker.port, "bascule/home/result")
    for number in range(5000):
        flooder.paho.publish(COMMAND + "goto", b'{"angle_deg": %d}' % (number % 90), 0)
        table.client.publish_result(replace(RESULT, id=str(number)))
    sent_s = time.monotonic()
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops, "the stop", 3)
    assert time.monotonic() - sent_s < 3
    peer.say(COMMAND + "level")
    flooder.paho.publish(COMMAND + "level")  # behind the whole flood, on the same connection
    wait_for(lambda: table.wishes.count(Wish(Verb.LEVEL)) == 2, "both levels", 20)
    unread = 5003 - len(table.wishes)
    assert 2000 < unread < 4702, "of a flood the first 300 are read, and a hundred a second"
    assert table.link[0]
    assert [up for up, _ in table.links_seen] == [True]
    wait_for(lambda: peer.heard and json.loads(peer.heard[-1][1])["id"] == "4999", "the newest result")
    assert len(peer.heard) + table.client.counters.dropped == 5000 + unread
    assert len(table.client._outbox._single) <= 256


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="Linux acknowledges at once only when asked")
def test_a_stop_behind_an_echo_does_not_wait_for_an_acknowledgement(
    broker: Broker, make_table: Make, make_peer: Make
) -> None:
    """40 ms of Nagle and delayed acknowledgement on a stock broker, measured before this was answered at once."""
    table: Table = make_table(broker.port, timing=replace(FAST, echo_s=0.05)).started()
    peer: Peer = make_peer(broker.port, "bascule/home/command/_echo")
    delays_s = []
    for count in range(15):
        echoes = len(peer.heard)
        wait_for(lambda echoes=echoes: len(peer.heard) > echoes, "an echo")
        time.sleep(0.004)  # the real broker's timing is what is measured: it now waits for the echo's acknowledgement
        sent_s = time.monotonic()
        peer.paho.publish(COMMAND + "stop", b"", 1)
        wait_for(lambda count=count: len(table.stops) > count, "the stop")
        delays_s.append(time.monotonic() - sent_s)
    assert sorted(delays_s)[7] < 0.025


# --- whether it lives -----------------------------------------------------------------------------------------------


def test_each_echo_says_again_that_the_link_is_up(
    broker: Broker, make_table: Make, make_peer: Make, stack: contextlib.ExitStack
) -> None:
    """F20: a publishing thread that hangs or is dead is noticed by its silence, also while echoes go on coming back."""
    table: Table = make_table(broker.port).started()
    wait_for(lambda: [value for name, value in table.log if name == "link"].count(table.link) >= 4, "renewals")
    assert len(table.links_seen) == 1
    hangs, release = threading.Event(), threading.Event()
    stack.callback(release.set)

    def hang(now_s: float) -> None:
        hangs.set()
        release.wait()

    table.client._tick = hang  # type: ignore[method-assign]
    assert hangs.wait(5)
    before = [value for name, value in table.log if name == "link"]
    peer: Peer = make_peer(broker.port, "nothing")
    peer.say(table.client.topics.echo, f"{table.client._pulse.token} {time.monotonic()!r}".encode())
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.wishes, "the stop behind the echo")
    assert [value for name, value in table.log if name == "link"] == before


def test_the_loss_of_the_broker_is_told_although_the_log_is_blocked(
    broker: Broker, make_table: Make, monkeypatch: pytest.MonkeyPatch, stack: contextlib.ExitStack
) -> None:
    """F19, F20: whoever reads our log may have stopped reading."""
    table: Table = make_table(broker.port).started()
    blocked, release = threading.Event(), threading.Event()
    stack.callback(release.set)

    def warning(*_: object) -> None:
        blocked.set()
        release.wait(20)

    monkeypatch.setattr("controller.mqtt.client._log.warning", warning)
    broker.stop()
    assert "127.0.0.1" in table.wait_down(10)
    assert blocked.wait(5), "and the log is in nobody's way"


# --- what raises ----------------------------------------------------------------------------------------------------


def test_exceptions_in_callbacks_end_no_thread(
    broker: Broker, make_table: Make, make_peer: Make, caplog: pytest.LogCaptureFixture
) -> None:
    table: Table = make_table(broker.port)
    table.raising = {"stop", "wish", "link", "birth"}
    table.started()
    peer: Peer = make_peer(broker.port)
    for _ in range(3):
        peer.say(COMMAND + "stop")
        peer.say(COMMAND + "goto", b"1")
        peer.say("homeassistant/status", b"online")
    wait_for(lambda: len([1 for name, _ in table.log if name == "birth"]) == 3, "all births")
    assert len(table.stops) == 3
    assert len(table.wishes) == 6
    wait_for(lambda: table.client.counters.callback_errors >= 13, "all counted")
    logged = sorted(record.getMessage().split(" ")[0] for record in caplog.records if record.levelno == logging.ERROR)
    assert logged == ["on_birth", "on_link", "on_stop", "on_wish"]
    assert table.client.counters.rebuilds == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_network_thread_is_noticed_by_the_echo(
    broker: Broker, make_table: Make, make_peer: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """paho says that it is connected although its thread is gone; SystemExit passes every handler of Exception."""
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port).started()
    table.error = SystemExit
    table.raising = {"wish"}
    dead = table.client._commands._client
    peer.say(COMMAND + "goto", b"1")
    wait_for(lambda: table.wishes, "the wish")
    assert dead.is_connected()
    message = table.wait_down()
    assert "does not return our messages on bascule/home/command/_echo, connecting anew" in message
    table.raising = set()
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline")
    table.wait_up()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    wait_for(lambda: not table.client._pulse.held_up(time.monotonic()), "what was held up has come")
    peer.say(COMMAND + "goto", b"2")
    wait_for(lambda: table.wishes[-1] == Wish(Verb.GOTO, angle_deg=2.0), "the next wish")
    assert table.client.counters.rebuilds == 1


def test_a_callback_that_hangs_costs_a_bounded_number_of_threads(
    broker: Broker, make_table: Make, make_peer: Make, stack: contextlib.ExitStack
) -> None:
    release = threading.Event()
    table: Table = make_table(broker.port, timing=replace(FAST, stale_s=0.4, echo_s=0.1))
    stack.callback(release.set)
    peer: Peer = make_peer(broker.port)
    table.client._on_wish = lambda wish: release.wait()  # type: ignore[assignment]
    table.started()
    peer.say(COMMAND + "goto", b"1")
    table.wait_down()
    table.wait_up()
    assert table.client.counters.rebuilds == 1
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop, beside the thread that hangs")


def test_problems_that_take_turns_are_logged_once_each(make_table: Make, caplog: pytest.LogCaptureFixture) -> None:
    table: Table = make_table(free_port())
    for problem in ("one", "two", "one", "two"):
        table.client._commands.problem = problem
        table.client._report(False)
    assert [message for _, message in table.links_seen] == ["one", "two", "one", "two"]
    assert [record.getMessage() for record in caplog.records] == ["one", "two"]
    table.client._report(True)
    table.client._report(False)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING][2:] == ["two"]


# --- what breaks ----------------------------------------------------------------------------------------------------


def test_a_broker_restart_brings_everything_again(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """F20: nothing is left of what the broker retained."""
    table: Table = make_table(broker.port)
    publish_all(table)
    table.started()
    broker.stop()
    assert "127.0.0.1" in table.wait_down()
    table.client.publish_event(EVENT)
    table.client.publish_result(RESULT)
    table.client.publish_state(replace(STATE, seq=8))
    wait_for(lambda: table.client.counters.dropped == 2, "nothing is kept for later but the retained ones")
    broker.start()
    began_s = time.monotonic()
    peer: Peer = make_peer(broker.port)
    wait_for(lambda: {topic for topic, _, _ in peer.heard} >= RETAINED, "everything", 5)
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online", 5)
    assert time.monotonic() - began_s < 5
    assert json.loads(peer.last("bascule/home/state") or b"")["seq"] == 8
    table.wait_up()
    assert peer.payloads("bascule/home/event") == []
    assert peer.payloads("bascule/home/result") == []
    peer.say(COMMAND + "goto", b"1")
    wait_for(lambda: table.wishes, "subscribed again")


def test_a_broker_that_comes_later(make_broker: Make, make_table: Make, caplog: pytest.LogCaptureFixture) -> None:
    broker: Broker = make_broker()
    table: Table = make_table(broker.port).start()
    refused = f"no MQTT broker listens at 127.0.0.1:{broker.port}: start it or check broker in [mqtt] (or --broker)"
    assert table.wait_down() == refused
    first_s = table.client._commands.sign_s
    wait_for(lambda: table.client._commands.sign_s > first_s + 0.5, "a second attempt")
    broker.start()
    table.wait_up(6)
    assert table.links_seen == [(False, refused), (True, f"connected to the broker at 127.0.0.1:{broker.port}")]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING] == [refused]


def test_the_commands_connection_alone_is_lost(broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make) -> None:
    """F20: `online` means that both live."""
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(proxy.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    proxy.refusing = True
    proxy.cut(table.client._commands.client_id.encode())
    assert table.wait_down() == f"lost the connection to the broker at 127.0.0.1:{proxy.port}, trying again"
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline, from the publisher that lives")
    table.client.publish_result(RESULT)
    wait_for(lambda: peer.payloads("bascule/home/result"), "a result although nothing can come")
    proxy.refusing = False
    table.wait_up()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop")
    assert table.client.counters.rebuilds == 0


def test_somebody_takes_the_client_id_of_the_commands(broker: Broker, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    thief = Peer(broker.port, client_id=table.client._commands.client_id)
    thief.close()
    table.wait_down()
    table.wait_up()
    wait_for(lambda: changes(peer)[2:] and peer.last(AVAILABILITY) == b"online", "online again")
    assert changes(peer) == [b"offline", b"online"] * 2


def test_the_publisher_alone_is_lost(broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(proxy.port)
    publish_all(table)
    table.started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    peer.heard.clear()
    proxy.cut(table.client._publisher.client_id.encode())
    table.wait_down()
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "the last will")
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop while nothing can be published")
    table.wait_up()
    wait_for(lambda: {topic for topic, _, _ in peer.heard} >= RETAINED, "everything again")
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    assert [up for up, _ in table.links_seen] == [True, False, True]
    assert table.stops == [False]


def test_a_frozen_network_is_noticed_by_the_echo(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make
) -> None:
    """Nothing is closed and nothing is refused: only time tells."""
    table: Table = make_table(proxy.port).started()
    proxy.frozen = True
    began_s = time.monotonic()
    message = table.wait_down()
    assert time.monotonic() - began_s < 2
    where = f"the broker at 127.0.0.1:{proxy.port}"
    assert message.startswith(f"{where} does not return our messages on bascule/home/command/_echo")
    wait_for(lambda: table.client.counters.rebuilds == 1, "new connections")
    for _ in range(2000):
        table.client.publish_result(RESULT)
    assert table.client.counters.dropped > 1700
    proxy.frozen = False
    table.wait_up(8)
    peer: Peer = make_peer(broker.port)
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    peer.say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop")


def test_unacknowledged_messages_do_not_come_again_behind_newer_ones(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make
) -> None:
    table: Table = make_table(proxy.port, timing=replace(FAST, stale_s=30.0)).started()
    paho = table.client._publisher._client
    wait_for(lambda: table.client._said == "online" and not paho._out_messages, "everything is acknowledged")
    proxy.frozen = True
    table.client.publish_presets(PRESETS)
    table.client.publish_result(RESULT)
    wait_for(lambda: len(paho._out_messages) == 2, "two wait for the broker")
    table.client.publish_presets(replace(PRESETS, presets=()))
    wait_for(lambda: len(paho._out_messages) == 3, "and a newer one")
    peer: Peer = make_peer(broker.port)
    proxy.cut()
    proxy.frozen = False
    table.wait_up()
    wait_for(lambda: peer.last("bascule/home/presets"), "the presets")
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    assert peer.payloads("bascule/home/presets") == [b'{"presets":[]}']
    assert peer.payloads("bascule/home/result") == []


def test_the_last_will_of_a_killed_process(broker: Broker, make_peer: Make) -> None:
    """H10."""
    program = f"""
import sys, time
from controller.mqtt.client import MqttClient
from controller.mqtt.address import Address
MqttClient(Address("127.0.0.1", {broker.port}), "bascule", "home", on_stop=print, on_wish=print,
           on_link=print, on_birth=print).start()
sys.stdin.read()
"""
    peer: Peer = make_peer(broker.port)
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online", 10)
        process.kill()
        wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline")
    late: Peer = make_peer(broker.port)
    assert wait_for(lambda: late.heard, "what is retained") == [(AVAILABILITY, b"offline", True)]


def test_a_second_controller_for_the_same_table_is_told(
    broker: Broker, make_table: Make, caplog: pytest.LogCaptureFixture
) -> None:
    first: Table = make_table(broker.port).started()
    make_table(broker.port).started()
    wait_for(lambda: first.client._foreign, "noticed")
    wait_for(lambda: "another controller publishes as table 'home'" in caplog.text, "said")
    assert first.link[0]


# --- who is let in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_passwords(
    make_broker: Make, make_table: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture, version: str
) -> None:
    caplog.set_level(logging.DEBUG)
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ana", "correct-horse"], check=True, timeout=10)
    broker: Broker = make_broker(f"password_file {passwords}", anonymous=False)
    broker.start()
    where = f"the broker at 127.0.0.1:{broker.port}"
    wrong: Table = make_table(broker.port, version=version, username="ana", password="battery-staple").start()
    refused = f"{where} refused user 'ana' or the password: check {LOGIN}"
    assert wrong.wait_down() == refused
    nobody: Table = make_table(broker.port, version=version).start()
    asked = f"{where} asks for a user and password: set {LOGIN}"
    assert nobody.wait_down() == asked
    first_s = wrong.client._commands.sign_s
    wait_for(lambda: wrong.client._commands.sign_s > first_s + 0.5, "another attempt")
    assert wrong.links_seen == [(False, refused)]
    right: Table = make_table(broker.port, version=version, username="ana", password="correct-horse").started()
    assert right.link[0]
    warnings = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert sorted(warnings) == sorted([refused, asked]), "once, not with every attempt"
    assert "battery-staple" not in caplog.text
    assert "correct-horse" not in caplog.text
    assert "correct-horse" not in repr(right.client._address)


def test_access_rules_that_keep_the_echo(make_broker: Make, make_table: Make, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.write_text("topic readwrite bascule/home/availability\ntopic read bascule/home/command/+\n")
    rules.chmod(0o600)
    broker: Broker = make_broker(f"acl_file {rules}")
    broker.start()
    table: Table = make_table(broker.port).start()
    message = table.wait_down()
    assert message.endswith("check the network, and that its access rules let us write and read there")


def test_access_rules_that_keep_only_the_commands_are_noticed(
    make_broker: Make, make_table: Make, tmp_path: Path
) -> None:
    """F20, H11: a broker that grants the subscription and then delivers no command would bring no stop."""
    rules = tmp_path / "rules"
    rules.write_text("topic write bascule/home/#\ntopic read bascule/home/availability\ntopic read bascule/home/echo\n")
    rules.chmod(0o600)
    broker: Broker = make_broker(f"acl_file {rules}")
    broker.start()
    table: Table = make_table(broker.port).start()
    assert "does not return our messages on bascule/home/command/_echo" in table.wait_down()
    assert not any(up for up, _ in table.links_seen)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority, a broker's certificate for 127.0.0.1, and another authority that signed nothing."""
    folder = tmp_path_factory.mktemp("tls")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, timeout=30, capture_output=True)

    for name in ("ca", "other"):
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"),
            *("-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", f"/CN={name}"),
            *("-addext", "keyUsage=critical,keyCertSign"),
        )
    openssl(
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "broker.key"),
        *("-out", "broker.csr", "-subj", "/CN=broker"),
    )
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    openssl(
        *("x509", "-req", "-in", "broker.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2"),
        *("-extfile", "names", "-out", "broker.crt"),
    )
    return folder


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")  # paho's, after a failed handshake
def test_tls(make_broker: Make, make_table: Make, make_peer: Make, certificates: Path) -> None:
    plain = free_port()
    broker: Broker = make_broker(
        f"certfile {certificates}/broker.crt",
        f"keyfile {certificates}/broker.key",
        f"listener {plain} 127.0.0.1",
    )
    broker.start()
    trusted = str(certificates / "ca.crt")
    table: Table = make_table(broker.port, ca_file=trusted).started()
    make_peer(plain).say(COMMAND + "stop")
    wait_for(lambda: table.stops == [False], "a stop over TLS")
    for sock in sockets(table):
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert sock.version() in ("TLSv1.2", "TLSv1.3")
    stranger: Table = make_table(broker.port, ca_file=str(certificates / "other.crt")).start()
    assert stranger.wait_down() == (
        f"the certificate of the broker at 127.0.0.1:{broker.port} is not signed by the authority in "
        f"{certificates}/other.crt (unable to get local issuer certificate): "
        "set ca_file in [mqtt] (or --ca-file) to the ca.crt of this very broker"
    )
    without: Table = make_table(broker.port).start()
    assert without.wait_down() == (
        f"what listens at 127.0.0.1:{broker.port} closed the connection before it answered: "
        "check broker in [mqtt] (or --broker), that it is an MQTT broker, "
        "and whether it wants TLS (mqtts:// in front of it)"
    )
    needless: Table = make_table(plain, ca_file=trusted).start()
    said = needless.wait_down()
    for each in (stranger, without, needless):
        each.client.close()
    wait_for(lambda: not running(stranger, needless), "paho drops what it left open")
    assert said.startswith((f"no TLS connection to 127.0.0.1:{plain} (", f"the broker at 127.0.0.1:{plain} cannot"))


def test_a_port_that_never_answers(make_table: Make, stack: contextlib.ExitStack) -> None:
    silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = silent.getsockname()[1]
    table: Table = make_table(port, timing=replace(FAST, keepalive_s=1)).start()
    assert table.wait_down(8) == (
        f"what listens at 127.0.0.1:{port} does not answer: "
        "check broker in [mqtt] (or --broker), that it is an MQTT broker, "
        "and whether it wants TLS (mqtts:// in front of it)"
    )


# --- how it begins and ends -----------------------------------------------------------------------------------------


def test_close_says_everything_and_leaves_politely(broker: Broker, make_table: Make, make_peer: Make) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(broker.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    for number in range(200):
        table.client.publish_result(replace(RESULT, id=str(number)))
    table.client.publish_state(replace(STATE, seq=99))
    began_s = time.monotonic()
    table.client.close(3.0)
    assert time.monotonic() - began_s < 2
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline")
    assert len(peer.payloads("bascule/home/result")) == 200
    assert json.loads(peer.last("bascule/home/state") or b"")["seq"] == 99
    assert peer.payloads(AVAILABILITY).count(b"offline") == 2, "the first one at the connect, none from the last will"
    assert not running(table)
    table.client.close()
    table.client.publish_state(STATE)


def test_close_in_front_of_a_frozen_broker_leaves_it_to_the_last_will(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make
) -> None:
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(proxy.port).started()
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online")
    proxy.frozen = True
    began_s = time.monotonic()
    table.client.close(0.5)
    assert time.monotonic() - began_s < 1
    wait_for(lambda: not running(table), "no thread waits for a broker that does not answer", 2)
    proxy.frozen = False
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline")


def test_close_with_a_full_queue_leaves_it_to_the_last_will(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make
) -> None:
    """A polite end takes the last will back, so it may only follow an `offline` that the broker has."""
    peer: Peer = make_peer(broker.port)
    table: Table = make_table(proxy.port, timing=replace(FAST, stale_s=30.0)).started()
    paho = table.client._publisher._client
    wait_for(lambda: peer.last(AVAILABILITY) == b"online" and not paho._out_messages, "online")
    proxy.frozen = True
    for number in range(MAX_QUEUED):
        table.client.publish_result(replace(RESULT, id=str(number)))
    wait_for(lambda: len(paho._out_messages) == MAX_QUEUED and not table.client._outbox.waiting, "full")
    table.client.close(1.0)
    wait_for(lambda: not running(table), "gone", 2)
    assert peer.last(AVAILABILITY) == b"online"
    proxy.frozen = False
    wait_for(lambda: peer.last(AVAILABILITY) == b"offline", "offline")
    assert peer.payloads(AVAILABILITY).count(b"offline") == 2, "before online, and by the last will: said once"


def test_close_without_a_broker_or_a_start(make_table: Make) -> None:
    make_table(free_port()).client.close()
    table: Table = make_table(free_port()).start()
    table.wait_down()
    began_s = time.monotonic()
    table.client.close(2.0)
    assert time.monotonic() - began_s < 2.5


def test_what_cannot_work_is_told_at_once(tmp_path: Path) -> None:
    def build(address: Address, version: str = "3.1.1", table: str = "home") -> None:
        def nothing(*_: object) -> None:
            pass

        MqttClient(
            address, "bascule", table, version, on_stop=nothing, on_wish=nothing, on_link=nothing, on_birth=nothing
        )

    with pytest.raises(ValueError, match=r"MQTT version '3.1' is not supported: set version to 3.1.1 or 5 in \[mqtt\]"):
        build(Address(), "3.1")
    with pytest.raises(ValueError, match="table id 'My table' is not allowed"):
        build(Address(), table="My table")
    with pytest.raises(ValueError, match=r"ca_file /nowhere/ca.crt cannot be used: No such file"):
        build(Address(ca_file="/nowhere/ca.crt"))
    junk = tmp_path / "junk.pem"
    junk.write_text("junk")
    with pytest.raises(ValueError, match=r"ca_file .*junk.pem cannot be used"):
        build(Address(ca_file=str(junk)))
    with pytest.raises(ValueError, match=r"cert_file and key_file \(.*junk.pem and /nowhere/key\) cannot be used"):
        build(Address(cert_file=str(junk), key_file="/nowhere/key"))


def test_the_default_timing_is_the_contract() -> None:
    timing = Timing()
    assert (timing.echo_s, timing.stale_s, timing.retry_min_s, timing.retry_max_s) == (2.0, 6.0, 1, 3)
    assert (timing.late_s, timing.settle_s) == (1.0, 4.0)


# --- MQTT 5, and what is late ---------------------------------------------------------------------------------------


def ask_by_5(peer: Peer, topic: str, payload: bytes, response: str, correlation: bytes) -> None:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ResponseTopic, properties.CorrelationData = response, correlation
    peer.paho.publish(topic, payload, 1, properties=properties).wait_for_publish(5)


def test_by_mqtt_5_an_answer_comes_where_it_is_wanted_and_expires(
    broker: Broker, make_table: Make, make_peer: Make
) -> None:
    table: Table = make_table(broker.port, version="5").started()
    peer: Peer = make_peer(broker.port, "bascule/#", version="5")
    ask_by_5(peer, COMMAND + "goto", b'{"angle_deg": 9, "id": "7"}', "bascule/home/reply/ana", b"\x00\x01")
    ask_by_5(peer, COMMAND + "goto", b'{"angle_deg": 9, "id": "8"}', "bascule/home/command/stop", b"\x00\x02")
    wait_for(lambda: len(table.wishes) == 2, "both wishes")
    for id_ in ("7", "8"):
        table.client.publish_result(replace(RESULT, id=id_))
    table.client.publish_state(STATE)
    wait_for(lambda: peer.last("bascule/home/state"), "the state")
    wait_for(lambda: len(peer.payloads("bascule/home/result")) == 2, "both results")
    assert [json.loads(payload)["id"] for payload in peer.payloads("bascule/home/reply/ana")] == ["7"]
    told = {message.topic: message.properties for message in peer.messages}
    assert told["bascule/home/reply/ana"].CorrelationData == b"\x00\x01"
    assert 55 <= told["bascule/home/reply/ana"].MessageExpiryInterval <= 60
    assert 55 <= told["bascule/home/result"].MessageExpiryInterval <= 60
    assert not hasattr(told["bascule/home/state"], "MessageExpiryInterval"), "what is retained stays"
    assert table.stops == []


def test_by_mqtt_3_nothing_is_added(broker: Broker, make_table: Make, make_peer: Make) -> None:
    table: Table = make_table(broker.port).started()
    peer: Peer = make_peer(broker.port, "bascule/#", version="5")
    ask_by_5(peer, COMMAND + "goto", b'{"angle_deg": 9, "id": "7"}', "bascule/home/reply/ana", b"\x00\x01")
    wait_for(lambda: table.wishes, "the wish")
    table.client.publish_result(replace(RESULT, id="7"))
    wait_for(lambda: peer.payloads("bascule/home/result"), "the result")
    assert peer.payloads("bascule/home/reply/ana") == []


@pytest.mark.parametrize("version", ["3.1.1", "5"])
def test_a_session_is_clean_so_that_nothing_waits_for_us(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make, version: str
) -> None:
    """F21: what is sent while we are away is lost, not late."""
    table: Table = make_table(proxy.port, version=version).started()
    proxy.refusing = True
    proxy.cut()
    table.wait_down()
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "start", b"back")
    peer.say(COMMAND + "stop")
    proxy.refusing = False
    table.wait_up()
    peer.say(COMMAND + "stop", b"the end")
    wait_for(lambda: table.stops, "a live stop")
    assert table.wishes == [Wish(Verb.STOP)]
    assert table.stops == [False]


def test_a_command_right_after_a_loss_counts_as_late(
    broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make
) -> None:
    """F21: phones were cut off as well, and send what they kept."""
    table: Table = make_table(proxy.port, timing=replace(FAST, settle_s=4.0)).started()
    peer: Peer = make_peer(broker.port)
    peer.say(COMMAND + "start", b"back")
    wait_for(lambda: table.wishes, "one before the loss")
    proxy.cut()
    table.wait_down()
    table.wait_up()
    peer.say(COMMAND + "start", b"back")
    peer.say(COMMAND + "stop")
    peer.say(COMMAND + "pause")
    wait_for(lambda: len(table.wishes) == 4, "all of them")
    start = Wish(Verb.START, preset="back")
    assert table.wishes == [start, replace(start, expired=True, late=True), Wish(Verb.STOP), Wish(Verb.PAUSE)]
    assert table.stops == [False], "a stop is a stop"
    wait_for(lambda: not table.client._pulse.held_up(time.monotonic()), "settled")
    peer.say(COMMAND + "start", b"back")
    wait_for(lambda: len(table.wishes) == 5, "a live one")
    assert table.wishes[4] == start


def test_a_broker_that_stood_still_is_told(broker: Broker, proxy: Proxy, make_table: Make, make_peer: Make) -> None:
    """F21: shorter than what counts as a loss, longer than a command may take."""
    table: Table = make_table(proxy.port, timing=replace(FAST, stale_s=5.0)).started()
    peer: Peer = make_peer(broker.port)
    proxy.frozen = True
    peer.say(COMMAND + "start", b"back")
    time.sleep(1.5)  # what is measured is time
    proxy.frozen = False
    wait_for(lambda: table.wishes, "the late one")
    assert table.wishes == [Wish(Verb.START, preset="back", expired=True, late=True)]
    wait_for(lambda: ("held_up", None) in table.log, "told")
    assert [up for up, _ in table.links_seen] == [True]


def test_within_five_seconds_of_its_return_everything_is_there_again(
    broker: Broker, make_table: Make, make_peer: Make
) -> None:
    """With the timing that people get, and a broker that was away long enough for the longest wait."""
    table: Table = make_table(broker.port, timing=Timing())
    publish_all(table)
    table.started()
    broker.stop()
    for _ in range(3):
        sign_s = table.client._commands.sign_s
        wait_for(lambda before=sign_s: table.client._commands.sign_s > before, "an attempt", 10)
    broker.start()
    began_s = time.monotonic()
    peer: Peer = make_peer(broker.port)
    wait_for(lambda: peer.last(AVAILABILITY) == b"online", "online", 8)
    wait_for(lambda: {topic for topic, _, _ in peer.heard} >= RETAINED, "everything")
    assert time.monotonic() - began_s < 5.0


ODD_TOPICS = ["stop/", "/stop", "STOP", "st\u00f6p", "\u202estop", "x" * 60_000, "$SYS", "stop/stop", " stop"]


def test_odd_topics_are_answered_and_never_a_stop(broker: Broker, make_table: Make, make_peer: Make) -> None:
    """F22: what is no verb is refused with a short sentence that can be shown anywhere."""
    table: Table = make_table(broker.port).started()
    peer: Peer = make_peer(broker.port, "nothing")
    for verb in ODD_TOPICS:
        peer.say(COMMAND + verb, b"{}")
    for topic in (f"$SYS/broker/{COMMAND}stop", f"{COMMAND}stop\0", f"{COMMAND}\ufffestop"):
        hostile: Peer = make_peer(broker.port, "nothing")  # it is cut off by brokers that look closely
        with contextlib.suppress(ValueError):
            hostile.paho.publish(topic, b"", 1).wait_for_publish(0.5)
    peer.say(COMMAND + "level")
    wait_for(lambda: Wish(Verb.LEVEL) in table.wishes, "the last one")
    assert table.stops == []
    odd = table.wishes[: table.wishes.index(Wish(Verb.LEVEL))]
    assert len(odd) >= len(ODD_TOPICS)
    for wish in odd:
        assert isinstance(wish, Unreadable)
        assert wish.reason is Reason.UNKNOWN_VERB
        assert len(wish.verb) <= 41
        assert wish.verb.isprintable()
        json.dumps(wish.message).encode()
    assert table.link[0]
