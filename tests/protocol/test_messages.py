"""Messages: golden vectors, round trips generated from the table, misfits, and limits written out again."""

from math import inf, nan
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import messages
from protocol.errors import LocalError, ProtocolError
from protocol.framing import Damage, Deframer
from protocol.link import STOP_FRAME, frame
from protocol.messages import (
    CAUSES,
    FLAG_MEANINGS,
    LAYOUTS,
    REJECT_MEANINGS,
    STRUCTS,
    Acknowledge,
    Arm,
    Cause,
    Disarm,
    Flag,
    Hello,
    Identity,
    Keepalive,
    Layout,
    Level,
    Message,
    Reject,
    Rejected,
    Rung,
    Setpoint,
    Stop,
    Telemetry,
    Unreadable,
    pack,
    unpack_from_host,
    unpack_from_unit,
)

VECTORS = Path(__file__).parent.parent / "vectors"
BY_NAME = {layout.message.__name__.upper(): layout for layout in LAYOUTS}
READERS = {"host": unpack_from_host, "unit": unpack_from_unit}
"""By who *sent* the message."""
RANGES = {"u8": (0, 255), "u16": (0, 65_535), "u32": (0, 4_294_967_295), "i16": (-32_768, 32_767)}
STOP = bytes.fromhex("000402C1B200")


