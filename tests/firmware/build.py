"""The firmware's core as a library of this machine, built by `make -C firmware`."""

import atexit
import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from .programs import CORE, FIRMWARE

FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O2", "-fPIC", "-shared", f"-I{CORE}")


def need(*programs: str) -> None:
    """Skip, and say what to install, where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"without {' and '.join(missing)} (apt-get install gcc make gcc-avr avr-libc)")


def compile_library(sources: Sequence[Path], to: Path) -> ctypes.CDLL:
    """These sources as one library. A warning is an error.

    Where `BASCULE_INSTRUMENTED` names a folder, the core's objects there are taken instead (`instrumented`).
    """
    command = ["gcc", *FLAGS, "-o", str(to)]
    if folder := os.environ.get("BASCULE_INSTRUMENTED"):
        objects = [Path(folder) / f"{source.stem}.o" if source.parent == CORE else source for source in sources]
        command += [*map(str, objects), "-fsanitize=address,undefined", "-lgcov"]
    else:
        command += map(str, sources)
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(to))


def core_sources() -> list[Path]:
    """All of the core."""
    return sorted(CORE.glob("*.c"))


@cache
def firmware_elf() -> Path:
    """What goes into the chip, built once by `make -C firmware`."""
    need("make", "avr-gcc")
    folder = tempfile.mkdtemp(prefix="bascule-firmware-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    command = ["make", "-s", "-C", str(FIRMWARE), f"OUT={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    _need_headers(done.stderr)
    assert done.returncode == 0, done.stderr
    return Path(folder) / "tilt-unit.elf"


def compile_for_chip(sources: Sequence[Path], to: Path) -> None:
    """These sources as a program for the chip, with the int of 16 bits."""
    need("avr-gcc")
    flags = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-Os", "-mmcu=atmega328p", f"-I{CORE}")
    command = ["avr-gcc", *flags, "-o", str(to), *map(str, sources)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    _need_headers(done.stderr)
    assert done.returncode == 0, done.stderr


def _need_headers(errors: str) -> None:
    if "No such file" in errors and ("avr/io.h" in errors or "stdint.h" in errors):
        pytest.skip("without the headers of the chip (apt-get install avr-libc)")
