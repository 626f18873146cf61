"""What is done to a table that is head down, and by when it has to be on its way home."""

from collections.abc import Callable
from typing import Final

from .bounds import BROKER_GONE, BROKER_SILENT, CHECKPOINT_S, FROZEN, HALF_OPEN, HOST_S, LEAVING, RECORD_LOST, SHOWS_S
from .bridge import Way
from .dated import set_ahead
from .judge import Bounds
from .phone import Phone, RigError
from .processes import CONTINUE, STOP, Process
from .rig import Rig

DAY_S: Final = 86_400
CLOCKS: Final = (-3600, -2 * DAY_S, -20 * 365 * DAY_S, 3600, 2 * DAY_S)
"""Seconds by which the wall clock jumps: summer time, days, a boot without a clock."""
DAMAGES: Final = ("overwritten", "truncated", "deleted")


# ---- the controller -------------------------------------------------------------------------------------------------


def killed(rig: Rig) -> None:
    rig.crash("the controller is killed")
    rig.kill_controller()
    _restart(rig)


def _restart(rig: Rig) -> None:
    """At once, while the table returns, or afterwards."""
    away_s = rig.random.choice((0.0, rig.random.uniform(0.5, 3.0), rig.random.uniform(3.0, 9.0)))
    rig.wait(away_s)
    rig.start_controller()
    rig.tell(f"the controller is started again, after {away_s:.1f} s")


def stopped(rig: Rig) -> None:
    seconds = rig.random.uniform(1.0, 6.0)
    rig.crash(f"the controller gets no time for {seconds:.1f} s")
    controller = rig.sure(rig.controller)
    controller.hit(STOP)
    rig.wait(seconds)
    controller.hit(CONTINUE)


def terminated(rig: Rig) -> None:
    rig.crash("the controller is asked to end", LEAVING)
    _leaves(rig)


def _leaves(rig: Rig) -> None:
    """SIGTERM, as supervisors send it: twice within a second. H10: whoever looks at the broker sees that it is gone."""
    phone: Phone = rig.sure(rig.phone)
    heard = len(phone.heard)
    rig.ask_to_end()
    rig.wait(rig.random.uniform(0.0, 0.5))
    rig.ask_to_end()
    _ends(rig, rig.sure(rig.controller), 0, 20.0)
    try:
        phone.wait("availability", lambda word: word == "offline", heard, 5.0)
    except RigError:
        rig.blame("a controller that has left is not offline")


def _ends(rig: Rig, process: Process, status: int, patience_s: float) -> None:
    try:
        found = process.ended(patience_s)
    except RigError:
        rig.blame(f"a controller does not end within {patience_s:g} s")
        return
    if found != status:
        rig.blame(f"a controller ended with status {found}, wanted was {status}: {process.lines[-3:]}")


def terminated_twice(rig: Rig) -> None:
    rig.crash("the controller is asked to end, and again", LEAVING)
    rig.ask_to_end()
    rig.wait(rig.random.uniform(1.2, 2.0))
    rig.ask_to_end()
    _ends(rig, rig.sure(rig.controller), 0, 5.0)


def stop_then_killed(rig: Rig) -> None:
    rig.crash("a person sends stop", FROZEN)
    if not rig.sure(rig.phone).ask("stop")["accepted"]:
        rig.blame("stop was refused")
    rig.wait(rig.random.uniform(0.0, 2.0))
    rig.tell("the controller is killed")
    rig.kill_controller()
    _restart(rig)


def second(rig: Rig) -> None:
    """Another controller on the same port, the same record, or both; then the first one is killed."""
    same_port, same_data = rig.random.choice(((True, True), (True, False), (False, True)))
    port = rig.port if same_port else rig.folder / "nothing"
    data = rig.data if same_data else rig.folder / "other"
    rig.tell(f"a second controller, same port: {same_port}, same record: {same_data}")
    second = Process(*rig.command(port, data))
    rig.extra.append(second)
    if same_data:
        _ends(rig, second, 1, 60.0)
        if not any("another controller uses it" in line for line in second.lines):
            rig.blame(f"the second controller does not say why it ends: {second.lines[-3:]}")
    else:
        second.says(str(port))
    before_deg = rig.angle_deg()
    rig.wait(0.5)
    if rig.angle_deg() < before_deg - 0.5:
        rig.blame("a second controller disturbed the session of the first")
    killed(rig)
    rig.come_home()
    second.kill()


