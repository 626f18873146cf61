"""The run around the checks: what it refuses, what it leaves behind, what it tells; and the document."""

import ast
import re
import runpy
import sys
from pathlib import Path

import pytest

from simulator.conformance import document, report
from simulator.conformance.catalogue import BY_NUMBER, CHECKS
from simulator.conformance.check import Needs
from simulator.conformance.suite import Outcome, RefusedError
from simulator.table import Table

from .bench import suite_of
from .mutants import MUTANTS

ROOT = Path(__file__).resolve().parents[3]


def test_the_numbers_are_in_order() -> None:
    assert [check.number for check in CHECKS] == [f"C{number:02d}" for number in range(1, len(CHECKS) + 1)]


def test_the_document_is_current() -> None:
    current = document.PATH.read_text("utf-8")
    assert current == document.render(), "out of date: run `python -m simulator.conformance.document`"


def test_the_document_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[Path, str] = {}
    monkeypatch.setattr(Path, "write_text", lambda self, text, encoding: written.update({self: text}))
    monkeypatch.delitem(sys.modules, "simulator.conformance.document")
    runpy.run_module("simulator.conformance.document", run_name="__main__")
    assert written == {document.PATH: document.render()}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.number))
def test_what_a_check_cites_is_there(check: object) -> None:
    protocol = (ROOT / "docs" / "protocol.md").read_text("utf-8")
    safety = (ROOT / "docs" / "safety.md").read_text("utf-8")
    headings = re.findall(r"^#+ (.*)$", protocol, re.MULTILINE) + re.findall(
        r"^\*\*(.*?)[.:]\*\*", protocol, re.MULTILINE
    )
    for cite in BY_NUMBER[check.number].cites:  # type: ignore[attr-defined]
        if cite.startswith("protocol.md: "):
            for name in cite.removeprefix("protocol.md: ").split(", "):
                assert any(heading.startswith(name) or name in heading for heading in headings), name
        else:
            assert re.search(rf"^\| {cite} \|", safety, re.MULTILINE), cite


def test_the_checks_know_the_wire_only() -> None:
    """They judge the simulated unit: nothing of it may be in them."""
    for path in (ROOT / "simulator" / "conformance").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.level <= 1, f"{path.name} imports from the simulator"
                assert node.level or str(node.module).split(".")[0] != "simulator"


def test_motion_is_not_run_without_leave() -> None:
    suite = suite_of(Table(5, -3.0), motion=False)
    for check in CHECKS:
        if check.needs.motion:
            result = suite.run(check)
            assert result.outcome is Outcome.NOT_CHECKED
            assert "--allow-motion" in result.why


def test_without_a_hand_nothing_that_needs_one_passes() -> None:
    table = Table(5, -3.0)
    suite = suite_of(table, hands=False)
    table.switches.ankles_locked = True
    for number in ("C44", "C76", "C80"):
        result = suite.run(BY_NUMBER[number])
        assert result.outcome is Outcome.NOT_CHECKED, result.why
        assert result.why


def test_a_unit_that_runs_away_is_stopped_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """H2: the fence of a check."""
    bend = MUTANTS["C60"]["3° more"]
    line = bend(monkeypatch)
    table = Table(5, -3.0)
    suite = suite_of(table, line)
    assert suite.run(BY_NUMBER["C60"]).outcome is Outcome.FAILED
    after = suite.run(BY_NUMBER["C01"])
    assert after.outcome is Outcome.NOT_CHECKED
    assert "C60" in after.why
    assert table.angle_deg < 1.5


def test_a_check_that_fails_head_down_leaves_the_table_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """H1."""
    MUTANTS["C67"]["fast"](monkeypatch)
    table = Table(5, -3.0)
    suite = suite_of(table)
    assert suite.run(BY_NUMBER["C67"]).outcome is Outcome.FAILED
    assert abs(table.angle_deg) <= 1.5


def test_leaving_head_down_levels_and_says_whether_it_rests() -> None:
    table = Table(5, -3.0)
    suite = suite_of(table)
    talk = suite.talk
    from simulator.conformance import ready

    ready.head_down(talk, 5.0)
    assert suite.head_down
    assert suite.leave()
    assert abs(table.angle_deg) <= 1.5
    table.physics.bed_deg = table.physics.drive_deg = 10.0
    table.physics.jammed = True
    talk.run(0.2)
    assert not suite.leave()


@pytest.mark.parametrize("fault", ["estop", "moves", "head down", "occupied"])
def test_a_table_that_is_not_ready_is_refused(fault: str) -> None:
    table = Table(5, 8.0 if fault == "head down" else -3.0)
    if fault == "estop":
        table.switches.estop = True
    suite = suite_of(table, motion=True, listen=False)
    if fault == "occupied":
        table.switches.occupied = True
    if fault == "moves":
        table.physics.slip_dps, table.switches.lowering = 1.0, True
        table.physics.bed_deg = table.physics.drive_deg = -70.0
    with pytest.raises(RefusedError):
        suite.listen()


def test_ranges_are_told_short() -> None:
    assert report.ranges(["C01", "C02", "C03", "C07", "C09", "C10"]) == "C01 to C03, C07, C09 to C10"


def test_every_kind_of_need_is_in_the_document() -> None:
    assert {check.needs for check in CHECKS} == set(Needs)
