"""What every test asks of the unit in C, and what it is answered, so that replay.c can ask a mutant the same.

A mutant that answers a test word for word as the sound firmware does cannot be noticed by it.
"""

import ctypes
import mmap
from array import array
from collections.abc import Generator
from pathlib import Path
from struct import pack
from typing import Any

import pytest

SWITCHES_AND_READINGS = 16
"""`struct readings`, in bytes."""


class Recorder:
    """A plugin around the sound firmware. It writes `record`, `starts` and `tests` into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.out = (folder / "record").open("wb")
        self.numbers: dict[int, int] = {}
        self.made = 0
        self._starts = array("Q")
        self._tests: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """A test begins."""
        self._starts.append(self.out.tell())
        self._tests.append(item.nodeid)
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Everything ran."""
        self._starts.append(self.out.tell())
        self.out.close()
        (self._folder / "starts").write_bytes(self._starts.tobytes())
        (self._folder / "tests").write_text("\n".join([str(self.made), *self._tests]), "utf-8")

    def number(self, address: int) -> bytes:
        """Of an object that was made before."""
        return pack("<I", self.numbers[address])

    def make(self, address: int) -> bytes:
        """Of a new one; an address may be used again."""
        self.numbers[address] = self.made
        self.made += 1
        return self.number(address)


class Library:
    """The library of tests/firmware/table.py, each call written down."""

    def __init__(self, sound: ctypes.CDLL, recorder: Recorder) -> None:
        self._sound = sound
        self._recorder = recorder

    def __getattr__(self, name: str) -> Any:
        function = getattr(self._sound, name)
        own = getattr(type(self), f"_{name}", None)
        if own is None:
            return function
        call = _Call(function, own, self._recorder)
        setattr(self, name, call)
        return call

    @staticmethod
    def _new_memory(made: int, recorder: Recorder) -> bytes:
        return b"M" + recorder.make(made)

    @staticmethod
    def _new_unit(made: int, recorder: Recorder, memory: Any, entropy: Any, number: Any) -> bytes:
        kept = recorder.number(memory.value)
        return b"U" + recorder.make(made) + kept + pack("<II", entropy.value, number.value)

    @staticmethod
    def _unit_memory(made: int, recorder: Recorder, unit: Any) -> bytes:
        kept = recorder.number(unit.value)
        return b"P" + (recorder.number(made) if made in recorder.numbers else recorder.make(made)) + kept

    @staticmethod
    def _take_bed(_: int, recorder: Recorder, unit: Any, cdeg: int) -> bytes:
        return b"b" + recorder.number(unit.value) + pack("<H", cdeg & 0xFFFF)

    @staticmethod
    def _take_drive(_: int, recorder: Recorder, unit: Any, cdeg: int) -> bytes:
        return b"d" + recorder.number(unit.value) + pack("<H", cdeg & 0xFFFF)

    @staticmethod
    def _hear(_: int, recorder: Recorder, unit: Any, data: bytes, size: int) -> bytes:
        return b"h" + recorder.number(unit.value) + pack("<I", size) + data[:size]

    @staticmethod
    def _say(size: int, recorder: Recorder, unit: Any, out: Any, _: int) -> bytes:
        said: bytes = out.raw[:size]
        return b"s" + recorder.number(unit.value) + pack("<I", size) + said

    @staticmethod
    def _tick(_: int, recorder: Recorder, unit: Any, now_ms: Any, sensed: Any, command: Any) -> bytes:
        readings = bytes(sensed._obj)
        assert len(readings) == SWITCHES_AND_READINGS
        return b"t" + recorder.number(unit.value) + pack("<I", now_ms.value) + readings + bytes(command)

    @staticmethod
    def _remembered(value: int, recorder: Recorder, memory: Any, which: int) -> bytes:
        return b"r" + recorder.number(memory.value) + pack("<Bq", which, value)

    @staticmethod
    def _remember(_: int, recorder: Recorder, memory: Any, which: int, value: Any) -> bytes:
        return b"w" + recorder.number(memory.value) + pack("<Bq", which, value.value)


class _Call:
    """One function of the library."""

    def __init__(self, function: Any, written: Any, recorder: Recorder) -> None:
        self._function, self._written, self._recorder = function, written, recorder

    @property
    def restype(self) -> Any:
        """As ctypes has it."""
        return self._function.restype

    @restype.setter
    def restype(self, kind: Any) -> None:
        self._function.restype = kind

    def __call__(self, *given: Any) -> Any:
        answer = self._function(*given)
        self._recorder.out.write(self._written(answer, self._recorder, *given))
        return answer


class Record:
    """What was written, for replay.c."""

    def __init__(self, folder: Path) -> None:
        with (folder / "record").open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self._bytes = (ctypes.c_char * len(self._map)).from_buffer(self._map)
        self._starts = array("Q", (folder / "starts").read_bytes())
        made, *self._tests = (folder / "tests").read_text("utf-8").split("\n")
        self._made = int(made)
        self.calls_mb = len(self._map) / 1e6

    def apart(self, mutant: ctypes.CDLL) -> set[str]:
        """The tests that hear something else from this mutant."""
        found = (ctypes.c_uint8 * len(self._tests))()
        objects = (ctypes.c_void_p * (self._made + 1))()
        starts = (ctypes.c_uint64 * len(self._starts)).from_buffer(self._starts)
        mutant.replay(self._bytes, starts, ctypes.c_uint32(len(self._tests)), objects, found)
        return {test for test, differs in zip(self._tests, found, strict=True) if differs}
