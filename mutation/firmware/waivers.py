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


class Waiver(NamedTuple):
    """One claim: in `scope` of `file`, `after` in place of `before` changes nothing that anybody can see."""

    file: str
    scope: str
    before: str
    after: str
    why: str


class WaiverError(Exception):
    """A claim that is not written as one."""


def read(path: Path = WAIVERS) -> list[Waiver]:
    """All claims. WaiverError for a missing or unknown key."""
    if not path.exists():
        return []
    claims = tomllib.loads(path.read_text("utf-8")).get("waiver", [])
    for claim in claims:
        if set(claim) != KEYS:
            raise WaiverError(f"{path.name}: a waiver has exactly {sorted(KEYS)}, not {sorted(claim)}")
    return [Waiver(**claim) for claim in claims]


@cache
def _sound(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


def change(mutant: Mutant) -> tuple[str, str]:
    """What a mutant takes out, and what it puts there."""
    return changed_lines(_sound(mutant.file), mutant.source)


def of(mutant: Mutant, waivers: Iterable[Waiver]) -> Waiver | None:
    """The claim that is made about a mutant."""
    out, into = change(mutant)
    for waiver in waivers:
        if (waiver.file, waiver.scope, waiver.before, waiver.after) == (mutant.file, mutant.scope, out, into):
            return waiver
    return None


def unknown(waivers: Sequence[Waiver], mutants: Sequence[Mutant]) -> list[Waiver]:
    """Claims about a mutant that does not exist."""
    known = {(mutant.file, mutant.scope, *change(mutant)) for mutant in mutants}
    return [waiver for waiver in waivers if waiver[:4] not in known]


def named(waiver: Waiver) -> str:
    """A claim in words."""
    return f"{waiver.file}, {waiver.scope}: {waiver.after!r}"
