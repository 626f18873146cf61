"""What the kernel says of causes, rungs and what they make of the table, for all sets of causes."""

from typing import Any, Final

from simulator import kernel

from .bits import Causes, causes
from .invariant import controls

HELD: Final = (kernel.REST, kernel.BRAKE)
HOME: Final = (kernel.RETURN, kernel.RETURN_BLIND)


def _reaction(active: Any, latched: Any, head_down: bool, leased: bool) -> int:
    return kernel.reaction(kernel.rung(active, latched, head_down), active, leased)


@controls("H15", "H4")
def no_automatic_reaction_ever_leads_up(
    active: Causes, latched: Causes, head_down: bool, last_cdps: int, wanted_cdps: int, cap_cdps: int
) -> bool:
    """Whatever the unit does without a lease, the rate leads down, stands still, or brakes what rises already.

    pre: cap_cdps >= 0
    post: _
    """
    reaction = _reaction(causes(active), causes(latched), head_down, False)
    if reaction == kernel.REST:
        return True
    if reaction == kernel.BRAKE:
        out_cdps = kernel.braking(last_cdps)
    elif reaction == kernel.RETURN:
        out_cdps = kernel.drive_home(last_cdps, wanted_cdps, cap_cdps)
    elif reaction == kernel.RETURN_BLIND:
        out_cdps = kernel.drive_blind(last_cdps)
    else:
        return False
    return out_cdps <= 0 or out_cdps < last_cdps


@controls("H15")
def the_head_up_side_only_holds(active: Causes, latched: Causes) -> bool:
    """Not head down, nothing moves by itself: somebody may be stepping on or off.

    post: _
    """
    return _reaction(causes(active), causes(latched), False, False) in HELD


@controls("F26")
def nothing_moves_by_itself_once_the_person_is_lost(active: Causes, latched: Causes, head_down: bool) -> bool:
    """With nobody sensed and an ankle lock open, now or not yet acknowledged, only a wish for level moves.

    post: _
    """
    now, before = causes(active), causes(latched)
    if now & kernel.LEVEL_WISHED or not (now | before) & kernel.PERSON_LOST:
        return True
    return _reaction(now, before, head_down, False) in HELD


@controls("F24", "F10", "F12", "H7")
def nothing_drives_while_something_holds(active: Causes, latched: Causes, head_down: bool, leased: bool) -> bool:
    """R3 has no drive, whatever is leased or wished: emergency stop, lowering by hand, stall, over-speed.

    post: _
    """
    now = causes(active)
    return not now & kernel.HOLD_MASK or _reaction(now, causes(latched), head_down, leased) == kernel.REST


@controls("F24")
def a_release_moves_nothing(active: Causes, latched: Causes, head_down: bool, leased: bool) -> bool:
    """After R3 nothing moves until it is acknowledged, but for a wish for level made after the cause was gone.

    post: _
    """
    now, before = causes(active), causes(latched)
    if not before & kernel.HOLD_MASK or now & kernel.LEVEL_WISHED:
        return True
    return _reaction(now, before, head_down, leased) in HELD


@controls("F24", "F4", "F25", "F26", "H4", "H15")
def what_was_wished_before_a_hold_or_during_it_is_void(before: Causes, active: Causes) -> bool:
    """Older wishes are void after a hold, an open lock, a lost person, a silence; what came during a hold is, too.

    post: _
    """
    then, now = causes(before), causes(active)
    came = now & ~then & kernel.VOIDING
    went = then & ~now & kernel.RELEASED
    return kernel.voids(then, now) if came != 0 or went != 0 else True


@controls("F24", "H4")
def no_wish_is_kept_for_after_a_hold(active: Causes, head_down: bool) -> bool:
    """A wish for level that comes while something holds leaves no trace.

    post: _
    """
    now = causes(active)
    return not now & kernel.HOLD_MASK or kernel.wish_level(now, head_down) == now


@controls("H1", "H11")
def level_moves_from_the_head_down_side_below_r3(active: Causes, latched: Causes, leased: bool) -> bool:
    """From the head-down side a wish for level always begins a return, unless something holds at that moment.

    Or the motor is known to run the wrong way.

    post: _
    """
    now, before = causes(active), causes(latched)
    if now & kernel.HOLD_MASK or before & kernel.WRONG_WAY:
        return True
    return _reaction(kernel.wish_level(now, True), before, True, leased) in HOME


