"""The ladder tick by tick: what each condition does by itself, from which tick on, and what it leaves alone.

Times are restated: 20 ms a tick, 20 s of a freeze, 0.5 s between two stops, 3 ticks over the angle, 2 over the speed,
5 with an ankle lock open, 25 without a person.
"""

from collections.abc import Callable

import pytest

from protocol.messages import Cause, Setpoint
from simulator.angle import Angle
from simulator.exposure import Exposure
from simulator.grant import Grant
from simulator.ladder import Ladder
from simulator.memory import Memory
from simulator.sensors import Switches

C = Cause
NONE, REFUSE, LEVEL, BLIND, HOLD = range(5)
LEASED = Setpoint(1, 1, 1, -7000, 0, 3000, 500)


class Bench:
    """A ladder between real parts, all of them as on a sound table at level with a person on it."""

    def __init__(self) -> None:
        self.memory = Memory(valid=True, boots=1)
        self.switches = Switches()
        self.angle = Angle()
        self.exposure = Exposure(self.memory)
        self.grant = Grant()
        self.angle.trusted = True
        self.angle.worst_cdeg = 0
        self.angle.bed.failing = self.angle.drive.failing = False
        self.ladder = Ladder(self.memory)
        self.ladder.active = 0
        self.now_ms = 0
        self.others = 0
        self.silent = self.driven = self.braked = False

    def lie(self, angle_deg: float, head_down: bool) -> "Bench":
        """The table is there, at rest."""
        self.angle.angle_deg = angle_deg
        self.angle.worst_cdeg = round(angle_deg * 100)
        self.angle.head_down = head_down
        return self

    def arm(self) -> "Bench":
        """Granted, from the next tick on with a lease of 500 ms."""
        self.grant.arm()
        self.grant.lease(LEASED, self.now_ms)
        return self

    def tick(self, count: int = 1) -> int:
        """So many ticks; the active causes after them."""
        for _ in range(count):
            self.now_ms += 20
            rung = self.ladder.judge(
                self.now_ms, self.switches, self.angle, self.exposure, self.grant, self.others, self.silent,
                self.driven, self.braked,
            )  # fmt: skip
            assert rung == self.ladder.rung
        return self.ladder.active

    def at(self, now_ms: int) -> int:
        """The tick that ends at this time; the active causes after it."""
        self.now_ms = now_ms - 20
        return self.tick()


@pytest.fixture
def level() -> Bench:
    """At 0°."""
    return Bench().lie(0.0, False)


@pytest.fixture
def head_up() -> Bench:
    """At −40°."""
    return Bench().lie(-40.0, False)


@pytest.fixture
def deep() -> Bench:
    """Head down at 20°."""
    return Bench().lie(20.0, True)


# ---- from the start --------------------------------------------------------------------------------------------------


def test_a_ladder_begins_after_a_restart_unheard_and_unsure_of_the_person():
    """F5: nothing is granted before the first tick has looked."""
    memory = Memory(latched=int(C.BED_SENSOR), slow=True)
    ladder = Ladder(memory)
    assert ladder.active == C.RESTARTED | C.HOST_SILENT
    assert ladder.rung == REFUSE
    assert ladder.voids is False
    assert ladder.occupied is False
    assert ladder.ankles_locked is False
    assert ladder.unlocked is True
    assert ladder.slow is True
    assert ladder.latched == C.BED_SENSOR


def test_a_ladder_has_no_room_for_more():
    with pytest.raises(AttributeError):
        Ladder(Memory()).more = 1  # type: ignore[attr-defined]


def test_a_sound_table_has_no_cause(level: Bench, head_up: Bench, deep: Bench):
    for bench in (level, head_up, deep):
        assert bench.tick(200) == 0
        assert bench.ladder.rung == NONE
        assert bench.ladder.latched == 0
        assert bench.ladder.voids is False
        assert bench.ladder.occupied is True
        assert bench.ladder.ankles_locked is True
        assert bench.ladder.unlocked is False


