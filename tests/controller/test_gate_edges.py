"""The gate where a limit, a rate or the table's own angle stops being a number that can be meant."""

from math import nextafter

import pytest

from controller.estimator import Estimate
from controller.gate import KEEP, Order, Outgoing, Permit, gate
from controller.model import State, Target
from controller.safety import Action

LYING = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.0, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
PERMIT = Permit(State.RUNNING, Action.NONE, 30.0, 3.0, 40.0)
ASKED = Outgoing(Order.MOVE, Target(-10.0, 0.0))


def more(value: float) -> float:
    return nextafter(value, 1e9)


def less(value: float) -> float:
    return nextafter(value, -1e9)


@pytest.mark.parametrize(("limit_deg", "passes"), [(0.0, True), (less(0.0), False), (less(91.0), True), (91.0, False)])
def test_a_limit_lies_between_level_and_91_degrees(limit_deg: float, passes: bool) -> None:
    """H2, H12: no table goes beyond its ends at −85° and +65°, and no limit is below level."""
    assert gate(ASKED, LYING, PERMIT._replace(limit_deg=limit_deg)) is (ASKED if passes else KEEP)


@pytest.mark.parametrize(("rate_dps", "passes"), [(0.0, False), (0.01, True), (less(10.0), True), (10.0, False)])
def test_a_largest_rate_lies_between_0_and_10_degrees_a_second(rate_dps: float, passes: bool) -> None:
    """H6, H12: the trip is at 5 °/s."""
    assert gate(ASKED, LYING, PERMIT._replace(rate_dps=rate_dps)) is (ASKED if passes else KEEP)


@pytest.mark.parametrize(("angle_deg", "passes"), [(400.0, False), (less(400.0), True)])
def test_a_table_has_an_angle_below_400_degrees(angle_deg: float, passes: bool) -> None:
    """Whatever the wire can say of it is less than 328°."""
    assert gate(ASKED, LYING._replace(angle_deg=angle_deg), PERMIT) is (ASKED if passes else KEEP)


@pytest.mark.parametrize(("angle_deg", "passes"), [(-400.0, False), (more(-400.0), True)])
def test_a_table_has_an_angle_above_minus_400_degrees(angle_deg: float, passes: bool) -> None:
    assert gate(ASKED, LYING._replace(angle_deg=angle_deg), PERMIT) is (ASKED if passes else KEEP)


@pytest.mark.parametrize("rate_dps", [0.01, 0.02, 3.0])
def test_a_target_that_was_cut_to_the_limit_goes_no_further_at_any_rate(rate_dps: float) -> None:
    """H2: what is cut rises no more, not by the smallest rate that the wire can carry."""
    out = gate(Outgoing(Order.MOVE, Target(30.01, rate_dps)), LYING, PERMIT)
    assert out == Outgoing(Order.MOVE, Target(30.0, 0.0))
