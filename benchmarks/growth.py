"""How cost grows: with telemetry, with states, with tables on one broker, with the sessions on record."""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Final, NamedTuple

from controller.history import Record
from controller.history_file import HistoryFile
from controller.history_trace import Trace

from .hand import Hand
from .measure import BenchError, Figure, Spread, in_turns, percentile, ratio, spread
from .rig import Broker, Cable, Program, cpu_s, daemon_command, folder, python, until
from .units_client import Units

TELEMETRY_HZ: Final = (12.5, 25.0, 50.0, 100.0, 200.0)
STATES_HZ: Final = (1.0, 2.0, 5.0, 10.0)
TABLES: Final = (1, 10, 50, 200)
SESSIONS: Final = {3: "a day", 90: "a month", 270: "90 days, as kept", 1095: "a year"}
"""Three a day, which is the most that the limits allow by themselves."""
STOPS: Final = 100
ENOUGH: Final = 0.9
"""Part of the telemetries that have to be sent for a rate to count as that rate."""
KEEP_DAYS: Final = 3650
SESSION_S: Final = 1080.0


class Points(NamedTuple):
    """Everything that the plots show. CPU in percent of one core, by rate; times in ms."""

    by_telemetry: dict[float, Spread]
    by_states: dict[float, Spread]
    stop_by_tables: dict[int, tuple[float, float]]
    broker_by_tables: dict[int, float]
    history: dict[str, dict[int, Spread]]
    ratios: dict[str, Spread]


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of growth."""
    for key, value in points(quick).ratios.items():
        yield Figure(f"growth.{key}", value)


@cache
def points(quick: bool) -> Points:
    """Measured once, also if the plots are drawn, too."""
    windows, window_s = (2, 1.0) if quick else (5, 3.0)
    with ExitStack() as held:
        broker = held.enter_context(Broker())
        telemetry = _cpu(broker, "hz", [(hz, 0.0) for hz in TELEMETRY_HZ], windows, window_s)
        states = _cpu(broker, "states", [(50.0, hz) for hz in STATES_HZ], windows, window_s)
        stops, costs, p50s = _tables(broker, 1 if quick else 3)
    history = _history(5 if quick else 25)
    saved = history["save"]
    return Points(
        {hz: _percent(telemetry[(hz, 0.0)], window_s) for hz in TELEMETRY_HZ},
        {hz: _percent(states[(50.0, hz)], window_s) for hz in STATES_HZ},
        stops,
        costs,
        {what: {count: spread([one * 1000 for one in given]) for count, given in of.items()}
         for what, of in history.items()},
        {
            "telemetry": _beside(telemetry[(200.0, 0.0)], telemetry[(50.0, 0.0)]),
            "states": _beside(states[(50.0, 10.0)], states[(50.0, 2.0)]),
            "tables": _beside(p50s[TABLES[-1]], p50s[TABLES[0]]),
            "history": _beside(saved[1095], saved[3]),
        },
    )  # fmt: skip


def _beside(of: Sequence[float], to: Sequence[float]) -> Spread:
    return ratio({"of": of, "to": to}, "of", "to")


def _percent(given: Sequence[float], window_s: float) -> Spread:
    return spread([100 * one / window_s for one in given])


# ---- a daemon alone -------------------------------------------------------------------------------------------------


def _cpu(
    broker: Broker, label: str, rates: Sequence[tuple[float, float]], windows: int, window_s: float
) -> dict[tuple[float, float], list[float]]:
    """Seconds of the processor in each window, at each rate of telemetry and of states, all at once."""
    with ExitStack() as held:
        hand = held.enter_context(closing(Hand(broker.port)))
        daemons: dict[tuple[float, float], Program] = {}
        senders: dict[tuple[float, float], Units] = {}
        for hz, changes in rates:
            name = _name(label, hz, changes)
            units = senders[(hz, changes)] = held.enter_context(Units([name], name, hz, changes))
            daemons[(hz, changes)] = held.enter_context(
                Program(*daemon_command(name, units.port(name), broker), name=name)
            )
        for rate in rates:
            until(partial(_linked, hand, _name(label, *rate)), f"a link at {rate}")
        time.sleep(1.0)
        sent = {rate: sender.telemetries() for rate, sender in senders.items()}
        counts, began_s = dict(hand.counts), time.monotonic()
        given: dict[tuple[float, float], list[float]] = {rate: [] for rate in rates}
        before = {rate: cpu_s(daemon.pid) for rate, daemon in daemons.items()}
        for _ in range(windows):
            time.sleep(window_s)
            for rate, daemon in daemons.items():
                daemon.check()
                now_s = cpu_s(daemon.pid)
                given[rate].append(now_s - before[rate])
                before[rate] = now_s
        took_s = time.monotonic() - began_s
        for hz, changes in rates:
            came = (senders[(hz, changes)].telemetries() - sent[(hz, changes)]) / took_s
            if came < hz * ENOUGH:
                raise BenchError(f"{came:.0f} telemetries a second instead of {hz:g}: the machine has too much to do")
            name = _name(label, hz, changes)
            told = (hand.counts.get(name, 0) - counts.get(name, 0)) / took_s
            if changes and not changes / 2 < told < changes * 2:
                raise BenchError(f"{told:.1f} states a second instead of {changes:g}")
    return given


def _name(label: str, hz: float, changes: float) -> str:
    return f"{label}-{hz * 10:.0f}-{changes * 10:.0f}"


def _linked(hand: Hand, name: str) -> bool:
    return hand.states.get(name, {}).get("state") == "standing"


# ---- many tables on one broker --------------------------------------------------------------------------------------


def _tables(
    broker: Broker, rounds: int
) -> tuple[dict[int, tuple[float, float]], dict[int, float], dict[int, list[float]]]:
    """Stop at p50 and p99 in ms, the broker's CPU in percent, and each round's p50; all by the number of tables."""
    given: dict[int, list[list[float]]] = {count: [] for count in TABLES}
    costs: dict[int, list[float]] = {count: [] for count in TABLES}
    name = "crowd"
    with ExitStack() as held:
        units = held.enter_context(Units([name], name))
        cable = held.enter_context(Cable(units.port(name), name, broker))
        daemon = held.enter_context(Program(*daemon_command(name, cable.port, broker), name=name))
        until(cable.answered, "a stop through the daemon")
        daemon.check()
        time.sleep(0.3)
        for number in range(rounds):
            for count in TABLES[:: -1 if number % 2 else 1]:
                with Program(
                    *python("benchmarks.peers.tables", str(broker.port), str(count - 1)), name="tables"
                ) as others:
                    others.says("ready")
                    time.sleep(0.5)
                    before_s, began_s = cpu_s(broker.pid), time.monotonic()
                    given[count].append(cable.stops_s(STOPS))
                    costs[count].append(100 * (cpu_s(broker.pid) - before_s) / (time.monotonic() - began_s))
                    others.check()
    pooled = {count: [one * 1000 for part in given[count] for one in part] for count in TABLES}
    return (
        {count: (percentile(pooled[count], 50.0), percentile(pooled[count], 99.0)) for count in TABLES},
        {count: percentile(costs[count], 50.0) for count in TABLES},
        {count: [percentile(part, 50.0) for part in given[count]] for count in TABLES},
    )


# ---- the history ----------------------------------------------------------------------------------------------------


def _history(rounds: int) -> dict[str, dict[int, list[float]]]:
    """Seconds to open the file, to save one more session, to read the newest twenty; by the sessions on record."""
    paths = {count: _file(count) for count in SESSIONS}
    with ExitStack() as held:
        opened = in_turns({str(count): partial(_open_s, paths[count]) for count in SESSIONS}, rounds)
        files = {
            count: held.enter_context(closing(HistoryFile.open(paths[count], KEEP_DAYS, time.time())))
            for count in SESSIONS
        }
        saved = in_turns({str(count): partial(_save_s, files[count]) for count in SESSIONS}, rounds)
        read = in_turns({str(count): partial(_read_s, files[count]) for count in SESSIONS}, rounds)
    return {
        what: {int(count): values for count, values in given.items()}
        for what, given in (("open", opened), ("save", saved), ("read", read))
    }


def _record(number: int) -> Record:
    """A session of 18 minutes that swings, as long on record as such sessions are."""
    trace = Trace()
    for at in range(0, int(SESSION_S), 20):
        trace.add(float(at), 15.0 if at % 40 else -5.0)
    return Record(
        f"s{number}", "guest", "circulation", time.time() - number * 8 * 3600.0, duration_s=SESSION_S,
        head_down_s=500.0, largest_deg=15.0, outcome="reached", trace=trace.pack(), complete=True,
    )  # fmt: skip


def _file(count: int) -> Path:
    """A history with so many sessions, the rows copied in one transaction."""
    path = folder() / f"history-{count}.sqlite3"
    record = _record(0)
    with closing(HistoryFile.open(path, KEEP_DAYS, time.time())) as file:
        file.save(replace(record, session="first"))
    with closing(sqlite3.connect(path)) as db, db:
        names = [row[1] for row in db.execute("PRAGMA table_info(session)") if row[1] not in ("number", "session")]
        columns = ", ".join(names)
        db.executemany(
            f"INSERT INTO session (session, {columns}) SELECT ?, {columns} FROM session WHERE session = 'first'",
            [(f"s{number}",) for number in range(1, count)],
        )
    return path


def _open_s(path: Path) -> float:
    began_s = time.perf_counter()
    with closing(HistoryFile.open(path, KEEP_DAYS, time.time())):
        return time.perf_counter() - began_s


def _save_s(file: HistoryFile) -> float:
    record = _record(time.monotonic_ns())
    began_s = time.perf_counter()
    file.save(replace(record, started_s=time.time()))
    return time.perf_counter() - began_s


def _read_s(file: HistoryFile) -> float:
    began_s = time.perf_counter()
    file.newest(20)
    return time.perf_counter() - began_s
