"""A motion has to get somewhere, the same way as the drive (safety.md, R1, F9 to F11)."""

from typing import Final

from protocol.messages import Cause

PROGRESS_DEG: Final = 0.5
PROGRESS_MS: Final = 3000
"""Safety.md, R1: no progress is less than 0.5° in 3 s, whatever the elapsed time."""
COMMANDED_DEG: Final = 1.5
"""Only where the drive was asked for three times that: a slow turn of a swing is no stall."""
WRONG_WAY_DEG: Final = 1.5
"""H5: safety.md, F9, allows 2°. Chosen: more than the slack of a drive (domain.md: at most 1° of backlash)."""
STALL_A: Final = 8.5
STALL_FULL_A: Final = 20.0
"""At full power; the same part of it at less. Domain.md: 4 to 12 A running, 20 to 30 A stalled; a stall draws as much
as the power asks for, and the rated load 8 A."""
STALL_TICKS: Final = 10
"""200 ms: twice the motor's time constant, so that its start is none."""
NO_PROGRESS, WRONG_WAY, STALLED = int(Cause.NO_PROGRESS), int(Cause.WRONG_WAY), int(Cause.STALLED)


class Progress:
    """Whether the table follows the drive at all, and the same way, by one sensor."""

    __slots__ = ("_asked_deg", "_commanded_deg", "_elapsed_ms", "_from_deg")

    def __init__(self) -> None:
        self._from_deg: float | None = None
        self._commanded_deg = self._asked_deg = 0.0
        self._elapsed_ms = 0

    def reset(self) -> None:
        """The table rests."""
        self._from_deg = None

    def tick(self, angle_deg: float, rate_dps: float, elapsed_ms: int, asked_dps: float | None = None) -> int:
        """One tick of driving at a commanded rate; the cause if it gets nowhere (F11) or the wrong way (F9), or 0.

        `asked_dps` is the part of the rate that should move the table, where the rest only holds a load.
        """
        if self._from_deg is None or rate_dps * self._commanded_deg < 0.0:
            self._begin(angle_deg)  # where the drive turns round, what was asked for before is no measure any more
            return 0
        self._commanded_deg += rate_dps * elapsed_ms / 1000
        self._asked_deg += (rate_dps if asked_dps is None else asked_dps) * elapsed_ms / 1000
        self._elapsed_ms += elapsed_ms
        if not self._commanded_deg:
            return 0
        moved_deg = angle_deg - self._from_deg if self._commanded_deg > 0.0 else self._from_deg - angle_deg
        if moved_deg >= PROGRESS_DEG:
            self._begin(angle_deg)
            return 0
        if moved_deg <= -WRONG_WAY_DEG:
            return WRONG_WAY
        return NO_PROGRESS if self._elapsed_ms >= PROGRESS_MS and abs(self._asked_deg) >= COMMANDED_DEG else 0

    def _begin(self, angle_deg: float) -> None:
        self._from_deg = angle_deg
        self._commanded_deg = self._asked_deg = 0.0
        self._elapsed_ms = 0


class Stall:
    """Whether the motor draws what a motor draws that stands still (F10, H7)."""

    __slots__ = ("_ticks",)

    def __init__(self) -> None:
        self._ticks = 0

    def reset(self) -> None:
        """The motor is off."""
        self._ticks = 0

    def tick(self, current_a: float, power: float) -> bool:
        """One tick at this part of full power (−1 to 1)."""
        limit_a = STALL_FULL_A * abs(power)
        self._ticks = self._ticks + 1 if current_a > (limit_a if limit_a > STALL_A else STALL_A) else 0
        return self._ticks >= STALL_TICKS
