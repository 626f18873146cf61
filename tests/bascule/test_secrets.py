"""A password is said nowhere: in no log however talkative, no message, no process list, no words of a crash."""

import signal
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bascule.assembly import address_of
from controller.config import load
from controller.mqtt.address import Address

from .conftest import Process, until
from .safe_broker import SafeBroker, needs_mosquitto, person

SECRET = "correct-horse-battery"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[SafeBroker]:
    (tmp_path / "secret").write_text(SECRET + "\n")
    broker = SafeBroker(tmp_path, "--host", "localhost", "--password-file", f"bascule={tmp_path / 'secret'}")
    broker.start()
    yield broker
    broker.stop()


def traces(process: Process) -> str:
    """What other programs can see of it."""
    number = process._process.pid
    return Path(f"/proc/{number}/cmdline").read_text() if Path("/proc").is_dir() else ""


@needs_mosquitto
@pytest.mark.parametrize("way", ["file", "environment"])
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_daemon_never_says_its_password(
    broker: SafeBroker, start: Callable[..., Process], tmp_path: Path, way: str, form: str
) -> None:
    """In whatever it prints at debug level, in every message on the broker, its data, and its dying words."""
    config = tmp_path / "bascule.toml"
    lines = ["[log]", 'level = "debug"', f'format = "{form}"', "[mqtt]", f'broker = "{broker.url("bascule")}"']
    lines += [f'ca_file = "{broker.ca_file}"', *([f'password_file = "{tmp_path}/secret"'] if way == "file" else [])]
    config.write_text("\n".join(lines) + "\n")
    env = {"PYTHONFAULTHANDLER": "1", **({"BASCULE_MQTT_PASSWORD": SECRET} if way == "environment" else {})}
    daemon = start("run", "--config", config, "--port", "sim://", "--data", tmp_path / "data", env=env)
    with person(broker, "manage") as listener:
        listener.hear("#")
        daemon.says("connected to the broker")
        until(lambda: any(topic.endswith("/health") for topic, _ in listener.heard), "the health document")
        assert SECRET not in traces(daemon)
        broker.stop()
        until(lambda: sum("127.0.0.1" in line for line in daemon.lines) > 1, "a word on the loss")
        daemon.hit(signal.SIGABRT)  # the words of a crash, with every thread
        until(lambda: not daemon.running, "the crash")
        assert daemon.end() != 0
    said = "\n".join(daemon.lines)
    assert "Fatal Python error" in said
    assert SECRET not in said
    assert len(listener.heard) > 3
    assert not any(SECRET.encode() in payload for _, payload in listener.heard)
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert kept
    assert not any(SECRET.encode() in path.read_bytes() for path in kept)


def test_an_exception_does_not_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET + "\n")
    options = {"mqtt.broker": "mqtts://bascule@localhost", "mqtt.password_file": str(tmp_path / "secret")}
    config = load(None, options)
    address = address_of(config, None)
    assert address.password == SECRET
    for shown in (repr(config), repr(address), str(address), f"{address!s}", f"{options}"):
        assert SECRET not in shown
    (tmp_path / "secret").write_text(SECRET)
    try:
        Address("localhost", 1883, "bascule", SECRET, ca_file="/nowhere").tls_context()
    except ValueError:
        assert SECRET not in traceback.format_exc()
    else:
        pytest.fail("there is no such file")


@pytest.mark.parametrize("command", ["send", "run"])
def test_a_password_on_the_command_line_is_refused_without_repeating_it(
    start: Callable[..., Process], command: str
) -> None:
    words = {"send": ("send", "stop"), "run": ("run", "--port", "sim://")}[command]
    process = start(*words, "--broker", f"mqtts://ana:{SECRET}@localhost")
    until(lambda: not process.running, "the end")
    assert process.end() == 2
    said = "\n".join(process.lines)
    assert "put it into a file and name that as password_file" in said
    assert SECRET not in said
