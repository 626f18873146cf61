"""The tilt unit's safety kernel: what its ladder and its grants decide, in whole numbers, without loops or state.

Angles in hundredths of a degree (cdeg), rates in hundredths of a degree a second (cdps), + towards head down; times in
milliseconds; causes as masks of `protocol.messages.Cause`. The firmware's kernel in C is the twin of this file.
What it never does is stated and proved in `proofs/`.
"""

from typing import Final

from protocol.messages import CAUSES, Cause, Reject, Rung

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
BRAKING_UP_STEP_CDPS: Final = 8
"""On the way up, 4.0 °/s². Chosen: there a heavy person's load stops the drive before the ramp ends, with up to
0.7 °/s² more."""
LEASE_LIMIT_MS: Final = 500
"""Safety.md: a setpoint is a lease of about 500 ms."""
LOWEST_CDEG: Final = -8000
"""The load position (domain.md): no setpoint leads beyond it."""
RISING_CDEG: Final = 50
"""A target this far above the table is a rise; less is the noise of a resting table, and moves nothing upwards."""
BLIND_CDPS: Final = -80
"""R2: low torque head-up, and below 1 °/s as with an ankle lock open."""
BACK_OFF_CDPS: Final = -100
"""1 °/s, as after a stop."""
BLIND_STEP_CDPS: Final = 8
"""In 20 ms. Chosen: gentle enough, and full speed after 0.3 s."""
FROZEN_MS: Final = 20_000
"""Frozen head down without a further command for 20 s becomes R1 (safety.md, stop)."""
FREEZE_RESTARTS: Final = 3
"""A stop restarts the 20 s at most three times an episode (safety.md, stop)."""
EPISODE_END_MS: Final = 60_000
"""An episode of head-down time ends after 60 s at or below 5° (domain.md, default limits)."""


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
WRONG_WAY: Final = int(Cause.WRONG_WAY)
STOPPED, FROZEN_LONG = int(Cause.STOPPED), int(Cause.FROZEN_LONG)
LEASE_EXPIRED, HOST_SILENT = int(Cause.LEASE_EXPIRED), int(Cause.HOST_SILENT)
ANKLES_OPEN, OCCUPANT_LOST = int(Cause.ANKLES_OPEN), int(Cause.OCCUPANT_LOST)
ENDS_AT_LEVEL: Final = int(
    Cause.LEVEL_WISHED | Cause.OVER_TIME | Cause.ANKLES_OPEN | Cause.FROZEN_LONG | Cause.RESTARTED | Cause.MOTOR_HOT
    | Cause.SUPPLY_LOW
)  # fmt: skip
"""Causes of a return that end with it, or where there is nothing to return from."""
KEPT: Final = ENDS_AT_LEVEL | STOPPED | HOST_SILENT | LEASE_EXPIRED
"""Causes that stay until something ends them; all others are judged anew at each tick."""
RELEASED: Final = int(Cause.ESTOP | Cause.LOWERING)
"""What makes void, when it ends, what was wished while it lasted: the release moves nothing (F24)."""
VOIDING: Final = RELEASED | ANKLES_OPEN | OCCUPANT_LOST | PERSON_LOST | HOST_SILENT
"""What makes void whatever was wished before it came: nothing goes on by itself when it is over."""
REST, BRAKE, RETURN, RETURN_BLIND, FOLLOW = range(5)
"""What a rung makes of the table: brake on at once; a protective stop; R1; R2; the lease."""
VOID_STOP_COUNT, INTERLOCK = int(Reject.VOID_STOP_COUNT), int(Reject.INTERLOCK)
LATCHED, NOT_ARMED, NOT_AT_REST = int(Reject.LATCHED), int(Reject.NOT_ARMED), int(Reject.NOT_AT_REST)

# ---- causes and rung ------------------------------------------------------------------------------------------------


def rung(active: int, latched: int, head_down: bool) -> int:
    """The most severe rung that applies. On the head-up side nothing but REFUSE and HOLD (H15).

    A latched HOLD yields to a live wish for level once nothing that holds is active any more: not for anything else.
    A motor that is known to run the wrong way drives nobody before somebody acknowledged it (F9).
    Once nobody was sensed while an ankle lock was open (F26), only that wish moves: no reaction of the unit's own does.
    """
    causes = active | latched
    if causes == 0:
        return NONE
    wished = head_down and active & LEVEL_WISHED != 0
    if active & HOLD_MASK or latched & WRONG_WAY or (latched & HOLD_MASK and not wished):
        return HOLD
    if head_down and (wished or not causes & PERSON_LOST):
        if causes & BLIND_MASK:
            return BLIND
        if causes & LEVEL_MASK:
            return LEVEL
    return REFUSE


