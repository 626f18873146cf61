"""H3, F4, F16: what is charged for a gap that nobody here saw."""

import pytest

from controller.gap import Heard, head_down

UP_MS = 100_000
"""How long the unit had been running when it was last heard."""


def gap(
    gap_s: float,
    counted_s: int,
    unit_s: float,
    last_deg: float = 20.0,
    first_deg: float = 10.0,
    up_ms: int = UP_MS,
    unit: int = 7,
) -> tuple[float, float]:
    """`unit_s`: seconds by which the unit's clock is ahead of where it was."""
    last = Heard(50.0, last_deg, 30, up_ms, 7)
    return head_down(last, Heard(50.0 + gap_s, first_deg, 30 + counted_s, round(up_ms + unit_s * 1000) % 2**32, unit))


@pytest.mark.parametrize(
    ("gap_s", "counted_s", "charged_s"),
    [(60.0, 7, 8.0), (60.0, 0, 1.0), (3600.0, 0, 1.0), (0.5, 0, 0.5), (3.0, 3, 3.0), (3.0, 2, 3.0)],
)
def test_a_unit_that_went_on_is_believed_but_for_the_second_that_it_does_not_tell(
    gap_s: float, counted_s: int, charged_s: float
) -> None:
    assert gap(gap_s, counted_s, gap_s)[1] == pytest.approx(charged_s)


@pytest.mark.parametrize("unit_s", [-100.0, -99.99, -97.0, 0.0, 2.0, 4.7, 5.4, 1000.0])
def test_one_whose_clock_did_not_is_charged_in_full_whatever_it_counts(unit_s: float) -> None:
    """Started again: at once, later, after longer than it had run before; or another unit."""
    for counted_s in (-30, 0, 2, 400):
        assert gap(5.0, counted_s, unit_s)[1] == 5.0


def test_one_that_forgot_its_counts_is_charged_in_full_whatever_its_clock_says() -> None:
    assert gap(5.0, 1, 5.0, unit=8)[1] == 5.0


def test_a_count_that_went_back_is_charged_in_full() -> None:
    assert gap(5.0, -1, 5.0)[1] == 5.0


@pytest.mark.parametrize(("gap_s", "late_s"), [(5.0, 0.19), (5.0, -0.19), (3600.0, 36.0), (3600.0, -36.0)])
def test_a_late_telemetry_and_a_clock_that_drifts_are_no_restart(gap_s: float, late_s: float) -> None:
    assert gap(gap_s, 1, gap_s + late_s)[1] == pytest.approx(2.0)


def test_a_clock_that_begins_anew_after_seven_weeks_is_no_restart() -> None:
    """Milliseconds in 32 bits."""
    assert gap(5.0, 1, 5.0, up_ms=2**32 - 1000)[1] == pytest.approx(2.0)


def test_what_the_unit_counted_between_two_ends_at_level_counts_at_an_angle_that_nobody_knows() -> None:
    """Lowered by hand, or a brake that slipped: level before, level after."""
    assert gap(60.0, 30, 60.0, last_deg=0.0, first_deg=0.0) == (90.0, 31.0)


def test_the_angle_is_the_steeper_end_and_what_a_table_goes_on_without_its_host() -> None:
    """0.5 s at 3 °/s, and 1.5° to a stand."""
    assert gap(1.0, 0, 1.0, last_deg=4.0, first_deg=0.0)[0] == 7.0
    assert gap(1.0, 0, 1.0, last_deg=0.0, first_deg=20.0)[0] == 20.0
    assert gap(1.0, 0, 1.0, last_deg=0.0, first_deg=0.0)[0] < 5.0
