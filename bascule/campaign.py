"""Falsification: thousands of simulated sessions with faults, each judged by every monitor.

A run is decided by its number alone: `plan` makes of it a state to begin in, a person, faults with their amounts and
times, and what people press meanwhile. `--seed N --runs 1` is the same run again. `matrix` and `pairs` number every
cell of their tables in the same way.

Runs are independent and small, so that any `concurrent.futures.Executor` can do them (see `falsify`).
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations, islice
from math import inf
from random import Random
from typing import Final

from controller.model import State, Verb
from protocol.messages import Cause, Rung
from simulator.faults import CATALOGUE, KINDS, Kind, Layer

from .campaign_faults import Going
from .campaign_rig import Rig
from .campaign_states import PEOPLE, STATES, begin
from .campaign_trace import Mark, Trace
from .monitors import MONITORS

STOPPED: Final = int(Cause.STOPPED)
SETTLED_S: Final = 3.0
"""A run ends when nothing has happened for so long. Chosen: longer than any reaction takes to begin."""
LONGEST_S: Final = 150.0
"""No run takes longer: two freezes of 20 s and a slow return from 30°."""
DAY_S: Final = 86_400.0
"""The window of the budget, restated from docs/domain.md."""
BATCH: Final = 5
"""Runs in one task for a worker: tenths of a second each, so that no worker is left waiting for another at the end."""
WAITING: Final = 4
"""Tasks a worker may have queued."""
MATRIX_STATES: Final = ("armed", "setting_out", "going_down", "holding", "returning", "frozen", "standing_up")
TIMINGS_S: Final = (0.1, 0.7, 2.5)
PRESSES: Final = (Verb.STOP, Verb.LEVEL, Verb.LEVEL, Verb.STAND, Verb.PAUSE, Verb.RESUME, Verb.ACKNOWLEDGE, Verb.ARM,
                  Verb.START, Verb.SKIP)  # fmt: skip
SMALLEST: Final = 0.2
"""Part of the largest amount."""
MOVING_STATES: Final = ("setting_out", "going_down", "returning", "standing_up")
MOVE_AFTER_S: Final = 0.5
"""When somebody asks for a motion, where a fault only shows in one."""


Planned = tuple[float, str, float | None]
"""When a fault begins, its kind, and how much of it."""


class Mode(StrEnum):
    """What the number of a run stands for."""

    RANDOM = "random"
    MATRIX = "matrix"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True)
class Plan:
    """One run before it begins. Times in seconds from its beginning."""

    number: int
    state: str
    person: int
    depth: int
    faults: tuple[Planned, ...]
    presses: tuple[tuple[float, Verb], ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One run after it: the robustness of each monitor, in their order, and what happened when asked for."""

    number: int
    robustness: tuple[float, ...]
    seconds: float
    unacted: tuple[str, ...] = ()
    story: tuple[Mark, ...] = ()

    @property
    def violated(self) -> tuple[str, ...]:
        """The requirements that did not hold."""
        return tuple(one.name for one, value in zip(MONITORS, self.robustness, strict=True) if value < 0.0)


# ---- plans ----------------------------------------------------------------------------------------------------------


CELLS: Final = tuple((kind.name, state, at_s) for kind in KINDS for state in MATRIX_STATES for at_s in TIMINGS_S)
"""Every kind in every state at every timing."""
RESTARTS: Final = ("unit_resets", "unit_hangs", "power_cut")
JAMMED: Final = "stall"
NOT_JAMMED: Final = ("brake_slips", "runaway")
"""What is jammed neither slips nor runs."""
DUOS: Final = tuple(
    duo for duo in combinations(CATALOGUE, 2) if JAMMED not in duo or not {*duo}.intersection(NOT_JAMMED)
)
"""All pairs of kinds."""


def count(mode: Mode) -> int:
    """How many runs a mode has; random ones have no end."""
    if mode is Mode.RANDOM:
        raise ValueError("random runs have no end")
    return len(CELLS if mode is Mode.MATRIX else DUOS)


