"""Reads presets written in TOML: what a file may say, and what is wrong with it, in words that a lay person can act on.

What comes out are validated rows; `presets` writes out the steps.

    ValueError
    └── PresetError      what a preset says can't be; carries file, preset, step and key
"""

import difflib
import json
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from .motion import Swing, is_whole

LARGEST_DEG: Final = 60.0
"""The hard limit (docs/safety.md)."""
SMALLEST_DEG: Final = -30.0
"""Chosen: further up is the way to standing, which is an act of the person and no part of a pattern."""
SWING_LIMITS: Final = (3.0, 1.0, 2.0)
"""Rate in °/s, acceleration in °/s², jerk in °/s³ (docs/safety.md)."""
EPISODE_GAP_S: Final = 60.0
"""This long at or below 5° ends an episode (docs/safety.md); the programme rests at least so long."""
MOST_STEPS: Final = 24
"""Written out, with every repeat. Chosen: three times `back`; all own presets together stay one message of MQTT."""
SMALLEST_SWING_DEG: Final = 0.5
"""Chosen: half of what people notice (docs/domain.md, balance)."""
SHORTEST_SWING_S: Final = 1.0
"""In less even the smallest swing is faster than 3 °/s; and no number of periods in a hold is beyond counting."""
LONGEST_S: Final = 3600.0
"""Of all holds and rests. Chosen: four times the longest head-down time of a session."""
_TOO_FAST: Final = "makes the swing too fast for 3 °/s, 1 °/s², 2 °/s³; swing less far, or slower"
HUGE: Final = 10**15
_SHOWN: Final = 40  # chosen: letters of a value that an error repeats


class PresetError(ValueError):
    """A preset that can't be. `step` counts from 1, in a programme it is the week; None: the error is not about one.

    `all`: every problem that was found, this one first.
    """

    def __init__(
        self, file: str, why: str, preset: str | None = None, step: int | None = None, key: str | None = None
    ) -> None:
        places = (file, f"preset {preset}" if preset else None, f"step {step}" if step else None, key)
        text = f"{', '.join(filter(None, places))}: {why}"
        super().__init__("".join(letter if letter.isprintable() else "�" for letter in text))
        self.file = file
        self.preset = preset
        self.step = step
        self.key = key
        self.all: tuple[PresetError, ...] = (self,)


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("has line breaks or other control characters; write it in one line")
    return value


def _text(most: int, **more: Any) -> Any:
    return Field(min_length=1, max_length=most, description=f'1 to {most} letters in quotes, such as "Calm"', **more)


def _seconds(**more: Any) -> Any:
    return Field(ge=1, le=1200, description="seconds from 1 to 1200, such as 60", **more)


_Line = Annotated[str, AfterValidator(_printable)]
_RATE: Final = "degrees a second from 0.1 to 3, the hard limit"
_REPEAT: Final = "a whole number from 1 to 20"


