"""The tilt unit: bytes and readings in, bytes and motor command out. It trusts nobody.

Every 10 ms it judges its sensors, gathers the *causes* that are at work, lets the kernel name the rung of the ladder,
and moves by that: R3 nothing; a fresh stop brakes; R2 blind and R1 return lead home from the head-down side; otherwise
a leased setpoint is followed as far as the kernel allows; otherwise it brakes and holds.

Two words for causes: *active* ones are at work now; *latched* ones wait for a person's acknowledgement.
"""

from dataclasses import dataclass
from typing import Final, NamedTuple

from protocol.link import UnitLink, frame
from protocol.messages import (
    BY_MESSAGE,
    TELEMETRY_PERIOD_MS,
    VERSION,
    Acknowledge,
    Arm,
    Cause,
    Disarm,
    Flag,
    Hello,
    HostMessage,
    Identity,
    Level,
    Reject,
    Setpoint,
    Stop,
    Telemetry,
)

from . import kernel
from .drive import ARRIVED_DEG, LEFT_DEG, NOMINAL_FULL_DPS, Follower, Reference, Tracker
from .exposure import Exposure
from .sensors import Readings
from .voting import Voter
from .watch import Progress, Sustained

TICK_MS: Final = 10
FIRMWARE: Final = (1, 0, 0)
FROZEN_MS: Final = 20_000
"""Frozen head down without a further command for 20 s becomes R1 (safety.md, stop)."""
FREEZE_RESTARTS: Final = 3
"""A stop restarts the 20 s at most three times an episode (safety.md, stop)."""
SAME_STOP_MS: Final = 500
"""Stop frames closer than this repeat one stop; they are all counted, but restart nothing."""
RESET_LOOP_MS: Final = 60_000
"""A second reset in 60 s holds (safety.md, F5)."""
SETTLE_MS: Final = 200
"""After a restart the sensors are watched this long before anything is believed."""
BRAKE_WAIT_TICKS: Final = 20
"""The motor coasts out for 200 ms (two of its time constants) before the brake bites, so that it does not jerk."""
BLIND_POWER: Final = -0.3
"""Low torque head-up: about 1 °/s."""
BLIND_SLOWEST_DPS: Final = 0.5
"""Under full load, with reserve; bounds the blind return (safety.md, R2)."""
MOVING_DPS: Final = 0.2

STOPPED, LEVEL_WISHED, HOST_SILENT = int(Cause.STOPPED), int(Cause.LEVEL_WISHED), int(Cause.HOST_SILENT)
LEASE_EXPIRED, OVER_TIME, FROZEN_LONG = int(Cause.LEASE_EXPIRED), int(Cause.OVER_TIME), int(Cause.FROZEN_LONG)
RESTARTED, OVER_ANGLE = int(Cause.RESTARTED), int(Cause.OVER_ANGLE)
ANKLES_OPEN, PERSON_LOST, OCCUPANT_LOST = int(Cause.ANKLES_OPEN), int(Cause.PERSON_LOST), int(Cause.OCCUPANT_LOST)
OVER_SPEED, NO_PROGRESS, ESTOP_PRESSED = int(Cause.OVER_SPEED), int(Cause.NO_PROGRESS), int(Cause.ESTOP)
LOWERED, BLIND_ENDED = int(Cause.LOWERING), int(Cause.BLIND_ENDED)
NO_SENSOR, DISAGREEMENT = int(Cause.NO_SENSOR), int(Cause.DISAGREEMENT)
BED_SENSOR, DRIVE_SENSOR = int(Cause.BED_SENSOR), int(Cause.DRIVE_SENSOR)
OCCUPIED, ANKLES_LOCKED, ESTOP, HEAD_DOWN_SIDE, END_HEAD_DOWN, END_HEAD_UP, BRAKE, DRIVEN = (
    int(flag) for flag in list(Flag)[:8]
)
MOVING, ARMED, LEASED, TRUSTED, SIREN, LOWERING, FROZEN, HOST_LIVE = (int(flag) for flag in list(Flag)[8:])
LOWEST_CDEG: Final = -8000
"""The load position (domain.md): no setpoint leads beyond it."""
RATE_CAP_DPS: Final = kernel.HARD_RATE_CDPS / 100
KEPT: Final = STOPPED | LEVEL_WISHED | HOST_SILENT | LEASE_EXPIRED | OVER_TIME | FROZEN_LONG | RESTARTED
"""Causes that stay until something ends them; all others are judged anew at each tick."""
ENDS_AT_LEVEL: Final = LEVEL_WISHED | OVER_TIME | FROZEN_LONG | RESTARTED
"""Causes of a return that end with it, or where there is nothing to return from."""


