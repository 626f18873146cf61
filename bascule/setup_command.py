"""`bascule setup`: the parts of a first configuration that are work. So far the broker: TLS, users and their roles."""

import json
import socket
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from controller.config import broker_url

from . import setup_files
from .broker import BrokerError, find_mosquitto, lan_address
from .say import JsonOption, fail
from .setup_certificates import CertificateError, make_server
from .setup_files import CONTROLLER, HOME_ASSISTANT, Setup, SetupError
from .setup_roles import PEOPLE, Role

app = typer.Typer(
    help="First configuration: a safe broker, its users and certificates.", no_args_is_help=True, add_completion=False
)

ROLES: Final = ", ".join(PEOPLE)
HOME_ROLES: Final = {"watch": Role.HOME_ASSISTANT, "use": Role.HOME_ASSISTANT_USE}
"""What Home Assistant may be, in the words for people."""
SYSTEM_CONFIGURATION: Final = Path("/etc/mosquitto/conf.d")
"""Where Debian's Mosquitto, and what comes from it, looks for more configuration."""
FolderOption = Annotated[
    Path,
    typer.Option(
        "--folder",
        metavar="DIR",
        help=f"The broker's files (default: ./bascule-broker; for root {setup_files.SYSTEM_FOLDER}).",
        show_default=False,
        default_factory=lambda: setup_files.SYSTEM_FOLDER if setup_files.brokers_owner() else Path("bascule-broker"),
    ),
]


