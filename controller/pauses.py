"""The pauses of a session, in which head-down time goes on: how long they have lasted, and when that is enough."""

from typing import Final

MAX_PAUSE_S: Final = 120.0
"""Chosen: a pause is for adjusting something; after two minutes the way is home."""
MAX_PAUSES_S: Final = 240.0
"""Chosen: two long pauses in a session, or many short ones; nobody hangs head down by pausing again and again (H3)."""


class Pauses:
    """One session's. `count`: how many there were, and is one. `at_s`: when somebody wished the one that is, by the
    clock of hands; None also for a button that was let go. Everything else is counted by the clock of control."""

    def __init__(self) -> None:
        self.count = 0
        self.at_s: float | None = None
        self._since_s: float | None = None
        self._before_s = 0.0

    @property
    def paused(self) -> bool:
        """Whether there is one now."""
        return self._since_s is not None

    def begin(self, now_s: float, hand_s: float | None) -> None:
        """A pause begins."""
        self.count += 1
        self.at_s, self._since_s = hand_s, now_s

    def end(self, now_s: float) -> None:
        """It is over, if there is one."""
        self._before_s = self.all_s(now_s)
        self.at_s = self._since_s = None

    def all_s(self, now_s: float) -> float:
        """How long all of them have lasted so far."""
        return self._before_s + (0.0 if self._since_s is None else now_s - self._since_s)

    def why_home(self, now_s: float) -> str:
        """Why this pause leads home, "" if it does not yet."""
        if self._since_s is None:
            return ""
        if now_s - self._since_s > MAX_PAUSE_S:
            return "the pause lasted for two minutes"
        return "the pauses lasted for four minutes in all" if self.all_s(now_s) > MAX_PAUSES_S else ""