def test_a_restart_head_down_leads_home_and_at_level_it_is_over(level: Bench, deep: Bench):
    """F5, H1."""
    for bench in (level, deep):
        bench.ladder.active = int(C.RESTARTED | C.HOST_SILENT)
    assert deep.tick() == C.RESTARTED | C.HOST_SILENT
    assert deep.ladder.rung == LEVEL
    assert level.tick() == 0
    assert level.ladder.rung == NONE


# ---- stop and level --------------------------------------------------------------------------------------------------


def test_a_stop_ends_a_wish_and_makes_the_next_return_slow(deep: Bench):
    """H11, H7."""
    deep.ladder.active = int(C.LEVEL_WISHED | C.OVER_TIME)
    deep.ladder.stop(1000)
    assert deep.ladder.active == C.STOPPED | C.OVER_TIME
    assert deep.ladder.slow is True


def test_the_first_stop_of_all_is_none_that_repeats_another(deep: Bench):
    """Also at the first moment of the unit's clock."""
    deep.ladder.active = int(C.FROZEN_LONG)
    deep.ladder.stop(0)
    assert deep.ladder.active == C.STOPPED


@pytest.mark.parametrize(("later_ms", "active"), [(0, C.FROZEN_LONG), (499, C.FROZEN_LONG), (500, C.STOPPED)])
def test_stops_closer_than_half_a_second_are_one(deep: Bench, later_ms: int, active: int):
    """H1: a flood of one and the same stop does not hold up the return that came of it, nor makes it slow again."""
    deep.ladder.stop(1000)
    deep.ladder.active = int(C.FROZEN_LONG)
    deep.memory.slow = False
    deep.ladder.stop(1000 + later_ms)
    assert deep.ladder.active == active
    assert deep.ladder.slow is (active == C.STOPPED)


def test_a_flood_of_stops_is_measured_from_one_to_the_next(deep: Bench):
    """Each of them is new only if nothing came for half a second."""
    for now_ms in (1000, 1400, 1800):
        deep.ladder.stop(now_ms)
        deep.ladder.active = int(C.FROZEN_LONG)
    deep.ladder.stop(2200)
    assert deep.ladder.active == C.FROZEN_LONG


@pytest.mark.parametrize(("stops_ms", "ends_ms"), [
    ((1000,), 21_000),
    ((1000, 1400, 1800), 21_000),
    ((1000, 11_000), 31_000),
    ((1000, 1500), 21_500),
    ((1000, 11_000, 21_000), 41_000),
    ((1000, 11_000, 21_000, 31_000), 51_000),
    ((1000, 11_000, 21_000, 31_000, 41_000), 51_000),
    ((1000, 11_000, 21_000, 31_000, 41_000, 50_000), 51_000),
])  # fmt: skip
def test_a_freeze_head_down_becomes_a_return_20_s_after_the_third_further_stop_at_the_latest(
    deep: Bench, stops_ms: tuple[int, ...], ends_ms: int
):
    """H1, H11."""
    for stop_ms in stops_ms:
        deep.ladder.stop(stop_ms)
        assert deep.at(stop_ms + 20) == C.STOPPED
        assert deep.ladder.rung == REFUSE
    assert deep.at(ends_ms - 1) == C.STOPPED
    assert deep.at(ends_ms) == C.FROZEN_LONG
    assert deep.ladder.rung == LEVEL


def test_after_three_restarts_a_stop_still_freezes_and_the_return_goes_on(deep: Bench):
    """H1: whoever presses for ever delays by what it takes to brake."""
    for stop_ms in (1000, 11_000, 21_000, 31_000):
        deep.ladder.stop(stop_ms)
    assert deep.at(51_000) == C.FROZEN_LONG
    deep.ladder.stop(55_000)
    assert deep.ladder.active == C.STOPPED
    assert deep.at(55_020) == C.FROZEN_LONG


def test_a_freeze_that_still_brakes_is_none_yet(deep: Bench):
    deep.ladder.stop(1000)
    deep.driven = True
    assert deep.at(30_000) == C.STOPPED
    deep.driven, deep.angle.moving = False, True
    assert deep.at(30_020) == C.FROZEN_LONG


def test_a_freeze_on_the_head_up_side_stays(head_up: Bench):
    """H15: nothing moves from there by itself."""
    head_up.ladder.stop(1000)
    assert head_up.at(100_000) == C.STOPPED
    assert head_up.ladder.slow is True


