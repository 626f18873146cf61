"""What the kernel says of leases and of head-down time, for all whole numbers of milliseconds."""

from simulator import kernel

from .invariant import controls


@controls("F2", "F17")
def a_lease_never_outlives_half_a_second(since_ms: int, asked_ms: int, now_ms: int) -> bool:
    """A lease that runs is at most as old as it asked to become, and at most 500 ms.

    post: _
    """
    return not kernel.lease_runs(since_ms, asked_ms, now_ms) or 0 <= now_ms - since_ms <= min(asked_ms, 500)


@controls("H3", "F5")
def head_down_time_never_decreases(count_ms: int, worst_cdeg: int, elapsed_ms: int) -> bool:
    """The count of head-down time never decreases, and above 5° it counts all of the time.

    pre: elapsed_ms >= 0
    post: _
    """
    after_ms = kernel.count_ms(count_ms, worst_cdeg, elapsed_ms)
    if worst_cdeg > 500:
        return after_ms == count_ms + elapsed_ms
    return after_ms == count_ms


@controls("H3", "F14")
def time_left_never_grows_within_an_episode(
    strictest_cdeg: int, episode_ms: int, worst_cdeg: int, elapsed_ms: int
) -> bool:
    """Whatever the table does in an episode, the time that is left never grows: the strictest angle counts.

    pre: elapsed_ms >= 0
    post: _
    """
    before_ms = kernel.continuous_limit_ms(strictest_cdeg) - episode_ms
    strictest_cdeg = kernel.strictest_cdeg(strictest_cdeg, worst_cdeg)
    return kernel.continuous_limit_ms(strictest_cdeg) - kernel.count_ms(episode_ms, worst_cdeg, elapsed_ms) <= before_ms


@controls("H3", "F14")
def an_angle_counts_at_once(strictest_cdeg: int, worst_cdeg: int) -> bool:
    """The strictest angle of an episode is at least the one that is there now, if that is head down.

    post: _
    """
    after_cdeg = kernel.strictest_cdeg(strictest_cdeg, worst_cdeg)
    return after_cdeg >= strictest_cdeg and (worst_cdeg <= 500 or after_cdeg >= worst_cdeg)


@controls("H3")
def an_episode_ends_only_after_a_minute_without_a_break(below_ms: int, worst_cdeg: int, elapsed_ms: int) -> bool:
    """An episode is over only after 60 s at or below 5°; a moment above begins them again.

    post: _
    """
    after_ms = kernel.below_ms(below_ms, worst_cdeg, elapsed_ms)
    if worst_cdeg > 500:
        return after_ms == 0 and not kernel.episode_over(after_ms)
    return after_ms == below_ms + elapsed_ms and kernel.episode_over(after_ms) == (after_ms >= 60_000)


@controls("H3", "F14")
def a_steeper_angle_never_gives_more_time(one_cdeg: int, other_cdeg: int) -> bool:
    """Time without a break is 10 min at most, 2 min at the least, and never more at a steeper angle.

    pre: one_cdeg <= other_cdeg
    post: _
    """
    gentle_ms, steep_ms = kernel.continuous_limit_ms(one_cdeg), kernel.continuous_limit_ms(other_cdeg)
    return 120_000 <= steep_ms <= gentle_ms <= 600_000
