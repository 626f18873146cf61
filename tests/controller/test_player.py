"""Plays of plans and of the jog: the limits of rate and acceleration, measured by differences whatever is pressed."""

from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model import Target
from controller.motion import Swing
from controller.player import Jog, Player, within
from controller.presets import Preset, Step, bundled, programme

DT = 0.02
PLANS = [*bundled().values(), programme()[5]]
BACK = bundled()["back"]
LIMITS = [(3.0, 1.0), (3.0, 0.25), (0.5, 1.0), (1.0, 0.5)]  # °/s, °/s²


def measured(points: list[Target]) -> tuple[float, float, float]:
    """The largest rate, acceleration, and difference between the angle's slope and the rate, which it claims to be."""
    rates = [abs(b.angle_deg - a.angle_deg) / DT for a, b in pairwise(points)]
    accelerations = [abs(b.rate_dps - a.rate_dps) / DT for a, b in pairwise(points)]
    off = [abs((b.angle_deg - a.angle_deg) / DT - (a.rate_dps + b.rate_dps) / 2) for a, b in pairwise(points)]
    return max(rates), max(accelerations), max(off)


def played(player: Player, seconds: float) -> list[Target]:
    return [player.target, *(player.advance(DT) for _ in range(round(seconds / DT)))]


def until_still(player: Player) -> list[Target]:
    points = [player.target]
    while not player.still:
        points.append(player.advance(DT))
        assert len(points) < 1000
    return points


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)
def test_a_plan_is_played_as_it_was_written(plan: Preset) -> None:
    player = Player(plan.steps, -80.0)
    assert player.remaining_s == pytest.approx(plan.duration_s())
    seen, elapsed_s = [], 0.0
    while not player.finished:
        remaining_s = player.remaining_s
        target = player.advance(DT)
        elapsed_s += DT
        assert player.remaining_s == pytest.approx(max(remaining_s - DT, 0.0), abs=1e-6)
        if not seen or seen[-1] != player.label:
            seen.append(player.label)
        assert target.angle_deg <= plan.largest_angle_deg + 1e-9
    assert seen == [step.label for step in plan.steps]
    assert (player.index, player.count) == (len(plan.steps) - 1, len(plan.steps))
    assert elapsed_s == pytest.approx(plan.duration_s(), abs=DT)
    assert player.target == Target(0.0, 0.0)
    assert player.advance(DT) == Target(0.0, 0.0)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PLANS), st.sampled_from(LIMITS), st.integers(0, 2**32))
def test_nothing_that_is_pressed_makes_the_rate_jump(plan: Preset, limits: tuple[float, float], seed: int) -> None:
    """Pause, resume and skip at any moment, also while another one is still under way."""
    random, player = Random(seed), Player(plan.steps, -80.0, *limits)
    points, next_s = [player.target], 0.0
    for step in range(6000):
        if step * DT >= next_s:
            next_s += random.choice((0.1, 0.5, 2.0, 20.0)) * random.random()
            random.choice((partial(player.hold, *player.target), player.go_on, player.go_on, player.skip))()
        points.append(player.advance(DT))
    rate, acceleration, off = measured(points)
    assert rate <= limits[0] + 1e-6
    assert acceleration <= limits[1] * 1.0 + 1e-6
    assert off < 0.02


@pytest.mark.parametrize("at_s", [0.4, 2.0, 8.0, 14.5, 15.5, 16.2])
def test_a_pause_anywhere_in_a_ramp_comes_to_rest_and_goes_on_to_the_same_place(at_s: float) -> None:
    """0 to 30° at 2 °/s takes 16.5 s: speeding up, cruising and slowing down."""
    step = Step("up", 30.0, 10.0, 2.0)
    player = Player([step, Step("back", 0.0, 0.0, 2.0)], 0.0)
    played(player, at_s)
    rate_dps = abs(player.target.rate_dps)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    slowing = until_still(player)
    assert len(slowing) * DT <= 2.9
    if rate_dps > 0.5:
        assert len(slowing) * DT >= 0.9, "it eases out"
    rest = player.target
    assert rest.rate_dps == 0.0
    remaining_s = player.remaining_s
    assert played(player, 5.0)[-1] == rest
    assert player.remaining_s == remaining_s, "the plan waits"
    player.go_on()
    assert not player.still
    played(player, remaining_s - player._later_s - 10.0 + 3.0)
    assert player.target == Target(30.0, 0.0)
    assert player.index == 0


LAGS = Step("up", 30.0, 10.0, 1.5)
SWINGS = Step("swing", 10.0, 20.0, 1.5, swing_deg=5.0, period_s=10.0)


