"""The released firmware on an emulated chip, with simulated physics, in real time behind a pty.

    python -m tests.emulated.serve --pty /tmp/chip
    bascule run --port /tmp/chip

Lines on standard input change it, as those of `bascule simulate`: `help` lists them, `late` says how far behind real
time it was. Real time is kept: what came late is made up for tick by tick, as fast as the machine can.
"""

import argparse
import contextlib
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

import pytest

from simulator.hands import HandError, Hands
from simulator.server import Endpoint, Pty, ServerError
from simulator.wire import FROM_UNIT, TO_UNIT

from .table import ChipTable
from .trace import TICK_S, line, sample

HELD_UP_S: Final = 0.5
"""A chip that was held up for so long, a whole lease, does not make up for it: it goes on, and that time is lost."""
PRIORITY: Final = -10
"""A chip does not wait for other programs. Only root may ask for that; everybody else goes without."""
ABSENT: Final = ("fault motor_warm", "fault motor_hot")
"""What writes into variables of the simulated unit."""


class RealTime:
    """Ticks by the wall's clock, and how late they came. The caller reads the clock.

    `worst_s`: how late at worst; `lost_s`: how much time was given up.
    """

    def __init__(self, now_s: float) -> None:
        self._due_s = now_s + TICK_S
        self.worst_s = self.lost_s = 0.0

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next tick is due; 0 if it is."""
        return max(self._due_s - now_s, 0.0)

    def done(self, now_s: float) -> float:
        """The tick that was due is done; how late."""
        late_s = max(now_s - self._due_s, 0.0)
        self.worst_s = max(self.worst_s, late_s)
        self._due_s += TICK_S
        if late_s > HELD_UP_S:
            self.lost_s += late_s
            self._due_s += late_s
        return late_s

    def __str__(self) -> str:
        return f"late by {1000 * self.worst_s:.0f} ms at worst, {self.lost_s:.2f} s of real time lost"


def serve(
    table: ChipTable,
    endpoint: Endpoint,
    lines: "queue.SimpleQueue[str]",
    say: Callable[[str], None],
    done: Callable[[], bool],
    trace: TextIO | None = None,
) -> None:
    """Run the table in real time until `done`. `lines` are what is done to it meanwhile, `say` gets the answers."""
    hands = Hands(table)  # type: ignore[arg-type]
    clock, wire = RealTime(time.monotonic()), hands.wire
    out = received = b""
    while not done():
        received += endpoint.exchange(out, clock.wait_s(time.monotonic()))
        out = b""
        if received and wire.clear:
            table.receive(received)
            received = b""
        while not lines.empty():
            say(answer(hands, lines.get(), clock))
        if clock.wait_s(time.monotonic()):
            continue
        for words in hands.tick():
            say(words)
        table.receive(wire.through(received, TO_UNIT, table.now_ms))
        received = b""
        out = wire.through(table.tick(), FROM_UNIT, table.now_ms)
        now_s = time.monotonic()
        lost_s, late_s = clock.lost_s, clock.done(now_s)
        if clock.lost_s > lost_s:
            say(f"held up: {clock}")
        if trace is not None:
            trace.write(line(sample(table, now_s, late_s)))  # type: ignore[arg-type]
    say(str(clock))


def answer(hands: Hands, words: str, clock: RealTime) -> str:
    """Do one line; what to answer."""
    if words.strip() == "late":
        return str(clock)
    if words.startswith(ABSENT):
        return "that can't be done to a chip from outside"
    try:
        return hands.do(words)
    except HandError as error:
        return str(error)


def say(words: str) -> None:
    """For whoever reads, also through a pipe."""
    print(words, flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.emulated.serve", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pty", type=Path, required=True, metavar="LINK", help="serve on a pty with a link here")
    parser.add_argument("--start-angle", type=float, default=-80.0, metavar="DEG", help="where the table is")
    parser.add_argument("--seed", type=int, default=0, help="of the sensors")
    parser.add_argument("--elf", type=Path, metavar="FILE", help="another program (default: make -C firmware)")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="keep what really happens, every 20 ms")
    options = parser.parse_args(arguments)
    try:
        table = ChipTable(options.seed, options.start_angle, elf=options.elf)
        endpoint = Pty(options.pty)
    except (pytest.skip.Exception, ServerError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    ended = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        ended.set()

    def read() -> None:
        for words in sys.stdin:
            lines.put(words)

    with contextlib.suppress(OSError):
        os.nice(PRIORITY)
    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    threading.Thread(target=read, daemon=True).start()
    say(f"An emulated chip at {options.pty}. In another terminal: bascule run --port {options.pty}")
    trace = None if options.trace is None else options.trace.open("w", encoding="ascii", buffering=1)
    try:
        serve(table, endpoint, lines, say, ended.is_set, trace)
    finally:
        endpoint.close()
        if trace is not None:
            trace.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
