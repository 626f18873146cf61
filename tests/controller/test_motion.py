"""The motions: where they start and end, how smooth they are; their limits, restated and measured by differences."""

from itertools import pairwise
from math import cbrt, inf, nan

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from controller.model import Target
from controller.motion import Hold, Motion, Ramp, Swing, above, is_whole

ACCELERATION = 1.0  # °/s²: the limits of the table
JERK = 2.0  # °/s³
MS = 1e-3

angles = st.floats(-80, 60)
rates = st.floats(0.1, 3)
fractions = st.floats(0, 1)


def trace(motion: Motion, start_s: float, end_s: float, step_s: float) -> list[Target]:
    return [motion.at(start_s + step_s * i) for i in range(max(3, round((end_s - start_s) / step_s) + 1))]


def assert_smooth(motion: Motion, points: list[Target], step_s: float, rate: float, acceleration: float, jerk: float):
    """A difference is a mean, so that none of them may exceed the limit, whatever the step."""
    assert max(abs(p.rate_dps) for p in points) <= rate * (1 + 1e-12)
    assert max(abs(b.angle_deg - a.angle_deg) for a, b in pairwise(points)) <= rate * step_s + 1e-9
    accelerations = [(b.rate_dps - a.rate_dps) / step_s for a, b in pairwise(points)]
    assert max(map(abs, accelerations)) <= acceleration + 1e-6
    assert max(abs(b - a) / step_s for a, b in pairwise(accelerations)) <= jerk + 1e-6


def assert_rate_is_derivative(motion: Motion, points: list[Target], step_s: float, jerk: float):
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        slope = (after.angle_deg - before.angle_deg) / (2 * step_s)
        assert slope == pytest.approx(here.rate_dps, abs=jerk * step_s**2 / 2 + 1e-9)


# Ramp


@settings(deadline=None)
@given(angles, angles, rates, st.floats(0.1, ACCELERATION), st.floats(0.1, JERK), st.lists(fractions, max_size=5))
@example(0.0, 30.0, 2.0, 0.8, 1.6, [])
@example(0.0, 1.75, 3.0, 0.8, 1.6, [])
@example(0.0, -0.01, 3.0, 0.8, 1.6, [])
@example(5.0, 5.0, 3.0, 0.8, 1.6, [])
@example(0.0, 5e-324, 3.0, 0.8, 1.6, [])
def test_a_ramp_is_exact_monotone_smooth_and_within_its_limits(start, end, rate, acceleration, jerk, moments):
    ramp = Ramp(start, end, rate, acceleration, jerk)
    if ramp.duration_s:
        assert ramp.at(-1) == ramp.at(0) == Target(start, 0.0)
    assert ramp.at(ramp.duration_s) == ramp.at(ramp.duration_s + 1) == Target(end, 0.0)

    step_s = max(MS, ramp.duration_s / 500)
    points = trace(ramp, -3 * step_s, ramp.duration_s + 3 * step_s, step_s)
    assert_smooth(ramp, points, step_s, rate, acceleration, jerk)
    assert_rate_is_derivative(ramp, points, step_s, jerk)
    direction = 1 if end > start else -1
    assert all(p.rate_dps * direction >= 0 for p in points)
    assert all((b.angle_deg - a.angle_deg) * direction >= -1e-12 for a, b in pairwise(points))
    assert all(min(start, end) <= p.angle_deg <= max(start, end) for p in points)

    for moment in moments:
        middle = moment * ramp.duration_s
        points = trace(ramp, middle - 20 * MS, middle + 20 * MS, MS)
        assert_smooth(ramp, points, MS, rate, acceleration, jerk)
        assert_rate_is_derivative(ramp, points, MS, jerk)


@given(angles, angles, rates, fractions)
def test_a_ramp_is_the_same_from_both_ends(start, end, rate, fraction):
    ramp = Ramp(start, end, rate)
    early, late = ramp.at(fraction * ramp.duration_s), ramp.at((1 - fraction) * ramp.duration_s)
    assert early.angle_deg - start == pytest.approx(end - late.angle_deg, abs=1e-9)
    assert early.rate_dps == pytest.approx(late.rate_dps, abs=1e-9)


