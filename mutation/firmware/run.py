"""Tests against mutants of the core: collected once, then a child for each mutant that compiles it and runs them.

A whole run first records what every test asks of the sound firmware. A mutant that answers a test in the same words
cannot be noticed by it: of the tests that hear something else, those that noticed most in the same function come first.
"""

import ctypes
import json
import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from ..fork import Pool, fork
from ..mutants import Mutant
from ..order import Stopwatch
from ..run import PYTEST, BrokenTestsError
from ..targets import ROOT
from .build import Host, NotBuiltError, Objects, face
from .record import Library, Record, Recorder

CONSTANTS: Final = "tests/firmware/test_constants.py"
SUITE: Final = (
    "tests/firmware/test_framing.py", "tests/firmware/test_link.py", CONSTANTS, "tests/firmware/test_parts.py",
    "tests/firmware/test_motion.py", "tests/firmware/test_table.py", "tests/firmware/test_walk.py",
    "tests/firmware/test_trace.py",
)  # fmt: skip
"""What has to notice. The kernel has its own planted differences: tests/firmware/kernel_twin.py."""
CHIP_SUITE: Final = ("tests/emulated/test_pins.py", "tests/emulated/test_unit.py")
"""What has to notice where registers are concerned: the chip is emulated."""
PARTS: Final = "tests/firmware/test_parts.py"
MOTION: Final = "tests/firmware/test_motion.py"
UNRECORDED: Final = {
    "framing.c": SUITE[:2], "framing.h": SUITE[:2], "link.c": SUITE[:2],
    "angle.c": (f"{PARTS}::test_an_angle", f"{PARTS}::test_sensors"),
    "voting.c": (f"{PARTS}::test_votes", f"{PARTS}::test_a_sensor", f"{PARTS}::test_sensors"),
    "voting.h": (f"{PARTS}::test_sensors",),
    "brake.c": (f"{PARTS}::test_the_brake", f"{PARTS}::test_a_brake", f"{PARTS}::test_sensors"),
    "watch.c": (
        f"{PARTS}::test_progress", f"{PARTS}::test_no_progress", f"{PARTS}::test_sums", f"{PARTS}::test_a_stall",
    ),
    "supply.c": (f"{PARTS}::test_supply",),
    "exposure.c": (f"{PARTS}::test_exposure", f"{PARTS}::test_an_episode"),
    "memory.c": (f"{PARTS}::test_exposure", f"{PARTS}::test_memory", f"{PARTS}::test_a_lost"),
    "ladder.c": (f"{PARTS}::test_the_ladder",),
    "unit.c": (f"{PARTS}::test_a_sample", f"{PARTS}::test_nothing_is_told"),
    "motion.c": (MOTION,),
    "grant.c": (f"{PARTS}::test_leases", f"{PARTS}::test_a_target"),
    "drive.c": (f"{PARTS}::test_power", f"{PARTS}::test_the_reference", f"{PARTS}::test_the_follower"),
    "drive.h": (PARTS,), "fixed.c": (PARTS,), "fixed.h": (PARTS,),
}  # fmt: skip
"""File → tests that ask its functions past the unit, so that no record tells whether they could notice."""
DIRECT: Final = (*SUITE[:2], CONSTANTS, PARTS, MOTION)
"""Never asked about any other file."""
SOUND_S: Final = 900.0
BUILD_S: Final = 60.0
HANG_S: Final = 3.0
"""Processor time that one test may take beyond four times its own: what takes longer hangs, and that is noticed."""
REPLAY_S: Final = 10.0
BUDGET_S: Final = 20.0
"""Processor time for one mutant. Chosen: the tests that can notice are a handful. What survives that long is told."""
CHIP_BUDGET_S: Final = 90.0
"""All of them, because nothing tells which could notice."""
UNKNOWN_S: Final = 8.0
"""For a test that was not timed. Chosen: four times the slowest of the emulated chip."""
CONTROL_S: Final = 5.0
LIKELY: Final = 4
"""So many of the tests that noticed most in a function are run before anything is compared."""
PAST: Final = 90


class Outcome(IntEnum):
    """How a mutant ended. The first five are exit codes of its process; `NOTICED` stands for all others."""

    SURVIVED = 0
    NOTICED = 1
    NO_CODE = PAST
    SAME_CODE = PAST + 1
    SAME_WORDS = PAST + 2
    NOT_RUN = PAST + 3


