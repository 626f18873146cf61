"""Traces of a simulator that was started again, and of a last line that its end cut short."""

import pytest

from crashes.trace import Sample, head_down_s, join, line, since


def test_what_is_written_is_read() -> None:
    assert join([line(1000.0, 20, 7.25)]) == [Sample(1000.0, 0.0 + 0.02 - 0.02, 7.25)]


def test_a_cut_line_is_left_out() -> None:
    text = line(1000.0, 20, 7.0) + line(1000.02, 40, 7.1)
    assert len(join([text[:-3]])) == 1


def test_without_a_simulator_the_table_stays_and_time_passes() -> None:
    """The power of the unit is gone for 3 s: who is head down stays head down for those 3 s."""
    first = line(1000.0, 20, 8.0) + line(1000.02, 40, 8.0)
    second = line(1003.02, 20, 8.0) + line(1003.04, 40, 8.0)
    samples = join([first, second])
    assert head_down_s(samples) == pytest.approx(3.04)
    assert [round(sample.table_s, 2) for sample in samples] == [0.0, 0.02, 3.02, 3.04]


def test_seconds_are_the_tables_own() -> None:
    """The machine took 10 s for 20 ms of the table."""
    assert head_down_s(join([line(1000.0, 20, 8.0) + line(1010.0, 40, 8.0)])) == pytest.approx(0.02)


def test_time_at_five_degrees_does_not_count() -> None:
    assert head_down_s(join([line(1000.0, 20, 5.0) + line(1000.02, 40, 5.01) + line(1000.04, 60, 0.0)])) == (
        pytest.approx(0.02)
    )


def test_since_a_moment() -> None:
    samples = join([line(1000.0, 20, 8.0) + line(1000.02, 40, 8.0)])
    assert since(samples, 1000.01) == samples[1:]
