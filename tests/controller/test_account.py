"""The budget of a day, and the clock that it is reckoned by."""

import math
from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.account import (
    DAY_S,
    EVERYBODY,
    GUEST,
    Account,
    Clock,
    Entry,
    LedgerFailed,
    Reconciled,
    Reservation,
    Reserved,
    Settled,
    Witness,
)

DAY = 24 * 3600
SET = 1_750_000_000.0
"""A wall clock in June 2025."""


def test_a_session_counts_until_24_hours_after_its_end() -> None:
    account = Account().charge("ana", Entry(1000, 300)).charge("ana", Entry(9000, 120))
    assert DAY_S == DAY
    assert [account.head_down_today_s("ana", t) for t in (9000, 1000 + DAY - 1, 1000 + DAY, 9000 + DAY)] == [
        420, 420, 120, 0,
    ]  # fmt: skip
    assert [account.sessions_today("ana", t) for t in (9000, 1000 + DAY, 9000 + DAY)] == [2, 1, 0]
    assert account.head_down_today_s(GUEST, 9000) == 0


def test_a_reservation_counts_in_full_until_it_is_settled() -> None:
    account = Account().reserve("7", "ana", 300)
    for t in (0, DAY, 10 * DAY):
        assert account.head_down_today_s("ana", t) == 300
        assert account.sessions_today("ana", t) == 1
        assert account.rest_remaining_s("ana", t, 3600) == 3600
        assert account.when_s("ana", t, 1000, 1200) is None
        assert account.when_session_s("ana", t, 1) is None
    settled = account.settle("7", 500, 42)
    assert settled.reservations == {}
    assert settled.head_down_today_s("ana", 500) == 42
    assert account.head_down_today_s("ana", 500) == 300, "the older value is what it was"


def test_a_reservation_only_grows_and_stays_whose_it_was() -> None:
    account = Account().reserve("7", "ana", 300).reserve("7", "ana", 100).reserve("7", "bob", 400)
    assert account.reservations == {"7": Reservation("ana", 400)}
    with pytest.raises(KeyError):
        account.settle("8", 0, 0)


def test_rest_is_needed_only_after_head_down_time() -> None:
    account = Account().charge("ana", Entry(100, 60)).charge("ana", Entry(500, 0))
    assert [account.rest_remaining_s("ana", t, 3600) for t in (100, 500, 3699, 3700, 9999)] == [3600, 3200, 1, 0, 0]
    assert account.sessions_today("ana", 500) == 1, "a session at level is none of the three"
    assert account.reserve("7", "ana", 0).rest_remaining_s("ana", 3700, 3600) == 0
    assert account.reserve("7", "ana", 0.5).rest_remaining_s("ana", 3700, 3600) == 3600
    assert account.charge("ana", Entry(2000, 1)).rest_remaining_s("ana", 3700, 3600) == 1900, "after the last one"
    assert account.rest_remaining_s("bob", 100, 3600) == 0


def test_time_without_a_session_is_charged_but_is_no_session() -> None:
    account = Account().charge("ana", Entry(100, 60, session=False))
    assert account.head_down_today_s("ana", 100) == 60
    assert account.sessions_today("ana", 100) == 0
    assert account.rest_remaining_s("ana", 100, 3600) == 3600


def test_a_charge_for_everybody_counts_for_each_person() -> None:
    account = Account().charge(EVERYBODY, Entry(0, 1200, session=False)).charge("ana", Entry(50, 10))
    assert account.head_down_today_s("ana", 100) == 1210
    assert account.head_down_today_s("never seen", 100) == 1200
    assert account.when_s("never seen", 100, 1, 1200) == DAY - 100


def test_when_there_is_time_again() -> None:
    """Two sessions of 9 min; 5 min more fit into 20 when the first is a day old."""
    account = Account().charge("ana", Entry(1000, 540)).charge("ana", Entry(5000, 540))
    t = 1000 + DAY - 41 * 60
    assert account.when_s("ana", t, 120, 1200) == 0
    assert account.when_s("ana", t, 300, 1200) == 41 * 60
    assert account.when_s("ana", t, 1200, 1200) == 41 * 60 + 4000
    assert account.when_s("ana", t, 1201, 1200) is None
    assert account.when_session_s("ana", t, 3) == 0
    assert account.when_session_s("ana", t, 2) == 41 * 60
    assert account.when_session_s("ana", t, 0) is None


