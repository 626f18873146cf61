"""The same trace: with the same faults at the same moments, the unit in C and the simulated one say and do the same.

*Side by side* both hear and sense the same, and only one of them moves the table: angle, rate, power and every word of
both agree, within one tick. One thing is decided by less than fixed and floating point differ: whether the table moves,
where its rate is 0.20 °/s. It moves when it was as fast for five ticks, so that for five ticks one may say it longer.

*Each on its own table* both go the same way: the motors get what differs in the third digit, the tables are hundredths
of a degree apart, and a sensor counts one more. What is decided at the edge of its noise, where a motion ends at level,
is decided some ticks earlier or later: two or three as a rule, five at most were seen.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from protocol.messages import Flag, Telemetry
from simulator.faults import KINDS, Kind
from simulator.physics import Person
from tests.simulator.host import Host
from tests.simulator.test_faults_catalogue import Bench

from . import table
from .build import need
from .table import Pair

Play = Callable[["Trace"], None]
HERE = [kind for kind in KINDS if kind.make is not None]
ANGLE_DEG = 0.15
POWER = 0.02
TICKS = 1
MOVING_DPS = 0.2
MOVING_TICKS = 5
ARRIVING_TICKS = 10
ARRIVED_DEG = 0.2
HEAVY = Person(136.0, -0.1)


@dataclass
class Trace:
    """What one unit did: the true angle and what was told at each tick."""

    angles: list[float] = field(default_factory=list)
    told: list[tuple[int, int, int, int]] = field(default_factory=list)

    def watch(self, host: Host) -> None:
        """Keep what this host's table does from now on."""
        tick = host.tick

        def watched() -> None:
            tick()
            told = host.link.telemetry
            self.angles.append(host.table.physics.bed_deg)
            self.told.append((told.rung, told.causes, told.latched, told.stop_count) if told else (0, 0, 0, 0))

        host.tick = watched  # type: ignore[method-assign]


def differences(one: Trace, other: Trace) -> list[str]:
    """Where two tables did not go the same way."""
    found = []
    apart = [abs(a - b) for a, b in zip(one.angles, other.angles, strict=True)]
    if max(apart) > ANGLE_DEG:
        at = next(i for i, deg in enumerate(apart) if deg > ANGLE_DEG)
        found.append(f"at tick {at} the angles are {one.angles[at]:.2f}° and {other.angles[at]:.2f}°")
    for at, told in enumerate(one.told):
        ticks = ARRIVING_TICKS if abs(one.angles[at]) < ARRIVED_DEG else TICKS
        if told not in other.told[max(0, at - ticks) : at + ticks + 1]:
            found.append(f"at tick {at} (rung, causes, latched, stops) are {told} and {other.told[at]}")
            break
    return found


def words(told: Telemetry) -> tuple[int, ...]:
    """Every word that a unit says. Whether the motor is driven at all by less than 0.01 °/s is a matter of rounding."""
    flags = told.flags & ~int(Flag.DRIVEN)
    states = (told.rung, told.causes, told.latched, told.stop_count, told.nonce, told.arm_presses, told.episode_s)
    return (*(flags >> bit & 1 for bit in range(16)), *states)


def at_the_edge(pair: Pair, at: int) -> bool:
    """Whether one unit may have seen the table move, and the other not, just before."""
    rates = [abs(one.rate_dps) for one, _ in pair.told[max(0, at - MOVING_TICKS) : at + 1]]
    return any(abs(rate_dps - MOVING_DPS) < 0.005 for rate_dps in rates)


def contradictions(pair: Pair) -> list[str]:
    """Where two units that heard and sensed the same did not say and do the same."""
    found: list[str] = []
    for at, ((one, other), (given, mine)) in enumerate(zip(pair.told, pair.given, strict=True)):
        ticks = MOVING_TICKS if at_the_edge(pair, at) else TICKS
        near = range(max(0, at - ticks), min(at + ticks + 1, len(pair.told)))
        last = given if at + 1 == len(pair.told) else pair.given[at + 1][0]
        for what, same in (
            ("angle", abs(one.angle_deg - other.angle_deg) < 0.011),
            ("rate", abs(one.rate_dps - other.rate_dps) < 0.011),
            ("head-down time", one.head_down_s == other.head_down_s),
            ("heat", abs(one.heat - other.heat) < 0.011),
            ("words", all(any(words(one)[i] == words(pair.told[n][1])[i] for n in near) for i in range(23))),
            ("brake", any(given.brake == pair.given[n][1].brake for n in near)),
            ("power", given.brake or mine.brake or last.brake or abs(given.power - mine.power) < POWER),
        ):
            if not same:
                found.append(f"{what} at tick {at}: {one} {given}, but {other} {mine}")
    return found[:1]


