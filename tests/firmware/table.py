"""The unit in C behind the faces of `TiltUnit` and `Memory`, so that the simulated table carries it."""

import ctypes
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from protocol.framing import Deframer
from protocol.messages import Telemetry, unpack_from_unit
from simulator import memory, table, unit
from simulator.motion import Command
from simulator.sensors import Readings
from tests.once import anew

from .build import compile_library, core_sources

HERE = Path(__file__).parent
FULL_POWER = 32767
ROOM = 2048
NAMES = ("valid", "id", "boots", "uptime_ms", "stop_count", "latched", "head_down_ms", "episode_ms", "strictest_cdeg",
         "exposed", "slow", "heat")  # fmt: skip
ONE_HEAT = 1 << 27
HEAT_APART = 0.01


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


class Pair:
    """Both units on one table: the simulated one moves it, the one in C hears and senses the same and is watched.

    `told`: what both said at each tick, `given`: the commands of both.
    """

    def __init__(self, python: unit.TiltUnit, c: TiltUnit, heat: Callable[[], None]) -> None:
        self.python, self.c, self._heat = python, c, heat
        self.told: list[tuple[Telemetry, Telemetry]] = []
        self.given: list[tuple[Command, Command]] = []
        ours, theirs = python.angle, c.angle

        def take(one: Callable[[int], object], other: Callable[[int], object], cdeg: int) -> None:
            one(cdeg)
            other(cdeg)

        self.angle = SimpleNamespace(
            bed=SimpleNamespace(take=partial(take, ours.bed.take, theirs.bed.take)),
            drive=SimpleNamespace(take=partial(take, ours.drive.take, theirs.drive.take)),
        )

    def receive(self, data: bytes) -> None:
        """Both hear it."""
        self.python.receive(data)
        self.c.receive(data)

    def tick(self, now_ms: int, readings: Readings) -> Command:
        """Both judge it."""
        self._heat()
        self.given.append((self.python.tick(now_ms, readings), self.c.tick(now_ms, readings)))
        return self.given[-1][0]

    def transmit(self) -> bytes:
        """Both tell of it."""
        data = self.python.transmit()
        (one,), (other,) = (
            [m for p in Deframer().feed(d) if isinstance(m := unpack_from_unit(bytes(p)), Telemetry)]  # type: ignore[arg-type]
            for d in (data, self.c.transmit())
        )
        self.told.append((one, other))
        return data


@contextmanager
def side_by_side() -> Iterator[list[Pair]]:
    """Every simulated table that is made meanwhile carries both; the pairs, one for each start of a unit."""
    library()
    pairs: list[Pair] = []
    memories: list[tuple[object, Memory]] = []

    def make(memory: memory.Memory, entropy: int, number: int, time_scale: int) -> Pair:
        mine = next((c for python, c in memories if python is memory), None)
        if mine is None:
            mine = Memory()
            memories.append((memory, mine))
        python = unit.TiltUnit(memory, entropy, number, time_scale)
        pairs.append(Pair(python, TiltUnit(mine, entropy, number, time_scale), partial(same_heat, memory, mine)))
        return pairs[-1]

    def same_heat(memory: memory.Memory, mine: Memory) -> None:
        """The fault of a warm motor writes into the memory of the simulated unit: the other one gets it, too."""
        if abs(memory.heat - mine.heat) > HEAT_APART:
            mine.heat = memory.heat

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "TiltUnit", make)
        yield pairs


@contextmanager
def in_c() -> Iterator[None]:
    """Every simulated table that is made meanwhile carries the unit in C."""
    library()
    with pytest.MonkeyPatch.context() as patch, anew():
        patch.setattr(table, "TiltUnit", TiltUnit)
        patch.setattr(table, "Memory", Memory)
        yield
