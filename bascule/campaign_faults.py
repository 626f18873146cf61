"""The faults of the controller's side, host, clock, disk and broker, and the hand that does all kinds to a rig."""

from collections.abc import Callable
from random import Random
from typing import Final

from controller.account import LedgerFailed
from controller.core import BrokerStatus, PortLost
from controller.model import Reason, Unreadable, Verb, Wish
from simulator.fault_acts import Fault, Site
from simulator.faults import CATALOGUE, Kind

from .campaign_rig import WALL_S, Rig

HOUR_S: Final = 3600.0
CRASH_S: Final = 0.8
FLAP_S: Final = 0.7
HICCUP_EVERY_S: Final = 1.0
FLOOD_EVERY_S: Final = 0.1
FLOOD: Final = 50
"""As many commands as nearly fill the inbox, which holds 64."""
GONE: Final = BrokerStatus(False, "The broker is gone.")
BACK: Final = BrokerStatus(True, "")
EVERY: Final = tuple(Verb)
PUSHING: Final = (Verb.ARM, Verb.START, Verb.GOTO, Verb.JOG, Verb.RESUME, Verb.SKIP, Verb.STAND)
"""Verbs that lead to motion which nobody needs to be safe."""


def _wish(verb: Verb, **known: object) -> Wish:
    """A wish with an argument that its verb understands."""
    arguments: dict[Verb, dict[str, object]] = {
        Verb.START: {"preset": "gentle"}, Verb.GOTO: {"angle_deg": 25.0}, Verb.JOG: {"direction": 1},
    }  # fmt: skip
    return Wish(verb, **arguments.get(verb, {}), **known)  # type: ignore[arg-type]


class OnRig:
    """A fault of the controller's side. The base does nothing."""

    def __init__(self, amount: float, random: Random) -> None:
        self.amount = amount
        self.random = random
        self.acted = 0

    def begin(self, rig: Rig) -> None:
        """It happens."""

    def tick(self, rig: Rig) -> None:
        """It goes on, every 20 ms."""

    def end(self, rig: Rig) -> None:
        """It is over."""


class Killed(OnRig):
    """No process any more."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.kill()
        self.acted += 1


class Restarts(Killed):
    """No process until the fault is over."""

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.restart()


class CrashLoop(Killed):
    """A new process again and again."""

    _next_s = 0.0

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if rig.now_s >= self._next_s:
            self._next_s = rig.now_s + CRASH_S
            rig.restart()
            self.acted += 1

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.restart()


class Stalls(OnRig):
    """The process gets no time."""

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.stalled = rig.alive
        self.acted += rig.stalled

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.stalled = False


class Hiccups(Stalls):
    """The process gets no time for a part of each second."""

    _since_s: float | None = None

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if self._since_s is None:
            self._since_s = rig.now_s
        rig.stalled = rig.alive and (rig.now_s - self._since_s) % HICCUP_EVERY_S < self.amount / 1000
        self.acted += rig.stalled


class Unplugged(OnRig):
    """No port."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.connected = False
        rig.give(PortLost("The cable is out."))
        self.acted += 1

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.connected = True


class ClockJumps(OnRig):
    """Another wall time, and a reboot that has nothing else to go by."""

    def _offset_s(self) -> float:
        return self.amount * HOUR_S

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.kill()
        rig.wall_offset_s = self._offset_s()
        rig.boot += 1
        self.acted += 1

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.restart()


class ClockUnset(ClockJumps):
    """1970."""

    def _offset_s(self) -> float:
        return -WALL_S


class DiskFull(OnRig):
    """The ledger says that it can't write."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.disk = "The record of sessions could not be written: the disk is full."
        if rig.alive:
            rig.give(LedgerFailed(rig.disk))  # its next checkpoint fails
        self.acted += 1

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if rig.alive and not rig.core.conduct.booking.failed:
            rig.give(LedgerFailed(rig.disk))  # so does that of a new process

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.disk = ""


class DiskHangs(OnRig):
    """The ledger does not answer: what it was asked before shows in `acted`."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.disk = "hangs"
        rig.unanswered = 0

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        self.acted = rig.unanswered

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.disk = ""