def golden() -> list[tuple[bytes, str, Layout, list[int]]]:
    """What messages.txt holds: frame, sender, layout, integers on the wire."""
    found = []
    for line in (VECTORS / "messages.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            data, sender, name, *fields = line.split()
            layout = BY_NAME[name]
            pairs = [field.split("=") for field in fields]
            assert [pair[0] for pair in pairs] == [field.name for field in layout.fields], line
            found.append((bytes.fromhex(data), sender, layout, [int(pair[1]) for pair in pairs]))
    return found


def unreadable() -> list[tuple[bytes, str, Reject, int]]:
    """What unreadable.txt holds: frame, reader, reason, type byte."""
    found = []
    for line in (VECTORS / "unreadable.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            data, reader, reason, code = line.split()
            found.append((bytes.fromhex(data), reader, Reject[reason], int(code, 16)))
    return found


def build(layout: Layout, integers: list[int]) -> Message:
    """The message that these integers on the wire mean."""
    values = [
        number if field.scale == 1 else number * field.scale
        for field, number in zip(layout.fields, integers, strict=True)
    ]
    message: Message = layout.message._make(values)
    return message


def read(sender: str, outcomes: list[bytes | Damage]) -> list[object]:
    """What the other end makes of the payloads."""
    return [outcome if isinstance(outcome, Damage) else READERS[sender](outcome) for outcome in outcomes]


GOLDEN = golden()
each_golden = pytest.mark.parametrize(
    ("data", "sender", "layout", "integers"),
    GOLDEN,
    ids=[f"{case[2].message.__name__}-{number}" for number, case in enumerate(GOLDEN)],
)


@st.composite
def any_message(draw: st.DrawFn) -> tuple[Layout, Message]:
    """A message of any type, every field anywhere in the range of its integer."""
    layout = draw(st.sampled_from(LAYOUTS))
    return layout, build(layout, [draw(st.integers(*RANGES[field.kind])) for field in layout.fields])


# ---- golden vectors: one table for writer and reader ---------------------------------------------------------------


def test_the_vectors_hold_every_message() -> None:
    assert {case[2].message for case in GOLDEN} == {
        Hello, Stop, Level, Arm, Disarm, Setpoint, Keepalive, Acknowledge, Identity, Telemetry, Rejected,
    }  # fmt: skip


@each_golden
def test_written(data: bytes, sender: str, layout: Layout, integers: list[int]) -> None:
    assert frame(build(layout, integers)) == data
    assert layout.from_host == (sender == "host")


@each_golden
def test_read_whole(data: bytes, sender: str, layout: Layout, integers: list[int]) -> None:
    message = build(layout, integers)
    (found,) = read(sender, Deframer().feed(data))
    assert found == message
    assert type(found) is layout.message


@each_golden
def test_read_byte_by_byte(data: bytes, sender: str, layout: Layout, integers: list[int]) -> None:
    deframer = Deframer()
    outcomes = [outcome for byte in data for outcome in deframer.feed(bytes([byte]))]
    assert read(sender, outcomes) == [build(layout, integers)]


@each_golden
def test_read_with_trailing_bytes(data: bytes, sender: str, layout: Layout, integers: list[int]) -> None:
    deframer = Deframer()
    assert read(sender, deframer.feed(data + b"\x05\x06\x07")) == [build(layout, integers)]
    assert deframer.held == 3


@each_golden
def test_read_in_garbage(data: bytes, sender: str, layout: Layout, integers: list[int]) -> None:
    found = read(sender, Deframer().feed(b"\x37\xc0\xff\xee" + data + b"\x37\xc0\xff\xee\0"))
    assert found == [Damage.COBS, build(layout, integers), Damage.COBS]


@pytest.mark.parametrize(("data", "reader", "reason", "code"), unreadable())
def test_unreadable(data: bytes, reader: str, reason: Reject, code: int) -> None:
    (payload,) = Deframer().feed(data)
    assert isinstance(payload, bytes)
    unpack = unpack_from_host if reader == "unit" else unpack_from_unit
    assert unpack(payload) == Unreadable(reason, code)


# ---- properties ----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(any_message())
def test_round_trip(case: tuple[Layout, Message]) -> None:
    layout, message = case
    payload = pack(message)
    assert READERS["host" if layout.from_host else "unit"](payload) == message
    other = READERS["unit" if layout.from_host else "host"](payload)
    assert other == Unreadable(Reject.UNKNOWN_TYPE, payload[0])


@settings(deadline=None)
@given(st.binary(max_size=70), st.sampled_from(["host", "unit"]))
def test_no_payload_raises(payload: bytes, sender: str) -> None:
    message = READERS[sender](payload)
    assert isinstance(message, Unreadable) or pack(message) == payload


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(LAYOUTS), st.data())
def test_any_bytes_of_the_right_length_survive(layout: Layout, data: st.DataObject) -> None:
    size = STRUCTS[layout.message].size - 1
    payload = bytes([layout.code]) + data.draw(st.binary(min_size=size, max_size=size))
    message = READERS["host" if layout.from_host else "unit"](payload)
    assert not isinstance(message, Unreadable)
    assert pack(message) == payload


@settings(deadline=None)
@given(st.sampled_from(LAYOUTS), st.integers(0, 69))
def test_each_type_has_one_length(layout: Layout, size: int) -> None:
    payload = bytes([layout.code]) + bytes(size)
    message = READERS["host" if layout.from_host else "unit"](payload)
    assert isinstance(message, Unreadable) == (size + 1 != STRUCTS[layout.message].size)


@pytest.mark.parametrize("scale", [0.01, 0.001, 0.2])
def test_every_integer_survives_its_scale(scale: float) -> None:
    assert {field.scale for layout in LAYOUTS for field in layout.fields} == {1, 0.01, 0.001, 0.1, 0.2}
    assert all(round(number * scale / scale) == number for number in range(-32_768, 65_536))


@pytest.mark.parametrize(
    ("target_deg", "integer"), [(0.004, 0), (0.006, 1), (-0.006, -1), (12.344, 1234), (-80, -8000)]
)
def test_values_between_two_integers_are_rounded(target_deg: float, integer: int) -> None:
    payload = pack(Setpoint(0, 0, 0, target_deg, 0.0, 0.0, 0.5))
    assert int.from_bytes(payload[7:9], "little", signed=True) == integer


# ---- what does not fit ---------------------------------------------------------------------------------------------

SETPOINT = Setpoint(1, 2, 3, 15.0, 1.0, 30.0, 0.5)


@pytest.mark.parametrize(
    ("message", "field"),
    [
        (Level(65_536, 0), "sequence"),
        (Level(-1, 0), "sequence"),
        (Level(0, 65_536), "stop_count"),
        (Level(0, 1.0), "stop_count"),  # type: ignore[arg-type]
        (Level(0, "1"), "stop_count"),  # type: ignore[arg-type]
        (Hello(256, 1), "protocol"),
        (Hello(1, 4_294_967_296), "session"),
        (SETPOINT._replace(target_deg=nan), "target_deg"),
        (SETPOINT._replace(target_deg=327.68), "target_deg"),
        (SETPOINT._replace(target_deg=-327.69), "target_deg"),
        (SETPOINT._replace(rate_dps=inf), "rate_dps"),
        (SETPOINT._replace(rate_dps=-inf), "rate_dps"),
        (SETPOINT._replace(limit_deg=None), "limit_deg"),  # type: ignore[arg-type]
        (SETPOINT._replace(lease_s=-0.001), "lease_s"),
        (SETPOINT._replace(lease_s=65.536), "lease_s"),
        (SETPOINT._replace(lease_s="0.5"), "lease_s"),  # type: ignore[arg-type]
    ],
)
def test_what_does_not_fit_is_named(message: Message, field: str) -> None:
    with pytest.raises(LocalError) as caught:
        pack(message)
    value = getattr(message, field)
    assert (caught.value.message, caught.value.field) == (type(message).__name__, field)
    assert caught.value.value is value
    assert str(caught.value) == f"{type(message).__name__}.{field} = {value!r} does not fit the wire"
    assert isinstance(caught.value, ProtocolError)


@settings(deadline=None, max_examples=300)
@given(any_message(), st.data())
def test_one_step_beyond_the_range_does_not_fit(case: tuple[Layout, Message], data: st.DataObject) -> None:
    layout, message = case
    if not layout.fields:
        return
    index = data.draw(st.integers(0, len(layout.fields) - 1))
    field = layout.fields[index]
    low, high = RANGES[field.kind]
    outside = data.draw(st.sampled_from([low - 1, high + 1]))
    values: list[Any] = [*message]
    values[index] = outside if field.scale == 1 else outside * field.scale
    with pytest.raises(LocalError) as caught:
        pack(layout.message._make(values))
    assert caught.value.field == field.name


# ---- the table itself ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "code", "payload_bytes"),
    [
        (Hello, 0x01, 6),
        (Stop, 0x02, 1),
        (Level, 0x03, 5),
        (Arm, 0x04, 7),
        (Disarm, 0x05, 3),
        (Setpoint, 0x06, 15),
        (Keepalive, 0x07, 5),
        (Acknowledge, 0x08, 5),
        (Identity, 0x81, 24),
        (Telemetry, 0x82, 38),
        (Rejected, 0x83, 5),
    ],
)
def test_types_and_sizes(message: type[Any], code: int, payload_bytes: int) -> None:
    layout = messages.BY_MESSAGE[message]
    assert (layout.code, STRUCTS[message].size) == (code, payload_bytes)
    assert payload_bytes <= 64
    assert layout.from_host == (code < 0x80)
    assert [field.name for field in layout.fields] == list(message._fields)


