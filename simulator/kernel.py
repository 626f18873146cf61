"""The tilt unit's safety kernel: what its ladder and its grants decide, in whole numbers, without loops or state.

Angles in hundredths of a degree (cdeg), rates in hundredths of a degree a second (cdps), + towards head down; times in
milliseconds; causes as masks of `protocol.messages.Cause`. The firmware's kernel in C is the twin of this file.
"""

from typing import Final

from protocol.messages import CAUSES, Cause, Rung

LEVEL_CDEG: Final = 150
"""Level is |angle| ≤ 1.5°; above it every reaction treats the person as head down (safety.md)."""
EXPOSED_CDEG: Final = 500
"""Head-down time counts above 5° (domain.md)."""
HARD_LIMIT_CDEG: Final = 6000
"""60° (domain.md, default limits)."""
HARD_RATE_CDPS: Final = 300
"""3 °/s (domain.md, default limits)."""
SLOW_RATE_CDPS: Final = 100
"""1 °/s after a stop or with an ankle lock open (safety.md, R1)."""
TRIP_CDPS: Final = 500
"""5 °/s (domain.md, default limits)."""
OVER_ANGLE_MARGIN_CDEG: Final = 100
"""Limit + 1° (safety.md, F14)."""
TOLERANCE_CDEG: Final = 100
"""What the more head-down sensor may show beyond the angle that was asked for: position and calibration."""
BRAKING_STEP_CDPS: Final = 9
"""In 20 ms, 4.5 °/s². Chosen: the frame rings under a heavy person by a tenth, and the bed may stop with 5 °/s²
(domain.md, protective stop)."""
LEASE_LIMIT_MS: Final = 500
"""Safety.md: a setpoint is a lease of about 500 ms."""


def _mask(rung: Rung) -> int:
    return int(sum(cause for cause, fact in CAUSES.items() if fact.rung is rung))


HOLD_MASK: Final = _mask(Rung.HOLD)
BLIND_MASK: Final = _mask(Rung.BLIND_LEVEL)
LEVEL_MASK: Final = _mask(Rung.LEVEL)
LATCHING_MASK: Final = int(sum(cause for cause, fact in CAUSES.items() if fact.latches))
BLOCKING_MASK: Final = int(sum(CAUSES)) & ~int(Cause.STOPPED | Cause.LEASE_EXPIRED)
"""Causes that refuse a new grant: all but STOPPED and LEASE_EXPIRED, which a deliberate new grant is what ends."""
NONE, REFUSE, LEVEL, BLIND, HOLD = (int(rung) for rung in Rung)
LEVEL_WISHED: Final = int(Cause.LEVEL_WISHED)
PERSON_LOST: Final = int(Cause.PERSON_LOST)


def rung(active: int, latched: int, head_down: bool) -> int:
    """The most severe rung that applies.

    A latched HOLD yields to a live wish for level once nothing that holds is active any more: not for anything else.
    Once nobody was sensed while an ankle lock was open (F26), only that wish moves: no reaction of the unit's own does.
    """
    causes = active | latched
    if causes == 0:
        return NONE
    wished = head_down and active & LEVEL_WISHED != 0
    if active & HOLD_MASK or (latched & HOLD_MASK and not wished):
        return HOLD
    if head_down and (wished or not causes & PERSON_LOST):
        if causes & BLIND_MASK:
            return BLIND
        if causes & LEVEL_MASK:
            return LEVEL
    return REFUSE


def braking(last_cdps: int) -> int:
    """The rate of a protective stop 20 ms later: always closer to standstill."""
    if last_cdps > BRAKING_STEP_CDPS:
        return last_cdps - BRAKING_STEP_CDPS
    return last_cdps + BRAKING_STEP_CDPS if last_cdps < -BRAKING_STEP_CDPS else 0


def may_arm(
    active: int, latched: int, occupied: bool, ankles_locked: bool, trusted: bool, moving: bool, head_down: bool
) -> bool:
    """Whether a grant may be given: a person locked in, at rest, not head down, and no cause that forbids it."""
    return (
        occupied
        and ankles_locked
        and trusted
        and not moving
        and not head_down
        and latched == 0
        and active & BLOCKING_MASK == 0
    )


def may_increase(armed: bool, leased: bool, trusted: bool, active: int, latched: int, time_left_ms: int) -> bool:
    """Whether anything at all may increase the angle now."""
    return armed and leased and trusted and active == 0 and latched == 0 and time_left_ms > 0


def may_follow(occupied: bool, ankles_locked: bool, trusted: bool) -> bool:
    """Whether a lease may move the table at all, also downwards: a person locked in, and a known angle."""
    return occupied and ankles_locked and trusted


def limit(own_cdeg: int, asked_cdeg: int) -> int:
    """The tighter of the unit's own limit and the one a setpoint names; never below level."""
    tightest = min(own_cdeg, asked_cdeg)
    return tightest if tightest > 0 else 0


def target(asked_cdeg: int, limit_cdeg: int, lowest_cdeg: int) -> int:
    """A target within the tightest limit and the travel."""
    if asked_cdeg > limit_cdeg:
        return limit_cdeg
    return asked_cdeg if asked_cdeg > lowest_cdeg else lowest_cdeg


def rate(wanted_cdps: int, cap_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int) -> int:
    """The rate that the drive may be given: capped, and towards head down only when that is allowed below the limit."""
    if wanted_cdps > 0 and (not increase or worst_cdeg >= limit_cdeg + OVER_ANGLE_MARGIN_CDEG):
        return 0
    if wanted_cdps > cap_cdps:
        return cap_cdps
    return wanted_cdps if wanted_cdps > -cap_cdps else -cap_cdps


def return_rate_cap(stopped: bool, ankles_open: bool) -> int:
    """How fast the unit returns to level by itself."""
    return SLOW_RATE_CDPS if stopped or ankles_open else HARD_RATE_CDPS


def latch(latched: int, active: int) -> int:
    """Causes that wait for an acknowledgement: they only ever join."""
    return latched | (active & LATCHING_MASK)


def acknowledge(latched: int, active: int, head_down: bool) -> int:
    """What stays latched after a person acknowledged: what is still there, and everything while head down."""
    return latched if head_down else latched & active


def continuous_limit_ms(strictest_cdeg: int) -> int:
    """Head-down time allowed in an episode, by its strictest angle (domain.md, default limits).

    A hold at 30° may read as 30.6° on one of the sensors: it is still a hold at 30°.
    """
    if strictest_cdeg <= 1500 + TOLERANCE_CDEG:
        return 600_000
    if strictest_cdeg <= 3000 + TOLERANCE_CDEG:
        return 300_000
    if strictest_cdeg <= 4500 + TOLERANCE_CDEG:
        return 180_000
    return 120_000
