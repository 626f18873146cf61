"""`bascule people` on the files of a controller that is stopped, and of one that runs."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bascule import people_cli
from bascule.assembly import assemble
from bascule.cli import app
from controller.config import load
from controller.history import Record
from controller.history_file import HistoryFile, read
from controller.ledger import Ledger, read_witness
from controller.profile import Played, dump, parse
from controller.programme import Moment
from controller.serial_port import Port

WALL = 1_790_000_000.0
Run = Callable[..., Result]
SAVE = ("save", "ana", "--name", "Ana", "--height", "168", "--weight", "62")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def call(*words: str) -> Result:
        where = () if words == ("checklist",) else ("--data", str(tmp_path))
        return CliRunner().invoke(app, ["people", *words, *where])

    return call


def test_from_saving_to_forgetting(run: Run, tmp_path: Path) -> None:
    assert "Nobody has a profile" in run("list").output
    assert run(*SAVE, "--programme").output == "Saved ana, with at most 15° (programme week 1).\n"
    assert json.loads(run("list", "--json").output) == [
        {
            "id": "ana", "name": "Ana", "height_cm": 168.0, "weight_kg": 62.0, "angle_deg": None, "from": "saved",
            "programme_week": 1, "limit_deg": 15.0, "limit_reason": "programme week 1", "checklist_accepted": None,
            "checklist_due": True,
        }
    ]  # fmt: skip
    assert "The checklist comes first" in (shown := run("show", "ana").output)
    assert [line.split(maxsplit=1) for line in shown.splitlines()[:8]] == [
        ["name", "Ana"], ["id", "ana (saved)"], ["height", "168 cm"], ["weight", "62 kg"],
        ["wants", "no limit of their own"], ["limit", "15° (programme week 1)"], ["programme", "week 1 of 6"],
        ["checklist", "not accepted yet"],
    ]  # fmt: skip
    assert run("accept", "ana").exit_code == 0
    assert "The checklist comes first" not in run("show", "ana").output
    assert "week 1 of 6" in run("list").output
    assert (tmp_path / "home.people.json").stat().st_mode & 0o777 == 0o600
    assert run("delete", "ana").output.startswith("Deleted ana. The head-down time of the last 24 h still counts")
    assert "Nobody has a profile" in run("list").output


def test_what_is_wrong_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    run(*SAVE)
    for words, status, said in (
        (("show", "bob"), 1, "There is no person 'bob' here. There are: ana.\n"),
        (("accept", "bob"), 1, "There is no person 'bob' here"),
        (("delete", "bob"), 1, "Nothing is kept about 'bob'"),
        (("export", "bob"), 1, "Nothing is stored about 'bob'"),
        ((*SAVE, "--week", "2"), 1, "Week 2 is not earned yet"),
        ((*SAVE, "--week", "9"), 2, "week: must be a whole number from 1 to 6"),
        ((*SAVE, "--angle", "31"), 1, "31° is over 30°"),
        ((*SAVE[:-1], "140"), 2, "weight_kg: must be from 30 to 136 kg"),
    ):
        result = run(*words)
        assert (result.exit_code, said in result.output) == (status, True), (words, result.output)
    (tmp_path / "home.people.json").write_text("{")
    for words in (("list",), ("show", "ana"), ("export", "ana"), SAVE, ("delete", "ana")):
        result = run(*words)
        assert result.exit_code == 1
        assert "Everybody is a guest" in result.output
    assert (tmp_path / "home.people.json").read_text() == "{"


def test_everything_that_is_stored_is_exported_and_the_days_time_survives(run: Run, tmp_path: Path) -> None:
    """H3."""
    run(*SAVE, "--programme")
    run("accept", "ana")
    path = tmp_path / "home.people.json"
    played = Played("7-1", "gentle", "ana", None, ended=Moment(8.0, WALL))
    path.write_text(dump(replace(parse(path.read_text()), last=played)))
    with closing(Ledger.open(tmp_path / "home.sqlite3", read_witness())) as ledger:
        ledger.reserve("7-1", "ana", 60.0, ledger.ledger_s, 1, 0.0)
        ledger.settle("7-1", 42.0, "reached", "it was over", ledger.ledger_s, 42.0)
        with closing(HistoryFile.open(tmp_path / "home.history.sqlite3", 90, WALL)) as history:
            for session, person in (("7-1", "ana"), ("7-2", "ben")):
                history.save(Record(session, person, "gentle", WALL, outcome="reached", complete=True))
        exported = json.loads(run("export", "ana").output)  # also while a controller holds the record
        assert exported["profile"]["name"] == "Ana"
        assert exported["programme"]["week"] == 1
        assert exported["checklist_accepted"]["ledger_s"] >= 0
        assert exported["last_session"]["ended"] == {"ledger_s": 8.0, "wall_s": WALL}
        assert [one["session"] for one in exported["sessions"]] == ["7-1"]
        [charge] = exported["head_down"]
        assert (charge["session"], charge["used_s"], charge["outcome"]) == ("7-1", 42.0, "reached")
    assert run("delete", "ana").exit_code == 0
    left = json.loads(run("export", "ana").output)
    assert left == {
        "profile": None, "programme": None, "checklist_accepted": None, "last_session": None, "head_down": [charge],
        "sessions": [],
    }  # fmt: skip
    assert [one.record.person for one in read(tmp_path / "home.history.sqlite3", 9)] == ["ben"]
    with closing(Ledger.open(tmp_path / "home.sqlite3", read_witness())) as ledger:
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == 42.0


def test_a_controller_that_runs_is_asked_and_its_files_are_left_alone(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(*SAVE)
    asked: list[tuple[str, dict[str, Any]]] = []

    def answer(_address: object, _base: str, _table: str, verb: str, argument: str) -> dict[str, Any]:
        asked.append((verb, json.loads(argument)))
        return {"accepted": verb != "people/delete", "reason": "busy", "message": f"Said to {verb}."}

    monkeypatch.setattr(people_cli, "send_command", answer)
    before = (tmp_path / "home.people.json").read_bytes()
    with closing(Ledger.open(tmp_path / "home.sqlite3", read_witness())):
        assert run("accept", "ana").output == "Said to people/accept.\n"
        assert run(*SAVE, "--no-programme").exit_code == 0
        refused = run("delete", "ana")
        assert (refused.exit_code, refused.output) == (1, "refused (busy): Said to people/delete.\n")
    assert asked == [
        ("people/accept", {"person": "ana"}),
        ("people/save", {"person": "ana", "name": "Ana", "height_cm": 168.0, "weight_kg": 62.0, "programme": False}),
        ("people/delete", {"person": "ana"}),
    ]
    assert (tmp_path / "home.people.json").read_bytes() == before


def test_the_people_of_the_configuration_are_known(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bascule.toml"
    file.write_text("[[people]]\nid = 'ben'\nname = 'Ben'\nheight_cm = 180\nweight_kg = 80\nangle_deg = 12\n")
    [ben] = json.loads(run("list", "--json", "--config", str(file)).output)
    assert (ben["from"], ben["limit_deg"], ben["limit_reason"]) == ("configuration", 12.0, "profile of ben")


def test_a_file_that_is_out_of_order_keeps_no_controller_from_starting(tmp_path: Path) -> None:
    """F23: everybody is a guest, and it is said."""
    (tmp_path / "home.people.json").write_text("{")

    def no_port() -> Port:
        raise OSError

    assembly = assemble(load(None, {"data.folder": str(tmp_path)}), no_port)
    try:
        [said] = assembly.daemon.notices
        assert said.startswith(f"The file of people, {tmp_path / 'home.people.json'}, is out of order")
    finally:
        assembly.daemon._ledger.stop(5.0)


def test_the_checklist_can_be_read(run: Run) -> None:
    output = run("checklist").output
    for word in ("pregnancy", "glaucoma", "high blood pressure", "Ask a doctor"):
        assert word in output
