"""Every refusal that time cures says when it is possible again, and that is true; every other one says what to do."""

import re
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from random import Random

import pytest

from controller.account import Account, Entry
from controller.child_lock import ChildLock
from controller.model import Limit, Reason, State, Verb, Wish
from controller.questions import BUSY
from controller.refusals import QUESTIONS, refuse

from .test_refusals import (
    AT_LEVEL,
    BREAK,
    HAND,
    LEDGER,
    Case,
    allowed,
    elsewhere,
    found,
    limited,
    seen,
    steep,
    told,
    unarmed,
    used,
    wished,
)

DAY_S = 86_400.0
CONFIRMED = (
    "both ankles locked, nothing and nobody in reach of the table, the checklist read, somebody else in the room"
)

WHEN: dict[Reason, list[tuple[Verb, Callable[[Case], Case], str]]] = {
    Reason.BUDGET_SPENT: [
        (Verb.ARM, used(40_000.0, 1200.0),
         "Not enough head-down time is left: 20 min in 24 h are allowed (hard limit). Possible again in 13 h."),
        (Verb.JOG, lambda case: used(40_000.0, 9.0)(used(50_000.0, 9.0)(used(60_000.0, 9.0)(case))),
         "3 sessions in 24 h are enough (hard limit). Possible again in 8 h."),
        (Verb.ARM, limited(sessions_per_day=0.0),
         "0 sessions in 24 h are enough (configuration). Waiting does not help."),
    ],
    Reason.REST_NEEDED: [
        (Verb.GOTO, used(100.0, 1.0), "Rest between sessions is needed. Possible again in 59 min."),
        (Verb.ARM, limited(rest_s=7200.0), ""),
        (Verb.ARM, lambda case: limited(rest_s=7200.0)(used(100.0, 1.0)(case)),
         "Rest between sessions is needed. Possible again in 2 h."),
    ],
    Reason.TOO_SOON: [
        (Verb.ARM, found(stopped_at_s=HAND - 0.5), "A stop was pressed just now. Wait a second."),
        (Verb.RESUME, found(paused_at_s=HAND - 0.5), "Too soon after the pause: send it a second later."),
        (Verb.SKIP, found(skipped_at_s=HAND - 0.5), "Too soon after the last skip: send it a second later."),
        (Verb.RESUME, found(skipped_at_s=HAND - 0.5), ""),
        (Verb.START, found(armed_at_s=HAND - 0.5),
         "Too soon after arming: start a second later, or quote the arm code."),
    ],
    Reason.PAUSE_FIRST: [
        (Verb.STAND, found(pause_left_s=41.2),
         "Lie still for another 42 s: blood pressure is low after lying head down."),
        (Verb.STAND, found(pause_left_s=0.3),
         "Lie still for another 1 s: blood pressure is low after lying head down."),
    ],
    Reason.BUSY: [
        (Verb.START, found(comparing=True),
         "The record of head-down time is being brought up to date. Try again in a moment."),
    ],
}  # fmt: skip
"""What time cures, and in which words; "": nothing is refused. `locked` stands below: its time is the child lock's."""

DO: dict[Reason, list[tuple[Verb, Callable[[Case], Case], str]]] = {
    Reason.UNKNOWN_PRESET: [(Verb.START, BREAK[Reason.UNKNOWN_PRESET], "There is no preset 'nope'. There are: back, "
                             "gentle.")],
    Reason.UNKNOWN_PERSON: [(Verb.ARM, found(unknown="There is no person 'bob' here."),
                             "There is no person 'bob' here.")],
    Reason.CHECKLIST_DUE: [(Verb.ARM, found(due="The checklist comes first."), "The checklist comes first.")],
    Reason.RETAINED: [(Verb.ARM, wished(retained=True), "The broker had kept this command; nothing moves on old "
                       "commands. Send it without the retain flag.")],
    Reason.EXPIRED: [(Verb.ARM, wished(expired=True), "This command came after its own expiry.")],
    Reason.DUPLICATE: [(Verb.ARM, lambda case: wished(id="7")(found(taken_before=True)(case)),
                        "A command with the id '7' was taken already.")],
    Reason.LOCKED: [(Verb.ARM, found(locked=True), "The child lock is on: stop and level work, everything else needs "
                     "unlock with the PIN first.")],
    Reason.LINK_DOWN: [(Verb.ARM, found(estimate=None), "There is no connection to the tilt unit; check its cable and "
                        "power.")],
    Reason.ESTOP: [(Verb.ARM, seen(estop=True), "The emergency stop is pressed. Release it first.")],
    Reason.FAULT_LATCHED: [
        (Verb.ARM, seen(latched=1), "A fault waits for acknowledgement. Read it in the state, then acknowledge it at "
         "level or head up."),
        (Verb.ARM, found(ledger_failed="The disk is full."),
         "The disk is full. No session can run until the controller is restarted."),
        (Verb.ARM, seen(trusted=False), "The angle sensors do not agree, so nobody knows how far the table is tilted. "
         "Ask for help."),
    ],
    Reason.NOT_OCCUPIED: [(Verb.ARM, seen(occupied=False), "Nobody is sensed on the table.")],
    Reason.ANKLES_OPEN: [(Verb.ARM, seen(ankles_locked=False), "An ankle lock is open. Close both locks.")],
    Reason.BUSY: [
        (Verb.ARM, elsewhere, "The table is returning to level. Wait until it is there."),
        (Verb.ARM, found(state=State.RISING), "The table is on its way to standing. Wait until it is there."),
        (Verb.ARM, found(leaving=True), "The controller is being shut down."),
        (Verb.CHECKIN, found(asked=False), "Nobody is asked just now. Answer when the state or the event check_in "
         "asks."),
    ],
    Reason.NOT_ARMED: [
        (Verb.START, unarmed, f"Arm first. With that you confirm: {CONFIRMED}."),
        (Verb.START, found(armed_at_s=HAND - 61.0), "The arming window has closed. Arm again."),
        (Verb.ARM, found(arm_by_button=True), "This table is armed with the button on the table only."),
        (Verb.START, wished(code="no"), "This is not the arm code of the state; read it again."),
    ],
    Reason.OVER_ANGLE: [(Verb.GOTO, steep, "31° is over your limit of 30° (guest).")],
    Reason.OVER_TIME: [(Verb.START, limited(session_head_down_s=300.0), "Back relief needs 10.4 min head down, over "
                        "your 5 min a session (configuration).")],
    Reason.NOT_LEVEL: [(Verb.STAND, seen(angle_deg=9.0, head_down=True), "Standing up begins at level. Send level "
                        "first.")],
}  # fmt: skip
"""What no time cures: somebody has to do something, or asked too much."""


