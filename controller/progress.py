"""H1: whether a motion comes on. A return that stands still is none."""

from typing import Final

PART_DEG: Final = 0.5
WITHIN_S: Final = 3.0
"""Safety.md, the ladder: no progress is less than 0.5° in 3 s."""


class Progress:
    """Remembers how far a motion had come, in degrees, and since when; `mark_deg` is None while nothing has to."""

    def __init__(self) -> None:
        self.mark_deg: float | None = None
        self._since_s = 0.0

    def reset(self) -> None:
        """There is nothing that has to come on."""
        self.mark_deg = None

    def stuck(self, come_deg: float, now_s: float) -> bool:
        """Whether it has come less than 0.5° further within 3 s. A way back does not count."""
        if self.mark_deg is None or come_deg >= self.mark_deg + PART_DEG:
            self.mark_deg, self._since_s = come_deg, now_s
        return now_s - self._since_s > WITHIN_S
