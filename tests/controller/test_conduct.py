"""Sessions from begin to settle, the ways to level and to standing, and what is played in between."""

from dataclasses import replace
from itertools import pairwise

import pytest

from controller.account import Account, Entry
from controller.booking import Reserve, Settle
from controller.conduct import Settings
from controller.limits import DEFAULTS, combine, guest
from controller.model import EventKind, Limit, State, Verb
from protocol.messages import Arm, Disarm, Keepalive, Level, Setpoint

from .rig import Rig, in_state


def limited(**known: float) -> Settings:
    layer = replace(DEFAULTS, **{name: Limit(value, "configuration") for name, value in known.items()})
    return Settings(limits=combine(DEFAULTS, layer, guest()))


def accelerations(setpoints: list[Setpoint]) -> list[float]:
    return [abs(b.rate_dps - a.rate_dps) / 0.02 for a, b in pairwise(setpoints)]


def settled(rig: Rig) -> list[Settle]:
    return [request for request in rig.requests if isinstance(request, Settle)]


def test_a_session_announces_itself_and_each_of_its_steps() -> None:
    rig = Rig()
    rig.begin(preset="gentle")
    rig.until(State.LEVEL, 400.0)
    told = [event for event in rig.events if event.session]
    assert [event.kind for event in told] == [
        EventKind.SESSION_STARTED, EventKind.STEP, EventKind.STEP, EventKind.STEP, EventKind.SESSION_ENDED,
    ]  # fmt: skip
    assert len({event.session for event in told}) == 1
    assert [event.step for event in told[1:4]] == [1, 2, 3]
    assert [event.label for event in told[1:4]] == ["to level", "8° for 4 min", "back to level"]
    assert told[0].message == "gentle started."
    assert told[-1].message == "Gentle is done."


def test_no_two_sessions_have_the_same_name() -> None:
    rig = Rig()
    names = set()
    for _ in range(3):
        rig.begin(Verb.GOTO, angle_deg=-70.0)
        rig.run(0.5)
        rig.wish(Verb.STOP)
        rig.run(1.5)
        names.add(rig.events[-1].session)
    assert len(names) == 3


# Rate and acceleration


@pytest.mark.parametrize(("known", "rate", "acceleration"), [({}, 2.0, 0.81), ({"rate_dps": 0.5}, 0.5, 0.81),
                                                             ({"acceleration_dps2": 0.25}, 2.0, 0.21)])  # fmt: skip
def test_setpoints_keep_the_tightest_rate_and_acceleration(
    known: dict[str, float], rate: float, acceleration: float
) -> None:
    rig = Rig(0.0, settings=limited(**known))
    rig.begin()
    rig.run(60.0)
    setpoints = rig.setpoints()
    assert max(abs(message.rate_dps) for message in setpoints) == pytest.approx(rate, abs=0.011)
    assert max(accelerations(setpoints)) <= acceleration + 0.5, "the wire rounds to a hundredth of a degree a second"
    assert max(b.rate_dps - a.rate_dps for a, b in zip(setpoints, setpoints[50:], strict=False)) <= acceleration + 0.02


def test_setpoints_name_the_tightest_angle() -> None:
    """The unit enforces it: "the tightest of all" is the preset's, the goto's or the person's, and level on a way."""

    def named(rig: Rig) -> set[float]:
        rig.run(1.0)
        return {message.limit_deg for message in rig.setpoints()[-5:]}

    for verb, known, limit_deg in [
        (Verb.START, {"preset": "gentle"}, 8.0),
        (Verb.GOTO, {"angle_deg": 5.0}, 5.0),
        (Verb.GOTO, {"angle_deg": -30.0}, 1.5),
        (Verb.JOG, {"direction": 1}, 12.0),
    ]:
        rig = Rig(settings=limited(angle_deg=12.0))
        assert rig.core.conduct.limit == Limit(12.0, "configuration")
        rig.begin(verb, **known)
        assert named(rig) == {limit_deg}
        rig.wish(Verb.STOP)
        assert rig.core.conduct.limit == Limit(12.0, "configuration")
    rig = Rig(settings=limited(angle_deg=6.0))
    assert rig.begin(preset="gentle").reason is not None, "8° is over 6°"
    rig = in_state(State.RISING)
    assert named(rig) == {1.5}
    rig.wish(Verb.LEVEL)
    rig.run(5.0)
    assert named(rig) == {1.5}
    assert rig.core.conduct.limit.reason == "the way to level"
    rig.until(State.LEVEL)
    assert rig.core.conduct.limit == Limit(30.0, "guest")


def test_a_table_beyond_the_presets_own_angle_goes_home() -> None:
    """F14: `gentle` leads to 8°, and the person's 30° are nobody's excuse."""
    rig = Rig()
    rig.begin(preset="gentle")
    rig.run(100.0)
    assert rig.unit.angle_deg == pytest.approx(8.0)
    rig.unit.moves, rig.unit.angle_deg = False, 9.3
    rig.run(1.0)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "9° is over the limit of 8° (preset gentle)."


