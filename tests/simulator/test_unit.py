"""The tilt unit on its wire: handshake, grant, lease, silence, the way to level, acknowledgement, telemetry."""

from collections.abc import Callable

import pytest

from protocol.link import frame
from protocol.messages import (
    Acknowledge,
    Arm,
    Cause,
    Flag,
    Hello,
    Identity,
    Keepalive,
    Reject,
    Rejected,
    Rung,
    Setpoint,
    Telemetry,
)
from simulator.table import Table

from .host import Host, holding, rising, standing, ticks, unwrap

C = Cause


# ---- handshake and telemetry -----------------------------------------------------------------------------------------


def test_boot_says_identity_once_and_then_telemetry_every_20_ms():
    first, *rest = ticks(Table(), 50)
    assert isinstance(first, Identity)
    assert first[:2] == (1, 0)
    assert (first.simulated, first.time_scale, first.limit_deg, first.rate_limit_dps) == (1, 1, 60.0, 3.0)
    assert [m.time_ms for m in rest if isinstance(m, Telemetry)] == list(range(20, 1001, 20))
    assert len(rest) == 50


def test_what_has_to_last_begins_to_with_the_first_verdict():
    """F14, F25, F26: 60 ms, 100 ms and 500 ms, from the 600 ms on that the sensors get."""
    table = Table(1, 61.8)
    table.switches.ankles_locked = table.switches.occupied = False
    told = [message for message in ticks(table, 70) if isinstance(message, Telemetry)]
    first = {cause: next(m.time_ms for m in told if cause in C(m.causes)) for cause in (C.OVER_ANGLE, C.ANKLES_OPEN)}
    assert first == {C.OVER_ANGLE: 640, C.ANKLES_OPEN: 680}
    assert next(m.time_ms for m in told if C(m.causes) & (C.OCCUPANT_LOST | C.PERSON_LOST)) == 1080


def test_until_the_first_verdict_it_is_restarted_and_its_host_silent():
    """F5, F17: nothing is claimed that nobody has looked at."""
    for message in ticks(Table(angle_deg=20.0), 29)[1:]:
        assert isinstance(message, Telemetry)
        assert message.causes == C.RESTARTED | C.HOST_SILENT
        assert message.rung == Rung.REFUSE
        assert not message.flags & (Flag.HOST_LIVE | Flag.FROZEN)


def test_a_button_that_is_held_at_the_start_is_a_press():
    table = Table()
    table.switches.arm_button = True
    assert [m.arm_presses for m in ticks(table, 3) if isinstance(m, Telemetry)] == [1, 1, 1]


def test_boot_is_braked_disarmed_and_still():
    """F5."""
    for message in ticks(Table(angle_deg=-80.0), 50)[1:]:
        assert isinstance(message, Telemetry)
        assert message.flags & Flag.BRAKE
        assert not message.flags & (Flag.ARMED | Flag.LEASED | Flag.DRIVEN | Flag.HOST_LIVE)


def test_hello_is_answered_with_its_session():
    table = Table(unit=77, time_scale=5)
    ticks(table, 2)
    table.receive(frame(Hello(1, 12345)))
    answer = ticks(table, 1)[0]
    assert isinstance(answer, Identity)
    assert (answer.session, answer.unit, answer.time_scale, answer.boots) == (12345, 77, 5, 1)


@pytest.mark.parametrize("hello", [Hello(2, 5), Hello(0, 5), Hello(1, 0)])
def test_a_hello_of_another_version_is_rejected(hello: Hello):
    table = Table()
    ticks(table, 2)
    table.receive(frame(hello))
    assert ticks(table, 1)[1:] == [Rejected(Reject.WRONG_VERSION, 1, 0)]


def test_before_hello_nothing_but_stop_and_level_is_taken():
    """F4: a host that reconnects has to say who it is."""
    table = Table(angle_deg=30.0)
    nonce = next(m for m in ticks(table, 40) if isinstance(m, Telemetry)).nonce
    for message in (
        Arm(1, nonce, 0),
        Setpoint(2, nonce, 0, 0, 0, 6000, 500),
        Keepalive(3, nonce),
        Acknowledge(4, nonce),
    ):
        table.receive(frame(message))
    answers = [m for m in ticks(table, 2) if isinstance(m, Rejected)]
    assert [a.reason for a in answers] == [Reject.NOT_GREETED]


def test_hello_takes_the_grant_back():
    """F4: every conversation begins disarmed."""
    host = standing()
    assert host.arm()
    host.table.receive(frame(Hello(1, 999)))
    host.run(0.03)
    assert not host.has(Flag.ARMED)


def test_hello_in_motion_brakes():
    """F4."""
    host = rising(-40.0)
    host.silent = True
    host.table.receive(frame(Hello(1, 999)))
    at = host.angle_deg
    host.run(1.3)
    assert abs(host.speed_dps) < 0.05
    assert host.angle_deg - at <= 1.5


