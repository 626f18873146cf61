"""The simulated table in real time, over a pty or TCP.

This file and `protocol_sim` are the only ones of the simulator with I/O and a clock.
"""

import contextlib
import os
import queue
import select
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from .hands import HandError, Hands
from .table import Table
from .unit import TICK_MS
from .wire import FROM_UNIT, TO_UNIT

TICK_S: Final = TICK_MS / 1000
LATE_S: Final = 0.1
"""A simulator that was held up for longer goes on from there; it does not make up for it in one burst."""
CHUNK: Final = 4096


class ServerError(Exception):
    """The place to serve at can't be had; says what to do."""


class Endpoint(Protocol):
    """One end of a byte stream that may have nobody at its other end."""

    name: str

    def exchange(self, data: bytes, timeout_s: float) -> bytes:
        """Send, and take what arrives within the time."""

    def close(self) -> None:
        """Leave nothing behind."""


class Pty:
    """A pseudo-terminal, with a link to it at a path of the user's choice."""

    def __init__(self, link: Path) -> None:
        import pty
        import tty

        self._link = link
        if link.exists() and not link.is_symlink():
            raise ServerError(f"--pty {link}: there is a file of that name already; choose another")
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.name = os.ttyname(self._slave)
        try:
            link.unlink(missing_ok=True)
            link.symlink_to(self.name)
        except OSError as error:
            self._let_go()
            raise ServerError(
                f"--pty {link}: {error.strerror}; choose a path in a folder that you may write to"
            ) from None

    def exchange(self, data: bytes, timeout_s: float) -> bytes:
        """Send, and take what arrives within the time. Without a reader the bytes are lost, as on a line."""
        if data:
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)
        if select.select([self._master], [], [], timeout_s)[0]:
            with contextlib.suppress(BlockingIOError, OSError):
                return os.read(self._master, CHUNK)
        return b""

    def close(self) -> None:
        """Remove the link and the terminal."""
        with contextlib.suppress(OSError):
            if os.readlink(self._link) == self.name:
                self._link.unlink()
        self._let_go()

    def _let_go(self) -> None:
        os.close(self._master)
        os.close(self._slave)


class Tcp:
    """A TCP port for one client at a time; a new one takes the place of the old."""

    def __init__(self, host: str, port: int) -> None:
        try:
            self._listener = socket.create_server((host, port))
        except OSError as error:
            raise ServerError(f"--tcp {host}:{port}: {error.strerror}; choose another port") from None
        self._listener.setblocking(False)
        self._client: socket.socket | None = None
        self.name = "socket://{}:{}".format(*self._listener.getsockname()[:2])

    def exchange(self, data: bytes, timeout_s: float) -> bytes:
        """Send to the client, if there is one, and take what arrives within the time."""
        if self._client is not None and data:
            try:
                self._client.send(data)
            except BlockingIOError:
                pass
            except OSError:
                self._hang_up()
        watched = [self._listener] if self._client is None else [self._listener, self._client]
        ready = select.select(watched, [], [], timeout_s)[0]
        if self._listener in ready:
            self._welcome()
        elif self._client is not None and self._client in ready:
            with contextlib.suppress(OSError):
                if received := self._client.recv(CHUNK):
                    return received
            self._hang_up()
        return b""

    def _welcome(self) -> None:
        self._hang_up()
        client, _ = self._listener.accept()
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def close(self) -> None:
        """Hang up and stop listening."""
        self._hang_up()
        self._listener.close()


class Pace:
    """Real time in ticks: how many are due, and how long until the next."""

    def __init__(self, now_s: float) -> None:
        self._next_s = now_s + TICK_S

    def due(self, now_s: float) -> int:
        """Ticks that are due now. After a long hold-up only the last 100 ms count."""
        self._next_s = max(self._next_s, now_s - LATE_S)
        count = 0
        while self._next_s <= now_s:
            self._next_s += TICK_S
            count += 1
        return count

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next tick."""
        return max(self._next_s - now_s, 0.0)


class Asked(NamedTuple):
    """A line from somebody who wants to know whether it was done, and the answer."""

    line: str
    answer: Callable[[bool, str], None]


def serve(
    table: Table,
    endpoint: Endpoint,
    lines: "queue.SimpleQueue[str | Asked]",
    say: Callable[[str], None],
    done: Callable[[], bool],
    scenario: Sequence[tuple[float, str]] = (),
) -> None:
    """Run the table in real time until `done`; `lines` are what is done to it meanwhile, `say` gets the answers.

    `scenario`: lines to do by themselves, each with its time on the table's clock, in order.
    """
    pace = Pace(time.monotonic())
    hands = Hands(table)
    wire, due = hands.wire, list(scenario)
    out = received = b""
    while not done():
        received += endpoint.exchange(out, pace.wait_s(time.monotonic()))
        out = b""
        if received and wire.clear:
            table.receive(received)
            received = b""
        while not lines.empty():
            _do(hands, lines.get(), say)
        for _ in range(pace.due(time.monotonic())):
            while due and due[0][0] <= table.now_s:
                _do(hands, due.pop(0)[1], say)
            for words in hands.tick():
                say(words)
            table.receive(wire.through(received, TO_UNIT, table.now_ms))
            received = b""
            out += wire.through(table.tick(), FROM_UNIT, table.now_ms)


def _do(hands: Hands, asked: str | Asked, say: Callable[[str], None]) -> None:
    line = asked if isinstance(asked, str) else asked.line
    try:
        done, answer = True, hands.do(line)
    except HandError as error:
        done, answer = False, str(error)
    if isinstance(asked, Asked):
        asked.answer(done, answer)
    if answer:
        say(answer)
