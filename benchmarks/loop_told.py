"""What the daemon's own health document tells of its jitter: with and without real-time priority, idle and in a crowd.

Two daemons, one of them with the priority, serve a table each in the same seconds; then another process keeps each core
busy. The simulated units get a priority, too, to be as punctual as a real one is. Where the system
permits none of that, only the idle daemon without it is measured.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from time import sleep
from typing import Any, Final

from .hand import Hand
from .measure import BenchError, Figure, spread
from .rig import Broker, Program, daemon_command, folder, until
from .units_client import Units

PLAIN, FIRST = "told", "told_rt"
"""The two tables: of an ordinary daemon, and of one with the priority. Also the names of their figures."""
PRIORITY, UNIT_PRIORITY = 10, 20
"""Of the control thread, and of the units, which have to be punctual whatever the daemons do."""
US_OF_MS: Final = 1000.0
Told = dict[str, Any]


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of what is told."""
    rounds, round_s = (1, 2.0) if quick else (4, 5.0)
    with ExitStack() as held:
        broker = held.enter_context(Broker())
        units = held.enter_context(Units([PLAIN, FIRST], PLAIN))
        refused = _refused(units.pid)
        tables = [PLAIN] if refused else [PLAIN, FIRST]
        hand = held.enter_context(closing(Hand(broker.port)))
        for table in tables:
            held.enter_context(Program(*_command(table, units, broker), name=table))
        for table in tables:
            hand.start(table)
        idle = _rounds(hand, tables, rounds, round_s)
        yield from (_figure(table, table, idle) for table in tables)
        if refused:
            missing = (FIRST, f"{PLAIN}_busy", f"{PLAIN}_busy_rt")
            yield from (Figure(f"loop.{name}_p99", None, refused) for name in missing)
            return
        if hand.healths[FIRST]["realtime_priority"] != PRIORITY:
            raise BenchError(f"the daemon did not take its priority: {hand.healths[FIRST]['notices']}")
        for _ in os.sched_getaffinity(0):
            held.enter_context(Program(sys.executable, "-c", "while True: pass", name="busy"))
        busy = _rounds(hand, tables, rounds, round_s)
        yield _figure(f"{PLAIN}_busy", PLAIN, busy)
        yield _figure(f"{PLAIN}_busy_rt", FIRST, busy)


def _refused(pid: int) -> str:
    """Give the units' process its priority; why that is not possible, or nothing."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(UNIT_PRIORITY))
    except OSError as error:
        return f"the system permits no real-time priority ({error.strerror}): measure as root or with `ulimit -r 99`"
    return ""


def _command(table: str, units: Units, broker: Broker) -> Sequence[str]:
    config = folder() / f"{table}.toml"
    config.write_text(f"[control]\nrealtime_priority = {PRIORITY if table == FIRST else 0}\n", "utf-8")
    return (*daemon_command(table, units.port(table), broker), "--config", str(config))


def _rounds(hand: Hand, tables: Sequence[str], rounds: int, round_s: float) -> list[dict[str, Told]]:
    """What each daemon tells at the beginning and at the end of each round."""
    until(lambda: all(hand.states[table]["link"]["up"] for table in tables), "links")
    told = [hand.ask_health(*tables)]
    for _ in range(rounds):
        sleep(round_s)
        told.append(hand.ask_health(*tables))
    return told


def _figure(name: str, table: str, told: Sequence[dict[str, Told]]) -> Figure:
    jitters = [one[table]["loop_jitter"] for one in told]
    return Figure(f"loop.{name}_p99", spread([percentile_ms(a, b, 99.0) * US_OF_MS for a, b in pairwise(jitters)]))


def percentile_ms(before: Told, after: Told, percent: float) -> float:
    """Between two histograms of a health document, in proportion inside of a bucket; the last bound for what is beyond.

    As Prometheus' histogram_quantile has it.
    """
    wanted = (after["count"] - before["count"]) * percent / 100.0
    low_ms, below = 0.0, 0
    for high_ms, was, now in zip(after["bounds_ms"], before["at_most"], after["at_most"], strict=True):
        if (at_most := now - was) >= wanted:
            return float(low_ms + (high_ms - low_ms) * (wanted - below) / max(at_most - below, 1))
        low_ms, below = high_ms, at_most
    return float(low_ms)
