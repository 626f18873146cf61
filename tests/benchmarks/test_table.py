"""What the benchmarks hold themselves to, and that the document says the same."""

import json
from math import nan
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks import __main__ as command
from benchmarks import codec, table
from benchmarks.loop_told import percentile_ms
from benchmarks.measure import (
    BenchError,
    Figure,
    Spread,
    Verdict,
    bytecodes,
    failed,
    in_turns,
    judge,
    percentile,
    ratio,
    spread,
    spread_of_percentile,
)
from benchmarks.targets import BENCHMARKS, TARGETS, Sense, Target

RESTATED = {
    "codec.struct": "≤ 1.35", "codec.pymavlink": "≥ 8", "codec.protobuf": "≥ 2", "codec.pyserialtransfer": "≥ 45",
    "codec.chunks_16": "≤ 1.2", "codec.chunks_64": "≤ 1.2", "codec.chunks_512": "≤ 1.2",
    "stop.floor": "≤ 1.7", "stop.aiomqtt": "≥ 1.25", "stop.busy_p99": "≤ 5", "stop.stock": "≤ 1.3",
    **{
        f"motion.{where}_{way}_{what}": bound
        for where in ("simulator", "chip")
        for way in ("down", "up")
        for what, bound in (("rest", "≤ 1.3"), ("travel", "≤ 1.5"), ("braking", "≤ 5"))
    },
    "daemon.floor": "≤ 1.5", "daemon.usual": "≥ 1.8", "daemon.memory": "≤ 45", "daemon.start": "≤ 0.6",
    "daemon.floor_control": "≤ 1.5", "daemon.usual_control": "≥ 1.8", "daemon.leases": "≤ 0",
    "simulation.loop": "≥ 700", "simulation.session": "≤ 1.6", "simulation.mujoco": "≥ 3",
    "simulation.campaign": "≥ 1.8",
}  # fmt: skip
MOST = Target("codec.x", "something", "×", Sense.AT_MOST, 2.0)
LEAST = Target("codec.x", "something", "×", Sense.AT_LEAST, 2.0)


def figure(low: float, middle: float, high: float) -> Figure:
    return Figure("codec.x", Spread(low, middle, high))


def test_the_targets_are_those_that_were_set_beforehand() -> None:
    bounded = {one.key: f"{one.sense} {one.bound:g}" for one in TARGETS if one.sense is not Sense.SHOWN}
    assert bounded == RESTATED
    assert len({one.key for one in TARGETS}) == len(TARGETS)


@pytest.mark.parametrize(
    ("target", "found", "verdict"),
    [
        (MOST, figure(1.8, 1.9, 2.5), Verdict.HELD),
        (MOST, figure(2.0, 2.0, 2.5), Verdict.HELD),
        (MOST, figure(1.9, 2.1, 2.5), Verdict.CLOSE),
        (MOST, figure(2.1, 2.2, 2.5), Verdict.MISSED),
        (LEAST, figure(1.0, 2.1, 2.5), Verdict.HELD),
        (LEAST, figure(1.0, 1.9, 2.1), Verdict.CLOSE),
        (LEAST, figure(1.0, 1.8, 1.9), Verdict.MISSED),
        (MOST, None, Verdict.MISSING),
        (LEAST, Figure("codec.x", None, "no such peer"), Verdict.MISSING),
        (Target("codec.x", "something", "×"), figure(9.0, 9.0, 9.0), Verdict.SHOWN),
        (Target("codec.x", "something", "×"), None, Verdict.MISSING),
    ],
)
def test_a_figure_is_judged_by_its_whole_spread(target: Target, found: Figure | None, verdict: Verdict) -> None:
    assert judge(target, found) is verdict
    assert failed(verdict) is (verdict in (Verdict.MISSED, Verdict.MISSING))


def test_percentiles_lie_between_the_values() -> None:
    assert percentile([4.0, 1.0, 2.0, 3.0], 50.0) == 2.5
    assert percentile([7.0], 99.0) == 7.0
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == Spread(2.0, 3.0, 4.0)
    low, middle, high = spread_of_percentile([float(value) for value in range(1000)], 99.0)
    assert 970 < low <= middle <= high < 1000
    assert middle == pytest.approx(989.01)


def test_instructions_are_counted_alike_each_time() -> None:
    once, twice = bytecodes(lambda: round(1.5)), bytecodes(lambda: [round(1.5), round(2.5)])
    assert 0 < once == bytecodes(lambda: round(1.5)) < twice


