"""The whole step: what comes in is judged, what goes out is gated, and each thing that may fail ends in a reaction."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.account import LedgerFailed, Reconciled
from controller.booking import Reconcile, Settle
from controller.conduct import Settings
from controller.core import BrokerStatus, HeldUp, Leave, PortLost
from controller.document import state_document
from controller.limits import DEFAULTS, combine, guest
from controller.model import EventKind, Limit, Reason, State, Unreadable, Verb, Wish
from protocol.link import STOP_FRAME, frame
from protocol.messages import Arm, Cause, Disarm, Flag, Hello, Keepalive, Level, Rung, Setpoint, Stop

from .rig import PERSON, Rig, in_state

GONE = BrokerStatus(False, "The broker is gone.")
BACK = BrokerStatus(True, "")
CONNECTED = [state for state in State if state is not State.OFFLINE]


def kinds(rig: Rig) -> list[EventKind]:
    return [event.kind for event in rig.events]


def still(rig: Rig, seconds: float = 3.0) -> bool:
    before = rig.unit.angle_deg
    rig.run(seconds)
    return rig.unit.angle_deg == before


# The broker: F20


def test_the_broker_goes_the_session_pauses_at_once_and_goes_home_after_ten_seconds() -> None:
    """F20."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(GONE)
    assert rig.state is State.PAUSED
    assert kinds(rig)[-2:] == [EventKind.BROKER_LOST, EventKind.LIMIT]
    rig.run(9.9)
    assert rig.state is State.PAUSED
    rig.run(0.2)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "The MQTT broker has been gone for 10 s."
    rig.until(State.LEVEL)
    assert kinds(rig).count(EventKind.LIMIT) == 1


def test_the_broker_comes_back_and_nothing_resumes_by_itself() -> None:
    """F20."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(GONE)
    rig.run(5.0)
    rig.step(BACK)
    rig.wait(20.0)
    assert rig.state is State.PAUSED
    assert still(rig)
    assert rig.wish(Verb.RESUME).moving


def test_a_broker_that_flaps_lets_nothing_move() -> None:
    """F20: the pause stays, and is bounded."""
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(30):
        rig.step(GONE)
        rig.run(3.0)
        rig.step(BACK)
        rig.run(1.1)
    assert rig.state in (State.RETURNING, State.LEVEL)


def test_without_the_broker_neither_resume_nor_arm_is_obeyed() -> None:
    """F20: one of our two connections may be dead while the other still brings commands."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(GONE)
    rig.run(2.0)
    assert rig.wish(Verb.RESUME).reason is Reason.LINK_DOWN
    assert rig.state is State.PAUSED
    rig = Rig()
    rig.step(GONE)
    assert rig.wish(Verb.ARM).reason is Reason.LINK_DOWN


@pytest.mark.parametrize("gone", [GONE, None])
def test_the_broker_goes_the_arming_window_closes(gone: BrokerStatus | None) -> None:
    """F20, F21: what a phone's queue brings when it is back finds nothing armed."""
    rig = in_state(State.ARMED)
    if gone:
        rig.step(gone)
    assert (rig.state is State.STANDING) == bool(gone)
    rig.step(BACK)
    rig.run(1.5)
    assert rig.wish(Verb.START, preset="back").accepted == (not gone)


@pytest.mark.parametrize("local_stop", [False, True])
def test_the_arming_window_closes_also_when_the_broker_is_back_at_once(local_stop: bool) -> None:
    """F21: nothing is held or judged in between, and a local stop would let a session go on."""
    rig = Rig(settings=Settings(local_stop=local_stop))
    assert rig.wish(Verb.ARM).accepted
    rig.run(1.5)
    assert rig.state is State.ARMED
    rig.step(GONE, BACK)
    rig.run(0.5)
    assert rig.state is State.STANDING
    assert rig.wish(Verb.START, preset="back").reason is Reason.NOT_ARMED


