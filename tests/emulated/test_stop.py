"""From the last byte of a stop frame to the end of the motion, measured at the pins of the chip and at the table.

The chip works in ticks of 20 ms: the stop comes at different moments of one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from protocol.link import STOP_FRAME
from tests.simulator.host import Host, returning, rising, standing_up

from .table import ChipTable

pytestmark = pytest.mark.usefixtures("on_the_chip")

STEP_S = 0.002
HEARD_S = 0.06
"""Two ticks and the pulse width of the next: chosen, a twentieth of what a stop may take."""
STANDSTILL_S, TRAVEL_DEG, DECELERATION_DPS2 = 1.3, 1.5, 5.0
"""Restated from docs/safety.md."""
SMOOTHED_S = 0.1
"""Over which a deceleration is measured: one of the motor's time constants."""
STOPPED_DPS = 0.05


@dataclass(frozen=True, slots=True)
class Stopped:
    """Seconds from the last byte to a power that is a twentieth smaller, to none, to rest; what happens meanwhile."""

    heard_s: float
    unpowered_s: float
    rest_s: float
    travel_deg: float
    deceleration_dps2: float


def stop(host: Host, offset_steps: int) -> Stopped:
    """Send the frame so many steps of 2 ms into a tick, and watch every one that follows its last byte."""
    table = host.table
    assert isinstance(table, ChipTable)
    for _ in range(offset_steps):
        table.step()
    table.receive(STOP_FRAME)
    while table.chip.waiting:
        table.step()
    physics = table.physics
    power, began_deg = table.command[0], physics.bed_deg
    powers, rates, angles = [power], [physics.drive_dps], [began_deg]
    for _ in range(round(2.0 / STEP_S)):
        table.step()
        powers.append(table.command[0])
        rates.append(physics.drive_dps)
        angles.append(physics.bed_deg)
    span = round(SMOOTHED_S / STEP_S)
    return Stopped(
        next(at for at, one in enumerate(powers) if abs(one) < 0.95 * abs(power)) * STEP_S,
        next(at for at, one in enumerate(powers) if not one) * STEP_S,
        next(at for at in range(len(rates)) if max(map(abs, rates[at:])) < STOPPED_DPS) * STEP_S,
        max(abs(one - began_deg) for one in angles),
        max(abs(one) - abs(later) for one, later in zip(rates, rates[span:], strict=False)) / SMOOTHED_S,
    )


def on_the_way_up() -> Host:
    return rising(10.0)


def from_standing() -> Host:
    return rising(-50.0, start_deg=-60.0)


def on_the_way_home() -> Host:
    return returning(8.0)


def on_the_way_to_standing() -> Host:
    return standing_up(-25.0)


@pytest.mark.parametrize(
    ("way", "offset_steps"),
    [
        *((on_the_way_up, offset_steps) for offset_steps in (0, 3, 6, 9)),
        (from_standing, 5), (on_the_way_home, 2), (on_the_way_to_standing, 8),
    ],
)  # fmt: skip
def test_a_stop_ends_a_motion_in_time_and_gently(way: Callable[[], Host], offset_steps: int) -> None:
    """H11, H8: heard with the next ticks, at rest within 1.3 s and 1.5°, by no more than 5 °/s²."""
    stopped = stop(way(), offset_steps)
    assert stopped.heard_s <= HEARD_S
    assert stopped.unpowered_s <= STANDSTILL_S
    assert stopped.rest_s <= STANDSTILL_S
    assert stopped.travel_deg <= TRAVEL_DEG
    assert stopped.deceleration_dps2 <= DECELERATION_DPS2
