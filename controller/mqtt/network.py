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
from paho.mqtt.enums import MQTTErrorCode

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
        self._on_failed = on_failed
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

    def leave(self) -> None:
        """No more attempts; a connection that stands has to be ended by who calls. Returns when the thread is gone."""
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
                self._on_failed(error)
            delay_s = min(2 * delay_s, longest_s) if self._connects() == before else shortest_s
            self._leaving.wait(delay_s)

    def _drop(self) -> None:
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _serve(self) -> None:
        """Until the connection ends."""
        client, misc_s = self._client, 0.0
        sock: Any = client.socket()
        if sock is None or self._pair is None:
            return
        woken = self._pair[1]
        look = None if isinstance(sock, ssl.SSLSocket) else self._on_waiting
        poll, wanted, line = select.poll(), select.POLLIN, sock.fileno()
        poll.register(line, wanted)
        poll.register(woken, select.POLLIN)
        while client.socket() is sock:
            for fd, event in poll.poll(MISC_S * 1000.0):
                if fd != line:
                    woken.recv(LOOK)
                    continue
                if event & ~select.POLLOUT and not self._read(sock, look):
                    return
            if client.want_write():
                client.loop_write()
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

    def _read(self, sock: Any, look: Callable[[bytes], None] | None) -> bool:
        """What came; whether the connection still stands."""
        client = self._client
        if look is not None:
            try:
                look(sock.recv(LOOK, socket.MSG_PEEK))
            except OSError:  # what is wrong shows when paho reads
                look(b"")
        while True:
            if client.loop_read() is not MQTTErrorCode.MQTT_ERR_SUCCESS or client.socket() is not sock:
                return False
            if not (isinstance(sock, ssl.SSLSocket) and sock.pending()):  # read from the line, but not by paho
                return True
