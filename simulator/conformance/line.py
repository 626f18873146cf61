"""Checks of the line: whatever is damaged, cut, stretched or thrown at a unit, it acts on no part of it."""

from typing import Final

from protocol.framing import DELIMITER, encode
from protocol.link import STOP_FRAME, frame
from protocol.messages import LAYOUTS, Hello, Identity, Keepalive, Level, Reject, Rejected, Setpoint, pack

from .check import check
from .talk import ANSWER_S, Talk, reasons

BODY: Final = STOP_FRAME[1:-1]
"""A STOP between its delimiters."""
LONGEST: Final = 67
"""Bytes that a receiver holds between two delimiters (protocol.md, Frames)."""
FLOOD: Final = bytes(range(1, 256)) * 8
"""Without a delimiter: 0.18 s of the line."""
GAP_S: Final = 0.15


def _counted(talk: Talk, *parts: bytes, within_s: float = ANSWER_S) -> int:
    """How many stops it counts in these bytes."""
    talk.run(0.05)
    before = talk.now.stop_count
    talk.said.clear()
    talk.send(*parts)
    talk.run(within_s)
    return (talk.now.stop_count - before) & 0xFFFF


def _pass(talk: Talk) -> None:
    """A good frame: whatever bad run there was is over."""
    talk.hush()
    said = talk.asks(Keepalive(talk.next(), talk.nonce), within_s=0.06)
    talk.expect(not reasons(said), f"a good frame after a bad one was refused: {reasons(said)}")


