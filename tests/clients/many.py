"""Many tables on one Mosquitto: `python -m tests.clients.many --tables 200`. No test: it measures, for some minutes.

One table is real: a simulated unit, its daemon, and a state each time somebody sits down or gets up. The others are
connections that publish as much as a daemon whose table moves (`benchmarks/peers/tables.py`). An ordinary client is
subscribed to all states and looks at when those of the real table arrive. Latency is from the state's own `time` to the
client's callback, on one clock; `time` has milliseconds, so it is off by one at most.
"""

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from datetime import datetime
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.measure import percentile
from benchmarks.rig import Broker, Program, cpu_s, daemon_command, python, resident_mb, until
from benchmarks.units_client import Units

NAME: Final = "real"
CHANGES_HZ: Final = 5.0
SETTLE_S: Final = 2.0


class Watcher:
    """A client that hears the state of every table."""

    def __init__(self, port: int) -> None:
        self.heard = 0
        self.latencies_ms: list[float] = []
        self.numbers: list[int] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda *_: self._client.subscribe("bascule/+/state")
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, _: mqtt.Client, __: object, message: mqtt.MQTTMessage) -> None:
        now_s = time.time()
        self.heard += 1
        if message.topic == f"bascule/{NAME}/state" and not message.retain:
            state = json.loads(message.payload)
            self.latencies_ms.append((now_s - datetime.fromisoformat(state["time"]).timestamp()) * 1000)
            self.numbers.append(state["seq"])

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def measure(tables: int, seconds: float) -> str:
    """One row: what this many tables cost, and how late a state is."""
    with ExitStack() as held:
        broker = held.enter_context(Broker())
        held.enter_context(Units([NAME], NAME, changes=CHANGES_HZ))
        daemon = held.enter_context(Program(*daemon_command(NAME, Units.port(NAME), broker), name=NAME))
        if tables > 1:
            others = held.enter_context(
                Program(*python("benchmarks.peers.tables", str(broker.port), str(tables - 1)), name="tables")
            )
            others.says("ready")
        watcher = Watcher(broker.port)
        held.callback(watcher.close)
        until(lambda: len(watcher.latencies_ms) > CHANGES_HZ, "states of the real table")
        time.sleep(SETTLE_S)
        skip, heard, began_s = len(watcher.numbers), watcher.heard, time.monotonic()
        broker_s, daemon_s = cpu_s(broker.pid), cpu_s(daemon.pid)
        time.sleep(seconds)
        took_s = time.monotonic() - began_s
        broker_percent = 100 * (cpu_s(broker.pid) - broker_s) / took_s
        daemon_percent = 100 * (cpu_s(daemon.pid) - daemon_s) / took_s
        rate_hz = (watcher.heard - heard) / took_s
        given, numbers = watcher.latencies_ms[skip:], watcher.numbers[skip:]
        lost = numbers[-1] - numbers[0] + 1 - len(numbers)
        daemon.check()
        cells = (
            f"{tables}", f"{rate_hz:.0f}", f"{percentile(given, 50.0):.1f}", f"{percentile(given, 99.0):.1f}",
            f"{max(given):.1f}", f"{len(given)}", f"{lost}", f"{broker_percent:.1f} %",
            f"{resident_mb(broker.pid):.1f}", f"{daemon_percent:.1f} %", f"{resident_mb(daemon.pid):.0f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def main() -> None:
    """Print a row for each number of tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.clients.many", description="Many tables on one broker.")
    parser.add_argument("--tables", type=int, action="append", help="how many; repeatable (1, 10, 50, 200)")
    parser.add_argument("--seconds", type=float, default=15.0, help="how long each is measured")
    options = parser.parse_args()
    say = sys.stdout.write
    say("| Tables | States a second | p50 ms | p99 ms | longest ms | Measured | Lost | Broker CPU | Broker MB ")
    say("| Daemon CPU | Daemon MB |\n|---|---|---|---|---|---|---|---|---|---|---|\n")
    for tables in options.tables or (1, 10, 50, 200):
        say(measure(tables, options.seconds) + "\n")
        sys.stdout.flush()
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")


if __name__ == "__main__":
    main()
