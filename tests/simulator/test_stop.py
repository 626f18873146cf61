"""A stop, measured on the true table: how hard, how far, how long; what a freeze becomes; and floods of stops."""

from collections.abc import Callable

import pytest

from protocol.link import STOP_FRAME
from protocol.messages import Cause, Flag, Reject, Rung
from simulator.physics import Person

from .host import Host, drift_apart, holding, returning, rising, standing, standing_up

C = Cause


def blind(angle_deg: float, **known: object) -> Host:
    """In a blind return (R2)."""
    host = holding(angle_deg + 4.0, **known)
    drift_apart(host)
    assert host.run(10.0, lambda: host.angle_deg <= angle_deg)
    assert host.rung == Rung.BLIND_LEVEL
    return host


def assert_stopped_well(host: Host) -> None:
    """Safety.md: at most 5 °/s², 1.5° of travel and 1.3 s from the receipt to standstill.

    Travel and time are the drive's: the bed may still fall through the play (0.5°) behind it. The deceleration is the
    drive's too, over 60 ms.
    """
    since, at = len(host.angles), host.table.physics.drive_deg
    host.run(1.3)
    assert abs(host.driven[-1]) < 0.05
    assert abs(host.table.physics.drive_deg - at) <= 1.5
    assert max(host.angles[since - 1 :]) - host.angles[since - 1] <= 1.5
    driven = host.driven[since - 1 :]
    assert max(abs(b - a) / 0.06 for a, b in zip(driven, driven[3:], strict=False)) <= 5.0
    rest = host.table.physics.drive_deg
    host.run(5.0)
    assert host.table.physics.drive_deg == pytest.approx(rest, abs=0.01)
    assert host.has(Flag.BRAKE)
    assert not host.has(Flag.ARMED | Flag.LEASED)


MOTIONS: list[Callable[..., Host]] = [rising, returning, standing_up, blind]
PEOPLE = [Person(50.0, -0.1), Person(80.0, -0.05), Person(136.0, 0.0)]


@pytest.mark.parametrize("person", PEOPLE, ids=["50 kg", "80 kg", "136 kg"])
@pytest.mark.parametrize(
    ("make", "angle"),
    [
        (rising, -70.0), (rising, -20.0), (rising, 0.0), (rising, 20.0), (rising, 55.0),
        (returning, 5.0), (returning, 20.0), (returning, 45.0),
        (standing_up, -70.0), (standing_up, -20.0),
        (blind, 8.0), (blind, 30.0),
    ],
)  # fmt: skip
def test_a_stop_freezes_whatever_moves(make: Callable[..., Host], angle: float, person: Person):
    """H11, R1 and R2 included."""
    host = make(angle, person=person)
    host.stop()
    assert_stopped_well(host)
    assert host.has(Flag.FROZEN) or abs(host.angle_deg) < 1.5


@pytest.mark.parametrize("angle", [-40.0, 30.0, 55.0])
def test_the_bed_itself_stops_with_5_dps2(angle: float):
    """The person feels the bed: rising, it leans on the drive and follows it."""
    for person in PEOPLE:
        host = rising(angle, person=person)
        since, at = len(host.speeds) - 1, host.angle_deg
        host.stop()
        host.run(2.0)
        speeds = host.speeds[since:]
        assert max(abs(b - a) / 0.06 for a, b in zip(speeds, speeds[3:], strict=False)) <= 5.0
        assert max(host.angles[since:]) - at <= 1.5


def test_a_stop_before_hello_and_in_every_state():
    """Never refused: each counts at once, also one that comes before anything else or into a restart."""
    host = Host(-20.0)
    table = host.table
    for prepare in (lambda: None, host.meet, lambda: setattr(table.switches, "estop", True), table.reset_unit):
        prepare()
        count = table.memory.stop_count
        table.receive(STOP_FRAME)
        assert table.memory.stop_count == count + 1
        host.run(0.5)
        assert host.now.stop_count > count


def test_a_stop_voids_what_is_in_flight():
    """F2, H11: setpoint, arm and level that were made before it."""
    host = rising(-20.0)
    count = host.now.stop_count
    flight = [
        host.link.setpoint(count, 0.0, 3.0, 60.0), host.link.arm(count), host.link.setpoint(count, 0.0, 3.0, 60.0),
    ]  # fmt: skip
    host.stop()
    for data in flight:
        host.table.receive(data)
    assert_stopped_well(host)
    assert host.rejects == [Reject.VOID_STOP_COUNT]


