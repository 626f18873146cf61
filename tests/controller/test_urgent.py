"""Stop and level on their way: what is repeated, what a change of the unit's count means, which wish is the younger."""

from controller.urgent import Urgent

REPEAT = 0.06
ECHO = 0.3


def heard(count: int = 40) -> Urgent:
    """Telemetry with this count came at 100 s."""
    urgent = Urgent()
    assert not urgent.hear(count, False, 100.0)
    return urgent


def frames(urgent: Urgent, start_s: float, seconds: float) -> list[float]:
    """When a stop frame is due, in steps of 10 ms."""
    return [t for t in (round(start_s + n * 0.01, 2) for n in range(round(seconds * 100))) if urgent.stop_due(t)]


def test_nothing_is_due_at_first() -> None:
    urgent = heard()
    assert not urgent.stop_due(100.0)
    assert urgent.level_due(100.0) is None
    assert (urgent.stopping, urgent.levelling) == (False, False)


def test_a_stop_is_written_at_once_and_again_until_it_is_counted() -> None:
    """H11."""
    urgent = heard()
    urgent.stop(100.0, 0)
    assert frames(urgent, 100.0, 0.2) == [100.0, 100.06, 100.12, 100.18]
    assert not urgent.hear(41, False, 100.2)
    assert not urgent.stopping
    assert frames(urgent, 100.2, 0.5) == []


def test_a_stop_that_is_on_the_wire_is_repeated_only_if_it_is_not_counted() -> None:
    urgent = heard()
    urgent.stop(100.0, 1)
    assert frames(urgent, 100.0, 0.05) == []
    assert not urgent.hear(41, False, 100.05)
    assert frames(urgent, 100.05, 0.5) == []
    urgent.stop(101.0, 2)
    assert frames(urgent, 101.0, 0.14) == [101.06, 101.12]


def test_further_stops_put_off_no_repetition() -> None:
    """H11: pressed every 40 ms, and each of the lane's frames is lost."""
    urgent = heard()
    due: list[float] = []
    for press in range(5):
        at_s = 100.0 + press * 0.04
        urgent.stop(at_s, press + 1)
        due += frames(urgent, at_s, 0.04)
    assert due == [100.06, 100.12, 100.18]


def test_a_count_that_changed_before_our_frame_was_written_is_not_the_answer_to_it() -> None:
    urgent = heard()
    urgent.stop(100.0, 0)
    assert urgent.hear(41, False, 100.0), "somebody else's"
    assert urgent.stopping
    assert urgent.stop_due(100.0)
    assert not urgent.hear(42, False, 100.04)
    assert not urgent.stopping


def test_a_second_stop_counts_as_well() -> None:
    urgent = heard()
    urgent.stop(100.0, 0)
    assert urgent.stop_due(100.0)
    urgent.hear(41, False, 100.04)
    urgent.stop(100.5, 0)
    assert urgent.stop_due(100.5)
    assert not urgent.hear(42, False, 100.54)
    assert not urgent.stopping


def test_a_stop_that_nobody_told_us_of_is_somebody_elses() -> None:
    urgent = heard()
    assert urgent.hear(41, False, 100.02)
    assert not urgent.hear(41, False, 100.04)


def test_the_count_goes_round() -> None:
    urgent = heard(0xFFFF)
    urgent.stop(100.0, 1)
    assert not urgent.hear(0, False, 100.02)
    assert not urgent.stopping


def test_without_telemetry_a_stop_is_tried_for_two_seconds() -> None:
    urgent = Urgent()
    urgent.stop(100.0, 1)
    due = frames(urgent, 100.0, 5.0)
    assert due[0] == 100.06
    assert 101.9 <= due[-1] <= 102.0
    assert not urgent.stopping


def test_a_lost_link_voids_level_but_not_a_stop() -> None:
    """F4, H11."""
    urgent = heard()
    urgent.stop(100.0, 1)
    urgent.level(100.0, 40)
    urgent.lost()
    assert (urgent.stopping, urgent.levelling) == (True, False)
    assert not urgent.hear(999, False, 100.5), "another unit's count"
    assert urgent.stop_due(100.5)
    assert not urgent.hear(1000, False, 100.54)
    assert not urgent.stopping


def test_level_is_written_with_the_count_of_its_wish_until_the_unit_obeys() -> None:
    urgent = heard()
    urgent.level(100.0, 40)
    assert [urgent.level_due(100.0 + n * 0.02) for n in range(7)] == [40, None, None, 40, None, None, 40]
    assert not urgent.hear(40, True, 100.14)
    assert not urgent.levelling
    assert urgent.level_due(100.2) is None


def test_level_gives_up_after_three_seconds() -> None:
    urgent = heard()
    urgent.level(100.0, 40)
    assert urgent.level_due(103.0) == 40
    assert urgent.level_due(103.1) is None
    assert not urgent.levelling


