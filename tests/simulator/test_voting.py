"""The two angle sensors, sampled every 10 ms and judged every 20, in hundredths of a degree: F7 and F8."""

from collections.abc import Callable
from random import Random

import pytest

from simulator.voting import Channel, Voter

Reading = Callable[[int, int], int]
"""From sample and true angle to what a sensor says."""


class Bench:
    """Both sensors with their noise, at rest or turning at a steady rate."""

    def __init__(self, true_cdeg: float = 2000.0, rate_cdps: float = 0.0, seed: int = 1) -> None:
        self.voter = Voter()
        self.true = true_cdeg
        self.rate = rate_cdps
        self.samples = 0
        self.bed_says: Reading = lambda _, cdeg: cdeg
        self.drive_says: Reading = lambda _, cdeg: cdeg
        self._gauss = Random(seed).gauss

    def run(self, samples: int) -> "Bench":
        for _ in range(samples):
            self.true += self.rate / 100
            bed = round(self.true + self._gauss(0.0, 6.0))
            drive = round(round((self.true + self._gauss(0.0, 3.0)) / 8.79) * 8.79)
            self.voter.bed.take(self.bed_says(self.samples, bed))
            self.voter.drive.take(self.drive_says(self.samples, drive))
            self.samples += 1
            if self.samples % 2 == 0:
                self.voter.judge(self.true > 0)
        return self

    @property
    def verdict(self) -> str:
        voter = self.voter
        words = [("bed", voter.bed.failing), ("drive", voter.drive.failing), ("apart", voter.apart)]
        return " ".join(word for word, on in words if on)


def after(seconds: float) -> int:
    return round(seconds * 100)


@pytest.mark.parametrize("true", [-6000.0, -150.0, 0.0, 1503.0, 6000.0])
@pytest.mark.parametrize("rate", [0.0, 50.0, 300.0, -300.0])
@pytest.mark.parametrize("seed", range(3))
def test_healthy_sensors_stay_healthy(true: float, rate: float, seed: int):
    bench = Bench(true, rate, seed).run(after(60) if not rate else after(8))
    assert bench.verdict == ""


@pytest.mark.parametrize("reading", [9501, -9501, 18_000, -18_000, 32_767])
@pytest.mark.parametrize("which", ["bed", "drive"])
def test_out_of_range_for_50_ms(which: str, reading: int):
    """F7: four bad readings are passed over, the fifth is a failure, of that sensor only."""
    bench = Bench().run(100)
    setattr(bench, f"{which}_says", lambda *_: reading)
    assert bench.run(4).verdict == ""
    assert bench.run(1).verdict == which


@pytest.mark.parametrize(("start", "reading", "failing"), [(9400, 9500, False), (9400, 9501, True)])
@pytest.mark.parametrize("side", [1, -1])
def test_the_range_ends_at_95_degrees(start: int, reading: int, failing: bool, side: int):
    """F7: ±95° is still a reading."""
    channel = Channel(1000)
    channel.take(start * side)
    for tick in range(10):
        channel.take((reading - tick % 2 * (not failing)) * side)
    assert channel.failing is failing


@pytest.mark.parametrize(("jump", "failing"), [(250, False), (-250, False), (251, True), (-251, True)])
def test_a_jump_of_more_than_2_5_degrees_a_tick(jump: int, failing: bool):
    """F7: faster than physics, and it stays there."""
    channel = Channel(1000)
    for tick in range(20):
        channel.take(tick % 2)
    for tick in range(5):
        channel.take(1 + jump + (tick % 2 if jump > 0 else -(tick % 2)))
    assert channel.failing is failing


def test_a_single_glitch_passes_without_a_trace():
    bench = Bench().run(100)
    before = bench.voter.bed.smooth_cdeg
    bench.bed_says = lambda tick, cdeg: 18_000 if tick % 10 == 0 else cdeg + 900 if tick % 10 == 5 else cdeg
    assert bench.run(200).verdict == ""
    assert abs(bench.voter.bed.smooth_cdeg - before) < 20


@pytest.mark.parametrize(("which", "seconds"), [("bed", 0.5), ("drive", 2.0)])
def test_a_sensor_without_its_noise_is_frozen(which: str, seconds: float):
    """F7: the inertial sensor after 0.5 s, the coarser encoder after 2 s."""
    bench = Bench().run(100)
    held = bench.voter.bed.cdeg if which == "bed" else bench.voter.drive.cdeg
    setattr(bench, f"{which}_says", lambda *_: held)
    assert bench.run(after(seconds) - 5).verdict == ""
    assert bench.run(10).verdict == which


@pytest.mark.parametrize("rate", [300.0, -300.0, 100.0, -100.0])
def test_a_frozen_encoder_shows_sooner_while_the_table_turns(rate: float):
    """F7: it stands still while the other one went 3° away."""
    bench = Bench(3000.0, rate).run(100)
    held = bench.voter.drive.cdeg
    bench.drive_says = lambda *_: held
    assert bench.run(min(after(300 / abs(rate)), 200) - 30).verdict == ""
    assert bench.run(100).verdict == "drive"


