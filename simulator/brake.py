"""Whether the brake holds (F13): a table that turns although nothing drives it and the brake is on."""

from typing import Final

from .voting import Channel

SLIP_CDEG: Final = 150
"""Chosen: more than the play of a drive (domain.md: at most 1°) and the sensors' noise, both of which a person may use
up by moving."""
BITTEN_TICKS: Final = 25
"""500 ms after the brake was put on: until then the table may still run out."""


class BrakeWatch:
    """Compares both sensors with what they showed when the brake bit. One alone that moves away is a sensor's fault."""

    __slots__ = ("_bed_cdeg", "_drive_cdeg", "_ticks")

    def __init__(self) -> None:
        self._ticks = 0
        self._bed_cdeg = self._drive_cdeg = 0.0

    def tick(self, held: bool, bed: Channel, drive: Channel) -> bool:
        """One tick; `held`: braked, not lowered by hand, and the angle is trusted. True once for each slip."""
        if not held:
            self._ticks = 0
            return False
        if self._ticks < BITTEN_TICKS:
            self._ticks += 1
            self._bed_cdeg, self._drive_cdeg = bed.smooth_cdeg, drive.smooth_cdeg
            return False
        moved_cdeg = bed.smooth_cdeg - self._bed_cdeg
        if -SLIP_CDEG < moved_cdeg < SLIP_CDEG and not bed.failing:
            return False
        other_cdeg = drive.smooth_cdeg - self._drive_cdeg
        if -SLIP_CDEG < other_cdeg < SLIP_CDEG and not drive.failing:
            return False
        if not (bed.failing or drive.failing or (moved_cdeg > 0.0) is (other_cdeg > 0.0)):
            return False
        self._ticks = 0
        return True
