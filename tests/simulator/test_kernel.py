"""The safety kernel by tables: every limit is restated here as a literal, and tried exactly at and just beyond it."""

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import Cause
from simulator import kernel

C = Cause
NONE, REFUSE, LEVEL, BLIND, HOLD = range(5)

HOLDS = {
    C.ESTOP, C.LOWERING, C.NO_PROGRESS, C.OVER_SPEED, C.RESET_LOOP, C.BLIND_ENDED, C.WRONG_WAY, C.STALLED,
    C.SUPPLY_CRITICAL, C.SIDE_UNKNOWN,
}  # fmt: skip
BLINDS = {C.DISAGREEMENT, C.NO_SENSOR}
LEVELS = {
    C.LEVEL_WISHED, C.HOST_SILENT, C.OVER_TIME, C.OVER_ANGLE, C.ANKLES_OPEN, C.OCCUPANT_LOST, C.BED_SENSOR,
    C.DRIVE_SENSOR, C.RESTARTED, C.FROZEN_LONG, C.BRAKE_SLIP, C.MOTOR_HOT, C.SUPPLY_LOW,
}  # fmt: skip
REFUSES = {C.STOPPED, C.LEASE_EXPIRED, C.PERSON_LOST, C.MOTOR_WARM, C.LEVEL_SWITCH}
LATCHES = (
    HOLDS
    | BLINDS
    | {C.OVER_ANGLE, C.OCCUPANT_LOST, C.BED_SENSOR, C.DRIVE_SENSOR, C.PERSON_LOST}
    | {C.BRAKE_SLIP, C.LEVEL_SWITCH}
)
EVERY = sorted(C)


def mask(causes: set[Cause]) -> int:
    return sum(int(cause) for cause in causes)


def ladder(active: set[Cause], latched: set[Cause], head_down: bool) -> int:
    """Safety.md in sets: the most severe rung that applies, and the two exceptions of the text."""
    if active & HOLDS:
        return HOLD
    wished = head_down and C.LEVEL_WISHED in active
    if (latched & HOLDS and not wished) or C.WRONG_WAY in latched:
        return HOLD
    both = active | latched
    if head_down and not (C.PERSON_LOST in both and not wished):
        if both & BLINDS:
            return BLIND
        if both & LEVELS:
            return LEVEL
    return REFUSE if both else NONE


def test_every_cause_stands_on_one_rung():
    assert set(C) == HOLDS | BLINDS | LEVELS | REFUSES
    assert len(HOLDS) + len(BLINDS) + len(LEVELS) + len(REFUSES) == len(C) == 30


def test_the_masks_are_those_of_the_specification():
    assert mask(HOLDS) == kernel.HOLD_MASK
    assert mask(BLINDS) == kernel.BLIND_MASK
    assert mask(LEVELS) == kernel.LEVEL_MASK
    assert mask(LATCHES) == kernel.LATCHING_MASK


def few(most: int) -> list[set[Cause]]:
    return [set(some) for count in range(most + 1) for some in combinations(EVERY, count)]


@pytest.mark.parametrize("head_down", [False, True])
def test_rung_of_up_to_two_active_and_one_latched_cause(head_down: bool):
    """H1: every case of the ladder, with up to three causes at once."""
    for active, latched in product(few(2), few(1)):
        assert kernel.rung(mask(active), mask(latched), head_down) == ladder(active, latched, head_down)


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)), st.booleans())
def test_rung_of_any_causes(active: set[Cause], latched: set[Cause], head_down: bool):
    assert kernel.rung(mask(active), mask(latched), head_down) == ladder(active, latched, head_down)


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)))
def test_nothing_moves_by_itself_on_the_head_up_side(active: set[Cause], latched: set[Cause]):
    """H15: the automatic reaction of the head-up side is to stop and hold."""
    assert kernel.rung(mask(active), mask(latched), False) in (NONE, REFUSE, HOLD)


@given(st.sets(st.sampled_from(EVERY)), st.sets(st.sampled_from(EVERY)))
def test_a_wish_for_level_moves_from_the_head_down_side_unless_something_holds_now(
    active: set[Cause], latched: set[Cause]
):
    """Below R3 the level wish always moves; a latched R3 whose cause is gone yields to it, an active one never."""
    rung = kernel.rung(mask(active | {C.LEVEL_WISHED}), mask(latched), True)
    assert rung == HOLD if active & HOLDS or C.WRONG_WAY in latched else rung in (LEVEL, BLIND)


