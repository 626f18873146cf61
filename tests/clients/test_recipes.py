"""The command lines and the tiles of the documentation, as they are written."""

import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bascule.broker import EmbeddedBroker
from controller.model import Wish
from controller.mqtt.commands import parse
from tests.bascule.conftest import Client

from .conftest import DOCS

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROGRAMS = ("mosquitto_", "mqtt ", "code=")
NEVER_UNDERSTOOD = ("bad_payload", "unknown_verb", "unknown_preset", "unknown_person", "retained")
HAND_S = 1.2
"""A hand is slower than the one-second rule."""
LISTEN_S = 1.5


def recipes(name: str) -> list[str]:
    """Every command of a document's shell blocks, those over several lines joined."""
    found: list[str] = []
    for block in BLOCK.findall((DOCS / name).read_text("utf-8")):
        whole = ""
        for line in block.splitlines():
            whole += line + "\n"
            try:
                shlex.split(whole, comments=True)
            except ValueError:  # a quotation that goes on in the next line
                continue
            found.append(whole.strip())
            whole = ""
    return [one for one in found if one.startswith(PROGRAMS)]


def run(command: str, env: dict[str, str], patience_s: float) -> tuple[int | None, str]:
    """Exit status, None if it had to be ended, and what it printed."""
    try:
        done = subprocess.run(
            ["bash", "-c", f"exec {command}"], env=env, capture_output=True, text=True, timeout=patience_s, check=False
        )
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b"").decode()
    return done.returncode, done.stdout + done.stderr


def play(commands: list[str], env: dict[str, str], phone: Client) -> Iterator[tuple[str, Any]]:
    """Run them in order; each command's verb with its answer, each listener's first words with what it printed."""
    variables: dict[str, str] = {}
    for command in commands:
        if command.startswith("code="):
            line = command.removeprefix("code=$(").removesuffix(")")
            variables["code"] = subprocess.run(
                ["bash", "-c", line], env=env, capture_output=True, text=True, timeout=10, check=True
            ).stdout.strip()
            continue
        sent = re.search(r"/command/(\S+)", command)
        if sent is None:  # it listens, until it is ended or has what it wanted
            yield "listened", run(command, env, LISTEN_S)[1]
            continue
        verb, start = sent[1], len(phone.heard)
        if verb in ("start", "stand") and "code" not in command:
            threading.Event().wait(HAND_S)
        status, words = run(command, env | variables, 10)
        assert status == 0, (command, words)
        if " -r " in command:
            continue
        result = phone.wait("result", lambda one, verb=verb: one["verb"] == verb, start)
        assert result["reason"] not in NEVER_UNDERSTOOD, (command, result["message"], variables)
        if command.startswith("mosquitto_rr"):
            assert result["message"] in words
        yield verb, result["reason"] or ("moves" if result["moving"] else "accepted")


def test_the_recipes_for_clients(
    clients: None, node: str, table: Callable[[str], Client], shell: dict[str, str], mosquitto: EmbeddedBroker
) -> None:
    phone = table("home")
    commands = [one.replace("-p 1883", f"-p {mosquitto.port}") for one in recipes("clients.md")]
    done = list(play(commands, shell, phone))
    listened = [words for verb, words in done if verb == "listened"]
    assert len(listened) == 4
    assert "bascule/home/availability online" in listened[0]
    assert all('"state":"standing"' in words.replace('": "', '":"') for words in listened)
    assert "bascule/home/presets {" in listened[1]
    assert listened[2].startswith("{")
    assert [(verb, what) for verb, what in done if verb != "listened"] == [
        ("arm", "accepted"), ("start", "moves"), ("pause", "accepted"), ("stop", "accepted"), ("level", "accepted"),
        ("arm", "accepted"), ("stop", "accepted"),
    ]  # fmt: skip


def test_the_recipes_of_the_readme_and_the_contract(
    clients: None, table: Callable[[str], Client], shell: dict[str, str]
) -> None:
    demo = table("demo")
    readme = list(play(recipes("../README.md"), shell, demo))
    assert [(verb, what) for verb, what in readme if verb != "listened"] == [
        ("arm", "accepted"), ("start", "moves"), ("checkin", "busy"), ("stop", "accepted"), ("level", "accepted"),
        ("stand", "accepted"),
    ]  # fmt: skip
    home = table("home")
    contract = list(play(recipes("mqtt.md"), shell, home))
    assert contract == [("arm", "accepted"), ("start", "not_armed"), ("presets/save", "not_saved")]


def tiles() -> list[list[str]]:
    """The rows of both tables, their cells without marks."""
    text = (DOCS / "clients.md").read_text("utf-8")
    part = text.partition("<!-- tiles -->")[2].partition("<!-- end of tiles -->")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in part.splitlines()]
    return [row for row in rows if row[0].isdecimal()]


def test_the_tiles_of_a_panel_are_understood_and_find_their_values(table: Callable[[str], Client]) -> None:
    rows = tiles()
    assert rows[0][2:] == ["STOP", "bascule/home/command/stop", "PRESS"]
    assert [int(row[0]) for row in rows] == list(range(1, 19))
    for _, _, title, topic, payload in (row for row in rows if "/command/" in row[3]):
        wish = parse(topic.partition("/command/")[2], payload.encode(), False, 0.0)
        assert isinstance(wish, Wish), title
    phone = table("home")
    assert phone.arm_and_start({"preset": "gentle"})["accepted"]
    session = phone.wait("state", lambda state: state["session"] is not None)
    phone.send("stop", "PRESS")
    documents = {
        "state": session,
        "availability": "online",
        "result": phone.wait("result", lambda one: one["verb"] == "stop"),
        "event": phone.wait("event", lambda one: one["kind"] == "session_ended"),
    }
    for _, _, title, topic, path, _ in (row for row in rows if "/command/" not in row[3]):
        found = documents[topic.removeprefix("bascule/home/")]
        for key in path.removeprefix("$.").split(".") if path != "none" else []:
            found = found[key]
        assert isinstance(found, str | bool | int | float), title


def test_a_recipe_over_several_lines_is_one() -> None:
    assert [one.split()[0] for one in recipes("mqtt.md")] == ["mosquitto_pub"] * 3
    assert recipes("mqtt.md")[2].endswith('"hold_s": 180}]}\'')


@pytest.mark.parametrize("name", ["../README.md", "mqtt.md", "clients.md"])
def test_no_recipe_retains_a_command(name: str) -> None:
    for command in recipes(name):
        words = shlex.split(command, comments=True)
        assert not {"-r", "--retain"} & set(words) or "-n" in words  # an empty one takes it back
