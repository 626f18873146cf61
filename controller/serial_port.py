"""The serial port: opens, reads, writes. The only file that knows pyserial, which finds, opens and sets up the port.

`PORT` is anything that pyserial opens: a device, `socket://host:port`, or a URL whose handler is registered.
"""

import os
import time
from typing import Final, Protocol

import serial
from serial.urlhandler import protocol_socket

from protocol.messages import BAUD

from .descriptor import Descriptor

READ_TIMEOUT_S: Final = 0.05
"""Chosen: two and a half telemetries; a port that can't be woken is looked at this often at least."""
WRITE_TIMEOUT_S: Final = 0.2
"""A port that takes no byte for as long is stuck: the unit returns without us."""


class PortError(Exception):
    """The port can't be opened or has gone. Says which port, what is wrong and what to do."""

    def __init__(self, port: str, what: str, advice: str) -> None:
        super().__init__(f"port {port}: {what}; {advice}")


class Port(Protocol):
    """What the daemon needs of a port. `write` may be called by any thread, everything else by the daemon's."""

    def read(self) -> bytes:
        """Bytes as soon as there are some; nothing after a short wait or `wake`. Raises PortError."""

    def write(self, data: bytes) -> None:
        """Write a few whole frames. Raises PortError."""

    def wake(self) -> None:
        """End a `read` that waits, from any thread."""

    def close(self) -> None:
        """Let go of the port; never raises."""

    def now_s(self) -> float:
        """The clock of control: monotonic seconds."""


class SerialPort:
    """A real port, or whatever pyserial makes of a URL. Opens it at once; raises PortError."""

    def __init__(self, url: str) -> None:
        self._url = url
        try:
            port = serial.serial_for_url(
                url, baudrate=BAUD, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, do_not_open=True
            )
            # DTR restarts many boards; a unit that restarts mid-session returns to level for nothing.
            port.dtr = False
            port.rts = False
            if hasattr(port, "exclusive"):
                port.exclusive = True
            port.open()
        except (OSError, ValueError) as error:
            raise PortError(
                url, _plainly(error), "check the name, the cable, and that no other program uses it"
            ) from error
        self._port = port
        # Neither a subclass, which has its own idea of reading, nor a port without a descriptor.
        direct = os.name == "posix" and type(port) in (serial.Serial, protocol_socket.Serial)
        self._direct = Descriptor(port.fileno()) if direct else None

    def read(self) -> bytes:
        """Bytes as soon as there are some; nothing after 50 ms or `wake`."""
        try:
            if self._direct:
                return self._direct.read(READ_TIMEOUT_S)
            data: bytes = self._port.read(1)
            if data and (more := self._port.in_waiting):
                data += self._port.read(more)
        except (OSError, TypeError, ValueError) as error:
            raise self._gone(error) from error
        return data

    def write(self, data: bytes) -> None:
        """Write frames."""
        try:
            if self._direct:
                self._direct.write(data, WRITE_TIMEOUT_S)
            else:
                self._port.write(data)
        except (OSError, TypeError, ValueError) as error:
            raise self._gone(error) from error

    def wake(self) -> None:
        """End a read that waits, where the port can do that."""
        if self._direct:
            self._direct.wake()
        elif cancel := getattr(self._port, "cancel_read", None):
            cancel()

    def close(self) -> None:
        """Let go of the port."""
        if self._direct:
            self._direct.close()
        try:
            self._port.close()
        except OSError:
            return

    def now_s(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def _gone(self, error: Exception) -> PortError:
        return PortError(self._url, _plainly(error), "plug the tilt unit in again; it returns to level by itself")


def _plainly(error: Exception) -> str:
    """What the system says, without its numbers and repetitions."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return text.rpartition("] ")[2].partition(": ")[0].strip("'\" ")