def test_a_way_that_was_blocked_closes_the_arming_window_and_nothing_else() -> None:
    """F21: who pressed start meanwhile has it delivered by a phone that comes back later than we do."""
    rig = in_state(State.ARMED)
    rig.run(1.5)
    rig.step(HeldUp())
    rig.run(0.5)
    assert rig.state is State.STANDING
    assert rig.wish(Verb.START, preset="back").reason is Reason.NOT_ARMED
    rig = in_state(State.RUNNING, 20.0)
    rig.step(HeldUp())
    rig.run(2.0)
    assert rig.state is State.RUNNING


@pytest.mark.parametrize("state", [State.RISING, State.RETURNING])
def test_the_broker_goes_on_the_head_up_side_it_brakes_and_holds(state: State) -> None:
    """F20, H15."""
    rig = in_state(State.RISING, -20.0)
    if state is State.RETURNING:
        rig.wish(Verb.LEVEL)
        rig.run(6.0)
        assert rig.unit.rate_dps > 1.0
    rig.step(GONE)
    assert any(isinstance(message, Disarm) for message in rig.sent)
    assert rig.state is State.FROZEN
    rig.step(BACK)
    assert still(rig, 30.0)
    assert rig.wish(Verb.LEVEL).moving
    rig.until(State.LEVEL)


def test_the_broker_goes_and_the_way_home_goes_on() -> None:
    """F20, H1."""
    rig = in_state(State.RETURNING, 20.0)
    rig.step(GONE)
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL, 30.0)
    assert abs(rig.unit.angle_deg) <= 1.5
    assert not rig.core.broker.up


def test_what_is_known_of_the_broker_is_a_lease() -> None:
    """F19, F20, H11: the thread that would tell of its loss may hang or be dead."""
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(3):
        rig.step(BrokerStatus(True, "", lease_s=8.0))
        rig.run(7.9)
        assert rig.state is State.RUNNING
    rig.run(0.2)
    assert rig.state is State.PAUSED
    assert not rig.core.broker.up
    assert kinds(rig)[-2:] == [EventKind.BROKER_LOST, EventKind.LIMIT]
    rig.step(BrokerStatus(True, "", lease_s=8.0))
    rig.run(1.2)
    assert rig.wish(Verb.RESUME).moving, "it came back in time"
    rig.run(18.1)
    assert rig.state is State.RETURNING
    assert kinds(rig).count(EventKind.BROKER_LOST) == 2


