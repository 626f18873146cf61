"""Both ends of the link against scripts of frames, good and bad, and of time (F1, F2, F3, H4, H11)."""

from collections.abc import Callable

from protocol.framing import Deframer, encode
from protocol.link import HostLink, UnitLink
from protocol.messages import (
    Hello,
    HostMessage,
    Identity,
    Keepalive,
    Rejected,
    Setpoint,
    Stop,
    Telemetry,
    UnitMessage,
    Unreadable,
    pack,
    unpack_from_host,
)

from . import speech
from .referee import Referee
from .tape import Run, Tape
from .wire import STOP

OUTBOX = 8
"""Rejections that may wait."""
DEEDS = 24
"""Of one script at most. Chosen: a conversation, a dozen mistakes, and still thousands of scripts a second."""
PERIOD_MS = 20
GREET_S = 0.5
NOT_GREETED = 5
COPIES = 16
"""A nonce so close behind the newest is a copy or came late."""


def unit_link(make: Callable[[int, int], UnitLink] = UnitLink) -> Run:
    """Exactly the live, sequenced, nonced messages pass; a stop always does; after anything a good host is heard."""

    def run(data: bytes) -> None:
        tape = Tape(data)
        nonce, stop_count = tape.word(), tape.word()
        link, referee = make(nonce, stop_count), Referee(stop_count)
        now_ms = 0

        def hear(frames: bytes) -> list[HostMessage]:
            passed = link.receive(frames, now_ms)
            assert passed == referee.passed(frames, now_ms), "a frame passed that may not, or the other way round"
            assert link.stop_count == referee.stop_count, "a stop is not counted, or something else is"
            assert len(link.outbox) <= OUTBOX, "the outbox grows without bound"
            assert link.silent(now_ms) == referee.silent(now_ms), "silence is misjudged"
            return passed

        def issue() -> None:
            referee.issue(link.issue(now_ms), now_ms)

        for _ in range(DEEDS):
            if not tape.more:
                break
            deed = tape.byte()
            kind = deed % 16
            if kind < speech.KINDS:
                hear(speech.say(kind, tape, referee))
            elif kind < 13:
                for _ in range(deed >> 4):
                    now_ms += PERIOD_MS
                    issue()
            elif kind == 13:
                now_ms += tape.word()
            elif kind == 14:
                link.outbox.clear()
            else:
                issue()
        before = link.stop_count
        assert hear(b"\0" + STOP)[-1:] == [Stop()], "a stop is not heard"
        assert (link.stop_count - before) % 65536 >= 1, "a stop is not counted"
        issue()
        hello = encode(pack(Hello(1, link.session % 0xFFFF_FFFE + 1)))
        keepalive = encode(pack(Keepalive(9, referee.issued[-1].nonce)))
        assert len(hear(hello + keepalive)) == 2, "a good host is not heard any more"

    return run


def host_link(make: Callable[[int], HostLink] = HostLink) -> Run:
    """Telemetry counts only in a conversation and only when newer; what goes out quotes it; a unit is found again."""

    def run(data: bytes) -> None:
        tape = Tape(data)
        link = make(tape.word())
        sight = _Sight(link)
        for _ in range(DEEDS):
            if not tape.more:
                break
            deed = tape.byte()
            kind = deed % 8
            if kind == 0:
                sight.hear(tape.take(tape.byte() % 32))
            elif kind < 3:
                sight.hear(_telemetry(sight, 1 + tape.signed() * (deed >> 5), 20 + tape.signed() * tape.byte() * 8))
            elif kind == 3:
                session = (0, sight.session, sight.session + tape.signed())[deed % 3]
                sight.hear(encode(pack(_identity(1 + (deed >> 7), session & 0xFFFF_FFFF))))
            elif kind == 4:
                sight.hear(encode(pack(Rejected(tape.byte(), tape.byte(), 0))))
            elif kind == 5:
                sight.now_s += tape.byte() / 100
                sight.greet()
            elif kind == 6:
                sight.speak()
            else:
                link.reset()
                sight.forget()
        sight.found_again()

    return run


