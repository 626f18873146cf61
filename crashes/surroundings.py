"""What is done to what a controller lives on: its disk, its record, its clock, its log; and everything at once."""

from collections.abc import Callable
from typing import Final

from .bounds import BROKER_GONE, CHECKPOINT_S, RECORD_LOST
from .bridge import Way
from .dated import set_ahead
from .faults import cut, ends, killed, leaves, pulled, restart, stopped, terminated
from .phone import Phone
from .rig import Rig

DAY_S: Final = 86_400
CLOCKS: Final = (-3600, -2 * DAY_S, -20 * 365 * DAY_S, 3600, 2 * DAY_S)
"""Seconds by which the wall clock jumps: summer time, days, a boot without a clock."""
DAMAGES: Final = ("overwritten", "truncated", "deleted")


# ---- the disk and the record ----------------------------------------------------------------------------------------


def disk_full(rig: Rig) -> None:
    """F19: the session ends, and somebody is told why; then the controller leaves."""
    rig.crash("the disk fills up", RECORD_LOST)
    phone: Phone = rig.sure(rig.phone)
    heard = len(phone.heard)
    rig.fill_disk()
    rig.come_home()
    told = [body["message"] for topic, body in phone.heard[heard:] if topic == "event"]
    if not any("recorded" in message for message in told):
        rig.blame(f"nobody is told that head-down time can't be recorded: {told}")
    if rig.random.random() < 0.5:
        rig.free_disk()
    rig.tell("the controller is asked to end")
    leaves(rig)
    rig.free_disk()


def disk_full_killed(rig: Rig) -> None:
    """F19: a controller that can't write its record says so."""
    rig.fill_disk()
    rig.crash("the controller is killed")
    rig.kill_controller()
    controller = rig.start_controller()
    if rig.mounted:
        ends(rig, controller, 1, 60.0)
        if not any(str(rig.record) in line for line in controller.lines):
            rig.blame(f"the controller does not name the record that it can't write: {controller.lines[-3:]}")
    rig.free_disk()


def damaged_running(how: str) -> Callable[[Rig], None]:
    """F19: the record is damaged under a running controller, which may notice, and is killed."""

    def do(rig: Rig) -> None:
        rig.damage(how)
        rig.wait(rig.random.choice((0.0, rig.random.uniform(0.0, CHECKPOINT_S + 2.0))))
        killed(rig)

    return do


def damaged_stopped(rig: Rig) -> None:
    """F19: between two runs."""
    rig.crash("the controller is killed")
    rig.kill_controller()
    rig.damage(rig.random.choice(DAMAGES))
    restart(rig)


# ---- clocks, logs, and all at once ----------------------------------------------------------------------------------


def clock(rig: Rig) -> None:
    """F18: the wall clock jumps, and the controller ends and comes back."""
    _set_clock(rig)
    if rig.random.random() < 0.3:
        rig.wait(2.0)
        terminated(rig)
        return
    rig.crash("the controller is killed")
    rig.kill_controller()
    if rig.random.random() < 0.5:
        _set_clock(rig)
    restart(rig)


def _set_clock(rig: Rig) -> None:
    ahead_s = rig.random.choice(CLOCKS)
    set_ahead(rig.clock, ahead_s)
    rig.tell(f"the wall clock is set {ahead_s / 3600:+.0f} h from true time")


def log_full(rig: Rig) -> None:
    """F20, H11: whoever reads the log has stopped reading; then something happens that is worth a line."""
    _deafen(rig)
    if rig.random.random() < 0.7:
        rig.crash("the broker is killed, for good", BROKER_GONE)
        rig.broker.kill()
    else:
        terminated(rig)


def _deafen(rig: Rig) -> None:
    rig.sure(rig.controller).deafen()
    rig.tell("nobody reads what the controller says, and the pipe is full")


def _kill_broker(rig: Rig) -> None:
    rig.broker.kill()
    rig.tell("the broker is killed")


BEFORE: Final[tuple[Callable[[Rig], None], ...]] = (
    _set_clock,
    lambda rig: rig.damage(rig.random.choice(DAMAGES)),
    lambda rig: rig.fill_disk(),
    _deafen,
    _kill_broker,
)
DECISIVE: Final[tuple[Callable[[Rig], None], ...]] = (
    killed,
    stopped,
    pulled,
    cut(Way.DROP, Way.PASS, "nothing reaches the unit"),
    cut(Way.HOLD, Way.HOLD, "the cable holds everything back"),
)


def combined(rig: Rig) -> None:
    """One or two things that are bad enough, and one that ends the session."""
    for before in rig.random.sample(BEFORE, rig.random.randint(1, 2)):
        before(rig)
    rig.wait(rig.random.uniform(0.0, 0.5))
    rig.random.choice(DECISIVE)(rig)
    rig.come_home()
    rig.free_disk()
