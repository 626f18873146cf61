"""The folder of a broker that `bascule setup` made: what its files say, and how they get there whole and private.

mosquitto.conf            for Mosquitto: TLS, no strangers, the two files below
passwords, access         who there is, and who may do what
ca.crt, ca.key            the own authority: everybody needs the first, nobody but us the second
server.crt, server.key    the broker's certificate
users/NAME.password       one line; with client certificates also NAME.crt and NAME.key
controller.toml           [mqtt] for `bascule run --config`
setup.json                what was asked for, so that a user can be added or a certificate be renewed
"""

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Final

from controller.config import broker_url
from controller.mqtt.topics import EveryTable, Topics, check_base, check_table

from .broker import PASSWORD_LETTERS, mosquitto_password
from .setup_certificates import Pair, make_authority, make_client, make_server
from .setup_roles import Role, access_list

CONTROLLER: Final = "bascule"
HOME_ASSISTANT: Final = "homeassistant"
"""The users that are programs."""
PASSWORD_LENGTH: Final = 16
"""79 bits: chosen, so that who gets hold of the password file can't find one by trying."""
SHORTEST: Final = 10
"""Letters of a password that somebody brings along. Chosen."""
ROUNDS: Final = 1000
"""Of PBKDF2, as mosquitto_passwd 2.1. The broker has one thread: each login makes a stop wait for this long (1 ms)."""
PACKET_BYTES: Final = 256 * 1024
"""Chosen: four times our largest document, and far more than any command (F22)."""
BROKERS_USER: Final = "mosquitto"
"""Whom Mosquitto becomes when root starts it; it reads its files only after that."""
SYSTEM_FOLDER: Final = Path("/etc/mosquitto/bascule")
"""Chosen: where root would look for it, and where that user gets in."""
BROKERS_FILES: Final = ("mosquitto.conf", "passwords", "access", "ca.crt", "server.crt", "server.key")
_USER: Final = re.compile(r"[a-z0-9_-]{1,32}")


class SetupError(Exception):
    """The folder can't be made or changed. The text is for a person."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What was asked for. `tables` empty: all of them. `hosts`: how clients call the broker's machine, best first."""

    base: str
    tables: tuple[str, ...]
    hosts: tuple[str, ...]
    port: int
    users: Mapping[str, Role] = field(default_factory=dict)
    client_certificates: bool = False

    def __post_init__(self) -> None:
        try:
            check_base(self.base)
            for table in self.tables:
                check_table(table)
        except ValueError as error:
            raise SetupError(str(error)) from None
        if self.base != self.base.strip():
            raise SetupError(f"base topic {self.base!r} begins or ends with a space, which access rules can't say")
        for user in self.users:
            if _USER.fullmatch(user) is None:
                raise SetupError(f"user {user[:40]!r} is not allowed: use 1 to 32 of a-z, 0-9, _ and -")
        if not self.hosts or not 1 <= self.port <= 65535:
            raise SetupError(f"port {self.port} is not a port, they run from 1 to 65535" if self.hosts else "no host")

    @property
    def topics(self) -> list[Topics]:
        """The tables as the access list knows them."""
        return [Topics(self.base, table) for table in self.tables] or [EveryTable(self.base)]


def new_password() -> str:
    """Random, of letters that look like no other."""
    return "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))


def usable(password: str, user: str) -> str:
    """A password that somebody brought along. Raises SetupError."""
    if len(password) < SHORTEST or not password.isprintable():
        raise SetupError(f"the password for {user} needs at least {SHORTEST} letters in one line")
    return password


def make(folder: Path, setup: Setup, passwords: Mapping[str, str]) -> dict[Path, str]:
    """Every file of a new broker by its path. Raises SetupError, CertificateError."""
    authority = make_authority(f"Bascule {secrets.token_hex(3)}")  # two of one name would be taken for each other
    server = make_server(authority, setup.hosts)
    files = {
        folder / "mosquitto.conf": mosquitto_conf(folder.resolve(), setup),
        folder / "ca.crt": authority.certificate,
        folder / "ca.key": authority.key,
        folder / "server.crt": server.certificate,
        folder / "server.key": server.key,
        folder / "controller.toml": controller_toml(setup),
        **register(folder, setup, "".join(_line(user, passwords[user]) for user in setup.users)),
    }
    for user in setup.users:
        files |= of_user(folder, setup, authority, user, passwords[user])
    return files


def of_user(folder: Path, setup: Setup, authority: Pair, user: str, password: str) -> dict[Path, str]:
    """What one user gets."""
    files = {folder / "users" / f"{user}.password": password + "\n"}
    if setup.client_certificates:
        pair = make_client(authority, user)
        files[folder / "users" / f"{user}.crt"] = pair.certificate
        files[folder / "users" / f"{user}.key"] = pair.key
    return files


def register(folder: Path, setup: Setup, passwords: str) -> dict[Path, str]:
    """The files that know all users."""
    return {
        folder / "passwords": passwords,
        folder / "access": access_list(setup.users, setup.topics),
        folder / "setup.json": _setup_json(setup),
    }


def with_user(folder: Path, setup: Setup, user: str, role: Role | None, password: str) -> tuple[Setup, dict[Path, str]]:
    """A user more, changed, or (without a role) less: the new setup, and the files that change. Raises SetupError."""
    others = {name: one for name, one in setup.users.items() if name != user}
    changed = replace(setup, users=others if role is None else {**others, user: role})
    kept = [line for line in _read(folder / "passwords").splitlines(keepends=True) if not line.startswith(f"{user}:")]
    lines = "".join(kept) + ("" if role is None else _line(user, password))
    files = register(folder, changed, lines)
    return changed, files if role is None else files | of_user(folder, changed, authority_of(folder), user, password)


