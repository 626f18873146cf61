"""How the unit moves the table: a reference that keeps rate, acceleration and jerk, and a loop that follows it.

Called once every 20 ms. Degrees and seconds, + towards head down.
"""

from math import cos, inf, radians, sqrt
from typing import Final

TICK_MS: Final = 20
"""Of the control loop, in step with the telemetry. The angle sensors are sampled twice as often (`voting`)."""
TICK_S: Final = TICK_MS / 1000
ACCELERATION_DPS2: Final = 1.0
JERK_DPS3: Final = 2.0
"""Domain.md, default limits."""
APPROACH_DPS2: Final = 0.45
"""Deceleration planned when coming to a target: below the limit, so that the jerk limit has room."""
FULL_DPS: Final = 3.2
MID_TRAVEL_DEG: Final = -10.0
GEOMETRY: Final = 0.65
"""What the drive makes at full power at mid travel, and how its arm turns with the table: 1.43 × that at the ends. As
the unit was told at calibration; without it a freeze at 55° would brake with 6.7 °/s²."""
GAIN: Final = 1.2
"""1/s from angle error to rate. Chosen: settles in about two seconds without ringing through motor lag and backlash."""
INTEGRAL_GAIN: Final = 0.4
INTEGRAL_LIMIT_DPS: Final = 1.0
"""The integral makes up for load and geometry: up to a third of the speed (domain.md: −20 to −30 % at full load)."""
LEAD_LIMIT_DEG: Final = 2.0
"""The reference waits for a table that cannot follow."""
ARRIVED_DEG: Final = 0.12
LEFT_DEG: Final = 0.35
"""When the brake goes on at a target, and when a resting table is moved again: inside ±0.5° with the sensors' noise."""


def _within(value: float, most: float) -> float:
    """The value, cut to ±most."""
    return most if value > most else -most if value < -most else value


def power(rate_dps: float, angle_deg: float) -> float:
    """The part of full power (−1 to 1) that makes this rate at this angle."""
    return _within(rate_dps / FULL_DPS * cos(radians(GEOMETRY * (angle_deg - MID_TRAVEL_DEG))), 1.0)


class Reference:
    """A point that moves smoothly: angle, rate and acceleration."""

    __slots__ = ("acceleration_dps2", "angle_deg", "rate_dps")

    def __init__(self, angle_deg: float) -> None:
        self.place(angle_deg)

    def place(self, angle_deg: float, rate_dps: float = 0.0) -> None:
        """Put the point somewhere, at rest or already moving."""
        self.angle_deg = angle_deg
        self.rate_dps = rate_dps
        self.acceleration_dps2 = 0.0

    def approach(
        self, target_deg: float, target_dps: float, cap_dps: float, low_deg: float = -inf, high_deg: float = inf
    ) -> None:
        """One tick towards a target that itself moves at `target_dps`, so that it can still stop at both ends."""
        angle_deg = self.angle_deg
        wanted = target_dps + _closing_dps(target_deg - angle_deg)
        wanted = min(max(wanted, _closing_dps(low_deg - angle_deg)), _closing_dps(high_deg - angle_deg))
        push = _within((_within(wanted, cap_dps) - self.rate_dps) * 3.0, ACCELERATION_DPS2)
        self.acceleration_dps2 += _within(push - self.acceleration_dps2, JERK_DPS3 * TICK_S)
        self.rate_dps += self.acceleration_dps2 * TICK_S
        self.angle_deg += self.rate_dps * TICK_S


def _closing_dps(distance_deg: float) -> float:
    """How fast to go so far from where to stop."""
    if distance_deg < 0.0:
        return -_closing_dps(-distance_deg)
    return min(distance_deg * 1.5, sqrt(2.0 * APPROACH_DPS2 * distance_deg))


class Follower:
    """From the reference and the measured angle to a rate for the motor."""

    __slots__ = ("_integral_dps",)

    def __init__(self) -> None:
        self._integral_dps = 0.0

    def rest(self) -> None:
        """Forget the correction: the table stands."""
        self._integral_dps = 0.0

    def rate_dps(self, reference: Reference, angle_deg: float) -> float:
        """The rate to give to the motor."""
        error = reference.angle_deg - angle_deg
        if abs(error) > LEAD_LIMIT_DEG:
            reference.angle_deg = angle_deg + (LEAD_LIMIT_DEG if error > 0.0 else -LEAD_LIMIT_DEG)
            error = reference.angle_deg - angle_deg
        self._integral_dps = _within(self._integral_dps + error * INTEGRAL_GAIN * TICK_S, INTEGRAL_LIMIT_DPS)
        return reference.rate_dps + GAIN * error + self._integral_dps
