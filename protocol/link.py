"""One end of the link as a state machine: handshake, sequence, nonce, stop count, lease, liveness.

The conversation. The host says HELLO until an IDENTITY echoes its session number; from then on it answers telemetry
with one frame each step: a SETPOINT while it moves the table, a KEEPALIVE otherwise. Each quotes

- a *sequence* number, so that a duplicate or an older frame is dropped,
- a *nonce*, which is the number of a telemetry not older than 300 ms, so that a frame from a buffer cannot run,
- the *stop count* that was valid when the wish behind it was made, so that whatever was in flight when a stop
  arrived is void. Nobody copies a newer count into an older wish.

Bytes and a time go in, messages come out; who calls owns the port and the clock.
"""

from collections import deque
from typing import Final

from . import framing
from .framing import Deframer
from .messages import (
    BY_MESSAGE,
    NONCE_LIFE_MS,
    SILENCE_MS,
    TELEMETRY_PERIOD_MS,
    VERSION,
    Acknowledge,
    Arm,
    Disarm,
    Hello,
    HostMessage,
    Identity,
    Keepalive,
    Level,
    Message,
    Reject,
    Rejected,
    Setpoint,
    Stop,
    Telemetry,
    Unreadable,
    pack,
    unpack_from_host,
    unpack_from_unit,
)

GREET_PERIOD_S: Final = 0.5
"""Chosen: a unit that was just plugged in is found within half a second; two HELLO a second disturb nobody."""
STOP_FRAME: Final = framing.encode(pack(Stop()))
"""Six bytes. Complete in itself, so that the thread that receives a stop can write it at once."""
NONCES: Final = NONCE_LIFE_MS // TELEMETRY_PERIOD_MS + 1
"""How many nonces can be fresh at once; a unit keeps the times of these."""
RESTART_GAP_MS: Final = 60_000
"""Unit time between two telemetries that means a restart, as going back does. Chosen: far beyond any dropout."""
OUTBOX_LIMIT: Final = 8
"""Rejections that may wait in a unit. Chosen: a step seldom makes two; a chip has no room for a flood's worth."""
_U16: Final = 0xFFFF
_U32: Final = 0xFFFF_FFFF
_Numbered = Level | Arm | Disarm | Setpoint | Keepalive | Acknowledge
_LIVE: Final = (Setpoint, Keepalive, Arm, Acknowledge)
"""Messages that must quote a fresh nonce."""
_VOIDED: Final = (Setpoint, Arm, Level)
"""Messages that a stop makes void."""


def frame(message: Message) -> bytes:
    """The bytes of one message on the wire, delimiters included."""
    return framing.encode(pack(message))


