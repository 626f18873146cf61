"""Choices from a tape as frames of a host: good ones, and ones that are wrong by a little in each field."""

from protocol.framing import encode
from protocol.messages import Acknowledge, Arm, Disarm, Hello, Keepalive, Level, Setpoint, Stop, pack

from .referee import Referee
from .tape import Tape

GARBAGE, HELLO, STOP, LEVEL, ARM, DISARM, KEEPALIVE, ACKNOWLEDGE, SETPOINT = range(9)
KINDS = 9


def say(kind: int, tape: Tape, referee: Referee) -> bytes:
    """The bytes of one frame, or any bytes. Zeros on the tape make the frame that would pass now."""
    if kind == GARBAGE:
        return tape.take(tape.byte() % 32)
    if kind == HELLO:
        return encode(pack(Hello(1 + tape.signed() & 0xFF, 1 + tape.signed() & 0xFFFF_FFFF)))
    if kind == STOP:
        return encode(pack(Stop()))
    last = 0 if referee.sequence is None else referee.sequence
    sequence = last + 1 + tape.signed() * tape.byte() & 0xFFFF
    if kind == DISARM:
        return encode(pack(Disarm(sequence)))
    stop_count = referee.stop_count + (tape.signed() if kind in (LEVEL, ARM, SETPOINT) else 0) & 0xFFFF
    if kind == LEVEL:
        return encode(pack(Level(sequence, stop_count)))
    nonce = (referee.issued[-1].nonce if referee.issued else 0) - tape.signed() & 0xFFFF
    if kind == ARM:
        return encode(pack(Arm(sequence, nonce, stop_count)))
    if kind == KEEPALIVE:
        return encode(pack(Keepalive(sequence, nonce)))
    if kind == ACKNOWLEDGE:
        return encode(pack(Acknowledge(sequence, nonce)))
    target, rate, limit = tape.signed() * 100, tape.signed() * 10, 6000 + tape.signed() * 200
    return encode(pack(Setpoint(sequence, nonce, stop_count, target, rate, limit, 500)))
