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
from controller.people import People
from controller.presets import bundled

from .assembly import address_of, discovery_of, people_path_of
from .say import BrokerOption, ConfigOption, DataOption, TableOption, fail
from .send import SendError
from .send import send as send_command

app = typer.Typer(help="Home Assistant: what it is told of the table.", no_args_is_help=True, add_completion=False)
ANSWER_S: Final = 5.0
"""How long to wait for the broker. Chosen: a person's patience."""
RETAINED_S: Final = 0.5
"""How long what the broker keeps may take after it took the subscription. Chosen: a slow network."""


def _settings(config: Path | None, table: str | None, broker: str | None, data: Path | None) -> Config:
    named = {"table.id": table, "mqtt.broker": broker, "data.folder": None if data is None else str(data)}
    try:
        return load(config, named)
    except ConfigError as error:
        fail(str(error), 2)


@app.command()
def show(config: ConfigOption = None, table: TableOption = None, data: DataOption = None) -> None:
    """The document that Home Assistant gets, as JSON. It needs no controller and no broker."""
    settings = _settings(config, table, None, data)
    own = own_preset_file.load(own_preset_file.place(settings, config))
    register, wrong = people_file.read(people_path_of(settings))
    people = People({one.id: one for one in settings.people}, register, wrong)
    document = discovery_of(settings).document([*bundled(), *own.presets], people.ids())
    print(json.dumps(document, ensure_ascii=False, indent=1))  # noqa: T201


@app.command()
def remove(config: ConfigOption = None, table: TableOption = None, broker: BrokerOption = None) -> None:
    """Have Home Assistant forget the table. A controller tells of it again when it is started the next time."""
    settings = _settings(config, table, broker, None)
    topics, topic = Topics(settings.mqtt.base, settings.table.id), discovery_of(settings).topic
    try:
        address = address_of(settings, None)
        with _visit(address, topics.availability, topic) as (client, kept):
            online = kept.get(topics.availability) == b"online"
            if not online and not kept.get(topic):
                fail(f"Nothing is kept for Home Assistant of a table {topics.table!r} at {address}.")
            if not online:
                info = client.publish(topic, b"", qos=1, retain=True)
                info.wait_for_publish(ANSWER_S)
                if not info.is_published():
                    fail(f"The broker at {address} did not take it; check what this user may write.")
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


@contextmanager
def _visit(address: Address, *topics: str) -> Iterator[tuple[mqtt.Client, dict[str, bytes]]]:
    """A client that is connected, and what the broker keeps on these topics. Raises SendError."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, f"bascule-discovery-{secrets.token_hex(6)}", reconnect_on_failure=False
    )
    if address.username is not None:
        client.username_pw_set(address.username, address.password)
    if (context := address.tls_context()) is not None:
        client.tls_set_context(context)
    kept: dict[str, bytes] = {}
    problems: list[str] = []
    answered, whole = threading.Event(), threading.Event()

    def on_connect(client: mqtt.Client, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            problems.append(f"the broker at {address} said: {reason}; check user and password")
            answered.set()
        else:
            client.subscribe([(topic, 1) for topic in topics])

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        kept[message.topic] = bytes(message.payload)
        if len(kept) == len(topics):
            whole.set()

    client.on_connect, client.on_message = on_connect, on_message
    client.on_subscribe = lambda *_: answered.set()
    try:
        client.connect(address.host, address.port, keepalive=30)
    except (OSError, ValueError) as error:
        raise SendError(
            f"the broker at {address} can't be reached ({error}); check that it runs and its address"
        ) from None
    client.loop_start()
    try:
        if not answered.wait(ANSWER_S):
            raise SendError(f"the broker at {address} did not answer; check user, password and address")
        if problems:
            raise SendError(problems[0])
        whole.wait(RETAINED_S)
        yield client, kept
    finally:
        client.disconnect()
        client.loop_stop()