def test_telemetry_tells_what_is_sensed():
    host = standing()
    switches = host.table.switches
    assert host.has(Flag.OCCUPIED)
    assert host.has(Flag.ANKLES_LOCKED)
    assert host.has(Flag.TRUSTED)
    assert host.has(Flag.HOST_LIVE)
    assert not host.has(Flag.HEAD_DOWN_SIDE)
    switches.occupied = switches.ankles_locked = False
    host.run(0.05)
    assert not host.has(Flag.OCCUPIED)
    assert not host.has(Flag.ANKLES_LOCKED)
    assert host.now.angle_deg == pytest.approx(-80.0, abs=0.6)
    assert host.now.bed_deg == pytest.approx(-80.0, abs=0.6)
    assert host.now.drive_deg == pytest.approx(-80.0, abs=0.6)
    assert holding(10.0).has(Flag.HEAD_DOWN_SIDE)


def test_moving_driven_and_brake_tell_motion_from_rest():
    host = rising(-40.0)
    assert host.has(Flag.MOVING)
    assert host.has(Flag.DRIVEN)
    assert host.has(Flag.LEASED)
    assert not host.has(Flag.BRAKE)
    assert host.now.rate_dps == pytest.approx(host.speed_dps, abs=0.7)
    assert host.now.current_a > 0.5
    host.stop()
    host.run(2.5)
    assert not host.has(Flag.MOVING)
    assert not host.has(Flag.DRIVEN)
    assert host.has(Flag.BRAKE)


@pytest.mark.parametrize("seed", range(4))
def test_a_resting_table_never_seems_to_move(seed: int):
    """The pause at level would begin anew with every flicker of MOVING."""
    host = standing(seed=seed)

    def moving() -> bool:
        return host.has(Flag.MOVING)

    assert not host.run(90.0, moving)


def test_the_arm_button_counts_presses():
    host = standing()
    for presses in (1, 2, 3):
        host.table.press_arm_button()
        host.run(0.3)
        assert host.now.arm_presses == presses
    host.table.switches.arm_button = True
    host.run(2.0)
    assert host.now.arm_presses == 4


# ---- the grant -------------------------------------------------------------------------------------------------------


def test_arm_grants_and_disarm_takes_back():
    host = standing()
    assert host.arm()
    host.send(host.link.disarm())
    host.run(0.05)
    assert not host.has(Flag.ARMED)


def with_switch(**known: bool) -> Host:
    host = standing()
    for name, value in known.items():
        setattr(host.table.switches, name, value)
    host.run(0.02)
    return host


def moving_down() -> Host:
    host = Host(-40.0).meet()
    host.lead(-80.0, 2.0)
    host.run(2.0)
    return host


def at_rest_head_down() -> Host:
    host = holding(10.0)
    host.send(host.link.disarm())
    host.let_go()
    host.run(0.1)
    return host


def latched_at_level() -> Host:
    host = standing()
    host.table.switches.estop = True
    host.run(0.1)
    host.table.switches.estop = False
    host.run(0.1)
    return host


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: with_switch(occupied=False), Reject.INTERLOCK),
        (lambda: with_switch(ankles_locked=False), Reject.INTERLOCK),
        (lambda: with_switch(estop=True), Reject.LATCHED),
        (latched_at_level, Reject.LATCHED),
        (moving_down, Reject.NOT_AT_REST),
        (at_rest_head_down, Reject.LATCHED),
    ],
    ids=["nobody", "ankles open", "estop", "latched", "moving", "head down"],
)
def test_arm_is_rejected(make: Callable[[], Host], reason: Reject):
    """H4, H13: each interlock of the grant."""
    host = make()
    host.rejects.clear()
    assert not host.arm()
    assert reason in host.rejects


def test_arm_needs_a_known_angle():
    """F8."""
    host = standing()
    for _ in range(2):
        host.table.sensors.bed_offset_deg += 2.0
        host.run(1.0)
    assert host.latched == C.DISAGREEMENT
    assert not host.arm()
    assert Reject.LATCHED in host.rejects


def test_a_stale_nonce_an_old_sequence_and_a_void_stop_count():
    """F2, F3, F21: what was in a buffer does not run."""
    host = standing()
    host.deaf = True
    old = host.link.arm(host.now.stop_count)
    host.run(0.4)
    host.table.receive(old)
    assert Rejected(Reject.STALE_NONCE, 4, host.link._sequence) in ticks(host.table, 1)
    host.deaf = False
    host.run(0.1)
    duplicate = host.link.arm(host.now.stop_count)
    before = host.link.keepalive()
    host.table.receive(before)
    host.table.receive(duplicate)
    assert Rejected(Reject.OLD_SEQUENCE, 4, host.link._sequence - 1) in ticks(host.table, 1)
    host.run(0.1)
    void = host.link.arm(host.now.stop_count)
    host.stop()
    host.table.receive(void)
    assert Rejected(Reject.VOID_STOP_COUNT, 4, host.link._sequence) in ticks(host.table, 1)
    host.run(0.1)
    assert not host.has(Flag.ARMED)


