"""The head-down budget through restarts, crashes, changed clocks and a damaged disk: none of them gives time back.

Every change is on the disk when its call returns. Time is reserved here before it is granted, so a crash loses at most
time that nobody got. The tilt unit counts head-down seconds itself: by that count `reconcile` settles what a crash left
open, and charges what no session accounts for. The count is in whole seconds, so one more than counted is charged.

Times are ledger time (see `account`): that of `open` plus the monotonic time since then. A control loop talks to
`LedgerThread`, which never blocks it; `LedgerInline` is the same without a thread, for runs in virtual time.
"""

import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

from .account import (
    DAY_S,
    EVERYBODY,
    GUEST,
    Account,
    Answer,
    LedgerFailed,
    Reconciled,
    Reserved,
    Settled,
    Witness,
)
from .gap import COUNT_S
from .ledger_file import LedgerError, open_file, plainly, read_account, read_clock, seal, write_clock

__all__ = ["Ledger", "LedgerError", "LedgerInline", "LedgerThread", "read_witness"]

QUEUE_LENGTH: Final = 64  # chosen: a session posts about one job a second; a disk that is a minute late has failed


def read_witness() -> Witness:
    """The only reader of clocks. Where none counts through suspension, the monotonic one is the stricter."""
    boot_s = time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    boot_id = ""
    with suppress(OSError):
        boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    return Witness(time.time(), boot_s, boot_id)


