"""The floor of a daemon: `PORT BROKER_PORT TABLE [SESSION]`. One loop over two descriptors, no thought about safety.

It reads telemetry, answers each with a keepalive, and publishes a document twice a second over a bare socket; it is
subscribed to the table's commands, and passes over them. With a session it makes the controller's steps instead.
"""

import json
import os
import select
import socket
import sys
import time
import tty
from pathlib import Path
from typing import NoReturn

from benchmarks.peers.control import Control
from benchmarks.peers.wire import HELLO, NAMES, STATE_PERIOD_S, frame, keepalive, values


def connect(port: int, table: str) -> socket.socket:
    """An MQTT connection, subscribed, by hand."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    identity = f"raw-{table}".encode()
    head = b"\0\4MQTT\4\2\0\x3c" + len(identity).to_bytes(2, "big") + identity
    line.sendall(bytes([0x10, len(head)]) + head)
    line.recv(4)
    topic = f"bascule/{table}/command/#".encode()
    body = b"\0\1" + len(topic).to_bytes(2, "big") + topic + b"\1"
    line.sendall(bytes([0x82, len(body)]) + body)
    return line


def packet(topic: bytes, payload: bytes) -> bytes:
    """PUBLISH with QoS 0, retained."""
    left, length = len(topic) + 2 + len(payload), b""
    while True:
        left, seven = left >> 7, left & 0x7F
        length += bytes([seven | (0x80 if left else 0)])
        if not left:
            return b"\x31" + length + len(topic).to_bytes(2, "big") + topic + payload


def main() -> None:
    """Until it is killed."""
    port, broker, table = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    line = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(line)
    mqtt, topic = connect(broker, table), f"bascule/{table}/state".encode()
    poll = select.poll()
    poll.register(line, select.POLLIN)
    poll.register(mqtt.fileno(), select.POLLIN)
    if len(sys.argv) > 4:
        controlled(poll, line, mqtt, topic, Control(sys.argv[4]))
    os.write(line, frame(HELLO))
    rest, sequence, next_s = b"", 0, 0.0
    while True:
        for ready, _ in poll.poll():
            if ready != line:
                mqtt.recv(4096)
                continue
            *bodies, rest = (rest + os.read(line, 4096)).split(b"\0")
            for body in bodies:
                if body and (counts := values(body)) is not None:
                    sequence += 1
                    os.write(line, keepalive(sequence, counts[0]))
                    now_s = time.monotonic()
                    if now_s >= next_s:
                        next_s = now_s + STATE_PERIOD_S
                        document = dict(zip(NAMES, counts, strict=True)) | {"state": "level", "table": table}
                        mqtt.sendall(packet(topic, json.dumps(document).encode()))


def controlled(poll: "select.poll", line: int, mqtt: socket.socket, topic: bytes, control: Control) -> NoReturn:
    """The same loop with the controller's steps in it."""
    next_s = 0.0
    while True:
        for ready, _ in poll.poll(50):
            if ready != line:
                mqtt.recv(4096)
                continue
            if out := control.step(os.read(line, 4096)):
                os.write(line, out)
            now_s = time.monotonic()
            if now_s >= next_s:
                next_s = now_s + STATE_PERIOD_S
                mqtt.sendall(packet(topic, json.dumps(control.document()).encode()))


if __name__ == "__main__":
    main()
