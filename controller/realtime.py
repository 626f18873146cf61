"""Real-time priority for the control thread, and for no other one, where the system permits it.

Linux gives each thread its own policy. SCHED_RESET_ON_FORK keeps it from the threads and programs that the control
thread starts later.

The thread that receives a stop gets none (H11). With what comes from outside, a flood would run before everything else
on the machine. And of two threads with the same SCHED_FIFO priority the second one waits until the first one rests, so
up to the priority of control it would gain nothing. It needs none, either, as long as there is another core: a thread
that runs there and wants the interpreter gets it within 0.1 ms (bascule/assembly.py), whatever the priorities. On the
only core it would wait for the end of all that control has to do. Measured with a control thread that never rests: a
median of 0.2 s and up to 3 s there, 0.3 ms with a second core. So on one core nobody gets a priority.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import Final, NamedTuple

CORES: Final = 2
"""H11: at least so many, so that a stop finds one while control is at work."""
_RUNS_WITHOUT: Final = "the control thread runs without, and realtime_priority is best taken out of the configuration."


class System(NamedTuple):
    """What is asked of it. `ask` gives the calling thread a priority or raises OSError; `cores` that it may run on."""

    ask: Callable[[int], None]
    cores: Callable[[], int]


def _ask(priority: int) -> None:
    policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
    os.sched_setscheduler(threading.get_native_id(), policy, os.sched_param(priority))


def _cores() -> int:
    return len(os.sched_getaffinity(0))


HERE: Final = System(_ask, _cores) if sys.platform == "linux" else None
"""This system. None: it has no priorities for single threads."""


def take(priority: int, system: System | None = HERE) -> str:
    """Give the calling thread this priority, 1 to 99. Where it gets none: a sentence that says why and what to do."""
    if system is None:
        return f"Real-time priority is available on Linux only: {_RUNS_WITHOUT}"
    if system.cores() < CORES:
        return (
            "Real-time priority needs a second processor core, because a stop must not wait for the control thread: "
            f"{_RUNS_WITHOUT}"
        )
    try:
        system.ask(priority)
    except OSError as error:
        return (
            f"The system does not permit the control thread a real-time priority of {priority} ({error.strerror}), so "
            f"it runs without. Permit it with LimitRTPRIO={priority} in the service's unit of systemd or with `- "
            f"rtprio {priority}` for the user in /etc/security/limits.conf, or take realtime_priority out of the "
            "configuration."
        )
    return ""
