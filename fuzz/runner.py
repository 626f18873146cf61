"""Starts a target in a process of its own, follows what libFuzzer says, and keeps what was found."""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, TextIO

from . import seeds
from .report import Result
from .targets import Target

SLOWEST_S: Final = 10
"""For one input. Chosen: a thousand times what any of them takes; a longer one hangs."""
MOST_MB: Final = 1024
"""Of memory. Chosen: ten times what any of them takes."""
SHOWN_S: Final = 5.0
_EXECUTED: Final = re.compile(r"^#(\d+)\s|stat::number_of_executed_units:\s+(\d+)")
_WRITTEN: Final = re.compile(r"Test unit written to (\S+)")
_RAISED: Final = "=== Uncaught Python exception: ==="
_HUNG: Final = re.compile(r"ERROR: libFuzzer: (timeout|out-of-memory|deadly signal)")


class Limit(NamedTuple):
    """When a target ends: after so many executions or seconds, whichever is first; 0 is no limit."""

    runs: int
    seconds: int


class Heard(NamedTuple):
    """What libFuzzer said: executions, the error or "", the file of the finding or "", its last line."""

    runs: int
    error: str
    file: str
    last: str


def run(name: str, target: Target, limit: Limit, findings: Path, show: TextIO) -> Result:
    """One target, to its limit or its first finding."""
    show.write(f"{name}\n")
    with tempfile.TemporaryDirectory() as made:
        corpus, words = Path(made, "corpus"), Path(made, "words")
        corpus.mkdir()
        seeds.write(name, corpus)
        since_s = time.monotonic()
        command = [
            sys.executable, "-m", "fuzz.child", name, str(corpus), f"-max_len={target.longest}",
            f"-runs={limit.runs or -1}", f"-max_total_time={limit.seconds}", f"-timeout={SLOWEST_S}",
            f"-rss_limit_mb={MOST_MB}", "-print_final_stats=1", f"-artifact_prefix={findings / name}-",
        ]  # fmt: skip
        if target.words:
            words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), "ascii")
            command.append(f"-dict={words}")
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
            assert child.stdout is not None
            heard = listen(name, child.stdout, show)
        seconds = time.monotonic() - since_s
    error = heard.error or ("" if child.returncode == 0 and heard.runs else f"status {child.returncode}: {heard.last}")
    again = f"python -m fuzz {name} --replay {heard.file}" if heard.file else ""
    return Result(name, heard.runs, seconds, error, heard.file, again)


def _escaped(word: bytes) -> str:
    """As libFuzzer's dictionaries are written."""
    return "".join(f"\\x{byte:02X}" for byte in word)


def listen(name: str, lines: Iterable[str], show: TextIO) -> Heard:
    """Follow libFuzzer's output to its end, and say now and then how far it is."""
    runs, error, file, line = 0, "", "", ""
    shown_s, raised = time.monotonic(), False
    for line in lines:
        if raised:
            error, raised = line.strip(), False
        raised = raised or _RAISED in line
        if (hung := _HUNG.search(line)) is not None:
            error = error or hung[1]
        if (executed := _EXECUTED.search(line)) is not None:
            runs = int(executed[1] or executed[2])
        if (written := _WRITTEN.search(line)) is not None:
            file = written[1]
        if time.monotonic() - shown_s >= SHOWN_S:
            shown_s = time.monotonic()
            show.write(f"{name}: {runs:,} executions\n")
            show.flush()
    return Heard(runs, error, file, line.strip())
