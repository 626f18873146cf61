"""Tells an empty command from the empty message that clears a retained one (F21).

Whoever clears a retained topic publishes an empty message on it. Subscribers get it like any other: MQTT 3.1.1 delivers
a live message without its retain flag. But only a message with content can have been retained. So an empty one after a
filled one on the same topic may be such a clearing, and is no command; the next one is. Who always sends empty
messages, or never, notices nothing.
"""

from dataclasses import replace
from typing import Final

from ..model import Verb, Wish

LEVEL_S: Final = 60.0
"""So long after a filled `level` an empty one may clear it. Chosen: somebody who finds that it was retained clears it
at once. Later it is a level: who lies head down after a stop, and takes another phone than last week's, does not wait.
"""


def as_clearing(wish: Wish) -> Wish:
    """The wish of a message that may only clear: refused as kept by the broker.

    But a stop is always a stop, and from the head-down side an old level counts.
    """
    if wish.verb is Verb.STOP:
        return wish
    return replace(wish, expired=True) if wish.verb is Verb.LEVEL else replace(wish, retained=True)


class Clearing:
    """F21: remembers of each command whether its last message was filled, and when it came."""

    def __init__(self) -> None:
        self._filled_s: dict[Verb, float] = {}

    def clears(self, verb: str, payload: bytes, now_s: float) -> bool:
        """Whether this message may be what clears a retained one. Takes each message of a command's topic, in order.

        `now_s`: monotonic seconds.
        """
        if verb not in Verb.__members__.values():
            return False
        known = Verb(verb)
        if payload:
            self._filled_s[known] = now_s
            return False
        filled_s = self._filled_s.pop(known, None)
        if filled_s is None:
            return False
        return known is not Verb.LEVEL or now_s - filled_s <= LEVEL_S
