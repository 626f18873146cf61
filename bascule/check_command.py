"""`bascule check PORT`: conformance of a tilt unit, hardware or simulated, by the checks of `simulator.conformance`."""

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import typer
from rich.console import Console

from controller.daemon import installed_version
from controller.serial_port import PortError, SerialPort
from simulator import protocol_sim
from simulator.conformance import report
from simulator.conformance.catalogue import CHECKS
from simulator.conformance.suite import Outcome, RefusedError, Result, Suite
from simulator.conformance.talk import PortGoneError, Wish

from .remote_hands import HandsError, ask, socket_path
from .say import JsonOption, fail

SAME_SIGNAL_S: Final = 1.0
"""Several signals within one second are one: supervisors send it twice."""
BY_SIMULATOR: Final = {
    "weight": ("occupied on", "ankles locked"), "empty": ("occupied off",), "estop": ("estop on",),
    "release": ("estop off",), "open": ("ankles open",), "lock": ("ankles locked",), "gone": ("occupied off",),
    "back": ("occupied on",), "button": ("button arm",), "lower": ("lower on",), "stow": ("lower off",),
    "reset": ("reset",),
}  # fmt: skip
"""What is asked of a hand, in the words of `bascule simulate`."""


class _Interrupted(Exception):  # noqa: N818
    """Somebody wants to go."""


class RealPort:
    """A serial port as the checks want one. Raises PortGoneError when it is lost."""

    def __init__(self, port: SerialPort) -> None:
        self._port = port

    def now_s(self) -> float:
        """Monotonic seconds."""
        return self._port.now_s()

    def send(self, data: bytes) -> None:
        """Bytes to the unit."""
        try:
            self._port.write(data)
        except PortError as error:
            raise PortGoneError(str(error)) from None

    def receive(self, until_s: float) -> bytes:
        """Bytes as soon as there are some."""
        try:
            while not (data := self._port.read()):
                if self.now_s() >= until_s:
                    return b""
        except PortError as error:
            raise PortGoneError(str(error)) from None
        return data


PortArgument = Annotated[str, typer.Argument(metavar="PORT", help="A device, socket://host:port or sim://.")]
ReportOption = Annotated[
    Path | None, typer.Option("--report", metavar="FILE", help="Write all of it there; JSON if the name ends in .json.")
]
MotionOption = Annotated[
    bool, typer.Option("--allow-motion", help="Move the table. Nobody may be on it; it has to be empty at the start.")
]
HandsOption = Annotated[
    bool | None, typer.Option("--hands/--no-hands", help="Ask for what only a hand can do (default: on a terminal).")
]
app = typer.Typer(add_completion=False)


@app.command()
def check(
    port: PortArgument,
    report_file: ReportOption = None,
    allow_motion: MotionOption = False,
    hands: HandsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Whether a tilt unit does what docs/protocol.md demands; exit 0 only when every required check passed."""
    protocol_sim.register()
    if report_file is not None:
        _try_to_write(report_file)
    try:
        serial = SerialPort(port)
    except PortError as error:
        fail(f"{error}.")
    asked = _hand(port, hands)
    session = time.time_ns() & 0xFFFF_FFFF
    suite = Suite(RealPort(serial), session, asked or (lambda _: False), asked is not None, allow_motion)
    began = datetime.now(UTC).isoformat(timespec="seconds")
    results: list[Result] = []
    try:
        with _signals():
            ended = _run(suite, results, as_json)
    finally:
        serial.close()
    told = bool(results)
    results += [Result(one, Outcome.NOT_CHECKED, "the run ended before it", {}, 0.0) for one in CHECKS[len(results) :]]
    found = report.Run(
        port, installed_version(), began, allow_motion, asked is not None, suite.talk.identity, results, ended
    )
    if report_file is not None:
        _write(report_file, found)
    if as_json:
        print(report.as_json(found))  # noqa: T201
    elif told:
        print(f"\n{report.summary(found)}", flush=True)  # noqa: T201
    if ended:
        fail(ended)
    if not found.complete:
        failed = [result.check.number for result in results if result.outcome is Outcome.FAILED]
        fail(f"{port}: the unit failed {report.ranges(failed)}." if failed else f"{port}: not everything was checked.")


def _run(suite: Suite, results: list[Result], as_json: bool) -> str:
    """All checks, each told as it ends; why they ended early, or nothing."""
    console = Console(stderr=True, highlight=False)

    def show(words: str) -> None:
        if as_json:
            console.print(words, markup=False, soft_wrap=True)
        else:
            print(words, flush=True)  # noqa: T201

    try:
        suite.listen()
        show(f"{report.unit(suite.talk.identity)}\n")
        for one in CHECKS:
            with console.status(f"{one.number} {one.demands}") if console.is_terminal else nullcontext():
                result = suite.run(one)
            results.append(result)
            if result.outcome is not Outcome.NOT_CHECKED:
                show(report.line(result))
    except RefusedError as refused:
        return f"Nothing was checked: {refused}."
    except PortGoneError as gone:
        return f"The checks ended early: {gone}."
    except _Interrupted:
        return _leave(suite, console)
    with suppress(PortGoneError):
        suite.leave()
    return ""


def _leave(suite: Suite, console: Console) -> str:
    """Somebody wants to go: head down, level first; a second wish goes at once."""
    try:
        if suite.head_down:
            console.print("The table is head down: level first. Once more to leave at once.", markup=False)
        rests = suite.leave()
    except (PortGoneError, _Interrupted):
        rests = False
    where = "the table rests" if rests else "the unit levels by itself; look at the table"
    return f"The checks were interrupted; {where}."


@contextmanager
def _signals() -> Iterator[None]:
    """Ctrl-C and SIGTERM raise where the checks are; several within a second are one."""
    last_s = [-SAME_SIGNAL_S]

    def leave(_: int, __: FrameType | None) -> None:
        now_s = time.monotonic()
        if now_s - last_s[0] >= SAME_SIGNAL_S:
            last_s[0] = now_s
            raise _Interrupted

    before = [(number, signal.signal(number, leave)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


# ---- hands ----------------------------------------------------------------------------------------------------------


def _hand(port: str, hands: bool | None) -> Callable[[Wish], bool] | None:
    """Whoever does what only a hand can: the simulator behind the port by itself, or a person; or nobody."""
    if hands is False:
        return None
    if hasattr(signal, "SIGUSR1"):
        is_tcp = port.startswith("socket://")
        path = socket_path(None if is_tcp else Path(port), port if is_tcp else None)
        if path.is_socket():
            return lambda wish: _simulated(path, wish)
    return _person if hands or sys.stdin.isatty() else None


def _simulated(path: Path, wish: Wish) -> bool:
    try:
        return all(ask(path, line)[0] for line in BY_SIMULATOR[wish.word])
    except (HandsError, json.JSONDecodeError):
        return False


def _person(wish: Wish) -> bool:
    Console(stderr=True, highlight=False).print(f"\n>> {wish.sentence}. (waiting for a minute)", markup=False)
    return True


# ---- the report -----------------------------------------------------------------------------------------------------


def _try_to_write(path: Path) -> None:
    """Know before the first check that the report will find its place."""
    try:
        with path.open("a", encoding="utf-8"):
            return
    except OSError as error:
        fail(f"--report {path}: {error.strerror}; choose a file in a folder that you may write to.", 2)


def _write(path: Path, found: report.Run) -> None:
    try:
        path.write_text(report.as_json(found) if path.suffix == ".json" else report.text(found), "utf-8")
    except OSError as error:
        fail(f"--report {path}: {error.strerror}; the results above are not lost.")
