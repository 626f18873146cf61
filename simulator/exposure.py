"""The unit's own count of head-down time: ever, and in the running episode (domain.md, default limits).

Time above 5° counts. The strictest angle of an episode counts for the whole of it; an episode ends after 60 s at or
below 5°. The counts are in the unit's memory: a reset forgets neither.
"""

from . import kernel
from .memory import Memory


class Exposure:
    """Counts head-down milliseconds. Angles in hundredths of a degree, the more head-down of the two sensors."""

    __slots__ = ("_below_ms", "_memory", "left_ms")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._below_ms = 0
        self.left_ms = kernel.continuous_limit_ms(memory.strictest_cdeg) - memory.episode_ms

    @property
    def episode(self) -> bool:
        """Whether an episode of head-down time runs, or ended less than 60 s ago."""
        return self._memory.episode_ms > 0

    def tick(self, worst_cdeg: int, elapsed_ms: int) -> None:
        """Account for the last `elapsed_ms` at this angle."""
        memory = self._memory
        memory.exposed = worst_cdeg > kernel.EXPOSED_CDEG
        if memory.exposed:
            self._below_ms = 0
            counted_ms = kernel.count_ms(0, worst_cdeg, elapsed_ms)
            memory.head_down_ms += counted_ms
            memory.episode_ms += counted_ms
            if worst_cdeg > memory.strictest_cdeg:
                memory.strictest_cdeg = kernel.strictest_cdeg(memory.strictest_cdeg, worst_cdeg)
            self.left_ms = kernel.continuous_limit_ms(memory.strictest_cdeg) - memory.episode_ms
        elif memory.episode_ms:
            self._below_ms = kernel.below_ms(self._below_ms, worst_cdeg, elapsed_ms)
            if kernel.episode_over(self._below_ms):
                memory.episode_ms = memory.strictest_cdeg = self._below_ms = 0
                self.left_ms = kernel.continuous_limit_ms(0)
