"""A table that Home Assistant may start, simulated and faster than time: `python -m tests.home_assistant.table`."""

import sys
from pathlib import Path

from bascule.assembly import assemble
from bascule.sim_port import SimPort
from controller.config import load
from simulator.table import Table


def main(broker: str, folder: str, speed: str, remote_start: str, angle_deg: str) -> None:
    options = {
        "mqtt.broker": broker, "data.folder": folder, "mqtt.remote_start": remote_start == "true",
        "log.level": "warning",
    }  # fmt: skip
    config = load(Path(folder) / "table.toml", options)
    table = Table(seed=5, angle_deg=float(angle_deg), time_scale=int(speed))
    assemble(config, lambda: SimPort(table, float(speed)), None, frozenset({int(speed)})).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