def test_the_lease_of_the_broker_goes_by_the_clock_of_hands() -> None:
    """A simulation that runs faster hears no more echoes."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(BrokerStatus(True, "", lease_s=8.0))
    for _ in range(500):
        rig.hand_s -= 0.015
        rig.step()
    assert rig.core.broker.up


def test_with_a_local_stop_the_session_goes_on_without_the_broker() -> None:
    rig = Rig(settings=Settings(local_stop=True))
    rig.begin()
    rig.step(GONE)
    rig.run(100.0)
    assert rig.state is State.RUNNING
    assert rig.unit.angle_deg > 5.0


def test_before_the_broker_was_ever_there_nothing_arms() -> None:
    rig = Rig()
    rig.core = type(rig.core)(rig.core.settings, rig.core.conduct.presets, rig.core.conduct.booking, 3)
    rig.run(0.2)
    assert rig.state is State.STANDING
    assert rig.wish(Verb.ARM).reason is Reason.LINK_DOWN
    assert EventKind.BROKER_LOST not in kinds(rig)
    rig.step(BACK)
    assert rig.wish(Verb.ARM).accepted


# The ledger: F19


@pytest.mark.parametrize("angle_deg", [-30.0, 20.0])
def test_the_ledger_fails_the_session_ends_and_nobody_is_kept_from_getting_up(angle_deg: float) -> None:
    """F19."""
    rig = in_state(State.RUNNING, angle_deg)
    rig.step(LedgerFailed("The disk is full."))
    assert rig.state is (State.RETURNING if angle_deg > 0 else State.FROZEN)
    assert rig.ended().why == "The disk is full."
    rig.wait(20.0)
    assert rig.wish(Verb.ARM).reason is Reason.FAULT_LATCHED
    if angle_deg < 0:
        assert rig.wish(Verb.LEVEL).moving
        rig.until(State.LEVEL)
    rig.wait(121.0)
    assert rig.wish(Verb.STAND).moving
    rig.until(State.STANDING)


def test_a_ledger_that_never_answers_lets_nobody_go_head_down() -> None:
    """F19, H3."""
    rig = Rig()
    rig.recording = False
    rig.begin()
    rig.run(150.0)
    assert rig.state is State.FROZEN or rig.state is State.LEVEL or rig.state is State.PAUSED
    assert max(message.target_deg for message in rig.setpoints()) <= 5.0
    assert any(event.code == "unrecorded" for event in rig.events)
    rig.wait(120.0)
    assert rig.core.conduct.run is None


def test_on_each_connect_the_units_count_is_compared() -> None:
    rig = Rig()
    assert [request for request in rig.requests if isinstance(request, Reconcile)] == [Reconcile(77 << 16 | 9, 0, 0.0)]
    rig.step(PortLost("Unplugged."))
    rig.run(0.2)
    assert len([request for request in rig.requests if isinstance(request, Reconcile)]) == 2


def test_a_unit_that_forgot_its_counts_is_another_one_to_the_ledger() -> None:
    """H3: after a power cut of both, a count of 0 looks like the one that the session began with."""
    rig = Rig()
    rig.unit.identity = rig.unit.identity._replace(memory=10)
    rig.step(PortLost("Power cut."))
    rig.run(0.2)
    before, after = (request.unit for request in rig.requests if isinstance(request, Reconcile))
    assert before != after


def test_who_was_head_down_after_a_crash_is_charged_before_anybody_starts() -> None:
    """H3: compared once on connecting, the rest stayed uncharged until the next session's first reservation."""
    rig = Rig(20.0)
    rig.recording = False
    while rig.unit.angle_deg > 1.6:
        rig.step()
    assert len([request for request in rig.requests if isinstance(request, Reconcile)]) == 1, "still on its way"
    rig.run(2.0)
    compared = [request for request in rig.requests if isinstance(request, Reconcile)]
    assert compared[-1].unit_count_s == int(rig.unit.head_down_s) >= 7
    refused = rig.begin()
    assert (refused.reason, "brought up to date" in refused.message) == (Reason.BUSY, True)
    rig.step(Reconciled(8.0, rig.core.conduct.booking.account))
    assert rig.begin().accepted


def test_a_session_that_may_not_go_head_down_keeps_the_ledger_alive() -> None:
    """`session_head_down_s = 0` is a valid limit."""
    layer = replace(DEFAULTS, session_head_down_s=Limit(0.0, "configuration"))
    rig = Rig(settings=Settings(limits=combine(DEFAULTS, layer, guest())))
    assert rig.begin(Verb.GOTO, angle_deg=-30.0).accepted
    rig.until(State.STANDBY, 100.0)
    rig.run(1.0)
    assert not any(isinstance(request, Settle) for request in rig.requests)
    assert rig.core.conduct.booking.session is None


def test_a_ledger_that_fails_is_told_and_says_what_to_do() -> None:
    """F19: "and says so"."""
    rig = Rig()
    for _ in range(3):
        rig.step(LedgerFailed("The disk is full."))
    told = [(event.code, event.message) for event in rig.events if event.kind is EventKind.FAULT]
    assert told == [("ledger", "The disk is full.")]
    message = state_document(rig.core, 1, 1.0, 1.8e9).message
    assert message == "The disk is full. No session can run until the controller is restarted."


def test_under_a_held_session_nobody_is_told_that_it_goes_on() -> None:
    rig = in_state(State.RUNNING, 2.0)
    rig.core.conduct.booking._granted_s = 0.0
    rig.run(0.1)
    assert rig.state is State.PAUSED
    rig.run(1.2)
    for verb in (Verb.RESUME, Verb.SKIP):
        refused = rig.wish(verb)
        assert (refused.reason, refused.message) == (
            Reason.FAULT_LATCHED, "Head-down time could not be recorded in time.",
        )  # fmt: skip