@pytest.mark.parametrize(("angle_deg", "ends"), [(-1.51, False), (-1.5, True), (0.0, True), (1.5, True), (1.51, False)])
def test_a_freeze_ends_at_level(head_up: Bench, angle_deg: float, ends: bool):
    """And the next return is not after a stop."""
    head_up.lie(angle_deg, False)
    head_up.ladder.stop(1000)
    assert head_up.at(1020) == (0 if ends else C.STOPPED)
    assert head_up.ladder.slow is not ends


@pytest.mark.parametrize("hinders", ["trusted", "driven", "moving", "head_down"])
def test_a_freeze_does_not_end_where_level_is_not_reached_for_sure(level: Bench, hinders: str):
    level.ladder.stop(1000)
    if hinders == "driven":
        level.driven = True
    else:
        setattr(level.angle, hinders, hinders != "trusted")
    assert level.at(1020) == C.STOPPED
    assert level.ladder.slow is True


def test_the_20_s_begin_again_after_level(level: Bench):
    """A freeze that ended there is over: the next one has all of its own 20 s and all of its restarts."""
    level.ladder.stop(1000)
    level.tick()
    level.lie(20.0, True)
    for stop_ms in (100_000, 110_000, 120_000, 130_000):
        level.ladder.stop(stop_ms)
    assert level.at(149_999) == C.STOPPED
    assert level.at(150_000) == C.FROZEN_LONG


def test_a_freeze_that_was_ended_by_a_deliberate_lease_is_over(head_up: Bench):
    """Its 20 s, its slow return, and an ended lease; nothing else."""
    head_up.ladder.active = int(C.LEASE_EXPIRED | C.HOST_SILENT)
    head_up.ladder.stop(1000)
    head_up.ladder.unfreeze()
    assert head_up.ladder.active == C.HOST_SILENT
    assert head_up.ladder.slow is False
    head_up.ladder.active = 0
    head_up.lie(20.0, True)
    for stop_ms in (100_000, 110_000, 120_000, 130_000):
        head_up.ladder.stop(stop_ms)
    assert head_up.at(149_999) == C.STOPPED
    assert head_up.at(150_000) == C.FROZEN_LONG


@pytest.mark.parametrize(("head_down", "episode_ms"), [(False, 1), (True, 0)])
def test_restarts_of_a_freeze_are_spent_for_the_whole_episode(deep: Bench, head_down: bool, episode_ms: int):
    """H1: also where the table was up to −2° in between, and not at level."""
    for stop_ms in (1000, 11_000, 21_000, 31_000):
        deep.ladder.stop(stop_ms)
    deep.lie(-2.0, head_down)
    deep.memory.episode_ms = episode_ms
    deep.tick()
    deep.lie(20.0, True)
    deep.ladder.stop(41_000)
    assert deep.at(51_000) == C.FROZEN_LONG


def test_an_episode_that_ended_gives_three_restarts_back(deep: Bench):
    """H1: no more and no less."""
    for stop_ms in (1000, 11_000, 21_000, 31_000):
        deep.ladder.stop(stop_ms)
    deep.lie(-2.0, False).tick()
    deep.lie(20.0, True)
    for stop_ms in (131_000, 141_000, 151_000, 161_000):
        deep.ladder.stop(stop_ms)
    assert deep.at(170_999) == C.STOPPED
    assert deep.at(171_000) == C.FROZEN_LONG


def test_a_wish_for_level(deep: Bench):
    """H1, H15, F24."""
    deep.ladder.active = int(C.STOPPED)
    assert deep.ladder.wish_level(True) is True
    assert deep.ladder.active == C.LEVEL_WISHED
    assert deep.tick(10) == C.LEVEL_WISHED
    assert deep.ladder.rung == LEVEL


def test_a_wish_for_level_that_moves_nothing(head_up: Bench):
    head_up.ladder.active = int(C.STOPPED)
    assert head_up.ladder.wish_level(False) is False
    assert head_up.ladder.active == 0
    head_up.ladder.active = int(C.ESTOP)
    assert head_up.ladder.wish_level(True) is False
    assert head_up.ladder.active == C.ESTOP


