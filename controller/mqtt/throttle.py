"""How many commands are looked at: a flood must not keep the thread busy in which a stop arrives (F22, H11). Pure."""

from typing import Final

RATE_HZ: Final = 100.0
"""Chosen: twenty buttons that are held (`jog` comes five times a second each)."""
BURST: Final = 300.0
"""Chosen: more than the queues of all phones of a house."""


class Throttle:
    """A bucket of `BURST` commands that fills up again at `RATE_HZ`."""

    def __init__(self, now_s: float) -> None:
        self._left = BURST
        self._seen_s = now_s

    def admits(self, now_s: float) -> bool:
        """Whether there is room for one more."""
        self._left = min(BURST, self._left + max(0.0, now_s - self._seen_s) * RATE_HZ)
        self._seen_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
