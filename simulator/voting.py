"""The two angle sensors, judged: which of them fails (safety.md, F7), and whether nobody can tell (F8).

A sensor fails by itself when it is out of range, jumps faster than physics, or stands still without its noise. When
both look well but differ by more than 3° for 200 ms, the level switch and stillness say who lies; else nobody can.
A failed sensor is believed again when both have been plausible, and agreed, for a second.
Sampled every 10 ms, judged every 20. Angles in hundredths of a degree.
"""

from enum import Enum, auto
from typing import Final

SAMPLE_MS: Final = 10
SAMPLE_S: Final = SAMPLE_MS / 1000
RANGE_CDEG: Final = 9500
"""Beyond ±95° no table goes (domain.md: mechanical ends −85, +65)."""
JUMP_CDEG: Final = 250
"""In 10 ms; 5 °/s and the noise of the worst sensor stay far below (domain.md, sensors)."""
UNMET_CDEG: Final = 100_000
"""Stands for no reading yet: whatever comes first is a jump from there."""
BAD_WEIGHT: Final = 2
BAD_LIMIT: Final = 10
"""A bad reading counts 2, a good one takes 1 back: one alone is passed over, five in a row (50 ms) are a failure, and
so is every second one for 200 ms."""
STILL_SAMPLES: Final = (50, 200)
"""Bed, drive: equal readings in a row that noise makes impossible (inertial: 18 counts of noise; encoder: a third; in
the middle of a count one reading in seven changes, and two seconds of equal ones come once in 10¹³)."""
SUSPECT_SAMPLES: Final = 40
"""400 ms without any change while the other sensor moved away by 3°: at rest the encoder manages that once in 500."""
APART_CDEG: Final = 300
APART_TICKS: Final = 10
"""Safety.md, F8: more than 3° for 200 ms."""
SIDE_CDEG: Final = 100
"""A sensor this far on one side while the level switch reports the other contradicts it."""
STARTING_TICKS: Final = 20
"""400 ms after a restart before two sensors may be apart: as long as it takes to see that one of them stands still."""
SETTLED_TICKS: Final = 50
"""1 s of plausible readings before a fault counts as gone. Chosen: longer than every test above but stillness."""
ALPHA: Final = 0.08
BETA: Final = 0.0035
"""Of the alpha-beta filter that makes angle and rate out of readings. Chosen: about 120 ms, and no lag at a steady
rate; a step of 1° looks like 2.8 °/s for a moment."""
RATE_GAIN: Final = BETA / SAMPLE_S


class Suspect(Enum):
    """The one sensor that waits for an acknowledgement because it failed before, through a restart, too."""

    NOBODY = auto()
    BED = auto()
    DRIVE = auto()


