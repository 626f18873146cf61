"""The equation of motion: signs, self-locking, backlash, ends, load, and that energy only gets less."""

from itertools import pairwise
from math import cos, radians

import pytest

from simulator.physics import NOBODY, Person, Physics

LIGHT, MIDDLE, HEAVY = Person(50.0, -0.05), Person(80.0, -0.05), Person(136.0, -0.1)
PEOPLE = [NOBODY, LIGHT, MIDDLE, HEAVY, Person(136.0, 0.0)]


def settled(angle: float, person: Person, arms: float = 0.0) -> Physics:
    """A braked table that has come to rest."""
    table = Physics(angle, person)
    table.arms = table.arms_wanted = arms
    for _ in range(400):
        table.advance(0.0, True, 5)
    return table


def driven(table: Physics, power: float, seconds: float) -> list[float]:
    """The bed's speeds meanwhile."""
    speeds = []
    for _ in range(round(seconds * 100)):
        table.advance(power, False, 5)
        speeds.append(table.bed_dps)
    return speeds


@pytest.mark.parametrize(
    ("offset", "side"), [(-0.1, -1), (-0.02, -1), (0.05, 1)], ids=["feet heavy", "slightly", "head heavy"]
)
@pytest.mark.parametrize("angle", [-60, 0, 45])
def test_gravity_pulls_towards_the_heavier_end(offset: float, side: int, angle: int):
    """m·g·d·cos θ: with the centre of mass towards the head the bed leans head down, in the play of the drive."""
    table = settled(angle, Person(80.0, offset))
    assert (table.bed_deg - table.drive_deg) * side >= 0.25


def test_the_lean_is_the_load_over_the_stiffness():
    """136 kg at −0.1 m: 133 N·m at level, 15 000 N·m/rad: 0.51°, beyond a quarter of a degree of play."""
    for angle in (0, 45, -60):
        table = settled(angle, HEAVY)
        lean = 136 * 9.81 * 0.1 * cos(radians(angle)) / 15_000 * 57.3
        assert table.drive_deg - table.bed_deg - 0.25 == pytest.approx(lean, rel=0.03)


@pytest.mark.parametrize(("person", "torque"), [(LIGHT, 27), (MIDDLE, 48), (HEAVY, 93), (NOBODY, 0)])
def test_arms_overhead_pull_towards_head_down(person: Person, torque: float):
    """Domain.md: 27, 48 and 93 N·m at 50, 80 and 136 kg."""
    assert person.arms_nm == pytest.approx(torque, abs=0.5)
    down, up = settled(0.0, person), settled(0.0, person, arms=1.0)
    assert up.bed_deg >= down.bed_deg


@pytest.mark.parametrize(("person", "low", "high"), [(LIGHT, 10, 15), (MIDDLE, 17, 25), (HEAVY, 34, 48)])
def test_inertia_is_that_of_the_domain(person: Person, low: float, high: float):
    """Domain.md: 7–9, 14–19 and 31–42 kg·m², and 3–6 for the bed."""
    assert low <= person.inertia <= high


def test_arms_take_a_second():
    table = settled(0.0, MIDDLE)
    table.arms_wanted = 1.0
    for _ in range(99):
        table.advance(0.0, True, 5)
    assert table.arms == pytest.approx(0.99)
    table.advance(0.0, True, 5)
    assert table.arms == pytest.approx(1.0)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("angle", [-80, 0, 60])