class _Row(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class StepRow(_Row):
    """One step: an angle that is reached, at its own rate or the preset's, and then held or swung around."""

    angle_deg: Annotated[
        float,
        Field(ge=SMALLEST_DEG, le=LARGEST_DEG, description="degrees from −30 to 60, the hard limits"),
    ]
    hold_s: Annotated[float, _seconds()]
    swing_deg: Annotated[float, Field(ge=0, description="degrees to either side, such as 6")] = 0.0
    period_s: Annotated[
        float, Field(ge=0, validate_default=True, description="seconds of one swing to and fro, such as 40")
    ] = 0.0
    rate_dps: Annotated[float | None, Field(ge=0.1, le=3, description=_RATE)] = None

    @field_validator("swing_deg")
    @classmethod
    def _within_range(cls, swing: float, known: ValidationInfo) -> float:
        angle = known.data.get("angle_deg", 0.0)
        if angle + swing > LARGEST_DEG or angle - swing < SMALLEST_DEG:
            most = min(LARGEST_DEG - angle, angle - SMALLEST_DEG)
            raise ValueError(f"swings beyond −30 to 60°, the hard limit; around {angle:g}° write at most {most:g}")
        if 0 < swing < SMALLEST_SWING_DEG:
            raise ValueError(
                f"is less than anybody feels; write at least {SMALLEST_SWING_DEG:g}, or leave it out to hold the angle"
            )
        return swing

    @field_validator("period_s")
    @classmethod
    def _within_limits(cls, period: float, known: ValidationInfo) -> float:
        swing, hold = known.data.get("swing_deg"), known.data.get("hold_s")
        if swing is None or hold is None or not (swing or period):
            return period
        if not swing:
            raise ValueError("needs swing_deg with it, such as swing_deg = 6")
        if not period:
            raise ValueError("is needed with swing_deg; write the seconds of one swing, such as period_s = 40")
        if period < SHORTEST_SWING_S:
            raise ValueError(_TOO_FAST)
        if not is_whole(hold, period):
            raise ValueError(
                f"does not go into hold_s a whole number of times; with it write hold_s = {_whole(hold, period):g}"
            )
        peaks = Swing(0.0, swing, period, hold).peaks
        if any(peak > limit for peak, limit in zip(peaks, SWING_LIMITS, strict=True)):
            raise ValueError(_TOO_FAST)
        return period


def _whole(hold_s: float, period_s: float) -> float:
    """The hold next to this one that is whole periods."""
    return max(round(hold_s / period_s), 1) * period_s


class RestRow(_Row):
    """One step: back to level, and a rest there."""

    rest_s: Annotated[float, _seconds()]
    rate_dps: Annotated[float | None, Field(ge=0.1, le=3, description=_RATE)] = None

    @property
    def step(self) -> StepRow:
        """The same as a hold at level."""
        return StepRow(angle_deg=0.0, hold_s=self.rest_s, rate_dps=self.rate_dps)


def _kind(row: object) -> str:
    return "rest" if isinstance(row, RestRow) or (isinstance(row, dict) and "rest_s" in row) else "step"


_Step = Annotated[Annotated[StepRow, Tag("step")] | Annotated[RestRow, Tag("rest")], Discriminator(_kind)]


class Titled(_Row):
    """What every preset says of itself."""

    title: Annotated[_Line, _text(60)]
    purpose: Annotated[_Line, _text(200)]
    basis: Annotated[_Line, _text(300)]
    rate_dps: Annotated[float, Field(ge=0.1, le=3, description=_RATE)]


class Pattern(Titled):
    """Steps that repeat."""

    repeat: Annotated[int, Field(ge=1, le=20, description=_REPEAT)] = 1
    steps: Annotated[
        list[_Step],
        Field(
            min_length=1, max_length=20, description="a list of 1 to 20 steps, such as [{ angle_deg = 8, hold_s = 60 }]"
        ),
    ]

    @field_validator("steps")
    @classmethod
    def _bounded(cls, steps: list[StepRow | RestRow], known: ValidationInfo) -> list[StepRow | RestRow]:
        repeat = known.data.get("repeat", 1)
        if len(steps) * repeat > MOST_STEPS:
            raise ValueError(f"makes {len(steps) * repeat} steps with repeat = {repeat}; at most {MOST_STEPS} are kept")
        stays_s = repeat * sum(row.rest_s if isinstance(row, RestRow) else row.hold_s for row in steps)
        if stays_s > LONGEST_S:
            raise ValueError(f"holds and rests for {stays_s / 60:.0f} min in all; at most {LONGEST_S / 60:.0f} min")
        return steps

    @property
    def rows(self) -> list[StepRow]:
        """The steps of one round, rests as holds at level."""
        return [row.step if isinstance(row, RestRow) else row for row in self.steps]


class WeekRow(StepRow):
    """A week of the programme: its one step repeats, with a rest in between."""

    repeat: Annotated[int, Field(ge=1, le=20, description=_REPEAT)]


class Programme(Titled):
    """One preset for each week."""

    rest_s: Annotated[float, Field(ge=EPISODE_GAP_S, le=1200, description="seconds from 60 to 1200")]
    week: Annotated[list[WeekRow], Field(min_length=1, max_length=52, description="a list of 1 to 52 weeks")]


_PresetId = Annotated[str, Field(pattern="^[a-z0-9_-]{1,32}$")]
_Tables = TypeVar("_Tables")
_PATTERNS: Final = TypeAdapter(dict[_PresetId, Pattern])
_PROGRAMME: Final = TypeAdapter(dict[_PresetId, Programme])
_FIELDS: Final = {
    key: field for row in (Programme, WeekRow, RestRow, StepRow, Pattern) for key, field in row.model_fields.items()
}
_EXAMPLES: Final = {
    "title": '"Calm"', "purpose": '"Rest with the feet up."', "basis": '"My own choice."', "rate_dps": "1",
    "angle_deg": "8", "hold_s": "60", "rest_s": "60", "steps": "[{ angle_deg = 8, hold_s = 60 }]",
}  # fmt: skip
_SIZES: Final = {
    "less_than_equal": "is too much", "greater_than_equal": "is too little", "too_long": "has too many",
    "too_short": "is empty", "string_too_long": "is too long", "string_too_short": "is empty",
}  # fmt: skip
"""What pydantic finds, in our words."""


def tables(text: str, file: str) -> dict[str, object]:
    """The tables of a TOML text. `file` names it in every PresetError."""
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise PresetError(file, "is nested too deeply") from None
    except ValueError as error:
        raise PresetError(file, f"is not valid TOML: {error}") from error


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
        wrong = [_wrong(file, error) for error in invalid.errors(include_url=False)]
        wrong[0].all = tuple(wrong)
        raise wrong[0] from invalid


def _wrong(file: str, error: Mapping[str, Any]) -> PresetError:
    """What pydantic found, where, and what to write instead."""
    place = list(error["loc"])
    if len(place) > 3 and place[1] == "steps":
        del place[3]  # which kind of step it was taken for
    preset, *rest = map(str, place)
    step = next((int(part) + 1 for part in rest if part.isdecimal()), None)
    key = next((part for part in reversed(rest) if not part.isdecimal()), None)
    if key == "[key]":
        return PresetError(file, "the id is not 1 to 32 of a-z, 0-9, - and _", preset)
    return PresetError(file, _why(error, rest), preset, step, key)


def _why(error: Mapping[str, Any], place: list[str]) -> str:
    """One error in words."""
    kind, key = error["type"], place[-1] if place else ""
    if kind == "missing":
        return f"is missing; write {key} = {_EXAMPLES.get(key, 1)}"
    if kind == "extra_forbidden":
        return _unknown(key, len(place) > 1)
    given = f"{shown(error['input'])} " if isinstance(error["input"], str | float | int) else ""
    if kind == "value_error":
        told = str(error["ctx"]["error"])
        return told if told.startswith("is needed") else given + told  # what was left out shows its default
    if kind == "model_type":
        write = "[{ angle_deg = 8, hold_s = 60 }]" if place else "[calm] on a line of its own, and its keys below it"
        return f"{given}is not a table; write {write}"
    size = "is too long" if given and kind == "too_long" else _SIZES.get(kind) or "can't be used"
    what = (_FIELDS[key].description if key in _FIELDS else None) or "something else"
    quotes = ", without quotes" if isinstance(error["input"], str) and kind in ("float_type", "int_type") else ""
    return f"{given}{size}; write {what}{quotes}"


def _unknown(key: str, of_step: bool) -> str:
    """Advice on a key that there isn't."""
    known = [*StepRow.model_fields, "rest_s"] if of_step else list(Pattern.model_fields)
    if of_step and key in StepRow.model_fields:
        return "does not go with rest_s, which is a rest at level; leave one of them out"
    close = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.6)
    return f"is not a known key; {f'did you mean {close[0]}?' if close else 'known are ' + ', '.join(known)}"


def shown(value: object) -> str:
    """A value as TOML writes it, short."""
    if isinstance(value, int) and abs(value) >= HUGE:
        return "a huge number"  # Python refuses to write one of more than 4,300 digits
    text = f"{value:g}" if isinstance(value, float) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
