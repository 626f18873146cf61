"""The whole tilt unit against any bytes: nothing but a live grant ever lets it rise (F1, F2, F21, H4, H15).

The plant is as simple as can be: the table turns as fast as the motor is told. What the unit's own physics do to it is
the simulator's tests' business.
"""

from collections.abc import Callable
from itertools import count
from math import cos, radians

from protocol.framing import DELIMITER, Deframer
from protocol.messages import (
    Arm,
    Disarm,
    Hello,
    HostMessage,
    Level,
    Setpoint,
    Stop,
    Telemetry,
    unpack_from_unit,
)
from simulator.memory import Memory
from simulator.motion import Command
from simulator.sensors import Readings, Switches
from simulator.unit import TiltUnit

from . import speech
from .referee import Referee
from .tape import Run, Tape
from .wire import STOP

DEEDS = 16
"""Of one script at most. Chosen: enough for greeting, arming, a lease, and whatever follows."""
MOST_TICKS = 200
"""Of one script at most, 4 s. Chosen: long enough for a lease, a silence of 2 s and a stop."""
TICK_MS = 20
SETTLE_TICKS = 32
"""640 ms: the unit watches its sensors for 600 before it believes anything."""
STOP_MS, STOP_TICKS = 1300, 65
"""From a stop, or from the end of a grant, to standstill (safety.md, stop)."""
LEASE_MS = 500
NEARLY_LEVEL_DEG = 1.7
"""A freeze is over at level, which is 1.5°; the noise of the sensors comes on top."""
FULL_DPS = 3.2
HARD_LIMIT_DEG = 60.0
MARGIN_DEG = 1.0
STARTS_DEG = (-80.0, -30.0, 0.0, 12.0)
BED_CDEG = (3, -5, 1, 6, -2, -4, 2, 0, -1, 5, -6)
DRIVE_CDEG = (-2, 4, 0, -4, 3, 1, -3)
"""Noise, so that no sensor looks frozen. Primes, so that the pair does not repeat soon."""
Make = Callable[[Memory, int, int, int], TiltUnit]


def tilt_unit(make: Make = TiltUnit) -> Run:
    """It never raises, and never rises but under a grant that a fresh nonce earned, or for 1.3 s after it."""

    def run(data: bytes) -> None:
        tape = Tape(data)
        first = tape.byte()
        table = _Watched(make, STARTS_DEG[first % 4], tape.word())
        table.run(SETTLE_TICKS)
        for _ in range(DEEDS):
            if not tape.more:
                break
            deed = tape.byte()
            kind = deed % 16
            if kind < speech.KINDS:
                table.hear(speech.say(kind, tape, table.referee))
            elif kind < 12:
                table.run(1 + (deed >> 4) * (deed >> 4))
            elif kind == 12:
                table.lease(tape, 1 + (deed >> 3))
            elif kind == 13:
                table.begin()
            else:
                table.hands(tape.byte())
        if first & 4:  # a quarter of the time of a script, so not in each
            table.stops()

    return run


