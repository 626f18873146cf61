"""Many races, and what they showed together."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from .run import Result, run

BATCH: Final = 500
"""Races in one task for a worker: about a second."""
WAITING: Final = 4
"""Tasks that a worker may have queued."""
TICK_S: Final = 0.02


@dataclass(slots=True)
class Findings:
    """Races, what was in them, the slowest rest and the longest way, and every race in which something did not hold.

    `stops`: pressed; `arrivals`: stop frames that the unit heard; `spoilt`: writes that were lost, damaged or doubled.
    """

    races: int = 0
    ticks: int = 0
    stops: int = 0
    arrivals: int = 0
    spoilt: int = 0
    rest_s: float = 0.0
    travel_deg: float = 0.0
    starts: Counter[str] = field(default_factory=Counter)
    violations: list[Result] = field(default_factory=list)

    def take(self, result: Result) -> None:
        """One more race."""
        self.races += 1
        self.ticks += result.ticks
        self.stops += result.stops
        self.arrivals += result.arrivals
        self.spoilt += result.spoilt
        self.rest_s = max(self.rest_s, result.rest_ticks * TICK_S)
        self.travel_deg = max(self.travel_deg, result.travel_deg)
        self.starts[result.start] += 1
        if result.wrong:
            self.violations.append(result)

    def add(self, other: "Findings") -> None:
        """What a worker found."""
        self.races += other.races
        self.ticks += other.ticks
        self.stops += other.stops
        self.arrivals += other.arrivals
        self.spoilt += other.spoilt
        self.rest_s = max(self.rest_s, other.rest_s)
        self.travel_deg = max(self.travel_deg, other.travel_deg)
        self.starts += other.starts
        self.violations += other.violations


def batch(numbers: Sequence[int]) -> Findings:
    """Some races, one after the other: what a worker does."""
    findings = Findings()
    for number in numbers:
        findings.take(run(number))
    return findings


def race(
    numbers: Sequence[int], executor: Executor, jobs: int, progress: Callable[[Findings], None] = lambda _: None
) -> Findings:
    """Race these on an executor's workers; `progress` hears what was found by now each time some are done."""
    findings = Findings()
    batches = (numbers[i : i + BATCH] for i in range(0, len(numbers), BATCH))
    pending: set[Future[Findings]] = set()
    while True:
        for some in islice(batches, max(jobs * WAITING - len(pending), 0)):
            pending.add(executor.submit(batch, some))
        if not pending:
            break
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            findings.add(future.result())
        progress(findings)
    findings.violations.sort(key=lambda result: result.number)
    return findings
