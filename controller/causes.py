"""The causes that a tilt unit reports, as words for machines and for people."""

from typing import Final

from protocol.messages import CAUSES, Cause

from .estimator import Estimate

QUIET: Final = frozenset({Cause.STOPPED, Cause.LEVEL_WISHED, Cause.FROZEN_LONG, Cause.RESTARTED})
"""Causes that are the ordinary course of things, and no faults."""


def cause_code(cause: Cause) -> str:
    """A cause as a word for machines."""
    return str(cause.name).lower()


def cause_names(causes: int) -> str:
    """Causes as a list of words."""
    return ", ".join(cause_code(cause).replace("_", " ") for cause in Cause if causes & cause)


def gravest(e: Estimate) -> str:
    """The gravest cause in words."""
    known = [cause for cause in CAUSES if (e.causes | e.latched) & cause]
    if not known:
        return "unknown"
    # Nobody sensed and an ankle lock open has a low rung because nothing may move; it is the worst of all.
    return CAUSES[max(known, key=lambda cause: (cause is Cause.PERSON_LOST, CAUSES[cause].rung))].meaning


def sentence(words: str) -> str:
    """Words as a sentence."""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
