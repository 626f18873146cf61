"""The configuration file: TOML in, one frozen `Config` out, or every problem at once in plain sentences.

    ConfigError          what the file or an option says can't be used; carries a list of `Problem`

Limits may only tighten (F23, H12). Passwords are never part of it, only the name of the file that holds one.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, ValidationInfo

from . import check_in, limits
from .model import Limit
from .profile import MOST, FixedProfile, what_is_wrong

LARGEST_FILE: Final = 64 * 1024
"""Chosen: a hundred times what a long configuration needs."""
SLOWEST_DPS: Final = 0.5
"""Chosen: the way home from 60° takes two minutes at most."""
GENTLEST_DPS2: Final = 0.25
"""Chosen: 3 °/s is reached, and left, within 12 s."""
LONGEST_REST_S: Final = 86_400.0
"""Chosen: the account of a person reaches back a day."""
_SHOWN: Final = 60  # chosen: letters of a value or a key that an error repeats
_MOST: Final = 50  # chosen: problems that are listed at once
_FILES: Final = ("password_file", "ca_file", "cert_file", "key_file", "folder")


class Problem(NamedTuple):
    """One thing that is wrong: the file or "command line", the dotted key (empty: the whole file), what to do."""

    source: str
    key: str
    message: str

    def __str__(self) -> str:
        section, _, key = self.key.partition(".")
        place = f"[{section}] {key}: " if key else f"{section}: " if section else ""
        return "".join(c if c.isprintable() else "�" for c in f"{self.source}: {place}{self.message}")


class ConfigError(Exception):
    """The configuration can't be used. One line a problem; none of them repeats a password."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def broker_address(url: str) -> tuple[str, int, bool, str | None]:
    """Host, port, TLS or not, and user of `mqtt[s]://[user@]host[:port]`. ValueError, never with a password in it."""
    form = "must be mqtt://[user@]host[:port] or mqtts://…, the port from 1 to 65535"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError(form) from None
    if parts.password is not None:
        raise ValueError("a password doesn't belong in the address; put it into a file and name that as password_file")
    user = None if parts.username is None else unquote(parts.username)
    if parts.scheme not in ("mqtt", "mqtts") or not host or port == 0 or user == "" or " " in url or "\\" in url:
        raise ValueError(form)
    if parts.path.strip("/") or parts.query or parts.fragment or not f"{url}{user or ''}".isprintable():
        raise ValueError(form)
    tls = parts.scheme == "mqtts"
    return host, port or (8883 if tls else 1883), tls, user


def broker_url(host: str, port: int, tls: bool, user: str | None) -> str:
    """The address that `broker_address` reads."""
    who = f"{quote(user)}@" if user else ""
    return f"mqtt{'s' if tls else ''}://{who}{f'[{host}]' if ':' in host else host}:{port}"


def default_folder() -> Path:
    """The user's data folder, by the XDG base directory specification; for a user without a home, /var/lib."""
    named = os.environ.get("XDG_DATA_HOME", "")
    data = named if named.startswith("/") else os.path.expanduser("~/.local/share")
    return Path("/var/lib" if data.startswith("~") else data, "bascule")


def _path(value: object, info: ValidationInfo) -> object:
    """A path as the file has it: it starts at the file's folder. What comes from an option is a Path already."""
    if not isinstance(value, str):
        return value
    if not value or "\0" in value:
        raise ValueError("must be a path")
    try:
        return (info.context or Path()) / Path(value).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("must not contain control characters")
    return value


def _broker(value: str) -> str:
    broker_address(value)
    return value


def _tighter(low: float, high: float, unit: str) -> Any:
    """A limit that may be left out. The description is what the error says is allowed."""
    return Field(None, ge=low, le=high, description=f"from {low:g} to {high:g}{unit}; a limit can only be tightened")


_TOPIC: Final = r"^[^/+#$]([^+#]*[^/+#])?$"
_TOPIC_WORDS: Final = "a topic of 1 to 128 letters without + and #, no / or $ in front, no / at the end"
_Broker = Annotated[str, AfterValidator(_broker)]
_File = Annotated[Path, BeforeValidator(_path)]
_Text = Annotated[str, AfterValidator(_printable)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)


class Table(_Section):
    """`[table]`. `port` is anything pyserial opens."""

    id: str = Field(default="home", pattern=r"^[a-z0-9_-]{1,32}$", description="1 to 32 of a–z, 0–9, _ and -")
    name: _Text = Field(default="Inversion table", min_length=1, max_length=64, description="1 to 64 letters")
    port: _Text | None = Field(default=None, min_length=1, max_length=255, description="a port, 1 to 255 letters")