NOTHING: Final = "(nothing)"
CONTROL: Final = 'static const char does_nothing[] __attribute__((used)) = "control";\n'
"""Behind a sound file it changes the code and nothing else: what notices that, notices anything."""


class Result(NamedTuple):
    """One mutant. `killer`: the test that noticed it. `seconds`: of its process."""

    mutant: Mutant
    outcome: Outcome
    killer: str
    seconds: float


class Times(NamedTuple):
    """What the sound run left: seconds by test, and the record."""

    seconds: dict[str, float]
    record: Path | None


class _Sound:
    """A plugin: the tests on the sound firmware, recorded."""

    def __init__(self, library: Path, recorder: Recorder) -> None:
        self._library, self._recorder = library, recorder

    def pytest_sessionstart(self) -> None:
        """Before anything is loaded."""
        face("table").compile_library = lambda sources, to: Library(ctypes.CDLL(str(self._library)), self._recorder)


def kept(folder: Path) -> Times | None:
    """What `sound` left in a folder, if it did."""
    if not (folder / "tests").exists():
        return None
    return Times(json.loads((folder / "times.json").read_text("utf-8")), folder)


def sound(builder: Host, folder: Path, tests: Sequence[str]) -> Times:
    """Run the tests without any mutant. BrokenTestsError where they do not pass."""
    times, library = folder / "times.json", builder.sound()

    def work() -> int:
        recorder = Recorder(folder)
        return int(pytest.main([*PYTEST, *tests], [Stopwatch(times), recorder, _Sound(library, recorder)]))

    pool = Pool(1)
    pool.start(0, SOUND_S, work)
    _, status, _ = pool.wait()
    if status != pytest.ExitCode.OK:
        raise BrokenTestsError(f"without any mutant, {' '.join(tests)} ended with {status}")
    return Times(json.loads(times.read_text("utf-8")), folder)


