"""What becomes of each wish in each state. Stop and level are never refused; old commands never move anybody."""

from itertools import pairwise, permutations

import pytest

from controller.conduct import Settings
from controller.core import BrokerStatus, PortLost
from controller.model import Reason, State, Unreadable, Verb, Wish
from protocol.link import STOP_FRAME
from protocol.messages import Arm, Cause, Flag, Level, Rung, Setpoint, Stop

from .rig import Rig, in_state

MOVING_STATES = (State.RUNNING, State.PAUSED, State.RETURNING, State.RISING)


def rose(rig: Rig, seconds: float = 3.0) -> float:
    """By how much the angle increases."""
    before = rig.unit.angle_deg
    rig.run(seconds)
    return rig.unit.angle_deg - before


# Stop


@pytest.mark.parametrize("state", State)
def test_stop_is_accepted_in_every_state_and_nothing_moves_afterwards(state: State) -> None:
    """H11."""
    rig = in_state(state)
    answer = rig.wish(Verb.STOP, expired=True, id="1", code="x")
    assert (answer.accepted, answer.moving, answer.reason) == (True, False, None)
    assert Stop() in rig.sent
    rig.run(0.1)
    assert rig.core.conduct.run is None
    assert rig.core.conduct.way is None
    assert not rig.core.conduct.arming.wanted
    stopped = {State.RUNNING, State.PAUSED, State.RETURNING, State.RISING}
    expected = State.FROZEN if state in stopped else State.STANDING if state is State.ARMED else state
    assert rig.state is expected
    before = len(rig.setpoints())
    assert rose(rig, 2.0) == 0
    assert len(rig.setpoints()) == before


@pytest.mark.parametrize("verb", [Verb.STOP, Verb.LEVEL])
def test_a_second_one_with_the_same_id_is_no_duplicate(verb: Verb) -> None:
    rig = in_state(State.RUNNING)
    for _ in range(2):
        assert rig.wish(verb, id="7").accepted


def test_a_stop_is_repeated_until_the_unit_has_counted_it() -> None:
    rig = in_state(State.RUNNING)
    rig.step(Wish(Verb.STOP), mute=True)
    for _ in range(20):
        rig.step(mute=True)
    assert rig.unit.armed, "it heard nothing"
    rig.run(0.2)
    assert rig.unit.stop_count == 41
    rig.run(1.0)
    assert rig.unit.stop_count == 41


def test_a_stop_whose_frame_is_on_the_wire_is_not_written_again() -> None:
    rig = in_state(State.RUNNING)
    rig.step(Wish(Verb.STOP, sent=True))
    assert Stop() not in rig.sent
    rig.unit.receive(STOP_FRAME)
    rig.run(0.5)
    assert rig.unit.stop_count == 41


def test_a_frame_of_the_lane_and_its_wish_are_one_stop() -> None:
    rig = in_state(State.RUNNING)
    rig.lane_frames = 1
    rig.unit.receive(STOP_FRAME)
    rig.step(Wish(Verb.STOP, sent=1))
    rig.run(0.5)
    assert rig.unit.stop_count == 41


@pytest.mark.parametrize("state", [State.RUNNING, State.RISING])
def test_a_frame_of_the_lane_whose_wish_is_lost_is_a_stop(state: State) -> None:
    """H11: lost on the line, too: nobody but the lane knows of it."""
    rig = in_state(state)
    rig.lane_frames = 1
    rig.step()
    assert rig.state is State.FROZEN
    assert rig.core.conduct.run is None
    rig.run(0.1)
    assert rig.unit.stop_count == 41, "repeated"


def test_a_stop_whose_wish_is_lost_makes_an_older_level_void() -> None:
    """H11: its count is not taken for that of the frame before, which the line had lost."""
    rig = in_state(State.RUNNING, 20.0)
    rig.lane_frames = 1
    rig.step(Wish(Verb.STOP, sent=1))
    rig.step(Wish(Verb.LEVEL))
    rig.lane_frames = 2
    rig.unit.receive(STOP_FRAME)
    before_deg = rig.unit.angle_deg
    rig.run(3.0)
    assert rig.unit.angle_deg == before_deg
    assert not any(isinstance(message, Level) for message in rig.unit.heard)


def test_each_of_two_stops_counts() -> None:
    rig = in_state(State.RUNNING)
    rig.wish(Verb.STOP)
    rig.run(0.3)
    rig.wish(Verb.STOP)
    rig.run(0.3)
    assert rig.unit.stop_count == 42


def test_a_stop_ends_the_session_and_says_so() -> None:
    rig = in_state(State.RUNNING)
    rig.wish(Verb.STOP)
    assert (rig.ended().outcome, rig.ended().why) == ("interrupted", "stop was pressed")