@pytest.mark.parametrize("off_deg", [1.2, -1.2])
def test_a_pair_of_sensors_that_is_a_little_apart_is_led_by_the_worse_one(off_deg: float) -> None:
    """F14: calibrated to 1.5°, the pair must cause no over-angle by itself."""
    rig = Rig()
    rig.unit.drive_off_deg = off_deg
    rig.begin(preset="gentle")
    worst_deg = 0.0
    for _ in range(8000):
        rig.step()
        worst_deg = max(worst_deg, rig.unit.angle_deg, rig.unit.angle_deg + off_deg)
    assert worst_deg == pytest.approx(8.0, abs=0.2)
    assert rig.core.conduct.run is not None
    assert rig.core.conduct.verdict.code == ""


def test_slowing_down_beyond_level_is_led_home_by_the_unit() -> None:
    """A limit at level would make the unit latch an over-angle there."""
    rig = in_state(State.RUNNING, -0.5)
    rig.wish(Verb.LEVEL)
    rig.unit.moves, rig.unit.angle_deg = False, 3.0
    rig.run(2.5)
    assert any(isinstance(message, Level) for message in rig.unit.heard)
    rig.until(State.LEVEL)


def test_a_plan_goes_on_by_a_tenth_of_a_second_at_most() -> None:
    rig = in_state(State.RUNNING, 5.0)
    before = rig.unit.angle_deg
    rig.step(seconds=0.28)
    assert rig.unit.angle_deg - before <= 0.1 * 2.0 + 0.05


def test_a_step_without_telemetry_takes_no_time_from_the_plan() -> None:
    rig = in_state(State.RUNNING, 5.0)
    target = rig.core.conduct.run.player.target.angle_deg  # type: ignore[union-attr]
    for _ in range(10):
        rig.step(seconds=0.005, deaf=True)
        rig.step(seconds=0.015)
    assert rig.core.conduct.run.player.target.angle_deg - target == pytest.approx(10 * 0.02 * 2.0, abs=0.01)  # type: ignore[union-attr]


# The budget


def test_head_down_time_until_level_is_charged_also_after_the_end() -> None:
    """H3."""
    rig = in_state(State.RUNNING, 20.0)
    used = rig.core.conduct.meter.session_s
    rig.wish(Verb.STOP)
    rig.run(15.0)
    assert settled(rig) == []
    rig.wish(Verb.LEVEL)
    rig.until(State.LEVEL)
    rig.run(0.1)
    assert len(settled(rig)) == 1
    assert settled(rig)[0].used_s == pytest.approx(used + 15 + 5, abs=1.0)
    assert settled(rig)[0].why == "stop was pressed"
    account = rig.core.conduct.booking.account
    assert account.head_down_today_s("guest", 9999.0) == settled(rig)[0].used_s


def test_a_session_that_went_nowhere_is_settled_with_nothing() -> None:
    rig = in_state(State.ARMED)
    rig.wish(Verb.START, preset="back")
    rig.wish(Verb.STOP)
    rig.run(0.1)
    assert settled(rig)[0].used_s == 0
    rig.run(1.2)
    assert rig.wish(Verb.ARM).accepted, "no rest after no time head down"


def test_the_larger_of_both_counts_is_charged() -> None:
    rig = in_state(State.RUNNING, 20.0)
    rig.unit.head_down_s += 100
    used = rig.core.conduct.meter.session_s
    rig.wish(Verb.LEVEL)
    rig.until(State.LEVEL)
    rig.run(0.1)
    assert settled(rig)[0].used_s >= used + 100


def test_the_days_rest_bounds_the_session_and_says_whose_limit_it_is() -> None:
    """H3."""
    account = Account().charge("guest", Entry(-5000.0, 900.0))
    rig = Rig(account=account, settings=limited(day_head_down_s=1060.0))
    rig.begin(preset="circulation", person=None)
    assert rig.core.conduct.run is None, "8.6 min are more than 160 s"
    rig.begin(Verb.GOTO, angle_deg=20.0)
    rig.until(State.RETURNING, 400.0)
    assert rig.ended().why == "2.67 min head down are over (17.7 min a day, configuration)."
    assert rig.core.conduct.meter.session_s == pytest.approx(160.0, abs=0.1)
    reserved = [request.total_s for request in rig.requests if isinstance(request, Reserve)]
    assert reserved[-1] == 160.0


def test_a_sessions_own_limit() -> None:
    rig = Rig(settings=limited(session_head_down_s=100.0))
    rig.begin(Verb.GOTO, angle_deg=20.0)
    rig.until(State.RETURNING, 400.0)
    assert rig.ended().why == "1.67 min head down are over (configuration)."


def test_no_more_is_reserved_after_the_end() -> None:
    """A ledger that has closed the session meanwhile would have to refuse."""
    rig = in_state(State.RUNNING, 29.0)
    while rig.core.conduct.meter.session_s < 29.0:
        rig.step()
    rig.wish(Verb.STOP)
    before = [request for request in rig.requests if isinstance(request, Reserve)]
    rig.run(15.0)
    assert [request for request in rig.requests if isinstance(request, Reserve)] == before


