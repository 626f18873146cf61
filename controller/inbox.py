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
URGENT: Final = 8
"""Stops, and levels, that are live or not, for one step: the newest of each. Chosen: a household presses fewer. All of
them would keep busy what the next stop needs: 4000 levels a second made it wait for 4 s, measured on two cores.
"""
_T = TypeVar("_T")


class Inbox:
    """F22: bounded; filled by any thread, emptied by the one that owns the state."""

    def __init__(self) -> None:
        # Apart, so that a flood of one pushes out none of the other; the number is the order in which they came.
        self._urgent: dict[tuple[Verb, bool], deque[tuple[int, Input]]] = {
            (verb, live): deque(maxlen=URGENT) for verb in (Verb.STOP, Verb.LEVEL) for live in (False, True)
        }
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
        if isinstance(wish, Wish) and wish.verb in (Verb.STOP, Verb.LEVEL):
            live = not (wish.retained or wish.expired)
            self._urgent[wish.verb, live].append((next(self._number), wish))
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
        if not self._filled.is_set():  # nearly always, and it takes no lock to see that
            return []
        self._filled.clear()
        saving = [self._saving.popleft()] if self._saving else []
        if self._saving:
            self._filled.set()
        urgent = sorted((each for queue in self._urgent.values() for each in _drain(queue)), key=itemgetter(0))
        return [*_drain(self._notices), *(wish for _, wish in urgent), *saving, *_drain(self._others)]

    def wait(self, timeout_s: float) -> None:
        """Until something waits, or the time is over."""
        self._filled.wait(timeout_s)


def _drain(queue: deque[_T]) -> list[_T]:
    drained = []
    while queue:
        drained.append(queue.popleft())
    return drained