@pytest.mark.parametrize("latched", [set(), {C.PERSON_LOST}], ids=["active", "latched"])
@pytest.mark.parametrize("other", sorted(LEVELS - {C.LEVEL_WISHED}) + sorted(BLINDS))
def test_nothing_automatic_moves_once_the_person_is_lost(latched: set[Cause], other: Cause):
    """F26: ankles open and nobody sensed; also when somebody is sensed again before an acknowledgement."""
    active = {other} if latched else {other, C.PERSON_LOST}
    assert kernel.rung(mask(active), mask(latched), True) == REFUSE
    wished = kernel.rung(mask(active | {C.LEVEL_WISHED}), mask(latched), True)
    assert wished == (BLIND if other in BLINDS else LEVEL)


@pytest.mark.parametrize(
    ("last", "following"),
    [(300, 291), (10, 1), (9, 0), (8, 0), (1, 0), (0, 0), (-1, 0), (-8, 0), (-9, -1), (-300, -292)],
)
def test_braking(last: int, following: int):
    assert kernel.braking(last) == following


def test_braking_always_ends_and_keeps_its_side():
    """At most 5 °/s² (here 9 cdps in 20 ms, 8 on the way up), from the largest rate of 3 °/s in 0.68 s, or 0.76 s."""
    for start in range(-500, 501):
        rate, steps = start, 0
        while rate:
            following = kernel.braking(rate)
            assert 0 < abs(rate) - abs(following) <= 10
            assert following * rate >= 0
            rate, steps = following, steps + 1
        assert steps * 20 <= (1120 if start > 0 else 1260)
        assert abs(start) > 300 or steps * 20 <= (680 if start > 0 else 760)


@pytest.mark.parametrize("occupied", [False, True])
@pytest.mark.parametrize("locked", [False, True])
@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("moving", [False, True])
@pytest.mark.parametrize("head_down", [False, True])
def test_arming_needs_everything(occupied: bool, locked: bool, trusted: bool, moving: bool, head_down: bool):
    """H4, H13: a person locked in, a known angle, at rest, not head down."""
    expected = occupied and locked and trusted and not moving and not head_down
    assert kernel.may_arm(0, 0, occupied, locked, trusted, moving, head_down) is expected


@pytest.mark.parametrize("cause", EVERY)
def test_arming_past_a_cause(cause: Cause):
    """Only a freeze and an ended lease give way to a deliberate new grant; nothing that is latched does."""
    assert kernel.may_arm(cause, 0, True, True, True, False, False) is (cause in {C.STOPPED, C.LEASE_EXPIRED})
    assert not kernel.may_arm(0, cause, True, True, True, False, False)


def test_increasing_needs_everything():
    """H4: armed, leased, trusted, no cause at all, and time left."""
    assert kernel.may_increase(True, True, True, 0, 0, 1)
    for armed, leased, trusted in product([False, True], repeat=3):
        assert kernel.may_increase(armed, leased, trusted, 0, 0, 1) is (armed and leased and trusted)
    for cause in EVERY:
        assert not kernel.may_increase(True, True, True, cause, 0, 1)
        assert not kernel.may_increase(True, True, True, 0, cause, 1)
    assert not kernel.may_increase(True, True, True, 0, 0, 0)
    assert not kernel.may_increase(True, True, True, 0, 0, -10)


def test_following_at_all_needs_a_person_locked_in_and_a_known_angle():
    """F25, F26, F8: also downwards, also on the head-up side."""
    for occupied, locked, trusted in product([False, True], repeat=3):
        assert kernel.may_follow(occupied, locked, trusted) is (occupied and locked and trusted)


@pytest.mark.parametrize(
    ("own", "asked", "expected"),
    [(6000, 3000, 3000), (6000, 6000, 6000), (6000, 9000, 6000), (6000, 1, 1), (6000, 0, 0), (6000, -500, -500)],
)
def test_the_tighter_limit(own: int, asked: int, expected: int):
    assert kernel.limit(own, asked) == expected


