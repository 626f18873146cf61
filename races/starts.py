"""Moments in which a stop races: moving, about to move, held, paused, on the way home, at rest; each made once."""

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, Final

from bascule.campaign_states import PEOPLE
from bascule.closed_loop import ClosedLoop
from controller.model import State, Verb
from controller.presets import Preset, Step
from protocol.messages import Arm, HostMessage, Level, Setpoint, Stop
from simulator.physics import Person
from simulator.sensors import BED_NOISE_DEG, DRIVE_NOISE_DEG, Sensors
from simulator.table import Table
from simulator.unit import TiltUnit

from .checkpoint import Checkpoint

PERSONS: Final = (PEOPLE[0], PEOPLE[2])
"""The most usual one, and the heaviest, far towards the feet."""
SLOW_DPS: Final = 0.35
"""Most races begin at this speed: the same machinery as at 3 °/s, and rest comes within fewer ticks to compute."""
FULL_DPS: Final = 3.0
"""The limit (docs/safety.md)."""
RETURN_DPS: Final = 2.5
"""The unit's own return goes a little slower."""
NOISES: Final = 4096


def _noise(seed: int, deviation_deg: float) -> list[float]:
    random = Random(seed)
    return [random.gauss(0.0, deviation_deg) for _ in range(5 * NOISES)]


_BED_NOISE, _DRIVE_NOISE = _noise(1, BED_NOISE_DEG), _noise(2, DRIVE_NOISE_DEG)


