"""The main job as people do it: real processes, real ports, a real broker."""

import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bascule.broker import EmbeddedBroker
from controller.history_file import read
from controller.history_trace import unpack

from .conftest import Client, Process, free_port, until

Start = Callable[..., Process]
Connect = Callable[[int, str], Client]


@pytest.fixture
def demo(start: Start, client: Connect, request: pytest.FixtureRequest) -> tuple[Process, Client]:
    """A demo sixty times faster than time, or as fast as asked, and a client that sees it standing."""
    port = free_port()
    process = start("demo", "--speed", getattr(request, "param", 60), "--port", port, "--seed", 3)
    connected = client(port, "demo")
    connected.wait("availability", lambda word: word == "online")
    connected.state("standing")
    return process, connected


def true_angle(simulator: Process) -> float:
    """Where the simulated bed really is."""
    return float(simulator.type("status").split("°")[0])


def test_a_phone_tilts_the_table_and_stands_up_again(demo: tuple[Process, Client]) -> None:
    process, phone = demo
    presets = phone.wait("presets", lambda _: True)["presets"]
    assert {"gentle", "back", "circulation", "balance", "recovery", "programme"} == {one["id"] for one in presets}
    armed = phone.ask("arm")
    assert armed["accepted"]
    assert phone.state("armed")["arm_remaining_s"] <= 60
    threading.Event().wait(1.2)  # the second that belongs to a human hand; wall time even here
    assert phone.ask("start", "gentle")["moving"]
    held = phone.wait("state", lambda s: s["session"] is not None and s["session"]["step"] == 2 and not s["moving"])
    assert abs(held["angle_deg"] - 8) <= 0.5 or held["angle_deg"] < 1
    phone.wait("state", lambda s: s["angle_deg"] is not None and abs(s["angle_deg"] - 8) <= 0.5)
    ended = phone.wait("event", lambda event: event["kind"] == "session_ended")
    assert (ended["outcome"], ended["preset"]) == ("reached", "gentle")
    level = phone.state("level")
    assert abs(level["angle_deg"]) <= 0.5
    assert level["budget"]["sessions_today"] == 1
    assert level["budget"]["head_down_today_s"] > 240
    assert phone.ask("stand")["reason"] == "pause_first"
    until(lambda: phone.ask("stand")["accepted"], "standing allowed after the pause")
    assert phone.state("standing")["angle_deg"] <= -79
    kept = phone.wait("last_session", lambda one: one and one["head_down_s"] > 240)
    assert (kept["session"], kept["outcome"], kept["why"]) == (ended["session"], "reached", ended["why"])
    assert kept["trace"]["angle_deg"][0] < -79
    before = len(phone.heard)
    assert phone.ask("history/get", '{"last": 3}')["accepted"]
    shown = phone.wait("history", lambda _: True, before)["sessions"]
    assert [one["session"] for one in shown] == [ended["session"]]
    assert phone.ask("history/get", "1000")["reason"] == "bad_payload"
    kinds = [event["kind"] for topic, event in phone.heard if topic == "event"]
    assert kinds[:2] == ["session_started", "step"]
    assert "check_in" in kinds, "answered by the demo: at this speed no hand could"
    assert process.end(signal.SIGINT) == 0
    phone.wait("availability", lambda word: word == "offline")


@pytest.mark.parametrize("demo", [15], indirect=True)
def test_stop_freezes_and_level_comes_back(demo: tuple[Process, Client]) -> None:
    _, phone = demo
    assert phone.arm_and_start({"preset": "back"})["accepted"]
    moving = phone.wait("state", lambda s: s["angle_deg"] is not None and 10 < s["angle_deg"] < 28 and s["moving"])
    stopped = phone.ask("stop")
    assert stopped["accepted"]
    assert phone.wait("event", lambda event: event["kind"] == "session_ended")["outcome"] == "interrupted"
    assert phone.state("frozen")["angle_deg"] > moving["angle_deg"] - 0.5
    assert phone.ask("level")["moving"]
    assert abs(phone.state("level")["angle_deg"]) <= 0.5