def test_a_return_ends_at_level_and_takes_its_causes_along(level: Bench):
    ends = C.LEVEL_WISHED | C.OVER_TIME | C.ANKLES_OPEN | C.FROZEN_LONG | C.RESTARTED | C.MOTOR_HOT | C.SUPPLY_LOW
    level.ladder.active = int(ends)
    level.others = int(C.MOTOR_HOT | C.MOTOR_WARM)
    assert level.tick() == C.MOTOR_HOT | C.MOTOR_WARM, "what others see is still there"
    level.others = 0
    assert level.tick() == 0


def test_only_what_is_kept_outlives_a_tick(deep: Bench):
    kept = C.LEVEL_WISHED | C.OVER_TIME | C.ANKLES_OPEN | C.FROZEN_LONG | C.RESTARTED | C.MOTOR_HOT | C.SUPPLY_LOW
    deep.ladder.active = int(sum(C) & ~C.STOPPED)
    assert deep.tick() == kept | C.HOST_SILENT | C.LEASE_EXPIRED


# ---- what is latched -------------------------------------------------------------------------------------------------


def test_an_acknowledgement(deep: Bench):
    deep.memory.latched = int(C.BED_SENSOR | C.STALLED)
    deep.ladder.active = int(C.STALLED)
    deep.ladder.acknowledge(True)
    assert deep.ladder.latched == C.BED_SENSOR | C.STALLED
    deep.ladder.acknowledge(False)
    assert deep.ladder.latched == C.STALLED


def test_a_failed_motion_is_told_at_once_and_ends_the_wish(deep: Bench):
    """F9, F10, F11."""
    deep.ladder.active = int(C.LEVEL_WISHED | C.HOST_SILENT)
    deep.ladder.fail(int(C.NO_PROGRESS), True)
    assert deep.ladder.active == C.HOST_SILENT
    assert deep.ladder.latched == C.NO_PROGRESS
    assert deep.ladder.rung == HOLD


def test_a_failed_motion_leads_home_where_its_cause_does():
    for head_down, rung in ((True, LEVEL), (False, REFUSE)):
        ladder = Ladder(Memory(latched=int(C.BED_SENSOR)))
        ladder.active = 0
        ladder.fail(int(C.BRAKE_SLIP), head_down)
        assert ladder.latched == C.BED_SENSOR | C.BRAKE_SLIP
        assert ladder.rung == rung


# ---- causes, one by one ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("left_ms", "over"), [(1, False), (0, True), (-1, True)])
def test_over_time(deep: Bench, level: Bench, left_ms: int, over: bool):
    """F14: head down only."""
    for bench in (deep, level):
        bench.exposure.left_ms = left_ms
    assert deep.tick() == (C.OVER_TIME if over else 0)
    assert deep.ladder.rung == (LEVEL if over else NONE)
    level.angle.moving = True
    assert level.tick() == 0


@pytest.mark.parametrize(("worst_cdeg", "over"), [(6100, False), (6101, True)])
def test_over_the_angle_for_three_ticks(deep: Bench, worst_cdeg: int, over: bool):
    """F14: the own limit and 1°."""
    deep.angle.worst_cdeg = worst_cdeg
    assert deep.tick(2) == 0
    deep.angle.worst_cdeg = 6100
    assert deep.tick() == 0, "they have to follow each other"
    deep.angle.worst_cdeg = worst_cdeg
    assert deep.tick(2) == 0
    for _ in range(5):
        assert deep.tick() == (C.OVER_ANGLE if over else 0)
    deep.angle.worst_cdeg = 2000
    assert deep.tick() == 0
    assert deep.ladder.latched == (C.OVER_ANGLE if over else 0)
    assert deep.ladder.rung == (LEVEL if over else NONE)


def test_the_limit_of_a_lease_counts(deep: Bench):
    """H2: 30° here, and 1°."""
    deep.arm()
    deep.angle.worst_cdeg = 3101
    assert deep.tick(3) == C.OVER_ANGLE