def test_an_earlier_return_does_not_confirm_a_wish_that_was_not_sent() -> None:
    urgent = heard()
    urgent.level(100.0, 40)
    assert not urgent.hear(40, True, 100.0)
    assert urgent.levelling


def test_stop_beats_an_older_level() -> None:
    urgent = heard()
    urgent.level(100.0, 40)
    urgent.level_due(100.0)
    urgent.stop(100.01, 1)
    assert not urgent.levelling
    assert urgent.level_due(100.1) is None
    assert not urgent.hear(41, False, 100.12)
    assert urgent.level_due(100.2) is None


def test_a_younger_level_follows_the_count_of_our_own_stop_at_once() -> None:
    urgent = heard()
    urgent.stop(100.0, 1)
    urgent.level(100.0, 40)
    assert urgent.level_due(100.0) == 40, "void at the unit, but harmless"
    assert not urgent.hear(40, True, 100.01), "still the return before the stop"
    assert urgent.levelling
    assert not urgent.hear(41, False, 100.03)
    assert urgent.level_due(100.03) == 41
    assert not urgent.hear(41, True, 100.05)
    assert not urgent.levelling


def test_a_stop_frame_that_was_written_twice_is_followed_twice() -> None:
    urgent = heard()
    urgent.stop(100.0, 1)
    urgent.level(100.01, 40)
    assert frames(urgent, 100.01, 0.08) == [100.06]
    assert not urgent.hear(41, False, 100.09)
    assert not urgent.hear(42, False, 100.11)
    assert urgent.level_due(100.11) == 42


def test_a_stop_frame_more_than_we_know_of_makes_a_level_wish_void() -> None:
    """The lane's frame may be counted before anybody told us of it: the wish for level may be older than it."""
    urgent = heard()
    urgent.stop(100.0, 1)
    urgent.level(100.01, 40)
    assert urgent.hear(42, False, 100.05)
    assert not urgent.levelling


def test_a_frame_that_was_counted_before_we_were_told_of_it_excuses_no_other() -> None:
    urgent = heard()
    assert urgent.hear(41, False, 100.0)
    urgent.stop(100.02, 1)
    assert urgent.stopping, "confirmed by a count that comes after the wish only"
    urgent.level(100.03, 41)
    assert urgent.hear(42, False, 100.04), "no frame of ours was on its way"
    assert not urgent.levelling


def test_an_echo_later_than_300_ms_is_not_ours() -> None:
    urgent = heard()
    urgent.stop(100.0, 1)
    assert urgent.hear(41, False, 100.0 + ECHO + 0.01)


def test_end_level() -> None:
    urgent = heard()
    urgent.level(100.0, 40)
    urgent.end_level()
    assert urgent.level_due(100.0) is None


def test_repeats_are_three_telemetries_apart() -> None:
    urgent = heard()
    urgent.stop(100.0, 0)
    assert urgent.stop_due(100.0)
    assert not urgent.stop_due(100.0 + REPEAT - 0.001)
    assert urgent.stop_due(100.0 + REPEAT + 0.001)


def test_a_flood_whose_wishes_get_lost_leaves_the_younger_level_alive() -> None:
    """F22, H11: the lane tells the sum, so that no frame of it looks like somebody else's stop."""
    urgent = heard()
    urgent.stop(100.0, 3)
    urgent.stop(100.02, 40)
    urgent.level(100.03, 40)
    assert not urgent.hear(47, False, 100.04)
    assert not urgent.hear(80, False, 100.06)
    assert urgent.level_due(100.06) == 80
    assert urgent.hear(81, False, 100.08), "one more than the lane has written"
    assert not urgent.levelling


def test_a_stop_within_10_ms_of_a_stop_frame_is_written_after_them() -> None:
    urgent = heard()
    urgent.stop(100.0, 1)
    urgent.stop(100.005, 1)
    assert not urgent.stop_due(100.008)
    assert urgent.stop_due(100.01)
    urgent.stop(100.03, 1)
    assert urgent.stop_due(100.03)


def test_a_lane_that_wrote_nothing_new_leaves_the_frame_to_us() -> None:
    urgent = heard()
    urgent.stop(100.0, 5)
    urgent.hear(45, False, 100.02)
    urgent.stop(101.0, 5)
    assert urgent.stop_due(101.0)


def test_how_long_a_stop_has_waited_is_counted_from_the_first() -> None:
    urgent = heard()
    assert urgent.unconfirmed_s(100.0) == 0.0
    urgent.stop(100.0, 1)
    urgent.stop(100.4, 2)
    assert round(urgent.unconfirmed_s(100.6), 6) == 0.6
    urgent.hear(41, False, 100.62)
    assert urgent.unconfirmed_s(101.0) == 0.0