def plan(number: int, mode: Mode = Mode.RANDOM) -> Plan:
    """The run of this number. ValueError if a table has no such cell."""
    random = Random(f"{mode} {number}")
    if mode is Mode.RANDOM:
        return _random_plan(number, random)
    if not 0 <= number < count(mode):
        raise ValueError(f"{mode} has {count(mode)} runs, from 0; there is no {number}")
    if mode is Mode.MATRIX:
        name, state, at_s = CELLS[number]
        faults: tuple[Planned, ...] = ((at_s, name, None),)
    else:
        state = random.choice(MATRIX_STATES)
        faults = _in_order([(round(random.uniform(0.1, 4.0), 2), name, _amount(name, random)) for name in DUOS[number]])
    return Plan(number, state, _person(faults, random), 0, faults, _motion(state, faults))


def _random_plan(number: int, random: Random) -> Plan:
    """One to three faults, and up to three presses around them. What only shows in a motion begins at once."""
    state = random.choice(tuple(STATES))
    names = random.sample(tuple(CATALOGUE), random.choice((1, 1, 1, 2, 2, 3)))
    if JAMMED in names:
        names = [name for name in names if name not in NOT_JAMMED]
    faults = _in_order([(_when(name, random), name, _amount(name, random)) for name in names])
    motion = _motion(state, faults)
    presses = [
        (round(random.uniform(0.0, 8.0), 2), random.choice(PRESSES)) for _ in range(random.choice((0, 0, 1, 2, 3)))
    ]
    if any(CATALOGUE[name].moving or CATALOGUE[name].resting for name in names):
        presses = [(at_s + 2.0, verb) for at_s, verb in presses]
    depth = random.choice((0, 0, 0, 1, 1, 2))
    return Plan(number, state, _person(faults, random), depth, faults, tuple(sorted((*presses, *motion))))


def _when(name: str, random: Random) -> float:
    at_s = round(random.expovariate(0.6), 2)
    return 0.1 if CATALOGUE[name].moving or CATALOGUE[name].resting else at_s


def _in_order(faults: Sequence[Planned]) -> tuple[Planned, ...]:
    """By time; but what only shows in a motion, at rest, or in bytes on the wire comes before what may end all that.

    What only shows in a motion begins together: each of it may end the motion.
    """
    times = sorted(at_s for at_s, _, _ in faults)
    ordered = sorted(faults, key=lambda one: (_rank(CATALOGUE[one[1]]), one[0]))
    return tuple(
        (times[0] if CATALOGUE[name].moving else at_s, name, amount)
        for at_s, (_, name, amount) in zip(times, ordered, strict=True)
    )


def _rank(kind: Kind) -> int:
    """A motor that runs by itself gets no power to show what else is wrong with it; a sensor that is gone shows no
    other fault of its; a controller that is gone sends nothing to damage."""
    if kind.moving or kind.resting:
        return 2 if kind.resting else int(kind.name == "runaway")
    return 3 if kind.layer is Layer.WIRE else 5 if kind.name.endswith("_gone") or kind.name == "host_killed" else 4


def _amount(name: str, random: Random) -> float | None:
    amount = CATALOGUE[name].amount
    if amount is None:
        return None
    value = random.uniform(amount.least, amount.most)
    if amount.least < 0.0 < amount.most:
        value = random.choice((amount.least, amount.most)) * random.uniform(SMALLEST, 1.0)  # nearly 0 is no fault
    return round(value, 3)


def _motion(state: str, faults: Sequence[Planned]) -> tuple[tuple[float, Verb], ...]:
    """A press that moves the table, or lets it rest, where a fault would show in nothing else."""
    kinds = [(at_s, CATALOGUE[name]) for at_s, name, _ in faults]
    moving = [at_s for at_s, kind in kinds if kind.moving]
    if moving and state not in MOVING_STATES:
        return ((max(moving) + MOVE_AFTER_S, Verb.START if state == "armed" else Verb.LEVEL),)
    resting = [at_s for at_s, kind in kinds if kind.resting]
    if resting and state in (*MOVING_STATES, "oscillating"):
        return ((max(resting) + MOVE_AFTER_S, Verb.STOP),)
    return ()