@pytest.mark.parametrize("brake", [True, False])
def test_the_drive_locks_itself(person: Person, angle: int, brake: bool):
    """Without power nothing turns the screw, whatever lies on the bed and whatever the arms do."""
    table = Physics(angle, person)
    at = table.drive_deg
    for tick in range(2000):
        table.arms_wanted = float(tick // 300 % 2)
        table.advance(0.0, brake, 5)
    assert table.drive_deg == at
    assert abs(table.bed_deg - angle) < 1.2


@pytest.mark.parametrize("power", [0.01, 0.05])
def test_a_load_never_drives_the_screw_backwards(power: float):
    """136 kg at −0.1 m would slow the drive by 0.3 °/s: more than the little that it is asked for."""
    table = settled(0.0, HEAVY)
    at = table.drive_deg
    for _ in range(500):
        table.advance(power, False, 5)
        assert table.drive_deg >= at


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("power", [1.0, 0.5, -1.0])
def test_the_brake_stops_the_drive_at_once(person: Person, power: float):
    """A tenth of a second from full drive to standstill, and then the table sleeps."""
    table = Physics(-10.0, person)
    driven(table, power, 3.0)
    at = table.drive_deg
    for _ in range(200):
        table.advance(0.0, True, 5)
    assert abs(table.drive_deg - at) < 0.15
    rest = table.bed_deg
    for _ in range(100):
        table.advance(0.0, True, 5)
    assert table.bed_deg == rest
    assert table.bed_dps == 0.0


def test_a_sleeping_table_wakes():
    table = settled(0.0, MIDDLE)
    at = table.bed_deg
    table.person = Person(80.0, 0.05)
    table.advance(0.0, True, 5)
    assert table.bed_deg == at
    table.disturb()
    for _ in range(300):
        table.advance(0.0, True, 5)
    assert table.bed_deg > at + 0.4


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("arms", [0.0, 1.0])
@pytest.mark.parametrize("power", [1.0, -1.0])
def test_full_drive_stays_below_the_trip_over_the_whole_travel(person: Person, arms: float, power: float):
    """Domain.md, actuator: the motor alone never reaches 5 °/s; a bed that falls through the play may."""
    table = settled(-84.0 if power > 0 else 64.0, person, arms)
    driven(table, power, 1.0)
    for _ in range(5000):
        table.advance(power, False, 5)
        assert abs(table.drive_dps) < 5.0
    assert table.bed_deg == pytest.approx(65.0 if power > 0 else -85.0, abs=0.01)


def test_speed_varies_with_the_travel():
    """1.43 times as fast at the ends as at mid travel (domain.md: 1.5–3× in all, tuned to stay below the trip)."""
    table = Physics(-84.0, NOBODY)
    by_angle = {}
    for _ in range(6000):
        table.advance(1.0, False, 5)
        by_angle[round(table.drive_deg)] = table.drive_dps
    assert by_angle[-10] == pytest.approx(3.2, rel=0.02)
    assert by_angle[55] == pytest.approx(3.2 / cos(radians(0.65 * 65)), rel=0.02)


def test_a_load_slows_the_drive():
    """Domain.md: −20 to −30 % at full load (350 N·m)."""
    free, loaded = Physics(-12.0, NOBODY), Physics(-12.0, Person(136.0, -0.26))
    driven(free, 1.0, 2.0)
    driven(loaded, 1.0, 2.0)
    assert loaded.drive_dps / free.drive_dps == pytest.approx(0.75, abs=0.04)
    helped = Physics(-8.0, Person(136.0, -0.26))
    driven(helped, -1.0, 2.0)
    assert abs(helped.drive_dps) > free.drive_dps * 1.15


def test_the_motor_lags_by_a_tenth_of_a_second():
    table = Physics(-10.0, NOBODY)
    driven(table, 1.0, 0.1)
    assert table.drive_dps / 3.2 == pytest.approx(0.63, abs=0.03)


@pytest.mark.parametrize("backlash", [0.3, 0.5, 1.0])
def test_backlash_is_the_play_between_bed_and_drive(backlash: float):
    """Domain.md: 0.3–1°. Turning round, the bed waits until the play is through."""
    table = Physics(-10.0, NOBODY, backlash)
    driven(table, 1.0, 3.0)
    assert table.drive_deg - table.bed_deg == pytest.approx(backlash / 2, abs=0.15)
    driven(table, -1.0, 3.0)
    assert table.bed_deg - table.drive_deg == pytest.approx(backlash / 2, abs=0.15)


def test_a_jam_holds_the_drive_and_shows_in_the_current():
    """F10: the motor stalls; domain.md: 20–30 A."""
    table = settled(-10.0, MIDDLE)
    at = table.drive_deg
    table.jammed = True
    driven(table, 1.0, 1.0)
    assert table.drive_deg == at
    assert 20.0 <= table.current_a <= 30.0
    table.jammed = False
    driven(table, 1.0, 1.0)
    assert table.drive_deg > at + 2
    assert 1.0 <= table.current_a <= 12.0


def test_a_jam_stops_a_running_drive():
    table = Physics(-10.0, MIDDLE)
    driven(table, 1.0, 2.0)
    table.jammed = True
    at = table.drive_deg
    driven(table, 1.0, 1.0)
    assert table.drive_deg == at


def test_a_motor_wired_the_wrong_way_round():
    """F9."""
    table = Physics(-10.0, MIDDLE)
    table.polarity = -1
    driven(table, 1.0, 2.0)
    assert table.bed_deg < -13.0


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("angle", [-60, 0, 50])
def test_energy_only_gets_less_without_the_motor(person: Person, angle: int):
    """Kinetic, of the coupling, and of gravity: pushed once, the bed swings in its play and comes to rest."""
    table = Physics(angle, person, backlash_deg=1.0)
    table.bed_dps = 3.0

    def energy() -> float:
        gap = table.bed_deg - table.drive_deg
        stretch = radians(max(abs(gap) - 0.5, 0.0))
        height = person.mass_kg * 9.81 * person.offset_m * cos(radians(angle)) * radians(table.bed_deg - angle)
        return 0.5 * person.inertia * radians(table.bed_dps) ** 2 + 0.5 * 15_000 * stretch**2 - height

    energies = [energy()]
    for _ in range(1000):
        table.advance(0.0, False, 5)
        energies.append(energy())
    assert all(b <= a + 1e-4 for a, b in pairwise(energies))
    assert abs(table.bed_dps) < 0.01


@pytest.mark.parametrize(("start", "direction"), [(-30.0, 1), (30.0, -1)])
def test_a_rescuer_lowers_towards_level(start: float, direction: int):
    table = settled(start, MIDDLE)
    for _ in range(500):
        table.lower_by_hand(5)
        table.advance(0.0, True, 5)
    assert table.bed_deg == pytest.approx(start + direction * 10.0, abs=0.5)
    for _ in range(1500):
        table.lower_by_hand(5)
        table.advance(0.0, True, 5)
    assert abs(table.drive_deg) < 0.01


def test_the_current_is_zero_without_power():
    table = settled(0.0, MIDDLE)
    assert table.current_a == 0.0
    driven(table, 0.5, 1.0)
    assert table.current_a > 1.0
    table.advance(0.0, True, 5)
    assert table.current_a == 0.0
