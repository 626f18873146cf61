"""The kernel in C against the kernel in Python: the same results on the same inputs, function by function.

The functions of both are found by introspection. A wrapper in C runs one function over whole columns of inputs, so that
ten million of them take seconds:

    python -m tests.firmware.kernel_twin --cases 10000000
    python -m tests.firmware.kernel_twin --mutants
"""

import argparse
import ctypes
import inspect
import re
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from pathlib import Path
from random import Random
from typing import NamedTuple

from simulator import kernel

from .build import CORE, compile_library

BATCH = 50_000
EXHAUSTIVE = 1_500_000
"""More boundary inputs than that are all tried by the command only; the suite draws from them."""
U32 = 2**32
RANGES = {"bool": (0, 1), "uint8_t": (0, 255), "uint16_t": (0, 65535), "uint32_t": (0, U32 - 1),
          "int16_t": (-32768, 32767), "int32_t": (-(2**31), 2**31 - 1)}  # fmt: skip
PROTOTYPE = re.compile(r"^(\w+) kernel_(\w+)\(([^)]*)\);", re.MULTILINE)
SATURATED = ("count_ms", "below_ms")
"""Python counts without an end, the unit to the end of 32 bits, where it stays."""
CAUSES = 0x3FFFFFFF

ANGLES = [0, 50, 100, 150, 500, 1600, 3100, 4600, 6000, 6100, -100, -8000]
"""Where something changes, restated from safety.md and domain.md; each with its neighbours."""
RATES = [0, 8, 9, 100, 300, 500, -9, -72, -80, -92, -100, -300]
TIMES = [0, 500, 20_000, 60_000, 2**31, U32 - 500, U32 - 1]
MASKS = [0, CAUSES, U32 - 1, 0x28656300, 0x00021000, 0x06908CF6, 0x38EF7FA0, 0x300, 0x3FFFFFF6, 0x0008_0184]


class Twin(NamedTuple):
    """One function in C: its name, and type and name of each parameter."""

    name: str
    result: str
    types: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def reference(self):
        """The same function in Python."""
        return getattr(kernel, self.name)


def twins() -> dict[str, Twin]:
    """All functions that kernel.h declares."""
    found = {}
    for result, name, listed in PROTOTYPE.findall((CORE / "kernel.h").read_text("utf-8")):
        pairs = [parameter.split() for parameter in listed.replace("\n", " ").split(",")]
        types, parameters = zip(*pairs, strict=True)
        found[name] = Twin(name, result, types, parameters)
    return found


def references() -> dict[str, tuple[str, ...]]:
    """All functions of the kernel in Python, with their parameters."""
    own = [f for _, f in inspect.getmembers(kernel, inspect.isfunction) if f.__module__ == kernel.__name__]
    return {f.__name__: tuple(inspect.signature(f).parameters) for f in own if not f.__name__.startswith("_")}


def wrapper() -> str:
    """C that runs each function over columns of inputs."""
    lines = ['#include "kernel.h"', "#include <stddef.h>"]
    for name, result, types, parameters in twins().values():
        given = ", ".join(f"({kind})in[{at}][i]" for at, kind in enumerate(types))
        lines += [f"void each_{name}(size_t n, const int64_t *const *in, int64_t *out);"]
        lines += [f"void each_{name}(size_t n, const int64_t *const *in, int64_t *out)", "{"]
        lines += ["    for (size_t i = 0; i < n; i++) {", f"        out[i] = kernel_{name}({given});", "    }", "}"]
        assert result in RANGES
        assert len(parameters) == len(types)
    return "\n".join(lines) + "\n"


def build(folder: Path, text: str | None = None) -> ctypes.CDLL:
    """The kernel, or this text instead of it, with the wrapper."""
    source, around = CORE / "kernel.c", folder / "each.c"
    if text is not None:
        source = folder / "kernel.c"
        source.write_text(text, "utf-8")
    around.write_text(wrapper(), "utf-8")
    return compile_library([source, around], folder / "kernel.so")


# ---- inputs ---------------------------------------------------------------------------------------------------------


def edges(kind: str, name: str) -> list[int]:
    """The values of one parameter at which something changes, with their neighbours."""
    low, high = RANGES[kind]
    if kind == "bool":
        return [0, 1]
    if kind == "uint8_t":
        return list(range(6))
    if kind == "uint16_t":
        return [0, 1, 65535] if name.endswith("count") else [0, 1, 499, 500, 501, 65535]
    if name.endswith(("_cdps", "_cdeg")):
        middle = RATES if name.endswith("_cdps") else ANGLES
        low = 0 if name == "cap_cdps" else low
        around = {value + step for value in middle for step in (-1, 0, 1)} | {low, high}
        if name == "cap_cdps":
            around = {value for value in around if value in (0, 1, 99, 100, 101, 299, 300, 301, high)}
        return sorted(value for value in around if low <= value <= high)
    if name.endswith("_ms"):
        return sorted({value + step for value in TIMES for step in (-1, 0, 1) if low <= value + step <= high})
    return sorted({*MASKS, *(1 << bit for bit in range(32)), *(CAUSES & ~(1 << bit) for bit in range(30))})


