"""What the sensors say of a table that stands where we know: offsets, noise, resolution, switches, faults."""

from itertools import pairwise
from statistics import fmean, pstdev

import pytest

from simulator.sensors import Sensors, Switches


def readings(count: int, angle: float, dps: float = 0.0, seed: int = 1, **known: float) -> list[tuple[int, int]]:
    sensors = Sensors(seed, Switches(), **known)
    found = []
    for _ in range(count):
        now = sensors.read(angle, dps, angle, 0.0)
        found.append((now.bed_cdeg, now.drive_cdeg))
    return found


def longest_run(values: list[int]) -> int:
    longest = run = 1
    for before, now in pairwise(values):
        run = run + 1 if now == before else 1
        longest = max(longest, run)
    return longest


@pytest.mark.parametrize("angle", [-80.0, -30.0, 0.0, 45.0, 60.0])
def test_the_pair_agrees_within_1_5_degrees(angle: float):
    """Domain.md: calibrated; the mean of each is close to the truth."""
    found = readings(2000, angle)
    assert fmean(bed for bed, _ in found) / 100 == pytest.approx(angle + 0.1, abs=0.02)
    assert fmean(drive for _, drive in found) / 100 == pytest.approx(angle - 0.2, abs=0.4)
    assert max(abs(bed - drive) for bed, drive in found) < 150


@pytest.mark.parametrize(("dps", "deviation"), [(0.0, 0.06), (1.0, 0.12), (-3.0, 0.24)])
def test_noise_of_the_bed_grows_with_speed(dps: float, deviation: float):
    """Domain.md: ±0.2–0.5° moving."""
    assert pstdev(bed for bed, _ in readings(4000, 20.0, dps)) / 100 == pytest.approx(deviation, rel=0.05)


def test_the_encoder_has_12_bits():
    steps = {drive for _, drive in readings(4000, 20.0)}
    assert 3 <= len(steps) <= 5
    assert {round(b - a) for a, b in pairwise(sorted(steps))} <= {8, 9}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("angle", [0.0, 20.003, -80.0])
def test_equal_readings_in_a_row_are_as_rare_as_noise_makes_them(seed: int, angle: float):
    """F7: 0.5 s (bed) and 4 s (drive) of equal readings mean a frozen sensor; noise must stay far from that."""
    found = readings(12_000, angle, seed=seed)
    assert longest_run([bed for bed, _ in found]) <= 6
    assert longest_run([drive for _, drive in found]) <= 120


def test_the_same_seed_gives_the_same_readings():
    assert readings(500, 20.0, seed=7) == readings(500, 20.0, seed=7)
    assert readings(500, 20.0, seed=7) != readings(500, 20.0, seed=8)


def test_the_pair_of_noises_does_not_repeat_soon():
    found = readings(20_000, 20.0)
    assert found[:200] != found[4091:4291]
    assert found[:200] != found[4093:4293]


def test_the_level_switch_reports_the_side_with_hysteresis():
    sensors = Sensors(1, Switches())
    sides = {}
    for tick in range(-300, 301):
        sides[tick] = sensors.read(tick / 100, 0.0, 0.0, 0.0).head_down_side
    assert not sides[25]
    assert sides[26]
    for tick in range(300, -301, -1):
        sides[tick] = sensors.read(tick / 100, 0.0, 0.0, 0.0).head_down_side
    assert sides[-24]
    assert not sides[-25]


@pytest.mark.parametrize(
    ("angle", "head_down", "head_up"),
    [(61.99, False, False), (62.0, True, False), (-81.99, False, False), (-82.0, False, True)],
)
def test_end_switches(angle: float, head_down: bool, head_up: bool):
    now = Sensors(1, Switches()).read(angle, 0.0, angle, 0.0)
    assert (now.end_head_down, now.end_head_up) == (head_down, head_up)


def test_switches_show_at_once():
    switches = Switches()
    now = Sensors(1, switches).read(0.0, 0.0, 0.0, 4.5)
    assert now.switches.secured
    assert now.current_a == 4.5
    switches.ankles_locked = False
    assert not now.switches.secured
    switches.ankles_locked, switches.occupied = True, False
    assert not now.switches.secured


def test_a_broken_sensor_says_what_its_fault_makes_of_it():
    sensors = Sensors(1, Switches())
    sensors.bed_fault = lambda cdeg: cdeg + 1000
    sensors.drive_fault = lambda cdeg: 18_000
    now = sensors.read(20.0, 0.0, 20.0, 0.0)
    assert now.bed_cdeg == pytest.approx(3010, abs=40)
    assert now.drive_cdeg == 18_000
    sensors.bed_fault = sensors.drive_fault = None
    now = sensors.read(20.0, 0.0, 20.0, 0.0)
    assert now.bed_cdeg == pytest.approx(2010, abs=40)


def test_no_fault_leaves_the_range_of_a_converter():
    sensors = Sensors(1, Switches())
    sensors.bed_fault, sensors.drive_fault = lambda cdeg: 10**6, lambda cdeg: -(10**6)
    now = sensors.read(20.0, 0.0, 20.0, 0.0)
    assert (now.bed_cdeg, now.drive_cdeg) == (32_767, -32_768)


def test_offsets_may_change_while_the_table_stands():
    sensors = Sensors(1, Switches())
    sensors.read(20.0, 0.0, 20.0, 0.0)
    sensors.bed_offset_deg = sensors.drive_offset_deg = 2.0
    now = sensors.read(20.0, 0.0, 20.0, 0.0)
    assert now.bed_cdeg == pytest.approx(2200, abs=40)
    assert now.drive_cdeg == pytest.approx(2222, abs=40)
