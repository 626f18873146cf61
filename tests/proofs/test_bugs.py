"""Every planted bug still has its place; that each is found shows `python -m proofs`."""

from pathlib import Path

import pytest

from proofs.bugs import BUGS, Bug

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: f"{bug.invariant}: {bug.new.strip()[:40]}")
def test_every_bug_still_has_its_place(bug: Bug) -> None:
    source = (ROOT / bug.path).read_text("utf-8")
    assert source.count(bug.old) == 1
    assert bug.new != bug.old
    compile(source.replace(bug.old, bug.new), bug.path, "exec")
