"""A real mosquitto as `bascule setup broker` sets it up, included by a main file like that of a distribution."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from typer.testing import CliRunner, Result

from bascule import setup_files
from bascule.broker import find_mosquitto
from bascule.cli import app

needs_mosquitto = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


def setup(*words: object) -> Result:
    """`bascule setup …`, by somebody who is not root: whose files they are then is tested by itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setup_files, "brokers_owner", lambda: None)
        return CliRunner().invoke(app, ["setup", *map(str, words)], env={"COLUMNS": "200"})


def wait_for(condition: Any, what: str, seconds: float = 10.0) -> Any:
    deadline_s = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline_s, f"not within {seconds} s: {what}"
        time.sleep(0.005)
    return value


class SafeBroker:
    """`told` is what the command said as JSON; `password[user]`; the files are in `folder`."""

    def __init__(self, place: Path, *options: str, port: int | None = None) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = port or int(probe.getsockname()[1])
        self.folder = place / "broker"
        done = setup("broker", "--folder", self.folder, "--port", self.port, "--json", *options)
        assert done.exit_code == 0, done.output
        self.told: dict[str, Any] = json.loads(done.output)
        self.password = {user["name"]: user["password"] for user in self.told["users"]}
        self.ca_file = str(self.folder / "ca.crt")
        self._main = place / "main.conf"
        (place / "conf.d").mkdir()
        (place / "conf.d" / "bascule.conf").symlink_to(self.folder / "mosquitto.conf")
        lines = ["persistence true", f"persistence_location {place}/", f"log_dest file {place}/mosquitto.log"]
        lines += [f"include_dir {place}/conf.d", *(["user root"] if os.geteuid() == 0 else [])]
        self._main.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = find_mosquitto()
        assert program is not None
        self._process = subprocess.Popen([program, "-c", str(self._main)], stderr=subprocess.DEVNULL)
        wait_for(self._listens, "mosquitto listens")

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 0.5):
            return True
        return False

    def reload(self) -> None:
        """It reads users and rules again, as with systemctl reload."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def url(self, user: str, host: str = "127.0.0.1") -> str:
        return f"mqtts://{user}@{host}:{self.port}"

    def options(self, user: str, host: str = "127.0.0.1") -> list[str]:
        """What `bascule` takes to get in."""
        password = str(self.folder / "users" / f"{user}.password")
        return ["--broker", self.url(user, host), "--ca-file", self.ca_file, "--password-file", password]


class Person:
    """A client of this broker. `refused` is why it was not let in."""

    def __init__(
        self, broker: SafeBroker, user: str | None, password: str | None = None, version: str = "3.1.1",
        certificate: str | None = None,
    ) -> None:  # fmt: skip
        self.heard: list[tuple[str, bytes]] = []
        self.refused = ""
        self.acknowledged: dict[int, int] = {}
        self._subscribed = 0
        self._connected = False
        protocol = MQTTProtocolVersion.MQTTv5 if version == "5" else MQTTProtocolVersion.MQTTv311
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=protocol, reconnect_on_failure=False)
        if user is not None:
            self.paho.username_pw_set(user, broker.password.get(user) if password is None else password)
        context = ssl.create_default_context(cafile=broker.ca_file)
        if certificate is not None:
            users = broker.folder / "users"
            context.load_cert_chain(users / f"{certificate}.crt", users / f"{certificate}.key")
        self.paho.tls_set_context(context)
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda _c, _u, message: self.heard.append((message.topic, bytes(message.payload)))
        self.paho.on_publish = lambda _c, _u, mid, reason, _p: self.acknowledged.update({mid: reason.value})
        self.paho.on_subscribe = self._on_subscribe
        self.paho.connect("127.0.0.1", broker.port)
        self.paho.loop_start()
        wait_for(lambda: self._connected or self.refused, "an answer to the greeting")

    def _on_connect(self, _: object, __: object, ___: object, reason: Any, ____: object) -> None:
        self.refused = str(reason) if reason.is_failure else ""
        self._connected = not reason.is_failure

    def _on_disconnect(self, _: object, __: object, ___: object, reason: Any, ____: object) -> None:
        if not self._connected:
            self.refused = self.refused or f"disconnected: {reason}"

    def _on_subscribe(self, *_: object) -> None:
        self._subscribed += 1

    def hear(self, topic: str) -> None:
        wanted = self._subscribed + 1
        self.paho.subscribe(topic, 1)
        wait_for(lambda: self._subscribed == wanted, "the subscription")

    def say(self, topic: str, payload: bytes = b"x", retain: bool = False) -> int:
        """Publish with QoS 1; the reason code of the acknowledgement (135: not allowed; always 0 by MQTT 3.1.1)."""
        mid = self.paho.publish(topic, payload, 1, retain).mid
        return int(wait_for(lambda: self.acknowledged.get(mid, -1) + 1, "the acknowledgement")) - 1

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()


@contextlib.contextmanager
def person(broker: SafeBroker, user: str | None, *rest: Any, **more: Any) -> Iterator[Person]:
    client = Person(broker, user, *rest, **more)
    try:
        yield client
    finally:
        client.close()
