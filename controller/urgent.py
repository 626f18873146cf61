"""Stop and level on their way to the unit: repeated until telemetry shows that they arrived.

The thread that receives a stop has usually written its frame already (the stop lane); here the wish is followed up. The
unit counts each stop frame, and a wish for level carries the unit's count of its own moment. A frame of ours that was
on its way then is counted later: the younger wish for level follows the count for as many frames as are known to be
ours. A stop that nobody has told us of makes it void: it may be the younger one.

So frames are balanced: those known to be written, less those that the unit has counted. The lane tells with each wish
how many it has written in all, so that a flood whose wishes get lost leaves the balance right. The core hears the same
with each step: a frame whose wish is lost was a stop, and would otherwise be taken for one of ours that came late.
"""

from math import inf
from typing import Final

REPEAT_S: Final = 0.06
"""Three telemetry periods: time for the confirmation to come back even over a USB adapter's 16 ms latency."""
OUR_ECHO_S: Final = 0.3
"""How long after our last stop frame a change of the count is our own doing."""
APART_S: Final = 0.01
"""Chosen: a stop that comes within 10 ms of a stop frame needs no frame before the next step; a flood fills no line."""
LEVEL_TRIES_S: Final = 3.0
"""A unit that has not begun to return by then stands on a rung that forbids it."""
BLIND_TRIES_S: Final = 2.0
"""A stop without any telemetry is repeated as long as the unit waits for a host; later it would stop a return home."""


class Urgent:
    """H11: what is still to be confirmed, and is repeated until then.

    `stopping_since_s`, `levelling_since_s`: when it was wished, None once it is confirmed. `lane_frames`: how many stop
    frames of the lane are known.
    """

    def __init__(self) -> None:
        self._count: int | None = None
        self.stopping_since_s: float | None = None
        self._stop_next_s = 0.0
        self._unconfirmed_since_s = 0.0
        self.lane_frames = 0
        self._balance = 0
        self._balance_until_s = -inf
        self._framed_s = -inf
        self.levelling_since_s: float | None = None
        self._level_next_s = 0.0
        self._level_sent = False
        self._level_count = 0

    def lost(self) -> None:
        """The link is gone: a wish for level is void. A stop is tried for a moment more."""
        self._count = None
        self.levelling_since_s = None

    def stop(self, now_s: float, lane_frames: int) -> None:
        """A stop was wished; the lane has written so many frames by now in all. It makes a wish for level void."""
        self.levelling_since_s = None
        if self.stopping_since_s is None:
            self._unconfirmed_since_s = now_s
            self._stop_next_s = inf
        self.stopping_since_s = now_s
        new, self.lane_frames = lane_frames - self.lane_frames, max(lane_frames, self.lane_frames)
        if new <= 0:
            self._stop_next_s = max(now_s, self._framed_s + APART_S)
            return
        # Whoever presses again and again puts off no repetition: the lane's frames may all be lost.
        self._stop_next_s = min(self._stop_next_s, now_s + REPEAT_S)
        self._balance = self._known(now_s) + new
        self._balance_until_s = now_s + OUR_ECHO_S
        if self._balance > 0:  # otherwise the unit has counted them already, and confirms nothing by the next count
            self._framed_s = now_s

    def level(self, now_s: float, stop_count: int) -> None:
        """Level was wished, when the unit's count of stops was this."""
        self.levelling_since_s = self._level_next_s = now_s
        self._level_sent = False
        self._level_count = stop_count

    def end_level(self) -> None:
        """The wish for level is not kept up any more."""
        self.levelling_since_s = None

    @property
    def stopping(self) -> bool:
        """A stop is still to be confirmed."""
        return self.stopping_since_s is not None

    def unconfirmed_s(self, now_s: float) -> float:
        """How long a stop has been waiting for the unit to count it."""
        return 0.0 if self.stopping_since_s is None else now_s - self._unconfirmed_since_s

    @property
    def levelling(self) -> bool:
        """A wish for level is still to be confirmed."""
        return self.levelling_since_s is not None

    def hear(self, stop_count: int, level_wished: bool, now_s: float) -> bool:
        """Take the unit's count of stops, and whether it obeys a wish for level; true if it counted a stop not ours."""
        before, self._count = self._count, stop_count
        if before is None or stop_count == before:
            if level_wished and self._level_sent and stop_count == self._level_count and not self.stopping:
                self.levelling_since_s = None
            return False
        if self.stopping_since_s is not None and self._framed_s >= self.stopping_since_s:
            self.stopping_since_s = None
        self._balance = self._known(now_s) - ((stop_count - before) & 0xFFFF)
        if self._balance < 0:
            self._balance_until_s = now_s + OUR_ECHO_S
            self.levelling_since_s = None
            return True
        self._level_count = stop_count
        self._level_next_s = now_s
        self._level_sent = False
        return False

    def stop_due(self, now_s: float) -> bool:
        """Whether a stop frame has to be written (again) now."""
        if self.stopping_since_s is None or now_s < self._stop_next_s:
            return False
        if self._count is None and now_s - self.stopping_since_s > BLIND_TRIES_S:
            self.stopping_since_s = None
            return False
        self._stop_next_s = now_s + REPEAT_S
        self._frame(now_s)
        return True

    def level_due(self, now_s: float) -> int | None:
        """The stop count to write into a level frame now, None if none is due."""
        if self.levelling_since_s is None or now_s - self.levelling_since_s > LEVEL_TRIES_S:
            self.levelling_since_s = None
            return None
        if now_s < self._level_next_s:
            return None
        self._level_next_s = now_s + REPEAT_S
        self._level_sent = True
        return self._level_count

    def _frame(self, now_s: float) -> None:
        """One more stop frame is on its way that the unit has not counted."""
        self._balance = max(self._known(now_s), 0) + 1
        self._framed_s = now_s
        self._balance_until_s = now_s + OUR_ECHO_S

    def _known(self, now_s: float) -> int:
        """The balance, as long as it can mean anything: a frame that was lost is never counted."""
        return self._balance if now_s < self._balance_until_s else 0