# The link: F2, F3, F4, F5


@pytest.mark.parametrize("state", CONNECTED)
def test_in_every_state_a_lost_link_ends_everything_and_nothing_resumes(state: State) -> None:
    """F3, F4."""
    rig = in_state(state)
    rig.step(PortLost("The port is gone."))
    assert rig.state is State.OFFLINE
    assert rig.core.estimate is None
    conduct = rig.core.conduct
    assert (conduct.run, conduct.way, conduct.leading) == (None, None, False)
    assert (conduct.arming.wanted, conduct.urgent.levelling, conduct.note) == (False, False, "The port is gone.")
    assert EventKind.LINK_LOST in kinds(rig)
    rig.unit.place(min(rig.unit.angle_deg, 0.0))
    rig.unit.causes = 0
    before = len(rig.setpoints())
    rig.wait(60.0)
    assert len(rig.setpoints()) == before
    assert rig.state in (State.STANDING, State.STANDBY, State.FAULT)


def test_two_seconds_without_telemetry_the_link_is_down() -> None:
    """F3."""
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(99):
        rig.step(deaf=True)
    assert rig.state is State.PAUSED
    rig.step(deaf=True)
    rig.step(deaf=True)
    assert rig.state is State.OFFLINE
    assert "cable" in rig.core.conduct.note
    rig.step(deaf=True)
    assert any(isinstance(message, Hello) for message in rig.unit.heard[-2:])


