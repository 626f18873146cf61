"""Head-down time while the link was down: nobody here saw it, and time that can't be accounted for is charged.

The unit counts on by itself, in whole seconds, so its count may be short of one. A unit that was started again
meanwhile may have forgotten what it counted. It says so by another number of its memory; and where its clock did not go
on as ours did, the whole gap is charged anyway.
"""

from typing import Final, NamedTuple

from .limits import HEAD_DOWN_DEG

COAST_DEG: Final = 3.0
"""Further than this no table goes that lost its host: 0.5 s of lease at 3 °/s, and 1.5° to stop (safety.md)."""
UNKNOWN_DEG: Final = 90.0
"""An angle that nobody knows counts as the steepest."""
COUNT_S: Final = 1.0
"""What a count in whole seconds may be short of (protocol.md, TELEMETRY)."""
JITTER_S: Final = 0.2
"""Chosen: more than a telemetry is late on a line that works. A unit that ran for less than that forgot no more."""
DRIFT: Final = 0.01
"""Of two clocks over a long gap. Chosen: a hundred times that of a crystal."""
_U32: Final = 0xFFFF_FFFF


class Heard(NamedTuple):
    """What one telemetry says of head-down time: when it came, the angle, the unit's count and clock, and its key."""

    at_s: float
    worst_deg: float
    head_down_s: int
    time_ms: int
    unit: int


def head_down(last: Heard, first: Heard) -> tuple[float, float]:
    """The steepest angle of a gap between two telemetries, and for how long the person may have been head down."""
    gap_s, counted_s = first.at_s - last.at_s, first.head_down_s - last.head_down_s
    unit_s = (first.time_ms - last.time_ms & _U32) / 1000
    went_on = first.unit == last.unit and abs(unit_s - gap_s) <= JITTER_S + DRIFT * gap_s
    worst_deg = max(last.worst_deg + COAST_DEG, first.worst_deg)
    if counted_s > 0 and worst_deg <= HEAD_DOWN_DEG:
        worst_deg = UNKNOWN_DEG  # the unit counted somewhere between
    return worst_deg, min(gap_s, counted_s + COUNT_S) if went_on and counted_s >= 0 else gap_s
