"""The ways home of the released firmware against the checks of docs/conformance.md."""

import pytest

from simulator.conformance import homing, people
from simulator.conformance.suite import Outcome

from .bench import bench, judged

HERE = [check.number for check in (*homing.CHECKS, *people.CHECKS) if check.needs.motion]


@pytest.mark.parametrize("number", HERE)
def test_it_passes(number: str) -> None:
    """H1, H7, H15, F17, F25, F26."""
    outcome, result = judged(bench(), number)
    assert outcome is Outcome.PASSED, result


def test_one_way_home_after_another() -> None:
    """F11: nothing is in the way, on a unit that has come home once."""
    suite = bench()
    for number in ("C71", "C72"):
        outcome, result = judged(suite, number)
        assert outcome is Outcome.PASSED, result
