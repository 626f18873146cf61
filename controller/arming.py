"""The window in which a session may start, and the grant of the unit that belongs to it.

The window is a matter of human hands (`hand_s`); the grant is asked for again until the unit's telemetry shows it.
"""

from random import Random
from typing import Final

from .questions import ARMING_S

ASK_AGAIN_S: Final = 0.1
GIVE_UP_S: Final = 1.0
"""A unit that has not granted after a second (50 telemetries) will not."""
CODE_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""No letter that looks like another."""


class Arming:
    """Closed, or open since `at_s` with its single-use `code`. `stop_count` belongs to the wish that armed.

    `wanted`, `granted`, `failed` are about the unit's grant, which outlives the window.
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self.at_s: float | None = None
        self.code: str | None = None
        self.stop_count = 0
        self.wanted = False
        self.granted = False
        self.failed = False
        self._asked_s: float | None = None
        self._since_s = 0.0

    def open(self, hand_s: float, now_s: float, stop_count: int) -> None:
        """A person armed: open the window, make a code, ask the unit for its grant."""
        self.at_s = hand_s
        self.code = "".join(self._random.choice(CODE_LETTERS) for _ in range(4))
        self.ask(now_s, stop_count)

    def ask(self, now_s: float, stop_count: int) -> None:
        """Ask the unit for its grant on behalf of a wish made at this stop count."""
        self.stop_count = stop_count
        self.wanted = True
        self.granted = self.failed = False
        self._asked_s = None
        self._since_s = now_s

    def close(self) -> None:
        """No session may start any more; a running one keeps its grant."""
        self.at_s = None
        self.code = None

    def drop(self) -> bool:
        """Close the window and want no grant; whether there is one to give back."""
        self.close()
        had = self.wanted
        self.wanted = self.granted = self.failed = False
        return had

    def remaining_s(self, hand_s: float) -> float | None:
        """Seconds that the window is still open, None if it is closed."""
        return None if self.at_s is None else max(self.at_s + ARMING_S - hand_s, 0.0)

    def due(self, now_s: float) -> bool:
        """Whether to ask the unit (again) now."""
        if not self.wanted or self.granted or (self._asked_s is not None and now_s - self._asked_s < ASK_AGAIN_S):
            return False
        self._asked_s = now_s
        return True

    def hear(self, armed: bool, now_s: float) -> None:
        """Take what telemetry says of the grant: `failed` if the unit did not give it or took it back."""
        if not self.wanted:
            return
        if armed:
            self.granted = True
        elif self.granted or now_s - self._since_s >= GIVE_UP_S:
            self.failed = True
