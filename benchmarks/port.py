"""Reading telemetry from a pty: what each way costs the processor for one telemetry.

Another process writes 50 bytes' worth of telemetry every half millisecond; each way reads so many of them, and the
processor's time of this process is divided by their number. Waiting costs nothing, waking up does.
"""

import os
import queue
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

import serial

from controller.serial_port import SerialPort
from protocol.link import frame

from .codec import SAMPLE
from .measure import Figure, in_turns, ratio

FRAME: Final = frame(SAMPLE)
PERIOD_S: Final = 0.0005
PAUSE_S: Final = 0.02
"""Before the first telemetry, so that everybody is waiting when it comes."""
WAYS: Final = ("ours", "floor", "in_waiting", "read_until", "thread")


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of the port."""
    rounds, frames = (3, 100) if quick else (9, 400)
    readers = {"ours": ours, "floor": bare, "in_waiting": in_waiting, "read_until": read_until, "thread": thread}
    given = in_turns({way: _reading(readers[way], frames) for way in WAYS}, rounds)
    for way in WAYS:
        if way != "floor":
            yield Figure(f"port.{way}", ratio(given, way, "floor"))


def _reading(reader: Callable[[str, int], None], frames: int) -> Callable[[], float]:
    """A round: a fresh pty, a process that writes, and the processor's time that reading all of it took."""

    def once() -> float:
        master, slave = os.openpty()
        tty.setraw(slave)
        sys.stdout.flush()
        sys.stderr.flush()
        writer = os.fork()
        if writer == 0:
            _write(master, frames)
        began_s = time.process_time()
        reader(os.ttyname(slave), frames * len(FRAME))
        took_s = time.process_time() - began_s
        os.waitpid(writer, 0)
        os.close(master)
        os.close(slave)
        return took_s / frames

    return once


def _write(master: int, frames: int) -> None:
    """In the child: write at a steady pace, and end without a word."""
    time.sleep(PAUSE_S)
    next_s = time.monotonic()
    for _ in range(frames):
        next_s += PERIOD_S
        time.sleep(max(next_s - time.monotonic(), 0.0))
        os.write(master, FRAME)
    os._exit(0)


def ours(name: str, size: int) -> None:
    """The daemon's own."""
    with closing(SerialPort(name)) as port:
        while size > 0:
            size -= len(port.read())


def bare(name: str, size: int) -> None:
    """The floor."""
    line = os.open(name, os.O_RDWR | os.O_NOCTTY)
    while size > 0:
        size -= len(os.read(line, 4096))
    os.close(line)


def in_waiting(name: str, size: int) -> None:
    """pyserial, what is there or one byte."""
    with serial.Serial(name, 115_200, timeout=0.05) as port:
        while size > 0:
            size -= len(port.read(port.in_waiting or 1))


def read_until(name: str, size: int) -> None:
    """pyserial, up to a delimiter."""
    with serial.Serial(name, 115_200, timeout=0.05) as port:
        while size > 0:
            size -= len(port.read_until(b"\0"))


def thread(name: str, size: int) -> None:
    """pyserial in a thread of its own, and a queue."""
    chunks: queue.Queue[bytes] = queue.Queue()
    with serial.Serial(name, 115_200, timeout=0.05) as port:

        def read() -> None:
            left = size
            while left > 0:
                chunk = port.read(port.in_waiting or 1)
                left -= len(chunk)
                chunks.put(chunk)

        reader = threading.Thread(target=read)
        reader.start()
        while size > 0:
            size -= len(chunks.get())
        reader.join()
