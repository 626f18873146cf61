"""From a stop frame's last byte to the motion's end, at full speed: in the simulator, and on the emulated chip.

Virtual time decides, so that other programs disturb nothing. What counts is the worst of several persons and moments.
The simulated unit takes the frame with its next tick, a whole one later; on the chip it comes at any moment of a tick.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from bascule.campaign_states import PEOPLE
from protocol.link import STOP_FRAME
from simulator.drive import TICK_MS
from simulator.physics import STEP_S, Person

from .measure import BenchError, Figure, spread

TICK_S: Final = TICK_MS / 1000
WATCHED_S: Final = 1.8
"""Half a second more than a stop may take, and less than the 2 s after which a silent host makes the unit return."""
SPAN_S: Final = 0.1
"""Over which a deceleration is measured: the motor's time constant."""
STILL_DPS: Final = 0.05
FULL_DPS: Final = 2.4
"""The drive is a tenth slower than 3 °/s under the heaviest person. Chosen: what is below this is not full speed."""
WAYS: Final = {"down": ("rising", 10.0), "up": ("returning", 8.0)}
"""Going down on the host's lease, coming up in the unit's own return; the angle at which the stop comes."""
OFFSETS: Final = (0, 3, 6, 9)
"""Steps of 2 ms into a tick."""


class Stopped(NamedTuple):
    """Seconds until the drive rests, degrees that the bed goes on, its largest deceleration in °/s²."""

    rest: float
    travel: float
    braking: float


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of motion."""
    people = PEOPLE[:2] if quick else PEOPLE
    yield from _figures("simulator", lambda way: [on_simulator(way, person) for person in people])
    cases = [(person, offset) for person in PEOPLE[: 1 if quick else 3] for offset in OFFSETS[: 1 if quick else None]]
    yield from _figures("chip", lambda way: [on_chip(way, person, offset) for person, offset in cases])


def _figures(where: str, stops: Callable[[str], Sequence[Stopped]]) -> Iterator[Figure]:
    """The worst of each, or why there is none."""
    for way in WAYS:
        try:
            found = stops(way)
        except BenchError as error:
            yield from (Figure(f"motion.{where}_{way}_{what}", None, str(error)) for what in Stopped._fields)
            continue
        for what, values in zip(Stopped._fields, zip(*found, strict=True), strict=True):
            yield Figure(f"motion.{where}_{way}_{what}", spread([max(values)]))


def on_simulator(way: str, person: Person) -> Stopped:
    """One stop of the simulated table, seen every 20 ms."""
    table = _under_way(way, person).table
    table.receive(STOP_FRAME)
    return _watched(table.physics, table.tick, TICK_S)


def on_chip(way: str, person: Person, offset: int) -> Stopped:
    """One stop of a table with the firmware on a chip, so many steps into a tick, seen every 2 ms."""
    with patch.object(_hosts(), "Table", _chip_table()), import_module("tests.once").anew():
        table = _under_way(way, person).table
    for _ in range(offset):
        table.step()
    table.receive(STOP_FRAME)
    while table.chip.waiting:
        table.step()
    return _watched(table.physics, table.step, STEP_S)


def _under_way(way: str, person: Person) -> Any:
    """A host whose table moves as fast as it can. BenchError if that is too slow to say anything."""
    make, angle_deg = WAYS[way]
    host = getattr(_hosts(), make)(angle_deg, person=person)
    if abs(host.table.physics.drive_dps) < FULL_DPS:
        raise BenchError(f"the table moves at {host.table.physics.drive_dps:.2f} °/s only")
    return host


def _watched(physics: Any, advance: Callable[[], object], step_s: float) -> Stopped:
    drive, rates, angles = [physics.drive_dps], [physics.bed_dps], [physics.bed_deg]
    for _ in range(round(WATCHED_S / step_s)):
        advance()
        drive.append(physics.drive_dps)
        rates.append(physics.bed_dps)
        angles.append(physics.bed_deg)
    return stopped(drive, rates, angles, step_s)


def stopped(drive: Sequence[float], rates: Sequence[float], angles: Sequence[float], step_s: float) -> Stopped:
    """Of a record from the frame's last byte on: rates of drive and bed in °/s, angles of the bed in degrees."""
    moving = [at for at, rate in enumerate(drive) if abs(rate) >= STILL_DPS]
    if moving and moving[-1] == len(drive) - 1:
        raise BenchError(f"the table still moves {WATCHED_S} s after the stop")
    span = round(SPAN_S / step_s)
    return Stopped(
        (moving[-1] + 1) * step_s if moving else 0.0,
        max(abs(angle - angles[0]) for angle in angles),
        max((abs(a) - abs(b)) / SPAN_S for a, b in zip(rates, rates[span:], strict=False)),
    )


def _hosts() -> Any:
    """The scripted host of the tests. It needs pytest, as every test does."""
    return import_module("tests.simulator.host")


@cache
def _chip_table() -> Any:
    """The chip with its program. BenchError says what is missing."""
    skipped = import_module("pytest").skip.Exception
    try:
        chip, build = import_module("tests.emulated.chip"), import_module("tests.firmware.build")
        build.firmware_elf()
        chip.library()
    except skipped as missing:
        raise BenchError(str(missing)) from missing
    return import_module("tests.emulated.table").ChipTable
