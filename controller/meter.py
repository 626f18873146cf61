"""Head-down time as the controller counts it: of the running session, and of the running episode.

Time above 5° counts; an episode ends after 60 s at or below it, and its strictest angle counts for the whole
(safety.md). Seconds, degrees.
"""

from typing import Final

from .limits import EPISODE_END_S, HEAD_DOWN_DEG, continuous_s

TOLERANCE_DEG: Final = 1.0
"""A hold at 30° may read as 30.6° on the more head-down sensor; the unit allows the same."""


class Meter:
    """Counts on; `begin` starts a new session's count.

    `continuous_left_s`: seconds that this episode may still last at its strictest angle so far. `deepest_deg` and
    `since_pause_s` are of the time since the person last stood.
    """

    def __init__(self) -> None:
        self.session_s = 0.0
        self.deepest_deg = 0.0
        self.since_pause_s = 0.0
        self._end_episode()

    def _end_episode(self) -> None:
        """Nobody has been head down for a while."""
        self._strictest_deg = self._episode_s = self._below_s = 0.0
        self._episode_limit_s = self.continuous_left_s = continuous_s(0.0)

    def begin(self) -> None:
        """A new session: its own time starts at zero. The episode, which is the body's, goes on."""
        self.session_s = 0.0

    def rested(self) -> None:
        """The pause at level before standing is over: depth and time of what was before no longer count for it."""
        self.deepest_deg = 0.0
        self.since_pause_s = 0.0

    def count(self, worst_deg: float, elapsed_s: float) -> None:
        """Account for the last `elapsed_s` at this angle."""
        if worst_deg > HEAD_DOWN_DEG:
            self._below_s = 0.0
            self.session_s += elapsed_s
            self.since_pause_s += elapsed_s
            self._episode_s += elapsed_s
            if worst_deg > self._strictest_deg:
                self._strictest_deg = worst_deg
                self._episode_limit_s = continuous_s(worst_deg - TOLERANCE_DEG)
            if worst_deg > self.deepest_deg:
                self.deepest_deg = worst_deg
            self.continuous_left_s = self._episode_limit_s - self._episode_s
        elif self._episode_s:
            self._below_s += elapsed_s
            if self._below_s >= EPISODE_END_S:
                self._end_episode()
