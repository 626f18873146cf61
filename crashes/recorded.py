"""`python -m crashes.recorded TRACE simulate …`: the `bascule` command, whose table notes where it truly is."""

import sys
import time
from pathlib import Path
from unittest.mock import patch

from bascule import cli, simulate_command
from simulator.table import Table

from .trace import line


def main() -> None:
    """Run `bascule` with the rest of the command line."""
    # A line at a time, so that a kill loses at most the last one.
    with Path(sys.argv[1]).open("w", buffering=1) as out:

        class Recorded(Table):
            def tick(self) -> bytes:
                data = super().tick()
                out.write(line(time.monotonic(), self.now_ms, self.angle_deg))
                return data

        sys.argv[1:2] = []
        with patch.object(simulate_command, "Table", Recorded):
            cli.main()


if __name__ == "__main__":
    main()
