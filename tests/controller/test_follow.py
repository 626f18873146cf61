"""The state follows what the unit reports: found somewhere, returning by itself, at rest, at fault, or hanging."""

import pytest

from controller.causes import gravest
from controller.estimator import Estimate
from controller.model import EventKind, Reason, State, Verb, Wish
from protocol.link import STOP_FRAME
from protocol.messages import Cause, Flag, Level, Rung

from .rig import PERSON, Rig, in_state

ALL = [state for state in State if state is not State.OFFLINE]


def unit_returns(rig: Rig) -> None:
    """The unit is on R1 by itself."""
    rig.unit.rung, rig.unit.causes, rig.unit.frozen = Rung.LEVEL, Cause.HOST_SILENT, False
    rig.unit.place(20.0)


def went_home(rig: Rig) -> None:
    """The unit has arrived."""
    rig.unit.rung, rig.unit.causes = None, 0
    rig.unit.place(0.0)


# Found on connecting


@pytest.mark.parametrize(("angle_deg", "state"), [(-80.0, "standing"), (-40.0, "standby"), (0.0, "standby")])
def test_found_at_rest(angle_deg: float, state: str) -> None:
    rig = Rig(angle_deg)
    assert rig.state == state
    assert not rig.core.conduct.arming.wanted
    rig.run(10.0)
    assert rig.unit.angle_deg == angle_deg


def test_found_head_down_it_is_led_home_if_the_unit_does_not() -> None:
    """H1."""
    rig = Rig(20.0)
    assert rig.state is State.STANDBY
    rig.run(3.2)
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)
    assert rig.core.conduct.note == "Nobody stays head down without a session."


def test_found_while_the_unit_returns() -> None:
    """F17: the controller was restarted meanwhile."""
    rig = Rig(20.0)
    unit_returns(rig)
    rig.step()
    assert rig.state is State.RETURNING
    went_home(rig)
    rig.run(0.5)
    assert rig.state is State.LEVEL


def test_found_frozen_head_down_the_units_own_twenty_seconds_are_left_alone() -> None:
    rig = Rig(20.0)
    rig.unit.frozen = True
    rig.wait(15.0)
    assert rig.state is State.STANDBY
    assert not any(isinstance(message, Level) for message in rig.unit.heard)


def test_found_at_fault() -> None:
    rig = Rig(20.0)
    rig.unit.rung, rig.unit.latched = Rung.HOLD, Cause.NO_PROGRESS
    rig.wait(30.0)
    assert rig.state is State.FAULT
    assert not any(isinstance(message, Level) for message in rig.unit.heard), "a person decides"


@pytest.mark.parametrize("angle_deg", [-40.0, 0.0])
def test_who_is_found_lying_may_stand_up_after_two_minutes_at_rest(angle_deg: float) -> None:
    """H8: nobody knows what was before."""
    rig = Rig(angle_deg)
    rig.wait(119.0)
    assert rig.wish(Verb.STAND).reason is Reason.PAUSE_FIRST
    rig.run(2.0)
    assert rig.wish(Verb.STAND).moving
    rig.until(State.STANDING)


def test_who_is_found_lying_does_not_go_straight_back_from_a_freeze() -> None:
    rig = in_state(State.ARMED, -40.0)
    rig.wish(Verb.LEVEL)
    rig.run(5.0)
    rig.wish(Verb.STOP)
    rig.run(1.2)
    assert rig.state is State.FROZEN
    assert rig.wish(Verb.STAND).reason is Reason.NOT_LEVEL


# The unit acts by itself


@pytest.mark.parametrize("state", ALL)
def test_in_every_state_the_units_return_is_believed_and_ends_everything(state: State) -> None:
    rig = in_state(state, 20.0 if state in (State.STANDBY, State.FAULT) else None)
    rig.unit.latched = 0
    unit_returns(rig)
    rig.run(0.1)
    assert rig.state is State.RETURNING
    assert rig.core.conduct.run is None
    assert rig.core.conduct.way is None
    assert not rig.core.conduct.arming.wanted
    went_home(rig)
    rig.run(0.5)
    assert rig.state is State.LEVEL


