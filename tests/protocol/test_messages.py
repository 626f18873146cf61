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
from protocol.link import STOP_FRAME, HostLink, frame
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
    """The message of these integers."""
    message: Message = layout.message._make(integers)
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


@pytest.mark.parametrize(
    ("message", "values"),
    [
        (Setpoint(1, 2, 3, -8000, -150, 5999, 501), {"target_deg": -80, "rate_dps": -1.5, "limit_deg": 59.99,
                                                     "lease_s": 0.501}),
        (Identity(1, 2, 3, 4, 5, 1, 1, 7, 8, 9, 6001, 299), {"limit_deg": 60.01, "rate_limit_dps": 2.99}),
        (Telemetry(1, 2, 3, -8001, 57, 1497, -29, 0, 0, 0, 0, 0, 0, 21, 37, 126, 0),
         {"angle_deg": -80.01, "bed_deg": 0.57, "drive_deg": 14.97, "rate_dps": -0.29, "current_a": 4.2, "heat": 0.37,
          "supply_v": 12.6}),
    ],
)  # fmt: skip
def test_what_an_integer_stands_for(message: Message, values: dict[str, float]) -> None:
    """Exactly the number that a person would write, so nothing is lost on the way through degrees."""
    assert {name: getattr(message, name) for name in values} == values


def test_every_integer_comes_back_from_degrees() -> None:
    for count in range(-32_768, 32_768):
        there = Setpoint(0, 0, 0, count, count, count, 500)
        assert Setpoint.nearest(0, 0, 0, there.target_deg, there.rate_dps, there.limit_deg) == there


@pytest.mark.parametrize(
    ("degrees", "integer"), [(0.004, 0), (0.006, 1), (-0.006, -1), (12.344, 1234), (59.994, 5999), (-80, -8000)]
)
def test_degrees_between_two_integers_are_rounded(degrees: float, integer: int) -> None:
    assert Setpoint.nearest(1, 2, 3, degrees, 0.0, 0.0, 200) == Setpoint(1, 2, 3, integer, 0, 0, 200)
    assert Setpoint.nearest(1, 2, 3, 0.0, degrees, 0.0) == Setpoint(1, 2, 3, 0, integer, 0, 500)
    assert Setpoint.nearest(1, 2, 3, 0.0, 0.0, degrees) == Setpoint(1, 2, 3, 0, 0, integer, 500)


# ---- what does not fit ---------------------------------------------------------------------------------------------

SETPOINT = Setpoint(1, 2, 3, 1500, 100, 3000, 500)


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
        (SETPOINT._replace(target_cdeg=nan), "target_cdeg"),  # type: ignore[arg-type]
        (SETPOINT._replace(target_cdeg=32_768), "target_cdeg"),
        (SETPOINT._replace(target_cdeg=-32_769), "target_cdeg"),
        (SETPOINT._replace(rate_cdps=inf), "rate_cdps"),  # type: ignore[arg-type]
        (SETPOINT._replace(rate_cdps=1.0), "rate_cdps"),  # type: ignore[arg-type]
        (SETPOINT._replace(limit_cdeg=None), "limit_cdeg"),  # type: ignore[arg-type]
        (SETPOINT._replace(lease_ms=-1), "lease_ms"),
        (SETPOINT._replace(lease_ms=65_536), "lease_ms"),
        (SETPOINT._replace(lease_ms="500"), "lease_ms"),  # type: ignore[arg-type]
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


@pytest.mark.parametrize("wrong", [nan, inf, -inf, None, "15", 1e308 * 10])
@pytest.mark.parametrize("field", ["target_deg", "rate_dps", "limit_deg"])
def test_what_is_no_number_of_degrees_is_named(field: str, wrong: Any) -> None:
    degrees = {"target_deg": 15.0, "rate_dps": 1.0, "limit_deg": 30.0} | {field: wrong}
    with pytest.raises(LocalError) as caught:
        HostLink(7).setpoint(3, **degrees)
    assert (caught.value.message, caught.value.field, caught.value.value) == ("Setpoint", field, wrong)


@pytest.mark.parametrize("degrees", [327.68, -327.69, 1e300])
@pytest.mark.parametrize("field", ["target_deg", "rate_dps", "limit_deg"])
def test_degrees_beyond_the_range_are_named(field: str, degrees: float) -> None:
    """By the integer that would have gone out."""
    with pytest.raises(LocalError) as caught:
        HostLink(7).setpoint(3, **{"target_deg": 15.0, "rate_dps": 1.0, "limit_deg": 30.0} | {field: degrees})
    name = {"target_deg": "target_cdeg", "rate_dps": "rate_cdps", "limit_deg": "limit_cdeg"}[field]
    assert (caught.value.message, caught.value.field, caught.value.value) == ("Setpoint", name, round(degrees * 100))


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
    values[index] = outside
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
    """Style: every field that counts steps of a unit says so at its end, as the table does."""
    steps = {
        "cdeg": (0.01, "°"), "cdps": (0.01, "°/s"), "s": (1, "s"), "ms": (1, "ms"), "a": (0.2, "A"), "v": (0.1, "V"),
        "percent": (1, "%"),
    }  # fmt: skip
    for layout in LAYOUTS:
        for field in layout.fields:
            end = field.name.rpartition("_")[2] if "_" in field.name else ""
            assert (field.step, field.unit) == steps.get(end, (1, "")), field
            assert end != "a" or field.name.endswith("_fifths_a")
            assert end != "v" or field.name.endswith("_tenths_v")


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
