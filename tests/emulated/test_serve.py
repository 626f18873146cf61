"""Real time as it is kept for the chip, and what is kept of it."""

from pathlib import Path

import pytest

from controller.presets import parse

from .serve import RealTime
from .trace import Sample, compare, line, newest, plan, read


def test_what_came_late_is_made_up_for() -> None:
    """The next ticks are due at once until it is back in time; nothing is lost."""
    clock = RealTime(100.0)
    assert clock.wait_s(100.0) == pytest.approx(0.02)
    assert clock.done(100.42) == pytest.approx(0.4)
    for _ in range(19):
        assert clock.wait_s(100.42) == 0.0
        clock.done(100.42)
    assert clock.wait_s(100.42) == pytest.approx(0.0, abs=1e-6)
    clock.done(100.42)
    assert clock.wait_s(100.42) == pytest.approx(0.02)
    assert (clock.worst_s, clock.lost_s) == (pytest.approx(0.4), 0.0)


def test_a_long_hold_up_is_told_and_not_made_up_for() -> None:
    clock = RealTime(100.0)
    assert clock.done(103.02) == pytest.approx(3.0)
    assert clock.lost_s == pytest.approx(3.0)
    assert clock.wait_s(103.02) == pytest.approx(0.02)
    assert str(clock) == "late by 3000 ms at worst, 3.00 s of real time lost"


def test_a_trace_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Also while its last line is being written."""
    path = tmp_path / "trace"
    samples = [Sample(12.5 + n, 20 * n, 1.25 * n, -0.5, 0.25, 0, 1, n, 0.0012) for n in range(3)]
    path.write_text("".join(map(line, samples)) + "15.5 60 3.", "ascii")
    assert read(path) == samples
    assert newest(path) == samples[-1]


def test_an_angle_off_the_plan_is_seen() -> None:
    """A hold that sags by 0.7°, and a chip that restarts."""
    text = """
[one]
title = "t"
purpose = "p"
basis = "b"
rate_dps = 1
steps = [{ angle_deg = 4, hold_s = 10 }]
"""
    preset = parse(text, "presets.toml")["one"]
    planned = [(at_s, angle_deg) for at_s, angle_deg, _ in plan(preset, 0.0)]
    right = [Sample(50.0 + at_s, 0, deg, 1.0, 0.0, 0, 0, 0, 0.0) for at_s, deg in planned]
    assert compare(right, 50.0, preset, 0.0) == pytest.approx((0.0, 0.0, 4.0, 1.0, 0.0, 0), abs=0.03)
    wrong = [*right]
    at = next(at for at, one in enumerate(right) if one.bed_deg > 3.99) + 200
    wrong[at] = right[at]._replace(bed_deg=3.3, drive_dps=-4.0, late_s=0.2)
    wrong[-1] = right[-1]._replace(resets=1)
    figures = compare(wrong, 50.0, preset, 0.0)
    assert figures == pytest.approx((0.7, 0.0, 4.0, 4.0, 0.2, 1), abs=0.03)
