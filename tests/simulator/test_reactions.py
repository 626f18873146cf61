"""What a reading of the ladder by fresh eyes found missing: faults in each other's company, and what outlives them."""

from collections.abc import Callable

import pytest

from protocol.link import frame
from protocol.messages import Cause, Flag, Hello, Level, Reject, Rung

from .host import Host, break_sensor, drift_apart, goes_home, holding, holds, reacts, returning, rising, standing

C = Cause


# ---- R2 ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [30.0, 40.0, 50.0])
def test_sensors_that_come_back_do_not_shorten_a_blind_return(angle: float):
    """H1, F7: its time is fixed where it begins; a live angle that falls does not eat it up."""
    host = holding(angle)
    break_sensor(host, "bed", "rail")
    break_sensor(host, "drive", "rail")
    host.run(0.07)
    host.table.sensors.bed_fault = host.table.sensors.drive_fault = None
    assert host.run(90.0, lambda: abs(host.angle_deg) < 1.5 and host.still())
    host.run(1.0)
    assert C.NO_SENSOR in host.latched


def test_both_sensors_frozen_are_a_blind_return_and_no_stall():
    """F7: the encoder that stands still is found before its stillness looks like a table that does not move."""
    host = holding(40.0)
    break_sensor(host, "bed", "rail")
    host.run(2.0)
    break_sensor(host, "drive", "frozen")
    assert host.run(60.0, lambda: abs(host.angle_deg) < 1.5 and host.still())
    host.run(1.0)
    assert C.NO_PROGRESS not in host.latched


def test_a_stalled_blind_return_is_not_driven_on_by_wishing():
    """F10: level once in 20 s against a jam drives for seconds, not for minutes."""
    host = holding(20.0)
    drift_apart(host)
    host.table.physics.jammed = True
    driven_s = 0.0
    for _ in range(6):
        host.level()
        for _ in range(20):
            host.run(1.0)
            driven_s += host.has(Flag.DRIVEN)
    assert driven_s <= 6 * 4


def test_a_runaway_shows_while_the_sensors_disagree():
    """F12: both still turn too fast."""
    host = holding(45.0)
    drift_apart(host)
    host.table.physics.runaway_dps = -7.0
    reacts_also(host, C.OVER_SPEED, 1.5)
    host.run(0.5)
    assert host.rung == Rung.HOLD


def reacts_also(host: Host, cause: Cause, within_s: float) -> None:
    """This cause latches in this time, whatever else is latched."""
    assert host.run(within_s, lambda: bool(host.latched & cause))


# ---- the level switch ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("angle", "stuck"), [(20.0, False), (-40.0, True)])
def test_a_dead_level_switch_is_seen_while_both_sensors_agree(angle: float, stuck: bool):
    """F8: nothing moves by it, nothing rises any more; acknowledged when it is whole again."""
    host = holding(angle) if angle > 0 else standing_at(angle)
    at = host.angle_deg
    host.table.sensors.side_fault = lambda _: stuck
    reacts(host, C.LEVEL_SWITCH, 1.0)
    host.let_go()
    host.run(1.0)
    assert host.rung == Rung.REFUSE
    assert host.angle_deg == pytest.approx(at, abs=0.5)
    assert not host.arm()
    if angle > 0:
        host.level()
        assert host.run(20.0, host.still)
        assert abs(host.angle_deg) < 1.5
    host.table.sensors.side_fault = None
    host.run(0.5)
    host.acknowledge()
    assert host.latched == C(0)


def standing_at(angle_deg: float) -> Host:
    """Resting there with a host, unarmed."""
    return Host(angle_deg).meet()


@pytest.mark.parametrize("before_s", [0.1, 5.0])
def test_neither_angle_nor_side_is_r3_and_not_silence(before_s: float):
    """F8, H1, H10: a switch that died, then a disagreement: siren, and the time goes on being counted."""
    host = holding(25.0)
    host.table.sensors.side_fault = lambda _: False
    host.run(before_s)
    for which in ("bed", "drive"):
        break_sensor(host, which, "rail")
    host.run(1.0)
    assert C.SIDE_UNKNOWN in host.latched
    assert host.rung == Rung.HOLD
    assert host.has(Flag.SIREN)
    counted = host.now.head_down_s
    host.run(10.0)
    assert host.now.head_down_s >= counted + 9
    holds(host, 5.0)