@pytest.mark.parametrize("state", ALL)
@pytest.mark.parametrize("rung", [Rung.BLIND_LEVEL, Rung.HOLD])
def test_in_every_state_a_fault_ends_everything_and_has_a_way_out(state: State, rung: Rung) -> None:
    """F7, F8, F10, F12: head down by a live level, then acknowledge, then stand."""
    rig = in_state(state, 20.0 if state is State.STANDBY else None)
    rig.unit.rung, rig.unit.latched, rig.unit.causes = rung, Cause.OVER_SPEED, 0
    rig.unit.place(20.0)
    rig.run(3.5)
    assert rig.state is State.FAULT
    assert rig.core.conduct.run is None
    assert rig.wish(Verb.ARM).reason is Reason.FAULT_LATCHED
    assert rig.wish(Verb.ACKNOWLEDGE).reason is Reason.NOT_LEVEL
    rig.unit.rung = None
    rig.step(Wish(Verb.LEVEL))
    assert rig.answers[-1].moving
    assert any(isinstance(message, Level) for message in rig.sent), "even in the step of a telemetry"
    rig.until(State.FAULT, 20.0)
    assert rig.unit.angle_deg == 0.0
    assert rig.wish(Verb.STAND).reason is Reason.FAULT_LATCHED
    assert rig.wish(Verb.ACKNOWLEDGE).accepted
    rig.run(0.1)
    assert rig.state is State.LEVEL
    rig.wait(121.0)
    assert rig.wish(Verb.STAND).accepted
    rig.until(State.STANDING)


def test_a_unit_that_does_not_obey_level_is_at_fault_again_after_three_seconds() -> None:
    rig = Rig(20.0)
    rig.unit.rung, rig.unit.latched, rig.unit.levels = Rung.HOLD, Cause.NO_PROGRESS, False
    rig.step()
    rig.wish(Verb.LEVEL)
    rig.run(2.8)
    assert rig.state is State.RETURNING
    rig.run(0.4)
    assert rig.state is State.FAULT


@pytest.mark.parametrize("flicker", [False, True])
def test_a_return_that_does_not_come_on_is_wished_again(flicker: bool) -> None:
    """H1: also where the unit says now and then that it moves."""
    rig = in_state(State.RUNNING)
    rig.unit.levels = False
    rig.wish(Verb.LEVEL)
    start = len(rig.unit.heard)
    for number in range(600):
        rig.unit.angle_deg += 0.02 if flicker and number % 40 == 0 else 0.0
        rig.step()
        assert rig.state is State.RETURNING
    late = [message for message in rig.unit.heard[start:] if isinstance(message, Level)]
    assert len(late) > 100, "for twelve seconds, and not only for the first three"
    rig.unit.levels = True
    rig.until(State.LEVEL)


def test_a_return_that_may_not_be_wished_again_is_none() -> None:
    """F25: with an ankle lock open a second wish of ours would count as a person's."""
    rig = in_state(State.RUNNING)
    rig.unit.person, rig.unit.levels = Flag.OCCUPIED, False
    rig.run(0.2)
    rig.wish(Verb.LEVEL)
    rig.run(6.5)
    assert rig.state is State.FROZEN


@pytest.mark.parametrize("state", [State.RISING, State.RETURNING])
def test_a_way_that_does_not_come_on_is_given_up(state: State) -> None:
    """F10: a table that stands still while its target goes on would leap when it comes free."""
    rig = in_state(State.RISING, -20.0)
    if state is State.RETURNING:
        rig.wish(Verb.LEVEL)
        rig.run(4.0)
        assert rig.core.conduct.leading
    rig.unit.moves = False
    rig.run(3.0)
    assert rig.state is state
    rig.run(2.0)
    assert rig.state is State.FROZEN
    assert "does not move" in rig.core.conduct.note
    rig.unit.moves = True
    before_deg = rig.unit.angle_deg
    rig.run(3.0)
    assert rig.unit.angle_deg == before_deg


