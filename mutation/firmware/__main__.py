"""`python -m mutation.firmware`: plant bugs in the firmware, run the tests that have to notice, tell what they miss."""

import argparse
import difflib
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ..changed import NoBaseError, changed_lines_of
from ..mutants import Mutant
from ..run import BrokenTestsError, prepare
from ..targets import ROOT
from . import waivers
from .build import Host
from .chip import Chip
from .choice import safety
from .operators import mutants
from .run import CHIP_SUITE, SUITE, Outcome, Result, Times, first_tests, kept, run, sound

CHANGED_S: Final = 60.0
"""Chosen: what a change may wait for in CI. What was not reached by then is told, and is no failure."""
FIRST: Final = Path(__file__).with_name("first.json")
"""By function, the tests that noticed most in the last whole run: they are asked first."""
ELSEWHERE: Final = {"kernel.c", "kernel.h", "wire.h"}
"""The kernel is planted by tests/firmware/kernel_twin.py; wire.h is rendered from protocol/messages.py."""
CORE: Final = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "firmware" / "core").glob("*.[ch]")
    if path.name not in ELSEWHERE
)
AVR: Final = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "firmware" / "avr").glob("*.[ch]"))
HEAD: Final = ("file", "mutants", "noticed", "waived", "survived", "not run", "seconds")


class Row(NamedTuple):
    """The figures of one file, without what the compiler makes nothing of. `seconds`: of all its processes together."""

    file: str
    mutants: int
    noticed: int
    waived: int
    survived: int
    not_run: int
    seconds: float


class Report(NamedTuple):
    """What was found. `wrong`: waivers that do not hold, name no mutant, or are not needed."""

    rows: list[Row]
    survivors: list[Result]
    wrong: list[str]

    @property
    def clean(self) -> bool:
        """Every mutant that ran was noticed, or is waived."""
        return not self.survivors and not self.wrong


def planted(files: Sequence[str], base: str | None, pattern: str) -> list[Mutant]:
    """The mutants that are asked for."""
    found: list[Mutant] = []
    for file in files:
        lines = None if base is None else changed_lines_of(file, base)
        if lines is None or lines:
            found += mutants(file, (ROOT / file).read_text("utf-8"), lines)
    return [mutant for mutant in found if re.search(pattern, named(mutant))]


def named(mutant: Mutant) -> str:
    """`firmware/core/ladder.c:106 judge_angle: what stands there → what comes`."""
    out, into = waivers.change(mutant)
    return f"{mutant.file}:{mutant.first_line} {mutant.scope}: {out} → {into}"


def judged(results: Sequence[Result], whole: bool) -> Report:
    """The table and the claims."""
    claims = waivers.read()
    report = Report([], [], [])
    for file in sorted({result.mutant.file for result in results}):
        own = [r for r in results if r.mutant.file == file and r.outcome not in (Outcome.NO_CODE, Outcome.SAME_CODE)]
        counts = {"noticed": 0, "waived": 0, "survived": 0, "not_run": 0}
        for result in own:
            counts[_kind(result, claims, report)] += 1
        report.rows.append(Row(file, len(own), **counts, seconds=sum(result.seconds for result in own)))
    if whole:
        unknown = waivers.unknown(claims, [result.mutant for result in results])
        report.wrong.extend(f"{waivers.named(claim)}: there is no such mutant" for claim in unknown)
    return report


def _kind(result: Result, claims: Sequence[waivers.Waiver], report: Report) -> str:
    claim = waivers.of(result.mutant, claims)
    if result.outcome == Outcome.NOT_RUN:
        return "not_run"
    if result.outcome == Outcome.NOTICED:
        if claim is not None:
            report.wrong.append(f"{waivers.named(claim)}: {result.killer} notices it")
        return "noticed"
    if claim is not None:
        return "waived"
    report.survivors.append(result)
    return "survived"


