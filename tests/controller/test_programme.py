"""Which week somebody has earned: each rule on both sides of its edge, and what nobody can do whatever comes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.programme import Earned, Moment, answered, at, moment, passed_s, played, week_limit, weeks

DAY = 86_400.0
WALL = 1_770_000_000.0
ANGLES = {1: 15.0, 2: 20.0, 3: 25.0, 4: 30.0, 5: 30.0, 6: 30.0}
"""Domain facts, presets: the programme."""


def when(day: float, wall_days: float | None = None) -> Moment:
    """So many days from the beginning, the wall clock with them unless it says otherwise."""
    return Moment(day * DAY, WALL + (day if wall_days is None else wall_days) * DAY)


def train(earned: Earned, days: list[float]) -> Earned:
    """A session of the week on each of these days, answered with ok."""
    for day in days:
        earned = at(earned, when(day))
        earned = answered(played(earned, when(day)), False, True, when(day))
    return earned


def test_each_week_limits_to_its_angle() -> None:
    assert weeks() == 6
    for week, angle_deg in ANGLES.items():
        assert (week_limit(week).value, week_limit(week).reason) == (angle_deg, f"programme week {week}")
        assert Earned(week).limit() == week_limit(week)
    assert Earned(7).limit() is None
    assert [Earned(week).done for week in (1, 6, 7)] == [False, False, True]


@pytest.mark.parametrize(
    ("days", "asked", "week"),
    [
        ([0, 2, 4, 6], 7, 2), ([0, 1, 2, 3], 7, 2), ([0, 2, 4, 6], 6.49, 1), ([0, 2, 4, 6], 6.5, 2),
        ([0, 2, 4], 7, 1), ([0, 0.4, 0.8, 1.2, 1.6], 7, 1), ([0, 0.5, 1, 1.5], 7, 2), ([0, 0.2, 0.4, 0.6], 7, 1),
        ([3, 4, 5, 6], 7, 1), ([3, 4, 5, 6], 10, 2),
    ],
)  # fmt: skip
def test_a_week_is_four_days_with_a_session_and_seven_days_long(days: list[float], asked: float, week: int) -> None:
    assert at(train(Earned(), days), when(asked)).week == week


def test_nobody_moves_on_by_what_does_not_count() -> None:
    earned = Earned()
    for day in range(7):
        earned = answered(played(earned, when(day)), False, False, when(day))
    assert (at(earned, when(7)).week, earned.days) == (1, 0)
    unanswered = Earned()
    for day in range(7):
        unanswered = played(unanswered, when(day))
    assert at(unanswered, when(7)).week == 1


@pytest.mark.parametrize(("gap", "week"), [(7.0, 3), (7.49, 3), (7.5, 2), (8.0, 2), (30.0, 2)])
def test_seven_missed_days_go_back_one_week_and_an_absence_counts_once(gap: float, week: int) -> None:
    earned = played(Earned(3, symptoms=1), when(10))
    back = at(earned, when(10 + gap))
    assert back.week == week
    assert at(back, when(10 + gap)) == back
    if week == 2:
        assert at(back, when(10 + gap + 7)).week == 2
        assert back == Earned(2, last=when(10 + gap))


def test_a_full_week_moves_on_before_the_absence_after_it_goes_back() -> None:
    assert at(train(Earned(3), [0, 2, 4, 6]), when(20)).week == 3
    assert at(played(Earned(1), when(0)), when(20)).week == 1
    assert at(played(Earned(7), when(0)), when(20)).week == 6


def test_the_first_symptom_repeats_the_week_and_the_second_steps_back() -> None:
    earned = train(Earned(3), [0, 2, 4])
    first = answered(played(earned, when(6)), True, True, when(6))
    assert first == Earned(3, symptoms=1, last=when(6))
    assert at(first, when(7)).week == 3
    again = train(first, [7, 9])
    assert answered(again, True, False, when(9)) == Earned(2, last=when(9))
    moved_on = at(train(first, [7, 9, 11, 13]), when(14))
    assert (moved_on.week, moved_on.symptoms) == (4, 0)
    assert answered(Earned(1, symptoms=1), True, True, when(1)).week == 1
    assert answered(Earned(7), True, False, when(1)).week == 6


def test_a_wall_clock_that_jumps_moves_nobody_on_and_may_send_somebody_back() -> None:
    """F18."""
    earned = train(Earned(2), [0, 1, 2, 3])
    assert at(earned, when(4, wall_days=12)).week == 1
    assert at(earned, when(4, wall_days=7)).week == 2
    assert at(earned, when(4, wall_days=-400)).week == 2
    assert at(earned, when(7, wall_days=-400)).week == 3


def test_a_record_of_time_that_began_anew_begins_the_week_anew() -> None:
    earned = train(Earned(2), [100, 101, 102, 103])
    after = at(earned, Moment(DAY, WALL + 104 * DAY))
    assert (after.week, after.days, after.began_s) == (2, 0, None)
    assert at(earned, Moment(DAY, None)).week == 1


def test_what_may_have_passed() -> None:
    assert passed_s(Moment(5.0, WALL), Moment(9.0, WALL + 30.0)) == 30.0
    assert passed_s(Moment(5.0, WALL), Moment(9.0, WALL - 30.0)) == 4.0
    assert passed_s(Moment(5.0, None), Moment(9.0, WALL)) == 4.0
    assert passed_s(Moment(9.0, None), Moment(5.0, WALL)) == float("inf")
    assert moment(1.0, 1_735_689_599.0) == Moment(1.0, None)
    assert moment(1.0, 1_735_689_600.0) == Moment(1.0, 1_735_689_600.0)
    assert moment(1.0, None) == Moment(1.0, None)


ACTS = st.tuples(
    st.sampled_from(["wait", "ok", "uncounted", "symptom", "unanswered"]),
    st.floats(0, 12),  # days that pass before
    st.floats(-1000, 1000),  # days that the wall clock is off
)


@settings(max_examples=300, deadline=None)
@given(acts=st.lists(ACTS, max_size=80), week=st.integers(1, 7))
def test_nobody_ever_skips_ahead(acts: list[tuple[str, float, float]], week: int) -> None:
    """One week at a time, after true time and answers of their own, and never over the angle that was earned."""
    day, earned = 0.0, Earned(week)
    day_of: list[float] = []
    for act, days, wrong in acts:
        day += days
        now = when(day, day + wrong)
        after = at(earned, now)
        assert 1 <= after.week <= earned.week + 1
        if after.week > earned.week:
            assert len(day_of) >= 4
            assert day - day_of[0] >= 6.5
        if after.week != earned.week or after.began_s is None:
            day_of = []
        earned = after
        highest = max((ANGLES[one] for one in ANGLES if one <= earned.week), default=0.0)
        limit = earned.limit()
        assert (limit is None) == (earned.week == 7)
        assert limit is None or limit.value <= highest
        if act == "wait":
            continue
        earned = played(earned, now)
        if act == "unanswered":
            continue
        before = earned
        earned = answered(earned, act == "symptom", act == "ok", now)
        assert earned.week <= before.week
        if act == "symptom":
            assert earned.days == 0
            day_of = []
        elif act == "ok" and earned.days > before.days:
            assert not day_of or day - day_of[-1] >= 0.49
            day_of.append(day)
        else:
            assert earned == before


def test_after_the_programme_nothing_counts_any_more() -> None:
    done = Earned(7, last=when(0))
    assert answered(done, False, True, when(1)) == done
    assert at(replace(done, days=9, began_s=0.0), when(7)).week == 7
