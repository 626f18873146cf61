"""How the table is moved: rest, brake, return to level (R1), blind return (R2), follow a lease, back off a stall.

The unit picks one of them at each tick of 20 ms; each says what motor and brake get. Whatever a motion wants passes
`kernel.rate`: nothing moves towards head down that may not.
"""

from typing import Final, NamedTuple

from protocol.messages import Cause, Setpoint

from . import kernel
from .angle import Angle
from .drive import ARRIVED_DEG, LEFT_DEG, NEAR_DEG, TICK_MS, Follower, Reference, power
from .watch import NO_PROGRESS, STALLED, WRONG_WAY, Progress, Stall

BRAKE_WAIT_TICKS: Final = 10
"""The motor coasts out for 200 ms (two of its time constants) before the brake bites, so that it does not jerk."""
RETURN_SHARE: Final = 0.9
"""Of the return's largest rate that is planned: the loop that follows needs the rest, and 3 °/s is a limit."""
PLANNED_SHARE: Final = 0.75
CREEP_CDPS: Final = 50
"""Of the planned rate, what counts as going as planned; and the rate below which the last of the way is corrected
anyway. Chosen: a sensor's rate is off by up to a fifth, and 0.5 °/s may be made up for by as much again."""
BLIND_SLOWEST_DPS: Final = 0.5
"""Under full load, with reserve; bounds the blind return (safety.md, R2)."""
BLIND_RESERVE_DEG: Final = 5.0
"""What the last trusted angle may have been wrong by, and the run-up. Chosen: it ends at the side anyway."""
BLIND_AGAIN_MS: Final = 10_000
"""What a person's wish for level gets once a blind return has ended without coming to the side. Chosen: a few degrees,
with somebody watching."""
BACK_OFF_MS: Final = 1000
"""At most 2° (safety.md, F10): up to 1 °/s, and braked after a second, as soon as after a lease that ends."""
STILL_CDPS: Final = 2
LOWEST_DEG: Final = kernel.LOWEST_CDEG / 100
RATE_CAP_DPS: Final = kernel.HARD_RATE_CDPS / 100
BLIND_ENDED: Final = int(Cause.BLIND_ENDED)


class Command(NamedTuple):
    """What the unit gives to motor (−1 to 1, + towards head down) and brake."""

    power: float
    brake: bool


RESTING: Final = Command(0.0, True)