class Planter:
    """A plugin: where pytest would run the tests, it does so in a child for each mutant."""

    def __init__(
        self, mutants: Sequence[Mutant], builder: Objects, folder: Path, times: Times, processes: int, until_s: float,
        first: dict[str, list[str]], tell: Callable[[str], object],
    ) -> None:  # fmt: skip
        self._mutants, self._builder, self._folder, self._times = mutants, builder, folder, times
        self._pool, self._until_s, self._tell = Pool(processes), until_s, tell
        self._record = Record(times.record) if times.record else None
        self._kills: dict[str, Counter[str]] = {
            scope: Counter({test: 3 - at for at, test in enumerate(tests)}) for scope, tests in first.items()
        }

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Returns in the children only; the process that forks them ends here."""
        for number, mutant in enumerate(self._mutants):
            if self._pool.full:
                self._reap()
            if time.monotonic() >= self._until_s:
                self._tell(f"{number} {int(Outcome.NOT_RUN)} 0 -\n")
                continue
            (self._folder / str(number)).mkdir()
            if self._pool.split(number, BUILD_S):
                self._try(mutant, number, session)
                return True
        while self._pool.busy:
            self._reap()
        os._exit(0)

    def _try(self, mutant: Mutant, number: int, session: pytest.Session) -> None:
        """In a child: the likely tests first, then those that hear something else. Ends it where nobody can notice."""
        folder = self._folder / str(number)
        self._build(mutant, folder)
        name = Path(mutant.file).name
        direct = (*UNRECORDED.get(name, ()), *((f"{CONSTANTS}::test_the",) if mutant.scope.isupper() else ()))
        likely = [test for test, _ in self._kills.get(_place(mutant), Counter()).most_common(LIKELY)]
        seconds, killer = self._times.seconds, folder / "killer"
        first = [item for item in session.items if item.nodeid in likely or item.nodeid.startswith(direct)]
        first = [item for item in first if CONSTANTS not in item.nodeid or _about(item, name)]
        first.sort(key=lambda item: likely.index(item.nodeid) if item.nodeid in likely else LIKELY)
        budget_s = BUDGET_S if isinstance(self._builder, Host) else CHIP_BUDGET_S
        if mutant.scope == NOTHING:
            budget_s = CONTROL_S
        if not self._pass(first, session, killer, budget_s):
            return
        others = [item for item in session.items if item not in first and not item.nodeid.startswith(DIRECT)]
        if self._record is not None and isinstance(self._builder, Host):
            killer.write_text("hangs", "utf-8")
            signal.setitimer(signal.ITIMER_PROF, REPLAY_S)
            apart = self._record.apart(self._builder.library)
            if not apart:
                os._exit(Outcome.SAME_WORDS)
            others = [item for item in others if item.nodeid in apart]
        self._pass(sorted(others, key=lambda item: seconds.get(item.nodeid, 1.0)), session, killer, budget_s)

    def _build(self, mutant: Mutant, folder: Path) -> None:
        try:
            objects = self._builder.objects(mutant, folder)
            if self._builder.does_the_same(mutant, objects):
                os._exit(Outcome.SAME_CODE)
            self._builder.plant(mutant, folder, objects)
        except NotBuiltError:
            os._exit(Outcome.NO_CODE)

    def _pass(self, items: Sequence[pytest.Item], session: pytest.Session, killer: Path, budget_s: float) -> bool:
        """Run these, each in its time, until one fails or time is up; whether they passed."""
        for item, following in zip(items, [*items[1:], None][: len(items)], strict=True):
            if time.process_time() > budget_s:
                os._exit(Outcome.SURVIVED)
            killer.write_text(item.nodeid, "utf-8")
            signal.setitimer(signal.ITIMER_PROF, HANG_S + 4 * self._times.seconds.get(item.nodeid, UNKNOWN_S))
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.shouldfail or session.testsfailed:
                return False
        return True

    def _reap(self) -> None:
        number, status, seconds = self._pool.wait()
        place = self._folder / str(number)
        killer = place / "killer"
        test = killer.read_text("utf-8") if killer.exists() else "-"
        if status not in (Outcome.SURVIVED, *range(PAST, PAST + 4)):
            self._kills.setdefault(_place(self._mutants[number]), Counter())[test] += 1
        shutil.rmtree(place)
        self._tell(f"{number} {status} {seconds:.3f} {test}\n")


def _about(item: pytest.Item, name: str) -> bool:
    """Whether a test of constants looks at this file."""
    return f"[{name}]" in item.nodeid or (name == "drive.c" and "cosines" in item.nodeid)


def _place(mutant: Mutant) -> str:
    return f"{Path(mutant.file).name} {mutant.scope}"


def run(
    mutants: Sequence[Mutant], builder: Objects, folder: Path, times: Times, tests: Sequence[str], processes: int,
    until_s: float, first: dict[str, list[str]], tell: Callable[[Result], None],
) -> list[Result]:  # fmt: skip
    """Run each mutant. Nothing begins after `until_s` (monotonic)."""
    reading, writing = os.pipe()
    control = _control(mutants[0])
    mutants = [control, *mutants]

    def collect() -> int:
        os.close(reading)
        planter = Planter(
            mutants, builder, folder, times, processes, until_s, first, lambda line: os.write(writing, line.encode())
        )
        return int(pytest.main([*PYTEST, *tests], [planter]))

    pid = fork(collect)
    os.close(writing)
    results: list[Result] = []
    with os.fdopen(reading) as lines:
        for line in lines:
            number, status, seconds, killer = line.rstrip("\n").split(" ", 3)
            if int(status) > 0 and int(status) not in [*Outcome]:
                raise BrokenTestsError(f"the tests ended with {status} in {killer}, which is nobody's failure")
            outcome = Outcome.NOTICED if int(status) < 0 else Outcome(int(status))
            result = Result(mutants[int(number)], outcome, killer, float(seconds))
            if result.mutant is control:
                if outcome not in (Outcome.SURVIVED, Outcome.SAME_WORDS):
                    raise BrokenTestsError(f"a change that does nothing ended as {outcome.name} in {killer}")
                continue
            results.append(result)
            tell(result)
    os.waitpid(pid, 0)
    mutants = mutants[1:]
    if len(results) != len(mutants):
        raise BrokenTestsError(f"the tests answered for {len(results)} of {len(mutants)} mutants")
    return results


def _control(like: Mutant) -> Mutant:
    return Mutant(like.file, NOTHING, 1, 1, (ROOT / like.file).read_text("utf-8") + CONTROL)


def first_tests(results: Iterable[Result], known: dict[str, list[str]], count: int = 3) -> dict[str, list[str]]:
    """By function, the tests that noticed most."""
    kills: dict[str, Counter[str]] = {}
    for result in results:
        if result.outcome == Outcome.NOTICED and result.killer != "-":
            kills.setdefault(_place(result.mutant), Counter())[result.killer] += 1
    found = {place: [test for test, _ in counted.most_common(count)] for place, counted in kills.items()}
    return dict(sorted((known | found).items()))
