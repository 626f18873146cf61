"""How a motion ends: the lease, silence (R1), and the wish for level, from both sides (F2, F3, F4, F17)."""

from collections.abc import Callable

import pytest

from protocol.link import frame
from protocol.messages import Cause, Flag, Level, Reject, Rung, Setpoint, Telemetry
from simulator.table import Table

from .host import Host, holding, returning, rising, ticks

C = Cause


# ---- lease and silence -----------------------------------------------------------------------------------------------


def session_downwards(angle_deg: float) -> Host:
    host = holding(angle_deg + 8.0)
    host.lead(-60.0, 3.0)
    assert host.run(10.0, lambda: host.angle_deg <= angle_deg)
    return host


@pytest.mark.parametrize("angle", [-60.0, -20.0, 0.0, 20.0, 50.0])
@pytest.mark.parametrize("make", [rising, session_downwards])
def test_an_ended_lease_brakes_at_once(make: Callable[[float], Host], angle: float):
    """F2, F17: keepalives go on, setpoints don't: standstill within 1.3 s of the end of the lease, and the grant is
    gone. Nothing resumes."""
    host = make(angle)
    host.let_go()
    host.run(0.5)
    at = host.table.physics.drive_deg
    host.run(1.3)
    assert abs(host.driven[-1]) < 0.05
    assert abs(host.table.physics.drive_deg - at) <= 1.5
    assert not host.has(Flag.ARMED)
    assert not host.has(Flag.LEASED)
    assert host.rung in (Rung.REFUSE, Rung.NONE)
    at = host.table.physics.drive_deg
    host.run(5.0)
    assert host.table.physics.drive_deg == pytest.approx(at, abs=0.01)


def test_a_lease_lasts_half_a_second_at_most():
    """F17: a setpoint that asks for more gets 0.5 s."""
    host = rising(-40.0)
    host.let_go()
    host.send(frame(Setpoint(host.link._sequence + 1, host.now.nonce, host.stop_count, 0, 300, 6000, 60_000)))
    host.link._sequence += 1
    host.run(0.45)
    assert host.has(Flag.LEASED)
    host.run(0.1)
    assert not host.has(Flag.LEASED)
    assert host.causes == C.LEASE_EXPIRED


def test_the_grant_goes_with_the_lease_also_at_rest():
    for angle in (-20.0, 20.0):
        host = holding(angle)
        host.run(5.0)
        host.let_go()
        host.run(0.6)
        assert not host.has(Flag.ARMED)
        assert host.causes == C(0)


@pytest.mark.parametrize("angle", [1.9, 5.0, 20.0, 55.0])
@pytest.mark.parametrize("how", ["silent", "deaf", "no fresh nonce"])
def test_silence_head_down_is_r1(angle: float, how: str):
    """F3, F4, F17: after 2 s without a fresh nonce; home at most at 3 °/s, never up; no acknowledgement is needed."""
    host = holding(angle)
    at, since = host.angle_deg, len(host.angles)
    if how == "silent":
        host.silent = True
    elif how == "deaf":
        host.deaf = True
    else:
        host.lost = lambda: True
    host.run(1.9)
    assert abs(host.angle_deg - at) < 0.1
    host.run(30.0)
    assert abs(host.angle_deg) < 1.5
    assert max(host.angles[since:]) - at < 0.3
    assert max(map(abs, host.driven[since:])) <= 3.0
    host.deaf = host.silent = False
    host.lost = lambda: False
    host.let_go()
    host.run(1.0)
    assert host.rung == Rung.NONE
    assert (host.causes, host.latched) == (C(0), C(0))
    assert host.arm()


@pytest.mark.parametrize("angle", [-80.0, -40.0, -5.0, -1.0])
def test_silence_head_up_is_brake_and_hold(angle: float):
    """F17, H15."""
    host = Host(angle).meet()
    at = host.angle_deg
    host.silent = True
    host.run(10.0)
    assert abs(host.angle_deg - at) < 0.05
    assert host.causes == C.HOST_SILENT
    assert host.rung == Rung.REFUSE


