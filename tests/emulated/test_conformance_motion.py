"""Granted motion of the released firmware against the checks of docs/conformance.md."""

import pytest

from simulator.conformance import granting, moving
from simulator.conformance.suite import Outcome

from .bench import bench, judged


@pytest.mark.parametrize("number", [check.number for check in (*granting.CHECKS, *moving.CHECKS)])
def test_it_passes(number: str) -> None:
    """H2, H4, H6, H11, F2."""
    outcome, result = judged(bench(), number)
    assert outcome is Outcome.PASSED, result