def test_every_question_is_here() -> None:
    """What is left are payloads and files that have to be written otherwise."""
    assert set(WHEN) | set(DO) == set(QUESTIONS)


@pytest.mark.parametrize(
    ("reason", "verb", "change", "message"),
    [(reason, *case) for table in (WHEN, DO) for reason, cases in table.items() for case in cases],
)
def test_the_words(reason: Reason, verb: Verb, change: Callable[[Case], Case], message: str) -> None:
    refused = refuse(*change(allowed(verb)))
    assert refused == ((reason, message) if message else None)


@pytest.mark.parametrize("words", BUSY.values())
def test_a_state_that_is_in_the_way_says_what_to_do_or_that_it_passes(words: str) -> None:
    assert re.search(r"Wait until|first\.|No session runs|no connection|Read it", words)


def test_after_wrong_pins_the_time_is_told_and_true() -> None:
    lock = ChildLock(Random(1))
    lock.lock("2580")
    said = [lock.unlock("0000", 100.0) for _ in range(5)]
    assert said[-1] == "That is not the PIN. Try again in a minute."
    for hand_s, seconds in ((100.0, 60), (159.2, 1), (159.99, 1)):
        assert lock.unlock("2580", hand_s) == f"Too many wrong PINs. Try again in {seconds} s."
    assert lock.unlock("2580", 160.0) is None


def past(*entries: tuple[float, float]) -> Account:
    """Sessions that ended so long ago, with so much head-down time."""
    account = Account()
    for ago_s, head_down_s in entries:
        account = account.charge("guest", Entry(LEDGER - ago_s, head_down_s))
    return account


def waits_s(message: str) -> tuple[float, float]:
    """The told time in seconds, and how far it is rounded."""
    found = re.search(r"Possible again in (\d+) (min|h)\.$", message)
    assert found, message
    unit_s = 60.0 if found[2] == "min" else 3600.0
    return int(found[1]) * unit_s, unit_s


@pytest.mark.parametrize(
    "account",
    [
        past((100.0, 1.0)),
        past((40_000.0, 1200.0)),
        past((86_395.0, 9.0), (9_000.0, 9.0), (60.0, 9.0)),  # the third of a day, and the rest after it is longer
        past((86_000.0, 900.0), (100.0, 200.0)),
        past((80_000.0, 5.0), (70_000.0, 500.0), (3000.0, 600.0)),
        Account().reserve("open", "guest", 1200.0),
        past((50_000.0, 9.0), (40_000.0, 9.0)).reserve("open", "guest", 60.0),
    ],
)
@pytest.mark.parametrize("verb", [Verb.ARM, Verb.START])
def test_when_it_is_possible_again_is_true(account: Account, verb: Verb) -> None:
    """Then nothing speaks against it any more; before, less the rounding, something does."""
    wish, situation = allowed(verb)
    situation = situation._replace(account=account)
    after_s, rounded_s = waits_s(told((wish, situation)))
    account = account.settled(LEDGER)  # what was open is over by then
    assert refuse(wish, situation._replace(account=account, ledger_s=LEDGER + after_s)) is None
    assert refuse(wish, situation._replace(account=account, ledger_s=LEDGER + after_s - rounded_s)) is not None


def test_the_second_of_a_hand_and_the_pause_are_true() -> None:
    for verb, known in (
        (Verb.ARM, "stopped_at_s"), (Verb.RESUME, "paused_at_s"), (Verb.SKIP, "skipped_at_s"),
        (Verb.START, "armed_at_s"),
    ):  # fmt: skip
        wish, situation = allowed(verb)
        assert refuse(wish, situation._replace(**{known: HAND - 0.01})) is not None
        assert refuse(wish, situation._replace(**{known: HAND - 0.01}, hand_s=HAND + 1.0)) is None
    _, situation = allowed(Verb.STAND)
    for left_s in (0.2, 41.2):
        message = told((Wish(Verb.STAND), situation._replace(pause_left_s=left_s)))
        assert f" {ceil(left_s)} s" in message


def test_more_than_any_day_allows_is_never_promised() -> None:
    case = limited(day_head_down_s=60.0)(allowed(Verb.START))
    assert told(case).endswith("(configuration). Waiting does not help.")
    day = replace(case[1].limits, session_head_down_s=Limit(60.0, "configuration"))
    assert "Possible" not in told((case[0], case[1]._replace(limits=day)))
    assert AT_LEVEL.occupied, "nothing else speaks against it"