def _person(faults: Sequence[Planned], random: Random) -> int:
    """Somebody; where a brake has to slip, somebody who is a load for it."""
    resting = any(CATALOGUE[name].resting for _, name, _ in faults)
    return random.choice([i for i, person in enumerate(PEOPLE) if person.offset_m or not resting])


# ---- one run --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Running:
    """A run under way."""

    rig: Rig
    going: list[Going]
    still_s: float = 0.0
    calm_s: float = 0.0

    def settled(self, last_s: float) -> bool:
        """Whether it is over: all faults have acted, and nothing has moved, or a session has gone on, for a while."""
        rig, now_s = self.rig, self.rig.now_s
        physics, tap, state = rig.table.physics, rig.unit_tap, rig.state
        moving = abs(physics.drive_dps) > 0.02
        self.still_s = 0.0 if moving else self.still_s + 0.02
        if now_s < last_s + SETTLED_S or not all(one.over or (one.acted and not one.kind.for_s) for one in self.going):
            self.calm_s = 0.0
            return False
        live = state in (State.RUNNING, State.PAUSED) and rig.alive and tap.rung == Rung.NONE
        self.calm_s = self.calm_s + 0.02 if live else 0.0
        if self.calm_s >= SETTLED_S:
            return True
        frozen = tap.active & STOPPED and physics.bed_deg > 1.0
        waits = (physics.bed_deg > 2.5 or frozen) and tap.rung != Rung.HOLD and not self._lost()
        return self.still_s >= SETTLED_S and not waits

    def _lost(self) -> bool:
        """Nobody there: nothing will move by itself."""
        return not (self.rig.table.switches.ankles_locked or self.rig.table.switches.occupied)


def run(number: int, mode: Mode = Mode.RANDOM, story: bool = False) -> Result:
    """Do one run and judge it."""
    return do(plan(number, mode), story)


def do(planned: Plan, story: bool = False) -> Result:
    """Do a planned run and judge it."""
    trace = record(planned)
    robustness = tuple(one.robustness(trace) for one in MONITORS)
    return Result(
        planned.number, robustness, trace.samples[-1].now_s - trace.samples[0].now_s, trace.unacted,
        tuple(trace.marks) if story else (),
    )  # fmt: skip


def record(planned: Plan) -> Trace:
    """Do a planned run; what really happened in it."""
    random = Random(planned.number)
    rig = begin(planned.state, planned.person, planned.depth, planned.number)
    kinds = [CATALOGUE[name] for _, name, _ in planned.faults]
    trace = rig.record = Trace(tuple(kind.name for kind in kinds))
    trace.deep_before_s, trace.episode_before_s = rig.last_deep_s, rig.episode_before_s
    trace.may_strand = may_strand(kinds)
    zero_s = rig.now_s
    going = [Going(name, amount, random) for _, name, amount in planned.faults]
    presses = [(zero_s + at_s, verb) for at_s, verb in planned.presses]
    faults = [(zero_s + at_s, one) for (at_s, _, _), one in zip(planned.faults, going, strict=True)]
    last_s = max([zero_s, *(at_s for at_s, _ in presses), *(at_s for at_s, _ in faults)])
    running = _Running(rig, going)
    begun: list[Going] = []
    while True:
        # Each begins when the one before has changed something: after it there may be nothing left to change.
        while faults and faults[0][0] <= rig.now_s and not (begun and not begun[-1].acted):
            begun.append(faults.pop(0)[1])
            begun[-1].begin(rig)
        while presses and presses[0][0] <= rig.now_s:
            verb = presses.pop(0)[1]
            rig.press(verb, **({"preset": "gentle"} if verb is Verb.START else {}))
        for one in begun:
            one.tick(rig)
        rig.tick()
        if not (presses or faults) and running.settled(last_s):
            break
        if rig.now_s - zero_s > LONGEST_S:
            trace.settled = False
            break
    trace.unacted = tuple(one.kind.name for one in going if not one.acted)
    _account(rig, trace)
    return trace