@pytest.mark.parametrize(
    ("asked", "limit", "expected"),
    [
        (3000, 3000, 3000), (3001, 3000, 3000), (32767, 6000, 6000), (0, 3000, 0), (-7999, 3000, -7999),
        (-8000, 3000, -8000), (-8001, 3000, -8000), (-32768, 3000, -8000),
    ],
)  # fmt: skip
def test_a_target_stays_within_limit_and_travel(asked: int, limit: int, expected: int):
    assert kernel.target(asked, limit, -8000) == expected


@pytest.mark.parametrize(
    ("wanted", "increase", "worst", "expected"),
    [
        (300, True, 0, 300), (301, True, 0, 300), (32000, True, 0, 300), (1, True, 0, 1), (0, True, 0, 0),
        (-300, True, 0, -300), (-301, True, 0, -300), (-300, False, 9000, -300), (-1, False, 9000, -1),
        (1, False, -8000, 0), (300, False, -8000, 0),
        (300, True, 3099, 300), (300, True, 3100, 0), (1, True, 3100, 0), (-300, True, 3100, -300),
    ],
)  # fmt: skip
def test_rate_under_a_cap_of_3_dps_and_a_limit_of_30(wanted: int, increase: bool, worst: int, expected: int):
    """H2, H6: capped; upwards only where it is allowed, and not from 1° beyond the limit on."""
    assert kernel.rate(wanted, 300, increase, worst, 3000) == expected


@given(st.integers(-10_000, 10_000), st.sampled_from([100, 300]), st.integers(-9500, 9500), st.integers(0, 6000))
def test_without_permission_no_rate_leads_up(wanted: int, cap: int, worst: int, limit: int):
    rate = kernel.rate(wanted, cap, False, worst, limit)
    assert -cap <= rate <= 0


@pytest.mark.parametrize(
    ("stopped", "open_", "cap"), [(False, False, 300), (True, False, 100), (False, True, 100), (True, True, 100)]
)
def test_a_return_is_slow_after_a_stop_or_with_open_ankles(stopped: bool, open_: bool, cap: int):
    """F25, H7: 3 °/s, and 1 °/s after a stop or with an ankle lock open."""
    assert kernel.return_rate_cap(stopped, open_) == cap


def test_latching():
    """Causes latch, actions don't."""
    for cause in EVERY:
        assert kernel.latch(0, cause) == (cause if cause in LATCHES else 0)
        assert kernel.latch(C.ESTOP, cause) == C.ESTOP | (cause if cause in LATCHES else 0)
        assert kernel.latch(C.ESTOP, 0) == C.ESTOP


@pytest.mark.parametrize(
    ("latched", "active", "head_down", "left"),
    [
        (C.BED_SENSOR, 0, False, 0),
        (C.BED_SENSOR, C.BED_SENSOR, False, C.BED_SENSOR),
        (C.BED_SENSOR | C.ESTOP, C.ESTOP, False, C.ESTOP),
        (C.BED_SENSOR, C.STOPPED, False, 0),
        (C.BED_SENSOR, 0, True, C.BED_SENSOR),
        (0, C.BED_SENSOR, False, 0),
    ],
)
def test_an_acknowledgement_clears_what_is_gone_and_nothing_head_down(
    latched: int, active: int, head_down: bool, left: int
):
    assert kernel.acknowledge(latched, active, head_down) == left


@pytest.mark.parametrize(
    ("strictest", "minutes"),
    [(-8000, 10), (0, 10), (501, 10), (1500, 10), (1600, 10), (1601, 5), (3000, 5), (3100, 5), (3101, 3), (4500, 3),
     (4600, 3), (4601, 2), (6000, 2), (6100, 2), (9000, 2)],
)  # fmt: skip
def test_head_down_time_by_the_strictest_angle(strictest: int, minutes: int):
    """F14, H3: 10, 5, 3 and 2 min up to 15, 30, 45 and 60°, with 1° for what a sensor may show beyond the angle."""
    assert kernel.continuous_limit_ms(strictest) == minutes * 60_000


def test_time_above_5_degrees_counts():
    assert kernel.count_ms(1000, 501, 20) == 1020
    assert kernel.count_ms(1000, 500, 20) == 1000
    assert kernel.count_ms(1000, -8000, 20) == 1000
    assert kernel.below_ms(40, 500, 20) == 60
    assert kernel.below_ms(40, 501, 20) == 0
    assert not kernel.episode_over(59_999)
    assert kernel.episode_over(60_000)
    assert [kernel.strictest_cdeg(3000, worst) for worst in (-8000, 500, 2999, 3001)] == [3000, 3000, 3000, 3001]
    assert [kernel.strictest_cdeg(0, worst) for worst in (400, 500, 501)] == [0, 0, 501]


