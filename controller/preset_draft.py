"""A preset that somebody sent to be saved. A step may say "now": the angle at which the table stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor

from . import preset_file
from .preset_file import Pattern, PresetError

NOW = "now"
GRAIN_DEG = 0.5
"""Chosen: nobody sees less, and a table that is held at somebody's limit may read a little over it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A preset's id and pattern; the steps whose angle is yet to be filled in, from 0, have 0° until then."""

    id: str
    pattern: Pattern
    now: tuple[int, ...] = ()

    def at(self, angle_deg: float) -> Pattern:
        """With this angle, to the half degree, where the steps say "now". Raises PresetError if it can't be."""
        rows = self.pattern.model_dump(exclude_none=True)
        for number in self.now:
            rows["steps"][number]["angle_deg"] = floor(angle_deg / GRAIN_DEG + 0.5) * GRAIN_DEG
        return preset_file.patterns({self.id: rows}, "")[self.id]


def draft(fields: Mapping[str, object]) -> Draft:
    """What a payload's keys say. Raises PresetError."""
    named = dict(fields)
    preset = named.pop("preset", None)
    if not isinstance(preset, str):
        raise PresetError("", "is missing; write the id that it is to have", key="preset")
    named.setdefault("basis", "The owner's own choice.")
    if "repeat" in named:
        named["repeat"] = _whole(named["repeat"])
    now, steps = [], named.get("steps")
    if isinstance(steps, list):
        named["steps"] = rows = list(steps)
        for number, row in enumerate(rows):
            if isinstance(row, dict) and row.get("angle_deg") == NOW:
                now.append(number)
                rows[number] = {**row, "angle_deg": 0.0}
    return Draft(preset, preset_file.patterns({preset: named}, "")[preset], tuple(now))


def _whole(value: object) -> object:
    """JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
