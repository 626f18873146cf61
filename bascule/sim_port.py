"""A simulated table as the daemon's port, in virtual time that runs X times faster than the wall's.

Controller and unit advance in lockstep: the port's clock is the table's, and it only moves while the daemon reads. A
late host slows virtual time down and never expires a lease.
"""

import threading
import time
from collections import deque
from typing import Final

from simulator.table import Table

LATE_S: Final = 0.1
"""A host that was held up for longer does not make up for it in one burst."""
NAP_S: Final = 0.001
"""Shorter waits are not worth a sleep."""
LONGEST_WAIT_S: Final = 0.05
"""As long as a real port waits: whoever reads looks after its other business that often."""


class SimPort:
    """Implements the daemon's `Port` over a `Table`. `speed`: virtual seconds in one of the wall's."""

    def __init__(self, table: Table, speed: float) -> None:
        self.table = table
        self._speed = speed
        self._base_s = time.monotonic()
        self._origin_s = self._base_s
        self._written: deque[bytes] = deque()
        self._woken = threading.Event()

    def read(self) -> bytes:
        """Let virtual time go on to the next bytes; nothing after 50 ms or `wake`."""
        table = self.table
        while True:
            ahead_s = self._origin_s + table.now_s / self._speed - time.monotonic()
            if ahead_s > NAP_S and (self._woken.wait(min(ahead_s, LONGEST_WAIT_S)) or ahead_s > LONGEST_WAIT_S):
                self._woken.clear()
                return b""
            if ahead_s < -LATE_S:
                self._origin_s -= ahead_s + LATE_S
            while self._written:
                table.receive(self._written.popleft())
            data = table.tick()
            if data:
                return data

    def write(self, data: bytes) -> None:
        """Reaches the unit with its next tick."""
        self._written.append(data)

    def wake(self) -> None:
        """End a read that waits."""
        self._woken.set()

    def close(self) -> None:
        """Nothing to let go of."""

    def now_s(self) -> float:
        """Virtual seconds, from a start that fits the wall's monotonic clock."""
        return self._base_s + self.table.now_s
