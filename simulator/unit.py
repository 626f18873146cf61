"""The tilt unit: bytes and readings in, bytes and motor command out. It trusts nobody.

Every 10 ms it samples its angle sensors. Every 20 ms it makes an `angle` of that, lets the `ladder` judge causes and
rung, and picks a `motion` by them: R3 nothing; a fresh stop brakes; R2 and R1 lead home from the head-down side;
otherwise a leased setpoint is followed as far as the `kernel` allows; otherwise it brakes and holds. Then it tells
what it knows.
"""

from typing import Final

from protocol.link import UnitLink, frame
from protocol.messages import (
    BY_MESSAGE,
    VERSION,
    Acknowledge,
    Arm,
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
from .angle import Angle
from .drive import TICK_MS as TICK_MS
from .exposure import Exposure
from .grant import Grant
from .ladder import BLIND_ENDED, OVER_ANGLE, STOPPED, Ladder
from .memory import Memory
from .motion import RESTING, Command, Motion
from .sensors import Readings
from .supply import Supply

FIRMWARE: Final = (1, 0, 0)
SETTLE_MS: Final = 600
"""After a restart the sensors are watched this long before anything is believed."""
OCCUPIED, ANKLES_LOCKED, ESTOP, HEAD_DOWN_SIDE, END_HEAD_DOWN, END_HEAD_UP, BRAKE, DRIVEN = (
    int(flag) for flag in list(Flag)[:8]
)
MOVING, ARMED, LEASED, TRUSTED, SIREN, LOWERING, FROZEN, HOST_LIVE = (int(flag) for flag in list(Flag)[8:])


class TiltUnit:
    """One run of the unit, from a reset to the next. `entropy` makes its first nonce unpredictable.

    The `angle` is sampled every 10 ms, the rest is one `tick` every 20 ms.
    """

    def __init__(self, memory: Memory, entropy: int, unit: int, time_scale: int) -> None:
        memory.boot(entropy)
        self._memory = memory
        self._link = UnitLink(entropy, memory.stop_count)
        self._identity = Identity(
            VERSION, 0, *FIRMWARE, 1, time_scale, unit, memory.boots & 0xFFFF, memory.id,
            kernel.HARD_LIMIT_CDEG, kernel.HARD_RATE_CDPS,
        )  # fmt: skip
        self._out = [frame(self._identity)]
        self._now_ms = 0
        self.angle = Angle()
        self._exposure = Exposure(memory)
        self._grant = Grant()
        self._ladder = Ladder(memory)
        self._motion = Motion()
        self._supply = Supply(memory)
        self._silent = True
        self._session = 0
        self._readings: Readings | None = None
        self._arm_button = False
        self._arm_presses = 0

    # ---- the wire -------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes from the host, obeyed at once as of the last tick's time."""
        for message in self._link.receive(data, self._now_ms):
            self._obey(message)

    def transmit(self) -> bytes:
        """The bytes to send, once."""
        out, outbox = self._out, self._link.outbox
        if outbox:
            out.extend(frame(rejected) for rejected in outbox)
            outbox.clear()
        self._out = []
        return out[0] if len(out) == 1 else b"".join(out)

    def _obey(self, message: HostMessage) -> None:
        if isinstance(message, Setpoint):
            self._take_setpoint(message)
        elif isinstance(message, Stop):
            self._grant.release()
            self._memory.stop_count = self._link.stop_count
            self._ladder.stop(self._now_ms)
        elif isinstance(message, Level):
            self._grant.release()
            rising = self._motion.out_cdps > 0
            wished = self._ladder.wish_level(self.angle.head_down or rising)
            if wished and self._memory.latched & BLIND_ENDED:
                self._motion.blind_again()
        elif isinstance(message, Arm):
            self._take_arm(message)
        elif isinstance(message, Disarm):
            self._grant.release()
        elif isinstance(message, Acknowledge):
            self._ladder.acknowledge(self.angle.head_down)
        elif isinstance(message, Hello):
            if self._session != self._link.session:
                self._session = self._link.session
                self._grant.release()
            self._out.append(frame(self._identity._replace(session=self._link.session)))

    def _take_arm(self, message: Arm) -> None:
        """A grant to increase the angle: a person locked in, at rest, and nothing that speaks against it."""
        readings, angle, ladder = self._readings, self.angle, self._ladder
        refused = kernel.refuse_arm(
            message.stop_count, self._link.stop_count, readings is not None and readings.switches.secured,
            self._motion.out_cdps != 0 or angle.moving, angle.trusted, angle.head_down,
            ladder.active, self._memory.latched,
        )  # fmt: skip
        if refused:
            self._link.reject(Reject(refused), BY_MESSAGE[Arm].code, message.sequence)
            return
        self._grant.arm()
        ladder.unfreeze()

    def _take_setpoint(self, message: Setpoint) -> None:
        """A lease. Without a grant it may only lead down: out of a freeze on the head-up side, or to standing."""
        readings, angle, ladder = self._readings, self.angle, self._ladder
        refused = kernel.refuse_setpoint(
            message.stop_count, self._link.stop_count, ladder.rung,
            ladder.active & STOPPED != 0 and angle.head_down, angle.trusted,
            readings is not None and readings.switches.secured, self._grant.armed,
            message.target_cdeg, round(angle.angle_deg * 100),
        )  # fmt: skip
        if refused:
            self._link.reject(Reject(refused), BY_MESSAGE[Setpoint].code, message.sequence)
            return
        self._grant.lease(message, self._now_ms)
        ladder.unfreeze()

    # ---- one tick -------------------------------------------------------------------------------------------------

    def tick(self, now_ms: int, readings: Readings) -> Command:
        """One round of control, every 20 ms, with the newest readings. `now_ms` since this unit started."""
        elapsed_ms = now_ms - self._now_ms
        self._now_ms = self._memory.uptime_ms = now_ms
        self._readings = readings
        angle, motion, switches = self.angle, self._motion, readings.switches
        angle.judge(readings.head_down_side, motion.returning, self._memory.latched)
        self._exposure.tick(angle.exposed_cdeg, elapsed_ms)
        self._supply.tick(readings.supply_v, readings.current_a)
        if switches.arm_button is not self._arm_button:
            self._arm_button = switches.arm_button
            self._arm_presses = (self._arm_presses + switches.arm_button) & 0xFF
        command = RESTING
        if now_ms >= SETTLE_MS:
            silent = self._silent = self._link.silent(now_ms)
            others, driven, ladder = angle.causes | self._supply.causes, motion.out_cdps != 0, self._ladder
            if readings.end_head_down:
                # H2: where both sensors show too little, the end of the travel does not.
                others |= OVER_ANGLE
            ladder.judge(now_ms, switches, angle, self._exposure, self._grant, others, silent, driven, motion.braked)
            if ladder.voids:
                self._link.void()
                self._memory.stop_count = self._link.stop_count
            command = self._move(angle, motion, readings.current_a)
        self._report(readings, now_ms)
        return command

    def _move(self, angle: Angle, motion: Motion, current_a: float) -> Command:
        """The motion that the rung asks for."""
        ladder, setpoint = self._ladder, self._grant.setpoint
        active, rung = ladder.active, ladder.rung
        if motion.blind_ms and rung != kernel.BLIND:
            motion.end_blind()
        ended = active & (STOPPED | kernel.HOLD_MASK) != 0
        if not (motion.braked or motion.back_off_ms or ended):
            motion.watch_stall(angle, current_a)
        reaction = kernel.reaction(rung, active, setpoint is not None)
        if motion.fault:
            command = RESTING
        elif motion.back_off_ms:
            command = motion.back_off(angle, current_a, not ended and angle.trusted)
        elif reaction == kernel.FOLLOW and setpoint is not None:
            command = self._follow(angle, motion, setpoint)
        elif reaction == kernel.RETURN:
            command = motion.return_to_level(angle, kernel.return_rate_cap(ladder.slow, ladder.unlocked))
        elif reaction == kernel.RETURN_BLIND:
            command = motion.return_blind(angle)
        else:
            command = motion.rest() if reaction == kernel.REST else motion.brake(angle)
        if motion.fault:
            ladder.fail(motion.fault, angle.head_down)
            motion.fault = 0
        return command

    def _follow(self, angle: Angle, motion: Motion, setpoint: Setpoint) -> Command:
        """The lease, as far as the kernel allows."""
        grant, ladder = self._grant, self._ladder
        target_cdeg = grant.target_cdeg(setpoint.rate_cdps, self._now_ms)
        if motion.holds(angle, setpoint, target_cdeg):
            return RESTING
        left_ms = self._exposure.left_ms
        increase = kernel.may_increase(grant.armed, True, angle.trusted, ladder.active, self._memory.latched, left_ms)
        return motion.follow(angle, setpoint, target_cdeg, increase, grant.limit_cdeg)

    # ---- telemetry ------------------------------------------------------------------------------------------------

    def _report(self, readings: Readings, now_ms: int) -> None:
        angle, ladder, memory = self.angle, self._ladder, self._memory
        told = (
            self._link.issue(now_ms), now_ms & 0xFFFF_FFFF, self._link.stop_count,
            round(angle.angle_deg * 100), readings.bed_cdeg, readings.drive_cdeg, round(angle.rate_dps * 100),
            self._flags(readings),
            ladder.rung, ladder.active, memory.latched,
            memory.head_down_ms // 1000, min(memory.episode_ms // 1000, 0xFFFF),
            round(readings.current_a * 5), round(min(memory.heat, 2.5) * 100), round(readings.supply_v * 10),
            self._arm_presses,
        )  # fmt: skip
        self._out.append(frame(tuple.__new__(Telemetry, told)))  # half of what the constructor takes

    def _flags(self, readings: Readings) -> int:
        ladder, motion, grant, angle = self._ladder, self._motion, self._grant, self.angle
        switches, active = readings.switches, ladder.active
        flags = OCCUPIED if switches.occupied else 0
        if switches.ankles_locked:
            flags |= ANKLES_LOCKED
        if switches.estop:
            flags |= ESTOP
        if readings.head_down_side:
            flags |= HEAD_DOWN_SIDE
        if readings.end_head_down:
            flags |= END_HEAD_DOWN
        if readings.end_head_up:
            flags |= END_HEAD_UP
        if motion.braked:
            flags |= BRAKE
        if motion.out_cdps:
            flags |= DRIVEN
        if angle.moving:
            flags |= MOVING
        if grant.armed:
            flags |= ARMED
        if grant.setpoint is not None:
            flags |= LEASED
        if angle.trusted:
            flags |= TRUSTED
        if ladder.rung == kernel.HOLD or (active | self._memory.latched) & kernel.PERSON_LOST:
            flags |= SIREN
        if switches.lowering:
            flags |= LOWERING
        if active & STOPPED:
            flags |= FROZEN
        return flags if self._silent else flags | HOST_LIVE