def test_late_telemetry_pauses_a_session_even_if_the_host_slept_through_it() -> None:
    """F2, F17: 300 ms."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(seconds=0.29)
    assert rig.state is State.RUNNING
    rig.step(seconds=0.31)
    assert rig.state is State.PAUSED
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(17):
        rig.step(deaf=True)
    assert rig.state is State.PAUSED


@pytest.mark.parametrize("state", [State.RISING, State.RETURNING])
def test_late_telemetry_ends_the_way_on_the_head_up_side(state: State) -> None:
    rig = in_state(State.RISING, -20.0)
    if state is State.RETURNING:
        rig.wish(Verb.LEVEL)
        rig.run(6.0)
    rig.step(seconds=0.4)
    assert rig.state is State.FROZEN
    assert still(rig)


def test_a_lease_that_ran_out_ends_the_session() -> None:
    """F2, F17: the unit took its grant back."""
    rig = in_state(State.RUNNING, 20.0)
    rig.unit.armed = False
    rig.step()
    assert rig.state is State.RETURNING
    assert rig.ended().why == "The connection to the tilt unit faltered."


def test_no_telemetry_no_setpoint() -> None:
    """F3: a lease is renewed from a completed step with something fresh only."""
    rig = in_state(State.RUNNING, 20.0)
    for _ in range(15):
        rig.step(deaf=True)
        assert not any(isinstance(message, Setpoint | Keepalive) for message in rig.sent)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["lost", "twice", "mute", "fine", "fine", "garbage"]), min_size=10, max_size=200))
def test_lost_doubled_and_damaged_telemetry_never_moves_anybody_too_far(what: list[str]) -> None:
    """F1, F2."""
    rig, last = Rig(0.0), b""
    rig.begin(Verb.GOTO, angle_deg=30.0)
    rig.run(15.0)
    for one in what:
        rig.now_s += 0.02
        rig.hand_s += 0.02
        rig.unit.advance(0.02)
        data = rig.unit.telemetry(rig.now_s)
        given_ = {"lost": b"", "twice": data + data, "garbage": last[:7] + data + b"\x05\x00"}.get(one, data)
        output = rig.core.step(rig.now_s, rig.hand_s, given_)
        if one != "mute":
            rig.unit.receive(output.data)
        last = data
        assert rig.unit.angle_deg <= 30.0
    rig.run(5.0)
    assert rig.state in (State.RUNNING, State.PAUSED, State.RETURNING, State.FROZEN)


def test_a_unit_that_runs_faster_than_time_is_refused() -> None:
    """Docs: a time scale other than 1 is for simulations only."""
    rig = Rig()
    rig.unit.identity = rig.unit.identity._replace(time_scale=10)
    rig.step(PortLost("x"))
    rig.run(3.0)
    assert rig.state is State.OFFLINE
    assert "10 times faster" in rig.core.conduct.note
    assert rig.wish(Verb.ARM).reason is Reason.LINK_DOWN
    hellos = sum(isinstance(message, Hello) for message in rig.unit.heard)
    assert hellos <= 4, "it is not greeted over and over"
    fast = Rig(settings=Settings(time_scales=frozenset({1, 10})))
    fast.unit.identity = fast.unit.identity._replace(time_scale=10)
    fast.step(PortLost("x"))
    fast.run(1.0)
    assert fast.state is State.STANDING


def test_a_unit_of_another_protocol_is_refused_in_words() -> None:
    rig = Rig()
    rig.unit.identity = rig.unit.identity._replace(protocol=9)
    rig.step(PortLost("x"))
    rig.run(4.0)
    assert rig.core.connects == 2, "however often it answers"
    assert rig.state is State.OFFLINE
    assert rig.core.conduct.note == "The tilt unit speaks version 9 of the protocol, not 1."


def test_a_refused_unit_that_is_exchanged_is_accepted() -> None:
    rig = Rig()
    rig.unit.identity = rig.unit.identity._replace(time_scale=10)
    rig.step(PortLost("x"))
    rig.run(1.0)
    assert rig.state is State.OFFLINE
    rig.unit.identity = rig.unit.identity._replace(time_scale=1, unit=5)
    rig.step(PortLost("x"))
    rig.run(1.0)
    assert rig.state is State.STANDING
    assert rig.core.desk.unit == 5 << 16 | 9


# Sensors, person, emergency stop: F7, F8, F14, F24, F25, F26

WRONG: dict[str, tuple[dict[str, Any], bool]] = {
    "F7 F8 the unit does not trust the angle": ({"trusted": False}, True),
    "F8 the sensors are apart and the unit does not see it": ({"drive_off_deg": 4.0}, True),
    "F7 the unit's angle lies outside of both sensors": ({"drive_off_deg": -4.0, "bed_off_deg": -4.0}, True),
    "F24 the emergency stop is pressed": ({"estop": True, "rung": Rung.HOLD}, False),
    "F25 an ankle lock opens": ({"person": Flag.OCCUPIED}, False),
    "F26 nobody is sensed": ({"person": Flag.ANKLES_LOCKED}, False),
    "F26 nobody is sensed and an ankle lock opens": ({"person": Flag(0)}, False),
    "the unit returns by itself": ({"rung": Rung.LEVEL, "causes": Cause.OVER_TIME}, False),
    "F7 something is latched": ({"latched": Cause.BED_SENSOR}, True),
    "F10 something holds that is latched": ({"latched": Cause.NO_PROGRESS}, False),
}


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("angle_deg", [-40.0, 20.0])
@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_whatever_goes_wrong_ends_the_session_and_never_increases_the_angle(
    what: str, angle_deg: float, state: State
) -> None:
    rig = in_state(state, angle_deg)
    known, leads_home = WRONG[what]
    for name, value in known.items():
        setattr(rig.unit, name, value)
    rig.run(0.6)
    assert rig.core.conduct.run is None, what
    assert rig.ended().outcome == "interrupted"
    before = rig.unit.angle_deg
    rig.run(3.5)
    assert rig.unit.angle_deg <= before
    sent_level = any(isinstance(message, Level) for message in rig.unit.heard)
    assert sent_level == (leads_home and angle_deg > 0), what
    assert not rig.unit.armed or rig.unit.latched


@pytest.mark.parametrize("what", WRONG)
@pytest.mark.parametrize("state", [State.RISING, State.RETURNING])
def test_whatever_goes_wrong_on_the_head_up_side_stops_the_way(what: str, state: State) -> None:
    """H15."""
    rig = in_state(State.RISING, -20.0)
    if state is State.RETURNING:
        rig.wish(Verb.LEVEL)
        rig.run(6.0)
    for name, value in WRONG[what][0].items():
        setattr(rig.unit, name, value)
    rig.run(0.6)
    assert rig.core.conduct.way is None
    assert still(rig), what


@pytest.mark.parametrize("what", WRONG)
def test_whatever_goes_wrong_closes_the_arming_window(what: str) -> None:
    rig = in_state(State.ARMED)
    for name, value in WRONG[what][0].items():
        setattr(rig.unit, name, value)
    rig.run(0.6)
    assert rig.state is not State.ARMED
    assert rig.core.conduct.arming.code is None
    assert not rig.wish(Verb.START, preset="back").accepted


def test_over_the_angle_by_a_degree() -> None:
    """F14, H2."""
    rig = in_state(State.RUNNING, 29.0)
    rig.run(5.0)
    rig.unit.moves, rig.unit.drive_off_deg = False, 0.9
    rig.run(1.0)
    assert rig.state is State.RUNNING
    rig.unit.drive_off_deg = 1.2
    rig.run(1.0)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "31° is over the limit of 30° (guest)."


def test_over_the_time_of_an_angle() -> None:
    """F14, H3: five minutes at 30°."""
    rig = Rig(0.0)
    rig.begin(Verb.GOTO, angle_deg=30.0)
    rig.run(60.0)
    rig.wish(Verb.PAUSE)
    rig.wait(100.0)
    assert rig.wish(Verb.RESUME).accepted
    rig.until(State.RETURNING, 400.0)
    assert rig.core.conduct.meter.session_s == pytest.approx(300.0, abs=0.1)
    assert rig.ended().why.startswith("Head down for as long as this angle allows")


# A unit that does not hear us: F3


def test_a_unit_that_does_not_hear_us_holds_the_session_and_is_not_armed() -> None:
    """F3: its telemetry comes, and no stop of ours would arrive."""
    rig = in_state(State.RUNNING, 20.0)
    rig.unit.host_live = False
    rig.run(0.1)
    assert rig.state is State.PAUSED
    assert any(event.code == "unheard" for event in rig.events)
    rig = Rig()
    rig.unit.host_live = False
    rig.run(0.1)
    assert rig.wish(Verb.ARM).reason is Reason.LINK_DOWN


def test_a_stop_that_the_unit_does_not_confirm_is_told_to_people() -> None:
    """F3, H10, H11: there is another stop, and nobody knew that it is needed."""
    rig = in_state(State.RUNNING, 20.0)
    rig.step(Wish(Verb.STOP), mute=True)
    for _ in range(24):
        rig.step(mute=True)
    assert rig.core.conduct.alarm == ""
    for _ in range(3):
        rig.step(mute=True)
    assert "use the emergency stop" in rig.core.conduct.alarm
    assert [(event.kind, event.code) for event in rig.events][-1] == (EventKind.FAULT, "stop_unconfirmed")
    rig.run(0.2)
    assert rig.core.conduct.alarm == ""
    assert [(event.kind, event.code) for event in rig.events][-1] == (EventKind.FAULT_CLEARED, "stop_unconfirmed")
    before = len(rig.events)
    rig.run(5.0)
    assert not any(event.code == "stop_unconfirmed" for event in rig.events[before:])


def test_a_stop_into_a_dead_link_is_told_until_the_link_is_back() -> None:
    rig = in_state(State.OFFLINE)
    rig.step(Wish(Verb.STOP), deaf=True)
    for _ in range(300):
        rig.step(deaf=True)
    assert "use the emergency stop" in rig.core.conduct.alarm
    rig.run(1.0)
    assert rig.core.conduct.alarm == ""


# Leaving


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.FROZEN, State.STANDBY])
def test_leaving_head_down_levels_first(state: State) -> None:
    rig = in_state(state, 20.0)
    rig.step(Leave())
    assert not rig.core.safe_to_leave
    assert rig.state is State.RETURNING
    rig.until(State.LEVEL)
    assert rig.core.safe_to_leave


@pytest.mark.parametrize("state", [State.STANDING, State.ARMED, State.RUNNING, State.RISING, State.LEVEL])
def test_leaving_on_the_head_up_side_stops_and_holds(state: State) -> None:
    rig = in_state(state, -40.0)
    rig.step(Leave())
    rig.run(0.1)
    assert still(rig)
    assert rig.core.safe_to_leave
    assert rig.state not in (State.ARMED, State.RUNNING, State.RISING)
    assert rig.wish(Verb.ARM).reason in (Reason.BUSY, Reason.REST_NEEDED)
    assert not rig.unit.armed


def test_leaving_leaves_a_return_of_the_unit_and_r3_alone() -> None:
    rig = in_state(State.RETURNING, 20.0)
    rig.step(Leave())
    rig.until(State.LEVEL, 20.0)
    rig = Rig(20.0)
    rig.unit.rung, rig.unit.latched = Rung.HOLD, Cause.NO_PROGRESS
    rig.run(0.1)
    rig.step(Leave())
    assert rig.core.safe_to_leave
    rig.run(10.0)
    assert not any(isinstance(message, Level) for message in rig.unit.heard)
    assert in_state(State.OFFLINE).core.safe_to_leave


# Clocks, frames, outputs


def test_the_windows_of_hands_go_by_the_clock_of_hands() -> None:
    """Under --speed the table's clock runs faster: arming, the second, and the jog belong to people."""
    rig = Rig()

    def step(*inputs: Wish) -> None:
        rig.hand_s -= 0.018
        rig.step(*inputs)

    step(Wish(Verb.ARM))
    for _ in range(100):
        step()
    step(Wish(Verb.START, preset="back"))
    assert rig.answers[-1].reason is Reason.TOO_SOON, "two seconds of the table, a fifth of hands"
    step(Wish(Verb.ARM))
    for _ in range(600):
        step()
    step(Wish(Verb.JOG, direction=1))
    assert rig.answers[-1].accepted
    start = rig.unit.angle_deg
    for _ in range(200):
        step()
    assert rig.unit.angle_deg > start + 3.0, "four seconds of the table are less than half a second of hands"
    for _ in range(100):
        step()
    assert rig.state is State.PAUSED


