"""One emulated chip for the checks of a file, as a tester has one on the bench: they run one after the other."""

from functools import cache

from simulator.conformance.catalogue import BY_NUMBER
from simulator.conformance.suite import Outcome, Suite
from tests.firmware.build import need
from tests.simulator.conformance.bench import suite_of

from .table import ChipTable


@cache
def bench(name: str) -> Suite:
    """A chip on a table at level, listened to. `name`: each file has one of its own."""
    need("make", "avr-gcc")
    return suite_of(ChipTable(len(name), 0.0))


def passes(name: str, number: str) -> None:
    """The chip does what this check demands."""
    result = bench(name).run(BY_NUMBER[number])
    assert result.outcome is Outcome.PASSED, f"{number}: {result.why} {result.figures}"
