"""F22, H11: a flood costs control nothing, and a stop comes through. A minute of it: tests.bascule.flood."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from .conftest import until
from .flood import measure
from .many_tables import Broker, Phone, Seat
from .safe_broker import needs_mosquitto

LEASE_MS = 500
"""A setpoint that is older lets the unit brake."""
RATE_DPS = 1.5
STOP_DEG, STOP_S = 1.5, 1.3
"""What the unit may take for a stop from its receipt."""


KINDS = [pytest.param("mosquitto", marks=needs_mosquitto), "iotcore"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_megabyte_is_refused_or_stops_and_more_never_arrives(kind: str, tmp_path: Path) -> None:
    """F22."""
    with ExitStack() as ends:
        broker = Broker(kind, "3.1.1")
        broker.start()
        ends.callback(broker.stop)
        seat = Seat("home", broker, "3.1.1", tmp_path)
        seat.start()
        ends.callback(seat.close)
        phone, hostile = Phone(broker, "3.1.1"), Phone(broker, "3.1.1")
        ends.callback(phone.close)
        ends.callback(hostile.close)
        until(lambda: seat.linked and seat.states, "the table at the broker")
        assert phone.ask("home", "start", "x" * 1_000_000)["reason"] == "bad_payload"
        assert phone.ask("home", "stop", "x" * 1_000_000)["accepted"]
        hostile.give("home", "goto", "x" * 3_000_000)
        until(lambda: not hostile.paho.is_connected(), "the broker cuts off who sends more")
        assert phone.ask("home", "level")["accepted"]
        assert [one["verb"] for one in phone.results["home"]] == ["start", "stop", "level"]
        assert seat.client.counters.rebuilds == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_leaves_control_unharmed_and_a_stop_in_its_bound(kind: str, tmp_path: Path) -> None:
    figures = measure(5.0, kind, tmp_path)
    assert figures.sent > 3500, "a flood"
    assert figures.steps > 150
    assert figures.loop_gap_max_ms < LEASE_MS, figures
    assert figures.stop_to_port_ms < 1000, figures
    assert 0 < figures.travel_after_stop_deg < STOP_DEG + RATE_DPS * figures.stop_to_port_ms / 1000, figures
    assert figures.link_losses == 0
    assert figures.telemetry_lost == 0
