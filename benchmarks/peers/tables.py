"""What many other tables do to a broker, without their daemons: `BROKER_PORT COUNT`.

Each has two connections as a real one has: it publishes two states a second and an echo every two seconds, which comes
back to it. One more client, a home automation, hears everything of all of them.
"""

import select
import socket
import sys
import time
from typing import Final

from benchmarks.peers.raw_daemon import connect, packet

STATE: Final = b'{"state": "running", "angle_deg": 12.3, "rate_dps": 0.5, "target_deg": 15.0}' * 12
"""As long as a real document."""
STATE_S, ECHO_S = 0.5, 2.0


def main() -> None:
    """Until it is killed."""
    port, count = int(sys.argv[1]), int(sys.argv[2])
    tables = [f"other{number}" for number in range(count)]
    speakers = {table: connect(port, f"{table}/spoken") for table in tables}
    listeners: list[socket.socket] = [connect(port, table) for table in tables]
    listeners.append(everything(port))
    poll = select.poll()
    for each in listeners:
        each.setblocking(False)
        poll.register(each.fileno(), select.POLLIN)
    by_number = {each.fileno(): each for each in listeners}
    print("ready", flush=True)  # noqa: T201
    began_s = time.monotonic()
    due = [(began_s + STATE_S * number / max(count, 1), table) for number, table in enumerate(tables)]
    turn = 0
    while True:
        now_s = time.monotonic()
        while due and due[0][0] <= now_s:
            at_s, table = due.pop(0)
            due.append((at_s + STATE_S, table))
            turn += 1
            speakers[table].sendall(packet(f"bascule/{table}/state".encode(), STATE))
            if turn // max(count, 1) % round(ECHO_S / STATE_S) == 0:
                speakers[table].sendall(packet(f"bascule/{table}/command/_echo".encode(), b"1"))
        wait_ms = 1000.0 if not due else max(due[0][0] - time.monotonic(), 0.0) * 1000
        for number, _ in poll.poll(wait_ms):
            by_number[number].recv(65536)


def everything(port: int) -> socket.socket:
    """A client that is subscribed to all tables."""
    line = connect(port, "everything")
    topic = b"bascule/#"
    body = b"\0\2" + len(topic).to_bytes(2, "big") + topic + b"\0"
    line.sendall(bytes([0x82, len(body)]) + body)
    return line


if __name__ == "__main__":
    main()
