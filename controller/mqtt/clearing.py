"""Tells an empty command from the empty message that clears a retained one (F21).

Whoever clears a retained topic publishes an empty message on it. Subscribers get it like any other: MQTT 3.1.1 delivers
a live message without its retain flag. But only a message with content can have been retained. So an empty one after a
filled one on the same topic may be such a clearing, and is no command; the next one is. Who always sends empty
messages, or never, notices nothing.
"""

from dataclasses import replace

from ..model import Verb, Wish


def as_clearing(wish: Wish) -> Wish:
    """The wish of a message that may only clear: refused as kept by the broker.

    But a stop is always a stop, and from the head-down side an old level counts.
    """
    if wish.verb is Verb.STOP:
        return wish
    return replace(wish, expired=True) if wish.verb is Verb.LEVEL else replace(wish, retained=True)


class Clearing:
    """F21: remembers of each command whether its last message was filled."""

    def __init__(self) -> None:
        self._filled: set[Verb] = set()

    def clears(self, verb: str, payload: bytes) -> bool:
        """Whether this message may be what clears a retained one. Takes each message of a command's topic, in order."""
        if verb not in Verb.__members__.values():
            return False
        known = Verb(verb)
        if payload:
            self._filled.add(known)
            return False
        cleared = known in self._filled
        self._filled.discard(known)
        return cleared