@pytest.mark.parametrize(("speed_cdps", "over"), [(500.0, False), (500.1, True)])
def test_over_speed_for_two_ticks(head_up: Bench, speed_cdps: float, over: bool):
    """F12, H6."""
    head_up.angle.speed_cdps = speed_cdps
    assert head_up.tick() == 0
    head_up.angle.speed_cdps = 0.0
    assert head_up.tick() == 0, "they have to follow each other"
    head_up.angle.speed_cdps = speed_cdps
    assert head_up.tick() == 0
    for _ in range(5):
        assert head_up.tick() == (C.OVER_SPEED if over else 0)
    head_up.angle.speed_cdps = 500.0
    assert head_up.tick() == 0
    assert head_up.ladder.rung == (HOLD if over else NONE)


@pytest.mark.parametrize(("switch", "cause"), [("estop", C.ESTOP), ("lowering", C.LOWERING)])
def test_hands(deep: Bench, switch: str, cause: Cause):
    """F24: no wish outlives them, and their release moves nothing."""
    deep.ladder.active = int(C.LEVEL_WISHED | C.OVER_TIME)
    setattr(deep.switches, switch, True)
    assert deep.tick() == cause | C.OVER_TIME
    assert deep.ladder.rung == HOLD
    assert deep.ladder.voids is True
    deep.tick()
    assert deep.ladder.voids is False
    setattr(deep.switches, switch, False)
    assert deep.tick() == C.OVER_TIME
    assert deep.ladder.voids is True
    assert deep.ladder.latched == cause
    assert deep.ladder.rung == HOLD


@pytest.mark.parametrize("cause", [C.DISAGREEMENT, C.MOTOR_WARM, C.SUPPLY_CRITICAL])
def test_what_others_judge_is_taken_over(deep: Bench, cause: Cause):
    deep.others = int(cause)
    assert deep.tick() == cause
    deep.others = 0
    assert deep.tick() == 0


def test_a_hold_of_others_ends_a_wish_too(deep: Bench):
    deep.ladder.active = int(C.LEVEL_WISHED)
    deep.others = int(C.SUPPLY_CRITICAL)
    assert deep.tick() == C.SUPPLY_CRITICAL


def over_time(bench: Bench) -> None:
    bench.exposure.left_ms = 0


def over_angle(bench: Bench) -> None:
    bench.angle.worst_cdeg = 6101


def over_speed(bench: Bench) -> None:
    bench.angle.speed_cdps = 501.0


@pytest.mark.parametrize(
    ("begin", "cause"), [(over_time, C.OVER_TIME), (over_angle, C.OVER_ANGLE), (over_speed, C.OVER_SPEED)]
)
def test_a_cause_joins_those_that_are_there(deep: Bench, begin: Callable[[Bench], None], cause: Cause):
    """And by itself it makes no wish void."""
    deep.ladder.active = int(C.HOST_SILENT)
    begin(deep)
    for _ in range(3):
        deep.tick()
        assert deep.ladder.voids is False
    assert deep.ladder.active == C.HOST_SILENT | cause


# ---- the brake -------------------------------------------------------------------------------------------------------


def slip(bench: Bench, before: Callable[[], object], ticks: int = 26, by_cdeg: float = 150.0) -> int:
    """Both sensors move on after so many ticks under the brake, and something else was the case before or is then."""
    bench.braked = True
    before()
    bench.tick(ticks)
    bench.angle.bed.smooth_cdeg += by_cdeg
    bench.angle.drive.smooth_cdeg += by_cdeg
    return bench.tick()


def test_a_brake_that_slips_leads_home(deep: Bench):
    """F13."""
    deep.ladder.active = int(C.HOST_SILENT)
    assert slip(deep, lambda: None) == C.BRAKE_SLIP | C.HOST_SILENT
    assert deep.tick() == C.HOST_SILENT
    assert deep.ladder.latched == C.BRAKE_SLIP
    assert deep.ladder.rung == LEVEL


def test_a_brake_bites_after_half_a_second(deep: Bench):
    assert slip(deep, lambda: None, ticks=24) == 0


def test_only_a_brake_that_is_on_and_a_known_angle_tell_of_a_slip(deep: Bench):
    assert slip(deep, lambda: setattr(deep, "braked", False)) == 0
    assert slip(deep, lambda: setattr(deep.angle, "trusted", False)) == 0


