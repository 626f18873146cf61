"""A bad wire between host and unit: each fault is a filter on the bytes of both directions, with a count of its deeds.

Every filter gets the bytes of each tick, also when there are none, so that what it holds back can go on later.
"""

from collections import deque
from random import Random
from typing import Final

TO_UNIT, FROM_UNIT = 0, 1
"""The two directions."""
BUFFER: Final = 4096
"""Bytes that a buffer holds, as a driver's: the newest are lost when it is full."""
MEMORY: Final = 64
"""Frames that a replay chooses from."""
GARBAGE_BYTES: Final = 40


class Filter:
    """Changes nothing. `acted` counts what a fault did to the bytes: a fault that never acted was not applied."""

    def __init__(self, random: Random, amount: float) -> None:
        self.random = random
        self.amount = amount
        self.acted = 0

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """The bytes of one tick in one direction, as they come out at the other end."""
        return data

    def rest(self, way: int) -> bytes:
        """What is still held back when the fault is over."""
        return b""

    def _hit(self, data: bytes) -> bool:
        """Whether to damage this tick's bytes: `amount` is the part of them."""
        if not data or self.random.random() >= self.amount:
            return False
        self.acted += 1
        return True


class BitFlips(Filter):
    """One bit of a tick's bytes."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        if not self._hit(data):
            return data
        place, bit = self.random.randrange(len(data)), 1 << self.random.randrange(8)
        return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]


class Truncation(Filter):
    """The end is cut off, delimiter and all."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        return data[: self.random.randrange(len(data))] if self._hit(data) else data


class Drops(Filter):
    """All bytes of a tick."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        return b"" if self._hit(data) else data


class Duplicates(Filter):
    """The bytes come twice."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        return data + data if self._hit(data) else data


class Delay(Filter):
    """Everything comes `amount` milliseconds later."""

    def __init__(self, random: Random, amount: float) -> None:
        super().__init__(random, amount)
        self._held: tuple[deque[tuple[int, bytes]], deque[tuple[int, bytes]]] = (deque(), deque())

    def _due_ms(self, now_ms: int) -> int:
        return now_ms + round(self.amount)

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        held = self._held[way]
        if data:
            held.append((self._due_ms(now_ms), data))
            self.acted += 1
        out = b""
        while held and held[0][0] <= now_ms:
            out += held.popleft()[1]
        return out

    def rest(self, way: int) -> bytes:
        """Everything at once."""
        return b"".join(data for _, data in self._held[way])


class Jitter(Delay):
    """Each tick's bytes come up to `amount` milliseconds later, in order."""

    def _due_ms(self, now_ms: int) -> int:
        return now_ms + self.random.randint(0, round(self.amount))


class Reordering(Filter):
    """Two ticks' bytes change places."""

    def __init__(self, random: Random, amount: float) -> None:
        super().__init__(random, amount)
        self._held = [b"", b""]

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        held = self._held[way]
        if held and data:
            self._held[way] = b""
            return data + held
        if self._hit(data):
            self._held[way] = data
            return b""
        return data

    def rest(self, way: int) -> bytes:
        """The one that waits."""
        return self._held[way]


class Replay(Filter):
    """Bytes of a while ago come again behind those of now."""

    def __init__(self, random: Random, amount: float) -> None:
        super().__init__(random, amount)
        self._seen: tuple[deque[bytes], deque[bytes]] = (deque(maxlen=MEMORY), deque(maxlen=MEMORY))

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        seen = self._seen[way]
        out = data + self.random.choice(seen) if seen and self._hit(data) else data
        if data:
            seen.append(data)
        return out


class Garbage(Filter):
    """Random bytes in front of the good ones."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        if self.random.random() >= self.amount:
            return data
        self.acted += 1
        return self.random.randbytes(self.random.randint(1, GARBAGE_BYTES)) + data


class WrongBaud(Filter):
    """Nothing but what a wrong baud rate makes of the bytes: other ones, and fewer or more of them."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        if not data:
            return b""
        self.acted += 1
        return bytes(byte & self.random.getrandbits(8) | 0x80 for byte in data[:: self.random.randint(1, 3)])


class HalfOpen(Filter):
    """One direction is dead; `amount` is which one."""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        if way != self.amount or not data:
            return data
        self.acted += 1
        return b""


class Stuck(Filter):
    """One direction waits in a buffer and comes in one burst when the fault is over; `amount` is which one."""

    def __init__(self, random: Random, amount: float) -> None:
        super().__init__(random, amount)
        self._held = b""

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        if way != self.amount or not data:
            return data
        self.acted += 1
        self._held = (self._held + data)[:BUFFER]
        return b""

    def rest(self, way: int) -> bytes:
        """The whole buffer."""
        return self._held if way == self.amount else b""


class Dribble(Filter):
    """At most `amount` bytes a tick, however many wait: a slow adapter."""

    def __init__(self, random: Random, amount: float) -> None:
        super().__init__(random, amount)
        self._held = [b"", b""]

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """See `Filter`."""
        held = (self._held[way] + data)[:BUFFER]
        out, self._held[way] = held[: round(self.amount)], held[round(self.amount) :]
        if self._held[way]:
            self.acted += 1
        return out

    def rest(self, way: int) -> bytes:
        """What has not come through yet."""
        return self._held[way]


class Wire:
    """The way between host and unit, with the faults that are at work on it."""

    def __init__(self) -> None:
        self.filters: list[Filter] = []
        self._late = [b"", b""]

    @property
    def clear(self) -> bool:
        """Nothing is at work on it, and nothing waits."""
        return not (self.filters or self._late[TO_UNIT] or self._late[FROM_UNIT])

    def add(self, fault: Filter) -> None:
        """A fault begins."""
        self.filters.append(fault)

    def remove(self, fault: Filter) -> None:
        """A fault is over; what it held back comes out with the next tick."""
        self.filters.remove(fault)
        for way in (TO_UNIT, FROM_UNIT):
            self._late[way] += fault.rest(way)

    def through(self, data: bytes, way: int, now_ms: int) -> bytes:
        """The bytes of one tick in one direction, as they come out at the other end."""
        if self._late[way]:
            data, self._late[way] = self._late[way] + data, b""
        for fault in self.filters:
            data = fault.through(data, way, now_ms)
        return data
