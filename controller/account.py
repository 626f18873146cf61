"""The head-down budget of one controller: who was head down for how long today, and when there is time again.

Pure: no I/O, and the time is an argument. Times are *ledger seconds*, of a clock that only moves forward and never runs
faster than true time (F18); so a rolling day here is never shorter than a true one. It advances with the controller's
monotonic time, and over an absence as `Clock` judges. `ledger` keeps both through restarts.

A session counts with all its head-down time until 24 h after its end, and a reservation in full until it is settled:
both err on the strict side.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

DAY_S: Final = 86_400.0
"""The rolling window of the budget (safety concept, budget)."""
EARLIEST_WALL_S: Final = 1_735_689_600.0
"""2025-01-01: a wall clock that shows less was never set (F18, boot without a clock)."""
GUEST: Final = "guest"
"""The person whom nobody named."""
EVERYBODY: Final = "*"
"""A charge that counts for each person, because nobody knows whose it is."""


class Witness(NamedTuple):
    """What the machine's clocks show at one moment: wall time, and the time since the boot called `boot_id` (or "")."""

    wall_s: float
    boot_s: float
    boot_id: str


class Clock(NamedTuple):
    """Ledger time `ledger_s`, and what the machine's clocks showed then; `seen_s` is the latest ledger time known.

    `ahead_s` is the most that the wall clock was ahead of ledger time since `since_s`, `before_s` in the day or more
    before that; None: it was never set. `trusted` is false from when the wall clock went back over a reboot, so that
    nobody knows how long that took, until it is ahead as far as before.
    """

    seen_s: float
    ledger_s: float
    wall_s: float
    boot_s: float
    boot_id: str
    ahead_s: float | None
    before_s: float | None
    since_s: float
    trusted: bool

    def resume(self, now: Witness) -> "Clock":
        """F18: the next value after an absence, judged strictly.

        Within one boot only the time since that boot counts. Over a reboot there is only the wall clock, and it counts
        as far as it is ahead of the most that it was ahead in the last day: a clock that was wrong for a while, went
        back or was not set gives nothing. What nothing here can tell from time that passed is a clock that was set
        forward between the last checkpoint and the start after a reboot.
        """
        by_wall_s = now.wall_s - self._most(math.inf)
        trusted, ledger_s = self.trusted, self.seen_s
        if now.boot_id == self.boot_id and (now.boot_id or now.boot_s >= self.boot_s):
            ledger_s = max(ledger_s, self.ledger_s + now.boot_s - self.boot_s)
        elif not by_wall_s >= ledger_s:
            trusted = False
        elif trusted:
            ledger_s = by_wall_s
        return self._replace(trusted=trusted).checkpoint(ledger_s, now)

    def checkpoint(self, ledger_s: float, now: Witness) -> "Clock":
        """The next value, when ledger time and the machine's clocks were read together."""
        ahead_s = now.wall_s - ledger_s if now.wall_s >= EARLIEST_WALL_S else None
        trusted = self.trusted or (ahead_s is not None and ahead_s >= self._most(-math.inf))
        if ledger_s - self.since_s >= DAY_S:
            return Clock(ledger_s, ledger_s, *now, ahead_s, self.ahead_s, ledger_s, trusted)
        most_s = max((x for x in (ahead_s, self.ahead_s) if x is not None), default=None)
        return Clock(ledger_s, ledger_s, *now, most_s, self.before_s, self.since_s, trusted)

    def _most(self, unknown_s: float) -> float:
        return max((x for x in (self.ahead_s, self.before_s) if x is not None), default=unknown_s)


@dataclass(frozen=True, slots=True)
class Entry:
    """Head-down time that is over. `session` is false for time that was charged without a session of ours."""

    ended_s: float
    head_down_s: float
    session: bool = True


@dataclass(frozen=True, slots=True)
class Reservation:
    """Head-down time that was granted to a session and is not settled yet."""

    person: str
    total_s: float


