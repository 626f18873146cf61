"""How often a step took how long, and how steadily telemetry came: by times that the tests choose."""

from random import Random

import pytest

from controller.loop_times import BOUNDS_MS, Histogram, LoopTimes

PERIOD_S = 0.02


class Line:
    """A unit that says something every 20 ms of its clock, and a loop that hears of it when a test says so."""

    def __init__(self, unit_ms: int = 5000) -> None:
        self.times = LoopTimes()
        self.unit_ms = unit_ms
        self.received = 0
        self.now_s = 100.0

    def hear(self, after_s: float = PERIOD_S, telemetries: int = 1, lost: int = 0) -> None:
        """After so long some telemetries arrive in one go, behind some that were lost."""
        self.now_s += after_s
        self.received += telemetries
        self.unit_ms = (self.unit_ms + 20 * (telemetries + lost)) & 0xFFFF_FFFF
        self.times.heard(self.now_s, self.received, self.unit_ms)

    @property
    def largest_ms(self) -> float | None:
        return self.times.jitter.document().max_ms

    @property
    def count(self) -> int:
        return self.times.jitter.document().count


def test_the_bounds_tell_apart_what_they_should() -> None:
    """A USB adapter keeps bytes for 16 ms, telemetry comes every 20 ms, its number is good for 300, a lease for 500."""
    assert list(BOUNDS_MS) == sorted(set(BOUNDS_MS))
    for low, high in ((1, 10), (10, 16), (16, 20), (20, 60), (60, 301), (300, 501)):
        assert any(low <= bound < high for bound in BOUNDS_MS), (low, high)
    assert {300.0, 500.0} <= set(BOUNDS_MS)


def test_each_bound_counts_what_took_at_most_so_long() -> None:
    histogram = Histogram()
    for ms in (0.0, 0.2, 0.2001, 18.0, 18.1, 500.0, 501.0, 9999.0):
        histogram.note(ms)
    told = histogram.document()
    assert told.bounds_ms == BOUNDS_MS
    assert dict(zip(told.bounds_ms, told.at_most, strict=True)) == {
        0.2: 2, 0.5: 3, 1.0: 3, 2.0: 3, 5.0: 3, 10.0: 3, 18.0: 4, 50.0: 5, 300.0: 5, 500.0: 6,
    }  # fmt: skip
    assert (told.count, told.max_ms, told.sum_ms) == (8, 9999.0, pytest.approx(11036.5, abs=0.01))


def test_it_counts_as_a_plain_count_does() -> None:
    random = Random(4)
    values = [random.expovariate(1.0) * random.choice((0.3, 20.0, 300.0)) for _ in range(500)]
    histogram = Histogram()
    for value in values:
        histogram.note(value)
    assert histogram.document().at_most == tuple(sum(value <= bound for value in values) for bound in BOUNDS_MS)


def test_counts_go_on_and_the_maximum_begins_anew() -> None:
    histogram = Histogram()
    assert (histogram.document().count, histogram.document().max_ms) == (0, None)
    histogram.note(7.0)
    assert histogram.document().max_ms == 7.0
    histogram.note(0.1234567)
    told = histogram.document()
    assert (told.count, told.max_ms, told.sum_ms) == (2, 0.123, 7.123)
    assert histogram.document().max_ms is None


def test_a_step_lasts_from_what_was_read_to_what_was_written() -> None:
    times = LoopTimes()
    for began_s, ended_s in ((10.0, 10.003), (10.02, 10.0201), (10.09, 10.091)):
        times.turned(began_s, ended_s)
    told = times.step.document()
    assert (times.steps, told.count, told.max_ms) == (3, 3, 3.0)
    assert times.gap_max_s == pytest.approx(0.07)


def test_who_keeps_time_has_no_jitter() -> None:
    line = Line()
    line.hear()
    assert line.count == 0, "of the first one nobody can say"
    for _ in range(50):
        line.hear()
    assert line.count == 50
    assert line.times.jitter.document().at_most[0] == 50


@pytest.mark.parametrize(("after_s", "jitter_ms"), [(0.036, 16.0), (0.004, 16.0), (0.52, 500.0), (0.0199, 0.1)])
def test_too_late_and_too_early_are_jitter(after_s: float, jitter_ms: float) -> None:
    line = Line()
    line.hear()
    line.hear(after_s)
    assert line.largest_ms == pytest.approx(jitter_ms, abs=0.001)


def test_what_is_lost_on_the_line_is_no_jitter() -> None:
    line = Line()
    line.hear()
    line.hear(0.1, lost=4)
    assert line.largest_ms == pytest.approx(0.0, abs=0.001)


def test_a_batch_counts_once_as_late_as_its_oldest() -> None:
    line = Line()
    line.hear()
    line.hear(0.06, telemetries=3)
    line.hear()
    told = line.times.jitter.document()
    assert (told.count, told.max_ms) == (2, pytest.approx(40.0, abs=0.001))


def test_a_unit_that_is_slow_itself_is_no_jitter() -> None:
    line = Line()
    line.hear()
    line.unit_ms += 30
    line.hear(0.05)
    assert line.largest_ms == pytest.approx(0.0, abs=0.001)


def test_the_clock_of_the_unit_may_begin_anew_from_its_end() -> None:
    line = Line(2**32 - 10)
    line.hear(0.0, telemetries=0)
    line.hear()
    line.hear()
    assert line.largest_ms == pytest.approx(0.0, abs=0.001)


def test_a_step_without_telemetry_says_nothing() -> None:
    line = Line()
    line.hear()
    line.now_s += 0.01
    line.times.heard(line.now_s, line.received, line.unit_ms)
    line.hear(0.01)
    assert (line.count, line.largest_ms) == (1, None)
    line.hear(0.02)
    assert line.largest_ms == pytest.approx(0.0, abs=0.001)


def test_between_two_links_there_is_no_period() -> None:
    line = Line()
    line.hear()
    line.times.heard(line.now_s + 3.0, line.received, None)
    line.unit_ms = 0
    line.hear(9.0)
    assert line.count == 0
    line.hear()
    assert line.count == 1