@pytest.mark.parametrize(
    ("distance", "rate", "duration_s", "peak"),
    [
        # all seven phases: distance / rate + rate / 0.8 + 0.8 / 1.6
        (80, 1.5, 80 / 1.5 + 1.5 / 0.8 + 0.5, 1.5),
        (30, 2, 15 + 2.5 + 0.5, 2),
        # too short to cruise: peak²/0.8 + peak · 0.5 = 1.75 with a peak of 1 °/s
        (1.75, 3, 2 * (1 / 0.8 + 0.5), 1),
        # too short for the acceleration too: jerk only, four times the cube root of distance / (2 · 1.6)
        (0.1, 3, 4 * cbrt(0.1 / 3.2), 1.6 * cbrt(0.1 / 3.2) ** 2),
        # a rate that needs less than the full acceleration: two jerks of √(rate / 1.6) each way
        (1, 0.1, 10 + 2 * 0.25, 0.1),
        (0, 3, 0, 0),
    ],
)
@pytest.mark.parametrize("direction", [1, -1])
def test_a_ramp_takes_no_longer_than_it_has_to(distance, rate, duration_s, peak, direction):
    ramp = Ramp(10, 10 + direction * distance, rate)
    assert ramp.duration_s == pytest.approx(duration_s, abs=1e-9)
    assert ramp.at(ramp.duration_s / 2).rate_dps == pytest.approx(direction * peak, abs=1e-9)
    assert ramp.at(ramp.duration_s / 2).angle_deg == pytest.approx(10 + direction * distance / 2, abs=1e-9)


def test_a_ramp_leaves_a_fifth_of_the_limits_to_the_tilt_unit():
    points = trace(Ramp(0, 30, 3), 0, 14, MS)
    accelerations = [(b.rate_dps - a.rate_dps) / MS for a, b in pairwise(points)]
    assert max(accelerations) == pytest.approx(0.8 * ACCELERATION)
    assert min(accelerations) == pytest.approx(-0.8 * ACCELERATION)
    assert max((b - a) / MS for a, b in pairwise(accelerations)) == pytest.approx(0.8 * JERK)


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_ramp_refuses_what_is_no_number(place, value):
    figures = [0.0, 10.0, 1.0, 0.8, 1.6]
    figures[place] = value
    with pytest.raises(ValueError, match="makes no motion"):
        Ramp(*figures)


@pytest.mark.parametrize("place", [2, 3, 4])
@pytest.mark.parametrize("value", [0.0, -1.0])
def test_a_ramp_refuses_a_limit_of_nothing(place, value):
    figures = [0.0, 10.0, 1.0, 0.8, 1.6]
    figures[place] = value
    name = ("rate_dps", "acceleration_dps2", "jerk_dps3")[place - 2]
    with pytest.raises(ValueError, match=f"{name} = {value}"):
        Ramp(*figures)


# Swing


@settings(deadline=None, max_examples=50)
@given(st.floats(-20, 50), st.floats(0.1, 10), st.floats(5, 60), st.integers(1, 4))
@example(15, 7, 20, 3)
@example(0, 6, 40, 6)
def test_a_swing_rests_at_both_ends_and_keeps_to_its_peaks(center, swing, period_s, periods):
    motion = Swing(center, swing, period_s, periods * period_s)
    assert motion.at(-1) == motion.at(0) == Target(center, 0.0)
    assert motion.at(motion.duration_s) == motion.at(motion.duration_s + 1) == Target(center, 0.0)

    step_s = motion.duration_s / 2000
    points = trace(motion, -3 * step_s, motion.duration_s + 3 * step_s, step_s)
    rate, acceleration, jerk = motion.peaks
    assert_smooth(motion, points, step_s, rate, acceleration, jerk)
    assert_rate_is_derivative(motion, points, step_s, jerk)
    assert all(abs(p.angle_deg - center) <= swing + 1e-9 for p in points)

    # the plain sine's: 2π/T times each; while growing and fading the acceleration is up to 1.12, the jerk 3.13 times it
    omega = 2 * 3.141592653589793 / period_s
    assert rate == pytest.approx(swing * omega)
    assert acceleration <= 1.12 * swing * omega**2
    assert jerk <= 3.13 * swing * omega**3


