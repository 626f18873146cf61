"""What a fault does: begun at a site, told of each tick, ended; `acted` counts what it has changed.

The kinds of faults, which say what becomes of these, are in `faults`.
"""

from collections.abc import Callable
from random import Random
from typing import Final, NamedTuple

from .physics import Physics
from .sensors import Sensors, Switches
from .table import Table
from .wire import Filter, Wire

NOTICED_CDEG: Final = 5
"""A reading that is changed by less is one of the noise's."""
WILD_CDEG: Final = 0x7FFF
"""What a sensor says that is not there."""
SAMPLE_S: Final = 0.01
BOUNCE_TICKS: Final = 10
"""A bouncing switch opens once in 200 ms."""


class Site(NamedTuple):
    """Where faults are done: a table, the wire to it, and what decides their chances."""

    table: Table
    wire: Wire
    random: Random


class Fault:
    """One fault at work. The base does nothing."""

    def __init__(self) -> None:
        self.acted = 0

    def begin(self, site: Site) -> None:
        """It happens."""

    def tick(self, site: Site) -> None:
        """It goes on, every 20 ms, before the table's own tick."""

    def end(self, site: Site) -> None:
        """It is over."""


class OnWire(Fault):
    """A filter on the bytes."""

    def __init__(self, made: Callable[[Random, float], Filter], amount: float) -> None:
        super().__init__()
        self._made, self._amount = made, amount
        self._filter: Filter | None = None

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        self._filter = self._made(site.random, self._amount)
        site.wire.add(self._filter)

    def tick(self, site: Site) -> None:
        """See `Fault`."""
        if self._filter is not None:
            self.acted = self._filter.acted

    def end(self, site: Site) -> None:
        """See `Fault`."""
        if self._filter is not None:
            self.tick(site)
            site.wire.remove(self._filter)


Change = Callable[[int, int, float, Random], int]
"""What a broken sensor makes of a reading in hundredths of a degree: reading, number of it, amount, chances."""


class OnSensor(Fault):
    """One angle sensor reads wrong. Several faults of one sensor act one after the other."""

    def __init__(self, name: str, change: Change, amount: float) -> None:
        super().__init__()
        self._name, self._change, self._amount = name, change, amount
        self._before: Callable[[int], int] | None = None
        self._random = Random(0)
        self._count = 0
        self._over = False

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        self._random = site.random
        self._before = getattr(site.table.sensors, self._name)
        setattr(site.table.sensors, self._name, self._read)

    def _read(self, cdeg: int) -> int:
        if self._before is not None:
            cdeg = self._before(cdeg)
        if self._over:
            return cdeg
        out = self._change(cdeg, self._count, self._amount, self._random)
        self._count += 1
        self.acted += abs(out - cdeg) > NOTICED_CDEG
        return out

    def end(self, site: Site) -> None:
        """See `Fault`."""
        self._over = True
        if getattr(site.table.sensors, self._name) == self._read:
            setattr(site.table.sensors, self._name, self._before)


class Stuck:
    """The first reading, for ever."""

    def __init__(self) -> None:
        self._cdeg: int | None = None

    def __call__(self, cdeg: int, count: int, amount: float, random: Random) -> int:
        if self._cdeg is None:
            self._cdeg = cdeg
        return self._cdeg


def gone(cdeg: int, count: int, amount: float, random: Random) -> int:
    """Out of range."""
    return WILD_CDEG


def shifted(cdeg: int, count: int, amount: float, random: Random) -> int:
    """Off by so many degrees."""
    return cdeg + round(amount * 100)


def mirrored(cdeg: int, count: int, amount: float, random: Random) -> int:
    """The sign is flipped."""
    return -cdeg


def drifting(cdeg: int, count: int, amount: float, random: Random) -> int:
    """Off by ever more."""
    return cdeg + round(amount * 100 * count * SAMPLE_S)


def noisy(cdeg: int, count: int, amount: float, random: Random) -> int:
    """Noise of this deviation."""
    return cdeg + round(random.gauss(0.0, amount) * 100)


def spiking(cdeg: int, count: int, amount: float, random: Random) -> int:
    """Wild, for this part of the readings."""
    return random.choice((WILD_CDEG, -WILD_CDEG, 0)) if random.random() < amount else cdeg


Part = Physics | Switches | Sensors | Table
Shows = Callable[[Table], bool]


class Setting(Fault):
    """Something of the table has another value. `shows`: whether that makes a difference in this tick."""

    def __init__(self, part: Callable[[Table], Part], name: str, value: object, shows: Shows) -> None:
        super().__init__()
        self._part, self._name, self._value, self._shows = part, name, value, shows
        self._before: object = None
        self._since_ms = 0

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        self._since_ms = site.table.now_ms
        part = self._part(site.table)
        self._before = getattr(part, self._name)
        self._put(site.table, self._value)

    def tick(self, site: Site) -> None:
        """See `Fault`."""
        if site.table.now_ms > self._since_ms:
            self.acted += self._shows(site.table)

    def end(self, site: Site) -> None:
        """See `Fault`."""
        self._put(site.table, self._before)

    def _put(self, table: Table, value: object) -> None:
        setattr(self._part(table), self._name, value)
        table.physics.disturb()


class Bounce(Fault):
    """A switch opens for a moment again and again, too short to mean anything; `ticks` of 20 ms each time."""

    def __init__(self, name: str, ticks: float) -> None:
        super().__init__()
        self._name, self._ticks = name, round(ticks)
        self._count = 0

    def tick(self, site: Site) -> None:
        """See `Fault`."""
        is_open = self._count % (BOUNCE_TICKS + self._ticks) < self._ticks
        self._count += 1
        self.acted += is_open
        setattr(site.table.switches, self._name, not is_open)

    def end(self, site: Site) -> None:
        """See `Fault`."""
        setattr(site.table.switches, self._name, True)


class WrongSide(Fault):
    """The level switch reports the other side."""

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        site.table.sensors.side_fault = self._read

    def _read(self, side: bool) -> bool:
        self.acted += 1
        return not side

    def end(self, site: Site) -> None:
        """See `Fault`."""
        site.table.sensors.side_fault = None


class Gone(Fault):
    """The person is off the table: an ankle lock open and nobody sensed."""

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        site.table.switches.occupied = site.table.switches.ankles_locked = False

    def tick(self, site: Site) -> None:
        """See `Fault`."""
        self.acted += 1

    def end(self, site: Site) -> None:
        """See `Fault`."""
        site.table.switches.occupied = site.table.switches.ankles_locked = True


class Pulse(Fault):
    """Something is done to the table at once, and again every `every_s` while it lasts (0: once)."""

    def __init__(self, act: Callable[[Table], None], every_s: float = 0.0) -> None:
        super().__init__()
        self._act, self._every_ms = act, round(every_s * 1000)
        self._next_ms = 0

    def begin(self, site: Site) -> None:
        """See `Fault`."""
        self._do(site)

    def tick(self, site: Site) -> None:
        """See `Fault`."""
        if self._every_ms and site.table.now_ms >= self._next_ms:
            self._do(site)

    def _do(self, site: Site) -> None:
        self._next_ms = site.table.now_ms + self._every_ms
        self._act(site.table)
        self.acted += 1
