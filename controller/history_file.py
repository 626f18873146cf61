"""The file of the history: its tables, how an older one is brought up to date, what becomes of a damaged one.

    HistoryError         nothing can be kept or read at the moment
    └── HistoryDamaged   what is in the file is no history; `open` sets it aside, and nothing of it is deleted

It lies beside the record of head-down time and shares nothing with it: damage here costs nobody's budget (F19).
"""

import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from .account import DAY_S, EARLIEST_WALL_S
from .history import CUT_OFF, INTERRUPTED, RUNNING, Feedback, Met, Record
from .ledger_file import ENVIRONMENT, code_of, set_aside

_APPLICATION: Final = 0x42415348
WAL_PAGES: Final = 64
"""Chosen: the log beside the file stays under 300 KB."""
READ_S: Final = 2.0
"""How long a reader waits for a writer."""
_STEPS: Final = (
    """
    CREATE TABLE session (
        number INTEGER PRIMARY KEY, session TEXT UNIQUE NOT NULL, person TEXT NOT NULL, preset TEXT NOT NULL,
        started_s REAL NOT NULL, duration_s REAL NOT NULL, head_down_s REAL NOT NULL, largest_deg REAL,
        step INTEGER NOT NULL, steps INTEGER NOT NULL, outcome TEXT NOT NULL, why TEXT NOT NULL,
        limits TEXT NOT NULL, faults TEXT NOT NULL, trace BLOB NOT NULL, complete INTEGER NOT NULL
    );
    """,
    """
    ALTER TABLE session ADD COLUMN clock TEXT NOT NULL DEFAULT 'sound';
    ALTER TABLE session ADD COLUMN feedback TEXT;
    """,
)
"""What leads from each version of the tables to the next. A file of a newer version is left alone."""
VERSION: Final = len(_STEPS)
_COLUMNS: Final = (
    "session", "person", "preset", "started_s", "clock", "duration_s", "head_down_s", "largest_deg", "step", "steps",
    "outcome", "why", "limits", "faults", "feedback", "trace", "complete",
)  # fmt: skip
"""In the order of a Record's fields."""
_CHANGING: Final = [name for name in _COLUMNS if name not in ("session", "feedback")]
_SAVE: Final = (
    f"INSERT INTO session ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (session) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _CHANGING)}, "
    "feedback = coalesce(excluded.feedback, feedback)"
)


ASIDE: Final = "the next start of the controller sets it aside and begins a new one"


