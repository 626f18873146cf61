"""Several real controllers in one process, each with a simulated table in real time, at one broker; and a phone."""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from bascule import broker as broker_module
from bascule.assembly import assemble
from bascule.broker import EmbeddedBroker, port_refusal
from bascule.sim_port import SimPort
from controller.config import load
from controller.documents import StateDocument
from simulator.table import Table

from .conftest import until

VERSIONS = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}


QUIET_PORTS: Final = range(15_000, 30_000)
"""Below those that the system gives to clients: while a broker is gone, one of them could get its port."""
PORTS_OF_5: set[int] = set()
"""Where iotcore shall speak MQTT 5 instead of 3.1.1, which the demo's broker does (see `two_versions`)."""


@contextmanager
def two_versions() -> Iterator[None]:
    """The demo's broker has one listener, for 3.1.1. With one for MQTT 5 instead the controller has to hold, too."""
    of_3 = broker_module.iotcore_config

    def either(bind: str, port: int, username: str | None, password: str | None) -> str:
        text = of_3(bind, port, username, password)
        return text.replace("[v4.1", "[v5.1") if port in PORTS_OF_5 else text

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(broker_module, "iotcore_config", either)
        yield


def quiet_port() -> int:
    """One that nobody has, and that is still free after a restart."""
    return next(port for port in Random().sample(QUIET_PORTS, 100) if port_refusal("127.0.0.1", port) is None)


class Broker:
    """One of the two brokers, that can be frozen and restarted on its port."""

    def __init__(self, kind: str, version: str) -> None:
        self.port = quiet_port()
        self._embedded = EmbeddedBroker(self.port, prefer=kind)
        if version == "5":
            PORTS_OF_5.add(self.port)

    def start(self) -> None:
        self._embedded.start()

    def stop(self) -> None:
        self._embedded.stop()

    def signal(self, number: int) -> None:
        assert self._embedded._child is not None
        os.killpg(self._embedded._child.pid, number)

    def _stands_still(self) -> bool:
        assert self._embedded._child is not None
        tasks = Path(f"/proc/{self._embedded._child.pid}/task").iterdir()
        return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)

    def freeze(self, seconds: float, meanwhile: Callable[[], None]) -> None:
        """It stands still for a while, and something is done in it."""
        self.signal(signal.SIGSTOP)
        until(self._stands_still, "the broker stands still")  # each thread only stops when it gets the processor
        try:
            meanwhile()
            threading.Event().wait(seconds)
        finally:
            self.signal(signal.SIGCONT)


class Seat:
    """One controller and its table. `angle_deg` is where the bed really is."""

    def __init__(self, name: str, broker: Broker, version: str, folder: Path, speed: float = 1.0) -> None:
        self.name = name
        self.states: list[StateDocument] = []
        self.table = Table(seed=len(name))
        config = load(
            None,
            {
                "table.id": name,
                "mqtt.broker": f"mqtt://127.0.0.1:{broker.port}",
                "mqtt.version": version,
                "data.folder": str(folder / name),
            },
        )
        self.assembly = assemble(config, lambda: SimPort(self.table, speed), watch=self.states.append)
        self.client = self.assembly.client
        self._thread = threading.Thread(target=self.assembly.run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def angle_deg(self) -> float:
        return self.table.angle_deg

    @property
    def linked(self) -> bool:
        """Whether commands come through, and none counts as held up."""
        return self.client._link[0] and not self.client._pulse.held_up(time.monotonic())

    def close(self) -> None:
        self.assembly.daemon.leave()
        threading.Event().wait(1.1)  # a second signal, which leaves at once
        self.assembly.daemon.leave()
        self._thread.join(10)


class Phone:
    """Sends commands with QoS 1, which wait in its queue while the broker is gone. `results[table]` in order."""

    def __init__(self, broker: Broker, version: str, connect: bool = True) -> None:
        self.results: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.codes: dict[str, str | None] = {}
        self.replies: list[tuple[str, bytes | None, dict[str, Any]]] = []
        self._subscribed = threading.Event()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=VERSIONS[version])
        self.paho.reconnect_delay_set(1, 1)
        self.paho.on_connect = self._on_connect
        self.paho.on_subscribe = lambda *_: self._subscribed.set()
        self.paho.on_message = self._hear
        clean = {"clean_start": True} if version == "5" else {}
        self.paho.connect_async("127.0.0.1", broker.port, **clean)
        if connect:
            self.connect()

    def connect(self) -> None:
        self.paho.loop_start()
        self.wait()

    def wait(self) -> None:
        """Until it is there again and hears."""
        until(lambda: self.paho.is_connected() and self._subscribed.is_set(), "the phone at the broker")

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        self._subscribed.clear()
        client.subscribe([("bascule/+/result", 1), ("bascule/+/state", 0), ("bascule/+/reply/#", 1)])

    def _hear(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        _, table, kind, *_rest = message.topic.split("/")
        document = json.loads(message.payload)
        if kind == "result":
            self.results[table].append(document)
        elif kind == "reply":
            correlation = getattr(message.properties, "CorrelationData", None)
            self.replies.append((message.topic, correlation, document))
        else:
            self.codes[table] = document["arm_code"]

    def give(self, table: str, verb: str, payload: str | dict[str, Any] | None = None, retain: bool = False) -> Any:
        """Publish, no matter when it goes out."""
        text = json.dumps(payload) if isinstance(payload, dict) else payload
        return self.paho.publish(f"bascule/{table}/command/{verb}", text, 1, retain)

    def ask(self, table: str, verb: str, payload: str | dict[str, Any] | None = None) -> dict[str, Any]:
        """Publish and wait for the next result of this verb."""
        before = len(self.results[table])
        self.give(table, verb, payload)
        return self.answer(table, verb, before)

    def answer(self, table: str, verb: str, before: int = 0) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [result for result in self.results[table][before:] if result["verb"] == verb]

        return dict(until(found, f"an answer to {verb} at {table}; heard {self.results[table]}")[0])

    def arm(self, table: str) -> str:
        """Armed; the code."""

        def armed() -> bool:
            return bool(self.ask(table, "arm")["accepted"])

        self.codes[table] = None
        until(armed, f"{table} is armed; heard {self.results[table][-1:]}")
        return str(until(lambda: self.codes[table], "the arm code"))

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()
