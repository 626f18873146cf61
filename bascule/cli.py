"""The command line. Exit status: 0 done, 1 refused or failed, 2 usage or configuration."""

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from controller.config import Config, ConfigError, load
from controller.daemon import installed_version
from controller.ledger import LedgerError
from controller.mqtt.address import Address
from controller.serial_port import SerialPort

from . import log
from .assembly import address_of, assemble
from .commands import Commands
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

if TYPE_CHECKING:
    from .metrics_server import Place

app = typer.Typer(
    cls=Commands,
    help="The controller of a motorised inversion table, over MQTT. Not a medical device; never use a table alone.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


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
    from rich.console import Console

    from . import demo as demo_
    from .broker import BrokerError

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
    try:
        settings = _load(
            config, table=table, port=port, broker=broker, data=data,
            password_file=password_file, ca_file=ca_file, cert_file=cert_file, key_file=key_file,
        )  # fmt: skip
        if settings.table.port is None:
            fail("No serial port is named: use --port, or port in [table] of the configuration file.", 2)
        if settings.table.port.lower().startswith("sim:"):
            from simulator import protocol_sim

            protocol_sim.register()
        log.set_up(settings.log.level, settings.log.format)
        assembly = assemble(settings, lambda: SerialPort(str(settings.table.port)), config_file=config)
        where = None if metrics is None else _place(metrics)
    except (ConfigError, ImportError, ValueError) as error:
        fail(str(error), 2)
    except LedgerError as error:
        fail(str(error))
    if where is None:
        assembly.run()
        return
    from .metrics import Overheard
    from .metrics_server import serving

    overheard = Overheard(assembly.client, settings.table.id)
    with serving(overheard, where):
        assembly.run(overheard)


def _place(metrics: str) -> "Place":
    """Where to serve the metrics. Raises ValueError for what is no place, ImportError without the extra `metrics`."""
    from .metrics_server import place

    return place(metrics)


def _load(config: Path | None, **options: Any) -> Config:
    """The file and the options that win over it."""
    keys = {"table": "table.id", "port": "table.port", "data": "data.folder"}
    named = {keys.get(name, f"mqtt.{name}"): None if value is None else str(value) for name, value in options.items()}
    return load(config, named)


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
    from rich.console import Console

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
