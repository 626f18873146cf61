"""What survives a reset, and how a loop of resets is told (F5, H9)."""

import pytest

from protocol.messages import Cause
from simulator.memory import Memory


def booted(*uptimes_ms: int) -> Memory:
    """After a power-on, and a reset after each of these times."""
    memory = Memory()
    memory.boot(1)
    for uptime_ms in uptimes_ms:
        memory.uptime_ms = uptime_ms
        memory.boot(1)
    return memory


@pytest.mark.parametrize(
    ("uptimes_ms", "looped"),
    [
        ((), False),
        ((10,), False),
        ((100_000,), False),
        ((10, 10), True),
        ((100_000, 59_990), True),
        ((100_000, 60_000), False),
        ((100_000, 60_000, 0), True),
        ((70_000, 70_000, 70_000), False),
    ],
)
def test_a_second_reset_within_60_s(uptimes_ms: tuple[int, ...], looped: bool):
    """F5: R3, whether it came after a power-on or after a long run."""
    assert booted(*uptimes_ms).latched == (Cause.RESET_LOOP if looped else 0)


def test_the_stop_count_moves_on_by_something_unpredictable():
    """F2, F5: so that no frame from before a reset fits."""
    counts = set()
    for entropy in range(1000):
        memory = Memory(stop_count=40)
        memory.boot(entropy)
        counts.add(memory.stop_count)
    assert min(counts) > 40
    assert len(counts) > 200


def test_latches_stay():
    memory = Memory(valid=True, boots=3, uptime_ms=100_000, latched=Cause.ESTOP, head_down_ms=5, stop_count=7)
    memory.boot(0)
    assert (memory.latched, memory.head_down_ms, memory.boots, memory.uptime_ms) == (Cause.ESTOP, 5, 4, 0)