@pytest.mark.parametrize("state", [State.FROZEN, State.RETURNING, State.FAULT])
def test_a_kept_stop_never_holds_up_a_return(state: State) -> None:
    """Safety.md: a retained stop restarts nothing; it comes when the connection does."""
    rig = in_state(state)
    before = rig.unit.stop_count
    assert rig.wish(Verb.STOP, retained=True).accepted
    rig.run(0.2)
    assert rig.state is state
    assert rig.unit.stop_count == before


def test_a_kept_stop_stops_the_way_up_to_level() -> None:
    """H15: only a return from head down is the way to safety."""
    rig = in_state(State.RISING, -20.0)
    rig.wish(Verb.LEVEL)
    rig.run(6.0)
    assert rig.unit.rate_dps > 1.0
    rig.wish(Verb.STOP, retained=True)
    assert rig.state is State.FROZEN
    assert rose(rig) == 0


@pytest.mark.parametrize("angle_deg", [-20.0, 20.0])
def test_a_stop_at_the_table_locks_out_for_a_second_too(angle_deg: float) -> None:
    rig = in_state(State.RUNNING, angle_deg)
    rig.unit.receive(STOP_FRAME)
    rig.run(0.2)
    before_deg = rig.unit.angle_deg
    assert rig.wish(Verb.LEVEL).moving == (angle_deg > 0)
    rig.run(0.6)
    assert rig.unit.angle_deg == before_deg
    assert rig.state is State.FROZEN


@pytest.mark.parametrize("state", [State.ARMED, State.RUNNING, State.PAUSED, State.RISING])
def test_a_kept_stop_stops_what_somebody_started(state: State) -> None:
    rig = in_state(state)
    assert rig.wish(Verb.STOP, retained=True).accepted
    assert rig.state in (State.FROZEN, State.STANDING)
    assert rig.wish(Verb.ARM).reason is not Reason.TOO_SOON, "nobody pressed it just now"


def test_a_stop_without_a_link_is_tried_for_a_while() -> None:
    rig = in_state(State.RUNNING)
    for _ in range(110):
        rig.step(deaf=True)
    assert rig.state is State.OFFLINE
    rig.step(Wish(Verb.STOP), deaf=True)
    assert Stop() in rig.sent
    for _ in range(150):
        rig.step(deaf=True)
    assert Stop() not in rig.sent


# Level


@pytest.mark.parametrize(
    ("state", "known"),
    [
        (state, known)
        for state in (State.STANDBY, State.RUNNING, State.PAUSED, State.FROZEN, State.RETURNING)
        for known in ({}, {"expired": True}, {"id": "twice"})
        if not known or state is not State.FROZEN  # a stop beats an older level
    ],
)
def test_level_from_the_head_down_side_always_moves(state: State, known: dict[str, object]) -> None:
    rig = in_state(state, 20.0)
    rig.run(1.0 if state is State.FROZEN else 0.0)
    if known.get("id"):
        rig.wish(Verb.ACKNOWLEDGE, id="twice")
    answer = rig.wish(Verb.LEVEL, **known)
    assert (answer.accepted, answer.moving) == (True, True)
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)
    assert rig.unit.angle_deg == 0.0


@pytest.mark.parametrize("known", [{"expired": True}, {"id": "twice"}])
@pytest.mark.parametrize("pause_s", [0.0, 0.3, 5.0])
def test_a_stop_beats_an_older_level_also_head_down(known: dict[str, object], pause_s: float) -> None:
    """H11: a level out of a stale queue, or doubled on its way, moves nobody whom a stop has frozen."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(Wish(Verb.LEVEL, id="twice"), Wish(Verb.STOP))
    rig.run(pause_s)
    answer = rig.wish(Verb.LEVEL, **known)
    assert (answer.accepted, answer.moving) == (True, False)
    assert "old" in answer.message
    before_deg = rig.unit.angle_deg
    rig.run(3.0)
    assert rig.unit.angle_deg == before_deg
    assert rig.wish(Verb.LEVEL).moving


@pytest.mark.parametrize("pause_s", [0.0, 0.3, 0.9])
def test_a_live_level_within_a_second_of_a_stop_is_carried_out_when_the_second_is_over(pause_s: float) -> None:
    """Stop wins, and level from the head-down side always moves."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(Wish(Verb.STOP))
    rig.run(pause_s)
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, True)
    before_deg = rig.unit.angle_deg
    rig.run(0.92 - pause_s)
    assert rig.state is State.FROZEN
    assert rig.unit.angle_deg == before_deg
    rig.run(0.2)
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)