class HistoryError(Exception):
    """The history can't be kept or read: one plain sentence that names the file."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        why = str(error)
        if isinstance(error, OSError):
            why = error.strerror or why
        elif isinstance(error, sqlite3.Error):
            why = ENVIRONMENT.get(code_of(error), f"it is out of order ({error}); {ASIDE}")
        super().__init__(f"{path}: {why}.")


class HistoryDamaged(HistoryError):  # noqa: N818
    """What is in the file is no history."""


class Kept(NamedTuple):
    """A record as it is in the file; `number` counts the sessions of this file."""

    number: int
    record: Record


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    """What the disk and the database raise, as a HistoryError."""
    try:
        yield
    except sqlite3.Error as error:
        raise (HistoryError if code_of(error) in ENVIRONMENT else HistoryDamaged)(path, error) from error
    except OSError as error:
        raise HistoryError(path, error) from error
    except (ValueError, TypeError, LookupError) as error:
        why = "what it holds can't be read; to begin a new one, stop the controller and move it away"
        raise HistoryDamaged(path, why) from error


class HistoryFile:
    """One table's history, open for writing, by one thread at a time. `notice`: None, or what a person should know."""

    def __init__(self, path: Path, db: sqlite3.Connection, held: ExitStack) -> None:
        self._path, self._db, self._held = path, db, held
        self.notice: str | None = None

    @classmethod
    def open(cls, path: Path, keep_days: int, wall_s: float) -> "HistoryFile":
        """Open it, or begin one. What a crash left running is interrupted; a damaged one is set aside."""
        with _plainly(path), ExitStack() as held:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(_lock(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            held.callback(os.close, lock)
            fcntl.flock(lock, fcntl.LOCK_EX)  # a reader has it for an instant; another controller can't be there
            notice = None
            try:
                db = _open(path)
            except HistoryDamaged:
                set_aside(path)
                db = _open(path)
                notice = f"The history of sessions was damaged. It is kept beside {path}, where a new one begins."
            file = cls(path, held.enter_context(closing(db)), ExitStack())
            file.notice = notice
            file._end_what_was_cut_off()
            file.forget_old(keep_days, wall_s)
            file._held = held.pop_all()
        return file

    def close(self) -> None:
        """Let go of the file. A second time does nothing."""
        self._held.close()

    def save(self, record: Record) -> None:
        """Keep the newest of a session, durably."""
        values = [getattr(record, name) for name in _COLUMNS]
        for name in ("limits", "faults"):
            met = [(one.at_s, one.code, one.message) for one in getattr(record, name)]
            values[_COLUMNS.index(name)] = json.dumps(met, ensure_ascii=False)
        with _plainly(self._path):
            self._db.execute(_SAVE, values)
            if record.complete:
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def note(self, feedback: Feedback) -> None:
        """Keep what the person said."""
        with _plainly(self._path):
            update = "UPDATE session SET feedback = ? WHERE session = ?"
            self._db.execute(update, (feedback.outcome, feedback.session))

    def forget_old(self, keep_days: int, wall_s: float) -> None:
        """Delete what is older; nothing while the clock was never set. What has no time goes with what came after."""
        if wall_s < EARLIEST_WALL_S:
            return
        old = f"clock != 'unset' AND started_s < {wall_s - keep_days * DAY_S!r}"
        with _plainly(self._path):
            self._db.execute(
                f"DELETE FROM session WHERE ({old}) OR "
                f"(clock = 'unset' AND number < (SELECT max(number) FROM session WHERE {old}))"
            )

    def forget(self, person: str) -> None:
        """Delete a person's sessions, and what they leave in the file's free pages."""
        with _plainly(self._path):
            self._db.execute("PRAGMA secure_delete = ON").fetchall()
            self._db.execute("DELETE FROM session WHERE person = ?", (person,))
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def newest(self, most: int, person: str | None = None) -> list[Kept]:
        """The newest sessions, newest first."""
        with _plainly(self._path):
            return _newest(self._db, most, person)

    def _end_what_was_cut_off(self) -> None:
        """Nobody goes on with it: its last words are what was kept."""
        self._db.execute("UPDATE session SET outcome = ?, why = ? WHERE outcome = ?", (INTERRUPTED, CUT_OFF, RUNNING))
        self._db.execute("UPDATE session SET complete = 1 WHERE complete = 0")


def read(path: Path, most: int, person: str | None = None) -> list[Kept]:
    """The newest sessions, newest first, beside a controller that may be writing. None yet: none. HistoryError."""
    if not path.exists():
        return []
    with _plainly(path), closing(_connect(path, "ro")) as db:
        _check(path, db)
        kept = _newest(db, most, person)
    return kept if _is_written(path) else [Kept(number, _cut_off(record)) for number, record in kept]


def _cut_off(record: Record) -> Record:
    """As the next start of the controller will have it."""
    return replace(record, outcome=INTERRUPTED, why=CUT_OFF) if record.outcome == RUNNING else record


def _newest(db: sqlite3.Connection, most: int, person: str | None) -> list[Kept]:
    there = {row[1] for row in db.execute("PRAGMA table_info(session)")}
    missing = {"clock": "'sound'", "feedback": "NULL"}
    columns = [name if name in there else missing.get(name, name) for name in _COLUMNS]
    rows = db.execute(
        f"SELECT number, {', '.join(columns)} FROM session "
        "WHERE ?1 IS NULL OR person = ?1 ORDER BY number DESC LIMIT ?2",
        (person, most),
    )
    return [Kept(int(number), _record(values)) for number, *values in rows]


def _record(values: Sequence[Any]) -> Record:
    """A row as a Record. Raises ValueError or TypeError for what the program never wrote."""
    known = dict(zip(_COLUMNS, values, strict=True))
    for name in ("limits", "faults"):
        known[name] = tuple(Met(float(at_s), str(code), str(text)) for at_s, code, text in json.loads(known[name]))
    return Record(**known | {"trace": bytes(known["trace"]), "complete": bool(known["complete"])})


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=READ_S)


def _open(path: Path) -> sqlite3.Connection:
    """A connection to a whole history of this version."""
    with _plainly(path), ExitStack() as held:
        if not path.exists():
            if Path(f"{path}-wal").exists():
                raise HistoryDamaged(path, "its file is gone, and the log beside it is not")
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        db = held.enter_context(closing(_connect(path, "rw")))
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON", "secure_delete = ON",
                       f"wal_autocheckpoint = {WAL_PAGES}"):  # fmt: skip
            db.execute(f"PRAGMA {pragma}").fetchall()
        if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise HistoryDamaged(path, "it is damaged")
        version = _check(path, db)
        for number in range(version, VERSION):
            db.executescript(f"BEGIN; {_STEPS[number]} PRAGMA application_id = {_APPLICATION}; "
                             f"PRAGMA user_version = {number + 1}; COMMIT;")  # fmt: skip
        held.pop_all()
        return db


def _check(path: Path, db: sqlite3.Connection) -> int:
    """The version of its tables; 0 for a file in which nothing was begun yet."""
    application = db.execute("PRAGMA application_id").fetchone()[0]
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if (application, version, tables) == (0, 0, []):
        return 0
    if application != _APPLICATION:
        raise HistoryDamaged(path, "it is not a history of sessions")
    if version > VERSION:
        raise HistoryError(path, f"a newer program wrote it (version {version}, this one knows {VERSION})")
    if tables != ["session"] or version < 1:
        raise HistoryDamaged(path, "its tables are not there")
    return version


def _lock(path: Path) -> Path:
    """The file that says whether somebody writes; the database itself can't be locked so without hurting SQLite."""
    return path.with_suffix(".lock")


def _is_written(path: Path) -> bool:
    """Whether a controller has the history open."""
    try:
        handle = os.open(_lock(path), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False
