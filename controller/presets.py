"""Presets: what a session does, step by step, as motion over time.

    presets.toml -> parse() -> Preset -> legs() -> Leg.at() -> Target

A preset begins with the way to level and a pause there, and ends at level. A step reaches its angle by a ramp from
wherever the table is, then holds it or swings around it. Nothing here knows the person or their limits. What a file
may say is the business of `preset_file`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import chain
from math import inf
from types import MappingProxyType
from typing import Final, NamedTuple

from . import preset_file
from .model import Target
from .motion import RAMP_ACCELERATION_DPS2, Hold, Ramp, Swing, above
from .preset_file import EPISODE_GAP_S, Pattern, PresetError, RestRow, StepRow, Titled

__all__ = [
    "Episode", "Leg", "Preset", "PresetError", "Step", "bundled", "parse", "programme", "programme_week",
    "written_out",
]  # fmt: skip

STANDING_DEG: Final = -80.0
"""The load position: about 10° off vertical (FDA K991835)."""
HEAD_DOWN_DEG: Final = 5.0
"""Time above this angle counts as head down (docs/safety.md)."""
TO_LEVEL_DPS: Final = 1.5
"""From standing to level, in every preset: as slow as standing up (docs/safety.md)."""
TO_LEVEL_PAUSE_S: Final = 15.0
"""At level before the pattern, in every preset: chosen, so that the person feels the table stop before it goes on."""


@dataclass(frozen=True, slots=True)
class Step:
    """Reach `angle_deg` at up to `rate_dps`, then hold it for `hold_s`, or swing by `swing_deg` around it."""

    label: str
    angle_deg: float
    hold_s: float
    rate_dps: float
    swing_deg: float = 0.0
    period_s: float = 0.0

    @property
    def largest_angle_deg(self) -> float:
        """The most head-down angle in degrees once it is reached."""
        return self.angle_deg + self.swing_deg


class Leg:
    """A step in motion, from where the table rests. Raises ValueError if the step's figures make no motion."""

    __slots__ = ("_ramp", "_stay", "duration_s", "reached_s", "start_deg", "step")

    def __init__(self, step: Step, start_deg: float, acceleration_dps2: float = RAMP_ACCELERATION_DPS2) -> None:
        """`acceleration_dps2` is that of the ramp; the swing has its own."""
        self.step = step
        self.start_deg = start_deg
        self._ramp = Ramp(start_deg, step.angle_deg, step.rate_dps, acceleration_dps2)
        self._stay: Hold | Swing = (
            Swing(step.angle_deg, step.swing_deg, step.period_s, step.hold_s)
            if step.swing_deg
            else Hold(step.angle_deg, step.hold_s)
        )
        self.reached_s = self._ramp.duration_s
        self.duration_s = self.reached_s + self._stay.duration_s

    @property
    def label(self) -> str:
        """The step's, as a person reads it."""
        return self.step.label

    @property
    def turns_s(self) -> Iterator[float]:
        """Its beginning, its end, and when it may turn round between them; from one to the next it goes one way."""
        turns_s = self._stay.turns_s if isinstance(self._stay, Swing) else ()
        return chain((0.0, self.reached_s), (self.reached_s + turn_s for turn_s in turns_s), (self.duration_s,))

    def at(self, elapsed_s: float) -> Target:
        """The angle in degrees and the signed rate in °/s, `elapsed_s` after the leg began; clamped at both ends."""
        if elapsed_s < self.reached_s:
            return self._ramp.at(elapsed_s)
        return self._stay.at(elapsed_s - self.reached_s)


class Episode(NamedTuple):
    """Head-down time that counts as one: the strictest angle in degrees, and the seconds above `HEAD_DOWN_DEG`."""

    angle_deg: float
    head_down_s: float


@dataclass(frozen=True, slots=True)
class Preset:
    """A session's plan, every step written out: "to level", the pattern, "back to level"."""

    id: str
    title: str
    purpose: str
    basis: str
    steps: tuple[Step, ...]

    @property
    def largest_angle_deg(self) -> float:
        """The most head-down angle in degrees, swings included."""
        return max(step.largest_angle_deg for step in self.steps)

    def legs(self, start_deg: float = STANDING_DEG) -> tuple[Leg, ...]:
        """The steps in motion, one after the other, from rest at `start_deg`."""
        starts = chain((start_deg,), (step.angle_deg for step in self.steps))
        return tuple(Leg(step, start) for step, start in zip(self.steps, starts, strict=False))

    def duration_s(self, start_deg: float = STANDING_DEG) -> float:
        """Seconds from rest at `start_deg` to the end at level."""
        return sum(leg.duration_s for leg in self.legs(start_deg))

    def head_down_s(self) -> float:
        """Seconds above `HEAD_DOWN_DEG`, from standing to the end."""
        return sum(episode.head_down_s for episode in _episodes(self))

    def episodes(self) -> tuple[Episode, ...]:
        """The head-down time from standing to the end, parted wherever it pauses for `EPISODE_GAP_S`."""
        return _episodes(self)


