"""The judge of the crash rounds, on traces that were made up: each wrong one is found, each right one passes."""

from itertools import pairwise

import pytest

from crashes.judge import Bounds, judge, least_charge_s
from crashes.trace import Sample

TICK_S = 0.02
BOUNDS = Bounds(still_s=1.8, home_s=3.5)
CRASH_S = 110.0
TARGET_DEG = 10.0
FINE = ((0.0, 0.0), (9.0, 7.0), (10.0, 8.0), (11.5, 9.5), (12.2, 9.5), (16.0, 0.0), (25.0, 0.0))
"""Rises with 1 °/s, the crash after 10 s, standstill 1.5 s and a return 2.2 s later."""


def trace(*points: tuple[float, float]) -> list[Sample]:
    """Straight lines between (seconds, degrees), as a table would tell them; the machine's clock is 100 s ahead."""
    samples = []
    for (from_s, from_deg), (to_s, to_deg) in pairwise(points):
        for tick in range(round((to_s - from_s) / TICK_S)):
            t_s = from_s + tick * TICK_S
            angle_deg = from_deg + (to_deg - from_deg) * (t_s - from_s) / (to_s - from_s)
            samples.append(Sample(100.0 + t_s, t_s, angle_deg))
    return samples


def test_a_table_that_stops_and_returns_in_time_is_fine() -> None:
    """F17."""
    found = judge(trace(*FINE), CRASH_S, BOUNDS, TARGET_DEG)
    assert found.problems == ()
    assert found.still_s == pytest.approx(1.5, abs=0.1)
    assert found.home_s == pytest.approx(2.4, abs=0.1)
    assert found.level_s == pytest.approx(5.4, abs=0.1)
    assert found.head_down_s == pytest.approx(12.2 + 3.8 * 4.5 / 9.5 - 6.43, abs=0.1)


UP = ((0.0, 0.0), (10.0, 8.0))
WRONG = {
    "keeps rising": ("rose", (*UP, (12.9, 10.5), (18.0, 0.0), (25.0, 0.0))),
    "rises for ever": ("never", (*UP, (40.0, 38.0))),
    "is stranded where it was": ("never", (*UP, (40.0, 8.0))),
    "returns too late": ("after 4.", (*UP, (14.0, 8.0), (20.0, 0.0), (25.0, 0.0))),
    "stops on its way": ("without progress", (*UP, (12.0, 8.0), (14.0, 4.0), (17.5, 4.0), (20.0, 0.0), (25.0, 0.0))),
    "creeps": ("without progress", (*UP, (12.0, 8.0), (13.0, 6.0), (60.0, 1.0))),
    "is not there yet at the end": ("still head down", (*UP, (12.0, 8.0), (14.0, 4.0))),
    "resumes from level": ("rose", (*FINE, (27.0, 2.0))),
    "resumes slowly": ("rose", (*FINE, (65.0, 0.4))),
    "resumes on its way home": ("rose", (*UP, (12.0, 8.0), (14.0, 4.0), (15.0, 5.0), (18.0, 0.0), (25.0, 0.0))),
    "goes beyond its target": ("reached 11.5°", (*UP[:1], (9.0, 11.5), (10.0, 10.0), (12.0, 10.0), (16.0, 0.0))),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_table_that_does_not_is_found(name: str) -> None:
    words, points = WRONG[name]
    assert words in "; ".join(judge(trace(*points), CRASH_S, BOUNDS, TARGET_DEG).problems)


def test_a_frame_that_rings_is_no_motion() -> None:
    ringing = [
        sample._replace(angle_deg=sample.angle_deg + (0.12 if round(sample.table_s / TICK_S) % 12 < 6 else -0.12))
        for sample in trace(*FINE)
    ]
    assert judge(ringing, CRASH_S, BOUNDS, TARGET_DEG).problems == ()


def test_ringing_where_it_stands_is_no_way_home() -> None:
    """A stop overshoots and swings back by a third of a degree: that is not the return."""
    points = ((0.0, 0.0), (10.0, 8.0), (11.0, 8.7), (11.2, 8.35), (40.0, 8.35))
    assert judge(trace(*points), CRASH_S, BOUNDS, TARGET_DEG).home_s is None


def test_a_table_that_nobody_saw_is_not_fine() -> None:
    assert judge(trace(*FINE), CRASH_S + 1000.0, BOUNDS, TARGET_DEG).problems


def test_a_busy_machine_only_slows_the_tables_clock() -> None:
    """The machine takes three times as long for the same ticks: nothing is late by the table's own clock."""
    slow = [sample._replace(at_s=100.0 + 3.0 * sample.table_s) for sample in trace(*FINE)]
    assert judge(slow, 130.0, BOUNDS, TARGET_DEG).problems == ()


def test_a_charge_may_miss_what_sensors_can_not_tell_and_no_more() -> None:
    """H3: its sensors see the 5° a little late."""
    assert 9.5 < least_charge_s(10.0) < 10.0