def test_sigterm_head_down_levels_first(demo: tuple[Process, Client]) -> None:
    process, phone = demo
    phone.arm_and_start({"preset": "gentle"})
    phone.wait("state", lambda s: s["angle_deg"] is not None and s["angle_deg"] > 7.5)
    process.hit(signal.SIGTERM)
    assert process.end(signal.SIGTERM) == 0  # twice within a second is once
    phone.wait("availability", lambda word: word == "offline")
    *_, arrived, last = [body for topic, body in phone.heard if topic == "state"]
    assert abs(arrived["angle_deg"]) <= 1.5
    assert (last["state"], last["link"]["up"], last["angle_deg"]) == ("offline", False, None)


BAD = {
    "unknown verb": ("frobnicate", "x", "unknown_verb"),
    "broken JSON": ("start", '{"preset": ', "bad_payload"),
    "not a number": ("goto", '{"angle_deg": NaN}', "bad_payload"),
    "a megabyte": ("start", b"x" * 1_000_000, "bad_payload"),
    "a wrong type": ("start", '{"preset": 7}', "bad_payload"),
    "not UTF-8": ("goto", b"\xff\xfe", "bad_payload"),
    "an unknown preset": ("start", "upside-down", "unknown_preset"),
    "an unknown person": ("start", '{"preset": "gentle", "person": "nobody"}', "unknown_person"),
    "not armed": ("start", "gentle", "not_armed"),
    "a stale code": ("start", '{"preset": "gentle", "code": "zzzz"}', "not_armed"),
    "no session": ("pause", None, "busy"),
}


def test_bad_input_gets_a_clear_refusal_and_moves_nothing(demo: tuple[Process, Client]) -> None:
    process, phone = demo
    for what, (verb, payload, reason) in BAD.items():
        result = phone.ask(verb, payload)
        assert (result["accepted"], result["moving"], result["reason"]) == (False, False, reason), what
        assert len(result["message"]) > 10, what
    assert phone.ask("stop", b"\xff" * 1_000_000)["accepted"]
    assert phone.ask("level", "{not json")["accepted"]
    state = phone.state("standing")
    assert state["angle_deg"] <= -79
    assert process.running


def test_a_retained_start_moves_nothing(start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path) -> None:
    phone = client(broker.port, "home")
    phone.send("start", "gentle", retain=True)
    phone.send("level", "now", retain=True)
    phone.send("arm", "PRESS", retain=True)
    start("run", "--port", "sim://", "--broker", broker.url(), "--data", tmp_path)
    refused = phone.wait("result", lambda result: result["verb"] == "start")
    assert refused["reason"] == "retained"
    assert not phone.wait("result", lambda result: result["verb"] == "level")["moving"]
    phone.state("standing")
    assert not any(body["moving"] for topic, body in phone.heard if topic == "state")


def test_kill_9_leaves_nobody_head_down(start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path) -> None:
    """F17: the unit returns by itself; the next controller finds it disarmed, with the budget intact."""
    link = tmp_path / "table"
    simulator = start("simulate", "--pty", link, "--start-angle", 0)
    simulator.says("simulated table")
    options = ("run", "--port", link, "--broker", broker.url(), "--data", tmp_path / "data")
    controller = start(*options)
    phone = client(broker.port, "home")
    phone.state("standby")
    phone.arm_and_start({"angle_deg": 7}, "goto")
    until(lambda: true_angle(simulator) > 5.5, "head down")
    controller.end(signal.SIGKILL)
    phone.wait("availability", lambda word: word == "offline")
    until(lambda: abs(true_angle(simulator)) < 1, "level again, by itself")
    cut = read(tmp_path / "data" / "home.history.sqlite3", 9)[0].record
    assert (cut.preset, cut.outcome, cut.why) == ("goto", "interrupted", "the controller was stopped or crashed")
    assert unpack(cut.trace)[0].at_s == 0.0
    seen = len(phone.heard)
    start(*options)
    found = phone.wait("state", lambda state: state["state"] in ("standby", "level"), seen)
    assert not found["armed"]
    assert phone.wait("last_session", bool, seen)["session"] == cut.session
    assert abs(found["angle_deg"]) < 1.5
    assert found["session"] is None
    charged = phone.wait("state", lambda state: state["budget"]["head_down_today_s"] > 0, seen)
    assert 1 <= charged["budget"]["head_down_today_s"] <= 61
    until(lambda: phone.ask("arm")["reason"] == "rest_needed", "once the unit hears the new controller")


