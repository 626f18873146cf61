"""What must hold in every run: each requirement as a function of the true record, with its robustness.

A robustness is the signed distance to a violation, in the requirement's own unit: 0.4 s to spare, 0.2° too much. The
least one over thousands of runs tells how near the worst came. They are bounded temporal logic ("always, within 1.3 s
of a stop, at rest") but plain functions: most begin at an event and end at another, several have units of their own,
and one pass over a list is fast enough for each of fifty thousand runs, which a general evaluator is not.

Every figure is restated from docs/safety.md and docs/domain.md, never imported from the code that is judged.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from controller.model import State
from protocol.messages import Cause, Flag, Rung
from simulator.faults import CATALOGUE, Layer

from .campaign_trace import Sample, Trace

TICK_S: Final = 0.02
LEVEL_DEG: Final = 1.5
DEEP_DEG: Final = 2.5
"""Level, and the calibration error of a sensor: what is deeper than this no sensor takes for level."""
STANDS_DPS: Final = 0.1
"""A drive that is slower stands still: what the motor's lag leaves after braking."""
SLACK_DEG: Final = 0.3
"""What the motor's coasting and the brake's play may still move."""
PLAY_DEG: Final = 0.004
"""In 20 ms: the drive moves and the bed does not follow."""
CORRECTION_DEG: Final = 0.3
"""A held target that the table has left is gone back to."""
BRAKING_S: Final = 1.3
LIMIT_DEG: Final = 30.0
"""Of a guest, who is on the table in every run."""
LIVE: Final = (State.RUNNING, State.PAUSED)
STOPPED, LEVEL_WISHED = int(Cause.STOPPED), int(Cause.LEVEL_WISHED)
PERSON_LOST: Final = int(Cause.PERSON_LOST)
ARMED, SIREN, BRAKE, DRIVEN = int(Flag.ARMED), int(Flag.SIREN), int(Flag.BRAKE), int(Flag.DRIVEN)
HOLD, LEVEL = int(Rung.HOLD), int(Rung.LEVEL)
MOVERS: Final = ("wish start", "wish goto", "wish jog", "wish resume", "wish skip", "wish level")
"""What a person may say that makes the table rise."""


@dataclass(frozen=True, slots=True)
class Monitor:
    """One requirement: the faults and hazards of docs/safety.md it watches, its unit, and what it says."""

    name: str
    ids: tuple[str, ...]
    unit: str
    sentence: str
    robustness: Callable[[Trace], float]


def _moves(sample: Sample) -> bool:
    return abs(sample.drive_dps) > STANDS_DPS


def _leased(sample: Sample) -> bool:
    """Whether a lease, or the braking after it, explains a motion."""
    return sample.now_s <= sample.lease_s + BRAKING_S


def _excused(sample: Sample) -> bool:
    """Whether the hardware or a rescuer has the table, or the unit holds or says nothing."""
    silent = sample.now_s - sample.unit_s > 0.3
    lost = (sample.active | sample.latched) & PERSON_LOST != 0
    return sample.rung == HOLD or sample.estop or sample.lowering or silent or lost


def _steps(trace: Trace) -> Iterator[tuple[Sample, Sample]]:
    return pairwise(trace.samples)


def _longest(trace: Trace, true: Callable[[Sample], bool]) -> float:
    """Seconds of the longest time in one go in which something is true."""
    longest = since = 0.0
    for sample in trace.samples:
        since = since + TICK_S if true(sample) else 0.0
        longest = max(longest, since)
    return longest


def _mean_dps(trace: Trace, window: int) -> Iterator[tuple[Sample, float]]:
    """The mean rate of the drive over so many samples, with the sample at the end of them."""
    samples = trace.samples
    for before, now in zip(samples, samples[window:], strict=False):
        yield now, (now.drive_deg - before.drive_deg) / (window * TICK_S)


def _rise(trace: Trace, counted: Callable[[Sample], bool]) -> float:
    """Degrees by which the drive rises in all while something is true."""
    return sum(
        now.drive_deg - before.drive_deg
        for before, now in _steps(trace)
        if now.drive_deg > before.drive_deg and not now.lowering and counted(now)
    )


# ---- how far, how fast ----------------------------------------------------------------------------------------------


def angle(trace: Trace) -> float:
    deepest = max(sample.bed_deg for sample in trace.samples)
    return LIMIT_DEG + 1.0 - deepest


