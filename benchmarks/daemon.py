"""The whole daemon as a process: what it costs while a session runs, and how soon it is there.

The raw loop and the usual way run beside it, each on a simulated unit of its own that sends the same 50 telemetries a
second, so that all three are measured in the same seconds.
"""

import os
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from typing import Final

from protocol.framing import Damage, Deframer
from protocol.messages import Keepalive, unpack_from_host
from simulator.table import Table

from .hand import SESSION, Hand
from .measure import BenchError, Figure, ratio, spread
from .rig import Broker, Program, cpu_s, daemon_command, folder, python, resident_mb, until
from .units_client import Units

TABLES: Final = 24
TICK_S: Final = 0.02
LONGEST_START_S: Final = 30.0
FAIR: Final = 0.98
"""Units that fall behind real time give their leases more of it. Chosen: what is missing is where counting begins and
ends."""


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of the daemon."""
    with ExitStack() as held:
        broker = held.enter_context(Broker())
        # Before all else: the first one may compile, and what that takes of memory an installed one never does.
        starts = [start_s(broker, number) for number in range(3 if quick else 10)][1:]
        yield from _cost(broker, *((2, 2.0) if quick else (7, 4.0)))
        yield Figure("daemon.start", spread([on_the_wall_s for on_the_wall_s, _ in starts]))
        yield Figure("daemon.start_cpu", spread([own_s for _, own_s in starts]))
        yield _many(broker, 5.0 if quick else 20.0)


def _cost(broker: Broker, windows: int, window_s: float) -> Iterator[Figure]:
    """Seconds of the processor in each window, all of them at once; then memory."""
    names = ("ours", "floor", "usual", "floor-control", "usual-control")
    with ExitStack() as held:
        units = held.enter_context(Units([f"cost-{name}" for name in names], "cost"))
        hand = held.enter_context(closing(Hand(broker.port)))
        plain = {name: (units.port(f"cost-{name}"), str(broker.port), f"cost-{name}") for name in names}
        commands = {
            "ours": daemon_command("cost-ours", units.port("cost-ours"), broker),
            "floor": (*python("benchmarks.peers.raw_daemon"), *plain["floor"]),
            "usual": (*python("benchmarks.peers.usual_daemon"), *plain["usual"]),
            "floor-control": (*python("benchmarks.peers.raw_daemon"), *plain["floor-control"], SESSION),
            "usual-control": (*python("benchmarks.peers.usual_daemon"), *plain["usual-control"], SESSION),
        }
        programs = {name: held.enter_context(Program(*commands[name], name=name)) for name in names}
        hand.start("cost-ours")
        for name in ("floor-control", "usual-control"):
            until(partial(_runs, hand, f"cost-{name}"), f"a session of {name}")
        time.sleep(2.0)
        given: dict[str, list[float]] = {name: [] for name in names}
        counts, began_s = dict(hand.counts), time.monotonic()
        before = {name: cpu_s(program.pid) for name, program in programs.items()}
        for _ in range(windows):
            time.sleep(window_s)
            for name, program in programs.items():
                program.check()
                now_s = cpu_s(program.pid)
                given[name].append(now_s - before[name])
                before[name] = now_s
        took_s = time.monotonic() - began_s
        for name in names:
            told = (hand.counts.get(f"cost-{name}", 0) - counts.get(f"cost-{name}", 0)) / took_s
            if not 1.5 < told < 3.0:
                raise BenchError(f"{name} published {told:.1f} states a second instead of two")
        memory_mb = resident_mb(programs["ours"].pid)
    yield Figure("daemon.floor", ratio(given, "ours", "floor"))
    yield Figure("daemon.usual", ratio(given, "usual", "ours"))
    yield Figure("daemon.floor_control", ratio(given, "ours", "floor-control"))
    yield Figure("daemon.usual_control", ratio(given, "usual-control", "ours"))
    yield Figure("daemon.cpu", spread([100 * one / window_s for one in given["ours"]]))
    yield Figure("daemon.memory", spread([memory_mb]))


def _runs(hand: Hand, table: str) -> bool:
    return hand.states.get(table, {}).get("state") == "running"


def start_s(broker: Broker, number: int) -> tuple[float, float]:
    """From the start of the process until its first answer to a telemetry is on the port: seconds, and of the CPU."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    name, table, deframer = f"start{number}", Table(number), Deframer()
    link = folder() / f"{name}.port"
    link.symlink_to(os.ttyname(slave))
    began_s = next_s = time.monotonic()
    try:
        with Program(*daemon_command(name, str(link), broker), name=name) as program:
            while (now_s := time.monotonic()) < began_s + LONGEST_START_S:
                program.check()
                data = _read(master)
                for payload in deframer.feed(data):
                    if not isinstance(payload, Damage) and isinstance(unpack_from_host(payload), Keepalive):
                        return now_s - began_s, cpu_s(program.pid)
                table.receive(data)
                if now_s >= next_s:
                    next_s += TICK_S
                    _write(master, table.tick())
                time.sleep(0.001)
    finally:
        os.close(master)
        os.close(slave)
    raise BenchError("the daemon did not answer any telemetry")


def _read(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except BlockingIOError:
        return b""


def _write(master: int, data: bytes) -> None:
    """Nobody reads yet: lost, as on a line."""
    try:
        os.write(master, data)
    except BlockingIOError:
        return


def _many(broker: Broker, seconds: float) -> Figure:
    """Sessions on 24 tables at once; whose lease, host or session was lost meanwhile."""
    names = [f"many{number}" for number in range(TABLES)]
    with ExitStack() as held:
        units = held.enter_context(Units(names, "many"))
        hand = held.enter_context(closing(Hand(broker.port)))
        for name in names:
            held.enter_context(Program(*daemon_command(name, units.port(name), broker), name=name))
        for name in names:
            hand.start(name)
        units.begin()
        before = units.telemetries()
        time.sleep(seconds)
        told, lost = units.telemetries() - before, units.lost()
        if told < FAIR * TABLES * seconds / TICK_S:
            raise BenchError(f"the simulated units fell behind: {told} telemetries in {seconds:g} s")
        ended = [name for name in names if not _runs(hand, name)]
    lost = [name for name in names if name in lost or name in ended]
    return Figure("daemon.leases", spread([float(len(lost))]))
