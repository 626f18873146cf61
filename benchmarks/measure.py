"""The common frame: contestants in turns, medians, the spread, and what it says about a target.

Absolute times drift with the machine and its mood; two contestants that take turns share both. So each round gives one
ratio, and the quartiles of the rounds' ratios are the spread. A target is clearly missed when the whole spread is on
its wrong side.
"""

import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from types import FrameType
from typing import Any, Final, NamedTuple

from .targets import Sense, Target

RESAMPLES: Final = 200
"""Chosen: the quartiles of a percentile are steady to a few percent then."""


Trace = Callable[[FrameType, str, Any], Any]


class BenchError(Exception):
    """A contestant can't be built or run: says what is missing and how to get it."""


class Verdict(StrEnum):
    """What a figure says about its target."""

    HELD = "held"
    CLOSE = "within the spread"
    MISSED = "missed"
    MISSING = "not measured"
    SHOWN = "shown"


class Spread(NamedTuple):
    """Lower quartile, median and upper quartile."""

    low: float
    middle: float
    high: float


class Figure(NamedTuple):
    """What was measured for a target, or `problem`: why it was not."""

    key: str
    spread: Spread | None
    problem: str = ""


Figures = Iterable[Figure]


def spread(values: Sequence[float]) -> Spread:
    """The quartiles of some values; of a single one, itself three times."""
    return Spread(percentile(values, 25.0), percentile(values, 50.0), percentile(values, 75.0))


def percentile(values: Sequence[float], percent: float) -> float:
    """Between the two nearest of the sorted values, in proportion."""
    ordered = sorted(values)
    place = (len(ordered) - 1) * percent / 100.0
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def spread_of_percentile(values: Sequence[float], percent: float, seed: int = 1) -> Spread:
    """A percentile of all values, and how far it wanders when they are drawn again from themselves."""
    draw = random.Random(seed)
    again = [percentile(draw.choices(values, k=len(values)), percent) for _ in range(RESAMPLES)]
    return Spread(percentile(again, 25.0), percentile(values, percent), percentile(again, 75.0))


def in_turns(contestants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each contestant once a round, begun by another one each time; what they gave, by name."""
    names = [*contestants]
    given: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            given[name].append(contestants[name]())
    return given


def ratio(given: Mapping[str, Sequence[float]], of: str, to: str) -> Spread:
    """Round by round, one contestant divided by another."""
    return spread([a / b for a, b in zip(given[of], given[to], strict=True)])


def cpu_s(work: Callable[[], object], times: int) -> Callable[[], float]:
    """Seconds of the processor that this thread needs for one `work`; what others do meanwhile does not count."""

    def once() -> float:
        began_s = time.thread_time()
        for _ in range(times):
            work()
        return (time.thread_time() - began_s) / times

    return once


def bytecodes(work: Callable[[], object]) -> int:
    """How many instructions of Python one `work` takes: the same on a busy machine, whatever the time."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Trace:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def judge(target: Target, figure: Figure | None) -> Verdict:
    """A figure beside its target. What was not measured is a miss, too."""
    if figure is None or figure.spread is None:
        return Verdict.MISSING
    if target.sense is Sense.SHOWN:
        return Verdict.SHOWN
    low, middle, high = figure.spread
    if target.sense is Sense.AT_LEAST:
        low, middle, high, bound = -high, -middle, -low, -target.bound
    else:
        bound = target.bound
    if middle <= bound:
        return Verdict.HELD
    return Verdict.CLOSE if low <= bound else Verdict.MISSED


def failed(verdict: Verdict) -> bool:
    """Whether this fails the run."""
    return verdict in (Verdict.MISSED, Verdict.MISSING)