@dataclass(frozen=True, slots=True)
class Account:
    """Immutable; `reserve` and `settle` return the next one. `entries` are by person, `reservations` by session."""

    entries: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    reservations: Mapping[str, Reservation] = field(default_factory=dict)

    def reserve(self, session: str, person: str, total_s: float) -> "Account":
        """Grant head-down time to a session, or raise what it has; a lower total changes nothing."""
        held = self.reservations.get(session, Reservation(person, 0.0))
        granted = Reservation(held.person, max(held.total_s, total_s))
        return replace(self, reservations={**self.reservations, session: granted})

    def settle(self, session: str, ended_s: float, head_down_s: float) -> "Account":
        """A reservation becomes an entry. KeyError if the session has none. Forgets what is older than a day."""
        held = self.reservations[session]
        rest = {key: value for key, value in self.reservations.items() if key != session}
        return replace(self, reservations=rest).charge(held.person, Entry(ended_s, head_down_s))

    def charge(self, person: str, entry: Entry) -> "Account":
        """Add an entry that may have had no reservation. Forgets what was over a day before it ended."""
        kept = tuple(old for old in self.entries.get(person, ()) if not old.ended_s + DAY_S <= entry.ended_s)
        return replace(self, entries={**self.entries, person: (*kept, entry)})

    def settled(self, t: float) -> "Account":
        """The account as if what is open had ended at ledger time `t`, used up: to say when it stops counting."""
        account = self
        for session, held in self.reservations.items():
            account = account.settle(session, t, held.total_s)
        return account

    def head_down_today_s(self, person: str, t: float) -> float:
        """Head-down seconds charged to a person over the 24 h up to ledger time `t`, open reservations in full."""
        return sum(entry.head_down_s for entry in self._today(person, t)) + sum(self._held(person))

    def sessions_today(self, person: str, t: float) -> int:
        """Sessions with head-down time over the 24 h up to ledger time `t`, open ones included."""
        return sum(entry.session for entry in self._today(person, t)) + len(self._held(person))

    def rest_remaining_s(self, person: str, t: float, rest_s: float) -> float:
        """Seconds of the rest that are left, all while a reservation is open. Only head-down time asks for rest."""
        if self._held(person):
            return rest_s
        ends = [entry.ended_s for entry in self._charged(person)]
        return max(0.0, max(ends) + rest_s - t) if ends else 0.0

    def when_s(self, person: str, t: float, needed_s: float, day_s: float) -> float | None:
        """Seconds from `t` until `needed_s` more fit into a daily limit of `day_s`; None if waiting alone won't do."""
        for moment in self._moments(person, t):
            if self.head_down_today_s(person, moment) + needed_s <= day_s:
                return moment - t
        return None

    def when_session_s(self, person: str, t: float, per_day: float) -> float | None:
        """Seconds from `t` until one more session is within `per_day` a day; None if waiting alone won't do."""
        for moment in self._moments(person, t):
            if self.sessions_today(person, moment) + 1 <= per_day:
                return moment - t
        return None

    def _moments(self, person: str, t: float) -> list[float]:
        """Now, and every later time at which an entry stops counting."""
        return [t, *sorted(entry.ended_s + DAY_S for entry in self._today(person, t))]

    def _today(self, person: str, t: float) -> list[Entry]:
        # Negated, so that a NaN counts everything instead of nothing.
        return [entry for entry in self._charged(person) if not entry.ended_s + DAY_S <= t]

    def _charged(self, person: str) -> list[Entry]:
        both = (*self.entries.get(person, ()), *self.entries.get(EVERYBODY, ()))
        return [entry for entry in both if entry.head_down_s > 0]

    def _held(self, person: str) -> list[float]:
        return [held.total_s for held in self.reservations.values() if held.person == person and held.total_s > 0]


@dataclass(frozen=True, slots=True)
class Reserved:
    """The reservation is on the disk: so much time may be granted."""

    session: str
    total_s: float
    account: Account


@dataclass(frozen=True, slots=True)
class Settled:
    """The session is over and was charged so much."""

    session: str
    charged_s: float
    account: Account


@dataclass(frozen=True, slots=True)
class Reconciled:
    """The unit's count is accounted for; so much was charged for it."""

    seconds: float
    account: Account


@dataclass(frozen=True, slots=True)
class LedgerFailed:
    """Something was not recorded: the session ends at level, and none may start (F19)."""

    message: str


Answer = Reserved | Settled | Reconciled | LedgerFailed
