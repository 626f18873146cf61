"""What the daemon says on standard error: plain lines for people, or JSON objects for collectors.

Nobody who logs ever waits. A pipe that nobody reads fills up, and a write to it then blocks for ever; a control loop or
the loss of the broker must not hang on that (F19). So lines go through a short queue, and are lost when it is full.
"""

import atexit
import json
import logging
import os
import queue
import threading
from datetime import UTC, datetime
from typing import Final

QUEUED: Final = 512
"""Chosen: a burst of a restart fits; more lines than that nobody reads anyway."""
LAST_WORDS_S: Final = 0.5
"""Chosen: how long leaving waits for a pipe that may be blocked."""


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            fields["error"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


class NeverWaiting(logging.Handler):
    """Hands lines to a thread that writes them to a file descriptor; counts those that found the queue full.

    The thread uses no lock that anybody else could need, so that a program with a blocked pipe can still end.
    """

    def __init__(self, fd: int) -> None:
        super().__init__()
        self.lost = 0
        self._fd = fd
        self._records: queue.Queue[logging.LogRecord | None] = queue.Queue(QUEUED)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line, or lose it."""
        try:
            self._records.put_nowait(record)
        except queue.Full:
            self.lost += 1

    def finish(self) -> None:
        """Write what waits, for half a second at most."""
        try:
            self._records.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(LAST_WORDS_S)

    def _write(self) -> None:
        while (record := self._records.get()) is not None:
            try:
                data = (self.format(record) + "\n").encode("utf-8", "replace")
                while data:
                    data = data[os.write(self._fd, data) :]
            except Exception:  # the top of a thread: a line that can't be written is not worth the next ones
                self.lost += 1


def set_up(level: str, form: str, fd: int = 2) -> NeverWaiting:
    """Send everything of this level and above to standard error, or another file descriptor."""
    handler = NeverWaiting(fd)
    handler.setFormatter(
        JsonLines() if form == "json" else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    atexit.register(handler.finish)
    return handler
