"""The control loop of a real daemon: how steadily it turns, and the priority of its thread."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import paho.mqtt.publish
import pytest

from bascule.broker import EmbeddedBroker

from .conftest import Client, Process, free_port, until

Start = Callable[..., Process]
Connect = Callable[[int, str], Client]
FIFO, PRIORITY = 1, 10
WITHOUT_RIGHTS = ("prlimit", "--rtprio=0")
"""Nobody may have a priority then who is no root; and root not without this capability."""
NOR_CAPABILITY = ("setpriv", "--bounding-set", "-sys_nice", "--inh-caps", "-sys_nice")
linux = pytest.mark.skipif(sys.platform != "linux", reason="priorities of single threads are Linux'")


@pytest.fixture
def daemon(start: Start, broker: EmbeddedBroker, tmp_path: Path) -> Callable[..., Process]:
    """Starts a real daemon on a pty, with a priority in its configuration."""
    start("simulate", "--pty", tmp_path / "unit").says("simulated table")
    config = tmp_path / "bascule.toml"
    config.write_text(f"[control]\nrealtime_priority = {PRIORITY}\n")

    def starter(*options: object, **how: Any) -> Process:
        return start(
            "run", "--port", tmp_path / "unit", "--broker", broker.url(), "--data", tmp_path / "data", *options, **how
        )

    return starter


def permitted() -> bool:
    """Whether a thread here may have the priority; where not, the daemon has to say so."""
    given: list[bool] = []

    def ask() -> None:
        try:
            os.sched_setscheduler(0, FIFO, os.sched_param(PRIORITY))
        except OSError:
            given.append(False)
        else:
            given.append(len(os.sched_getaffinity(0)) > 1)

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return given[0]


def prioritised(pid: int) -> dict[int, int]:
    """The threads of a process that have a real-time priority, and which."""
    tasks = [int(task) for task in os.listdir(f"/proc/{pid}/task")]
    assert len(tasks) > 4, "control, both connections, what is published, the disk"
    return {task: os.sched_getparam(task).sched_priority for task in tasks if os.sched_getscheduler(task)}


def health(phone: Client, port: int) -> dict[str, Any]:
    """A health document of this moment; the newest one is said again before."""
    asked_s = time.time() - 0.002  # documents say whole milliseconds
    paho.mqtt.publish.single("homeassistant/status", "online", port=port)
    found: dict[str, Any] = phone.wait(
        "health", lambda told: datetime.fromisoformat(told["time"]).timestamp() > asked_s
    )
    return found


@linux
def test_the_control_thread_gets_its_priority_and_no_other_one(
    daemon: Callable[..., Process], client: Connect, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    process = daemon("--config", tmp_path / "bascule.toml", "--metrics", free_port())
    phone = client(broker.port, "home")
    phone.state("standing")
    told = health(phone, broker.port)
    if permitted():
        assert prioritised(process.pid) == {process.pid: PRIORITY}
        assert (told["realtime_priority"], told["notices"]) == (PRIORITY, [])
    else:
        process.says("runs without")
        assert prioritised(process.pid) == {}
    assert phone.arm_and_start({"preset": "gentle"})["moving"]
    phone.wait("state", lambda state: state["moving"] and state["session"])
    assert phone.ask("stop")["accepted"]
    phone.wait("event", lambda event: event["kind"] == "session_ended")
    assert prioritised(process.pid).keys() <= {process.pid}


@linux
def test_what_the_system_does_not_permit_is_said_and_the_table_is_served(
    daemon: Callable[..., Process], client: Connect, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    under = WITHOUT_RIGHTS + (NOR_CAPABILITY if os.geteuid() == 0 else ())
    process = daemon("--config", tmp_path / "bascule.toml", under=under)
    phone = client(broker.port, "home")
    phone.state("standing")
    told = health(phone, broker.port)
    assert told["realtime_priority"] == 0
    [notice] = told["notices"]
    assert "a real-time priority of 10 (Operation not permitted)" in notice
    assert "LimitRTPRIO=10" in notice
    assert sum(notice in line for line in process.lines) == 1
    assert prioritised(process.pid) == {}
    assert phone.arm_and_start({"preset": "gentle"})["moving"]


@linux
def test_on_one_core_nobody_gets_a_priority(
    daemon: Callable[..., Process], client: Connect, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    """H11: a stop would wait for the control thread."""
    core = str(min(os.sched_getaffinity(0)))
    process = daemon("--config", tmp_path / "bascule.toml", under=("taskset", "--cpu-list", core))
    phone = client(broker.port, "home")
    phone.state("standing")
    told = health(phone, broker.port)
    assert "needs a second processor core" in told["notices"][0]
    assert (prioritised(process.pid), told["realtime_priority"]) == ({}, 0)


def test_a_daemon_that_was_held_up_tells_of_it(
    daemon: Callable[..., Process], client: Connect, broker: EmbeddedBroker
) -> None:
    process = daemon()
    phone = client(broker.port, "home")
    phone.state("standing")
    first = health(phone, broker.port)
    assert first["loop_jitter"]["bounds_ms"] == [0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 18.0, 50.0, 300.0, 500.0]
    process.hit(signal.SIGSTOP)
    threading.Event().wait(0.4)  # twenty telemetries, which it then reads in one go
    process.hit(signal.SIGCONT)
    before = first["loop_jitter"]["count"]
    second = until(
        lambda: (told := health(phone, broker.port))["loop_jitter"]["count"] > before + 20 and told, "it goes on"
    )
    late = [one["loop_jitter"]["count"] - one["loop_jitter"]["at_most"][8] for one in (first, second)]
    assert late[1] > late[0], "beyond 300 ms"
    gained = second["loop_jitter"]["count"] - before
    assert gained < second["telemetry"] - first["telemetry"], "those of one go count once"
    assert second["loop_step"]["count"] == second["steps"]
    assert second["loop_step"]["at_most"] == sorted(second["loop_step"]["at_most"])
    assert second["realtime_priority"] == 0
