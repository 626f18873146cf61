"""What the kernel says of limits, targets and rates, for all whole numbers."""

from simulator import kernel

from .bits import Causes, causes
from .invariant import controls


def _follow(
    armed: bool, leased: bool, trusted: bool, active: Causes, latched: Causes, left_ms: int,
    last_cdps: int, wanted_cdps: int, worst_cdeg: int, limit_cdeg: int,
) -> bool:  # fmt: skip
    """Whether the rate that follows a lease leads up, other than as a brake on what rises already."""
    increase = kernel.may_increase(armed, leased, trusted, causes(active), causes(latched), left_ms)
    out_cdps = kernel.drive(last_cdps, wanted_cdps, 300, increase, worst_cdeg, limit_cdeg)
    return _rises(out_cdps, last_cdps)


def _rises(out_cdps: int, last_cdps: int) -> bool:
    """Whether a rate leads up and is not the protective stop of the one before it."""
    return out_cdps > 0 and out_cdps > last_cdps - 9


@controls("H2", "H12")
def the_limit_is_the_tighter_of_two(own_cdeg: int, asked_cdeg: int) -> bool:
    """A setpoint's limit may tighten the unit's own and never loosens it, nor is it loosened itself.

    post: _
    """
    limit_cdeg = kernel.limit(own_cdeg, asked_cdeg)
    return limit_cdeg <= own_cdeg and limit_cdeg <= asked_cdeg


@controls("H2", "H4")
def no_setpoint_leads_beyond_the_tightest_limit(own_cdeg: int, limit_cdeg: int, asked_cdeg: int) -> bool:
    """A target is never above the tightest limit, never beyond the travel, and never above what was asked for.

    post: _
    """
    target_cdeg = kernel.target(asked_cdeg, kernel.limit(own_cdeg, limit_cdeg), -8000)
    if target_cdeg == -8000:
        return True
    return -8000 < target_cdeg <= own_cdeg and target_cdeg <= limit_cdeg and target_cdeg <= asked_cdeg


@controls("H2", "F14")
def nothing_rises_one_degree_beyond_the_limit(
    last_cdps: int, wanted_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int
) -> bool:
    """From 1° beyond the limit on nothing leads up any more, whatever is wanted and granted.

    pre: worst_cdeg >= limit_cdeg + 100
    post: _
    """
    return not _rises(kernel.drive(last_cdps, wanted_cdps, 300, increase, worst_cdeg, limit_cdeg), last_cdps)


@controls("F14")
def an_angle_beyond_the_limit_is_seen(worst_cdeg: int, limit_cdeg: int) -> bool:
    """More than 1° beyond the limit is over-angle, and nothing up to 1° above level ever is.

    post: _
    """
    over = kernel.over_angle(worst_cdeg, limit_cdeg)
    if worst_cdeg <= 100:
        return not over
    return over or worst_cdeg <= limit_cdeg + 100 or limit_cdeg < 0


@controls("H6")
def no_rate_is_beyond_the_cap(
    last_cdps: int, wanted_cdps: int, cap_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int
) -> bool:
    """A rate is within the cap, or is the protective stop of one that was not.

    pre: cap_cdps >= 0
    post: _
    """
    out_cdps = kernel.drive(last_cdps, wanted_cdps, cap_cdps, increase, worst_cdeg, limit_cdeg)
    home_cdps = kernel.drive_home(last_cdps, wanted_cdps, cap_cdps)
    braked_cdps = kernel.braking(last_cdps)
    return (-cap_cdps <= out_cdps <= cap_cdps or out_cdps == braked_cdps) and (
        -cap_cdps <= home_cdps <= 0 or home_cdps == braked_cdps
    )


@controls("H6", "H8")
def a_stop_only_ever_slows_down(last_cdps: int) -> bool:
    """A protective stop comes closer to standstill by at most 5 °/s² at each step, and never turns round.

    post: _
    """
    out_cdps = kernel.braking(last_cdps)
    if last_cdps == 0:
        return out_cdps == 0
    if last_cdps > 0:
        return 0 <= out_cdps < last_cdps <= out_cdps + 10
    return 0 >= out_cdps > last_cdps >= out_cdps - 10


@controls("H7", "F25")
def a_return_is_slow_after_a_stop_or_with_an_open_lock(stopped: bool, ankles_open: bool) -> bool:
    """The unit returns at 3 °/s at most, and at 1 °/s after a stop or with an ankle lock open.

    post: _
    """
    return 0 < kernel.return_rate_cap(stopped, ankles_open) <= (100 if stopped or ankles_open else 300)


@controls("F2", "F17", "H4")
def nothing_rises_on_an_expired_lease(
    since_ms: int, asked_ms: int, now_ms: int, armed: bool, trusted: bool, active: Causes, latched: Causes,
    left_ms: int, last_cdps: int, wanted_cdps: int, worst_cdeg: int, limit_cdeg: int,
) -> bool:  # fmt: skip
    """Nothing leads up on a lease that is older than it asked for, older than 500 ms, or from the future.

    pre: now_ms < since_ms or now_ms - since_ms > asked_ms or now_ms - since_ms > 500
    post: _
    """
    leased = kernel.lease_runs(since_ms, asked_ms, now_ms)
    return not _follow(armed, leased, trusted, active, latched, left_ms, last_cdps, wanted_cdps, worst_cdeg, limit_cdeg)


