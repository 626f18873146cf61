"""The file of the ledger: its tables, whether it is whole, how one begins, and what happens to a damaged one.

    LedgerError          the record can't be kept; no session may run (F19)

A record that is damaged is set aside, never repaired. What it knew is gone, so a record that begins beside a damaged
one counts everybody's day as used up for 24 h of ledger time.
"""

import fcntl
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Final

from .account import DAY_S, EVERYBODY, Account, Clock, Entry, Witness
from .limits import DAY_HEAD_DOWN_S

VERSION: Final = 1
"""Of the tables. A newer file is refused."""
MOST_DAMAGED: Final = 99
"""Chosen: files set aside that are kept; after that the last one is replaced."""
_RECENT: Final = f"used_s IS NULL OR ended_s + {DAY_S} > (SELECT seen_s FROM clock)"
_APPLICATION: Final = 0x42415343
# `session` is NULL for time charged without one, `used_s` while a reservation is open. Times are ledger time, but for
# `wall_s`, which is for people to read and never reckoned with.
_TABLES: Final = f"""
BEGIN;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {VERSION};
CREATE TABLE seal (value INTEGER);
CREATE TABLE clock (
    seen_s REAL, ledger_s REAL, wall_s REAL, boot_s REAL, boot_id TEXT, ahead_s REAL, before_s REAL, since_s REAL,
    trusted INTEGER
);
CREATE TABLE unit (unit INTEGER PRIMARY KEY, count_s REAL);
CREATE TABLE session (
    id INTEGER PRIMARY KEY, session TEXT UNIQUE, person TEXT, unit INTEGER, start_count_s REAL, total_s REAL,
    used_s REAL, started_s REAL, ended_s REAL, outcome TEXT, why TEXT, wall_s REAL
);
INSERT INTO seal VALUES (0);
COMMIT;
"""
_SEALED: Final = (
    "SELECT * FROM clock",
    "SELECT * FROM unit ORDER BY unit",
    f"SELECT * FROM session WHERE {_RECENT} OR id > (SELECT max(id) FROM session) - 100 ORDER BY id",
)
ENVIRONMENT: Final = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk can't be read or written",
    sqlite3.SQLITE_READONLY: "it can't be written",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened",
    sqlite3.SQLITE_PERM: "it can't be opened",
    sqlite3.SQLITE_BUSY: "another program holds it",
    sqlite3.SQLITE_LOCKED: "another program holds it",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}
"""Errors that say nothing about what is in the file."""


MARK: Final = b"There is a record of head-down time beside this file.\n"
"""In the lock file: a record that is missing although it stands there was deleted, and is no first start."""


class LedgerError(Exception):
    """The record of head-down time can't be kept: one plain sentence that names the file."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        why = str(error)
        if isinstance(error, BlockingIOError):
            why = "another controller uses it"
        elif isinstance(error, OSError):
            why = error.strerror or why
        elif isinstance(error, sqlite3.Error):
            why = ENVIRONMENT.get(code_of(error), f"it is out of order ({error})")
        super().__init__(f"{path}: {why}; head-down time can't be recorded.")


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """What the disk and the database raise, as a LedgerError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(path, error) from error


def open_file(path: Path, witness: Witness) -> tuple[sqlite3.Connection, ExitStack]:
    """A connection to a whole record, and what closes it. Only one program at a time gets it; others a LedgerError."""
    with plainly(path), ExitStack() as held:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        held.callback(os.close, lock)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        had_one = os.fstat(lock).st_size > 0
        if not _sound(path):
            set_aside(path)
        if not path.exists():
            _begin(path, witness, had_one or bool(_damaged(path)))
        if not had_one:
            os.write(lock, MARK)
            os.fsync(lock)
        path.chmod(0o600)
        return held.enter_context(closing(_connect(path))), held.pop_all()


def read_account(db: sqlite3.Connection) -> Account:
    """The budget, from what is on record."""
    account = Account()
    for session, person, total_s, used_s, ended_s in db.execute(
        f"SELECT session, person, total_s, used_s, ended_s FROM session WHERE {_RECENT} ORDER BY id"
    ):
        if used_s is None:
            account = account.reserve(session, person, total_s)
        else:
            account = account.charge(person, Entry(ended_s, used_s, session is not None))
    return account


