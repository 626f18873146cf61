"""Moments in the middle of a session from which runs begin, made once and then copied in less than a millisecond."""

import pickle
from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Final

from controller.model import Verb
from simulator.physics import Person
from simulator.sensors import Sensors

from .campaign_rig import Rig

PEOPLE: Final = (
    Person(80.0, -0.02),
    Person(50.0, 0.0),
    Person(136.0, -0.1),
    Person(136.0, 0.0),
    Person(62.0, -0.05),
)
"""From the lightest to the heaviest, and from balanced to far towards the feet (docs/domain.md)."""
DEPTHS_DEG: Final = (12.0, 6.0, 28.0)
"""How far head down. Most reactions show at any angle, and from a small one a run is short."""
UPS_DEG: Final = (-12.0, -30.0, -60.0)
"""How far head up."""


def _goto(rig: Rig, angle_deg: float) -> None:
    rig.press(Verb.GOTO, angle_deg=angle_deg)
    _until(rig, lambda: rig.state == "running")


def _until(rig: Rig, true: Callable[[], bool], seconds: float = 200.0) -> None:
    if not rig.run(seconds, true):
        raise RuntimeError(f"a run can't begin: after {seconds:g} s the table is {rig.state} at {rig.angle_deg:.1f}°")


def _standing(person: Person, depth: int) -> Rig:
    rig = Rig(depth + 1, -80.0, person)
    rig.run(0.8)
    return rig


def _armed(person: Person, depth: int) -> Rig:
    rig = Rig(depth + 1, 0.0, person)
    rig.run(0.6)
    rig.press(Verb.ARM)
    rig.run(1.3)
    return rig


def _going_down(person: Person, depth: int) -> Rig:
    """On the way to head down, past level."""
    rig = _armed(person, depth)
    _goto(rig, DEPTHS_DEG[depth] + 2.0)
    _until(rig, lambda: rig.angle_deg > DEPTHS_DEG[depth] * 0.6)
    return rig


def _holding(person: Person, depth: int) -> Rig:
    rig = _armed(person, depth)
    _goto(rig, DEPTHS_DEG[depth])
    _until(rig, lambda: rig.angle_deg > DEPTHS_DEG[depth] - 0.7)
    rig.run(3.0)
    return rig


def _paused(person: Person, depth: int) -> Rig:
    rig = _going_down(person, depth)
    rig.press(Verb.PAUSE)
    rig.run(2.0)
    return rig


def _oscillating(person: Person, depth: int) -> Rig:
    """In a swing between head up and head down, on the way to either side."""
    rig = _armed(person, depth)
    rig.press(Verb.START, preset="balance")
    _until(rig, lambda: rig.angle_deg > 4.0)
    rig.run((2.0, 9.0, 16.0)[depth])
    return rig


def _returning(person: Person, depth: int) -> Rig:
    rig = _holding(person, depth)
    rig.press(Verb.LEVEL)
    rig.run(1.0)
    return rig


def _frozen(person: Person, depth: int) -> Rig:
    """Head down, by a stop."""
    rig = _going_down(person, depth)
    rig.press(Verb.STOP)
    rig.run(2.0)
    return rig


def _setting_out(person: Person, depth: int) -> Rig:
    """A session that began at standing, still head up."""
    rig = _standing(person, depth)
    rig.press(Verb.ARM)
    rig.run(1.3)
    rig.press(Verb.START, preset="back")
    _until(rig, lambda: rig.angle_deg > UPS_DEG[depth])
    return rig


def _standing_up(person: Person, depth: int) -> Rig:
    rig = Rig(depth + 1, 0.0, person)
    rig.run(126.0)
    rig.press(Verb.STAND)
    _until(rig, lambda: rig.angle_deg < UPS_DEG[depth])
    return rig


def _time_nearly_over(person: Person, depth: int) -> Rig:
    """Head down, and 3 s before the unit's limit of time in one go."""
    rig = _holding(person, depth)
    limit_ms = (600_000, 600_000, 300_000)[depth]
    rig.table.memory.episode_ms = max(rig.table.memory.episode_ms, limit_ms - 3000)
    rig.episode_before_s = rig.table.memory.episode_ms / 1000
    return rig


STATES: Final[dict[str, Callable[[Person, int], Rig]]] = {
    "armed": _armed,
    "setting_out": _setting_out,
    "going_down": _going_down,
    "holding": _holding,
    "returning": _returning,
    "frozen": _frozen,
    "standing_up": _standing_up,
    "oscillating": _oscillating,
    "paused": _paused,
    "time_nearly_over": _time_nearly_over,
}
"""Where runs begin, by name: a person and one of three depths make a rig."""


@cache
def _frozen_state(name: str, person: int, depth: int) -> tuple[bytes, float]:
    """The rig as bytes, without the sensors' noise, which is new in each run."""
    rig = STATES[name](PEOPLE[person], depth)
    sensors, rig.table.sensors = rig.table.sensors, None  # type: ignore[assignment]
    data = pickle.dumps(rig, pickle.HIGHEST_PROTOCOL)
    rig.table.sensors = sensors
    return data, rig.angle_deg


def prepare() -> None:
    """Make every state now, so that no run has to."""
    for name, person, depth in product(STATES, range(len(PEOPLE)), range(len(DEPTHS_DEG))):
        _frozen_state(name, person, depth)


def begin(name: str, person: int, depth: int, seed: int) -> Rig:
    """A rig in this state, with noise of its own."""
    data, _ = _frozen_state(name, person, depth)
    rig: Rig = pickle.loads(data)
    table = rig.table
    table.sensors = Sensors(seed, table.switches)
    return rig
