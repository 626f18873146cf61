"""What the broker sends, before anybody reads it: the lookout for stops (H11, F21)."""

from collections.abc import Callable
from typing import Final

from controller.mqtt.lookout import Lookout

from .tape import Run, Tape

TOPIC: Final = "bascule/home/command/stop"
NAME: Final = b"\x00\x19bascule/home/command/stop"
"""As it is in a packet: two bytes of length in front (MQTT 3.1.1, 1.5.3)."""
OTHERS: Final = (
    b"bascule/home/command/level", b"bascule/home/command/sto", b"bascule/home/command/stopp", b"", b"a" * 130,
    b"\xff\xfe", NAME,
)  # fmt: skip
"""Topics that are none of a stop's; the last one only contains its bytes."""
PART: Final = bytes(150) + b"\x30\x1b" + NAME
PAYLOADS: Final = (b"", NAME, 2 * PART, 100 * PART)
"""So long that a packet's length takes one, two and three bytes. Whoever misreads it finds stops in them."""
PACKETS: Final = 12
"""Fewer are in one stream. Chosen: some of each kind."""
_Count = Callable[[bytes], int]


def lookout(make: Callable[[str], _Count] = lambda topic: Lookout(topic).count) -> Run:
    """Any bytes give a count no larger than the topic is in there; whole packets give exactly the live stops."""

    def run(data: bytes) -> None:
        count = make(TOPIC)
        bounded(count, data)
        tape = Tape(data)
        stream, stops = b"", 0
        for _ in range(tape.byte() % PACKETS):
            packet, live = publish(tape)
            stream, stops = stream + packet, stops + live
        assert bounded(count, stream) == stops, "not the live stops among whole packets"
        rest = tape.take(64)
        assert stops <= bounded(count, stream + rest) <= stops + rest.count(NAME), "what comes behind hides a stop"
        cut = len(stream) * tape.byte() // 256
        assert bounded(count, stream[:cut]) <= stops, "a part holds more stops than the whole"

    return run


def bounded(count: _Count, data: bytes) -> int:
    """How many it sees, which is possible."""
    found = count(data)
    assert 0 <= found <= data.count(NAME), "more stops than there are"
    return found


def publish(tape: Tape) -> tuple[bytes, bool]:
    """A whole PUBLISH packet, and whether it is a live stop."""
    kind, flags = tape.byte(), tape.byte() % 16
    name, other, long = NAME, kind // 4 % 8, kind // 32
    if kind % 4 > 1:
        name = _named(OTHERS[other] if other < len(OTHERS) else tape.take(tape.byte() % 32))
    number = tape.take(2).ljust(2, b"\1") if flags & 6 else b""
    body = name + number + (PAYLOADS[long] if long < len(PAYLOADS) else tape.take(tape.byte()))
    return bytes([0x30 | flags]) + _length(len(body)) + body, name == NAME and not flags & 1


def _named(name: bytes) -> bytes:
    return len(name).to_bytes(2, "big") + name


def _length(length: int) -> bytes:
    """MQTT 3.1.1, 2.2.3."""
    coded = b""
    while length > 127:
        coded, length = coded + bytes([length & 127 | 128]), length >> 7
    return coded + bytes([length])
