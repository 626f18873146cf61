"""H8: the state says how long to lie still before standing up, and why."""

import pytest

from controller.document import state_document
from controller.documents import LieStillDocument
from controller.lie_still import reason
from controller.model import Reason, State, Verb

from .rig import Rig, in_state

UP_TO_5_MIN = "60 s after being head down: blood pressure is lowest just after standing up."
LONG = "120 s after more than 5 min head down: blood pressure falls further on standing up than after less."
STEEP = "120 s after more than 45°: blood pressure falls further on standing up than after less."
UNKNOWN = "120 s, because nobody knows how far and how long the table was head down."
NEVER = "15 s, because the table moved, though nobody was head down."


def shown(rig: Rig) -> LieStillDocument | None:
    return state_document(rig.core, 1, 1.0, 1.8e9).lie_still


@pytest.mark.parametrize(
    ("deepest_deg", "head_down_s", "words"),
    [
        (0.0, 0.0, NEVER), (5.0, 0.0, NEVER), (5.1, 1.0, UP_TO_5_MIN), (45.0, 300.0, UP_TO_5_MIN), (45.1, 10.0, STEEP),
        (60.0, 600.0, STEEP), (30.0, 300.1, LONG), (90.0, 0.0, UNKNOWN),
    ],
)  # fmt: skip
def test_the_reason(deepest_deg: float, head_down_s: float, words: str) -> None:
    assert reason(deepest_deg, head_down_s) == words


@pytest.mark.parametrize("state", [State.OFFLINE, State.STANDING, State.RUNNING, State.PAUSED, State.RISING])
def test_nothing_is_due_where_nobody_could_stand_up_or_does(state: State) -> None:
    assert shown(in_state(state)) is None


def test_it_counts_down_at_level_until_stand_is_possible() -> None:
    rig = in_state(State.RETURNING)
    due = shown(rig)
    assert due is not None
    assert (due.remaining_s, due.reason) == (60.0, UP_TO_5_MIN), "all of it, before the table rests"
    rig.until(State.LEVEL)
    rig.wait(20.0)
    due = shown(rig)
    assert due is not None
    assert due.remaining_s == pytest.approx(40.0, abs=0.5)
    assert rig.wish(Verb.STAND).reason is Reason.PAUSE_FIRST
    rig.wait(41.0)
    assert shown(rig) is None
    assert rig.wish(Verb.STAND).accepted


def test_a_table_that_was_found_lying_needs_the_longest() -> None:
    due = shown(in_state(State.STANDBY))
    assert due is not None
    assert due.remaining_s > 110.0
    assert due.reason == UNKNOWN


def test_a_freeze_on_the_way_from_standing_needs_none() -> None:
    rig = Rig()
    rig.begin()
    rig.run(10.0)
    rig.wish(Verb.STOP)
    rig.run(1.0)
    assert (rig.state, shown(rig)) == (State.FROZEN, None)
    rig.run(1.0)
    assert rig.wish(Verb.STAND).accepted


@pytest.mark.parametrize("state", State)
def test_it_agrees_with_what_stand_is_told(state: State) -> None:
    """Whatever is refused as `pause_first` says how long; and what says nothing is not refused for it."""
    rig = in_state(state)
    rig.run(2.0)
    due = shown(rig)
    answer = rig.wish(Verb.STAND)
    assert answer.reason is not Reason.PAUSE_FIRST or due is not None
    assert not answer.accepted or due is None
