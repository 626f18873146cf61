"""Which lines of a file differ from a base commit, asked of git."""

import re
import subprocess
from typing import Final

from .targets import ROOT

HUNK: Final = re.compile(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", re.MULTILINE)


class NoBaseError(Exception):
    """There is no commit of that name to compare with."""


def changed_lines_of(file: str, base: str) -> frozenset[int]:
    """Lines of the file as it stands now that the base does not have; empty where it is the same."""
    command = ["git", "diff", "--no-color", "--no-ext-diff", "-U0", base, "--", file]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        raise NoBaseError(f"git knows no commit {base!r} to compare with: {run.stderr.strip()}")
    return hunks(run.stdout)


def hunks(diff: str) -> frozenset[int]:
    """The new lines that a diff without context names."""
    lines: set[int] = set()
    for start, count in HUNK.findall(diff):
        lines.update(range(int(start), int(start) + int(count or 1)))
    return frozenset(lines)
