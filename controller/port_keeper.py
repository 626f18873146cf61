"""Keeps the serial port open: opens it, gives it up when it fails or falls silent, tries again with backoff."""

import logging
from collections.abc import Callable
from typing import Final

from .serial_port import Port, PortError
from .stop_lane import StopLane

BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0)
"""Between attempts to open the port."""
SILENT_S: Final = 3.0
"""Chosen: longer than any unit takes to boot; a port that brings nothing for so long is half-open (F3)."""
SILENT: Final = "the tilt unit does not answer on its port, which is opened anew; check its cable and power"
_log = logging.getLogger(__name__)


class PortKeeper:
    """F3, F4: opens the port again when it is gone or half-open.

    `port` is the one that is open now, if any; the stop lane writes to the same. `tell` gets each new problem.
    """

    def __init__(self, open_port: Callable[[], Port], lane: StopLane, tell: Callable[[str], None]) -> None:
        self._open_port = open_port
        self._lane = lane
        self._tell = tell
        self.port: Port | None = None
        self._opened_s = 0.0
        self._next_open_s = 0.0
        self._lost = False
        self._failures = 0
        self._said = ""

    def open(self, now_s: float) -> bool:
        """Whether a port is open; opens one if it is time to try."""
        if self.port is not None:
            return True
        if self._lost:
            self._lost, self._next_open_s = False, now_s + BACKOFF_S[0]
        if now_s < self._next_open_s:
            return False
        try:
            port = self._open_port()
        except PortError as error:
            self._next_open_s = now_s + BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            self._failures += 1
            self._say(str(error))
            return False
        self._failures = 0
        self._opened_s = port.now_s()
        self.port = self._lane.port = port
        if not self._said:
            _log.info("port opened")
        return True

    def read(self) -> bytes:
        """What the port brings; a port that fails is closed."""
        try:
            return b"" if self.port is None else self.port.read()
        except PortError as error:
            self._lose(str(error))
            return b""

    def write(self, data: bytes) -> None:
        """Write frames, if there is a port; one that fails is closed."""
        try:
            if self.port is not None:
                self.port.write(data)
        except PortError as error:
            self._lose(str(error))

    def judge(self, answered_s: float) -> None:
        """F3: close a port over which nothing was heard since `answered_s`, by the port's own clock."""
        if self.port is None:
            return
        if answered_s >= self._opened_s:
            self._said = ""
        if self.port.now_s() - max(answered_s, self._opened_s) > SILENT_S:
            self._lose(SILENT)

    def wake(self) -> None:
        """End a read that waits."""
        if port := self.port:
            port.wake()

    def close(self) -> None:
        """Let go of the port."""
        port, self.port, self._lane.port = self.port, None, None
        if port is not None:
            port.close()

    def _lose(self, message: str) -> None:
        self.close()
        self._lost = True
        self._say(message)

    def _say(self, message: str) -> None:
        """Once per different problem."""
        if message != self._said:
            self._said = message
            self._tell(message[:1].upper() + message[1:] + ".")
            _log.warning("%s", message)
