"""`bascule history` on a real file: for people, for programs, beside a controller and without one."""

import csv
import io
import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bascule.cli import app
from bascule.history_table import lowest_deg
from controller.history import Met, Record
from controller.history_file import HistoryFile
from controller.history_trace import Trace

NOW = 1_795_000_000.0  # 2026-11-18 11:06:40 UTC, a Wednesday
DAY_S = 86_400.0
VERSION_1 = Path(__file__).parents[1] / "controller" / "version-1.history.sqlite3"


def record(number: int, **known: object) -> Record:
    trace = Trace()
    for at_s, angle_deg in ((0.0, -80.0), (55.0, 0.0), (60.0, 8.0), (300.0, 8.0), (310.0, 0.0)):
        trace.add(at_s, angle_deg)
    usual = Record(
        f"s-{number}", "ana", "gentle", NOW + number * DAY_S, "sound", 310.0, 240.0, 8.05, 3, 3, "reached",
        "the plan was played to its end", trace=trace.pack(), complete=True,
    )  # fmt: skip
    return replace(usual, **known)  # type: ignore[arg-type]


STOPPED = record(
    2, person="bob", outcome="interrupted", why="stop was pressed", step=2, feedback="symptom", clock="jumped",
    limits=(Met(70.0, "broker_lost", "The broker is gone."),), faults=(Met(80.0, "stall", "The motor stalls."),),
)  # fmt: skip


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("COLUMNS", "160")
    with closing(HistoryFile.open(tmp_path / "home.history.sqlite3", 90, NOW)) as file:
        for one in (record(1), STOPPED, record(9), record(10, trace=b"damaged")):
            file.save(one)
    return tmp_path


def run(data: Path, *words: str, status: int = 0) -> Result:
    result = CliRunner().invoke(app, ["history", *words, "--data", str(data)])
    assert result.exit_code == status, result.output
    return result


def test_a_table_newest_first(data: Path) -> None:
    lines = run(data).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["head", "id", "4", "3", "2", "1"]
    assert lines[4].split() == [
        *("2", "2026-11-20", "11:06?", "bob", "gentle", "5:10", "4:00", "8°", "symptom", "interrupted:", "stop"),
        *("was", "pressed", "(stall,", "broker_lost)"),
    ]
    assert len(run(data, "--last", "2").stdout.splitlines()) == 4
    assert [line.split()[0] for line in run(data, "--person", "bob").stdout.splitlines()] == ["head", "id", "2"]
    assert "no sessions of eve" in run(data, "--person", "eve").stdout


def test_the_table_fits_80_columns_with_whole_words(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with closing(HistoryFile.open(data / "home.history.sqlite3", 90, NOW)) as file:
        file.save(record(11, person="a-person-with-a-long-name", preset="circulation", feedback="symptom"))
        file.save(record(12, outcome="interrupted", why="nobody answered the check-in", clock="jumped"))
    shown = run(data).stdout
    assert max(map(len, shown.splitlines())) <= 80
    whole = ("symptom", "reached", "interrupted:", "nobody", "check-in", "circulation", "11:06?", "a-person")
    for word in whole:
        assert word in shown


def test_json_and_csv_say_the_same(data: Path) -> None:
    sessions = json.loads(run(data, "--json").stdout)
    assert [one["number"] for one in sessions] == [4, 3, 2, 1]
    assert sessions[2] == {
        "number": 2, "session": "s-2", "person": "bob", "preset": "gentle", "started": "2026-11-20T11:06:40Z",
        "clock": "jumped", "duration_s": 310.0, "head_down_s": 240.0, "largest_angle_deg": 8.05, "step": 2, "steps": 3,
        "outcome": "interrupted", "why": "stop was pressed", "feedback": "symptom",
        "limits": [{"at_s": 70.0, "code": "broker_lost", "message": "The broker is gone."}],
        "faults": [{"at_s": 80.0, "code": "stall", "message": "The motor stalls."}],
    }  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(run(data, "--csv").stdout)))
    assert [row["number"] for row in rows] == ["4", "3", "2", "1"]
    assert (rows[2]["limits"], rows[2]["why"], rows[3]["feedback"]) == ("broker_lost", "stop was pressed", "")


