"""`bascule fault` in one terminal reaches `bascule simulate` in another: one line and one answer over a local socket.

The socket stands beside the pty's link (`LINK.hands`), for a TCP port in the user's folder of temporary files. It is
open to the same user only, and bounded: one line of text, one object of JSON back, a few seconds of patience.
"""

import contextlib
import json
import os
import queue
import socket
import tempfile
import threading
from pathlib import Path
from typing import Final

from simulator.server import Asked

MOST: Final = 4096
"""Bytes of a line."""
PATIENCE_S: Final = 5.0
"""For the other end, which answers within a tick unless it is gone."""


class HandsError(Exception):
    """The simulator can't be reached; says what to do."""


def socket_path(pty: Path | None, tcp: str | None) -> Path:
    """Where the socket of a simulator is that serves at one of these."""
    if pty is not None:
        return pty.with_name(pty.name + ".hands")
    return Path(tempfile.gettempdir()) / f"bascule-{os.getuid()}-{str(tcp).rpartition(':')[2]}.hands"


class Listener:
    """The simulator's end: puts what is asked into the queue of lines."""

    def __init__(self, path: Path, lines: "queue.SimpleQueue[str | Asked]") -> None:
        self._path = path
        self._lines = lines
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            self._socket.bind(str(path))
            path.chmod(0o600)
            self._socket.listen()
        except OSError as error:
            self._socket.close()
            raise HandsError(f"{path}: {error.strerror or error}; 'bascule fault' will not reach this table") from None
        threading.Thread(target=self._run, name="hands", daemon=True).start()

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._socket.accept()
                with client, contextlib.suppress(OSError, UnicodeDecodeError):
                    self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        data = b""
        while not data.endswith(b"\n") and len(data) < MOST:
            more = client.recv(MOST)
            if not more:
                return
            data += more
        answers: queue.SimpleQueue[tuple[bool, str]] = queue.SimpleQueue()
        self._lines.put(Asked(data.decode("utf-8"), lambda done, words: answers.put((done, words))))
        with contextlib.suppress(queue.Empty):
            done, words = answers.get(timeout=PATIENCE_S)
            client.sendall(json.dumps({"done": done, "answer": words}).encode() + b"\n")

    def close(self) -> None:
        """Leave nothing behind."""
        self._socket.close()
        self._path.unlink(missing_ok=True)


def ask(path: Path, line: str) -> tuple[bool, str]:
    """Have a line done by the simulator whose socket this is: whether it was, and the answer. Raises HandsError."""
    gone = f"there is no simulator at {path}; begin one with: bascule simulate"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.settimeout(PATIENCE_S)
        try:
            server.connect(str(path))
            server.sendall(line.encode()[: MOST - 1] + b"\n")
            with server.makefile("rb") as answers:
                answer = answers.readline()
        except OSError as error:
            raise HandsError(f"{gone} ({error.strerror or error})") from None
    if not answer:
        raise HandsError(f"{path}: no answer")
    told = json.loads(answer)
    return bool(told["done"]), str(told["answer"])