def test_what_is_over_a_day_old_is_forgotten() -> None:
    account = Account()
    for day in range(100):
        account = account.charge("ana", Entry(day * DAY, 60))
    assert len(account.entries["ana"]) == 1


def test_a_time_that_is_no_number_forgets_nothing() -> None:
    account = Account().charge("ana", Entry(1000, 300))
    assert account.head_down_today_s("ana", math.nan) == 300


entries = st.lists(st.builds(Entry, st.integers(0, 2 * DAY), st.integers(0, 900), st.booleans()), max_size=8)


@given(entries, st.integers(0, 3 * DAY), st.integers(0, 1200))
def test_when_says_the_first_moment(drawn: list[Entry], t: int, needed_s: int) -> None:
    account = Account({"ana": tuple(drawn)})
    wait_s = account.when_s("ana", t, needed_s, 1200)
    assert wait_s is not None
    assert account.head_down_today_s("ana", t + wait_s) + needed_s <= 1200
    assert wait_s == 0 or account.head_down_today_s("ana", t + wait_s - 1) + needed_s > 1200


@given(entries, st.integers(0, 3 * DAY), st.integers(1, 3))
def test_when_says_the_first_moment_for_a_session(drawn: list[Entry], t: int, per_day: int) -> None:
    account = Account({"ana": tuple(drawn)})
    wait_s = account.when_session_s("ana", t, per_day)
    assert wait_s is not None
    assert account.sessions_today("ana", t + wait_s) < per_day
    assert wait_s == 0 or account.sessions_today("ana", t + wait_s - 1) >= per_day


@given(entries, st.integers(0, 3 * DAY))
def test_what_is_charged_covers_every_second_of_the_last_24_hours(drawn: list[Entry], t: int) -> None:
    """Each entry is a stretch of head-down time that ended when it says; clip it to the window and add up."""
    account = Account({"ana": tuple(drawn)})
    past = [entry for entry in drawn if entry.ended_s <= t]
    true_s = sum(max(0, entry.ended_s - max(entry.ended_s - entry.head_down_s, t - DAY)) for entry in past)
    assert account.head_down_today_s("ana", t) >= true_s


def clock(ledger_s: float = 1000.0, wall_s: float = SET, boot_s: float = 50.0, boot_id: str = "a") -> Clock:
    """A clock that was begun and noted then."""
    return Clock(0, 0, 0, 0, "", None, None, 0, False).checkpoint(ledger_s, Witness(wall_s, boot_s, boot_id))


@pytest.mark.parametrize("wall_s", [0.0, SET - 1e6, SET, SET + 1e6, math.inf, math.nan])
def test_within_one_boot_only_the_time_since_boot_counts(wall_s: float) -> None:
    """F18: whatever the wall clock shows."""
    assert clock().resume(Witness(wall_s, 350.0, "a")).ledger_s == 1300
    assert clock().resume(Witness(wall_s, 20.0, "a")).ledger_s == 1000, (
        "a clock that can't go back gives nothing when it does"
    )


def test_over_a_reboot_the_wall_clock_counts_if_it_went_forward() -> None:
    """F18."""
    assert clock().resume(Witness(SET + 700, 9.0, "b")).ledger_s == 1700
    assert clock().resume(Witness(SET, 9.0, "b")).ledger_s == 1000
    assert clock().resume(Witness(SET - 1, 99_999.0, "b")).ledger_s == 1000
    assert clock().resume(Witness(0.0, 9.0, "b")).ledger_s == 1000
    assert clock().resume(Witness(math.nan, 9.0, "b")).ledger_s == 1000


def test_a_machine_without_boot_ids_is_judged_by_what_is_certain() -> None:
    """Time since the boot that grew is a lower bound, same boot or not; time that shrank shows another boot."""
    assert clock(boot_id="").resume(Witness(SET + 1e6, 50.0, "")).ledger_s == 1000
    assert clock(boot_id="").resume(Witness(SET + 1e6, 350.0, "")).ledger_s == 1300
    assert clock(boot_id="").resume(Witness(SET + 700, 9.0, "")).ledger_s == 1700


