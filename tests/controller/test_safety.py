"""The two doors: each hazard alone and with each other one, and a gate that denies by default."""

from itertools import combinations
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.estimator import Estimate
from controller.model import Limit, State, Target
from controller.safety import FINE, HAZARDS, KEEP, Action, Circumstances, Order, Outgoing, Permit, assess, gate

SOUND = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.3, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
USUAL = Circumstances(
    state=State.RUNNING, age_s=0.02, limit=Limit(30.0, "guest"), continuous_left_s=100.0, allowed_left_s=200.0,
    allowed=Limit(900.0, "hard limit"), reserved_left_s=40.0, broker_down_s=-1.0, local_stop=False, ledger_failed="",
    grant_lost=False,
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
    return assess(table(**seen), USUAL._replace(**around))


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
    assert assess(table(**seen), USUAL._replace(**around))[:2] == (action, code)


def test_limits_are_told_with_whose_they_are() -> None:
    """H2, H3."""
    assert judged("over_angle")[2] == "31° is over the limit of 30° (guest)."
    allowed = Limit(312.0, "20 min a day, hard limit")
    verdict = assess(SOUND, USUAL._replace(allowed_left_s=0.0, allowed=allowed))
    assert verdict.message == "5.2 min head down are over (20 min a day, hard limit)."


# The gate

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
    target_deg, target_dps = out.target
    assert abs(target_dps) <= p.rate_dps <= RATE
    assert target_deg <= p.limit_deg <= 60.0
    assert target_deg <= max(angle_deg, 0.0), "nothing is added"
    assert e.trusted
    assert not e.estop
    assert e.rung < 2
    assert p.state in (State.RUNNING, State.PAUSED, State.RETURNING, State.RISING)
    if p.state is State.RETURNING:
        assert target_deg <= 0.0
    if not p.reserved_left_s > 0:
        assert target_deg <= 5.0
    if target_deg > e.angle_deg + 0.3 or target_dps > 0:
        assert e.armed
        assert e.occupied
        assert e.ankles_locked
        assert e.sound
        assert e.rung == 0
        assert e.latched == 0
        assert p.state is not State.RISING
        assert p.action is not Action.HOME


@given(st.sampled_from(ALWAYS), estimates, permits)
def test_stop_level_keepalive_and_disarm_always_pass(order: Order, e: Estimate, p: Permit) -> None:
    """H11."""
    assert gate(Outgoing(order), e, p) == Outgoing(order)


def test_a_target_within_everything_passes_as_it_is() -> None:
    for angle_deg, rate_dps in ((20.0, 0.0), (25.0, 2.0), (-15.0, -1.5), (30.0, 0.0)):
        out = move(angle_deg, rate_dps)
        assert gate(out, well(20.0), PERMIT) is out


def test_what_is_no_number_is_denied() -> None:
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
