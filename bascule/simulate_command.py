"""`bascule simulate`: a table on a pty or a TCP port, in real time, with a person at the keyboard."""

import queue
import signal
import socket
import sys
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from simulator.hands import HandError, Hands, scenario
from simulator.server import Asked, Endpoint, Pty, ServerError, Tcp, serve
from simulator.table import Table

from .remote_hands import HandsError, Listener, socket_path
from .say import fail

app = typer.Typer(add_completion=False)
PtyOption = Annotated[Path | None, typer.Option(metavar="LINK", help="Serve on a pty with a link here.")]
TcpOption = Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Serve on TCP.")]


@app.command()
def simulate(
    pty: PtyOption = None,
    tcp: TcpOption = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated sensors.")] = 0,
    start_angle: Annotated[float, typer.Option(min=-80, max=60, metavar="DEG", help="Where the table is.")] = -80.0,
    scenario_file: Annotated[
        Path | None, typer.Option("--scenario", metavar="FILE", help="Lines to do by themselves: 12.5 fault stall 5s")
    ] = None,
) -> None:
    """A simulated table and tilt unit in real time. Type 'help' while it runs, or use 'bascule fault'."""
    table = Table(seed, start_angle)
    plot = _scenario(scenario_file, table)
    try:
        endpoint = _endpoint(pty, tcp)
    except ServerError as error:
        fail(str(error), 2)
    console = Console()
    where = pty if pty is not None else endpoint.name
    console.print(
        f"A simulated table at [bold]{where}[/]. In another terminal: bascule run --port {where}", soft_wrap=True
    )
    lines: queue.SimpleQueue[str | Asked] = queue.SimpleQueue()
    done = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    with ExitStack() as until_over:
        until_over.callback(endpoint.close)
        if hasattr(socket, "AF_UNIX"):
            try:
                until_over.enter_context(closing(Listener(socket_path(pty, endpoint.name), lines)))
            except HandsError as error:
                console.print(f"{error}.", markup=False)

        def say(words: str) -> None:
            console.print(words, markup=False, highlight=False)

        serve(table, endpoint, lines, say, done.is_set, plot)


def _scenario(path: Path | None, table: Table) -> list[tuple[float, str]]:
    """What is to happen by itself."""
    if path is None:
        return []
    try:
        return scenario(Hands(table), path.read_text("utf-8"))
    except (OSError, HandError, UnicodeDecodeError) as error:
        fail(f"--scenario {path}: {error}", 2)


def _endpoint(pty: Path | None, tcp: str | None) -> Endpoint:
    if (pty is None) == (tcp is None):
        raise ServerError("Name one place to serve at: --pty LINK or --tcp HOST:PORT.")
    if pty is not None:
        if sys.platform == "win32":
            raise ServerError("There are no ptys on Windows; use --tcp, or bascule run --port sim://.")
        return Pty(pty)
    host, _, port = str(tcp).rpartition(":")
    if not port.isdecimal() or not 0 <= int(port) <= 65535:
        raise ServerError(f"--tcp {tcp}: needs HOST:PORT, such as 127.0.0.1:4161")
    return Tcp(host or "127.0.0.1", int(port))


def _read_lines(lines: "queue.SimpleQueue[str | Asked]") -> None:
    with suppress(ValueError, OSError):
        for line in sys.stdin:
            lines.put(line)