class _Sight:
    """What the host's link shows, and what it may show."""

    def __init__(self, link: HostLink) -> None:
        self.link = link
        self.now_s = 0.0
        self.session = 0
        self.last: Telemetry | None = None
        self._greeted_s = -1.0
        self._sequence: int | None = None

    def forget(self) -> None:
        """A new conversation."""
        self.last = None
        self._greeted_s = -1.0

    def hear(self, data: bytes) -> list[UnitMessage]:
        """What the link makes of these bytes."""
        found: list[UnitMessage] = list(self.link.receive(data, self.now_s))
        for message in found:
            if isinstance(message, Telemetry):
                assert self.last is None or (self.last.nonce - message.nonce) % 65536 >= COPIES, "a copy counts as new"
                self.last = message
            elif _ends(message):
                self.forget()
        if self.link.identity is None:
            self.forget()
        if any(isinstance(message, Telemetry) for message in found[-1:]):
            assert self.link.identity is not None, "telemetry counts without a conversation"
            assert self.link.identity.protocol == 1, "telemetry counts in another protocol"
        assert self.link.telemetry == self.last, "telemetry is kept that does not count"
        assert len(self.link.rejections) <= 256
        return found

    def greet(self) -> bool:
        """HELLO, while it is due, and at most twice a second; whether it was."""
        data = self.link.greet(self.now_s)
        if not data:
            return False
        assert self._greeted_s < 0 or self.now_s - self._greeted_s >= GREET_S, "it greets too often"
        self._greeted_s = self.now_s
        hello = _read(data)
        assert isinstance(hello, Hello)
        assert hello.session, "session 0 is no session"
        self.session = hello.session
        return True

    def speak(self) -> None:
        """A setpoint and a keepalive quote the newest telemetry and count up."""
        link = self.link
        setpoint, keepalive = _read(link.setpoint(3, 1.0, 0.0, 30.0)), _read(link.keepalive())
        assert isinstance(setpoint, Setpoint)
        assert isinstance(keepalive, Keepalive)
        newest = 0 if self.last is None else self.last.nonce
        assert setpoint.nonce == keepalive.nonce == newest, "it quotes another telemetry"
        assert self._sequence in (None, (setpoint.sequence - 1) % 65536), "the sequence jumps"
        assert keepalive.sequence == (setpoint.sequence + 1) % 65536, "the sequence stands"
        self._sequence = keepalive.sequence
        assert setpoint.stop_count == 3, "the stop count is not the wish's"

    def found_again(self) -> None:
        """Whatever came before, after the port was opened anew a unit is found."""
        self.link.reset()
        self.forget()
        assert self.greet(), "nobody greets after the port was opened"
        self.hear(encode(pack(_identity(1, self.session))))
        self.hear(_telemetry(self, 1, 20))
        assert self.link.up, "a good unit is not found any more"


def _ends(message: UnitMessage) -> bool:
    """A unit that restarted, or does not know us."""
    if isinstance(message, Identity):
        return message.session == 0
    return isinstance(message, Rejected) and message.reason == NOT_GREETED


def _read(data: bytes) -> HostMessage:
    [payload] = Deframer().feed(data)
    assert isinstance(payload, bytes)
    message = unpack_from_host(payload)
    assert not isinstance(message, Unreadable)
    return message


def _identity(protocol: int, session: int) -> Identity:
    return Identity(protocol, session, 1, 0, 0, 1, 1, 7, 1, 9, 6000, 300)


def _telemetry(sight: _Sight, ahead: int, later_ms: int) -> bytes:
    """A telemetry so many numbers and milliseconds after the last one."""
    last = sight.link.telemetry
    nonce, time_ms = (0, 0) if last is None else (last.nonce, last.time_ms)
    return encode(
        pack(
            Telemetry(
                nonce + ahead & 0xFFFF, time_ms + later_ms & 0xFFFF_FFFF, 5, 100, 100, 100, 0, 0, 0, 0, 0, 0, 0,
                0, 0, 128, 0,
            )
        )
    )  # fmt: skip
