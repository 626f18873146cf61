"""Where the table should be, as pure functions of time: a ramp, a swing, a hold.

Each starts and ends at rest and without acceleration, so that any of them may follow any other. `at(elapsed_s)` is
called for every setpoint: what does not depend on the time is worked out when the motion is made.

Angles are degrees of inversion (0 level, + head down), times are seconds. An `elapsed_s` before 0 is the start, one
after the end is the end. An argument that makes no sense raises ValueError.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise
from math import cbrt, cos, isfinite, pi, sin, sqrt
from typing import Final, Protocol

from .model import Target

RAMP_ACCELERATION_DPS2: Final = 0.8
"""80 % of the limit of 1 °/s² (docs/safety.md): the rest is for the tilt unit's own correction."""
RAMP_JERK_DPS3: Final = 1.6
"""80 % of the limit of 2 °/s³, for the same reason."""


class Motion(Protocol):
    """What every motion has."""

    @property
    def duration_s(self) -> float: ...

    def at(self, elapsed_s: float, /) -> Target: ...


class Ramp:
    """From rest at one angle to rest at another with limited jerk: the profile of seven phases.

    Jerk, constant acceleration, jerk back, cruise, and the first three mirrored. A distance too short for the rate or
    the acceleration gets a lower peak of them; no distance has no duration. Equations of motion with constant jerk.
    """

    __slots__ = (
        *("_start", "_end", "_rate", "_acceleration", "_half_jerk", "_sixth_jerk"),
        *("_jerk_s", "_full_s", "_rise_s", "_jerked_dps", "_jerked_deg", "_risen_deg"),
        *("duration_s", "end_deg", "start_deg"),
    )

    def __init__(
        self,
        start_deg: float,
        end_deg: float,
        rate_dps: float,
        acceleration_dps2: float = RAMP_ACCELERATION_DPS2,
        jerk_dps3: float = RAMP_JERK_DPS3,
    ) -> None:
        """The rate, the acceleration and the jerk are magnitudes above 0; the angles give the direction."""
        _need("start_deg", start_deg, isfinite(start_deg))
        _need("end_deg", end_deg, isfinite(end_deg - start_deg))
        for name, value in ("rate_dps", rate_dps), ("acceleration_dps2", acceleration_dps2), ("jerk_dps3", jerk_dps3):
            _need(name, value, isfinite(value) and value > 0)
        distance = abs(end_deg - start_deg)
        peak = min(rate_dps, _reachable_dps(distance, acceleration_dps2, jerk_dps3))
        jerk_s = min(acceleration_dps2 / jerk_dps3, sqrt(peak / jerk_dps3))
        steady_s = max(0.0, peak / acceleration_dps2 - acceleration_dps2 / jerk_dps3)
        rise_s = 2 * jerk_s + steady_s
        cruise_s = max(0.0, distance / peak - rise_s) if peak else 0.0
        jerk = jerk_dps3 if end_deg > start_deg else -jerk_dps3

        self.start_deg = start_deg
        self.end_deg = end_deg
        self.duration_s = 2 * rise_s + cruise_s
        self._start = Target(start_deg, 0.0)
        self._end = Target(end_deg, 0.0)
        self._jerk_s = jerk_s
        self._full_s = jerk_s + steady_s
        self._rise_s = rise_s
        self._half_jerk = jerk / 2
        self._sixth_jerk = jerk / 6
        self._acceleration = jerk * jerk_s
        self._jerked_dps = jerk * jerk_s**2 / 2
        self._jerked_deg = jerk * jerk_s**3 / 6
        self._rate = peak if end_deg > start_deg else -peak
        self._risen_deg = self._rate * rise_s / 2

    def at(self, elapsed_s: float) -> Target:
        """The angle in degrees and the signed rate in °/s at this moment; never beyond either end."""
        left_s = self.duration_s - elapsed_s
        if left_s <= 0.0:
            return self._end
        if elapsed_s <= 0.0:
            return self._start
        first_half = elapsed_s < left_s
        near_s = elapsed_s if first_half else left_s
        if near_s >= self._rise_s:
            return Target(self.start_deg + self._risen_deg + self._rate * (elapsed_s - self._rise_s), self._rate)
        if near_s < self._jerk_s:
            rate = self._half_jerk * near_s * near_s
            travel = self._sixth_jerk * near_s * near_s * near_s
        elif near_s < self._full_s:
            since_s = near_s - self._jerk_s
            gain = self._acceleration * since_s
            rate = self._jerked_dps + gain
            travel = self._jerked_deg + since_s * (self._jerked_dps + gain / 2)
        else:
            until_s = self._rise_s - near_s
            rate = self._rate - self._half_jerk * until_s * until_s
            travel = self._risen_deg - until_s * (self._rate - self._sixth_jerk * until_s * until_s)
        return Target(self.start_deg + travel if first_half else self.end_deg - travel, rate)


class Hold:
    """At rest at one angle."""

    __slots__ = ("_target", "duration_s")

    def __init__(self, angle_deg: float, duration_s: float) -> None:
        _need("angle_deg", angle_deg, isfinite(angle_deg))
        _need("duration_s", duration_s, isfinite(duration_s) and duration_s >= 0)
        self.duration_s = duration_s
        self._target = Target(angle_deg, 0.0)

    def at(self, elapsed_s: float) -> Target:
        """The same at every moment."""
        return self._target