def _misled(trace: Trace) -> bool:
    """A loop that follows a broken sensor, or drives a broken drive, is held by the trip and not by its plan."""
    layers = (Layer.SENSORS, Layer.MOTOR, Layer.BRAKE, Layer.POWER)
    return any(CATALOGUE[name].layer in layers or name == "arms_up" for name in trace.kinds)


def _blinded(trace: Trace) -> bool:
    """Both angle sensors are broken: what is left is the level switch, and nobody knows the angle."""
    return len({name.split("_")[0] for name in trace.kinds if CATALOGUE[name].layer is Layer.SENSORS}) > 1


def _slips(trace: Trace) -> bool:
    """The load moves the table where the brake should hold it: no motion of the unit's, and no stop helps."""
    return "brake_slips" in trace.kinds


def _slack(trace: Trace) -> float:
    """What coasting may move, and a drive that goes its own way before it is stopped; each wish lets it try again."""
    tries = 1 + sum(mark.what.startswith("wish") for mark in trace.marks)
    return SLACK_DEG + tries * sum(CATALOGUE[name].travel_deg for name in trace.kinds)


def rate(trace: Trace) -> float:
    if _misled(trace):
        return inf
    return 3.1 - max((abs(mean) for _, mean in _mean_dps(trace, 25)), default=0.0)


def trip(trace: Trace) -> float:
    return 0.5 - _longest(trace, lambda sample: abs(sample.drive_dps) > 5.0)


def _planned(trace: Trace, window: int) -> Iterator[tuple[Sample, ...]]:
    """Begin, middle and end of stretches in which only a plan moves the table, and nothing sudden has happened.

    Nothing pressed, no cause that comes or goes, no brake that bites. Where the drive crosses the linkage's play the
    bed is not moved by the plan; `acceleration` judges what that does to a person.
    """
    samples = trace.samples
    words = ("stop", "level", "fault", "boot", "wish", "event", "restart")
    sudden = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(words))
    index = calm = 0
    for i, (before, now) in enumerate(_steps(trace), 1):
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
    if _misled(trace):
        return inf
    samples, worst, excused_s = trace.samples, 0.0, -1.0
    boots = trace.times("boot")
    for before, now in zip(samples, samples[25:], strict=False):
        if _excused(now) or now.unit_s < now.now_s - 0.1 or any(0.0 <= now.now_s - boot_s < 0.1 for boot_s in boots):
            excused_s = now.now_s
        if now.now_s - excused_s > 1.0:
            worst = max(worst, abs(now.bed_dps - before.bed_dps) / 0.5)
    return 5.0 - worst


def plan_acceleration(trace: Trace) -> float:
    if _misled(trace):
        return inf
    rates = (abs(end.drive_dps - begin.drive_dps) for begin, _, end in _planned(trace, 25))
    return 1.5 - max(rates, default=0.0) / 0.5


def plan_jerk(trace: Trace) -> float:
    if _misled(trace):
        return inf
    bends = (abs(end.drive_dps - 2.0 * half.drive_dps + begin.drive_dps) for begin, half, end in _planned(trace, 50))
    return 3.5 - max(bends, default=0.0) / 0.25


# ---- stop -----------------------------------------------------------------------------------------------------------


def _stops(trace: Trace) -> Iterator[tuple[int, int]]:
    """For each stop that reaches the unit: its sample, and the last one that it rules, at most 1.3 s later."""
    samples = trace.samples
    ends = sorted(trace.times("level"))
    first_s = samples[0].now_s if samples else 0.0
    for stop_s in trace.times("stop"):
        i = max(round((stop_s - first_s) / TICK_S), 0)
        until_s = min([stop_s + BRAKING_S, *(end for end in ends if end >= stop_s)])
        j = min(round((until_s - first_s) / TICK_S), len(samples) - 1)
        if i < j:
            yield i, j


def stop_travel(trace: Trace) -> float:
    if _slips(trace):
        return inf
    samples, worst = trace.samples, 0.0
    for i, j in _stops(trace):
        start = samples[i].drive_deg
        if not any(sample.lowering for sample in samples[i : j + 1]):
            worst = max(worst, max(abs(sample.drive_deg - start) for sample in samples[i : j + 1]))
    return 1.5 - worst


