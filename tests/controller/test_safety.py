"""The first door: each hazard alone and with each other one."""

from dataclasses import replace
from itertools import combinations
from math import inf
from typing import Any

import pytest

from controller.estimator import Estimate
from controller.model import Limit, State
from controller.safety import FINE, HAZARDS, Action, assess

from .circumstances import USUAL

SOUND = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.3, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
UNSOUND = {"trusted", "occupied", "ankles_locked", "estop", "rung", "latched", "host_live", "causes"}

HAZARD = {
    "estop": (Action.HOME, {"estop": True}, {}),
    "angle_untrusted": (Action.HOME, {"trusted": False}, {}),
    "over_angle": (Action.HOME, {"worst_deg": 31.1}, {}),
    "over_time": (Action.HOME, {}, {"continuous_left_s": 0.0}),
    "ankles_open": (Action.HOME, {"ankles_locked": False}, {}),
    "not_occupied": (Action.HOME, {"occupied": False}, {}),
    "unit": (Action.HOME, {"rung": 2}, {}),
    "ledger": (Action.HOME, {}, {"ledger_failed": "The disk is full."}),
    "lease": (Action.HOME, {}, {"grant_lost": True}),
    "broker_lost": (Action.HOME, {}, {"broker_down_s": 10.0}),
    "unheard": (Action.HOLD, {"host_live": False}, {}),
    "late": (Action.HOLD, {}, {"age_s": 0.31}),
}
"""What is wrong, in the order in which it is told, by the code of its verdict."""


def table(**known: Any) -> Estimate:
    """An estimate that is sound only if nothing in it says otherwise."""
    return SOUND._replace(**{"sound": not UNSOUND & set(known), **known})


def judged(*codes: str) -> tuple[Action, str, str]:
    """The verdict when all of these are wrong together."""
    seen: dict[str, Any] = {}
    around: dict[str, Any] = {}
    for code in codes:
        seen |= HAZARD[code][1]
        around |= HAZARD[code][2]
    return assess(table(**seen), replace(USUAL, **around))


def test_all_is_well() -> None:
    assert assess(SOUND, USUAL) is FINE


@pytest.mark.parametrize("code", HAZARD)
def test_each_hazard_alone(code: str) -> None:
    action, told, message = judged(code)
    assert (action, told) == (HAZARD[code][0], code)
    assert message.endswith((".", ")"))


@pytest.mark.parametrize(("one", "other"), list(combinations(HAZARD, 2)))
def test_of_two_hazards_the_more_severe_wins_and_of_equals_the_first(one: str, other: str) -> None:
    expected = one if HAZARD[one][0] >= HAZARD[other][0] else other
    assert judged(one, other)[:2] == judged(other, one)[:2] == (HAZARD[expected][0], expected)


def test_every_hazard_has_its_row() -> None:
    assert len(HAZARDS) == len(HAZARD) == 12


@pytest.mark.parametrize(
    ("seen", "around", "action", "code"),
    [
        ({"worst_deg": 31.0}, {}, 0, ""),
        ({"latched": 1}, {}, 2, "unit"),
        ({"rung": 1}, {}, 0, ""),
        ({"rung": 1, "causes": 1}, {}, 0, ""),
        ({"rung": 1, "causes": 1 << 3}, {}, 0, ""),
        ({"rung": 1, "causes": 1 << 2}, {}, 0, ""),
        ({"rung": 1, "causes": 1 << 4}, {}, 2, "unit"),
        ({"rung": 1, "causes": 1 << 30}, {}, 2, "unit"),
        ({"rung": 1, "causes": 1 << 4}, {"state": State.ARMED}, 0, ""),
        ({"ankles_locked": False, "locked_lately": True}, {}, 0, ""),
        ({"occupied": False, "occupied_lately": True}, {}, 0, ""),
        ({}, {"allowed_left_s": 0.0}, 2, "over_time"),
        ({}, {"continuous_left_s": 0.01, "allowed_left_s": 0.01}, 0, ""),
        ({"head_down": False}, {"continuous_left_s": -1.0, "allowed_left_s": -1.0}, 0, ""),
        ({}, {"reserved_left_s": 0.0}, 2, "unrecorded"),
        ({"worst_deg": 4.9}, {"reserved_left_s": 0.0}, 1, "unrecorded"),
        ({"head_down": False}, {"reserved_left_s": 0.0}, 0, ""),
        ({}, {"reserved_left_s": 0.0, "state": State.RETURNING}, 0, ""),
        ({}, {"ledger_failed": "x", "state": State.ARMED}, 2, "ledger"),
        ({}, {"ledger_failed": "x", "state": State.RISING}, 0, ""),
        ({}, {"ledger_failed": "x", "state": State.RETURNING}, 0, ""),
        ({}, {"age_s": 0.3}, 0, ""),
        ({}, {"broker_down_s": 0.0}, 1, "broker_lost"),
        ({}, {"broker_down_s": 9.99}, 1, "broker_lost"),
        ({}, {"broker_down_s": inf}, 2, "broker_lost"),
        ({}, {"broker_down_s": inf, "local_stop": True}, 0, ""),
    ],
)
def test_the_edges_of_the_hazards(seen: dict[str, Any], around: dict[str, Any], action: int, code: str) -> None:
    assert assess(table(**seen), replace(USUAL, **around))[:2] == (action, code)


def test_limits_are_told_with_whose_they_are() -> None:
    """H2, H3."""
    assert judged("over_angle")[2] == "31° is over the limit of 30° (guest)."
    allowed = Limit(312.0, "20 min a day, hard limit")
    verdict = assess(SOUND, replace(USUAL, allowed_left_s=0.0, allowed=allowed))
    assert verdict.message == "5.2 min head down are over (20 min a day, hard limit)."


# The gate
