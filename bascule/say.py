"""What the commands share: their common options, and how one says that it failed."""

from pathlib import Path
from typing import Annotated, NoReturn

import typer

ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="Configuration in TOML.")]
TableOption = Annotated[str | None, typer.Option("--table", metavar="ID", help="Which table (default: home).")]
BrokerOption = Annotated[str | None, typer.Option("--broker", metavar="URL", help=r"mqtt\[s]://\[user@]host\[:port]")]
FILE_KEYS = ("mqtt.password_file", "mqtt.ca_file", "mqtt.cert_file", "mqtt.key_file")
CaFileOption = Annotated[
    Path | None, typer.Option("--ca-file", metavar="FILE", help="Authority of the broker's certificate (ca.crt).")
]
CertFileOption = Annotated[Path | None, typer.Option("--cert-file", metavar="FILE", help="Our own certificate.")]
KeyFileOption = Annotated[Path | None, typer.Option("--key-file", metavar="FILE", help="The key of our certificate.")]
PasswordFileOption = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="The broker's password; or set BASCULE_MQTT_PASSWORD."),
]
DataOption = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder of the record of sessions.")]
JsonOption = Annotated[bool, typer.Option("--json", help="As JSON.")]


def fail(message: str, status: int = 1) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    if message:
        from rich.console import Console  # who never fails needs none of its 2.5 MB

        Console(stderr=True).print(message, style="red", soft_wrap=True, markup=False, highlight=False)
    raise typer.Exit(status)
