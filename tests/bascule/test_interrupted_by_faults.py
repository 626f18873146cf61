"""A session that a fault interrupts, at 100 random moments: history, budget and state are right each time."""

from controller.model import State

from . import interruptions as i
from .recorded import Recorded

AT_REST = {State.STANDING, State.STANDBY, State.LEVEL, State.FROZEN, State.FAULT}


def play(seed: int, interrupt: i.Interrupt) -> list[Recorded]:
    """How each of these sessions ended."""
    loops = []
    for loop in i.moments(seed, interrupt):
        i.settle(loop)
        i.check_seen_through(loop)
        assert loop.state in AT_REST
        assert loop.angle_deg < 1.5
        loops.append(loop)
    return loops


def test_an_emergency_stop_or_an_open_ankle_lock_at_any_moment() -> None:
    """F24, F25, F26."""
    play(6, i.fault("fault estop_pressed 3s", "fault ankle_lock_open 3s", "fault nobody_sensed 3s"))


def test_a_broken_sensor_at_any_moment() -> None:
    """F7, F8."""
    play(7, i.fault("fault bed_gone 3s", "fault drive_stuck 3s", "fault bed_jump 4s", "fault drive_gone 3s"))


def test_a_motor_or_supply_in_trouble_at_any_moment() -> None:
    """F5, F10, F15, F16."""
    play(8, i.fault("fault stall 3s", "fault motor_hot", "fault supply_low 3s", "fault unit_resets"))


def test_an_unplugged_cable_at_any_moment() -> None:
    """F4."""
    play(9, i.cable)


def test_a_broker_that_is_gone_at_any_moment() -> None:
    """F20."""
    for loop in play(10, i.broker):
        assert loop is not None