@pytest.mark.parametrize("angle", [-60.0, -10.0])
def test_a_freeze_on_the_head_up_side_stays(angle: float):
    """H15: nothing moves by itself, however long it takes."""
    host = rising(angle)
    host.stop()
    host.run(2.0)
    at = host.angle_deg
    host.run(30.0)
    assert host.angle_deg == pytest.approx(at, abs=0.02)
    assert host.causes == C.STOPPED
    assert host.rung == Rung.REFUSE


def test_a_freeze_at_level_is_over():
    host = rising(-1.2, 1.0)
    host.stop()
    host.run(3.0)
    assert host.causes == C(0)
    assert not host.has(Flag.FROZEN)


def test_a_freeze_ends_by_standing_up():
    """From a freeze on the way up, back to standing, with the new stop count and without a grant."""
    host = rising(-40.0)
    host.stop()
    host.run(2.0)
    host.lead(-80.0)
    host.run(2.0)
    assert host.causes == C(0)
    assert host.angle_deg < -40.0


def test_a_freeze_ends_by_a_new_grant():
    host = rising(-40.0)
    host.stop()
    host.run(2.0)
    assert host.arm()
    assert host.causes == C(0)


def test_head_down_no_setpoint_ends_a_freeze():
    host = rising(20.0)
    host.stop()
    host.run(2.0)
    host.lead(0.0)
    at = host.angle_deg
    host.run(2.0)
    assert Reject.LATCHED in host.rejects
    assert host.angle_deg == pytest.approx(at, abs=0.02)
    assert host.causes == C.STOPPED


def slow_return(host: Host, before_s: float) -> float:
    """Within this time the table is still frozen; then it goes home, without an acknowledgement. The fastest °/s."""
    at, since = host.angle_deg, len(host.angles)
    host.run(before_s)
    assert host.angle_deg == pytest.approx(at, abs=0.1)
    assert host.run(at + 15.0, host.at_level)
    assert max(host.angles[since:]) - at < 0.3
    fastest_dps = max(map(abs, host.driven[since:]))
    host.run(1.0)
    assert (host.causes, host.latched, host.rung) == (C(0), C(0), Rung.NONE)
    return fastest_dps


@pytest.mark.parametrize("make", [rising, returning])
def test_frozen_head_down_for_20_s_becomes_a_slow_return(make: Callable[..., Host]):
    """H1, H7."""
    host = make(20.0)
    host.stop()
    host.run(2.0)
    assert slow_return(host, 17.5) <= 1.0
    assert host.arm()


def test_a_freeze_that_slid_over_the_edge_of_level_returns_slowly_too():
    """Stopped at +1.3° at full rate, it comes to rest head down: that is a return after a stop like any other."""
    host = rising(1.0)
    host.stop()
    host.run(2.0)
    assert host.angle_deg > 1.8
    at, since = host.angle_deg, len(host.driven)
    host.run(30.0)
    assert max(map(abs, host.driven[since:])) <= 1.0
    assert host.angle_deg < at - 1.0


def test_a_level_wish_after_a_stop_returns_slowly():
    """H7: 1 °/s after a stop."""
    host = rising(20.0)
    host.stop()
    host.run(2.0)
    host.level()
    assert slow_return(host, 0.0) <= 1.0


@pytest.mark.parametrize("stopped_at", [10.0, -20.0])
def test_a_stop_does_not_slow_the_return_of_the_next_session(stopped_at: float):
    host = rising(stopped_at)
    host.stop()
    host.run(2.0)
    if stopped_at > 0:  # from there only by level
        host.level()
        assert host.run(30.0, host.at_level)
        host.run(0.5)
    assert host.arm()
    host.lead(30.0, 3.0)
    assert host.run(25.0, lambda: host.angle_deg > 29.0)
    since = len(host.driven)
    host.level()
    assert host.run(20.0, host.at_level)
    assert max(map(abs, host.driven[since:])) > 2.0


def test_frozen_with_a_dead_host_waits_its_20_s_and_returns():
    """F17 after a stop: the freeze goes first."""
    host = rising(20.0)
    host.stop()
    host.silent = True
    host.run(2.0)
    at = host.angle_deg
    host.run(17.0)
    assert host.angle_deg == pytest.approx(at, abs=0.02)
    assert host.run(45.0, lambda: host.angle_deg < 1.0)