class BrokerGone(OnRig):
    """No wish arrives."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        self._set(rig, False)

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if rig.alive and rig.core.broker.up and not rig.broker_up:
            rig.give(GONE)  # a process that began meanwhile

    def end(self, rig: Rig) -> None:
        """See `OnRig`."""
        self._set(rig, True)

    def _set(self, rig: Rig, up: bool) -> None:
        rig.broker_up = up
        self.acted += 1
        if rig.alive:
            rig.give(BACK if up else GONE)


class BrokerFlaps(BrokerGone):
    """Down and up."""

    _next_s = 0.0

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if rig.now_s >= self._next_s:
            self._next_s = rig.now_s + FLAP_S
            self._set(rig, not rig.broker_up)


class Burst(OnRig):
    """Commands that nobody sends now."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        self._send(rig, [_wish(verb, id=f"r{verb}", retained=True) for verb in EVERY])

    def _send(self, rig: Rig, wishes: list[Wish]) -> None:
        for wish in wishes:
            if rig.alive and rig.broker_up:
                rig.post(wish)
        self.acted += len(wishes)


class StaleBurst(Burst):
    """What a phone had queued: pushing verbs in any order, arm among them."""

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        rig.mark("wish resume, stale")  # a second after a pause the contract lets it through
        self._send(rig, [_wish(verb) for verb in self.random.sample(PUSHING, len(PUSHING))])


class Duplicates(Burst):
    """Each pushing verb, expired or not, and the same again a second later."""

    _again_s: float | None = None

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        self._send(rig, [_wish(verb, id=f"d{verb}", expired=self.random.random() < 0.5) for verb in PUSHING])
        self._again_s = rig.now_s + 1.0

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if self._again_s is not None and rig.now_s >= self._again_s:
            self._again_s = None
            self._send(rig, [_wish(verb, id=f"d{verb}") for verb in PUSHING])


class Flood(Burst):
    """Fifty commands at a time, some of them unreadable; never a stop or a level."""

    _next_s = 0.0

    def begin(self, rig: Rig) -> None:
        """See `OnRig`."""
        self.tick(rig)

    def tick(self, rig: Rig) -> None:
        """See `OnRig`."""
        if rig.now_s < self._next_s:
            return
        self._next_s = rig.now_s + FLOOD_EVERY_S
        verbs = (Verb.PAUSE, Verb.ACKNOWLEDGE, Verb.JOG, Verb.GOTO)
        self._send(rig, [_wish(self.random.choice(verbs), retained=True) for _ in range(FLOOD)])
        if rig.alive and rig.broker_up:
            rig.post(Unreadable("start", Reason.BAD_PAYLOAD, "This is no command."))


MAKE: Final[dict[str, Callable[[float, Random], OnRig]]] = {
    "host_killed": Killed,
    "host_restarts": Restarts,
    "host_crash_loop": CrashLoop,
    "host_stalls": Stalls,
    "host_hiccups": Hiccups,
    "unplugged": Unplugged,
    "clock_jumps": ClockJumps,
    "clock_unset": ClockUnset,
    "disk_full": DiskFull,
    "disk_hangs": DiskHangs,
    "broker_gone": BrokerGone,
    "broker_flaps": BrokerFlaps,
    "retained_commands": Burst,
    "stale_burst": StaleBurst,
    "duplicate_commands": Duplicates,
    "flood": Flood,
}
"""How the kinds without a `make` in the catalogue are done."""


class Going:
    """One fault in a run. Its time runs from when it first changes something, so that it shows in every run."""

    def __init__(self, name: str, amount: float | None, random: Random) -> None:
        self.kind: Kind = CATALOGUE[name]
        value = self.kind.value(amount)
        self._at_table: Fault | None = self.kind.make(value) if self.kind.make is not None else None
        self._at_rig = MAKE[name](value, random) if self._at_table is None else OnRig(value, random)
        self._random = random
        self._acted_s: float | None = None
        self.begun_s: float | None = None
        self.over = False

    @property
    def acted(self) -> int:
        """What it changed."""
        return self._at_rig.acted if self._at_table is None else self._at_table.acted

    def begin(self, rig: Rig) -> None:
        """It happens now."""
        self.begun_s = rig.now_s
        rig.mark(f"fault {self.kind.name} begins")
        self._at_rig.begin(rig)
        if self._at_table is not None:
            self._at_table.begin(self._site(rig))

    def _site(self, rig: Rig) -> Site:
        return Site(rig.table, rig.wire, self._random)

    def tick(self, rig: Rig) -> None:
        """Time goes on, and may end it."""
        if self.over:
            return
        self._at_rig.tick(rig)
        if self._at_table is not None:
            self._at_table.tick(self._site(rig))
        if self._acted_s is None and self.acted:
            self._acted_s = rig.now_s
        elif self._acted_s is not None and self.kind.for_s and rig.now_s - self._acted_s >= self.kind.for_s:
            self.end(rig)

    def end(self, rig: Rig) -> None:
        """It is over."""
        self.over = True
        self._at_rig.end(rig)
        if self._at_table is not None:
            self._at_table.end(self._site(rig))
        rig.mark(f"fault {self.kind.name} is over")