@check("C16", "A frame with one wrong bit is not acted on, whichever bit it is.", "protocol.md: Frames", "F1")
def wrong_bit(talk: Talk) -> None:
    talk.hush()
    bad = [bytes(byte ^ (bit == at // 8) << at % 8 for bit, byte in enumerate(BODY)) for at in range(8 * len(BODY))]
    counted = _counted(talk, *(DELIMITER + body + DELIMITER for body in bad))
    talk.expect(not counted, f"{counted} of {len(bad)} damaged STOP counted")


@check("C17", "A damaged frame is told as DAMAGED, of type 0 and number 0.", "protocol.md: 0x83 REJECTED", "F1")
def tells_damage(talk: Talk) -> None:
    _pass(talk)
    said = talk.asks(DELIMITER + BODY[:-1] + b"\x77" + DELIMITER)
    talk.expect(said == [Rejected(Reject.DAMAGED, 0, 0)], f"it was answered: {said or 'no word'}")


@check("C18", "A part of a frame is not acted on.", "protocol.md: Frames", "F1")
def truncated(talk: Talk) -> None:
    talk.hush()
    level = frame(Level(talk.sequence + 9, talk.now.stop_count))[1:-1]
    parts = [body[:cut] for body in (BODY, level) for cut in range(1, len(body))]
    parts += [body[cut:] for body in (BODY, level) for cut in range(1, len(body))]
    counted = _counted(talk, *(DELIMITER + part + DELIMITER for part in parts))
    talk.expect(not counted, f"{counted} parts of a STOP counted")
    talk.expect(len(talk.said) == 1, f"{len(parts)} parts of frames were answered: {reasons(talk.said) or 'no word'}")
    said = talk.asks(Keepalive(talk.next(), talk.nonce))
    talk.expect(not reasons(said), f"part of a LEVEL was taken: the next frame was refused: {reasons(said)}")


@check("C19", "A frame of more than 67 bytes is dropped up to its delimiter.", "protocol.md: Frames", "F22")
def too_long(talk: Talk) -> None:
    talk.hush()
    for length in range(LONGEST - 2, LONGEST + 3):
        counted = _counted(talk, DELIMITER + b"\x55" * length + BODY + DELIMITER, within_s=0.1)
        talk.expect(not counted, f"a STOP behind {length} bytes of the same frame counted")
    talk.expect(_counted(talk, STOP_FRAME) == 1, "the STOP after it did not count")


@check("C20", "Zero bytes behind the CRC do not pass: each type has one length.", "protocol.md: Frames", "F1")
def zeros_behind(talk: Talk) -> None:
    _pass(talk)
    for zeros in (1, 2, 3):
        counted = _counted(talk, DELIMITER + _stuffed(b"\x02\xc1\xb2" + bytes(zeros)) + DELIMITER)
        talk.expect(not counted, f"a STOP with {zeros} zero bytes behind its CRC counted")


def _stuffed(data: bytes) -> bytes:
    """COBS by hand."""
    return b"".join(bytes([len(run) + 1]) + run for run in data.split(b"\x00"))


@check("C21", "An unknown type is refused with UNKNOWN_TYPE and named.", "protocol.md: Rejections", "F22")
def unknown_type(talk: Talk) -> None:
    for code in (0x00, 0x09, 0x40, 0x7F, 0x81, 0x82, 0xFF):
        _pass(talk)
        said = talk.asks(encode(bytes([code, 0, 0])), within_s=0.1)
        talk.expect(
            said == [Rejected(Reject.UNKNOWN_TYPE, code, 0)],
            f"type 0x{code:02x} was answered: {reasons(said) or 'no word'}",
        )


@check("C22", "A payload too long or too short for its type is refused with WRONG_LENGTH.", "protocol.md: Messages")
def wrong_length(talk: Talk) -> None:
    for layout in LAYOUTS:
        if not layout.from_host:
            continue
        whole = {0x01: pack(Hello(1, talk.session)), 0x02: b"\x02"}.get(layout.code) or _payload(talk, layout.code)
        for payload in [whole + b"\x00", whole + bytes(64 - len(whole)), *([whole[:-1]] if len(whole) > 1 else [])]:
            _pass(talk)
            before = talk.now.stop_count
            said = talk.asks(encode(payload), within_s=0.06)
            name = f"type 0x{layout.code:02x} with {len(payload)} bytes"
            right = said == [Rejected(Reject.WRONG_LENGTH, layout.code, 0)]
            talk.expect(right, f"{name} was answered: {reasons(said) or 'no rejection'}")
            talk.expect(talk.now.stop_count == before, f"{name} was obeyed as a STOP")


def _payload(talk: Talk, code: int) -> bytes:
    """A payload that is right but for what is done to it; it asks for nothing that moves."""
    if code == 0x06:
        return pack(
            Setpoint(talk.next(), talk.nonce, talk.now.stop_count + 9 & 0xFFFF, talk.now.angle_cdeg, 0, -6000, 100)
        )
    kind = next(layout.message for layout in LAYOUTS if layout.code == code)
    values = {"sequence": talk.next(), "nonce": talk.nonce, "stop_count": talk.now.stop_count + 9 & 0xFFFF}
    return pack(kind(**{name: values[name] for name in kind._fields}))


@check("C23", "One rejection in a bad run, then silence until a frame passes.", "protocol.md: Frames", "F1", "F22")
def bad_run(talk: Talk) -> None:
    bad = DELIMITER + BODY[:-1] + b"\x77" + DELIMITER
    for turn in ("first", "second"):
        _pass(talk)
        said = talk.asks(*[bad, encode(b"\x40\x01\x01"), b"\x00\x09\x01\x00"] * 10)
        talk.figure(f"rejections_in_the_{turn}_run", len(said))
        talk.expect(len(said) == 1, f"thirty bad frames were answered {len(said)} times in the {turn} bad run")


@check("C24", "A frame that comes in pieces is put together.", "protocol.md: Frames")
def in_pieces(talk: Talk) -> None:
    talk.hush()
    talk.session += 1
    whole = frame(Hello(1, talk.session))
    for at in range(len(whole)):
        talk.send(whole[at : at + 1])
        talk.run(0.03)
    talk.run(ANSWER_S)
    sessions = [one.session for one in talk.said if isinstance(one, Identity)]
    talk.expect(sessions == [talk.session], f"a HELLO byte by byte was answered {len(sessions)} times")


@check("C25", "A STOP in the middle of another frame arrives.", "protocol.md: Frames", "F1", "H11")
def stop_inside(talk: Talk) -> None:
    talk.hush()
    whole = frame(Hello(1, talk.session + 9))
    for cut in range(1, len(whole) - 1):  # whole but for its end, it would be a HELLO
        counted = _counted(talk, whole[:cut] + STOP_FRAME, within_s=0.06)
        talk.expect(counted == 1, f"a STOP after {cut} bytes of a HELLO counted {counted} times")


@check("C26", "Frames in one write are all taken, with one delimiter between them or more.", "protocol.md: Frames")
def together(talk: Talk) -> None:
    talk.hush()
    one = DELIMITER + BODY + DELIMITER + BODY + DELIMITER
    many = DELIMITER * 9 + BODY + DELIMITER * 9 + BODY + DELIMITER * 9
    for name, data in (("one delimiter", one), ("nine delimiters", many)):
        counted = _counted(talk, data)
        talk.expect(counted == 2, f"of two STOP with {name} between them {counted} counted")
    talk.expect(not reasons(talk.said), f"delimiters alone were answered: {reasons(talk.said)}")


@check(
    "C27", "A flood of rubbish holds up neither telemetry nor a STOP inside it.", "protocol.md: The line", "F22", "H11"
)
def flood(talk: Talk) -> None:
    talk.hush()
    talk.run(0.05)
    talk.forget()
    counted = _counted(talk, FLOOD + STOP_FRAME + FLOOD, within_s=0.6)
    talk.expect(counted == 1, f"a STOP in a flood counted {counted} times")
    gap_s = max(after.at_s - before.at_s for before, after in zip(talk.told, talk.told[1:], strict=False))
    talk.figure("largest_gap_ms", 1000 * gap_s)
    talk.expect(gap_s <= GAP_S, f"in a flood nothing came for {1000 * gap_s:.0f} ms")
    talk.send(DELIMITER)
    talk.greet()


CHECKS: Final = (
    *(wrong_bit, tells_damage, truncated, too_long, zeros_behind, unknown_type, wrong_length, bad_run, in_pieces),
    *(stop_inside, together, flood),
)