def stop_time(trace: Trace) -> float:
    if _slips(trace):
        return inf
    samples, least = trace.samples, BRAKING_S
    for i, j in _stops(trace):
        moving = [k for k in range(i, j + 1) if _moves(samples[k]) and not samples[k].lowering]
        if moving:
            least = min(least, BRAKING_S - (moving[-1] - i + (moving[-1] == j)) * TICK_S)
    return least


def stop_holds(trace: Trace) -> float:
    """Head down 20 s, head up for ever; 15 s to spare is as good as any."""
    if _slips(trace):
        return inf
    stops = trace.times("stop")
    if not stops:
        return inf
    ends = sorted([*trace.times("level"), *trace.times("boot")])
    least, distinct = 5.0, 0
    last_s, frame_s, stop_index, ended = -inf, -inf, 0, True
    for sample in trace.samples:
        while stop_index < len(stops) and stops[stop_index] <= sample.now_s:
            if stops[stop_index] - frame_s > 0.5:  # closer ones are one stop, repeated
                distinct += 1
                last_s = stops[stop_index]
            frame_s, ended = stops[stop_index], False
            stop_index += 1
        if ended or distinct > 4:
            continue
        ended = any(last_s <= end <= sample.now_s for end in ends)
        if ended or sample.now_s - last_s < BRAKING_S or sample.lowering or _leased(sample):
            continue
        if _moves(sample):
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
    return 1.15 - max((abs(sample.drive_dps) for sample in _after_stop(trace)), default=0.0)


def slow_with_open_lock(trace: Trace) -> float:
    open_s, worst = 0.0, 0.0
    for sample in trace.samples:
        open_s = 0.0 if sample.ankles_locked else open_s + TICK_S
        if open_s > 0.1 + BRAKING_S and not sample.lowering:
            worst = max(worst, abs(sample.drive_dps))
    return 1.15 - worst


# ---- leases, silence, the way home ----------------------------------------------------------------------------------


def lease(trace: Trace) -> float:
    if _slips(trace):
        return inf
    least, reacted_s = BRAKING_S, -inf
    for sample in trace.samples:
        if sample.rung >= LEVEL or sample.lowering or sample.now_s - sample.unit_s > 0.1:
            reacted_s = sample.now_s
        elif _moves(sample):
            least = min(least, BRAKING_S - (sample.now_s - max(sample.lease_s, reacted_s)))
    return least


def silence(trace: Trace) -> float:
    """Two seconds of silence, and half a second until the table moves; a freeze by a stop goes on."""
    least, idle_s = 2.5, 0.0
    for sample in trace.samples:
        driven = sample.flags & DRIVEN or sample.drive_dps < -STANDS_DPS
        if sample.bed_deg <= DEEP_DEG or sample.active & STOPPED or _excused(sample) or driven:
            idle_s = 0.0
        elif (idle_s := idle_s + TICK_S) > 1.0:  # a unit that restarts looks at its sensors first
            least = min(least, 2.5 - (sample.now_s - sample.fresh_s))
    return least


def return_time(trace: Trace) -> float:
    """From the first moment of a return: at 0.5 °/s, 5° more than it is, and 8 s to slow down, reverse and arrive."""
    least, began_s, due_s = inf, None, 0.0
    for sample in trace.samples:
        returning = sample.rung in (2, 3) and not sample.active & STOPPED and not _excused(sample)
        if not returning or sample.bed_deg <= LEVEL_DEG:
            if began_s is not None and sample.bed_deg <= LEVEL_DEG:
                least = min(least, due_s - sample.now_s)
            began_s = None
        elif began_s is None:
            began_s, due_s = sample.now_s, sample.now_s + (sample.bed_deg + 5.0) / 0.5 + 8.0
        else:
            least = min(least, due_s - sample.now_s) if sample.now_s > due_s else least
    return least


def stranded(trace: Trace) -> float:
    """At rest head down without a session for 20 s after the last stop or wish, and 4 s for a return to begin."""
    if _blinded(trace):
        return inf
    acts = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(("stop", "level", "wish", "boot")))
    least, since_s, index = 24.0, None, 0
    for sample in trace.samples:
        acted = False
        while index < len(acts) and acts[index] <= sample.now_s:
            index += 1
            acted = True
        live = sample.state in LIVE and sample.now_s - sample.fresh_s < 2.5
        if sample.bed_deg <= DEEP_DEG or _moves(sample) or sample.flags & DRIVEN or live or _excused(sample):
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
    return 1.0 if trace.settled else -1.0


