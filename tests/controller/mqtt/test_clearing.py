"""An empty message after a filled one may be what clears a retained command."""

from controller.model import Verb, Wish
from controller.mqtt.clearing import Clearing, as_clearing


def test_only_the_first_empty_message_after_a_filled_one_may_clear_it() -> None:
    """F21."""
    clearing = Clearing()
    said = [b"", b"", b"PRESS", b"", b"", b'{"id": "1"}', b"PRESS", b"", b""]
    assert [clearing.clears("stand", payload, 9e9 * place) for place, payload in enumerate(said)] == [
        False, False, False, True, False, False, False, True, False,
    ]  # fmt: skip


def test_each_topic_by_itself_and_unknown_ones_are_not_remembered() -> None:
    clearing = Clearing()
    clearing.clears("stand", b"PRESS", 0.0)
    assert not clearing.clears("resume", b"", 0.0)
    for number in range(1000):
        clearing.clears(f"junk{number}", b"x", 0.0)
    assert not clearing.clears("junk1", b"", 0.0)
    assert len(clearing._filled_s) == 1
    assert clearing.clears("stand", b"", 0.0)


def test_a_level_clears_nothing_any_more_a_minute_later() -> None:
    """H11: a person who lies head down is not kept there by what another phone sent some time ago."""
    clearing = Clearing()
    for later_s, clears in ((60.0, True), (60.1, False)):
        clearing.clears("level", b"PRESS", 100.0)
        assert clearing.clears("level", b"", 100.0 + later_s) is clears
        assert not clearing.clears("level", b"", 100.0 + later_s)


def test_it_is_refused_but_a_stop_stays_a_stop_and_a_level_counts_as_old() -> None:
    """H11: neither is ever taken from a person."""
    assert as_clearing(Wish(Verb.STOP)) == Wish(Verb.STOP)
    assert as_clearing(Wish(Verb.LEVEL)) == Wish(Verb.LEVEL, expired=True)
    assert as_clearing(Wish(Verb.STAND)) == Wish(Verb.STAND, retained=True)
