"""The two angle sensors, judged: which is healthy, and what the angle is.

A sensor fails by itself when it is out of range, jumps faster than physics, or stands still without its noise. When
both look well but differ by more than 3° for 200 ms, the level switch and stillness say who lies; else nobody can.
Called once every 10 ms. Angles in hundredths of a degree.
"""

from typing import Final

RANGE_CDEG: Final = 9500
"""Beyond ±95° no table goes (domain.md: mechanical ends −85, +65)."""
JUMP_CDEG: Final = 250
"""In 10 ms; 5 °/s and the noise of the worst sensor stay far below (domain.md, sensors)."""
PATIENCE_TICKS: Final = 5
"""50 ms: a single bad reading is passed over, a sensor that stays bad has failed."""
STILL_TICKS: Final = (50, 400)
"""Bed, drive: equal readings in a row that noise makes impossible (inertial: 18 counts of noise; encoder: a third)."""
SUSPECT_TICKS: Final = 40
"""400 ms without any change while the other sensor moved away by 3°: at rest the encoder manages that once in 500."""
APART_CDEG: Final = 300
APART_TICKS: Final = 20
"""Safety.md, F8: more than 3° for 200 ms."""
SIDE_CDEG: Final = 100
"""A sensor this far on one side while the level switch reports the other contradicts it."""
HEALTHY_TICKS: Final = 100
"""1 s of plausible readings before a fault counts as gone. Chosen: longer than every test above but stillness."""


class Channel:
    """One sensor: its last good reading, smoothed, and whether it is failing."""

    __slots__ = ("_good_ticks", "_off_ticks", "_raw", "_smooth", "_still_limit", "_still_ticks", "failing")

    def __init__(self, still_limit: int) -> None:
        self._still_limit = still_limit
        self._raw: int | None = None
        self._smooth = 0.0
        self._still_ticks = 0
        self._off_ticks = 0
        self._good_ticks = 0
        self.failing = False

    @property
    def value(self) -> float:
        """The last good reading."""
        return float(self._raw or 0)

    @property
    def smooth(self) -> float:
        """Good readings averaged over about 100 ms."""
        return self._smooth

    @property
    def suspiciously_still(self) -> bool:
        """Not one change of reading for 400 ms."""
        return self._still_ticks >= SUSPECT_TICKS

    @property
    def settled(self) -> bool:
        """Plausible for a whole second."""
        return self._good_ticks >= HEALTHY_TICKS

    def take(self, reading: int) -> None:
        """Judge one reading by itself."""
        last = self._raw
        if last is None:
            if -RANGE_CDEG <= reading <= RANGE_CDEG:
                self._raw, self._smooth = reading, float(reading)
            else:
                self._off()
            return
        if not -RANGE_CDEG <= reading <= RANGE_CDEG or not -JUMP_CDEG <= reading - last <= JUMP_CDEG:
            self._off()
            if self.failing and -RANGE_CDEG <= reading <= RANGE_CDEG:
                self._raw, self._smooth = reading, float(reading)
            return
        self._off_ticks = 0
        self._still_ticks = self._still_ticks + 1 if reading == last else 0
        self._raw = reading
        self._smooth += (reading - self._smooth) * 0.1
        if self._still_ticks >= self._still_limit:
            self.failing = True
            self._good_ticks = 0
        else:
            self._good_ticks += 1
            if self._good_ticks >= HEALTHY_TICKS:
                self.failing = False

    def fail(self) -> None:
        """The other evidence says that this sensor lies."""
        self.failing = True
        self._good_ticks = 0

    def _off(self) -> None:
        self._good_ticks = 0
        self._off_ticks += 1
        if self._off_ticks >= PATIENCE_TICKS:
            self.failing = True


class Voter:
    """Both sensors together. After `take`: `bed_ok`, `drive_ok`, `apart` (nobody knows which one lies)."""

    __slots__ = ("_apart_ticks", "apart", "bed", "drive")

    def __init__(self) -> None:
        self.bed = Channel(STILL_TICKS[0])
        self.drive = Channel(STILL_TICKS[1])
        self._apart_ticks = 0
        self.apart = False

    def take(self, bed_cdeg: int, drive_cdeg: int, head_down_side: bool) -> None:
        """Judge the readings of one tick."""
        bed, drive = self.bed, self.drive
        bed.take(bed_cdeg)
        drive.take(drive_cdeg)
        if -APART_CDEG <= bed.smooth - drive.smooth <= APART_CDEG or bed.failing or drive.failing:
            self._apart_ticks = 0
            self.apart = self.apart and not (bed.settled and drive.settled and not (bed.failing or drive.failing))
            return
        self._apart_ticks += 1
        if self._apart_ticks < APART_TICKS:
            return
        bed_lies = bed.suspiciously_still or _contradicts(bed.smooth, head_down_side)
        drive_lies = drive.suspiciously_still or _contradicts(drive.smooth, head_down_side)
        if bed_lies == drive_lies:
            self.apart = True
        elif bed_lies:
            bed.fail()
        else:
            drive.fail()


def _contradicts(angle_cdeg: float, head_down_side: bool) -> bool:
    """Whether a sensor is clearly on the other side than the level switch."""
    return angle_cdeg < -SIDE_CDEG if head_down_side else angle_cdeg > SIDE_CDEG
