"""The unit in C behind the faces of `TiltUnit` and `Memory`, so that the simulated table carries it."""

import ctypes
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulator import table
from simulator.motion import Command
from simulator.sensors import Readings

from .build import compile_library, core_sources

HERE = Path(__file__).parent
FULL_POWER = 32767
ROOM = 2048
NAMES = ("valid", "id", "boots", "uptime_ms", "stop_count", "latched", "head_down_ms", "episode_ms", "strictest_cdeg",
         "exposed", "slow", "heat")  # fmt: skip
ONE_HEAT = 1 << 27


class Sensed(ctypes.Structure):
    """`struct readings`."""

    _fields_ = (
        *((name, ctypes.c_int16) for name in ("bed_cdeg", "drive_cdeg")),
        *((name, ctypes.c_uint16) for name in ("current_ma", "supply_mv")),
        *((name, ctypes.c_bool) for name in ("occupied", "ankles_locked", "estop", "lowering", "arm_button",
                                             "head_down_side", "end_head_down", "end_head_up")),
    )  # fmt: skip


@cache
def library() -> ctypes.CDLL:
    """The core and the C side of this module."""
    with tempfile.TemporaryDirectory() as folder:
        built = compile_library([*core_sources(), HERE / "table.c"], Path(folder) / "table.so")
    built.new_memory.restype = built.new_unit.restype = built.unit_memory.restype = ctypes.c_void_p
    built.remembered.restype = ctypes.c_int64
    return built


class _Owned:
    """Memory of C that goes with the last who uses it."""

    def __init__(self, at: int) -> None:
        self.at = ctypes.c_void_p(at)

    def __del__(self) -> None:
        library().let_go(self.at)


class Memory:
    """`simulator.memory.Memory`, in C."""

    def __init__(self) -> None:
        vars(self)["owner"] = owner = _Owned(library().new_memory())
        vars(self)["at"] = owner.at

    def move(self, unit: _Owned) -> None:
        """From now on it is the one inside this unit."""
        vars(self)["owner"] = unit
        vars(self)["at"] = ctypes.c_void_p(library().unit_memory(unit.at))

    def __getattr__(self, name: str) -> Any:
        value: int = library().remembered(self.at, NAMES.index(name))
        return value / ONE_HEAT if name == "heat" else bool(value) if name in ("valid", "exposed", "slow") else value

    def __setattr__(self, name: str, value: float) -> None:
        number = round(value * ONE_HEAT) if name == "heat" else int(value)
        library().remember(self.at, NAMES.index(name), ctypes.c_int64(number))


class TiltUnit:
    """`simulator.unit.TiltUnit`, in C."""

    def __init__(self, memory: Memory, entropy: int, unit: int, time_scale: int) -> None:
        assert time_scale >= 1
        made = library().new_unit(memory.at, ctypes.c_uint32(entropy), ctypes.c_uint32(unit))
        self._unit = _Owned(made)
        memory.move(self._unit)
        take_bed, take_drive, at = library().take_bed, library().take_drive, self._unit.at
        self.angle = SimpleNamespace(
            bed=SimpleNamespace(take=lambda cdeg: take_bed(at, cdeg)),
            drive=SimpleNamespace(take=lambda cdeg: take_drive(at, cdeg)),
        )
        self._sensed = Sensed()
        self._command = (ctypes.c_int32 * 2)()
        self._out = ctypes.create_string_buffer(ROOM)

    def receive(self, data: bytes) -> None:
        """Bytes from the host."""
        library().hear(self._unit.at, bytes(data), len(data))

    def transmit(self) -> bytes:
        """Bytes to it."""
        size = library().say(self._unit.at, self._out, ROOM)
        return self._out.raw[:size]

    def tick(self, now_ms: int, readings: Readings) -> Command:
        """One round of control."""
        sensed, switches = self._sensed, readings.switches
        sensed.bed_cdeg, sensed.drive_cdeg = readings.bed_cdeg, readings.drive_cdeg
        sensed.current_ma = max(0, min(round(readings.current_a * 1000), 0xFFFF))
        sensed.supply_mv = max(0, min(round(readings.supply_v * 1000), 0xFFFF))
        for name in ("occupied", "ankles_locked", "estop", "lowering", "arm_button"):
            setattr(sensed, name, getattr(switches, name))
        for name in ("head_down_side", "end_head_down", "end_head_up"):
            setattr(sensed, name, getattr(readings, name))
        library().tick(self._unit.at, ctypes.c_uint32(now_ms), ctypes.byref(sensed), self._command)
        power, brake = self._command
        return Command(power / FULL_POWER, bool(brake))


@contextmanager
def in_c() -> Iterator[None]:
    """Every simulated table that is made meanwhile carries the unit in C."""
    library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "TiltUnit", TiltUnit)
        patch.setattr(table, "Memory", Memory)
        yield