@pytest.mark.parametrize("true", [2000.0, -2000.0, 250.0, -250.0])
@pytest.mark.parametrize("which", ["bed", "drive"])
def test_a_flipped_sign_contradicts_the_level_switch(which: str, true: float):
    """F7: also where it was flipped from the first reading on, and no jump gave it away."""
    bench = Bench(true)
    setattr(bench, f"{which}_says", lambda _, cdeg: -cdeg)
    assert bench.run(80).verdict == which


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_a_liar_is_not_believed_again_while_it_lies(which: str):
    """F7: readings that are plausible by themselves do not heal a flipped or slipped sensor."""
    bench = Bench(2000.0)
    setattr(bench, f"{which}_says", lambda _, cdeg: -cdeg)
    bench.run(40)
    for _ in range(30):
        assert bench.run(20).verdict == which


@pytest.mark.parametrize("which", ["bed", "drive"])
@pytest.mark.parametrize("slip", [600, -600])
def test_a_slipped_sensor_stays_failed(which: str, slip: int):
    """F7: it jumped, and is noisy and steady ever since, 6° beside the truth."""
    bench = Bench(2000.0).run(100)
    setattr(bench, f"{which}_says", lambda _, cdeg: cdeg + slip)
    bench.run(5)
    for _ in range(30):
        assert bench.run(20).verdict == which


def drifting(rate_cdps: float) -> Reading:
    return lambda tick, cdeg: cdeg + round(tick * rate_cdps / 100)


@pytest.mark.parametrize("which", ["bed", "drive"])
@pytest.mark.parametrize("rate", [100.0, -100.0])
def test_a_disagreement_of_3_degrees_that_nothing_attributes(which: str, rate: float):
    """F8: 3.0° are reached after 3 s; 200 ms and the smoothing later nobody is believed."""
    bench = Bench(3000.0)
    setattr(bench, f"{which}_says", drifting(rate))
    assert bench.run(after(3.0)).verdict == ""
    assert bench.run(after(0.5)).verdict == "apart"


@pytest.mark.parametrize(("offset", "verdict"), [(290, ""), (310, "apart")])
@pytest.mark.parametrize("sign", [1, -1])
def test_the_pair_may_differ_by_3_degrees(offset: int, verdict: str, sign: int):
    """F8."""
    bench = Bench(3000.0)
    bench.bed_says = lambda _, cdeg: cdeg + sign * offset
    assert bench.run(after(5)).verdict == verdict


@pytest.mark.parametrize(("ticks", "apart"), [(9, False), (10, True)])
def test_a_disagreement_has_to_last_200_ms(ticks: int, apart: bool):
    """F8: counted in ticks, without noise."""
    voter = Voter()
    voter.bed.take(2000)
    voter.drive.take(2000)
    for _ in range(20):  # what may be apart for 400 ms after a restart
        voter.judge(True)
    for _ in range(ticks):
        voter.bed.smooth_cdeg = 2400.0
        voter.judge(True)
    assert voter.apart is apart
    assert not voter.bed.failing
    assert not voter.drive.failing


def test_both_sensors_can_fail():
    """F7: none healthy."""
    bench = Bench().run(100)
    bench.bed_says = bench.drive_says = lambda *_: 18_000
    assert bench.run(5).verdict == "bed drive"


@pytest.mark.parametrize("which", ["bed", "drive"])
@pytest.mark.parametrize("fault", [18_000, 2000])
def test_recovery_takes_a_second_of_agreement(which: str, fault: int):
    bench = Bench().run(100)
    healthy = getattr(bench, f"{which}_says")
    setattr(bench, f"{which}_says", lambda *_: fault)
    bench.run(after(5))
    setattr(bench, f"{which}_says", healthy)
    assert bench.run(after(0.9)).verdict == which
    assert bench.run(after(0.3)).verdict == ""


def test_recovery_after_a_disagreement():
    bench = Bench()
    bench.bed_says = lambda _, cdeg: cdeg + 400
    assert bench.run(100).verdict == "apart"
    bench.bed_says = lambda _, cdeg: cdeg + 250
    assert bench.run(after(0.9)).verdict == "apart"
    assert bench.run(after(0.5)).verdict == ""


def test_two_failed_sensors_recover_only_together():
    bench = Bench().run(100)
    healthy = bench.bed_says
    bench.bed_says = bench.drive_says = lambda *_: 18_000
    bench.run(10)
    bench.bed_says = healthy
    assert bench.run(after(5)).verdict == "bed drive"
    bench.drive_says = healthy
    assert bench.run(after(1.5)).verdict == ""


def test_a_sensor_that_was_never_heard_fails():
    """F7, F5: out of range from the first reading after a restart."""
    bench = Bench()
    bench.bed_says = lambda *_: -18_000
    assert bench.run(5).verdict == "bed"


@pytest.mark.parametrize(
    ("cdeg", "head_down_side", "lies"),
    [(-100, True, False), (-101, True, True), (100, False, False), (101, False, True), (5000, True, False)],
)
def test_contradicting_the_level_switch_begins_beyond_1_degree(cdeg: int, head_down_side: bool, lies: bool):
    """F7: the bed is off by far more than 3°; which one lies is what the switch says."""
    voter = Voter()
    other = cdeg + (1000 if head_down_side else -1000)
    for tick in range(35):
        voter.bed.take(cdeg)
        voter.drive.take(other + tick % 2)
        voter.bed.smooth_cdeg = float(cdeg)
        voter.judge(head_down_side)
    assert voter.bed.failing is lies
    assert voter.apart is not lies
