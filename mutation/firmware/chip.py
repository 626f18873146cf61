"""A mutant of the chip's registers as what goes into the chip, built as `make -C firmware` builds it."""

import importlib
import shlex
import subprocess
from pathlib import Path
from typing import Final

from ..mutants import Mutant
from ..targets import ROOT
from .build import NotBuiltError, Objects, run_compiler

FIRMWARE: Final = ROOT / "firmware"
TESTS: Final = ("tests.emulated.table", "tests.emulated.test_unit")
"""What loads the firmware."""


class Chip(Objects):
    """Compiles avr/, and links it with the core."""

    def __init__(self, folder: Path) -> None:
        words = self._words(folder)
        self._sources = [FIRMWARE / word for word in words if word.endswith(".c")]
        flags = [word for word in words[1:] if not word.endswith((".c", ".elf")) and word not in ("-o", "-g", "-Icore")]
        self._link_flags = [flag for flag in flags if not flag.startswith("-Wl,-Map")]
        compile_flags = [flag for flag in flags if not flag.startswith(("-Wl", "-W"))]
        includes = [f"-I{FIRMWARE / 'avr'}", f"-I{FIRMWARE / 'core'}"]
        self._command = [words[0], *compile_flags, "-w", *includes, "-c", "-o"]
        super().__init__(folder, self._sources, self._command)

    @staticmethod
    def _words(folder: Path) -> list[str]:
        """The command of `make`, with which all of it is built at once."""
        command = ["make", "-n", "-B", "-C", str(FIRMWARE), f"OUT={folder}", f"{folder}/tilt-unit.elf"]
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = [line for line in shown.stdout.splitlines() if "avr-gcc" in line]
        if shown.returncode or not lines:
            raise NotBuiltError(shown.stderr)
        return shlex.split(lines[0])

    def changed(self, mutant: Mutant) -> list[Path]:
        """Its file, or all of avr/ for the board."""
        if mutant.file.endswith(".c"):
            return [FIRMWARE / "avr" / Path(mutant.file).name]
        return [source for source in self._sources if source.parent.name == "avr"]

    def plant(self, mutant: Mutant, folder: Path, objects: list[Path]) -> None:
        """From here on the tests of this process load this firmware."""
        to = folder / "tilt-unit.elf"
        run_compiler(self._command[0], *self._link_flags, "-o", to, *self.linked(objects))
        for name in TESTS:
            module = importlib.import_module(name)
            module.firmware_elf = lambda: to  # type: ignore[attr-defined]
