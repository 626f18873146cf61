"""`bascule` with one more thread that computes all the time and never lets the interpreter go by itself."""

import sys
import threading

from bascule.cli import main


def compute() -> None:
    """Pure Python: it loses the interpreter only when the switch interval is over."""
    number = 1
    while True:
        number = number * 1103515245 + 12345 & 0x7FFFFFFF


if __name__ == "__main__":
    threading.Thread(target=compute, daemon=True).start()
    sys.exit(main())  # type: ignore[func-returns-value]