def test_a_dead_level_switch_does_not_accuse_a_sensor():
    """F7, F8: once it is known to lie, a disagreement stays one."""
    host = holding(10.0)
    host.table.sensors.side_fault = lambda _: False
    host.run(1.0)
    drift_apart(host)
    assert not host.latched & (C.BED_SENSOR | C.DRIVE_SENSOR)
    assert C.DISAGREEMENT in host.latched


# ---- sensors -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("bad", "of"), [(1, 2), (2, 3), (4, 5)])
def test_a_sensor_that_fails_on_and_off_is_found(bad: int, of: int):
    """F7: it need not be wrong five times in a row; the rate stays that of the table."""
    host = rising(10.0)
    seen = [0]

    def flickering(cdeg: int) -> int:
        seen[0] += 1
        return 18_000 if seen[0] % of < bad else cdeg

    host.table.sensors.bed_fault = flickering
    reacts(host, C.BED_SENSOR, 1.0)
    assert abs(host.now.rate_dps) < 4.5
    host.let_go()
    goes_home(host, overshoot_deg=2.0)


def test_after_a_reset_the_sensor_that_had_failed_is_still_the_one():
    """F5, F7: R1 on the healthy one, not blind."""
    host = holding(20.0)
    break_sensor(host, "bed", "slipped up")
    host.run(1.0)
    assert host.latched == C.BED_SENSOR or host.latched == C.DISAGREEMENT
    host = holding(20.0)
    break_sensor(host, "bed", "frozen")
    host.run(1.0)
    assert host.latched == C.BED_SENSOR
    break_sensor(host, "bed", "slipped down")
    host.table.reset_unit()
    host.run(2.0)
    assert host.rung == Rung.LEVEL
    assert host.latched == C.BED_SENSOR
    goes_home(host)


def test_a_sensor_that_is_frozen_at_a_reset_is_found_before_anything_is_believed():
    """F5, F7."""
    host = holding(20.0)
    break_sensor(host, "bed", "frozen")
    host.table.reset_unit()
    host.run(2.0)
    assert host.latched == C.BED_SENSOR
    goes_home(host)


# ---- the person's wishes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_deg", [-0.5, 0.2, 0.7, 1.2])
def test_level_while_rising_through_level_ends_at_level(at_deg: float):
    """H1: the brake on the way up ends beyond 1.5°, and nobody stays there."""
    host = rising(at_deg, start_deg=-14.0)
    host.level()
    host.run(30.0)
    assert host.still()
    assert abs(host.angle_deg) <= 1.5


@pytest.mark.parametrize("switch", ["estop", "lowering"])
def test_a_level_from_before_a_hold_does_not_run_after_it(switch: str):
    """F2, F3, F24: it waited in a buffer."""
    host = holding(30.0)
    host.let_go()
    for frames in (1, 2):
        count = host.now.stop_count
        setattr(host.table.switches, switch, True)
        host.run(1.0)
        if frames == 2:
            count = host.now.stop_count
        setattr(host.table.switches, switch, False)
        host.run(1.0)
        at = host.angle_deg
        host.rejects.clear()
        host.table.receive(frame(Level(host.link._sequence + 1, count)))
        host.run(5.0)
        assert host.angle_deg == pytest.approx(at, abs=0.1)
        assert Reject.VOID_STOP_COUNT in host.rejects
    host.level()
    host.run(5.0)
    assert host.angle_deg < at - 1.0


@pytest.mark.parametrize("event", ["ankles", "occupant", "silence"])
def test_a_host_that_goes_on_streaming_does_not_resume(event: str):
    """Nothing resumes by itself, also not down to standing (H15)."""
    host = Host(-40.0).meet()
    host.lead(-70.0, 2.0)
    host.run(1.0)
    if event == "ankles":
        host.table.switches.ankles_locked = False
    elif event == "occupant":
        host.table.switches.occupied = False
    else:
        host.silent = True
    host.run(4.0)
    host.table.switches.ankles_locked = host.table.switches.occupied = True
    host.silent = False
    host.run(0.5)
    at = host.angle_deg
    host.run(4.0)
    assert host.angle_deg == pytest.approx(at, abs=0.3)


