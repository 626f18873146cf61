"""Run the prover on this source tree, or on a copy of it with a bug planted."""

import json
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import cache_from_source
from os import environ
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Final

from .bugs import Bug
from .prover import BROKEN, Verdict

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGES: Final = ("protocol", "simulator", "controller", "proofs")
PATIENCE_S: Final = 600


def prove_here(names: Sequence[str], root: Path = ROOT) -> list[Verdict]:
    """The verdicts on these invariants, by a prover of its own that imports from `root`."""
    done = subprocess.run(
        [sys.executable, "-m", "proofs.prover", *names],
        cwd=root,
        env={**environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    verdicts = [Verdict(**json.loads(line)) for line in done.stdout.splitlines()]
    missing = names[len(verdicts) :]
    reason = done.stderr.strip().splitlines()[-1:] or ["the prover ended early"]
    return verdicts + [Verdict(name, BROKEN, 0.0, reason[0]) for name in missing]


def prove_with(bug: Bug) -> Verdict:
    """The verdict on the bug's invariant in a copy of the tree that has the bug. Raises ValueError if it can't have it.

    A bug that breaks the import is an error, not a refutation.
    """
    with TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        for package in PACKAGES:
            copytree(ROOT / package, root / package)
        path = root / bug.path
        path.write_text(planted(bug, path.read_text("utf-8")), "utf-8")
        Path(cache_from_source(str(path))).unlink(missing_ok=True)
        return prove_here([bug.invariant], root)[0]


def planted(bug: Bug, source: str) -> str:
    """The source with the bug. Raises ValueError unless its text stands there exactly once."""
    if source.count(bug.old) != 1:
        raise ValueError(f"{bug.path} has not exactly one {bug.old!r}")
    return source.replace(bug.old, bug.new)
