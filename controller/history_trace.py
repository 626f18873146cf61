"""The angle of a session over time, small enough to be kept: straight lines that are never off by more than 0.25°.

A `Trace` takes samples and keeps the corners of the lines between them (the swinging door of data historians: a line
goes on for as long as one straight line passes close enough to every sample). An angle that nobody knew is a gap.
"""

import math
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

UNIT_S: Final = 0.01
UNIT_DEG: Final = 0.05
"""What is kept is rounded to these: at 5 °/s both together are 0.05°."""
DOOR: Final = 4
"""In `UNIT_DEG`: with the rounding, lines are off by 0.25° at most."""
MOST_CORNERS: Final = 5000
"""Chosen: two hours of swinging. What comes later replaces the last corner."""
MOST_BYTES: Final = 100_000
"""Unpacked. Chosen: corners that all need their longest form, twenty bytes each."""
_FORMAT: Final = 1
_GAP: Final = 0
"""In the place of an angle."""


class Sample(NamedTuple):
    """Seconds since the start, and degrees of inversion; None: nobody knows."""

    at_s: float
    angle_deg: float | None


class TraceError(Exception):
    """Bytes that are no trace."""


class Trace:
    """Grows by `add`; `corners` are what is kept so far, the newest sample included. `door`: in `UNIT_DEG`."""

    def __init__(self, door: int = DOOR) -> None:
        self._door = door
        self._kept: list[tuple[int, int | None]] = []
        self._last: tuple[int, int | None] | None = None
        self._low, self._high = -math.inf, math.inf

    def add(self, at_s: float, angle_deg: float | None) -> None:
        """One more sample, later than the last one; others are passed over."""
        angle = round(angle_deg / UNIT_DEG) if angle_deg is not None and math.isfinite(angle_deg) else None
        new, known = (round(at_s / UNIT_S), angle), angle is not None
        if self._last is None:
            self._turn(new)
        elif new[0] > self._last[0]:
            known_before = self._last[1] is not None
            if not (known or known_before):
                return  # a gap ends where the next angle is known
            if known != known_before:
                self._turn(self._last)
                self._turn(new)
            elif not self._fits(new):
                self._turn(self._last)
                self._fits(new)
            self._last = new

    def _turn(self, corner: tuple[int, int | None]) -> None:
        """From here begins another line."""
        if not self._kept or self._kept[-1] != corner:
            if len(self._kept) >= MOST_CORNERS:
                self._kept.pop()
            self._kept.append(corner)
        self._last = corner
        self._low, self._high = -math.inf, math.inf

    def _fits(self, new: tuple[int, int | None]) -> bool:
        """Whether a line from the last corner to here passes by every sample between; the next has to pass here."""
        (from_s, from_deg), (at_s, angle) = self._kept[-1], new
        if from_deg is None or angle is None:
            return False
        after = at_s - from_s
        slope = (angle - from_deg) / after
        if not self._low <= slope <= self._high:
            return False
        self._low = max(self._low, (angle - self._door - from_deg) / after)
        self._high = min(self._high, (angle + self._door - from_deg) / after)
        return True

    def _corners(self) -> Iterator[tuple[int, int | None]]:
        yield from self._kept
        if self._last is not None and self._last != self._kept[-1]:
            yield self._last

    def corners(self) -> tuple[Sample, ...]:
        """The ends of the lines."""
        return tuple(_sample(*corner) for corner in self._corners())

    def pack(self) -> bytes:
        """The corners as bytes: time since the last one, and how far the angle went, both of variable length."""
        data, then, before = bytearray(), 0, 0
        for at_s, angle in self._corners():
            data += _number(at_s - then)
            data += _number(_GAP if angle is None else _unsigned(angle - before) + 1)
            then, before = at_s, before if angle is None else angle
        return bytes([_FORMAT]) + zlib.compress(bytes(data), 9)


def unpack(packed: bytes) -> tuple[Sample, ...]:
    """The corners again. Raises TraceError."""
    if packed[:1] != bytes([_FORMAT]):
        raise TraceError("the angles are in a form that this program does not know")
    unzip = zlib.decompressobj()
    try:
        data = unzip.decompress(packed[1:], MOST_BYTES)
    except zlib.error:
        raise TraceError("the angles are damaged") from None
    if not unzip.eof:
        raise TraceError("the angles are cut off or too many")
    return tuple(_read(data))


def angle_at(corners: Sequence[Sample], at_s: float) -> float | None:
    """The angle at one moment; None in a gap and outside."""
    for (from_s, from_deg), (to_s, to_deg) in pairwise(corners):
        if from_s <= at_s <= to_s and from_deg is not None and to_deg is not None:
            return from_deg + (to_deg - from_deg) * (at_s - from_s) / (to_s - from_s)
    return next((angle for time_s, angle in corners if time_s == at_s), None)


def _read(data: bytes) -> Iterator[Sample]:
    numbers = _numbers(data)
    at_s = angle = 0
    for passed in numbers:
        code = next(numbers, None)
        if code is None:
            raise TraceError("the angles are cut off")
        at_s += passed
        if code == _GAP:
            yield _sample(at_s, None)
        else:
            angle += _signed(code - 1)
            yield _sample(at_s, angle)


def _sample(at_s: int, angle: int | None) -> Sample:
    return Sample(round(at_s * UNIT_S, 2), None if angle is None else round(angle * UNIT_DEG, 2))


def _unsigned(value: int) -> int:
    """0, −1, 1, −2, 2 … as 0, 1, 2, 3, 4 …"""
    return 2 * value if value >= 0 else -2 * value - 1


def _signed(value: int) -> int:
    return value // 2 if value % 2 == 0 else -(value + 1) // 2


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; all but the last have the eighth set."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    data.append(value)
    return bytes(data)


def _numbers(data: bytes) -> Iterator[int]:
    value = shift = 0
    for byte in data:
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            yield value
            value = shift = 0
        elif shift > 63:
            raise TraceError("the angles are damaged")
    if shift:
        raise TraceError("the angles are cut off")
