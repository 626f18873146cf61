"""Real processes that can be killed, stopped, starved of disk, and left with nobody to read what they say."""

import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from bascule.broker import find_mosquitto, mosquitto_config

from .phone import RigError, until

ROOT: Final = Path(__file__).resolve().parents[1]
START_S: Final = 60.0
"""Chosen: a machine that runs eight rounds at once may take this long to start a program."""
MOST_LINES: Final = 2000


class Process:
    """One program. What it says on both outputs is read into `lines` by a thread, until `deafen`."""

    def __init__(self, *command: str, env: dict[str, str] | None = None) -> None:
        out, self._into = os.pipe()
        self._reading = True
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._into, stderr=self._into, cwd=ROOT,
            env={**os.environ, "COLUMNS": "200", **(env or {})}, start_new_session=True,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, args=(out,), daemon=True)
        self._reader.start()

    def _read(self, out: int) -> None:
        rest = b""
        while chunk := os.read(out, 4096):
            *whole, rest = (rest + chunk).split(b"\n")
            self.lines += [line.decode(errors="replace").rstrip() for line in whole]
            del self.lines[:-MOST_LINES]
            if not self._reading:
                self._wait_for_end()
                break
        os.close(out)

    def _wait_for_end(self) -> None:
        with contextlib.suppress(ChildProcessError):
            self.process.wait()

    def deafen(self) -> None:
        """From now on nobody reads, and the pipe is full: whoever writes into it waits."""
        self._reading = False
        # A description of its own, so that only this end does not block.
        into = os.open(f"/proc/self/fd/{self._into}", os.O_WRONLY | os.O_NONBLOCK)
        os.write(into, b"\n")  # wakes the reader, which then stops
        threading.Event().wait(0.05)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(into, b"." * 4096)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(into, b".")
        os.close(into)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def hit(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def says(self, words: str, patience_s: float = START_S) -> None:
        """Wait until it has said these words."""
        until(lambda: any(words in line for line in self.lines), f"{words!r} among {self.lines[-5:]}", patience_s)

    def ended(self, patience_s: float) -> int:
        """Wait for its end; the exit status."""
        until(lambda: not self.running, "the end of a process", patience_s)
        return int(self.process.returncode)

    def limit_files(self, most: int | None) -> None:
        """No file may grow beyond so many bytes, or any file may: a full disk for one process, without being root."""
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (hard if most is None else most, hard))

    def kill(self) -> None:
        """SIGKILL, whatever state it is in, and clear up."""
        if self.running:
            self.process.kill()
        self.process.wait()
        if self._into >= 0:
            os.close(self._into)
            self._into = -1
        self._reader.join(5)


class Broker:
    """A real Mosquitto on a port of its own, that can be killed and started again there."""

    def __init__(self, folder: Path) -> None:
        program = find_mosquitto()
        if program is None:
            raise RigError("there is no mosquitto: apt-get install mosquitto")
        self.port = free_port()
        config = folder / "broker.conf"
        config.write_text(mosquitto_config("127.0.0.1", self.port, None))
        self._command = (program, "-c", str(config))
        self.process: Process | None = None

    def start(self) -> None:
        """Start, and wait until it accepts connections. Does nothing to one that runs."""
        if self.process is None or not self.process.running:
            self.kill()
            self.process = Process(*self._command)
            until(self._accepts, f"a broker at port {self.port}", START_S)

    def _accepts(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
            return True
        return False

    def hit(self, number: int) -> None:
        """Send a signal."""
        if self.process is not None:
            self.process.hit(number)

    def kill(self) -> None:
        """SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process = None


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def python(*arguments: str) -> tuple[str, ...]:
    """The command line of a module of ours."""
    return (sys.executable, "-m", *arguments)


STOP, CONTINUE = signal.SIGSTOP, signal.SIGCONT
