"""What the two angle sensors and the switches say.

Two diverse sensors (domain.md): an inertial one on the bed (WT901) and a magnetic encoder on the drive (AS5600). They
are calibrated to agree within 1.5°.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from math import radians, sin
from random import Random
from typing import Final

BED_NOISE_DEG: Final = 0.06
"""At rest, standard deviation; and as much again for each degree a second (domain.md: ±0.2 to 0.5° moving)."""
DRIVE_COUNT_DEG: Final = 360.0 / 4096
DRIVE_COUNT_CDEG: Final = DRIVE_COUNT_DEG * 100.0
DRIVE_NOISE_DEG: Final = 0.03
DRIVE_NONLINEARITY_DEG: Final = 0.35
"""What is left of the encoder's ±1° after calibration."""
NOISE_COUNTS: Final = (4093, 4091)
"""Bed, drive: noise is drawn once and then goes round in 41 s. Chosen: primes, so that the pair takes 46 hours."""
LEVEL_HYSTERESIS_DEG: Final = 0.25
ELECTRICAL_END_DEG: Final = (-82.0, 62.0)


@dataclass(slots=True)
class Switches:
    """What people do to the table with hands and feet."""

    occupied: bool = True
    ankles_locked: bool = True
    estop: bool = False
    lowering: bool = False
    arm_button: bool = False

    @property
    def secured(self) -> bool:
        """A person lies there, locked in."""
        return self.occupied and self.ankles_locked


@dataclass(slots=True)
class Readings:
    """Everything the tilt unit senses, brought up to date at each tick. Angles in hundredths of a degree."""

    switches: Switches
    bed_cdeg: int = 0
    drive_cdeg: int = 0
    current_a: float = 0.0
    supply_v: float = 12.8
    head_down_side: bool = False
    end_head_down: bool = False
    end_head_up: bool = False


Fault = Callable[[int], int]
"""What a broken sensor makes of its reading, hundredths of a degree in and out; converters have 16 bits."""
SideFault = Callable[[bool], bool]
"""What a broken level switch makes of the side."""


class Sensors:
    """Turns the true angles into readings; all randomness comes from one seed.

    `bed_fault`, `drive_fault` and `side_fault` may be set to break a sensor or the level switch.
    """

    __slots__ = (
        *("_bed_deg", "_bed_noise", "_curve_deg", "_drive_deg", "_drive_noise", "_side", "readings"),
        *("bed_fault", "bed_offset_deg", "drive_fault", "drive_offset_deg", "side_fault"),
    )

    def __init__(
        self, seed: int, switches: Switches, bed_offset_deg: float = 0.1, drive_offset_deg: float = -0.2
    ) -> None:
        random = Random(seed)
        self._bed_noise = _noise(random, BED_NOISE_DEG, NOISE_COUNTS[0])
        self._drive_noise = _noise(random, DRIVE_NOISE_DEG, NOISE_COUNTS[1])
        self._bed_deg = self._drive_deg = self._curve_deg = 0.0
        self.readings = Readings(switches)
        self.bed_offset_deg = bed_offset_deg
        self.drive_offset_deg = drive_offset_deg
        self.bed_fault: Fault | None = None
        self.drive_fault: Fault | None = None
        self.side_fault: SideFault | None = None
        self._side = False

    def read(self, bed_deg: float, bed_dps: float, drive_deg: float, current_a: float) -> Readings:
        """The readings of this moment; `bed_deg`, `bed_dps`, `drive_deg` are the truth."""
        readings = self.readings
        if bed_deg != self._bed_deg or drive_deg != self._drive_deg:
            self._moved(bed_deg, drive_deg)
        bed = bed_deg + self.bed_offset_deg + next(self._bed_noise) * (1.0 + abs(bed_dps))
        drive = drive_deg + self.drive_offset_deg + self._curve_deg + next(self._drive_noise)
        readings.bed_cdeg = int(bed * 100.0)
        readings.drive_cdeg = int(drive // DRIVE_COUNT_DEG * DRIVE_COUNT_CDEG)
        readings.current_a = current_a
        if self.bed_fault is not None:
            readings.bed_cdeg = _converted(self.bed_fault(readings.bed_cdeg))
        if self.drive_fault is not None:
            readings.drive_cdeg = _converted(self.drive_fault(readings.drive_cdeg))
        readings.head_down_side = self._side if self.side_fault is None else self.side_fault(self._side)
        return readings

    def _moved(self, bed_deg: float, drive_deg: float) -> None:
        """What only changes where the table does: the encoder's curve and the switches on the frame."""
        self._bed_deg, self._drive_deg = bed_deg, drive_deg
        self._curve_deg = DRIVE_NONLINEARITY_DEG * sin(radians(2.0 * drive_deg))
        readings = self.readings
        self._side = bed_deg > (-LEVEL_HYSTERESIS_DEG if self._side else LEVEL_HYSTERESIS_DEG)
        readings.end_head_down = bed_deg >= ELECTRICAL_END_DEG[1]
        readings.end_head_up = bed_deg <= ELECTRICAL_END_DEG[0]


def _converted(cdeg: int) -> int:
    """What 16 bits hold of it."""
    return max(-0x8000, min(cdeg, 0x7FFF))


def _noise(random: Random, deviation_deg: float, count: int) -> Iterator[float]:
    """Endless noise, drawn once: two draws at each tick would be a tenth of the simulator's time."""
    return cycle([random.gauss(0.0, deviation_deg) for _ in range(count)])
