"""How steadily the control loop turns, beside asyncio's timer and the best that C can do here.

The daemon's loop has no timer: telemetry wakes it. So its lateness is the time from the end of a telemetry to the end
of the answer, work included, while a session moves the table; its jitter is how much further apart two answers are
than their telemetries. All three run in the same seconds. What the daemon itself tells of its jitter comes behind.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from itertools import pairwise
from typing import Final

from . import loop_told
from .hand import Hand
from .measure import BenchError, Figure, Spread, percentile, spread, spread_of_percentile
from .rig import Broker, Cable, Program, compiled, daemon_command, python
from .units_client import Units

US: Final = 1e6
NAME: Final = "loop"
ROUND: Final = 250
"""Turns: five seconds."""


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of the loop."""
    rounds = 1 if quick else 4
    answers: list[list[float]] = []
    jitter: list[float] = []
    asyncio_late: list[float] = []
    floor_late: list[float] = []
    with ExitStack() as held:
        broker = held.enter_context(Broker())
        units = held.enter_context(Units([NAME], NAME))
        hand = held.enter_context(closing(Hand(broker.port)))
        cable = held.enter_context(Cable(units.port(NAME), NAME, broker))
        daemon = held.enter_context(Program(*daemon_command(NAME, cable.port, broker), name=NAME))
        hand.start(NAME)
        for _ in range(rounds):
            with (
                Program(*python("benchmarks.peers.asyncio_pace", str(ROUND)), name="asyncio") as timer,
                Program(compiled("pace"), str(ROUND), name="pace") as floor,
            ):
                pairs = cable.answers_s(ROUND)
                asyncio_late += _late_us(timer)
                floor_late += _late_us(floor)
            daemon.check()
            answers.append([(seen_s - passed_s) * US for passed_s, seen_s in pairs])
            jitter += [abs((b[1] - a[1]) - (b[0] - a[0])) * US for a, b in pairwise(pairs)]
    yield Figure("loop.answer_p50", spread([percentile(one, 50.0) for one in answers]))
    yield Figure("loop.answer_p99", _p99([value for one in answers for value in one]))
    yield Figure("loop.period_p99", _p99(jitter))
    yield Figure("loop.asyncio_p99", _p99(asyncio_late))
    yield Figure("loop.floor_p99", _p99(floor_late))
    yield from loop_told.measure(quick)


def _p99(values: Sequence[float]) -> Spread:
    return spread_of_percentile(values, 99.0)


def _late_us(program: Program) -> list[float]:
    """What a pacer printed, once it has ended."""
    if program.process.wait(ROUND) != 0:
        raise BenchError(f"a pacer failed: {program.log.read_text('utf-8', 'replace')[-200:]}")
    return [int(line) / 1000 for line in program.log.read_text("utf-8").split()]
