"""The arming window by the clock of hands, its code, and the unit's grant by the clock of control."""

from random import Random

import pytest

from controller.arming import CODE_LETTERS, Arming


def opened() -> Arming:
    """Armed at 5000 s of hands, 100 s of control, stop count 7."""
    arming = Arming(Random(1))
    arming.open(5000.0, 100.0, 7)
    return arming


def test_the_window_is_open_for_sixty_seconds() -> None:
    arming = Arming(Random(1))
    assert (arming.at_s, arming.code, arming.remaining_s(0.0)) == (None, None, None)
    arming.open(5000.0, 100.0, 7)
    assert [arming.remaining_s(hand_s) for hand_s in (5000.0, 5059.0, 5060.0, 9000.0)] == [60.0, 1.0, 0.0, 0.0]
    assert arming.stop_count == 7
    arming.close()
    assert (arming.at_s, arming.code, arming.remaining_s(5001.0)) == (None, None, None)
    assert arming.wanted, "a running session keeps its grant"


def test_each_code_is_new_and_easy_to_read() -> None:
    arming = Arming(Random(1))
    codes = set()
    for _ in range(200):
        arming.open(0.0, 0.0, 0)
        assert arming.code is not None
        assert len(arming.code) == 4
        assert set(arming.code) <= set(CODE_LETTERS)
        codes.add(arming.code)
    assert len(codes) > 195
    assert not set("01ilo") & set(CODE_LETTERS)


def test_the_grant_is_asked_for_ten_times_a_second_until_it_is_there() -> None:
    arming = opened()
    asked = [step for step in range(50) if arming.due(100.0 + step * 0.02)]
    assert asked[0] == 0
    assert 9 <= len(asked) <= 10
    arming.hear(True, 101.0)
    assert arming.granted
    assert not arming.due(105.0)


def test_a_grant_that_does_not_come_within_a_second_has_failed() -> None:
    arming = opened()
    arming.hear(False, 100.9)
    assert not arming.failed
    arming.hear(False, 101.0)
    assert arming.failed


def test_a_grant_that_is_taken_back_has_failed_and_is_not_asked_for_again() -> None:
    arming = opened()
    arming.hear(True, 100.1)
    arming.hear(False, 100.2)
    assert arming.failed
    assert not arming.due(110.0)


def test_drop_says_whether_there_was_something_to_give_back() -> None:
    arming = opened()
    arming.hear(False, 102.0)
    assert arming.drop()
    assert (arming.wanted, arming.granted, arming.failed, arming.code) == (False, False, False, None)
    assert not arming.drop()
    arming.hear(True, 103.0)
    assert not arming.granted, "a grant that nobody wants is none"
    assert not arming.due(200.0)


@pytest.mark.parametrize("granted", [True, False])
def test_asking_again_begins_anew(granted: bool) -> None:
    arming = opened()
    arming.hear(granted, 102.0)
    arming.ask(110.0, 9)
    assert (arming.granted, arming.failed, arming.stop_count) == (False, False, 9)
    assert arming.due(110.0)
