"""Every fault that the unit answers, injected into motion: the right rung, the right latch, and never further up."""

from collections.abc import Callable

import pytest

from protocol.messages import CAUSES, Cause, Flag, Reject, Rung

from .host import Host, break_sensor, goes_home, holding, holds, reacts, returning, rising, standing, standing_up

C = Cause
Make = Callable[[float], Host]


# ---- drive (F9, F10, F11, F12) ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [rising, returning])
def test_a_jam_is_r3(make: Make):
    """F10: by the current. Power off, brake on, siren; the jam's end moves nothing; a live wish may."""
    host = make(20.0)
    host.table.physics.jammed = True
    at = host.angle_deg
    reacts(host, C.STALLED, 2.0)
    host.run(0.05)
    assert host.rung == Rung.HOLD
    assert host.has(Flag.SIREN)
    assert host.now.current_a == 0.0
    assert host.angle_deg == pytest.approx(at, abs=0.6)
    host.table.physics.jammed = False
    holds(host)
    host.level()
    assert host.run(30.0, lambda: host.still() and abs(host.angle_deg) < 1.5)
    host.run(1.0)
    assert host.rung == Rung.HOLD
    host.acknowledge()
    assert host.rung == Rung.NONE


def test_a_slow_return_goes_on_while_it_progresses():
    """F11: never on elapsed time: 0.25 °/s is enough."""
    host = holding(20.0)
    physics = host.table.physics
    host.level()
    tick = physics.advance
    host.table.physics = Sluggish(physics, tick)  # type: ignore[assignment]
    assert host.run(120.0, lambda: abs(host.angle_deg) < 1.5)
    assert host.latched == C(0)


class Sluggish:
    """A drive with a tenth of its power: a nearly empty battery."""

    def __init__(self, physics: object, advance: Callable[[float, bool, int], None]) -> None:
        self._physics = physics
        self._advance = advance

    def __getattr__(self, name: str) -> object:
        return getattr(self._physics, name)

    def advance(self, power: float, brake: bool, steps: int) -> None:
        self._advance(power / 8, brake, steps)


@pytest.mark.parametrize(("make", "angle"), [(holding, 20.0), (holding, -40.0)])
def test_a_motor_that_runs_the_wrong_way(make: Make, angle: float):
    """F9, H5: both sensors agree that it does; R3 within the first 2° and what it takes to stop."""
    host = make(angle)
    host.table.physics.polarity = -1
    at, since = host.angle_deg, len(host.angles)
    if angle > 0:
        host.level()
    else:
        host.lead(0.0, 3.0)
    reacts(host, C.WRONG_WAY, 3.0)
    host.run(0.1)
    assert host.rung == Rung.HOLD
    assert max(abs(angle - at) for angle in host.angles[since:]) <= 2.3
    holds(host)


def test_a_runaway_is_r3():
    """F12, H6: faster than 5 °/s: brake, and hold."""
    host = returning(30.0)
    host.table.physics.bed_dps = 0.0
    runaway(host)
    assert host.run(1.5, lambda: bool(host.latched & C.OVER_SPEED))
    host.table.physics = host.table.physics._physics  # type: ignore[attr-defined]
    host.run(0.3)
    assert host.rung == Rung.HOLD
    holds(host)


def runaway(host: Host) -> None:
    """The screw's nut has broken: the table turns by itself, at 7 °/s."""
    physics = host.table.physics

    class Broken(Sluggish):
        def advance(self, power: float, brake: bool, steps: int) -> None:
            physics.drive_deg -= 0.07
            physics.bed_deg -= 0.07

    host.table.physics = Broken(physics, physics.advance)  # type: ignore[assignment]


# ---- limits (F14) ----------------------------------------------------------------------------------------------------


def test_over_angle_by_a_tightened_limit():
    """F14, H2: more than the limit and 1° on either sensor: R1, latched."""
    host = holding(20.0)
    host.limit_deg = 19.5
    host.run(1.0)
    assert host.latched == C(0)
    host.lead(20.0)
    host.limit_deg = 15.0
    reacts(host, C.OVER_ANGLE, 0.5)
    assert host.rung == Rung.LEVEL
    goes_home(host)
    host.run(0.5)
    host.acknowledge()
    assert host.latched == C(0)


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_over_angle_on_either_sensor(which: str):
    """F14: the more head-down one decides, whichever it is."""
    host = holding(28.0)
    host.limit_deg = 28.0
    for _ in range(4):
        name = f"{which}_offset_deg"
        setattr(host.table.sensors, name, getattr(host.table.sensors, name) + 0.4)
        host.run(0.3)
        if host.latched:
            break
    assert host.latched == C.OVER_ANGLE
    goes_home(host)


