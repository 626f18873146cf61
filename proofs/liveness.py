"""Whoever is to come back to level does: how long a return takes at most (H1), checked on every state there is.

A return is an argument about rank. `rank_ms` says how long a state still needs at most. Every state and everything
that may happen in it are walked through with the kernel's own functions, in the order in which `simulator/ladder.py`
asks them; after each step the time it took and the rank of what came out of it must not be more than the rank before.
So no way leads round in a circle, none leads out of the return, and the rank is a bound.

Abstracted, so not shown here:

- The angle is one number in steps of 0.5°, though two sensors may differ by up to 3°. A return goes one step down in
  3 s at the most. That is not assumed of the motor: where it is not so, `simulator/watch.py` calls it a stall and the
  ladder ends at R3 (it judges where 1.5° were commanded; a return commands 0.9 °/s at least until it is at level). No
  rate leads up meanwhile: that is proved apart (`no_automatic_reaction_ever_leads_up`).
- Causes stand for all that the kernel treats alike (`kinds`, computed from its masks): OVER_TIME also for an open ankle
  lock, a restart, a hot motor and a low supply, OVER_ANGLE for each fault that leads to level, ESTOP for each that
  holds. A warm motor and a broken level switch only refuse, which a return does not ask about.
- What takes the return away is left out, as it is meant to: a cause that holds (R3), a motor that runs the wrong way,
  an angle that is not trusted (R2, `blind_bound_ms`), nobody sensed with an ankle lock open (F26), a second reset.
- Stops and resets are counted, as each one holds it up: somebody who presses stop for ever stays where they are. (The
  20 s of a freeze begin anew three times at most; here each stop is charged with them.)
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

from protocol.messages import CAUSES, Cause
from simulator import kernel
from simulator.motion import BLIND_RESERVE_DEG, BLIND_SLOWEST_DPS
from simulator.watch import PROGRESS_DEG, PROGRESS_MS

from .invariant import controls

TICK_MS: Final = 20
STEP_CDEG: Final = round(PROGRESS_DEG * 100)
SETTLE_MS: Final = 600
"""After a reset the unit watches its sensors before it moves (`simulator/unit.py`)."""
OVER_TIME, OVER_ANGLE = int(Cause.OVER_TIME), int(Cause.OVER_ANGLE)
RESTARTED, ESTOP = int(Cause.RESTARTED), int(Cause.ESTOP)
ACTIVE: Final = (
    kernel.STOPPED, kernel.LEVEL_WISHED, kernel.HOST_SILENT, kernel.LEASE_EXPIRED, OVER_TIME, OVER_ANGLE,
    kernel.FROZEN_LONG,
)  # fmt: skip
"""One of each kind of cause that may be at work in a return."""
LATCHED: Final = (OVER_ANGLE, ESTOP, kernel.PERSON_LOST)
"""One of each kind that may be left from before; a latched R3 or a lost person yields to a wish for level."""
STOP, STOP_AGAIN, LEVEL, SETPOINT, ARM, ACKNOWLEDGE, RESET, NOTHING = range(8)
"""What may come from outside in a step, beside causes and silence."""


class State(NamedTuple):
    """The causes of a table head down."""

    active: int
    latched: int


class Event(NamedTuple):
    """What happens in a step: something that comes, causes that appear, a silent host, an expired lease."""

    comes: int
    causes: int
    silent: bool
    expired: bool


EVENTS: Final = tuple(
    Event(*event)
    for event in product(range(8), (0, OVER_TIME, OVER_ANGLE, OVER_TIME | OVER_ANGLE), (False, True), (False, True))
)


def _braking() -> tuple[int, int]:
    """Time (ms) and travel (cdeg, rounded up) of a protective stop from the highest rate."""
    rate_cdps, ticks, moved = kernel.HARD_RATE_CDPS, 0, 0
    while rate_cdps and ticks < 1000:
        moved += rate_cdps
        rate_cdps = kernel.braking(rate_cdps)
        ticks += 1
    return ticks * TICK_MS, -(-moved * TICK_MS // 1000)


BRAKE_MS, BRAKE_CDEG = _braking()
INTERRUPTED_MS: Final = BRAKE_MS + SETTLE_MS + PROGRESS_MS
"""What a stop or a reset costs beside the freeze: braking, waking up, and the step of 0.5° that has to begin anew."""
FARTHEST_CDEG: Final = kernel.HARD_LIMIT_CDEG + kernel.OVER_ANGLE_MARGIN_CDEG + 18 + BRAKE_CDEG
"""The limit and 1°, what 3 °/s add in the 60 ms until that is seen (`simulator/ladder.py`), and the stop after it."""


def kinds() -> dict[tuple[int, ...], list[Cause]]:
    """Causes by what the kernel asks of them: two in the same masks are the same to it."""
    masks = (
        kernel.HOLD_MASK, kernel.BLIND_MASK, kernel.LEVEL_MASK, kernel.LATCHING_MASK, kernel.ENDS_AT_LEVEL, kernel.KEPT,
        kernel.STOPPED, kernel.LEVEL_WISHED, kernel.HOST_SILENT, kernel.LEASE_EXPIRED, kernel.PERSON_LOST,
        kernel.FROZEN_LONG, kernel.BLOCKING_MASK, kernel.WRONG_WAY,
    )  # fmt: skip
    found: dict[tuple[int, ...], list[Cause]] = {}
    for cause in CAUSES:
        found.setdefault(tuple(int(cause & mask != 0) for mask in masks), []).append(cause)
    return found


def states() -> Iterator[State]:
    """Every state of a trusted table head down, with every fault latched that is at work: a tick leaves no other."""
    for active, latched in product(range(1 << len(ACTIVE)), range(1 << len(LATCHED))):
        state = State(_pick(ACTIVE, active), _pick(LATCHED, latched))
        if not state.active & OVER_ANGLE & ~state.latched:
            yield state


def _pick(causes: tuple[int, ...], which: int) -> int:
    return sum(cause for place, cause in enumerate(causes) if which >> place & 1)


def reaction(state: State) -> int:
    """What the unit does, even if the host leases a setpoint."""
    return kernel.reaction(kernel.rung(state.active, state.latched, True), state.active, True)


def thawed(state: State) -> State:
    """What a freeze has become 20 s later."""
    return state._replace(active=kernel.thaw(state.active, True, False, kernel.FROZEN_MS))


def step(state: State, event: Event) -> tuple[State, bool]:
    """What becomes of a state, and whether that was an interruption: a reset, or a stop that freezes or freezes anew.

    The host that asks is the worst there is: armed, with every count right, and a person locked in.
    """
    active, latched = state
    interrupted = False
    if event.comes in (STOP, STOP_AGAIN):
        stopped = kernel.stop(active, event.comes == STOP_AGAIN)
        interrupted = stopped != active or event.comes == STOP
        active = stopped
    elif event.comes == LEVEL:
        active = kernel.wish_level(active, True)
    elif event.comes == SETPOINT:
        frozen = active & kernel.STOPPED != 0
        if not kernel.refuse_setpoint(0, 0, kernel.rung(active, latched, True), frozen, True, True, True, 0, 0):
            active = kernel.begin(active)
    elif event.comes == ARM:
        if not kernel.refuse_arm(0, 0, True, False, True, True, active, latched):
            active = kernel.begin(active)
    elif event.comes == ACKNOWLEDGE:
        latched = kernel.acknowledge(latched, active, True)
    elif event.comes == RESET:
        active, interrupted = RESTARTED | kernel.HOST_SILENT, True
    active = kernel.judge_host(active & kernel.KEPT, event.silent, event.expired, True, True) | event.causes
    active = kernel.settle(active, True, True, False)
    return State(active, kernel.latch(latched, active)), interrupted


def rank_ms(state: State, angle_cdeg: int, interruptions: int) -> int:
    """How long a state that returns needs at most to level, if it is interrupted no more often than that."""
    steps = max(-(-(angle_cdeg - kernel.LEVEL_CDEG) // STEP_CDEG), 0)
    frozen_ms = kernel.FROZEN_MS if state.active & kernel.STOPPED else 0
    return steps * PROGRESS_MS + frozen_ms + interruptions * (kernel.FROZEN_MS + INTERRUPTED_MS)


def bound_ms(interruptions: int) -> int:
    """How long a return takes at most: from the farthest angle, begun in full motion, interrupted so often."""
    return BRAKE_MS + rank_ms(State(kernel.LEVEL_WISHED, 0), FARTHEST_CDEG, interruptions)


def blind_bound_ms() -> int:
    """When a blind return (R2) has ended at the latest, at the level switch or as R3 (`simulator/motion.py`)."""
    return round((FARTHEST_CDEG / 100 + BLIND_RESERVE_DEG) / BLIND_SLOWEST_DPS * 1000) + BRAKE_MS


def _spent(state: State, event: Event, angle_cdeg: int) -> int:
    """Time that a step takes and that is needed after it, of a return that may be interrupted once more."""
    after, interrupted = step(state, event)
    if interrupted:
        waited_ms = kernel.FROZEN_MS if state.active & kernel.STOPPED else 0
        return waited_ms + INTERRUPTED_MS + rank_ms(after, angle_cdeg, 0)
    if after.active & kernel.STOPPED:
        return kernel.FROZEN_MS + rank_ms(thawed(after), angle_cdeg, 1)
    return PROGRESS_MS + rank_ms(after, angle_cdeg - STEP_CDEG, 1)


def violations() -> Iterator[str]:
    """Every step that breaks the argument, in words. None is the proof."""
    angle_cdeg = kernel.LEVEL_CDEG + 2 * STEP_CDEG  # any one: no decision of the kernel's depends on it
    for state, event in product(states(), EVENTS):
        after, interrupted = step(state, event)
        held = (after.active | after.latched) & (kernel.HOLD_MASK | kernel.PERSON_LOST)
        goes_on = reaction(thawed(after)) == kernel.RETURN
        if event.comes == LEVEL and reaction(after) != kernel.RETURN:
            yield f"level does not move: {state}, {event}"
        elif event.silent and not held and not goes_on:
            yield f"silence does not lead home: {state}, {event}"
        elif reaction(thawed(state)) == kernel.RETURN:
            if not goes_on:
                # What was held before moved for a wish only; a stop ends that, and it takes another wish.
                if not (interrupted and held):
                    yield f"the return ends: {state}, {event}"
            elif _spent(state, event, angle_cdeg) > rank_ms(state, angle_cdeg, 1):
                yield f"it takes longer than it may: {state}, {event}"


@controls("H1", "F11", "F17")
def every_return_reaches_level_in_time() -> bool:
    """Below R3 a wish for level or 2 s of silence lead home, nothing but stop and reset holds that up, and it ends.

    From the farthest angle it takes no longer than `bound_ms`.
    """
    return not any(violations())
