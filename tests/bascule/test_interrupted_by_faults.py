"""A session that a fault interrupts, at 100 random moments: history, budget and state are right each time."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.history import Record
from controller.model import State

from . import interruptions as i

SEED = 2


@pytest.fixture(scope="module")
def moments() -> Iterator[i.Moments]:
    with tempfile.TemporaryDirectory(dir=i.FAST) as folder:
        yield i.Moments(SEED, Path(folder))


AT_REST = {State.STANDING, State.STANDBY, State.LEVEL, State.FROZEN, State.FAULT}


def play(moments: i.Moments, kind: int, interrupt: i.Interrupt) -> list[Record]:
    """How each of these sessions ended."""
    records = []
    for loop in moments.interrupted(kind, interrupt):
        i.settle(loop)
        records.append(i.check_seen_through(loop))
        assert loop.state in AT_REST
        assert loop.angle_deg < 1.5
    assert {record.outcome for record in records} == {"interrupted"}
    return records


def met(records: list[Record]) -> set[str]:
    """The codes of all faults that the history tells of."""
    return {fault.code for record in records for fault in record.faults}


def test_an_emergency_stop_or_an_open_ankle_lock_at_any_moment(moments: i.Moments) -> None:
    """F24, F25, F26."""
    kinds = i.fault("fault estop_pressed 3s", "fault ankle_lock_open 3s", "fault nobody_sensed 3s")
    assert met(play(moments, 0, kinds)) >= {"estop", "ankles_open", "occupant_lost"}


def test_a_broken_sensor_at_any_moment(moments: i.Moments) -> None:
    """F7, F8."""
    kinds = i.fault("fault bed_gone 3s", "fault drive_stuck 3s", "fault bed_jump 4s", "fault drive_gone 3s")
    records = play(moments, 1, kinds)
    assert met(records) >= {"bed_sensor", "drive_sensor"}
    assert all(met([record]) & {"bed_sensor", "drive_sensor"} for record in records)


def test_a_motor_or_supply_in_trouble_at_any_moment(moments: i.Moments) -> None:
    """F5, F10, F15, F16."""
    kinds = i.fault("fault stall 3s", "fault motor_hot", "fault supply_low 3s", "fault unit_resets")
    assert met(play(moments, 2, kinds)) >= {"stalled", "motor_hot", "supply_low", "link_lost"}


def test_an_unplugged_cable_at_any_moment(moments: i.Moments) -> None:
    """F4."""
    assert {record.why for record in play(moments, 3, i.cable)} == {"The port is gone."}


def test_a_broker_that_is_gone_at_any_moment(moments: i.Moments) -> None:
    """F20."""
    whys = {record.why for record in play(moments, 4, i.broker)}
    assert "The MQTT broker has been gone for 10 s." in whys