@pytest.mark.parametrize(("angle", "minutes"), [(14.0, 10), (29.0, 5), (44.0, 3), (58.0, 2)])
def test_over_time(angle: float, minutes: int):
    """F14, H3: R1 by the unit's own count, without a latch; nothing rises again until the episode is over."""
    host = holding(angle)
    host.table.memory.episode_ms += (minutes - 1) * 60_000
    assert host.run(65.0, lambda: bool(host.causes & C.OVER_TIME))
    assert minutes * 60 - 1 <= host.now.episode_s <= minutes * 60
    assert host.rung == Rung.LEVEL
    host.let_go()
    goes_home(host)
    host.run(2.0)
    assert host.latched == C(0)
    assert host.arm()
    host.lead(10.0)
    host.run(5.0)
    assert host.angle_deg < 1.5
    host.let_go()
    host.run(60.0)
    assert host.arm()
    host.lead(10.0)
    assert host.run(15.0, lambda: host.angle_deg > 8.0)


def test_a_reset_at_level_neither_ends_an_episode_nor_shortens_its_minute():
    """H3, F5: the 60 s below 5° begin anew."""
    host = holding(10.0)
    host.run(5.0)
    host.level()
    assert host.run(20.0, host.at_level)
    host.run(30.0)
    host.table.reset_unit()
    host.run(59.0)
    assert host.now.episode_s >= 5
    host.run(2.0)
    assert host.now.episode_s == 0


def test_the_strictest_angle_counts_for_the_episode():
    """F14: 100 s at 10° after a moment at 50° are too much."""
    host = holding(50.0)
    host.lead(10.0, 3.0)
    assert host.run(130.0, lambda: bool(host.causes & C.OVER_TIME))
    assert 119 <= host.now.episode_s <= 120


# ---- resets (F5, F6) -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [rising, holding, returning])
@pytest.mark.parametrize("host_back", [True, False])
def test_a_reset_head_down_is_r1_without_a_host(make: Make, host_back: bool):
    """F5, F6: brake on, then home; nothing resumes and nothing is latched."""
    host = make(20.0)
    at, since = host.angle_deg, len(host.angles)
    host.table.reset_unit()
    host.silent = not host_back
    host.run(0.2)
    assert abs(host.driven[-1]) < 0.2
    assert host.run(40.0, lambda: abs(host.angle_deg) < 1.0)
    assert max(host.angles[since:]) - at <= 0.3
    host.silent = False
    host.let_go()
    host.run(3.0)
    assert (host.latched, host.causes, host.rung) == (C(0), C(0), Rung.NONE)
    assert not host.has(Flag.ARMED)


@pytest.mark.parametrize("angle", [-40.0, -5.0])
def test_a_reset_head_up_is_brake_and_hold(angle: float):
    """F5, H15."""
    host = rising(angle)
    host.table.reset_unit()
    host.run(0.3)
    host.let_go()
    holds(host)
    assert host.latched == C(0)


def test_a_reset_with_a_sensor_out_of_order():
    """F5, F7, F8: no agreement, no closed loop: the healthy sensor, or R2."""
    host = holding(20.0)
    break_sensor(host, "bed", "slipped down")
    host.table.reset_unit()
    host.run(1.0)
    assert host.rung == Rung.BLIND_LEVEL
    host = holding(20.0)
    break_sensor(host, "bed", "rail")
    host.table.reset_unit()
    host.run(0.8)
    assert host.rung == Rung.LEVEL
    goes_home(host)


def test_a_second_reset_within_60_s_is_r3():
    """F5, H9: and stays so through a third; the live wish leads home, the acknowledgement ends it there."""
    host = holding(30.0)
    for _ in range(2):
        host.table.reset_unit()
        host.run(3.0)
    assert host.latched == C.RESET_LOOP
    assert host.rung == Rung.HOLD
    assert host.has(Flag.SIREN)
    holds(host)
    host.table.reset_unit()
    holds(host, 5.0)
    host.level()
    assert host.run(30.0, lambda: host.still() and abs(host.angle_deg) < 1.5)
    host.run(1.0)
    assert host.rung == Rung.HOLD
    host.acknowledge()
    assert host.rung == Rung.NONE


def test_a_second_reset_after_60_s_is_r1_again():
    """F5."""
    host = holding(30.0)
    host.table.reset_unit()
    assert host.run(40.0, host.at_level)
    host.run(61.0)
    host.table.reset_unit()
    host.run(3.0)
    assert host.latched == C(0)


