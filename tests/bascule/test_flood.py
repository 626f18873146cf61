"""F22, H11: a flood costs control nothing, and a stop comes through. A minute of it: tests.bascule.flood."""

from pathlib import Path

import pytest

from .flood import measure
from .safe_broker import needs_mosquitto

LEASE_MS = 500
"""A setpoint that is older lets the unit brake."""
RATE_DPS = 1.5
STOP_DEG, STOP_S = 1.5, 1.3
"""What the unit may take for a stop from its receipt."""


@pytest.mark.parametrize("kind", [pytest.param("mosquitto", marks=needs_mosquitto), "iotcore"])
def test_a_flood_leaves_control_unharmed_and_a_stop_in_its_bound(kind: str, tmp_path: Path) -> None:
    figures = measure(5.0, kind, tmp_path)
    assert figures.sent > 3500, "a flood"
    assert figures.steps > 150
    assert figures.loop_gap_max_ms < LEASE_MS, figures
    assert figures.stop_to_port_ms < 1000, figures
    assert 0 < figures.travel_after_stop_deg < STOP_DEG + RATE_DPS * figures.stop_to_port_ms / 1000, figures
    assert figures.link_losses == 0
    assert figures.telemetry_lost == 0