@pytest.mark.parametrize(("person", "bounce_s"), [(Flag.OCCUPIED, 0.08), (Flag.ANKLES_LOCKED, 0.46)])
def test_a_switch_that_bounces_ends_no_session(person: Flag, bounce_s: float) -> None:
    """F25, F26: as patient as the unit, 100 ms with an ankle lock and 500 ms with a person who shifts."""
    for seconds, ends in ((bounce_s, False), (bounce_s + 0.06, True)):
        rig = in_state(State.RUNNING)
        rig.unit.person = person
        rig.run(seconds)
        rig.unit.person = PERSON
        rig.run(0.2)
        assert (rig.state is not State.RUNNING) == ends


# Frozen on the head-up side


@pytest.mark.parametrize("person", [Flag.OCCUPIED, Flag.ANKLES_LOCKED, Flag(0)])
def test_a_freeze_head_up_does_not_outlive_its_occupant(person: Flag) -> None:
    """H15: who steps on afterwards never armed."""
    rig = in_state(State.FROZEN, -40.0)
    rig.run(1.0)
    rig.unit.person = person
    rig.run(0.7)
    assert rig.state is State.STANDBY
    rig.unit.person = PERSON
    rig.run(2.0)
    assert not rig.wish(Verb.LEVEL).moving
    assert rig.unit.angle_deg < -39.0


def test_a_freeze_head_up_ends_after_a_minute() -> None:
    rig = in_state(State.FROZEN, -40.0)
    rig.run(58.0)
    assert rig.state is State.FROZEN
    rig.run(3.0)
    assert rig.state is State.STANDBY
    assert not rig.wish(Verb.LEVEL).moving
    assert rig.wish(Verb.STAND).moving


def test_a_freeze_head_down_is_the_units_to_end() -> None:
    rig = in_state(State.FROZEN, 20.0)
    rig.unit.person = Flag(0)
    rig.wait(70.0)
    assert rig.state is State.FROZEN


# Moved by other means


def test_a_table_that_was_moved_by_other_means_rests_where_it_is() -> None:
    rig = Rig()
    rig.unit.place(-78.0)
    rig.run(1.0)
    assert rig.state is State.STANDING
    rig.unit.place(-30.0)
    rig.run(1.0)
    assert rig.state is State.STANDBY
    rig.unit.place(-80.0)
    rig.run(1.0)
    assert rig.state is State.STANDING
    rig = in_state(State.LEVEL)
    rig.unit.place(-2.0)
    rig.run(1.0)
    assert rig.state is State.LEVEL
    rig.unit.place(-30.0)
    rig.run(1.0)
    assert rig.state is State.STANDBY


def test_a_latched_cause_at_rest_is_a_fault_until_it_is_acknowledged() -> None:
    rig = Rig(0.0)
    rig.unit.latched = Cause.DRIVE_SENSOR
    rig.step()
    assert rig.state is State.FAULT
    rig.unit.rate_dps = 0.5
    rig.unit.advance = lambda _: None  # type: ignore[method-assign]
    rig.step()
    assert rig.state is State.FAULT, "also while somebody moves the table by hand"


def test_stopped_by_somebody_else_the_session_is_over() -> None:
    rig = in_state(State.RUNNING)
    rig.unit.receive(STOP_FRAME)
    rig.step()
    assert rig.state is State.FROZEN
    assert rig.ended().why == "stopped at the table"


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        (Cause.ANKLES_OPEN, "an ankle lock is open"),
        (Cause.ESTOP, "the emergency stop was pressed"),
        (Cause.FROZEN_LONG, "stopped at the table"),
    ],
)
def test_a_stop_that_the_unit_counted_by_itself_has_its_true_reason(cause: Cause, why: str) -> None:
    rig = in_state(State.RUNNING)
    rig.unit.receive(STOP_FRAME)
    rig.unit.causes = cause
    rig.step()
    assert rig.ended().why == why


