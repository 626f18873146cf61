"""The beginner's weeks by person: which one is earned, and what moves it on or back. Nobody skips ahead.

    Earned -> at() -> Earned      what time alone does: a full week moves on, a missed one goes back
    Earned -> answered() -> Earned      what the answer after a session does

Pure; the weeks themselves are in `presets`. Moving on goes by ledger time alone, which never runs faster than true time
(see `account`, F18): a wall clock that jumps moves nobody on. Going back, and asking again, go by whichever clock
shows more: where they disagree, the stricter one is believed. docs/people.md says the same for people.
"""

from dataclasses import dataclass, replace
from functools import cache
from math import inf
from typing import Final, NamedTuple

from .account import DAY_S, EARLIEST_WALL_S
from .model import Limit
from .presets import programme, programme_week

HALF_DAY_S: Final = DAY_S / 2
"""Chosen: days are told apart by half of one, so that no session is early or late by the hour of its day."""
WEEK_S: Final = 7 * DAY_S - HALF_DAY_S
"""A week of the programme is over on the seventh day after its first session that counts, at any hour."""
DAYS: Final = 4
"""Sessions on so many days make a week: Kim 2013 had its people invert on four days a week (docs/domain.md)."""
MISSED_S: Final = 8 * DAY_S - HALF_DAY_S
"""Domain facts, presets: seven missed days step back. Between two sessions eight days apart there are seven."""
FIRST: Final = 1


class Moment(NamedTuple):
    """Ledger time, and what the wall clock showed then in Unix seconds; None: it was not set."""

    ledger_s: float
    wall_s: float | None = None


def moment(ledger_s: float, wall_s: float | None) -> Moment:
    """Now. A wall clock that was never set shows nothing (F18)."""
    return Moment(ledger_s, wall_s if wall_s is not None and wall_s >= EARLIEST_WALL_S else None)


def passed_s(since: Moment, now: Moment) -> float:
    """The most that may have passed, by either clock. Infinite if neither can tell: the record of time began anew."""
    by_wall_s = now.wall_s - since.wall_s if now.wall_s is not None and since.wall_s is not None else -inf
    longest_s = max(now.ledger_s - since.ledger_s, by_wall_s)
    return longest_s if longest_s >= 0 else inf


@dataclass(frozen=True, slots=True)
class Earned:
    """Where somebody is in the programme. A `week` after the last one: the programme is done.

    `days` with a session that counts since the week began at `began_s`, the latest at `day_s`; `symptoms` in this week;
    `last`: when a session of theirs was last played to its end. Times are ledger time.
    """

    week: int = FIRST
    began_s: float | None = None
    days: int = 0
    day_s: float | None = None
    symptoms: int = 0
    last: Moment | None = None

    @property
    def done(self) -> bool:
        """Whether all weeks are behind them."""
        return self.week > weeks()

    def limit(self) -> Limit | None:
        """The largest angle of the week in degrees; None: the programme sets none any more."""
        return None if self.done else week_limit(self.week)


@cache
def weeks() -> int:
    """How many weeks the programme has."""
    return len(programme())


@cache
def week_limit(week: int) -> Limit:
    """The angle that a week limits all sessions to. ValueError for a week that there isn't."""
    return Limit(programme_week(week).largest_angle_deg, f"programme week {week}")


def at(earned: Earned, now: Moment) -> Earned:
    """Where they are now, if nothing is played or answered meanwhile.

    A week of which enough days count is over when its days are over; an absence steps back once, however long it was.
    Doing it again at the same moment changes nothing.
    """
    if any(s is not None and s > now.ledger_s for s in (earned.began_s, earned.day_s)):
        earned = _anew(earned)  # the record of time was lost, so nobody knows how long the week has lasted
    if earned.began_s is not None and earned.days >= DAYS and now.ledger_s - earned.began_s >= WEEK_S:
        earned = _to(earned, earned.week + 1)
    if earned.last is not None and passed_s(earned.last, now) >= MISSED_S:
        earned = replace(_to(earned, earned.week - 1), last=now)
    return earned


def played(earned: Earned, ended: Moment) -> Earned:
    """A session of theirs was played to its end: no day is missed. Whether it counts is up to the answer."""
    return replace(earned, last=ended)


def answered(earned: Earned, symptom: bool, counts: bool, ended: Moment) -> Earned:
    """What they felt after a session that ended then. `counts`: it was this week's, played to its end.

    The first symptom in a week begins it anew, the second one leads to the week before. After the programme the first
    one leads back into its last week.
    """
    if symptom:
        if earned.done or earned.symptoms:
            return _to(earned, earned.week - 1)
        return replace(_anew(earned), symptoms=1)
    if not counts or earned.done:
        return earned
    if earned.day_s is not None and ended.ledger_s - earned.day_s < HALF_DAY_S:
        return earned
    began_s = ended.ledger_s if earned.began_s is None else earned.began_s
    return replace(earned, began_s=began_s, days=earned.days + 1, day_s=ended.ledger_s)


def _anew(earned: Earned) -> Earned:
    """The same week from its beginning; its symptoms are not forgotten."""
    return replace(earned, began_s=None, days=0, day_s=None)


def _to(earned: Earned, week: int) -> Earned:
    return Earned(min(max(week, FIRST), weeks() + 1), last=earned.last)
