"""Presets: what a session does, step by step, as motion over time.

    presets.toml -> parse() -> Preset -> legs() -> Leg.at() -> Target

A preset begins with the way to level and a pause there, and ends at level. A step reaches its angle by a ramp from
wherever the table is, then holds it or swings around it. Nothing here knows the person or their limits.

    ValueError
    └── PresetError      what a preset says can't be; carries file, preset, step and key
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from itertools import chain
from math import ceil, inf
from types import MappingProxyType
from typing import Annotated, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from .model import Target
from .motion import Hold, Ramp, Swing, above, is_whole

STANDING_DEG: Final = -80.0
"""The load position: about 10° off vertical (FDA K991835)."""
HEAD_DOWN_DEG: Final = 5.0
"""Time above this angle counts as head down (docs/safety.md)."""
EPISODE_GAP_S: Final = 60.0
"""This long at or below `HEAD_DOWN_DEG` ends an episode (docs/safety.md)."""
TO_LEVEL_DPS: Final = 1.5
"""From standing to level, in every preset: as slow as standing up (docs/safety.md)."""
TO_LEVEL_PAUSE_S: Final = 15.0
"""At level before the pattern, in every preset: chosen, so that the person feels the table stop before it goes on."""
LARGEST_DEG: Final = 60.0
"""The hard limit (docs/safety.md)."""
SMALLEST_DEG: Final = -30.0
"""Chosen: further up is the way to standing, which is an act of the person and no part of a pattern."""
SWING_LIMITS: Final = (3.0, 1.0, 2.0)
"""Rate in °/s, acceleration in °/s², jerk in °/s³ (docs/safety.md)."""
SAMPLE_S: Final = 0.02
"""How finely a swing is searched for its crossings of `HEAD_DOWN_DEG`; each is then narrowed to a millisecond."""


class PresetError(ValueError):
    """A preset that can't be. `step` counts from 1, in a programme it is the week; None: the error is not about one."""

    def __init__(
        self, file: str, why: str, preset: str | None = None, step: int | None = None, key: str | None = None
    ) -> None:
        places = (file, f"preset {preset}" if preset else None, f"step {step}" if step else None, key)
        super().__init__(f"{', '.join(filter(None, places))}: {why}")
        self.file = file
        self.preset = preset
        self.step = step
        self.key = key


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

    def __init__(self, step: Step, start_deg: float) -> None:
        self.step = step
        self.start_deg = start_deg
        self._ramp = Ramp(start_deg, step.angle_deg, step.rate_dps)
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
        for start_s, end_s in _head_down(leg):
            if began_s + start_s - ended_s < EPISODE_GAP_S:
                last = found.pop()
                found.append(Episode(max(last.angle_deg, angle), last.head_down_s + end_s - start_s))
            else:
                found.append(Episode(angle, end_s - start_s))
            ended_s = began_s + end_s
        began_s += leg.duration_s
    return tuple(found)


def _head_down(leg: Leg) -> Iterator[tuple[float, float]]:
    """The leg's stretches above `HEAD_DOWN_DEG`, start and end in seconds."""
    samples = ceil(leg.step.hold_s / SAMPLE_S) if leg.step.swing_deg else 1
    stay_s = (leg.reached_s + leg.step.hold_s * sample / samples for sample in range(samples + 1))
    return above(leg, HEAD_DOWN_DEG, chain((0.0,), stay_s))


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class _StepRow(_Row):
    angle_deg: Annotated[float, Field(ge=SMALLEST_DEG, le=LARGEST_DEG)]
    hold_s: Annotated[float, Field(ge=1, le=1200)]
    swing_deg: Annotated[float, Field(ge=0)] = 0.0
    period_s: Annotated[float, Field(ge=0, validate_default=True)] = 0.0

    @field_validator("swing_deg")
    @classmethod
    def _within_range(cls, swing: float, known: ValidationInfo) -> float:
        angle = known.data.get("angle_deg", 0.0)
        if angle + swing > LARGEST_DEG or angle - swing < SMALLEST_DEG:
            raise ValueError(f"swings beyond {SMALLEST_DEG:g} to {LARGEST_DEG:g}°")
        return swing

    @field_validator("period_s")
    @classmethod
    def _within_limits(cls, period: float, known: ValidationInfo) -> float:
        swing, hold = known.data.get("swing_deg"), known.data.get("hold_s")
        if swing is None or hold is None or not (swing or period):
            return period
        if not (swing and period):
            raise ValueError("needs swing_deg with it" if period else "is needed with swing_deg")
        if not is_whole(hold, period):
            raise ValueError("does not go into hold_s a whole number of times")
        peaks = Swing(0.0, swing, period, hold).peaks
        if any(peak > limit for peak, limit in zip(peaks, SWING_LIMITS, strict=True)):
            rate, acceleration, jerk = SWING_LIMITS
            raise ValueError(f"makes the swing too fast for {rate:g} °/s, {acceleration:g} °/s², {jerk:g} °/s³")
        return period


