"""`python -m benchmarks`: every figure beside its target; exit 1 if one is clearly missed or could not be measured.

Floors in C are compiled and peers run in the same command: `uv run --group bench python -m benchmarks`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console

from . import table
from .measure import BenchError, Figure, failed
from .targets import BENCHMARKS, TARGETS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks and say what they gave; the exit status."""
    options = _options(arguments)
    if options.render:
        table.DOC.write_text(
            table.render(table.DOC.read_text("utf-8"), table.read(table.RESULTS.read_text("utf-8"))), "utf-8"
        )
        return 0
    names = options.only or list(BENCHMARKS)
    machine, began_s = table.machine(), time.monotonic()
    figures: dict[str, Figure] = {}
    for name in names:
        _say(f"{time.monotonic() - began_s:4.0f} s  {name} …")
        figures |= run(name, options.quick)
        for row in table.rows(figures, [name]):
            _say(f"        {row.key}: {row.measured} {row.target} {row.verdict} {row.problem}".rstrip())
    if options.plots:
        _draw(options.quick)
    report = table.Report(machine, options.quick, time.monotonic() - began_s, figures)
    lines = table.rows(figures, names)
    table.show(lines, Console(width=None if sys.stdout.isatty() else 180))
    if options.json:
        options.json.write_text(table.as_json(report), "utf-8")
    wrong = [row for row in lines if failed(row.verdict)]
    _say(f"{report.seconds:.0f} s on {machine}; {len(wrong)} of {len(lines)} figures missed or not measured")
    return 1 if wrong else 0


def run(name: str, quick: bool) -> dict[str, Figure]:
    """A figure for each target of a benchmark. What ends it early is the problem of those that it did not give."""
    found: dict[str, Figure] = {}
    problem = table.NOT_GIVEN
    try:
        for figure in import_module(f"benchmarks.{name}").measure(quick):
            found[figure.key] = figure
    except (BenchError, ImportError) as error:
        problem = str(error)
    keys = [target.key for target in TARGETS if target.benchmark == name]
    if unknown := [key for key in found if key not in keys]:
        raise LookupError(f"{name} gives figures that no target names: {unknown}")
    return found | {key: Figure(key, None, problem) for key in keys if key not in found}


def _draw(quick: bool) -> None:
    """The plots, of what was just measured; without the benchmark of growth it is measured now."""
    from . import growth, plots

    plots.draw(growth.points(quick))


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast it is beside others.")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="only this one; repeatable")
    parser.add_argument("--quick", action="store_true", help="few rounds: shows that it runs, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")
    parser.add_argument("--plots", action="store_true", help="draw how cost grows into docs/pictures")
    parser.add_argument(
        "--render", action="store_true", help="only put benchmarks/results.json into docs/performance.md"
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
