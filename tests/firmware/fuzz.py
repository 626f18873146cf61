"""Fuzz the firmware's core from the host's bytes to the motor: `python -m tests.firmware.fuzz [--seconds S]`.

`firmware/analysis/fuzz.c` says what is done to it and what must never happen. libFuzzer begins with the golden frames
of tests/vectors and with two sessions that go well. Exit status: 0 nothing was found, 1 something was, 2 usage.
"""

import argparse
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .programs import CORE, FIRMWARE, ROOT, demand

TARGET = FIRMWARE / "analysis" / "fuzz.c"
FINDINGS = FIRMWARE / "build" / "findings"
SECONDS = 15
LONGEST = 1024
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-g", "-O2", "-fsanitize=fuzzer,address,undefined",
         "-fno-sanitize-recover=all", f"-I{CORE}")  # fmt: skip
HEAR, SAY, TICK, LEAD, SWITCH, SENSE, LONG = 0, 1, 3, 4, 5, 6, 7
HELLO, STOP, LEVEL, ARM, KEEPALIVE, ACKNOWLEDGE = 1, 2, 3, 4, 7, 8
PIECE = 32


def step(what: int, much: int, *data: int) -> bytes:
    """One step of a script, as `step()` in C reads it."""
    return bytes([what | much << 3, *data])


def heard(data: bytes) -> bytes:
    """Bytes from the host, in pieces."""
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    return b"".join(step(HEAR, len(piece) - 1, *piece) for piece in pieces)


def said(code: int) -> bytes:
    """A whole frame with the right numbers."""
    return step(SAY, code - 1)


def led(ticks: int, target_cdeg: int, rate_cdps: int = 0) -> bytes:
    """A lease in each tick."""
    lease = struct.pack("<hh", target_cdeg * 4, rate_cdps * 100)
    return step(LEAD, ticks - 1) + lease * ticks


def session(deg: int) -> bytes:
    """Met, armed, led there, and home by `level`, then a stop on the way."""
    begun = step(LONG, 1) + said(HELLO) + step(TICK, 0) + said(KEEPALIVE) + step(TICK, 3) + said(ACKNOWLEDGE)
    there = b"".join(led(32, deg * 100) for _ in range(4))
    return begun + said(ARM) + there + said(LEVEL) + step(LONG, 2) + said(STOP) + step(LONG, 3)


def seeds() -> Iterator[bytes]:
    """What the fuzzer begins with; the first byte begins the nonces."""
    for name in ("messages", "unreadable", "damaged"):
        for line in (ROOT / "tests" / "vectors" / f"{name}.txt").read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield b"\x07" + step(LONG, 1) + heard(bytes.fromhex(line.split()[0])) + step(TICK, 4)
    yield b"\x07" + session(10)
    yield b"\x07" + session(3) + step(SWITCH, 0, 4) + step(LONG, 1)


def build(folder: Path) -> Path:
    """The fuzzer. A warning is an error."""
    demand("clang")
    to = folder / "fuzz"
    sources = [*sorted(CORE.glob("*.c")), TARGET]
    done = subprocess.run(["clang", *FLAGS, "-o", str(to), *map(str, sources)], capture_output=True, text=True)
    if "libclang_rt" in done.stderr:
        sys.exit("clang lacks libFuzzer (apt-get install libclang-rt-14-dev, or the version of your clang)")
    if done.returncode != 0:
        sys.exit(done.stderr)
    return to


def run(fuzzer: Path, corpus: Path, seconds: int) -> tuple[int, str]:
    """Exit status and what libFuzzer said."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    command = [str(fuzzer), f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-len_control=0", "-timeout=20",
               "-print_final_stats=1", f"-artifact_prefix={FINDINGS}/", str(corpus)]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    return done.returncode, done.stderr


def result(said: str) -> str:
    """Executions and coverage in one line."""
    executed = re.findall(r"number_of_executed_units: (\d+)", said)
    covered = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)", said)
    cov, features, corpus = covered[-1] if covered else ("?", "?", "?")
    return f"{executed[-1] if executed else '?'} executions, {cov} edges, {features} features, {corpus} inputs kept"


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    parser = argparse.ArgumentParser("python -m tests.firmware.fuzz", description="Fuzz the firmware's core.")
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--corpus", type=Path, help="a folder whose inputs are kept and used again")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input once")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bascule-fuzz-") as name:
        folder = Path(name)
        fuzzer = build(folder)
        if options.replay is not None:
            return int(subprocess.run([str(fuzzer), str(options.replay)]).returncode != 0)
        corpus: Path = options.corpus or folder / "corpus"
        corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(seeds()):
            (corpus / f"seed-{number:03}").write_bytes(seed)
        status, told = run(fuzzer, corpus, options.seconds)
    sys.stdout.write(f"{result(told)}, {options.seconds} s\n")
    if status != 0:
        sys.stderr.write(told[-6000:] + f"\nreplay it: python -m tests.firmware.fuzz --replay {FINDINGS}/…\n")
    return int(status != 0)


if __name__ == "__main__":
    raise SystemExit(main())
