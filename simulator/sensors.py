"""What the two angle sensors and the switches say.

Two diverse sensors (domain.md): an inertial one on the bed (WT901) and a magnetic encoder on the drive (AS5600). They
are calibrated to agree within 1.5°.
"""

from dataclasses import dataclass
from math import radians, sin
from random import Random
from typing import Final, NamedTuple

BED_COUNT_DEG: Final = 0.0055
BED_NOISE_DEG: Final = 0.06
"""At rest, standard deviation; and as much again for each degree a second (domain.md: ±0.2 to 0.5° moving)."""
DRIVE_COUNT_DEG: Final = 360.0 / 4096
DRIVE_NOISE_DEG: Final = 0.03
DRIVE_NONLINEARITY_DEG: Final = 0.35
"""What is left of the encoder's ±1° after calibration."""
LEVEL_HYSTERESIS_DEG: Final = 0.25
ELECTRICAL_END_DEG: Final = (-82.0, 62.0)


class Readings(NamedTuple):
    """Everything the tilt unit senses at one tick. Angles in hundredths of a degree, as its converters give them."""

    bed_cdeg: int
    drive_cdeg: int
    current_a: float
    occupied: bool
    ankles_locked: bool
    estop: bool
    lowering: bool
    head_down_side: bool
    end_head_down: bool
    end_head_up: bool
    arm_button: bool


@dataclass(slots=True)
class Switches:
    """What people do to the table with hands and feet."""

    occupied: bool = True
    ankles_locked: bool = True
    estop: bool = False
    lowering: bool = False
    arm_button: bool = False


class Sensors:
    """Turns the true angles into readings; all randomness comes from one seed."""

    __slots__ = ("_gauss", "_side", "bed_offset_deg", "drive_offset_deg")

    def __init__(self, seed: int, bed_offset_deg: float = 0.1, drive_offset_deg: float = -0.2) -> None:
        self._gauss = Random(seed).gauss
        self._side = False
        self.bed_offset_deg = bed_offset_deg
        self.drive_offset_deg = drive_offset_deg

    def read(self, bed_deg: float, bed_dps: float, drive_deg: float, current_a: float, switches: Switches) -> Readings:
        """The readings of this moment; `bed_deg`, `bed_dps`, `drive_deg` are the truth."""
        gauss = self._gauss
        bed = bed_deg + self.bed_offset_deg + gauss(0.0, BED_NOISE_DEG * (1.0 + abs(bed_dps)))
        curve = DRIVE_NONLINEARITY_DEG * sin(radians(2.0 * drive_deg))
        drive = drive_deg + self.drive_offset_deg + curve + gauss(0.0, DRIVE_NOISE_DEG)
        self._side = bed_deg > (-LEVEL_HYSTERESIS_DEG if self._side else LEVEL_HYSTERESIS_DEG)
        return Readings(
            round(round(bed / BED_COUNT_DEG) * BED_COUNT_DEG * 100.0),
            round(round(drive / DRIVE_COUNT_DEG) * DRIVE_COUNT_DEG * 100.0),
            current_a,
            switches.occupied,
            switches.ankles_locked,
            switches.estop,
            switches.lowering,
            self._side,
            bed_deg >= ELECTRICAL_END_DEG[1],
            bed_deg <= ELECTRICAL_END_DEG[0],
            switches.arm_button,
        )