# ---- the broker -----------------------------------------------------------------------------------------------------


def broker_killed(rig: Rig) -> None:
    rig.crash("the broker is killed, for good", BROKER_GONE)
    rig.broker.kill()


def broker_stopped(rig: Rig) -> None:
    rig.crash("the broker hangs, with its connections open", BROKER_SILENT)
    rig.broker.hit(STOP)
    rig.come_home()
    rig.broker.hit(CONTINUE)


def broker_flaps(rig: Rig) -> None:
    """Less than 10 s at a time: the session waits, nothing resumes, and a person sends it home."""
    rig.crash("the broker flaps", BROKER_GONE)
    began_s = rig.sure(rig.crash_s)
    for _ in range(rig.random.randint(2, 5)):
        rig.broker.kill()
        rig.wait(rig.random.uniform(0.1, 0.8))
        rig.broker.start()
        rig.wait(rig.random.uniform(0.2, 1.5))
    rig.wait(2.0)
    for _ in range(5):
        try:
            answer = rig.sure(rig.phone).ask("level", patience_s=3.0)
        except RigError:
            continue
        rig.tell(f"a person sends level: {answer['message']}")
        break
    else:
        rig.blame("level gets no answer after the broker is back")
    rig.bounds = Bounds(BROKER_GONE.still_s, rig.seconds_since(began_s) + SHOWS_S + HOST_S)


# ---- the port and the unit ------------------------------------------------------------------------------------------


def pulled(rig: Rig) -> None:
    seconds = rig.random.uniform(0.3, 6.0)
    rig.crash(f"the cable is pulled for {seconds:.1f} s")
    rig.sure(rig.cable).pull()
    rig.wait(seconds)
    rig.sure(rig.cable).plug()


def cut(to_unit: Way, to_host: Way, what: str) -> Callable[[Rig], None]:
    def do(rig: Rig) -> None:
        seconds = rig.random.uniform(0.7, 6.0)
        rig.crash(f"{what} for {seconds:.1f} s", HALF_OPEN)
        cable = rig.sure(rig.cable)
        cable.to_unit, cable.to_host = to_unit, to_host
        rig.wait(seconds)
        cable.to_unit = cable.to_host = Way.PASS

    return do


def unit_killed(rig: Rig) -> None:
    """Its memory is lost; the screw holds the table where it is; it starts where it was."""
    rig.tell("the unit loses its power")
    unit = rig.sure(rig.unit)
    unit.kill()
    angle_deg = rig.angle_deg()
    rig.wait(rig.random.uniform(0.2, 4.0))
    rig.crash("the unit starts again")
    rig.start_unit(angle_deg)


# ---- the disk and the record ----------------------------------------------------------------------------------------


def disk_full(rig: Rig) -> None:
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
    _leaves(rig)
    rig.free_disk()


def disk_full_killed(rig: Rig) -> None:
    rig.fill_disk()
    rig.crash("the controller is killed")
    rig.kill_controller()
    controller = rig.start_controller()
    if rig.mounted:
        _ends(rig, controller, 1, 60.0)
        if not any(str(rig.record) in line for line in controller.lines):
            rig.blame(f"the controller does not name the record that it can't write: {controller.lines[-3:]}")
    rig.free_disk()


def damaged_running(how: str) -> Callable[[Rig], None]:
    def do(rig: Rig) -> None:
        rig.damage(how)
        rig.wait(rig.random.choice((0.0, rig.random.uniform(0.0, CHECKPOINT_S + 2.0))))
        killed(rig)

    return do


def damaged_stopped(rig: Rig) -> None:
    rig.crash("the controller is killed")
    rig.kill_controller()
    rig.damage(rig.random.choice(DAMAGES))
    _restart(rig)


# ---- clocks, logs, and all at once ----------------------------------------------------------------------------------


def clock(rig: Rig) -> None:
    _set_clock(rig)
    if rig.random.random() < 0.3:
        rig.wait(2.0)
        terminated(rig)
        return
    rig.crash("the controller is killed")
    rig.kill_controller()
    if rig.random.random() < 0.5:
        _set_clock(rig)
    _restart(rig)


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