def kept(folder: Path, setup: Setup) -> dict[Path, str]:
    """The files that know the hosts."""
    return {
        folder / "setup.json": _setup_json(setup),
        folder / "controller.toml": controller_toml(setup),
    }


def authority_of(folder: Path) -> Pair:
    """The own authority of a folder. Raises SetupError."""
    return Pair(_read(folder / "ca.crt"), _read(folder / "ca.key"))


def load(folder: Path) -> Setup:
    """What was asked for when the folder was made. Raises SetupError."""
    path = folder / "setup.json"
    try:
        told = json.loads(_read(path))
        users = {str(user): Role(role) for user, role in told.pop("users").items()}
        return Setup(**{**told, "tables": tuple(told["tables"]), "hosts": tuple(told["hosts"])}, users=users)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SetupError(f"{path} is damaged ({error}): make the broker anew with --force") from None


def write(files: Mapping[Path, str], replacing: bool) -> None:
    """All files, each whole, readable by us and the broker only. Raises SetupError; OSError for a folder or disk."""
    if not replacing and (there := [str(path) for path in files if path.exists()]):
        raise SetupError(f"{', '.join(there[:3])}{' …' if len(there) > 3 else ''}: there already; nothing was changed. "
                         "Name another --folder, or replace everything with --force")  # fmt: skip
    owner = brokers_owner()
    if owner is not None and (closed := _closed_to(owner, next(iter(files)).resolve().parent)):
        raise SetupError(f"the broker runs as {BROKERS_USER}, who can't enter {closed}: use --folder {SYSTEM_FOLDER}")
    for path, text in files.items():
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
            if path.parent.name != "users":
                _give(path.parent, owner)
        new = path.with_name(path.name + ".new")
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        if path.name in BROKERS_FILES:
            _give(new, owner)
        new.replace(path)


def forget(folder: Path, user: str) -> None:
    """Delete what a user got."""
    for ending in ("password", "crt", "key"):
        (folder / "users" / f"{user}.{ending}").unlink(missing_ok=True)


def brokers_owner() -> tuple[int, int] | None:
    """As whom Mosquitto will read the files, if that is not us."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return None
    import pwd  # not on Windows

    try:
        entry = pwd.getpwnam(BROKERS_USER)
    except KeyError:
        return None
    return entry.pw_uid, entry.pw_gid


def _closed_to(owner: tuple[int, int], folder: Path) -> Path | None:
    """Which folder on the way keeps this user out, if any; the last one will be theirs."""
    for parent in reversed(folder.parents):
        if parent.is_dir():
            known = parent.stat()
            mine = 0o100 if known.st_uid == owner[0] else 0o010 if known.st_gid == owner[1] else 0o001
            if not known.st_mode & mine:
                return parent
    return None


def _give(path: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(path, *owner)


def mosquitto_conf(folder: Path, setup: Setup) -> str:
    """Mosquitto's configuration: complete by itself, and fit for its conf.d."""
    lines = [
        "# Written by: bascule setup broker",
        f"listener {setup.port}",
        f"cafile {folder}/ca.crt",
        f"certfile {folder}/server.crt",
        f"keyfile {folder}/server.key",
        "tls_version tlsv1.2",
        f"require_certificate {'true' if setup.client_certificates else 'false'}",
        "allow_anonymous false",
        f"password_file {folder}/passwords",
        f"acl_file {folder}/access",
        "# A stop shall not wait for other packets, nor the broker swallow what is too large.",
        "set_tcp_nodelay true",
        f"max_packet_size {PACKET_BYTES}",
    ]
    return "\n".join(lines) + "\n"


def controller_toml(setup: Setup) -> str:
    """What the controller has to know of this broker; the paths start at the file's folder."""
    lines = ["# For: bascule run --config. Written by: bascule setup broker"]
    if len(setup.tables) == 1:
        lines += ["[table]", f'id = "{setup.tables[0]}"', ""]
    lines += [
        "[mqtt]",
        f'broker = "{broker_url(setup.hosts[0], setup.port, True, CONTROLLER)}"',
        f"base = {json.dumps(setup.base, ensure_ascii=False)}",
        f'password_file = "users/{CONTROLLER}.password"',
        'ca_file = "ca.crt"',
    ]
    if setup.client_certificates:
        lines += [f'cert_file = "users/{CONTROLLER}.crt"', f'key_file = "users/{CONTROLLER}.key"']
    return "\n".join(lines) + "\n"


def _setup_json(setup: Setup) -> str:
    return json.dumps(asdict(setup), indent=1, ensure_ascii=False) + "\n"


def _line(user: str, password: str) -> str:
    return mosquitto_password(user, password, secrets.token_bytes(12), ROUNDS)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = getattr(error, "strerror", None) or "it is no text"
        raise SetupError(f"{path} can't be read ({what}): name the folder that bascule setup broker made") from None


def hosts_of(given: Sequence[str], name: str, address: str | None) -> tuple[str, ...]:
    """Every host of the certificate once: those that were named or else this machine's own; and always itself."""
    own = [name, f"{name}.local", *([address] if address else [])] if "." not in name else [name]
    return tuple(dict.fromkeys([*(given or own), "localhost", "127.0.0.1"]))
