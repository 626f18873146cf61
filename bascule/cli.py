"""The command line. Exit status: 0 done, 1 refused or failed, 2 usage or configuration."""

import json
import os
import queue
import signal
import socket
import sys
import threading
import time
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
from rich.console import Console

from controller.config import Config, ConfigError, load
from controller.daemon import installed_version
from controller.ledger import LedgerError
from controller.mqtt.address import Address
from controller.serial_port import SerialPort
from simulator import protocol_sim
from simulator.faults import KINDS, Kind
from simulator.hands import WORDS, HandError, Hands, help_text, scenario
from simulator.server import Asked, Endpoint, Pty, ServerError, Tcp, serve
from simulator.table import Table

from . import check_command, discovery_command, history_command, log, metrics_server, presets_command, setup_command
from . import demo as demo_
from .assembly import address_of, assemble
from .broker import BrokerError
from .metrics import Overheard
from .people_cli import app as people_app
from .remote_hands import HandsError, Listener, ask, socket_path
from .say import (
    BrokerOption,
    CaFileOption,
    CertFileOption,
    ConfigOption,
    DataOption,
    JsonOption,
    KeyFileOption,
    PasswordFileOption,
    TableOption,
    fail,
)
from .send import SendError
from .send import send as send_command

app = typer.Typer(
    help="The controller of a motorised inversion table, over MQTT. Not a medical device; never use a table alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.add_typer(presets_command.app, name="presets")
app.add_typer(people_app, name="people")
app.add_typer(history_command.app, name="history")
app.command()(check_command.check)
app.add_typer(setup_command.app, name="setup")
app.add_typer(discovery_command.app, name="discovery")


def _version(value: bool) -> None:
    if value:
        print(f"bascule {installed_version()}")  # noqa: T201
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
def demo(
    speed: Annotated[float, typer.Option(min=1, max=200, help="Everything this many times faster.")] = 1.0,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Broker port (default: 1883 or the next free).")
    ] = None,
    lan: Annotated[
        bool, typer.Option("--lan", help="Let phones on the network in, with a generated password.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated sensors.")] = 0,
    data: DataOption = None,
    page_port: Annotated[int | None, typer.Option(hidden=True)] = None,
    no_page: Annotated[bool, typer.Option("--no-page", hidden=True)] = False,
) -> None:
    """Broker, simulated table and controller together: try everything without hardware."""
    log.set_up("warning", "text")
    try:
        demo_.run(speed, port, lan, seed, data, Console())
    except ConfigError as error:
        fail(str(error), 2)
    except (BrokerError, LedgerError, OSError) as error:
        fail(str(error))


MetricsOption = Annotated[
    str | None, typer.Option(metavar="[HOST:]PORT", help="Serve Prometheus metrics there, by default on 127.0.0.1.")
]


@app.command()
def run(
    config: ConfigOption = None,
    port: Annotated[
        str | None, typer.Option("--port", metavar="PORT", help="A device, socket://host:port or sim://.")
    ] = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
    table: TableOption = None,
    data: DataOption = None,
    metrics: MetricsOption = None,
) -> None:
    """The controller of one table: runs until it is stopped; a missing port or broker is tried again."""
    protocol_sim.register()
    try:
        settings = _load(
            config, table=table, port=port, broker=broker, data=data,
            password_file=password_file, ca_file=ca_file, cert_file=cert_file, key_file=key_file,
        )  # fmt: skip
        if settings.table.port is None:
            fail("No serial port is named: use --port, or port in [table] of the configuration file.", 2)
        log.set_up(settings.log.level, settings.log.format)
        assembly = assemble(settings, lambda: SerialPort(str(settings.table.port)), config_file=config)
        where = None if metrics is None else metrics_server.place(metrics)
    except (ConfigError, ImportError, ValueError) as error:
        fail(str(error), 2)
    except LedgerError as error:
        fail(str(error))
    if where is None:
        assembly.run()
        return
    overheard = Overheard(assembly.client, settings.table.id)
    with metrics_server.serving(overheard, where):
        assembly.run(overheard)


def _load(config: Path | None, **options: Any) -> Config:
    """The file and the options that win over it."""
    keys = {"table": "table.id", "port": "table.port", "data": "data.folder"}
    named = {keys.get(name, f"mqtt.{name}"): None if value is None else str(value) for name, value in options.items()}
    return load(config, named)


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


