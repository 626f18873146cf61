"""Which messages a unit may obey, by the rules of docs/protocol.md: a second opinion that remembers everything.

It is as simple as the rules are written down, without the bounded memory of the real link.
"""

from typing import NamedTuple

from protocol.framing import Deframer
from protocol.messages import (
    Acknowledge,
    Arm,
    Disarm,
    Hello,
    HostMessage,
    Keepalive,
    Level,
    Setpoint,
    Stop,
    Unreadable,
    unpack_from_host,
)

LIFE_MS = 300
"""How long a nonce may be quoted."""
KEPT = 16
"""Nonces that a unit has to remember: those of 300 ms at 50 Hz."""
SILENCE_MS = 2000
VERSION = 1


class Issued(NamedTuple):
    """One telemetry's number and when it was sent."""

    nonce: int
    at_ms: int


class Referee:
    """Takes the same bytes and the same telemetry numbers as a unit's link; `passed` is what it has to give."""

    def __init__(self, stop_count: int) -> None:
        self._deframer = Deframer()
        self.stop_count = stop_count
        self.sequence: int | None = None
        self.greeted = False
        self.session = 0
        self.issued: list[Issued] = []
        self.fresh_ms: int | None = None

    def issue(self, nonce: int, now_ms: int) -> None:
        """A telemetry went out."""
        self.issued.append(Issued(nonce, now_ms))

    def silent(self, now_ms: int) -> bool:
        """Whether no fresh nonce came back for 2 s."""
        return self.fresh_ms is None or now_ms - self.fresh_ms > SILENCE_MS

    def passed(self, data: bytes, now_ms: int) -> list[HostMessage]:
        """The messages in these bytes that a unit may obey."""
        messages = [unpack_from_host(payload) for payload in self._deframer.feed(data) if isinstance(payload, bytes)]
        return [m for m in messages if not isinstance(m, Unreadable) and self._judge(m, now_ms)]

    def _judge(self, message: HostMessage, now_ms: int) -> bool:
        if isinstance(message, Stop):
            self.stop_count = (self.stop_count + 1) % 65536
            return True
        if isinstance(message, Hello):
            if message.protocol != VERSION or message.session == 0:
                return False
            if message.session != self.session:  # the same one again is a duplicate
                self.session, self.greeted, self.sequence, self.fresh_ms = message.session, True, None, None
            return True
        if not self.greeted and not isinstance(message, Level):
            return False
        if self.sequence is not None and not 0 < (message.sequence - self.sequence) % 65536 < 32768:
            return False
        self.sequence = message.sequence
        if isinstance(message, Setpoint | Keepalive | Arm | Acknowledge):
            if not self.fresh(message.nonce, now_ms):
                return False
            self.fresh_ms = now_ms
        if isinstance(message, Setpoint | Arm | Level):
            return message.stop_count == self.stop_count
        return isinstance(message, Disarm | Keepalive | Acknowledge)

    def fresh(self, nonce: int, now_ms: int) -> bool:
        """Whether a nonce was issued in the last 300 ms."""
        return any(one.nonce == nonce and now_ms - one.at_ms <= LIFE_MS for one in self.issued[-KEPT:])
