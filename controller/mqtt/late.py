"""A command that was held up on its way is older than it looks, and moves nobody (F21)."""

from dataclasses import replace
from typing import Final

from ..model import Verb, Wish

TIMELESS: Final = (
    Verb.STOP, Verb.PAUSE, Verb.LOCK, Verb.UNLOCK, Verb.FEEDBACK, Verb.HISTORY_GET, Verb.PEOPLE_SAVE,
    Verb.PEOPLE_DELETE, Verb.PEOPLE_ACCEPT, Verb.PRESETS_SAVE, Verb.PRESETS_DELETE, Verb.DISCOVERY_REMOVE,
)  # fmt: skip
"""What moves nobody, or only helps. Everything else moves somebody, lets something move, or says that they are well."""


def as_late(wish: Wish) -> Wish:
    """The wish as one that expired, if its meaning may have passed."""
    return replace(wish, expired=True, late=True) if wish.verb not in TIMELESS else wish
