"""A motion that gets somewhere (F9, F10, F11)."""

import pytest

from protocol.messages import Cause
from simulator.watch import Progress


def stuck_after_s(true_dps: float, commanded_dps: float, limit_s: float = 20.0) -> float | None:
    """When the watcher gives up on a table that turns like this."""
    progress = Progress()
    for tick in range(round(limit_s * 100)):
        if progress.tick(true_dps * tick / 100, commanded_dps, 10):
            return tick / 100
    return None


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("true", "commanded", "after"),
    [
        (0.0, 3.0, 3.0),  # a jam
        (0.16, 3.0, 3.0),  # less than 0.5° in 3 s
        (0.17, 3.0, None),  # F11: slow is not stuck, whatever the elapsed time
        (0.0, 0.5, 3.0),
        (0.0, 0.3, 5.0),  # asked for so little that it takes longer to tell
        (-3.0, 3.0, 0.5),  # F9: the wrong way for 1.5°
        (-0.4, 3.0, 3.0),
        (0.0, 0.0, None),  # nothing was asked for
        (3.0, 0.0, None),
    ],
)
def test_progress(true: float, commanded: float, after: float | None, sign: int):
    """R1 aborts on less than 0.5° in 3 s, never on elapsed time."""
    found = stuck_after_s(sign * true, sign * commanded)
    assert found == (after if after is None else pytest.approx(after, abs=0.03))


def test_a_turn_under_a_heavy_load_is_not_the_wrong_way():
    """F9: pushed up against its load a drive gets on by less than it was asked for; then it leads down."""
    progress = Progress()
    for tick in range(200):
        assert not progress.tick(10.0 + 0.2 * tick / 100, 0.6, 10)
    for tick in range(400):
        assert not progress.tick(10.4 - 0.5 * tick / 100, -0.5, 10)


def test_rest_begins_anew():
    progress = Progress()
    for _ in range(290):
        assert not progress.tick(10.0, -3.0, 10)
    progress.reset()
    for _ in range(290):
        assert not progress.tick(10.0, -3.0, 10)


def test_a_swing_that_turns_is_no_stall():
    from math import cos, pi, sin

    progress = Progress()
    for tick in range(6000):
        time_s = tick / 100
        angle = 7.0 * sin(2 * pi * (time_s - 0.2) / 20)
        assert not progress.tick(angle, 7.0 * 2 * pi / 20 * cos(2 * pi * time_s / 20), 10)


def test_what_only_holds_a_load_is_no_way_to_have_gone():
    """F11: half a degree a second goes to the load; the rest is 0.3° in 3 s. The wrong way counts all the same (F9)."""
    progress = Progress()
    assert not any(progress.tick(10.0, 0.6, 20, 0.1) for _ in range(500))
    assert progress.tick(10.0 - 1.5, 0.6, 20, 0.1) == Cause.WRONG_WAY
    assert any(progress.tick(10.0, 0.6, 20) for _ in range(500))
