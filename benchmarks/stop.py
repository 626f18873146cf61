"""From a stop on MQTT to the last byte of its frame on a pty.

A program in C publishes and watches the port; in between are Mosquitto and the real daemon, or a floor or peer in its
place. All of them get telemetry from the same simulated unit. Each round starts them anew, in turns.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, NamedTuple

from protocol.link import STOP_FRAME

from .measure import BenchError, Figure, percentile, ratio, spread, spread_of_percentile
from .rig import SLOW_S, Broker, Cable, Program, compiled, daemon_command, python, simulator, until

WARM_UP: Final = 5
SETTLE_S: Final = 0.3
"""After the first stop that gets through: another one within 10 ms of it would be no frame of its own."""
MS: Final = 1000.0


class Entrant(NamedTuple):
    """Who receives the stop, and through which broker."""

    name: str
    nodelay: bool = True


ENTRANTS: Final = (
    Entrant("ours"), Entrant("floor"), Entrant("paho"), Entrant("aiomqtt"), Entrant("busy"),
    Entrant("stock", nodelay=False), Entrant("trap", nodelay=False),
)  # fmt: skip


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of stop."""
    rounds, stops = (2, 25) if quick else (5, 100)
    given: dict[str, list[list[float]]] = {entrant.name: [] for entrant in ENTRANTS}
    problems: dict[str, str] = {}
    compiled("cable")
    with ExitStack() as held:
        brokers = {nodelay: held.enter_context(Broker(nodelay)) for nodelay in (True, False)}
        unit = simulator(held, "stop")
        for number in range(rounds):
            first = number % len(ENTRANTS)
            for entrant in ENTRANTS[first:] + ENTRANTS[:first]:
                try:
                    given[entrant.name].append(_round(entrant, unit, brokers[entrant.nodelay], number, stops))
                except BenchError as error:
                    problems[entrant.name] = str(error)
    p50s = {name: [percentile(one, 50.0) for one in all_] for name, all_ in given.items()}

    def beside(key: str, of: str, to: str) -> Figure:
        if problem := problems.get(of) or problems.get(to):
            return Figure(key, None, problem)
        return Figure(key, ratio(p50s, of, to))

    yield beside("stop.floor", "ours", "floor")
    yield beside("stop.aiomqtt", "aiomqtt", "ours")
    yield beside("stop.paho", "paho", "ours")
    yield beside("stop.stock", "stock", "ours")
    yield beside("stop.trap", "trap", "ours")
    for name, label in (("ours", "idle"), ("busy", "busy")):
        if name in problems:
            yield from (Figure(f"stop.{label}_{p}", None, problems[name]) for p in ("p50", "p99"))
            continue
        every = [seconds * MS for one in given[name] for seconds in one]
        yield Figure(f"stop.{label}_p50", spread([seconds * MS for seconds in p50s[name]]))
        yield Figure(f"stop.{label}_p99", spread_of_percentile(every, 99.0))


def _round(entrant: Entrant, unit: str, broker: Broker, number: int, stops: int) -> list[float]:
    """Some stops, in seconds."""
    name = f"{entrant.name}{number}"
    with ExitStack() as held:
        cable = held.enter_context(Cable(unit, name, broker))
        one = held.enter_context(Program(*_command(entrant, name, cable.port, broker), name=entrant.name))

        def answers() -> bool:
            one.check()
            return cable.answered()

        until(answers, f"a stop through {entrant.name}")
        time.sleep(SETTLE_S)
        if entrant.name == "trap":  # which has no repetitions, and whose slow ones are due to those just before
            cable.stops_s(WARM_UP, quiet_s=0.0)
            return cable.stops_s(stops, quiet_s=0.0)
        slow_s = 0.0 if entrant.name == "busy" else SLOW_S  # there all are slow
        cable.stops_s(WARM_UP, slow_s)
        return cable.stops_s(stops // 2 if entrant.name == "busy" else stops, slow_s)


def _command(entrant: Entrant, table: str, port: str, broker: Broker) -> tuple[str, ...]:
    topic = f"bascule/{table}/command/stop"
    plain = (port, str(broker.port), topic, STOP_FRAME.hex())
    if entrant.name == "floor":
        return (compiled("stop_floor"), *plain)
    if entrant.name in ("paho", "trap"):
        return (*python("benchmarks.peers.stop_paho"), *plain, *(["trap"] if entrant.name == "trap" else []))
    if entrant.name == "aiomqtt":
        return (*python("benchmarks.peers.stop_aiomqtt"), *plain)
    entry = "benchmarks.peers.busy" if entrant.name == "busy" else "bascule"
    return daemon_command(table, port, broker, entry)
