"""Puts a table's parts together: configuration, ledger, core, MQTT client, daemon."""

import gc
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final

from controller import child_lock, child_lock_file, own_preset_file, own_presets, people_file, profile
from controller.booking import Booking
from controller.conduct import Settings
from controller.config import Config, ConfigError, Problem, broker_address
from controller.core import Core
from controller.daemon import Daemon, Publisher, installed_version
from controller.documents import StateDocument
from controller.history_keeper import HistoryThread
from controller.inbox import Inbox
from controller.ledger import Ledger, LedgerThread, read_witness
from controller.limits import DEFAULTS, Limits, combine
from controller.mqtt.address import Address
from controller.mqtt.client import MqttClient
from controller.mqtt.discovery import Discovery
from controller.mqtt.topics import Topics
from controller.own_presets import Own, beyond
from controller.people import People
from controller.presets import bundled, programme
from controller.serial_port import Port

PASSWORD_VARIABLE: Final = "BASCULE_MQTT_PASSWORD"
"""Where a password may stand for who has no file for it; other users of the machine can't read it there."""
MAX_PASSWORD: Final = 1024
"""Bytes that are read of a password file."""
SWITCH_S: Final = 1e-4
"""For how long a busy thread keeps others waiting. Chosen: a fiftieth of Python's own, still longer than most work."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assembly:
    """A daemon and its client, ready to run."""

    daemon: Daemon
    client: MqttClient

    def run(self, publisher: Publisher | None = None) -> None:
        """Run until a signal says to leave. `publisher`: what speaks through the client, instead of the client."""

        def leave(_: int, __: FrameType | None) -> None:
            self.daemon.leave()

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, leave)
            signal.signal(signal.SIGTERM, leave)
            _shorten_pauses()
        self.daemon.run(publisher or self.client)


def _shorten_pauses() -> None:
    """What a stop would otherwise wait for inside this process."""
    gc.collect()
    gc.freeze()  # what is here stays: looking through it again takes some 20 ms each time
    sys.setswitchinterval(SWITCH_S)


def assemble(
    config: Config,
    open_port: Callable[[], Port],
    password: str | None = None,
    time_scales: frozenset[int] = frozenset({1}),
    watch: Callable[[StateDocument], None] | None = None,
    config_file: Path | None = None,
) -> Assembly:
    """Make a daemon. `config_file`: where the configuration was read.

    Raises ConfigError for what turns out wrong here, LedgerError if the record can't be opened.
    """
    settings = Settings(
        table=config.table.id,
        arm_by_button=config.session.arming == "button",
        local_stop=config.session.local_stop,
        check_in_s=config.session.check_in_s,
        limits=combine(DEFAULTS, config.limits.layer()),
        time_scales=time_scales,
    )
    address = address_of(config, password)
    presets_path = own_preset_file.place(config, config_file)
    own, presets = own_preset_file.load(presets_path), bundled()
    for preset in (*presets.values(), *programme(), *own.presets.values()):
        preset.head_down_s()  # worked out once here, so that no control step has to
    ledger = Ledger.open(ledger_path_of(config), read_witness())
    lock_path = config.data.folder / f"{config.table.id}.child_lock.json"
    people_path = people_path_of(config)
    register, wrong = people_file.read(people_path)
    people = People({one.id: one for one in config.people}, register, wrong)
    booking = Booking(ledger.account(), ledger.ledger_s)
    core = Core(settings, presets, booking, secrets.randbits(64), child_lock_file.read(lock_path), own, people)
    files = {child_lock.FILE: lock_path, own_presets.FILE: presets_path, profile.FILE: people_path}
    inbox = Inbox()
    records = LedgerThread(ledger, inbox.notice)
    daemon = Daemon(core, open_port, records, inbox, files, watch, config.control.realtime_priority)
    daemon.record(HistoryThread(history_path_of(config), config.data.keep_days, daemon.on_history))
    if ledger.notice:
        daemon.notices.append(ledger.notice)
    for problem in (*own_preset_problems(own, settings.limits), *filter(None, [wrong])):
        _log.warning("%s", problem)
        daemon.notices.append(problem)
    try:
        client = MqttClient(
            address,
            config.mqtt.base,
            config.table.id,
            config.mqtt.version,
            on_stop=daemon.on_stop,
            on_wish=daemon.on_wish,
            on_link=daemon.on_link,
            on_birth=daemon.on_birth,
            on_held_up=daemon.on_held_up,
            discovery=discovery_of(config),
        )
    except ValueError as error:
        raise ConfigError([Problem("configuration", "mqtt", str(error))]) from None
    return Assembly(daemon, client)


def discovery_of(config: Config) -> Discovery:
    """How Home Assistant is to see the table of a configuration."""
    return Discovery(
        topics=Topics(config.mqtt.base, config.table.id),
        name=config.table.name,
        version=installed_version(),
        remote_start=config.mqtt.remote_start,
        arm=config.session.arming == "phone",
        largest_deg=combine(DEFAULTS, config.limits.layer()).angle_deg.value,
    )


def ledger_path_of(config: Config) -> Path:
    """Where the record of head-down time lies."""
    return config.data.folder / f"{config.table.id}.sqlite3"


def history_path_of(config: Config) -> Path:
    """Where the sessions are that are over."""
    return config.data.folder / f"{config.table.id}.history.sqlite3"


def people_path_of(config: Config) -> Path:
    """Where what is kept about people lies: beside the record of head-down time of the same table."""
    return config.data.folder / f"{config.table.id}.people.json"


def own_preset_problems(own: Own, table_limits: Limits) -> list[str]:
    """What a person should know about the file of own presets: sentences."""
    if own.problem:
        return [f"The own presets are left alone, all of them: {own.problem}"]
    return [
        f"{error}."
        for preset, pattern in own.patterns.items()
        for _, error in beyond(preset, pattern, table_limits, own.name)
    ]


def address_of(config: Config, password: str | None) -> Address:
    """The broker of a configuration; its password file wins over `password`, and that over the environment.

    Raises ConfigError.
    """
    mqtt = config.mqtt
    host, port, tls, _ = broker_address(mqtt.broker)
    if mqtt.password_file is not None:
        password = _password(mqtt.password_file)
    elif password is None and mqtt.user:
        password = os.environ.get(PASSWORD_VARIABLE)
    files = {
        key: None if path is None else str(path)
        for key, path in (("ca_file", mqtt.ca_file), ("cert_file", mqtt.cert_file), ("key_file", mqtt.key_file))
    }
    try:
        return Address(host, port, mqtt.user, password, tls, **files)
    except ValueError as error:
        raise ConfigError([Problem("configuration", "mqtt", str(error))]) from None


def _password(path: Path) -> str:
    """The first line of the password file."""
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_PASSWORD).splitlines()[0].strip()
    except (OSError, UnicodeDecodeError, IndexError) as error:
        what = error.strerror if isinstance(error, OSError) else "it holds no line of text"
        raise ConfigError([Problem("configuration", "mqtt.password_file", f"{path} can't be read: {what}")]) from None
