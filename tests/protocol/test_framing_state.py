"""What a deframer is made of: three kinds of damage that stay apart, and nothing that could grow."""

import pytest

from protocol.framing import Damage, Deframer


def test_the_kinds_of_damage() -> None:
    """F1: each kind is a value of its own, also where only its number is recorded."""
    assert [(damage.name, damage.value) for damage in Damage] == [("OVERLONG", 1), ("COBS", 2), ("CRC", 3)]


def test_a_deframer_has_no_room_for_more() -> None:
    """F22: what it holds is listed, and that is all."""
    with pytest.raises(AttributeError):
        Deframer().more = b""  # type: ignore[attr-defined]
