"""The limits at their edges, and what is said when something is no limit."""

import math
from dataclasses import fields, replace

import pytest

from controller.limits import DEFAULTS, combine, tightest
from controller.model import Limit


@pytest.mark.parametrize("value", [0, 0.0, 1e-300])
def test_0_is_the_tightest_limit_there_can_be(value: float) -> None:
    assert combine(replace(DEFAULTS, angle_deg=Limit(value, "nobody moves"))).angle_deg == Limit(value, "nobody moves")


def test_what_is_no_limit_is_told_with_its_name_and_reason() -> None:
    """H12."""
    with pytest.raises(ValueError, match=r"^rest_s: -0\.5 \(typing error\) is no limit$"):
        replace(DEFAULTS, rest_s=Limit(-0.5, "typing error"))
    with pytest.raises(ValueError, match=r"^no tightest of \(\)$"):
        tightest()
    with pytest.raises(ValueError, match=r"^no tightest of \(Limit\(value=nan, reason='x'\),\)$"):
        tightest(Limit(math.nan, "x"))


def test_of_equally_long_rests_the_first_layer_gives_the_reason() -> None:
    one, other = (replace(DEFAULTS, rest_s=Limit(7200, reason)) for reason in ("person", "preset"))
    assert combine(one, other).rest_s == Limit(7200, "person")
    assert combine(other, one).rest_s == Limit(7200, "preset")


def test_layers_have_no_room_for_more_and_can_be_told_apart() -> None:
    with pytest.raises((AttributeError, TypeError)):
        DEFAULTS.day_deg = 3  # type: ignore[attr-defined]
    assert not hasattr(DEFAULTS, "__dict__")
    assert len({DEFAULTS, combine()}) == 1


def test_every_hard_limit_says_that_it_is_one() -> None:
    """H12: a refusal names whose limit it is."""
    assert {getattr(DEFAULTS, field.name).reason for field in fields(DEFAULTS)} == {"hard limit"}
