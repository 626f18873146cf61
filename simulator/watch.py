"""A motion has to get somewhere (safety.md, R1, F9 to F11)."""

from typing import Final

PROGRESS_DEG: Final = 0.5
PROGRESS_MS: Final = 3000
"""Safety.md, R1: no progress is less than 0.5° in 3 s, whatever the elapsed time."""
COMMANDED_DEG: Final = 1.5
"""Only where the drive was asked for three times that: a slow turn of a swing is no stall."""
WRONG_WAY_DEG: Final = 1.5
"""Safety.md, F9, allows 2°. Chosen: more than the slack of a drive (domain.md: at most 1° of backlash)."""


class Progress:
    """Whether the table follows the drive at all, and the same way."""

    __slots__ = ("_commanded_deg", "_elapsed_ms", "_from_deg")

    def __init__(self) -> None:
        self._from_deg: float | None = None
        self._commanded_deg = 0.0
        self._elapsed_ms = 0

    def reset(self) -> None:
        """The table rests."""
        self._from_deg = None

    def tick(self, angle_deg: float, rate_dps: float, elapsed_ms: int) -> bool:
        """One tick of driving at a commanded rate; true if the table got nowhere (F10) or the wrong way (F9)."""
        if self._from_deg is None:
            self._begin(angle_deg)
            return False
        self._commanded_deg += rate_dps * elapsed_ms / 1000
        self._elapsed_ms += elapsed_ms
        if not self._commanded_deg:
            return False
        moved_deg = angle_deg - self._from_deg if self._commanded_deg > 0.0 else self._from_deg - angle_deg
        if moved_deg >= PROGRESS_DEG:
            self._begin(angle_deg)
            return False
        if moved_deg <= -WRONG_WAY_DEG:
            return True
        return self._elapsed_ms >= PROGRESS_MS and abs(self._commanded_deg) >= COMMANDED_DEG

    def _begin(self, angle_deg: float) -> None:
        self._from_deg = angle_deg
        self._commanded_deg = 0.0
        self._elapsed_ms = 0