@pytest.mark.parametrize("switch", ["estop", "lowering"])
def test_a_table_that_a_rescuer_moves_does_not_slip(deep: Bench, switch: str):
    """F13: not unless the brake bit again since."""
    assert not slip(deep, lambda: setattr(deep.switches, switch, True)) & C.BRAKE_SLIP
    assert not slip(deep, lambda: setattr(deep.switches, switch, False), ticks=24) & C.BRAKE_SLIP
    assert slip(deep, lambda: None) == C.BRAKE_SLIP


# ---- the host --------------------------------------------------------------------------------------------------------


def test_a_lease_that_ends_in_motion(deep: Bench):
    """F2, F17: at once; and the grant with it."""
    deep.arm()
    deep.driven = True
    assert deep.tick(25) == 0
    assert deep.grant.armed
    assert deep.tick() == C.LEASE_EXPIRED
    assert deep.ladder.rung == REFUSE
    assert (deep.grant.armed, deep.grant.setpoint) == (False, None)


@pytest.mark.parametrize("moves", ["driven", "moving"])
def test_an_ended_lease_is_told_until_the_table_rests_on_the_head_up_side(head_up: Bench, moves: str):
    head_up.arm()
    rests = head_up if moves == "driven" else head_up.angle
    setattr(rests, moves, True)
    assert head_up.at(501) == C.LEASE_EXPIRED
    assert head_up.tick(5) == C.LEASE_EXPIRED
    setattr(rests, moves, False)
    assert head_up.tick() == 0


def test_a_lease_that_ends_at_rest_is_just_over(head_up: Bench):
    head_up.arm()
    assert head_up.at(501) == 0
    assert not head_up.grant.armed
    assert head_up.grant.setpoint is None


def test_a_silent_host_loses_the_grant_and_head_down_the_table_returns(deep: Bench, level: Bench):
    """F17."""
    for bench in (deep, level):
        bench.arm()
        bench.silent = True
        assert bench.tick() == C.HOST_SILENT
        assert bench.ladder.voids is True
        assert bench.grant.setpoint is None
        bench.tick()
        assert bench.ladder.voids is False
        bench.silent = False
    assert deep.tick() == C.HOST_SILENT
    assert deep.ladder.rung == LEVEL
    assert level.tick() == 0


def test_a_silent_host_without_a_grant_loses_its_lease_too(head_up: Bench):
    head_up.grant.lease(LEASED, 0)
    head_up.silent = True
    head_up.tick()
    assert head_up.grant.setpoint is None


# ---- the person ------------------------------------------------------------------------------------------------------


def test_an_ankle_lock_may_bounce_for_100_ms(deep: Bench):
    """F25."""
    deep.switches.ankles_locked = False
    assert deep.tick(4) == 0
    assert deep.ladder.ankles_locked is True
    deep.switches.ankles_locked = True
    assert deep.tick() == 0
    deep.switches.ankles_locked = False
    assert deep.tick(4) == 0
    assert deep.tick() == C.ANKLES_OPEN
    assert deep.ladder.ankles_locked is False
    assert deep.ladder.voids is True
    assert deep.ladder.rung == LEVEL


def test_a_return_with_an_open_ankle_lock_stays_one(deep: Bench):
    """F25: slow to its end, also when the lock is closed on the way."""
    deep.switches.ankles_locked = False
    deep.tick(5)
    deep.switches.ankles_locked = True
    deep.tick()
    assert deep.ladder.ankles_locked is True
    assert deep.ladder.unlocked is True
    deep.lie(0.0, False)
    deep.tick()
    assert deep.ladder.unlocked is False
    deep.switches.ankles_locked = False
    deep.tick(5)
    assert deep.ladder.active == 0
    assert deep.ladder.unlocked is True


def test_a_person_may_shift_for_half_a_second(deep: Bench):
    """F26."""
    deep.switches.occupied = False
    assert deep.tick(24) == 0
    assert deep.ladder.occupied is True
    deep.switches.occupied = True
    assert deep.tick() == 0
    deep.switches.occupied = False
    assert deep.tick(24) == 0
    assert deep.tick() == C.OCCUPANT_LOST
    assert deep.ladder.occupied is False
    assert deep.ladder.latched == C.OCCUPANT_LOST
    assert deep.ladder.rung == LEVEL


