"""The stop lane: from the thread that received a stop straight to the port.

A stop frame carries nothing but itself, so no state and no lock is needed: whichever thread received the wish writes
the frame whole, with a delimiter before and after it, in front of whatever the owner of the state is about to send.
What was in flight is void, because the unit counts the stop. The core learns of it afterwards and repeats the frame
until telemetry confirms it; so a write that fails here costs a step, not the stop.
"""

from math import inf
from typing import Protocol

from protocol.link import STOP_FRAME

from .serial_port import PortError
from .urgent import APART_S


class Line(Protocol):
    """What the lane needs of a port."""

    def write(self, data: bytes) -> None:
        """Write a whole frame, from any thread. Raises PortError."""


class StopLane:
    """H11, F22: holds the port that is open now, if one is. `frames`: how many stop frames it has written in all."""

    def __init__(self) -> None:
        self.port: Line | None = None
        self.frames = 0
        self._next_s = -inf

    def stop(self, now_s: float) -> bool:
        """Write one stop frame now; whether it was written. Within 10 ms of the last one it is left to the core."""
        port = self.port
        if port is None or now_s < self._next_s:
            return False
        try:
            port.write(STOP_FRAME)
        except PortError:
            return False
        self._next_s = now_s + APART_S
        self.frames += 1
        return True
