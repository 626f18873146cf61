"""Stop and level on their way to the unit: repeated until telemetry shows that they arrived.

The thread that receives a stop has usually written its frame already (the stop lane); here the wish is followed up.
A wish for level carries the unit's stop count of its own moment. Our own stop may be counted twice when a repetition
was on its way; a level wish that is younger than that stop follows the count for a moment. A stop that somebody else
made never does.
"""

from typing import Final

REPEAT_S: Final = 0.06
"""Three telemetry periods: time for the confirmation to come back even over a USB adapter's 16 ms latency."""
OUR_ECHO_S: Final = 0.3
"""How long after our last stop frame a change of the count is our own doing."""
LEVEL_TRIES_S: Final = 3.0
"""A unit that has not begun to return by then stands on a rung that forbids it."""


class Urgent:
    """What is still to be confirmed."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nothing is open: at the beginning, and when the link is gone, for what was wished over it is void."""
        self._count: int | None = None
        self._stop_wanted = False
        self._stop_sent_s: float | None = None
        self._level_since_s: float | None = None
        self._level_sent_s: float | None = None
        self._level_count = 0

    def stop(self, now_s: float, sent: bool) -> None:
        """A stop was wished; `sent` if its frame is on the wire already. It makes a wish for level void."""
        self._level_since_s = None
        self._stop_wanted = True
        self._stop_sent_s = now_s if sent else None

    def level(self, now_s: float, stop_count: int) -> None:
        """Level was wished, when the unit's count of stops was this."""
        self._level_since_s = now_s
        self._level_sent_s = None
        self._level_count = stop_count

    def end_level(self) -> None:
        """The return has begun, is over, or may not be."""
        self._level_since_s = None

    @property
    def levelling(self) -> bool:
        """A wish for level is still to be confirmed."""
        return self._level_since_s is not None

    def hear(self, stop_count: int, now_s: float) -> bool:
        """Take the unit's count of stops; true if it counted a stop that was not ours."""
        changed = self._count is not None and stop_count != self._count
        self._count = stop_count
        if not changed:
            return False
        ours = self._stop_wanted or (self._stop_sent_s is not None and now_s - self._stop_sent_s < OUR_ECHO_S)
        self._stop_wanted = False
        if ours:
            self._level_count = stop_count
        else:
            self._level_since_s = None
        return not ours

    def stop_due(self, now_s: float) -> bool:
        """Whether a stop frame has to be written (again) now."""
        if not self._stop_wanted or (self._stop_sent_s is not None and now_s - self._stop_sent_s < REPEAT_S):
            return False
        self._stop_sent_s = now_s
        return True

    def level_due(self, now_s: float) -> int | None:
        """The stop count to write into a level frame now, None if none is due."""
        if self._level_since_s is None or now_s - self._level_since_s > LEVEL_TRIES_S:
            self._level_since_s = None
            return None
        if self._level_sent_s is not None and now_s - self._level_sent_s < REPEAT_S:
            return None
        self._level_sent_s = now_s
        return self._level_count
