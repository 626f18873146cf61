"""`python -m races --runs 1000000`: so often a stop races whatever is on its way; exit 1 if it ever loses.

A race is decided by its number alone; the first one's is the seed. `--runs 1 --seed N` is race N again, and tells what
was in it.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from .many import TICK_S, Findings, race
from .plan import plan
from .run import run

SHOWN_S: Final = 10.0
TOLD: Final = 20
"""Violations that are listed one by one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run races, say how it goes on standard error, print what was found; the exit status."""
    options = _options(arguments)
    if options.runs == 1:
        return _one(options.seed)
    began_s = shown_s = time.monotonic()

    def progress(findings: Findings) -> None:
        nonlocal shown_s
        now_s = time.monotonic()
        if now_s - shown_s >= SHOWN_S:
            shown_s = now_s
            left_min = (options.runs / findings.races - 1.0) * (now_s - began_s) / 60
            wrong = ", ".join(str(result.number) for result in findings.violations[:TOLD]) or "none"
            _say(f"{findings.races:,} of {options.runs:,}, wrong: {wrong}; {left_min:.0f} min left")

    with ProcessPoolExecutor(options.jobs, get_context("spawn")) as executor:
        found = race(range(options.seed, options.seed + options.runs), executor, options.jobs, progress)
    print(table(found, time.monotonic() - began_s))  # noqa: T201
    return 1 if found.violations else 0


def table(found: Findings, seconds: float) -> str:
    """What was found, for people."""
    lines = [
        f"{found.races:,} races in {seconds:.0f} s, {found.ticks * TICK_S / 3600:.1f} h simulated: {found.stops:,} "
        f"stops pressed, {found.arrivals:,} stop frames heard, {found.spoilt:,} writes lost, damaged or doubled",
        f"slowest rest {found.rest_s:.2f} s, longest way {found.travel_deg:.2f}°",
        f"begun {', '.join(f'{name} {count:,}' for name, count in sorted(found.starts.items()))}",
        f"{len(found.violations)} wrong",
    ]
    for result in found.violations[:TOLD]:
        lines.append(f"  {result.number} {result.start}: {'; '.join(result.wrong)}")
        lines.append(f"    python -m races --runs 1 --seed {result.number}")
    if len(found.violations) > TOLD:
        lines.append(f"  and {len(found.violations) - TOLD} more")
    return "\n".join(lines)


def _one(number: int) -> int:
    """One race and its story."""
    planned, result = plan(number), run(number)
    _say(f"race {number}, {planned.start}, person {planned.person}, {planned.wires}")
    for press in planned.presses:
        told = "never" if press.told is None else f"tick {press.told[0]} {press.told[1].name.lower()}"
        more = f", {press.lane.name.lower()}" if press.verb == "stop" else ", held up" if press.held_up else ""
        _say(f"  tick {press.at[0]} {press.at[1].name.lower()}: {press.verb}{more}; told {told}")
    print("; ".join(result.wrong) or f"everything held; at rest {result.rest_ticks * TICK_S:.2f} s after the stop")  # noqa: T201
    return 1 if result.wrong else 0


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m races", description="Race a stop with a lease, again and again.")
    parser.add_argument("--runs", type=int, default=20_000, help="how many (default: 20000)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seed", type=int, default=1, help="the number of the first race (default: 1)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