def test_kill_9_on_the_head_up_side_brakes_and_holds(
    start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path
) -> None:
    """F17, H15: nobody who may be stepping off is moved."""
    link = tmp_path / "table"
    simulator = start("simulate", "--pty", link)
    simulator.says("simulated table")
    controller = start("run", "--port", link, "--broker", broker.url(), "--data", tmp_path / "data")
    phone = client(broker.port, "home")
    phone.state("standing")
    phone.arm_and_start({"preset": "gentle"})
    until(lambda: true_angle(simulator) > -78, "on its way")
    controller.end(signal.SIGKILL)
    threading.Event().wait(3.0)
    held = true_angle(simulator)
    assert held < -70
    threading.Event().wait(1.0)
    assert abs(true_angle(simulator) - held) < 0.2


def test_a_stop_in_real_time_travels_less_than_a_degree_and_a_half(
    start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path
) -> None:
    link = tmp_path / "table"
    simulator = start("simulate", "--pty", link, "--start-angle", 0)
    simulator.says("simulated table")
    start("run", "--port", link, "--broker", broker.url(), "--data", tmp_path / "data")
    phone = client(broker.port, "home")
    phone.state("standby")
    phone.arm_and_start({"angle_deg": 20}, "goto")
    until(lambda: true_angle(simulator) > 3, "on its way")
    before = true_angle(simulator)
    assert phone.ask("stop")["accepted"]
    phone.state("frozen")
    threading.Event().wait(1.5)
    after = true_angle(simulator)
    assert after - before < 1.5
    threading.Event().wait(0.5)
    assert abs(true_angle(simulator) - after) < 0.1


def test_a_missing_port_is_waited_for(start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path) -> None:
    """F4: unplugged, plugged in, unplugged: the daemon stays, and says what to do."""
    link = tmp_path / "table"
    controller = start("run", "--port", link, "--broker", broker.url(), "--data", tmp_path / "data")
    controller.says(str(link))
    phone = client(broker.port, "home")
    assert str(link) in phone.state("offline")["message"]
    assert phone.ask("arm")["reason"] == "link_down"
    assert phone.ask("stop")["accepted"]
    simulator = start("simulate", "--pty", link)
    phone.state("standing")
    phone.ask("arm")
    simulator.end(signal.SIGTERM)
    offline = phone.state("offline")
    assert not offline["armed"]
    assert controller.running
    start("simulate", "--pty", link)
    assert not phone.state("standing")["armed"]


def test_a_port_that_talks_rubbish_is_never_believed(
    start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path
) -> None:
    """F1."""
    import pty
    import tty

    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    controller = start("run", "--port", os.ttyname(slave), "--broker", broker.url(), "--data", tmp_path / "data")
    phone = client(broker.port, "home")
    phone.wait("availability", lambda word: word == "online")
    for _ in range(200):
        try:
            os.write(master, os.urandom(97))
        except BlockingIOError:
            os.read(master, 4096)
        threading.Event().wait(0.005)
    state = phone.state("offline")
    assert state["angle_deg"] is None
    assert phone.ask("arm")["reason"] == "link_down"
    assert controller.running
    os.close(master)
    os.close(slave)