def read_clock(db: sqlite3.Connection) -> Clock:
    """The one row of the table `clock`."""
    return Clock(*db.execute("SELECT * FROM clock").fetchone())


def write_clock(db: sqlite3.Connection, clock: Clock) -> None:
    """Replace the one row of the table `clock`."""
    db.execute("DELETE FROM clock")
    db.execute("INSERT INTO clock VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", clock)


def seal(db: sqlite3.Connection) -> None:
    """Note the checksum of everything that the budget is reckoned from: SQLite itself has none."""
    db.execute("UPDATE seal SET value = ?", (_checksum(db),))


def _checksum(db: sqlite3.Connection) -> int:
    return zlib.crc32(repr([db.execute(query).fetchall() for query in _SEALED]).encode())


def _connect(path: Path) -> sqlite3.Connection:
    with ExitStack() as held:
        db = held.enter_context(closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)))
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "fullfsync = ON"):
            db.execute(f"PRAGMA {pragma}").fetchall()
        held.pop_all()
        return db


def _sound(path: Path) -> bool:
    """Whether the record is whole, or there never was one. LedgerError for a newer one."""
    if not path.exists():
        return not Path(f"{path}-wal").exists()
    try:
        with closing(_connect(path)) as db:
            if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                return False
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise LedgerError(path, f"a newer program wrote it (version {version}, this one knows {VERSION})")
            ours = db.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION and version == VERSION
            return ours and db.execute("SELECT value FROM seal").fetchall() == [(_checksum(db),)]
    except UnicodeError:
        return False  # a name that SQLite repeats in its own message
    except sqlite3.Error as error:
        if code_of(error) in ENVIRONMENT:
            raise
        return False


def code_of(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _damaged(path: Path) -> list[str]:
    return [file.name for file in path.parent.iterdir() if file.name.startswith(f"{path.stem}.damaged-")]


def set_aside(path: Path) -> None:
    """The file itself goes first: from then on the next start knows that there was damage, whatever happens here."""
    taken = _damaged(path)
    names = [f"{path.stem}.damaged-{number}{path.suffix}" for number in range(1, MOST_DAMAGED + 1)]
    name = next((name for name in names if not any(old.startswith(name) for old in taken)), names[-1])
    for tail in ("", "-wal", "-shm"):
        if (part := Path(f"{path}{tail}")).exists():
            part.replace(path.with_name(f"{name}{tail}"))
    _sync(path.parent)


def _begin(path: Path, witness: Witness, lost: bool) -> None:
    """A new record under another name, renamed when it is whole, so that half a one is never taken for one.

    `lost`: there was one before, so the day counts as used.
    """
    new = path.with_suffix(".new")
    for tail in ("", "-wal", "-shm"):
        Path(f"{new}{tail}").unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    clock = Clock(0.0, 0.0, *witness, None, None, 0.0, False).checkpoint(0.0, witness)
    with closing(_connect(new)) as db:
        db.executescript(_TABLES)
        write_clock(db, clock)
        if lost:
            db.execute(
                "INSERT INTO session (person, total_s, used_s, started_s, ended_s, wall_s, outcome) "
                "VALUES (?, ?, ?, 0, 0, ?, 'damaged')",
                (EVERYBODY, DAY_HEAD_DOWN_S, DAY_HEAD_DOWN_S, witness.wall_s),
            )
        seal(db)
    new.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def charges_of(path: Path, person: str) -> list[dict[str, object]]:
    """What the record holds of one person, oldest first, for them to read; also while a controller uses it."""
    names = ("session", "reserved_s", "used_s", "ended_unix_s", "outcome", "why")
    query = "SELECT session, total_s, used_s, wall_s, outcome, why FROM session WHERE person = ? ORDER BY id"
    return [dict(zip(names, row, strict=True)) for row in _look(path, query, person)]


def clock_of(path: Path) -> Clock | None:
    """The clock of the record, None if there is no record yet; also while a controller uses it."""
    rows = _look(path, "SELECT * FROM clock")
    return Clock(*rows[0]) if rows else None


def _look(path: Path, query: str, *values: object) -> list[Any]:
    """Read, and change nothing."""
    if not path.exists():
        return []
    with plainly(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        return db.execute(query, values).fetchall()
