"""The receiving end in C behind the faces of `Deframer` and `UnitLink`, so that their tests are its tests."""

import ctypes
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from protocol.framing import Damage
from protocol.messages import LAYOUTS, HostMessage, Reject, Rejected

from .build import compile_library, core_sources

HERE = Path(__file__).parent
BY_CODE = {layout.code: layout for layout in LAYOUTS}
FIELDS = (
    "protocol",
    "session",
    "sequence",
    "nonce",
    "stop_count",
    "target_cdeg",
    "rate_cdps",
    "limit_cdeg",
    "lease_ms",
)
FIELD_COUNT = 1 + len(FIELDS)
PAYLOAD, DAMAGE = 1, 2


@cache
def library() -> ctypes.CDLL:
    """The core and the C side of this module."""
    with tempfile.TemporaryDirectory() as folder:
        built = compile_library([*core_sources(), HERE / "ends.c"], Path(folder) / "ends.so")
    built.new_deframer.restype = built.new_link.restype = ctypes.c_void_p
    return built


def encode(payload: bytes) -> bytes:
    """`protocol.framing.encode`, in C."""
    frame = ctypes.create_string_buffer(b"\xa5" * 69, 69)
    library().frame_encode.restype = ctypes.c_uint8
    size = library().frame_encode(payload, len(payload), frame)
    return frame.raw[:size]


class _Thing:
    """Something that C keeps."""

    def __init__(self, at: int | None) -> None:
        self._at = ctypes.c_void_p(at)

    def __del__(self) -> None:
        library().drop(self._at)

    def _numbers(self, function: str, count: int) -> list[int]:
        out = (ctypes.c_int64 * count)()
        library()[function](self._at, out)
        return [*out]


class Deframer(_Thing):
    """`protocol.framing.Deframer`, in C."""

    def __init__(self) -> None:
        super().__init__(library().new_deframer())

    def feed(self, data: bytes) -> list[bytes | Damage]:
        """Payloads and first damages."""
        out = ctypes.create_string_buffer(2 * len(data) + 200)
        size = library().feed_deframer(self._at, bytes(data), len(data), out)
        raw = out.raw[:size]
        found: list[bytes | Damage] = []
        at = 0
        while at < len(raw):
            kind, value = raw[at], raw[at + 1]
            at += 2
            if kind == PAYLOAD:
                found.append(raw[at : at + value])
                at += value
            else:
                assert kind == DAMAGE
                found.append(Damage(value))
        return found

    damaged = property(lambda self: self._numbers("deframer_state", 2)[0])
    held = property(lambda self: self._numbers("deframer_state", 2)[1])


class Outbox(list[Rejected]):
    """What waits; to clear it is to send it."""

    def __init__(self, link: "UnitLink") -> None:
        out = (ctypes.c_int64 * 24)()
        count = library().link_outbox(link._at, out)
        super().__init__(Rejected(*out[3 * i : 3 * i + 3]) for i in range(count))
        self._link = link

    def clear(self) -> None:
        """Send all of it, in order."""
        rejected = ctypes.create_string_buffer(4)
        for waiting in self:
            assert library().link_next(self._link._at, rejected)
            assert rejected.raw == bytes([waiting.reason, waiting.code]) + waiting.sequence.to_bytes(2, "little")
        assert not library().link_next(self._link._at, rejected)


class UnitLink(_Thing):
    """`protocol.link.UnitLink`, in C."""

    def __init__(self, nonce: int, stop_count: int) -> None:
        super().__init__(library().new_link(nonce & 0xFFFF, stop_count & 0xFFFF))

    def receive(self, data: bytes, now_ms: int) -> list[HostMessage]:
        """The messages that may be obeyed."""
        out = (ctypes.c_int64 * (FIELD_COUNT * (len(data) // 5 + 1)))()
        count = library().feed_link(self._at, bytes(data), len(data), ctypes.c_uint32(now_ms), out)
        return [*map(_message, _rows(out[: FIELD_COUNT * count]))]

    def issue(self, now_ms: int) -> int:
        """The newest nonce."""
        library().link_issue.restype = ctypes.c_uint16
        nonce: int = library().link_issue(self._at, ctypes.c_uint32(now_ms))
        return nonce

    def silent(self, now_ms: int) -> bool:
        """Whether the host is."""
        library().link_silent.restype = ctypes.c_bool
        return bool(library().link_silent(self._at, ctypes.c_uint32(now_ms)))

    def void(self) -> None:
        """Count up."""
        library().link_void(self._at)

    def reject(self, reason: Reject, code: int = 0, sequence: int = 0) -> None:
        """Say so."""
        library().link_reject(self._at, int(reason), code, sequence)

    session = property(lambda self: self._numbers("link_state", 4)[0])
    stop_count = property(lambda self: self._numbers("link_state", 4)[1])
    duplicates = property(lambda self: self._numbers("link_state", 4)[2])
    damaged = property(lambda self: self._numbers("link_state", 4)[3])
    outbox = property(Outbox)

    @property
    def _deframer(self) -> "UnitLink":
        return self

    held = 0
    """Not more than its memory; C cannot say more."""


def _rows(numbers: list[int]) -> Iterator[list[int]]:
    for at in range(0, len(numbers), FIELD_COUNT):
        yield numbers[at : at + FIELD_COUNT]


def _message(row: list[int]) -> HostMessage:
    """The message of these numbers; what it has not must be 0."""
    layout = BY_CODE[row[0]]
    given = dict(zip(FIELDS, row[1:], strict=True))
    values = [given.pop(field.name) for field in layout.fields]
    assert not any(given.values())
    message: HostMessage = layout.message(*values)
    return message
