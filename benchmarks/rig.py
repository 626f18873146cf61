"""What the benchmarks with real processes share: compiled floors, brokers, simulated units, cables, daemons."""

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bascule.broker import find_mosquitto, mosquitto_config
from protocol.link import STOP_FRAME

from .measure import BenchError

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = Path(__file__).with_name("c")
FLAGS: Final = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror")
NEEDS: Final = {"cable": ("-lutil",), "stop_floor": ("-lmosquitto", "-lpthread"), "pace": ()}
PATIENCE_S: Final = 120.0
"""Chosen: a machine on which much else runs may take so long to start a program."""
BASE: Final = "bascule"
GAP_S, JITTER_S = 0.02, 0.01
"""From one answer to the next stop, and at most so much more, so that they do not keep step with the telemetry."""
SLOW_S, QUIET_S = 0.03, 0.15
"""The daemon repeats a stop that telemetry does not confirm, every 60 ms: what a slow one may have left on its way."""


@cache
def folder() -> Path:
    """For everything of this run; gone with it."""
    path = Path(tempfile.mkdtemp(prefix="bascule-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def compiled(name: str) -> str:
    """A program out of a C file. BenchError says what is missing."""
    if shutil.which("gcc") is None:
        raise BenchError("no gcc: apt-get install gcc libc6-dev")
    program = folder() / name
    command = ["gcc", *FLAGS, "-o", str(program), str(SOURCES / f"{name}.c"), *NEEDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        if "mosquitto.h" in done.stderr:
            raise BenchError("no libmosquitto: apt-get install libmosquitto-dev")
        raise BenchError(f"{name}.c does not compile: {done.stderr.strip()[:300]}")
    return str(program)


def comes(wanted: Callable[[], object], patience_s: float) -> bool:
    """Wait until something is true; whether it came in time."""
    end_s = time.monotonic() + patience_s
    while not wanted():
        if time.monotonic() > end_s:
            return False
        time.sleep(0.01)
    return True


def until(wanted: Callable[[], object], what: str) -> None:
    """Wait until something is true. BenchError if it takes too long."""
    if not comes(wanted, PATIENCE_S):
        raise BenchError(f"not within {PATIENCE_S:.0f} s: {what}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@cache
def environment() -> dict[str, str]:
    """With compiled files kept, as every installation has them, also where Python is told to leave none behind."""
    known = dict(os.environ)
    if known.pop("PYTHONDONTWRITEBYTECODE", None):
        known["PYTHONPYCACHEPREFIX"] = str(folder() / "compiled")
    return known


class Program:
    """A process with its log in a file; killed at the end of its context."""

    def __init__(self, *command: str, name: str = "program", pipes: bool = False) -> None:
        self.log = folder() / f"{name}-{time.monotonic_ns()}.log"
        pipe = subprocess.PIPE if pipes else None
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=pipe or subprocess.DEVNULL, stdout=pipe or log, stderr=log, cwd=ROOT, text=pipes,
                env=environment(),
            )  # fmt: skip
        self.pid = self.process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what it did not read any more
                    pipe.close()

    def check(self) -> None:
        """BenchError, with its last words, if it has ended."""
        if self.process.poll() is not None:
            last = self.log.read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise BenchError(f"{self.log.stem.rpartition('-')[0]} ended by itself: {' '.join(last)}")

    def says(self, words: str) -> None:
        """Wait until these words stand in its log."""

        def said() -> bool:
            self.check()
            return words in self.log.read_text("utf-8", "replace")

        until(said, f"{words!r} from {self.log.stem}")


def python(*arguments: str) -> tuple[str, ...]:
    """The command line of a module."""
    return (sys.executable, "-m", *arguments)


class Broker(Program):
    """A Mosquitto. `nodelay` false: as it comes, with Nagle's algorithm at work."""

    def __init__(self, nodelay: bool = True) -> None:
        program = find_mosquitto()
        if program is None:
            raise BenchError("no Mosquitto: apt-get install mosquitto")
        self.port = free_port()
        config = folder() / f"broker-{self.port}.conf"
        lines = mosquitto_config("127.0.0.1", self.port, None)
        config.write_text(lines if nodelay else lines.replace("set_tcp_nodelay true\n", ""))
        super().__init__(program, "-c", str(config), name="mosquitto")
        until(self._accepts, "a broker")

    def _accepts(self) -> bool:
        self.check()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
            return True
        return False


def simulator(held: ExitStack, name: str) -> str:
    """A simulated table in a process of its own; the terminal it is found at."""
    link = folder() / f"{name}.unit"
    one = held.enter_context(Program(*python("bascule", "simulate", "--pty", str(link)), name=f"simulator-{name}"))
    one.says("simulated table")
    return str(link)


def daemon_command(table: str, port: str, broker: Broker, entry: str = "bascule") -> tuple[str, ...]:
    """The real daemon of a table. `entry`: a module that ends up in `bascule`'s command line."""
    return (
        *python(entry, "run", "--port", port, "--table", table, "--broker", f"mqtt://127.0.0.1:{broker.port}"),
        *("--data", str(folder() / f"data-{table}")),
    )


class Cable(Program):
    """`c/cable.c`: between a unit and whatever is at `port`, with a hand that presses stop over MQTT."""

    def __init__(self, unit: str, name: str, broker: Broker) -> None:
        self.port = str(folder() / f"{name}.port")
        topic = f"{BASE}/{name}/command/stop"
        super().__init__(
            compiled("cable"), unit, self.port, STOP_FRAME.strip(b"\0").hex(), str(broker.port), topic,
            name=f"cable-{name}", pipes=True,
        )  # fmt: skip
        if self._line() != "ready":
            self.process.wait()
            self.check()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return str(self.process.stdout.readline()).strip()

    def _ask(self, words: str) -> list[list[int]]:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        lines = []
        while (line := self._line()) != "end":
            if not line:
                raise BenchError("the cable ended by itself")
            lines.append([int(word) for word in line.split()])
        return lines

    def stops_s(self, count: int, slow_s: float = SLOW_S, quiet_s: float = QUIET_S) -> list[float]:
        """Seconds from each published stop to its frame's last byte. A stop that never came is BenchError.

        After one that took `slow_s`, the next one waits until no stop frame has come for `quiet_s`.
        """
        times_us = [round(seconds * 1e6) for seconds in (GAP_S, JITTER_S, slow_s, quiet_s)]
        given = [ns for [ns] in self._ask("stops {} {} {} {} {}".format(count, *times_us))]
        if lost := sum(ns < 0 for ns in given):
            raise BenchError(f"{lost} of {count} stops did not reach the port within half a second")
        return [ns / 1e9 for ns in given]

    def answered(self) -> bool:
        """Whether one stop gets through."""
        return self._ask("stops 1 1 0 0 0")[0][0] >= 0

    def answers_s(self, count: int) -> list[tuple[float, float]]:
        """When each telemetry was passed on, and when the answer to it was there. Monotonic seconds."""
        given = [(passed / 1e9, seen / 1e9) for passed, seen in self._ask(f"answers {count}")]
        if len(given) < count:
            raise BenchError("the daemon answers no telemetry any more")
        return given


def cpu_s(pid: int) -> float:
    """Seconds of the processor that a process has needed, all threads that still live."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns / 1e9


def resident_mb(pid: int) -> float:
    """Resident memory in MB of a million bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) * 1024 / 1e6
