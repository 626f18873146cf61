"""A cable between controller and unit that can be pulled, cut in one direction, or hold bytes back and let them go.

The controller's end is a pty of its own: pulling it hangs up, as a USB adapter does that is unplugged.
"""

import contextlib
import os
import pty
import select
import threading
import tty
from enum import Enum, auto
from pathlib import Path
from typing import Final, Self

CHUNK: Final = 4096
WAIT_S: Final = 0.02
MOST_HELD: Final = 1 << 16
"""Bytes that a direction holds back: what an adapter and its driver buffer, and more."""


class Way(Enum):
    """What one direction does with bytes."""

    PASS = auto()
    DROP = auto()
    HOLD = auto()
    """Keep them, and let them go in one burst with the next PASS."""


class Cable:
    """Joins the unit's port to a link of its own for the controller. Close it before the simulator ends."""

    def __init__(self, unit: Path, link: Path) -> None:
        self._link = link
        self._unit = os.open(unit, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        self._master = self._slave = -1
        self._held = {"to_unit": b"", "to_host": b""}
        self.to_unit = self.to_host = Way.PASS
        self._wanted = True
        self._done = threading.Event()
        self._plug()
        self._thread = threading.Thread(target=self._run, name="cable", daemon=True)
        self._thread.start()

    def pull(self) -> None:
        """Unplug the controller's end; it is gone when this returns."""
        self._set(False)

    def plug(self) -> None:
        """Plug it in again, as a new port under the old name; it is there when this returns."""
        self._set(True)

    def close(self) -> None:
        """Let go of both ends."""
        self._done.set()
        self._thread.join()
        self._unplug()
        os.close(self._unit)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _set(self, wanted: bool) -> None:
        self._wanted = wanted
        while (self._master >= 0) is not wanted and self._thread.is_alive():
            self._done.wait(WAIT_S)

    def _plug(self) -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(slave))
        self._master, self._slave = master, slave  # last: whoever waits for them opens the link next

    def _unplug(self) -> None:
        if self._master >= 0:
            self._link.unlink(missing_ok=True)
            os.close(self._slave)
            os.close(self._master)
            self._master = self._slave = -1

    def _run(self) -> None:
        while not self._done.is_set():
            if self._wanted and self._master < 0:
                self._plug()
            elif not self._wanted:
                self._unplug()
            ends = [self._unit] + ([self._master] if self._master >= 0 else [])
            ready = select.select(ends, [], [], WAIT_S)[0]
            self._carry("to_host", self._unit in ready, self._unit, self._master, self.to_host)
            if self._master >= 0:
                self._carry("to_unit", self._master in ready, self._master, self._unit, self.to_unit)

    def _carry(self, direction: str, ready: bool, source: int, sink: int, way: Way) -> None:
        """What has arrived at one end, on its way to the other."""
        data = b""
        if ready:
            with contextlib.suppress(OSError):
                data = os.read(source, CHUNK)
        if way is Way.HOLD:
            self._held[direction] = (self._held[direction] + data)[-MOST_HELD:]
            return
        data, self._held[direction] = self._held[direction] + data, b""
        if data and way is Way.PASS and sink >= 0:
            with contextlib.suppress(OSError):  # a full end loses bytes, as a line without flow control does
                os.write(sink, data)
