"""Figures as a table on a terminal, as JSON, and in docs/performance.md."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table as RichTable

from .measure import Figure, Spread, Verdict, failed, judge
from .targets import TARGETS, Sense, Target

ROOT: Final = Path(__file__).resolve().parents[1]
DOC: Final = ROOT / "docs" / "performance.md"
RESULTS: Final = Path(__file__).with_name("results.json")
"""The figures that stand in the document."""
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_LOOK: Final = {
    Verdict.HELD: "green", Verdict.CLOSE: "yellow", Verdict.MISSED: "red", Verdict.MISSING: "red", Verdict.SHOWN: "dim",
}  # fmt: skip


class Report(NamedTuple):
    """Everything of one run. `quick`: with few rounds, so that it only shows that all of it runs."""

    machine: str
    quick: bool
    seconds: float
    figures: Mapping[str, Figure]


class Row(NamedTuple):
    """One line of the table, as words."""

    key: str
    what: str
    measured: str
    quartiles: str
    target: str
    verdict: Verdict
    problem: str


def rows(figures: Mapping[str, Figure], benchmarks: Sequence[str]) -> list[Row]:
    """A line for each target of these benchmarks, measured or not."""
    return [_row(target, figures.get(target.key)) for target in TARGETS if target.benchmark in benchmarks]


def _row(target: Target, figure: Figure | None) -> Row:
    found = figure.spread if figure is not None else None
    problem = "the benchmark did not give it" if figure is None else figure.problem
    bound = "" if target.sense is Sense.SHOWN else f"{target.sense} {_number(target.bound)}"
    middle = "–" if found is None else f"{_number(found.middle)} {target.unit}".rstrip()
    around = "" if found is None or found.low == found.high else f"{_number(found.low)} – {_number(found.high)}"
    return Row(target.key, target.what, middle, around, bound, judge(target, figure), problem)


def _number(value: float) -> str:
    """Three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def show(lines: Sequence[Row], console: Console) -> None:
    """On a terminal."""
    table = RichTable(box=None, pad_edge=False)
    for name in ("figure", "what", "measured", "quartiles", "target", ""):
        table.add_column(name, justify="right" if name in ("measured", "quartiles", "target") else "left")
    for row in lines:
        look = _LOOK[row.verdict]
        said = f"{row.verdict}: {row.problem}" if row.problem else str(row.verdict)
        table.add_row(row.key, row.what, row.measured, row.quartiles, row.target, f"[{look}]{said}[/]")
    console.print(table)


def as_json(report: Report) -> str:
    """Everything, for machines and for `read`."""
    figures = [
        {"key": one.key, "quartiles": None if one.spread is None else [float(f"{v:.6g}") for v in one.spread]}
        | ({"problem": one.problem} if one.problem else {})
        for one in report.figures.values()
    ]
    known = {"machine": report.machine, "quick": report.quick, "seconds": round(report.seconds)}
    return json.dumps(known | {"figures": figures}, ensure_ascii=False, indent=1) + "\n"


def read(text: str) -> Report:
    """What `as_json` wrote."""
    known: dict[str, Any] = json.loads(text)
    figures = {
        one["key"]: Figure(
            one["key"], None if one["quartiles"] is None else Spread(*one["quartiles"]), one.get("problem", "")
        )
        for one in known["figures"]
    }
    return Report(known["machine"], known["quick"], known["seconds"], figures)


def markdown(report: Report) -> str:
    """The table of the document, with the machine it was made on: every target of the benchmarks that were run."""
    benchmarks = list(dict.fromkeys(target.benchmark for target in TARGETS if target.key in report.figures))
    rough = " With few rounds (`--quick`): preliminary." if report.quick else ""
    lines = [
        f"Measured on {report.machine}, in {report.seconds:.0f} s.{rough}",
        "",
        "| | Measured | Quartiles | Target | |",
        "|---|---:|---:|---:|---|",
    ]
    for row in rows(report.figures, benchmarks):
        said = f"**{row.verdict}**" if failed(row.verdict) else str(row.verdict)
        said += f": {row.problem}" if row.problem else ""
        what = row.what[:1].upper() + row.what[1:]
        lines.append(f"| {what} | {row.measured} | {row.quartiles} | {row.target} | {said} |")
    return "\n".join(lines)


def render(document: str, report: Report) -> str:
    """The document with this table between its two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{markdown(report)}\n{END}{after}"


def machine() -> str:
    """What somebody who compares figures has to know."""
    model = platform.processor() or platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
    cores = len(os.sched_getaffinity(0))
    busy = os.getloadavg()[0]
    words = [f"{cores} cores of {model}", platform.system() + " " + platform.release().partition("-")[0]]
    words.append(f"{platform.python_implementation()} {platform.python_version()}")
    words.append(_mosquitto())
    words.append(f"{busy:.1f} other processes at work when it began")
    return ", ".join(filter(None, words))


def _mosquitto() -> str:
    from bascule.broker import find_mosquitto

    program = find_mosquitto()
    if program is None:
        return ""
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False).stdout
    return said.partition("\n")[0].replace("mosquitto version", "Mosquitto")
