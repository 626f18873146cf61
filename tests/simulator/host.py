"""A scripted host on the real wire, and what really happened to the bed meanwhile."""

from collections.abc import Callable

import pytest

from protocol import framing
from protocol.link import STOP_FRAME, HostLink
from protocol.messages import Cause, Flag, Reject, Rejected, Rung, Telemetry, unpack_from_unit
from simulator.physics import Person
from simulator.table import Table
from tests.once import made_once

TICK_S = 0.02
LEVEL_DEG = 1.5


def never() -> bool:
    """No frame is lost. By its name, so that a host can be copied."""
    return False


class Host:
    """Says HELLO, answers each telemetry with a setpoint or a keepalive, and keeps the true trace of the table.

    `angles` and `speeds` are the bed's, `driven` the speeds of the drive: the bed falls through the play between them.

    `silent`: says nothing. `lost`: answers True for each frame that is to be lost. Angles in degrees, times in seconds.
    """

    def __init__(self, angle_deg: float = -80.0, seed: int = 1, person: Person | None = None) -> None:
        self.table = Table(seed, angle_deg, person)
        self.table.physics.advance(0.0, True, 10_000)
        self.link = HostLink(seed)
        self.silent = False
        self.deaf = False
        self.target_deg: float | None = None
        self.rate_dps = 0.0
        self.limit_deg = 60.0
        self.stop_count = 0
        self.lost: Callable[[], bool] = never
        self.angles: list[float] = []
        self.speeds: list[float] = []
        self.driven: list[float] = []
        self.rejects: list[Reject] = []
        self._way_deg = 0.0

    # ---- time -----------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """20 ms."""
        table, link = self.table, self.link
        data = table.tick()
        self.angles.append(table.physics.bed_deg)
        self.speeds.append(table.physics.bed_dps)
        self.driven.append(table.physics.drive_dps)
        if self.deaf:
            return
        fresh = False
        for message in link.receive(data, table.now_s):
            if isinstance(message, Telemetry):
                fresh = True
            elif isinstance(message, Rejected):
                self.rejects.append(Reject(message.reason))
        if self.silent:
            return
        if not link.up:
            self.send(link.greet(table.now_s))
        elif fresh:
            self.send(self._answer())

    def _answer(self) -> bytes:
        if self.target_deg is None:
            return self.link.keepalive()
        step = self.rate_dps * 0.02
        left = self.target_deg - self._way_deg
        self._way_deg += max(-step, min(step, left))
        rate = 0.0 if abs(left) <= step else self.rate_dps if left > 0 else -self.rate_dps
        return self.link.setpoint(self.stop_count, self._way_deg, rate, self.limit_deg)

    def send(self, data: bytes) -> None:
        """Bytes on their way to the unit."""
        if data and not self.lost():
            self.table.receive(data)

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass; whether `until` came true within it."""
        for _ in range(round(seconds / TICK_S)):
            self.tick()
            if until is not None and until():
                return True
        return False

    # ---- wishes ---------------------------------------------------------------------------------------------------

    def meet(self) -> "Host":
        """The handshake."""
        assert self.run(2.0, lambda: self.link.up and self.link.telemetry is not None)
        self.run(1.0)
        return self

    def arm(self) -> bool:
        """Ask for the grant with the newest stop count; whether it came."""
        self.stop_count = self.now.stop_count
        self.send(self.link.arm(self.stop_count))
        self.run(0.05)
        return self.has(Flag.ARMED)

    def lead(self, target_deg: float, rate_dps: float = 2.0) -> None:
        """From now on, setpoints towards there; with the newest stop count, as after a wish of just now."""
        self.stop_count = self.now.stop_count
        self._way_deg = self.now.angle_deg
        self.target_deg, self.rate_dps = target_deg, rate_dps

    def let_go(self) -> None:
        """From now on, keepalives."""
        self.target_deg = None

    def stop(self) -> None:
        """One STOP frame; the host's session is over."""
        self.target_deg = None
        self.table.receive(STOP_FRAME)

    def level(self) -> None:
        """LEVEL, wished now."""
        self.target_deg = None
        self.send(self.link.level(self.now.stop_count))

    def acknowledge(self) -> None:
        """ACKNOWLEDGE; the answer shows in the telemetry."""
        self.send(self.link.acknowledge())
        self.run(0.05)

    # ---- what is known --------------------------------------------------------------------------------------------

    @property
    def now(self) -> Telemetry:
        """The newest telemetry."""
        assert self.link.telemetry is not None
        return self.link.telemetry

    @property
    def angle_deg(self) -> float:
        """Where the bed really is."""
        return self.table.physics.bed_deg

    @property
    def speed_dps(self) -> float:
        """How fast the bed really turns."""
        return self.table.physics.bed_dps

    @property
    def rung(self) -> Rung:
        """As the unit reports it."""
        return Rung(self.now.rung)

    @property
    def causes(self) -> Cause:
        """At work now."""
        return Cause(self.now.causes)

    @property
    def latched(self) -> Cause:
        """Waiting for an acknowledgement."""
        return Cause(self.now.latched)

    def has(self, flag: Flag) -> bool:
        """Whether the newest telemetry shows this flag."""
        return bool(self.now.flags & flag)

    def still(self) -> bool:
        """Braked, and really at rest."""
        return self.has(Flag.BRAKE) and abs(self.speed_dps) < 0.02

    def at_level(self) -> bool:
        """Really level, at rest, and nothing leads anywhere."""
        return abs(self.angle_deg) <= LEVEL_DEG and self.still() and self.now.rung != Rung.LEVEL


