"""The command line. Exit status: 0 done, 1 refused or failed, 2 usage or configuration."""

import json
import queue
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table as Grid

from controller.config import Config, ConfigError, load
from controller.daemon import installed_version
from controller.document import preset_document
from controller.ledger import LedgerError
from controller.mqtt.connection import Address
from controller.presets import Preset, bundled
from controller.serial_port import SerialPort
from simulator import protocol_sim
from simulator.server import Endpoint, Pty, ServerError, Tcp, serve
from simulator.table import Table

from . import demo as demo_
from . import log
from .assembly import address_of, assemble
from .broker import BrokerError
from .send import SendError
from .send import send as send_command

app = typer.Typer(
    help="The controller of a motorised inversion table, over MQTT. Not a medical device; never use a table alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
presets_app = typer.Typer(help="What a session can be: list and show presets.", no_args_is_help=True)
app.add_typer(presets_app, name="presets")

ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")]
TableOption = Annotated[str | None, typer.Option("--table", metavar="ID", help="Which table (default: home).")]
BrokerOption = Annotated[str | None, typer.Option("--broker", metavar="URL", help=r"mqtt://\[user@]host\[:port]")]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the record of sessions.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    Console(stderr=True).print(message, style="red", soft_wrap=True, markup=False, highlight=False)
    raise typer.Exit(status)


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


@app.command()
def run(
    config: ConfigOption = None,
    port: Annotated[
        str | None, typer.Option("--port", metavar="PORT", help="A device, socket://host:port or sim://.")
    ] = None,
    broker: BrokerOption = None,
    table: TableOption = None,
    data: DataOption = None,
) -> None:
    """The controller of one table: runs until it is stopped; a missing port or broker is tried again."""
    protocol_sim.register()
    try:
        settings = _load(config, table=table, port=port, broker=broker, data=data)
        if settings.table.port is None:
            fail("No serial port is named: use --port, or port in [table] of the configuration file.", 2)
        log.set_up(settings.log.level, settings.log.format)
        assembly = assemble(settings, lambda: SerialPort(str(settings.table.port)))
    except ConfigError as error:
        fail(str(error), 2)
    except LedgerError as error:
        fail(str(error))
    assembly.run()


def _load(config: Path | None, **options: Any) -> Config:
    """The file and the options that win over it."""
    keys = {"table": "table.id", "port": "table.port", "broker": "mqtt.broker", "data": "data.folder"}
    named = {keys[name]: None if value is None else str(value) for name, value in options.items()}
    return load(config, named)


@app.command()
def simulate(
    pty: Annotated[Path | None, typer.Option(metavar="LINK", help="Serve on a pty with a link here.")] = None,
    tcp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Serve on TCP.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the simulated sensors.")] = 0,
    start_angle: Annotated[float, typer.Option(min=-80, max=60, metavar="DEG", help="Where the table is.")] = -80.0,
) -> None:
    """A simulated table and tilt unit in real time. Type 'help' while it runs."""
    try:
        endpoint = _endpoint(pty, tcp)
    except ServerError as error:
        fail(str(error), 2)
    console = Console()
    where = pty if pty is not None else endpoint.name
    console.print(
        f"A simulated table at [bold]{where}[/]. In another terminal: bascule run --port {where}", soft_wrap=True
    )
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    done = threading.Event()

    def leave(_: int, __: FrameType | None) -> None:
        done.set()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    threading.Thread(target=_read_lines, args=(lines,), daemon=True).start()
    try:
        serve(
            Table(seed, start_angle),
            endpoint,
            lines,
            lambda answer: console.print(answer, markup=False, highlight=False),
            done.is_set,
        )
    finally:
        endpoint.close()


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


def _read_lines(lines: "queue.SimpleQueue[str]") -> None:
    with suppress(ValueError, OSError):
        for line in sys.stdin:
            lines.put(line)


@app.command()
def send(
    verb: Annotated[str, typer.Argument(help="arm, start, stop, level, stand, …")],
    argument: Annotated[str | None, typer.Argument(help="Preset, angle, direction, or JSON.")] = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One command over MQTT; prints the result."""
    try:
        settings = _load(config, table=table, broker=broker)
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


@presets_app.command("list")
def presets_list(as_json: JsonOption = False) -> None:
    """All presets."""
    presets = list(bundled().values())
    if as_json:
        print(json.dumps([_as_json(preset) for preset in presets], ensure_ascii=False, indent=1))  # noqa: T201
        return
    grid = Grid(box=None, header_style="dim")
    for name in ("id", "minutes", "largest", "head down", "purpose"):
        grid.add_column(name, justify="right" if name in ("minutes", "largest", "head down") else "left")
    for preset in presets:
        grid.add_row(
            f"[bold]{preset.id}[/]",
            f"{preset.duration_s() / 60:.1f}",
            f"{preset.largest_angle_deg:g}°",
            f"{preset.head_down_s() / 60:.1f} min",
            preset.purpose,
        )
    Console().print(grid)


@presets_app.command("show")
def presets_show(preset_id: Annotated[str, typer.Argument(metavar="ID")], as_json: JsonOption = False) -> None:
    """One preset, step by step."""
    preset = bundled().get(preset_id)
    if preset is None:
        fail(f"There is no preset {preset_id!r}. There are: {', '.join(bundled())}.")
    if as_json:
        print(json.dumps(_as_json(preset), ensure_ascii=False, indent=1))  # noqa: T201
        return
    console = Console()
    console.print(f"[bold]{preset.title}[/]  {preset.purpose}\n[dim]{preset.basis}[/]\n")
    grid = Grid(box=None, header_style="dim")
    for name in ("step", "from standing", "angle", "what"):
        grid.add_column(name, justify="left" if name == "what" else "right")
    at_s = 0.0
    for number, leg in enumerate(preset.legs(), 1):
        grid.add_row(str(number), f"{at_s // 60:.0f}:{at_s % 60:02.0f}", f"{leg.step.angle_deg:+g}°", leg.label)
        at_s += leg.duration_s
    console.print(grid)


def _as_json(preset: Preset) -> dict[str, Any]:
    return asdict(preset_document(preset))


def main() -> None:
    """Entry point of the `bascule` command."""
    app()