def test_a_broker_that_is_down_is_waited_for(start: Start, client: Connect, tmp_path: Path) -> None:
    port = free_port()
    controller = start("run", "--port", "sim://", "--broker", f"mqtt://127.0.0.1:{port}", "--data", tmp_path / "data")
    controller.says(str(port))
    with EmbeddedBroker(port):
        phone = client(port, "home")
        phone.state("standing")
        until(lambda: phone.ask("arm")["accepted"], "armed, once the unit hears the controller")
    assert controller.running
    assert controller.end(signal.SIGTERM) == 0


def test_a_broker_that_refuses_the_password_is_told_plainly(start: Start, tmp_path: Path) -> None:
    with EmbeddedBroker(free_port(), lan=True, prefer=None) as broker:
        secret = tmp_path / "password"
        secret.write_text("wrong-password\n")
        config = tmp_path / "bascule.toml"
        config.write_text(f'[mqtt]\nbroker = "mqtt://bascule@127.0.0.1:{broker.port}"\npassword_file = "{secret}"\n')
        controller = start("run", "--config", config, "--port", "sim://", "--data", tmp_path / "data")
        controller.says("password")
        assert controller.running
        assert not any("wrong-password" in line for line in controller.lines)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[limits]\nangle_deg = 80\n", ["angle_deg", "80", "60"]),
        ("[limits]\nangel_deg = 20\n", ["angel_deg", "angle_deg"]),
        ("[table]\nid = 'My Table'\n", ["id", "a–z"]),
        ("[mqtt\n", ["TOML"]),
    ],
)
def test_a_wrong_configuration_ends_with_what_to_do(start: Start, tmp_path: Path, text: str, words: list[str]) -> None:
    """F23."""
    config = tmp_path / "bascule.toml"
    config.write_text(text)
    process = start("run", "--config", config, "--port", "sim://", "--data", tmp_path / "data")
    until(lambda: not process.running, "the end")
    assert process.end() == 2
    said = " ".join(process.lines)
    for word in [*words, "bascule.toml"]:
        assert word in said


def test_send_says_what_became_of_a_command(
    start: Start, broker: EmbeddedBroker, client: Connect, tmp_path: Path
) -> None:
    start("run", "--port", "sim://", "--broker", broker.url(), "--data", tmp_path / "data")
    client(broker.port, "home").state("standing")

    def send(*arguments: str) -> tuple[int, str]:
        process = start("send", *arguments, "--broker", broker.url())
        until(lambda: not process.running, "the end of send")
        return process.end(), " ".join(process.lines)

    words = "Armed for 60 s. You confirm: both ankles locked"
    until(lambda: send("arm")[1].startswith(words), "armed, once the unit hears the controller")
    status, said = send("start", "upside-down")
    assert status == 1
    assert "unknown_preset" in said
    assert send("stop")[0] == 0
    status, said = send("arm", "--json")
    assert json.loads(said.partition(" refused")[0])["verb"] == "arm"
    status, said = send("arm", "--table", "attic")
    assert status == 1
    assert "attic" in said
    status, said = send("frobnicate")
    assert status == 1
    assert "unknown_verb" in said


def test_send_without_a_broker_says_so(start: Start) -> None:
    process = start("send", "stop", "--broker", f"mqtt://127.0.0.1:{free_port()}")
    until(lambda: not process.running, "the end of send")
    assert process.end() == 1
    assert "no MQTT broker listens at" in " ".join(process.lines)


def test_presets_are_listed_for_people_and_programs(start: Start) -> None:
    def output(*arguments: str) -> tuple[int, Any]:
        process = start("presets", *arguments)
        until(lambda: not process.running, "the end")
        return process.end(), "\n".join(process.lines)

    status, text = output("list", "--json")
    assert status == 0
    assert [preset["id"] for preset in json.loads(text)][:2] == ["gentle", "back"]
    assert "30° for 3 min (2 of 3)" in output("show", "back")[1]
    status, text = output("show", "upside-down")
    assert status == 1
    assert "gentle" in text
