"""Run the tests of the firmware's core under sanitizers, and say which branches of it no test takes.

    python -m tests.firmware.instrumented

The core is compiled once with gcc's address and undefined-behaviour sanitizers and with its counters of branches. Then
run the tests in C, and those in Python that load the core: every test of the simulated unit, every fault, the
boundaries of the kernel. Exit status: 0 all pass and every branch is taken, 1 otherwise, 2 usage.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from .programs import CORE, FIRMWARE, ROOT, demand

HERE = Path(__file__).parent
COUNTED = ("-std=c99", "-O0", "-g", "-fPIC", "--coverage", f"-I{CORE}")
SANITIZED = "-fsanitize=address,undefined"
BRANCHING = "-fno-sanitize=bool,enum,shift,integer-divide-by-zero,null,return"
"""Checks that gcc makes with branches of its own, which would be counted: `make -C firmware check` has them, too."""
DIVIDES = "fixed"
"""The one file with a division by a variable, whose check for an overflow is such a branch as well."""
RUNS = (("test_trace.py",), ("test_table.py", "test_walk.py", "test_framing.py", "test_link.py", "test_kernel.py"))
"""Side by side, each without workers: a worker that is ended does not write its counters."""
NOT_HERE = "planted or TestWire or no_wish_passes or own_table or 13.0"
"""Of differences planted in a copy; long ones whose inputs a shorter one has, too."""


class Line(NamedTuple):
    """The branches of one line of the core, and how often each was taken."""

    file: str
    number: int
    taken: tuple[int, ...]


def compile_core(folder: Path) -> None:
    """The core's objects."""
    for source in sorted(CORE.glob("*.c")):
        checks = ["-fsanitize=address"] if source.stem == DIVIDES else [SANITIZED, BRANCHING]
        command = ["gcc", *COUNTED, *checks, "-fno-sanitize-recover=all", "-c", "-o", str(folder / f"{source.stem}.o")]
        subprocess.run([*command, str(source)], check=True)


def run_in_c(folder: Path) -> bool:
    """The tests in C with these objects; whether they pass."""
    program, tests = folder / "check", sorted((FIRMWARE / "tests").glob("*.c"))
    command = ["gcc", "-std=c99", "-g", f"-I{CORE}", SANITIZED, "-o", str(program)]
    subprocess.run([*command, *map(str, tests), *map(str, folder.glob("*.o")), "-lgcov"], check=True)
    return subprocess.run([str(program)]).returncode == 0


def run_in_python(folder: Path) -> bool:
    """The tests in Python with these objects; whether they pass."""
    found = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    environment = {
        **os.environ,
        "BASCULE_INSTRUMENTED": str(folder),
        "LD_PRELOAD": found.stdout.strip(),
        # Python itself leaves memory behind at its end.
        "ASAN_OPTIONS": "detect_leaks=0",
    }
    begun = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-k", f"not ({NOT_HERE})"]
    children = [
        subprocess.Popen(
            [*begun, *(str(HERE / name) for name in names)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for names in RUNS
    ]
    told = [child.communicate()[0] for child in children]
    for child, text in zip(children, told, strict=True):
        sys.stdout.write(text[-3000:] if child.returncode else text.rstrip().rpartition("\n")[2] + "\n")
    return all(child.returncode == 0 for child in children)


def branches(folder: Path) -> list[Line]:
    """What gcov counted. Functions of a header are in several objects: what one of them took is taken."""
    sums: dict[tuple[str, int], list[int]] = defaultdict(list)
    for notes in sorted(folder.glob("*.gcno")):
        command = ["gcov", "--json-format", "--stdout", "--branch-probabilities", str(notes)]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
        for file in json.loads(done.stdout)["files"]:
            if Path(file["file"]).parent != CORE:
                continue
            for line in file["lines"]:
                counts = [branch["count"] for branch in line["branches"]]
                before = sums[Path(file["file"]).name, line["line_number"]]
                if len(before) < len(counts):
                    before += [0] * (len(counts) - len(before))
                for at, count in enumerate(counts):
                    before[at] += count
    return [Line(file, number, tuple(taken)) for (file, number), taken in sorted(sums.items()) if taken]


def report(lines: Iterable[Line]) -> bool:
    """A row for each file, and each line with a branch that was never taken; whether there is none."""
    files: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        files[line.file].append(line)
    taken = total = 0
    for name, own in files.items():
        here, all_here = sum(sum(map(bool, line.taken)) for line in own), sum(len(line.taken) for line in own)
        taken, total = taken + here, total + all_here
        sys.stdout.write(f"{name:12} {here:4} of {all_here:4} branches\n")
        text = (CORE / name).read_text("utf-8").splitlines()
        for line in own:
            if not all(line.taken):
                sys.stdout.write(f"  {name}:{line.number}: {line.taken}  {text[line.number - 1].strip()}\n")
    sys.stdout.write(f"{'the core':12} {taken:4} of {total:4} branches\n")
    return total > 0 and taken == total


def main(arguments: Sequence[str] | None = None) -> int:
    """See above."""
    parser = argparse.ArgumentParser("python -m tests.firmware.instrumented", description=__doc__.split("\n")[0])
    parser.add_argument("--only-c", action="store_true", help="the tests in C only")
    options = parser.parse_args(arguments)
    demand("gcc", "gcov")
    with tempfile.TemporaryDirectory(prefix="bascule-instrumented-") as name:
        folder = Path(name)
        compile_core(folder)
        passed = run_in_c(folder) and (options.only_c or run_in_python(folder))
        whole = report(branches(folder))
    return 0 if passed and whole else 1


if __name__ == "__main__":
    raise SystemExit(main())
