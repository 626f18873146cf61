"""What the unit believes: the best angle and rate, the more head-down one, the side, and when nothing is trusted."""

from random import Random

import pytest

from protocol.messages import Cause
from simulator.angle import Angle
from simulator.sensors import Readings, Switches


class Bench:
    """Readings as they come from a table that turns at a steady rate."""

    def __init__(self, bed_deg: float = 20.0, drive_deg: float | None = None, rate_dps: float = 0.0) -> None:
        self.angle = Angle()
        self.bed = bed_deg
        self.drive = bed_deg if drive_deg is None else drive_deg
        self.rate = rate_dps
        self.readings = Readings(Switches())
        self.bed_says = self.drive_says = lambda cdeg: cdeg
        self.returning = False
        self.latched = 0
        self._gauss = Random(1).gauss

    def run(self, samples: int) -> Angle:
        for sample in range(samples):
            self.bed += self.rate / 100
            self.drive += self.rate / 100
            self.readings.bed_cdeg = self.bed_says(round(self.bed * 100 + self._gauss(0.0, 6.0)))
            self.readings.drive_cdeg = self.drive_says(round(self.drive * 100 + self._gauss(0.0, 5.0)))
            self.readings.head_down_side = self.bed > 0
            self.angle.bed.take(self.readings.bed_cdeg)
            self.angle.drive.take(self.readings.drive_cdeg)
            if sample % 2:
                self.angle.judge(self.readings.head_down_side, self.returning, self.latched)
        return self.angle


@pytest.mark.parametrize("rate", [0.0, 1.0, -3.0])
def test_angle_and_rate(rate: float):
    angle = Bench(20.0, 19.5, rate).run(200)
    assert angle.angle_deg == pytest.approx(20.0 + 2 * rate, abs=0.1)
    assert angle.rate_dps == pytest.approx(rate, abs=0.3)
    assert angle.moving is (rate != 0)
    assert angle.trusted
    assert angle.causes == 0


@pytest.mark.parametrize(("bed", "drive"), [(20.0, 22.0), (22.0, 20.0), (-40.0, -42.0)])
def test_the_more_head_down_sensor_is_the_worst(bed: float, drive: float):
    """F14."""
    assert Bench(bed, drive).run(100).worst_cdeg == pytest.approx(100 * max(bed, drive), abs=10)


@pytest.mark.parametrize(
    ("bed", "drive", "returning", "head_down"),
    [
        (1.3, 1.3, False, False), (1.7, 1.3, False, True), (1.3, 1.7, False, True), (0.9, 0.9, True, True),
        (0.0, 0.9, True, True), (0.0, 0.0, True, False), (0.0, 0.0, False, False), (-40.0, -40.0, False, False),
    ],
)  # fmt: skip
def test_head_down_begins_above_1_5_degrees_and_ends_a_return_at_0(
    bed: float, drive: float, returning: bool, head_down: bool
):
    bench = Bench(bed, drive)
    bench.returning = returning
    assert bench.run(200).head_down is head_down


@pytest.mark.parametrize(
    ("which", "cause", "left"), [("bed", Cause.BED_SENSOR, 19.0), ("drive", Cause.DRIVE_SENSOR, 20.0)]
)
def test_a_failed_sensor_counts_for_nothing(which: str, cause: Cause, left: float):
    """F7: the change from one to the other looks like no motion."""
    bench = Bench(20.0, 19.0)
    bench.run(100)
    setattr(bench, f"{which}_says", lambda cdeg: 18_000)
    for _ in range(50):
        angle = bench.run(2)
        assert abs(angle.rate_dps) < 0.5
        assert not angle.moving
    assert angle.causes == cause
    assert angle.trusted
    assert angle.angle_deg == pytest.approx(left, abs=0.1)
    assert angle.worst_cdeg == pytest.approx(left * 100, abs=10)


