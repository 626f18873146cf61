"""Reads presets written in TOML: what a file may say, and what is wrong with it, in words.

What comes out are validated rows; `presets` writes out the steps.

    ValueError
    └── PresetError      what a preset says can't be; carries file, preset, step and key
"""

import tomllib
from collections.abc import Mapping
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo, field_validator

from .motion import Swing, is_whole

LARGEST_DEG: Final = 60.0
"""The hard limit (docs/safety.md)."""
SMALLEST_DEG: Final = -30.0
"""Chosen: further up is the way to standing, which is an act of the person and no part of a pattern."""
SWING_LIMITS: Final = (3.0, 1.0, 2.0)
"""Rate in °/s, acceleration in °/s², jerk in °/s³ (docs/safety.md)."""
EPISODE_GAP_S: Final = 60.0
"""This long at or below 5° ends an episode (docs/safety.md); the programme rests at least so long."""


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


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class StepRow(_Row):
    """One step: an angle that is held, or swung around."""

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


class Titled(_Row):
    """What every preset says of itself."""

    title: Annotated[str, Field(min_length=1, max_length=60)]
    purpose: Annotated[str, Field(min_length=1, max_length=200)]
    basis: Annotated[str, Field(min_length=1, max_length=300)]
    rate_dps: Annotated[float, Field(ge=0.1, le=3)]


class Pattern(Titled):
    """Steps that repeat."""

    repeat: Annotated[int, Field(ge=1, le=20)] = 1
    steps: Annotated[list[StepRow], Field(min_length=1, max_length=20)]


class WeekRow(StepRow):
    """A week of the programme: its one step repeats, with a rest in between."""

    repeat: Annotated[int, Field(ge=1, le=20)]


class Programme(Titled):
    """One preset for each week."""

    rest_s: Annotated[float, Field(ge=EPISODE_GAP_S, le=1200)]
    week: Annotated[list[WeekRow], Field(min_length=1, max_length=52)]


_PresetId = Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
_Tables = TypeVar("_Tables")
_PLAIN: Final = {"missing": "is missing", "extra_forbidden": "is not a known key", "model_type": "is not a table"}
_PATTERNS: Final = TypeAdapter(dict[_PresetId, Pattern])
_PROGRAMME: Final = TypeAdapter(dict[_PresetId, Programme])


def tables(text: str, file: str) -> dict[str, object]:
    """The tables of a TOML text. `file` names it in every PresetError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PresetError(file, f"not TOML: {error}") from error


def patterns(named: Mapping[str, object], file: str) -> dict[str, Pattern]:
    """The patterns by id, in the order of the file."""
    return _read(_PATTERNS, named, file)


def programme(table: object, file: str) -> Programme:
    """The programme with its weeks."""
    return _read(_PROGRAMME, {"programme": table}, file)["programme"]


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
