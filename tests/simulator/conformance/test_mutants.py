"""Each check finds the units that break its rule, and passes one that keeps it."""

import pytest

from simulator.conformance.catalogue import BY_NUMBER
from simulator.conformance.suite import Outcome
from simulator.table import Table

from .bench import judge
from .mutants import MUTANTS

CASES = [(number, name) for number, bends in MUTANTS.items() for name in bends]


def test_each_check_has_a_mutant() -> None:
    assert set(MUTANTS) == set(BY_NUMBER)


@pytest.mark.parametrize(("number", "name"), CASES, ids=[f"{number} {name}" for number, name in CASES])
def test_the_check_finds_it(number: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    line = MUTANTS[number][name](monkeypatch)
    result = judge(Table(5, -3.0), number, line)
    assert result.outcome is Outcome.FAILED, f"{result.outcome}: {result.why}"
    assert result.why


@pytest.mark.parametrize("number", BY_NUMBER)
def test_the_check_alone_passes_a_good_unit(number: str) -> None:
    result = judge(Table(5, -3.0), number)
    assert result.outcome is Outcome.PASSED, result.why