def test_one_session_with_its_chart(data: Path, tmp_path: Path) -> None:
    shown = run(data, "show", "2").stdout
    for words in ("2 (s-2)", "the clock jumped", "5:10 min, head down 4:00 min", "2 of 3", "1:20 stall", "symptom"):
        assert words in shown
    assert "0°┤" in shown
    assert shown == run(data, "show", "s-2").stdout
    traced = json.loads(run(data, "show", "1", "--json").stdout)
    assert traced["trace"][0] == [0.0, -80.0]
    assert traced["trace"][-1] == [310.0, 0.0]
    run(data, "show", "3", "--svg", str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_text("utf-8").startswith("<svg ")


def test_a_chart_shows_what_the_session_did_and_not_the_way_to_it() -> None:
    way = [(0.0, -80.0), (50.0, -10.0), (60.0, -1.0)]
    assert lowest_deg([*way, (80.0, 8.0), (300.0, 0.0)]) == -5.0
    assert lowest_deg([*way, (80.0, -15.0), (300.0, 0.0)]) == -19.0
    assert lowest_deg(way[:2]) is None
    assert lowest_deg([]) is None


def test_one_whose_angles_can_not_be_read_is_shown_without(data: Path, tmp_path: Path) -> None:
    assert "no angles" in run(data, "show", "last").stdout
    assert json.loads(run(data, "show", "4", "--json").stdout)["trace"] is None
    run(data, "show", "4", "--svg", str(tmp_path / "a.svg"), status=1)


def test_weeks_and_days(data: Path) -> None:
    weeks = json.loads(run(data, "weeks", "--json").stdout)
    assert weeks == [
        {"from": "2026-11-16", "head_down_s": 480.0, "sessions": 2},
        {"from": "2026-11-23", "head_down_s": 480.0, "sessions": 2},
    ]
    days = run(data, "weeks", "--days").stdout.splitlines()
    assert len(days) == 10
    assert "4.0 min  1 session" in days[0]
    assert days[3].endswith("0.0 min")
    assert [one["sessions"] for one in json.loads(run(data, "weeks", "--person", "bob", "--json").stdout)] == [1]


def test_what_is_not_there_is_a_sentence(data: Path, tmp_path: Path) -> None:
    assert "no session '77'" in run(data, "show", "77", status=1).stderr
    none = tmp_path / "none"
    assert "no sessions yet" in run(none).stdout
    assert json.loads(run(none, "--json").stdout) == []
    assert "no sessions yet" in run(none, "weeks").stdout
    assert "no sessions yet" in run(none, "show", "1", status=1).stderr
    assert not none.exists()


def test_options_may_stand_before_the_command(data: Path) -> None:
    result = CliRunner().invoke(app, ["history", "--data", str(data), "show", "2"])
    assert "2 (s-2)" in result.stdout
    result = CliRunner().invoke(app, ["history", "--person", "bob", "weeks", "--data", str(data)])
    assert result.exit_code == 2, "everybody's weeks would pass for bob's"
    assert "--person before weeks has no effect" in result.stderr


def test_a_damaged_file_and_a_bad_option_are_a_sentence(data: Path) -> None:
    (data / "home.history.sqlite3").write_bytes(b"What was I? " * 999)
    assert "out of order (file is not a database); the next start" in run(data, status=1).stderr
    assert "[table] id" in run(data, "--table", "Not A Name", status=2).stderr


def test_a_file_of_version_1_and_a_controller_that_runs(tmp_path: Path) -> None:
    shutil.copy(VERSION_1, tmp_path / "home.history.sqlite3")
    assert [one["outcome"] for one in json.loads(run(tmp_path, "--json").stdout)] == [
        "interrupted", "interrupted", "reached",
    ]  # fmt: skip
    with closing(HistoryFile.open(tmp_path / "home.history.sqlite3", 90, NOW)) as file:
        file.save(record(5, outcome="running", why="", complete=False))
        assert json.loads(run(tmp_path, "--json").stdout)[0]["outcome"] == "running"
    newest = json.loads(run(tmp_path, "--json").stdout)[0]
    assert (newest["outcome"], newest["why"]) == ("interrupted", "the controller was stopped or crashed")