class Mqtt(_Section):
    """`[mqtt]`. Only the name of the file that holds the password is kept."""

    broker: _Broker = Field(default="mqtt://127.0.0.1:1883", max_length=512, description="mqtt://[user@]host[:port]")
    base: _Text = Field(default="bascule", pattern=_TOPIC, max_length=128, description=_TOPIC_WORDS)
    version: Literal["3.1.1", "5"] = "3.1.1"
    username: _Text | None = Field(default=None, min_length=1, max_length=256, description="1 to 256 letters")
    password_file: _File | None = None
    ca_file: _File | None = None
    cert_file: _File | None = None
    key_file: _File | None = None
    remote_start: bool = False

    @property
    def user(self) -> str | None:
        """Who logs in: `username`, or the user of the broker's address."""
        return self.username or broker_address(self.broker)[3]


class LimitsSection(_Section):
    """`[limits]`: each may only tighten. None: not named."""

    angle_deg: float | None = _tighter(0, limits.LARGEST_ANGLE_DEG, " degrees")
    rate_dps: float | None = _tighter(SLOWEST_DPS, limits.RATE_DPS, " degrees a second")
    acceleration_dps2: float | None = _tighter(GENTLEST_DPS2, limits.ACCELERATION_DPS2, " degrees a second squared")
    session_head_down_s: float | None = _tighter(0, limits.SESSION_HEAD_DOWN_S, " seconds")
    day_head_down_s: float | None = _tighter(0, limits.DAY_HEAD_DOWN_S, " seconds")
    rest_s: float | None = _tighter(limits.REST_S, LONGEST_REST_S, " seconds")
    sessions_per_day: int | None = _tighter(0, limits.SESSIONS_PER_DAY, ", a whole number")

    def layer(self) -> limits.Limits:
        """These limits as a layer for `limits.combine`."""
        named = {key: Limit(float(value), "configuration") for key, value in self if value is not None}
        return replace(limits.DEFAULTS, **named)


class Session(_Section):
    """`[session]`. `check_in_s`: after so much head-down time the person is asked to answer; 0 asks nobody."""

    arming: Literal["phone", "button"] = "phone"
    check_in_s: Annotated[float, AfterValidator(check_in.allowed)] = Field(
        default=check_in.CHECK_IN_S, description="a number of seconds"
    )
    local_stop: bool = False


class Data(_Section):
    """`[data]`."""

    folder: _File = Field(default_factory=default_folder)
    keep_days: int = Field(default=90, ge=1, le=3650, description="a whole number from 1 to 3650")


class Control(_Section):
    """`[control]`. `realtime_priority`: of the control thread alone; 0 leaves it an ordinary one."""

    realtime_priority: int = Field(default=0, ge=0, le=99, description="a whole number from 0 to 99")


class Log(_Section):
    """`[log]`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(_Section):
    """The whole configuration, with every default filled in."""

    table: Table = Field(default_factory=Table)
    mqtt: Mqtt = Field(default_factory=Mqtt)
    limits: LimitsSection = Field(default_factory=LimitsSection)
    session: Session = Field(default_factory=Session)
    data: Data = Field(default_factory=Data)
    control: Control = Field(default_factory=Control)
    log: Log = Field(default_factory=Log)
    people: list[FixedProfile] = Field(default_factory=list, max_length=MOST)


_PEOPLE: Final = "people"
_KEYS: Final = {
    name: FixedProfile.model_fields if name == _PEOPLE else type(section).model_fields for name, section in Config()
}


def load(path: Path | None, overrides: Mapping[str, object] | None = None) -> Config:
    """F23, H12: read the file, if there is one, and let the options win over it. ConfigError lists every problem.

    `overrides`: dotted keys such as "mqtt.broker"; None means that the option was not given. Relative paths in the file
    start at its folder, those of options at the working directory.
    """
    named = {key: value for key, value in (overrides or {}).items() if value is not None}
    data = {} if path is None else _read(path)
    for key, value in named.items():
        section, _, name = key.partition(".")
        if isinstance(part := data.setdefault(section, {}), dict):
            part[name] = Path(value) if isinstance(value, str) and name in _FILES else value
            if key == "mqtt.broker" and "@" in str(value):
                part.pop("username", None)  # the option names the user, too

    try:
        config = Config.model_validate(data, context=path.parent if path else None)
        wrong = [*_contradictions(config.mqtt), *_twice(config.people)]
    except ValidationError as error:
        wrong = [_wrong(one["loc"], one) for one in error.errors(include_url=False)[:_MOST]]
    if wrong:
        sources = {key: "command line" if key in named or path is None else str(path) for key, _ in wrong}
        raise ConfigError([Problem(sources[key], key, message) for key, message in wrong])
    return config


def _read(path: Path) -> dict[str, Any]:
    """The file as tables and values. ConfigError with one problem."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
        if len(raw) > LARGEST_FILE:
            raise ConfigError([Problem(str(path), "", f"is larger than {LARGEST_FILE // 1024} KiB")])
        return tomllib.loads(raw.decode("utf-8-sig") + "\n")  # so that every error has a line
    except OSError as error:
        problem = f"can't be read: {error.strerror or error}"
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problem = f"is not UTF-8 (line {line}); save it as UTF-8"
    except RecursionError:
        problem = "is nested too deeply"
    except ValueError as error:
        problem = f"is not valid TOML: {error}"
    raise ConfigError([Problem(str(path), "", problem)])


