"""Pauses: head-down time like any other, each bounded and all of them together (H3)."""

import pytest

from controller.document import state_document
from controller.documents import SessionDocument
from controller.model import State, Verb

from .rig import Rig, in_state


def session(rig: Rig) -> SessionDocument:
    shown = state_document(rig.core, 1, 1.0, 1.8e9).session
    assert shown is not None
    return shown


def pause(rig: Rig, seconds: float) -> bool:
    """Pause for so long and go on; whether the session still runs."""
    assert rig.wish(Verb.PAUSE).accepted
    rig.wait(seconds)
    return rig.state is State.PAUSED and rig.wish(Verb.RESUME).accepted


def test_pausing_again_and_again_ends_the_session_after_four_minutes_in_all() -> None:
    """No single pause lasts longer than a minute."""
    rig = in_state(State.RUNNING, 20.0)
    used_s = rig.core.conduct.meter.session_s
    began_s = rig.now_s
    for _ in range(4):
        assert pause(rig, 59.0)
        rig.step()
    assert rig.state is State.RUNNING
    assert not pause(rig, 6.0)
    assert rig.state is State.RETURNING
    assert rig.ended().why == "the pauses lasted for four minutes in all"
    assert rig.core.conduct.meter.session_s - used_s <= rig.now_s - began_s
    rig.until(State.LEVEL)


def test_the_sum_is_exact_and_counts_the_pause_that_lasts() -> None:
    rig = in_state(State.RUNNING, 20.0)
    for seconds in (100.0, 100.0):
        assert pause(rig, seconds)
    rig.wish(Verb.PAUSE)
    rig.wait(39.0)
    assert rig.state is State.PAUSED
    rig.wait(2.0)
    assert rig.state is State.RETURNING


def test_one_pause_is_bounded_by_two_minutes() -> None:
    rig = in_state(State.RUNNING, 20.0)
    assert not pause(rig, 121.0)
    assert rig.ended().why == "the pause lasted for two minutes"


def test_head_down_time_goes_on_in_a_pause() -> None:
    rig = in_state(State.RUNNING, 20.0)
    before_s = rig.core.conduct.meter.session_s
    rig.wish(Verb.PAUSE)
    rig.wait(60.0)
    assert session(rig).head_down_s - before_s == pytest.approx(60.0, abs=0.2)


def test_the_session_shows_how_often_and_how_long() -> None:
    rig = in_state(State.RUNNING, 20.0)
    assert (session(rig).pauses, session(rig).paused_s) == (0, 0.0)
    assert pause(rig, 10.0)
    rig.run(2.0)
    assert (session(rig).pauses, session(rig).paused_s) == (1, pytest.approx(10.0, abs=0.1))
    rig.wish(Verb.PAUSE)
    rig.wait(5.0)
    assert (session(rig).pauses, session(rig).paused_s) == (2, pytest.approx(15.0, abs=0.1))
    rig.wish(Verb.SKIP)
    rig.run(2.0)
    assert (session(rig).pauses, session(rig).paused_s) == (2, pytest.approx(15.0, abs=0.1))
    rig.wish(Verb.SKIP)
    assert session(rig).pauses == 2, "a skip of what runs is no pause"


def test_letting_go_of_the_jog_button_is_a_pause_too() -> None:
    """Nobody hangs head down by pressing it for a moment every other minute."""
    rig = Rig(0.0)
    rig.begin(Verb.JOG, direction=1)
    for _ in range(50):
        rig.wish(Verb.JOG, direction=1)
        rig.run(0.2)
    presses = 0
    while rig.core.conduct.run is not None and presses < 5:
        rig.wait(100.0)
        presses += rig.wish(Verb.JOG, direction=1).accepted
    assert presses == 2
    assert rig.ended().why == "the pauses lasted for four minutes in all"


@pytest.mark.parametrize("speed", [30.0, 200.0])
def test_no_speed_gives_a_longer_pause(speed: float) -> None:
    rig = in_state(State.RUNNING, 20.0)
    rig.wish(Verb.PAUSE)
    for _ in range(4 * 121):
        rig.hand_s -= 0.25 * (1.0 - 1.0 / speed)
        rig.step(seconds=0.25)
    assert rig.state is State.RETURNING


def test_each_session_has_its_own_pauses() -> None:
    rig = in_state(State.RUNNING, -40.0)
    assert pause(rig, 100.0)
    rig.wish(Verb.STOP)
    rig.wait(62.0)
    assert rig.begin().accepted
    assert (session(rig).pauses, session(rig).paused_s) == (0, 0.0)
    rig.run(5.0)
    assert pause(rig, 100.0)
    assert pause(rig, 100.0)
    assert session(rig).pauses == 2
