"""H3, H10, F4, F17, F18, F19, F20: real processes crash while a table is head down; one round of each kind.

The judge sees the table's true angle by the table's own clock. `python -m crashes` plays as many rounds as wanted.
"""

import shutil
import sys

import pytest

from bascule.broker import find_mosquitto
from crashes.__main__ import run
from crashes.kinds import KINDS
from crashes.round import Result

SEED = 7
SIDE_BY_SIDE = 8


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """All rounds, side by side: they mostly wait."""
    if sys.platform != "linux":
        pytest.skip("needs Linux: ptys, SIGSTOP, prlimit")
    if find_mosquitto() is None or shutil.which("mount") is None:
        pytest.skip("needs mosquitto and mount")
    return {result.kind: result for result in run([(kind, SEED) for kind in KINDS], SIDE_BY_SIDE)}


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_crash_strands_nobody_and_loses_no_second(kind: str, results: dict[str, Result]) -> None:
    result = results[kind]
    assert result.passed, result.told()
    assert result.head_down_s > 0
    assert result.level_s > 0
