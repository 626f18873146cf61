"""The lease: how long it holds, where it leads meanwhile, and what ends it (F2, F17)."""

import pytest

from protocol.messages import Setpoint
from simulator.grant import Grant


def setpoint(target: float = 10.0, rate: float = 0.0, limit: float = 30.0, lease_ms: int = 500) -> Setpoint:
    return Setpoint.nearest(1, 1, 1, target, rate, limit, lease_ms)


@pytest.mark.parametrize(("lease_ms", "lasts_ms"), [(500, 500), (200, 200), (0, 0), (501, 500), (65_000, 500)])
def test_a_lease_lasts_half_a_second_at_most(lease_ms: int, lasts_ms: int):
    """F17."""
    grant = Grant()
    assert not grant.expired(10**9)
    grant.lease(setpoint(lease_ms=lease_ms), 1000)
    assert not grant.expired(1000 + lasts_ms)
    assert grant.expired(1001 + lasts_ms)
    grant.release()
    assert not grant.expired(10**9)


@pytest.mark.parametrize(
    ("target", "rate", "limit", "after_ms", "cdeg"),
    [
        (10.0, 0.0, 30.0, 400, 1000),
        (10.0, 2.0, 30.0, 0, 1000),
        (10.0, 2.0, 30.0, 250, 1050),
        (10.0, -2.0, 30.0, 500, 900),
        (10.0, 0.03, 30.0, 500, 1002),
        (29.9, 3.0, 30.0, 500, 3000),
        (40.0, 0.0, 30.0, 0, 3000),
        (70.0, 0.0, 90.0, 0, 6000),
        (5.0, 0.0, -10.0, 0, -1000),
        (-79.9, -3.0, 30.0, 500, -8000),
        (-90.0, 0.0, 30.0, 0, -8000),
    ],
)
def test_the_target_goes_on_by_its_own_rate_within_the_limits(
    target: float, rate: float, limit: float, after_ms: int, cdeg: int
):
    """H2: the tightest limit, the unit's own 60° and the load position."""
    grant = Grant()
    grant.lease(setpoint(target, rate, limit), 1000)
    assert grant.target_cdeg(round(rate * 100), 1000 + after_ms) == cdeg


def test_a_new_grant_begins_with_the_units_own_limit():
    grant = Grant()
    grant.lease(setpoint(limit=20.0), 0)
    assert grant.limit_cdeg == 2000
    grant.arm()
    assert (grant.armed, grant.setpoint, grant.limit_cdeg) == (True, None, 6000)
    grant.lease(setpoint(), 0)
    grant.release()
    assert (grant.armed, grant.setpoint) == (False, None)
