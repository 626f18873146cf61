"""A session that somebody interrupts, at 60 random moments, and one that a dead controller leaves, at 40: history,
budget and state are right each time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.history_trace import unpack
from controller.model import State, Verb

from . import interruptions as i

SEED = 1


@pytest.fixture(scope="module")
def moments() -> Iterator[i.Moments]:
    with tempfile.TemporaryDirectory(dir=i.FAST) as folder:
        yield i.Moments(SEED, Path(folder))


def test_a_stop_at_any_moment(moments: i.Moments) -> None:
    for loop in moments.interrupted(0, i.stop):
        i.settle(loop)
        record = i.check_seen_through(loop)
        assert (record.outcome, record.why) == ("interrupted", "stop was pressed")
        assert loop.state in (State.LEVEL, State.FROZEN, State.STANDBY, State.STANDING)
        assert loop.angle_deg < 1.5


def test_level_at_any_moment(moments: i.Moments) -> None:
    for loop in moments.interrupted(1, i.level):
        i.settle(loop)
        record = i.check_seen_through(loop)
        assert (record.outcome, record.why) == ("interrupted", "level was wished")
        assert abs(unpack(record.trace)[-1].angle_deg or 0.0) < 2.0
        assert loop.state is State.LEVEL


def test_a_pause_at_any_moment_and_on_to_the_end_or_not(moments: i.Moments) -> None:
    outcomes = set()
    for loop in moments.interrupted(2, i.pause_and_resume):
        i.settle(loop)
        record = i.check_seen_through(loop)
        outcomes.add((record.outcome, record.why))
        if record.outcome == "reached":
            assert loop.state is State.LEVEL
            assert (record.step, record.steps) == (10, 10)
    assert outcomes == {
        ("reached", "the plan ended, with steps skipped"),  # as `pause_and_resume` does, to be quick
        ("interrupted", "the pause lasted for two minutes"),
    }


def test_a_killed_controller_at_any_moment(moments: i.Moments) -> None:
    """F17: kill −9."""
    for loop in moments.interrupted(3, i.controller_killed):
        i.settle(loop)
        i.check_killed(loop)


def test_a_controller_that_is_killed_again_at_once_at_any_moment(moments: i.Moments) -> None:
    for loop in moments.interrupted(4, i.controller_restarted):
        i.settle(loop)
        i.check_killed(loop)
        assert loop.wish(Verb.RESUME).reason is not None
