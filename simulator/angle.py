"""What the unit believes of the angle: one angle and rate out of two judged sensors, and which side is head down.

Sampled every 10 ms, judged every 20. Limits are judged on the more head-down of the two sensors (safety.md).
"""

from typing import Final

from protocol.messages import Cause

from . import kernel
from .drive import ARRIVED_DEG
from .sensors import Readings
from .voting import Channel, Voter

MOVING_CDPS: Final = 20
MOVING_TICKS: Final = 5
"""100 ms: the noise of a resting table reaches 0.2 °/s for a few ticks every minute, and never for as long."""
ARRIVED_CDEG: Final = round(ARRIVED_DEG * 100)
NO_SENSOR, DISAGREEMENT = int(Cause.NO_SENSOR), int(Cause.DISAGREEMENT)
BED_SENSOR, DRIVE_SENSOR = int(Cause.BED_SENSOR), int(Cause.DRIVE_SENSOR)


class Angle:
    """The best angle, its rate, the more head-down angle, and whether all that is trusted.

    `speed_cdps` is what both sensors show at least: one that slips by a degree is no runaway (F12).

    While it is not trusted, `angle_deg` and `worst_cdeg` are the last that were, and the level switch says the side.
    Before it was ever trusted, `worst_cdeg` is the hard limit.
    """

    __slots__ = (
        *("_fast_ticks", "_voter"),
        *("angle_deg", "causes", "head_down", "moving", "rate_dps", "speed_cdps", "trusted", "worst_cdeg"),
    )

    def __init__(self) -> None:
        self._voter = Voter()
        self._fast_ticks = 0
        self.angle_deg = 0.0
        self.rate_dps = 0.0
        self.speed_cdps = 0.0
        self.worst_cdeg = kernel.HARD_LIMIT_CDEG
        self.head_down = False
        self.trusted = False
        self.moving = False
        self.causes = 0

    @property
    def bed(self) -> Channel:
        """The sensor on the bed."""
        return self._voter.bed

    @property
    def drive(self) -> Channel:
        """The sensor on the drive."""
        return self._voter.drive

    def sample(self, readings: Readings) -> None:
        """The two readings of every 10 ms."""
        voter = self._voter
        voter.bed.take(readings.bed_cdeg)
        voter.drive.take(readings.drive_cdeg)

    def judge(self, head_down_side: bool, returning: bool) -> None:
        """What the samples say by now. A return ends at 0°, not already at the edge of level."""
        voter = self._voter
        voter.judge(head_down_side)
        bed, drive = voter.bed, voter.drive
        if bed.failing or drive.failing or voter.apart:
            self.causes = self._name()
            self.trusted = not self.causes & kernel.BLIND_MASK
            if not self.trusted:
                self.rate_dps = self.speed_cdps = 0.0
                self._fast_ticks = 0
                self.moving = False
                self.head_down = head_down_side
                return
            bed = drive = drive if bed.failing else bed
        else:
            self.causes = 0
            self.trusted = True
        angle_cdeg, rate_cdps = bed.smooth_cdeg, bed.rate_cdps
        self.angle_deg = angle_cdeg / 100
        self.rate_dps = rate_cdps / 100
        self.speed_cdps = min(abs(rate_cdps), abs(drive.rate_cdps))
        self.worst_cdeg = round(angle_cdeg if angle_cdeg > drive.smooth_cdeg else drive.smooth_cdeg)
        self.head_down = self.worst_cdeg > (ARRIVED_CDEG if returning else kernel.LEVEL_CDEG)
        self._fast_ticks = 0 if -MOVING_CDPS < rate_cdps < MOVING_CDPS else self._fast_ticks + 1
        self.moving = self._fast_ticks >= MOVING_TICKS

    def _name(self) -> int:
        """The cause of what is wrong with the sensors."""
        voter = self._voter
        if voter.bed.failing and voter.drive.failing:
            return NO_SENSOR
        if voter.apart:
            return DISAGREEMENT
        return BED_SENSOR if voter.bed.failing else DRIVE_SENSOR

    @property
    def exposed_cdeg(self) -> int:
        """The angle for the count of head-down time: one that is not known counts as head down on that side."""
        if self.trusted:
            return self.worst_cdeg
        return max(self.worst_cdeg, kernel.EXPOSED_CDEG + 1) if self.head_down else 0