def reaction(rung_now: int, active: int, leased: bool) -> int:
    """What happens on a rung. A stop brakes gently also where it ends a return that was wished under a latched R3."""
    stopped = active & STOPPED != 0
    if rung_now == HOLD and (active & HOLD_MASK or not stopped):
        return REST
    if stopped:
        return BRAKE
    if rung_now == BLIND:
        return RETURN_BLIND
    if rung_now == LEVEL:
        return RETURN
    return FOLLOW if leased else BRAKE


def stop(active: int, repeated: bool) -> int:
    """Causes after a stop: whatever moves is frozen, an older wish for level is over.

    A flood of one and the same stop (`repeated`) does not hold up the return that follows 20 s of it.
    """
    if repeated and active & FROZEN_LONG:
        return active
    return active & ~(LEVEL_WISHED | FROZEN_LONG) | STOPPED


def restarts_freeze(repeated: bool, restarts: int) -> bool:
    """Whether a further stop begins the 20 s of a freeze again; `restarts`: how many did in this episode."""
    return not repeated and restarts < FREEZE_RESTARTS


def thaw(active: int, head_down: bool, driven: bool, frozen_ms: int) -> int:
    """Causes after a freeze of `frozen_ms`: head down, 20 s of it become a return (H1)."""
    if active & STOPPED and head_down and not driven and frozen_ms >= FROZEN_MS:
        return active & ~STOPPED | FROZEN_LONG
    return active


def wish_level(active: int, head_down: bool) -> int:
    """Causes after a wish for level: the freeze is over; on the head-up side nothing begins, nor while something holds.

    Such a wish is not kept for later: the release of an emergency stop moves nothing (F24).
    """
    if active & HOLD_MASK:
        return active
    active &= ~(STOPPED | FROZEN_LONG)
    return active | LEVEL_WISHED if head_down else active


def begin(active: int) -> int:
    """Causes after a new grant or lease was taken: a deliberate one ends a freeze."""
    return active & ~(STOPPED | LEASE_EXPIRED)


def judge_host(active: int, silent: bool, expired: bool, head_down: bool, moving: bool) -> int:
    """F2, F17: a lease that ended in motion, and 2 s of silence. Head down, a host that comes back ends neither."""
    if expired and moving:
        active |= LEASE_EXPIRED
    if silent:
        return active | HOST_SILENT
    if head_down:
        return active
    active &= ~HOST_SILENT
    return active if moving else active & ~LEASE_EXPIRED


def judge_person(occupied: bool, ankles_locked: bool, concerned: bool) -> int:
    """F25, F26. `concerned`: head down, moving or armed."""
    if not concerned or (occupied and ankles_locked):
        return 0
    if occupied:
        return ANKLES_OPEN
    return OCCUPANT_LOST if ankles_locked else PERSON_LOST


def voids(before: int, active: int) -> bool:
    """Whether whatever was wished before is void: something came that ends it, or a hold was released (F24)."""
    return (active & ~before & VOIDING) | (before & ~active & RELEASED) != 0


def settle(active: int, head_down: bool, moving: bool, at_level: bool) -> int:
    """Causes that end at level, or at rest on the head-up side; a freeze ends at level only."""
    if head_down or moving:
        return active
    return active & ~(ENDS_AT_LEVEL | STOPPED) if at_level else active & ~ENDS_AT_LEVEL


def latch(latched: int, active: int) -> int:
    """Causes that wait for an acknowledgement: they only ever join."""
    return latched | (active & LATCHING_MASK)


def acknowledge(latched: int, active: int, head_down: bool) -> int:
    """What stays latched after a person acknowledged: what is still there, and everything while head down."""
    return latched if head_down else latched & active


# ---- grants ---------------------------------------------------------------------------------------------------------


def lease_runs(since_ms: int, asked_ms: int, now_ms: int) -> bool:
    """Whether a lease received at `since_ms` still runs: for as long as it asked, and never beyond 500 ms."""
    lasts_ms = asked_ms if asked_ms < LEASE_LIMIT_MS else LEASE_LIMIT_MS
    return 0 <= now_ms - since_ms <= lasts_ms


def refuse_setpoint(
    quoted_stop_count: int,
    stop_count: int,
    rung_now: int,
    frozen: bool,
    trusted: bool,
    secured: bool,
    armed: bool,
    target_cdeg: int,
    angle_cdeg: int,
) -> int:
    """Why a setpoint becomes no lease (H4), as a code of `Reject`, or 0. `frozen`: by a stop, head down.

    Without a grant a setpoint may only lead down: out of a freeze on the head-up side, or to standing.
    """
    if quoted_stop_count != stop_count:
        return VOID_STOP_COUNT
    if rung_now >= LEVEL or not trusted or frozen:
        return LATCHED
    if not secured:
        return INTERLOCK
    return NOT_ARMED if not armed and target_cdeg > angle_cdeg + RISING_CDEG else 0


