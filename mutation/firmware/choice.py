"""The choice of mutants that each change is tried with: safety.toml."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..mutants import Mutant
from . import waivers

SAFETY: Final[dict[str, list[str]]] = tomllib.loads(Path(__file__).with_name("safety.toml").read_text("utf-8"))
OF_A_FUNCTION: Final = 2
"""Chosen: a hundred of them take less than a minute."""


def safety(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Of each function and constant that is named, some mutants that are not waived, spread evenly."""
    claims = waivers.read()
    by_scope: dict[tuple[str, str], list[Mutant]] = {}
    for mutant in mutants:
        by_scope.setdefault((mutant.file, mutant.scope), []).append(mutant)
    found: list[Mutant] = []
    for file, scopes in SAFETY.items():
        for scope in scopes:
            count = 1 if scope.isupper() else OF_A_FUNCTION
            own = [mutant for mutant in by_scope.get((file, scope), ()) if waivers.of(mutant, claims) is None]
            step = len(own) / count
            found += [own[round(step * (at + 0.5)) % len(own)] for at in range(count) if own]
    return found


def gone(mutants: Sequence[Mutant]) -> list[str]:
    """Names in safety.toml that the firmware does not have (any more)."""
    known = {(mutant.file, mutant.scope) for mutant in mutants}
    return [f"{file}: {scope}" for file, scopes in SAFETY.items() for scope in scopes if (file, scope) not in known]
