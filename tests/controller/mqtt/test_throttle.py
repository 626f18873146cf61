"""How many commands are looked at."""

from controller.mqtt.throttle import Throttle


def test_a_burst_passes_and_then_a_hundred_a_second() -> None:
    """F22."""
    throttle = Throttle(50.0)
    assert [throttle.admits(50.0) for _ in range(400)] == [True] * 300 + [False] * 100
    for second in range(1, 20):
        admitted = sum(throttle.admits(50.0 + second + count / 1000) for count in range(1000))
        assert 195 <= admitted <= 201 if second == 1 else 95 <= admitted <= 105
    assert sum(throttle.admits(100.0) for _ in range(1000)) == 300


def test_a_person_never_meets_it() -> None:
    throttle = Throttle(0.0)
    assert all(throttle.admits(count * 0.02) for count in range(10_000))


def test_a_clock_that_stands_still_or_goes_back_gives_nothing() -> None:
    throttle = Throttle(50.0)
    assert sum(throttle.admits(50.0 - count) for count in range(1000)) == 300
