"""The judgements around the analyses of the core: what each of them calls wrong."""

from pathlib import Path

import pytest

from . import eva, fuzz, instrumented
from .eva import Property
from .instrumented import Line

ALARM = Property("drive.c", "reference_approach", "signed_overflow", "0 <= 1")
OTHER = Property("watch.c", "begin", "mem_access", "valid")


def test_an_alarm_needs_a_reason_and_a_reason_an_alarm() -> None:
    enough = eva.PROVED
    assert eva.judge([], {}, enough) == []
    assert eva.judge([ALARM], {ALARM: "because"}, enough) == []
    assert "no reason is given: drive.c" in eva.judge([ALARM], {}, enough)[0]
    assert "does not occur any more: watch.c" in eva.judge([ALARM], {ALARM: "because", OTHER: "because"}, enough)[0]
    assert "without a reason" in eva.judge([ALARM], {ALARM: ""}, enough)[0]
    assert "did not get far" in eva.judge([], {}, enough - 1)[0]


def test_reasons_are_read_with_what_they_explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "alarms.txt"
    file.write_text(f"# About the file.\n\n# It lies\n# between two.\n{ALARM}\n{OTHER}\n\n{OTHER._replace(text='x')}\n")
    monkeypatch.setattr(eva, "REASONS", file)
    assert eva.reasons() == {ALARM: "It lies between two.", OTHER: "It lies between two.", OTHER._replace(text="x"): ""}


def test_a_branch_that_was_never_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert instrumented.report([Line("fixed.c", 5, (3, 1))])
    assert not instrumented.report([Line("fixed.c", 5, (3, 1)), Line("fixed.c", 8, (3, 0))])
    assert "fixed.c:8: (3, 0)" in capsys.readouterr().out
    assert not instrumented.report([]), "nothing counted is nothing shown"


def test_every_golden_frame_is_a_seed() -> None:
    seeds = [*fuzz.seeds()]
    assert len(seeds) > 50
    assert any(bytes.fromhex("000402C1B200") in seed for seed in seeds)
    assert all(len(seed) <= fuzz.LONGEST for seed in seeds)