def head_down_time(trace: Trace) -> float:
    """Once the time for the strictest angle is over the return begins within 2 s, if nothing holds the table."""
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
        elif sample.active & STOPPED or _excused(sample) or sample.drive_dps < -STANDS_DPS or sample.flags & DRIVEN:
            over_s = sample.now_s
        else:
            over_s = sample.now_s - TICK_S if over_s is None else over_s
            least = min(least, 2.0 - (sample.now_s - over_s))
    return least


# ---- nothing by itself ----------------------------------------------------------------------------------------------


def no_increase(trace: Trace) -> float:
    return _slack(trace) - _rise(trace, lambda sample: not _leased(sample))


def granted(trace: Trace) -> float:
    armed_s = trace.samples[0].now_s if trace.samples else 0.0
    rise = 0.0
    for before, now in _steps(trace):
        if now.flags & ARMED:
            armed_s = now.now_s
        elif now.drive_deg > before.drive_deg and now.now_s > armed_s + BRAKING_S and not now.lowering:
            rise += now.drive_deg - before.drive_deg
    return _slack(trace) - rise


def interlock(trace: Trace) -> float:
    open_s = empty_s = rise = 0.0
    for before, now in _steps(trace):
        open_s = 0.0 if now.ankles_locked else open_s + TICK_S
        empty_s = 0.0 if now.occupied else empty_s + TICK_S
        if (open_s > 0.1 + BRAKING_S or empty_s > 0.5 + BRAKING_S) and not now.lowering:
            rise += max(now.drive_deg - before.drive_deg, 0.0)
    return _slack(trace) - rise


def resume(trace: Trace) -> float:
    """A session, once interrupted, paused or stopped, needs a person's new wish before anything rises again."""
    events = sorted((mark.now_s, mark.what.startswith(MOVERS)) for mark in trace.marks
                    if mark.what.startswith(MOVERS) or mark.what.startswith("stop"))  # fmt: skip
    permitted, revoked_s, rise, index = True, 0.0, 0.0, 0
    running = False
    for before, now in _steps(trace):
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
    return _slack(trace) + CORRECTION_DEG - rise


def head_up_holds(trace: Trace) -> float:
    travel = sum(
        abs(now.drive_deg - before.drive_deg)
        for before, now in _steps(trace)
        if now.bed_deg < -DEEP_DEG and not _leased(now) and not now.lowering
    )
    return _slack(trace) - travel


# ---- the emergency stop ---------------------------------------------------------------------------------------------


def emergency_stop(trace: Trace) -> float:
    pressed_s, least = 0.0, 0.5
    for sample in trace.samples:
        pressed_s = pressed_s + TICK_S if sample.estop else 0.0
        if pressed_s and _moves(sample) and not sample.lowering:
            least = min(least, 0.5 - pressed_s)
    return least


def release(trace: Trace) -> float:
    """What the emergency stop or lowering by hand has ended begins only with a person's wish."""
    wished = sorted(mark.now_s for mark in trace.marks if mark.what.startswith(("level", "wish")))
    held, released_s, travel = False, None, 0.0
    for before, now in _steps(trace):
        if now.estop or now.lowering:
            held, released_s = True, None
        elif held:
            released_s = now.now_s if released_s is None else released_s
            if any(released_s <= wish <= now.now_s for wish in wished):
                held = False
            elif now.now_s > released_s + 0.3:
                travel += abs(now.drive_deg - before.drive_deg)
    return _slack(trace) - travel


# ---- people are told the truth, and stand up only after the pause -------------------------------------------------


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
    return 0.1 - _longest(trace, lambda sample: sample.rung == HOLD and not sample.flags & SIREN)


def told(trace: Trace) -> float:
    """While the controller hears the unit (its nonces come back fresh), R3 shows as a fault within a second."""
    return 1.0 - _longest(
        trace,
        lambda sample: (
            sample.rung == HOLD
            and sample.now_s - sample.fresh_s < 0.15
            and sample.state not in (State.FAULT, State.OFFLINE)
        ),
    )


def honest(trace: Trace) -> float:
    """An angle that the controller trusts is wrong by more than 3.5° for at most half a second."""
    if _blinded(trace):
        return inf
    return 0.5 - _longest(
        trace,
        lambda sample: (
            sample.believed_deg is not None
            and sample.now_s - sample.fresh_s < 0.15
            and abs(sample.believed_deg - sample.bed_deg) > 3.5
        ),
    )


