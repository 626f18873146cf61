"""A damaged record gives nobody time back (F19): it is set aside and the day counts as used up."""

import os
import random
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from controller import ledger_file
from controller.account import Account, Witness
from controller.ledger import Ledger, LedgerError

DAY = 24 * 3600
DAY_LIMIT_S = 20 * 60
SET = 1_750_000_000.0
BOOT = Witness(SET, 100.0, "boot 1")
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""In memory where there is such a folder: thousands of durable changes would wait for the disk."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        yield Path(folder)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite3"


def used(path: Path) -> Account:
    """Leave a record with two sessions, one of them open."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s1", "ana", 300, 10, 7, 1000)
        ledger.settle("s1", 240, "reached", "", 400, 1240)
        ledger.reserve("s2", "bob", 120, 500, 7, 1240)
        return ledger.account()


def change(sql: str) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            db.execute(sql)
            db.commit()

    return do


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"What was I? " * 999),
    "empty": lambda path: path.write_bytes(b""),
    "zeroes": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "one byte less": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "a page of noise": lambda path: path.write_bytes(path.read_bytes()[:4096] + random.Random(1).randbytes(4096)),
    "another database": lambda path: (path.unlink(), change("CREATE TABLE dinner (dish)")(path)),
    "less used": change("UPDATE session SET used_s = 1 WHERE session = 's1'"),
    "less reserved": change("UPDATE session SET total_s = 1 WHERE session = 's2'"),
    "longer ago": change("UPDATE session SET ended_s = -99999 WHERE session = 's1'"),
    "session lost": change("DELETE FROM session WHERE session = 's1'"),
    "later": change("UPDATE clock SET seen_s = 99999"),
    "no clock": change("DELETE FROM clock"),
    "two clocks": change("INSERT INTO clock SELECT * FROM clock"),
    "no seal": change("DELETE FROM seal"),
    "table lost": change("DROP TABLE unit"),
    "not our mark": change("PRAGMA application_id = 1"),
    "no version": change("PRAGMA user_version = 0"),
    "only its journal": lambda path: path.rename(f"{path}-wal"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_uses_up_the_day_for_everybody(path: Path, kind: str) -> None:
    used(path)
    DAMAGE[kind](path)
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.notice == (
            f"The record of head-down time was damaged or deleted; what was left is kept beside {path}. "
            "To be safe, all of today's time "
            "counts as used: a session is possible again in 24 h."
        )
        for person in ("ana", "guest", "never seen"):
            assert ledger.account().head_down_today_s(person, ledger.ledger_s) == DAY_LIMIT_S
            assert ledger.account().when_s(person, ledger.ledger_s, 1, DAY_LIMIT_S) == DAY
        assert list(path.parent.glob("ledger.damaged-1.sqlite3*"))
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(Ledger.open(path, Witness(SET, 100.0 + 23 * 3600 + 1, "boot 1"))) as ledger:
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == DAY_LIMIT_S
        assert ledger.notice is not None
        assert ledger.notice.endswith("in 1 h.")
    with closing(Ledger.open(path, Witness(SET, 100.0 + DAY, "boot 1"))) as ledger:
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == 0
        assert ledger.notice is None


def test_a_deleted_record_is_no_first_start(path: Path) -> None:
    """F19, H3: the lock file remembers that there was one."""
    used(path)
    path.unlink()
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == DAY_LIMIT_S
        assert ledger.notice is not None
    with closing(Ledger.open(path, Witness(SET, 100.0 + DAY, "boot 1"))) as ledger:
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == 0


def test_each_damaged_record_is_kept_under_its_own_number(path: Path) -> None:
    used(path)
    for number in (1, 2, 3):
        path.write_text(f"damage {number}")
        Ledger.open(path, BOOT).close()
    assert [path.with_name(f"ledger.damaged-{number}.sqlite3").read_text() for number in (1, 2, 3)] == [
        "damage 1", "damage 2", "damage 3",
    ]  # fmt: skip


def test_only_so_many_damaged_records_are_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "MOST_DAMAGED", 2)
    for number in (1, 2, 3):
        path.write_text(f"damage {number}")
        Ledger.open(path, BOOT).close()
    kept = sorted(file.name for file in path.parent.glob("*damaged*"))
    assert kept == ["ledger.damaged-1.sqlite3", "ledger.damaged-2.sqlite3"]


@pytest.mark.parametrize("moment", ["_begin", "_sync", "seal"])
def test_a_crash_while_a_damaged_record_is_set_aside_gives_nothing_back(
    path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def crash(*_: object) -> None:
        raise OSError(5, "Input/output error")

    used(path)
    path.write_text("damage")
    with monkeypatch.context() as patch:
        patch.setattr(ledger_file, moment, crash)
        with pytest.raises(LedgerError, match="Input/output error"):
            Ledger.open(path, BOOT)
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.account().head_down_today_s("ana", 0) == DAY_LIMIT_S


def test_half_a_new_record_is_no_record(path: Path) -> None:
    """Killed in its very first moments, the controller begins again without a charge."""
    path.with_suffix(".new").write_text("half a record")
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.account() == Account()


def test_a_record_whose_folder_was_cleared_of_its_journal_is_whole(path: Path) -> None:
    """Everything is in the one file after each change, also while it is open."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s1", "ana", 300, 10, 7, 1000)
        copy = path.with_name("copy.sqlite3")
        copy.write_bytes(path.read_bytes())
    with closing(Ledger.open(copy, BOOT)) as again:
        assert again.account().head_down_today_s("ana", 10) == 300