def test_silence_while_rising_brakes_and_then_returns():
    """F17: the lease first, R1 after 2 s; a host that is back resumes nothing."""
    host = rising(20.0)
    host.silent = True
    host.run(1.8)
    assert abs(host.speed_dps) < 0.05
    host.run(0.6)
    assert host.speed_dps < -0.05
    host.silent = False
    host.lead(30.0)
    host.run(1.0)
    assert host.rung == Rung.LEVEL
    assert Reject.LATCHED in host.rejects
    host.let_go()
    assert host.run(20.0, host.at_level)


def test_bytes_that_merely_arrive_are_not_life():
    """F1, F3: garbage and level frames without a nonce do not count."""
    host = holding(20.0)
    host.deaf = True
    for _ in range(25):
        host.run(0.1)
        host.table.receive(b"\x00garbage\x00" + b"\xff" * 80)
    host.deaf = False
    host.run(0.02)
    assert host.rung == Rung.LEVEL


# ---- level -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("angle", [2.0, 8.0, 30.0, 59.0])
def test_level_from_the_head_down_side(angle: float):
    """H1: at most 3 °/s, never up, smoothly to 0°, and braked there. No acknowledgement is needed."""
    host = holding(angle)
    at, since = host.angle_deg, len(host.angles)
    host.level()
    assert host.run(angle / 2.0 + 10.0, host.at_level)
    host.run(2.0)
    assert host.angle_deg == pytest.approx(0.0, abs=0.5)
    assert max(host.angles[since:]) - at < 0.3
    assert max(map(abs, host.driven[since:])) <= 3.0
    assert (host.rung, host.causes, host.latched) == (Rung.NONE, C(0), C(0))


def test_level_turns_a_rise_round():
    host = rising(20.0)
    at = host.angle_deg
    host.level()
    assert host.run(20.0, host.at_level)
    assert max(host.angles) - at <= 1.5


@pytest.mark.parametrize("angle", [-80.0, -40.0, -2.0, 0.0, 1.0])
def test_level_from_the_head_up_side_moves_nothing_and_is_not_rejected(angle: float):
    """H15: somebody may be stepping off."""
    host = Host(angle).meet()
    at = host.angle_deg
    host.level()
    host.run(5.0)
    assert abs(host.angle_deg - at) < 0.05
    assert host.rejects == []
    assert host.causes == C(0)


def test_level_ends_a_lease_on_the_head_up_side():
    host = rising(-40.0)
    host.level()
    at = host.angle_deg
    host.run(1.3)
    assert abs(host.speed_dps) < 0.05
    assert host.angle_deg - at <= 1.5
    assert not host.has(Flag.ARMED)


def test_level_needs_no_hello():
    """A host that just started can bring a person home."""
    table = Table(angle_deg=30.0)
    table.switches.estop = True
    ticks(table, 100)
    table.switches.estop = False
    found = ticks(table, 100)
    last = [m for m in found if isinstance(m, Telemetry)][-1]
    table.receive(frame(Level(9, last.stop_count)))
    ticks(table, 2000)
    assert abs(table.angle_deg) < 1.5


def test_an_old_level_does_not_beat_a_newer_stop():
    """F2: `stop` beats an older `level`."""
    host = holding(20.0)
    old = host.link.level(host.now.stop_count)
    host.stop()
    host.table.receive(old)
    host.run(3.0)
    assert Reject.VOID_STOP_COUNT in host.rejects
    assert host.causes == C.STOPPED
    assert host.angle_deg > 19.0


@pytest.mark.parametrize("offset", [1.5, -1.5, 2.4, -2.4])
def test_level_ends_also_when_the_sensors_are_off_by_some_degrees(offset: float):
    """The more head-down sensor decides: the return goes on until that one is level too, and ends there."""
    host = holding(20.0)
    for _ in range(5):
        host.table.sensors.bed_offset_deg += offset / 5
        host.run(0.2)
    host.level()
    assert host.run(20.0, lambda: host.still() and host.rung != Rung.LEVEL)
    host.run(3.0)
    assert host.still()
    assert host.rung == Rung.NONE
    assert -abs(offset) - 1.0 < host.angle_deg < 1.5


def test_setpoints_are_rejected_during_a_return():
    host = returning(15.0)
    host.lead(30.0)
    host.run(1.0)
    assert Reject.LATCHED in host.rejects
    assert host.rung == Rung.LEVEL
