"""The guard of the person on the simulated table: check-in, pauses, the return and standing up."""

from itertools import pairwise
from typing import Final

import pytest

from bascule.closed_loop import ClosedLoop
from controller.conduct import Settings
from controller.document import state_document
from controller.documents import LieStillDocument
from controller.model import EventKind, Reason, State, Verb

STEP_S: Final = 0.02
"""Between two samples of the trace."""
COASTS_DEG: Final = 0.3
"""What a hold may stray by."""


def lying(check_in_s: float, speed: float = 1.0, start_deg: float = 0.0) -> ClosedLoop:
    """On the way to a long hold at 15°."""
    loop = ClosedLoop(3, start_deg, settings=Settings(check_in_s=check_in_s), speed=speed)
    loop.run(1.0)
    assert loop.arm_and(Verb.GOTO, angle_deg=15.0).accepted
    return loop


def questions(loop: ClosedLoop) -> int:
    return sum(event.kind is EventKind.CHECK_IN for event in loop.events)


def lie_still(loop: ClosedLoop) -> LieStillDocument | None:
    return state_document(loop.core, 1, 1.0, 1.8e9).lie_still


def rises_deg(loop: ClosedLoop, before: int) -> float:
    """By how much the angle was larger than at that sample."""
    return max(loop.trace[before:]) - loop.trace[before]


@pytest.mark.parametrize("speed", [1.0, 30.0])
def test_h13_nobody_answers_and_the_table_is_level_soon_after(speed: float) -> None:
    """30 s for the answer and 6 for the way home are all the head-down time there is after the question (H3)."""
    loop = lying(30.0, speed)
    assert loop.run(60.0, lambda: questions(loop) == 1)
    asked_s, before = loop.core.conduct.meter.session_s, len(loop.trace) - 1
    assert asked_s == pytest.approx(30.0, abs=0.1)
    assert loop.run(60.0, lambda: loop.state is State.LEVEL)
    assert loop.core.conduct.meter.session_s - asked_s < 36.0
    assert rises_deg(loop, before) < COASTS_DEG
    assert abs(loop.angle_deg) < 1.5
    assert loop.events[-1].why == "nobody answered the check-in"


def test_h13_an_answer_moves_nobody_and_is_asked_for_again() -> None:
    loop = lying(30.0)
    for count in (1, 2, 3):
        assert loop.run(40.0, lambda count=count: questions(loop) == count)
        loop.run(1.0)
        before = len(loop.trace) - 1
        assert loop.wish(Verb.CHECKIN).accepted
        loop.run(3.0)
        assert rises_deg(loop, before) < COASTS_DEG
        assert loop.state is State.RUNNING


def test_h3_pausing_again_and_again_ends_at_level() -> None:
    loop = lying(0.0)
    loop.run(20.0)
    began_s, before = loop.core.conduct.meter.session_s, len(loop.trace) - 1
    while loop.core.conduct.run is not None:
        assert loop.wish(Verb.PAUSE).accepted
        if not loop.run(110.0, lambda: loop.core.conduct.run is None):
            assert loop.wish(Verb.RESUME).accepted
            loop.run(0.5)
    assert loop.run(20.0, lambda: loop.state is State.LEVEL)
    assert loop.core.conduct.meter.session_s - began_s < 240.0 + 2 * 0.6 + 6.0
    assert rises_deg(loop, before) < COASTS_DEG


def test_h8_standing_up_is_an_act_after_lying_still_with_a_stop_on_the_way() -> None:
    loop = lying(0.0, start_deg=-80.0)
    assert loop.run(90.0, lambda: loop.angle_deg > 14.0)
    loop.wish(Verb.LEVEL)
    assert loop.run(20.0, lambda: loop.state is State.LEVEL)
    assert loop.wish(Verb.STAND).reason is Reason.PAUSE_FIRST
    due = lie_still(loop)
    assert due is not None
    assert due.remaining_s == pytest.approx(60.0, abs=1.0)
    assert due.reason == "60 s after being head down: blood pressure is lowest just after standing up."
    assert loop.run(62.0, lambda: lie_still(loop) is None)
    level = len(loop.trace)
    loop.run(120.0)
    assert all(abs(angle_deg) < 1.5 for angle_deg in loop.trace[level:]), "nobody is stood up by waiting"
    assert loop.wish(Verb.STAND).moving
    assert loop.run(100.0, lambda: loop.state is State.STANDING)
    way = loop.trace[level:]
    held_s = sum(abs(angle_deg + 40.0) < 0.5 for angle_deg in way) * STEP_S
    assert 20.0 < held_s < 24.0, "20 s, and the last and first half degree of the ramps"
    second = round(1.0 / STEP_S)
    assert max(before - after for before, after in zip(way, way[second:], strict=False)) < 1.9, (
        "1.5 °/s, and what the unit makes up for after its play"
    )
    assert max(after - before for before, after in pairwise(way)) < 0.2, "it only goes one way"
    assert way[-1] == pytest.approx(-80.0, abs=1.0)