class Motion:
    """The motion under way. `out_cdps`: the rate given to the motor; `fault`: the cause that it ended with, or 0.

    `blind_ms`: how long a blind return has lasted, whose end is the side, the time, or a cause above it; `back_off_ms`:
    for how long a stall is still backed off, which ends in a fault.
    """

    __slots__ = (
        *("_arrived_ticks", "_bed_progress", "_blind_limit_ms", "_drive_progress"),
        *("_following", "_follower", "_power", "_reference", "_stall", "_wait_ticks"),
        *("back_off_ms", "blind_ms", "braked", "fault", "out_cdps", "returning"),
    )

    def __init__(self) -> None:
        self._reference = Reference(0.0)
        self._follower = Follower()
        self._bed_progress, self._drive_progress = Progress(), Progress()
        self._following = False
        self._arrived_ticks = 0
        self._wait_ticks = 0
        self.blind_ms = self._blind_limit_ms = 0
        self.back_off_ms = 0
        self._stall = Stall()
        self._power = 0.0
        self.returning = False
        self.braked = True
        self.out_cdps = 0
        self.fault = 0

    def rest(self) -> Command:
        """Motor off, brake on, at once."""
        if not self.braked:
            self.braked = True
            self.returning = self._following = False
            self.out_cdps = self.back_off_ms = 0
            self._power = 0.0
            self._stall.reset()
        return RESTING

    def brake(self, angle: Angle) -> Command:
        """The protective stop, then the brake."""
        if self.braked:
            return RESTING
        self.returning = self._following = False
        if self.out_cdps:
            self._slow_down()
        else:
            self._wait_ticks -= 1
            if self._wait_ticks <= 0:
                return self.rest()
        return self._give(angle)

    def return_to_level(self, angle: Angle, cap_cdps: int) -> Command:
        """R1: towards level, closed loop; whatever still rises is braked first. Level is where both sensors say so.

        The more head-down sensor leads: one that drifts home by itself would lead a table that stands still.
        """
        if self.out_cdps > 0:
            return self.brake(angle)
        worst_deg = angle.worst_cdeg / 100
        if not self.returning:
            self._begin(worst_deg)
            self.returning = True
        if self.out_cdps < -cap_cdps:
            # An ankle lock opened on the way.
            self._slow_down()
            self._reference.place(worst_deg, -RETURN_SHARE * cap_cdps / 100)
            self._follower.rest(self.out_cdps / 100)
            return self._give(angle)
        if not self.out_cdps and worst_deg < self._reference.angle_deg:
            self._reference.angle_deg = worst_deg  # a sensor that failed just now had the say until then
        self._reference.approach(0.0, 0.0, RETURN_SHARE * cap_cdps / 100)
        planned_cdps = -self._reference.rate_dps * 100
        # One sensor that lags behind may be frozen: where the other one goes about as planned, nothing is made up for.
        hurry = planned_cdps < CREEP_CDPS or angle.fastest_cdps < PLANNED_SHARE * planned_cdps
        wanted_cdps = self._wanted_cdps(worst_deg, hurry)
        return self._drive(angle, kernel.drive_home(self.out_cdps, wanted_cdps, cap_cdps))

    def return_blind(self, angle: Angle) -> Command:
        """R2: slowly head-up, for as long as the slowest drive would need from the last trusted angle."""
        if self.out_cdps > 0:
            return self.brake(angle)
        if not self.blind_ms and not self._blind_limit_ms:
            self._blind_limit_ms = round(
                (max(angle.worst_cdeg, 0) / 100 + BLIND_RESERVE_DEG) / BLIND_SLOWEST_DPS * 1000
            )
        if self.blind_ms >= self._blind_limit_ms:
            self.fault = BLIND_ENDED
            return self.rest()
        if not self.blind_ms or self.braked:
            self._begin(angle.angle_deg)
        self.blind_ms += TICK_MS
        return self._drive(angle, kernel.drive_blind(self.out_cdps))

    def end_blind(self) -> None:
        """The blind return is over, and the angle is not known: a fault."""
        self.blind_ms = self._blind_limit_ms = 0
        self.fault = BLIND_ENDED

    def blind_again(self) -> None:
        """A person wishes one that has ended to go on for a while."""
        self.blind_ms, self._blind_limit_ms = 0, BLIND_AGAIN_MS

    def watch_stall(self, angle: Angle, current_a: float) -> None:
        """F10: what stalls on the way up gives way before it holds. On the way down only a fault is left: no reaction
        of the unit's own goes up."""
        if self.braked or not self._stall.tick(current_a, self._power):
            return
        if self.out_cdps > 0:
            self._begin(angle.angle_deg)
            self._stall.reset()
            self.out_cdps = 0
            self.back_off_ms = BACK_OFF_MS
        else:
            self.rest()
            self.fault = STALLED

    def back_off(self, angle: Angle, current_a: float, allowed: bool) -> Command:
        """Away from what was in the way, towards head up, until it is far enough, stalls again, or is stopped."""
        self.back_off_ms -= TICK_MS
        if not allowed or self.back_off_ms <= 0 or self._stall.tick(current_a, self._power):
            self.rest()
            self.fault = STALLED
            return RESTING
        self.out_cdps = kernel.drive_back(self.out_cdps)
        return self._give(angle)

    def holds(self, angle: Angle, setpoint: Setpoint, target_cdeg: int) -> bool:
        """Whether the brake holds the table where a lease wants it."""
        return (
            self.braked
            and -STILL_CDPS < setpoint.rate_cdps < STILL_CDPS
            and -LEFT_DEG < target_cdeg / 100 - angle.angle_deg < LEFT_DEG
        )

    def follow(self, angle: Angle, setpoint: Setpoint, target_cdeg: int, increase: bool, limit_cdeg: int) -> Command:
        """A leased target; at rest on it the brake goes on."""
        target_deg = target_cdeg / 100
        error_deg = target_deg - angle.angle_deg
        still = -STILL_CDPS < setpoint.rate_cdps < STILL_CDPS
        rises = error_deg > LEFT_DEG or setpoint.rate_cdps > STILL_CDPS
        if not increase and rises and not (self._following and self.out_cdps < 0):
            # On the way down a target that comes late, or was passed, is no reason to jolt: it slows down first.
            return self.brake(angle)
        reference = self._reference
        if not self._following:
            self._begin(angle.angle_deg)
            self._following = True
        rate_dps = setpoint.rate_cdps / 100
        if reference.ends(target_deg, rate_dps) and -NEAR_DEG < error_deg < NEAR_DEG:
            # To come back for so little, through the play, would be a jolt.
            target_deg, rate_dps = reference.angle_deg, 0.0
        if still and abs(target_deg - angle.angle_deg) < ARRIVED_DEG and -0.05 < reference.rate_dps < 0.05:
            self._arrived_ticks += 1
            if self._arrived_ticks >= BRAKE_WAIT_TICKS:
                return self.rest()
        else:
            self._arrived_ticks = 0
        reference.approach(target_deg, rate_dps, RATE_CAP_DPS, LOWEST_DEG, limit_cdeg / 100)
        wanted_cdps, cap_cdps = self._wanted_cdps(angle.angle_deg), kernel.HARD_RATE_CDPS
        return self._drive(
            angle, kernel.drive(self.out_cdps, wanted_cdps, cap_cdps, increase, angle.worst_cdeg, limit_cdeg)
        )

    def _begin(self, angle_deg: float) -> None:
        """From rest, or over from another motion, without a jump of the rate."""
        if self.braked:  # otherwise a motor that runs wild is none the better for another motion
            self._bed_progress.reset()
            self._drive_progress.reset()
        self.braked = self.returning = self._following = False
        self._wait_ticks = BRAKE_WAIT_TICKS
        self._arrived_ticks = 0
        self._reference.place(angle_deg, self.out_cdps / 100)
        self._follower.rest(self.out_cdps / 100)

    def _wanted_cdps(self, angle_deg: float, hurry: bool = True) -> int:
        """What the follower wants of the motor where the table is at this angle. `hurry`: to catch up, if it lags."""
        return round(self._follower.rate_dps(self._reference, angle_deg, hurry) * 100)

    def _drive(self, angle: Angle, out_cdps: int) -> Command:
        """Drive at a rate that the kernel allows, and see whether the table goes along."""
        self.out_cdps = out_cdps
        self._follower.gave(out_cdps)
        if cause := self._stuck(angle):
            self.fault = cause
            return self.rest()
        return self._give(angle)

    def _stuck(self, angle: Angle) -> int:
        """The cause if every healthy sensor says that the table does not follow the drive (F9, F11).

        One alone may be a sensor that drifts or freezes, or a linkage that broke: that shows as a disagreement. What
        the motor is given only to hold a load asks for no motion.
        """
        rate_dps, asked_dps, bed, drive = self.out_cdps / 100, self._follower.asked_dps, angle.bed, angle.drive
        bed_cause = self._bed_progress.tick(bed.smooth_cdeg / 100, rate_dps, TICK_MS, asked_dps)
        drive_cause = self._drive_progress.tick(drive.smooth_cdeg / 100, rate_dps, TICK_MS, asked_dps)
        if bed.failing:
            return 0 if drive.failing else drive_cause
        if drive.failing:
            return bed_cause
        if not (bed_cause and drive_cause):
            return 0
        return WRONG_WAY if bed_cause == drive_cause == WRONG_WAY else NO_PROGRESS

    def _slow_down(self) -> None:
        """The protective stop: one step of it."""
        self.out_cdps = kernel.braking(self.out_cdps)

    def _give(self, angle: Angle) -> Command:
        self._power = power(self.out_cdps / 100, angle.angle_deg)
        return Command(self._power, False)
