"""Frames: golden bytes, every damage, any chunking, resynchronisation, bounded memory (F1, F22)."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.framing import Damage, Deframer, encode

MAX_BODY = 67
"""Restated: 64 bytes of payload, 2 of CRC, 1 of COBS."""

VECTORS = Path(__file__).parent.parent / "vectors" / "damaged.txt"
STOP = bytes.fromhex("000402C1B200")
KEEPALIVE = bytes.fromhex("000407030104CBB21300")
KEEPALIVE_PAYLOAD = bytes.fromhex("07030100CB")

Outcome = bytes | Damage


def cases() -> list[tuple[str, bytes, int, list[Outcome]]]:
    """What damaged.txt holds: comment, bytes, damaged frames, outcomes."""
    found: list[tuple[str, bytes, int, list[Outcome]]] = []
    comment = ""
    for line in VECTORS.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            comment = line[2:]
        elif line:
            data, damaged, results = line.split()
            outcomes: list[Outcome] = [
                Damage[word[1:]] if word.startswith("!") else bytes.fromhex(word)
                for word in results.split(",")
                if word != "-"
            ]
            found.append((comment, bytes.fromhex(data), int(damaged), outcomes))
    return found


CASES = cases()
each_case = pytest.mark.parametrize(
    ("data", "damaged", "outcomes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)


def crc(payload: bytes) -> bytes:
    """CRC-16/IBM-3740 bit by bit, high byte first."""
    value = 0xFFFF
    for byte in payload:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return bytes([value >> 8, value & 0xFF])


def stuff(data: bytes) -> bytes:
    """COBS for fewer than 254 bytes, by splitting at the zeros."""
    return b"".join(bytes([len(part) + 1]) + part for part in data.split(b"\0"))


def feed(deframer: Deframer, data: bytes, size: int) -> list[Outcome]:
    """Feed in chunks of `size` bytes."""
    found: list[Outcome] = []
    for start in range(0, len(data), size):
        found += deframer.feed(data[start : start + size])
        assert deframer.held <= MAX_BODY + 1
    return found


payloads = st.binary(min_size=1, max_size=64)
garbage = st.binary(max_size=300)


def test_vectors_hold_every_damage() -> None:
    assert len(CASES) >= 30
    assert {outcome for case in CASES for outcome in case[3] if isinstance(outcome, Damage)} == set(Damage)


@each_case
def test_whole(data: bytes, damaged: int, outcomes: list[Outcome]) -> None:
    deframer = Deframer()
    assert deframer.feed(data) == outcomes
    assert deframer.damaged == damaged


@each_case
@pytest.mark.parametrize("size", [1, 2, 3, 7, 66, 67, 68])
def test_in_pieces(data: bytes, damaged: int, outcomes: list[Outcome], size: int) -> None:
    deframer = Deframer()
    assert feed(deframer, data, size) == outcomes
    assert deframer.damaged == damaged


@each_case
def test_with_trailing_bytes(data: bytes, damaged: int, outcomes: list[Outcome]) -> None:
    """A delimiter and the start of another frame behind a case change at most its unfinished end."""
    deframer = Deframer()
    found = deframer.feed(data + KEEPALIVE[:4])
    assert found[: len(outcomes)] == outcomes
    found += deframer.feed(KEEPALIVE[4:])
    assert found[-1] == KEEPALIVE_PAYLOAD
    assert deframer.damaged - damaged <= 1


@each_case
def test_in_garbage(data: bytes, damaged: int, outcomes: list[Outcome]) -> None:
    deframer = Deframer()
    assert deframer.feed(b"\x11\x22\x33\0") == [Damage.COBS]
    found = deframer.feed(data)
    if isinstance(outcomes[0] if outcomes else b"", Damage):
        assert found == outcomes[1:], "the first damage belongs to the run that the garbage began"
    else:
        assert found == outcomes
    assert deframer.damaged == damaged + 1


def test_the_check_value_of_the_crc() -> None:
    assert encode(b"123456789") == b"\x00\x0c123456789\x29\xb1\x00"


@given(payloads)
def test_encode_agrees_with_the_reference(payload: bytes) -> None:
    assert encode(payload) == b"\0" + stuff(payload + crc(payload)) + b"\0"


@given(payloads)
def test_a_frame_has_delimiters_only_at_its_ends(payload: bytes) -> None:
    data = encode(payload)
    assert data[0] == data[-1] == 0
    assert 0 not in data[1:-1]
    assert len(data) == len(payload) + 5


@given(st.lists(payloads, max_size=6))
def test_round_trip(several: list[bytes]) -> None:
    deframer = Deframer()
    assert deframer.feed(b"".join(map(encode, several))) == several
    assert (deframer.damaged, deframer.held) == (0, 0)


pieces = st.lists(st.one_of(garbage, payloads.map(encode), payloads.map(lambda p: encode(p)[:-3])), max_size=8)


@given(pieces, st.lists(st.integers(1, 90), min_size=1, max_size=20))
def test_the_result_does_not_depend_on_the_chunks(stream: list[bytes], sizes: list[int]) -> None:
    data = b"".join(stream)
    whole, chunked = Deframer(), Deframer()
    expected = whole.feed(data)
    found: list[Outcome] = []
    start = turn = 0
    while start < len(data):
        size = sizes[turn % len(sizes)]
        found += chunked.feed(data[start : start + size])
        assert chunked.held <= MAX_BODY + 1
        start, turn = start + size, turn + 1
    assert found == expected
    assert (chunked.damaged, chunked.held) == (whole.damaged, whole.held)


@given(garbage, payloads)
def test_the_next_frame_arrives_after_any_garbage(noise: bytes, payload: bytes) -> None:
    """F1: a frame brings its own delimiter in front, so that no garbage can swallow it."""
    assert Deframer().feed(noise + encode(payload))[-1] == payload


@given(garbage, payloads)
def test_the_next_frame_arrives_after_garbage_and_one_delimiter(noise: bytes, payload: bytes) -> None:
    assert Deframer().feed(noise + b"\0" + encode(payload)[1:])[-1] == payload


@given(st.lists(st.one_of(garbage.map(lambda noise: noise + b"\0"), payloads.map(encode)), max_size=12))
def test_one_damage_for_each_bad_run(stream: list[bytes]) -> None:
    """Two damages never stand side by side: a good frame lies between two runs."""
    found = Deframer().feed(b"".join(stream))
    assert all(not (isinstance(left, Damage) and isinstance(right, Damage)) for left, right in pairwise(found))


@given(st.lists(garbage, max_size=30))
def test_every_outcome_is_accounted_for(chunks: list[bytes]) -> None:
    deframer = Deframer()
    found = [outcome for chunk in chunks for outcome in deframer.feed(chunk)]
    bodies = [body for body in b"".join(chunks).split(b"\0")[:-1] if body]
    assert deframer.damaged + sum(isinstance(outcome, bytes) for outcome in found) == len(bodies)
    assert all(1 <= len(outcome) <= 64 for outcome in found if isinstance(outcome, bytes))


@pytest.mark.parametrize("bit", range(8 * (len(KEEPALIVE) - 2)))
def test_no_single_flipped_bit_passes(bit: int) -> None:
    data = bytearray(KEEPALIVE)
    data[1 + bit // 8] ^= 1 << bit % 8
    assert not [outcome for outcome in Deframer().feed(bytes(data)) if isinstance(outcome, bytes)]


@given(payloads, st.integers(0), st.binary(min_size=2, max_size=2).filter(any))
def test_no_burst_of_16_bits_passes(payload: bytes, place: int, error: bytes) -> None:
    """What a CRC-16 promises: every error within 16 neighbouring bits is found."""
    checked = bytearray(payload + crc(payload))
    place %= len(checked) - 1
    checked[place] ^= error[0]
    checked[place + 1] ^= error[1]
    assert Deframer().feed(b"\0" + stuff(bytes(checked)) + b"\0") == [Damage.CRC]


def test_a_stop_survives_inside_any_frame() -> None:
    """H11: the stop lane writes into whatever another thread is writing."""
    for cut in range(len(KEEPALIVE) + 1):
        found = Deframer().feed(KEEPALIVE[:cut] + STOP + KEEPALIVE[cut:])
        assert b"\x02" in found


def test_an_endless_run_without_delimiters_is_one_damage() -> None:
    deframer = Deframer()
    assert deframer.feed(b"\xaa" * 68) == []
    for size in [1, 10, 66, 67, 68, 1000] * 100:
        assert deframer.feed(b"\xaa" * size) == []
        assert MAX_BODY <= deframer.held <= MAX_BODY + 1, "what is too long is not kept"
    assert deframer.feed(b"\0") == [Damage.OVERLONG]
    assert deframer.damaged == 1
    assert deframer.feed(STOP) == [b"\x02"]
