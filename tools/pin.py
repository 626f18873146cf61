"""Refresh the exact versions in pyproject.toml: `uv run --no-project tools/pin.py`.

They stand as constraint-dependencies because lock files name download hosts. This drops them, lets uv find the newest
versions that fit together, and writes those back.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

PYPROJECT: Final = Path(__file__).resolve().parents[1] / "pyproject.toml"
BLOCK: Final = re.compile(r"^constraint-dependencies = \[\n(?:.*\n)*?\]\n", re.MULTILINE)
LINE: Final = re.compile(r"^[A-Za-z0-9_.-]+(?:\[[^\]]*\])?==\S+(?: ;.*)?$")


def export() -> list[str]:
    """Every package of every group with its version and marker, as uv resolves them now."""
    command = ["uv", "export", "--all-groups", "--all-extras", "--upgrade", "--no-hashes", "--no-emit-project", "-q"]
    listed = subprocess.run(command, cwd=PYPROJECT.parent, check=True, capture_output=True, text=True).stdout
    return [line.rstrip() for line in listed.splitlines() if LINE.match(line)]


def main() -> int:
    """Rewrite the block; the old file comes back if uv can't resolve."""
    before = PYPROJECT.read_text("utf-8")
    empty = "constraint-dependencies = [\n]\n"
    PYPROJECT.write_text(BLOCK.sub(empty, before, count=1), "utf-8")
    try:
        pins = export()
    except subprocess.CalledProcessError as error:
        PYPROJECT.write_text(before, "utf-8")
        sys.stderr.write(error.stderr)
        return 1
    quoted = "".join(f'    "{line}",\n' for line in pins)  # uv writes markers with single quotes
    PYPROJECT.write_text(BLOCK.sub(lambda _: f"constraint-dependencies = [\n{quoted}]\n", before, count=1), "utf-8")
    sys.stdout.write(f"{len(pins)} versions pinned\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