class HostLink:
    """The controller's end. `receive` what the port read, `greet` while not `up`, then build frames from wishes."""

    def __init__(self, session: int) -> None:
        self._deframer = Deframer()
        self._session = session % 0xFFFF_FFFE + 1
        self._sequence = 0
        self._greeted_s: float | None = None
        self.identity: Identity | None = None
        self._understood = False
        self.telemetry: Telemetry | None = None
        self.heard_s: float | None = None
        self.received = 0
        self.lost = 0
        self.late = 0
        self.rejections: dict[int, int] = {}

    def reset(self) -> None:
        """The port was reopened: half a frame that it left is closed, and a new conversation begins."""
        self._deframer.feed(framing.DELIMITER)
        self._forget()

    def _forget(self) -> None:
        """A new conversation: nothing of the old one is believed. What has come of the next frame stays."""
        self._session = self._session % 0xFFFF_FFFE + 1
        self._greeted_s = None
        self.identity = None
        self._understood = False
        self.telemetry = None
        self.heard_s = None

    @property
    def up(self) -> bool:
        """The unit answered this conversation's HELLO in our protocol version and sent telemetry since."""
        return self._understood and self.telemetry is not None

    @property
    def damaged(self) -> int:
        """Damaged frames received."""
        return self._deframer.damaged

    def age_s(self, now_s: float) -> float | None:
        """Seconds since the last telemetry, None before the first."""
        return None if self.heard_s is None else now_s - self.heard_s

    def greet(self, now_s: float) -> bytes:
        """HELLO, at most twice a second, until the unit has answered; otherwise nothing."""
        if self._understood:
            return b""
        if self._greeted_s is not None and now_s - self._greeted_s < GREET_PERIOD_S:
            return b""
        self._greeted_s = now_s
        return frame(Hello(VERSION, self._session))

    def receive(self, data: bytes, now_s: float) -> list[Telemetry | Identity | Rejected]:
        """What the bytes complete. Telemetry counts only after the handshake and only when newer than the last.

        A unit that restarted shows it by an unasked IDENTITY, by a clock that went back, or by rejecting a host that
        it has not met; each of them can be lost, so each alone starts a new conversation.
        """
        found: list[Telemetry | Identity | Rejected] = []
        for payload in self._deframer.feed(data):
            if not isinstance(payload, bytes):
                continue
            message = unpack_from_unit(payload)
            if isinstance(message, Telemetry):
                if self._understood and self._newer(message):
                    self.received += 1
                    self.telemetry = message
                    self.heard_s = now_s
                    found.append(message)
            elif isinstance(message, Identity):
                if message.session == self._session:
                    self.identity = message
                    self._understood = message.protocol == VERSION
                    found.append(message)
                elif message.session == 0:
                    self._forget()
                    found.append(message)
            elif isinstance(message, Rejected):
                self.rejections[message.reason] = self.rejections.get(message.reason, 0) + 1
                if message.reason == Reject.NOT_GREETED and self.identity is not None:
                    self._forget()
                found.append(message)
        return found

    def _newer(self, message: Telemetry) -> bool:
        """Whether a telemetry shows the present. A copy or a late one does not: it must not look like a live unit."""
        last = self.telemetry
        if last is None:
            return True
        missing = (message.nonce - last.nonce - 1) & _U16
        if missing >= _U16 - NONCES + 1:
            self.late += 1
            return False
        if (message.time_ms - last.time_ms) & _U32 > RESTART_GAP_MS:
            self._forget()
            return False
        self.lost += missing
        return True

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & _U16
        return self._sequence

    @property
    def _nonce(self) -> int:
        return self.telemetry.nonce if self.telemetry is not None else 0

    def level(self, stop_count: int) -> bytes:
        """A frame that wishes the return to level, made when the unit's count of stops was `stop_count`."""
        return frame(Level(self._next(), stop_count))

    def arm(self, stop_count: int) -> bytes:
        """A frame that asks for the grant, made when the unit's count of stops was `stop_count`."""
        return frame(Arm(self._next(), self._nonce, stop_count))

    def disarm(self) -> bytes:
        """A frame that gives the grant back."""
        return frame(Disarm(self._next()))

    def setpoint(self, stop_count: int, target_deg: float, rate_dps: float, limit_deg: float) -> bytes:
        """A frame that leases one target for 500 ms. Raises LocalError for what the wire can't carry, NaN included."""
        return frame(Setpoint.nearest(self._next(), self._nonce, stop_count, target_deg, rate_dps, limit_deg))

    def keepalive(self) -> bytes:
        """A frame that only shows that the host lives and hears the unit."""
        return frame(Keepalive(self._next(), self._nonce))

    def acknowledge(self) -> bytes:
        """A frame that acknowledges the latched causes."""
        return frame(Acknowledge(self._next(), self._nonce))


