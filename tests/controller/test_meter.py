"""Head-down time as the controller counts it. Limits: ≤ 15° 600 s, ≤ 30° 300 s, ≤ 45° 180 s, ≤ 60° 120 s."""

import pytest

from controller.meter import Meter


def counted(*stays: tuple[float, float]) -> Meter:
    """A meter after stays of (angle in degrees, seconds), counted in steps of 20 ms."""
    meter = Meter()
    for angle_deg, seconds in stays:
        for _ in range(round(seconds / 0.02)):
            meter.count(angle_deg, 0.02)
    return meter


def test_only_time_above_five_degrees_counts() -> None:
    meter = counted((-80, 10), (0, 10), (5.0, 10))
    assert (meter.session_s, meter.deepest_deg, meter.since_pause_s, meter.continuous_left_s) == (0, 0, 0, 600)
    meter = counted((5.01, 10))
    assert meter.session_s == pytest.approx(10)
    assert meter.continuous_left_s == pytest.approx(590)


@pytest.mark.parametrize(
    ("angle_deg", "seconds"),
    [(8, 600), (15, 600), (16, 600), (16.1, 300), (30.9, 300), (31.1, 180), (45.9, 180), (46.1, 120), (60, 120)],
)
def test_the_angle_decides_how_long_it_may_last(angle_deg: float, seconds: float) -> None:
    """A degree of tolerance: a hold at 30° may read as 30.6° on the more head-down sensor."""
    assert counted((angle_deg, 1)).continuous_left_s == pytest.approx(seconds - 1)


def test_beyond_sixty_degrees_there_is_no_time() -> None:
    assert counted((61.5, 0.02)).continuous_left_s < 0


def test_the_strictest_angle_counts_for_the_whole_episode() -> None:
    assert counted((10, 100), (35, 1), (10, 50)).continuous_left_s == pytest.approx(180 - 151)


def test_an_episode_ends_after_a_minute_at_or_below_five_degrees() -> None:
    assert counted((30, 100), (0, 59.9), (10, 1)).continuous_left_s == pytest.approx(300 - 101)
    assert counted((30, 100), (5, 60.1), (10, 1)).continuous_left_s == pytest.approx(599)
    assert counted((30, 100), (0, 40), (6, 1), (0, 40)).continuous_left_s == pytest.approx(300 - 101)


def test_a_new_session_counts_from_zero_but_the_body_remembers() -> None:
    meter = counted((30, 100))
    meter.begin()
    assert meter.session_s == 0
    assert meter.continuous_left_s == pytest.approx(200)
    assert (meter.deepest_deg, meter.since_pause_s) == (30, pytest.approx(100))


def test_standing_forgets_depth_and_time_but_not_the_episode() -> None:
    meter = counted((30, 100))
    meter.rested()
    assert (meter.deepest_deg, meter.since_pause_s) == (0, 0)
    assert meter.session_s == pytest.approx(100)
    assert meter.continuous_left_s == pytest.approx(200)


def test_a_gap_counts_in_full() -> None:
    meter = Meter()
    meter.count(20, 1.9)
    assert meter.session_s == 1.9
