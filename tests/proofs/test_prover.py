"""The runner proves, and a planted bug falls. All of them run in `python -m proofs`; here it is one and its bug."""

from dataclasses import replace

import pytest

from proofs import prover
from proofs.bugs import BUGS
from proofs.invariant import INVARIANTS, Invariant
from proofs.tree import planted, prove_with


def test_every_invariant_has_a_bug_a_sentence_and_the_hazards_it_controls() -> None:
    assert {bug.invariant for bug in BUGS} == set(INVARIANTS)
    for invariant in INVARIANTS.values():
        assert invariant.sentence.endswith(".")
        assert invariant.controls
        for control in invariant.controls:
            kind, number = control[0], int(control[1:])
            assert (kind == "H" and 1 <= number <= 15) or (kind == "F" and 1 <= number <= 26)


def test_an_invariant_is_confirmed_and_with_its_bug_refuted() -> None:
    name = "the_limit_is_the_tighter_of_two"
    assert prover.prove(name).verdict == "confirmed"
    (bug,) = (bug for bug in BUGS if bug.invariant == name)
    found = prove_with(bug)
    assert found.verdict == "refuted"
    assert "returns False" in found.detail


def test_what_only_breaks_the_code_refutes_nothing() -> None:
    bug = next(bug for bug in BUGS if bug.invariant == "the_limit_is_the_tighter_of_two")
    assert prove_with(bug._replace(new="return nowhere")).verdict == "error"
    assert prove_with(bug._replace(new="return ][")).verdict == "error"
    with pytest.raises(ValueError, match="not exactly one"):
        planted(bug, "nothing of the kind")


def test_what_can_not_be_confirmed_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that picks a number has not seen all paths."""
    monkeypatch.setitem(INVARIANTS, "picks", Invariant("picks", "", (), _picks))
    monkeypatch.setattr(prover, "OPTIONS", replace(prover.OPTIONS, per_condition_timeout=0.3))
    assert prover.prove("picks").verdict == "not confirmed"


def _picks(number: int) -> bool:
    """A mask of a whole number is beyond the solver.

    post: _
    """
    return number & 5 <= 5
