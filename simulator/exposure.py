"""The unit's own count of head-down time: ever, and in the running episode (domain.md, default limits).

Time above 5° counts. The strictest angle of an episode counts for the whole of it; an episode ends after 60 s at or
below 5°.
"""

from typing import Final

from . import kernel

EPISODE_END_MS: Final = 60_000


class Exposure:
    """Counts head-down milliseconds. Angles in hundredths of a degree, the more head-down of the two sensors."""

    __slots__ = ("_below_ms", "_strictest_cdeg", "episode_ms", "left_ms", "total_ms")

    def __init__(self, total_ms: int) -> None:
        self.total_ms = total_ms
        self._begin()

    def _begin(self) -> None:
        """No episode runs."""
        self.episode_ms = 0
        self.left_ms = kernel.continuous_limit_ms(0)
        self._strictest_cdeg = 0
        self._below_ms = 0

    def tick(self, worst_cdeg: int, elapsed_ms: int) -> None:
        """Account for the last `elapsed_ms` at this angle."""
        if worst_cdeg > kernel.EXPOSED_CDEG:
            self._below_ms = 0
            self.total_ms += elapsed_ms
            self.episode_ms += elapsed_ms
            if worst_cdeg > self._strictest_cdeg:
                self._strictest_cdeg = worst_cdeg
            self.left_ms = kernel.continuous_limit_ms(self._strictest_cdeg) - self.episode_ms
        elif self.episode_ms:
            self._below_ms += elapsed_ms
            if self._below_ms >= EPISODE_END_MS:
                self._begin()
