"""A session's angles, kept small: there and back again within a quarter of a degree."""

import math
import zlib
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.history_trace import MOST_CORNERS, Sample, Trace, TraceError, angle_at, unpack

OFF_DEG = 0.25
"""As much as a kept angle may be off."""
RATE_DPS = 5.0
"""No table turns faster: it trips there."""

MOVES = st.lists(st.tuples(st.floats(0.05, 3.0), st.none() | st.floats(-RATE_DPS, RATE_DPS)), max_size=60)


def walk(moves: list[tuple[float, float | None]]) -> list[Sample]:
    """Samples of a table that turns like this from −80°, with moments at which nobody knows."""
    samples, at_s, angle_deg = [Sample(0.0, -80.0)], 0.0, -80.0
    for passed_s, rate_dps in moves:
        at_s += passed_s
        angle_deg = min(max(angle_deg + passed_s * (rate_dps or 0.0), -85.0), 65.0)
        samples.append(Sample(at_s, None if rate_dps is None else angle_deg))
    return samples


def record(samples: list[Sample]) -> Trace:
    trace = Trace()
    for sample in samples:
        trace.add(*sample)
    return trace


@settings(max_examples=80, deadline=None)
@given(MOVES)
def test_what_is_kept_is_never_off_by_more_than_a_quarter_of_a_degree(moves: list[tuple[float, float | None]]) -> None:
    samples = walk(moves)
    corners = unpack(record(samples).pack())
    assert all(a.at_s < b.at_s for a, b in pairwise(corners))
    for at_s, angle_deg in samples:
        kept = angle_at(corners, min(max(at_s, corners[0].at_s), corners[-1].at_s))
        if angle_deg is None:
            assert kept is None or at_s < 0.01 or min(abs(at_s - c.at_s) for c in corners) < 0.01
        elif kept is not None:
            assert abs(kept - angle_deg) <= OFF_DEG + 1e-6
        else:  # a single known moment in the middle of a gap is one corner
            assert min(abs(at_s - c.at_s) for c in corners if c.angle_deg is not None) <= 0.0051


def test_a_swing_uses_the_room_that_it_has_and_no_more() -> None:
    samples = [Sample(t / 10, 15.0 + 7.0 * math.sin(2 * math.pi * t / 200.0)) for t in range(2000)]
    corners = record(samples).corners()
    off = [abs(float(angle_at(corners, at_s) or 0.0) - float(angle_deg or 0.0)) for at_s, angle_deg in samples]
    assert 0.15 < max(off) <= OFF_DEG
    assert len(corners) < 200


@settings(max_examples=40, deadline=None)
@given(MOVES)
def test_packing_changes_nothing(moves: list[tuple[float, float | None]]) -> None:
    trace = record(walk(moves))
    assert unpack(trace.pack()) == trace.corners()


def test_the_first_and_the_last_sample_are_kept() -> None:
    corners = record([Sample(t / 2, 10.0 + 3.0 * math.sin(t / 9)) for t in range(400)]).corners()
    assert corners[0] == (0.0, 10.0)
    assert corners[-1].at_s == 199.5
    assert corners[-1].angle_deg == pytest.approx(10.0 + 3.0 * math.sin(399 / 9), abs=0.025)


def test_an_hour_at_rest_is_two_corners_whatever_the_sensors_noise() -> None:
    corners = record([Sample(t / 2, 8.0 + 0.05 * (t % 3)) for t in range(7200)]).corners()
    assert len(corners) == 2


def test_an_empty_trace_and_one_sample_come_back() -> None:
    assert unpack(Trace().pack()) == ()
    assert unpack(record([Sample(3.0, -80.0)]).pack()) == ((3.0, -80.0),)


def test_a_gap_is_no_line() -> None:
    corners = record([Sample(0, 10), Sample(1, 10), Sample(2, None), Sample(9, None), Sample(10, 4), Sample(11, 4)])
    assert angle_at(corners.corners(), 5.0) is None
    assert angle_at(corners.corners(), 0.5) == 10.0
    assert angle_at(corners.corners(), 10.5) == 4.0


def test_time_that_stands_still_or_goes_back_adds_nothing() -> None:
    assert record([Sample(5, 1), Sample(5, 9), Sample(4, 9), Sample(6, 1)]).corners() == ((5.0, 1.0), (6.0, 1.0))


def test_it_is_bounded() -> None:
    trace = record([Sample(float(t), 20.0 * (t % 2)) for t in range(MOST_CORNERS + 500)])
    corners = unpack(trace.pack())
    assert len(corners) <= MOST_CORNERS + 1
    assert corners[-1].at_s == MOST_CORNERS + 499


GOOD = record([Sample(float(t), 20.0 * (t % 2)) for t in range(50)]).pack()
BAD = {
    "nothing": b"",
    "another form": b"\x02" + GOOD[1:],
    "not packed": b"\x01hello",
    "cut off": GOOD[:-3],
    "a number cut off": b"\x01" + zlib.compress(b"\x01\x01\x80"),
    "a time without an angle": b"\x01" + zlib.compress(b"\x01"),
    "an endless number": b"\x01" + zlib.compress(b"\xff" * 30),
    "too much": b"\x01" + zlib.compress(bytes(2_000_000)),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_what_is_no_trace_is_refused(bad: bytes) -> None:
    with pytest.raises(TraceError):
        unpack(bad)
