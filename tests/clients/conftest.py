"""Clients of other people: programs of npm and of Mosquitto, each against a real broker and a real daemon."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bascule.broker import EmbeddedBroker, find_mosquitto
from tests.bascule.conftest import Client, Process, broker, client, free_port, start, until

__all__ = ["broker", "client", "start"]

HERE = Path(__file__).parent
DOCS = HERE.parents[1] / "docs"
MODULES = HERE / "node_modules"
Start = Callable[..., Process]
Connect = Callable[[int, str], Client]


@pytest.fixture
def node() -> str:
    """The program node, with the packages of package.json beside it."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no node: apt-get install nodejs npm")
    if not MODULES.is_dir():
        pytest.skip("no packages: npm install --no-package-lock --ignore-scripts --prefix tests/clients")
    return program


@pytest.fixture
def clients(tmp_path: Path) -> None:
    """The programs of Mosquitto."""
    if missing := [name for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr") if not shutil.which(name)]:
        pytest.skip(f"no {', '.join(missing)}: apt-get install mosquitto-clients")


@pytest.fixture
def mosquitto() -> Iterator[EmbeddedBroker]:
    """A real Mosquitto."""
    if find_mosquitto() is None:
        pytest.skip("no mosquitto: apt-get install mosquitto")
    with EmbeddedBroker(free_port(), prefer="mosquitto") as running:
        yield running


@pytest.fixture
def table(start: Start, client: Connect, mosquitto: EmbeddedBroker, tmp_path: Path) -> Callable[[str], Client]:
    """Start the daemon of a simulated table on that broker; a client that sees it standing."""

    def begin(name: str) -> Client:
        start("run", "--port", "sim://", "--table", name, "--broker", mosquitto.url(), "--data", tmp_path / name)
        seen = client(mosquitto.port, name)
        seen.wait("availability", lambda word: word == "online")
        seen.state("standing")
        # The unit's first words come before ours came back to it. Unarmed, this moves nothing.
        until(lambda: seen.ask("goto", "-70")["reason"] == "not_armed", "links in both directions")
        return seen

    return begin


@pytest.fixture
def shell(mosquitto: EmbeddedBroker, tmp_path: Path) -> dict[str, str]:
    """An environment in which the recipes find their programs, and those of Mosquitto this test's broker."""
    for name in ("mosquitto_pub", "mosquitto_sub", "mosquitto_rr"):
        (tmp_path / name).write_text(f"-p {mosquitto.port}\n")
    return {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": f"{MODULES / '.bin'}:{os.environ['PATH']}",
    }
