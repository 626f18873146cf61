"""Frames and messages: what the properties of the deframer and of the two message decoders are (F1, F22).

The reference here is a second, slower reading of the same bytes. Limits are restated, not imported.
"""

from binascii import crc_hqx
from collections.abc import Callable

from protocol.framing import Damage, Deframer
from protocol.messages import (
    HostMessage,
    Message,
    Reject,
    UnitMessage,
    Unreadable,
    pack,
    unpack_from_host,
    unpack_from_unit,
)

from .tape import Run, Tape

MAX_BODY = 67
"""Bytes between two delimiters: 64 of payload, 2 of CRC, 1 of COBS."""
STOP = bytes.fromhex("000402C1B200")
SIZES_FROM_HOST = {0x01: 6, 0x02: 1, 0x03: 5, 0x04: 7, 0x05: 3, 0x06: 15, 0x07: 5, 0x08: 5}
SIZES_FROM_UNIT = {0x81: 24, 0x82: 38, 0x83: 5}
"""Bytes of each message, its type included (docs/protocol.md)."""
CHUNKS = (200, 7, 66, 67, 68, 33, 3, 1)
"""Bytes that arrive at once: around a whole frame, and less."""
PIECES = 24
"""Of one input at most; the rest comes at once. Chosen: single bytes cost the most time and teach the least."""


def deframer(make: Callable[[], Deframer] = Deframer) -> Run:
    """The result is the reference's, whatever the chunks; one frame is held at most; a good frame is read after all."""

    def run(data: bytes) -> None:
        tape = Tape(data)
        sizes = CHUNKS[tape.byte() % len(CHUNKS)], CHUNKS[tape.byte() % len(CHUNKS)]
        stream = tape.rest()
        whole, pieces = make(), make()
        outcomes = whole.feed(stream)
        found: list[bytes | Damage] = []
        at = turn = 0
        while at < len(stream):
            end = at + sizes[turn % 2] if turn < PIECES else len(stream)
            found += pieces.feed(stream[at:end])
            assert pieces.held <= MAX_BODY + 1, "it holds more than one frame"
            at, turn = end, turn + 1
        expected, damaged = reference(stream)
        assert outcomes == expected, "not what the reference reads"
        assert found == expected, "the chunks change the result"
        assert whole.damaged == pieces.damaged == damaged, "miscounted"
        assert whole.held <= MAX_BODY + 1, "it holds more than one frame"
        assert whole.feed(b"\0" + STOP)[-1:] == [b"\x02"], "a delimiter and a good frame are not read after this"
        assert pieces.feed(STOP)[-1:] == [b"\x02"], "a good frame is not read after this"

    return run


def reference(stream: bytes) -> tuple[list[bytes | Damage], int]:
    """Outcomes of a whole stream, and its damaged frames. Only the first damage of a bad run is an outcome."""
    outcomes: list[bytes | Damage] = []
    damaged = 0
    bad_run = False
    for body in stream.split(b"\0")[:-1]:
        if not body:
            continue
        outcome = _open(body)
        if isinstance(outcome, bytes):
            bad_run = False
            outcomes.append(outcome)
        else:
            damaged += 1
            if not bad_run:
                outcomes.append(outcome)
            bad_run = True
    return outcomes, damaged


def _open(body: bytes) -> bytes | Damage:
    if len(body) > MAX_BODY:
        return Damage.OVERLONG
    checked, at = b"", 0
    while at < len(body):
        end = at + body[at]
        if end > len(body):
            return Damage.COBS
        checked += body[at + 1 : end] + (b"\0" if end < len(body) else b"")
        at = end
    return checked[:-2] if len(checked) >= 3 and crc_hqx(checked, 0xFFFF) == 0 else Damage.CRC


def host_messages(decode: Callable[[bytes], HostMessage | Unreadable] = unpack_from_host) -> Run:
    """What a unit reads."""
    return _messages(decode, SIZES_FROM_HOST)


def unit_messages(decode: Callable[[bytes], UnitMessage | Unreadable] = unpack_from_unit) -> Run:
    """What a host reads."""
    return _messages(decode, SIZES_FROM_UNIT)


def _messages(decode: Callable[[bytes], Message | Unreadable], sizes: dict[int, int]) -> Run:
    """A payload is a message exactly if type and length are known, and then it packs to the same bytes again."""

    def run(data: bytes) -> None:
        message = decode(data)
        code = data[0] if data else 0
        if sizes.get(code) == len(data):
            assert not isinstance(message, Unreadable), "a message of a known layout is not read"
            assert pack(message) == data, "it packs to other bytes"
        else:
            reason = Reject.WRONG_LENGTH if code in sizes else Reject.UNKNOWN_TYPE
            assert message == Unreadable(reason, code), "something is read that is no message"

    return run
