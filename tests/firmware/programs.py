"""Where the firmware is, and the programs that analyze it."""

import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
CORE = FIRMWARE / "core"
PACKAGES = {"clang": "clang libclang-rt-14-dev", "frama-c": "frama-c-base", "gcc": "gcc libc6-dev", "gcov": "gcc"}


def demand(*programs: str) -> None:
    """End, and say what to install, where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        packages = " ".join(PACKAGES[program] for program in missing)
        sys.exit(f"this needs {' and '.join(missing)} (apt-get install {packages})")
