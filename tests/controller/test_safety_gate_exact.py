"""The gate exactly at each edge: what goes out there, and what does not one step of the wire, 0.01°, beyond."""

from math import nextafter
from typing import Any

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


def more(value: float) -> float:
    return nextafter(value, 1e9)


def less(value: float) -> float:
    return nextafter(value, -1e9)


def move(angle_deg: float, rate_dps: float = 0.0) -> Outgoing:
    return Outgoing(Order.MOVE, Target(angle_deg, rate_dps))


@pytest.mark.parametrize(
    ("angle_deg", "rate_dps", "goes_out_as"),
    [
        (-91.0, 0.0, None),
        (more(-91.0), 0.0, (more(-91.0), 0.0)),
        (91.0, 0.0, None),
        (less(91.0), 0.0, (30.0, 0.0)),
        (10.0, -10.0, None),
        (10.0, more(-10.0), (10.0, -3.0)),
        (10.0, 10.0, None),
        (10.0, less(10.0), (10.0, 3.0)),
        (30.0, 3.0, (30.0, 3.0)),
        (30.0, 3.01, (30.0, 3.0)),
        (30.01, 1.0, (30.0, 0.0)),
        (30.01, -1.0, (30.0, -1.0)),
        (30.01, -4.0, (30.0, -3.0)),
        (10.0, -3.0, (10.0, -3.0)),
    ],
)
def test_what_a_target_becomes_at_the_edges(
    angle_deg: float, rate_dps: float, goes_out_as: tuple[float, float] | None
) -> None:
    """H2, H6: beyond what the wire can mean it is denied, beyond a limit it is cut to the limit."""
    out = gate(move(angle_deg, rate_dps), LYING, PERMIT)
    assert out.order is (Order.KEEPALIVE if goes_out_as is None else Order.MOVE)
    assert out.target == goes_out_as


@pytest.mark.parametrize(
    ("permit", "angle_deg", "goes_out_as"),
    [
        ({"limit_deg": 0.0}, 10.0, (0.0, 0.0)),
        ({"limit_deg": less(0.0)}, -10.0, None),
        ({"rate_dps": 0.0}, 10.0, None),
        ({"rate_dps": more(0.0)}, 10.0, (10.0, 0.0)),
        ({"reserved_left_s": 0.0}, 10.0, (5.0, 0.0)),
        ({"reserved_left_s": 0.0}, 5.0, (5.0, 0.0)),
        ({"reserved_left_s": 0.0, "limit_deg": 4.0}, 10.0, (4.0, 0.0)),
        ({"reserved_left_s": more(0.0)}, 10.0, (10.0, 0.0)),
        ({"state": State.RETURNING}, 10.0, (0.0, 0.0)),
        ({"state": State.RETURNING, "reserved_left_s": 0.0}, 10.0, (0.0, 0.0)),
    ],
)
def test_what_a_permit_allows_at_its_edges(
    permit: dict[str, Any], angle_deg: float, goes_out_as: tuple[float, float] | None
) -> None:
    """H2, H3: the tightest limit counts, and without time on record nothing beyond 5°."""
    assert gate(move(angle_deg), LYING, PERMIT._replace(**permit)).target == goes_out_as


@pytest.mark.parametrize("angle_deg", [0.0, -30.0])
def test_a_target_up_to_0_3_degrees_above_the_table_is_no_increase(angle_deg: float) -> None:
    """H15: and one beyond that is, so it has to be earned."""
    e = LYING._replace(angle_deg=angle_deg, armed=False)
    still = move(angle_deg + 0.3)
    assert gate(still, e, PERMIT) is still
    assert gate(move(angle_deg + 0.31), e, PERMIT) is KEEP
    assert gate(move(angle_deg, 0.01), e, PERMIT) is KEEP


def test_between_two_steps_of_the_wire_a_target_counts_as_the_higher_one() -> None:
    """H15."""
    assert gate(move(0.3055), LYING._replace(angle_deg=0.004, armed=False), PERMIT) is KEEP


@pytest.mark.parametrize("rung", [1, 2, 3, 4])
def test_a_unit_on_its_ladder_is_not_led_up(rung: int) -> None:
    e = LYING._replace(rung=rung)
    assert gate(move(25.0, 1.0), e, PERMIT) is KEEP
    down = move(10.0, -1.0)
    assert gate(down, e, PERMIT) is (down if rung == 1 else KEEP)


def test_every_order_is_an_order_of_its_own_and_the_gate_knows_no_other() -> None:
    assert [order.name for order in Order] == ["KEEPALIVE", "STOP", "LEVEL", "ARM", "DISARM", "ACKNOWLEDGE", "MOVE"]
    assert [order.value for order in Order] == [1, 2, 3, 4, 5, 6, 7]
    assert Outgoing(Order.STOP) == (Order.STOP, None)
    assert KEEP == (Order.KEEPALIVE, None)
    for head_down in (False, True):
        assert gate(Outgoing("dance"), LYING._replace(head_down=head_down), PERMIT) is KEEP  # type: ignore[arg-type]


@pytest.mark.parametrize("order", [Order.KEEPALIVE, Order.STOP, Order.LEVEL, Order.DISARM])
def test_what_always_passes_is_passed_on_as_it_is(order: Order) -> None:
    """H11."""
    out = Outgoing(order)
    assert gate(out, LYING, PERMIT) is out


@pytest.mark.parametrize(("angle_deg", "rate_dps"), [(30.0, 3.0), (10.0, -3.0), (30.0, 0.0)])
def test_exactly_at_a_limit_nothing_is_cut(angle_deg: float, rate_dps: float) -> None:
    out = move(angle_deg, rate_dps)
    assert gate(out, LYING, PERMIT) is out