@pytest.mark.parametrize(("at_s", "hold_left_s"), [(8.0, 10.0), (22.5, 10.0), (26.0, 10.0 - 26.0 + 22.375)])
def test_a_pause_leads_a_table_that_lags_behind_no_further_than_it_needs_to_stop(
    at_s: float, hold_left_s: float
) -> None:
    """A weak motor on the ramp, shortly after it, and in the hold: 1.78° from 1.5 °/s to rest, and half a degree."""
    player = Player([LAGS, Step("back", 0.0, 0.0, 1.5)], 0.0)
    played(player, at_s)
    lag_deg = player.target.angle_deg - 6.0
    assert lag_deg > 2.5
    player.hold(6.0, 1.5)
    assert player.advance(DT) == (pytest.approx(6.0 + 0.5 + 1.78, abs=0.01), 0.0)
    assert player.still
    left_s = player.remaining_s
    assert played(player, 60.0)[-1] == player.target
    assert player.remaining_s == left_s, "the plan waits"
    player.go_on()
    points = played(player, left_s - player._later_s - hold_left_s)
    assert measured(points)[0] <= 1.5 + 1e-6
    assert points[-1].angle_deg == pytest.approx(30.0, abs=0.01)
    played(player, hold_left_s - 0.1)
    assert (player.index, player.target.angle_deg) == (0, 30.0), "what is left of its hold, and no more"
    played(player, 0.3)
    assert player.index == 1


@pytest.mark.parametrize("behind_deg", [0.9, -5.0], ids=["a sound one", "ahead of it"])
def test_a_pause_of_a_table_that_does_not_lag_behind_is_the_plans_own(behind_deg: float) -> None:
    ends = []
    for there_deg in (0.0, behind_deg):
        player = Player([LAGS], 0.0)
        played(player, 8.0)
        player.hold(player.target.angle_deg - there_deg, 1.5)
        ends.append(until_still(player)[-1])
    assert ends[0] == ends[1]


def test_a_pause_on_the_way_up_to_level_in_a_swing_or_in_a_skip_goes_nowhere_else() -> None:
    """Behind a way home the table is more head down; a swing turns round by itself; a skip begins the next step."""
    home, swing, skipped = Player([Step("back", 0.0, 0.0, 1.5)], 20.0), Player([SWINGS], 0.0), Player([LAGS] * 2, 0.0)
    for player in home, swing, skipped:
        played(player, 10.0)
    skipped.skip()
    for player in home, swing, skipped:
        target = player.target
        player.hold(target.angle_deg - 4.0, target.rate_dps)
        assert player.advance(DT).angle_deg == pytest.approx(target.angle_deg, abs=0.1)
    played(skipped, 5.0)
    assert skipped.index == 1


def test_a_pause_in_a_hold_is_at_rest_at_once() -> None:
    player = Player(BACK.steps, -80.0)
    played(player, 60.0)
    assert player.target == Target(0.0, 0.0)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    player.advance(DT)
    assert player.still
    left_s = player.remaining_s
    played(player, 100.0)
    assert player.remaining_s == left_s
    player.go_on()
    assert played(player, left_s + DT)[-1] == Target(0.0, 0.0)
    assert player.finished


def test_a_skip_leads_from_where_it_is_to_the_next_step() -> None:
    player = Player(BACK.steps, -80.0)
    assert player.skip()
    player.advance(DT)
    assert player.index == 1, "from rest it is at once"
    points = played(player, 20.0)
    assert player.skip()
    rise = player.target
    assert 1.9 <= rise.rate_dps <= 2.1
    while player.index == 1:
        points.append(player.advance(DT))
    assert 1.0 < player.target.angle_deg - rise.angle_deg < 3.0, "it slowed down first"
    assert player.label == "rest at 0° for 2 min (1 of 3)"
    assert player.target.rate_dps == pytest.approx(0.0, abs=0.05)
    assert measured(points)[1] <= 1.0
    played(player, 60.0)
    assert player.target == Target(0.0, 0.0)


def test_a_skip_while_paused_goes_on_with_the_next_step() -> None:
    player = Player(BACK.steps, 0.0)
    played(player, 22.0)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    until_still(player)
    at_deg = player.target.angle_deg
    player.skip()
    assert player.advance(DT).angle_deg == pytest.approx(at_deg, abs=0.01)
    assert (player.index, player.still) == (2, False)


def test_a_pause_after_a_skip_waits_at_rest_before_the_next_step() -> None:
    player = Player(BACK.steps, 0.0)
    played(player, 22.0)
    player.skip()
    played(player, 0.5)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    while player.index == 1:
        player.advance(DT)
    assert player.still, "no moment of the next step"
    assert player.index == 2
    assert played(player, 10.0)[-1] == player.target
    player.go_on()
    played(player, 5.0)
    assert player.target.rate_dps < -1.0