def test_a_duplicate_is_dropped_without_a_word():
    """F2."""
    host = standing()
    again = host.link.disarm()
    host.table.receive(again)
    host.arm()
    host.rejects.clear()
    host.table.receive(again)
    host.run(0.1)
    assert host.has(Flag.ARMED) or Reject.OLD_SEQUENCE in host.rejects


# ---- setpoints -------------------------------------------------------------------------------------------------------


def test_a_setpoint_upwards_needs_the_grant():
    """H4: also from −80° up to 0°."""
    host = standing()
    at = host.angle_deg
    host.lead(-40.0)
    host.run(3.0)
    assert Reject.NOT_ARMED in host.rejects
    assert host.angle_deg - at < 0.3
    assert host.has(Flag.BRAKE)


@pytest.mark.parametrize("start", [-40.0, 0.0])
def test_a_setpoint_downwards_needs_none(start: float):
    """Permission is asymmetric: to standing the way is free for a person's live wish."""
    host = Host(start).meet()
    host.lead(-80.0, 3.0)
    assert host.run(45.0, lambda: host.angle_deg < -79.0)
    assert host.rejects == []


def test_a_setpoint_just_above_the_table_moves_nothing_without_the_grant():
    host = standing()
    at = host.angle_deg
    for _ in range(300):
        host.run(0.02)
        host.send(host.link.setpoint(host.now.stop_count, host.now.angle_deg + 0.45, 0.5, 60.0))
        assert not host.has(Flag.DRIVEN)
    assert host.angle_deg - at < 0.05


@pytest.mark.parametrize(("above", "rejected"), [(0.3, False), (0.7, True), (4.0, True)])
def test_half_a_degree_above_the_table_is_a_rise(above: float, rejected: bool):
    """H4: less may be noise; either moves nothing without the grant."""
    host = standing()
    host.send(host.link.setpoint(host.now.stop_count, host.now.angle_deg + above, 0.0, 60.0))
    host.run(0.05)
    assert host.rejects == ([Reject.NOT_ARMED] if rejected else [])


@pytest.mark.parametrize("switch", ["occupied", "ankles_locked"])
def test_a_setpoint_downwards_needs_a_person_locked_in(switch: str):
    """F25, F26, H13: standing up with an open lock moves nothing, however often it is asked for."""
    host = Host(-40.0).meet()
    setattr(host.table.switches, switch, False)
    host.run(1.0)
    at = host.angle_deg
    host.lead(-80.0, 3.0)
    host.run(5.0)
    assert Reject.INTERLOCK in host.rejects
    assert abs(host.angle_deg - at) < 0.05


def test_a_setpoint_is_refused_while_the_angle_is_not_trusted():
    """F8: on the head-up side too; nothing is led anywhere by a frozen belief."""
    host = Host(-40.0).meet()
    host.lead(-80.0, 2.0)
    host.run(3.0)
    host.table.sensors.bed_offset_deg += 2.2
    host.run(0.2)
    host.table.sensors.bed_offset_deg += 2.2
    assert host.run(1.5, lambda: bool(host.causes & C.DISAGREEMENT))
    assert not host.has(Flag.LEASED)
    host.run(1.3)
    at = host.angle_deg
    host.rejects.clear()
    host.run(5.0)
    assert Reject.LATCHED in host.rejects
    assert abs(host.angle_deg - at) < 0.05


@pytest.mark.parametrize(("target", "limit", "reached"), [(30.0, 20.0, 20.0), (90.0, 90.0, 60.0), (20.0, -5.0, -5.0)])
def test_a_setpoint_ends_at_the_tightest_limit(target: float, limit: float, reached: float):
    """H2: its own, the unit's, and never beyond."""
    host = Host(-5.0).meet()
    assert host.arm()
    host.limit_deg = limit
    host.lead(target, 3.0)
    host.run(reached / 3.0 + 15.0)
    assert host.angle_deg == pytest.approx(reached, abs=0.6)
    assert max(host.angles) <= reached + 1.0
    assert host.rung == Rung.NONE


def test_no_setpoint_leads_below_the_load_position():
    host = Host(-70.0).meet()
    host.lead(-90.0, 3.0)
    host.run(10.0)
    assert min(host.angles) > -81.0
    assert host.angle_deg == pytest.approx(-80.0, abs=0.6)


