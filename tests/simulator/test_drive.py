"""The reference's smoothness, the power's geometry, the follower: degrees and seconds, 50 times a second."""

from itertools import pairwise
from math import sin

import pytest

from simulator import drive, physics
from simulator.drive import Follower, Reference, power


def way(start: float, target: float, cap: float = 3.0, target_dps: float = 0.0, seconds: float = 60.0) -> list[float]:
    """The reference's angles on its way."""
    reference = Reference(start)
    angles = [start]
    for tick in range(round(seconds * 50)):
        reference.approach(target + target_dps * tick / 50, target_dps, cap)
        angles.append(reference.angle_deg)
    return angles


def differences(values: list[float]) -> list[float]:
    return [(b - a) / 0.02 for a, b in pairwise(values)]


@pytest.mark.parametrize(("start", "target"), [(-80, 0), (0, 60), (60, 0), (10, 9), (5, 5.1), (0, 0), (-80, 60)])
@pytest.mark.parametrize("cap", [1.0, 3.0])
def test_a_way_is_smooth_and_arrives(start: float, target: float, cap: float):
    """H6, H8: at most the cap, 1 °/s² and 2 °/s³; no more than 0.05° beyond the target."""
    angles = way(start, target, cap, seconds=160)
    rates = differences(angles)
    accelerations = differences(rates)
    assert max(map(abs, rates)) <= cap + 0.001
    assert max(map(abs, accelerations)) <= 1.0 + 0.001
    assert max(map(abs, differences(accelerations))) <= 2.0 + 0.01
    assert angles[-1] == pytest.approx(target, abs=0.02)
    beyond = max((angle - target) * (1 if target >= start else -1) for angle in angles)
    assert beyond <= 0.05


@pytest.mark.parametrize("rate", [2.0, -1.5, 0.5])
def test_a_moving_target_is_followed(rate: float):
    angles = way(0.0, 0.0, 3.0, rate, seconds=15)
    assert angles[-1] == pytest.approx(rate * 15, abs=0.1)


def test_a_sine_is_followed():
    reference = Reference(0.0)
    for tick in range(3000):
        time_s = tick / 50
        target, rate = 6 * sin(0.157 * time_s), 6 * 0.157 * sin(0.157 * time_s + 1.5708)
        reference.approach(target, rate, 3.0)
        if time_s > 10:
            assert abs(reference.angle_deg - target) < 0.2


def test_place_begins_at_rest_or_at_a_rate():
    reference = Reference(3.0)
    reference.approach(60.0, 0.0, 3.0)
    reference.place(7.0)
    assert (reference.angle_deg, reference.rate_dps, reference.acceleration_dps2) == (7.0, 0.0, 0.0)
    reference.place(7.0, -2.0)
    assert (reference.angle_deg, reference.rate_dps, reference.acceleration_dps2) == (7.0, -2.0, 0.0)


@pytest.mark.parametrize("angle", range(-85, 66, 5))
@pytest.mark.parametrize("rate", [3.0, 1.0, -3.0])
def test_power_makes_the_rate_that_was_asked_for(angle: int, rate: float):
    """The unit knows its drive: without a load the table turns as fast as asked, at any angle."""
    table = physics.Physics(angle - 3 * 0.15 * (1 if rate > 0 else -1), physics.NOBODY)
    for _ in range(75):
        table.advance(power(rate, table.drive_deg), False, 5)
    if -84 < table.bed_deg < 64:
        assert table.drive_dps == pytest.approx(rate, abs=0.06)


@pytest.mark.parametrize(("rate", "part"), [(3.2, 1.0), (3.3, 1.0), (9.0, 1.0), (-9.0, -1.0), (1.6, 0.5), (0.0, 0.0)])
def test_power_is_a_part_of_full_power(rate: float, part: float):
    assert power(rate, -10.0) == pytest.approx(part)


def test_the_follower_corrects_and_its_correction_is_bounded():
    reference, follower = Reference(10.0), Follower()
    assert follower.rate_dps(reference, 10.0) == 0.0
    assert 0.0 < follower.rate_dps(reference, 9.9) < 0.2
    for _ in range(10_000):
        rate = follower.rate_dps(reference, reference.angle_deg - 0.5)
    assert rate == pytest.approx(1.2 * 0.5 + 1.0)
    follower.rest()
    assert follower.rate_dps(reference, reference.angle_deg) == 0.0


@pytest.mark.parametrize(("table", "placed"), [(4.0, 4.5), (16.0, 15.5), (9.5, 10.0), (9.7, 10.0)])
def test_the_reference_waits_for_a_table_that_cannot_follow(table: float, placed: float):
    """At most half a degree ahead."""
    reference = Reference(10.0)
    Follower().rate_dps(reference, table)
    assert reference.angle_deg == placed