@pytest.mark.parametrize("act", ["stop", "table", "estop", "link"])
def test_whatever_comes_after_it_the_level_that_waits_is_void(act: str) -> None:
    """F4, F24, H11."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(Wish(Verb.STOP))
    rig.run(0.2)
    rig.step(Wish(Verb.LEVEL))
    rig.run(0.2)
    if act == "stop":
        rig.step(Wish(Verb.STOP))
    elif act == "table":
        rig.unit.receive(STOP_FRAME)
    elif act == "estop":
        rig.unit.estop = True
        rig.step()
        rig.unit.estop = False
    else:
        rig.step(PortLost("Unplugged."))
    rig.run(2.5)
    assert not any(isinstance(message, Level) for message in rig.unit.heard)
    assert rig.unit.angle_deg > 19.0


def test_while_the_unit_holds_level_says_that_it_moves_nothing() -> None:
    """R3 with its cause still at work: the unit would not obey."""
    rig = in_state(State.RUNNING, 20.0)
    rig.unit.causes, rig.unit.latched, rig.unit.rung = Cause.OVER_SPEED, Cause.OVER_SPEED, Rung.HOLD
    rig.run(0.2)
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)
    assert "holds: faster than 5 °/s" in answer.message
    rig.unit.causes = 0
    rig.run(0.1)
    assert rig.wish(Verb.LEVEL).moving


def test_level_head_up_says_that_nobody_knows_the_angle() -> None:
    rig = in_state(State.ARMED, -40.0)
    rig.unit.trusted = False
    answer = rig.wish(Verb.LEVEL)
    assert not answer.moving
    assert "sensors do not agree" in answer.message


@pytest.mark.parametrize("state", State)
def test_a_kept_level_is_accepted_and_moves_nobody(state: State) -> None:
    """F21."""
    rig = in_state(state)
    before = len([message for message in rig.unit.heard if isinstance(message, Level | Arm)])
    answer = rig.wish(Verb.LEVEL, retained=True)
    assert (answer.accepted, answer.moving) == (True, False)
    assert rig.state is state
    assert len([message for message in rig.unit.heard if isinstance(message, Level | Arm)]) == before


@pytest.mark.parametrize("state", [State.ARMED, State.RUNNING, State.PAUSED, State.FROZEN, State.RISING])
def test_level_from_the_head_up_side_leads_a_person_who_is_known_to_lie_there(state: State) -> None:
    rig = in_state(state, -60.0)
    rig.run(1.0)
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving, answer.message) == (True, True, "Going to level.")
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)
    assert rig.unit.angle_deg == pytest.approx(0.0, abs=0.1)
    assert not rig.unit.armed, "the grant goes back"


def test_a_table_that_lags_behind_keeps_its_lease_until_it_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    """H8: level was wished on the way to standing. The plan has slowed down; the table, which the unit had stopped for
    a moment, has not. Without its lease it would be braked with 4.5 °/s²."""
    rig = in_state(State.RISING, -20.0)
    rig.run(4.0)
    unit, real, behind_deg = rig.unit, rig.unit.advance, 0.9

    def lags(seconds: float) -> None:
        nonlocal behind_deg
        real(seconds)
        behind_deg = max(behind_deg - 0.005, 0.0)
        unit.angle_deg += behind_deg
        unit.rate_dps = -1.0 if behind_deg else 0.0

    rig.wish(Verb.LEVEL)
    monkeypatch.setattr(unit, "advance", lags)
    for _ in range(170):
        rig.step()
        assert all(isinstance(message, Setpoint) for message in rig.sent)
        assert rig.unit._leased_s > 0.3
    rig.until(State.LEVEL)


@pytest.mark.parametrize("state", [State.STANDING, State.STANDBY, State.FAULT])
def test_level_from_the_head_up_side_holds_where_nobody_armed(state: State) -> None:
    """H15."""
    rig = in_state(state, -30.0)
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)
    assert answer.message.startswith("Holding: ")
    assert rose(rig) == 0


@pytest.mark.parametrize("known", [{"expired": True}, {"id": "twice"}])
@pytest.mark.parametrize("state", [State.ARMED, State.RUNNING, State.FROZEN, State.RISING])
def test_an_old_level_moves_nobody_up(state: State, known: dict[str, object]) -> None:
    """F21."""
    rig = in_state(state, -60.0)
    rig.run(1.0)
    if known.get("id"):
        rig.wish(Verb.ACKNOWLEDGE, id="twice")
    answer = rig.wish(Verb.LEVEL, **known)
    assert (answer.accepted, answer.moving) == (True, False)
    assert rig.state is state


@pytest.mark.parametrize(
    ("state", "change"),
    [
        (state, change)
        for state in (State.ARMED, State.RUNNING, State.FROZEN, State.RISING)
        for change in ("nobody", "ankles", "latched", "broker")
    ],
)
def test_level_from_the_head_up_side_needs_a_person_who_is_locked_in(state: State, change: str) -> None:
    """F25, F26: otherwise it holds, whatever was under way."""
    rig = in_state(state, -60.0)
    rig.run(1.0)
    if change == "nobody":
        rig.unit.person = Flag.ANKLES_LOCKED
    elif change == "ankles":
        rig.unit.person = Flag.OCCUPIED
    elif change == "latched":
        rig.unit.latched = Cause.OCCUPANT_LOST
    else:
        rig.core.conduct.broker_gone = "The broker is gone."
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)
    rig.run(1.0)
    assert rig.core.conduct.run is None
    assert rig.core.conduct.way is None
    assert rose(rig) == 0


def test_level_with_the_emergency_stop_pressed_is_void_even_after_the_release() -> None:
    """F24."""
    rig = in_state(State.RUNNING)
    rig.unit.estop, rig.unit.rung, rig.unit.latched = True, Rung.HOLD, Cause.ESTOP
    rig.run(0.1)
    assert rig.state is State.FAULT
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)
    rig.unit.estop = False
    rig.run(1.0)
    assert not any(isinstance(message, Level) for message in rig.unit.heard)
    rig.unit.rung = None
    assert rig.wish(Verb.LEVEL).moving, "afterwards a deliberate one moves"
    rig.run(0.2)
    assert any(isinstance(message, Level) for message in rig.unit.heard)


def test_level_with_somebody_lowering_by_hand_is_void() -> None:
    rig = in_state(State.FROZEN)
    rig.unit.lowering = True
    rig.run(0.1)
    assert not rig.wish(Verb.LEVEL).moving


@pytest.mark.parametrize("state", [State.LEVEL, State.STANDBY, State.ARMED, State.FAULT])
def test_level_at_level(state: State) -> None:
    rig = in_state(state, 0.0)
    answer = rig.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving, answer.message) == (True, False, "The table is level.")
    rig.run(0.5)
    assert rig.state is (State.STANDBY if state is State.ARMED else state)


def test_level_in_a_session_at_level_ends_it_there() -> None:
    rig = Rig()
    rig.begin()
    rig.run(60)
    assert rig.unit.angle_deg == 0.0
    assert rig.state is State.RUNNING
    rig.wish(Verb.LEVEL)
    rig.run(0.5)
    assert rig.state is State.LEVEL
    assert rig.ended().why == "level was wished"


def test_level_just_after_standing_up_began_comes_back() -> None:
    rig = in_state(State.RISING, -1.0)
    rig.wish(Verb.LEVEL)
    rig.until(State.LEVEL, 20.0)
    assert rig.unit.angle_deg > -1.5


def test_level_again_on_the_way_up_changes_nothing() -> None:
    rig = in_state(State.FROZEN, -40.0)
    rig.run(1.0)
    rig.wish(Verb.LEVEL)
    rig.run(8.0)
    rate = rig.unit.rate_dps
    assert rate > 1.4
    assert rig.wish(Verb.LEVEL).moving
    rig.run(0.1)
    assert rig.unit.rate_dps == pytest.approx(rate, abs=0.01)


def test_level_without_a_link_is_accepted() -> None:
    answer = in_state(State.OFFLINE).wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)


# Several at once


@pytest.mark.parametrize("angle_deg", [-80.0, -40.0, 20.0])
@pytest.mark.parametrize("order", list(permutations([Verb.STOP, Verb.LEVEL, Verb.START, Verb.ARM])), ids=" ".join)
def test_a_press_on_everything_at_once_moves_nobody_but_home(order: tuple[Verb, ...], angle_deg: float) -> None:
    """A bulk press arrives in any order within one step: stop wins, except over a later level from head down."""
    rig = Rig() if angle_deg == -80.0 else in_state(State.RUNNING, angle_deg)
    before_deg = rig.unit.angle_deg
    rig.step(*(Wish(verb, preset="back" if verb is Verb.START else None) for verb in order))
    assert len(rig.answers[-4:]) == 4
    assert [a.accepted for a in rig.answers[-4:] if a.verb in (Verb.STOP, Verb.LEVEL)] == [True, True]
    rig.run(3.0)
    assert rig.core.conduct.run is None
    assert rig.unit.angle_deg <= before_deg + 0.05
    home = angle_deg > 0 and order.index(Verb.LEVEL) > order.index(Verb.STOP)
    if angle_deg != -80.0:
        assert rig.state is (State.RETURNING if home else State.FROZEN)
        assert (rig.unit.angle_deg < before_deg - 1) == home
    else:
        assert rig.state is State.STANDING
    assert rig.wish(Verb.ARM).reason is not Reason.TOO_SOON, "a second has passed"


def test_arm_and_start_in_one_burst_moves_nobody() -> None:
    """F21: a phone's stale queue."""
    rig = Rig()
    rig.step(Wish(Verb.ARM), Wish(Verb.START, preset="back"), Wish(Verb.START, preset="back"))
    assert [answer.reason for answer in rig.answers] == [None, Reason.TOO_SOON, Reason.NOT_ARMED]
    rig.run(2.0)
    assert rig.state is State.STANDING
    assert not rig.unit.armed