# Nobody stays head down


def test_head_down_at_rest_without_a_session_the_way_is_home_after_three_seconds() -> None:
    """H1: an ankle switch flickered, and the unit saw nothing of it."""
    rig = in_state(State.RUNNING)
    rig.unit.person = Flag.OCCUPIED
    rig.run(0.12)
    rig.unit.person = PERSON
    rig.step()
    assert rig.state is State.FROZEN
    assert not rig.unit.armed, "the lease is taken back at once"
    rig.run(2.9)
    assert rig.state is State.FROZEN
    rig.run(0.3)
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)


@pytest.mark.parametrize("person", [Flag.OCCUPIED, Flag.ANKLES_LOCKED, Flag(0)])
def test_who_is_not_known_to_lie_locked_in_is_moved_by_the_unit_only(person: Flag) -> None:
    """F25, F26: a level wish of the controller's would count as a person's."""
    rig = in_state(State.RUNNING)
    rig.unit.person = person
    rig.wait(30.0)
    assert rig.state is State.FROZEN
    assert rig.core.conduct.run is None
    assert not any(isinstance(message, Level) for message in rig.unit.heard)
    assert rig.wish(Verb.LEVEL).moving, "a person's does"


def test_after_the_person_was_lost_only_a_person_moves_the_table() -> None:
    """F26."""
    rig = in_state(State.RUNNING)
    rig.unit.person, rig.unit.latched = Flag(0), Cause.PERSON_LOST
    rig.run(0.5)
    rig.unit.person = PERSON
    rig.wait(30.0)
    assert rig.state is State.FAULT
    assert not any(isinstance(message, Level) for message in rig.unit.heard)


def test_a_frozen_unit_counts_its_own_twenty_seconds() -> None:
    rig = in_state(State.FROZEN, 20.0)
    assert rig.unit.frozen
    rig.run(10.0)
    assert rig.state is State.FROZEN
    rig.unit.frozen = False
    unit_returns(rig)
    rig.run(0.1)
    assert rig.state is State.RETURNING


# Arming


def test_the_window_closes_after_sixty_seconds_of_hands() -> None:
    rig = Rig()
    rig.wish(Verb.ARM)
    rig.wait(59.5)
    assert rig.state is State.ARMED
    rig.run(0.6)
    assert rig.state is State.STANDING
    assert not rig.unit.armed
    assert rig.core.conduct.note == "The arming window closed without a start."


@pytest.mark.parametrize("change", ["never", "taken back"])
def test_without_the_units_grant_the_window_closes(change: str) -> None:
    rig = Rig()
    rig.unit.grants = change != "never"
    rig.wish(Verb.ARM)
    rig.run(0.9)
    assert rig.state is State.ARMED
    rig.unit.armed = False
    rig.run(0.2)
    assert rig.state is State.STANDING


# Where a session ends


def test_a_plan_that_was_played_to_its_end_was_reached() -> None:
    rig = Rig()
    rig.begin(preset="gentle")
    rig.until(State.LEVEL, 400.0)
    assert (rig.ended().outcome, rig.ended().preset) == ("reached", "gentle")
    rig.run(0.1)
    assert not rig.unit.armed


def test_a_session_ends_only_where_the_table_rests() -> None:
    rig = Rig()
    rig.begin(preset="gentle")
    rig.run(30.0)
    rig.unit.moves = False
    rig.run(400.0)
    assert rig.core.conduct.run is not None or rig.state is not State.LEVEL


# Causes as events


