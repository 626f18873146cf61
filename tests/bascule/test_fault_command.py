"""`bascule fault` in one process reaches `bascule simulate` in another."""

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Process, free_port, until

Start = Callable[..., Process]
pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no local sockets here")


def fault(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "bascule", "fault", *words],
        capture_output=True, text=True, timeout=60, cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip


def test_a_fault_from_another_terminal_acts_and_ends(start: Start, tmp_path: Path) -> None:
    link = tmp_path / "table"
    simulator = start("simulate", "--pty", link)
    simulator.says("A simulated table")
    hands = tmp_path / "table.hands"
    until(hands.exists, "the socket")
    assert stat.S_IMODE(os.stat(hands).st_mode) == 0o600
    done = fault("bed_jump", "-8", "0.5s", "--pty", str(link))
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "bed_jump (-8 °): the sensor on the bed is off by so much, for 0.5 s",
    )
    simulator.says("bed_jump is over: it acted")
    assert json.loads(fault("estop", "on", "--json", "--pty", str(link)).stdout)["answer"].endswith("stop pressed")
    assert "emergency stop pressed" in simulator.type("status")
    refused = fault("bed_jump", "400", "--pty", str(link))
    assert refused.returncode == 1
    assert "-40 to 40" in refused.stderr
    elsewhere = fault("host_killed", "--pty", str(link))
    assert (elsewhere.returncode, "kill -9" in elsewhere.stderr) == (1, True)
    assert simulator.end() == 0
    assert not hands.exists()
    gone = fault("status", "--pty", str(link))
    assert (gone.returncode, "bascule simulate" in gone.stderr) == (1, True)


def test_a_simulator_on_tcp_is_reached_by_its_port(start: Start, tmp_path: Path) -> None:
    where = f"127.0.0.1:{free_port()}"
    scenario = tmp_path / "bad-day"
    scenario.write_text("# soon\n0.2 ankles open\n")
    simulator = start("simulate", "--tcp", where, "--scenario", scenario)
    simulator.says("ankles open")
    assert "ankles open" in fault("status", "--tcp", where).stdout
    assert simulator.end() == 0


def test_a_scenario_that_means_nothing_is_a_usage_error(start: Start, tmp_path: Path) -> None:
    scenario = tmp_path / "nonsense"
    scenario.write_text("1 status\n2 frobnicate\n")
    simulator = start("simulate", "--pty", tmp_path / "table", "--scenario", scenario)
    simulator.says("line 2: unknown: frobnicate")
    until(lambda: not simulator.running, "its end")
    assert simulator.end() == 2
