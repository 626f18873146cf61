"""What really happened in a simulated run: the true table, the true unit, and every frame that reached either.

The monitors judge this record, never what the controller believes. The wire is tapped at the unit's own end, behind
every fault of the wire, and read by the rules of docs/protocol.md again instead of by the unit's code.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from controller.model import State
from protocol.framing import Deframer
from protocol.messages import (
    Acknowledge,
    Arm,
    Cause,
    Flag,
    Hello,
    Identity,
    Keepalive,
    Level,
    Rung,
    Setpoint,
    Stop,
    Telemetry,
    unpack_from_host,
    unpack_from_unit,
)

NONCE_LIFE_S: Final = 0.3005
"""Restated from docs/protocol.md, 300 ms; times here are sums of floats, and the unit counts whole milliseconds."""
LEASE_S: Final = 0.5
NONCES_KEPT: Final = 32
HALF: Final = 0x7FFF


class Sample(NamedTuple):
    """One moment, every 20 ms. Degrees and seconds, + towards head down.

    `drive_dps` is the motion of the screw, which only the motor or a hand makes; `bed_deg` is where the person is.
    `fresh_s`: when a frame with a fresh nonce last reached the unit. `lease_s`: until when the last setpoint is leased.
    `believed_deg`: the angle that the controller trusts, or None. `unit_s`: when the unit last said something.
    """

    now_s: float
    bed_deg: float
    bed_dps: float
    drive_deg: float
    drive_dps: float
    flags: int
    rung: int
    active: int
    latched: int
    unit_s: float
    fresh_s: float
    lease_s: float
    limit_deg: float
    state: State
    believed_deg: float | None
    occupied: bool
    ankles_locked: bool
    estop: bool
    lowering: bool


class Mark(NamedTuple):
    """Something that happened at one moment, for the monitors (by its first word) and for the story."""

    now_s: float
    what: str


@dataclass(slots=True)
class Trace:
    """One run. `deep_before_s`: when the head was last down before the record begins; `episode_before_s`: for how long.

    `kinds`: the faults of the run; `unacted`: those of them that changed nothing. `settled`: whether the run came to
    its end by itself. `charged_s` and `exposed_s`: head-down seconds on the person's account (None: nobody could know
    yet), and true ones.
    """

    kinds: tuple[str, ...] = ()
    samples: list[Sample] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    deep_before_s: float | None = None
    unacted: tuple[str, ...] = ()
    may_strand: bool = False
    settled: bool = True
    episode_before_s: float = 0.0
    charged_s: float | None = None
    exposed_s: float = 0.0

    def times(self, what: str) -> list[float]:
        """When marks of this kind were made."""
        return [mark.now_s for mark in self.marks if mark.what.split(" ", 1)[0] == what]


class UnitTap:
    """Reads what the unit says, before any fault of the wire."""

    def __init__(self) -> None:
        self._deframer = Deframer()
        self.heard_s = 0.0
        self.flags = int(Flag.BRAKE)
        self.rung = int(Rung.REFUSE)
        self.active = int(Cause.RESTARTED)
        self.latched = 0
        self.stop_count: int | None = None
        self.booted = False
        self.issued: deque[tuple[int, float]] = deque(maxlen=NONCES_KEPT)

    def hear(self, data: bytes, now_s: float) -> None:
        """Bytes that the unit has sent."""
        for payload in self._deframer.feed(data):
            message = unpack_from_unit(payload) if isinstance(payload, bytes) else None
            if isinstance(message, Identity) and not message.session:
                self.booted = True
            elif isinstance(message, Telemetry):
                self.heard_s = now_s
                self.flags, self.rung = message.flags, message.rung
                self.active, self.latched, self.stop_count = message.causes, message.latched, message.stop_count
                self.issued.append((message.nonce, now_s))


class HostTap:
    """Reads what reaches the unit, behind every fault of the wire, and judges its freshness for itself."""

    def __init__(self, unit: UnitTap) -> None:
        self._deframer = Deframer()
        self._unit = unit
        self._sequence: int | None = None
        self.fresh_s = 0.0
        self.lease_s = 0.0
        self.limit_deg = 60.0

    def hear(self, data: bytes, now_s: float) -> list[str]:
        """Bytes that reach the unit; the urgent and the permitting among their frames."""
        found: list[str] = []
        for payload in self._deframer.feed(data):
            message = unpack_from_host(payload) if isinstance(payload, bytes) else None
            if isinstance(message, Stop):
                found.append("stop")
                self.lease_s = now_s
            elif isinstance(message, Hello):
                self._sequence = None
            elif isinstance(message, Level):
                if self._newer(message.sequence) and message.stop_count == self._unit.stop_count:
                    found.append("level")
            elif isinstance(message, Keepalive | Setpoint | Arm | Acknowledge):
                if not self._newer(message.sequence) or not self._fresh(message.nonce, now_s):
                    continue
                self.fresh_s = now_s
                if isinstance(message, Setpoint) and message.stop_count == self._unit.stop_count:
                    self.lease_s = now_s + LEASE_S
                    self.limit_deg = message.limit_deg
                elif isinstance(message, Arm):
                    found.append("arm")
                elif isinstance(message, Acknowledge):
                    found.append("acknowledge")
        return found

    def _newer(self, sequence: int) -> bool:
        if self._sequence is not None and not 0 < (sequence - self._sequence) & 0xFFFF <= HALF:
            return False
        self._sequence = sequence
        return True

    def _fresh(self, nonce: int, now_s: float) -> bool:
        return any(nonce == known and now_s - then_s <= NONCE_LIFE_S for known, then_s in self._unit.issued)
