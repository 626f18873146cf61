"""What waits for the next step: stop and level in a lane of their own, everything else behind them. Bounded."""

import threading
from collections import deque
from itertools import count
from operator import itemgetter
from typing import Final, TypeVar

from .core import Input
from .model import Verb, Wish
from .questions import SAVING

LENGTH: Final = 64
"""Commands that wait for one step of 20 ms. Chosen: nobody presses that fast; a flood loses its tail."""

_T = TypeVar("_T")


class Inbox:
    """F22: bounded; filled by any thread, emptied by the one that owns the state."""

    def __init__(self) -> None:
        # Apart, so that a flood of one pushes out none of the other; the number is the order in which they came.
        self._stops: deque[tuple[int, Input]] = deque(maxlen=LENGTH)
        self._levels: deque[tuple[int, Input]] = deque(maxlen=LENGTH)
        self._number = count()
        self._others: deque[Input] = deque(maxlen=LENGTH)
        self._saving: deque[Input] = deque(maxlen=LENGTH)
        self._notices: deque[Input] = deque()
        self._filled = threading.Event()
        self.dropped = 0

    def put(self, wish: Input) -> None:
        """A command. A full queue drops the newest; of stops, and of levels, the oldest: many are left."""
        verb = wish.verb if isinstance(wish, Wish) else None
        queue = self._saving if verb in SAVING else self._others
        if verb in (Verb.STOP, Verb.LEVEL):
            urgent = self._stops if verb is Verb.STOP else self._levels
            urgent.append((next(self._number), wish))
        elif len(queue) < LENGTH:
            queue.append(wish)
        else:
            self.dropped += 1
        self._filled.set()

    def notice(self, given: Input) -> None:
        """What the daemon's own parts say; there are few of them."""
        self._notices.append(given)
        self._filled.set()

    def take(self) -> list[Input]:
        """Everything that waits, urgent first; of presets to save one, which is the most work that a wish can be."""
        self._filled.clear()
        saving = [self._saving.popleft()] if self._saving else []
        urgent = sorted([*_drain(self._stops), *_drain(self._levels)], key=itemgetter(0))
        return [*_drain(self._notices), *(wish for _, wish in urgent), *saving, *_drain(self._others)]

    def wait(self, timeout_s: float) -> None:
        """Until something waits, or the time is over."""
        self._filled.wait(timeout_s)


def _drain(queue: deque[_T]) -> list[_T]:
    drained = []
    while queue:
        drained.append(queue.popleft())
    return drained