def test_a_return_wished_with_nobody_sensed_is_slow_while_a_lock_is_open():
    """F25, F26: whichever was first."""
    host = holding(30.0)
    host.let_go()
    host.table.switches.occupied = False
    host.table.switches.ankles_locked = False
    host.run(2.0)
    assert C.PERSON_LOST in host.latched
    host.level()
    since = len(host.driven)
    assert host.run(60.0, host.at_level)
    assert max(map(abs, host.driven[since:])) <= 1.0


def test_a_reset_during_a_freeze_returns_slowly():
    """H7: that it was after a stop is not forgotten."""
    host = holding(30.0)
    host.stop()
    host.run(3.0)
    host.table.reset_unit()
    since = len(host.driven)
    assert host.run(60.0, host.at_level)
    assert max(map(abs, host.driven[since:])) <= 1.0


# ---- the wire ------------------------------------------------------------------------------------------------------


def test_a_repeated_hello_is_only_answered():
    """F2: a duplicate is harmless."""
    host = holding(15.0)
    host.table.receive(frame(Hello(1, host.link._session)))
    host.run(1.0)
    assert host.rung == Rung.NONE
    assert host.has(Flag.ARMED)
    assert host.has(Flag.LEASED)


def test_the_flag_of_a_live_host_comes_back_before_level_is_reached():
    """H10: it says what its name says, also during the return that the silence began."""
    host = holding(30.0)
    host.silent = True
    host.run(3.0)
    assert not host.has(Flag.HOST_LIVE)
    host.let_go()
    host.silent = False
    host.run(0.2)
    assert host.rung == Rung.LEVEL
    assert host.has(Flag.HOST_LIVE)


def test_a_very_long_episode_is_told_as_the_longest():
    """H3: not with an error that ends the unit."""
    host = holding(10.0)
    host.table.memory.episode_ms = 70_000_000
    host.run(0.1)
    assert host.now.episode_s == 65_535


# ---- drive, brake, supply ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [-40.0, 20.0])
def test_a_stall_on_the_way_up_gives_way(angle: float):
    """F10, H7: after 200 ms of stall current, back by at most 2°, then R3."""
    host = rising(angle)
    host.table.physics.jammed = True
    host.run(0.5)
    host.table.physics.jammed = False  # what was caught gives way, too
    at = host.angle_deg
    reacts(host, C.STALLED, 2.0)
    host.run(0.5)
    assert host.rung == Rung.HOLD
    assert at - 2.0 <= host.angle_deg <= at - 0.3
    holds(host, 5.0)


def test_a_stop_ends_the_giving_way():
    """`stop` freezes whatever moves."""
    host = rising(20.0)
    host.table.physics.jammed = True
    assert host.run(1.0, lambda: host.table._unit._motion.back_off_ms > 0)
    host.table.physics.jammed = False
    host.run(0.3)
    host.stop()
    host.run(0.1)
    assert C.STALLED in host.latched
    holds(host, 5.0)


def test_a_stall_on_the_way_down_does_not_go_up():
    """H15: no reaction of the unit's own increases the angle."""
    host = returning(20.0)
    at = host.angle_deg
    host.table.physics.jammed = True
    reacts(host, C.STALLED, 1.0)
    host.table.physics.jammed = False
    host.run(5.0)
    assert host.angle_deg <= at + 0.5
    assert host.rung == Rung.HOLD


@pytest.mark.parametrize("arms", [0.0, 1.0])
def test_a_brake_that_slips_is_driven_home(arms: float):
    """F13: from the head-down side, again and again; level is kept within some degrees."""
    host = holding(30.0)
    host.let_go()
    physics = host.table.physics
    physics.arms = physics.arms_wanted = arms
    physics.slip_dps = 2.0
    physics.disturb()
    reacts(host, C.BRAKE_SLIP, 5.0)
    assert host.run(40.0, lambda: abs(host.angle_deg) < 1.5)
    since = len(host.angles)
    host.run(60.0)
    assert max(host.angles[since:]) < 5.0