class Channel:
    """One sensor: its last good reading, angle and rate out of all of them, and whether it is failing.

    Before its first good reading it is. `implausible`: some reading since the last verdict was.
    """

    __slots__ = (
        *("_bad", "_still_limit", "_still_samples"),
        *("cdeg", "failing", "implausible", "rate_cdps", "smooth_cdeg"),
    )

    def __init__(self, still_limit: int) -> None:
        self._still_limit = still_limit
        self._still_samples = 0
        self._bad = 0
        self.cdeg = UNMET_CDEG
        self.smooth_cdeg = 0.0
        self.rate_cdps = 0.0
        self.failing = True
        self.implausible = False

    @property
    def suspiciously_still(self) -> bool:
        """Not one change of reading for 400 ms."""
        return self._still_samples >= SUSPECT_SAMPLES

    def take(self, cdeg: int) -> None:
        """Judge one reading by itself."""
        change = cdeg - self.cdeg
        if abs(change) > JUMP_CDEG or abs(cdeg) > RANGE_CDEG:
            self._suspect(cdeg)
            return
        guess = self.smooth_cdeg + self.rate_cdps * SAMPLE_S
        surprise = cdeg - guess
        self.smooth_cdeg = guess + ALPHA * surprise
        self.rate_cdps += RATE_GAIN * surprise
        if self._bad:
            self._bad -= 1
        if change:
            self.cdeg = cdeg
            self._still_samples = 0
        else:
            self._still_samples += 1
            if self._still_samples >= self._still_limit:
                self.fail()

    def _suspect(self, cdeg: int) -> None:
        """A reading that is out of range, a jump, or the first one."""
        within = abs(cdeg) <= RANGE_CDEG
        if within and self.cdeg == UNMET_CDEG:
            self.failing = self._bad >= BAD_LIMIT
            self._start(cdeg)
            return
        self._pass_over()
        if within and self.failing:
            self._start(cdeg)

    def fail(self) -> None:
        """This sensor lies: by its own readings, or by other evidence."""
        self.failing = self.implausible = True

    def _start(self, cdeg: int) -> None:
        self.cdeg = cdeg
        self.smooth_cdeg = float(cdeg)
        self.rate_cdps = 0.0

    def _pass_over(self) -> None:
        self.implausible = True
        self.smooth_cdeg += self.rate_cdps * SAMPLE_S
        self._bad = min(self._bad + BAD_WEIGHT, BAD_LIMIT)
        if self._bad >= BAD_LIMIT:
            self.fail()


class Voter:
    """Both sensors together. After `judge`: which is `failing`, and `apart` (nobody knows which one lies)."""

    __slots__ = ("_doubt_ticks", "apart", "bed", "drive")

    def __init__(self) -> None:
        self.bed = Channel(STILL_SAMPLES[0])
        self.drive = Channel(STILL_SAMPLES[1])
        self._doubt_ticks = -STARTING_TICKS
        self.apart = False

    def judge(self, head_down_side: bool | None, suspect: Suspect = Suspect.NOBODY) -> None:
        """Both channels, once a tick. What speaks against the verdict so far has to last before it changes.

        `head_down_side` is None where the level switch is not to be believed; `suspect` is who failed before.
        """
        bed, drive = self.bed, self.drive
        apart = abs(bed.smooth_cdeg - drive.smooth_cdeg) > APART_CDEG
        if bed.failing or drive.failing or self.apart:
            self._heal(apart)
        elif not apart:
            self._doubt_ticks = min(self._doubt_ticks + 1, 0)
        else:
            self._doubt_ticks += 1
            if self._doubt_ticks >= APART_TICKS:
                self._attribute(head_down_side, suspect)

    def _heal(self, apart: bool) -> None:
        """A fault is gone when everything has been plausible, and both have agreed, for a second."""
        bed, drive = self.bed, self.drive
        self._doubt_ticks = 0 if apart or bed.implausible or drive.implausible else self._doubt_ticks + 1
        bed.implausible = drive.implausible = False
        if self._doubt_ticks >= SETTLED_TICKS:
            bed.failing = drive.failing = self.apart = False
            self._doubt_ticks = 0

    def _attribute(self, head_down_side: bool | None, suspect: Suspect) -> None:
        """They differ: one that does not move, contradicts the level switch or failed before is the one that lies."""
        self._doubt_ticks = 0
        bed, drive = self.bed, self.drive
        bed_lies = bed.suspiciously_still or _contradicts(bed.smooth_cdeg, head_down_side)
        drive_lies = drive.suspiciously_still or _contradicts(drive.smooth_cdeg, head_down_side)
        if bed_lies == drive_lies:
            bed_lies, drive_lies = suspect is Suspect.BED, suspect is Suspect.DRIVE
        if bed_lies == drive_lies:
            self.apart = True
        elif bed_lies:
            bed.fail()
        else:
            drive.fail()


def _contradicts(cdeg: float, head_down_side: bool | None) -> bool:
    """Whether a sensor is clearly on the other side than the level switch."""
    if head_down_side is None:
        return False
    return cdeg < -SIDE_CDEG if head_down_side else cdeg > SIDE_CDEG
