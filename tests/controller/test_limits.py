"""The limits, restated from the domain facts instead of imported, and how layers of them combine."""

import math
from dataclasses import FrozenInstanceError, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import limits
from controller.limits import DEFAULTS, Limits, combine, continuous_s, guest, level_pause_s, tightest
from controller.model import Limit

NAMES = [field.name for field in fields(Limits)]
HARD = {
    "angle_deg": 60,
    "rate_dps": 3,
    "acceleration_dps2": 1,
    "session_head_down_s": 15 * 60,
    "day_head_down_s": 20 * 60,
    "rest_s": 60 * 60,
    "sessions_per_day": 3,
}


OTHERS = {
    "GUEST_ANGLE_DEG": 30,
    "HEAD_DOWN_DEG": 5,
    "LEVEL_DEG": 1.5,
    "EPISODE_END_S": 60,
    "STANDING_DEG": -80,
    "STAND_RATE_DPS": 1.5,
    "STAND_BREAK_DEG": -40,
    "STAND_BREAK_S": 20,
    "LEVEL_PAUSE_S": 60,
    "LONG_LEVEL_PAUSE_S": 120,
    "LONG_PAUSE_ABOVE_DEG": 45,
    "LONG_PAUSE_AFTER_S": 300,
    "SHORT_LEVEL_PAUSE_S": 15,
}


def test_the_other_figures() -> None:
    assert {name: getattr(limits, name) for name in OTHERS} == OTHERS


def test_the_hard_limits() -> None:
    assert {name: getattr(DEFAULTS, name).value for name in NAMES} == HARD


def test_a_guest_is_limited_to_30_degrees_and_otherwise_like_everybody() -> None:
    assert guest() == replace(DEFAULTS, angle_deg=Limit(30, "guest"))


def test_the_tightest_is_the_smallest_with_its_reason_and_the_first_of_equals() -> None:
    drawn = Limit(30, "guest"), Limit(15, "programme week 1"), Limit(15, "preset")
    assert tightest(*drawn) == Limit(15, "programme week 1")
    assert "30° is over your limit of {0.value:g}° ({0.reason})".format(tightest(*drawn)) == (
        "30° is over your limit of 15° (programme week 1)"
    )


@pytest.mark.parametrize("drawn", [(), (Limit(math.nan, "broken"),), (Limit(1, "a"), Limit(math.nan, "broken"))])
def test_there_is_no_tightest_of_nothing_or_of_a_nan(drawn: tuple[Limit, ...]) -> None:
    with pytest.raises(ValueError, match="no tightest"):
        tightest(*drawn)


@pytest.mark.parametrize(
    ("angle_deg", "seconds"),
    [
        (-80, 600), (0, 600), (5, 600), (15, 600), (15.01, 300), (30, 300), (30.01, 180), (45, 180), (45.01, 120),
        (60, 120), (60.01, 0), (90, 0), (math.inf, 0), (math.nan, 0),
    ],
)  # fmt: skip
def test_how_long_without_a_break(angle_deg: float, seconds: float) -> None:
    assert continuous_s(angle_deg) == seconds


@pytest.mark.parametrize(
    ("deepest_deg", "head_down_s", "pause_s"),
    [
        (-80, 0, 15), (5, 0, 15),
        (5.01, 0, 60), (5, 1, 60), (45, 300, 60),
        (45.01, 1, 120), (6, 300.5, 120), (60, 900, 120), (math.nan, 0, 120), (0, math.nan, 120),
    ],
)  # fmt: skip
def test_the_pause_at_level(deepest_deg: float, head_down_s: float, pause_s: float) -> None:
    assert level_pause_s(deepest_deg, head_down_s) == pause_s


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [-1e-9, math.nan, math.inf])
def test_a_limit_is_a_number_from_0_on(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name}: .* is no limit"):
        replace(DEFAULTS, **{name: Limit(value, "broken")})


def test_no_layer_gets_past_the_hard_limits() -> None:
    loose = Limits(*(Limit(0 if name == "rest_s" else 1e9, "loose") for name in NAMES))
    assert combine(loose) == DEFAULTS
    assert combine() == DEFAULTS


def test_each_limit_keeps_the_reason_of_the_layer_it_came_from() -> None:
    week = replace(DEFAULTS, angle_deg=Limit(15, "programme week 1"))
    config = replace(DEFAULTS, rate_dps=Limit(2, "configuration"), rest_s=Limit(7200, "configuration"))
    combined = combine(guest(), config, week)
    assert combined.angle_deg == Limit(15, "programme week 1")
    assert combined.rate_dps == Limit(2, "configuration")
    assert combined.rest_s == Limit(7200, "configuration")
    assert combined.day_head_down_s == Limit(1200, "hard limit")


values = st.floats(0, 1e6)
layers = st.lists(st.builds(Limits, *(st.builds(Limit, values, st.text(max_size=3)) for _ in NAMES)), max_size=4)


@given(layers)
def test_another_layer_never_loosens_anything(drawn: list[Limits]) -> None:
    before, after = combine(*drawn[:-1]), combine(*drawn)
    for name in NAMES:
        old, new = getattr(before, name), getattr(after, name)
        assert new.value >= old.value if name == "rest_s" else new.value <= old.value
        assert new in [getattr(layer, name) for layer in (DEFAULTS, *drawn)]


def test_a_layer_never_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.angle_deg = Limit(90, "mine")  # type: ignore[misc]