@pytest.mark.parametrize("edge_s", [0.0, 10.0, 50.0, 60.0])
def test_a_swing_is_smooth_where_its_amplitude_starts_and_stops_changing(edge_s):
    motion = Swing(15, 7, 20, 60)
    points = trace(motion, edge_s - 20 * MS, edge_s + 20 * MS, MS)
    assert_smooth(motion, points, MS, 2.2, 0.8, 0.7)
    accelerations = [(b.rate_dps - a.rate_dps) / MS for a, b in pairwise(points)]
    jerks = [(b - a) / MS for a, b in pairwise(accelerations)]
    assert max(abs(b - a) for a, b in pairwise(jerks)) < 0.003, "the jerk itself has no step"


def test_a_swing_goes_head_down_first_and_reaches_its_amplitude_to_both_sides():
    motion = Swing(15, 7, 20, 60)
    assert motion.at(1).angle_deg > 15
    assert motion.at(25).angle_deg == pytest.approx(22)
    assert motion.at(35).angle_deg == pytest.approx(8)
    assert motion.at(30).rate_dps == pytest.approx(-2.199, abs=1e-3)


@settings(deadline=None)
@given(fractions)
def test_a_swing_fades_as_it_grew(fraction):
    motion = Swing(15, 7, 20, 60)
    early, late = motion.at(60 * fraction), motion.at(60 - 60 * fraction)
    assert early.angle_deg - 15 == pytest.approx(15 - late.angle_deg, abs=1e-9)
    assert early.rate_dps == pytest.approx(late.rate_dps, abs=1e-9)


@pytest.mark.parametrize(
    ("figures", "name"),
    [
        ((nan, 7, 20, 60), "center_deg"),
        ((15, 0, 20, 60), "swing_deg"),
        ((15, -7, 20, 60), "swing_deg"),
        ((15, inf, 20, 60), "swing_deg"),
        ((15, 7, 0, 60), "period_s"),
        ((15, 7, nan, 60), "period_s"),
        ((15, 7, 20, 0), "duration_s"),
        ((15, 7, 20, 10), "duration_s"),
        ((15, 7, 20, 50), "duration_s"),
        ((15, 7, 20, inf), "duration_s"),
        ((15, 7, 20, nan), "duration_s"),
    ],
)
def test_a_swing_refuses_what_makes_none(figures, name):
    with pytest.raises(ValueError, match=name):
        Swing(*figures)


@pytest.mark.parametrize(
    ("duration_s", "period_s", "whole"),
    [
        *[(60, 20, True), (0.3, 0.1, True), (20, 20, True)],
        *[(50, 20, False), (10, 20, False), (0, 20, False), (60, 1e-320, False)],
    ],
)
def test_whole_numbers_of_periods(duration_s, period_s, whole):
    assert is_whole(duration_s, period_s) is whole


# Hold


def test_a_hold_stays():
    hold = Hold(30, 180)
    assert hold.duration_s == 180
    assert hold.at(-1) == hold.at(0) == hold.at(90) == hold.at(180) == hold.at(181) == Target(30, 0.0)


@pytest.mark.parametrize("figures", [(nan, 1), (inf, 1), (0, -1), (0, inf), (0, nan)])
def test_a_hold_refuses_what_makes_none(figures):
    name = "duration_s" if figures[0] == 0 else "angle_deg"
    with pytest.raises(ValueError, match=name):
        Hold(*figures)


# Time above an angle


def test_the_time_above_an_angle_is_found_to_a_millisecond():
    up = Ramp(0, 10, 1)  # symmetric: at 5° in the middle
    ((start_s, end_s),) = above(up, 5, (0, up.duration_s))
    assert start_s == pytest.approx(up.duration_s / 2, abs=MS)
    assert end_s == up.duration_s
    down = Ramp(10, 0, 1)
    ((start_s, end_s),) = above(down, 5, (0, down.duration_s))
    assert (start_s, end_s) == (0, pytest.approx(down.duration_s / 2, abs=MS))
    assert list(above(Hold(6, 3), 5, (0, 1, 3))) == [(0, 1), (1, 3)]
    assert list(above(Hold(5, 3), 5, (0, 3))) == []