def test_the_count_of_head_down_seconds_survives_resets():
    """F5, H3."""
    host = holding(20.0)
    host.run(30.0)
    before = host.now.head_down_s
    assert before >= 30
    host.table.reset_unit()
    host.run(5.0)
    assert before <= host.now.head_down_s <= before + 6
    assert host.now.episode_s >= before - 1


def test_a_latch_survives_a_reset():
    """F24, F5: a reset is no acknowledgement, and no release of an emergency stop."""
    host = holding(20.0)
    host.table.switches.estop = True
    host.run(0.5)
    host.table.reset_unit()
    host.run(1.0)
    host.table.switches.estop = False
    assert host.latched == C.ESTOP
    holds(host)
    assert host.rung == Rung.HOLD


def test_the_stop_count_moves_on_with_a_reset():
    """F2: what was in flight before a reset fits nowhere."""
    host = rising(-40.0)
    old = host.link.level(host.now.stop_count)
    count = host.now.stop_count
    host.table.reset_unit()
    host.table.receive(old)
    host.run(2.0)
    assert host.now.stop_count != count


# ---- emergency stop and lowering by hand (F24) -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "angle"), [(rising, 20.0), (rising, -40.0), (returning, 20.0), (holding, 20.0), (standing_up, -40.0)]
)
def test_an_emergency_stop(make: Make, angle: float):
    """F24: no drive while it is pressed, the release moves nothing, and a wish from meanwhile is void."""
    host = make(angle)
    host.table.switches.estop = True
    at = host.angle_deg
    host.run(0.3)
    assert abs(host.driven[-1]) < 0.05
    assert host.rung == Rung.HOLD
    assert host.has(Flag.SIREN)
    assert host.latched == C.ESTOP
    host.level()
    host.run(1.0)
    host.lead(0.0)
    host.run(1.0)
    host.let_go()
    host.table.switches.estop = False
    holds(host)
    assert abs(host.angle_deg - at) < 0.7
    assert host.rung == Rung.HOLD
    assert host.latched == C.ESTOP
    host.silent = True
    holds(host, 5.0)


@pytest.mark.parametrize("hold", ["estop", "lowering"])
def test_after_a_release_only_a_live_level_moves_and_only_towards_level(hold: str):
    """F24: with or without an acknowledgement; everything else needs it."""
    host = holding(30.0)
    setattr(host.table.switches, hold, True)
    host.run(0.5)
    setattr(host.table.switches, hold, False)
    host.run(0.5)
    host.rejects.clear()
    host.lead(0.0)
    host.run(1.0)
    assert set(host.rejects) == {Reject.LATCHED}
    assert not host.arm()
    at, since = host.angle_deg, len(host.angles)
    host.level()
    assert host.run(30.0, lambda: host.still() and abs(host.angle_deg) < 1.5)
    assert max(host.angles[since:]) - at <= 0.3
    host.run(1.0)
    assert host.rung == Rung.HOLD
    host.acknowledge()
    assert host.arm()


@pytest.mark.parametrize("hold", ["estop", "lowering"])
def test_a_wish_made_while_something_holds_is_void_also_at_the_last_moment(hold: str):
    """F24: the release comes before the unit's next tick."""
    host = holding(30.0)
    setattr(host.table.switches, hold, True)
    host.run(0.5)
    host.level()
    setattr(host.table.switches, hold, False)
    host.run(0.1)
    holds(host)
    assert host.rung == Rung.HOLD
    assert not host.causes & C.LEVEL_WISHED


def test_an_emergency_stop_head_up_waits_for_the_acknowledgement():
    """F24, H15."""
    host = rising(-40.0)
    host.table.switches.estop = True
    host.run(0.5)
    host.table.switches.estop = False
    host.run(0.5)
    host.level()
    holds(host, 5.0)
    host.lead(-80.0)
    holds(host, 3.0)
    assert Reject.LATCHED in host.rejects
    host.acknowledge()
    host.lead(-80.0)
    host.run(3.0)
    assert host.angle_deg < -42.0


@pytest.mark.parametrize("make", [rising, holding, returning])
def test_lowering_by_hand(make: Make):
    """No drive against a rescuer, none after: only the crank moves the table."""
    host = make(20.0)
    host.table.switches.lowering = True
    host.run(0.5)
    at = host.angle_deg
    host.run(5.0)
    assert host.angle_deg == pytest.approx(at - 10.0, abs=0.3)
    assert host.rung == Rung.HOLD
    assert host.has(Flag.LOWERING)
    assert not host.has(Flag.DRIVEN)
    host.table.switches.lowering = False
    holds(host)
    assert host.latched == C.LOWERING


