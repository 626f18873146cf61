"""What a crash may not do, judged from the table's true angle and nothing else.

A return makes 0.5° of progress every 3 s, and nothing resumes by itself. By when each has to begin is in `bounds`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .trace import Sample, head_down_s, since

LEVEL_DEG: Final = 1.5
OVER_DEG: Final = 1.0
"""How far the unit lets a limit be exceeded."""
PROGRESS_DEG: Final = 0.5
PROGRESS_S: Final = 3.0
RING_DEG: Final = 0.3
"""A rise within this is the frame that rings after a stop: 0.15° under an 80 kg person, to both sides."""
MOVED_DEG: Final = 0.05
"""A rise of as much counts as motion where the time to standstill is measured."""
SENSORS_S: Final = 0.4
"""Chosen: the unit judges 5° by its sensors, which may read 0.2° low; the ramps take about 1 °/s there, twice."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """By when, in seconds after the crash, nothing rises any more, and by when the table is on its way to level."""

    still_s: float
    home_s: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """`still_s`: when the last rise ended; `home_s`: when the way back began; `level_s`: when level was reached.

    Seconds after the crash; None: it never was. `head_down_s`: all that truly passed, from the first sample on.
    """

    problems: tuple[str, ...]
    still_s: float
    home_s: float | None
    level_s: float | None
    head_down_s: float


def judge(samples: Sequence[Sample], crash_s: float, bounds: Bounds, target_deg: float) -> Judgement:
    """Judge the whole trace of a round. `crash_s` by the machine's clock; `target_deg`: where the session wanted to."""
    after = since(samples, crash_s)
    if not after:
        return Judgement(("the table was not recorded after the crash",), 0.0, None, None, head_down_s(samples))
    start = after[0]
    elapsed = [(sample.table_s - start.table_s, sample.angle_deg) for sample in after]
    problems = [*_over(samples, target_deg), *_rises(elapsed, bounds.still_s), *_stays(elapsed, bounds.home_s)]
    return Judgement(
        tuple(problems), _still_s(elapsed), _home_s(elapsed), _level_s(elapsed), head_down_s(samples)
    )  # fmt: skip


def least_charge_s(true_s: float) -> float:
    """What has to be charged for so many true seconds: all that sensors can tell."""
    return true_s - SENSORS_S


def _over(samples: Sequence[Sample], target_deg: float) -> list[str]:
    largest_deg = max(sample.angle_deg for sample in samples)
    if largest_deg > target_deg + OVER_DEG:
        return [f"reached {largest_deg:.1f}°, wanted was {target_deg:g}°"]
    return []


def _rises(elapsed: Sequence[tuple[float, float]], still_s: float) -> list[str]:
    """The angle against its own lowest value since everything had to stand still."""
    lowest_deg: float | None = None
    for t_s, angle_deg in elapsed:
        if t_s < still_s:
            continue
        if lowest_deg is not None and angle_deg > lowest_deg + RING_DEG:
            return [f"rose to {angle_deg:.1f}° from {lowest_deg:.1f}°, {t_s:.1f} s after the crash"]
        lowest_deg = angle_deg if lowest_deg is None else min(lowest_deg, angle_deg)
    return []


def _stays(elapsed: Sequence[tuple[float, float]], home_s: float) -> list[str]:
    """By `home_s` it is on its way; from then on every 3 s bring it 0.5° nearer to level, and it arrives there."""
    began_s = _home_s(elapsed)
    if began_s is None or began_s > home_s:
        when = "never" if began_s is None else f"after {began_s:.1f} s"
        return [f"was to be on its way to level after {home_s:.1f} s, was so {when}"]
    mark_s, mark_deg = elapsed[0]
    for t_s, angle_deg in elapsed:
        if angle_deg <= LEVEL_DEG:
            return []
        if t_s <= began_s or angle_deg <= mark_deg - PROGRESS_DEG:
            mark_s, mark_deg = t_s, angle_deg
        elif t_s - mark_s > PROGRESS_S:
            return [f"head down at {angle_deg:.1f}° without progress, {t_s:.1f} s after the crash"]
    return [f"still head down at {elapsed[-1][1]:.1f}° at the end, {elapsed[-1][0]:.1f} s after the crash"]


def _still_s(elapsed: Sequence[tuple[float, float]]) -> float:
    """When the angle last rose above all it had been since the crash."""
    still_s, highest_deg = 0.0, elapsed[0][1]
    for t_s, angle_deg in elapsed:
        if angle_deg > highest_deg + MOVED_DEG:
            still_s, highest_deg = t_s, angle_deg
    return still_s


def _home_s(elapsed: Sequence[tuple[float, float]]) -> float | None:
    """When the angle first was half a degree below the highest since the crash (more than a frame rings), or level."""
    highest_deg = elapsed[0][1]
    for t_s, angle_deg in elapsed:
        highest_deg = max(highest_deg, angle_deg)
        if angle_deg <= LEVEL_DEG or angle_deg < highest_deg - PROGRESS_DEG:
            return t_s
    return None


def _level_s(elapsed: Sequence[tuple[float, float]]) -> float | None:
    return next((t_s for t_s, angle_deg in elapsed if angle_deg <= LEVEL_DEG), None)