class _Watched:
    """A unit on its plant, and what may happen there."""

    def __init__(self, make: Make, angle_deg: float, entropy: int) -> None:
        self._memory = Memory()
        self._unit = make(self._memory, entropy, 1, 1)
        self._switches = Switches()
        self._readings = Readings(self._switches)
        self._noise = count()
        self._command = Command(0.0, True)
        self._now_ms = 0
        self._angle_deg = angle_deg
        self._out = b""
        self._granted = False
        self._session = 0
        self._lost_ms = self._leased_ms = -LEASE_MS - STOP_MS
        self._ticks = MOST_TICKS
        self.referee = Referee(self._memory.stop_count)

    def hear(self, data: bytes) -> None:
        """Bytes for the unit; what they may grant, by the referee."""
        for message in self.referee.passed(data, self._now_ms):
            self._judge(message)
        self._unit.receive(data)

    def _judge(self, message: HostMessage) -> None:
        if isinstance(message, Arm):
            self._granted = self._granted or self._switches.secured
        elif isinstance(message, Setpoint):
            self._leased_ms = self._now_ms
        elif isinstance(message, Hello):
            if message.session != self._session:  # the same one again is a duplicate
                self._session = message.session
                self._lose()
        elif isinstance(message, Stop | Level | Disarm):
            self._lose()

    def _lose(self) -> None:
        if self._granted:
            self._granted = False
            self._lost_ms = self._now_ms

    def hands(self, which: int) -> None:
        """What people do to the switches."""
        switches = self._switches
        switches.occupied, switches.ankles_locked = which & 3 != 1, which & 12 != 4
        switches.estop, switches.lowering = which & 48 == 16, which & 192 == 64

    def begin(self) -> None:
        """What a good host says until it is granted."""
        for kind in (speech.HELLO, speech.KEEPALIVE, speech.ARM):
            self.hear(speech.say(kind, Tape(b""), self.referee))
            self.run(2)

    def lease(self, tape: Tape, rounds: int) -> None:
        """A host that keeps its lease for a while."""
        target = tape.take(1)
        for _ in range(rounds):
            self.hear(speech.say(speech.SETPOINT, Tape(bytes(4) + target), self.referee))
            self.run(5)

    def run(self, ticks: int) -> None:
        """So many ticks of 20 ms; what there is in reserve for one script is bounded."""
        ticks = min(ticks, self._ticks)
        self._ticks -= ticks
        for _ in range(ticks):
            self._tick()

    def _tick(self) -> None:
        self._now_ms += TICK_MS
        power, brake = self._command
        rate_dps = (
            0.0 if brake or self._switches.estop else power * FULL_DPS / cos(radians(0.65 * (self._angle_deg + 10)))
        )
        for _ in range(2):
            self._angle_deg += rate_dps * 0.01
            readings, number = self._readings, next(self._noise)
            readings.bed_cdeg = round(self._angle_deg * 100) + BED_CDEG[number % len(BED_CDEG)]
            readings.drive_cdeg = round(self._angle_deg * 100) + DRIVE_CDEG[number % len(DRIVE_CDEG)]
            readings.head_down_side = self._angle_deg > 0.0
            self._unit.angle.bed.take(readings.bed_cdeg)
            self._unit.angle.drive.take(readings.drive_cdeg)
        self._command = self._unit.tick(self._now_ms, self._readings)
        self._out = self._unit.transmit()
        newest = self._newest()
        self.referee.issue(newest.nonce, self._now_ms)
        self.referee.stop_count = newest.stop_count  # the unit may count more than frames, which voids more
        if self.referee.silent(self._now_ms):
            self._lose()
        rises = self._command.power > 0.0 and not self._command.brake
        assert not rises or self._granted or self._now_ms - self._lost_ms <= STOP_MS, "it rises without a grant"
        assert not rises or self._now_ms - self._leased_ms <= LEASE_MS + STOP_MS, "it rises without a lease"
        assert self._angle_deg <= HARD_LIMIT_DEG + MARGIN_DEG, "it goes beyond the hard limit"
        assert abs(rate_dps) <= 3.3, "it is faster than the hard rate"

    def stops(self) -> None:
        """A stop is counted, and whatever moved stands 1.3 s later."""
        before = self.referee.stop_count
        self.hear(DELIMITER + STOP)
        self._ticks = STOP_TICKS
        self.run(STOP_TICKS)
        assert (self._newest().stop_count - before) % 65536 >= 1, "a stop is not counted"
        still = self._command.brake or not self._command.power
        assert still or abs(self._angle_deg) <= NEARLY_LEVEL_DEG, "it moves on after a stop"

    def _newest(self) -> Telemetry:
        """What the unit told last."""
        messages = [unpack_from_unit(p) for p in Deframer().feed(self._out) if isinstance(p, bytes)]
        return next(m for m in reversed(messages) if isinstance(m, Telemetry))