def budget(trace: Trace) -> float:
    """A whole second for what is counted in seconds, and 0.4 s for each time the unit was away."""
    if trace.charged_s is None or _blinded(trace):
        return inf
    return trace.charged_s - trace.exposed_s + 1.0 + 0.4 * len(trace.times("boot"))


def applied(trace: Trace) -> float:
    return -1.0 if trace.unacted else 1.0


MONITORS: Final = (
    Monitor("angle", ("F14", "H2"), "°", "The bed stays within the limit and 1°.", angle),
    Monitor("rate", ("H6",), "°/s", "The drive makes at most 3 °/s (mean over half a second, 0.1 °/s of noise).", rate),
    Monitor("trip", ("F12", "H6"), "s", "Nothing is faster than 5 °/s for half a second.", trip),
    Monitor("acceleration", ("H8",), "°/s²", "The bed stops and starts at 5 °/s² at most, but in R3.",
            acceleration),
    Monitor("plan_acceleration", ("H6", "H8"), "°/s²", "A plan accelerates by at most 1 °/s², and half for the loop.",
            plan_acceleration),
    Monitor("plan_jerk", ("H8",), "°/s³", "A plan jerks by at most 2 °/s³, and 1.5 for the loop.", plan_jerk),
    Monitor("stop_travel", ("H11",), "°", "After a stop the drive moves at most 1.5°.", stop_travel),
    Monitor("stop_time", ("H11",), "s", "1.3 s after a stop the drive stands.", stop_time),
    Monitor("stop_holds", ("H7", "H11"), "s", "What a stop froze stays 20 s if nobody wishes.", stop_holds),
    Monitor("slow_return", ("H7",), "°/s", "A return after a stop makes at most 1 °/s.", slow_return),
    Monitor("slow_with_open_lock", ("F25", "H7"), "°/s", "With an ankle lock open a return makes at most 1 °/s.",
            slow_with_open_lock),
    Monitor("lease", ("F2", "F17"), "s", "Without a lease or a reaction of the unit the drive stands after 1.3 s.",
            lease),
    Monitor("silence", ("F3", "F4", "F17", "H1"), "s", "Head down, a silent host means a return within 2.5 s.",
            silence),
    Monitor("return_time", ("F11", "H1"), "s", "A return reaches level at 0.5 °/s or faster.", return_time),
    Monitor("stranded", ("H1",), "s", "Nobody stays head down at rest without a session.", stranded),
    Monitor("ends_home", ("H1",), "°", "A run that may not end in R3 ends level or head up.", ends_home),
    Monitor("ends_still", ("H1",), "", "A run comes to rest.", ends_still),
    Monitor("head_down_time", ("F14", "H3"), "s", "When the time for the angle is over, the return begins in 2 s.",
            head_down_time),
    Monitor("no_increase", ("F2", "F21", "H4", "H15"), "°", "Nothing rises without a fresh lease.", no_increase),
    Monitor("granted", ("H4", "F21"), "°", "Nothing rises without the unit's grant.", granted),
    Monitor("interlock", ("F25", "F26", "H13"), "°", "Nothing rises without a person locked in.", interlock),
    Monitor("resume", ("F4", "F20", "F21", "H4"), "°", "What was interrupted does not go on by itself.", resume),
    Monitor("head_up_holds", ("H15",), "°", "Head up, nothing moves without a lease, either way.", head_up_holds),
    Monitor("emergency_stop", ("F24", "H11"), "s", "With the emergency stop pressed nothing is driven.",
            emergency_stop),
    Monitor("release", ("F24", "H4"), "°", "The release of the emergency stop or of lowering moves nothing.", release),
    Monitor("pause_before_standing", ("H8",), "s", "Nobody stands up within a minute of having been head down.",
            pause_before_standing),
    Monitor("siren", ("H1",), "s", "R3 sounds the siren.", siren),
    Monitor("told", ("H10",), "s", "R3 shows as a fault within a second.", told),
    Monitor("honest", ("F7", "F8", "H10"), "s", "An angle that is shown as good is good.", honest),
    Monitor("budget", ("F18", "F19", "H3"), "s", "Head-down time is charged.", budget),
    Monitor("applied", (), "", "Every fault of the run changed something.", applied),
)  # fmt: skip
"""Everything that is watched in every run; `applied` watches the run itself."""
