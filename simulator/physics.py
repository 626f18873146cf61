"""The person, the bed and the drive: `J·θ̈ = τ_drive − τ_friction + m·g·d·cos θ + τ_arms·cos θ` (domain.md).

Two masses: the drive (a motor behind a self-locking screw) and the bed with the person, joined by a stiff, damped
coupling with backlash. Angles in degrees, + head down; torques in N·m.
"""

from dataclasses import dataclass, field
from math import cos, degrees, radians
from typing import Final

GRAVITY: Final = 9.81
FULL_SPEED_DPS: Final = 3.2
"""Free speed at full drive at mid travel; 1.43 times that at the ends, below the 5 °/s trip (domain.md, actuator)."""
GEOMETRY: Final = 0.65
"""How fast the actuator's angle to its arm changes with the table's: 1.43 × speed at the ends of the travel."""
MID_TRAVEL_DEG: Final = -10.0
RATED_NM: Final = 350.0
"""1500 N on a 0.23 m arm (domain.md)."""
DROOP: Final = 0.25
"""Part of the speed lost at the rated load (domain.md: 20 to 30 %)."""
MOTOR_LAG_S: Final = 0.1
"""Domain.md: 50 to 150 ms."""
BRAKE_LAG_S: Final = 0.03
"""Chosen: a spring-applied brake bites within a few tens of milliseconds."""
IDLE_A: Final = 1.5
RATED_A: Final = 8.0
STALL_A: Final = 25.0
"""Domain.md: 4 to 12 A running, 20 to 30 A stalled."""
STIFFNESS: Final = 15_000.0
"""N·m/rad of linkage and frame. Chosen: 0.15° under an 80 kg person, 4 Hz with the person's inertia."""
DAMPING: Final = 400.0
"""N·m·s/rad. Chosen: the coupling rings for about one period."""
STIFFNESS_PER_DEG, DAMPING_PER_DPS, DEGREES = radians(STIFFNESS), radians(DAMPING), degrees(1.0)
MECHANICAL_END_DEG: Final = (-85.0, 65.0)
SLIP_NM: Final = 20.0
"""The load at which a slipping brake slips at its full speed. Chosen: what a person's centre of mass makes."""
CREEP_DPS: Final = 0.2
"""Below this speed Coulomb friction fades in linearly, so that one step cannot reverse the motion of an empty bed."""
STEP_S: Final = 0.002
"""Chosen: a hundredth of the period in which the frame rings under the lightest person."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who lies on the table; `offset_m`: centre of mass beyond the pivot, towards the head (domain.md: −0.1 to 0).

    `inertia`: kg·m² of person and table: 8 at 50 kg, 16.5 at 80, 36.5 at 136, and 4.5 for the bed (domain.md).
    """

    mass_kg: float = 80.0
    offset_m: float = -0.02
    inertia: float = field(init=False)

    def __post_init__(self) -> None:
        mass = self.mass_kg
        body = 8.0 + (mass - 50.0) * 8.5 / 30.0 if mass <= 80.0 else 16.5 + (mass - 80.0) * 20.0 / 56.0
        object.__setattr__(self, "inertia", max(body, 0.5) + 4.5)

    @property
    def arms_nm(self) -> float:
        """Torque of arms stretched overhead: 27, 48, 93 N·m at 50, 80, 136 kg (domain.md)."""
        mass = self.mass_kg
        return max(27.0 + (mass - 50.0) * 0.7 if mass <= 80.0 else 48.0 + (mass - 80.0) * 45.0 / 56.0, 0.0)


NOBODY: Final = Person(mass_kg=0.0, offset_m=0.0)


