"""The ladder of the tilt unit: which causes are at work, which are latched, and so the rung (safety.md).

*Active* causes are at work now; *latched* ones wait for a person's acknowledgement. Causes latch, actions don't: what
only led home (a stop, a silent host, a time limit) ends at level.
"""

from typing import Final

from protocol.messages import Cause

from . import kernel
from .angle import Angle
from .brake import BrakeWatch
from .exposure import Exposure
from .grant import Grant
from .memory import Memory
from .sensors import Switches

SAME_STOP_MS: Final = 500
"""Stop frames closer than this repeat one stop; they are all counted, but restart nothing."""

DEEP_TICKS: Final = 3
FAST_TICKS: Final = 2
"""60 ms beyond the limit, 40 ms of over-speed: longer than a single bad reading, shorter than 0.3° of travel."""
OPEN_TICKS: Final = 5
EMPTY_TICKS: Final = 25
"""100 ms for an ankle lock that bounces, 500 ms for a person who shifts on the sensor. Chosen."""

STOPPED, LEVEL_WISHED, OVER_TIME = int(Cause.STOPPED), int(Cause.LEVEL_WISHED), int(Cause.OVER_TIME)
RESTARTED, HOST_SILENT, ANKLES_OPEN = int(Cause.RESTARTED), int(Cause.HOST_SILENT), int(Cause.ANKLES_OPEN)
OVER_ANGLE, OVER_SPEED = int(Cause.OVER_ANGLE), int(Cause.OVER_SPEED)
ESTOP, LOWERING = int(Cause.ESTOP), int(Cause.LOWERING)
BRAKE_SLIP, BLIND_ENDED = int(Cause.BRAKE_SLIP), int(Cause.BLIND_ENDED)


