"""`python -m mutation`: plant bugs, run the tests that have to notice, say which they missed."""

import argparse
import difflib
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Final, NamedTuple

from . import waivers
from .changed import NoBaseError, changed_lines_of
from .mutants import Mutant, mutants
from .run import BrokenTestsError, Result, prepare, run
from .targets import ROOT, TARGETS

CHANGED_S: Final = 60.0
"""Chosen: what a change may wait for in CI. What was not reached by then is told, and is no failure."""
HEAD: Final = ("file", "mutants", "killed", "waived", "survived", "not run", "seconds")


class Row(NamedTuple):
    """The figures of one file. `seconds`: of all its processes together."""

    file: str
    mutants: int
    killed: int
    waived: int
    survived: int
    not_run: int
    seconds: float


class Report(NamedTuple):
    """What was found. `wrong`: waivers that do not hold, name no mutant, or are not needed."""

    rows: list[Row]
    survivors: list[Mutant]
    wrong: list[str]

    @property
    def clean(self) -> bool:
        """Every mutant that ran was noticed, or is proved to do the same."""
        return not self.survivors and not self.wrong


def chosen(file: str, base: str | None) -> list[Mutant]:
    """The mutants of a file, or those on its lines that differ from a base commit."""
    lines = None if base is None else changed_lines_of(file, base)
    if lines is not None and not lines:
        return []
    return mutants(file, (ROOT / file).read_text("utf-8"), lines)


def work(files: Sequence[str], base: str | None, processes: int, budget_s: float | None, claims_whole: bool) -> Report:
    """Mutate, test, and check the waivers."""
    until_s = float("inf") if budget_s is None else time.monotonic() + budget_s
    planted = {file: some for file in files if (some := chosen(file, base))}
    progress = Progress(sum(map(len, planted.values())))
    report = Report([], [], [])
    claims = waivers.read()
    if claims_whole:
        report.wrong.extend(f"{claim.file}: no mutant {claim.after!r}" for claim in waivers.unknown(claims, planted))
    for file, some in planted.items():
        if budget_s is not None:
            random.Random(0).shuffle(some)  # so that what is reached in time is spread over all that changed
        results = run(file, some, processes, until_s, progress)
        report.rows.append(_row(file, results, claims, report))
    return report


def _row(file: str, results: Sequence[Result], claims: Sequence[waivers.Waiver], report: Report) -> Row:
    noticed = [result.mutant for result in results if result.killed]
    waived = 0
    survived: list[Mutant] = []
    for result in results:
        if result.seconds is None:
            continue
        claim = waivers.of(result.mutant, claims)
        if result.killed:
            if claim is not None:
                report.wrong.append(f"{waivers.named(claim)}: the tests notice it")
            continue
        if claim is None:
            survived.append(result.mutant)
            continue
        try:
            waivers.prove(claim, result.mutant, noticed)
            waived += 1
        except waivers.WaiverError as error:
            report.wrong.append(str(error))
            survived.append(result.mutant)
    report.survivors.extend(sorted(survived, key=lambda mutant: mutant.first_line))
    not_run = sum(result.seconds is None for result in results)
    return Row(file, len(results), len(noticed), waived, len(survived), not_run, sum(r.seconds or 0.0 for r in results))


class Progress:
    """One line on standard error that counts, where somebody looks."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0

    def __call__(self, result: Result) -> None:
        self._done += 1
        if sys.stderr.isatty():
            end = "\n" if self._done == self._total else ""
            sys.stderr.write(f"\r{self._done}/{self._total}{end}")


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
    parts = [*(difference(mutant) + "\n" for mutant in report.survivors), *report.wrong, *table]
    return "\n".join(parts) + "\n"


def as_json(report: Report) -> str:
    """The same for machines."""
    survivors = [
        {"file": m.file, "line": m.first_line, "scope": m.scope, "diff": difference(m)} for m in report.survivors
    ]
    document = {"files": [row._asdict() for row in report.rows], "survivors": survivors, "wrong_waivers": report.wrong}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("python -m mutation", description=__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help="only these files")
    parser.add_argument("--all", action="store_true", help="every line of every file")
    parser.add_argument(
        "--changed", nargs="?", const="HEAD~1", metavar="BASE",
        help=f"only lines that differ from BASE (HEAD~1), for at most {CHANGED_S:.0f} s",
    )  # fmt: skip
    parser.add_argument("--jobs", type=int, default=2, metavar="J", help="processes at a time (2)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args(words)
    if not (given.files or given.all or given.changed):
        parser.error("say --changed, --all, or which FILE")
    for file in given.files:
        if file not in TARGETS:
            parser.error(f"{file} is not in mutation/targets.toml, which names {', '.join(TARGETS)}")
    if given.jobs < 1:
        parser.error("--jobs needs at least one process")
    return given


def main(words: Sequence[str] | None = None) -> int:
    """0 when every planted bug was noticed, 1 when not, 2 when nothing can be said."""
    given = arguments(words)
    files = given.files or list(TARGETS)
    budget_s = CHANGED_S if given.changed else None
    with tempfile.TemporaryDirectory() as cache:
        prepare(cache)
        try:
            report = work(files, given.changed, given.jobs, budget_s, claims_whole=given.changed is None)
        except (BrokenTestsError, NoBaseError, waivers.WaiverError) as error:
            sys.stderr.write(f"{error}\n")
            return 2
    if not report.rows:
        sys.stdout.write("Nothing to mutate has changed.\n" if not given.json else as_json(report))
        return 0
    sys.stdout.write(as_json(report) if given.json else as_text(report))
    return 0 if report.clean else 1


if __name__ == "__main__":
    sys.exit(main())
