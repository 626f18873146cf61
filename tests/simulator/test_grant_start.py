"""A grant before anybody asked: nothing is granted, the hard limit holds, and the target is level."""

import pytest

from simulator.grant import Grant


def test_nothing_is_granted_at_first():
    """H4: a unit that just started moves for nobody."""
    grant = Grant()
    assert grant.armed is False
    assert grant.setpoint is None
    assert grant.limit_cdeg == 6000
    assert not grant.expired(0)
    assert not grant.expired(10**9)


@pytest.mark.parametrize(("rate_cdps", "now_ms", "cdeg"), [(0, 500, 0), (1000, 0, 0), (1000, 500, 500)])
def test_the_target_is_level_at_first(rate_cdps: int, now_ms: int, cdeg: int):
    assert Grant().target_cdeg(rate_cdps, now_ms) == cdeg


def test_a_grant_has_no_room_for_more():
    with pytest.raises(AttributeError):
        Grant().more = 1  # type: ignore[attr-defined]
