"""Requirements on motion: how far, how fast, how gently, and what a stop does.

The table in `monitors` says what each stands for.
"""

from collections.abc import Iterator
from math import inf

from .campaign_rules import (
    BRAKE,
    BRAKING_S,
    DEEP_DEG,
    LEVEL,
    LEVEL_DEG,
    LIMIT_DEG,
    PLAY_DEG,
    STOPPED,
    TICK_S,
    WISHES,
    blinded,
    excused,
    hides_motor,
    leased,
    longest,
    mean_dps,
    misled,
    moves,
    runs_wild,
    slips,
    steps,
)
from .campaign_trace import Sample, Trace


def angle(trace: Trace) -> float:
    """The return that begins at 1° too much is the first that shows that a motor runs wild: 1.5°, and to stop (F9)."""
    if hides_motor(trace):
        return inf
    deepest = max(sample.bed_deg for sample in trace.samples)
    return LIMIT_DEG + 1.0 + (2.0 if runs_wild(trace) else 0.0) - deepest


def rate(trace: Trace) -> float:
    if misled(trace):
        return inf
    return 3.1 - max((abs(mean) for _, mean in mean_dps(trace, 25)), default=0.0)


def trip(trace: Trace) -> float:
    """Half a second, a whole one where a broken sensor hides the motor's doings. What is faster than the trip by less
    than a tenth lies within the noise of the sensors: a second more."""
    allowed_s = 1.0 if blinded(trace, 1) else 0.5
    clear_s = longest(trace, lambda sample: abs(sample.drive_dps) > 5.5)
    return min(allowed_s - clear_s, allowed_s + 1.0 - longest(trace, lambda sample: abs(sample.drive_dps) > 5.0))


