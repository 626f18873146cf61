"""The firmware's core, compiled for this machine, against the checks of docs/conformance.md, one after the other."""

from simulator.conformance.catalogue import CHECKS
from simulator.conformance.suite import Outcome
from simulator.table import Table
from tests.simulator.conformance.bench import suite_of

from .table import in_c


def test_it_passes_them_all() -> None:
    with in_c():
        suite = suite_of(Table(3, 0.0))
        results = [suite.run(check) for check in CHECKS]
    assert [f"{one.check.number}: {one.why}" for one in results if one.outcome is not Outcome.PASSED] == []