@pytest.mark.parametrize("target", [60.0, -60.0])
def test_the_reference_becomes_faster_gently_while_the_table_stands(target: float):
    """The drive crosses its play meanwhile; what the reference had gained by then would be a jolt. But a weak drive
    gets all that there is (F11)."""
    reference, follower = Reference(0.0), Follower()
    rates = [0.0]
    for _ in range(400):
        reference.approach(target, 0.0, 3.0)
        follower.rate_dps(reference, 0.0)
        rates.append(abs(reference.rate_dps))
    assert rates[60] < 1.1
    assert rates[110] - rates[60] <= 0.55
    assert rates[-1] == pytest.approx(3.0, abs=0.05)


@pytest.mark.parametrize("error", [0.3, -0.3, 2.0, -40.0])
def test_reference_and_correction_together_change_the_rate_gently(error: float):
    """H6, H8: a plan accelerates by 1 °/s², and less than half for the loop."""
    reference, follower = Reference(0.0), Follower()
    rates = [0.0]
    for tick in range(100):
        reference.approach(error, 0.0, 3.0)
        rates.append(follower.rate_dps(reference, -error if tick < 50 else error))
    assert max(map(abs, differences(rates))) <= 1.3


def test_what_the_motor_may_not_follow_yet_is_not_summed_up():
    reference, follower = Reference(10.0), Follower()
    for _ in range(10):  # 0.25 °/s of the 0.6 that it wants
        follower.rate_dps(reference, 9.5)
    assert follower.rate_dps(reference, 9.5) == pytest.approx(11 * 0.025)
    assert follower.asked_dps == pytest.approx(11 * 0.025)


def test_the_follower_goes_on_from_what_the_motor_was_given():
    reference, follower = Reference(10.0), Follower()
    follower.rate_dps(reference, 9.0)
    follower.gave(2)  # as it wanted, in whole hundredths
    assert follower.rate_dps(reference, 9.0) == pytest.approx(0.05)
    follower.gave(-50)
    assert follower.rate_dps(reference, 9.0) == pytest.approx(-0.475)


def test_what_holds_the_load_asks_for_no_motion():
    reference, follower = Reference(10.0), Follower()
    for _ in range(10_000):
        follower.rate_dps(reference, 9.9)
    assert follower.rate_dps(reference, 10.0) == pytest.approx(1.0, abs=0.1)
    for _ in range(50):
        rate = follower.rate_dps(reference, 10.0)
    assert rate == pytest.approx(1.0)
    assert follower.asked_dps == pytest.approx(0.0)
    follower.gave(0)
    assert follower.asked_dps == 0.0


@pytest.mark.parametrize("behind", [0.3, 0.6, 1.0, 1.7])
@pytest.mark.parametrize("before_s", [0.5, 1.5, 3.0])
@pytest.mark.parametrize("side", [1, -1])
def test_what_catches_up_ends_where_its_target_ends(behind: float, before_s: float, side: int):
    """A unit that was stopped for a moment goes on behind a plan that slows down with 0.9 °/s²: no more than 0.4° too
    far, from where a lease without a grant would be braked sharply."""
    reference = Reference(-behind * side)
    end = 1.5 * before_s + 1.25
    most = -100.0
    for tick in range(750):
        slowing_s = min(max(tick / 50 - before_s, 0.0), 1.5 / 0.9)
        angle = 1.5 * min(tick / 50, before_s) + 1.5 * slowing_s - 0.45 * slowing_s**2
        rate = 1.5 - 0.9 * slowing_s
        reference.approach(angle * side, rate * side, 3.0)
        most = max(most, reference.angle_deg * side)
    assert most <= end + 0.4
    assert reference.angle_deg * side == pytest.approx(end, abs=0.02)


@pytest.mark.parametrize(
    ("angle", "rate", "target_dps", "ends"),
    [
        (10.25, 0.5, 0.0, True),  # past it, and still on the way
        (10.25, -0.05, 0.0, True),
        (9.8, 0.05, 0.05, True),
        (9.8, 0.5, 0.0, False),  # it comes to it
        (10.35, 0.05, 0.0, False),
        (10.1, 0.05, 0.2, False),  # the target goes on
    ],
)
def test_a_reference_that_is_near_a_resting_target_ends_there(angle: float, rate: float, target_dps: float, ends: bool):
    reference = Reference(0.0)
    reference.place(angle, rate)
    assert reference.ends(10.0, target_dps) is ends


def test_the_limits_are_those_of_the_domain():
    assert (drive.ACCELERATION_DPS2, drive.JERK_DPS3, drive.TICK_MS) == (1.0, 2.0, 20)