class _Table(_Row):
    title: Annotated[str, Field(min_length=1, max_length=60)]
    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    basis: Annotated[str, Field(min_length=1, max_length=300)]
    rate_dps: Annotated[float, Field(ge=0.1, le=3)]


class _PatternTable(_Table):
    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    steps: Annotated[list[_StepRow], Field(min_length=1, max_length=20)]


class _WeekRow(_StepRow):
    repeat: Annotated[int, Field(ge=1, le=20)]


class _ProgrammeTable(_Table):
    rest_s: Annotated[float, Field(ge=EPISODE_GAP_S, le=1200)]
    week: Annotated[list[_WeekRow], Field(min_length=1, max_length=52)]


_PresetId = Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
_Tables = TypeVar("_Tables")
_PLAIN: Final = {"missing": "is missing", "extra_forbidden": "is not a known key", "model_type": "is not a table"}
_PATTERNS: Final = TypeAdapter(dict[_PresetId, _PatternTable])
_PROGRAMME: Final = TypeAdapter(dict[_PresetId, _ProgrammeTable])


def parse(text: str, file: str) -> dict[str, Preset]:
    """The presets of a TOML text by id, in its order. `file` names it in the PresetError that anything wrong raises."""
    return _patterns(_tables(text, file), file)


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
    tables = _tables(file.read_text(encoding="utf-8"), file.name)
    table = _read(_PROGRAMME, {"programme": tables.pop("programme", None)}, file.name)["programme"]
    rest = _StepRow(angle_deg=0.0, hold_s=table.rest_s)
    weeks = tuple(
        _preset("programme", f"{table.title}, week {number}", table, [[week, rest]] * (week.repeat - 1) + [[week]])
        for number, week in enumerate(table.week, 1)
    )
    return MappingProxyType(_patterns(tables, file.name) | {"programme": weeks[0]}), weeks


def _tables(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PresetError(file, f"not TOML: {error}") from error


def _patterns(tables: Mapping[str, object], file: str) -> dict[str, Preset]:
    read = _read(_PATTERNS, tables, file)
    return {name: _preset(name, table.title, table, [table.steps] * table.repeat) for name, table in read.items()}


def _read(adapter: TypeAdapter[_Tables], tables: object, file: str) -> _Tables:
    try:
        return adapter.validate_python(tables)
    except ValidationError as invalid:
        error = invalid.errors(include_url=False)[0]
        preset, *rest = map(str, error["loc"])
        step = next((int(part) + 1 for part in rest if part.isdecimal()), None)
        key = next((part for part in reversed(rest) if not part.isdecimal()), None)
        if key == "[key]":
            raise PresetError(file, "the id is not 1 to 32 of a-z, 0-9, - and _", preset) from invalid
        why = _PLAIN.get(error["type"]) or error["msg"].removeprefix("Value error, ").removeprefix("Input ")
        given = f"{error['input']!r:.40} " if isinstance(error["input"], str | float | int) else ""
        raise PresetError(file, given + why, preset, step, key) from invalid


def _preset(preset_id: str, title: str, table: _Table, rounds: Sequence[Sequence[_StepRow]]) -> Preset:
    """Write out the steps: to level, every round of the pattern, back to level."""
    pattern = [
        Step(
            label=_label(row) + (f" ({number} of {len(rounds)})" if len(rounds) > 1 else ""),
            angle_deg=row.angle_deg,
            hold_s=row.hold_s,
            rate_dps=table.rate_dps,
            swing_deg=row.swing_deg,
            period_s=row.period_s,
        )
        for number, rows in enumerate(rounds, 1)
        for row in rows
    ]
    first = Step("to level", 0.0, TO_LEVEL_PAUSE_S, TO_LEVEL_DPS)
    last = Step("back to level", 0.0, 0.0, table.rate_dps)
    return Preset(preset_id, title, table.purpose, table.basis, (first, *pattern, last))


def _label(row: _StepRow) -> str:
    minutes, seconds = divmod(row.hold_s, 60)
    time = " ".join(f"{value:g} {unit}" for value, unit in ((minutes, "min"), (seconds, "s")) if value)
    angle = f"{row.angle_deg:g}°".replace("-", "−")
    if row.swing_deg:
        return f"swing {angle} ± {row.swing_deg:g}° for {time}"
    return f"{angle} for {time}" if row.angle_deg else f"rest at {angle} for {time}"
