"""A mutant as a library of this machine: only the changed file is compiled, the rest is linked as it is."""

import ctypes
import hashlib
import importlib
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from ..mutants import Mutant
from ..targets import ROOT

CORE: Final = ROOT / "firmware" / "core"
TESTS: Final = ROOT / "tests" / "firmware"
COMPILE: Final = ("gcc", "-std=c99", "-O2", "-w", "-fPIC", f"-I{CORE}", f"-I{TESTS}", "-c", "-o")
AROUND: Final = (TESTS / "table.c", TESTS / "ends.c", TESTS / "parts.c", Path(__file__).with_name("replay.c"))
FACES: Final = ("table", "ends", "parts")
"""Modules of tests/firmware that load the core."""


class NotBuiltError(Exception):
    """The compiler does not take it."""


def run_compiler(*command: str | Path) -> None:
    """NotBuiltError with what it says."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuiltError(done.stderr)


def face(name: str) -> Any:
    """A module of tests/firmware; only children may load it."""
    return importlib.import_module(f"tests.firmware.{name}")


class Objects(ABC):
    """Compiles into one folder. The sound objects are made once."""

    def __init__(self, folder: Path, sources: Sequence[Path], command: Sequence[str]) -> None:
        self._all, self._compile = [*sources], [*command]
        self._sound, self._seen = folder / "sound", folder / "seen"
        self._sound.mkdir()
        self._seen.mkdir()
        for source in self._all:
            run_compiler(*self._compile, self._object(self._sound, source), source)

    @staticmethod
    def _object(folder: Path, source: Path) -> Path:
        return folder / source.with_suffix(".o").name

    @staticmethod
    def _digest(objects: Iterable[Path]) -> str:
        digest = hashlib.sha256()
        for made in objects:
            digest.update(made.read_bytes())
        return digest.hexdigest()

    @abstractmethod
    def changed(self, mutant: Mutant) -> list[Path]:
        """The sources that have to be compiled for a mutant."""

    @abstractmethod
    def plant(self, mutant: Mutant, folder: Path, objects: list[Path]) -> None:
        """From here on the tests of this process meet the mutant, made of these objects."""

    def objects(self, mutant: Mutant, folder: Path) -> list[Path]:
        """What a mutant changes, compiled. A header is found beside its sources, so all of them move. NotBuiltError."""
        changed = self.changed(mutant)
        sound = ROOT / mutant.file
        (folder / sound.name).write_text(mutant.source, "utf-8")
        for path in sound.parent.iterdir():
            if path.name != sound.name:
                (folder / path.name).symlink_to(path)
        for source in changed:
            run_compiler(*self._compile, self._object(folder, source), f"-I{folder}", folder / source.name)
        return [self._object(folder, source) for source in changed]

    def does_the_same(self, mutant: Mutant, objects: list[Path]) -> bool:
        """Whether the compiler makes of it what it makes of the sound code, or of a mutant before it."""
        digest = self._digest(objects)
        if digest == self._digest(self._sound / made.name for made in objects):
            return True
        try:
            os.close(os.open(self._seen / digest, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return True
        return False

    def linked(self, objects: Sequence[Path]) -> list[Path]:
        """These, and the sound ones of all other sources."""
        changed = {made.name for made in objects}
        sound = [self._object(self._sound, source) for source in self._all]
        return [*objects, *(made for made in sound if made.name not in changed)]


class Host(Objects):
    """The core, with what the tests have around it in C."""

    def __init__(self, folder: Path) -> None:
        self._core = sorted(CORE.glob("*.c"))
        super().__init__(folder, [*self._core, *AROUND], COMPILE)

    def changed(self, mutant: Mutant) -> list[Path]:
        """Its file, or all of the core for a header."""
        return [CORE / Path(mutant.file).name] if mutant.file.endswith(".c") else self._core

    def sound(self) -> Path:
        """The library without any mutant."""
        return self._link(self._sound, [])

    def _link(self, folder: Path, objects: Sequence[Path]) -> Path:
        to = folder / "core.so"
        run_compiler("gcc", "-shared", "-o", to, *self.linked(objects))
        return to

    def plant(self, mutant: Mutant, folder: Path, objects: list[Path]) -> None:
        """The tests load its library, and look for the core in its folder."""
        self.library = library = ctypes.CDLL(str(self._link(folder, objects)))
        for name in FACES:
            face(name).compile_library = lambda sources, to: library
        face("test_constants").HERE = folder
