"""Mutants that no test can notice, because they do the same: each claim is checked by running both, each time.

`waivers.toml` names the mutant by the lines that it changes, and a check from `equivalence.py`, which observes a module
over a whole or bounded domain. The claim holds when sound code and mutant look the same to the check, and when the
check sees every other mutant of the same function that the tests notice: a check that sees nothing proves nothing.
"""

import hashlib
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

from . import equivalence
from .fork import bound, fork
from .mutants import Mutant, changed_lines
from .run import plant
from .targets import ROOT, TARGETS, module_name

WAIVERS: Final = Path(__file__).with_name("waivers.toml")
LIMIT_S: Final = 60.0
"""For one observation. Chosen: they take a second."""
KEYS: Final = {"file", "scope", "before", "after", "check", "why"}


class Waiver(NamedTuple):
    """One claim: in `scope` of `file`, `after` in place of `before` changes nothing; `check` shows it."""

    file: str
    scope: str
    before: str
    after: str
    check: str
    why: str


class WaiverError(Exception):
    """A claim that names nothing, or that is not true."""


def read(path: Path = WAIVERS) -> list[Waiver]:
    """All claims. WaiverError for a missing or unknown key."""
    claims = tomllib.loads(path.read_text("utf-8")).get("waiver", [])
    for claim in claims:
        if set(claim) != KEYS:
            raise WaiverError(f"{path.name}: a waiver has exactly {sorted(KEYS)}, not {sorted(claim)}")
    return [Waiver(**claim) for claim in claims]


def of(mutant: Mutant, waivers: Iterable[Waiver]) -> Waiver | None:
    """The claim that is made about a mutant."""
    for waiver in waivers:
        if (waiver.file, waiver.scope) == (mutant.file, mutant.scope):
            out, into = changed_lines((ROOT / mutant.file).read_text("utf-8"), mutant.source)
            if (waiver.before, waiver.after) == (out, into):
                return waiver
    return None


def prove(waiver: Waiver, mutant: Mutant, noticed: Sequence[Mutant]) -> None:
    """Check one claim against the sound code and its noticed siblings. WaiverError where it does not hold."""
    sound = _seen(waiver, None)
    if sound is None:
        raise WaiverError(f"{named(waiver)}: the check {waiver.check} fails on the sound code")
    if _seen(waiver, mutant) != sound:
        raise WaiverError(f"{named(waiver)}: not equivalent, {waiver.check} tells them apart")
    for other in noticed:
        if other.scope == waiver.scope and _seen(waiver, other) == sound:
            out, into = changed_lines((ROOT / other.file).read_text("utf-8"), other.source)
            raise WaiverError(f"{named(waiver)}: {waiver.check} misses {out!r} → {into!r}, which tests notice")


def unknown(waivers: Sequence[Waiver], mutants: Mapping[str, Sequence[Mutant]]) -> list[Waiver]:
    """Claims about a mutant that does not exist (any more): of a file that was mutated whole, or that never is."""
    known = {of(mutant, waivers) for some in mutants.values() for mutant in some}
    return [
        waiver for waiver in waivers if (waiver.file in mutants or waiver.file not in TARGETS) and waiver not in known
    ]


def named(waiver: Waiver) -> str:
    """A claim in words."""
    return f"{waiver.file}, {waiver.scope}: {waiver.after!r}"


def _seen(waiver: Waiver, mutant: Mutant | None) -> bytes | None:
    if not hasattr(equivalence, waiver.check):
        raise WaiverError(f"{named(waiver)}: there is no check {waiver.check!r} in equivalence.py")
    return _digest(waiver.file, waiver.check, mutant)


@cache
def _digest(file: str, name: str, mutant: Mutant | None) -> bytes | None:
    """A digest of all that a check observes, in a process of its own; None where it ended badly.

    Remembered, because all claims about one function ask the same of the same mutants.
    """
    check = getattr(equivalence, name)
    reading, writing = os.pipe()

    def observe() -> int:
        bound(LIMIT_S)
        if mutant is not None:
            plant(mutant)
        digest = hashlib.sha256()
        for observation in check(import_module(module_name(file))):
            digest.update(repr(observation).encode())
            digest.update(b"\n")
        os.write(writing, digest.digest())
        return 0

    pid = fork(observe)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        digest = pipe.read()
    _, status = os.waitpid(pid, 0)
    return digest if os.waitstatus_to_exitcode(status) == 0 else None
