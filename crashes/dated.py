"""`python -m crashes.dated FILE run …`: the `bascule` command on a machine whose wall clock shows what FILE says.

Only `time.time` is set, the one wall clock that the program reads; monotonic clocks stay true. libfaketime would set it
below Python, but its 0.9.10 fails every `time.sleep` of a program whose monotonic clock it leaves alone (measured).
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from bascule import cli


def set_ahead(path: Path, ahead_s: int) -> None:
    """Let the clock be so many seconds ahead. The file is replaced whole: no reader sees half a number."""
    new = path.with_suffix(".new")
    new.write_text(str(ahead_s))
    os.replace(new, path)


def reader(path: Path, true_time: Callable[[], float]) -> Callable[[], float]:
    """A `time.time` that is as far ahead as the file says."""
    return lambda: true_time() + int(path.read_text())


def main() -> None:
    """Run `bascule` with the rest of the command line."""
    path = Path(sys.argv.pop(1))
    with patch.object(time, "time", reader(path, time.time)):
        cli.main()


if __name__ == "__main__":
    main()
