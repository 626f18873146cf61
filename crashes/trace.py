"""Where the table truly was, by its own clock: what a recorded simulator wrote, one line for each of its ticks."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

EXPOSED_DEG: Final = 5.0
"""Above this a second counts as head down (docs/safety.md, limits)."""


class Sample(NamedTuple):
    """`at_s` is the machine's monotonic clock; `table_s` the table's own, which a busy machine can only slow down."""

    at_s: float
    table_s: float
    angle_deg: float


def line(at_s: float, now_ms: int, angle_deg: float) -> str:
    """One tick as it is written."""
    return f"{at_s:.4f} {now_ms} {angle_deg:.4f}\n"


def join(runs: Iterable[str]) -> list[Sample]:
    """The traces of one table, one after another. While no simulator runs, the table stays and the wall's time passes.

    The last line of a run may be cut short by its end; it is left out.
    """
    samples: list[Sample] = []
    for text in runs:
        origin_s: float | None = None
        for written in text.splitlines(keepends=True):
            fields = written.split()
            if not written.endswith("\n") or len(fields) != 3:
                continue
            at_s, now_s, angle_deg = float(fields[0]), int(fields[1]) / 1000, float(fields[2])
            if origin_s is None:
                last = samples[-1] if samples else Sample(at_s, 0.0, angle_deg)
                origin_s = last.table_s + (at_s - last.at_s) - now_s
            samples.append(Sample(at_s, origin_s + now_s, angle_deg))
    return samples


def since(samples: Sequence[Sample], at_s: float) -> list[Sample]:
    """The samples from a moment of the machine's clock on."""
    return [sample for sample in samples if sample.at_s >= at_s]


def head_down_s(samples: Sequence[Sample]) -> float:
    """Seconds above 5°, by the table's clock."""
    return sum(after.table_s - before.table_s for before, after in pairwise(samples) if before.angle_deg > EXPOSED_DEG)