def test_both_at_once_and_nothing_moves_by_itself(deep: Bench):
    """F26."""
    deep.switches.ankles_locked = deep.switches.occupied = False
    assert deep.tick(24) == C.ANKLES_OPEN
    assert deep.tick() == C.ANKLES_OPEN | C.PERSON_LOST
    assert deep.ladder.rung == REFUSE


def test_a_person_who_is_lost_ends_a_wish_and_a_new_one_counts(deep: Bench):
    """F26: the wish was made for a person who was there; only one that is made since then moves."""
    deep.switches.ankles_locked = deep.switches.occupied = False
    deep.tick(24)
    assert deep.ladder.wish_level(True)
    assert not deep.tick() & C.LEVEL_WISHED
    assert deep.ladder.wish_level(True)
    assert deep.tick(10) & C.LEVEL_WISHED
    assert deep.ladder.rung == LEVEL


def test_a_wish_outlives_an_open_lock_or_an_empty_sensor(deep: Bench):
    """F25: neither of them alone is a person who is lost."""
    deep.switches.ankles_locked = False
    deep.ladder.wish_level(True)
    assert deep.tick(10) == C.LEVEL_WISHED | C.ANKLES_OPEN
    deep.switches.ankles_locked, deep.switches.occupied = True, False
    assert deep.tick(30) & C.LEVEL_WISHED


@pytest.mark.parametrize("concern", ["", "head_down", "moving", "driven", "armed"])
def test_whom_the_person_concerns(head_up: Bench, concern: str):
    """F25, F26: head down, in motion, or granted; stepping off is nobody's fault."""
    if concern == "armed":
        head_up.arm()
    elif concern == "driven":
        head_up.driven = True
    elif concern:
        setattr(head_up.angle, concern, True)
    head_up.switches.ankles_locked = False
    assert head_up.tick(5) == (C.ANKLES_OPEN if concern else 0)
    assert head_up.ladder.ankles_locked is False


# ---- the grant -------------------------------------------------------------------------------------------------------


def test_a_grant_outlives_no_cause(head_up: Bench):
    """H4."""
    head_up.arm()
    head_up.tick()
    assert head_up.grant.armed
    head_up.others = int(C.MOTOR_WARM)
    head_up.tick()
    assert (head_up.grant.armed, head_up.grant.setpoint) == (False, None)


def test_a_grant_outlives_no_latched_cause(head_up: Bench):
    """H4."""
    head_up.memory.latched = int(C.BED_SENSOR)
    head_up.arm()
    head_up.tick()
    assert (head_up.grant.armed, head_up.grant.setpoint) == (False, None)


def test_a_lease_without_a_grant_goes_on_over_what_only_refuses(head_up: Bench):
    """It leads down only: to standing, or out of a freeze."""
    head_up.memory.latched = int(C.BED_SENSOR)
    head_up.others = int(C.MOTOR_WARM)
    head_up.grant.lease(LEASED, 0)
    head_up.tick()
    assert head_up.grant.setpoint is LEASED


@pytest.mark.parametrize("lost", ["occupied", "ankles_locked", "trusted"])
def test_no_lease_leads_a_table_without_a_person_or_an_angle(head_up: Bench, lost: str):
    """F25, F26, F8: on the head-up side, at rest, without a grant as well."""
    head_up.grant.lease(LEASED, 0)
    head_up.tick()
    assert head_up.grant.setpoint is LEASED
    if lost == "trusted":
        head_up.angle.trusted = False
        head_up.tick()
    else:
        setattr(head_up.switches, lost, False)
        head_up.tick(4 if lost == "ankles_locked" else 23)
        assert head_up.grant.setpoint is LEASED
        head_up.tick(2)
    assert head_up.grant.setpoint is None


def test_what_a_restart_latched_holds_before_the_first_verdict() -> None:
    """H9: with restarts faster than the sensors settle nobody else would say so."""
    assert Ladder(Memory(valid=True, boots=3, latched=int(Cause.RESET_LOOP))).rung == 4
    assert Ladder(Memory(valid=True, boots=2)).rung == 1
