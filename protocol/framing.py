"""Frames on a byte stream: `00 COBS(payload + CRC-16) 00`.

A delimiter stands before and after each frame, so that a frame survives whatever half a frame stands in front of it.
The CRC is appended big-endian, which makes the residue over payload and CRC zero: one call checks a frame.
"""

from binascii import crc_hqx
from enum import IntEnum
from struct import Struct
from typing import Final

from cobs import cobs

DELIMITER: Final = b"\x00"
CRC_START: Final = 0xFFFF
"""CRC-16/IBM-3740 (polynomial 0x1021, start 0xFFFF): `_crc_xmodem_update` of avr-libc on the chip."""
MAX_PAYLOAD: Final = 64
"""Bytes. Chosen: room beyond the longest message (telemetry), small enough for a chip with 2 KB of memory."""
MAX_BODY: Final = MAX_PAYLOAD + 2 + 1
"""Bytes between two delimiters: payload, CRC and the one byte that COBS adds to fewer than 254."""
MIN_CHECKED: Final = 3
"""Bytes of the shortest decoded body: a message type and the CRC."""
_KEPT: Final = slice(MAX_BODY + 1)
"""Of an unfinished body. One byte too many, and no more: it makes what comes up to the next delimiter overlong."""
_FRAME: Final = DELIMITER + b"%b" + DELIMITER
_CRC: Final = Struct(">H").pack


class Damage(IntEnum):
    """What was wrong with the first frame of a bad run."""

    OVERLONG = 1
    COBS = 2
    CRC = 3


def encode(payload: bytes) -> bytes:
    """Wrap a payload of 1 to `MAX_PAYLOAD` bytes as a frame, delimiters included."""
    body: bytes = cobs.encode(payload + _CRC(crc_hqx(payload, CRC_START)))
    return _FRAME % body


class Deframer:
    """F1: cuts a byte stream into payloads, whatever the size of the chunks it comes in.

    It holds at most one unfinished frame. After any garbage the next delimiter brings it back in step. A run of damaged
    frames is reported once, by its first `Damage`; the rest is counted in `damaged` until a good frame ends the run.
    """

    __slots__ = ("_bad_run", "_rest", "damaged")

    def __init__(self) -> None:
        self._rest = b""
        self._bad_run = False
        self.damaged = 0

    def feed(self, data: bytes) -> list[bytes | Damage]:
        """Take the bytes that arrived; return the payloads they completed and the first damage of each bad run."""
        bodies = (self._rest + data).split(DELIMITER)
        self._rest = bodies.pop()[_KEPT]
        found: list[bytes | Damage] = []
        for body in bodies:
            if not body:
                continue
            try:
                checked = cobs.decode(body)
                if not crc_hqx(checked, CRC_START) and MIN_CHECKED <= len(checked) < MAX_BODY:
                    found.append(checked[:-2])
                    self._bad_run = False
                    continue
            except cobs.DecodeError:
                pass
            self.damaged += 1
            if not self._bad_run:
                self._bad_run = True
                found.append(_damage(body))
        return found

    @property
    def held(self) -> int:
        """Bytes of the unfinished frame that are held: at most one more than `MAX_BODY`."""
        return len(self._rest)


def _damage(body: bytes) -> Damage:
    """What is wrong with a body, once it is known that something is."""
    if len(body) > MAX_BODY:
        return Damage.OVERLONG
    try:
        cobs.decode(body)
    except cobs.DecodeError:
        return Damage.COBS
    return Damage.CRC
