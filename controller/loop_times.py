"""How steadily the control loop turns, and how long its turns take: histograms, counted since the controller started.

The loop has no timer, telemetry wakes it. So its jitter is by how much the time between two telemetries differs here
from what it was at the unit, whose own clock each of them tells. Pure: times are arguments; a turn costs two bisections
of a short list.
"""

from bisect import bisect_left
from math import inf
from typing import Final

from .documents import HistogramDocument

BOUNDS_MS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 18.0, 50.0, 300.0, 500.0)
"""Chosen, so that these are told apart: up to 1 ms a machine with little to do, and what the unit's clock of whole
milliseconds can't tell; up to 10 ms one with much to do; up to 18 ms a USB adapter that keeps bytes back (16 ms are
usual), beyond it a whole telemetry late (20 ms); beyond 50 ms more than two; beyond 300 ms the unit takes no answer to
it any more; beyond 500 ms the lease is over, and the unit has ended the motion (docs/protocol.md).
"""
_U32: Final = 0xFFFF_FFFF


class Histogram:
    """How often something took up to each of `BOUNDS_MS`. `max_ms` begins anew with each document."""

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_MS) + 1)
        self._sum_ms = 0.0
        self.max_ms: float | None = None

    def note(self, ms: float) -> None:
        """One more; a bound belongs to what is below it."""
        self._counts[bisect_left(BOUNDS_MS, ms)] += 1
        self._sum_ms += ms
        if self.max_ms is None or ms > self.max_ms:
            self.max_ms = ms

    def document(self) -> HistogramDocument:
        """What is published of it; the next maximum begins."""
        at_most: list[int] = []
        total = 0
        for count in self._counts:
            total += count
            at_most.append(total)
        max_ms, self.max_ms = self.max_ms, None
        return HistogramDocument(
            bounds_ms=BOUNDS_MS,
            at_most=tuple(at_most[:-1]),
            count=total,
            sum_ms=round(self._sum_ms, 3),
            max_ms=None if max_ms is None else round(max_ms, 3),
        )


class LoopTimes:
    """The turns of one loop. `gap_max_s`: the longest time between two of them since somebody set it to zero."""

    def __init__(self) -> None:
        self.steps = 0
        self.gap_max_s = 0.0
        self.step = Histogram()
        self.jitter = Histogram()
        self._stepped_s = inf
        self._heard_s: float | None = None
        self._unit_ms = 0
        self._received = 0

    def turned(self, began_s: float, ended_s: float) -> None:
        """A step was made: from the data that was read to the answer that was written, seconds of the wall."""
        self.steps += 1
        self.step.note((ended_s - began_s) * 1000.0)
        if began_s - self._stepped_s > self.gap_max_s:
            self.gap_max_s = began_s - self._stepped_s
        self._stepped_s = began_s

    def heard(self, now_s: float, received: int, unit_ms: int | None) -> None:
        """What the step knows of telemetry, by the clock of control: how many have come in all, and the unit's clock.

        `unit_ms`: of the newest one, None without a link. What was lost on the line is no jitter: the unit's clock went
        on, too. What came in one batch is: the oldest of it waited, and the batch counts once, as late as that one.
        """
        if unit_ms is None:
            self._heard_s = None
        elif received != self._received:
            if self._heard_s is not None:
                period_ms = (unit_ms - self._unit_ms & _U32) / (received - self._received)
                self.jitter.note(abs((now_s - self._heard_s) * 1000.0 - period_ms))
            self._heard_s, self._unit_ms = now_s, unit_ms
        self._received = received
