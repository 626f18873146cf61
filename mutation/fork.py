"""Children that do one thing each: quiet, bounded in time and memory, and gone when they have answered."""

import os
import resource
import signal
import time
from collections.abc import Callable
from typing import Final

WALL_FACTOR: Final = 20
"""Chosen: the processor may be shared by many, so the clock on the wall is the last resort only."""
LIMIT_BYTES: Final = 4 << 30
"""Address space. Chosen: ten times what a run takes; a bound that was mutated away ends there."""


def fork(work: Callable[[], int]) -> int:
    """Do the work in a child that says nothing; its process id. The child's status is what `work` returns."""
    pid = os.fork()
    if pid:
        return pid
    status = 1  # whatever else ends it is a failed test
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        status = work()
    finally:
        os._exit(status)


def bound(cpu_s: float) -> None:
    """Let this process use so much processor time; a signal ends it then."""
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, cpu_s * WALL_FACTOR)
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))


class Pool:
    """So many children at a time. Each is known by a number."""

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._running: dict[int, tuple[int, float]] = {}

    @property
    def full(self) -> bool:
        """No further child before one has ended."""
        return len(self._running) >= self._processes

    @property
    def busy(self) -> bool:
        """Some child still runs."""
        return bool(self._running)

    def split(self, number: int, cpu_s: float) -> bool:
        """Fork; True in the child, which is bounded."""
        pid = os.fork()
        if pid:
            self._running[pid] = (number, time.monotonic())
            return False
        bound(cpu_s)
        return True

    def start(self, number: int, cpu_s: float, work: Callable[[], int]) -> None:
        """Do the work in a bounded child."""

        def bounded() -> int:
            bound(cpu_s)
            return work()

        self._running[fork(bounded)] = (number, time.monotonic())

    def wait(self) -> tuple[int, int, float]:
        """The next child that ends: its number, its exit status (−n where signal n ended it), and its seconds."""
        pid, status = os.wait()
        number, begin = self._running.pop(pid)
        return number, os.waitstatus_to_exitcode(status), time.monotonic() - begin