def test_outputs_do_not_change_afterwards() -> None:
    rig = Rig()
    quiet = rig.step()
    assert (list(quiet.answers), list(quiet.events), list(quiet.requests)) == ([], [], [])
    loud = rig.step(Wish(Verb.PAUSE))
    told = list(loud.events)
    assert len(told) == 1
    rig.step(Wish(Verb.PAUSE), Wish(Verb.PAUSE))
    assert list(loud.events) == told
    assert list(quiet.events) == []


def test_a_stop_goes_out_before_everything_else_of_its_step() -> None:
    rig = in_state(State.RUNNING, 20.0)
    output = rig.step(Wish(Verb.STOP))
    assert output.data.startswith(STOP_FRAME)
    rig.run(1.0)
    output = rig.step(Wish(Verb.LEVEL))
    assert isinstance(rig.sent[0], Level)
    output = rig.step(Wish(Verb.STOP), Wish(Verb.LEVEL))
    assert output.data.startswith(STOP_FRAME)


def test_at_rest_it_shows_that_it_lives() -> None:
    """F17: within the 2 s that the unit waits."""
    rig = Rig()
    before = len(rig.unit.heard)
    rig.run(10.0)
    heard = rig.unit.heard[before:]
    assert {type(message) for message in heard} == {Keepalive}
    assert len(heard) >= 50


