"""A mutant as a library of this machine: only the changed file is compiled, the rest is linked as it is."""

import ctypes
import hashlib
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ..mutants import Mutant
from ..targets import ROOT

CORE: Final = ROOT / "firmware" / "core"
TESTS: Final = ROOT / "tests" / "firmware"
COMPILE: Final = ("gcc", "-std=c99", "-O2", "-w", "-fPIC", f"-I{CORE}", f"-I{TESTS}", "-c", "-o")
LINK: Final = ("gcc", "-shared", "-o")
AROUND: Final = (TESTS / "table.c", TESTS / "ends.c", TESTS / "parts.c", Path(__file__).with_name("replay.c"))


class NotBuiltError(Exception):
    """The compiler does not take it."""


def _run(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuiltError(done.stderr)


class Builder:
    """Compiles into one folder. The sound objects are made once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sound = folder / "sound"
        self._sound.mkdir()
        self._seen = folder / "seen"
        self._seen.mkdir()
        for source in (*self._sources(), *AROUND):
            _run(*COMPILE, self._object(self._sound, source), source)
        self._digests = {source.name: self._digest([self._object(self._sound, source)]) for source in self._sources()}

    @staticmethod
    def _sources() -> list[Path]:
        return sorted(CORE.glob("*.c"))

    @staticmethod
    def _object(folder: Path, source: Path) -> Path:
        return folder / source.with_suffix(".o").name

    def _digest(self, objects: Iterable[Path]) -> str:
        digest = hashlib.sha256()
        for made in objects:
            digest.update(made.read_bytes())
        return digest.hexdigest()

    def sound(self) -> Path:
        """The library without any mutant."""
        return self._link(self._sound, [*(self._object(self._sound, s) for s in (*self._sources(), *AROUND))])

    def objects(self, mutant: Mutant, folder: Path) -> list[Path]:
        """The objects that a mutant changes: of its file, or of all where it is a header. NotBuiltError."""
        name = Path(mutant.file).name
        (folder / name).write_text(mutant.source, "utf-8")
        if name.endswith(".c"):
            _run(*COMPILE, folder / Path(name).with_suffix(".o"), f"-I{folder}", folder / name)
            return [folder / Path(name).with_suffix(".o")]
        for source in self._sources():
            (folder / source.name).write_bytes(source.read_bytes())
            for header in CORE.glob("*.h"):
                if header.name != name:
                    (folder / header.name).write_bytes(header.read_bytes())
            _run("gcc", *COMPILE[1:4], "-fPIC", f"-I{folder}", "-c", "-o", self._object(folder, source), folder / source.name)
        return [self._object(folder, source) for source in self._sources()]

    def does_the_same(self, mutant: Mutant, objects: list[Path]) -> bool:
        """Whether the compiler makes of it what it makes of the sound code, or of a mutant before it."""
        digest = self._digest(objects)
        if len(objects) == 1:
            if digest == self._digests[Path(mutant.file).name]:
                return True
        elif digest == self._digest(self._object(self._sound, source) for source in self._sources()):
            return True
        try:
            os.close(os.open(self._seen / digest, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return True
        return False

    def _link(self, folder: Path, objects: list[Path]) -> Path:
        to = folder / "core.so"
        _run(*LINK, to, *objects)
        return to

    def library(self, folder: Path, objects: list[Path]) -> ctypes.CDLL:
        """The mutant, linked with everything else."""
        changed = {made.name for made in objects}
        others = [self._object(self._sound, s) for s in (*self._sources(), *AROUND)]
        to = self._link(folder, [*objects, *(made for made in others if made.name not in changed)])
        return ctypes.CDLL(str(to))
