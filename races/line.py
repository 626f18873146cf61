"""The serial line with two writers: bytes keep their order, take their time, and may be lost, damaged or doubled."""

from collections import deque
from random import Random
from typing import NamedTuple

from controller.serial_port import PortError
from protocol.link import STOP_FRAME

from .plan import Lane, Wires


class Piece(NamedTuple):
    """What one write put on the line. `stops`: how many stop frames it surely brings; `press`: whose they are."""

    due: int
    data: bytes
    stops: int
    press: int


class Way:
    """One direction. `tick` is the present one."""

    def __init__(self, random: Random, late_ticks: int, bad: float, bad_ticks: int) -> None:
        self._random = random
        self._late_ticks = late_ticks
        self._bad = bad
        self._bad_ticks = bad_ticks
        self._due = 0
        self.pieces: deque[Piece] = deque()
        self.tick = 0
        self.spoilt = 0

    def put(self, data: bytes, stops: int = 0, press: int = 0) -> None:
        """Bytes of one write."""
        random = self._random
        if data and self._bad and self.tick < self._bad_ticks and random.random() < self._bad:
            self.spoilt += 1
            data, stops = self._spoil(data, stops)
        if self._late_ticks:
            self._due = max(self._due, self.tick + random.randrange(self._late_ticks + 1))
        self.pieces.append(Piece(max(self._due, self.tick), data, stops, press))

    def _spoil(self, data: bytes, stops: int) -> tuple[bytes, int]:
        kind, place = self._random.randrange(4), self._random.randrange(len(data))
        if kind == 0:
            return b"", 0
        if kind == 1:
            return data + data, 2 * stops
        if kind == 2:
            return data[:place], 0
        return data[:place] + bytes([data[place] ^ 1 << self._random.randrange(8)]) + data[place + 1 :], 0

    def take(self) -> Piece | None:
        """The next piece that has arrived by now."""
        if self.pieces and self.pieces[0].due <= self.tick:
            return self.pieces.popleft()
        return None


class LanePort:
    """The port as the stop lane has it. `lane` says what the next write meets, `press` whose stop it is."""

    def __init__(self, way: Way, random: Random) -> None:
        self._way = way
        self._random = random
        self.lane = Lane.WRITTEN
        self.press = 0
        self.written = b""
        self.rest = b""

    def write(self, data: bytes) -> None:
        """See `Lane`. Raises PortError."""
        self.written += data
        lane, way = self.lane, self._way
        whole = int(data == STOP_FRAME)
        if lane is Lane.WRITTEN:
            way.put(data, whole, self.press)
            return
        if lane is Lane.FAILS:
            raise PortError("line", "gone", "look")
        place = self._random.randrange(1, len(data))
        if lane is Lane.DAMAGED:
            broken = (b"", data[:place], data[:place] + bytes([data[place] ^ 0x24]) + data[place + 1 :])
            way.put(self._random.choice(broken))
            return
        way.put(data[:place])
        if lane is Lane.TORN:
            raise PortError("line", "full", "look")
        self.rest += data[place:]


def ways(wires: Wires, random: Random) -> tuple[Way, Way]:
    """To the unit, and back."""
    return (
        Way(random, wires.up_ticks, wires.up_bad, wires.bad_ticks),
        Way(random, wires.down_ticks, wires.down_bad, wires.bad_ticks),
    )