def test_the_grant_is_asked_for_with_the_newest_nonce() -> None:
    """F2: a nonce that is older than 300 ms would be refused."""
    rig = Rig()
    rig.wish(Verb.ARM)
    arm = next(message for message in rig.unit.heard if isinstance(message, Arm))
    assert (rig.unit.nonce - arm.nonce) & 0xFFFF <= 1


def test_what_could_not_be_read_is_answered_and_told() -> None:
    rig = Rig()
    rig.step(Unreadable("frobnicate", Reason.UNKNOWN_VERB, "There is no such command.", id="9"))
    answer = rig.answers[-1]
    assert (answer.verb, answer.id, answer.accepted, answer.reason) == ("frobnicate", "9", False, Reason.UNKNOWN_VERB)
    assert (rig.events[-1].kind, rig.events[-1].verb) == (EventKind.COMMAND_REFUSED, "frobnicate")


def test_the_tightest_limit_is_the_gates() -> None:
    limits = combine(DEFAULTS, replace(DEFAULTS, angle_deg=Limit(12.0, "programme week 1")), guest())
    rig = Rig(settings=Settings(limits=limits))
    assert rig.begin(preset="back").message == "30° is over your limit of 12° (programme week 1)."
    rig.run(1.0)
    rig.begin(Verb.GOTO, angle_deg=12.0)
    rig.run(120.0)
    assert max(message.target_deg for message in rig.setpoints()) == 12.0


