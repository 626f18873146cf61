"""What the unit believes of the angle: one angle and rate out of two judged sensors, and which side is head down.

Where the angle is not trusted the level switch says the side, unless it contradicted the last angle that was: then
nobody knows it, and the last known side counts.

Sampled every 10 ms, judged every 20. Limits are judged on the more head-down of the two sensors (safety.md).
"""

from typing import Final

from protocol.messages import Cause

from . import kernel
from .drive import ARRIVED_DEG
from .voting import Suspect, Voter

MOVING_CDPS: Final = 20
MOVING_TICKS: Final = 5
"""100 ms: the noise of a resting table reaches 0.2 °/s for a few ticks every minute, and never for as long."""
ARRIVED_CDEG: Final = round(ARRIVED_DEG * 100)
SIDE_CDEG: Final = 200
"""This far from level a level switch that reports the other side is broken. Chosen: twice what it and a sensor may be
off together (domain.md: calibrated to 1.5°; the cam's hysteresis 0.25°)."""
SIDE_TICKS: Final = 25
"""500 ms: it may bounce."""
ALONE_TICKS: Final = 50
"""1 s: one sensor that is left and the level switch contradict each other at the edge of level, and nobody can tell.
A sensor that drifts would carry a person step by step from level to standing."""
NO_SENSOR, DISAGREEMENT = int(Cause.NO_SENSOR), int(Cause.DISAGREEMENT)
BED_SENSOR, DRIVE_SENSOR = int(Cause.BED_SENSOR), int(Cause.DRIVE_SENSOR)
LEVEL_SWITCH, SIDE_UNKNOWN = int(Cause.LEVEL_SWITCH), int(Cause.SIDE_UNKNOWN)
SENSORS: Final = BED_SENSOR | DRIVE_SENSOR
SUSPECTS: Final = {BED_SENSOR: Suspect.BED, DRIVE_SENSOR: Suspect.DRIVE}


