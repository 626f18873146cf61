"""The released firmware on an emulated chip against the checks of docs/conformance.md, in virtual time.

What moves the table is in `test_conformance_motion` and `test_conformance_home`, so that workers share it.
"""

import pytest

from simulator.conformance.catalogue import CHECKS
from simulator.conformance.suite import Outcome

from .bench import judged, resting

MOVES_NOTHING = [check.number for check in CHECKS if not check.needs.motion]


@pytest.mark.parametrize("number", MOVES_NOTHING)
def test_it_passes(number: str) -> None:
    """F1, F2, F3, F4, F5, F21, F22, F24."""
    outcome, result = judged(resting(), number)
    assert outcome is Outcome.PASSED, result
