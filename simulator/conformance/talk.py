"""A conversation with a unit under test, over any port and any clock: what it said, when, and what it is told.

A `Port` moves bytes and tells the time; in virtual time it lets time pass while it waits. A check calls `run`, which
answers each telemetry as a controller would, and then looks at what was `told` and `said`. Whatever goes wrong beyond
what a check expects (the table beyond the fence, a silent unit) ends the check, and the table is stopped first.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

from protocol import framing
from protocol.link import STOP_FRAME, frame
from protocol.messages import (
    Acknowledge,
    Arm,
    Cause,
    Flag,
    Hello,
    HostMessage,
    Identity,
    Keepalive,
    Level,
    Reject,
    Rejected,
    Rung,
    Setpoint,
    Telemetry,
    Unreadable,
    unpack_from_unit,
)

ANSWER_S: Final = 0.2
"""How long an answer may take on the way. Chosen: a USB adapter holds bytes back for 16 ms, a busy host for longer."""
MUTE_S: Final = 1.0
"""A unit that tells nothing for so long is gone: it owes fifty telemetries."""
LEVEL_DEG: Final = 1.5
"""Level is −1.5° to +1.5° (protocol.md)."""
FENCE_DEG: Final = 20.0
"""No check leads beyond 12° unless it says so. Chosen: a unit that is here does not obey, and is stopped."""
STILL_DEG: Final = 0.25
"""How far the readings of a table at rest wander: noise. A table at 0.2 °/s goes as far in 1.3 s."""
RATE_DPS: Final = 3.0
RESOLUTION_S: Final = 1e-6
"""A port that waited until a time may be this much short of it: seconds are sums."""


class PortGoneError(Exception):
    """The port can't be used any more; says why."""


class UnmetError(Exception):
    """The unit does not do what the check demands; says what it did."""


class RunawayError(UnmetError):
    """The unit does what no unit may; nothing more is tried with it."""


class NoHandError(Exception):
    """Nobody did what only a hand can do; says what was not done."""


class Port(Protocol):
    """The line to a unit, and the clock of the checks."""

    def now_s(self) -> float:
        """Seconds of a clock that never goes back."""

    def send(self, data: bytes) -> None:
        """Bytes to the unit. Raises PortGoneError."""

    def receive(self, until_s: float) -> bytes:
        """Bytes as soon as there are some; nothing when that time has come. Raises PortGoneError."""


class Wish(NamedTuple):
    """What a hand is asked for: a word for machines and a sentence for people."""

    word: str
    sentence: str


class Told(NamedTuple):
    """A telemetry and when it came."""

    at_s: float
    telemetry: Telemetry


