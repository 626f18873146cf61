"""What waits for the next step: stop and level in a lane of their own, everything else behind them. Bounded."""

import threading
from collections import deque
from typing import Final

from .core import Input
from .model import Verb, Wish
from .questions import SAVING

LENGTH: Final = 64
"""Commands that wait for one step of 20 ms. Chosen: nobody presses that fast; a flood loses its tail."""


class Inbox:
    """F22: bounded; filled by any thread, emptied by the one that owns the state."""

    def __init__(self) -> None:
        self._urgent: deque[Input] = deque(maxlen=LENGTH)
        self._others: deque[Input] = deque(maxlen=LENGTH)
        self._saving: deque[Input] = deque(maxlen=LENGTH)
        self._notices: deque[Input] = deque()
        self._filled = threading.Event()
        self.dropped = 0

    def put(self, wish: Input) -> None:
        """A command. A full queue drops the newest command, but never a stop or a level: of those the oldest."""
        verb = wish.verb if isinstance(wish, Wish) else None
        queue = self._saving if verb in SAVING else self._others
        if verb in (Verb.STOP, Verb.LEVEL):
            self._urgent.append(wish)
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
        return [*_drain(self._notices), *_drain(self._urgent), *saving, *_drain(self._others)]

    def wait(self, timeout_s: float) -> None:
        """Until something waits, or the time is over."""
        self._filled.wait(timeout_s)


def _drain(queue: deque[Input]) -> list[Input]:
    drained = []
    while queue:
        drained.append(queue.popleft())
    return drained