class Angle:
    """The best angle, its rate, the more head-down angle, and whether all that is trusted.

    `bed` and `drive` are the sensors there, which take a reading every 10 ms.
    `speed_cdps` is what both sensors show at least: one that slips by a degree is no runaway (F12).

    While it is not trusted, `angle_deg` and `worst_cdeg` are the last that were. Before it was ever trusted,
    `worst_cdeg` is the hard limit.
    """

    __slots__ = (
        *("_fast_ticks", "_side_lost", "_side_ticks", "_voter"),
        *("angle_deg", "bed", "causes", "drive", "head_down", "moving", "rate_dps", "speed_cdps", "trusted"),
        "worst_cdeg",
    )

    def __init__(self) -> None:
        self._voter = Voter()
        self.bed, self.drive = self._voter.bed, self._voter.drive
        self._fast_ticks = self._side_ticks = 0
        self._side_lost = False
        self.angle_deg = 0.0
        self.rate_dps = 0.0
        self.speed_cdps = 0.0
        self.worst_cdeg = kernel.HARD_LIMIT_CDEG
        self.head_down = False
        self.trusted = False
        self.moving = False
        self.causes = 0

    def judge(self, head_down_side: bool, returning: bool, latched: int) -> None:
        """What the samples say by now. A return ends at 0°, not already at the edge of level.

        `latched` are the causes that wait for an acknowledgement: what failed before is suspected first.
        """
        voter, suspect = self._voter, Suspect.NOBODY
        if latched:
            suspect = SUSPECTS.get(latched & SENSORS, Suspect.NOBODY)
            voter.judge(None if latched & LEVEL_SWITCH else head_down_side, suspect)
        else:
            voter.judge(head_down_side)
        bed, drive = self.bed, self.drive
        if bed.failing or drive.failing or voter.apart:
            self.causes = self._name(suspect)
            if self.causes & kernel.BLIND_MASK:
                self._lose(head_down_side, latched)
                return
            bed = drive = drive if bed.failing else bed
        else:
            self.causes = 0
            if suspect is Suspect.BED:  # a mirrored one agrees at 0°: it stays out until somebody acknowledged it
                bed = drive
            elif suspect is Suspect.DRIVE:
                drive = bed
        self.trusted = True
        self._side_lost = False
        angle_cdeg, rate_cdps = bed.smooth_cdeg, bed.rate_cdps
        self.angle_deg = angle_cdeg / 100
        self.rate_dps = rate_cdps / 100
        self.speed_cdps = min(abs(rate_cdps), abs(drive.rate_cdps))
        other_cdeg = drive.smooth_cdeg
        worst_cdeg = self.worst_cdeg = (angle_cdeg if angle_cdeg > other_cdeg else other_cdeg).__round__()
        self.head_down = worst_cdeg > (ARRIVED_CDEG if returning else kernel.LEVEL_CDEG)
        self._fast_ticks = 0 if -MOVING_CDPS < rate_cdps < MOVING_CDPS else self._fast_ticks + 1
        self.moving = self._fast_ticks >= MOVING_TICKS
        if (worst_cdeg > 0) is head_down_side:
            self._side_ticks = 0
        else:
            self._doubt_side(head_down_side, bed is drive)
            if latched & kernel.BLIND_MASK and self._side_ticks and not self.causes:
                self.head_down = False  # both failed before and agree again: first see whom the level switch belies

    def _doubt_side(self, head_down_side: bool, alone: bool) -> None:
        """Angle and level switch are not on the same side; `alone`: only one sensor is left."""
        if self._contradicted(head_down_side, kernel.LEVEL_CDEG if alone else SIDE_CDEG):
            self._side_ticks += 1
            if self._side_ticks >= (ALONE_TICKS if alone else SIDE_TICKS):
                self.causes |= SIDE_UNKNOWN if alone else LEVEL_SWITCH
        else:
            self._side_ticks = 0

    def _contradicted(self, head_down_side: bool, by_cdeg: int) -> bool:
        """Whether the level switch reports one side while the table is by so much on the other."""
        if head_down_side:
            return self.worst_cdeg < -by_cdeg
        return self.worst_cdeg > by_cdeg and self.angle_deg * 100 > by_cdeg

    def _lose(self, head_down_side: bool, latched: int) -> None:
        """The angle is not trusted. Two plausible sensors still show a runaway, though not where the table is (F12)."""
        if self.trusted:
            self._side_lost = self._contradicted(head_down_side, SIDE_CDEG) or latched & LEVEL_SWITCH != 0
            self.trusted = False
        if self._side_lost:
            self.causes |= SIDE_UNKNOWN
            self.head_down = self.worst_cdeg > kernel.LEVEL_CDEG
        else:
            self.head_down = head_down_side
        bed, drive = self.bed, self.drive
        alive = not (bed.failing or drive.failing)
        self.rate_dps = 0.0
        self.speed_cdps = min(abs(bed.rate_cdps), abs(drive.rate_cdps)) if alive else 0.0
        self._fast_ticks = 0
        self.moving = False

    def _name(self, suspect: Suspect) -> int:
        """The cause of what is wrong with the sensors. One that failed before does not carry a person alone."""
        bed_failing, drive_failing = self._voter.bed.failing, self._voter.drive.failing
        if bed_failing and (drive_failing or suspect is Suspect.DRIVE):
            return NO_SENSOR
        if drive_failing and suspect is Suspect.BED:
            return NO_SENSOR
        if self._voter.apart:
            return DISAGREEMENT
        return BED_SENSOR if bed_failing else DRIVE_SENSOR

    @property
    def fastest_cdps(self) -> float:
        """How fast the table is by the faster of the healthy sensors."""
        bed, drive = self._voter.bed, self._voter.drive
        if drive.failing:
            return abs(bed.rate_cdps)
        return abs(drive.rate_cdps) if bed.failing else max(abs(bed.rate_cdps), abs(drive.rate_cdps))

    @property
    def exposed_cdeg(self) -> int:
        """The angle for the count of head-down time: one that is not known counts as head down on that side."""
        if self.trusted:
            return self.worst_cdeg
        return max(self.worst_cdeg, kernel.EXPOSED_CDEG + 1) if self.head_down else 0
