"""What the controller believes about the table, and whether it believes it: telemetry in, Estimate out.

The unit votes on its sensors itself. The controller only ever trusts less: where the two raw sensors differ without the
unit having said which of them failed, or where the unit's angle lies outside of both, the angle is not trusted.
"""

from functools import lru_cache
from math import inf
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
OPEN_S: Final = 0.1
EMPTY_S: Final = 0.5
"""F25, F26: the unit's own patience with an ankle lock that bounces, and with a person who shifts on the sensor."""
ORDINARY: Final = int(Cause.STOPPED | Cause.LEASE_EXPIRED | Cause.HOST_SILENT)
"""Causes that a deliberate new grant ends; over any other one nothing goes on."""

_BED_SENSOR, _DRIVE_SENSOR = int(Cause.BED_SENSOR), int(Cause.DRIVE_SENSOR)
_SENSORS: Final = _BED_SENSOR | _DRIVE_SENSOR
_TRUSTED: Final = int(Flag.TRUSTED)
_SEEN: Final = tuple(int(mask) for mask in (
    Flag.OCCUPIED, Flag.ANKLES_LOCKED, Flag.ESTOP, Flag.LOWERING, Flag.HOST_LIVE, Flag.MOVING | Flag.DRIVEN,
    Flag.ARMED, Flag.FROZEN, Flag.HEAD_DOWN_SIDE,
))  # fmt: skip
_LEVEL: Final = int(Rung.LEVEL)


class Estimate(NamedTuple):
    """The table as of the newest telemetry. `worst_deg`: the more head-down of the sensors that count.

    `above_deg`: by how much that one is beyond the angle that targets lead. `host_live`: the unit hears us.
    `occupied_lately`, `locked_lately`: if not now then so shortly before that it may be a bounce of the switch.

    `sound`: the angle is trusted, a person is sensed and locked in, no emergency stop is pressed, nothing is latched,
    the unit hears us, does not move by itself, and has no cause to but the ordinary ones.
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
    host_live: bool = True
    above_deg: float = 0.0
    occupied_lately: bool = False
    locked_lately: bool = False

    @property
    def at_level(self) -> bool:
        """Trusted, and within 1.5° of level on both sides."""
        return self.trusted and -LEVEL_DEG <= self.angle_deg <= LEVEL_DEG and not self.head_down

    @property
    def standing(self) -> bool:
        """Trusted, and at the load position."""
        return self.trusted and self.angle_deg <= STANDING_DEG


class Estimator:
    """Keeps the smoothed angles, how long they have been apart, and when somebody was last sensed and locked in."""

    def __init__(self) -> None:
        self._bed_deg: float | None = None
        self._drive_deg = self._angle_deg = 0.0
        self._occupied_s = self._locked_s = -inf
        self._apart_s: float | None = None

    def take(self, telemetry: Telemetry, now_s: float) -> Estimate:
        """The estimate after one more telemetry, received at `now_s`."""
        # Field by field would take twice as long, at 50 Hz.
        (_, _, stop_count, angle_cdeg, bed_cdeg, drive_cdeg, rate_cdps, flags, rung, causes, latched, head_down_s, _, _,
         _, _, presses) = telemetry  # fmt: skip
        smooth = angle = angle_cdeg / 100
        bed, drive = bed_cdeg / 100, drive_cdeg / 100
        if self._bed_deg is not None:
            smooth = self._angle_deg + (angle - self._angle_deg) * SMOOTHING
            bed = self._bed_deg + (bed - self._bed_deg) * SMOOTHING
            drive = self._drive_deg + (drive - self._drive_deg) * SMOOTHING
        self._bed_deg, self._drive_deg, self._angle_deg = bed, drive, smooth
        failing = (causes | latched) & _SENSORS
        if failing == _BED_SENSOR:
            bed = drive
        elif failing == _DRIVE_SENSOR:
            drive = bed
        worst = bed if bed > drive else drive
        trusted = self._agree(bed, drive, angle, now_s) and failing != _SENSORS and flags & _TRUSTED != 0
        occupied, ankles_locked, estop, lowering, host_live, moving, armed, frozen, side = _decoded(flags)
        if occupied:
            self._occupied_s = now_s
        if ankles_locked:
            self._locked_s = now_s
        seen = (
            angle,
            rate_cdps / 100,
            worst,
            trusted,
            worst > LEVEL_DEG if trusted else side,
            trusted
            and (occupied and ankles_locked and host_live and not estop)
            and not (rung >= _LEVEL or latched or causes & ~ORDINARY),
            moving,
            occupied,
            ankles_locked,
            estop,
            lowering,
            armed,
            frozen,
            rung,
            causes,
            latched,
            stop_count,
            head_down_s,
            presses,
            host_live,
            worst - smooth if worst > smooth else 0.0,
            now_s - self._occupied_s < EMPTY_S,
            now_s - self._locked_s < OPEN_S,
        )
        return tuple.__new__(Estimate, seen)

    def _agree(self, bed_deg: float, drive_deg: float, angle_deg: float, now_s: float) -> bool:
        """Whether sensors and angle have been within 3° of each other at some time in the last 200 ms."""
        low, high = (bed_deg, drive_deg) if bed_deg < drive_deg else (drive_deg, bed_deg)
        if high - low <= APART_DEG and low - APART_DEG <= angle_deg <= high + APART_DEG:
            self._apart_s = None
            return True
        if self._apart_s is None:
            self._apart_s = now_s
        return now_s - self._apart_s < APART_S


@lru_cache(maxsize=64)
def _decoded(flags: int) -> tuple[bool, ...]:
    """What the flags say, one by one. Remembered, because they seldom change."""
    return tuple(flags & mask != 0 for mask in _SEEN)
