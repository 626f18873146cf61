"""A sensor fails in every way, in every motion: R1 on the healthy one, R2 without one (F7, F8); never further up."""

from collections.abc import Callable

import pytest

from protocol.messages import Cause, Flag, Reject, Rung

from .host import Host, break_sensor, drift_apart, goes_home, holding, holds, reacts, returning, rising, standing_up

C = Cause
Make = Callable[[float], Host]

WAYS = ["frozen", "rail", "other rail", "slipped up", "slipped down", "sign", "wild"]
SENSORS = [("bed", C.BED_SENSOR), ("drive", C.DRIVE_SENSOR)]


def mend(host: Host) -> None:
    host.table.sensors.bed_fault = host.table.sensors.drive_fault = None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("which", "cause"), SENSORS)
@pytest.mark.parametrize("make", [rising, holding, returning])
def test_a_sensor_that_fails_head_down(make: Make, which: str, cause: Cause, way: str):
    """F7: named, latched, R1 on the healthy one; at level it can be acknowledged once it is mended."""
    host = make(20.0)
    break_sensor(host, which, way)
    reacts(host, cause, 4.5)
    assert host.rung == Rung.LEVEL
    goes_home(host, 1.5 if make is rising else 0.3)
    host.run(5.0)
    assert host.latched == cause
    assert not host.arm()
    if way != "sign":  # at level a flipped sign is as good as none
        host.acknowledge()
        assert host.latched == cause
    mend(host)
    host.run(1.5)
    assert host.latched == cause
    host.acknowledge()
    assert host.latched == C(0)
    assert host.arm()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("which", "cause"), SENSORS)
@pytest.mark.parametrize("make", [rising, standing_up])
def test_a_sensor_that_fails_head_up(make: Make, which: str, cause: Cause, way: str):
    """F7, H15: brake and hold; standing up stays free for a live wish, rising does not."""
    host = make(-40.0)
    break_sensor(host, which, way)
    reacts(host, cause, 4.5)
    assert not host.has(Flag.ARMED)
    if make is rising:
        at = host.table.physics.drive_deg
        host.run(1.3)
        assert abs(host.table.physics.drive_deg - at) <= 1.5
        host.let_go()
        holds(host)
        host.lead(0.0)
        host.run(3.0)
        assert Reject.NOT_ARMED in host.rejects
    assert host.rung == Rung.REFUSE


@pytest.mark.parametrize("which", ["bed", "drive"])
@pytest.mark.parametrize("make", [rising, holding, returning])
def test_a_drift_that_nothing_attributes_is_led_home_blind(make: Make, which: str):
    """F8: R2 until the level switch changes side, then R3; never up, slowly, and level in truth."""
    host = make(20.0)
    break_sensor(host, which, "drifting")
    reacts(host, C.DISAGREEMENT, 6.0)
    assert host.rung == Rung.BLIND_LEVEL
    assert not host.has(Flag.TRUSTED)
    at, since = host.angle_deg, len(host.angles)
    assert host.run(60.0, lambda: host.rung == Rung.HOLD)
    assert abs(host.angle_deg) < 1.0
    assert max(host.angles[since:]) - at <= 1.5
    assert max(map(abs, host.driven[since + 150 :])) <= 1.5
    assert host.latched == C.DISAGREEMENT | C.BLIND_ENDED
    assert host.has(Flag.SIREN)
    assert not host.has(Flag.MOVING)
    host.run(0.5)
    holds(host, 5.0)


def test_a_drift_head_up_is_held():
    """F8, H15."""
    host = rising(-40.0)
    break_sensor(host, "drive", "drifting")
    reacts(host, C.DISAGREEMENT, 6.0)
    host.run(1.3)
    host.let_go()
    holds(host)
    assert host.rung == Rung.REFUSE


def test_no_healthy_sensor_is_led_home_blind():
    """F7: neither: R2, bounded by the last trusted angle, then R3."""
    host = holding(20.0)
    break_sensor(host, "bed", "rail")
    break_sensor(host, "drive", "rail")
    reacts(host, C.NO_SENSOR, 0.2)
    assert host.rung == Rung.BLIND_LEVEL
    assert host.run(60.0, lambda: host.rung == Rung.HOLD)
    assert abs(host.angle_deg) < 1.0


def test_no_healthy_sensor_from_the_first_moment_on():
    """F5, F7: nobody knows the angle, so that the bound is that of the hard limit."""
    host = Host(58.0)
    break_sensor(host, "bed", "rail")
    break_sensor(host, "drive", "other rail")
    assert host.run(100.0, lambda: host.angle_deg < 0.0)
    host.run(1.0)
    assert host.rung == Rung.HOLD
    assert host.angle_deg > -1.0


def test_a_blind_return_ends_by_time_where_the_side_never_changes():
    """R2 is bounded by time × slowest speed from the last trusted angle; each live wish adds a few degrees only."""
    host = holding(10.0)
    drift_apart(host)
    assert host.rung == Rung.BLIND_LEVEL
    host.table.sensors.side_fault = lambda _: True
    # The bed's sensor was believed up to 3° above the 10°, and 5° are the reserve.
    assert host.run((13.0 + 5.0) / 0.5, lambda: host.rung == Rung.HOLD)
    assert C.BLIND_ENDED in host.latched
    host.run(1.0)
    at = host.angle_deg
    assert -25.0 < at < -5.0
    holds(host, 10.0)
    host.level()
    assert host.run(12.0, lambda: host.angle_deg < at - 5.0)
    host.run(5.0)
    assert host.rung == Rung.HOLD
    assert at - 12.0 < host.angle_deg < at - 5.0
    assert host.still()