@controls("F2", "F21", "H4")
def nothing_is_leased_or_armed_on_a_void_stop_count(
    quoted: int, stop_count: int, rung: int, frozen: bool, trusted: bool, secured: bool, armed: bool, target_cdeg: int,
    angle_cdeg: int, moving: bool, head_down: bool, active: Causes, latched: Causes,
) -> bool:  # fmt: skip
    """A setpoint or a wish to arm that was made before the last stop is refused, whatever else speaks for it.

    pre: quoted != stop_count
    post: _
    """
    return (
        kernel.refuse_setpoint(quoted, stop_count, rung, frozen, trusted, secured, armed, target_cdeg, angle_cdeg) != 0
        and kernel.refuse_arm(
            quoted, stop_count, secured, moving, trusted, head_down, causes(active), causes(latched)
        ) != 0
    )  # fmt: skip


@controls("F7", "F10", "F12", "F24", "F25", "F26", "H4")
def nothing_rises_while_a_cause_is_active_or_latched(
    armed: bool, trusted: bool, active: Causes, latched: Causes, left_ms: int, last_cdps: int, wanted_cdps: int,
    worst_cdeg: int, limit_cdeg: int,
) -> bool:  # fmt: skip
    """Nothing leads up while any cause at all is at work or waits for an acknowledgement.

    pre: causes(active) != 0 or causes(latched) != 0
    post: _
    """
    return not _follow(armed, True, trusted, active, latched, left_ms, last_cdps, wanted_cdps, worst_cdeg, limit_cdeg)


@controls("H4")
def nothing_rises_unarmed(
    trusted: bool, active: Causes, latched: Causes, left_ms: int, last_cdps: int, wanted_cdps: int, worst_cdeg: int,
    limit_cdeg: int,
) -> bool:  # fmt: skip
    """Nothing leads up without a grant.

    post: _
    """
    return not _follow(False, True, trusted, active, latched, left_ms, last_cdps, wanted_cdps, worst_cdeg, limit_cdeg)


@controls("F7", "F8", "H2")
def nothing_rises_on_an_untrusted_angle(
    armed: bool, active: Causes, latched: Causes, left_ms: int, last_cdps: int, wanted_cdps: int, worst_cdeg: int,
    limit_cdeg: int,
) -> bool:  # fmt: skip
    """Nothing leads up while nobody knows the angle.

    post: _
    """
    return not _follow(armed, True, False, active, latched, left_ms, last_cdps, wanted_cdps, worst_cdeg, limit_cdeg)


@controls("F14", "H3")
def nothing_rises_out_of_time(
    armed: bool, trusted: bool, active: Causes, latched: Causes, left_ms: int, last_cdps: int, wanted_cdps: int,
    worst_cdeg: int, limit_cdeg: int,
) -> bool:  # fmt: skip
    """Nothing leads up once the head-down time of an episode is spent.

    pre: left_ms <= 0
    post: _
    """
    return not _follow(armed, True, trusted, active, latched, left_ms, last_cdps, wanted_cdps, worst_cdeg, limit_cdeg)


@controls("H1")
def the_way_down_is_never_refused_a_rate(
    last_cdps: int, wanted_cdps: int, cap_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int
) -> bool:
    """Whatever is granted or not, a rate towards head up is driven, up to the cap; both on a lease and in R1.

    pre: wanted_cdps < 0 and cap_cdps > 0
    post: _
    """
    down_cdps = wanted_cdps if wanted_cdps > -cap_cdps else -cap_cdps
    followed = kernel.drive(last_cdps, wanted_cdps, cap_cdps, increase, worst_cdeg, limit_cdeg) == down_cdps
    braked_first = last_cdps > 0 or last_cdps < -cap_cdps
    return followed and (braked_first or kernel.drive_home(last_cdps, wanted_cdps, cap_cdps) == down_cdps)


@controls("F10", "H7", "H15")
def giving_way_to_a_stall_leads_towards_head_up_only(last_cdps: int) -> bool:
    """Backing off never leads towards head down, and never faster than 1 °/s.

    post: _
    """
    return -100 <= kernel.drive_back(last_cdps) <= 0


@controls("H13", "H4", "F25", "F26")
def a_lease_needs_a_person_locked_in_and_a_known_angle(
    stop_count: int, rung: int, frozen: bool, trusted: bool, secured: bool, armed: bool, target_cdeg: int,
    angle_cdeg: int,
) -> bool:  # fmt: skip
    """A setpoint becomes a lease only with a person locked in, a trusted angle, no freeze and no return under way.

    Without a grant it leads nowhere above the table, but for the noise of a resting one.

    pre: kernel.refuse_setpoint(stop_count, stop_count, rung, frozen, trusted, secured, armed, target_cdeg, angle_cdeg) == 0
    post: _
    """  # noqa: E501
    return trusted and secured and not frozen and rung < 2 and (armed or target_cdeg <= angle_cdeg + 50)


@controls("H13", "H4", "F25", "F26")
def arming_needs_everything(
    stop_count: int, secured: bool, moving: bool, trusted: bool, head_down: bool, active: Causes, latched: Causes
) -> bool:
    """A grant needs a person locked in, a trusted angle, standstill, not head down, and nothing latched or returning.

    post: _
    """
    refused = kernel.refuse_arm(
        stop_count, stop_count, secured, moving, trusted, head_down, causes(active), causes(latched)
    )
    if refused != 0:
        return True
    faults = causes(active) & (kernel.HOLD_MASK | kernel.BLIND_MASK | kernel.LEVEL_MASK | kernel.PERSON_LOST)
    return secured and trusted and not moving and not head_down and not causes(latched) and not faults