def test_arm_and_level_in_one_burst_move_nobody() -> None:
    """F21: armed a moment ago, level would lead a person up from standing."""
    rig = Rig()
    rig.step(Wish(Verb.ARM), Wish(Verb.LEVEL))
    assert [answer.moving for answer in rig.answers] == [False, False]
    rig.run(0.9)
    assert not rig.wish(Verb.LEVEL).moving
    assert rig.state is State.ARMED
    rig.run(0.1)
    assert rig.wish(Verb.LEVEL).moving


def test_a_start_whose_grant_does_not_come_moves_nobody() -> None:
    rig = Rig()
    rig.unit.grants = False
    rig.wish(Verb.ARM)
    assert rig.wish(Verb.START, preset="back", code=rig.core.conduct.arming.code).accepted
    rig.run(0.8)
    assert rig.state is State.RUNNING
    rig.run(0.4)
    assert rig.ended().why == "The connection to the tilt unit faltered."
    assert rig.setpoints() == []


def test_a_start_that_comes_before_the_grant_waits_for_it() -> None:
    rig = Rig()
    rig.step(Wish(Verb.ARM), mute=True)
    rig.step(Wish(Verb.START, preset="back", code=rig.core.conduct.arming.code))
    rig.run(0.5)
    assert rig.unit.armed
    assert rig.setpoints()


