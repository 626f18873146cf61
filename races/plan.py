"""What a race is made of, decided by its number alone: who presses what when, and what the threads and wires do."""

from dataclasses import dataclass, replace
from enum import IntEnum
from random import Random
from typing import Final

from controller.model import Verb

from .starts import PERSONS, STARTS


class Slot(IntEnum):
    """When in a step of the daemon's loop something happens, every 20 ms.

    Before the step's wishes are taken; while it computes; before its bytes are written, or between two parts of them;
    after that.
    """

    BEFORE = 0
    TAKEN = 1
    WRITING = 2
    AFTER = 3


At = tuple[int, Slot]
"""A tick from the beginning of the race, and a moment in it."""


class Lane(IntEnum):
    """What becomes of the frame that the thread writes which received the stop.

    Written whole; no port is open; the port fails at once; it fails in the middle; whole, but the other thread writes
    in the middle of it; damaged or lost on the line.
    """

    WRITTEN = 0
    CLOSED = 1
    FAILS = 2
    TORN = 3
    MIXED = 4
    DAMAGED = 5


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody presses something. `told`: when its wish reaches the inbox, None for never. `wakes`: the loop at once.

    `lane` matters for a stop only. `held_up`: pressed before a stop that was seen behind it in the broker's socket; its
    wish, marked as such, comes after that stop's frame, and before that stop's wish. Others are told when pressed.
    """

    at: At
    verb: Verb
    told: At | None
    wakes: bool
    lane: Lane = Lane.WRITTEN
    held_up: bool = False


@dataclass(frozen=True, slots=True)
class Wires:
    """Ticks that bytes may take to the unit and back, and until when how much of them is lost, damaged or doubled.

    `split`: how often the daemon's write is a short one, with a second one for its rest.
    """

    up_ticks: int
    down_ticks: int
    up_bad: float
    down_bad: float
    bad_ticks: int
    split: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One race.

    `stall`: a tick from which the daemon's loop gets no time, and for how many ticks; its bytes and wishes
    wait together meanwhile. `rest_ticks`: for how long the table is watched at rest; `home`: until it is level, too.
    """

    number: int
    start: str
    person: int
    presses: tuple[Press, ...]
    wires: Wires
    stall: tuple[int, int]
    rest_ticks: int
    home: bool


OTHERS: Final = (
    Verb.LEVEL, Verb.LEVEL, Verb.RESUME, Verb.START, Verb.GOTO, Verb.STAND, Verb.PAUSE, Verb.ARM, Verb.JOG, Verb.SKIP,
    Verb.ACKNOWLEDGE,
)  # fmt: skip
LIKELY: Final = {
    "at_rest": Verb.ARM, "armed": Verb.START, "paused": Verb.RESUME, "frozen": Verb.LEVEL, "frozen_head_up": Verb.LEVEL,
}  # fmt: skip
"""What somebody most likely presses there."""
_FAST: Final = ("full_speed", "returning_fast")
_NAMES: Final = tuple(name for name in STARTS if name not in _FAST)
_SLOTS: Final = tuple(Slot)
FAST, LONG, HOME = 0.06, 0.025, 0.0004
"""The part of the races that are at full speed, are watched at rest for a while, are followed home. Chosen: a tenth of
the time for each."""
LONG_TICKS: Final = 60
AGAIN, HELD_UP = 0.08, 0.25
"""The part of the races in which somebody takes back a `level` between two stops, in which older commands come after a
stop. Chosen: a bug that only these show is found within some hundred races."""