class Progress:
    """One line on standard error that counts, where somebody looks; what survives, at once."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0

    def __call__(self, result: Result) -> None:
        self._done += 1
        if result.outcome in (Outcome.SURVIVED, Outcome.SAME_WORDS):
            sys.stderr.write(f"\r{result.outcome.name.lower()} {result.seconds:.0f} s: {named(result.mutant)}\n")
        if sys.stderr.isatty() or self._done % 100 == 0:
            sys.stderr.write(f"\r{self._done}/{self._total}")
            sys.stderr.flush()


def difference(mutant: Mutant) -> str:
    """What a mutant changes, with the lines around it."""
    before = (ROOT / mutant.file).read_text("utf-8").splitlines()
    lines = difflib.unified_diff(before, mutant.source.splitlines(), mutant.file, mutant.scope, n=2, lineterm="")
    return "\n".join(lines)


def as_text(report: Report) -> str:
    """The table, and each survivor as a diff."""
    total = Row("all", *(sum(column) for column in zip(*(row[1:] for row in report.rows), strict=True)))
    cells = [HEAD, *((*map(str, row[:-1]), f"{row.seconds:.0f}") for row in (*report.rows, total))]
    widths = [max(len(row[i]) for row in cells) for i in range(len(HEAD))]
    table = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join([*(difference(one.mutant) + "\n" for one in report.survivors), *report.wrong, *table]) + "\n"


def as_json(report: Report) -> str:
    """The same for machines."""
    survivors = [
        {"file": one.mutant.file, "line": one.mutant.first_line, "scope": one.mutant.scope,
         "heard": one.outcome != Outcome.SAME_WORDS, "diff": difference(one.mutant)}
        for one in report.survivors
    ]  # fmt: skip
    document = {"files": [row._asdict() for row in report.rows], "survivors": survivors, "wrong_waivers": report.wrong}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m mutation.firmware", description=__doc__)
    parser.add_argument("pattern", nargs="?", default="", help="only mutants whose name (see --list) has this in it")
    parser.add_argument(
        "--changed", nargs="?", const="HEAD~1", metavar="BASE",
        help=f"only lines that differ from BASE (HEAD~1), for at most {CHANGED_S:.0f} s",
    )  # fmt: skip
    parser.add_argument(
        "--safety", action="store_true", help="only a choice of limits, leases, latches and the watchdog"
    )
    parser.add_argument("--list", action="store_true", help="name the mutants and run nothing")
    parser.add_argument("--learn", action="store_true", help=f"write {FIRST.name}: which tests to ask first")
    parser.add_argument(
        "--record", type=Path, metavar="FOLDER",
        help="keep there what the sound firmware answers the tests, and use it again: while neither changes",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, default=2, metavar="J", help="processes at a time (2)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(words)
    if given.jobs < 1:
        parser.error("--jobs needs at least one process")
    return given


def recorded(builder: Host, folder: Path) -> Times:
    """What the tests ask of the sound firmware, asked now or before."""
    folder.mkdir(exist_ok=True)
    return kept(folder) or sound(builder, folder, SUITE)


def work(todo: Sequence[Mutant], given: argparse.Namespace, tell: Callable[[Result], None]) -> list[Result]:
    """Build, run the sound firmware, then each mutant: of the core on this machine, of the registers on the chip."""
    first: dict[str, list[str]] = json.loads(FIRST.read_text("utf-8")) if FIRST.exists() else {}
    until_s = time.monotonic() + CHANGED_S if given.changed else float("inf")
    quick = given.changed or given.safety
    core = [mutant for mutant in todo if mutant.file in CORE]
    registers = [mutant for mutant in todo if mutant.file in AVR]
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="bascule-mutants-") as name:
        prepare(str(Path(name) / "cache"))
        if core:
            folder = Path(name) / "core"
            folder.mkdir()
            host = Host(folder)
            times = Times({}, None) if quick else recorded(host, given.record or folder)
            results += run(core, host, folder, times, SUITE, given.jobs, until_s, first, tell)
        if registers:
            folder = Path(name) / "avr"
            folder.mkdir()
            results += run(
                registers, Chip(folder), folder, Times({}, None), CHIP_SUITE, given.jobs, until_s, first, tell
            )
    if given.learn:
        FIRST.write_text(json.dumps(first_tests(results, first), indent=1) + "\n", "utf-8")
    return results


def main(words: Sequence[str] | None = None) -> int:
    """0 when every planted bug was noticed, 1 when not, 2 when nothing can be said."""
    given = arguments(words)
    try:
        todo = planted([*CORE, *AVR], given.changed, given.pattern)
        if given.safety:
            todo = safety(todo)
        if given.list:
            sys.stdout.write("".join(f"{named(mutant)}\n" for mutant in todo))
            return 0
        if not todo:
            sys.stdout.write("Nothing to plant has changed.\n")
            return 0
        if given.changed:
            random.Random(0).shuffle(todo)  # so that what is reached in time is spread over all that changed
        results = work(todo, given, Progress(len(todo)))
        report = judged(results, whole=not (given.changed or given.pattern or given.safety))
    except (BrokenTestsError, NoBaseError, waivers.WaiverError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(as_json(report) if given.json else as_text(report))
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
