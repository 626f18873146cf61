"""Run by CI with the Python of an environment that holds the wheel and nothing else: the demo has to tilt a table.

Usage: `python tests/wheel_check.py PATH-OF-BASCULE`. Needs nothing but what the wheel brought.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

DEADLINE_S = 60.0


def main(bascule: str) -> None:
    """Start the demo, arm, start `gentle` with the code, see it at +8° and back at level."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    with tempfile.TemporaryDirectory() as folder:
        command = [bascule, "demo", "--speed", "60", "--port", "18899", "--seed", "1"]
        demo = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            seen: list[dict[str, Any]] = []
            client = mqtt.Client(CallbackAPIVersion.VERSION2)
            client.on_connect = lambda *_: client.subscribe("bascule/demo/state")
            client.on_message = lambda _, __, message: seen.append(json.loads(message.payload))
            client.connect_async("127.0.0.1", 18899)
            client.loop_start()
            wait(demo, seen, lambda state: state["state"] == "standing" and not state["message"].endswith("yet."))
            client.publish("bascule/demo/command/arm")
            code = wait(demo, seen, lambda state: state["armed"])["arm_code"]
            client.publish("bascule/demo/command/start", json.dumps({"preset": "gentle", "code": code}))
            wait(demo, seen, lambda state: state["angle_deg"] is not None and abs(state["angle_deg"] - 8) <= 0.5)
            wait(demo, seen, lambda state: state["state"] == "level")
            client.disconnect()
            client.loop_stop()
        finally:
            demo.send_signal(signal.SIGINT)
            output, _ = demo.communicate(timeout=20)
        assert demo.returncode == 0, output
    sys.stdout.write(f"the wheel's demo tilted a table (pid {os.getpid()} watched {len(seen)} states)\n")


def wait(demo: "subprocess.Popen[str]", seen: list[dict[str, Any]], wanted: Any) -> dict[str, Any]:
    """The first state from now on that is wanted."""
    end_s = time.monotonic() + DEADLINE_S
    start = max(len(seen) - 1, 0)
    while time.monotonic() < end_s:
        for state in seen[start:]:
            if wanted(state):
                return state
        if demo.poll() is not None:
            raise SystemExit(f"the demo ended: {demo.stdout.read() if demo.stdout else ''}")
        time.sleep(0.05)
    raise SystemExit(f"not seen within {DEADLINE_S:.0f} s; last: {seen[-1] if seen else None}")


if __name__ == "__main__":
    main(sys.argv[1])