@pytest.mark.parametrize("rate", [3.0, 30.0, 300.0])
def test_no_setpoint_moves_faster_than_3_dps(rate: float):
    """H6."""
    host = standing()
    assert host.arm()
    host.lead(50.0, rate)
    assert host.run(70.0, lambda: host.angle_deg > 49.0)
    assert max(map(abs, host.speeds)) <= 3.2


def test_a_led_table_is_smooth():
    """H6, H8: 1 °/s² and 2 °/s³ in the reference; the drive stays close."""
    host = standing()
    assert host.arm()
    host.lead(20.0, 2.0)
    host.run(60.0)
    speeds = host.driven
    assert max(abs(b - a) / 0.2 for a, b in zip(speeds, speeds[10:], strict=False)) < 1.6
    assert host.angle_deg == pytest.approx(20.0, abs=0.6)


# ---- damage ----------------------------------------------------------------------------------------------------------


def test_no_damaged_frame_is_obeyed():
    """F1: every single bit flip of an ARM frame is dropped; noise is answered once."""
    host = standing()
    host.deaf = True
    good = host.link.arm(host.now.stop_count)
    before = host.table.tick()
    for bit in range(len(good) * 8):
        damaged = bytearray(good)
        damaged[bit // 8] ^= 1 << bit % 8
        if bit // 8 in (0, len(good) - 1):
            continue  # the delimiters: what is behind them may still be whole
        host.table.receive(bytes(damaged))
    messages = unwrap(before + host.table.tick() + host.table.tick())
    assert sum(isinstance(m, Rejected) for m in messages) == 1
    assert not [m for m in messages if isinstance(m, Telemetry)][-1].flags & Flag.ARMED


# ---- acknowledgement -------------------------------------------------------------------------------------------------


def test_acknowledgement_clears_what_is_gone_and_only_that():
    host = standing()
    switches = host.table.switches
    switches.estop = True
    host.run(0.1)
    host.acknowledge()
    assert host.latched == C.ESTOP
    switches.estop = False
    host.run(0.1)
    assert host.latched == C.ESTOP
    assert host.rung == Rung.HOLD
    host.acknowledge()
    assert host.latched == C(0)
    assert host.rung == Rung.NONE


def test_head_down_nothing_is_acknowledged():
    host = holding(20.0)
    host.table.switches.estop = True
    host.run(0.2)
    host.table.switches.estop = False
    host.run(0.2)
    host.acknowledge()
    assert host.latched == C.ESTOP
    assert host.rung == Rung.HOLD


def test_nothing_is_armed_while_the_motor_is_driven_though_nobody_sees_it_move_yet():
    """H4, H15: at the first ticks of a motion."""
    host = standing()
    assert host.arm()
    host.lead(-30.0, 2.0)
    assert host.run(2.0, lambda: host.has(Flag.DRIVEN))
    assert not host.has(Flag.MOVING)
    host.send(host.link.arm(host.now.stop_count))
    host.run(0.06)
    assert host.rejects == [Reject.NOT_AT_REST]


def test_nothing_is_armed_while_the_table_moves_though_the_motor_is_not_driven():
    """H4, H15: somebody turns it by hand."""
    host = standing()
    turned = iter(range(10_000))
    host.table.sensors.bed_fault = lambda cdeg: cdeg + next(turned)
    host.table.sensors.drive_fault = lambda cdeg: cdeg + next(turned)
    assert host.run(0.6, lambda: host.has(Flag.MOVING))
    assert not host.has(Flag.DRIVEN)
    host.send(host.link.arm(host.now.stop_count))
    host.run(0.06)
    assert host.rejects == [Reject.NOT_AT_REST]


def test_a_new_session_begins_disarmed():
    """H4: what was granted to the host before is void with its HELLO."""
    host = rising(-20.0)
    assert host.has(Flag.ARMED)
    host.silent = True
    host.send(frame(Hello(1, 999)))
    host.run(0.04)
    assert not host.has(Flag.ARMED)
    assert not host.has(Flag.LEASED)


@pytest.mark.parametrize(("angle_deg", "flag"), [(62.5, Flag.END_HEAD_DOWN), (-82.5, Flag.END_HEAD_UP), (0.0, Flag(0))])
def test_the_end_switches_are_told(angle_deg: float, flag: Flag):
    told = ticks(Table(angle_deg=angle_deg), 3)[-1]
    assert isinstance(told, Telemetry)
    assert told.flags & (Flag.END_HEAD_DOWN | Flag.END_HEAD_UP) == flag


def test_a_second_reset_before_the_first_tick_counts_after_a_long_run_too():
    """H9, F5: the minute begins with each start."""
    host = standing()
    host.run(61.0)
    host.table.reset_unit()
    host.table.reset_unit()
    host.run(0.1)
    assert C.RESET_LOOP in host.latched
