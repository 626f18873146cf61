"""The first door word by word, and exactly at each edge: what is fine there, and what is not the least bit beyond."""

from dataclasses import replace
from math import nextafter
from typing import Any

import pytest

from controller.estimator import Estimate
from controller.model import State
from controller.safety import Action, assess

from .circumstances import USUAL

LYING = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.0, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
HOLD, HOME = 1, 2
BREAK = "Head down for as long as this angle allows without a break."
ONE_SENSOR = "Only one angle sensor shows 65°, over the limit of 30° (guest); one of the two is wrong."
RECORD = "Head-down time could not be recorded in time."


def more(value: float) -> float:
    return nextafter(value, 1e9)


def less(value: float) -> float:
    return nextafter(value, -1e9)


@pytest.mark.parametrize(
    ("seen", "around", "action", "code", "message"),
    [
        ({"estop": True}, {}, HOME, "estop", "The emergency stop is pressed."),
        ({"trusted": False}, {}, HOME, "angle_untrusted", "The angle sensors do not agree."),
        ({"worst_deg": 31.4}, {}, HOME, "over_angle", "31° is over the limit of 30° (guest)."),
        ({"worst_deg": 65.0, "above_deg": 45.0}, {}, HOME, "over_angle", ONE_SENSOR),
        ({"worst_deg": 31.4, "above_deg": 3.0}, {}, HOME, "over_angle", "31° is over the limit of 30° (guest)."),
        ({}, {"continuous_left_s": 0.0}, HOME, "over_time", BREAK),
        ({}, {"allowed_left_s": 0.0}, HOME, "over_time", "15 min head down are over (hard limit)."),
        ({"ankles_locked": False}, {}, HOME, "ankles_open", "An ankle lock is open."),
        ({"occupied": False}, {}, HOME, "not_occupied", "Nobody is sensed on the table."),
        ({"latched": 4}, {}, HOME, "unit", "The tilt unit ended the session."),
        ({}, {"ledger_failed": "The disk is full."}, HOME, "ledger", "The disk is full."),
        ({}, {"reserved_left_s": 0.0}, HOME, "unrecorded", RECORD),
        ({}, {"grant_lost": True}, HOME, "lease", "The connection to the tilt unit faltered."),
        (
            {},
            {"broker_down_s": 0.0},
            HOLD,
            "broker_lost",
            "The MQTT broker is gone: a stop from the phone would not arrive.",
        ),
        ({}, {"broker_down_s": 10.0}, HOME, "broker_lost", "The MQTT broker has been gone for 10 s."),
        ({}, {"age_s": 0.4}, HOLD, "late", "The tilt unit is late; nothing moves on until it answers."),
    ],
)
def test_every_verdict_word_by_word(
    seen: dict[str, Any], around: dict[str, Any], action: int, code: str, message: str
) -> None:
    """F2, F3, F7, F14, F19, F20, F24, F25, F26: what a person reads, and what is done."""
    sound = not seen.keys() & {"estop", "trusted", "ankles_locked", "occupied", "latched"}
    verdict = assess(LYING._replace(sound=sound, **seen), replace(USUAL, **around))
    assert (int(verdict.action), *verdict[1:]) == (action, code, message)


def test_no_verdict_says_nothing() -> None:
    assert assess(LYING, USUAL) == (Action.NONE, "", "")
    assert [action.value for action in Action] == [0, HOLD, HOME]


@pytest.mark.parametrize(
    ("seen", "around", "last"),
    [
        ({}, {"age_s": 0.3}, Action.NONE),
        ({}, {"age_s": more(0.3)}, Action.HOLD),
        ({"worst_deg": 31.0}, {}, Action.NONE),
        ({"worst_deg": more(31.0)}, {}, Action.HOME),
        ({"rung": 1, "sound": False}, {}, Action.NONE),
        ({"rung": 2, "sound": False}, {}, Action.HOME),
        ({"latched": 1, "sound": False}, {}, Action.HOME),
        ({}, {"continuous_left_s": more(0.0)}, Action.NONE),
        ({}, {"allowed_left_s": more(0.0)}, Action.NONE),
        ({}, {"reserved_left_s": more(0.0)}, Action.NONE),
        ({"worst_deg": 5.0}, {"reserved_left_s": 0.0}, Action.HOLD),
        ({"worst_deg": more(5.0)}, {"reserved_left_s": 0.0}, Action.HOME),
        ({}, {"reserved_left_s": 0.0, "state": State.PAUSED}, Action.HOME),
        ({}, {"reserved_left_s": 0.0, "state": State.ARMED}, Action.NONE),
        ({}, {"ledger_failed": "x", "state": State.PAUSED}, Action.HOME),
        ({}, {"broker_down_s": less(0.0)}, Action.NONE),
        ({}, {"broker_down_s": less(10.0)}, Action.HOLD),
        ({}, {"broker_down_s": 0.0, "local_stop": True}, Action.NONE),
    ],
)
def test_a_verdict_begins_exactly_at_its_edge(seen: dict[str, Any], around: dict[str, Any], last: Action) -> None:
    """F3, F14, F19, F20."""
    assert assess(LYING._replace(**seen), replace(USUAL, **around)).action is last


def test_a_circumstance_that_does_not_exist_is_no_circumstance() -> None:
    """They are brought up to date field by field: a misspelt one would be judged for ever as it was."""
    with pytest.raises(AttributeError):
        replace(USUAL).age = 0.0  # type: ignore[attr-defined]