def plan(number: int) -> Plan:
    """The race of this number."""
    random = Random(number)
    draw, choice, between = random.random, random.choice, random.randrange
    name = choice(_FAST if draw() < FAST else _NAMES)
    first = 1 + between(4)
    presses = [_stop((first, choice(_SLOTS)), random)]
    while draw() < 0.25 and len(presses) < 3:
        presses.append(_stop((first + between(5), choice(_SLOTS)), random))
    for _ in range(choice((0, 1, 1, 2))):
        at = (max(first + between(8) - 3, 0), choice(_SLOTS))
        presses.append(Press(at, choice(OTHERS), at, draw() < 0.5))
    if name in LIKELY and draw() < 0.6:
        at = (max(first + between(6) - 3, 0), choice(_SLOTS))
        presses.append(Press(at, LIKELY[name], at, draw() < 0.5))
    if name == "jogging":
        presses += [Press((tick, Slot.BEFORE), Verb.JOG, (tick, Slot.BEFORE), False) for tick in (3, 13, 23)]
    clean = draw() < 0.4
    wires = Wires(
        0 if clean else between(3), 0 if clean else between(4), 0.0 if draw() < 0.6 else choice((0.1, 0.3, 0.8)),
        0.0 if draw() < 0.6 else choice((0.1, 0.5, 0.9)), 3 + between(6), choice((0.0, 0.5, 1.0)),
    )  # fmt: skip
    stall = (first + between(4) - 2, between(1, 7) if draw() < 0.25 else 0)
    rest_ticks = LONG_TICKS if draw() < LONG else 2
    person, home = between(len(PERSONS)), draw() < HOME
    if draw() < AGAIN:
        presses = _again(first, random)
    if draw() < HELD_UP:
        presses = _held_up(presses, LIKELY.get(name, Verb.PAUSE), random)
    return Plan(number, name, person, tuple(presses), wires, stall, rest_ticks, home)


def _stop(at: At, random: Random) -> Press:
    """A stop that comes through in one way at least: by its frame, by its wish, or by both."""
    lane = random.choice(tuple(Lane)) if random.random() < 0.35 else Lane.WRITTEN
    if lane is Lane.WRITTEN and random.random() < 0.1:
        return Press(at, Verb.STOP, None, False)
    late = random.choice((0, 0, 0, 1, 1, 2, 4, 7))
    slot = Slot(max(at[1], random.randrange(4))) if not late else Slot(random.randrange(4))
    return Press(at, Verb.STOP, (at[0] + late, slot), random.random() < 0.5, lane)


def _again(first: int, random: Random) -> list[Press]:
    """Stop, level, stop: the first one's frame is lost, and the other one's wish."""
    ticks = [first + random.randrange(2)]
    ticks += [ticks[0] + random.randrange(1, 3)]
    ticks += [ticks[1] + random.randrange(1, 3)]
    one, level, other = ((tick, random.choice(_SLOTS)) for tick in ticks)
    return [
        Press(one, Verb.STOP, one, True, Lane.DAMAGED), Press(level, Verb.LEVEL, level, True),
        Press(other, Verb.STOP, None, False),
    ]  # fmt: skip


def _held_up(presses: list[Press], likely: Verb, random: Random) -> list[Press]:
    """These, and one or two older than a stop among them that are told after its frame was written.

    Its own wish comes behind them, as it does in the socket, or never.
    """
    place = random.choice([place for place, press in enumerate(presses) if press.verb is Verb.STOP])
    stop = presses[place]
    seen = told = _moment(stop.at)
    older: list[Press] = []
    for _ in range(random.choice((1, 1, 2))):
        told += 1 + random.randrange(12)
        at = max(seen - random.randrange(12), len(Slot))
        verb = Verb.LEVEL if random.random() < 0.5 else random.choice((likely, *OTHERS))
        older.append(Press(_at(at), verb, _at(told), random.random() < 0.5, held_up=True))
    if stop.told is not None and stop.lane is Lane.WRITTEN and random.random() < 0.4:
        stop = replace(stop, told=None)
    elif stop.told is not None:
        stop = replace(stop, told=_at(told + random.choice((0, 0, 1, 4, 12))))
    # In front of it: what comes in the same moment comes in this order.
    return [*older, *presses[:place], stop, *presses[place + 1 :]]


def _moment(at: At) -> int:
    return at[0] * len(Slot) + at[1]


def _at(moment: int) -> At:
    tick, slot = divmod(moment, len(Slot))
    return tick, Slot(slot)