class Ladder:
    """Causes and rung. `occupied`, `ankles_locked`: without their bounces. `voids`: what was wished before is void."""

    __slots__ = (
        *("_brake", "_frozen_ms", "_memory", "_restarts", "_stopped_ms"),
        *("_deep_ticks", "_empty_ticks", "_fast_ticks", "_open_ticks"),
        *("active", "ankles_locked", "occupied", "rung", "voids"),
    )

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._brake = BrakeWatch()
        self._deep_ticks = self._fast_ticks = 0
        self._open_ticks = self._empty_ticks = 0
        self._frozen_ms: int | None = None
        self._stopped_ms = -SAME_STOP_MS
        self._restarts = 0
        self.active = RESTARTED | HOST_SILENT
        # H9: what a restart latched holds at once; the next one may come before the sensors have settled.
        self.rung = kernel.HOLD if memory.latched & kernel.HOLD_MASK else kernel.REFUSE
        self.voids = False
        self.occupied = self.ankles_locked = False

    @property
    def unlocked(self) -> bool:
        """Whether an ankle lock is open, or was when this return began."""
        return self.active & ANKLES_OPEN != 0 or not self.ankles_locked

    @property
    def slow(self) -> bool:
        """Whether the next return is after a stop; that survives a reset."""
        return self._memory.slow

    @property
    def latched(self) -> int:
        """Causes that wait for an acknowledgement; they survive a reset."""
        return self._memory.latched

    # ---- what people do -------------------------------------------------------------------------------------------

    def stop(self, now_ms: int) -> None:
        """Freeze whatever moves, a return included.

        The 20 s begin again with a further stop, at most three times an episode. After that a stop still freezes, but
        the return goes on from there; and a flood of one and the same stop does not hold that return up.
        """
        repeated = now_ms - self._stopped_ms < SAME_STOP_MS
        self._stopped_ms = now_ms
        self.active = kernel.stop(self.active, repeated)
        if not self.active & STOPPED:
            return
        if self._frozen_ms is None:
            self._frozen_ms = now_ms
        elif kernel.restarts_freeze(repeated, self._restarts):
            self._restarts += 1
            self._frozen_ms = now_ms
        self._memory.slow = True

    def wish_level(self, head_down: bool) -> bool:
        """Whether a return begins: not on the head-up side, and never for a wish made while something holds.

        `head_down`: or still on the way there, because a brake on the way up through level may end beyond it.
        """
        self.active = kernel.wish_level(self.active, head_down)
        return self.active & LEVEL_WISHED != 0

    def unfreeze(self) -> None:
        """A deliberate new grant or lease ends a freeze on the head-up side."""
        self.active = kernel.begin(self.active)
        self._frozen_ms = None
        self._memory.slow = False

    def acknowledge(self, head_down: bool) -> None:
        """A person acknowledged what is latched."""
        self._memory.latched = kernel.acknowledge(self._memory.latched, self.active, head_down)

    def fail(self, cause: int, head_down: bool) -> None:
        """A motion ended in a fault; whoever wished it has to wish again. It is told at once."""
        self.active &= ~LEVEL_WISHED
        self._memory.latched = kernel.latch(self._memory.latched, cause)
        self.rung = kernel.rung(self.active, self.latched, head_down)

    # ---- one tick -------------------------------------------------------------------------------------------------

    def judge(
        self,
        now_ms: int,
        switches: Switches,
        angle: Angle,
        exposure: Exposure,
        grant: Grant,
        others: int,
        silent: bool,
        driven: bool,
        braked: bool,
    ) -> int:
        """Gather the causes at work, latch those that latch, take back the grant where one forbids it; the rung.

        `others`: causes that are judged elsewhere.
        """
        head_down = angle.head_down
        moving = driven or angle.moving
        active = self._judge_host(self.active & kernel.KEPT, now_ms, head_down, moving, grant, silent)
        if self._frozen_ms is not None:
            active = kernel.thaw(active, head_down, driven, now_ms - self._frozen_ms)
        if head_down and exposure.left_ms <= 0:
            active |= OVER_TIME
        self._deep_ticks = self._deep_ticks + 1 if kernel.over_angle(angle.worst_cdeg, grant.limit_cdeg) else 0
        if self._deep_ticks >= DEEP_TICKS:
            active |= OVER_ANGLE
        self._fast_ticks = self._fast_ticks + 1 if angle.speed_cdps > kernel.TRIP_CDPS else 0
        if self._fast_ticks >= FAST_TICKS:
            active |= OVER_SPEED
        if switches.estop:
            active |= ESTOP
        if switches.lowering:
            active |= LOWERING
        active |= others
        held = braked and angle.trusted
        if active & kernel.HOLD_MASK:
            active &= ~LEVEL_WISHED
            held = False
        if self._brake.tick(held, angle.bed, angle.drive):
            active |= BRAKE_SLIP
        if not head_down and not moving:
            at_level = angle.trusted and -kernel.LEVEL_CDEG <= angle.angle_deg * 100 <= kernel.LEVEL_CDEG
            active = kernel.settle(active, head_down, moving, at_level) | others
            if at_level:
                self._frozen_ms = None
                self._memory.slow = False
        if self._restarts and not head_down and not exposure.episode:
            self._restarts = 0
        person = self._judge_person(switches, head_down or moving or grant.armed)
        if person & kernel.PERSON_LOST & ~self.active:
            active &= ~LEVEL_WISHED
        active |= person
        before, self.active = self.active, active
        self.voids = active != before and kernel.voids(before, active)
        latched = self._memory.latched = kernel.latch(self._memory.latched, active)
        if (grant.armed and (active or latched)) or not kernel.may_follow(
            self.occupied, self.ankles_locked, angle.trusted
        ):
            grant.release()
        self.rung = kernel.rung(active, latched, head_down)
        return self.rung

    def _judge_host(self, active: int, now_ms: int, head_down: bool, moving: bool, grant: Grant, silent: bool) -> int:
        """The lease (brake at once), and 2 s of silence (R1)."""
        expired = grant.expired(now_ms)
        if expired or silent:
            grant.release()
        elif not active:
            return 0
        return kernel.judge_host(active, silent, expired, head_down, moving)

    def _judge_person(self, switches: Switches, concerned: bool) -> int:
        """Occupant and ankle locks matter head down, and wherever motion is granted or under way (F25, F26)."""
        self._open_ticks = 0 if switches.ankles_locked else self._open_ticks + 1
        self._empty_ticks = 0 if switches.occupied else self._empty_ticks + 1
        self.ankles_locked = self._open_ticks < OPEN_TICKS
        self.occupied = self._empty_ticks < EMPTY_TICKS
        return kernel.judge_person(self.occupied, self.ankles_locked, concerned)
