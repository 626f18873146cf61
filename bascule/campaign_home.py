"""Requirements on the way home: leases, silence, returns, and that nobody stays head down.

The table in `monitors` says what each stands for.
"""

from math import inf

from .campaign_rules import (
    BRAKING_S,
    DEEP_DEG,
    DRIVEN,
    LEVEL,
    LEVEL_DEG,
    LIVE,
    STANDS_DPS,
    STOPPED,
    TICK_S,
    blinded,
    excused,
    hides_motor,
    misplaced,
    moves,
    slips,
)
from .campaign_trace import Trace


def lease(trace: Trace) -> float:
    if slips(trace):
        return inf
    least, reacted_s = BRAKING_S, -inf
    for sample in trace.samples:
        if sample.rung >= LEVEL or sample.lowering or sample.now_s - sample.unit_s > 0.1:
            reacted_s = sample.now_s
        elif moves(sample):
            least = min(least, BRAKING_S - (sample.now_s - max(sample.lease_s, reacted_s)))
    return least


def silence(trace: Trace) -> float:
    """Two seconds of silence, and half a second until the table moves; a freeze by a stop goes on.

    A sensor that drifts home alone, where the other one is broken, too, looks like the return itself.
    """
    if blinded(trace):
        return inf
    least, idle_s = 2.5, 0.0
    boots = trace.times("boot")
    for sample in trace.samples:
        while boots and boots[0] <= sample.now_s:
            boots.pop(0)
            idle_s = 0.0
        driven = sample.flags & DRIVEN or sample.drive_dps < -STANDS_DPS
        if sample.bed_deg <= DEEP_DEG or sample.active & STOPPED or excused(sample) or driven:
            idle_s = 0.0
        elif (idle_s := idle_s + TICK_S) > 1.0:  # a unit that restarts looks at its sensors first
            least = min(least, 2.5 - (sample.now_s - sample.fresh_s))
    return least


def return_time(trace: Trace) -> float:
    """From the first moment of a return: at 0.5 °/s, 5° more than it is, and 8 s to slow down, reverse and arrive.

    With a weak motor a return that is slow anyway comes on by 0.5° in 3 s at least (R1, no progress).
    """
    if hides_motor(trace):
        return inf
    slowest_dps = 0.5 / 3.0 if "weak_motor" in trace.kinds else 0.5
    least, began_s, due_s = inf, None, 0.0
    for sample in trace.samples:
        returning = sample.rung in (2, 3) and not sample.active & STOPPED and not excused(sample)
        if not returning or sample.bed_deg <= LEVEL_DEG:
            if began_s is not None and sample.bed_deg <= LEVEL_DEG:
                least = min(least, due_s - sample.now_s)
            began_s = None
        elif began_s is None:
            began_s, due_s = sample.now_s, sample.now_s + (sample.bed_deg + 5.0) / slowest_dps + 8.0
        else:
            least = min(least, due_s - sample.now_s) if sample.now_s > due_s else least
    return least


def stranded(trace: Trace) -> float:
    """At rest head down without a session for 20 s after the last stop or wish, and 4 s for a return to begin."""
    if blinded(trace):
        return inf
    acts = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(("stop", "level", "wish", "boot")))
    least, since_s, index = 24.0, None, 0
    for sample in trace.samples:
        acted = False
        while index < len(acts) and acts[index] <= sample.now_s:
            index += 1
            acted = True
        live = sample.state in LIVE and sample.now_s - sample.fresh_s < 2.5
        if sample.bed_deg <= DEEP_DEG or moves(sample) or sample.flags & DRIVEN or live or excused(sample):
            since_s = None
        elif since_s is None or acted:
            since_s = sample.now_s
        else:
            least = min(least, 24.0 - (sample.now_s - since_s))
    return least


def ends_home(trace: Trace) -> float:
    last = trace.samples[-1]
    if trace.may_strand or (last.state in LIVE and last.now_s - last.fresh_s < 1.0):
        return inf
    return DEEP_DEG - last.bed_deg


def ends_still(trace: Trace) -> float:
    """What believes itself head up, and is not, waits for a person."""
    if misplaced(trace):
        return inf
    return 1.0 if trace.settled else -1.0


def head_down_time(trace: Trace) -> float:
    """Once the time for the strictest angle is over the return begins within 2 s, if nothing holds the table."""
    if blinded(trace):
        return inf
    least, over_s = inf, None
    strictest, spent_s, below_s = 0.0, trace.episode_before_s, 0.0
    for sample in trace.samples:
        if sample.bed_deg > 5.0:
            spent_s, below_s = spent_s + TICK_S, 0.0
            strictest = max(strictest, sample.bed_deg)
        elif (below_s := below_s + TICK_S) >= 60.0:
            spent_s = strictest = 0.0
        allowed_s = 600.0 if strictest <= 16.0 else 300.0 if strictest <= 31.0 else 180.0
        if spent_s <= allowed_s or sample.bed_deg <= 5.0:
            over_s = None
            if sample.bed_deg > 5.0:
                least = min(least, 2.0)
        elif sample.active & STOPPED or excused(sample) or sample.drive_dps < -STANDS_DPS or sample.flags & DRIVEN:
            over_s = sample.now_s
        else:
            over_s = sample.now_s - TICK_S if over_s is None else over_s
            least = min(least, 2.0 - (sample.now_s - over_s))
    return least