def test_a_newer_record_is_refused_and_left_alone(path: Path) -> None:
    used(path)
    change("PRAGMA user_version = 2")(path)
    before = path.read_bytes()
    with pytest.raises(LedgerError, match=r"a newer program wrote it \(version 2, this one knows 1\)"):
        Ledger.open(path, BOOT)
    assert path.read_bytes() == before
    change("PRAGMA user_version = 1")(path)
    Ledger.open(path, BOOT).close()


def test_the_rights_of_an_older_file_are_taken_back(path: Path) -> None:
    used(path)
    path.chmod(0o644)
    Ledger.open(path, BOOT).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_flipped_bit_anywhere_gives_nothing_back(tmp_path: Path) -> None:
    """Either it is of no importance, or the day is used up, or the record is refused. A seeded sample of all bits."""
    first = tmp_path / "ledger.sqlite3"
    account = used(first)
    whole = first.read_bytes()
    reached = [at for at, byte in enumerate(whole) if byte or at < 100]
    draw = random.Random(7)
    outcomes = {"whole": 0, "day used up": 0, "refused": 0}
    for number, at in enumerate(draw.sample(reached, 250)):
        path = tmp_path / str(number) / "ledger.sqlite3"
        path.parent.mkdir()
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << draw.randrange(8)]) + whole[at + 1 :])
        try:
            with closing(Ledger.open(path, BOOT)) as ledger:
                if ledger.notice is None:
                    assert ledger.account() == account, at
                    outcomes["whole"] += 1
                else:
                    assert ledger.account().head_down_today_s("ana", 0) == DAY_LIMIT_S
                    outcomes["day used up"] += 1
        except LedgerError:
            outcomes["refused"] += 1
    assert outcomes["day used up"] > 100, outcomes
    assert outcomes["refused"] < 20, outcomes


def test_what_is_committed_is_on_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The data by SQLite's strictest mode with a journal ahead, the names of the files by ours."""
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(os.readlink(f"/proc/self/fd/{handle}")), real(handle))
    )
    path.write_text("damage")
    db, held = ledger_file.open_file(path, BOOT)
    with held:
        for name, value in (("journal_mode", "wal"), ("synchronous", 2), ("fullfsync", 1)):
            assert db.execute(f"PRAGMA {name}").fetchone() == (value,)
    assert synced == [str(path.parent)] * 2 + [str(path.with_suffix(".lock"))], (
        "once after the damaged file was moved, once after the new one was, and the mark that there is one"
    )


def test_nobody_else_reads_a_record_even_while_it_begins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    real = ledger_file.seal

    def look(db: sqlite3.Connection) -> None:
        modes.extend(stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir())
        real(db)

    monkeypatch.setattr(ledger_file, "seal", look)
    before = os.umask(0)
    try:
        Ledger.open(path, BOOT).close()
    finally:
        os.umask(before)
    assert len(modes) > 1
    assert set(modes) == {0o600}


def test_nothing_stays_open(path: Path) -> None:
    path.write_text("damage")
    before = len(os.listdir("/proc/self/fd"))
    Ledger.open(path, BOOT).close()
    path.write_text("damage")
    Ledger.open(path, BOOT).close()
    change("PRAGMA user_version = 2")(path)
    with pytest.raises(LedgerError):
        Ledger.open(path, BOOT)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "ledger.sqlite3"
    Ledger.open(path, BOOT).close()
    assert path.is_file()
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.notice is None, "it reads as a sound record"