@app.command()
def broker(
    folder: FolderOption,
    table: Annotated[list[str] | None, typer.Option(metavar="ID", help="These tables only (default: all).")] = None,
    base: Annotated[str, typer.Option(metavar="TOPIC", help="What all topics begin with.")] = "bascule",
    host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Name or address of the broker's machine; several times.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", help="Where it listens, with TLS.")] = 8883,
    user: Annotated[
        list[str] | None, typer.Option(metavar="NAME=ROLE", help=f"Somebody to let in: {ROLES}; several times.")
    ] = None,
    password_file: Annotated[
        list[str] | None, typer.Option(metavar="NAME=FILE", help="Takes a user's password from there.")
    ] = None,
    home_assistant: Annotated[
        str, typer.Option(metavar="ROLE", help="What Home Assistant may do: watch, use or no.")
    ] = "watch",
    client_certificates: Annotated[
        bool, typer.Option("--client-certificates", help="Each user needs a certificate as well as the password.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there, the authority too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write the files of a Mosquitto with TLS, passwords and roles."""
    try:
        hosts = setup_files.hosts_of(host or (), socket.gethostname(), _address() if not host else None)
        users = _users(user or [f"{role}={role}" for role in PEOPLE], home_assistant)
        setup = Setup(base, tuple(table or ()), hosts, port, users, client_certificates)
        passwords = {name: setup_files.new_password() for name in users} | _brought(password_file or (), users)
        files = setup_files.make(folder, setup, passwords)
        setup_files.write(files, replacing=force)
    except (SetupError, CertificateError, OSError) as error:
        fail(f"{error}.")
    steps = _steps(folder, setup)
    if as_json:
        _print_json(folder, setup, files, passwords, steps)
    else:
        _print(folder, setup, passwords, steps)


@app.command("user")
def user_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the user.")],
    folder: FolderOption,
    role: Annotated[
        str | None, typer.Argument(metavar="ROLE", help=f"{ROLES} (default: as before, with a new password).")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Lets this user in no more.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Takes the password from there (default: a new one).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Let somebody in, change a role or a password, or lock somebody out."""
    if remove and role is not None:
        fail(f"Say what {name} is to be, or --remove, not both.", 2)
    try:
        setup = setup_files.load(folder)
        if remove and name not in setup.users:
            fail(f"There is no user {name!r} in {folder}; there are {', '.join(setup.users)}.")
        if remove and name == CONTROLLER:
            fail(f"{CONTROLLER} is the controller: without it nobody reaches the table. "
                 f"For a new password: bascule setup user {CONTROLLER}.")  # fmt: skip
        if role is None and name not in setup.users:
            fail(f"Say what {name} is to be: one of {ROLES}.", 2)
        known = setup.users[name] if role is None else _role_of(name, role)
        password = _first_line(password_file, name) if password_file else setup_files.new_password()
        setup, files = setup_files.with_user(folder, setup, name, None if remove else known, password)
        setup_files.write(files, replacing=True)
        if remove:
            setup_files.forget(folder, name)
    except (SetupError, CertificateError, OSError) as error:
        fail(f"{error}.")
    again = "Tell the broker: sudo systemctl reload mosquitto (or send it SIGHUP)."
    steps = [again, *([] if remove else [_handed_over(name, setup)])]
    if as_json:
        _print_json(folder, setup, files, {} if remove else {name: password}, steps)
    elif remove:
        print(f"{name} is let in no more. {again} Who is connected stays until the broker restarts.")  # noqa: T201
    else:
        _print(folder, replace(setup, users={name: known}), {name: password}, steps)


@app.command()
def certificate(
    folder: FolderOption,
    host: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Other names or addresses than before; several times.")
    ] = None,
) -> None:
    """Renew the broker's certificate, or make it out to other hosts. Nobody needs a new ca.crt."""
    try:
        setup = setup_files.load(folder)
        if host:
            setup = replace(setup, hosts=setup_files.hosts_of(host, "", None))
        pair = make_server(setup_files.authority_of(folder), setup.hosts)
        changed = {folder / "server.crt": pair.certificate, folder / "server.key": pair.key}
        setup_files.write(changed | setup_files.kept(folder, setup), replacing=True)
    except (SetupError, CertificateError, OSError) as error:
        fail(f"{error}.")
    print(f"The broker's certificate is new, for {', '.join(setup.hosts)}. "  # noqa: T201
          "Tell the broker: sudo systemctl restart mosquitto.")  # fmt: skip


def _address() -> str | None:
    try:
        return lan_address()
    except BrokerError:
        return None


def _role(word: str) -> Role:
    if word not in PEOPLE:
        raise SetupError(f"{word!r} is no role: there are {ROLES}")
    return Role(word)


def _role_of(name: str, word: str) -> Role:
    """What a role means for this user, who may be a program. Raises SetupError."""
    if name == CONTROLLER:
        raise SetupError(f"the user {name} is the controller and has no other role: leave it out for a new password")
    if name != HOME_ASSISTANT:
        return _role(word)
    if (role := HOME_ROLES.get(word)) is None:
        raise SetupError(f"Home Assistant may be watch or use, not {word!r}")
    return role


def _handed_over(name: str, setup: Setup) -> str:
    """Who needs what was made anew."""
    own = f"users/{name}.*" if setup.client_certificates else f"users/{name}.password"
    if name == CONTROLLER:
        return f"Copy {own} to the controller's machine and start bascule run again: its old password is refused now."
    if name == HOME_ASSISTANT:
        return f"Enter the new password ({own}) in Home Assistant: Settings, Devices & services, MQTT, Reconfigure."
    return f"Give {name} the password ({own}) and ca.crt."


def _pairs(given: Sequence[str], option: str, what: str) -> dict[str, str]:
    pairs = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not (name and equals and value):
            raise SetupError(f"{option} {each}: needs NAME={what}")
        if name in pairs:
            raise SetupError(f"{option} {each}: {name} was named before")
        pairs[name] = value
    return pairs


def _users(given: Sequence[str], home_assistant: str) -> dict[str, Role]:
    """Everybody, programs first. Raises SetupError."""
    programs = {CONTROLLER: Role.CONTROLLER}
    if home_assistant != "no":
        if home_assistant not in HOME_ROLES:
            raise SetupError(f"--home-assistant {home_assistant}: needs watch, use or no")
        programs[HOME_ASSISTANT] = HOME_ROLES[home_assistant]
    people = {name: _role(word) for name, word in _pairs(given, "--user", "ROLE").items()}
    if taken := [name for name in people if name in (CONTROLLER, HOME_ASSISTANT)]:
        raise SetupError(f"the user {taken[0]} is the program of that name: call the person something else")
    return programs | people


def _brought(given: Sequence[str], users: Mapping[str, Role]) -> dict[str, str]:
    """The passwords that somebody brought along. Raises SetupError."""
    files = _pairs(given, "--password-file", "FILE")
    for name in files:
        if name not in users:
            raise SetupError(f"--password-file names {name}, who is no user: there are {', '.join(users)}")
    return {name: _first_line(Path(path), name) for name, path in files.items()}


def _first_line(path: Path, user: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"{path} can't be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    return setup_files.usable(lines[0].strip() if lines else "", user)


def _steps(folder: Path, setup: Setup) -> list[str]:
    """What to do next, in the order in which to do it."""
    files, first = folder.resolve(), broker_url(setup.hosts[0], setup.port, True, "NAME")
    steps = [] if find_mosquitto() else ["Install the broker: sudo apt-get install mosquitto"]
    if setup_files.brokers_owner() is not None and SYSTEM_CONFIGURATION.is_dir():
        steps += [
            f"Let the system's Mosquitto use it: sudo ln -s {files}/mosquitto.conf {SYSTEM_CONFIGURATION}/bascule.conf",
            "Restart it: sudo systemctl restart mosquitto",
        ]
    else:
        steps += [f"Start the broker: mosquitto -c {files}/mosquitto.conf"]
    certificate = ", its .crt and its .key" if setup.client_certificates else ""
    steps += [
        f"On the controller's machine, with a copy of this folder's controller.toml, ca.crt and users/{CONTROLLER}.*: "
        "bascule run --config controller.toml --port PORT",
        f"On each phone and computer: server {first}, its user, its password{certificate}, and ca.crt as the "
        "authority to trust.",
        *_home_steps(setup),
        f"Try it: bascule send stop --broker {broker_url(setup.hosts[0], setup.port, True, _somebody(setup))} "
        f"--ca-file {files}/ca.crt --password-file {files}/users/{_somebody(setup)}.password{_own(files, setup)}",
        "Delete the files in users/ once everybody has theirs, and keep ca.key where nobody else gets at it: "
        "it is needed to renew the certificate in two years (bascule setup certificate), and for nothing else.",
    ]
    return steps


def _home_steps(setup: Setup) -> list[str]:
    """By MQTT 3.1.1 a press that the broker does not allow stays without a word, so it is said here."""
    if (role := setup.users.get(HOME_ASSISTANT)) is None:
        return []
    may = "" if role is Role.HOME_ASSISTANT_USE else (
        "It may stop, pause and level; a press of Arm or Start does nothing and says nothing until: "
        f"bascule setup user {HOME_ASSISTANT} use"
    )  # fmt: skip
    return [f"In Home Assistant: Add integration, MQTT, broker {setup.hosts[0]}, port {setup.port}, "
            f"user {HOME_ASSISTANT}, its password, and ca.crt under Advanced options. {may}".rstrip()]  # fmt: skip


def _somebody(setup: Setup) -> str:
    return next((user for user, role in setup.users.items() if role in PEOPLE), CONTROLLER)


def _own(files: Path, setup: Setup) -> str:
    if not setup.client_certificates:
        return ""
    return f" --cert-file {files}/users/{_somebody(setup)}.crt --key-file {files}/users/{_somebody(setup)}.key"


def _print(folder: Path, setup: Setup, passwords: Mapping[str, str], steps: Sequence[str]) -> None:
    lines = [f"Written to {folder.resolve()}, readable by you alone. The passwords, shown this once:", ""]
    widest = max(map(len, setup.users))
    lines += [f"  {user:<{widest}}  {passwords[user]}  {role}" for user, role in setup.users.items()]
    lines += ["", "They also stand in users/NAME.password. Next:", ""]
    lines += [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    print("\n".join(lines))  # noqa: T201


def _print_json(
    folder: Path, setup: Setup, files: Mapping[Path, str], passwords: Mapping[str, str], steps: Sequence[str]
) -> None:
    told: dict[str, Any] = {
        "folder": str(folder.resolve()),
        "broker": broker_url(setup.hosts[0], setup.port, True, None),
        "hosts": list(setup.hosts),
        "base": setup.base,
        "tables": list(setup.tables),
        "users": [
            {"name": user, "role": str(role), "password": passwords.get(user)} for user, role in setup.users.items()
        ],
        "files": [str(path.resolve()) for path in files],
        "next": list(steps),
    }
    print(json.dumps(told, ensure_ascii=False, indent=1))  # noqa: T201