@pytest.mark.parametrize("which", ["jammed", "polarity"])
def test_a_blind_return_that_gets_nowhere_or_up_ends_soon(which: str):
    """R2, F9, F10: two sensors that disagree by some degrees still show that nothing moves, or the wrong way."""
    host = holding(20.0)
    drift_apart(host)
    assert host.rung == Rung.BLIND_LEVEL
    setattr(host.table.physics, which, True if which == "jammed" else -1)
    at = host.angle_deg
    host.run(6.0)
    assert host.rung == Rung.HOLD
    assert host.latched & (C.STALLED | C.NO_PROGRESS | C.WRONG_WAY)
    assert max(host.angles[-300:]) <= at + 2.5
    holds(host, 10.0)


def test_a_stop_does_not_lengthen_a_blind_return():
    host = holding(10.0)
    drift_apart(host)
    host.table.physics.jammed = True
    driven_s = 0.0
    for _ in range(200):
        host.run(1.0)
        driven_s += host.has(Flag.DRIVEN)
        if host.rung == Rung.HOLD:
            break
        if host.table.now_ms % 7000 < 1000:
            host.stop()
            host.run(0.5)
    assert host.rung == Rung.HOLD
    assert driven_s <= (15.0 + 5.0) / 0.5 + 5.0


def test_a_blind_return_is_not_believed_before_it_ended():
    """The pair agrees again: the fault is latched, the way home goes on, and R3 ends it."""
    host = holding(20.0)
    drift_apart(host)
    host.run(2.0)
    host.table.sensors.bed_offset_deg = 0.1
    assert host.run(40.0, lambda: host.rung == Rung.HOLD)
    assert -1.0 < host.angle_deg < 2.5
    assert max(host.angles) < 21.5
    assert C.OVER_SPEED not in host.latched


def test_head_down_time_is_counted_while_nobody_knows_the_angle_and_not_at_level():
    """H3."""
    host = holding(20.0)
    drift_apart(host)
    before = host.now.head_down_s
    assert host.run(40.0, lambda: host.rung == Rung.HOLD)
    after = host.now.head_down_s
    assert after - before >= 15
    host.run(20.0)
    assert host.now.head_down_s == after


@pytest.mark.parametrize("offset", [2.0, 2.4, -2.4])
def test_a_sensor_that_slips_by_two_degrees_is_no_runaway(offset: float):
    """F12, F7: small enough to pass for an angle, it looks like 6 °/s for a moment; the other sensor knows better."""
    host = holding(20.0)
    host.table.sensors.bed_offset_deg += offset
    host.run(3.0)
    assert C.OVER_SPEED not in host.latched


def test_a_single_glitch_in_a_session_changes_nothing():
    """F7."""
    host = holding(20.0)
    for which in ("bed", "drive"):
        break_sensor(host, which, "rail")
        host.run(0.03)
        mend(host)
        host.run(1.0)
    assert (host.latched, host.causes, host.rung) == (C(0), C(0), Rung.NONE)
    assert host.has(Flag.ARMED)


def test_a_sensor_fails_while_the_return_is_on_the_other():
    """F7, F7: the second one too: R2."""
    host = returning(20.0)
    break_sensor(host, "bed", "rail")
    host.run(1.0)
    assert host.rung == Rung.LEVEL
    break_sensor(host, "drive", "rail")
    host.run(0.2)
    assert host.rung == Rung.BLIND_LEVEL
    assert host.run(40.0, lambda: host.rung == Rung.HOLD)
    assert abs(host.angle_deg) < 1.0


def test_two_sensors_that_show_too_little_alike_end_at_the_switch():
    """H2, F14: their supply sags, each shows nine tenths, and so the table is beyond 62° before they show 60°. The end
    switch has stopped it there; it does not hang there until the stall or the missing progress is noticed, and R3."""
    host = Host(-0.5).meet()
    sensors = host.table.sensors
    sensors.bed_fault = sensors.drive_fault = lambda cdeg: cdeg * 9 // 10
    assert host.arm()
    host.lead(60.0, 3.0)
    reacts(host, C.OVER_ANGLE, 40.0)
    assert host.angle_deg == pytest.approx(62.2, abs=0.3)
    assert host.rung == Rung.LEVEL
    goes_home(host)


def test_an_end_switch_whose_wire_breaks_leads_home_and_lets_nothing_rise(monkeypatch: pytest.MonkeyPatch):
    """H2: an open loop is its dangerous side."""
    host = holding(20.0)
    monkeypatch.setattr("simulator.sensors.ELECTRICAL_END_DEG", (-90.0, -90.0))
    host.table.sensors.readings.end_head_down = True
    reacts(host, C.OVER_ANGLE, 0.06)
    assert host.rung == Rung.LEVEL
    goes_home(host)
    host.acknowledge()
    assert host.latched == C.OVER_ANGLE
    assert not host.arm()
