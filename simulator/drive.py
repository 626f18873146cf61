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
LEAD_LIMIT_DEG: Final = 0.5
"""The reference waits for a table that cannot follow, and while the drive crosses its play: what is made up for later
is a jolt then. Chosen: what the heaviest person's load takes of the rate, 0.5 °/s, needs 0.4°."""
WAITING_DPS2: Final = 0.5
"""What a reference that waits still gains. Chosen: little while the drive crosses its play, which takes a second, and
all that there is within 3 s for a drive that has only an eighth of its power (F11)."""
OVERRUN_LIMIT_DEG: Final = 2.0
"""It waits less for a table that runs ahead of it: the motor is told to slow down, and then the other way, so that one
that runs by itself is seen to do so (F9, F12)."""
SLEW_DPS2: Final = 1.25
"""The most that the rate of the motor changes, reference and correction together. Chosen: a quarter beyond the limit of
the reference, so that a correction gets through while that uses its limit up."""
TARGET_DPS2: Final = 0.9
TARGET_DPS3: Final = 1.8
"""How a target that moves is expected to slow down. Chosen: a tenth below the limits; the plans of the host use it."""
EASING_S: Final = ACCELERATION_DPS2 / JERK_DPS3 / 2.0
GAINED_DPS: Final = ACCELERATION_DPS2 * EASING_S
"""What slowing down with the limit of jerk takes longer, and what is still gained until an acceleration has ended."""
PUSH_PER_S: Final = 5.0
"""From what is missing of a rate to an acceleration. Chosen: a sine of 6° is followed within 0.1°, a ramp ends within
0.1°, and what ends a catching up goes no more than 0.4° beyond where the target ends; at 3/s it is twice that."""
NEAR_DEG: Final = 0.3
SLOW_DPS: Final = 0.1
"""How near a target that rests the table stays where it has come to rest, or nearly. Chosen: less than LEFT_DEG."""
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

    def wait(self, angle_deg: float, ahead: bool) -> None:
        """The table does not come along: be here, and become faster gently. `ahead`: towards head down."""
        self.angle_deg = angle_deg
        if (self.acceleration_dps2 > 0.0) is ahead:
            self.acceleration_dps2 = _within(self.acceleration_dps2, WAITING_DPS2)

    def approach(
        self, target_deg: float, target_dps: float, cap_dps: float, low_deg: float = -inf, high_deg: float = inf
    ) -> None:
        """One tick towards a target that itself moves at `target_dps`, so that it can still stop at both ends."""
        angle_deg = self.angle_deg
        wanted = target_dps + _closing_dps(target_deg - angle_deg)
        wanted = min(max(wanted, _closing_dps(low_deg - angle_deg)), _closing_dps(high_deg - angle_deg))
        push = (_within(wanted, cap_dps) - self.rate_dps) * PUSH_PER_S
        push = _within(self._caught(push, target_deg, target_dps, cap_dps), ACCELERATION_DPS2)
        self.acceleration_dps2 += _within(push - self.acceleration_dps2, JERK_DPS3 * TICK_S)
        self.rate_dps += self.acceleration_dps2 * TICK_S
        self.angle_deg += self.rate_dps * TICK_S

    def ends(self, target_deg: float, target_dps: float) -> bool:
        """Whether it may as well rest where it is: near a target that rests, or nearly, and slow by now or past it."""
        away_deg = target_deg - self.angle_deg
        if abs(away_deg) >= NEAR_DEG or abs(target_dps) >= SLOW_DPS:
            return False
        return abs(self.rate_dps) < SLOW_DPS or self.rate_dps * away_deg < 0.0

    def _caught(self, push: float, target_deg: float, target_dps: float, cap_dps: float) -> float:
        """The acceleration that still lets it end where the target can, whenever that begins to slow down.

        Judged from where it is once its acceleration has ended. What is as fast as the target need not be slower.
        """
        easing_s = abs(self.acceleration_dps2) / JERK_DPS3
        rate_dps = self.rate_dps + self.acceleration_dps2 * easing_s / 2.0
        ahead_deg = self.rate_dps * easing_s + self.acceleration_dps2 * easing_s**2 / 3.0
        left_deg = target_deg + _slowing_deg(target_dps) - self.angle_deg - ahead_deg
        if rate_dps > 0.0:
            most_dps = min(max(_ending_dps(left_deg), target_dps + GAINED_DPS), cap_dps)
            return min(push, (most_dps - rate_dps) * PUSH_PER_S)
        most_dps = max(min(-_ending_dps(-left_deg), target_dps - GAINED_DPS), -cap_dps)
        return max(push, (most_dps - rate_dps) * PUSH_PER_S)


def _closing_dps(distance_deg: float) -> float:
    """How fast to go so far from where to stop."""
    if distance_deg < 0.0:
        return -_closing_dps(-distance_deg)
    return min(distance_deg * 1.5, sqrt(2.0 * APPROACH_DPS2 * distance_deg))


def _slowing_deg(rate_dps: float) -> float:
    """How far a target goes on until it rests, if it slows down from now on."""
    return rate_dps * (abs(rate_dps) / TARGET_DPS2 + TARGET_DPS2 / TARGET_DPS3) / 2.0


def _ending_dps(distance_deg: float) -> float:
    """How fast a reference may be that ends so far ahead, with its whole acceleration; 0 if that is behind it."""
    if distance_deg <= 0.0:
        return 0.0
    return ACCELERATION_DPS2 * (sqrt(EASING_S**2 + 2.0 * distance_deg / ACCELERATION_DPS2) - EASING_S)


class Follower:
    """From the reference and the measured angle to a rate for the motor."""

    __slots__ = ("_integral_dps", "_rate_dps")

    def __init__(self) -> None:
        self.rest()

    def rest(self, rate_dps: float = 0.0) -> None:
        """Forget the correction: the motor is given this rate by something else, or stands."""
        self._integral_dps = 0.0
        self._rate_dps = rate_dps

    def gave(self, rate_cdps: int) -> None:
        """What the motor was really given, in hundredths of a degree a second: the next rate begins there."""
        if rate_cdps != round(self._rate_dps * 100):
            self._rate_dps = rate_cdps / 100

    @property
    def asked_dps(self) -> float:
        """What the last rate asks of the table at least: without a part of it that only holds the load."""
        rate_dps, load_dps = self._rate_dps, self._integral_dps
        if rate_dps * load_dps <= 0.0:
            return rate_dps
        return rate_dps - load_dps if abs(rate_dps) > abs(load_dps) else 0.0

    def rate_dps(self, reference: Reference, angle_deg: float, hurry: bool = True) -> float:
        """The rate to give to the motor. The correction is not summed up where the motor may not follow it.

        `hurry`: a table that lags behind catches up; otherwise the reference only waits for it.
        """
        error = reference.angle_deg - angle_deg
        ahead = error * reference.rate_dps >= 0.0
        limit_deg = LEAD_LIMIT_DEG if ahead else OVERRUN_LIMIT_DEG
        if abs(error) > limit_deg:
            error = _within(error, limit_deg)
            reference.wait(angle_deg + error, error > 0.0)
        if ahead and not hurry:
            error = 0.0
        integral_dps = _within(self._integral_dps + error * INTEGRAL_GAIN * TICK_S, INTEGRAL_LIMIT_DPS)
        change_dps = reference.rate_dps + GAIN * error + integral_dps - self._rate_dps
        slewed_dps = _within(change_dps, SLEW_DPS2 * TICK_S)
        if slewed_dps == change_dps:
            self._integral_dps = integral_dps
        self._rate_dps += slewed_dps
        return self._rate_dps
