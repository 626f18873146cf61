"""What is done to controller, broker, cable and unit while a table is head down."""

from collections.abc import Callable

from .bounds import BROKER_GONE, BROKER_SILENT, FROZEN, HALF_OPEN, HOST_S, LEAVING, SHOWS_S
from .bridge import Way
from .judge import Bounds
from .phone import Phone, RigError
from .processes import CONTINUE, STOP, Process
from .rig import Rig

# ---- the controller -------------------------------------------------------------------------------------------------


def killed(rig: Rig) -> None:
    """F17: SIGKILL, and started again after a while."""
    rig.crash("the controller is killed")
    rig.kill_controller()
    restart(rig)


def restart(rig: Rig) -> None:
    """At once, while the table returns, or afterwards."""
    away_s = rig.random.choice((0.0, rig.random.uniform(0.5, 3.0), rig.random.uniform(3.0, 9.0)))
    rig.wait(away_s)
    rig.start_controller()
    rig.tell(f"the controller is started again, after {away_s:.1f} s")


def stopped(rig: Rig) -> None:
    """F17: SIGSTOP, and SIGCONT."""
    seconds = rig.random.uniform(1.0, 6.0)
    rig.crash(f"the controller gets no time for {seconds:.1f} s")
    controller = rig.sure(rig.controller)
    controller.hit(STOP)
    rig.wait(seconds)
    controller.hit(CONTINUE)


def terminated(rig: Rig) -> None:
    """SIGTERM: level first, then leave."""
    rig.crash("the controller is asked to end", LEAVING)
    leaves(rig)


def leaves(rig: Rig) -> None:
    """SIGTERM, as supervisors send it: twice within a second. H10: whoever looks at the broker sees that it is gone."""
    phone: Phone = rig.sure(rig.phone)
    heard = len(phone.heard)
    rig.ask_to_end()
    rig.wait(rig.random.uniform(0.0, 0.5))
    rig.ask_to_end()
    ends(rig, rig.sure(rig.controller), 0, 20.0)
    try:
        phone.wait("availability", lambda word: word == "offline", heard, 5.0)
    except RigError:
        rig.blame("a controller that has left is not offline")


def ends(rig: Rig, process: Process, status: int, patience_s: float) -> None:
    """Blame a controller that does not end in time, or with another status."""
    try:
        found = process.ended(patience_s)
    except RigError:
        rig.blame(f"a controller does not end within {patience_s:g} s")
        return
    if found != status:
        rig.blame(f"a controller ended with status {found}, wanted was {status}: {process.lines[-3:]}")


def terminated_twice(rig: Rig) -> None:
    """A second SIGTERM, more than a second later: leave at once; the unit goes on alone."""
    rig.crash("the controller is asked to end, and again", LEAVING)
    rig.ask_to_end()
    rig.wait(rig.random.uniform(1.2, 2.0))
    rig.ask_to_end()
    ends(rig, rig.sure(rig.controller), 0, 5.0)


def stop_then_killed(rig: Rig) -> None:
    """A freeze that nobody ends, because who would have is dead."""
    rig.crash("a person sends stop", FROZEN)
    if not rig.sure(rig.phone).ask("stop")["accepted"]:
        rig.blame("stop was refused")
    rig.wait(rig.random.uniform(0.0, 2.0))
    rig.tell("the controller is killed")
    rig.kill_controller()
    restart(rig)


def second(rig: Rig) -> None:
    """Another controller on the same port, the same record, or both; then the first one is killed."""
    same_port, same_data = rig.random.choice(((True, True), (True, False), (False, True)))
    port = rig.port if same_port else rig.folder / "nothing"
    data = rig.data if same_data else rig.folder / "other"
    rig.tell(f"a second controller, same port: {same_port}, same record: {same_data}")
    second = Process(*rig.command(port, data))
    rig.extra.append(second)
    if same_data:
        ends(rig, second, 1, 60.0)
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
    """F20: every connection is reset."""
    rig.crash("the broker is killed, for good", BROKER_GONE)
    rig.broker.kill()


def broker_stopped(rig: Rig) -> None:
    """F20: the connections stay open, and nothing comes."""
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
    """F4: unplugged, and plugged in again."""
    seconds = rig.random.uniform(0.3, 6.0)
    rig.crash(f"the cable is pulled for {seconds:.1f} s")
    rig.sure(rig.cable).pull()
    rig.wait(seconds)
    rig.sure(rig.cable).plug()


def cut(to_unit: Way, to_host: Way, what: str) -> Callable[[Rig], None]:
    """F3: what the two directions of the cable do for a while."""

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
    rig.kill_unit()
    angle_deg = rig.angle_deg()
    rig.wait(rig.random.uniform(0.2, 4.0))
    rig.crash("the unit starts again")
    rig.start_unit(angle_deg)