class Ledger:
    """One controller's record, for one thread at a time. A method returns when the disk has it, or raises LedgerError.

    `ledger_s`: the latest ledger time known. `notice`: None, or a sentence for the person: the record was damaged.
    """

    def __init__(self, path: Path, db: sqlite3.Connection, held: ExitStack) -> None:
        self._path, self._db, self._held = path, db, held
        self._account = Account()
        self.ledger_s: float = read_clock(db).seen_s
        self.notice: str | None = None
        self._live: str | None = None

    @classmethod
    def open(cls, path: Path, witness: Witness) -> "Ledger":
        """Open the record, or begin one. A newer program's record and one that is in use are refused."""
        db, held = open_file(path, witness)
        with held, plainly(path):
            ledger = cls(path, db, ExitStack())
            clock = read_clock(db).resume(witness)
            with ledger._write(clock.seen_s):
                write_clock(db, clock)
            if ends := [entry.ended_s for entry in ledger._account.entries.get(EVERYBODY, ())]:
                hours = math.ceil((max(ends) + DAY_S - ledger.ledger_s) / 3600)
                ledger.notice = (
                    f"The record of head-down time was damaged or deleted; what was left is kept beside {path}. "
                    "To be safe, all of today's "
                    f"time counts as used: a session is possible again in {hours} h."
                )
            ledger._held = held.pop_all()
        return ledger

    def close(self) -> None:
        """Let go of the file; what was recorded stays. A second time does nothing."""
        self._held.close()

    def account(self) -> Account:
        """Who was charged what, as the disk has it."""
        return self._account

    def reserve(
        self, session: str, person: str, total_s: float, ledger_s: float, unit: int, unit_count_s: float
    ) -> float:
        """Reserve head-down time before it is granted, or raise what a session has; the seconds that it has now.

        `session` must never have been used before; it begins by settling, as `reconcile` does, what was left open.
        """
        if not 0 <= total_s < math.inf:
            raise LedgerError(self._path, f"{total_s} s is no time to reserve")
        with self._write(ledger_s) as now_s:
            row = self._row("SELECT person, total_s, used_s FROM session WHERE session = ?", session)
            if row is None:
                self._by_count(unit, unit_count_s, now_s)
                self._insert(session, person, unit, unit_count_s, total_s, None, now_s, None, None, None)
            elif row[0] != person or row[2] is not None:
                raise LedgerError(self._path, f"session {session} is {row[0]}'s and can't get more time")
            else:
                total_s = max(total_s, float(row[1]))
                self._db.execute("UPDATE session SET total_s = ? WHERE session = ?", (total_s, session))
        self._live = session
        return total_s

    def settle(
        self, session: str, used_s: float, outcome: str, why: str, ledger_s: float, unit_count_s: float
    ) -> float:
        """A session is over; the seconds it is charged: `used_s`, or what the unit counted since its start if more.

        All that was reserved if the unit's count went backwards. Settling again can only raise the charge.
        """
        with self._write(ledger_s) as now_s:
            row = self._row("SELECT unit, start_count_s, total_s, used_s FROM session WHERE session = ?", session)
            if row is None:
                raise LedgerError(self._path, f"session {session} was never reserved")
            unit, start_s, total_s, before_s = row
            backwards = not unit_count_s >= start_s
            counted_s = total_s if backwards else unit_count_s - start_s
            charged_s = max(used_s if 0 <= used_s < math.inf else total_s, counted_s, before_s or 0.0)
            self._close(session, charged_s, now_s, outcome, why)
            self._count(unit, unit_count_s, "excluded.count_s" if backwards else "max(count_s, excluded.count_s)")
            return float(charged_s)

    def reconcile(self, unit: int, unit_count_s: float, ledger_s: float) -> float:
        """To be called at each connect, with the unit's own lifetime count; the seconds that were charged.

        What a crash left open is charged by the count, in full if it was another unit or its count went backwards.
        What the unit counted besides is charged to the last person. A session that was reserved since `open`, on this
        unit, is left to its owner to settle, and so is what was counted meanwhile.
        """
        with self._write(ledger_s) as now_s:
            query = "SELECT 1 FROM session WHERE session = ? AND unit = ? AND used_s IS NULL"
            return 0.0 if self._row(query, self._live, unit) else self._by_count(unit, unit_count_s, now_s)

    def checkpoint(self, ledger_s: float, witness: Witness) -> None:
        """Note which ledger time it is by the machine's clocks; once a minute is enough."""
        with self._write(ledger_s) as now_s:
            write_clock(self._db, read_clock(self._db).checkpoint(now_s, witness))

    def _by_count(self, unit: int, count_s: float, now_s: float) -> float:
        charged_s = 0.0
        known = self._row("SELECT count_s FROM unit WHERE unit = ?", unit)
        from_s = count_s if known is None else known[0]
        for session, other, start_s, total_s in self._db.execute(
            "SELECT session, unit, start_count_s, total_s FROM session WHERE used_s IS NULL"
        ).fetchall():
            used_s = total_s
            if other == unit and count_s >= start_s:
                used_s, from_s = _counted_s(start_s, count_s), count_s
            self._close(session, used_s, now_s, "interrupted", "the controller stopped before the session did")
            charged_s += used_s
        if count_s > from_s:
            extra_s = _counted_s(from_s, count_s)
            last = self._row("SELECT person FROM session WHERE session IS NOT NULL ORDER BY id DESC LIMIT 1")
            why = "counted by the unit, and no session accounts for it"
            self._insert(
                None, last[0] if last else GUEST, unit, from_s, extra_s, extra_s, now_s, now_s, "unaccounted", why
            )
            charged_s += extra_s
        self._count(unit, count_s)
        return charged_s

    @contextmanager
    def _write(self, ledger_s: float) -> Iterator[float]:
        """One change, whole and durable or not at all, at the time that is given on: never less than before."""
        if not math.isfinite(ledger_s):
            raise LedgerError(self._path, f"{ledger_s} is no time")
        now_s = max(self.ledger_s, ledger_s)
        with plainly(self._path):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.execute("UPDATE clock SET seen_s = ?", (now_s,))
                yield now_s
                seal(self._db)
                account = read_account(self._db)
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # what isn't committed is void anyway
                    self._db.execute("ROLLBACK")
                raise
        self.ledger_s, self._account = now_s, account
        with suppress(sqlite3.Error):  # it is durable; this only keeps it from depending on a second file
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _row(self, query: str, *values: object) -> Any:
        return self._db.execute(query, values).fetchone()

    def _insert(self, *values: object) -> None:
        self._db.execute(
            "INSERT INTO session "
            "SELECT NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?7 + wall_s - ledger_s FROM clock",
            values,
        )

    def _close(self, session: str, charged_s: float, now_s: float, outcome: str, why: str) -> None:
        self._db.execute(
            "UPDATE session SET used_s = ?, ended_s = ?, outcome = ?, why = ? WHERE session = ?",
            (charged_s, now_s, outcome, why, session),
        )

    def _count(self, unit: int, count_s: float, latest: str = "excluded.count_s") -> None:
        """The unit's count up to which everything is charged."""
        if not math.isfinite(count_s):
            raise LedgerError(self._path, f"{count_s} s is no count")
        self._db.execute(
            f"INSERT INTO unit VALUES (?, ?) ON CONFLICT (unit) DO UPDATE SET count_s = {latest}", (unit, count_s)
        )


