"""An ordinary MQTT client: what somebody with a phone sees and asks."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

TABLE: Final = "home"
POLL_S: Final = 0.02


class RigError(Exception):
    """Something did not come about that the round needs or that the controller owes; one plain sentence."""


def until(wanted: Callable[[], Any], what: str, patience_s: float) -> Any:
    """Poll until something is true; its value. Raises RigError."""
    end_s = time.monotonic() + patience_s
    while not (value := wanted()):
        if time.monotonic() > end_s:
            raise RigError(f"not within {patience_s:g} s: {what}")
        threading.Event().wait(POLL_S)
    return value


class Phone:
    """Hears everything of one table, and sends commands to it. Connects again by itself."""

    def __init__(self, port: int) -> None:
        self._base = f"bascule/{TABLE}"
        self.heard: list[tuple[str, Any]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe(f"{self._base}/#", 1)

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        topic = message.topic.removeprefix(self._base + "/")
        if topic.startswith("command/"):
            return
        text = message.payload.decode()
        self.heard.append((topic, json.loads(text) if text.startswith("{") else text))

    def send(self, verb: str, payload: str | None = None) -> None:
        """Publish a command, no matter what becomes of it."""
        self._client.publish(f"{self._base}/command/{verb}", payload, qos=1)

    def ask(self, verb: str, payload: str | None = None, patience_s: float = 10.0) -> dict[str, Any]:
        """Publish a command; its result."""
        start = len(self.heard)
        self.send(verb, payload)
        return dict(self.wait("result", lambda result: result["verb"] == verb, start, patience_s))

    def wait(self, topic: str, wanted: Callable[[Any], bool], start: int, patience_s: float) -> Any:
        """The first message on a topic that is wanted, of those heard since `start`."""

        def found() -> list[Any]:
            return [body for name, body in self.heard[start:] if name == topic and wanted(body)][:1]

        return until(found, f"{topic} as wanted; the last message was {self.heard[-1:]}", patience_s)[0]

    def state(self, patience_s: float = 5.0) -> dict[str, Any]:
        """A state document that was made now: the controller publishes anew when a home automation comes up.

        Before that it repeats its last one, which may be from before a session was settled.
        """
        start = len(self.heard)
        before = [body for name, body in self.heard if name == "state"][-1:]
        self._client.publish("homeassistant/status", "online", qos=1)
        return dict(self.wait("state", lambda state: state not in before, start, patience_s))

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()