class Talk:
    """One conversation. `told`, `said`: what came since the last `forget`; `figures`: what a check has measured."""

    def __init__(self, port: Port, session: int, ask: Callable[[Wish], bool], hand_s: float) -> None:
        self.port = port
        self._deframer = framing.Deframer()
        self._ask = ask
        self._hand_s = hand_s
        self.session = session % 0xFFFF_0000 + 1
        self.sequence = 0
        self.told: list[Told] = []
        self.said: list[Identity | Rejected] = []
        self.unreadable = 0
        self.newest: Telemetry | None = None
        self.identity: Identity | None = None
        self.figures: dict[str, float] = {}
        self.fence_deg = FENCE_DEG
        self.stop_count = 0
        self._heard_s = port.now_s()
        self._answer: Callable[[], None] | None = None

    # ---- time -------------------------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        """The clock of the checks."""
        return self.port.now_s()

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass; whether `until` came true within it."""
        end_s = self.now_s + seconds
        while True:
            self._hear(self.port.receive(end_s))
            if until is not None and until():
                return True
            if self.now_s >= end_s - RESOLUTION_S:
                return False

    def _hear(self, data: bytes) -> None:
        now_s = self.now_s
        fresh = False
        for payload in self._deframer.feed(data):
            message = payload if isinstance(payload, framing.Damage) else unpack_from_unit(payload)
            if isinstance(message, framing.Damage | Unreadable):
                self.unreadable += 1
            elif isinstance(message, Telemetry):
                self.newest, self._heard_s, fresh = message, now_s, True
                self.told.append(Told(now_s, message))
            else:
                self.said.append(message)
                if isinstance(message, Identity) and message.session:
                    self.identity = message
        if fresh:
            self._watch()
            if self._answer is not None:
                self._answer()
        elif now_s - self._heard_s > MUTE_S:
            raise UnmetError(f"it told nothing for {now_s - self._heard_s:.1f} s")

    def _watch(self) -> None:
        """A table beyond the fence is stopped, and everything ends there."""
        now = self.now
        if max(now.bed_deg, now.drive_deg) > self.fence_deg and now.rung != Rung.HOLD:
            self._answer = None
            self.send(STOP_FRAME)
            raise RunawayError(f"the table was led to {self.fence_deg:g}° at most, and is at {now.bed_deg:.1f}°")

    def forget(self) -> None:
        """What came until now is over."""
        self.told.clear()
        self.said.clear()
        self.unreadable = 0

    # ---- what goes out ----------------------------------------------------------------------------------------------

    def send(self, *parts: bytes | HostMessage) -> None:
        """Messages, or bytes as they are, in one write."""
        self.port.send(b"".join(part if isinstance(part, bytes) else frame(part) for part in parts))

    def next(self) -> int:
        """The next sequence number."""
        self.sequence = (self.sequence + 1) & 0xFFFF
        return self.sequence

    def live(self) -> None:
        """From now on, a KEEPALIVE for each telemetry."""
        self._answer = lambda: self.send(Keepalive(self.next(), self.nonce))

    def hush(self) -> None:
        """From now on, nothing but what is sent by hand."""
        self._answer = None

    def hold(self, target_deg: float, rate_dps: float = 0.0, limit_deg: float = 60.0, lease_s: float = 0.5) -> None:
        """From now on, the same SETPOINT for each telemetry, with the stop count that is valid now."""
        self.stop_count = self.now.stop_count
        self._answer = lambda: self.send(self.setpoint(target_deg, rate_dps, limit_deg, lease_s))

    def lead(self, target_deg: float, rate_dps: float = RATE_DPS, limit_deg: float = 60.0) -> None:
        """From now on, setpoints that go there at this rate, as a controller leads."""
        self.stop_count = self.now.stop_count
        way_deg, last_s = self.now.angle_deg, self.now_s

        def answer() -> None:
            nonlocal way_deg, last_s
            step_deg = rate_dps * min(self.now_s - last_s, 0.1)
            last_s, left_deg = self.now_s, target_deg - way_deg
            way_deg += max(-step_deg, min(step_deg, left_deg))
            moving_dps = 0.0 if abs(left_deg) <= step_deg else rate_dps if left_deg > 0 else -rate_dps
            self.send(self.setpoint(way_deg, moving_dps, limit_deg))

        self._answer = answer

    def setpoint(
        self, target_deg: float, rate_dps: float = 0.0, limit_deg: float = 60.0, lease_s: float = 0.5
    ) -> Setpoint:
        """The next SETPOINT of this wish."""
        lease_ms = round(lease_s * 1000)
        return Setpoint.nearest(self.next(), self.nonce, self.stop_count, target_deg, rate_dps, limit_deg, lease_ms)

    def asks(self, *parts: bytes | HostMessage, within_s: float = ANSWER_S) -> list[Identity | Rejected]:
        """Send, and what was said within this time."""
        self.said.clear()
        self.send(*parts)
        self.run(within_s)
        return list(self.said)

    def stop(self) -> None:
        """A STOP, alone; the wish that was led is over."""
        self.live()
        self.send(STOP_FRAME)

    def level(self) -> None:
        """LEVEL, wished now; keepalives go on."""
        self.live()
        self.send(Level(self.next(), self.now.stop_count))

    def acknowledge(self) -> None:
        """ACKNOWLEDGE, and time for it to show."""
        self.send(Acknowledge(self.next(), self.nonce))
        self.run(ANSWER_S)

    def greet(self, session: int | None = None) -> Identity:
        """A new conversation, without a frame in it yet."""
        self.session = (self.session + 1) if session is None else session
        self.hush()
        self.send(Hello(1, self.session))
        if not self.run(1.0, lambda: self.identity is not None and self.identity.session == self.session):
            raise UnmetError("HELLO was not answered by an IDENTITY with its session within 1 s")
        assert self.identity is not None
        return self.identity

    def meet(self) -> None:
        """A new conversation with a living host."""
        self.greet()
        self.live()
        self.expect(self.run(1.0, lambda: self.has(Flag.HOST_LIVE)), "fresh KEEPALIVEs do not make it say HOST_LIVE")

    def arm(self) -> None:
        """The grant, wished now."""
        self.said.clear()
        self.stop_count = self.now.stop_count
        self.send(Arm(self.next(), self.nonce, self.stop_count))
        armed = self.run(ANSWER_S, lambda: self.has(Flag.ARMED))
        self.expect(armed, f"ARM was not obeyed: {reasons(self.said) or 'no word'}, causes {causes(self.now)}")

    def hand(self, wish: Wish, done: Callable[[], bool]) -> None:
        """Ask a hand for something that telemetry shows. Raises NoHandError."""
        if done():
            return
        if not self._ask(wish) or not self.run(self._hand_s, done):
            raise NoHandError(wish.sentence)

    # ---- what came in -----------------------------------------------------------------------------------------------

    @property
    def now(self) -> Telemetry:
        """The newest telemetry."""
        if self.newest is None:
            raise UnmetError("it has told nothing yet")
        return self.newest

    @property
    def nonce(self) -> int:
        """Of the newest telemetry."""
        return self.now.nonce

    def has(self, flag: Flag) -> bool:
        """Whether the newest telemetry shows it."""
        return bool(self.now.flags & flag)

    def active(self, cause: Cause) -> bool:
        """Whether the newest telemetry has this cause at work."""
        return bool(self.now.causes & cause)

    @property
    def secured(self) -> bool:
        """Whether the unit senses a weight on the table, and locked ankles."""
        return self.has(Flag.OCCUPIED) and self.has(Flag.ANKLES_LOCKED)

    @property
    def still(self) -> bool:
        """Whether the newest telemetry says that the table stands, braked."""
        return self.has(Flag.BRAKE) and not self.has(Flag.MOVING)

    @property
    def level_and_still(self) -> bool:
        """Whether the newest telemetry has it level and at rest."""
        return max(abs(self.now.bed_deg), abs(self.now.drive_deg)) <= LEVEL_DEG + STILL_DEG and self.still

    @property
    def home(self) -> bool:
        """The same, with nothing that leads anywhere."""
        return self.level_and_still and self.now.rung < Rung.LEVEL

    def angle_at(self, at_s: float) -> float:
        """The angle around a time, of both sensors and five telemetries, degrees."""
        near = sorted(self.told, key=lambda told: abs(told.at_s - at_s))[:5]
        return sum(told.telemetry.bed_deg + told.telemetry.drive_deg for told in near) / (2 * len(near))

    def rates(self) -> list[float]:
        """The mean rate over each second, of both sensors and five telemetries at either end, degrees a second."""
        both = [(told.telemetry.bed_deg + told.telemetry.drive_deg) / 2 for told in self.told]
        mean = [sum(both[at : at + 5]) / 5 for at in range(len(both) - 4)]
        times = [told.at_s for told in self.told[2:-2]]
        return [(mean[at + 50] - mean[at]) / max(times[at + 50] - times[at], 0.5) for at in range(len(mean) - 50)] or [
            0.0
        ]

    # ---- judging ----------------------------------------------------------------------------------------------------

    def expect(self, met: bool, otherwise: str) -> None:
        """The check goes on only if this is met."""
        if not met:
            raise UnmetError(otherwise)

    def figure(self, name: str, value: float) -> float:
        """Something measured, for the report."""
        self.figures[name] = round(value, 3)
        return value


def reasons(said: list[Identity | Rejected]) -> str:
    """The rejections in what was said, in words."""
    names = {int(reason): reason.name for reason in Reject}
    return ", ".join(names.get(one.reason, str(one.reason)) for one in said if isinstance(one, Rejected))


def causes(now: Telemetry) -> str:
    """The causes that are at work or latched, in words."""
    both = now.causes | now.latched
    return ", ".join(str(cause.name) for cause in Cause if both & cause) or "none"