def _counted_s(from_s: float, to_s: float) -> float:
    """The most that may have passed while the count went so far. Less than a second shows in the next one."""
    return to_s - from_s + COUNT_S if to_s > from_s else 0.0


class LedgerInline:
    """The ledger's door: jobs in, answers to a callback, never an exception. Here each job is done in the call."""

    def __init__(self, ledger: Ledger, answer: Callable[[Answer], None]) -> None:
        self._ledger, self._answer = ledger, answer

    def reserve(
        self, session: str, person: str, total_s: float, ledger_s: float, unit: int, unit_count_s: float
    ) -> None:
        """Answers Reserved. Nothing may be granted before that."""
        job = partial(self._ledger.reserve, session, person, total_s, ledger_s, unit, unit_count_s)
        self._post(lambda: Reserved(session, job(), self._ledger.account()))

    def settle(self, session: str, used_s: float, outcome: str, why: str, ledger_s: float, unit_count_s: float) -> None:
        """Answers Settled."""
        job = partial(self._ledger.settle, session, used_s, outcome, why, ledger_s, unit_count_s)
        self._post(lambda: Settled(session, job(), self._ledger.account()))

    def reconcile(self, unit: int, unit_count_s: float, ledger_s: float) -> None:
        """Answers Reconciled."""
        job = partial(self._ledger.reconcile, unit, unit_count_s, ledger_s)
        self._post(lambda: Reconciled(job(), self._ledger.account()))

    def checkpoint(self, ledger_s: float, witness: Witness) -> None:
        """Answers only if it fails."""
        self._post(lambda: self._ledger.checkpoint(ledger_s, witness))

    def keep(self, job: Callable[[], None]) -> None:
        """Something else for the disk, which answers by itself: this thread is the one that may wait for one."""
        self._post(job)

    def stop(self, timeout_s: float) -> bool:
        """Do what was posted, for so long at most, and close the ledger. False if something was left undone."""
        self._ledger.close()
        return True

    def _post(self, job: Callable[[], Answer | None]) -> None:
        try:
            answer = job()
        except LedgerError as error:
            answer = LedgerFailed(str(error))
        if answer is not None:
            self._answer(answer)


class LedgerThread(LedgerInline):
    """The same with a thread of its own, which calls the callback. One thread posts and stops; it never waits.

    A job that can't be taken is answered with LedgerFailed at once, from the thread that posts. A disk that hangs
    answers nothing: who waits for Reserved has a time limit of its own.
    """

    def __init__(self, ledger: Ledger, answer: Callable[[Answer], None]) -> None:
        super().__init__(ledger, answer)
        self._jobs: queue.Queue[Callable[[], Answer | None] | None] = queue.Queue(QUEUE_LENGTH)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Do what was posted, for so long at most, and close the ledger. False if something was left undone."""
        self._closed = True
        with suppress(queue.Full):  # then there is something that wakes the thread
            self._jobs.put_nowait(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _post(self, job: Callable[[], Answer | None]) -> None:
        try:
            if self._closed:
                raise queue.Full
            self._jobs.put_nowait(job)
        except queue.Full:
            self._answer(LedgerFailed("The record of head-down time is closed or can't keep up."))

    def _run(self) -> None:
        while not self._closed or not self._jobs.empty():
            if (job := self._jobs.get()) is not None:
                try:
                    super()._post(job)
                except Exception as error:  # the top of a thread: nobody is told time is recorded that isn't
                    self._closed = True
                    self._answer(LedgerFailed(f"The record of head-down time stopped: {error!r}."))
        self._ledger.close()
