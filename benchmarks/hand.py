"""Somebody with a phone and many tables: hears everything on the broker, arms and starts sessions."""

import json
import time
from datetime import datetime
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from controller.mqtt.topics import BIRTH

from .measure import BenchError
from .rig import BASE, PATIENCE_S, comes, until

SESSION: Final = "balance"
"""Begins with 80° of motion from standing, and rocks then: the table moves nearly all the time."""
RETRY_S: Final = 0.3
CODE_S: Final = 3.0
"""How long the code may take after arming; on a machine with too much to do, the grant may be gone by then."""


class Hand:
    """`states`, `healths`: the newest of these documents of each table; `counts`: how many states have come."""

    def __init__(self, port: int) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.healths: dict[str, dict[str, Any]] = {}
        self.counts: dict[str, int] = {}
        self._results: dict[str, dict[str, Any]] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe([(f"{BASE}/+/state", 1), (f"{BASE}/+/health", 1), (f"{BASE}/+/result", 1)])

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        table, topic = message.topic.split("/")[1:]
        if topic == "state":
            self.states[table] = json.loads(message.payload)
            self.counts[table] = self.counts.get(table, 0) + 1
        elif topic == "health":
            self.healths[table] = json.loads(message.payload)
        else:
            self._results[table] = json.loads(message.payload)

    def _ask(self, table: str, verb: str, payload: str = "") -> dict[str, Any]:
        self._results.pop(table, None)
        self._client.publish(f"{BASE}/{table}/command/{verb}", payload, qos=1)
        until(lambda: table in self._results, f"an answer of {table} to {verb}")
        return self._results[table]

    def start(self, table: str) -> None:
        """Begin a session; tries again while daemon and unit are not ready yet. BenchError if it does not come."""
        until(lambda: self.states.get(table, {}).get("state") == "standing", f"{table} standing")
        end_s, why = time.monotonic() + PATIENCE_S, "nothing"
        while time.monotonic() < end_s:
            result = self._ask(table, "arm")
            if result["accepted"] and comes(lambda: self.states[table]["arm_code"], CODE_S):
                command = json.dumps({"preset": SESSION, "code": self.states[table]["arm_code"]})
                result = self._ask(table, "start", command)
                if result["accepted"]:
                    return
            why = result["message"]
            time.sleep(RETRY_S)
        raise BenchError(f"no session on {table}: {why}")

    def ask_health(self, *tables: str) -> dict[str, dict[str, Any]]:
        """Health documents of this moment: daemons make them when Home Assistant says that it is up.

        They say their newest one again before.
        """
        asked_s = time.time() - 0.002  # documents say whole milliseconds
        self._client.publish(BIRTH, "online")

        def new(table: str) -> bool:
            told = self.healths.get(table)
            return told is not None and datetime.fromisoformat(told["time"]).timestamp() > asked_s

        until(lambda: all(map(new, tables)), f"health documents of {', '.join(tables)}")
        return dict(self.healths)

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()
