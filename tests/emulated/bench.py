"""An emulated chip for the checks of docs/conformance.md, as a tester has one on the bench."""

from functools import cache

from simulator.conformance.catalogue import BY_NUMBER
from simulator.conformance.suite import Outcome, Result, Suite
from tests.firmware.build import need
from tests.simulator.conformance.bench import suite_of

from .table import ChipTable


def bench() -> Suite:
    """A chip on a table at level, listened to."""
    need("make", "avr-gcc")
    return suite_of(ChipTable(6, 0.0))


resting = cache(bench)
"""One for all checks that move nothing."""


def judged(suite: Suite, number: str) -> tuple[Outcome, Result]:
    """What becomes of this check on the chip; the whole result, for whoever reads the failure."""
    result = suite.run(BY_NUMBER[number])
    return result.outcome, result