def test_units_stand_in_the_names() -> None:
    """Style: every scaled or timed field says its unit at its end, as the table does."""
    units = {"deg": "°", "dps": "°/s", "s": "s", "ms": "ms", "a": "A", "v": "V"}
    for layout in LAYOUTS:
        for field in layout.fields:
            assert field.unit == units.get(field.name.rpartition("_")[2] if "_" in field.name else "", ""), field


def test_limits_of_the_wire() -> None:
    assert messages.VERSION == 1
    assert messages.BAUD == 115_200
    assert messages.TELEMETRY_PERIOD_MS == 20
    assert messages.NONCE_LIFE_MS == 300
    assert messages.LEASE_MS == 500
    assert messages.SILENCE_MS == 2000


def test_telemetry_at_50_hz_leaves_four_fifths_of_the_line() -> None:
    sizes = {len(data) for data, _, layout, _ in GOLDEN if layout.message is Telemetry}
    assert sizes == {43}
    assert 43 * 10 * 50 / 115_200 < 0.20


def test_a_stop_is_at_most_eight_bytes_and_complete() -> None:
    assert STOP_FRAME == STOP
    assert len(STOP_FRAME) <= 8
    assert STOP_FRAME[0] == STOP_FRAME[-1] == 0


def test_every_flag_cause_and_rejection_has_its_place_and_meaning() -> None:
    assert list(FLAG_MEANINGS) == list(Flag)
    assert list(CAUSES) == list(Cause)
    assert list(REJECT_MEANINGS) == list(Reject)
    assert [flag.value for flag in Flag] == [1 << bit for bit in range(16)]
    assert [cause.value for cause in Cause] == [1 << bit for bit in range(len(Cause))]
    assert len(Cause) <= 32
    assert [reject.value for reject in Reject] == list(range(1, 13))
    assert [rung.value for rung in Rung] == [0, 1, 2, 3, 4]
    assert all(fact.meaning for fact in CAUSES.values())
    assert all(FLAG_MEANINGS.values())
    assert all(REJECT_MEANINGS.values())