def may_strand(kinds: Sequence[Kind]) -> bool:
    """Whether R3 may be the right end: a kind that strands, or two that do so together.

    Both sensors broken, nobody there and a lock open, two restarts of the unit within a minute, a motor so weak that
    the sensor's fault hides what it does.
    """
    sensors = {kind.name.split("_")[0] for kind in kinds if kind.layer is Layer.SENSORS}
    gone = {"nobody_sensed", "ankle_lock_open"} <= {kind.name for kind in kinds}
    restarts = sum(kind.name in RESTARTS for kind in kinds) > 1
    hidden = bool(sensors) and any(kind.name == "weak_motor" for kind in kinds)
    return any(kind.strands for kind in kinds) or len(sensors) > 1 or gone or restarts or hidden


def _account(rig: Rig, trace: Trace) -> None:
    """What the person's account says, where the controller had a chance to know: linked, and its ledger works.

    Where the unit can't tell that the table is level, the session's time is not settled yet. What counts then is what
    a settlement would charge now: the reservation, or the unit's own count if that is more. A clock that was set
    forward by a day while the host was off can't be told from a day that passed (F18, `controller.account.Clock`).
    """
    estimate = rig.core.estimate if rig.alive else None
    if estimate is None or rig.disk or rig.angle_deg > 2.5 or rig.ledger_s - rig.now_s >= DAY_S:
        return
    trace.charged_s = rig.account.head_down_today_s("guest", rig.ledger_s)
    if estimate.head_down and rig.core.conduct.booking.session is not None:
        trace.charged_s = max(trace.charged_s, estimate.head_down_s)
    trace.exposed_s = rig.exposed_s


# ---- many runs ------------------------------------------------------------------------------------------------------


def batch(numbers: Sequence[int], mode: Mode) -> list[Result]:
    """Some runs, one after the other: what a worker does."""
    return [run(number, mode) for number in numbers]


@dataclass(slots=True)
class Findings:
    """What all runs together showed: the least robustness of each requirement, whose it is, and every violation.

    The same for the same runs, in whatever order they came: of equals it names the lowest number.
    """

    runs: int = 0
    simulated_ms: int = 0
    judged: list[int] = field(default_factory=lambda: [0] * len(MONITORS))
    least: list[float] = field(default_factory=lambda: [inf] * len(MONITORS))
    seed: list[int | None] = field(default_factory=lambda: [None] * len(MONITORS))
    violations: list[Result] = field(default_factory=list)

    def take(self, result: Result) -> None:
        """One more run."""
        self.runs += 1
        self.simulated_ms += round(result.seconds * 1000)
        for i, value in enumerate(result.robustness):
            self.judged[i] += value != inf
            seed = self.seed[i]
            # Of those alike the first by number, not by when a worker was done.
            if value < self.least[i] or (seed is not None and value == self.least[i] and result.number < seed):
                self.least[i], self.seed[i] = value, result.number
        if result.violated:
            self.violations.append(result)

    @property
    def simulated_s(self) -> float:
        """Virtual seconds in all."""
        return self.simulated_ms / 1000


def falsify(
    numbers: Sequence[int],
    mode: Mode,
    executor: Executor,
    jobs: int,
    progress: Callable[[int], None] = lambda _: None,
) -> Findings:
    """Do these runs on an executor's workers; `progress` hears how many are done each time some are.

    Any `concurrent.futures.Executor` will do. On a cluster of Dask: `Client(address).get_executor()`.
    """
    findings = Findings()
    batches = (numbers[i : i + BATCH] for i in range(0, len(numbers), BATCH))
    pending: set[Future[list[Result]]] = set()
    while True:
        for some in islice(batches, max(jobs * WAITING - len(pending), 0)):
            pending.add(executor.submit(batch, some, mode))
        if not pending:
            break
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in done:
            for result in future.result():
                findings.take(result)
        progress(findings.runs)
    findings.violations.sort(key=lambda result: result.number)
    return findings
