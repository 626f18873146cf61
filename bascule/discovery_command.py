"""`bascule discovery`: what Home Assistant is told of a table, and how it forgets it again.

A controller that runs is asked, because it would say everything again. One that is gone for good is not needed: then
what it left at the broker is taken away from here.
"""

import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import paho.mqtt.client as mqtt
import typer
from paho.mqtt.enums import CallbackAPIVersion

from controller import own_preset_file, people_file
from controller.config import Config, ConfigError, load
from controller.mqtt.address import Address
from controller.mqtt.topics import Topics
from controller.mqtt.why import why_refused, why_silent, why_unreachable
from controller.people import People
from controller.presets import bundled

from .assembly import address_of, discovery_of, people_path_of
from .say import (
    BrokerOption,
    CaFileOption,
    CertFileOption,
    ConfigOption,
    DataOption,
    KeyFileOption,
    PasswordFileOption,
    TableOption,
    fail,
)
from .send import SendError
from .send import send as send_command

app = typer.Typer(help="Home Assistant: what it is told of the table.", no_args_is_help=True, add_completion=False)
ANSWER_S: Final = 5.0
"""How long to wait for the broker. Chosen: a person's patience."""
RETAINED_S: Final = 0.5
"""How long what the broker keeps may take after it took the subscription. Chosen: a slow network."""


def _settings(config: Path | None, table: str | None, broker: str | None = None, **files: Path | None) -> Config:
    named = {f"{'data' if key == 'folder' else 'mqtt'}.{key}": path for key, path in files.items()}
    words = {key: None if path is None else str(path) for key, path in named.items()}
    try:
        return load(config, {"table.id": table, "mqtt.broker": broker, **words})
    except ConfigError as error:
        fail(str(error), 2)


@app.command()
def show(config: ConfigOption = None, table: TableOption = None, data: DataOption = None) -> None:
    """The document that Home Assistant gets, as JSON. It needs no controller and no broker."""
    settings = _settings(config, table, folder=data)
    own = own_preset_file.load(own_preset_file.place(settings, config))
    register, wrong = people_file.read(people_path_of(settings))
    people = People({one.id: one for one in settings.people}, register, wrong)
    document = discovery_of(settings).document([*bundled(), *own.presets], people.ids())
    print(json.dumps(document, ensure_ascii=False, indent=1))  # noqa: T201


@app.command()
def remove(
    config: ConfigOption = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
) -> None:
    """Have Home Assistant forget the table. A controller tells of it again when it is started the next time.

    While the controller runs it takes a user with the role manage; once it is gone, the controller's own.
    """
    settings = _settings(
        config, table, broker,
        password_file=password_file, ca_file=ca_file, cert_file=cert_file, key_file=key_file,
    )  # fmt: skip
    topics, topic = Topics(settings.mqtt.base, settings.table.id), discovery_of(settings).topic
    try:
        address = address_of(settings, None)
        with _visit(address, topics.availability, topic) as (client, kept, taken):
            online = kept.get(topics.availability) == b"online"
            if not online and not kept.get(topic):
                unless = f", or user {address.username!r} may not read it" if address.username else ""
                fail(f"Nothing is kept for Home Assistant of a table {topics.table!r} at {address}{unless}.")
            if not online:
                client.publish(topic, b"", qos=1, retain=True)  # acknowledged by MQTT 3.1.1 also if it may not
                if not taken.wait(ANSWER_S):
                    fail(f"The broker at {address} did not take it: {_who(address)} may not write {topic}. "
                         "The controller's own user may (see docs/broker.md).")  # fmt: skip
        if not online:
            print("Home Assistant forgets this table. Its controller is not running.")  # noqa: T201
            return
        result = send_command(address, topics.base, topics.table, "discovery/remove", None)
    except ConfigError as error:
        fail(str(error), 2)
    except SendError as error:
        fail(f"{error}.")
    if not result["accepted"]:
        fail(f"refused ({result['reason']}): {result['message']}")
    print(result["message"])  # noqa: T201


def _who(address: Address) -> str:
    return f"user {address.username!r}" if address.username else "who has no user"


@contextmanager
def _visit(address: Address, *topics: str) -> Iterator[tuple[mqtt.Client, dict[str, bytes], threading.Event]]:
    """A client that is connected, what the broker keeps on these topics, and when one is emptied. Raises SendError."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, f"bascule-discovery-{secrets.token_hex(6)}", reconnect_on_failure=False
    )
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if (context := address.tls_context()) is not None:
        client.tls_set_context(context)
    kept: dict[str, bytes] = {}
    problems: list[str] = []
    answered, whole, taken = threading.Event(), threading.Event(), threading.Event()

    def on_connect(client: mqtt.Client, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            problems.append(why_refused(address, reason))
            answered.set()
        else:
            client.subscribe([(topic, 1) for topic in topics])

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        kept[message.topic] = bytes(message.payload)
        if not message.payload:
            taken.set()
        if len(kept) == len(topics):
            whole.set()

    def on_disconnect(_: mqtt.Client, __: object, ___: object, reason: Any, ____: object) -> None:
        if not answered.is_set():
            problems.append(why_silent(address, reason))
            answered.set()

    client.on_connect, client.on_message, client.on_disconnect = on_connect, on_message, on_disconnect
    client.on_subscribe = lambda *_: answered.set()
    try:
        client.connect(address.host, address.port, keepalive=30)
    except (OSError, ValueError) as error:
        raise SendError(why_unreachable(address, error)) from None
    client.loop_start()
    try:
        if not answered.wait(ANSWER_S):
            raise SendError(f"the broker at {address} did not answer; check user, password and address")
        if problems:
            raise SendError(problems[0])
        whole.wait(RETAINED_S)
        yield client, kept, taken
    finally:
        client.disconnect()
        client.loop_stop()
