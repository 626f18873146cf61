"""A stop with paho, written to the port in its callback: `PORT BROKER_PORT TOPIC STOP_FRAME [trap]`.

With `trap`, the way that many bridges work: the same connection also publishes the state with QoS 1.
"""

import os
import sys
import threading
import tty
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

STATE = b'{"state": "level", "angle_deg": 0.1, "rate_dps": 0.0, "time": "2026-01-01T00:00:00Z"}' * 4


def main() -> None:
    """Until it is killed."""
    port, broker, topic, frame = sys.argv[1], int(sys.argv[2]), sys.argv[3], bytes.fromhex(sys.argv[4])
    trap = len(sys.argv) > 5
    line = os.open(Path(port), os.O_RDWR | os.O_NOCTTY)
    tty.setraw(line)
    client = mqtt.Client(CallbackAPIVersion.VERSION2)

    def on_message(_: mqtt.Client, __: object, ___: mqtt.MQTTMessage) -> None:
        os.write(line, frame)
        if trap:
            client.publish(f"{topic}-state", STATE, qos=1)

    def on_connect(*_: object) -> None:
        client.subscribe(topic, 1)

    client.on_connect = on_connect
    client.on_message = on_message
    client.connect("127.0.0.1", broker)

    def read_port() -> None:
        while os.read(line, 4096):
            pass

    threading.Thread(target=read_port, daemon=True).start()
    client.loop_forever()


if __name__ == "__main__":
    main()
