"""Both units side by side on random walks of sensors and switches that no table would make: thresholds in ticks."""

from random import Random

import pytest

from simulator.memory import Memory
from simulator.sensors import Readings, Switches
from simulator.unit import TiltUnit

from . import table
from .build import need
from .test_trace import contradictions

SEGMENT_TICKS = 130
SEGMENTS = 16
SPEEDS_DPS = (0.0, 0.0, 1.0, -1.0, 3.0, -3.0, 5.6, -5.6)


def nothing() -> None:
    """No fault writes into a memory here."""


@pytest.mark.parametrize("seed", range(12))
def test_a_random_walk_is_judged_alike(seed: int) -> None:
    """Over-speed, one sensor alone against the level switch, both apart: in the same tick, or one beside it."""
    need("gcc")
    table.library()
    random = Random(seed)
    pair = table.Pair(TiltUnit(Memory(), seed, 1, 1), table.TiltUnit(table.Memory(), seed, 1, 1), nothing)
    readings = Readings(Switches())
    angle = random.uniform(-30.0, 58.0)
    now_ms = 0
    for _ in range(SEGMENTS):
        speed = random.choice(SPEEDS_DPS)
        lost = random.choice(("", "", "", "bed", "drive", "both"))
        side_lies, apart = random.random() < 0.3, random.choice((0.0, 0.0, 4.0, -4.0))
        readings.switches.estop = random.random() < 0.1
        if abs(angle) > 60.0:
            speed = -3.0 if angle > 0 else 3.0
        for _ in range(SEGMENT_TICKS):
            for _ in range(2):
                angle += speed / 100
                readings.bed_cdeg = 20_000 if lost in ("bed", "both") else int(angle * 100 + random.gauss(0, 6))
                readings.drive_cdeg = (
                    20_000 if lost in ("drive", "both") else int((angle + apart) * 100 + random.gauss(0, 6))
                )
                pair.angle.bed.take(readings.bed_cdeg)
                pair.angle.drive.take(readings.drive_cdeg)
            readings.head_down_side = (angle > 0) is not side_lies
            now_ms += 20
            pair.tick(now_ms, readings)
            pair.transmit()
    assert contradictions(pair) == []
