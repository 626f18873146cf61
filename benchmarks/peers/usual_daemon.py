"""The usual way: `PORT BROKER_PORT TABLE [SESSION]`: pyserial in a reader thread, a queue, pydantic, paho.

With a session it makes the controller's steps, too.
"""

import queue
import sys
import threading
import time

import paho.mqtt.client as mqtt
import serial
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import BaseModel

from benchmarks.peers.control import Control
from benchmarks.peers.wire import HELLO, NAMES, SCALES, STATE_PERIOD_S, frame, keepalive, values


class Telemetry(BaseModel):
    """A frame."""

    nonce: int
    time_ms: int
    stop_count: int
    angle_deg: float
    bed_deg: float
    drive_deg: float
    rate_dps: float
    flags: int
    rung: int
    causes: int
    latched: int
    head_down_s: int
    episode_s: int
    current_a: float
    heat: float
    supply_v: float
    arm_presses: int


class State(BaseModel):
    """A document."""

    table: str
    state: str
    telemetry: Telemetry


def main() -> None:
    """Until it is killed."""
    port, broker, table = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    line = serial.Serial(port, 115_200, timeout=1.0)
    frames: queue.Queue[bytes] = queue.Queue(64)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)

    def on_connect(*_: object) -> None:
        client.subscribe(f"bascule/{table}/command/#", 1)

    client.on_connect = on_connect
    client.connect("127.0.0.1", broker)
    client.loop_start()

    def read() -> None:
        while True:
            if body := line.read_until(b"\0").strip(b"\0"):
                frames.put(body)

    threading.Thread(target=read, daemon=True).start()
    control = Control(sys.argv[4]) if len(sys.argv) > 4 else None
    line.write(frame(HELLO) if control is None else control.step(b""))
    sequence, next_s = 0, 0.0
    while True:
        body = frames.get()
        counts = values(body)
        if control is not None:
            line.write(control.step(b"\0" + body + b"\0"))
        if counts is None:
            continue
        scaled = (count * scale for count, scale in zip(counts, SCALES, strict=True))
        telemetry = Telemetry.model_validate(dict(zip(NAMES, scaled, strict=True)))
        if control is None:
            sequence += 1
            line.write(keepalive(sequence, telemetry.nonce))
        now_s = time.monotonic()
        if now_s >= next_s:
            next_s = now_s + STATE_PERIOD_S
            state = "level" if control is None else control.state
            document = State(table=table, state=state, telemetry=telemetry)
            client.publish(f"bascule/{table}/state", document.model_dump_json(), qos=1, retain=True)


if __name__ == "__main__":
    main()