def test_contestants_take_turns_and_another_one_begins_each_round() -> None:
    called: list[str] = []

    def contestant(name: str, value: float) -> float:
        called.append(name)
        return value * len(called)

    given = in_turns({"a": lambda: contestant("a", 1.0), "b": lambda: contestant("b", 2.0)}, 3)
    assert "".join(called) == "abbaab"
    assert given == {"a": [1.0, 4.0, 5.0], "b": [4.0, 6.0, 12.0]}
    assert ratio(given, "b", "a").middle == 2.4


def test_the_document_is_rendered_from_the_results() -> None:
    report = table.read(table.RESULTS.read_text("utf-8"))
    document = table.DOC.read_text("utf-8")
    assert table.render(document, report) == document
    for row in table.rows(report.figures, BENCHMARKS):
        assert row.verdict is not Verdict.MISSING or row.problem, row
        assert row.key not in RESTATED or row.target


def test_results_survive_their_file() -> None:
    figures = {one.key: one for one in (figure(1.0, 2.5, 3.0), Figure("codec.y", None, "no such peer"))}
    report = table.Report("a machine", True, 12.0, figures)
    assert table.read(table.as_json(report)) == report


def test_a_missing_peer_is_said_and_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing() -> NoReturn:
        raise BenchError("no such peer")

    peers = {"ours": codec.PEERS["ours"], "struct": codec.PEERS["struct"], "protobuf": (missing, 1)}
    monkeypatch.setattr(codec, "PEERS", peers)
    file = tmp_path / "figures.json"
    assert command.main(["--only", "codec", "--quick", "--json", str(file)]) == 1
    figures = {one["key"]: one for one in json.loads(file.read_text("utf-8"))["figures"]}
    assert figures["codec.protobuf"] == {"key": "codec.protobuf", "quartiles": None, "problem": "no such peer"}
    low, middle, high = figures["codec.struct"]["quartiles"]
    assert 0 < low <= middle <= high


@pytest.mark.parametrize(("middle", "status"), [(1.0, 0), (9.0, 1)])
def test_the_exit_status_tells_of_a_miss(monkeypatch: pytest.MonkeyPatch, middle: float, status: int) -> None:
    good = {one.key: one.bound if one.bound == one.bound else 1.0 for one in TARGETS if one.benchmark == "codec"}
    found = {key: Figure(key, spread([value])) for key, value in (good | {"codec.struct": middle}).items()}
    monkeypatch.setattr(command, "run", lambda name, quick: found)
    assert command.main(["--only", "codec"]) == status


def test_what_ends_a_benchmark_early_is_the_problem_of_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bool) -> NoReturn:
        raise BenchError("no gcc")

    monkeypatch.setattr(codec, "measure", broken)
    found = command.run("codec", True)
    assert {one.problem for one in found.values()} == {"no gcc"}
    assert len(found) == sum(one.benchmark == "codec" for one in TARGETS)


def test_what_a_benchmark_forgot_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "measure", lambda _: [figure(1.0, 2.0, 3.0)._replace(key="codec.struct")])
    found = command.run("codec", True)
    assert found.keys() == {one.key for one in TARGETS if one.benchmark == "codec"}
    assert [key for key, one in found.items() if not one.problem] == ["codec.struct"]


def test_a_target_that_is_younger_than_the_results_waits_for_new_ones() -> None:
    known = {"codec.struct": figure(1.0, 2.0, 3.0), "codec.protobuf": Figure("codec.protobuf", None, "no such peer")}
    lines = [line for line in table.markdown(table.Report("a machine", False, 1.0, known)).splitlines() if "×" in line]
    assert len(lines) == 1
    assert "no such peer" in table.markdown(table.Report("a machine", False, 1.0, known))


def histogram(*at_most: int) -> dict[str, object]:
    return {"bounds_ms": [1.0, 5.0, 18.0], "at_most": list(at_most[:3]), "count": at_most[3]}


def test_what_a_daemon_tells_between_two_documents_gives_a_percentile() -> None:
    before, after = histogram(10, 10, 10, 10), histogram(60, 100, 109, 110)
    assert percentile_ms(before, after, 25.0) == 0.5
    assert percentile_ms(before, after, 50.0) == 1.0
    assert percentile_ms(before, after, 70.0) == 3.0
    assert percentile_ms(before, after, 99.0) == 18.0
    assert percentile_ms(before, after, 99.9) == 18.0, "beyond the last bound nobody knows more"


def test_a_target_without_a_bound_is_only_shown() -> None:
    assert all((one.sense is Sense.SHOWN) == (one.bound != one.bound) for one in TARGETS)
    assert Target("codec.x", "something", "×", bound=nan).benchmark == "codec"