def test_a_lost_link_keeps_the_reservation_until_the_unit_is_back_at_level() -> None:
    """F4."""
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(120):
        rig.step(deaf=True)
    assert rig.state is State.OFFLINE
    assert rig.core.conduct.booking.session is not None
    rig.unit.place(10.0)
    rig.run(1.0)
    assert settled(rig) == []
    rig.unit.place(0.0)
    rig.unit.head_down_s += 40
    rig.run(0.2)
    assert settled(rig)[0].used_s >= 40
    assert rig.core.conduct.booking.session is None


# Leading to level from the head-up side


def test_the_way_to_level_from_a_freeze_asks_for_the_grant_at_the_count_of_its_wish() -> None:
    rig = in_state(State.FROZEN, -40.0)
    rig.run(1.0)
    rig.wish(Verb.LEVEL)
    rig.run(0.5)
    arms = [message for message in rig.unit.heard if isinstance(message, Arm)]
    assert arms[-1].stop_count == rig.unit.stop_count == 41
    before = len(rig.setpoints())
    rig.until(State.LEVEL)
    way = rig.setpoints()[before:]
    assert max(message.rate_dps for message in way) <= 1.5
    assert max(message.target_deg for message in way) <= 0.0
    assert isinstance(rig.unit.heard[-1], Keepalive | Disarm)


@pytest.mark.parametrize("state", [State.RUNNING, State.RISING])
def test_what_moves_slows_down_before_it_is_led_to_level(state: State) -> None:
    rig = in_state(state, -30.0)
    rig.step()
    rig.wish(Verb.LEVEL)
    rig.run(8.0)
    way = rig.setpoints()
    assert abs(way[0].rate_dps) > 1.4
    assert max(abs(b.rate_dps - a.rate_dps) for a, b in pairwise(way)) < 0.03, "a hundredth is the wire's"
    rig.until(State.LEVEL)


@pytest.mark.parametrize("state", [State.FROZEN, State.RISING])
def test_without_a_grant_it_holds(state: State) -> None:
    rig = in_state(state, -40.0)
    rig.run(1.0)
    rig.unit.grants = False
    rig.wish(Verb.LEVEL)
    rig.run(5.0)
    assert rig.state is State.FROZEN
    before = rig.unit.angle_deg
    rig.run(3.0)
    assert rig.unit.angle_deg == before
    assert rig.core.conduct.note.startswith("The tilt unit did not grant the way to level")


def test_a_grant_that_is_lost_on_the_way_ends_it() -> None:
    rig = in_state(State.FROZEN, -40.0)
    rig.run(1.0)
    rig.wish(Verb.LEVEL)
    rig.run(5.0)
    rig.unit.armed, rig.unit.grants = False, False
    rig.run(0.2)
    assert rig.state is State.FROZEN
    assert isinstance(rig.unit.heard[-1], Keepalive)


def test_somebody_who_moves_is_waited_for_before_the_grant_is_asked() -> None:
    rig = in_state(State.FROZEN, -40.0)
    rig.run(1.0)
    rig.unit.rate_dps = 1.0
    rig.unit.advance = lambda _: None  # type: ignore[method-assign]
    rig.wish(Verb.LEVEL)
    before = len(rig.unit.heard)
    rig.run(2.0)
    assert not any(isinstance(message, Arm) for message in rig.unit.heard[before:])
    assert rig.state is State.RETURNING
    rig.unit.rate_dps = 0.0
    rig.run(0.2)
    assert rig.unit.armed


# Holding


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.RISING])
def test_to_hold_the_lease_is_taken_back_at_once(state: State) -> None:
    """F25: braking must not wait for a lease of 500 ms to run out."""
    rig = in_state(state, -30.0)
    rig.core.conduct.hold(rig.core.estimate, "an example")  # type: ignore[arg-type]
    rig.step()
    assert any(isinstance(message, Disarm) for message in rig.sent)
    assert not any(isinstance(message, Setpoint) for message in rig.sent)
    assert rig.state is State.FROZEN
    assert rig.core.conduct.note == "an example"


def test_holding_while_armed_closes_the_window() -> None:
    rig = in_state(State.ARMED)
    rig.core.conduct.hold(rig.core.estimate, "an example")  # type: ignore[arg-type]
    rig.run(0.1)
    assert rig.state is State.STANDING
    assert not rig.unit.armed


# Every end has a way down


@pytest.mark.parametrize("state", [state for state in State if state is not State.OFFLINE])
def test_from_every_state_a_person_gets_down(state: State) -> None:
    """H1: stop, level where it is asked for, acknowledge where it waits, the pause, stand."""
    rig = in_state(state)
    rig.wish(Verb.STOP)
    rig.run(1.5)
    for _ in range(400):
        if rig.state is State.STANDING:
            break
        rig.wish(Verb.ACKNOWLEDGE)
        if not rig.wish(Verb.STAND).accepted and rig.state in (State.FROZEN, State.FAULT):
            rig.wish(Verb.LEVEL)
        rig.run(2.0)
    assert rig.state is State.STANDING
    assert rig.unit.angle_deg == -80.0
