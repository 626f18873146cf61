"""The file of the history: what is kept comes back, whatever happened to the file or to who wrote it."""

import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from math import pi, sin
from pathlib import Path

import pytest

from controller.history import Feedback, Met, Record
from controller.history_file import HistoryError, HistoryFile, read
from controller.history_keeper import HistoryInline
from controller.history_trace import Trace, unpack

NOW = 1_795_000_000.0
"""Unix time; a November."""
DAY_S = 86_400.0
VERSION_1 = Path(__file__).with_name("version-1.history.sqlite3")
"""Written by the first version of the program: without what a clock did, and without feedback."""
CUT = "the controller was stopped or crashed"
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.fixture
def path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        yield Path(folder) / "home.history.sqlite3"


def record(session: str = "s-1", **known: object) -> Record:
    trace = Trace()
    for at_s, angle_deg in ((0.0, -80.0), (55.0, 0.0), (60.0, 8.0), (300.0, 8.0), (310.0, 0.0)):
        trace.add(at_s, angle_deg)
    usual = Record(
        session, "ana", "gentle", NOW, "sound", 310.0, 241.5, 8.05, 3, 3, "reached", "the plan was played to its end",
        (Met(12.5, "broker_lost", "The broker is gone."),), (Met(13.0, "stall", "The motor stalls — “here”."),), None,
        trace.pack(), True,
    )  # fmt: skip
    return replace(usual, **known)  # type: ignore[arg-type]


def opened(path: Path, keep_days: int = 90, wall_s: float = NOW) -> HistoryFile:
    return HistoryFile.open(path, keep_days, wall_s)


def kept(path: Path, most: int = 100) -> list[Record]:
    return [one.record for one in read(path, most)]