@pytest.mark.parametrize(
    ("rung", "active", "leased", "does"),
    [
        (NONE, 0, True, kernel.FOLLOW), (NONE, 0, False, kernel.BRAKE), (REFUSE, C.LEASE_EXPIRED, True, kernel.FOLLOW),
        (REFUSE, C.STOPPED, True, kernel.BRAKE), (LEVEL, C.HOST_SILENT, True, kernel.RETURN),
        (LEVEL, C.HOST_SILENT | C.STOPPED, False, kernel.BRAKE), (BLIND, C.DISAGREEMENT, True, kernel.RETURN_BLIND),
        (BLIND, C.DISAGREEMENT | C.STOPPED, False, kernel.BRAKE), (HOLD, C.ESTOP, True, kernel.REST),
        (HOLD, C.ESTOP | C.STOPPED, True, kernel.REST), (HOLD, 0, True, kernel.REST),
        (HOLD, C.STOPPED, False, kernel.BRAKE),
    ],
)  # fmt: skip
def test_what_a_rung_makes_of_the_table(rung: int, active: int, leased: bool, does: int):
    assert kernel.reaction(rung, active, leased) == does


def test_a_stop_ends_a_wish_and_leaves_the_rest():
    """H11. Only the same stop again leaves alone the return that came of it."""
    assert kernel.stop(0, False) == kernel.stop(0, True) == C.STOPPED
    assert kernel.stop(C.LEVEL_WISHED | C.HOST_SILENT, False) == C.STOPPED | C.HOST_SILENT
    assert kernel.stop(C.FROZEN_LONG, False) == C.STOPPED
    assert kernel.stop(C.FROZEN_LONG, True) == C.FROZEN_LONG


def test_a_freeze_begins_anew_three_times():
    assert [kernel.restarts_freeze(False, restarts) for restarts in range(5)] == [True, True, True, False, False]
    assert not kernel.restarts_freeze(True, 0)


@pytest.mark.parametrize(
    ("active", "head_down", "driven", "frozen_ms", "after"),
    [
        (C.STOPPED, True, False, 20_000, C.FROZEN_LONG), (C.STOPPED, True, False, 19_999, C.STOPPED),
        (C.STOPPED, False, False, 30_000, C.STOPPED), (C.STOPPED, True, True, 30_000, C.STOPPED),
        (C.HOST_SILENT, True, False, 30_000, C.HOST_SILENT),
        (C.STOPPED | C.HOST_SILENT, True, False, 30_000, C.FROZEN_LONG | C.HOST_SILENT),
    ],
)  # fmt: skip
def test_a_freeze_of_20_s_head_down_becomes_a_return(
    active: int, head_down: bool, driven: bool, frozen_ms: int, after: int
):
    assert kernel.thaw(active, head_down, driven, frozen_ms) == after


def test_a_wish_for_level():
    """H1, F24: it ends a freeze, moves from the head-down side only, and is not kept for after a hold."""
    assert kernel.wish_level(C.STOPPED | C.FROZEN_LONG, True) == C.LEVEL_WISHED
    assert kernel.wish_level(C.STOPPED | C.OVER_TIME, False) == C.OVER_TIME
    for hold in HOLDS:
        assert kernel.wish_level(hold | C.STOPPED, True) == hold | C.STOPPED


def test_a_grant_that_is_taken_ends_a_freeze_and_an_ended_lease():
    for cause in EVERY:
        assert kernel.begin(cause) == (0 if cause in {C.STOPPED, C.LEASE_EXPIRED} else cause)