@app.command(context_settings={"ignore_unknown_options": True})
def fault(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[KIND [AMOUNT] [FOR]]", help="stall 5s, off, estop on, …")
    ] = None,
    pty: Annotated[Path | None, typer.Option(metavar="LINK", help="Of the simulator that serves there.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Of the simulator that serves there.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Break something in a running 'bascule simulate'; without a kind: what there is."""
    if not words:
        if as_json:
            print(json.dumps([_kind_as_json(kind) for kind in KINDS], ensure_ascii=False, indent=1))  # noqa: T201
        else:
            print(help_text())  # noqa: T201
        return
    if (pty is None) == (tcp is None):
        fail("Name the simulator that is meant: --pty LINK or --tcp HOST:PORT, as it was begun with.", 2)
    if not hasattr(socket, "AF_UNIX"):
        fail("This system has no local sockets for that; type the line into the simulator's own terminal.")
    line = " ".join(words if words[0] in WORDS else ["fault", *words])
    try:
        done, answer = ask(socket_path(pty, tcp), line)
    except HandsError as error:
        fail(f"{error}.")
    if not done:
        fail(answer)
    print(json.dumps({"answer": answer}, ensure_ascii=False) if as_json else answer)  # noqa: T201


def _kind_as_json(kind: Kind) -> dict[str, Any]:
    """A kind of fault for machines; `here` says whether `bascule simulate` can do it by itself."""
    return {
        "kind": kind.name, "layer": str(kind.layer), "faults": list(kind.ids), "meaning": kind.meaning,
        "amount": None if kind.amount is None else kind.amount._asdict(), "for_s": kind.for_s or None,
        "here": kind.make is not None, "by_hand": kind.by_hand or None,
    }  # fmt: skip


@app.command()
def campaign(
    runs: Annotated[int | None, typer.Option(min=1, help="How many (1000, or all); 1 tells its story.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The first run's number.")] = 0,
    jobs: Annotated[int, typer.Option(min=0, help="Processes (default: one a core).")] = 0,
    matrix: Annotated[bool, typer.Option("--matrix", help="Every kind in every state at every timing.")] = False,
    pairs: Annotated[bool, typer.Option("--pairs", help="All pairs of kinds.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Simulated sessions with faults in virtual time, every requirement watched; exit 1 if one did not hold."""
    from . import campaign as campaign_
    from . import campaign_report as report

    if matrix and pairs:
        fail("--matrix and --pairs are two campaigns; choose one.", 2)
    mode = campaign_.Mode.MATRIX if matrix else campaign_.Mode.PAIRS if pairs else campaign_.Mode.RANDOM
    count = runs or 1000
    if mode is not campaign_.Mode.RANDOM:
        most = campaign_.count(mode) - seed
        if most <= 0:
            fail(f"--seed {seed}: --{mode} has {campaign_.count(mode)} runs, from 0.", 2)
        count = min(runs or most, most)
    if count == 1 and not as_json:
        result = report.tell(seed, mode, print)
        if result.violated:
            fail(f"A requirement did not hold. Again: {report.again(mode, seed)}")
        return
    jobs = jobs or os.cpu_count() or 1
    began_s = time.monotonic()
    findings = report.run_all(seed, count, mode, jobs, Console(stderr=True))
    took_s = time.monotonic() - began_s
    if as_json:
        print(report.as_json(findings, mode, took_s))  # noqa: T201
    else:
        report.show(findings, mode, took_s, Console())
    if findings.violations:
        fail(f"A requirement did not hold. Again: {report.again(mode, findings.violations[0].number)}")


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


@app.command()
def send(
    verb: Annotated[str, typer.Argument(help="arm, start, stop, level, stand, …")],
    argument: Annotated[str | None, typer.Argument(help="Preset, person, angle, direction, or JSON.")] = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One command over MQTT; prints the result."""
    try:
        settings = _load(
            config, table=table, broker=broker,
            password_file=password_file, ca_file=ca_file, cert_file=cert_file, key_file=key_file,
        )  # fmt: skip
        address: Address = address_of(settings, None)
        result = send_command(address, settings.mqtt.base, settings.table.id, verb, argument)
    except ConfigError as error:
        fail(str(error), 2)
    except ValueError as error:
        fail(f"{argument!r} is no argument of {verb}: {error}", 2)
    except SendError as error:
        fail(f"{error}.")
    if as_json:
        print(json.dumps(result, ensure_ascii=False))  # noqa: T201
    elif result["accepted"]:
        print(result["message"])  # noqa: T201
    if not result["accepted"]:
        fail(f"refused ({result['reason']}): {result['message']}")


def main() -> None:
    """Entry point of the `bascule` command."""
    app()
