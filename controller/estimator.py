"""What the controller believes about the table, and whether it believes it: telemetry in, Estimate out.

The unit votes on its sensors itself. The controller only ever trusts less: where the two raw sensors differ without the
unit having said which of them failed, or where the unit's angle lies outside of both, the angle is not trusted.
"""

from typing import Final, NamedTuple

from protocol.messages import Cause, Flag, Rung, Telemetry

LEVEL_DEG: Final = 1.5
"""Level is |angle| ≤ 1.5°; above it the person counts as head down (safety.md)."""
STANDING_DEG: Final = -77.0
"""At the load position of −80°, with room for calibration and for the brake's play."""
APART_DEG: Final = 3.0
APART_S: Final = 0.2
"""Safety.md, F8: more than 3° for 200 ms."""
SMOOTHING: Final = 0.2
"""Of each new reading: about 100 ms at 50 Hz, so that noise does not look like an angle."""

_BED_SENSOR, _DRIVE_SENSOR = int(Cause.BED_SENSOR), int(Cause.DRIVE_SENSOR)
_SENSORS: Final = _BED_SENSOR | _DRIVE_SENSOR
_OCCUPIED, _ANKLES, _ESTOP = int(Flag.OCCUPIED), int(Flag.ANKLES_LOCKED), int(Flag.ESTOP)
_SIDE, _MOVING, _ARMED = int(Flag.HEAD_DOWN_SIDE), int(Flag.MOVING | Flag.DRIVEN), int(Flag.ARMED)
_TRUSTED, _FROZEN, _LOWERING = int(Flag.TRUSTED), int(Flag.FROZEN), int(Flag.LOWERING)
_PERSON: Final = _OCCUPIED | _ANKLES | _ESTOP
_LEVEL: Final = int(Rung.LEVEL)


class Estimate(NamedTuple):
    """The table as of the newest telemetry. `worst_deg`: the more head-down of the sensors that count.

    `sound`: the angle is trusted, a person is sensed and locked in, no emergency stop is pressed, nothing is latched,
    and the unit does not move by itself.
    """

    angle_deg: float
    rate_dps: float
    worst_deg: float
    trusted: bool
    head_down: bool
    sound: bool
    moving: bool
    occupied: bool
    ankles_locked: bool
    estop: bool
    lowering: bool
    armed: bool
    frozen: bool
    rung: int
    causes: int
    latched: int
    stop_count: int
    head_down_s: int
    arm_presses: int

    @property
    def at_level(self) -> bool:
        """Trusted, and within 1.5° of level on both sides."""
        return self.trusted and -LEVEL_DEG <= self.angle_deg <= LEVEL_DEG and not self.head_down

    @property
    def standing(self) -> bool:
        """Trusted, and at the load position."""
        return self.trusted and self.angle_deg <= STANDING_DEG


class Estimator:
    """Keeps the smoothed sensors and how long they have been apart."""

    def __init__(self) -> None:
        self._bed_deg: float | None = None
        self._drive_deg = 0.0
        self._apart_s: float | None = None

    def take(self, telemetry: Telemetry, now_s: float) -> Estimate:
        """The estimate after one more telemetry, received at `now_s`."""
        if self._bed_deg is None:
            bed, drive = telemetry.bed_deg, telemetry.drive_deg
        else:
            bed = self._bed_deg + (telemetry.bed_deg - self._bed_deg) * SMOOTHING
            drive = self._drive_deg + (telemetry.drive_deg - self._drive_deg) * SMOOTHING
        self._bed_deg, self._drive_deg = bed, drive
        failing = (telemetry.causes | telemetry.latched) & _SENSORS
        if failing == _BED_SENSOR:
            bed = drive
        elif failing == _DRIVE_SENSOR:
            drive = bed
        worst = bed if bed > drive else drive
        plausible = self._agree(bed, drive, telemetry.angle_deg, now_s)
        flags, rung, latched = telemetry.flags, telemetry.rung, telemetry.latched
        trusted = plausible and failing != _SENSORS and flags & _TRUSTED != 0
        seen = (
            telemetry.angle_deg,
            telemetry.rate_dps,
            worst,
            trusted,
            worst > LEVEL_DEG if trusted else flags & _SIDE != 0,
            trusted and flags & _PERSON == _OCCUPIED | _ANKLES and rung < _LEVEL and not latched,
            flags & _MOVING != 0,
            flags & _OCCUPIED != 0,
            flags & _ANKLES != 0,
            flags & _ESTOP != 0,
            flags & _LOWERING != 0,
            flags & _ARMED != 0,
            flags & _FROZEN != 0,
            rung,
            telemetry.causes,
            latched,
            telemetry.stop_count,
            telemetry.head_down_s,
            telemetry.arm_presses,
        )
        return tuple.__new__(Estimate, seen)  # at 50 Hz half of the constructor's time is worth having

    def _agree(self, bed_deg: float, drive_deg: float, angle_deg: float, now_s: float) -> bool:
        """Whether sensors and angle have been within 3° of each other at some time in the last 200 ms."""
        low, high = (bed_deg, drive_deg) if bed_deg < drive_deg else (drive_deg, bed_deg)
        if high - low <= APART_DEG and low - APART_DEG <= angle_deg <= high + APART_DEG:
            self._apart_s = None
            return True
        if self._apart_s is None:
            self._apart_s = now_s
        return now_s - self._apart_s < APART_S
