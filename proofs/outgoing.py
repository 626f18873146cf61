"""What the gate of the controller never lets out, in every state, for all whole numbers."""

from typing import Final

from controller.estimator import Estimate
from controller.gate import KEEP, Order, Outgoing, Permit, gate, vet
from controller.model import State
from controller.safety import Action

from .invariant import controls

LIVE: Final = (State.RUNNING, State.PAUSED, State.RETURNING, State.RISING)


def _estimate(sound: bool, head_down: bool, trusted: bool, estop: bool, rung: int) -> Estimate:
    """An estimate of which only that is known which the gate asks for; no order but MOVE looks at its angles."""
    return Estimate(
        angle_deg=0.0, rate_dps=0.0, worst_deg=0.0, trusted=trusted, head_down=head_down, sound=sound, moving=True,
        occupied=False, ankles_locked=False, estop=estop, lowering=False, armed=False, frozen=False, rung=rung,
        causes=0, latched=0, stop_count=0, head_down_s=0, arm_presses=0,
    )  # fmt: skip


@controls("H11", "H1")
def stop_and_level_pass_in_every_state(
    order: Order, state: State, action: Action, sound: bool, head_down: bool, trusted: bool, estop: bool, rung: int
) -> bool:
    """Stop, level, keepalive and disarm go out as they came, whatever is known or not.

    pre: order in (Order.STOP, Order.LEVEL, Order.KEEPALIVE, Order.DISARM)
    post: _
    """
    out = Outgoing(order)
    return gate(out, _estimate(sound, head_down, trusted, estop, rung), Permit(state, action, 0.0, 0.0, 0.0)) is out


@controls("H4", "H13")
def a_grant_is_asked_for_only_by_a_sound_session_not_head_down(
    state: State, action: Action, sound: bool, head_down: bool, trusted: bool, estop: bool, rung: int
) -> bool:
    """ARM goes out only where somebody armed, nothing is wrong, and the person is not head down.

    post: _
    """
    estimate = _estimate(sound, head_down, trusted, estop, rung)
    if gate(Outgoing(Order.ARM), estimate, Permit(state, action, 0.0, 0.0, 0.0)) is KEEP:
        return True
    armed = state in (State.ARMED, State.RUNNING, State.RETURNING)
    return armed and action is Action.NONE and sound and not head_down


@controls("F7", "F10", "F12")
def an_acknowledgement_goes_out_only_where_it_is_safe(
    state: State, action: Action, sound: bool, head_down: bool, trusted: bool, estop: bool, rung: int
) -> bool:
    """ACKNOWLEDGE goes out at level and on the head-up side only.

    post: _
    """
    out = Outgoing(Order.ACKNOWLEDGE)
    passed = gate(out, _estimate(sound, head_down, trusted, estop, rung), Permit(state, action, 0.0, 0.0, 0.0))
    return passed is KEEP if head_down else passed is out


@controls("H2", "H3", "H6", "H12")
def no_target_goes_out_beyond_a_limit(
    angle_cdeg: int, rate_cdps: int, table_cdeg: int, limit_cdeg: int, most_cdps: int, reserved: bool, state: State,
    armed: bool, sound: bool, trusted: bool, estop: bool, rung: int, home: bool,
) -> bool:  # fmt: skip
    """A target is within the tightest limit and rate, at 5° at most without reserved time, at 0° in a return.

    It is never above the one that was asked for.

    pre: limit_cdeg >= 0 and most_cdps > 0
    post: _
    """
    passed = vet(
        angle_cdeg, rate_cdps, table_cdeg, limit_cdeg, most_cdps, reserved, state, armed, sound, trusted, estop, rung,
        home,
    )  # fmt: skip
    if passed is None:
        return True
    out_cdeg, out_cdps = passed
    within = out_cdeg <= limit_cdeg and out_cdeg <= angle_cdeg and -most_cdps <= out_cdps <= most_cdps
    return within and (reserved or out_cdeg <= 500) and (state is not State.RETURNING or out_cdeg <= 0)


@controls("H4", "H13", "H15", "F7", "F24")
def no_rise_goes_out_that_is_not_earned(
    angle_cdeg: int, rate_cdps: int, table_cdeg: int, limit_cdeg: int, most_cdps: int, reserved: bool, state: State,
    armed: bool, sound: bool, trusted: bool, estop: bool, rung: int, home: bool,
) -> bool:  # fmt: skip
    """A target above the table, or a rate that leads up, needs a live wish, the grant, a sound table and no reaction.

    pre: limit_cdeg >= 0 and most_cdps > 0
    post: _
    """
    passed = vet(
        angle_cdeg, rate_cdps, table_cdeg, limit_cdeg, most_cdps, reserved, state, armed, sound, trusted, estop, rung,
        home,
    )  # fmt: skip
    if passed is None or (passed[0] <= table_cdeg + 30 and passed[1] <= 0):
        return True
    live = state in (State.RUNNING, State.PAUSED, State.RETURNING)
    return live and armed and sound and trusted and not estop and rung == 0 and not home


@controls("F8", "F24", "H4")
def nothing_is_steered_that_is_not_known_or_moves_by_itself(
    angle_cdeg: int, rate_cdps: int, table_cdeg: int, limit_cdeg: int, most_cdps: int, reserved: bool, state: State,
    armed: bool, sound: bool, trusted: bool, estop: bool, rung: int, home: bool,
) -> bool:  # fmt: skip
    """No target goes out without a trusted angle, with the emergency stop pressed, over the unit's own return, or idle.

    pre: not trusted or estop or rung >= 2 or state not in LIVE
    post: _
    """
    return vet(
        angle_cdeg, rate_cdps, table_cdeg, limit_cdeg, most_cdps, reserved, state, armed, sound, trusted, estop, rung,
        home,
    ) is None  # fmt: skip


@controls("H1")
def the_way_down_is_never_refused_by_the_gate(
    angle_cdeg: int, rate_cdps: int, table_cdeg: int, limit_cdeg: int, most_cdps: int, reserved: bool, state: State,
    armed: bool, sound: bool, rung: int, home: bool,
) -> bool:  # fmt: skip
    """In a live state a target at or below the table goes out unarmed, unsound, and with the verdict to go home.

    pre: limit_cdeg >= 0 and most_cdps > 0 and rung < 2 and state in LIVE
    pre: angle_cdeg <= table_cdeg and rate_cdps <= 0
    post: _
    """
    return vet(
        angle_cdeg, rate_cdps, table_cdeg, limit_cdeg, most_cdps, reserved, state, armed, sound, True, False, rung,
        home,
    ) is not None  # fmt: skip
