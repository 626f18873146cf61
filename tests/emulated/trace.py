"""What really happened at a table, every 20 ms: kept in a file, read again, and compared with the plan of a preset."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from controller.presets import Preset
from simulator.table import Table

TICK_S = 0.02
SETTLED_S = 1.0
"""How late the drive may be where a hold begins; restated from tests/bascule/test_presets_whole.py."""


class Sample(NamedTuple):
    """One moment. `when_s`: the machine's monotonic clock, or virtual seconds; `late_s`: behind real time.

    Degrees and °/s of bed and drive, power from −1 to 1; `resets` of the chip so far.
    """

    when_s: float
    now_ms: int
    bed_deg: float
    drive_dps: float
    power: float
    brake: int
    siren: int
    resets: int
    late_s: float


def sample(table: Table, when_s: float, late_s: float = 0.0) -> Sample:
    """What is true now of a table with a chip."""
    physics, (power, brake) = table.physics, table.command
    return Sample(
        when_s, table.now_ms, physics.bed_deg, physics.drive_dps, power, int(brake), int(table.siren),
        table.chip.resets, late_s,
    )  # fmt: skip


def line(one: Sample) -> str:
    """As a line of a file."""
    return " ".join(f"{value:.4f}" if isinstance(value, float) else str(value) for value in one) + "\n"


def read(path: Path) -> list[Sample]:
    """The whole lines of a file; the last may not be complete yet."""
    whole = path.read_text("ascii").rpartition("\n")[0]
    return [_sample(text.split()) for text in whole.splitlines()]


def newest(path: Path) -> Sample:
    """The last whole line of a file that has one."""
    return _sample(path.read_text("ascii").rpartition("\n")[0].rpartition("\n")[2].split())


def _sample(words: Sequence[str]) -> Sample:
    when_s, now_ms, bed_deg, drive_dps, power, brake, siren, resets, late_s = words
    return Sample(
        float(when_s), int(now_ms), float(bed_deg), float(drive_dps), float(power), int(brake), int(siren),
        int(resets), float(late_s),
    )  # fmt: skip


class Figures(NamedTuple):
    """How far a session was from its plan. Degrees from the plan: in holds, and on ramps at the same moment.

    `largest_deg` and `fastest_dps` of the bed and the drive, `late_s` behind real time at worst.
    """

    hold_deg: float
    ramp_deg: float
    largest_deg: float
    fastest_dps: float
    late_s: float
    resets: int


def compare(samples: Sequence[Sample], began_s: float, preset: Preset, start_deg: float = -80.0) -> Figures:
    """Samples from `began_s` on against the plan of a preset from there."""
    hold_deg = ramp_deg = 0.0
    session: list[Sample] = []
    for at_s, meant_deg, held in plan(preset, start_deg):
        if at_s + began_s > samples[-1].when_s:
            break
        one = samples[max(bisect(samples, began_s + at_s, key=lambda known: known.when_s) - 1, 0)]
        session.append(one)
        off_deg = abs(one.bed_deg - meant_deg)
        if held:
            hold_deg = max(hold_deg, off_deg)
        else:
            ramp_deg = max(ramp_deg, off_deg)
    return Figures(
        hold_deg, ramp_deg, max(one.bed_deg for one in session), max(abs(one.drive_dps) for one in session),
        max(one.late_s for one in session), session[-1].resets - session[0].resets,
    )  # fmt: skip


def plan(preset: Preset, start_deg: float) -> Iterator[tuple[float, float, bool]]:
    """Each 20 ms: seconds since the beginning, the angle, and whether it is held there for `SETTLED_S` already."""
    begins_s = 0.0
    for leg in preset.legs(start_deg):
        for number in range(round(leg.duration_s / TICK_S)):
            at_s = number * TICK_S
            yield begins_s + at_s, leg.at(at_s).angle_deg, at_s > leg.reached_s + SETTLED_S
        begins_s += leg.duration_s
