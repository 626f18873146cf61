"""The network thread of a connection: waits for the socket, and lets paho do the rest by its interface for other loops.

paho's own thread would read each packet in three calls, decode it and go through its locks before anybody hears of it;
here who listens for a stop may look at the bytes first, while they still wait in the socket. And a mistake in a
callback ends one connection instead of the thread.
"""

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from paho.mqtt.client import Client

LOOK: Final = 4096
"""Bytes that are looked at. Chosen: some fifty commands; what a flood puts in front of it beyond that is read first."""
MISC_S: Final = 1.0
"""How often paho looks at its keepalive, as in its own thread."""


class NetworkThread:
    """Connects, serves, and connects again after the shortest to the longest of `retry_s`, until `leave`.

    `connects()`: how many connections were good for something so far. `on_failed(error)`: none came about, or one ended
    by a mistake. `on_waiting(bytes)`: what waits in the socket, before paho reads it; not with TLS, where nobody can
    read it yet.
    """

    def __init__(
        self,
        client: Client,
        name: str,
        retry_s: tuple[float, float],
        connects: Callable[[], int],
        on_failed: Callable[[Exception], None],
        on_waiting: Callable[[bytes], None] | None = None,
    ) -> None:
        self._client = client
        self._retry_s = retry_s
        self._connects = connects
        self._on_failed: Callable[[Exception], None] | None = on_failed
        self._on_waiting = on_waiting
        self._leaving = threading.Event()
        self._pair: tuple[socket.socket, socket.socket] | None = None
        client.on_socket_register_write = lambda *_: self._wake()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Returns at once."""
        self._pair = socket.socketpair()
        for end in self._pair:
            end.setblocking(False)
        self._thread.start()

    def silence(self) -> None:
        """Nobody hears of anything any more; from any thread."""
        self._on_waiting = self._on_failed = None

    def leave(self) -> None:
        """No more attempts, and none that is under way comes to anything. Returns when the thread is gone."""
        self._leaving.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join()
        for end in self._pair or ():
            end.close()

    def _wake(self) -> None:
        if self._pair is not None:
            with contextlib.suppress(OSError):  # full: it wakes up anyway; closed: nobody is there any more
                self._pair[0].send(b"x")

    def _run(self) -> None:
        shortest_s, longest_s = self._retry_s
        delay_s = shortest_s / 2
        while not self._leaving.is_set():
            before = self._connects()
            try:
                self._client.reconnect()
                self._serve()
            except Exception as error:  # also paho's own mistakes: the next connection is a new chance
                self._drop()
                if (on_failed := self._on_failed) is not None:
                    on_failed(error)
            delay_s = min(2 * delay_s, longest_s) if self._connects() == before else shortest_s
            self._leaving.wait(delay_s)

    def _drop(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _serve(self) -> None:
        """Until the connection ends, or `leave`."""
        client, misc_s = self._client, 0.0
        sock: Any = client.socket()
        if sock is None or self._pair is None:
            return
        pending: Callable[[], int] | None = sock.pending if isinstance(sock, ssl.SSLSocket) else None
        woken = self._pair[1]
        poll, wanted, line = select.poll(), select.POLLIN, sock.fileno()
        poll.register(line, wanted)
        poll.register(woken, select.POLLIN)
        while client.socket() is sock and not self._leaving.is_set():
            there = pending is not None and pending() > 0  # deciphered already, which the line does not tell
            for fd, event in poll.poll(0.0 if there else MISC_S * 1000.0):
                if fd == line:
                    there = there or event != select.POLLOUT
                else:
                    woken.recv(LOOK)
            if there:
                if pending is None:
                    self._look(sock)
                client.loop_read()
            if client.socket() is sock:
                client.loop_write()  # also with nothing to write: only then it calls `_wake` again
            if client.socket() is not sock:
                return
            now_wanted = select.POLLIN | (select.POLLOUT if client.want_write() else 0)
            if now_wanted != wanted:
                wanted = now_wanted
                poll.modify(line, wanted)
            now_s = time.monotonic()
            if now_s >= misc_s:
                misc_s = now_s + MISC_S
                client.loop_misc()

    def _look(self, sock: Any) -> None:
        """Shows what waits, if it begins with a packet: the rest of one that was read in part tells nothing."""
        look = self._on_waiting
        if look is None or self._client._in_packet["command"]:
            return
        with contextlib.suppress(OSError):  # what is wrong shows when paho reads
            look(sock.recv(LOOK, socket.MSG_PEEK))
