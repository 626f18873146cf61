"""The head-down budget of the running session: reserved durably before it is granted, settled when it is over.

Reservations go ahead of the time used in slices, so that a crash leaves little to be cleared up. The ledger keeps them
on disk and answers; until it has answered nobody goes head down.
"""

from math import inf
from typing import Final, NamedTuple

from .account import Account
from .model import Limit

SLICE_S: Final = 60.0
AHEAD_S: Final = 30.0
"""A new slice is asked for 30 s before the last one is used up. Chosen: a slow disk has long answered by then."""
UNLIMITED: Final = Limit(inf, "no session is open")


class Reserve(NamedTuple):
    """Ask the ledger to record that a session may use up to `total_s` in all. `unit_count_s`: the unit's own count."""

    session: str
    person: str
    total_s: float
    ledger_s: float
    unit: int
    unit_count_s: float


class Settle(NamedTuple):
    """Tell the ledger what a session really used and how it ended."""

    session: str
    used_s: float
    outcome: str
    why: str
    ledger_s: float
    unit_count_s: float


class Reconcile(NamedTuple):
    """Compare the ledger with the unit's own count of head-down seconds: on each connect, and where it grew since."""

    unit: int
    unit_count_s: float
    ledger_s: float


Request = Reserve | Settle | Reconcile


class Booking:
    """The account, and the reservation of the session that is open.

    `allowed` is the head-down time in seconds that this session may have, and whose limit that is. `failed`: what was
    not recorded, a sentence. `comparing`: the ledger has not yet accounted for what the unit counted.
    """

    def __init__(self, account: Account, ledger_s: float) -> None:
        self.account = account
        self._ledger_start_s = ledger_s
        self._now_start_s: float | None = None
        self._session: str | None = None
        self._person = ""
        self._unit = 0
        self._unit_start_s = 0.0
        self._asked_s = 0.0
        self._granted_s = 0.0
        self.allowed = UNLIMITED
        self.requests: list[Request] = []
        self.failed = ""
        self.comparing = False
        self._compared_s = 0.0

    def ledger_s(self, now_s: float) -> float:
        """The ledger's time: it only goes on with the controller's own clock."""
        if self._now_start_s is None:
            self._now_start_s = now_s
        return self._ledger_start_s + now_s - self._now_start_s

    @property
    def session(self) -> str | None:
        """The session whose reservation is open."""
        return self._session

    def used_before_s(self, person: str, now_s: float) -> float:
        """Head-down seconds of the last 24 h, without what the open session has reserved."""
        held = self.account.reservations.get(self._session) if self._session is not None else None
        all_s = self.account.head_down_today_s(person, self.ledger_s(now_s))
        return all_s - held.total_s if held is not None else all_s

    def begin(self, session: str, person: str, unit: int, unit_count_s: float, allowed: Limit, now_s: float) -> None:
        """Open a session's reservation; at most `allowed` seconds in all."""
        self._session, self._person, self._unit = session, person, unit
        self._unit_start_s = unit_count_s
        self.allowed = allowed
        self._asked_s = self._granted_s = 0.0
        self.follow(0.0, now_s)

    def follow(self, used_s: float, now_s: float) -> None:
        """Ask for the next slice when the last one is nearly used. Only for a session that runs."""
        if used_s + AHEAD_S <= self._asked_s or self._session is None or self._asked_s >= self.allowed.value:
            return
        self._asked_s = min(used_s + SLICE_S, self.allowed.value)
        self.requests.append(
            Reserve(self._session, self._person, self._asked_s, self.ledger_s(now_s), self._unit, self._unit_start_s)
        )

    def granted(self, session: str, total_s: float, account: Account) -> None:
        """The ledger has it on disk."""
        self.account = account
        if session == self._session:
            self._granted_s = max(self._granted_s, total_s)

    def left_s(self, used_s: float) -> float:
        """Recorded seconds that are not used yet."""
        return self._granted_s - used_s

    def settle(self, own_s: float, unit_count_s: float, outcome: str, why: str, now_s: float) -> None:
        """The session is over and nobody is head down any more. What had no reservation is left to `rests`."""
        if self._session is None:
            return
        if not self._asked_s:
            self._session, self.allowed = None, UNLIMITED
            return
        self._compared_s = unit_count_s
        session, self._session, self.allowed = self._session, None, UNLIMITED
        # The larger of our count and the unit's: they differ by rounding unless one of them missed something.
        used_s = max(own_s, unit_count_s - self._unit_start_s)
        self.requests.append(Settle(session, used_s, outcome, why, self.ledger_s(now_s), unit_count_s))

    def connected(self, unit: int, unit_count_s: float, now_s: float) -> None:
        """A unit was found: let the ledger compare counts."""
        self._unit = unit
        self._compare(unit_count_s, now_s)

    def rests(self, unit_count_s: float, now_s: float) -> None:
        """Nobody is head down and no session is open. What the unit counted outside of one is accounted for now.

        After a crash of ours somebody may have been head down on connecting, and longer.
        """
        if self._session is None and not self.comparing and unit_count_s > self._compared_s:
            self._compare(unit_count_s, now_s)

    def compared(self, account: Account) -> None:
        """The ledger has accounted for the unit's count."""
        self.account = account
        self.comparing = False

    def fail(self, message: str) -> None:
        """Something was not recorded. That lasts until a restart, when what is open is charged in full."""
        self.failed = message
        self.comparing = False

    def _compare(self, unit_count_s: float, now_s: float) -> None:
        self._compared_s = unit_count_s
        self.comparing = True
        self.requests.append(Reconcile(self._unit, unit_count_s, self.ledger_s(now_s)))