def test_a_further_stop_restarts_the_20_s_three_times_an_episode():
    """H1: nobody is kept head down by stops."""
    host = holding(20.0)
    host.stop()
    for _ in range(3):
        host.run(15.0)
        host.stop()
        host.run(0.1)
    host.run(15.0)
    assert host.causes == C.STOPPED
    host.stop()
    host.run(4.5)
    assert host.causes == C.STOPPED
    host.run(0.6)
    assert host.causes == C.FROZEN_LONG
    host.run(3.0)
    host.stop()
    host.run(0.1)
    assert host.causes == C.STOPPED
    host.run(1.3)
    assert host.causes == C.FROZEN_LONG
    assert host.run(40.0, host.at_level)


def test_the_restarts_come_back_with_the_end_of_the_episode_not_at_level():
    """An episode ends after 60 s at or below 5° (docs/protocol.md)."""
    host = holding(10.0)
    host.stop()
    for _ in range(3):
        host.run(1.0)
        host.stop()
    host.run(0.1)
    host.level()
    assert host.run(30.0, host.at_level)
    ladder = host.table._unit._ladder
    host.run(30.0)
    assert ladder._restarts == 3
    host.run(31.0)
    assert ladder._restarts == 0


def test_repetitions_of_one_stop_restart_nothing():
    """The controller repeats a stop until telemetry confirms it; all are counted."""
    host = rising(20.0)
    count = host.now.stop_count
    for _ in range(30):
        host.stop()
        host.run(0.02)
    host.run(1.0)
    assert (host.now.stop_count - count) % 65536 == 30
    assert host.table._unit._ladder._restarts == 0
    assert slow_return(host, 18.0) <= 1.0


@pytest.mark.parametrize("period_s", [0.02, 0.1, 0.45])
def test_a_flood_of_stops_does_not_keep_a_person_head_down(period_s: float):
    """F22, H1: frames that repeat one stop freeze for 20 s and don't hold up the return after that."""
    host = rising(15.0)
    for _ in range(round(19.0 / period_s)):
        host.stop()
        host.run(period_s)
    assert host.angle_deg > 15.0
    for _ in range(round(25.0 / period_s)):
        host.stop()
        host.run(period_s)
    assert abs(host.angle_deg) < 1.5
    assert max(map(abs, host.driven[-1250:])) <= 1.0


def test_a_stop_ends_a_wished_return_gently_also_under_a_latched_hold():
    """After an emergency stop a live wish may return; a stop during that is 5 °/s², not the brake's jerk (F24)."""
    host = holding(30.0)
    host.table.switches.estop = True
    host.run(0.5)
    host.table.switches.estop = False
    host.run(0.5)
    host.level()
    assert host.run(10.0, lambda: host.angle_deg < 24.0)
    host.stop()
    assert_stopped_well(host)
    at = host.angle_deg
    host.run(30.0)
    assert host.angle_deg == pytest.approx(at, abs=0.02)
    assert host.rung == Rung.HOLD


def test_a_stop_at_rest_moves_nothing():
    host = standing()
    at = host.angle_deg
    host.stop()
    host.run(30.0)
    assert host.angle_deg == pytest.approx(at, abs=0.02)
    assert host.causes == C.STOPPED


def test_after_a_reset_three_more_stops_restart_the_freeze_again():
    """F5: and the fourth does not."""
    host = holding(30.0)
    host.table.reset_unit()
    host.run(1.0)
    for _ in range(4):
        host.stop()
        host.run(15.0)
    host.stop()
    host.run(4.5)
    assert C.FROZEN_LONG not in host.causes
    assert host.run(1.0, lambda: C.FROZEN_LONG in host.causes)


def test_an_armed_session_begins_with_all_restarts_of_a_freeze():
    """H1: whatever was frozen before, on the head-up side."""
    host = rising(-20.0)
    host.stop()
    host.run(3.0)
    assert host.arm()
    host.lead(20.0, 3.0)
    assert host.run(20.0, lambda: host.angle_deg > 10.0)
    for _ in range(4):
        host.stop()
        host.run(15.0)
    host.stop()
    host.run(4.5)
    assert C.FROZEN_LONG not in host.causes
    assert host.run(1.0, lambda: C.FROZEN_LONG in host.causes)
