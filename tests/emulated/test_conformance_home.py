"""The ways home of the released firmware against the checks of docs/conformance.md."""

import pytest

from simulator.conformance import homing, people

from .bench import passes

HERE = [check.number for check in (*homing.CHECKS, *people.CHECKS) if check.needs.motion]


@pytest.mark.parametrize("number", HERE)
def test_it_passes(number: str) -> None:
    """H1, H7, H15, F17, F25, F26."""
    passes("home", number)
