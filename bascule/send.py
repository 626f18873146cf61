"""One command over MQTT, and the table's answer to it. An ordinary client of the contract."""

import json
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from controller.model import Verb
from controller.mqtt.address import Address
from controller.mqtt.why import why_refused, why_silent, why_unreachable

ANSWER_S: Final = 5.0
"""How long to wait for the broker, and then for the table. Chosen: a person's patience."""


class SendError(Exception):
    """No answer came back. Says how far the command got and what to do."""


@dataclass(slots=True)
class _Exchange:
    """What the network thread finds out."""

    connected: threading.Event = field(default_factory=threading.Event)
    subscribed: threading.Event = field(default_factory=threading.Event)
    answered: threading.Event = field(default_factory=threading.Event)
    problem: str = ""
    available: str = ""
    result: dict[str, Any] = field(default_factory=dict)


ARGUMENTS: Final = {
    "arm": "person", "start": "preset", "goto": "angle_deg", "jog": "direction", "lock": "pin", "unlock": "pin",
    "feedback": "outcome", "people/delete": "person", "people/accept": "person",
    "presets/delete": "preset", "history/get": "last",
}  # fmt: skip
"""The key of each verb's one argument; verbs that take none may quote the arm code."""
NUMBERS: Final = ("angle_deg", "last")
"""Those that are numbers."""


def payload_for(verb: str, argument: str | None, id_: str) -> bytes:
    """The command as JSON: the argument by the name that its verb knows."""
    body: dict[str, Any] = {"id": id_}
    if argument is not None and argument.lstrip().startswith("{"):
        try:
            body |= json.loads(argument)
        except ValueError as error:
            raise ValueError(f"it is no JSON ({error})") from None
    elif argument is not None:
        key = ARGUMENTS.get(verb, "code")
        body[key] = _number(argument) if key in NUMBERS else argument
    return json.dumps(body).encode()


def _number(argument: str) -> float:
    try:
        return float(argument)
    except ValueError:
        raise ValueError("it is no number") from None


def send(address: Address, base: str, table: str, verb: str, argument: str | None) -> dict[str, Any]:
    """Publish one command and wait for its result. Raises SendError, and ValueError for an argument that is none."""
    id_ = secrets.token_hex(6)
    payload = payload_for(verb, argument, id_)
    seen = _Exchange()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"bascule-send-{id_}", reconnect_on_failure=False)
    client.username_pw_set(address.username, address.password) if address.username else None
    if (context := address.tls_context()) is not None:
        client.tls_set_context(context)

    def on_connect(client: mqtt.Client, _: object, __: object, reason: Any, ___: object) -> None:
        if reason.is_failure:
            seen.problem = why_refused(address, reason)
        else:
            client.subscribe([(f"{base}/{table}/result", 1), (f"{base}/{table}/availability", 1)])
        seen.connected.set()

    def on_disconnect(_: mqtt.Client, __: object, ___: object, reason: Any, ____: object) -> None:
        if not seen.connected.is_set():
            seen.problem = why_silent(address, reason)
            seen.connected.set()

    def on_message(_: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/availability"):
            seen.available = message.payload.decode("utf-8", "replace")
            return
        try:
            result = json.loads(message.payload)
        except ValueError:
            return
        if isinstance(result, dict) and result.get("id") == id_:
            seen.result = result
            seen.answered.set()

    client.on_connect = on_connect
    client.on_disconnect = on_disconnect
    client.on_subscribe = lambda *_: seen.subscribed.set()
    client.on_message = on_message
    try:
        client.connect(address.host, address.port, keepalive=30)
    except (OSError, ValueError) as error:
        raise SendError(why_unreachable(address, error)) from None
    client.loop_start()
    try:
        if not seen.connected.wait(ANSWER_S) or (not seen.problem and not seen.subscribed.wait(ANSWER_S)):
            raise SendError(f"the broker at {address} did not answer within {ANSWER_S:.0f} s; look at its log")
        if seen.problem:
            raise SendError(seen.problem)
        client.publish(f"{base}/{table}/command/{verb}", payload, qos=1)
        if not seen.answered.wait(ANSWER_S):
            raise SendError(_silence(seen.available, table, address, verb))
        return seen.result
    finally:
        client.disconnect()
        client.loop_stop()


def _silence(available: str, table: str, address: Address, verb: str) -> str:
    if available == "offline":
        return f"table {table!r} is offline; start its controller, or look at its log"
    if not available:
        return f"no table {table!r} is known at {address}; check --table and --broker"
    if verb not in tuple(Verb):  # a broker with roles drops what belongs to none
        return f"there is no command {verb!r}; the commands are {', '.join(Verb)}"
    may = f"user {address.username!r} may not give this command (see docs/broker.md), or " if address.username else ""
    return f"table {table!r} did not answer within {ANSWER_S:.0f} s; {may}look at the controller's log"
