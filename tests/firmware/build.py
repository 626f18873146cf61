"""The firmware's core as a library of this machine, built by `make -C firmware`."""

import ctypes
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
CORE = FIRMWARE / "core"
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared", f"-I{CORE}")


def need(*programs: str) -> None:
    """Skip, and say what to install, where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"without {' and '.join(missing)} (apt-get install gcc make gcc-avr avr-libc)")


def compile_library(sources: Sequence[Path], to: Path) -> ctypes.CDLL:
    """These sources as one library. A warning is an error."""
    command = ["gcc", *FLAGS, "-o", str(to), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(to))


def core_sources() -> list[Path]:
    """All of the core."""
    return sorted(CORE.glob("*.c"))