def faults(rig: Rig) -> list[tuple[EventKind, str | None]]:
    return [(e.kind, e.code) for e in rig.events if e.kind in (EventKind.FAULT, EventKind.FAULT_CLEARED)]


def test_causes_come_and_go_as_events_but_for_the_ordinary_ones() -> None:
    rig = Rig()
    rig.unit.causes = Cause.ANKLES_OPEN | Cause.STOPPED
    rig.run(0.1)
    assert faults(rig) == [(EventKind.FAULT, "ankles_open")]
    since = rig.core.conduct.cause_since_s[Cause.ANKLES_OPEN]
    rig.unit.causes, rig.unit.latched = Cause.BED_SENSOR, Cause.BED_SENSOR
    rig.run(1.0)
    assert faults(rig)[1:] == [(EventKind.FAULT_CLEARED, "ankles_open"), (EventKind.FAULT, "bed_sensor")]
    rig.unit.causes = 0
    rig.run(0.1)
    assert len(faults(rig)) == 3, "latched is not gone"
    rig.unit.latched = 0
    rig.run(0.1)
    assert faults(rig)[3:] == [(EventKind.FAULT_CLEARED, "bed_sensor")]
    assert since < rig.now_s
    assert rig.core.conduct.cause_since_s == {}
    assert all(event.message.endswith(".") for event in rig.events)


def test_the_gravest_cause_is_told() -> None:
    rig = Rig(20.0)
    rig.unit.causes, rig.unit.rung = Cause.ANKLES_OPEN | Cause.OVER_SPEED, Rung.HOLD
    rig.step()
    e: Estimate | None = rig.core.estimate
    assert e is not None
    assert gravest(e) == "faster than 5 °/s"
    assert gravest(e._replace(causes=0)) == "unknown"


# The unit restarts, or another one comes


@pytest.mark.parametrize("state", ALL)
def test_in_every_state_a_restart_of_the_unit_begins_a_new_conversation_disarmed(state: State) -> None:
    """F4, F5: nothing resumes."""
    rig = in_state(state)
    rig.unit.place(min(rig.unit.angle_deg, 0.0))
    rig.step(raw=rig.unit.restart())
    assert rig.state is State.OFFLINE
    rig.unit.latched = 0
    before = len(rig.setpoints())
    rig.run(1.0)
    assert rig.state in (State.STANDING, State.STANDBY)
    assert rig.core.connects == 2
    rig.wait(20.0)
    assert len(rig.setpoints()) == before
    assert not rig.unit.armed


def test_a_fault_on_the_head_up_side_shows_although_a_way_home_is_still_wished() -> None:
    """H10: a sensor that spiked made the controller send level; what the unit then says is R3, and not a return."""
    rig = Rig(-12.0)
    rig.begin()
    rig.run(0.5)
    rig.unit.moves, rig.unit.bed_off_deg = False, 90.0
    for _ in range(50):
        if rig.state is State.RETURNING:
            break
        rig.step()
    assert rig.state is State.RETURNING
    rig.unit.bed_off_deg = 0.0
    rig.unit.latched, rig.unit.rung = Cause.STALLED, Rung.HOLD
    rig.run(0.6)
    assert rig.core.conduct.urgent.levelling
    assert rig.state is State.FAULT


def test_a_level_that_was_wished_before_r3_does_not_come_true_when_that_ends() -> None:
    rig = in_state(State.RUNNING)
    rig.unit.levels = False
    assert rig.wish(Verb.LEVEL).moving
    rig.unit.causes, rig.unit.rung = Cause.STALLED, Rung.HOLD
    rig.run(0.1)
    rig.unit.heard.clear()
    rig.unit.causes, rig.unit.rung, rig.unit.levels = 0, None, True
    rig.run(1.0)
    assert not [message for message in rig.unit.heard if isinstance(message, Level)]
    assert rig.unit.angle_deg == pytest.approx(20.0, abs=1.0)