class Physics:
    """Position and speed of bed and drive, moved forward by `advance`.

    What can be wrong: `jammed`, something holds the drive; `polarity` −1, the motor is wired the wrong way round;
    `strength`, the part of its speed that the drive still makes; `slip_dps`, how fast it turns under load with the
    brake on; `runaway_dps`, how fast it turns whatever it is told while the brake is off. `disturb` after a change.
    """

    __slots__ = (
        "_at_rest",
        "arms",
        "arms_wanted",
        "backlash_deg",
        "bed_deg",
        "bed_dps",
        "coulomb_nm",
        "current_a",
        "drive_deg",
        "drive_dps",
        "jammed",
        "person",
        "polarity",
        "runaway_dps",
        "slip_dps",
        "strength",
        "viscous",
    )

    def __init__(self, angle_deg: float, person: Person, backlash_deg: float = 0.5) -> None:
        self.person = person
        self.backlash_deg = backlash_deg
        self.coulomb_nm = 10.0
        self.viscous = 10.0
        self.bed_deg = self.drive_deg = angle_deg
        self.bed_dps = self.drive_dps = 0.0
        self.arms = self.arms_wanted = 0.0
        self.current_a = 0.0
        self.jammed = False
        self.polarity = 1
        self.strength = 1.0
        self.slip_dps = self.runaway_dps = 0.0
        self._at_rest = False

    def disturb(self) -> None:
        """Something outside changed: look again even if the table stands braked."""
        self._at_rest = False

    def advance(self, power: float, brake: bool, steps: int) -> None:
        """Move on by `steps` of `STEP_S` with the motor at `power` (−1 to 1)."""
        if brake:
            if self._at_rest and self.arms == self.arms_wanted:
                return
            power = 0.0
        self._at_rest = False
        power *= self.polarity
        if self.arms != self.arms_wanted:
            self._move_arms(steps * STEP_S)
        person = self.person
        torque = person.mass_kg * GRAVITY * person.offset_m
        if self.arms:
            torque += self.arms * person.arms_nm
        gravity = torque * cos(radians(self.bed_deg))
        to_dps2 = DEGREES / person.inertia
        full_dps = self.strength * FULL_SPEED_DPS / cos(radians(GEOMETRY * (self.bed_deg - MID_TRAVEL_DEG)))
        unloaded_dps, droop = power * full_dps, DROOP * full_dps / RATED_NM
        half, step = self.backlash_deg / 2.0, STEP_S
        lag = 0.0 if self.jammed else step / (BRAKE_LAG_S if brake else MOTOR_LAG_S)
        stiffness, damping = STIFFNESS_PER_DEG, DAMPING_PER_DPS
        coulomb, viscous = self.coulomb_nm, radians(self.viscous)
        creep, slack = CREEP_DPS, -half
        fade = coulomb / creep
        bed, bed_rate, drive = self.bed_deg, self.bed_dps, self.drive_deg
        drive_rate = 0.0 if self.jammed else self.drive_dps
        load = acceleration = 0.0
        slip, runaway = self.slip_dps, self.runaway_dps
        astray = slip != 0.0 if brake else runaway != 0.0
        for _ in range(steps):
            gap = bed - drive
            if gap > half:
                load = stiffness * (gap - half) + damping * (bed_rate - drive_rate)
            elif gap < slack:
                load = stiffness * (gap + half) + damping * (bed_rate - drive_rate)
            else:
                load = 0.0
            if power:
                # The load speeds the motor up or slows it down, but cannot drive the screw backwards.
                wanted = unloaded_dps + droop * load
                if wanted * power < 0.0:
                    wanted = 0.0
            else:
                wanted = 0.0
            if astray:
                wanted = max(-slip, min(slip * load / SLIP_NM, slip)) if brake else runaway
            drive_rate += (wanted - drive_rate) * lag
            drive += drive_rate * step
            friction = coulomb if bed_rate > creep else -coulomb if bed_rate < -creep else fade * bed_rate
            acceleration = (gravity - load - friction - viscous * bed_rate) * to_dps2
            bed_rate += acceleration * step
            bed += bed_rate * step
        low, high = MECHANICAL_END_DEG
        if not low <= bed <= high:
            bed, bed_rate = min(max(bed, low), high), 0.0
            drive = min(max(drive, low - half), high + half)
        self.bed_deg, self.bed_dps, self.drive_deg, self.drive_dps = bed, bed_rate, drive, drive_rate
        self._measure(power, load)
        if brake and abs(drive_rate) < 1e-4 and abs(bed_rate) < 2e-3 and abs(acceleration) < 0.5:
            self.bed_dps = self.drive_dps = 0.0
            self._at_rest = True

    def lower_by_hand(self, steps: int) -> None:
        """A rescuer cranks the drive towards level, 2 °/s, whatever motor and brake do."""
        self._at_rest = False
        most = 2.0 * steps * STEP_S
        change = max(-most, min(most, -self.drive_deg))
        self.drive_deg += change
        self.bed_deg += change

    def _measure(self, power: float, load: float) -> None:
        """Motor current: what the load against the motion asks for, up to stall."""
        if not power:
            self.current_a = 0.0
        elif self.jammed:
            self.current_a = STALL_A * abs(power)
        else:
            against = max(-load if power > 0 else load, 0.0)
            self.current_a = min(IDLE_A + (RATED_A - IDLE_A) * against / RATED_NM, STALL_A)

    def _move_arms(self, seconds: float) -> None:
        """Arms go from the sides to overhead in one second (domain.md: 0.5 to 2 s)."""
        change = self.arms_wanted - self.arms
        self.arms += max(-seconds, min(seconds, change))
