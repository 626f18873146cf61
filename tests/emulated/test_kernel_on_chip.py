"""The kernel on the chip itself, where an int has 16 bits: on the same random inputs the same results as on this
machine, where tests/firmware compares it with the kernel in Python.

Both run one program, rendered from the prototypes. It draws inputs and folds the results of a function into a number.
"""

import ctypes
import subprocess
from pathlib import Path

import pytest

from tests.firmware.build import CORE, compile_for_chip, compile_library, need
from tests.firmware.kernel_twin import ANGLES, MASKS, RATES, TIMES, Twin, twins

from . import chip as chips

CASES = 10_000
"""Of each function: a second or two of the chip's time."""
ENDS = (32_767, 32_700, -32_768)
"""Where sixteen bits end."""
SECONDS = 60
HEAD = """
#include "kernel.h"

static const int32_t EDGES[] = {%s};
static uint32_t state = 1;
volatile uint32_t digests[%d];
volatile uint8_t finished;

static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

/* Anything, an edge, a neighbour of an edge, or a mask of few causes. */
static uint32_t draw(void)
{
    const uint32_t which = next();
    const uint32_t edge = (uint32_t)EDGES[(which >> 8) %% (sizeof EDGES / sizeof EDGES[0])];

    switch (which & 7u) {
    case 0:
        return next();
    case 1:
        return next() & next() & next();
    case 2:
    case 3:
        return edge + ((which & 8u) != 0 ? 1u : UINT32_MAX);
    default:
        return edge;
    }
}

static uint32_t fold(uint32_t digest, int32_t result)
{
    return (digest ^ (uint32_t)result) * UINT32_C(16777619);
}
"""


def drawn(kind: str, name: str) -> str:
    """C that draws one argument."""
    if kind == "bool":
        return "(next() & 16u) != 0"
    if kind == "uint8_t":
        return "(uint8_t)(next() % 6u)"
    if name.endswith("stop_count"):
        return "(uint16_t)(next() % 2u)"
    if name in ("active", "latched"):
        return "(next() & 16u) != 0 ? 0u : draw()"
    return "(int16_t)(draw() & 0x7FFFu)" if name == "cap_cdps" else f"({kind})draw()"


def program() -> str:
    """The whole of it."""
    edges = sorted({value if value < 2**31 else value - 2**32 for value in (*ANGLES, *RATES, *TIMES, *MASKS, *ENDS)})
    listed = ", ".join(f"(int32_t)UINT32_C({value & 0xFFFFFFFF})" for value in edges)
    parts = [HEAD % (listed, len(twins()))]
    for at, twin in enumerate(twins().values()):
        parts.append(_part(at, twin))
    calls = "\n".join(f"    part_{at}();" for at in range(len(twins())))
    parts.append(f"int main(void)\n{{\n{calls}\n    finished = 1;\n    for (;;) {{\n    }}\n}}\n")
    parts.append(f"void everything(void);\nvoid everything(void)\n{{\n    state = 1;\n{calls}\n}}\n")
    return "\n".join(parts)


def _part(at: int, twin: Twin) -> str:
    lines = [
        f"    {kind} {name} = {drawn(kind, name)};" for kind, name in zip(twin.types, twin.parameters, strict=True)
    ]
    given = ", ".join(twin.parameters)
    body = "\n    ".join(["", *lines, f"    digest = fold(digest, (int32_t)kernel_{twin.name}({given}));"])
    return (
        f"static void part_{at}(void)\n{{\n    uint32_t digest = UINT32_C(2166136261);\n"
        f"    for (uint16_t i = 0; i < {CASES}u; i++) {{{body}\n    }}\n    digests[{at}] = digest;\n}}\n"
    )


def on_this_machine(folder: Path, kernel: Path) -> list[int]:
    """The numbers here."""
    built = compile_library([kernel, folder / "program.c"], folder / f"{kernel.stem}.so")
    built.everything()
    return [*(ctypes.c_uint32 * len(twins())).in_dll(built, "digests")]


def on_the_chip(folder: Path, kernel: Path) -> list[int]:
    """The numbers there."""
    elf = folder / "there.elf"
    compile_for_chip([kernel, folder / "program.c"], elf)
    listed = subprocess.run(["avr-nm", str(elf)], check=True, capture_output=True, text=True, timeout=60).stdout
    symbols = {name: int(at, 16) for at, _, name in map(str.split, listed.splitlines())}
    chip = chips.Chip(elf, lambda _: 0, lambda: None)
    for _ in range(10 * SECONDS):
        chip.run(chips.HZ // 10)
        if chip.number(symbols["finished"], 1) == 1:
            return [chip.number(symbols["digests"] + 4 * at, 4) for at in range(len(twins()))]
    raise AssertionError("it does not come to an end")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    need("gcc", "avr-gcc")
    chips.library()
    (tmp_path / "program.c").write_text(program(), "utf-8")
    return tmp_path


def test_every_function_gives_the_same_on_the_chip(folder: Path) -> None:
    here = on_this_machine(folder, CORE / "kernel.c")
    there = on_the_chip(folder, CORE / "kernel.c")
    assert [name for name, a, b in zip(twins(), here, there, strict=True) if a != b] == []
    same = {name for name, number in zip(twins(), here, strict=True) if here.count(number) > 1}
    assert same == set(), "two functions gave the same: what was drawn says too little"


@pytest.mark.parametrize(
    ("name", "widened"),
    [
        ("refuse_setpoint", "(int32_t)angle_cdeg + RISING_CDEG"),
        ("rate", "(int32_t)limit_cdeg + OVER_ANGLE_MARGIN_CDEG"),
    ],
)
def test_a_sum_in_sixteen_bits_is_found(name: str, widened: str, folder: Path) -> None:
    """On this machine a forgotten width changes nothing: there an int has 32 bits."""
    text = (CORE / "kernel.c").read_text("utf-8")
    assert widened in text
    narrow = folder / "narrow.c"
    narrow.write_text(text.replace(widened, widened.removeprefix("(int32_t)")), "utf-8")
    right = on_this_machine(folder, CORE / "kernel.c")
    assert on_this_machine(folder, narrow) == right
    wrong = [here != there for here, there in zip(right, on_the_chip(folder, narrow), strict=True)]
    assert wrong[[*twins()].index(name)]
