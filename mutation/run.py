"""Tests against mutants: a process each, forked from one that has everything slow imported already.

No file is touched. The child hears the mutated source whenever somebody imports that module, and then runs pytest in
itself; it is killed when it takes too long or too much memory. Hypothesis draws the same examples each time.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import cobs.cobs  # noqa: F401  # imported here once, so that no child has to
import hypothesis.strategies
import pydantic  # noqa: F401
import pytest

from .mutants import Mutant
from .targets import ROOT, TARGETS, module_name, tests_of

LIMIT_CPU_FACTOR: Final = 4
LIMIT_CPU_S: Final = 3.0
"""A mutant may use 3 s and four times what the sound code takes: beyond that it hangs, and that is noticed."""
LIMIT_WALL_FACTOR: Final = 20
"""Chosen: the processor may be shared by many, so the clock on the wall is the last resort only."""
LIMIT_BYTES: Final = 4 << 30
"""Address space. Chosen: ten times what a run takes; a bound that was mutated away ends there."""
PYTEST: Final = ("-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-o", "addopts=", "--assert=plain")


class Sound(NamedTuple):
    """The sound code's time in one stage of tests."""

    tests: tuple[str, ...]
    seconds: float


class Result(NamedTuple):
    """Whether the tests noticed a mutant. `seconds`: of all its stages; None where time was up before its turn."""

    mutant: Mutant
    killed: bool
    seconds: float | None


class BrokenTestsError(Exception):
    """The tests fail, or find nothing, without any mutant: nothing can be said."""


class _Mutated(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, source: str) -> None:
        super().__init__(name, path)
        self._source = source

    def get_data(self, path: str) -> bytes:
        return self._source.encode()

    def path_stats(self, path: str) -> dict[str, float]:
        raise OSError("no cache: this source is on no disk")


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, name: str, path: str, source: str) -> None:
        self._name, self._path, self._source = name, path, source

    def find_spec(self, fullname: str, *_: object) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        loader = _Mutated(fullname, self._path, self._source)
        return importlib.util.spec_from_file_location(fullname, self._path, loader=loader)


def plant(mutant: Mutant) -> None:
    """From here on this process imports the mutant instead of the sound module."""
    name = module_name(mutant.file)
    assert name not in sys.modules
    sys.meta_path.insert(0, _Finder(name, str(ROOT / mutant.file), mutant.source))


def prepare(cache: str) -> None:
    """What every child inherits. `cache`: a folder for compiled code, so that the run of the sound code warms it."""
    sys.dont_write_bytecode, sys.pycache_prefix = False, cache
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.chdir(ROOT)
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile("mutation", derandomize=True, database=None, deadline=None, phases=phases)
    hypothesis.settings.load_profile("mutation")
    gc.freeze()


def fork(work: Callable[[], int], cpu_s: float, wall_s: float) -> int:
    """Do the work in a child that says nothing; its process id. The child's status is what `work` returns."""
    pid = os.fork()
    if pid:
        return pid
    status = 1  # whatever else ends it is a failed test
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(null, stream)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_PROF, cpu_s)
        signal.setitimer(signal.ITIMER_REAL, wall_s)
        resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
        status = work()
    finally:
        os._exit(status)


def ended(status: int) -> int:
    """The exit status of a child, −n where signal n ended it."""
    return os.waitstatus_to_exitcode(status)


def sound(file: str) -> list[Sound]:
    """Run the stages of a file's tests without a mutant. BrokenTestsError where they do not pass."""
    stages: list[Sound] = []
    for stage in TARGETS[file]:
        tests = tests_of(stage)
        begin = time.monotonic()
        _, status = os.waitpid(fork(lambda tests=tests: _pytest(tests), 600.0, 600.0), 0)  # type: ignore[misc]
        if ended(status) != pytest.ExitCode.OK:
            raise BrokenTestsError(f"{file}: without any mutant, {' '.join(tests)} ended with {ended(status)}")
        stages.append(Sound(tuple(tests), time.monotonic() - begin))
    return stages


def _pytest(tests: Sequence[str]) -> int:
    return int(pytest.main([*PYTEST, *tests]))


def _noticed(mutant: Mutant, tests: Sequence[str]) -> int:
    plant(mutant)
    return _pytest(tests)


class _Job(NamedTuple):
    mutant: Mutant
    stages: tuple[Sound, ...]
    seconds: float


def run(
    jobs: Iterable[tuple[Mutant, Sequence[Sound]]], processes: int, until_s: float, tell: Callable[[Result], None]
) -> list[Result]:
    """Run every mutant against its stages until one notices it. Nothing begins after `until_s` (monotonic)."""
    waiting = deque(_Job(mutant, tuple(stages), 0.0) for mutant, stages in jobs)
    running: dict[int, tuple[_Job, float]] = {}
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        tell(result)

    while waiting or running:
        while waiting and len(running) < processes:
            job = waiting.popleft()
            if time.monotonic() >= until_s:
                done(Result(job.mutant, False, None))
                continue
            stage = job.stages[0]
            cpu_s = LIMIT_CPU_S + LIMIT_CPU_FACTOR * stage.seconds
            pid = fork(lambda job=job: _noticed(job.mutant, job.stages[0].tests), cpu_s, LIMIT_WALL_FACTOR * cpu_s)  # type: ignore[misc]
            running[pid] = (job, time.monotonic())
        if running:
            pid, status = os.wait()
            job, begin = running.pop(pid)
            seconds = job.seconds + time.monotonic() - begin
            killed = ended(status) != pytest.ExitCode.OK
            if not killed and len(job.stages) > 1:
                waiting.appendleft(_Job(job.mutant, job.stages[1:], seconds))
            else:
                done(Result(job.mutant, killed, seconds))
    return results
