"""`python -m crashes --rounds 500`: crash a real controller so often, and say by kind what was the worst.

Exit status 0 if nothing was wrong, 1 otherwise. A round that failed is repeated by its kind and seed:
`python -m crashes --kind killed --seed 17 --rounds 1`.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Final

from .kinds import BY_NAME, KINDS, Kind
from .round import Result, play

JOBS: Final = 8
"""Chosen: rounds mostly wait; two cores carry so many side by side."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run rounds, say how it goes on standard error, print the table or JSON; the exit status."""
    options = _options(arguments)
    kinds = [BY_NAME[name] for name in options.kind] or list(KINDS)
    plan = [(kinds[number % len(kinds)], options.seed + number // len(kinds)) for number in range(options.rounds)]
    results: list[Result] = []
    for result in run(plan, options.jobs):
        results.append(result)
        word = "ok   " if result.passed else "WRONG"
        _say(f"{len(results)}/{len(plan)}  {word}  {result.kind} {result.seed}")
        if not result.passed:
            _say(result.told())
    if options.json:
        print(json.dumps([asdict(result) for result in results], ensure_ascii=False, indent=1))  # noqa: T201
    else:
        print("\n".join(table(results)))  # noqa: T201
    return 0 if all(result.passed for result in results) else 1


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def run(plan: Sequence[tuple[Kind, int]], jobs: int) -> Iterator[Result]:
    """Play rounds side by side, each in a folder of its own; results as they come."""
    with tempfile.TemporaryDirectory(prefix="crashes-") as folder, ThreadPoolExecutor(jobs) as pool:
        rounds = [pool.submit(play, kind, seed, Path(folder)) for kind, seed in plan]
        try:
            for done in as_completed(rounds):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def table(results: Sequence[Result]) -> list[str]:
    """The worst of each kind, in seconds after the crash, and of all of them."""
    lines = [f"{'kind':<20}{'rounds':>7}{'wrong':>7}{'still':>8}{'on its way':>12}{'level':>8}{'lost':>7}  what"]
    by_kind = {kind: [result for result in results if result.kind == kind.name] for kind in KINDS}
    lines += [f"{_row(kind.name, mine)}  {kind.what}" for kind, mine in by_kind.items() if mine]
    return [*lines, _row("all", results), "Worst seconds after the crash until the last rise ended, until the way home "
            "began, until level; head down and not charged (sensors may miss 0.4 s)."]  # fmt: skip


def _row(name: str, mine: Sequence[Result]) -> str:
    wrong = sum(not result.passed for result in mine)
    worst = (max(getattr(result, key) for result in mine) for key in ("still_s", "home_s", "level_s", "lost_s"))
    still_s, home_s, level_s, lost_s = worst
    return f"{name:<20}{len(mine):>7}{wrong:>7}{still_s:>8.2f}{home_s:>12.2f}{level_s:>8.2f}{lost_s:>7.2f}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m crashes", description="Crash a real controller, again and again.")
    parser.add_argument("--rounds", type=int, default=len(KINDS), help="how many (default: one of each kind)")
    parser.add_argument("--seed", type=int, default=1, help="of the first round of each kind (default: 1)")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"rounds side by side (default: {JOBS})")
    parser.add_argument("--kind", action="append", default=[], choices=list(BY_NAME), help="only this kind; repeatable")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # A round that was given up may have left a thread behind that waits for ever.
    os._exit(code)