@made_once
def standing(**known: object) -> Host:
    """A table at −80° whose host has met it."""
    return Host(-80.0, **known).meet()  # type: ignore[arg-type]


@made_once
def holding(angle_deg: float, **known: object) -> Host:
    """A table that was led to this angle, armed, and holds there under a lease."""
    host = Host(min(angle_deg - 0.2, 0.0), **known).meet()  # type: ignore[arg-type]
    assert host.arm()
    host.lead(angle_deg, 3.0)
    assert host.run(40.0, lambda: abs(host.angle_deg - angle_deg) < 0.6 and host.still())
    host.run(0.5)
    return host


@made_once
def rising(angle_deg: float, rate_dps: float = 3.0, start_deg: float | None = None, **known: object) -> Host:
    """A table on its way up, armed, just as it passes this angle at full rate."""
    start_deg = max(angle_deg - 14.0, -80.0) if start_deg is None else start_deg
    host = Host(min(start_deg, 0.0), **known).meet()  # type: ignore[arg-type]
    assert host.arm()
    host.lead(60.0, rate_dps)
    assert host.run(60.0, lambda: host.angle_deg >= angle_deg)
    return host


@made_once
def returning(angle_deg: float, **known: object) -> Host:
    """A table on its way home by itself, just as it passes this angle: it was led further, and level was wished."""
    host = holding(angle_deg + 10.0, **known)
    host.level()
    assert host.run(30.0, lambda: host.angle_deg <= angle_deg)
    assert host.rung == Rung.LEVEL
    return host


@made_once
def standing_up(angle_deg: float, **known: object) -> Host:
    """On the way down to standing, at full rate."""
    host = Host(min(angle_deg + 10.0, 0.0), **known).meet()  # type: ignore[arg-type]
    host.lead(-80.0, 3.0)
    assert host.run(20.0, lambda: host.angle_deg <= angle_deg)
    return host


# ---- what is done to it ---------------------------------------------------------------------------------------------


def broken(way: str) -> Callable[[int], int]:
    """A sensor that fails this way from now on: from a reading in hundredths of a degree to another."""
    seen: list[int] = []

    def frozen(cdeg: int) -> int:
        seen.append(cdeg)
        return seen[0]

    def drifting(cdeg: int) -> int:
        seen.append(cdeg)
        return cdeg + min(len(seen), 1_000)

    def wild(cdeg: int) -> int:
        seen.append(cdeg)
        return cdeg + (700 if len(seen) % 2 else -700)

    return {
        "frozen": frozen,
        "rail": lambda cdeg: 18_000,
        "other rail": lambda cdeg: -18_000,
        "slipped up": lambda cdeg: cdeg + 1_000,
        "slipped down": lambda cdeg: cdeg - 1_000,
        "sign": lambda cdeg: -cdeg,
        "wild": wild,
        "drifting": drifting,
    }[way]


def break_sensor(host: Host, which: str, way: str) -> None:
    setattr(host.table.sensors, f"{which}_fault", broken(way))


def drift_apart(host: Host) -> None:
    """F8: the bed's sensor wanders off by 4°."""
    for _ in range(80):
        host.table.sensors.bed_offset_deg += 0.05
        host.run(0.02)


# ---- what it does then ----------------------------------------------------------------------------------------------


def reacts(host: Host, cause: Cause, within_s: float) -> None:
    """This cause and no other latches in this time."""
    host.run(within_s, lambda: bool(host.latched))
    assert host.latched == cause


def goes_home(host: Host, overshoot_deg: float = 0.3) -> None:
    """R1: level and braked; what was rising may still brake."""
    at, since = host.angle_deg, len(host.angles)
    assert host.run(70.0, host.at_level)
    assert max(host.angles[since:]) - at <= overshoot_deg
    assert max(map(abs, host.driven[since:])) <= 3.0


def holds(host: Host, seconds: float = 22.0) -> None:
    """Braked where it is, for longer than the 20 s after which a freeze would end."""
    at = host.table.physics.drive_deg
    host.run(seconds)
    assert host.table.physics.drive_deg == pytest.approx(at, abs=0.01)
    assert host.has(Flag.BRAKE)


def unwrap(data: bytes) -> list[object]:
    """The messages in what a unit sent."""
    return [unpack_from_unit(p) for p in framing.Deframer().feed(data) if not isinstance(p, framing.Damage)]


def ticks(table: Table, count: int) -> list[object]:
    return unwrap(b"".join(table.tick() for _ in range(count)))