def test_the_last_step_is_not_skipped() -> None:
    player = Player([Step("up", 30.0, 10.0, 2.0)], 0.0)
    played(player, 3.0)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    played(player, 3.0)
    assert not player.skip()
    played(player, 17.0)
    assert player.target == Target(30.0, 0.0)


def test_a_step_that_ends_while_a_pause_slows_down_does_not_begin_the_next_one() -> None:
    player = Player([Step("up", 10.0, 0.0, 2.0), Step("on", 20.0, 0.0, 2.0)], 0.0)
    while player.remaining_s - player._later_s > 0.3:
        player.advance(DT)
    player.hold(player.target.angle_deg, player.target.rate_dps)
    played(player, 5.0)
    assert player.still
    assert player.target.angle_deg == pytest.approx(10.0, abs=0.05)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.title)
def test_tighter_limits_slow_a_plan_down_and_keep_its_times(plan: Preset, limits: tuple[float, float]) -> None:
    player = Player(plan.steps, -80.0, *limits)
    for step, slower in zip(plan.steps, player._steps, strict=True):
        if step.hold_s and slower.period_s == slower.hold_s:
            slower = replace(slower, hold_s=step.hold_s)  # not even one swing fits
        assert replace(slower, rate_dps=step.rate_dps, period_s=step.period_s) == step, "angles, holds, labels"
        assert slower.rate_dps == min(step.rate_dps, limits[0])
        if step.swing_deg:
            rate, acceleration, _ = Swing(0.0, slower.swing_deg, slower.period_s, slower.period_s).peaks
            assert rate <= limits[0]
            assert acceleration <= limits[1]
    rate, acceleration, _ = measured(played(player, 120.0))
    assert rate <= limits[0] + 1e-6
    assert acceleration <= limits[1]


def test_a_swing_that_cannot_keep_its_time_takes_longer() -> None:
    once = Step("swing", 0.0, 20.0, 1.0, 6.0, 20.0)  # peaks at 1.9 °/s
    assert within(once, 3.0, 1.0) == once
    slower = within(once, 0.5, 1.0)
    assert slower.period_s == slower.hold_s == pytest.approx(20.0 * 1.88496 / 0.5, rel=1e-4)


# Jog


def jogged(jog: Jog, direction: int, seconds: float) -> list[Target]:
    jog.direction = direction
    return [jog.target, *(jog.advance(DT) for _ in range(round(seconds / DT)))]


def test_a_jog_moves_at_one_degree_a_second_while_it_is_held() -> None:
    jog = Jog(0.0)
    jog.lowest_deg, jog.highest_deg = -15.0, 30.0
    assert jog.still
    points = jogged(jog, 1, 10.0)
    assert points[-1].rate_dps == 1.0
    assert not jog.still
    assert 9.0 < points[-1].angle_deg < 10.0
    jog.hold(0.0, 0.0)
    let_go = jog.target.angle_deg
    points += jogged(jog, 0, 2.0)
    assert jog.still
    assert jog.target.angle_deg - let_go < 0.7
    assert measured(points)[1] <= 0.8 + 1e-6
    assert (jog.index, jog.count, jog.remaining_s, jog.finished) == (0, 1, 0.0, False)


def test_a_jog_the_other_way_turns_round_smoothly() -> None:
    jog = Jog(0.0)
    jog.lowest_deg, jog.highest_deg = -15.0, 30.0
    points = jogged(jog, 1, 5.0) + jogged(jog, -1, 5.0)[1:]
    assert measured(points)[1] <= 0.8 + 1e-6
    assert points[-1].rate_dps == -1.0
    assert points[-1].angle_deg < points[250].angle_deg


@settings(max_examples=40, deadline=None)
@given(st.floats(-80, 30), st.sampled_from(LIMITS), st.lists(st.tuples(st.integers(-1, 1), st.floats(0.02, 30))))
def test_a_jog_stays_between_its_ends(
    start_deg: float, limits: tuple[float, float], presses: list[tuple[int, float]]
) -> None:
    jog = Jog(start_deg, *limits)
    jog.lowest_deg, jog.highest_deg = -15.0, 30.0
    points = [jog.target]
    for direction, seconds in presses:
        points += jogged(jog, direction, seconds)[1:]
    if len(points) > 1:
        rate, acceleration, _ = measured(points)
        assert rate <= min(1.0, limits[0]) + 1e-9
        assert acceleration <= 0.8 * limits[1] + 1e-6
    assert min(point.angle_deg for point in points) >= min(start_deg, -15.05)
    assert max(point.angle_deg for point in points) <= 30.05


def test_a_jog_goes_nowhere_until_it_has_ends() -> None:
    jog = Jog(-80.0)
    assert jogged(jog, 1, 3.0)[-1] == jogged(jog, -1, 3.0)[-1] == Target(-80.0, 0.0)
