"""The kernel in C is the kernel in Python: every function, every constant, all boundaries, and random inputs."""

import ctypes
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from simulator import kernel

from . import kernel_twin
from .build import CORE, need
from .kernel_twin import twins

RANDOM_CASES = 100_000
"""Of each function in the suite; ten million by the command in CONTRIBUTING.md."""


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    need("gcc")
    return kernel_twin.build(tmp_path_factory.mktemp("kernel"))


def test_no_function_is_forgotten() -> None:
    assert {name: twin.parameters for name, twin in twins().items()} == kernel_twin.references()
    assert len(twins()) == 34


def test_every_constant_is_the_same(tmp_path: Path) -> None:
    """A constant of the kernel in Python without its twin in C does not compile here."""
    need("gcc")
    own = {name: value for name, value in vars(kernel).items() if name.isupper() and isinstance(value, int)}
    causes = {name for name in own if name in kernel.Cause.__members__}
    names = {name: f"CAUSE_{name}" if name in causes else name for name in own}
    names |= {"NONE": "RUNG_NONE", "REFUSE": "RUNG_REFUSE", "LEVEL": "RUNG_LEVEL", "BLIND": "RUNG_BLIND_LEVEL"}
    names |= {"HOLD": "RUNG_HOLD"}
    names |= {name: f"REJECT_{name}" for name in own if name in kernel.Reject.__members__}
    lines = ["#include <stdio.h>", '#include "kernel.h"', "int main(void) {"]
    lines += [f'    printf("{name} %lld\\n", (long long)({word}));' for name, word in names.items()]
    (tmp_path / "show.c").write_text("\n".join([*lines, "    return 0;", "}"]), "utf-8")
    built = ["gcc", "-std=c99", f"-I{CORE}", "-o", str(tmp_path / "show"), str(tmp_path / "show.c")]
    subprocess.run(built, check=True, timeout=60)
    shown = subprocess.run([str(tmp_path / "show")], check=True, capture_output=True, text=True, timeout=60).stdout
    assert {name: int(value) for name, value in map(str.split, shown.splitlines())} == own
    assert len(own) > 45


@pytest.mark.parametrize("name", kernel_twin.references())
def test_the_twins_agree_at_every_boundary(name: str, library: ctypes.CDLL) -> None:
    tried, difference = kernel_twin.try_edges(library, twins()[name], Random(name), every=False)
    assert difference is None
    assert tried > 1


@pytest.mark.parametrize("name", kernel_twin.references())
def test_the_twins_agree_on_random_inputs(name: str, library: ctypes.CDLL) -> None:
    assert kernel_twin.try_random(library, twins()[name], Random(f"random {name}"), RANDOM_CASES) is None


def planted(count: int) -> Sequence[tuple[str, str, str]]:
    return Random(5).sample([*kernel_twin.mutants()], count)


@pytest.mark.parametrize(("name", "what", "text"), planted(12), ids=lambda value: str(value)[:40])
def test_a_planted_difference_is_found(name: str, what: str, text: str, tmp_path: Path) -> None:
    """Some of them; `python -m tests.firmware.kernel_twin --mutants` plants each."""
    need("gcc")
    assert not kernel_twin.survives(tmp_path, name, text), what


def test_every_function_has_planted_differences() -> None:
    """But for those that only pass on what they are given: there is nothing in them to change."""
    assert {name for name, _, _ in kernel_twin.mutants()} >= set(twins()) - {"count_ms"}


def test_no_sum_is_made_in_sixteen_bits() -> None:
    """An int has 16 bits on the chip: what adds a margin to an angle widens it first."""
    text = (CORE / "kernel.c").read_text("utf-8")
    sums = re.findall(r"([\w()]+) \+ (?:RISING|OVER_ANGLE_MARGIN)_CDEG", text)
    assert sums == ["(int32_t)angle_cdeg", "from_cdeg", "(int32_t)limit_cdeg"]
    assert "const int32_t from_cdeg" in text
