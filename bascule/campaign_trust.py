"""Requirements on trust: nothing moves by itself, people are told the truth, nothing is forgotten.

The table in `monitors` says what each stands for.
"""

from math import inf

from controller.model import State

from .campaign_rules import (
    ARMED,
    BRAKING_S,
    CORRECTION_DEG,
    DEEP_DEG,
    HOLD,
    LEVEL,
    MOVERS,
    SIREN,
    STANDS_DPS,
    TICK_S,
    blinded,
    leased,
    longest,
    misplaced,
    moves,
    slack,
    slips,
    steps,
    total_rise,
)
from .campaign_trace import Trace


def no_increase(trace: Trace) -> float:
    return slack(trace) - total_rise(trace, lambda sample: not leased(sample))


def granted(trace: Trace) -> float:
    armed_s = trace.samples[0].now_s if trace.samples else 0.0
    rise = 0.0
    for before, now in steps(trace):
        if now.flags & ARMED:
            armed_s = now.now_s
        elif now.drive_deg > before.drive_deg and now.now_s > armed_s + BRAKING_S and not now.lowering:
            rise += now.drive_deg - before.drive_deg
    return slack(trace) - rise


def interlock(trace: Trace) -> float:
    open_s = empty_s = rise = 0.0
    for before, now in steps(trace):
        open_s = 0.0 if now.ankles_locked else open_s + TICK_S
        empty_s = 0.0 if now.occupied else empty_s + TICK_S
        if (open_s > 0.1 + BRAKING_S or empty_s > 0.5 + BRAKING_S) and not now.lowering:
            rise += max(now.drive_deg - before.drive_deg, 0.0)
    return slack(trace) - rise


def resume(trace: Trace) -> float:
    """A session, once interrupted, paused or stopped, needs a person's new wish before anything rises again."""
    events = sorted((mark.now_s, mark.what.startswith(MOVERS)) for mark in trace.marks
                    if mark.what.startswith(MOVERS) or mark.what.startswith("stop"))  # fmt: skip
    permitted, revoked_s, rise, index = True, 0.0, 0.0, 0
    running = False
    for before, now in steps(trace):
        while index < len(events) and events[index][0] <= now.now_s:
            permitted = events[index][1]
            revoked_s = now.now_s
            index += 1
        was, running = running, now.state in (State.RUNNING, State.RETURNING)
        if permitted and ((was and not running) or now.rung >= LEVEL):
            permitted, revoked_s = False, now.now_s
        # A pause slows down gently, from 1.5 °/s within 3 s.
        if not permitted and now.now_s > revoked_s + 3.0 and not now.lowering:
            rise += max(now.drive_deg - before.drive_deg, 0.0)
    return slack(trace) + CORRECTION_DEG - rise


def head_up_holds(trace: Trace) -> float:
    """With both angle sensors broken, what is left of a return ends within a second, by the level switch."""
    if misplaced(trace):
        return inf
    travel = sum(
        abs(now.drive_deg - before.drive_deg)
        for before, now in steps(trace)
        if now.bed_deg < -DEEP_DEG and not leased(now) and not now.lowering
    )
    return slack(trace) + (1.0 if blinded(trace) else 0.0) - travel


def emergency_stop(trace: Trace) -> float:
    if slips(trace):
        return inf
    pressed_s, least = 0.0, 0.5
    for sample in trace.samples:
        pressed_s = pressed_s + TICK_S if sample.estop else 0.0
        if pressed_s and moves(sample) and not sample.lowering:
            least = min(least, 0.5 - pressed_s)
    return least


def release(trace: Trace) -> float:
    """What the emergency stop or lowering by hand has ended begins only with a person's wish.

    After a power cut the unit knows of neither any more: head down it leads home as after any restart (F5).
    """
    ends = ("level", "wish", "boot") if "power_cut" in trace.kinds else ("level", "wish")
    wished = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(ends))
    held, released_s, travel = False, None, 0.0
    for before, now in steps(trace):
        if now.estop or now.lowering:
            held, released_s = True, None
        elif held:
            released_s = now.now_s if released_s is None else released_s
            if any(released_s <= wish <= now.now_s for wish in wished):
                held = False
            elif now.now_s > released_s + 0.3:
                travel += abs(now.drive_deg - before.drive_deg)
    return slack(trace) - travel


def pause_before_standing(trace: Trace) -> float:
    """Below −16° (presets go to −15°) only 60 s after the head was last 5° down."""
    deep_s, least = trace.deep_before_s, inf
    for sample in trace.samples:
        if sample.bed_deg > 5.0:
            deep_s = sample.now_s
        elif deep_s is not None and sample.bed_deg < -16.0 and sample.drive_dps < -STANDS_DPS and not sample.lowering:
            least = min(least, sample.now_s - deep_s - 60.0)
    return least


def siren(trace: Trace) -> float:
    """In the next telemetry after that of R3; one in between is allowed."""
    return 0.1 - longest(trace, lambda sample: sample.rung == HOLD and not sample.flags & SIREN)


def told(trace: Trace) -> float:
    """While the controller hears the unit (its nonces come back fresh), R3 shows as a fault within a second."""
    return 1.0 - longest(
        trace,
        lambda sample: (
            sample.rung == HOLD
            and sample.now_s - sample.fresh_s < 0.15
            and sample.state not in (State.FAULT, State.OFFLINE)
        ),
    )


def honest(trace: Trace) -> float:
    """An angle that the controller trusts is wrong by more than 3.7° for at most half a second.

    Two sensors may be 3° apart, and the sound one is off by its calibration, its curve and a count: 0.64°
    (`simulator/sensors.py`).
    With a loose linkage the drive's sensor is off by up to 2.5°, too, and hides as much of what the bed's is.
    """
    if blinded(trace, 1 if "loose_linkage" in trace.kinds else 2):
        return inf
    return 0.5 - longest(
        trace,
        lambda sample: (
            sample.believed_deg is not None
            and sample.now_s - sample.fresh_s < 0.15
            and abs(sample.believed_deg - sample.bed_deg) > 3.7
        ),
    )


def budget(trace: Trace) -> float:
    """A second for what is counted in seconds, half of one for the edge at 5°, 0.4 s each time the unit was away."""
    if trace.charged_s is None or blinded(trace):
        return inf
    return trace.charged_s - trace.exposed_s + 1.5 + 0.4 * len(trace.times("boot"))


def applied(trace: Trace) -> float:
    return -1.0 if trace.unacted else 1.0