class Swing:
    """A sine around an angle, head down first, that begins and ends at rest at its center.

    The amplitude grows during the first half period, and fades during the last, by
    e(s) = s³(39 − 142s + 213s² − 149s³ + 40s⁴), s from 0 to 1. Like the usual s³(10 − 15s + 6s²) it has neither slope
    nor curvature at both ends, but the acceleration peaks at 1.12 of the plain sine's instead of 1.59: its two free
    coefficients were searched for that. Angle and rate never exceed those of the plain sine.
    """

    __slots__ = ("_center", "_half_s", "_omega", "_rest", "_swing", "_swing_dps", "duration_s")

    ACCELERATION_FACTOR: Final = 1.116
    """Largest acceleration, of that of the plain sine."""
    JERK_FACTOR: Final = 3.122
    """Largest jerk, of that of the plain sine."""
    FIRST_TURN: Final = 0.6213
    """Where in the first half period it turns: the largest e(s) sin(πs), s from 0 to 1."""

    def __init__(self, center_deg: float, swing_deg: float, period_s: float, duration_s: float) -> None:
        """`swing_deg` is the amplitude to either side; `duration_s` is a whole number of periods, at least one."""
        _need("center_deg", center_deg, isfinite(center_deg))
        _need("swing_deg", swing_deg, isfinite(swing_deg) and swing_deg > 0)
        _need("period_s", period_s, isfinite(period_s) and period_s > 0)
        _need("duration_s", duration_s, is_whole(duration_s, period_s))
        self.duration_s = duration_s
        self._rest = Target(center_deg, 0.0)
        self._center = center_deg
        self._swing = swing_deg
        self._half_s = period_s / 2
        self._omega = 2 * pi / period_s
        self._swing_dps = swing_deg * self._omega

    @property
    def peaks(self) -> tuple[float, float, float]:
        """The largest rate in °/s, and bounds of the acceleration in °/s² and the jerk in °/s³."""
        acceleration = self._swing_dps * self._omega
        return self._swing_dps, self.ACCELERATION_FACTOR * acceleration, self.JERK_FACTOR * acceleration * self._omega

    @property
    def turns_s(self) -> Iterator[float]:
        """When it turns round, in seconds; from one to the next it goes one way."""
        first_s = self.FIRST_TURN * self._half_s
        yield first_s
        for number in range(1, round(self.duration_s / self._half_s) - 1):
            yield (number + 0.5) * self._half_s
        yield self.duration_s - first_s

    def at(self, elapsed_s: float) -> Target:
        """The angle in degrees and the signed rate in °/s at this moment."""
        left_s = self.duration_s - elapsed_s
        if elapsed_s <= 0.0 or left_s <= 0.0:
            return self._rest
        phase = self._omega * elapsed_s
        if elapsed_s < self._half_s:
            s = elapsed_s / self._half_s
            slope = 1.0 / self._half_s
        elif left_s < self._half_s:
            s = left_s / self._half_s
            slope = -1.0 / self._half_s
        else:
            return Target(self._center + self._swing * sin(phase), self._swing_dps * cos(phase))
        sine = self._swing * sin(phase)
        grown = s * s * s * (39 + s * (-142 + s * (213 + s * (-149 + s * 40))))
        slope *= s * s * (117 + s * (-568 + s * (1065 + s * (-894 + s * 280))))
        return Target(self._center + grown * sine, slope * sine + grown * self._swing_dps * cos(phase))


def is_whole(duration_s: float, period_s: float) -> bool:
    """Whether the duration is a whole number of periods, at least one; off by a billionth is still whole."""
    periods = duration_s / period_s
    return isfinite(periods) and round(periods) >= 1 and abs(periods - round(periods)) < 1e-9


def above(motion: Motion, angle_deg: float, moments_s: Iterable[float]) -> Iterator[tuple[float, float]]:
    """The stretches of time above an angle, each from start to end in seconds, a crossing to a millisecond.

    The moments rise, and the motion crosses the angle at most once from each to the next; a stretch never spans one.
    """
    for start_s, end_s in pairwise(moments_s):
        starts_above = motion.at(start_s).angle_deg > angle_deg
        ends_above = motion.at(end_s).angle_deg > angle_deg
        below_s, above_s = (end_s, start_s) if starts_above else (start_s, end_s)
        while starts_above != ends_above and abs(above_s - below_s) > 1e-3:
            middle_s = (below_s + above_s) / 2
            if motion.at(middle_s).angle_deg > angle_deg:
                above_s = middle_s
            else:
                below_s = middle_s
        if starts_above:
            yield start_s, end_s if ends_above else above_s
        elif ends_above:
            yield above_s, end_s


def _reachable_dps(distance_deg: float, acceleration_dps2: float, jerk_dps3: float) -> float:
    """The peak rate in °/s of a ramp over this distance that has no time to cruise."""
    jerk_s = cbrt(distance_deg / (2 * jerk_dps3))
    longest_jerk_s = acceleration_dps2 / jerk_dps3
    if jerk_s <= longest_jerk_s:
        return jerk_dps3 * jerk_s**2
    return acceleration_dps2 / 2 * (sqrt(longest_jerk_s**2 + 4 * distance_deg / acceleration_dps2) - longest_jerk_s)


def _need(name: str, value: float, fits: bool) -> None:
    if not fits:
        raise ValueError(f"{name} = {value!r} makes no motion")
