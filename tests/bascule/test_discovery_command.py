"""`bascule discovery`: what Home Assistant is told, shown and taken back."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bascule.assembly import discovery_of
from bascule.broker import EmbeddedBroker
from bascule.cli import app
from controller.config import load
from controller.presets import bundled
from tests.controller.mqtt.conftest import Peer

from .conftest import Client, Process, free_port, until
from .safe_broker import SafeBroker, needs_mosquitto, person, wait_for

CONFIG = """\
[table]
name = "Studio"
[mqtt]
remote_start = true
[limits]
angle_deg = 25
[session]
arming = "{arming}"
[[people]]
id = "ana"
name = "Ana"
height_cm = 168
weight_kg = 62
"""
TOPIC = "homeassistant/device/bascule_home/config"


def bascule(*words: object) -> Result:
    return CliRunner().invoke(app, ["discovery", *map(str, words)])


@pytest.mark.parametrize("arming", ["phone", "button"])
def test_the_configuration_decides_what_is_shown(tmp_path: Path, arming: str) -> None:
    (tmp_path / "bascule.toml").write_text(CONFIG.format(arming=arming), "utf-8")
    result = bascule("show", "--config", tmp_path / "bascule.toml", "--data", tmp_path)
    assert result.exit_code == 0, result.output
    parts = json.loads(result.output)["components"]
    assert json.loads(result.output)["device"]["name"] == "Studio"
    assert parts["target"]["max"] == 25.0
    assert parts["preset"]["options"] == list(bundled())
    assert parts["person"]["options"] == ["guest", "ana"]
    assert ("command_topic" in parts["arm"]) == (arming == "phone")


def test_without_a_configuration_nothing_can_be_started() -> None:
    made = discovery_of(load(None))
    assert (made.remote_start, made.arm, made.largest_deg, made.topic) == (False, True, 60.0, TOPIC)


def test_where_there_is_nothing_to_take_back_it_says_so(broker: EmbeddedBroker) -> None:
    result = bascule("remove", "--broker", broker.url(), "--table", "nowhere")
    assert result.exit_code == 1
    assert "Nothing is kept for Home Assistant of a table 'nowhere'" in result.output
    result = bascule("remove", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    assert result.exit_code == 1
    assert "no MQTT broker listens at" in result.output


def test_a_running_controller_takes_it_back_itself_and_one_that_died_is_not_needed(
    start: Callable[..., Process], client: Callable[[int, str], Client], broker: EmbeddedBroker, tmp_path: Path
) -> None:
    peer = Peer(broker.port, TOPIC)
    words = ("run", "--port", "sim://", "--broker", broker.url(), "--data", tmp_path)
    daemon = start(*words)
    until(lambda: peer.last(TOPIC), "the document")
    table = client(broker.port, "home")
    table.wait("availability", lambda word: word == "online")
    result = bascule("remove", "--broker", broker.url())
    assert result.output == "Home Assistant forgets this table, until the controller starts again.\n"
    until(lambda: peer.last(TOPIC) == b"", "it is taken back")
    daemon.end()
    daemon = start(*words)
    until(lambda: peer.last(TOPIC), "the next start tells of it again")
    daemon.end(9)
    table.wait("availability", lambda word: word == "offline", len(table.heard) - 1)
    result = bascule("remove", "--broker", broker.url())
    assert result.output == "Home Assistant forgets this table. Its controller is not running.\n"
    until(lambda: peer.last(TOPIC) == b"", "it is taken back, too")
    peer.close()


@needs_mosquitto
def test_at_a_safe_broker_it_says_who_may_take_it_back_and_never_claims_what_the_broker_dropped(tmp_path: Path) -> None:
    broker = SafeBroker(tmp_path, "--user", "me=manage")
    broker.start()
    try:
        with person(broker, "bascule") as table:
            table.say(TOPIC, b"{}", retain=True)
            result = bascule("remove", *broker.options("me"))
            assert (result.exit_code, "or user 'me' may not read it." in result.output) == (1, True), result.output
            result = bascule("remove", *broker.options("homeassistant"))
            assert result.exit_code == 1
            assert f"user 'homeassistant' may not write {TOPIC}. The controller's own user may" in result.output
            table.hear(TOPIC)
            wait_for(lambda: table.heard, "it is there as before")
            result = bascule("remove", *broker.options("bascule"))
            assert result.output == "Home Assistant forgets this table. Its controller is not running.\n"
            wait_for(lambda: len(table.heard) > 1, "it is gone")
            assert table.heard == [(TOPIC, b"{}"), (TOPIC, b"")]
        (broker.folder / "users" / "me.password").write_text("wrong-password\n")
        assert "refused user 'me' or the password" in bascule("remove", *broker.options("me")).output
    finally:
        broker.stop()