class UnitLink:
    """The tilt unit's end: whole milliseconds, bounded memory, trusts nobody.

    `receive` gives the messages that passed every check of the wire (a Stop always passes); the unit then judges them
    by its own state and calls `reject` for those it does not obey. `issue` numbers a telemetry and makes that number
    the newest nonce.
    """

    def __init__(self, nonce: int, stop_count: int) -> None:
        self._deframer = Deframer()
        self._nonce = nonce & _U16
        self._issued_ms: deque[int] = deque(maxlen=NONCES)
        self._sequence: int | None = None
        self._bad_run = False
        self._fresh_ms: int | None = None
        self.session = 0
        self.stop_count = stop_count & _U16
        self.duplicates = 0
        self.outbox: list[Rejected] = []

    @property
    def damaged(self) -> int:
        """Damaged frames received."""
        return self._deframer.damaged

    def void(self) -> None:
        """Whatever was wished before now is void, as if a stop had come."""
        self.stop_count = (self.stop_count + 1) & _U16

    def issue(self, now_ms: int) -> int:
        """The number of the telemetry that is about to be sent: the newest nonce."""
        self._nonce = (self._nonce + 1) & _U16
        self._issued_ms.append(now_ms)
        return self._nonce

    def silent(self, now_ms: int) -> bool:
        """No fresh nonce came back for 2 s: the host is dead, stalled, or talks into a buffer."""
        return self._fresh_ms is None or now_ms - self._fresh_ms > SILENCE_MS

    def receive(self, data: bytes, now_ms: int) -> list[HostMessage]:
        """The messages in these bytes that may be obeyed, in order."""
        passed: list[HostMessage] = []
        for payload in self._deframer.feed(data):
            if not isinstance(payload, bytes):
                self.reject(Reject.DAMAGED)
                continue
            message = unpack_from_host(payload)
            if isinstance(message, Unreadable):
                self.reject(message.reason, message.code)
            elif isinstance(message, Stop):
                self._bad_run = False
                self.void()
                passed.append(message)
            elif isinstance(message, Hello):
                if self._welcome(message):
                    passed.append(message)
            elif self._judge(message, payload[0], now_ms):
                self._bad_run = False
                passed.append(message)
        return passed

    def reject(self, reason: Reject, code: int = 0, sequence: int = 0) -> None:
        """Say once per bad run that a frame was not obeyed (F1)."""
        if not self._bad_run:
            self._bad_run = True
            if len(self.outbox) < OUTBOX_LIMIT:
                self.outbox.append(Rejected(reason, code, sequence))

    def _welcome(self, hello: Hello) -> bool:
        self._bad_run = False
        if hello.protocol != VERSION or not hello.session:
            self.reject(Reject.WRONG_VERSION, BY_MESSAGE[Hello].code)
            return False
        if hello.session == self.session:  # a duplicate is harmless (safety.md, F2): it is only answered again
            return True
        self.session = hello.session
        self._sequence = None
        self._fresh_ms = None
        return True

    def _judge(self, message: _Numbered, code: int, now_ms: int) -> bool:
        """Whether sequence, nonce and stop count let a message through. Level needs no nonce: it leads to safety."""
        if not self.session and not isinstance(message, Level):
            self.reject(Reject.NOT_GREETED, code, message.sequence)
            return False
        ahead = 1 if self._sequence is None else (message.sequence - self._sequence) & _U16
        if ahead == 0:
            self.duplicates += 1
            return False
        if ahead > _U16 // 2:
            self.reject(Reject.OLD_SEQUENCE, code, message.sequence)
            return False
        self._sequence = message.sequence
        if isinstance(message, _LIVE):
            if not self._fresh(message.nonce, now_ms):
                self.reject(Reject.STALE_NONCE, code, message.sequence)
                return False
            self._fresh_ms = now_ms
        if isinstance(message, _VOIDED) and message.stop_count != self.stop_count:
            self.reject(Reject.VOID_STOP_COUNT, code, message.sequence)
            return False
        return True

    def _fresh(self, nonce: int, now_ms: int) -> bool:
        """Whether this nonce was issued in the last 300 ms, and by this unit since it started."""
        behind = (self._nonce - nonce) & _U16
        return behind < len(self._issued_ms) and now_ms - self._issued_ms[-1 - behind] <= NONCE_LIFE_MS