def test_a_brake_that_slips_head_up_moves_nothing_by_itself():
    """F13, H15: nothing drives; the cause is told."""
    host = standing_at(-40.0)
    physics = host.table.physics
    physics.arms = physics.arms_wanted = 1.0
    physics.slip_dps = 0.5
    physics.disturb()
    reacts(host, C.BRAKE_SLIP, 10.0)
    host.run(1.0)
    assert not host.has(Flag.DRIVEN)
    assert host.rung == Rung.REFUSE


def test_somebody_who_shifts_is_no_slipping_brake():
    """F13: arms overhead use up the play of the drive."""
    host = holding(20.0, person=None)
    physics = host.table.physics
    for arms in (1.0, 0.0, 1.0, 0.0):
        physics.arms_wanted = arms
        physics.disturb()
        host.run(3.0)
    assert host.latched == C(0)


@pytest.mark.parametrize("make", [holding, rising, returning])
def test_a_rescuer_is_not_fought(make: Callable[[float], Host]):
    """F13: whoever lowers by hand is no slipping brake, also when it is over."""
    host = make(20.0)
    host.table.switches.lowering = True
    host.run(3.0)
    host.table.switches.lowering = False
    host.run(3.0)
    assert host.latched == C.LOWERING


def test_a_warm_motor_rises_no_further_and_a_hot_one_returns():
    """F15: warm, what is left is for the way home; hot, the way home."""
    host = rising(10.0)
    host.table.memory.heat = 0.71
    host.run(0.1)
    assert host.causes == C.MOTOR_WARM
    host.run(2.0)
    at = host.angle_deg
    host.run(2.0)
    assert host.angle_deg == pytest.approx(at, abs=0.2)
    assert host.rung == Rung.REFUSE
    host.table.memory.heat = 0.81
    host.run(0.1)
    assert C.MOTOR_HOT in host.causes
    host.let_go()
    assert host.run(30.0, host.at_level)
    assert not host.arm()
    host.table.memory.heat = 0.55
    host.run(0.1)
    assert host.causes == C(0)
    assert host.arm()


def test_heat_comes_from_the_current_and_survives_a_reset():
    """F15: ten minutes at 10 A would be 0.63; a stall for a second is 0.01."""
    host = standing()
    for _ in range(500):
        host.table._unit._supply.tick(12.5, 25.0)
    assert host.table.memory.heat == pytest.approx(6.25 * 10 / 600, rel=0.02)
    before = host.table.memory.heat
    host.table.reset_unit()
    host.run(1.0)
    assert host.table.memory.heat == pytest.approx(before, rel=0.01)
    assert host.now.heat == pytest.approx(before, abs=0.01)


def test_a_low_supply_leads_home_while_there_is_some():
    """F16: below 11 V for half a second."""
    host = holding(30.0)
    host.table.supply_v = 11.2
    host.run(2.0)
    assert host.causes == C(0)
    host.table.supply_v = 10.9
    host.run(0.3)
    assert host.causes == C(0)
    host.run(0.5)
    assert host.causes == C.SUPPLY_LOW
    assert host.rung == Rung.LEVEL
    host.let_go()
    host.table.supply_v = 12.0  # a return that has begun ends at level, whatever the supply does then
    host.run(3.0)
    assert host.rung == Rung.LEVEL
    host.table.supply_v = 10.9
    assert host.run(40.0, host.at_level)
    assert not host.arm()
    host.table.supply_v = 12.0
    host.run(0.2)
    assert (host.causes, host.latched) == (C(0), C(0))
    assert host.now.supply_v == pytest.approx(12.0, abs=0.1)


def test_short_dips_of_the_supply_do_not_add_up():
    """F16: each start of a motor is one, and the next comes minutes later."""
    host = holding(30.0)
    for _ in range(30):
        host.table.supply_v = 9.5
        host.run(0.06)
        assert host.causes == C(0)
        host.table.supply_v = 12.8
        host.run(0.06)