def test_a_stop_in_the_same_step_as_a_start_wins() -> None:
    rig = in_state(State.ARMED)
    rig.step(Wish(Verb.START, preset="back"), Wish(Verb.STOP))
    rig.run(1.0)
    assert rig.core.conduct.run is None
    assert not rig.setpoints()


# Arming and starting


def test_the_code_starts_at_once_and_only_once() -> None:
    """F21, H4."""
    rig = Rig()
    rig.wish(Verb.ARM)
    code = rig.core.conduct.arming.code
    assert rig.wish(Verb.START, preset="gentle", code=code).accepted
    assert rig.core.conduct.arming.code is None
    rig.wish(Verb.STOP)
    rig.run(1.5)
    rig.wish(Verb.ARM)
    assert rig.wish(Verb.START, preset="gentle", code=code).reason is Reason.NOT_ARMED


@pytest.mark.parametrize(
    "wish",
    [
        Wish(Verb.START, preset="nope"), Wish(Verb.START, preset="back", retained=True),
        Wish(Verb.START, preset="back", expired=True), Wish(Verb.START, preset="back", code="0000"),
        Wish(Verb.GOTO, angle_deg=80.0), Wish(Verb.JOG, direction=1, retained=True),
        Unreadable("start", Reason.BAD_PAYLOAD, "No."), Unreadable("goto", Reason.BAD_PAYLOAD, "No."),
        Unreadable("jog", Reason.BAD_PAYLOAD, "No."),
    ],
)  # fmt: skip
def test_any_refused_start_closes_the_arming_window(wish: Wish | Unreadable) -> None:
    rig = in_state(State.ARMED)
    rig.step(wish)
    assert not rig.answers[-1].accepted
    assert rig.state is State.STANDING
    assert rig.core.conduct.arming.code is None
    rig.run(0.1)
    assert not rig.unit.armed


def test_what_is_no_start_leaves_the_window_open() -> None:
    rig = in_state(State.ARMED)
    rig.step(Unreadable("pause", Reason.BAD_PAYLOAD, "No."), Wish(Verb.PAUSE), Wish(Verb.ACKNOWLEDGE))
    assert rig.state is State.ARMED
    assert rig.core.desk.refused == 2
    assert rig.core.desk.taken == 4


def test_each_id_is_good_for_one_command_even_if_that_was_refused() -> None:
    """F21: what was refused does not start somebody when it comes again."""
    rig = Rig()
    assert rig.wish(Verb.START, preset="back", id="7").reason is Reason.NOT_ARMED
    rig.wish(Verb.ARM)
    rig.run(1.5)
    assert rig.wish(Verb.START, preset="back", id="7").reason is Reason.DUPLICATE
    assert rig.wish(Verb.ARM, id="8").accepted
    for number in range(300):
        rig.wish(Verb.PAUSE, id=f"x{number}")
    assert rig.wish(Verb.PAUSE, id="x50").reason is Reason.DUPLICATE
    assert rig.wish(Verb.ARM, id="8").accepted, "of 256 the oldest is forgotten"


def test_arming_again_begins_a_new_window_with_a_new_code() -> None:
    rig = in_state(State.ARMED)
    code = rig.core.conduct.arming.code
    rig.wait(30)
    assert rig.wish(Verb.ARM).accepted
    assert rig.core.conduct.arming.code != code
    assert rig.wish(Verb.START, preset="back").reason is Reason.TOO_SOON


