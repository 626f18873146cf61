"""What a campaign found, for people and as JSON."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from math import inf
from multiprocessing import get_context
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table as Grid

from .campaign import Findings, Mode, Result, do, falsify, plan, record
from .campaign_story import heading, lines, verdict
from .monitors import MONITORS

TOLD: Final = 20
"""Violations that are listed one by one; the rest is a number."""


def again(mode: Mode, number: int) -> str:
    """The command that does a run again and tells its story. It ends with the seed."""
    option = "" if mode is Mode.RANDOM else f"--{mode} "
    return f"bascule campaign {option}--runs 1 --seed {number}"


def tell(number: int, mode: Mode, out: Callable[[str], None]) -> Result:
    """The story of one run, and what did not hold in it."""
    planned = plan(number, mode)
    out(heading(planned))
    for line in lines(record(planned)):
        out(line)
    result = do(planned)
    for line in verdict(result):
        out(line)
    if not result.violated:
        out("every requirement held")
    return result


def run_all(first: int, runs: int, mode: Mode, jobs: int, console: Console) -> Findings:
    """The campaign over this machine's cores, with a progress bar."""
    numbers = range(first, first + runs)
    with _bar(console, runs) as progress, ProcessPoolExecutor(jobs, get_context("spawn")) as executor:
        return falsify(numbers, mode, executor, jobs, progress)


@contextmanager
def _bar(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("runs", total=total)
        yield lambda done: progress.update(task, completed=done)


def show(findings: Findings, mode: Mode, seconds: float, console: Console) -> None:
    """A table: each requirement, in how many runs it was judged, its least robustness, and whose that is."""
    grid = Grid(box=None, header_style="dim")
    for name in ("requirement", "runs", "least robustness", "", "seed", "watches"):
        grid.add_column(name, justify="right" if name in ("runs", "least robustness", "seed") else "left")
    for row in rows(findings):
        least = row["least"]
        style = "" if least is None else "red" if least < 0.0 else ""
        grid.add_row(
            row["requirement"], str(row["runs"]), "–" if least is None else f"{least:+.3f}", row["unit"],
            "–" if row["seed"] is None else str(row["seed"]), " ".join(row["ids"]), style=style,
        )  # fmt: skip
    console.print(grid)
    console.print(
        f"{findings.runs} runs, {findings.runs / seconds:.1f} a second, {findings.simulated_s / 3600:.1f} h simulated; "
        f"{len(findings.violations)} with a violation"
    )
    for result in findings.violations[:TOLD]:
        console.print(f"  {heading(plan(result.number, mode))}", markup=False, highlight=False, soft_wrap=True)
        for line in verdict(result):
            console.print(f"    {line}", style="red", markup=False, highlight=False, soft_wrap=True)
    if len(findings.violations) > TOLD:
        console.print(f"  and {len(findings.violations) - TOLD} more")


def rows(findings: Findings) -> list[dict[str, Any]]:
    """One row a requirement; a robustness of None: it was never judged."""
    return [
        {
            "requirement": monitor.name,
            "ids": list(monitor.ids),
            "unit": monitor.unit,
            "sentence": monitor.sentence,
            "runs": runs,
            "least": None if least == inf else round(least, 4),
            "seed": seed,
        }
        for monitor, runs, least, seed in zip(MONITORS, findings.judged, findings.least, findings.seed, strict=True)
    ]


def as_json(findings: Findings, mode: Mode, seconds: float) -> str:
    """Everything, for machines."""
    return json.dumps(
        {
            "mode": str(mode),
            "runs": findings.runs,
            "seconds": round(seconds, 1),
            "simulated_s": round(findings.simulated_s, 1),
            "requirements": rows(findings),
            "violations": [
                {"seed": result.number, "violated": list(result.violated), "run": heading(plan(result.number, mode)),
                 "again": again(mode, result.number)}
                for result in findings.violations
            ],
        },
        ensure_ascii=False,
        indent=1,
    )  # fmt: skip