@dataclass(slots=True)
class Memory:
    """What survives a reset: counters and latches in memory that a reset does not clear. A power cut does (`valid`)."""

    valid: bool = False
    boots: int = 0
    uptime_ms: int = 0
    stop_count: int = 0
    latched: int = 0
    head_down_ms: int = 0


class Command(NamedTuple):
    """What the unit gives to motor (−1 to 1, + towards head down) and brake."""

    power: float
    brake: bool


class TiltUnit:
    """One run of the unit, from a reset to the next. `entropy` makes its first nonce unpredictable."""

    def __init__(self, memory: Memory, entropy: int, unit: int, time_scale: int) -> None:
        looped = memory.valid and memory.uptime_ms < RESET_LOOP_MS and memory.boots > 1
        memory.boots += 1
        memory.uptime_ms = 0
        memory.stop_count += 1 + entropy % 251
        if looped:
            memory.latched |= Cause.RESET_LOOP
        memory.valid = True
        self._memory = memory
        self._link = UnitLink(entropy, memory.stop_count)
        self._identity = Identity(
            VERSION, 0, *FIRMWARE, 1, time_scale, unit, memory.boots & 0xFFFF,
            kernel.HARD_LIMIT_CDEG / 100, kernel.HARD_RATE_CDPS / 100,
        )  # fmt: skip
        self._out = [frame(self._identity)]
        self._now_ms = 0
        self._voter = Voter()
        self._tracker = Tracker(0.0)
        self._reference = Reference(0.0)
        self._follower = Follower()
        self._exposure = Exposure(memory.head_down_ms)
        self._progress = Progress()
        self._ankles_open, self._unoccupied = Sustained(10), Sustained(50)
        self._over_angle, self._over_speed = Sustained(5), Sustained(3)
        self._active = RESTARTED
        self._latched = memory.latched
        self._rung = kernel.REFUSE
        self._armed = False
        self._setpoint: Setpoint | None = None
        self._setpoint_ms = 0
        self._lease_until_ms = 0
        self._limit_cdeg = kernel.HARD_LIMIT_CDEG
        self._frozen_ms: int | None = None
        self._stopped_ms = 0
        self._restarts = 0
        self._slow = False
        self._returning = False
        self._resting_ticks = 0
        self._braked = True
        self._brake_wait = 0
        self._out_cdps = 0
        self._blind_ms = 0
        self._worst_cdeg = 0
        self._head_down = False
        self._trusted = False
        self._arm_presses = 0
        self._arm_button = False
        self._readings: Readings | None = None

    # ---- the wire -------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes from the host, obeyed at once as of the last tick's time."""
        for message in self._link.receive(data, self._now_ms):
            self._obey(message)

    def transmit(self) -> bytes:
        """The bytes to send, once."""
        if self._link.outbox:
            self._out.extend(frame(rejected) for rejected in self._link.outbox)
            self._link.outbox.clear()
        data = b"".join(self._out)
        self._out.clear()
        return data

    def _obey(self, message: HostMessage) -> None:
        if isinstance(message, Setpoint):
            self._take_setpoint(message)
        elif isinstance(message, Stop):
            self._stop()
        elif isinstance(message, Level):
            self._level()
        elif isinstance(message, Arm):
            self._arm(message)
        elif isinstance(message, Disarm):
            self._release()
        elif isinstance(message, Acknowledge):
            self._latched = kernel.acknowledge(self._latched, self._active, self._head_down)
        elif isinstance(message, Hello):
            self._release()
            self._out.append(frame(self._identity._replace(session=self._link.session)))

    def _release(self) -> None:
        """Nothing is granted any more; what moves, brakes."""
        self._armed = False
        self._setpoint = None

    def _stop(self) -> None:
        """Freeze whatever moves, a return included. It also counts in the link, which voids what is in flight."""
        self._release()
        if self._frozen_ms is None:
            self._frozen_ms = self._now_ms
        elif self._restarts < FREEZE_RESTARTS and self._now_ms - self._stopped_ms > SAME_STOP_MS:
            self._restarts += 1
            self._frozen_ms = self._now_ms
        self._stopped_ms = self._now_ms
        self._active = self._active & ~(LEVEL_WISHED | FROZEN_LONG) | STOPPED
        self._slow = self._slow or self._head_down
        self._blind_ms = 0

    def _level(self) -> None:
        """Go home by itself from the head-down side; on the head-up side brake and hold, for somebody may step off.

        A wish that comes while something holds the table is void: a release moves nothing.
        """
        self._release()
        if self._active & kernel.HOLD_MASK:
            return
        self._active &= ~(STOPPED | FROZEN_LONG)
        if self._head_down:
            self._active |= LEVEL_WISHED
            self._blind_ms = 0

    def _arm(self, message: Arm) -> None:
        readings = self._readings
        if readings is None or not (readings.occupied and readings.ankles_locked):
            reason = Reject.INTERLOCK
        elif self._moving:
            reason = Reject.NOT_AT_REST
        elif not kernel.may_arm(self._active, self._latched, True, True, self._trusted, False, self._head_down):
            reason = Reject.LATCHED
        else:
            self._armed = True
            self._setpoint = None
            self._active &= ~(STOPPED | LEASE_EXPIRED)
            self._frozen_ms = None
            self._limit_cdeg = kernel.HARD_LIMIT_CDEG
            return
        self._link.reject(reason, BY_MESSAGE[Arm].code, message.sequence)

    def _take_setpoint(self, message: Setpoint) -> None:
        """A lease. Without a grant it may only lead down: out of a freeze on the head-up side, or to standing."""
        rising = round(message.target_deg * 100) > self._tracker.angle_deg * 100 + 50
        if self._rung >= kernel.LEVEL or (self._active & STOPPED and self._head_down):
            self._link.reject(Reject.LATCHED, BY_MESSAGE[Setpoint].code, message.sequence)
        elif rising and not self._armed:
            self._link.reject(Reject.NOT_ARMED, BY_MESSAGE[Setpoint].code, message.sequence)
        else:
            self._active &= ~(STOPPED | LEASE_EXPIRED)
            self._frozen_ms = None
            self._limit_cdeg = kernel.limit(kernel.HARD_LIMIT_CDEG, round(message.limit_deg * 100))
            self._setpoint = message
            self._setpoint_ms = self._now_ms
            self._lease_until_ms = self._now_ms + min(round(message.lease_s * 1000), kernel.LEASE_LIMIT_MS)

    # ---- one tick ---------------------------------------------------------------------------------------------------

    def tick(self, now_ms: int, readings: Readings) -> Command:
        """One round of control, every 10 ms. `now_ms` since this unit started."""
        self._now_ms = now_ms
        self._memory.uptime_ms = now_ms
        self._sense(readings)
        if now_ms < SETTLE_MS:
            command = Command(0.0, True)
        else:
            self._judge(readings)
            command = self._move(kernel.rung(self._active, self._latched, self._head_down))
        if now_ms % TELEMETRY_PERIOD_MS == 0:
            self._report(readings, now_ms)
        return command

    def _sense(self, readings: Readings) -> None:
        voter, tracker = self._voter, self._tracker
        voter.take(readings.bed_cdeg, readings.drive_cdeg, readings.head_down_side)
        bed, drive = voter.bed, voter.drive
        self._trusted = not (voter.apart or (bed.failing and drive.failing))
        best = drive if bed.failing else bed
        if self._readings is None or (bed.failing and abs(drive.smooth / 100 - tracker.angle_deg) > 5.0):
            tracker.place(best.value / 100)
        elif self._trusted:
            tracker.take(best.value / 100)
        if self._trusted:
            worst = best.smooth if bed.failing or drive.failing or bed.smooth > drive.smooth else drive.smooth
            self._worst_cdeg = round(worst)
            self._head_down = self._worst_cdeg > kernel.LEVEL_CDEG or (
                self._returning and tracker.angle_deg > ARRIVED_DEG
            )
        else:
            self._head_down = readings.head_down_side
        if readings.arm_button and not self._arm_button:
            self._arm_presses = (self._arm_presses + 1) & 0xFF
        self._arm_button = readings.arm_button
        self._readings = readings
        self._exposure.tick(self._worst_cdeg, TICK_MS)
        self._memory.head_down_ms = self._exposure.total_ms
        self._memory.stop_count = self._link.stop_count

    @property
    def _moving(self) -> bool:
        return self._out_cdps != 0 or abs(self._tracker.rate_dps) >= MOVING_DPS

    def _judge(self, readings: Readings) -> None:
        """Gather the causes at work, latch those that latch, and take the grant back where one forbids it."""
        active = self._active & KEPT
        active = self._judge_host(active)
        if self._head_down and self._exposure.left_ms <= 0:
            active |= OVER_TIME
        if self._over_angle.tick(self._worst_cdeg > self._limit_cdeg + kernel.OVER_ANGLE_MARGIN_CDEG):
            active |= OVER_ANGLE
        if self._over_speed.tick(abs(self._tracker.rate_dps) * 100 > kernel.TRIP_CDPS):
            active |= OVER_SPEED
        if readings.estop:
            active |= ESTOP_PRESSED
        if readings.lowering:
            active |= LOWERED
        if active & kernel.HOLD_MASK:
            active &= ~LEVEL_WISHED
        active |= self._judge_sensors() | self._judge_person(readings)
        if not self._head_down and not self._moving:
            active &= ~ENDS_AT_LEVEL
            if self._trusted and abs(self._tracker.angle_deg) * 100 <= kernel.LEVEL_CDEG:
                active &= ~STOPPED
                self._frozen_ms, self._restarts, self._slow = None, 0, False
        self._active = active
        self._latched = self._memory.latched = kernel.latch(self._latched, self._active)
        if self._armed and (self._active or self._latched):
            self._release()

    def _judge_host(self, active: int) -> int:
        """Lease, silence, and the 20 s of a freeze."""
        if self._setpoint is not None and self._now_ms > self._lease_until_ms:
            self._release()
            active |= LEASE_EXPIRED
        if self._link.silent(self._now_ms):
            self._release()
            active |= HOST_SILENT
        elif not self._head_down:
            active &= ~HOST_SILENT
            if not self._moving:
                active &= ~LEASE_EXPIRED
        if active & STOPPED and self._head_down and self._frozen_ms is not None:
            frozen_for_ms = self._now_ms - self._frozen_ms
            if frozen_for_ms >= FROZEN_MS and self._out_cdps == 0:
                active = active & ~STOPPED | FROZEN_LONG
        return active

    def _judge_sensors(self) -> int:
        voter = self._voter
        if voter.bed.failing and voter.drive.failing:
            return NO_SENSOR
        if voter.apart:
            return DISAGREEMENT
        return (BED_SENSOR if voter.bed.failing else 0) | (DRIVE_SENSOR if voter.drive.failing else 0)

    def _judge_person(self, readings: Readings) -> int:
        """Occupant and ankle locks matter head down, and wherever motion is granted or under way."""
        open_ = self._ankles_open.tick(not readings.ankles_locked)
        nobody = self._unoccupied.tick(not readings.occupied)
        if not (open_ or nobody) or not (self._head_down or self._armed or self._moving):
            return 0
        if not nobody:
            return ANKLES_OPEN
        return PERSON_LOST if open_ else OCCUPANT_LOST

    # ---- motion -----------------------------------------------------------------------------------------------------

    def _move(self, rung: int) -> Command:
        self._rung = rung
        if rung != kernel.BLIND and self._blind_ms:
            self._blind_ms = 0
            if not self._active & STOPPED:
                self._latched = kernel.latch(self._latched, BLIND_ENDED)
        if rung == kernel.HOLD:
            self._returning = False
            self._out_cdps = 0
            return self._rest()
        if self._active & STOPPED:
            return self._brake()
        if rung == kernel.BLIND:
            return self._return_blind()
        if rung == kernel.LEVEL:
            return self._return()
        if self._setpoint is not None:
            return self._follow(self._setpoint)
        return self._brake()

    def _rest(self) -> Command:
        """Motor off, brake on."""
        self._braked = True
        self._brake_wait = 0
        self._follower.rest()
        self._progress.reset()
        return Command(0.0, True)

    def _brake(self) -> Command:
        """The protective stop, then the brake."""
        self._returning = False
        self._resting_ticks = 0
        if self._braked:
            return self._rest()
        if self._out_cdps:
            self._out_cdps = kernel.braking(self._out_cdps)
            self._brake_wait = BRAKE_WAIT_TICKS
        else:
            self._brake_wait -= 1
            if self._brake_wait <= 0:
                return self._rest()
        return Command(self._out_cdps / 100 / NOMINAL_FULL_DPS, False)

    def _start_moving(self) -> None:
        """From rest, or over from another motion, without a jump of the rate."""
        self._reference.place(self._tracker.angle_deg)
        self._reference.rate_dps = self._out_cdps / 100
        self._braked = False

    def _drive(self, cap_cdps: int, increase: bool) -> Command:
        """What the follower wants, as far as the kernel allows."""
        wanted = round(self._follower.rate_dps(self._reference, self._tracker.angle_deg) * 100)
        out = kernel.rate(wanted, cap_cdps, increase, self._worst_cdeg, self._limit_cdeg)
        if out == 0 < self._out_cdps:
            out = kernel.braking(self._out_cdps)
        self._out_cdps = out
        if self._progress.tick(self._tracker.angle_deg, out / 100, TICK_MS):
            self._active |= NO_PROGRESS
            self._latched = kernel.latch(self._latched, self._active)
            self._active &= ~LEVEL_WISHED
            return self._rest()
        return Command(max(-1.0, min(1.0, out / 100 / NOMINAL_FULL_DPS)), False)

    def _return(self) -> Command:
        """R1: towards level, closed loop; whatever still rises is braked first."""
        if self._out_cdps > 0:
            self._out_cdps = kernel.braking(self._out_cdps)
            return Command(self._out_cdps / 100 / NOMINAL_FULL_DPS, False)
        if not self._returning:
            self._returning = True
            self._start_moving()
        cap_cdps = kernel.return_rate_cap(self._slow, self._active & ANKLES_OPEN != 0)
        self._reference.approach(0.0, 0.0, cap_cdps / 100)
        return self._drive(cap_cdps, increase=False)

    def _return_blind(self) -> Command:
        """R2: slowly head-up until the level switch changes side or the time of the slowest return is over."""
        self._returning = False
        if self._out_cdps > 0:
            self._out_cdps = kernel.braking(self._out_cdps)
            return Command(self._out_cdps / 100 / NOMINAL_FULL_DPS, False)
        self._blind_ms += TICK_MS
        if self._blind_ms > (max(self._worst_cdeg, 0) / 100 + 5.0) / BLIND_SLOWEST_DPS * 1000:
            self._latched = kernel.latch(self._latched, BLIND_ENDED)
            self._active &= ~LEVEL_WISHED
            return self._rest()
        self._braked = False
        self._out_cdps = round(BLIND_POWER * NOMINAL_FULL_DPS * 100)
        return Command(BLIND_POWER, False)

    def _follow(self, setpoint: Setpoint) -> Command:
        """A leased target, extrapolated by its own rate since it arrived; at rest on it the brake holds."""
        tracker, reference = self._tracker, self._reference
        asked_deg = setpoint.target_deg + setpoint.rate_dps * (self._now_ms - self._setpoint_ms) / 1000
        target_deg = kernel.target(round(asked_deg * 100), self._limit_cdeg, LOWEST_CDEG) / 100
        error = target_deg - tracker.angle_deg
        still = abs(setpoint.rate_dps) < 0.02
        if self._braked:
            if still and -LEFT_DEG < error < LEFT_DEG:
                return self._rest()
            self._start_moving()
        elif still and -ARRIVED_DEG < error < ARRIVED_DEG and -0.05 < reference.rate_dps < 0.05:
            self._resting_ticks += 1
            if self._resting_ticks >= BRAKE_WAIT_TICKS:
                self._resting_ticks = 0
                self._out_cdps = 0
                return self._rest()
        else:
            self._resting_ticks = 0
        increase = kernel.may_increase(
            self._armed, True, self._trusted, self._active, self._latched, self._exposure.left_ms
        )
        reference.approach(target_deg, setpoint.rate_dps, RATE_CAP_DPS)
        return self._drive(kernel.HARD_RATE_CDPS, increase)

    # ---- telemetry --------------------------------------------------------------------------------------------------

    def _report(self, readings: Readings, now_ms: int) -> None:
        tracker = self._tracker
        self._out.append(
            frame(
                Telemetry(
                    self._link.issue(now_ms), now_ms, self._link.stop_count, tracker.angle_deg,
                    readings.bed_cdeg / 100, readings.drive_cdeg / 100, tracker.rate_dps, self._flags(readings),
                    self._rung, self._active, self._latched,
                    self._exposure.total_ms // 1000, self._exposure.episode_ms // 1000,
                    readings.current_a, 0.0, self._arm_presses,
                )
            )
        )  # fmt: skip

    def _flags(self, readings: Readings) -> int:
        return (
            readings.occupied * OCCUPIED
            | readings.ankles_locked * ANKLES_LOCKED
            | readings.estop * ESTOP
            | readings.head_down_side * HEAD_DOWN_SIDE
            | readings.end_head_down * END_HEAD_DOWN
            | readings.end_head_up * END_HEAD_UP
            | self._braked * BRAKE
            | (self._out_cdps != 0) * DRIVEN
            | (abs(self._tracker.rate_dps) >= MOVING_DPS) * MOVING
            | self._armed * ARMED
            | (self._setpoint is not None) * LEASED
            | self._trusted * TRUSTED
            | (self._rung == kernel.HOLD or self._active & kernel.PERSON_LOST != 0) * SIREN
            | readings.lowering * LOWERING
            | (self._active & STOPPED != 0) * FROZEN
            | (self._active & HOST_SILENT == 0) * HOST_LIVE
        )