def both(play: Play) -> tuple[Trace, Trace]:
    """A scenario with the simulated unit and with the one in C."""
    need("gcc")
    traces = []
    for inside in (nullcontext(), table.in_c()):
        trace = Trace()
        with inside:
            play(trace)
        traces.append(trace)
    return traces[0], traces[1]


def led(trace: Trace, start_deg: float, person: Person | None = None) -> Bench:
    """A table that is watched, on its way from there to 20° head down."""
    bench = Bench(seed=7)
    if person is not None:
        bench.table.physics.person = person
    bench.table.physics.bed_deg = bench.table.physics.drive_deg = start_deg
    bench.table.physics.disturb()
    bench.table.physics.advance(0.0, True, 10_000)
    bench.meet()
    trace.watch(bench)
    assert bench.arm()
    bench.lead(20.0, 2.0)
    return bench


def session_with(kind: Kind, begins_s: float, trace: Trace) -> None:
    """Up to 20°, a fault of its usual length on the way, there, or going home, and what comes after."""
    bench = led(trace, -4.0)
    bench.run(begins_s)
    bench.injector.begin(kind)
    bench.run(16.0 - begins_s)
    bench.level()
    bench.run(14.0)


@pytest.mark.parametrize("begins_s", [5.0, 13.0])
@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.name)
def test_both_say_and_do_the_same_side_by_side(kind: Kind, begins_s: float) -> None:
    """Every kind of fault, on the way up and head down."""
    need("gcc")
    with table.side_by_side() as pairs:
        session_with(kind, begins_s, Trace())
    assert sum(len(pair.told) for pair in pairs) > 1000
    assert [contradictions(pair) for pair in pairs] == [[]] * len(pairs)


@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.name)
def test_each_goes_the_same_way_on_its_own_table(kind: Kind) -> None:
    def play(trace: Trace) -> None:
        session_with(kind, 13.0, trace)

    assert differences(*both(play)) == []


def up_and_home(trace: Trace) -> None:
    bench = led(trace, -60.0)
    bench.run(50.0)
    bench.level()
    bench.run(20.0)
    bench.lead(-60.0, 3.0)
    bench.run(30.0)


def heavy(trace: Trace) -> None:
    bench = led(trace, -4.0, HEAVY)
    bench.run(10.0)
    bench.table.physics.arms_wanted = 1.0
    bench.table.physics.disturb()
    bench.run(10.0)
    bench.level()
    bench.run(20.0)


def stopped(trace: Trace) -> None:
    """Three more stops restart the 20 s, the fourth does not; then R1, slowly."""
    bench = led(trace, -4.0)
    bench.run(11.0)
    for _ in range(5):
        bench.stop()
        bench.run(9.0)
    bench.run(50.0)


def over_time(trace: Trace) -> None:
    bench = led(trace, -4.0)
    bench.run(330.0)


def silent(trace: Trace) -> None:
    bench = led(trace, -4.0)
    bench.run(11.0)
    bench.target_deg = None
    bench.silent = True
    bench.wire.through = lambda data, way, now_ms: b"" if way == 0 else data  # type: ignore[method-assign]
    bench.run(30.0)


def reset_twice(trace: Trace) -> None:
    bench = led(trace, -4.0)
    bench.run(11.0)
    bench.table.reset_unit()
    bench.run(3.0)
    bench.table.reset_unit()
    bench.run(10.0)


SCENARIOS = pytest.mark.parametrize("play", [up_and_home, heavy, stopped, over_time, silent, reset_twice])


@SCENARIOS
def test_a_scenario_side_by_side(play: Play) -> None:
    need("gcc")
    with table.side_by_side() as pairs:
        play(Trace())
    assert [contradictions(pair) for pair in pairs] == [[]] * len(pairs)


@SCENARIOS
def test_a_scenario_on_its_own_table(play: Play) -> None:
    python, c = both(play)
    assert differences(python, c) == []
    assert max(python.angles) > 15.0


def test_a_difference_is_seen() -> None:
    """The comparison itself: a motion that is late, and one that is told otherwise."""
    one = Trace([0.0, 1.0, 2.0], [(0, 0, 0, 0), (2, 4, 0, 0), (2, 4, 0, 0)])
    assert differences(one, Trace([0.1, 1.1, 2.1], [(0, 0, 0, 0), (0, 0, 0, 0), (2, 4, 0, 0)])) == []
    assert len(differences(one, Trace([0.2, 1.0, 2.0], one.told))) == 1
    assert len(differences(one, Trace(one.angles, [(0, 0, 0, 0)] * 3))) == 1
