"""Stop and level on their way to the unit: repeated until telemetry shows that they arrived.

The thread that receives a stop has usually written its frame already (the stop lane); here the wish is followed up. The
unit counts each stop frame, and a wish for level carries the unit's count of its own moment. A frame of ours that was
on its way then is counted later: the younger wish for level follows the count for as many frames as are known to be
ours. A stop that nobody has told us of makes it void: it may be the younger one.
"""

from typing import Final

REPEAT_S: Final = 0.06
"""Three telemetry periods: time for the confirmation to come back even over a USB adapter's 16 ms latency."""
OUR_ECHO_S: Final = 0.3
"""How long after our last stop frame a change of the count is our own doing."""
LEVEL_TRIES_S: Final = 3.0
"""A unit that has not begun to return by then stands on a rung that forbids it."""
BLIND_TRIES_S: Final = 2.0
"""A stop without any telemetry is repeated as long as the unit waits for a host; later it would stop a return home."""


class Urgent:
    """What is still to be confirmed."""

    def __init__(self) -> None:
        self._count: int | None = None
        self._stop_since_s: float | None = None
        self._stop_next_s = 0.0
        self._frames = 0
        self._framed_s = 0.0
        self._untold_s: float | None = None
        self._level_since_s: float | None = None
        self._level_next_s = 0.0
        self._level_sent = False
        self._level_count = 0

    def lost(self) -> None:
        """The link is gone: a wish for level is void. A stop is tried for a moment more."""
        self._count = None
        self._level_since_s = None

    def stop(self, now_s: float, sent: bool) -> None:
        """A stop was wished; `sent` if its frame is on the wire already. It makes a wish for level void."""
        self._level_since_s = None
        self._stop_since_s = self._stop_next_s = now_s
        if sent:
            self._stop_next_s += REPEAT_S
            counted = self._untold_s is not None and now_s - self._untold_s < OUR_ECHO_S
            self._untold_s = None
            if not counted:
                self._frame(now_s)

    def level(self, now_s: float, stop_count: int) -> None:
        """Level was wished, when the unit's count of stops was this."""
        self._level_since_s = self._level_next_s = now_s
        self._level_sent = False
        self._level_count = stop_count

    def end_level(self) -> None:
        """The wish for level is not kept up any more."""
        self._level_since_s = None

    @property
    def stopping(self) -> bool:
        """A stop is still to be confirmed."""
        return self._stop_since_s is not None

    @property
    def levelling(self) -> bool:
        """A wish for level is still to be confirmed."""
        return self._level_since_s is not None

    def hear(self, stop_count: int, level_wished: bool, now_s: float) -> bool:
        """Take the unit's count of stops, and whether it obeys a wish for level; true if it counted a stop not ours."""
        before, self._count = self._count, stop_count
        if before is None or stop_count == before:
            if level_wished and self._level_sent and stop_count == self._level_count and not self.stopping:
                self._level_since_s = None
            return False
        if self._stop_since_s is not None and self._framed_s >= self._stop_since_s:
            self._stop_since_s = None
        known = self._frames if now_s - self._framed_s < OUR_ECHO_S else 0
        self._frames = max(known - ((stop_count - before) & 0xFFFF), 0)
        if (stop_count - before) & 0xFFFF > known:
            self._untold_s = now_s
            self._level_since_s = None
            return True
        self._level_count = stop_count
        self._level_next_s = now_s
        self._level_sent = False
        return False

    def stop_due(self, now_s: float) -> bool:
        """Whether a stop frame has to be written (again) now."""
        if self._stop_since_s is None or now_s < self._stop_next_s:
            return False
        if self._count is None and now_s - self._stop_since_s > BLIND_TRIES_S:
            self._stop_since_s = None
            return False
        self._stop_next_s = now_s + REPEAT_S
        self._frame(now_s)
        return True

    def level_due(self, now_s: float) -> int | None:
        """The stop count to write into a level frame now, None if none is due."""
        if self._level_since_s is None or now_s - self._level_since_s > LEVEL_TRIES_S:
            self._level_since_s = None
            return None
        if now_s < self._level_next_s:
            return None
        self._level_next_s = now_s + REPEAT_S
        self._level_sent = True
        return self._level_count

    def _frame(self, now_s: float) -> None:
        """One more stop frame is on its way that the unit has not counted."""
        self._frames = self._frames + 1 if now_s - self._framed_s < OUR_ECHO_S else 1
        self._framed_s = now_s