# ---- the person (F25, F26) -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [rising, holding, returning])
@pytest.mark.parametrize("closed_again_s", [0.5, 1000.0])
def test_an_ankle_lock_that_opens_head_down(make: Make, closed_again_s: float):
    """F25: R1 at 1 °/s or less, all the way, also when the lock closes again; nothing latches."""
    host = make(20.0)
    at, since = host.angle_deg, len(host.angles)
    host.table.switches.ankles_locked = False
    host.run(1.0)
    host.run(closed_again_s - 1.0 if closed_again_s < 10 else 0.0)
    if closed_again_s < 10:
        host.table.switches.ankles_locked = True
    host.let_go()
    assert host.rung == Rung.LEVEL
    assert host.run(40.0, host.at_level)
    assert max(map(abs, host.driven[since + 200 :])) <= 1.0
    assert max(host.angles[since:]) - at <= 2.0
    host.table.switches.ankles_locked = True
    host.run(1.0)
    assert (host.latched, host.causes) == (C(0), C(0))


def test_a_fast_return_slows_down_gently_when_a_lock_opens():
    """F25: from 3 to 1 °/s with at most 5 °/s²."""
    host = returning(30.0)
    since = len(host.driven)
    host.table.switches.ankles_locked = False
    host.run(3.0)
    driven = host.driven[since:]
    assert max(abs(b - a) / 0.06 for a, b in zip(driven, driven[3:], strict=False)) <= 5.0
    assert abs(host.driven[-1]) <= 1.0


@pytest.mark.parametrize("make", [rising, standing_up])
@pytest.mark.parametrize("switch", ["ankles_locked", "occupied"])
def test_a_lock_opens_or_the_person_leaves_head_up(make: Make, switch: str):
    """F25, F26: freeze; the setpoints that go on move nothing, in either direction."""
    host = make(-40.0)
    setattr(host.table.switches, switch, False)
    host.run(0.15 if switch == "ankles_locked" else 0.55)
    at = host.table.physics.drive_deg
    host.run(1.3)
    assert abs(host.table.physics.drive_deg - at) <= 1.5
    holds(host, 10.0)
    assert not host.has(Flag.ARMED)
    assert host.latched == (C(0) if switch == "ankles_locked" else C.OCCUPANT_LOST)


def test_a_contact_that_bounces_is_no_open_lock():
    host = holding(20.0)
    for _ in range(20):
        host.table.switches.ankles_locked = False
        host.table.switches.occupied = False
        host.run(0.09)
        host.table.switches.ankles_locked = True
        host.table.switches.occupied = True
        host.run(0.05)
    assert host.rung == Rung.NONE
    assert host.has(Flag.ARMED)


@pytest.mark.parametrize("make", [rising, holding, returning])
def test_nobody_sensed_with_locked_ankles_is_a_sensor_fault(make: Make):
    """F26: R1, latched."""
    host = make(20.0)
    host.table.switches.occupied = False
    reacts(host, C.OCCUPANT_LOST, 0.7)
    goes_home(host, 1.6)
    host.table.switches.occupied = True
    host.run(0.6)
    host.acknowledge()
    assert host.latched == C(0)


@pytest.mark.parametrize("make", [rising, holding, returning])
def test_nobody_sensed_with_open_ankles_freezes(make: Make):
    """F26: siren, nothing automatic, also not when somebody is sensed again or the host dies; a live level moves."""
    host = make(20.0)
    host.let_go()
    host.table.switches.occupied = host.table.switches.ankles_locked = False
    host.run(2.5)
    assert C.PERSON_LOST in host.latched
    assert host.has(Flag.SIREN)
    holds(host)
    host.table.switches.occupied = host.table.switches.ankles_locked = True
    holds(host, 5.0)
    host.silent = True
    holds(host, 10.0)
    host.silent = False
    host.run(0.5)
    host.level()
    assert host.run(40.0, lambda: abs(host.angle_deg) < 1.5)


def test_standing_with_open_ankles_is_nothing_to_report():
    """Getting on and off is what the head-up side is for."""
    host = standing()
    host.table.switches.occupied = host.table.switches.ankles_locked = False
    host.run(10.0)
    assert (host.causes, host.latched, host.rung) == (C(0), C(0), Rung.NONE)


# ---- in general ------------------------------------------------------------------------------------------------------


def test_only_these_fault_ids_are_the_units():
    """The table of causes names what this file injects."""
    named = {fact.fault for fact in CAUSES.values()} - {""}
    assert named == {
        "F2", "F5", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F15", "F16", "F17", "F24", "F25", "F26",
    }  # fmt: skip
