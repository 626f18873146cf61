"""The second door: it denies by default."""

from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.estimator import Estimate
from controller.gate import KEEP, Order, Outgoing, Permit, gate, within
from controller.model import State, Target
from controller.safety import Action

SOUND = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.3, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
LIMIT = 30.0  # degrees
RATE = 3.0  # °/s
PERMIT = Permit(State.RUNNING, Action.NONE, LIMIT, RATE, 40.0)
ALWAYS = (Order.KEEPALIVE, Order.STOP, Order.LEVEL, Order.DISARM)

anything = st.floats(allow_nan=True, allow_infinity=True)
angles = st.floats(-95, 95) | anything
estimates = st.builds(
    lambda angle_deg, **known: SOUND._replace(
        angle_deg=angle_deg, sound=all(known.pop("good")) and known["trusted"] and known["occupied"]
        and known["ankles_locked"] and not known["estop"] and not known["latched"] and known["rung"] < 2, **known,
    ),
    st.floats(-90, 90), trusted=st.booleans(), occupied=st.booleans(), ankles_locked=st.booleans(),
    estop=st.booleans(), armed=st.booleans(), head_down=st.booleans(), latched=st.sampled_from([0, 1]),
    rung=st.integers(0, 4), good=st.tuples(st.booleans()),
)  # fmt: skip
permits = st.builds(
    Permit, st.sampled_from(State), st.sampled_from(Action), st.sampled_from([LIMIT, 15.0, 60.0, 0.0, nan]),
    st.sampled_from([RATE, 0.5, nan]), st.sampled_from([40.0, 0.0, -5.0, nan]),
)  # fmt: skip


def move(angle_deg: float, rate_dps: float = 0.0) -> Outgoing:
    return Outgoing(Order.MOVE, Target(angle_deg, rate_dps))


def wire(value: float) -> int:
    """The whole hundredths that go over the wire, which knows nothing finer."""
    return round(value / 0.01)


def well(angle_deg: float) -> Estimate:
    return SOUND._replace(angle_deg=angle_deg)


@given(angles, angles, estimates, permits)
def test_nothing_increases_the_angle_unless_everything_allows_it(
    angle_deg: float, rate_dps: float, e: Estimate, p: Permit
) -> None:
    """H4, H13, H15: grant, interlocks, trust, limit, reservation, state; and a NaN allows nothing."""
    out = gate(move(angle_deg, rate_dps), e, p)
    if out is KEEP:
        return
    assert out.order is Order.MOVE
    assert out.target is not None
    target_cdeg, target_cdps = wire(out.target.angle_deg), wire(out.target.rate_dps)
    assert abs(target_cdps) <= p.rate_dps * 100 <= RATE * 100
    assert target_cdeg <= p.limit_deg * 100 <= 6000
    assert target_cdeg <= max(wire(angle_deg), 0), "nothing is added"
    assert e.trusted
    assert not e.estop
    assert e.rung < 2
    assert p.state in (State.RUNNING, State.PAUSED, State.RETURNING, State.RISING)
    if p.state is State.RETURNING:
        assert target_cdeg <= 0
    if not p.reserved_left_s > 0:
        assert target_cdeg <= 500
    if target_cdeg > wire(e.angle_deg) + 30 or target_cdps > 0:
        assert e.armed
        assert e.occupied
        assert e.ankles_locked
        assert e.sound
        assert e.rung == 0
        assert e.latched == 0
        assert p.state is not State.RISING
        assert p.action is not Action.HOME


@given(st.floats(0, 90.99), st.floats(0, 90.99))
def test_converting_never_leads_beyond_a_limit(limit_deg: float, angle_deg: float) -> None:
    """H2: what goes over the wire, in whole hundredths, is never more than the limit in degrees."""
    out = gate(move(angle_deg), well(angle_deg), PERMIT._replace(limit_deg=limit_deg))
    assert out.target is not None
    assert wire(out.target.angle_deg) / 100 <= limit_deg
    assert limit_deg - 0.010001 < within(limit_deg) / 100 <= limit_deg


@pytest.mark.parametrize("hundredths", [0, 1, 110, 229, 230, 290, 1999, 3000, 5999, 6000])
def test_a_limit_in_hundredths_loses_nothing(hundredths: int) -> None:
    assert within(hundredths / 100) == hundredths
    assert within(hundredths / 100 + 0.009) == hundredths


@given(st.sampled_from(ALWAYS), estimates, permits)
def test_stop_level_keepalive_and_disarm_always_pass(order: Order, e: Estimate, p: Permit) -> None:
    """H11."""
    assert gate(Outgoing(order), e, p) == Outgoing(order)


def test_a_target_within_everything_passes_as_it_is() -> None:
    for angle_deg, rate_dps in ((20.0, 0.0), (25.0, 2.0), (-15.0, -1.5), (30.0, 0.0)):
        out = move(angle_deg, rate_dps)
        assert gate(out, well(20.0), PERMIT) is out


