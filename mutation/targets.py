"""What is mutated, and the tests that have to notice: targets.toml."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TARGETS: Final[dict[str, list[list[str]]]] = tomllib.loads(Path(__file__).with_name("targets.toml").read_text("utf-8"))
"""File → stages of patterns of test files."""


def tests_of(stage: Sequence[str]) -> list[str]:
    """The test files of one stage, in order. FileNotFoundError where a pattern finds none."""
    found: list[str] = []
    for pattern in stage:
        paths = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"no tests at {pattern}")
        found += paths
    return found


def module_name(file: str) -> str:
    """`protocol/framing.py` → `protocol.framing`."""
    return file.removesuffix(".py").replace("/", ".")
