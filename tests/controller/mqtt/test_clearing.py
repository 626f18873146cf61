"""An empty message after a filled one may be what clears a retained command."""

from controller.model import Verb, Wish
from controller.mqtt.clearing import Clearing, as_clearing


def test_only_the_first_empty_message_after_a_filled_one_may_clear_it() -> None:
    """F21."""
    clearing = Clearing()
    said = [b"", b"", b"PRESS", b"", b"", b'{"id": "1"}', b"PRESS", b"", b""]
    assert [clearing.clears("stand", payload) for payload in said] == [
        False, False, False, True, False, False, False, True, False,
    ]  # fmt: skip


def test_each_topic_by_itself_and_unknown_ones_are_not_remembered() -> None:
    clearing = Clearing()
    clearing.clears("stand", b"PRESS")
    assert not clearing.clears("resume", b"")
    for number in range(1000):
        clearing.clears(f"junk{number}", b"x")
    assert not clearing.clears("junk1", b"")
    assert len(clearing._filled) == 1
    assert clearing.clears("stand", b"")


def test_it_is_refused_but_a_stop_stays_a_stop_and_a_level_counts_as_old() -> None:
    """H11: neither is ever taken from a person."""
    assert as_clearing(Wish(Verb.STOP)) == Wish(Verb.STOP)
    assert as_clearing(Wish(Verb.LEVEL)) == Wish(Verb.LEVEL, expired=True)
    assert as_clearing(Wish(Verb.STAND)) == Wish(Verb.STAND, retained=True)