def test_every_field_comes_back(path: Path) -> None:
    one = record(feedback="ok", clock="jumped")
    other = record("s-2", largest_deg=None, limits=(), faults=(), outcome="interrupted", trace=Trace().pack())
    with closing(opened(path)) as file:
        file.save(one)
        file.save(other)
        assert [k.record for k in file.newest(9)] == [other, one]
    assert kept(path) == [other, one]
    assert [k.number for k in read(path, 9)] == [2, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_the_newest_of_a_session_replaces_what_was_kept_but_not_what_the_person_said(path: Path) -> None:
    with closing(opened(path)) as file:
        file.save(record(outcome="running", complete=False))
        file.note(Feedback("s-1", "symptom"))
        file.save(record())
    assert kept(path) == [record(feedback="symptom")]


def test_there_may_be_none_yet(path: Path) -> None:
    assert read(path, 9) == []
    assert not path.exists()


def test_it_can_be_read_while_it_is_written_and_by_person(path: Path) -> None:
    with closing(opened(path)) as file:
        file.save(record("s-1", person="bob"))
        file.save(record("s-2", outcome="running", complete=False))
        assert [r.outcome for r in kept(path)] == ["running", "reached"]
        assert [r.record.session for r in read(path, 9, "bob")] == ["s-1"]


def test_a_session_that_was_cut_off_is_interrupted_before_and_after_the_next_start(path: Path) -> None:
    with closing(opened(path)) as file:
        file.save(record(outcome="running", why="", complete=False))
        file.save(record("s-2", outcome="interrupted", why="stopped", complete=False))
    assert [(r.outcome, r.why) for r in kept(path)] == [("interrupted", "stopped"), ("interrupted", CUT)]
    with closing(opened(path)) as file:
        assert [k.record.complete for k in file.newest(9)] == [True, True]
        assert [k.record.why for k in file.newest(9)] == ["stopped", CUT]


def test_a_file_of_version_1_is_read_and_brought_up_to_date(path: Path) -> None:
    shutil.copy(VERSION_1, path)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert "feedback" not in {row[1] for row in db.execute("PRAGMA table_info(session)")}
    before = kept(path)
    assert [(r.session, r.clock, r.feedback) for r in before] == [
        ("11b2c3d4-1", "sound", None), ("0216347a-2", "sound", None), ("0216347a-1", "sound", None),
    ]  # fmt: skip
    with closing(opened(path, wall_s=1_795_030_000.0)) as file:
        assert file.notice is None
        file.note(Feedback("0216347a-2", "ok"))
        file.save(record())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (2,)
    after = kept(path)
    assert after[0] == record()
    assert after[1:] == [replace(before[0], complete=True), replace(before[1], feedback="ok"), before[2]]
    assert unpack(after[2].trace)[-1] == (112.0, 29.9)
    assert after[2].limits == (Met(100.0, "broker_lost", "The broker is gone."),)


def test_a_file_of_a_newer_program_is_left_alone(path: Path) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 3")
        db.commit()
    before = path.read_bytes()
    with pytest.raises(HistoryError, match="newer program"):
        opened(path)
    with pytest.raises(HistoryError, match="newer program"):
        read(path, 9)
    assert path.read_bytes() == before


def fill(path: Path) -> None:
    with closing(opened(path)) as file:
        for number in range(40):
            file.save(record(f"s-{number}"))


def sql(statement: str) -> Callable[[Path], None]:
    def do(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            db.execute(statement)
            db.commit()

    return do


def noise(table: str) -> Callable[[Path], None]:
    """One page of a table or an index is overwritten."""

    def do(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            page = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]
            size = db.execute("PRAGMA page_size").fetchone()[0]
        data = bytearray(path.read_bytes())
        data[(page - 1) * size + 100 : page * size] = random.Random(1).randbytes(size - 100)
        path.write_bytes(data)

    return do


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no database": lambda path: path.write_bytes(b"What was I? " * 999),
    "zeroes": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "noise in the table": noise("session"),
    "noise in an index that is seldom read": noise("sqlite_autoindex_session_1"),
    "another program's": sql("PRAGMA application_id = 7"),
    "no table": sql("DROP TABLE session"),
    "the file is gone and its log is not": lambda path: path.rename(f"{path}-wal"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_history_is_set_aside_never_deleted_and_said_so(path: Path, damage: Callable[[Path], object]) -> None:
    fill(path)
    damage(path)
    left = sorted(file.read_bytes() for file in path.parent.iterdir() if file.suffix != ".lock")
    with closing(opened(path)) as file:
        assert file.notice is not None
        assert str(path) in file.notice
        file.save(record("new"))
        assert [one.record.session for one in file.newest(9)] == ["new"]
    aside = [file for file in path.parent.iterdir() if ".damaged-1." in file.name]
    assert sorted(file.read_bytes() for file in aside if not file.name.endswith("-shm")) == left
    assert kept(path) == [record("new")]


def test_what_nobody_wrote_in_a_row_is_an_error_and_no_crash(path: Path) -> None:
    with closing(opened(path)) as file:
        file.save(record())
    sql("UPDATE session SET limits = 'oops'")(path)
    with pytest.raises(HistoryError, match="can't be read"):
        read(path, 9)


def test_damage_while_it_is_open_costs_what_was_there_and_nothing_new(path: Path) -> None:
    said: list[str] = []
    history = HistoryInline(path, 90, said.append, lambda: NOW)
    history.keep([record("s-1")])
    sql("ALTER TABLE session RENAME TO lost")(path)
    history.keep([record("s-2")])
    history.stop(1.0)
    assert [r.session for r in kept(path)] == ["s-2"]
    assert len(said) == 1
    assert "damaged" in said[0]
    assert path.with_name("home.history.damaged-1.sqlite3").exists()


def test_what_is_too_old_is_forgotten_and_nothing_while_nobody_knows_the_time(path: Path) -> None:
    with closing(opened(path)) as file:
        file.save(record("unset", clock="unset", started_s=100.0))
        file.save(record("old", started_s=NOW - 91 * DAY_S))
        file.save(record("unset too", clock="unset", started_s=100.0))
        file.save(record("new", started_s=NOW - 89 * DAY_S))
    opened(path, wall_s=1000.0).close()
    assert len(kept(path)) == 4
    opened(path).close()
    assert [r.session for r in kept(path)] == ["new", "unset too"]
    opened(path, keep_days=88).close()
    assert kept(path) == []


def week(path: Path, traces: list[bytes]) -> int:
    """A week's file in bytes, with everything beside it, at its largest: 3 sessions a day."""
    largest = 0
    history = HistoryInline(path, 90, lambda _: None, lambda: NOW)
    for number in range(21):
        one = record(f"{number:08x}-1", trace=traces[number % len(traces)], started_s=NOW + number * DAY_S / 3)
        history.keep([replace(one, outcome="running", complete=False)])
        for part in range(1, 20):  # as it grows, every few seconds
            unfinished = one.trace[: len(one.trace) * part // 20]
            history.keep([replace(one, trace=unfinished, outcome="running", complete=False)])
        history.keep([one, Feedback(one.session, "ok")])
        largest = max(largest, sum(file.stat().st_size for file in path.parent.iterdir()))
    history.stop(1.0)
    assert len(kept(path)) == 21
    return largest


def swinging(seed: int) -> bytes:
    """Half an hour that never rests, with a sensor's noise: more than any preset does."""
    random_, trace = random.Random(seed), Trace()
    for number in range(3600):
        at_s = number / 2
        trace.add(at_s, 15.0 + 7.0 * sin(2 * pi * at_s / 20.0) + random_.gauss(0.0, 0.1))
    return trace.pack()


def test_a_week_of_daily_use_stays_far_under_a_megabyte(path: Path) -> None:
    traces = [swinging(seed) for seed in range(3)]
    assert max(map(len, traces)) < 6000
    assert week(path, traces) < 1_000_000


WRITER = """
import os, sys
from dataclasses import replace
from pathlib import Path
from controller.history import Feedback, Record
from controller.history_keeper import HistoryInline
from controller.history_trace import Trace

def write(number):
    history = HistoryInline(Path(sys.argv[1]), 90, lambda message: sys.exit(message), lambda: 1_795_000_000.0)
    while True:
        number += 1
        record, trace = Record(f"s-{number}", "ana", "gentle", 1_795_000_000.0 + number), Trace()
        for at_s in range(8):
            trace.add(float(at_s), float(at_s * at_s % 7))
            record = replace(record, duration_s=float(at_s), trace=trace.pack())
            history.keep([record])
            print(number, at_s, "running", flush=True)
        history.keep([replace(record, outcome="reached", complete=True), Feedback(record.session, "ok")])
        print(number, 7, "reached", flush=True)

for line in sys.stdin:
    if not (writer := os.fork()):
        print("writer", os.getpid(), flush=True)
        write(int(line))
    os.waitpid(writer, 0)
    print("\\ndead", flush=True)
"""
"""For each number on its standard input, a process of its own that writes from there on until it is killed."""


def test_killed_at_any_moment_nothing_that_was_kept_is_lost_and_nothing_is_damaged(path: Path) -> None:
    """Real processes, kill -9 in the middle of writing."""
    random_, number = random.Random(7), 0
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=Path(__file__).resolve().parents[2],
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        for _ in range(25):
            print(number, file=server.stdin, flush=True)
            said = [server.stdout.readline() for _ in range(random_.randrange(2, 60))]
            writer = int(next(line for line in said if line.startswith("writer")).split()[1])
            for _ in range(random_.randrange(2000)):
                pass
            os.kill(writer, signal.SIGKILL)
            while "dead\n" not in said:
                said.append(server.stdout.readline())
            lines = [line.split() for line in said if line[:1].isdigit() and line.endswith(("running\n", "reached\n"))]
            newest = {int(n): (int(at_s), outcome) for n, at_s, outcome in lines}
            found = {int(r.session[2:]): r for r in kept(path, 10_000)}
            assert sorted(found) == list(range(1, len(found) + 1))
            for known, (at_s, outcome) in newest.items():
                one = found[known]
                assert one.duration_s >= at_s
                assert unpack(one.trace)[-1].at_s == one.duration_s
                if outcome == "reached":
                    assert (one.outcome, one.complete) == ("reached", True)
            assert all((r.outcome, r.why) in (("reached", ""), ("interrupted", CUT)) for r in found.values())
            number = max(found, default=0)
        server.stdin.close()
    assert number > 50
    with closing(opened(path)) as file:
        assert file.notice is None
    assert not [file for file in path.parent.iterdir() if "damaged" in file.name]
