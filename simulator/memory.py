"""What the tilt unit remembers through a reset: counters and latches in memory that a reset does not clear."""

from dataclasses import dataclass
from typing import Final

from protocol.messages import Cause

RESET_LOOP_MS: Final = 60_000
"""H9: a second reset in 60 s holds (safety.md, F5)."""
RESTART_MS: Final = 1000
"""What a restart may have taken from the count of head-down time: the watchdog's 250 ms and the start. Chosen: more."""
RESET_LOOP: Final = int(Cause.RESET_LOOP)


@dataclass(slots=True)
class Memory:
    """A power cut loses it: `valid` is false then, and a random `id` tells the new one from the old.

    `exposed`: head down beyond 5° when it was last told; `slow`: the next return is after a stop; `heat`: of the motor,
    as a part of what it may take. Times in milliseconds, angles in hundredths of a degree.
    """

    valid: bool = False
    id: int = 0
    boots: int = 0
    uptime_ms: int = 0
    stop_count: int = 0
    latched: int = 0
    head_down_ms: int = 0
    episode_ms: int = 0
    strictest_cdeg: int = 0
    exposed: bool = False
    slow: bool = False
    heat: float = 0.0

    def boot(self, entropy: int) -> None:
        """A run begins. F5: a second reset in 60 s latches; the stop count moves on, so that no old frame fits."""
        if self.valid and self.boots > 1 and self.uptime_ms < RESET_LOOP_MS:
            self.latched |= RESET_LOOP
        if self.exposed:
            self.head_down_ms += RESTART_MS
            self.episode_ms += RESTART_MS
        if not self.valid:
            self.id = entropy >> 16 & 0xFFFF
        self.valid = True
        self.boots += 1
        self.uptime_ms = 0
        self.stop_count += 1 + entropy % 251
