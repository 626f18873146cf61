"""What is mutated, and the tests that have to notice."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

TARGETS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "protocol/framing.py": (("tests/protocol/test_framing*.py",),),
    "protocol/link.py": (("tests/protocol/test_link*.py",),),
    "simulator/kernel.py": (("tests/simulator/test_kernel*.py",),),
    "simulator/grant.py": (("tests/simulator/test_grant*.py",),),
    "simulator/voting.py": (("tests/simulator/test_voting*.py",),),
    "simulator/ladder.py": (
        ("tests/simulator/test_ladder*.py",),
        ("tests/simulator/test_stop.py", "tests/simulator/test_ways_home.py", "tests/simulator/test_faults.py"),
    ),
    "controller/limits.py": (("tests/controller/test_limits*.py",),),
    "controller/safety.py": (("tests/controller/test_safety*.py",),),
}
"""File → stages of tests: a mutant that survives one stage meets the next. The first one is fast and focused."""


def tests_of(stage: tuple[str, ...]) -> list[str]:
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
