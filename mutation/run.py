"""Tests against mutants: a process each, forked from one that has everything slow imported already.

No file is touched. First the quick way (quick.py); what that does not settle gets a process that hears the mutated
source whenever somebody imports the module. Hypothesis draws the same examples each time.
"""

import gc
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import cobs.cobs  # noqa: F401  # imported here once, so that no child has to
import hypothesis.strategies
import pydantic  # noqa: F401
import pytest

from . import quick
from .fork import Pool
from .mutants import Mutant
from .order import CheapFirst, Stopwatch
from .targets import ROOT, TARGETS, module_name, tests_of

CPU_FACTOR: Final = 4
CPU_S: Final = 3.0
"""A mutant may use 3 s and four times what the sound code takes: beyond that it hangs, and that is noticed."""
SOUND_S: Final = 600.0
"""For the sound code. Chosen: ten times what the slowest stage takes."""
PYTEST: Final = ("-x", "-q", "--tb=no", "--no-header", "-p", "no:cacheprovider", "-o", "addopts=", "--assert=plain")


class Stage(NamedTuple):
    """Some tests, the seconds that the sound code takes in them, and the file that has them by test."""

    tests: tuple[str, ...]
    seconds: float
    times: Path

    def pytest(self, *plugins: object) -> int:
        """Run them in this process."""
        return int(pytest.main([*PYTEST, *self.tests], [CheapFirst(self.times), *plugins]))

    @property
    def cpu_s(self) -> float:
        """What a mutant may use."""
        return CPU_S + CPU_FACTOR * self.seconds


class Result(NamedTuple):
    """Whether the tests noticed a mutant. `seconds`: of all its processes; None where time was up before its turn."""

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


def stages_of(file: str) -> list[Stage]:
    """Run the stages of a file's tests without a mutant. BrokenTestsError where they do not pass."""
    if module_name(file) in sys.modules:
        raise BrokenTestsError(f"{file}: the checker itself has loaded it, so no mutant of it can be planted")
    stages: list[Stage] = []
    for patterns in TARGETS[file]:
        tests = tests_of(patterns)
        handle, times = tempfile.mkstemp(".json", dir=sys.pycache_prefix)
        os.close(handle)
        pool = Pool(1)
        pool.start(0, SOUND_S, partial(pytest.main, [*PYTEST, *tests], [Stopwatch(Path(times))]))
        _, status, seconds = pool.wait()
        if status != pytest.ExitCode.OK:
            raise BrokenTestsError(f"{file}: without any mutant, {' '.join(tests)} ended with {status}")
        stages.append(Stage(tuple(tests), seconds, Path(times)))
    return stages


def run(
    file: str, mutants: Sequence[Mutant], processes: int, until_s: float, tell: Callable[[Result], None]
) -> list[Result]:
    """Run each mutant of a file against its stages until one notices it. Nothing begins after `until_s` (monotonic)."""
    stages = stages_of(file)
    settled = quick.noticed(file, mutants, stages[0].pytest, stages[0].cpu_s, processes, until_s)
    results = [Result(mutants[index], True, seconds) for index, seconds in settled.items()]
    for result in results:
        tell(result)
    left = [mutant for index, mutant in enumerate(mutants) if index not in settled]
    return results + _slowly(left, stages, processes, until_s, tell)


def _noticed(mutant: Mutant, stage: Stage) -> int:
    plant(mutant)
    return stage.pytest()


def _slowly(
    mutants: Sequence[Mutant], stages: Sequence[Stage], processes: int, until_s: float, tell: Callable[[Result], None]
) -> list[Result]:
    """A new import for each mutant, stage after stage."""
    waiting = deque((index, 0) for index in range(len(mutants)))
    stage_of: dict[int, int] = {}
    spent = [0.0] * len(mutants)
    results: list[Result] = []

    def done(result: Result) -> None:
        results.append(result)
        tell(result)

    pool = Pool(processes)
    while waiting or pool.busy:
        while waiting and not pool.full:
            index, number = waiting.popleft()
            mutant, stage = mutants[index], stages[number]
            if time.monotonic() >= until_s:
                done(Result(mutant, False, None))
                continue
            stage_of[index] = number
            pool.start(index, stage.cpu_s, partial(_noticed, mutant, stage))
        if pool.busy:
            index, status, seconds = pool.wait()
            spent[index] += seconds
            killed = status != pytest.ExitCode.OK
            if killed or stage_of[index] + 1 == len(stages):
                done(Result(mutants[index], killed, spent[index]))
            else:
                waiting.appendleft((index, stage_of[index] + 1))
    return results
