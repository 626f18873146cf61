"""The first door in the words that a person reads, where the unit refuses or does not hear."""

from dataclasses import replace

import pytest

from controller.estimator import Estimate
from controller.model import State
from controller.safety import Action, assess

from .circumstances import USUAL

LYING = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.0, trusted=True, head_down=True, sound=False, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
WARM = 1 << 24


@pytest.mark.parametrize(
    ("cause", "words"),
    [(WARM, "the motor is warm: the rest is for the way home"), (1 << 4, "head down for longer than the angle allows")],
)
def test_a_unit_that_refuses_ends_a_session_and_says_why(cause: int, words: str) -> None:
    """F15: what only refuses ends a session as well, running or paused; a person reads the cause."""
    for state in (State.RUNNING, State.PAUSED):
        verdict = assess(LYING._replace(rung=1, causes=cause), replace(USUAL, state=state))
        assert verdict == (Action.HOME, "unit", f"The tilt unit refuses to go on: {words}.")


def test_a_cause_ends_a_session_on_whatever_rung_the_unit_says_it_stands() -> None:
    """F15: a unit that contradicts itself gets no benefit of the doubt."""
    assert assess(LYING._replace(rung=0, causes=WARM), USUAL).code == "unit"


def test_a_unit_that_does_not_hear_is_told_in_a_sentence() -> None:
    """F3: no stop of ours would arrive."""
    verdict = assess(LYING._replace(host_live=False), USUAL)
    assert verdict == (Action.HOLD, "unheard", "The tilt unit does not hear the controller.")