def test_a_critical_supply_holds_and_a_live_wish_may_go_on_when_it_is_back():
    """F16: below 10 V for 100 ms."""
    host = returning(30.0)
    host.table.supply_v = 9.9
    reacts(host, C.SUPPLY_CRITICAL, 0.5)
    host.run(0.1)
    assert host.rung == Rung.HOLD
    assert host.has(Flag.SIREN)
    host.table.supply_v = 12.5
    holds(host, 5.0)
    host.level()
    assert host.run(30.0, lambda: abs(host.angle_deg) < 1.5)


@pytest.mark.parametrize("make", [holding, rising, returning])
def test_a_unit_that_hangs_is_reset_by_its_watchdog(make: Callable[[float], Host]):
    """F6: within 250 ms, with the motor still on until then; after that R1, and the time is counted."""
    host = make(20.0)
    at, counted = host.angle_deg, host.now.head_down_s
    host.table.hang(1000.0)
    host.run(0.3)
    assert host.table.memory.boots == 2
    host.let_go()
    host.run(1.0)
    assert host.rung == Rung.LEVEL
    assert host.angle_deg <= at + 2.0
    assert host.now.head_down_s >= counted + 1
    assert host.run(40.0, host.at_level)


def test_a_short_hang_is_over_before_the_watchdog():
    """F6: 100 ms are a late tick, and counted."""
    host = holding(20.0)
    boots, counted = host.table.memory.boots, host.table.memory.head_down_ms
    host.table.hang(0.1)
    host.run(1.0)
    assert host.table.memory.boots == boots
    assert host.table.memory.head_down_ms - counted >= 980
    assert host.rung == Rung.NONE


def test_a_power_cut_forgets_and_says_so_by_its_counts():
    """F16: the counts begin anew, and another number of the memory tells the host."""
    host = holding(20.0)
    before = host.table.memory
    host.table.reset_unit()
    assert (host.table.memory.id, host.table.memory.boots) == (before.id, 2)
    host.table.lose_memory()
    host.run(1.0)
    assert host.link.identity is not None
    assert host.link.identity.memory == host.table.memory.id != before.id
    assert host.link.identity.boots == 1
    host.let_go()
    host.run(1.0)
    assert host.rung == Rung.LEVEL
    assert host.run(30.0, host.at_level)


# ---- what the campaign found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_a_mirrored_sensor_is_not_believed_at_level_where_it_agrees(which: str):
    """F7: the return on the other one ends at level; the mirrored one stays out until it is acknowledged."""
    host = holding(20.0)
    break_sensor(host, which, "sign")
    host.let_go()
    assert host.run(30.0, host.at_level)
    host.run(20.0)
    assert abs(host.angle_deg) <= 1.5
    assert host.latched == (C.BED_SENSOR if which == "bed" else C.DRIVE_SENSOR)


def test_a_sensor_that_drifts_alone_does_not_carry_anybody_to_standing():
    """F7, H8: the other one has failed; the level switch has the last word, and it ends in R3."""
    host = holding(12.0)
    break_sensor(host, "drive", "rail")
    drift = [0]

    def drifting(cdeg: int) -> int:
        drift[0] += 1
        return cdeg + drift[0] // 2

    host.table.sensors.bed_fault = drifting
    host.let_go()
    host.run(200.0)
    assert host.angle_deg > -15.0
    assert host.rung == Rung.HOLD
    assert C.SIDE_UNKNOWN in host.latched


def test_a_person_who_is_not_sensed_with_open_locks_is_brought_home_slowly_by_a_live_level():
    """F25, F26: nothing automatic, and a wish at 1 °/s."""
    host = holding(12.0)
    host.let_go()
    host.table.switches.occupied = host.table.switches.ankles_locked = False
    host.run(3.0)
    assert C.PERSON_LOST in host.causes
    assert host.still()
    since = len(host.driven)
    host.level()
    assert host.run(30.0, host.at_level)
    assert 0.5 < max(map(abs, host.driven[since:])) <= 1.1