def test_ledger_time_never_goes_back_behind_what_was_recorded() -> None:
    seen = clock()._replace(seen_s=1200.0)
    assert seen.resume(Witness(SET + 100, 51.0, "a")).ledger_s == 1200
    assert seen.resume(Witness(SET + 100, 1.0, "b")).ledger_s == 1200


def test_a_clock_that_was_ahead_for_a_while_gives_nothing_when_it_is_right_again() -> None:
    """F18: set forward by a day while we ran, noted, set back, noted, rebooted 10 min later."""
    ahead = clock().checkpoint(1060, Witness(SET + 60 + DAY, 110, "a")).checkpoint(1120, Witness(SET + 120, 170, "a"))
    assert ahead.resume(Witness(SET + 720, 5, "b")).ledger_s == 1120


@pytest.mark.parametrize("wall_s", [5.0, SET - 9 * DAY, SET - 1])
def test_a_clock_that_went_back_over_a_reboot_gives_nothing_when_it_is_right_again(wall_s: float) -> None:
    """F18: after such a boot nobody knows what of the next step forward is time that passed since."""
    behind = clock().resume(Witness(wall_s, 5, "b"))
    assert (behind.ledger_s, behind.trusted) == (1000, False)
    assert behind.resume(Witness(SET, 5, "c")).trusted, "as far ahead as before is enough"
    right = behind.resume(Witness(SET + 600, 5, "c"))
    assert (right.ledger_s, right.trusted) == (1000, True)
    assert right.resume(Witness(SET + 700, 5, "d")).ledger_s == 1100


def test_a_clock_that_is_put_right_while_we_look_is_trusted_from_then() -> None:
    """F18: a boot without a clock that gets the time from the network."""
    behind = clock().resume(Witness(5.0, 5, "b"))
    right = behind.checkpoint(1060, Witness(SET + DAY, 65, "b"))
    assert right.resume(Witness(SET + DAY + 300, 5, "c")).ledger_s == 1360


def test_a_clock_that_is_put_back_while_we_look_gives_less_by_that() -> None:
    """F18: it may be put forward again while nobody looks."""
    back = clock().checkpoint(1010, Witness(SET + 10 - 180, 60, "a"))
    assert back.trusted
    assert back.resume(Witness(SET + 600 - 180, 5, "b")).ledger_s == 1420
    assert back.resume(Witness(SET + 600, 5, "b")).ledger_s == 1600


def test_a_clock_that_was_never_set_is_no_witness() -> None:
    """F18: from 1970 to today is not 55 years of rest."""
    new_year_2025_s = 1_735_689_600
    for wall_s in (100.0, new_year_2025_s - 1):
        assert clock(wall_s=wall_s).resume(Witness(wall_s + 10, 5, "b")).ledger_s == 1000
        assert clock(wall_s=wall_s).resume(Witness(SET, 5, "b")).ledger_s == 1000
    assert clock(wall_s=new_year_2025_s).resume(Witness(new_year_2025_s + 10, 5, "b")).ledger_s == 1010


def test_a_clock_that_was_corrected_is_believed_again_after_two_days() -> None:
    now = clock().checkpoint(1060, Witness(SET + 60 + DAY, 110, "a"))
    for hour in range(1, 51):
        now = now.checkpoint(1060 + hour * 3600, Witness(SET + 60 + hour * 3600, 110 + hour * 3600, "a"))
        gained = now.resume(Witness(SET + 60 + hour * 3600 + 600, 5, "b")).ledger_s - (1060 + hour * 3600)
        assert gained == (600 if hour >= 48 else 0)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Entry(0, 0), "ended_s"),
        (Reservation("ana", 1), "total_s"),
        (Account(), "entries"),
        (Reserved("7", 1, Account()), "total_s"),
        (Settled("7", 1, Account()), "charged_s"),
        (Reconciled(0, Account()), "seconds"),
        (LedgerFailed(""), "message"),
    ],
)
def test_what_travels_between_threads_never_changes(value: object, name: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, name, 1)
