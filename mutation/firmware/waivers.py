"""Mutants of the firmware that no test can notice, because they do the same: waivers.toml.

A claim names the mutant by the lines that it changes. It is wrong when a test notices the mutant, and when there is no
such mutant (any more).
"""

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from ..mutants import Mutant, changed_lines
from ..targets import ROOT

WAIVERS: Final = Path(__file__).with_name("waivers.toml")
KEYS: Final = {"file", "scope", "before", "after", "why"}
"""And `again`, where the same line stands in the file before: so many times."""


class Waiver(NamedTuple):
    """One claim: in `scope` of `file`, `after` in place of `before` changes nothing that anybody can see."""

    file: str
    scope: str
    before: str
    after: str
    why: str
    again: int | None = None


class WaiverError(Exception):
    """A claim that is not written as one."""


def read(path: Path = WAIVERS) -> list[Waiver]:
    """All claims. WaiverError for a missing or unknown key."""
    if not path.exists():
        return []
    claims = tomllib.loads(path.read_text("utf-8")).get("waiver", [])
    for claim in claims:
        if set(claim) - {"again"} != KEYS:
            raise WaiverError(f"{path.name}: a waiver has exactly {sorted(KEYS)}, not {sorted(claim)}")
    return [Waiver(**claim) for claim in claims]


@cache
def _sound(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


def change(mutant: Mutant) -> tuple[str, str]:
    """What a mutant takes out, and what it puts there."""
    return changed_lines(_sound(mutant.file), mutant.source)


def is_about(waiver: Waiver, mutant: Mutant) -> bool:
    """Whether a claim is made about this mutant."""
    if (waiver.file, waiver.scope, waiver.before, waiver.after) != (mutant.file, mutant.scope, *change(mutant)):
        return False
    return waiver.again is None or waiver.again == _before(mutant, waiver.before)


def _before(mutant: Mutant, line: str) -> int:
    """How many times a line stands in the sound file before the mutant."""
    return [here.strip() for here in _sound(mutant.file).splitlines()[: mutant.first_line - 1]].count(line)


def of(mutant: Mutant, waivers: Iterable[Waiver]) -> Waiver | None:
    """The claim that is made about a mutant."""
    return next((waiver for waiver in waivers if is_about(waiver, mutant)), None)


def unknown(waivers: Sequence[Waiver], mutants: Sequence[Mutant]) -> list[Waiver]:
    """Claims about a mutant that does not exist."""
    by_scope: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        by_scope.setdefault((mutant.file, mutant.scope), []).append(mutant)
    return [
        waiver
        for waiver in waivers
        if not any(is_about(waiver, mutant) for mutant in by_scope.get((waiver.file, waiver.scope), ()))
    ]


def named(waiver: Waiver) -> str:
    """A claim in words."""
    return f"{waiver.file}, {waiver.scope}: {waiver.after!r}"
