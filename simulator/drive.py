"""How the unit moves the table: a reference that keeps rate, acceleration and jerk, and a loop that follows it.

Called once every 10 ms. Degrees and seconds, + towards head down.
"""

from math import sqrt
from typing import Final

TICK_S: Final = 0.01
ACCELERATION_DPS2: Final = 1.0
JERK_DPS3: Final = 2.0
"""Domain.md, default limits."""
APPROACH_DPS2: Final = 0.45
"""Deceleration planned when coming to a target: below the limit, so that the jerk limit has room."""
NOMINAL_FULL_DPS: Final = 3.3
"""What the drive makes at full power at mid travel, as the unit was told at calibration."""
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


class Reference:
    """A point that moves smoothly: angle, rate and acceleration."""

    __slots__ = ("acceleration_dps2", "angle_deg", "rate_dps")

    def __init__(self, angle_deg: float) -> None:
        self.place(angle_deg)

    def place(self, angle_deg: float) -> None:
        """Put the point somewhere, at rest."""
        self.angle_deg = angle_deg
        self.rate_dps = 0.0
        self.acceleration_dps2 = 0.0

    def approach(self, target_deg: float, target_dps: float, cap_dps: float) -> None:
        """One tick towards a target that itself moves at `target_dps`."""
        error = target_deg - self.angle_deg
        distance = abs(error)
        closing = min(distance * 1.5, sqrt(2.0 * APPROACH_DPS2 * distance))
        wanted = target_dps + (closing if error > 0.0 else -closing)
        wanted = cap_dps if wanted > cap_dps else -cap_dps if wanted < -cap_dps else wanted
        push = (wanted - self.rate_dps) * 3.0
        push = (
            ACCELERATION_DPS2 if push > ACCELERATION_DPS2 else -ACCELERATION_DPS2 if push < -ACCELERATION_DPS2 else push
        )
        change = push - self.acceleration_dps2
        most = JERK_DPS3 * TICK_S
        self.acceleration_dps2 += most if change > most else -most if change < -most else change
        self.rate_dps += self.acceleration_dps2 * TICK_S
        self.angle_deg += self.rate_dps * TICK_S


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


class Tracker:
    """Angle and rate out of noisy readings (alpha-beta filter, about 120 ms)."""

    __slots__ = ("angle_deg", "rate_dps")

    ALPHA: Final = 0.08
    BETA: Final = 0.0035

    def __init__(self, angle_deg: float) -> None:
        self.place(angle_deg)

    def place(self, angle_deg: float) -> None:
        """Start again from one reading."""
        self.angle_deg = angle_deg
        self.rate_dps = 0.0

    def take(self, reading_deg: float) -> None:
        """One reading, one tick later."""
        guess = self.angle_deg + self.rate_dps * TICK_S
        surprise = reading_deg - guess
        self.angle_deg = guess + self.ALPHA * surprise
        self.rate_dps += self.BETA / TICK_S * surprise