@pytest.mark.parametrize(
    ("active", "silent", "expired", "head_down", "moving", "after"),
    [
        (0, False, True, True, True, C.LEASE_EXPIRED), (0, False, True, True, False, 0),
        (0, False, False, True, True, 0), (C.OVER_TIME, False, True, True, True, C.OVER_TIME | C.LEASE_EXPIRED),
        (0, True, False, False, False, C.HOST_SILENT), (0, True, True, True, True, C.HOST_SILENT | C.LEASE_EXPIRED),
        (C.HOST_SILENT | C.LEASE_EXPIRED, False, False, True, False, C.HOST_SILENT | C.LEASE_EXPIRED),
        (C.HOST_SILENT | C.LEASE_EXPIRED, False, False, False, True, C.LEASE_EXPIRED),
        (C.HOST_SILENT | C.LEASE_EXPIRED, False, False, False, False, 0),
    ],
)  # fmt: skip
def test_the_lease_and_the_silence_of_a_host(
    active: int, silent: bool, expired: bool, head_down: bool, moving: bool, after: int
):
    """F2, F17."""
    assert kernel.judge_host(active, silent, expired, head_down, moving) == after


def test_the_person():
    """F25, F26."""
    assert [kernel.judge_person(occupied, locked, True) for occupied, locked in product([True, False], repeat=2)] == [
        0, C.ANKLES_OPEN, C.OCCUPANT_LOST, C.PERSON_LOST,
    ]  # fmt: skip
    assert not any(kernel.judge_person(o, locked, False) for o, locked in product([True, False], repeat=2))


@pytest.mark.parametrize("cause", EVERY)
def test_what_ends_at_level(cause: Cause):
    """Nothing head down or in motion; a freeze at level only."""
    ends = {C.LEVEL_WISHED, C.OVER_TIME, C.ANKLES_OPEN, C.FROZEN_LONG, C.RESTARTED, C.MOTOR_HOT, C.SUPPLY_LOW}
    assert kernel.settle(cause, True, False, True) == kernel.settle(cause, False, True, True) == cause
    assert kernel.settle(cause, False, False, False) == (0 if cause in ends else cause)
    assert kernel.settle(cause, False, False, True) == (0 if cause in ends | {C.STOPPED} else cause)


def test_what_is_kept_until_something_ends_it():
    kept = {C.LEVEL_WISHED, C.OVER_TIME, C.ANKLES_OPEN, C.FROZEN_LONG, C.RESTARTED, C.STOPPED, C.HOST_SILENT}
    assert mask(kept | {C.LEASE_EXPIRED, C.MOTOR_HOT, C.SUPPLY_LOW}) == kernel.KEPT


@pytest.mark.parametrize(
    ("asked", "age", "runs"),
    [(500, 500, True), (500, 501, False), (200, 200, True), (200, 201, False), (65_535, 501, False), (0, 0, True),
     (500, 0, True), (500, -1, False)],
)  # fmt: skip
def test_a_lease_runs_for_500_ms_at_most(asked: int, age: int, runs: bool):
    """F17."""
    assert kernel.lease_runs(7_000, asked, 7_000 + age) is runs


REJECTS = {"void": 8, "unarmed": 9, "interlock": 10, "latched": 11, "moving": 12}


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, 0), ({"quoted_stop_count": 6}, "void"), ({"quoted_stop_count": 8}, "void"),
        ({"rung_now": LEVEL}, "latched"), ({"rung_now": REFUSE}, 0),
        ({"trusted": False}, "latched"), ({"frozen": True}, "latched"),
        ({"secured": False}, "interlock"), ({"armed": False}, "unarmed"), ({"armed": False, "target_cdeg": 1050}, 0),
        ({"armed": False, "target_cdeg": 1051}, "unarmed"), ({"armed": False, "target_cdeg": -8000}, 0),
    ],
)  # fmt: skip
def test_a_setpoint_is_refused(known: dict[str, int], reason: str | int):
    """H4, H13."""
    usual = {"quoted_stop_count": 7, "stop_count": 7, "rung_now": NONE, "frozen": False, "trusted": True,
             "secured": True, "armed": True, "target_cdeg": 3000, "angle_cdeg": 1000}  # fmt: skip
    assert kernel.refuse_setpoint(**usual | known) == REJECTS.get(str(reason), 0)


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        ({}, 0), ({"quoted_stop_count": 6}, "void"), ({"secured": False}, "interlock"), ({"moving": True}, "moving"),
        ({"trusted": False}, "latched"), ({"head_down": True}, "latched"), ({"active": C.STOPPED}, 0),
        ({"active": C.HOST_SILENT}, "latched"), ({"latched": C.BED_SENSOR}, "latched"),
    ],
)  # fmt: skip
def test_arming_is_refused(known: dict[str, int], reason: str | int):
    """H4, H13."""
    usual = {"quoted_stop_count": 7, "stop_count": 7, "secured": True, "moving": False, "trusted": True,
             "head_down": False, "active": 0, "latched": 0}  # fmt: skip
    assert kernel.refuse_arm(**usual | known) == REJECTS.get(str(reason), 0)