class Noisy(Sensors):
    """Sensors whose noise begins anew at any place of a drawn sequence, which lasts for over two minutes."""

    __slots__ = ()

    def again(self, place: int) -> None:
        """Other noise from here on."""
        bed: Any = iter(_BED_NOISE)
        drive: Any = iter(_DRIVE_NOISE)
        bed.__setstate__(place % NOISES)
        drive.__setstate__((place // 7) % NOISES)
        self._bed_noise, self._drive_noise = bed, drive


Obeyed = Stop | Level | Setpoint | Arm


class Witness:
    """Sees each message that the unit obeys, and whether it did: a stop, a lease, a grant, a wish for level."""

    def __init__(self, unit: TiltUnit) -> None:
        self.unit = unit
        self.obeyed: list[Obeyed] = []
        unit._obey = self._watch  # type: ignore[method-assign]

    def _watch(self, message: HostMessage) -> None:
        unit = self.unit
        armed = unit._grant.armed
        TiltUnit._obey(unit, message)
        if (
            isinstance(message, Stop | Level)
            or (isinstance(message, Setpoint) and unit._grant.setpoint is message)
            or (isinstance(message, Arm) and unit._grant.armed and not armed)
        ):
            self.obeyed.append(message)


class Start:
    """A table with its controller at one moment, to which `again` puts them back with other noise of the sensors."""

    def __init__(self, loop: ClosedLoop, sensors: Noisy) -> None:
        self.loop = loop
        self.witness = Witness(loop.table._unit)
        loop.trace.clear()
        loop.answers.clear()
        loop.events.clear()
        self._sensors = sensors
        self._checkpoint = Checkpoint((loop, self.witness))

    def again(self, number: int) -> None:
        """As it was when it was made."""
        self._checkpoint.restore()
        self._sensors.again(number)


def _loop(person: Person, angle_deg: float) -> ClosedLoop:
    table = Table(1, angle_deg, person)
    table.sensors = Noisy(1, table.switches)
    table.sensors.again(0)
    loop = ClosedLoop(1, angle_deg, table=table)
    loop.run(0.8)
    return loop


def _until(loop: ClosedLoop, true: Callable[[], bool], seconds: float = 60.0) -> ClosedLoop:
    if not loop.run(seconds, true):
        raise RuntimeError(f"a race can't begin: the table is {loop.state} at {loop.angle_deg:.1f}°")
    return loop


def _wait(loop: ClosedLoop, seconds: float) -> ClosedLoop:
    loop.run(seconds)
    return loop


def _armed(person: Person, angle_deg: float = 0.0) -> ClosedLoop:
    loop = _loop(person, angle_deg)
    loop.wish(Verb.ARM)
    return _wait(loop, 1.2)


def _going(person: Person, from_deg: float, to_deg: float) -> ClosedLoop:
    loop = _armed(person, from_deg)
    assert loop.wish(Verb.GOTO, angle_deg=to_deg).accepted
    return loop


def _setting_out(person: Person) -> ClosedLoop:
    loop = _going(person, 0.0, 10.0)
    return _until(loop, lambda: loop.table.physics.drive_dps > SLOW_DPS)


def _from_standing(person: Person) -> ClosedLoop:
    loop = _going(person, -80.0, 10.0)
    return _until(loop, lambda: loop.table.physics.drive_dps > SLOW_DPS)


def _cruising(person: Person) -> ClosedLoop:
    """At the rate of most presets."""
    loop = _going(person, 0.0, 28.0)
    return _until(loop, lambda: loop.angle_deg > 9.0)


def _full_speed(person: Person) -> ClosedLoop:
    """As fast as the limits allow."""
    loop = _armed(person)
    steps = (Step("down", 28.0, 60.0, FULL_DPS), Step("level", 0.0, 0.0, FULL_DPS))
    conduct = loop.core.conduct
    conduct.presets = {**conduct.presets, "fast": Preset("fast", "Fast", "a race", "chosen", steps)}
    assert loop.wish(Verb.START, preset="fast").accepted
    return _until(loop, lambda: loop.angle_deg > 9.0)


def _returning_fast(person: Person) -> ClosedLoop:
    """The unit's own return, at its fastest."""
    loop = _cruising(person)
    _until(loop, lambda: loop.angle_deg > 27.0)
    loop.wish(Verb.LEVEL)
    return _until(loop, lambda: loop.table.physics.drive_dps < -RETURN_DPS)


def _holding(person: Person) -> ClosedLoop:
    loop = _going(person, 0.0, 6.0)
    return _wait(_until(loop, lambda: loop.angle_deg > 5.5), 2.5)


def _slowing_down(person: Person) -> ClosedLoop:
    loop = _cruising(person)
    loop.wish(Verb.PAUSE)
    return _until(loop, lambda: loop.table.physics.drive_dps < SLOW_DPS)


def _paused(person: Person) -> ClosedLoop:
    return _wait(_slowing_down(person), 2.0)


def _going_on(person: Person) -> ClosedLoop:
    """Head down, after a pause."""
    loop = _paused(person)
    assert loop.wish(Verb.RESUME).accepted
    return _until(loop, lambda: loop.table.physics.drive_dps > SLOW_DPS)


def _returning(person: Person) -> ClosedLoop:
    loop = _holding(person)
    loop.wish(Verb.LEVEL)
    return _until(loop, lambda: loop.table.physics.drive_dps < -SLOW_DPS)


def _frozen(person: Person) -> ClosedLoop:
    """Head down; the stop is old enough for new wishes."""
    loop = _going_on(person)
    loop.wish(Verb.STOP)
    return _wait(loop, 1.4)


def _about_to_go_home(person: Person) -> ClosedLoop:
    """Head down, with a wish for level that a stop holds up for some ticks more."""
    loop = _going_on(person)
    loop.wish(Verb.STOP)
    _wait(loop, 0.3)
    assert loop.wish(Verb.LEVEL).moving
    return _wait(loop, 0.58)


def _frozen_head_up(person: Person) -> ClosedLoop:
    loop = _going(person, -30.0, 10.0)
    _until(loop, lambda: loop.table.physics.drive_dps > SLOW_DPS)
    loop.wish(Verb.STOP)
    return _wait(loop, 1.4)


def _led_to_level(person: Person) -> ClosedLoop:
    loop = _frozen_head_up(person)
    assert loop.wish(Verb.LEVEL).moving
    return _until(loop, lambda: loop.table.physics.drive_dps > SLOW_DPS)


def _standing_up(person: Person) -> ClosedLoop:
    loop = _wait(_loop(person, 0.0), 121.0)
    assert loop.wish(Verb.STAND).moving
    return _until(loop, lambda: loop.table.physics.drive_dps < -SLOW_DPS)


def _swinging(person: Person) -> ClosedLoop:
    loop = _armed(person)
    assert loop.wish(Verb.START, preset="balance").accepted
    _until(loop, lambda: loop.angle_deg > 4.0)
    return _until(loop, lambda: -2 * SLOW_DPS < loop.table.physics.drive_dps < -SLOW_DPS)


def _jogging(person: Person) -> ClosedLoop:
    loop = _armed(person)
    for _ in range(5):
        assert loop.wish(Verb.JOG, direction=1).accepted
        _wait(loop, 0.2)
    assert loop.state is State.RUNNING
    return loop


STARTS: Final[dict[str, Callable[[Person], ClosedLoop]]] = {
    "at_rest": lambda person: _loop(person, 0.0),
    "armed": _armed, "setting_out": _setting_out, "from_standing": _from_standing, "full_speed": _full_speed,
    "returning_fast": _returning_fast, "going_on": _going_on, "holding": _holding, "slowing_down": _slowing_down,
    "paused": _paused,
    "returning": _returning, "frozen": _frozen, "about_to_go_home": _about_to_go_home,
    "frozen_head_up": _frozen_head_up, "led_to_level": _led_to_level,
    "standing_up": _standing_up, "swinging": _swinging, "jogging": _jogging,
}  # fmt: skip
"""Where races begin, by name."""


@cache
def start(name: str, person: int) -> Start:
    """One of them, made at its first race."""
    loop = STARTS[name](PERSONS[person])
    sensors = loop.table.sensors
    assert isinstance(sensors, Noisy)
    return Start(loop, sensors)