def _wrong(place: tuple[int | str, ...], error: Mapping[str, Any]) -> tuple[str, str]:
    """What pydantic found: the dotted key and our words for it."""
    section, key = str(place[0]), ".".join(str(part)[:_SHOWN] for part in place[:2])
    if section == _PEOPLE:
        return _wrong_person(place, error)
    if error["type"] == "extra_forbidden":
        return key, _unknown(place, error["input"])
    if len(place) == 1:
        return key, f"must be a section, [{section}], with keys below it"
    allowed = {"literal_error": error.get("ctx", {}).get("expected"), "bool_type": "true or false"}
    must = _KEYS[section][str(place[1])].description or allowed.get(error["type"]) or "a path"
    told = error["ctx"]["error"] if error["type"] == "value_error" else f"must be {must}"
    return key, f"{_shown(error['input'])}: {told}"


def _wrong_person(place: tuple[int | str, ...], error: Mapping[str, Any]) -> tuple[str, str]:
    """The same of a person, who is named by their place in the file. What stands there is not repeated."""
    if len(place) < 3:
        return _PEOPLE, f"must be tables, [[people]], one for each of at most {MOST} people"
    return f"{_PEOPLE}.number {int(place[1]) + 1}, {str(place[2])[:_SHOWN]}", what_is_wrong(error, FixedProfile)


def _twice(people: list[FixedProfile]) -> Iterator[tuple[str, str]]:
    """One id for two people."""
    ids = [profile.id for profile in people]
    for number, person in enumerate(ids, 1):
        if person in ids[: number - 1]:
            yield f"{_PEOPLE}.number {number}, id", f"{_shown(person)}: there is one with this id above"


def _unknown(place: tuple[int | str, ...], value: object) -> str:
    """Advice on a section or a key that there isn't. The value is not repeated: it may be a password."""
    name = str(place[-1])
    known = list(_KEYS if len(place) == 1 else _KEYS[str(place[0])])
    what = "section" if len(place) == 1 and isinstance(value, dict | list) else "key"
    if (what == "section" or len(place) > 1) and (close := difflib.get_close_matches(name.lower(), known, n=1)):
        return f"unknown {what}; did you mean {close[0]}?"
    if homes := [section for section, keys in _KEYS.items() if name in keys]:
        return f"unknown {what}; it belongs in [{homes[0]}]"
    return f"unknown {what}; known {'sections' if len(place) == 1 else 'keys'} are {', '.join(known)}"


def _shown(value: object) -> str:
    """A value as it stands in the file, short, without what may be a password."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:  # Python refuses to write a number of more than 4,300 digits
        return "this value"
    text = re.sub(r"://.*@", "://…@", text, flags=re.DOTALL)
    text = re.sub(r"(://(?:…@)?(?:\[[^\]]*\]|[^:/]*)):(?!\d*[/\"]).*", r'\1:…"', text, flags=re.DOTALL)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"


def _contradictions(mqtt: Mqtt) -> Iterator[tuple[str, str]]:
    """Keys that are right by themselves and wrong together: the dotted key and what to do."""
    _, _, tls, user = broker_address(mqtt.broker)
    if user and mqtt.username and user != mqtt.username:
        yield "mqtt.username", f"{_shown(mqtt.username)}: the broker's address names another user, {_shown(user)}"
    if mqtt.password_file and not mqtt.user:
        yield "mqtt.password_file", "a password needs a username"
    if mqtt.key_file and not mqtt.cert_file:
        yield "mqtt.key_file", "a key needs a cert_file"
    for name in ("password_file", "ca_file", "cert_file", "key_file"):
        path: Path | None = getattr(mqtt, name)
        if path and name != "password_file" and not tls:
            yield f"mqtt.{name}", "is of use only when the broker's address begins with mqtts://"
        elif path and (path.is_dir() or not os.access(path, os.R_OK)):
            yield f"mqtt.{name}", f"{_shown(str(path))}: there is no such file, or it can't be read"
