"""Keeps the history without ever making anybody wait: a bounded queue in front of the one thread that has the file.

A disk that fails costs records and is told once; the newest ones wait in memory until it works again. Nothing here
ever ends a session or blocks a step (F19).
"""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from .history import Feedback, Record
from .history_file import HistoryDamaged, HistoryError, HistoryFile, Kept
from .model import Forget

QUEUED: Final = 64
"""Chosen: a session keeps something every few seconds; a disk that is minutes late has failed."""
WAITING: Final = 20
"""Chosen: sessions that wait for a disk that failed; a week of daily use. The oldest goes first."""
RETRY_S: Final = 30.0
"""Chosen: how soon a disk that failed is tried again when nothing new comes."""
_log = logging.getLogger(__name__)
Items = Sequence[Record | Feedback | Forget]
Told = Callable[[list[Kept], str], None]
"""Gets the sessions that were asked for, and what went wrong, a sentence or ""."""


class HistoryInline:
    """The history's door: never an exception. Here everything is done in the call.

    `last`: the newest session that was over when it was opened. `say` gets a sentence when records can't be kept.
    """

    def __init__(
        self, path: Path, keep_days: int, say: Callable[[str], None], wall: Callable[[], float] = time.time
    ) -> None:
        self._path, self._keep_days, self._say, self._wall = path, keep_days, say, wall
        self._file: HistoryFile | None = None
        self._waiting: dict[tuple[type, str], Record | Feedback | Forget] = {}
        self._failed = False
        self.last: Record | None = None
        self.write([])
        if self._file is not None:
            with suppress(HistoryError):
                self.last = next((record for _, record in self._file.newest(1)), None)

    def keep(self, items: Items) -> None:
        """Keep these; what waits for the disk is tried again, too."""
        self.write(items)

    def ask(self, most: int, told: Told) -> None:
        """The newest sessions, to a callback."""
        self.look_up(most, told)

    def stop(self, timeout_s: float) -> bool:
        """Do what was posted, for so long at most, and close the file. False if something was left undone."""
        self.close()
        return not self._waiting

    def write(self, items: Items) -> None:
        """On the thread that may wait for the disk."""
        for item in items:
            key = (type(item), item.person if isinstance(item, Forget) else item.session)
            self._waiting.pop(key, None)
            self._waiting[key] = item
        while len(self._waiting) > WAITING:
            del self._waiting[next(iter(self._waiting))]
        try:
            try:
                self._write_waiting()
            except HistoryDamaged:
                self.close()
                self._write_waiting()  # opened anew, with the damaged one set aside
        except HistoryError as error:
            if not self._failed:
                self._say(f"Sessions are not recorded. {error}")
            self._failed = True
            self.close()

    def _write_waiting(self) -> None:
        """All that waits, in its order."""
        if self._file is None:
            self._file = HistoryFile.open(self._path, self._keep_days, self._wall())
            if self._file.notice is not None:
                self._say(self._file.notice)
        for key, item in list(self._waiting.items()):
            if isinstance(item, Record):
                self._file.save(item)
                if item.complete:
                    self._file.forget_old(self._keep_days, self._wall())
            elif isinstance(item, Forget):
                self._file.forget(item.person)
            else:
                self._file.note(item)
            del self._waiting[key]
        if self._failed:
            _log.info("%s: sessions are recorded again", self._path)
        self._failed = False

    def look_up(self, most: int, told: Told) -> None:
        """On the thread that may wait for the disk."""
        if self._file is None:
            told([], "Sessions are not recorded at the moment.")
            return
        try:
            told(self._file.newest(most), "")
        except HistoryError as error:
            told([], str(error))

    def close(self) -> None:
        """Let go of the file."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    @property
    def behind(self) -> bool:
        """Whether something waits for the disk to work again."""
        return bool(self._waiting)


class HistoryThread(HistoryInline):
    """The same with a thread of its own. What a full queue can't take is lost, and told once."""

    def __init__(
        self, path: Path, keep_days: int, say: Callable[[str], None], wall: Callable[[], float] = time.time
    ) -> None:
        super().__init__(path, keep_days, say, wall)
        self._jobs: queue.Queue[Callable[[], None] | None] = queue.Queue(QUEUED)
        self._closed = self._full = False
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def keep(self, items: Items) -> None:
        """Keep these soon. Never waits."""
        if not self._post(lambda: self.write(items)) and not self._full:
            self._full = True
            self._say(f"Sessions are not recorded: the disk with {self._path} does not keep up.")

    def ask(self, most: int, told: Told) -> None:
        """The newest sessions, to a callback, from the thread."""
        if not self._post(lambda: self.look_up(most, told)):
            told([], "Sessions can't be read at the moment: the disk does not keep up.")

    def stop(self, timeout_s: float) -> bool:
        """Do what was posted, for so long at most, and close the file. False if something was left undone."""
        self._closed = True
        with suppress(queue.Full):  # then there is something that wakes the thread
            self._jobs.put_nowait(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self.behind

    def _post(self, job: Callable[[], None]) -> bool:
        if self._closed:
            return False
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return True

    def _run(self) -> None:
        while not self._closed or not self._jobs.empty():
            try:
                job = self._jobs.get(timeout=RETRY_S if self.behind else None)
                self._full = False
            except queue.Empty:
                job = self._retry
            try:
                if job is not None:
                    job()
            except Exception as error:  # the top of a thread: control goes on, without a history
                self._closed = True
                self._say(f"Sessions are not recorded any more: {error!r}.")
        self.close()

    def _retry(self) -> None:
        self.write([])