def test_the_button_on_the_table_arms_even_where_nothing_else_does() -> None:
    rig = Rig(settings=Settings(arm_by_button=True))
    assert rig.wish(Verb.ARM).reason is Reason.NOT_ARMED
    rig.unit.arm_presses = 1
    rig.step()
    assert rig.state is State.ARMED
    rig.wait(61)
    assert rig.state is State.STANDING
    rig.unit.person = Flag.OCCUPIED
    rig.unit.arm_presses = 2
    rig.step()
    assert rig.state is State.STANDING
    assert rig.answers[-1].reason is Reason.ANKLES_OPEN


def test_presses_from_before_the_controller_arm_nothing() -> None:
    rig = Rig()
    rig.unit.arm_presses = 9
    for _ in range(120):
        rig.step(deaf=True)
    rig.run(1.0)
    assert rig.state is State.STANDING


# Goto


@pytest.mark.parametrize("angle_deg", [-15.0, -40.0, -80.0])
def test_goto_on_the_head_up_side_ends_the_session_there(angle_deg: float) -> None:
    rig = Rig(0.0)
    rig.wait(121)
    assert rig.begin(Verb.GOTO, angle_deg=angle_deg).moving
    rig.run(100)
    assert rig.unit.angle_deg == pytest.approx(angle_deg)
    assert rig.state is (State.STANDING if angle_deg == -80.0 else State.STANDBY)
    assert rig.ended().outcome == "reached"
    assert not rig.unit.armed


def test_goto_far_up_stops_at_minus_40_on_the_way_like_standing_up() -> None:
    """H8."""
    rig = Rig(0.0)
    rig.wait(121)
    rig.begin(Verb.GOTO, angle_deg=-70.0)
    at_stop = 0.0
    while rig.core.conduct.run is not None:
        rig.step()
        at_stop += 0.02 if rig.unit.angle_deg == -40.0 else 0.0
    assert at_stop >= 20.0
    assert rig.unit.angle_deg == -70.0


@pytest.mark.parametrize(("angle_deg", "seconds"), [(10.0, 600.0), (30.0, 300.0)])
def test_goto_head_down_stays_for_as_long_as_the_angle_allows_and_comes_back(angle_deg: float, seconds: float) -> None:
    """By its own plan, and not because a limit ends it."""
    rig = Rig(0.0)
    rig.begin(Verb.GOTO, angle_deg=angle_deg)
    rig.run(30)
    assert rig.unit.angle_deg == angle_deg
    rig.run(seconds - 70)
    assert rig.state is State.RUNNING
    rig.until(State.LEVEL, 100.0)
    assert rig.ended().outcome == "reached"
    assert seconds - 3.0 < rig.core.conduct.meter.session_s < seconds


def test_goto_level_is_a_session_that_ends_at_level() -> None:
    rig = Rig()
    rig.begin(Verb.GOTO, angle_deg=0.0)
    rig.until(State.LEVEL)
    assert rig.ended().outcome == "reached"


# Jog


def jogging(angle_deg: float = 0.0, direction: int = 1) -> Rig:
    rig = Rig(angle_deg)
    rig.wait(121)
    assert rig.begin(Verb.JOG, direction=direction).moving
    return rig


def hold_button(rig: Rig, direction: int, seconds: float) -> None:
    for _ in range(round(seconds / 0.2)):
        rig.wish(Verb.JOG, direction=direction)
        rig.run(0.18)


def test_jog_moves_while_it_is_held_and_ends_when_the_heartbeat_is_late() -> None:
    rig = jogging()
    hold_button(rig, 1, 10.0)
    assert all(answer.accepted for answer in rig.answers), [a for a in rig.answers if not a.accepted]
    assert rig.unit.angle_deg > 8.0
    let_go = rig.unit.angle_deg
    rig.run(2.5)
    assert rig.state is State.PAUSED
    assert rig.unit.angle_deg - let_go < 0.5 + 1.3
    assert rose(rig) == 0
    hold_button(rig, 1, 2.0)
    assert rig.state is State.RUNNING
    assert rig.unit.angle_deg > let_go + 1.5


def test_jog_stop_ends_the_motion() -> None:
    rig = jogging()
    hold_button(rig, 1, 4.0)
    let_go = rig.unit.angle_deg
    rig.wish(Verb.JOG, direction=0)
    rig.run(1.5)
    assert rig.unit.angle_deg - let_go < 0.8
    assert rose(rig) == 0


def test_jog_the_other_way_turns_round() -> None:
    rig = jogging()
    hold_button(rig, 1, 10.0)
    top = rig.unit.angle_deg
    hold_button(rig, -1, 5.0)
    assert rig.unit.angle_deg < top - 2.0
    rates = [message.rate_dps for message in rig.setpoints()]
    assert max(abs(b - a) for a, b in pairwise(rates)) <= 0.02 + 1e-9, "0.8 °/s² in 20 ms"