def all_edges(twin: Twin) -> tuple[int, Iterator[tuple[int, ...]]]:
    """How many boundary inputs a function has, and all of them. A single small parameter is tried with every value."""
    if twin.types in (("int16_t",), ("uint16_t",)):
        low, high = RANGES[twin.types[0]]
        return high - low + 1, ((value,) for value in range(low, high + 1))
    pools = [edges(kind, name) for kind, name in zip(twin.types, twin.parameters, strict=True)]
    return prod(map(len, pools)), product(*pools)


def pool(kind: str, name: str, random: Random) -> list[int]:
    """Values of one parameter to draw from: half of them boundaries, half of them anywhere."""
    low, high = RANGES[kind]
    low = 0 if name == "cap_cdps" else low
    near = edges(kind, name)
    anywhere = [random.randint(low, high) for _ in range(1000)]
    if kind == "uint32_t" and not name.endswith("_ms"):
        anywhere = [value & random.getrandbits(32) & CAUSES for value in anywhere] + anywhere[:100]
    return near * (1 + len(anywhere) // len(near)) + anywhere


def draw(twin: Twin, count: int, random: Random) -> list[list[int]]:
    """Columns of random inputs."""
    pools = [pool(kind, name, random) for kind, name in zip(twin.types, twin.parameters, strict=True)]
    return [random.choices(values, k=count) for values in pools]


def within_reach(twin: Twin, columns: list[list[int]]) -> list[list[int]]:
    """Two times of one clock are less than 2^31 ms apart; Python's clock goes on where the unit's begins anew."""
    if twin.name == "lease_runs":
        since, asked, now = columns
        return [since, asked, [s + (n - s + 2**31) % U32 - 2**31 for s, n in zip(since, now, strict=True)]]
    return columns


# ---- comparison -----------------------------------------------------------------------------------------------------


def compare(library: ctypes.CDLL, twin: Twin, columns: Sequence[Sequence[int]]) -> str | None:
    """The first difference on these inputs, in words."""
    columns = within_reach(twin, [list(column) for column in columns])
    count = len(columns[0])
    given = [array("q", column) for column in columns]
    addresses = (ctypes.c_void_p * len(given))(*(column.buffer_info()[0] for column in given))
    found = array("q", bytes(8 * count))
    getattr(library, f"each_{twin.name}")(ctypes.c_size_t(count), addresses, ctypes.c_void_p(found.buffer_info()[0]))
    wanted = [*map(twin.reference, *columns)]
    if twin.name in SATURATED:
        wanted = [min(value, U32 - 1) for value in wanted]
    if array("q", wanted) == found:
        return None
    at = next(i for i in range(count) if wanted[i] != found[i])
    inputs = ", ".join(f"{name}={column[at]}" for name, column in zip(twin.parameters, columns, strict=True))
    return f"{twin.name}({inputs}): Python says {int(wanted[at])}, C says {found[at]}"


def try_edges(library: ctypes.CDLL, twin: Twin, random: Random, every: bool) -> tuple[int, str | None]:
    """All boundary inputs, or some of them where there are too many; how many it were, and the first difference."""
    count, inputs = all_edges(twin)
    if count > EXHAUSTIVE and not every:
        pools = [edges(kind, name) for kind, name in zip(twin.types, twin.parameters, strict=True)]
        return BATCH, compare(library, twin, [random.choices(values, k=BATCH) for values in pools])
    for _ in range(0, count, BATCH):
        rows = [row for row, _ in zip(inputs, range(BATCH))]  # noqa: B905
        if difference := compare(library, twin, list(zip(*rows, strict=True))):
            return count, difference
    return count, None


def try_random(library: ctypes.CDLL, twin: Twin, random: Random, cases: int) -> str | None:
    """So many random inputs; the first difference."""
    for start in range(0, cases, BATCH):
        if difference := compare(library, twin, draw(twin, min(BATCH, cases - start), random)):
            return difference
    return None


# ---- planted differences --------------------------------------------------------------------------------------------

SWAPS = {"<": ("<=", ">"), "<=": ("<", ">"), ">": (">=", "<"), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
         "&&": ("||",), "||": ("&&",), "|": ("&",), "&": ("|",), "+": ("-",), "-": ("+",)}  # fmt: skip
TOKEN = re.compile(r"(?<= )(<=|>=|<|>|==|!=|&&|\|\||\||&|\+|-)(?= )")
NAME = re.compile(r"\b(?:CAUSE|REJECT|RUNG)_\w+|\b[A-Z]+_(?:MASK|CDEG|CDPS|MS)\b|\b\d{4,6}\b|!(?=\w)|~(?=\()")
EQUIVALENT = (
    "last_cdps > BLIND_CDPS + BLIND_STEP_CDPS",
    "last_cdps > BACK_OFF_CDPS + BLIND_STEP_CDPS",
    "last_cdps > BRAKING_STEP_CDPS",
    "last_cdps < -BRAKING_UP_STEP_CDPS",
    "wanted_cdps > cap_cdps",
    "wanted_cdps > -cap_cdps",
    "asked_cdeg < own_cdeg",
    "asked_cdeg < limit_cdeg",
    "tightest_cdeg > lowest_cdeg",
    "limit_cdeg > 0",
    "asked_ms < LEASE_LIMIT_MS",
    "other_ms > UINT32_MAX - one_ms",
    "worst_cdeg > strictest_cdeg",
    "wanted_cdps > 0 &&",
    "out_cdps == 0 && last_cdps > 0",
)
"""Comparisons whose two branches agree where both sides are equal: with or without `=` is the same function."""


def mutants() -> Iterator[tuple[str, str, str]]:
    """Each planted difference: the function it is in, what was done, and the whole text with it."""
    text = (CORE / "kernel.c").read_text("utf-8")
    starts = [(found.start(), found[1]) for found in re.finditer(r"^\w+ kernel_(\w+)\(", text, re.MULTILINE)]
    code = re.sub(r"/\*.*?\*/", lambda found: " " * len(found[0]), text, flags=re.DOTALL)
    for found in [*TOKEN.finditer(code), *NAME.finditer(code)]:
        before = [name for start, name in starts if start < found.start()]
        if not before or "const int16_t *" in found[0]:
            continue
        # The sum that two functions share stands before them.
        name = "count_ms" if "sum_ms(" in text[found.start() - 200 : found.start()].rpartition("}")[2] else before[-1]
        line = text[text.rfind("\n", 0, found.start()) + 1 : text.find("\n", found.end())]
        for other in SWAPS.get(found[0], _others(found[0])):
            if other == found[0] + "=" and any(part in line for part in EQUIVALENT):
                continue
            yield name, f"{line.strip()}: {found[0]} → {other}", text[: found.start()] + other + text[found.end() :]


def _others(token: str) -> tuple[str, ...]:
    if token in "!~":
        return ("",)
    if token.isdigit():
        return (str(int(token) + 1),)
    if token.startswith(("CAUSE_", "HOLD", "BLIND_MASK", "LEVEL_MASK", "BLOCKING", "LATCHING")):
        return ("UINT32_C(0)",)
    if token.startswith(("REJECT_", "RUNG_")):
        return (f"({token} + 1)",)
    return (f"({token} + 1)",)


def survives(folder: Path, name: str, text: str) -> bool:
    """Whether nothing shows this planted difference. What does not compile shows itself."""
    try:
        library = build(folder, text)
    except AssertionError:
        return False
    twin, random = twins()[name], Random(name)
    _, difference = try_edges(library, twin, random, every=False)
    return difference is None and try_random(library, twin, random, 200_000) is None


def main() -> int:
    """The long run."""
    parser = argparse.ArgumentParser(prog="python -m tests.firmware.kernel_twin")
    parser.add_argument("--cases", type=int, default=10_000_000, help="random inputs, shared by all functions")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", action="store_true", help="plant each difference instead, and see it found")
    options = parser.parse_args()
    out = sys.stdout.write
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.mutants:
            alive = tried = 0
            for number, (function, what, text) in enumerate(mutants()):
                tried += 1
                (folder / str(number)).mkdir()
                if survives(folder / str(number), function, text):
                    alive += 1
                    out(f"not found: {function}: {what}\n")
            out(f"{tried} planted differences, {tried - alive} found\n")
            return 1 if alive else 0
        library, random, began = build(folder), Random(options.seed), time.monotonic()
        each = -(-options.cases // len(twins()))
        tried = 0
        for twin in twins().values():
            count, difference = try_edges(library, twin, random, every=True)
            difference = difference or try_random(library, twin, random, each)
            tried += count
            if difference:
                out(f"{difference}\n")
                return 1
        out(f"{len(twins())} functions: {tried} boundary inputs, {each * len(twins())} random ones, "
            f"{time.monotonic() - began:.0f} s: identical\n")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
