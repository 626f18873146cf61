"""A loop every 20 ms with asyncio's `call_at`: `COUNT`. Prints how many nanoseconds too late each turn began."""

import asyncio
import sys
from typing import Final

PERIOD_S: Final = 0.02


def main() -> None:
    """As many turns as were asked for."""
    loop, left = asyncio.new_event_loop(), int(sys.argv[1])
    due_s = loop.time()

    def turn() -> None:
        nonlocal due_s, left
        print(round((loop.time() - due_s) * 1e9))  # noqa: T201
        left -= 1
        due_s += PERIOD_S
        if left:
            loop.call_at(due_s, turn)
        else:
            loop.stop()

    due_s += PERIOD_S
    loop.call_at(due_s, turn)
    loop.run_forever()
    loop.close()


if __name__ == "__main__":
    main()