@lru_cache(maxsize=64)
def _episodes(preset: Preset) -> tuple[Episode, ...]:
    found: list[Episode] = []
    began_s, ended_s = 0.0, -inf
    for leg in preset.legs():
        angle = leg.step.largest_angle_deg  # the way down from a larger one belongs to the episode that reached it
        for start_s, end_s in above(leg, HEAD_DOWN_DEG, leg.turns_s):
            if began_s + start_s - ended_s < EPISODE_GAP_S:
                last = found.pop()
                found.append(Episode(max(last.angle_deg, angle), last.head_down_s + end_s - start_s))
            else:
                found.append(Episode(angle, end_s - start_s))
            ended_s = began_s + end_s
        began_s += leg.duration_s
    return tuple(found)


def parse(text: str, file: str) -> dict[str, Preset]:
    """The presets of a TOML text by id, in its order. `file` names it in the PresetError that anything wrong raises."""
    return _patterns(preset_file.tables(text, file), file)


def bundled() -> Mapping[str, Preset]:
    """The presets that come with the package, by id; `programme` is its first week."""
    return _shipped()[0]


def programme() -> tuple[Preset, ...]:
    """The weeks of the programme."""
    return _shipped()[1]


def programme_week(week: int) -> Preset:
    """A week of the programme, from 1. Raises ValueError for one that it does not have."""
    if not 1 <= week <= len(programme()):
        raise ValueError(f"the programme has weeks 1 to {len(programme())}, not {week}")
    return programme()[week - 1]


@lru_cache(maxsize=1)
def _shipped() -> tuple[Mapping[str, Preset], tuple[Preset, ...]]:
    file = resources.files(__package__) / "presets.toml"
    tables = preset_file.tables(file.read_text(encoding="utf-8"), file.name)
    table = preset_file.programme(tables.pop("programme", None), file.name)
    rest = RestRow(rest_s=table.rest_s).step
    weeks = tuple(
        _preset("programme", f"{table.title}, week {number}", table, [[week, rest]] * (week.repeat - 1) + [[week]])
        for number, week in enumerate(table.week, 1)
    )
    return MappingProxyType(_patterns(tables, file.name) | {"programme": weeks[0]}), weeks


def _patterns(tables: Mapping[str, object], file: str) -> dict[str, Preset]:
    return {name: written_out(name, table) for name, table in preset_file.patterns(tables, file).items()}


def written_out(preset_id: str, pattern: Pattern) -> Preset:
    """A pattern with every step written out."""
    return _preset(preset_id, pattern.title, pattern, [pattern.rows] * pattern.repeat)


def _preset(preset_id: str, title: str, table: Titled, rounds: Sequence[Sequence[StepRow]]) -> Preset:
    """Write out the steps: to level, every round of the pattern, back to level."""
    pattern = [
        Step(
            label=_label(row) + (f" ({number} of {len(rounds)})" if len(rounds) > 1 else ""),
            angle_deg=row.angle_deg,
            hold_s=row.hold_s,
            rate_dps=row.rate_dps or table.rate_dps,
            swing_deg=row.swing_deg,
            period_s=row.period_s,
        )
        for number, rows in enumerate(rounds, 1)
        for row in rows
    ]
    first = Step("to level", 0.0, TO_LEVEL_PAUSE_S, TO_LEVEL_DPS)
    last = Step("back to level", 0.0, 0.0, table.rate_dps)
    return Preset(preset_id, title, table.purpose, table.basis, (first, *pattern, last))


def _label(row: StepRow) -> str:
    minutes, seconds = divmod(row.hold_s, 60)
    time = " ".join(f"{value:g} {unit}" for value, unit in ((minutes, "min"), (seconds, "s")) if value)
    angle = f"{row.angle_deg:g}°".replace("-", "−")
    if row.swing_deg:
        return f"swing {angle} ± {row.swing_deg:g}° for {time}"
    return f"{angle} for {time}" if row.angle_deg else f"rest at {angle} for {time}"
