"""What all requirements share: the figures, what explains a motion, and sums over a record."""

from collections.abc import Callable, Iterator
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
CORRECTION_DEG: Final = 0.5
"""A held target that the table has left, or gone beyond, is gone back to."""
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
WISHES: Final = (*MOVERS, "wish stand")
"""What a person may say that moves the table."""


def moves(sample: Sample) -> bool:
    return abs(sample.drive_dps) > STANDS_DPS


def leased(sample: Sample) -> bool:
    """Whether a lease, or the braking after it, explains a motion."""
    return sample.now_s <= sample.lease_s + BRAKING_S


def excused(sample: Sample) -> bool:
    """Whether the hardware or a rescuer has the table, or the unit holds or says nothing."""
    silent = sample.now_s - sample.unit_s > 0.3
    lost = (sample.active | sample.latched) & PERSON_LOST != 0
    return sample.rung == HOLD or sample.estop or sample.lowering or silent or lost


def steps(trace: Trace) -> Iterator[tuple[Sample, Sample]]:
    return pairwise(trace.samples)


def longest(trace: Trace, true: Callable[[Sample], bool]) -> float:
    """Seconds of the longest time in one go in which something is true."""
    longest = since = 0.0
    for sample in trace.samples:
        since = since + TICK_S if true(sample) else 0.0
        longest = max(longest, since)
    return longest


def mean_dps(trace: Trace, window: int) -> Iterator[tuple[Sample, float]]:
    """The mean rate of the drive over so many samples, with the sample at the end of them."""
    samples = trace.samples
    for before, now in zip(samples, samples[window:], strict=False):
        yield now, (now.drive_deg - before.drive_deg) / (window * TICK_S)


def total_rise(trace: Trace, counted: Callable[[Sample], bool]) -> float:
    """Degrees by which the drive rises in all while something is true."""
    return sum(
        now.drive_deg - before.drive_deg
        for before, now in steps(trace)
        if now.drive_deg > before.drive_deg and not now.lowering and counted(now)
    )


def misled(trace: Trace) -> bool:
    """A loop that follows a broken sensor, or drives a broken drive, is held by the trip and not by its plan."""
    layers = (Layer.SENSORS, Layer.MOTOR, Layer.BRAKE, Layer.POWER)
    return any(CATALOGUE[name].layer in layers or name == "arms_up" for name in trace.kinds)


def blinded(trace: Trace, sensors: int = 2) -> bool:
    """So many angle sensors are broken. With two of them only the level switch is left: nobody knows the angle."""
    broken = {name.split("_")[0] for name in trace.kinds if CATALOGUE[name].layer is Layer.SENSORS}
    return len(broken) >= sensors


def runs_wild(trace: Trace) -> bool:
    """The motor turns by itself or the wrong way: until it is held, it does what it likes."""
    return "runaway" in trace.kinds or "wrong_way" in trace.kinds


def hides_motor(trace: Trace) -> bool:
    """The motor does what it likes, and nothing is left to see it by: no sensor at all, or, where it runs the wrong
    way, one that drifts as the motor should have moved the table and agrees with it against the sound one. To go on is
    right where the sensor is the only fault (F8, R2)."""
    drifts = any(name in trace.kinds for name in ("bed_drifts", "drive_drifts"))
    return (runs_wild(trace) and blinded(trace)) or ("wrong_way" in trace.kinds and drifts)


def misplaced(trace: Trace) -> bool:
    """The level switch reports the wrong side, and an angle sensor is broken, too: what is left of R2 to go by is
    wrong."""
    return "level_switch_wrong" in trace.kinds and blinded(trace)


def slips(trace: Trace) -> bool:
    """The load moves the table where the brake should hold it: no motion of the unit's, and no stop helps."""
    return "brake_slips" in trace.kinds


def slack(trace: Trace) -> float:
    """What coasting may move, and a drive that goes its own way before it is stopped; each wish lets it try again."""
    if hides_motor(trace):
        return inf
    tries = 1 + sum(mark.what.startswith("wish") for mark in trace.marks)
    return SLACK_DEG + tries * sum(CATALOGUE[name].travel_deg for name in trace.kinds)