@pytest.mark.parametrize(("which", "suspect"), [("bed", Cause.DRIVE_SENSOR), ("drive", Cause.BED_SENSOR)])
def test_a_sensor_that_failed_before_does_not_carry_a_person_alone(which: str, suspect: Cause):
    """F7: where the other one fails, too, nobody is healthy until somebody has acknowledged it."""
    bench = Bench()
    bench.latched = int(suspect)
    assert bench.run(100).trusted
    setattr(bench, f"{which}_says", lambda cdeg: 18_000)
    angle = bench.run(50)
    assert angle.causes == Cause.NO_SENSOR
    assert not angle.trusted


@pytest.mark.parametrize(("latched", "waits"), [(0, False), (Cause.BED_SENSOR, False), (Cause.NO_SENSOR, True),
                                                (Cause.DISAGREEMENT | Cause.BED_SENSOR, True)])  # fmt: skip
def test_where_both_failed_before_the_level_switch_is_asked_first(latched: int, waits: bool):
    """H15, F7: two mirrored sensors agree that a person is head down who is on the way to standing."""
    bench = Bench(-20.0)
    bench.latched = int(latched)
    bench.bed_says = bench.drive_says = lambda cdeg: -cdeg
    angle = bench.run(30)
    assert angle.trusted
    assert angle.angle_deg == pytest.approx(20.0, abs=0.2)
    assert not angle.causes
    assert angle.head_down is not waits
    angle = bench.run(100)
    assert angle.causes in (Cause.LEVEL_SWITCH, Cause.SIDE_UNKNOWN)
    assert angle.head_down


def test_without_trust_the_last_angle_stays_and_nothing_seems_to_move():
    """F8: the level switch says the side."""
    bench = Bench(20.0, 20.0, 2.0)
    bench.run(100)
    drifted = [0]

    def drifting(cdeg: int) -> int:
        drifted[0] += 5
        return cdeg + drifted[0]

    bench.bed_says = drifting
    angle = bench.run(110)
    assert angle.causes == Cause.DISAGREEMENT
    assert not angle.trusted
    before = angle.angle_deg
    bench.rate = -10.0
    angle = bench.run(300)
    assert angle.angle_deg == before
    assert angle.rate_dps == 0.0
    assert not angle.moving
    assert not angle.head_down
    assert angle.exposed_cdeg == 0
    bench.bed = 3.0
    bench.rate = 0.0
    angle = bench.run(2)
    assert angle.head_down
    assert angle.exposed_cdeg >= 501


def test_trust_comes_back_without_a_leap_of_the_rate():
    """F12: the table went on meanwhile."""
    bench = Bench(30.0)
    bench.run(100)
    bench.bed_says = bench.drive_says = lambda cdeg: 18_000
    bench.run(50)
    assert not bench.angle.trusted
    bench.bed = bench.drive = 0.0
    bench.bed_says = bench.drive_says = lambda cdeg: cdeg
    fastest = 0.0
    for _ in range(300):
        fastest = max(fastest, abs(bench.run(2).rate_dps))
    assert bench.angle.trusted
    assert fastest < 1.0
    assert bench.angle.angle_deg == pytest.approx(0.0, abs=0.1)


def test_before_it_was_ever_trusted_the_worst_is_the_hard_limit():
    """F5, F7."""
    bench = Bench()
    bench.bed_says = bench.drive_says = lambda cdeg: -18_000
    for _ in range(30):
        angle = bench.run(2)
        assert not angle.trusted
        assert angle.worst_cdeg == 6000
    assert angle.causes == Cause.NO_SENSOR


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_speed_is_what_both_sensors_show(which: str):
    """F12: one that slips by 2° is no runaway."""
    bench = Bench(20.0)
    bench.run(100)
    setattr(bench, f"{which}_says", lambda cdeg: cdeg + 220)
    assert max(bench.run(2).speed_cdps for _ in range(100)) < 150
    bench.rate = 6.0
    assert bench.run(80).speed_cdps > 500
