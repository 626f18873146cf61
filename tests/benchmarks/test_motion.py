"""Stops at full speed, measured: the figures of a known record, of the simulated table, and without a chip."""

import pytest

from bascule.campaign_states import PEOPLE
from benchmarks import motion
from benchmarks.measure import BenchError
from benchmarks.targets import TARGETS
from simulator import kernel
from simulator.physics import Person
from tests.firmware import build

STEP_S = 0.02


def ramp(dps2: float) -> tuple[list[float], list[float]]:
    """Rates and angles of a stop from 3 °/s that is heard at once, over two seconds."""
    rates = [max(3.0 - dps2 * STEP_S * number, 0.0) for number in range(100)]
    angles = [10.0]
    for rate in rates[:-1]:
        angles.append(angles[-1] + rate * STEP_S)
    return rates, angles


def test_a_known_stop_gives_its_figures() -> None:
    rates, angles = ramp(3.0)
    found = motion.stopped(rates, rates, angles, STEP_S)
    assert found.rest == pytest.approx(1.0, abs=STEP_S)
    assert found.travel == pytest.approx(1.53, abs=0.01)
    assert found.braking == pytest.approx(3.0)


def test_a_jolt_at_the_end_is_the_deceleration() -> None:
    rates, angles = ramp(3.0)
    jolt = [rate if rate > 0.8 else 0.0 for rate in rates]
    assert motion.stopped(rates, jolt, angles, STEP_S).braking > 7.0


def test_what_never_rests_is_no_figure() -> None:
    with pytest.raises(BenchError, match="still moves"):
        motion.stopped([3.0] * 100, [3.0] * 100, [0.0] * 100, STEP_S)


def test_the_simulated_table_stops_within_its_limits() -> None:
    found = motion.on_simulator("down", PEOPLE[0])
    assert 0.5 < found.rest <= 1.3
    assert 0.9 < found.travel <= 1.5
    assert 4.0 < found.braking <= 5.0


@pytest.mark.parametrize("way", motion.WAYS)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: f"{person.mass_kg:g} kg, {person.offset_m:g} m")
def test_no_person_is_stopped_harder_than_the_limit(way: str, person: Person) -> None:
    """H11: over a tenth of a second, in which the frame rings; on the way up a heavy person's load brakes, too."""
    found = motion.on_simulator(way, person)
    assert found.braking <= 5.0
    assert found.travel <= 1.5
    assert found.rest <= 1.3


def test_a_harder_brake_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "BRAKING_STEP_CDPS", 16)
    assert motion.on_simulator("down", PEOPLE[0]).braking > 6.0


def test_what_is_too_slow_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "FULL_DPS", 4.0)
    with pytest.raises(BenchError, match="only"):
        motion.on_simulator("up", PEOPLE[0])


def test_without_a_chip_its_figures_are_not_measured_and_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        pytest.skip("without avr-gcc (apt-get install gcc-avr)")

    monkeypatch.setattr(build, "firmware_elf", missing)
    motion._chip_table.cache_clear()
    figures = {figure.key: figure for figure in motion.measure(True)}
    motion._chip_table.cache_clear()
    assert {*figures} == {target.key for target in TARGETS if target.benchmark == "motion"}
    for key, figure in figures.items():
        on_chip = key.startswith("motion.chip")
        assert (figure.spread is None) == on_chip
        assert figure.problem == ("without avr-gcc (apt-get install gcc-avr)" if on_chip else "")


def test_on_the_chip_a_stop_is_measured_at_its_last_byte() -> None:
    build.need("make", "avr-gcc")
    try:
        found = motion.on_chip("down", PEOPLE[0], 3)
    except BenchError as missing:
        pytest.skip(str(missing))
    assert 0.5 < found.rest <= 1.3
    assert 0.9 < found.travel <= 1.5
    assert 4.0 < found.braking <= 5.0
