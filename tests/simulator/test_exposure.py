"""The unit's own count of head-down time: F14, H3, and the budget's count through a reset."""

import pytest

from simulator.exposure import Exposure
from simulator.memory import Memory

MINUTE = 60_000


def counted(*spells: tuple[int, int], memory: Memory | None = None) -> tuple[Exposure, Memory]:
    """After spells of (hundredths of a degree, milliseconds)."""
    memory = memory or Memory()
    exposure = Exposure(memory)
    for cdeg, duration_ms in spells:
        for _ in range(duration_ms // 10):
            exposure.tick(cdeg, 10)
    return exposure, memory


@pytest.mark.parametrize(("cdeg", "counts"), [(-8000, False), (0, False), (500, False), (501, True), (6000, True)])
def test_only_time_above_5_degrees_counts(cdeg: int, counts: bool):
    exposure, memory = counted((cdeg, 10_000))
    assert memory.head_down_ms == memory.episode_ms == (10_000 if counts else 0)
    assert exposure.episode is counts


@pytest.mark.parametrize(("cdeg", "minutes"), [(600, 10), (1500, 10), (3000, 5), (4500, 3), (6000, 2)])
def test_time_left_at_an_angle(cdeg: int, minutes: int):
    exposure, _ = counted((cdeg, MINUTE))
    assert exposure.left_ms == (minutes - 1) * MINUTE
    exposure, _ = counted((cdeg, minutes * MINUTE))
    assert exposure.left_ms == 0


def test_the_strictest_angle_counts_for_the_whole_episode():
    exposure, _ = counted((1000, MINUTE), (4000, 10), (1000, MINUTE))
    assert exposure.left_ms == 3 * MINUTE - 2 * MINUTE - 10


def test_an_episode_ends_after_60_s_at_or_below_5_degrees():
    exposure, memory = counted((3000, MINUTE), (500, MINUTE - 10))
    assert exposure.episode
    assert exposure.left_ms == 4 * MINUTE
    exposure.tick(500, 10)
    assert not exposure.episode
    assert exposure.left_ms == 10 * MINUTE
    assert memory.head_down_ms == MINUTE


def test_going_down_again_keeps_the_episode():
    exposure, memory = counted((3000, MINUTE), (0, MINUTE - 10), (600, 10), (0, MINUTE - 10))
    assert exposure.episode
    assert memory.episode_ms == MINUTE + 10


def test_a_reset_forgets_neither_the_count_nor_the_episode():
    """F5, H3: the next run goes on from the same memory."""
    _, memory = counted((3000, 2 * MINUTE))
    exposure = Exposure(memory)
    assert exposure.left_ms == 3 * MINUTE
    exposure, memory = counted((600, MINUTE), memory=memory)
    assert exposure.left_ms == 2 * MINUTE
    assert memory.head_down_ms == 3 * MINUTE
