"""Reservations: a minute ahead in slices of a minute, never beyond what is allowed, settled with the larger count."""

import pytest

from controller.account import Account, Entry
from controller.booking import Booking, Reconcile, Reserve, Settle
from controller.model import Limit

LIMIT = Limit(150.0, "test")


def begun() -> Booking:
    """A session of ana's on unit 77, which had counted 1000 s; the ledger's time is 5000 s ahead."""
    booking = Booking(Account(), 5100.0)
    assert booking.ledger_s(100.0) == 5100.0
    booking.begin("s1", "ana", 77, 1000.0, LIMIT, 100.0)
    return booking


def test_the_ledgers_time_goes_on_with_the_controllers() -> None:
    booking = Booking(Account(), 7.0)
    assert [booking.ledger_s(now_s) for now_s in (50.0, 50.0, 61.5)] == [7.0, 7.0, 18.5]


def test_nothing_is_granted_before_the_ledger_answers() -> None:
    """F19, H3."""
    booking = begun()
    assert booking.requests == [Reserve("s1", "ana", 60.0, 5100.0, 77, 1000.0)]
    assert booking.left_s(0.0) == 0.0
    booking.granted("another", 60.0, Account())
    assert booking.left_s(0.0) == 0.0
    booking.granted("s1", 60.0, Account())
    assert [booking.left_s(used_s) for used_s in (0.0, 59.0, 61.0)] == [60.0, 1.0, -1.0]
    booking.granted("s1", 30.0, Account())
    assert booking.left_s(0.0) == 60.0, "a late answer takes nothing back"


def test_the_next_slice_is_asked_for_thirty_seconds_ahead_and_never_more_than_allowed() -> None:
    booking = begun()
    booking.requests.clear()
    for step in range(9000):
        booking.follow(step * 0.02, 100.0 + step * 0.02)
    totals = [request.total_s for request in booking.requests if isinstance(request, Reserve)]
    assert totals == [pytest.approx(90.02, abs=0.03), pytest.approx(120.04, abs=0.05), 150.0, 150.0][: len(totals)]
    assert totals[-1] == 150.0
    assert len(totals) == 3


def test_a_session_without_any_time_left_reserves_nothing() -> None:
    booking = Booking(Account(), 0.0)
    booking.begin("s1", "ana", 77, 0.0, Limit(0.0, "none left"), 100.0)
    assert booking.requests == []
    assert booking.left_s(0.0) == 0.0


@pytest.mark.parametrize(("count_s", "used_s"), [(1039.0, 40.0), (1043.0, 43.0), (3.0, 40.0)])
def test_settled_is_the_larger_of_both_counts(count_s: float, used_s: float) -> None:
    booking, own_s = begun(), 40.0
    booking.requests.clear()
    booking.settle(own_s, count_s, "reached", "done", 200.0)
    assert booking.requests == [Settle("s1", used_s, "reached", "done", 5200.0, count_s)]
    assert booking.session is None
    assert booking.allowed.value == float("inf")
    booking.settle(own_s, count_s, "reached", "done", 200.0)
    booking.follow(500.0, 200.0)
    assert len(booking.requests) == 1


def test_what_was_used_before_is_without_the_open_session() -> None:
    account = Account().charge("ana", Entry(5000.0, 70.0))
    booking = Booking(account, 5100.0)
    assert booking.used_before_s("ana", 100.0) == 70.0
    booking.begin("s1", "ana", 77, 1000.0, LIMIT, 100.0)
    booking.granted("s1", 60.0, account.reserve("s1", "ana", 60.0))
    assert booking.account.head_down_today_s("ana", 5100.0) == 130.0
    assert booking.used_before_s("ana", 100.0) == 70.0


def test_on_each_connect_the_counts_are_compared() -> None:
    booking = Booking(Account(), 10.0)
    booking.connected(77, 1234, 100.0)
    assert booking.requests == [Reconcile(77, 1234, 10.0)]


def test_what_the_unit_counted_outside_of_a_session_is_compared_where_it_rests() -> None:
    """H3: after a crash of ours somebody may be head down on connecting, and longer."""
    booking = Booking(Account(), 5000.0)
    booking.connected(77, 1000.0, 100.0)
    assert booking.requests == [Reconcile(77, 1000.0, 5000.0)]
    assert booking.comparing
    booking.rests(1012.0, 120.0)
    assert len(booking.requests) == 1, "one at a time"
    booking.compared(Account())
    assert not booking.comparing
    booking.rests(1012.0, 121.0)
    assert booking.requests[1:] == [Reconcile(77, 1012.0, 5021.0)]
    booking.compared(Account())
    booking.rests(1012.0, 122.0)
    assert len(booking.requests) == 2


def test_while_a_session_is_open_its_settling_accounts_for_the_count() -> None:
    booking = begun()
    booking.requests.clear()
    booking.rests(1030.0, 130.0)
    assert booking.requests == []
    booking.settle(30.0, 1030.0, "reached", "", 130.0)
    assert isinstance(booking.requests[0], Settle)
    booking.rests(1030.0, 131.0)
    assert len(booking.requests) == 1


def test_a_session_without_any_reservation_settles_nothing() -> None:
    """F19: the ledger knows nothing of it, and would fail. What the unit counted all the same is compared."""
    booking = Booking(Account(), 5000.0)
    booking.connected(77, 1000.0, 100.0)
    booking.compared(Account())
    booking.requests.clear()
    booking.begin("s1", "ana", 77, 1000.0, Limit(0.0, "configuration"), 100.0)
    booking.settle(0.0, 1000.0, "reached", "", 130.0)
    assert (booking.session, booking.requests) == (None, [])
    booking.rests(1000.0, 131.0)
    assert booking.requests == []
    booking.rests(1001.0, 132.0)
    assert booking.requests == [Reconcile(77, 1001.0, 5032.0)]


def test_a_failure_lasts() -> None:
    booking = begun()
    booking.fail("The disk is full.")
    booking.granted("s1", 60.0, Account())
    booking.compared(Account())
    assert booking.failed == "The disk is full."