def _planned(trace: Trace, window: int) -> Iterator[tuple[Sample, ...]]:
    """Begin, middle and end of stretches in which only a plan moves the table, and nothing sudden has happened.

    Nothing pressed, no cause that comes or goes, no brake that bites. Where the drive crosses the linkage's play the
    bed is not moved by the plan; `acceleration` judges what that does to a person.
    """
    samples = trace.samples
    words = ("stop", "level", "fault", "boot", "wish", "event", "restart")
    sudden = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(words))
    index = calm = 0
    for i, (before, now) in enumerate(steps(trace), 1):
        while index < len(sudden) and sudden[index] < now.now_s - 1.0:
            index += 1
        hit = index < len(sudden) and sudden[index] <= now.now_s
        changed = before.active != now.active or before.rung != now.rung or (before.flags ^ now.flags) & BRAKE
        loose = abs(now.bed_deg - now.drive_deg - before.bed_deg + before.drive_deg) > PLAY_DEG
        calm = 0 if hit or changed or loose or now.now_s > now.lease_s or now.rung >= LEVEL else calm + 1
        if calm >= window:
            yield samples[i - window], samples[i - window // 2], samples[i]


def acceleration(trace: Trace) -> float:
    """As the bed's mean over half a second; where the hardware stops the table, it does so at once."""
    if misled(trace):
        return inf
    samples, worst, excused_s = trace.samples, 0.0, -1.0
    boots = trace.times("boot")
    for before, now in zip(samples, samples[25:], strict=False):
        if excused(now) or now.unit_s < now.now_s - 0.1 or any(0.0 <= now.now_s - boot_s < 0.1 for boot_s in boots):
            excused_s = now.now_s
        if now.now_s - excused_s > 1.0:
            worst = max(worst, abs(now.bed_dps - before.bed_dps) / 0.5)
    return 5.0 - worst


def plan_acceleration(trace: Trace) -> float:
    if misled(trace):
        return inf
    rates = (abs(end.drive_dps - begin.drive_dps) for begin, _, end in _planned(trace, 25))
    return 1.6 - max(rates, default=0.0) / 0.5


def plan_jerk(trace: Trace) -> float:
    if misled(trace):
        return inf
    bends = (abs(end.drive_dps - 2.0 * half.drive_dps + begin.drive_dps) for begin, half, end in _planned(trace, 50))
    return 4.0 - max(bends, default=0.0) / 0.25


def _stops(trace: Trace) -> Iterator[tuple[int, int]]:
    """For each stop that reaches the unit: its sample, and the last one that it rules, at most 1.3 s later."""
    samples = trace.samples
    ends = sorted([*trace.times("level"), *trace.times("boot")])
    first_s = samples[0].now_s if samples else 0.0
    for stop_s in trace.times("stop"):
        i = max(round((stop_s - first_s) / TICK_S), 0)
        until_s = min([stop_s + BRAKING_S, *(end for end in ends if end >= stop_s)])
        j = min(round((until_s - first_s) / TICK_S), len(samples) - 1)
        j = min(j, next((k for k in range(i, j) if _thawed(trace, i, k)), j))
        if i < j:
            yield i, j


def _thawed(trace: Trace, i: int, k: int) -> bool:
    """Whether the freeze that a stop at sample `i` made has ended by `k`: the table rests at level, or somebody wishes.

    Causes that lead home end at level (docs/safety.md, the ladder); what moves later has a cause of its own. A live
    wish of after the stop opens a lease of its own.
    """
    now, stop_s = trace.samples[k], trace.samples[i].now_s
    rests = _rests(now)
    if now.active & STOPPED or not (rests or now.lease_s > now.now_s):
        return False
    wished = any(mark.what.startswith(WISHES) and stop_s < mark.now_s <= now.now_s for mark in trace.marks)
    return (rests or wished) and any(sample.active & STOPPED for sample in trace.samples[i:k])


def _rests(sample: Sample) -> bool:
    """At level, and not moving."""
    return not moves(sample) and abs(sample.bed_deg) <= DEEP_DEG


def stop_travel(trace: Trace) -> float:
    if slips(trace) or runs_wild(trace):
        return inf
    samples, worst = trace.samples, 0.0
    for i, j in _stops(trace):
        start = samples[i].drive_deg
        if not any(sample.lowering for sample in samples[i : j + 1]):
            worst = max(worst, max(abs(sample.drive_deg - start) for sample in samples[i : j + 1]))
    return 1.5 - worst


def stop_time(trace: Trace) -> float:
    if slips(trace):
        return inf
    samples, least = trace.samples, BRAKING_S
    for i, j in _stops(trace):
        moving = [k for k in range(i, j + 1) if moves(samples[k]) and not samples[k].lowering]
        if moving:
            least = min(least, BRAKING_S - (moving[-1] - i + (moving[-1] == j)) * TICK_S)
    return least


def stop_holds(trace: Trace) -> float:
    """Head down 20 s, head up for ever, at level until it rests there; 15 s to spare is as good as any."""
    if slips(trace):
        return inf
    stops = trace.times("stop")
    if not stops:
        return inf
    ends = sorted([*trace.times("level"), *trace.times("boot")])
    least, distinct, last = 5.0, 0, 0
    last_s, frame_s, stop_index, ended = -inf, -inf, 0, True
    for k, sample in enumerate(trace.samples):
        while stop_index < len(stops) and stops[stop_index] <= sample.now_s:
            if stops[stop_index] - frame_s > 0.5:  # closer ones are one stop, repeated
                distinct += 1
                last, last_s = k, stops[stop_index]
            frame_s, ended = stops[stop_index], False
            stop_index += 1
        if ended or distinct > 4:
            continue
        ended = any(last_s <= end <= sample.now_s for end in ends) or _thawed(trace, last, k)
        if ended or sample.now_s - last_s < BRAKING_S or sample.lowering or leased(sample):
            continue
        if sample.rung >= LEVEL and _rests(trace.samples[last]):
            ended = True  # where it rests at level a freeze ends at once; this is a cause of its own
        elif moves(sample):
            least = min(least, sample.now_s - last_s - 19.5)
            ended = True
    return least


def _after_stop(trace: Trace) -> Iterator[Sample]:
    """Samples of a return after a stop head down: slow until level, a new lease or a restart of the unit."""
    stops, boots = trace.times("stop"), trace.times("boot")
    slow_s = -1.0
    for sample in trace.samples:
        while stops and stops[0] <= sample.now_s:
            slow_s = stops.pop(0)
        if boots and boots[0] <= sample.now_s:
            boots.pop(0)
            slow_s = -1.0
        if sample.bed_deg <= LEVEL_DEG or sample.lease_s > slow_s:
            slow_s = -1.0
        if slow_s >= 0.0 and sample.now_s > slow_s + 2.0 and not sample.lowering:
            yield sample


def slow_return(trace: Trace) -> float:
    if slips(trace) or runs_wild(trace) or blinded(trace):
        return inf
    return 1.15 - max((abs(sample.drive_dps) for sample in _after_stop(trace)), default=0.0)


def slow_with_open_lock(trace: Trace) -> float:
    """1 °/s, and what a load that helps adds until the loop has learnt of it; more so with a broken sensor."""
    if slips(trace) or runs_wild(trace) or blinded(trace):
        return inf
    open_s, worst = 0.0, 0.0
    for sample in trace.samples:
        open_s = 0.0 if sample.ankles_locked else open_s + TICK_S
        if open_s > 0.1 + BRAKING_S and not sample.lowering:
            worst = max(worst, abs(sample.drive_dps))
    return (1.25 if blinded(trace, 1) else 1.15) - worst
