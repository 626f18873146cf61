"""What came of a run, for people and for machines: lines of 80 columns, a report to attach, JSON."""

import json
from collections.abc import Sequence
from textwrap import fill
from typing import Any, Final, NamedTuple

from protocol.messages import Identity

from .check import Check
from .suite import Outcome, Result

WIDTH: Final = 80
MARKS: Final = {Outcome.PASSED: "passed", Outcome.FAILED: "FAILED", Outcome.NOT_CHECKED: "not run"}
INDENT: Final = " " * 12


class Run(NamedTuple):
    """One run: where, with what, when, and what came of it. `ended`: why it ended early, or nothing."""

    port: str
    version: str
    began: str
    motion: bool
    hands: bool
    identity: Identity | None
    results: Sequence[Result]
    ended: str

    @property
    def complete(self) -> bool:
        """Whether every required check passed. All of them are required."""
        return not self.ended and all(result.outcome is Outcome.PASSED for result in self.results)


def line(result: Result) -> str:
    """One check in 80 columns, with the reason why it failed."""
    text = _wrapped(f"{result.check.number}  {MARKS[result.outcome]:8}", result.check.demands)
    return f"{text}\n{_wrapped(INDENT, f'But {result.why}.')}" if result.outcome is Outcome.FAILED else text


def _wrapped(begin: str, words: str) -> str:
    return fill(words, WIDTH, initial_indent=begin.ljust(len(INDENT)), subsequent_indent=INDENT, break_on_hyphens=False)


def summary(run: Run) -> str:
    """How many passed, failed and were not run; which were not, and why."""
    counts = {outcome: sum(result.outcome is outcome for result in run.results) for outcome in Outcome}
    parts = [
        f"{counts[Outcome.PASSED]} passed, {counts[Outcome.FAILED]} failed, {counts[Outcome.NOT_CHECKED]} not checked."
    ]
    reasons: dict[str, list[str]] = {}
    for result in run.results:
        if result.outcome is Outcome.NOT_CHECKED:
            reasons.setdefault(result.why, []).append(result.check.number)
    if reasons:
        parts.append("Required, but not checked, which is not passed:")
        parts += [_wrapped("  ", f"{ranges(numbers)}: {why}.") for why, numbers in reasons.items()]
    return "\n".join(parts)


def ranges(numbers: Sequence[str]) -> str:
    """C01, C02, C03, C07 as `C01 to C03, C07`."""
    runs: list[list[str]] = []
    for number in numbers:
        if runs and int(number[1:]) == int(runs[-1][-1][1:]) + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def unit(identity: Identity | None) -> str:
    """Which unit it is, in one line."""
    if identity is None:
        return "a unit that never said who it is"
    version = f"{identity.firmware_major}.{identity.firmware_minor}.{identity.firmware_patch}"
    kind = "simulated unit" if identity.simulated else "unit"
    return f"{kind} {identity.unit}, firmware {version}, protocol {identity.protocol}"


def text(run: Run) -> str:
    """The whole report, to attach to a report of a fault."""
    identity = run.identity
    head = [
        "Conformance of a tilt unit",
        "",
        f"Unit      {unit(identity)}",
        f"Port      {run.port}",
        f"Began     {run.began}",
        f"By        bascule {run.version}",
        f"Motion    {'allowed' if run.motion else 'not allowed'}; hands {'asked' if run.hands else 'not asked'}",
    ]
    if identity is not None:
        head.append(f"Limits    {identity.limit_deg:g}°, {identity.rate_limit_dps:g} °/s; restarts {identity.boots}")
    body = []
    for result in run.results:
        body.append(line(result))
        if result.outcome is Outcome.NOT_CHECKED:
            body.append(_wrapped(INDENT, f"{result.why}."))
        body += [f"{INDENT}{name} {value:g}" for name, value in result.figures.items()]
        body.append(_wrapped(INDENT, f"[{'; '.join(result.check.cites)}]"))
    tail = [run.ended] if run.ended else []
    return "\n".join([*head, "", *body, "", summary(run), *tail]) + "\n"


def as_json(run: Run) -> str:
    """The same for machines."""
    return json.dumps(
        {
            "port": run.port, "bascule": run.version, "began": run.began, "motion": run.motion, "hands": run.hands,
            "identity": None if run.identity is None else run.identity._asdict(),
            "passed": run.complete, "ended_early": run.ended or None,
            "checks": [_one(result) for result in run.results],
        },
        ensure_ascii=False, indent=1,
    )  # fmt: skip


def _one(result: Result) -> dict[str, Any]:
    check: Check = result.check
    return {
        "number": check.number, "demands": check.demands, "cites": list(check.cites), "needs": str(check.needs),
        "required": True, "outcome": str(result.outcome), "why": result.why or None, "figures": result.figures,
        "took_s": round(result.took_s, 2),
    }  # fmt: skip
