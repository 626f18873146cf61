"""A thousand messages a second while a session runs, and what they do to control and to a stop (F22, H11).

python -m tests.bascule.flood --seconds 60
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from controller.stop_lane import StopLane

from .conftest import until
from .many_tables import Broker, Phone, Seat

ROOT = Path(__file__).resolve().parents[2]
RATE_HZ = 1000
MOVING_S = 45.0
"""From standing to level takes 53 s: the stop comes before, and the flood goes on behind it."""
PAYLOADS = (
    ("start", b'{"preset": "gentle", "code": "zzzz"}'),
    ("goto", b'{"angle_deg": 55}'),
    ("frobnicate", b"\xff\xfe\x00"),
    ("presets/save", b"{" * 4000),
    ("people/save", b'{"person": "' + b"x" * 3000 + b'"}'),
    ("arm", b""),
    ("checkin/../stop", b"[1, 2"),
    ("_echo", b"00000000 1e300"),
)
"""Refused by the session that runs, unreadable, oversized, somebody else's echo; none of it an order that counts."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured. Times in milliseconds of wall time."""

    sent: int
    per_s: float
    steps: int
    loop_gap_max_ms: float
    loop_gap_p99_ms: float
    stop_to_port_ms: float
    stop_to_answer_ms: float
    travel_after_stop_deg: float
    telemetry_lost: int
    link_losses: int


def flood(port: int, table: str, rate_hz: float) -> None:
    """Publish at a steady rate, with QoS 0, until standard input ends; then say how many it were."""
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    sent, began_s = 0, time.monotonic()
    while not over.wait(0.005):
        while sent < (time.monotonic() - began_s) * rate_hz:
            verb, payload = PAYLOADS[sent % len(PAYLOADS)]
            client.publish(f"bascule/{table}/command/{verb}", payload, 0)
            sent += 1
    print(sent, flush=True)  # noqa: T201
    client.disconnect()
    client.loop_stop()


def measure(seconds: float, kind: str, folder: Path, rate_hz: float = RATE_HZ) -> Figures:
    """A flood while a session runs, and a stop in the midst of it."""
    with ExitStack() as ends:
        broker = Broker(kind, "3.1.1")
        broker.start()
        ends.callback(broker.stop)
        seat = Seat("flooded", broker, "3.1.1", folder)
        seat.start()
        ends.callback(seat.close)
        phone = Phone(broker, "3.1.1")
        ends.callback(phone.close)
        until(lambda: seat.linked and seat.states, "the table at the broker")
        code = phone.arm("flooded")
        assert phone.ask("flooded", "start", {"preset": "gentle", "code": code})["accepted"]
        until(lambda: seat.angle_deg > -79.0, "moving")
        daemon, gaps_s, written_s = seat.assembly.daemon, list[float](), list[float]()
        links = seat.assembly.client.counters.rebuilds
        step, last_s, lost = daemon._step, time.monotonic(), daemon._core.link.lost

        def timed(data: bytes) -> None:
            nonlocal last_s
            now_s = time.monotonic()
            gaps_s.append(now_s - last_s)
            last_s = now_s
            step(data)

        lane: StopLane = daemon._lane
        stop = lane.stop

        def stamped(now_s: float) -> None:
            stop(now_s)
            written_s.append(time.monotonic())

        daemon._step, lane.stop = timed, stamped  # type: ignore[method-assign]
        words = [sys.executable, "-m", "tests.bascule.flood", "--flood", str(broker.port), "--rate", str(rate_hz)]
        flooder = ends.enter_context(
            subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        )
        ends.callback(flooder.kill)
        heard = seat.assembly.client.counters.dropped
        until(lambda: seat.assembly.client.counters.dropped > heard or daemon._core.desk.refused > 50, "the flood")
        gaps_s.clear()
        began_s = time.monotonic()
        threading.Event().wait(min(seconds, MOVING_S))
        assert seat.states[-1].session is not None, seat.states[-1].message
        angle_deg, pressed_s = seat.angle_deg, time.monotonic()
        phone.give("flooded", "stop", json.dumps({"id": "the stop"}))
        until(lambda: written_s, "the stop frame at the port")
        until(lambda: any(one["id"] == "the stop" for one in phone.results["flooded"]), "its answer")
        answered_s = time.monotonic()
        until(lambda: not seat.states[-1].moving, "at rest")
        travel_deg = seat.angle_deg - angle_deg
        threading.Event().wait(max(began_s + seconds - time.monotonic(), 0.0))
        took_s, measured = time.monotonic() - began_s, list(gaps_s)
        sent = int(flooder.communicate(timeout=30)[0])
        measured.sort()
        return Figures(
            sent, round(sent / took_s, 1), len(measured), round(measured[-1] * 1000, 1),
            round(measured[int(len(measured) * 0.99)] * 1000, 1), round((written_s[0] - pressed_s) * 1000, 1),
            round((answered_s - pressed_s) * 1000, 1), round(travel_deg, 2),
            daemon._core.link.lost - lost, seat.assembly.client.counters.rebuilds - links,
        )  # fmt: skip


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--broker", choices=("mosquitto", "iotcore"), default="mosquitto")
    parser.add_argument("--flood", type=int, metavar="PORT", help="only the flood, as a process of its own")
    parser.add_argument("--rate", type=float, default=RATE_HZ)
    given = parser.parse_args()
    if given.flood:
        flood(given.flood, "flooded", given.rate)
        sys.exit()
    with tempfile.TemporaryDirectory() as place:
        print(json.dumps(asdict(measure(given.seconds, given.broker, Path(place))), indent=1))  # noqa: T201
