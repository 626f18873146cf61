"""Reads and writes an open, non-blocking descriptor: a device's or a socket's, without pyserial in between.

pyserial's `write` reports a timeout also when the time is over, or the port full, right after it took the last byte: a
stop that was written would count as lost, and a loaded machine would lose its port. Here only bytes that are left make
a timeout. And a read is two calls of the system instead of five.
"""

import contextlib
import os
import select
import socket
import time
from typing import Final

ROOM: Final = 4096
"""Bytes of one read. Chosen: a third of a second of the line."""


class Descriptor:
    """`fd` stays the owner's, who closes it. `write` and `wake` may be called by any thread."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        # Sockets, because one that is closed says so; a number that was closed may be somebody else's by then.
        self._wakes, self._woken = socket.socketpair()
        self._wakes.setblocking(False)
        self._woken.setblocking(False)
        self._readable = select.poll()
        self._readable.register(fd, select.POLLIN)
        self._readable.register(self._woken, select.POLLIN)

    def read(self, timeout_s: float) -> bytes:
        """Bytes as soon as there are some; nothing after the timeout or `wake`. Raises OSError, also at the end."""
        ready = self._readable.poll(timeout_s * 1000.0)
        if len(ready) == 1 and ready[0][0] == self._fd:
            return self._taken()
        for fd, _ in ready:
            if fd != self._fd:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(ROOM)
        return self._taken() if len(ready) > 1 else b""

    def _taken(self) -> bytes:
        try:
            data = os.read(self._fd, ROOM)
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the other end is gone")
        return data

    def write(self, data: bytes, timeout_s: float) -> None:
        """All of it. Raises TimeoutError if the line takes no more for so long, OSError if it is gone."""
        end_s = None
        while True:
            with contextlib.suppress(BlockingIOError):
                data = data[os.write(self._fd, data) :]
            if not data:
                return
            now_s = time.monotonic()
            end_s = now_s + timeout_s if end_s is None else end_s
            if now_s >= end_s:
                raise TimeoutError(f"the line took nothing for {timeout_s:g} s")
            room = select.poll()
            room.register(self._fd, select.POLLOUT)
            room.poll((end_s - now_s) * 1000.0)

    def wake(self) -> None:
        """End a read that waits."""
        with contextlib.suppress(OSError):
            self._wakes.send(b"x")

    def close(self) -> None:
        """Let go of everything but the descriptor; its number may soon be another file's, and is not used again."""
        self._fd = -1
        self._wakes.close()
        self._woken.close()