def test_jog_stays_within_the_limit_and_above_level_without_the_pause() -> None:
    rig = Rig()
    rig.begin(Verb.JOG, direction=1)
    hold_button(rig, 1, 120.0)
    assert 29.9 <= rig.unit.angle_deg <= 30.0
    hold_button(rig, -1, 40.0)
    assert rig.unit.angle_deg == pytest.approx(0.0, abs=0.1), "below level only after the pause"
    rig.run(1.0)
    assert rig.wish(Verb.JOG, direction=-1).reason is Reason.PAUSE_FIRST
    rig.wait(61.0)
    hold_button(rig, -1, 20.0)
    assert rig.unit.angle_deg == pytest.approx(-15.0, abs=0.1)
    assert "stand" in rig.wish(Verb.JOG, direction=-1).message


def test_a_jog_that_nobody_holds_is_over_after_two_minutes() -> None:
    rig = jogging()
    hold_button(rig, 1, 10.0)
    rig.wait(119)
    assert rig.state is State.PAUSED
    rig.run(3)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "the pause lasted for two minutes"


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.SKIP])
def test_nothing_but_a_held_button_moves_a_jog(verb: Verb) -> None:
    rig = jogging()
    hold_button(rig, 1, 5.0)
    rig.run(3.0)
    assert rig.state is State.PAUSED
    assert rig.wish(verb).reason is Reason.BUSY
    assert rose(rig, 5.0) == 0
    hold_button(rig, 1, 1.0)
    rig.wish(Verb.PAUSE)
    assert rig.state is State.PAUSED
    rig.run(2.0)
    assert rig.wish(verb).reason is Reason.BUSY
    assert rose(rig, 5.0) == 0


def test_jog_up_from_standing_goes_nowhere() -> None:
    rig = in_state(State.ARMED)
    answer = rig.wish(Verb.JOG, direction=-1)
    assert (answer.accepted, answer.moving) == (True, False)
    rig.run(2.0)
    assert rig.core.conduct.run is None
    assert rig.unit.angle_deg == -80.0


# Pause, resume, skip


def test_a_pause_eases_out_counts_and_is_bounded() -> None:
    rig = in_state(State.RUNNING, 20.0)
    used = rig.core.conduct.meter.session_s
    assert rig.wish(Verb.PAUSE).accepted
    assert rig.state is State.PAUSED
    rig.run(3.0)
    assert 20.5 < rig.unit.angle_deg < 23.0
    assert rose(rig, 100.0) == 0
    assert rig.core.conduct.meter.session_s == pytest.approx(used + 103, abs=0.1)
    rig.run(18.0)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "the pause lasted for two minutes"


def test_resume_goes_on_where_it_was_a_second_later() -> None:
    rig = in_state(State.RUNNING, 20.0)
    rig.wish(Verb.PAUSE)
    assert rig.wish(Verb.RESUME).reason is Reason.TOO_SOON
    rig.run(5.0)
    assert rig.wish(Verb.RESUME).moving
    rig.run(10.0)
    assert rig.unit.angle_deg == 30.0
    assert not rig.core.conduct.pauses.paused


def test_skip_goes_on_with_the_next_step() -> None:
    rig = in_state(State.RUNNING, 20.0)
    assert rig.wish(Verb.SKIP).message == "Going on with the next step."
    rig.run(30.0)
    assert rig.unit.angle_deg == 0.0
    assert [event.label for event in rig.events if event.step][-1] == "rest at 0° for 2 min (1 of 3)"


def test_a_skip_that_comes_twice_does_not_lead_head_down_again() -> None:
    """F21: QoS 1 delivers at least once."""
    rig = in_state(State.RUNNING, 29.9)
    rig.run(5.0)
    first, second = rig.wish(Verb.SKIP), rig.wish(Verb.SKIP)
    assert (first.accepted, second.reason) == (True, Reason.TOO_SOON)
    rig.run(30.0)
    assert rig.unit.angle_deg == 0.0
    assert [event.label for event in rig.events if event.step][-1] == "rest at 0° for 2 min (1 of 3)"
    assert rig.wish(Verb.SKIP).accepted


def test_skip_in_a_pause_goes_on_too() -> None:
    rig = in_state(State.PAUSED)
    assert rig.wish(Verb.SKIP).moving
    assert rig.state is State.RUNNING
    rig.run(30.0)
    assert rig.unit.angle_deg == 0.0


# Stand, acknowledge


@pytest.mark.parametrize("state", [State.LEVEL, State.STANDBY, State.ARMED])
def test_stand_leads_to_standing_with_a_stop_at_minus_40(state: State) -> None:
    """H8: 1.5 °/s and 20 s."""
    rig = in_state(state, 0.0)
    rig.run(1.0)
    assert rig.wish(Verb.STAND).reason is Reason.PAUSE_FIRST
    rig.wait(40.0)
    if state is State.LEVEL:
        rig.wait(21.0)
    else:
        assert rig.wish(Verb.STAND).reason is Reason.PAUSE_FIRST, "what was before nobody knows: two minutes"
        rig.wait(81.0)
    if state is State.ARMED:
        rig.wish(Verb.ARM)
    rig.run(1.2)
    assert rig.wish(Verb.STAND).moving
    before, at_stop_s = len(rig.setpoints()), 0.0
    while rig.state is State.RISING:
        rig.step()
        at_stop_s += 0.02 if rig.unit.angle_deg == -40.0 else 0.0
    assert at_stop_s >= 20.0
    assert rig.state is State.STANDING
    assert max(abs(message.rate_dps) for message in rig.setpoints()[before:]) <= 1.5
    assert not rig.unit.armed
    assert rig.unit.angle_deg == -80.0