@controls("H15")
def level_adds_nothing_on_the_head_up_side(active: Causes) -> bool:
    """On the head-up side a wish for level begins nothing of the unit's own; at most it ends a freeze.

    post: _
    """
    now = causes(active)
    return not kernel.wish_level(now, False) & ~now


@controls("H11")
def stop_freezes_in_every_state(active: Causes, latched: Causes, head_down: bool, leased: bool, repeated: bool) -> bool:
    """After a stop the table brakes or rests, whatever it did and whatever is wrong.

    One exception: the same stop again does not end the return that came 20 s after it.

    post: _
    """
    now = causes(active)
    stopped = kernel.stop(now, repeated)
    if repeated and now & kernel.FROZEN_LONG:
        return bool(stopped == now)
    return not stopped & kernel.LEVEL_WISHED and _reaction(stopped, causes(latched), head_down, leased) in HELD


@controls("H1", "H11")
def a_stop_hides_no_other_cause(active: Causes, repeated: bool) -> bool:
    """A stop ends a wish for level and its own return; every other cause stays.

    post: _
    """
    now = causes(active)
    return not now & ~kernel.stop(now, repeated) & ~(kernel.LEVEL_WISHED | kernel.FROZEN_LONG)


@controls("H1")
def a_long_freeze_becomes_a_return(active: Causes, latched: Causes, frozen_ms: int) -> bool:
    """Frozen head down for 20 s, the table returns, unless R3 or a lost person forbids it.

    pre: frozen_ms >= 20_000
    post: _
    """
    now, before = causes(active), causes(latched)
    if not now & kernel.STOPPED or (now | before) & (kernel.HOLD_MASK | kernel.PERSON_LOST):
        return True
    return _reaction(kernel.thaw(now, True, False, frozen_ms), before, True, False) in HOME


@controls("H1")
def a_freeze_begins_anew_three_times_at_most(repeated: bool, restarts: int) -> bool:
    """A further stop begins the 20 s again at most three times an episode, and the same stop never does.

    post: _
    """
    return not kernel.restarts_freeze(repeated, restarts) or (restarts < 3 and not repeated)


@controls("H1", "F4", "F5", "F17")
def head_down_no_cause_of_a_return_ends(
    active: Causes, moving: bool, at_level: bool, silent: bool, expired: bool
) -> bool:
    """Head down, neither a host that comes back nor standstill ends any cause.

    post: _
    """
    now = causes(active)
    heard = kernel.judge_host(now, silent, expired, True, moving)
    return not now & ~heard and not now & ~kernel.settle(now, True, moving, at_level)


@controls("F4", "F17")
def silence_always_leads_home(active: Causes, latched: Causes, expired: bool, moving: bool) -> bool:
    """Head down, 2 s of silence become a return, unless a stop, R3 or a lost person stands against it.

    post: _
    """
    now, before = kernel.judge_host(causes(active), True, expired, True, moving), causes(latched)
    if (now | before) & (kernel.HOLD_MASK | kernel.PERSON_LOST) or now & kernel.STOPPED:
        return True
    return _reaction(now, before, True, True) in HOME


@controls("F25", "F26", "H13")
def a_person_not_locked_in_is_a_cause(occupied: bool, ankles_locked: bool) -> bool:
    """Where it matters, an open lock or nobody sensed is a cause; both together are the one that moves nothing.

    post: _
    """
    cause = kernel.judge_person(occupied, ankles_locked, True)
    if occupied or ankles_locked:
        return (cause == 0) == (occupied and ankles_locked) and cause != kernel.PERSON_LOST
    return cause == kernel.PERSON_LOST


@controls("F7", "F10", "F12", "F24")
def causes_only_ever_join_the_latched_ones(active: Causes, latched: Causes) -> bool:
    """Every fault that is at work is latched, and what is latched stays so through every tick.

    post: _
    """
    now, before = causes(active), causes(latched)
    after = kernel.latch(before, now)
    faults = kernel.HOLD_MASK | kernel.BLIND_MASK
    return not before & ~after and not now & faults & ~after


@controls("F7", "F10", "F12", "F24", "H4")
def a_latched_cause_clears_only_by_acknowledgement_where_it_is_safe_and_gone(
    active: Causes, latched: Causes, head_down: bool
) -> bool:
    """An acknowledgement clears nothing head down, nothing that is still at work, and adds nothing.

    post: _
    """
    now, before = causes(active), causes(latched)
    after = kernel.acknowledge(before, now, head_down)
    cleared = before & ~after
    if after & ~before:
        return False
    return not cleared or (not head_down and not cleared & now)