def refuse_arm(
    quoted_stop_count: int,
    stop_count: int,
    secured: bool,
    moving: bool,
    trusted: bool,
    head_down: bool,
    active: int,
    latched: int,
) -> int:
    """Why no grant is given, as a code of `Reject`, or 0."""
    if quoted_stop_count != stop_count:
        return VOID_STOP_COUNT
    if not secured:
        return INTERLOCK
    if moving:
        return NOT_AT_REST
    return 0 if may_arm(active, latched, True, True, trusted, False, head_down) else LATCHED


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


# ---- angle and rate -------------------------------------------------------------------------------------------------


def limit(own_cdeg: int, asked_cdeg: int) -> int:
    """The tighter of the unit's own limit and the one that a setpoint names."""
    return asked_cdeg if asked_cdeg < own_cdeg else own_cdeg


def over_angle(worst_cdeg: int, limit_cdeg: int) -> bool:
    """F14. A limit below level leads down, but makes no fault of a table at level."""
    return worst_cdeg > (limit_cdeg if limit_cdeg > 0 else 0) + OVER_ANGLE_MARGIN_CDEG


def target(asked_cdeg: int, limit_cdeg: int, lowest_cdeg: int) -> int:
    """A target within the tightest limit and the travel."""
    tightest = asked_cdeg if asked_cdeg < limit_cdeg else limit_cdeg
    return tightest if tightest > lowest_cdeg else lowest_cdeg


def braking(last_cdps: int) -> int:
    """The rate of a protective stop 20 ms later: always closer to standstill."""
    if last_cdps > BRAKING_STEP_CDPS:
        return last_cdps - BRAKING_STEP_CDPS
    return last_cdps + BRAKING_UP_STEP_CDPS if last_cdps < -BRAKING_UP_STEP_CDPS else 0


def rate(wanted_cdps: int, cap_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int) -> int:
    """H6: the rate that the drive may be given, capped; towards head down only when that is allowed below the limit."""
    if wanted_cdps > 0 and (not increase or worst_cdeg >= limit_cdeg + OVER_ANGLE_MARGIN_CDEG):
        return 0
    if wanted_cdps > cap_cdps:
        return cap_cdps
    return wanted_cdps if wanted_cdps > -cap_cdps else -cap_cdps


def drive(last_cdps: int, wanted_cdps: int, cap_cdps: int, increase: bool, worst_cdeg: int, limit_cdeg: int) -> int:
    """The rate that the motor gets next to follow a lease: a rise that is not allowed any more is braked."""
    out_cdps = rate(wanted_cdps, cap_cdps, increase, worst_cdeg, limit_cdeg)
    return braking(last_cdps) if out_cdps == 0 and last_cdps > 0 else out_cdps


def drive_home(last_cdps: int, wanted_cdps: int, cap_cdps: int) -> int:
    """The rate that the motor gets next in R1: what still rises, or is faster than the cap by now, is braked first."""
    if last_cdps > 0 or last_cdps < -cap_cdps:
        return braking(last_cdps)
    return rate(wanted_cdps, cap_cdps, False, 0, 0)


def drive_blind(last_cdps: int) -> int:
    """The rate that the motor gets next in R2: braked first likewise, then gently up to its own slow rate."""
    if last_cdps > 0 or last_cdps < BLIND_CDPS:
        return braking(last_cdps)
    return last_cdps - BLIND_STEP_CDPS if last_cdps > BLIND_CDPS + BLIND_STEP_CDPS else BLIND_CDPS


def drive_back(last_cdps: int) -> int:
    """The rate that the motor gets next to back off from a stall on the way up (F10): towards head up only."""
    if last_cdps > 0 or last_cdps < BACK_OFF_CDPS:
        return 0
    return last_cdps - BLIND_STEP_CDPS if last_cdps > BACK_OFF_CDPS + BLIND_STEP_CDPS else BACK_OFF_CDPS


def return_rate_cap(stopped: bool, ankles_open: bool) -> int:
    """How fast the unit returns to level by itself (H7)."""
    return SLOW_RATE_CDPS if stopped or ankles_open else HARD_RATE_CDPS


# ---- head-down time -------------------------------------------------------------------------------------------------


def count_ms(count_ms: int, worst_cdeg: int, elapsed_ms: int) -> int:
    """A count of head-down time after `elapsed_ms` at this angle: time above 5° counts."""
    return count_ms + elapsed_ms if worst_cdeg > EXPOSED_CDEG else count_ms


def below_ms(below_ms: int, worst_cdeg: int, elapsed_ms: int) -> int:
    """How long the table has been at or below 5° without a break."""
    return below_ms + elapsed_ms if worst_cdeg <= EXPOSED_CDEG else 0


def episode_over(below_ms: int) -> bool:
    """Whether an episode of head-down time has ended."""
    return below_ms >= EPISODE_END_MS


def strictest_cdeg(strictest_cdeg: int, worst_cdeg: int) -> int:
    """The strictest angle of an episode, which counts for the whole of it."""
    return worst_cdeg if worst_cdeg > EXPOSED_CDEG and worst_cdeg > strictest_cdeg else strictest_cdeg


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