def test_the_pause_before_standing_is_two_minutes_after_five_minutes_head_down() -> None:
    rig = Rig()
    rig.begin(preset="gentle")
    rig.run(100)
    rig.wait(320)
    assert rig.core.conduct.meter.session_s > 301
    rig.wish(Verb.LEVEL)
    rig.until(State.LEVEL)
    rig.wait(119.0)
    assert rig.wish(Verb.STAND).reason is Reason.PAUSE_FIRST
    rig.run(1.1)
    assert rig.wish(Verb.STAND).moving


def test_stand_goes_straight_back_from_a_freeze_on_the_way_up() -> None:
    rig = in_state(State.FROZEN, -30.0)
    assert rig.wish(Verb.STAND).reason is Reason.TOO_SOON
    rig.run(1.0)
    assert rig.wish(Verb.STAND).moving
    rig.until(State.STANDING)


def test_stand_at_standing_is_done() -> None:
    answer = in_state(State.STANDING).wish(Verb.STAND)
    assert (answer.accepted, answer.moving, answer.message) == (True, False, "The table is at standing.")


def test_acknowledge_clears_what_is_gone() -> None:
    rig = in_state(State.FAULT)
    rig.unit.causes = Cause.BED_SENSOR
    rig.step()
    answer = rig.wish(Verb.ACKNOWLEDGE)
    assert (answer.accepted, answer.message) == (True, "Acknowledged; still there: bed sensor.")
    rig.run(0.1)
    assert rig.state is State.FAULT
    rig.unit.causes = 0
    rig.step()
    assert rig.wish(Verb.ACKNOWLEDGE).message == "Acknowledged."
    rig.run(0.1)
    assert rig.state is State.STANDBY
    assert rig.wish(Verb.ACKNOWLEDGE).message == "Nothing waits for acknowledgement."


def test_a_wish_without_a_link_is_refused() -> None:
    rig = in_state(State.OFFLINE)
    for verb in (Verb.ARM, Verb.START, Verb.STAND, Verb.PAUSE):
        assert rig.wish(verb, preset="back" if verb is Verb.START else None).reason is Reason.LINK_DOWN


def test_setpoints_quote_the_count_of_the_wish_behind_them() -> None:
    """A stop makes all older ones void."""
    rig = in_state(State.RUNNING)
    rig.unit.stop_count += 1
    before = [message for message in rig.unit.heard if isinstance(message, Setpoint)]
    rig.run(0.5)
    later = rig.setpoints()[len(before) :]
    assert all(message.stop_count == 40 for message in later)
    assert rig.state is State.FROZEN
    assert rig.ended().why == "stopped at the table"


def test_a_jog_follows_the_one_second_rule_after_a_pause_but_not_after_a_button_was_let_go() -> None:
    rig = Rig(0.0)
    rig.begin(Verb.JOG, direction=1)
    rig.run(0.1)
    rig.wish(Verb.PAUSE)
    assert rig.wish(Verb.JOG, direction=1).reason is Reason.TOO_SOON
    assert rig.wish(Verb.JOG, direction=0).accepted
    rig.run(1.1)
    assert rig.wish(Verb.JOG, direction=1).moving
    rig.wish(Verb.JOG, direction=0)
    assert rig.state is State.PAUSED
    assert rig.wish(Verb.JOG, direction=1).moving


def test_nobody_stands_up_while_a_stop_might_not_arrive() -> None:
    """F20: it would be held at once on the way."""
    rig = in_state(State.LEVEL)
    rig.wait(130.0)
    rig.step(BrokerStatus(False, "The broker is gone."))
    assert rig.wish(Verb.STAND).reason is Reason.LINK_DOWN
    assert rig.state is State.LEVEL


# What a person confirms


@pytest.mark.parametrize("button", [False, True])
def test_arming_says_what_the_person_confirms(button: bool) -> None:
    """H13."""
    rig = in_state(State.STANDING)
    if button:
        rig.unit.arm_presses += 1
        rig.step()
    else:
        rig.wish(Verb.ARM)
    assert (rig.answers[-1].accepted, rig.answers[-1].message) == (
        True,
        "Armed for 60 s. You confirm: both ankles locked, nothing and nobody in reach of the table, "
        "the checklist read, somebody else in the room. Start now, or stop to disarm.",
    )