@pytest.mark.parametrize(
    ("worst", "limit", "over"),
    [(3100, 3000, False), (3101, 3000, True), (6101, 6000, True), (101, 0, True), (100, 0, False), (100, -500, False),
     (101, -500, True), (-300, -500, False), (101, 1, False), (102, 1, True), (101, -1, True)],
)  # fmt: skip
def test_over_angle_is_1_degree_beyond_the_limit(worst: int, limit: int, over: bool):
    """F14; a limit below level makes no fault of a table at level."""
    assert kernel.over_angle(worst, limit) is over


@pytest.mark.parametrize(
    ("last", "wanted", "increase", "worst", "out"),
    [(0, 200, True, 0, 200), (0, 400, True, 0, 300), (200, 300, False, 0, 191), (5, 300, False, 0, 0),
     (200, 300, True, 3100, 191), (-50, 300, False, 0, 0), (200, -400, False, 9000, -300), (200, 0, True, 0, 191)],
)  # fmt: skip
def test_what_drives_on_a_lease(last: int, wanted: int, increase: bool, worst: int, out: int):
    """H2, H6: a rise that is not allowed any more is braked, not cut."""
    assert kernel.drive(last, wanted, 300, increase, worst, 3000) == out


@pytest.mark.parametrize(
    ("last", "wanted", "cap", "out"),
    [(0, -50, 300, -50), (-90, -400, 100, -100), (200, -90, 100, 191), (-300, -90, 100, -292), (-100, -90, 100, -90),
     (-50, 40, 300, 0), (1, -90, 300, 0), (9, -90, 300, 0)],
)  # fmt: skip
def test_what_drives_home(last: int, wanted: int, cap: int, out: int):
    """R1: a rise, or a rate beyond a tighter cap, is braked first; never up."""
    assert kernel.drive_home(last, wanted, cap) == out


@pytest.mark.parametrize(
    ("last", "out"), [(300, 291), (5, 0), (1, 0), (0, -8), (-8, -16), (-71, -79), (-72, -80), (-80, -80), (-81, -73)]
)
def test_what_drives_blind(last: int, out: int):
    """R2: 0.8 °/s, gently."""
    assert kernel.drive_blind(last) == out


@pytest.mark.parametrize(("last", "out"), [(300, 0), (1, 0), (0, -8), (-91, -99), (-92, -100), (-100, -100), (-101, 0)])
def test_what_backs_off(last: int, out: int):
    """F10: 1 °/s at most, and never up."""
    assert kernel.drive_back(last) == out


@pytest.mark.parametrize("cause", EVERY)
def test_what_makes_older_wishes_void(cause: Cause):
    """F24, H15: that it comes; of the emergency stop and of lowering by hand, that it ends, too."""
    comes = {C.ESTOP, C.LOWERING, C.ANKLES_OPEN, C.OCCUPANT_LOST, C.PERSON_LOST, C.HOST_SILENT}
    assert kernel.voids(0, cause) is (cause in comes)
    assert kernel.voids(cause, 0) is (cause in {C.ESTOP, C.LOWERING})
    assert not kernel.voids(cause, cause)


def test_the_limits_are_those_of_the_specification():
    assert kernel.LEVEL_CDEG == 150
    assert kernel.EXPOSED_CDEG == 500
    assert kernel.HARD_LIMIT_CDEG == 6000
    assert kernel.HARD_RATE_CDPS == 300
    assert kernel.SLOW_RATE_CDPS == 100
    assert kernel.TRIP_CDPS == 500
    assert kernel.OVER_ANGLE_MARGIN_CDEG == 100
    assert kernel.LEASE_LIMIT_MS == 500
    assert kernel.LOWEST_CDEG == -8000
    assert kernel.FROZEN_MS == 20_000
    assert kernel.FREEZE_RESTARTS == 3
    assert kernel.EPISODE_END_MS == 60_000
