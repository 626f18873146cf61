"""From a stop on MQTT to the last byte of its frame on a pty.

A program in C publishes and watches the port; in between are Mosquitto and the real daemon, or a floor or peer in its
place. All of them get telemetry from the same simulated unit. Each round starts them anew, in turns.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final, NamedTuple

from protocol.link import STOP_FRAME

from .measure import BenchError, Figure, percentile, ratio, spread, spread_of_percentile
from .rig import Broker, Cable, Program, compiled, daemon_command, python, simulator, until

GAP_S, JITTER_S = 0.02, 0.01
"""Between two stops, and at most so much more, so that they do not keep step with the telemetry."""
WARM_UP: Final = 5
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
        cable.stops_s(WARM_UP, GAP_S, JITTER_S)
        return cable.stops_s(stops, GAP_S, JITTER_S)


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
