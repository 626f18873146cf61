"""The thread in front of the history: a disk that fails or hangs costs records, is told once, and makes nobody wait."""

import threading
from pathlib import Path

import pytest

from controller.history import Feedback, Record
from controller.history_file import HistoryError, HistoryFile, Kept, read
from controller.history_keeper import HistoryInline, HistoryThread

NOW = 1_795_000_000.0
PATIENCE_S = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home.history.sqlite3"


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A disk that is full for as long as this says something."""
    full: list[str] = []
    save = HistoryFile.save

    def fail(self: HistoryFile, record: Record) -> None:
        if full:
            raise HistoryError(Path("home"), full[0])
        save(self, record)

    monkeypatch.setattr(HistoryFile, "save", fail)
    return full


def record(number: int) -> Record:
    return Record(f"s-{number}", "ana", "gentle", NOW + number, outcome="reached", complete=True)


def sessions(path: Path) -> list[str]:
    return [kept.record.session for kept in read(path, 100)]


def test_a_disk_that_was_full_gets_the_newest_twenty_later_and_it_is_told_once(path: Path, broken: list[str]) -> None:
    said: list[str] = []
    history = HistoryInline(path, 90, said.append, lambda: NOW)
    broken.append("the disk is full")
    for number in range(30):
        history.keep([record(number)])
    assert said == ["Sessions are not recorded. home: the disk is full."]
    assert history.behind
    told: list[tuple[list[Kept], str]] = []
    history.ask(5, lambda kept, why: told.append((kept, why)))
    assert told == [([], "Sessions are not recorded at the moment.")]
    broken.clear()
    history.keep([Feedback("s-29", "ok")])
    assert sessions(path) == [f"s-{number}" for number in range(29, 10, -1)]
    assert read(path, 1)[0].record.feedback == "ok"
    broken.append("the disk is full")
    history.keep([record(31)])
    assert len(said) == 2
    assert not history.stop(1.0)


def test_a_folder_that_can_not_be_written_is_told_and_no_exception(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said: list[str] = []
    history = HistoryInline(tmp_path / "file" / "home.history.sqlite3", 90, said.append, lambda: NOW)
    assert history.last is None
    history.keep([record(1)])
    assert len(said) == 1
    assert "Not a directory" in said[0] or "exists" in said[0]


def test_the_last_session_is_known_after_a_restart(path: Path) -> None:
    first = HistoryInline(path, 90, print, lambda: NOW)
    first.keep([record(1), record(2)])
    first.stop(1.0)
    assert HistoryInline(path, 90, print, lambda: NOW).last == record(2)


def test_the_thread_keeps_and_answers_and_leaves_when_all_is_done(path: Path) -> None:
    history = HistoryThread(path, 90, print, lambda: NOW)
    told: list[tuple[list[Kept], str]] = []
    heard = threading.Event()
    for number in range(10):
        history.keep([record(number)])
    history.ask(3, lambda kept, why: (told.append((kept, why)), heard.set())[0])  # type: ignore[func-returns-value]
    assert heard.wait(PATIENCE_S)
    assert [kept.record.session for kept in told[0][0]] == ["s-9", "s-8", "s-7"]
    assert told[0][1] == ""
    history.keep([record(11)])
    assert history.stop(PATIENCE_S)
    assert sessions(path)[0] == "s-11"


def test_a_disk_that_hangs_makes_nobody_wait_and_is_told_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, said = threading.Event(), list[str]()
    history = HistoryThread(path, 90, said.append, lambda: NOW)
    monkeypatch.setattr(HistoryFile, "save", lambda *_: goes_on.wait(PATIENCE_S))
    for number in range(200):
        history.keep([record(number)])
    told: list[str] = []
    history.ask(1, lambda _, why: told.append(why))
    assert len(said) == 1
    assert "does not keep up" in said[0]
    assert "does not keep up" in told[0]
    assert not history.stop(0.05)
    goes_on.set()
    assert history.stop(PATIENCE_S)
    history.keep([record(1)])  # closed: nothing happens, nothing is raised


def test_whatever_goes_wrong_in_the_thread_control_goes_on(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, heard = list[str](), threading.Event()

    def say(message: str) -> None:
        said.append(message)
        heard.set()

    history = HistoryThread(path, 90, say, lambda: NOW)
    monkeypatch.setattr(HistoryFile, "save", lambda *_: [][0])
    history.keep([record(1)])
    assert heard.wait(PATIENCE_S)
    assert "not recorded any more" in said[0]
    history.stop(PATIENCE_S)
