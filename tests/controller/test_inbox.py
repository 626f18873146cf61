"""What waits for the next step."""

import threading
from dataclasses import replace

import pytest

from controller.core import BrokerStatus
from controller.inbox import LENGTH, URGENT, Inbox
from controller.model import Verb, Wish


def test_stop_and_level_go_first_and_keep_their_order() -> None:
    inbox = Inbox()
    inbox.put(Wish(Verb.ARM))
    inbox.put(Wish(Verb.LEVEL))
    inbox.put(Wish(Verb.START))
    inbox.put(Wish(Verb.STOP))
    inbox.notice(BrokerStatus(True, ""))
    taken = inbox.take()
    assert [getattr(given, "verb", None) for given in taken] == [None, Verb.LEVEL, Verb.STOP, Verb.ARM, Verb.START]
    assert inbox.take() == []


def test_a_flood_loses_its_tail_but_never_the_newest_stop() -> None:
    """F22, H11."""
    inbox = Inbox()
    for number in range(1000):
        inbox.put(Wish(Verb.ARM, id=str(number)))
        inbox.put(Wish(Verb.LEVEL, id=str(number)))
    inbox.put(Wish(Verb.STOP, id="last"))
    taken = inbox.take()
    assert len(taken) == 64 + 8 + 1 == LENGTH + URGENT + 1
    assert Wish(Verb.STOP, id="last") in taken
    assert next(wish for wish in taken if isinstance(wish, Wish) and wish.verb is Verb.ARM).id == "0"
    assert inbox.dropped == 1000 - 64


@pytest.mark.parametrize(
    ("flood", "single"),
    [
        (Wish(Verb.LEVEL), Wish(Verb.STOP, id="single")),
        (Wish(Verb.STOP), Wish(Verb.LEVEL, id="single")),
        (Wish(Verb.LEVEL, expired=True), Wish(Verb.LEVEL, id="single")),
        (Wish(Verb.LEVEL, retained=True), Wish(Verb.LEVEL, id="single")),
        (Wish(Verb.STOP, retained=True), Wish(Verb.STOP, id="single")),
    ],
)
def test_a_flood_of_levels_leaves_the_stop_before_it_and_so_on(flood: Wish, single: Wish) -> None:
    """F22, H11: whoever may only watch may press level as fast as they like. The newest of a flood are looked at."""
    inbox = Inbox()
    inbox.put(single)
    for number in range(1000):
        inbox.put(replace(flood, id=str(number)))
    assert inbox.take() == [single, *(replace(flood, id=str(number)) for number in range(1000 - 8, 1000))]
    assert inbox.take() == []


def test_waiting_ends_when_something_comes() -> None:
    inbox = Inbox()
    threading.Timer(0.02, inbox.put, (Wish(Verb.STOP),)).start()
    inbox.wait(30)
    assert inbox.take() == [Wish(Verb.STOP)]
    inbox.wait(0.001)


def test_presets_are_saved_one_a_step() -> None:
    """F22: each of them reads all own presets again; a level that comes meanwhile does not wait for 64 of them."""
    inbox = Inbox()
    saves = [Wish(Verb.PRESETS_SAVE, id=f"s{number}") for number in range(LENGTH)]
    start, level = Wish(Verb.START, preset="s0"), Wish(Verb.LEVEL)
    for wish in (*saves, Wish(Verb.PRESETS_DELETE, preset="s0"), start):
        inbox.put(wish)
    assert inbox.dropped == 1
    assert inbox.take() == [saves[0], start]
    inbox.put(level)
    assert inbox.take() == [level, saves[1]]
    assert [inbox.take() for _ in range(LENGTH)] == [*([wish] for wish in saves[2:]), [], []]