ACTS = st.sampled_from(
    ["arm", "start", "goto", "jog", "pause", "resume", "skip", "stop", "level", "stand", "acknowledge", "wait",
     "ankles", "nobody", "estop", "broker", "deaf", "foreign", "restart", "latch", "disk"]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(ACTS, st.integers(1, 400)), max_size=25), st.sampled_from([-80.0, -40.0, 0.0, 20.0]))
def test_whatever_people_and_parts_do_no_rule_is_broken(acts: list[tuple[str, int]], angle_deg: float) -> None:
    """H1, H2, H4, H15: the angle rises only under a grant with a person locked in; a session needs its window."""
    rig = Rig(angle_deg)
    unit, conduct = rig.unit, rig.core.conduct
    wishes = {"start": {"preset": "back"}, "goto": {"angle_deg": 25.0}, "jog": {"direction": 1}}
    for act, steps in acts:
        given_: list[Any] = []
        deaf = act == "deaf"
        unit.person = {"ankles": Flag.OCCUPIED, "nobody": Flag.ANKLES_LOCKED}.get(act, PERSON)
        unit.estop = act == "estop"
        unit.rung = Rung.HOLD if unit.estop else None
        if act in [str(verb) for verb in Verb]:
            code = conduct.arming.code if act in wishes else None
            given_ = [Wish(Verb(act), code=code, **wishes.get(act, {}))]
        elif act == "broker":
            given_ = [GONE]
        elif act == "foreign":
            unit.receive(STOP_FRAME)
        elif act == "restart":
            unit.restart()
        elif act == "latch":
            unit.latched = Cause.NO_PROGRESS
        elif act == "disk" and steps > 350:
            given_ = [LedgerFailed("The disk is full.")]
        for number in range(steps):
            before_deg, granted, person = unit.angle_deg, unit.armed, unit.person
            rig.step(*(given_ if number == 0 else ()), deaf=deaf)
            assert unit.angle_deg <= max(before_deg, 30.0)
            if unit.angle_deg > before_deg + 1e-6:
                assert granted
                assert person == PERSON or number < 2
            assert (conduct.run is not None) == (rig.state in (State.RUNNING, State.PAUSED))
            assert conduct.leading <= (rig.state is State.RETURNING)
            assert (conduct.way is None) or rig.state in (State.RETURNING, State.RISING)
            assert (rig.state is State.ARMED) == (conduct.arming.code is not None)
            assert rig.state is not State.OFFLINE or rig.core.estimate is None
        if act == "broker":
            rig.step(BACK)
    unit.person, unit.estop, unit.rung, unit.latched, unit.causes = PERSON, False, None, 0, 0
    rig.step(BACK, Wish(Verb.STOP))
    for _ in range(60):
        unit.frozen = False  # as after its own 20 s
        rig.run(1.0)
    assert unit.angle_deg <= 1.5, "H1: nobody is left head down"


def test_the_same_wishes_give_the_same_bytes() -> None:
    def run() -> list[bytes]:
        rig = Rig()
        data = [rig.step(Wish(Verb.ARM)).data]
        data += [rig.step().data for _ in range(60)]
        data += [rig.step(Wish(Verb.START, preset="back")).data]
        return data + [rig.step().data for _ in range(3000)] + [frame(Stop())]

    assert run() == run()