def test_what_is_no_number_is_denied() -> None:
    for wrong in ({"limit_deg": inf}, {"limit_deg": nan}, {"limit_deg": -0.01}, {"rate_dps": inf}, {"rate_dps": nan}):
        assert gate(move(0.0), well(20.0), PERMIT._replace(**wrong)) is KEEP
    for angle_deg in (nan, inf, -inf, 401.0):
        assert gate(move(0.0), well(angle_deg), PERMIT) is KEEP
    for angle_deg, rate_dps in ((nan, 0.0), (inf, 0.0), (-inf, 0.0), (20.0, nan), (20.0, inf), (-91.5, 0.0)):
        assert gate(move(angle_deg, rate_dps), well(20.0), PERMIT) is KEEP


def test_beyond_a_limit_is_cut_to_it() -> None:
    assert gate(move(31.0, 2.0), well(29.9), PERMIT).target == Target(30.0, 0.0)
    assert gate(move(31.0, 2.0), well(20.0), PERMIT._replace(limit_deg=15.0)).target == Target(15.0, 0.0)
    assert gate(move(10.0, 2.0), well(4.9), PERMIT._replace(reserved_left_s=0.0)).target == Target(5.0, 0.0)
    assert gate(move(10.0, 2.0), well(9.0), PERMIT._replace(rate_dps=0.5)).target == Target(10.0, 0.5)
    assert gate(move(9.0, -4.0), well(9.0), PERMIT).target == Target(9.0, -3.0)
    leading = PERMIT._replace(state=State.RETURNING)
    assert gate(move(3.0, 1.0), well(-0.1), leading).target == Target(0.0, 0.0)


@pytest.mark.parametrize("known", [{"armed": False}, {"sound": False}, {"rung": 1}, {"trusted": False}, {"estop": 1}])
def test_each_condition_of_an_increase_counts_by_itself(known: dict[str, Any]) -> None:
    up = move(25.0, 1.0)
    assert gate(up, well(20.0), PERMIT) is up
    assert gate(up, well(20.0)._replace(**known), PERMIT) is KEEP


@pytest.mark.parametrize("state", State)
def test_who_may_move_which_way(state: State) -> None:
    up, down = move(-20.0, 1.0), move(-40.0, -1.0)
    e, p = well(-30.0), PERMIT._replace(state=state)
    assert (gate(up, e, p) is up) == (state in (State.RUNNING, State.PAUSED, State.RETURNING))
    assert (gate(down, e, p) is down) == (state in (State.RUNNING, State.PAUSED, State.RETURNING, State.RISING))


def test_a_verdict_to_go_home_denies_every_increase_and_one_to_hold_lets_a_pause_ease_out() -> None:
    up, still = move(20.2, 0.5), move(20.2, 0.0)
    for action, increase in ((Action.NONE, True), (Action.HOLD, True), (Action.HOME, False)):
        assert (gate(up, well(20.0), PERMIT._replace(action=action)) is up) == increase
        assert gate(still, well(20.0), PERMIT._replace(action=action)) is still


def test_within_the_sensors_noise_a_target_is_no_increase() -> None:
    ungranted = well(20.0)._replace(armed=False)
    assert gate(move(20.29), ungranted, PERMIT).target == Target(20.29, 0.0)
    assert gate(move(20.31), ungranted, PERMIT) is KEEP
    assert gate(move(20.0, 0.01), ungranted, PERMIT) is KEEP


@pytest.mark.parametrize("state", State)
def test_the_grant_is_asked_for_by_a_person_who_lies_there_and_not_head_down(state: State) -> None:
    arm, e, p = Outgoing(Order.ARM), well(0.0)._replace(head_down=False), PERMIT._replace(state=state)
    assert (gate(arm, e, p) is arm) == (state in (State.ARMED, State.RUNNING, State.RETURNING))
    assert gate(arm, e._replace(head_down=True), p) is KEEP
    assert gate(arm, e._replace(sound=False), p) is KEEP
    for action in (Action.HOLD, Action.HOME):
        assert gate(arm, e, p._replace(action=action)) is KEEP


def test_an_acknowledgement_passes_at_level_and_on_the_head_up_side_only() -> None:
    out = Outgoing(Order.ACKNOWLEDGE)
    assert gate(out, SOUND, PERMIT) is KEEP
    assert gate(out, SOUND._replace(head_down=False, sound=False, trusted=False), PERMIT) is out


def test_a_move_without_a_target_is_denied() -> None:
    assert gate(Outgoing(Order.MOVE), SOUND, PERMIT) is KEEP


def test_the_limits_that_are_remembered_are_bounded() -> None:
    """A person's limits stay the same for a session; whoever changes them for ever fills no memory."""
    for hundredths in range(1000):
        within(hundredths / 100)
    assert within.cache_info().currsize == 64
