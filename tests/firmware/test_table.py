"""The unit in C, on the simulated table, passes every test of the simulated one (F1 to F26): they are collected here
once more, under the names of their modules, while each new table carries the unit in C.
"""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from protocol.link import frame
from protocol.messages import Hello, Identity
from simulator.table import Table
from tests.simulator import (
    test_faults,
    test_grant_start,
    test_motion,
    test_reactions,
    test_sensor_faults,
    test_stop,
    test_table,
    test_unit,
    test_ways_home,
)
from tests.simulator.host import unwrap

from . import table
from .build import need

INSIDE = {
    "test_a_stop_ends_the_giving_way": "looks for the back-off inside the unit",
    "test_heat_comes_from_the_current_and_survives_a_reset": "calls the supply inside the unit",
    "test_the_restarts_come_back_with_the_end_of_the_episode_not_at_level": "looks at the ladder inside the unit",
    "test_repetitions_of_one_stop_restart_nothing": "looks at the ladder inside the unit",
    "test_boot_says_identity_once_and_then_telemetry_every_20_ms": "expects a unit that calls itself simulated",
    "test_hello_is_answered_with_its_session": "expects the time scale of a simulated unit",
}
"""Tests of the simulated unit that are not of any unit."""


def collect(*modules: ModuleType) -> Iterator[tuple[str, object]]:
    """Their tests, each under a name of its own."""
    for module in modules:
        part = module.__name__.rpartition(".test_")[2]
        for name, test in vars(module).items():
            own = name.startswith("test_") and callable(test) and test.__module__ == module.__name__
            if own and name not in INSIDE:
                yield f"test_{part}_{name.removeprefix('test_')}", test
        assert not any(hasattr(value, "_fixture_function") for value in vars(module).values()), part


COLLECTED = dict(
    collect(
        *(test_faults, test_grant_start, test_motion, test_reactions, test_sensor_faults),
        *(test_stop, test_table, test_unit, test_ways_home),
    )
)
vars(sys.modules[__name__]).update(COLLECTED)


@pytest.fixture(autouse=True, scope="module")
def in_c() -> Iterator[None]:
    """Every table that is made here."""
    need("gcc")
    with table.in_c():
        yield


def test_every_table_here_carries_the_unit_in_c() -> None:
    assert isinstance(Table()._unit, table.TiltUnit)
    assert isinstance(Table().memory, table.Memory)
    assert len(COLLECTED) > 120


def test_it_says_who_it_is() -> None:
    """Of no session at first, then of the one that greeted it; no simulation, and in real time."""
    host = Table(unit=77)
    first = next(message for message in unwrap(host.tick()) if isinstance(message, Identity))
    assert first == Identity(1, 0, 1, 0, 0, 0, 1, 77, 1, first.memory, 6000, 300)
    host.tick()
    host.receive(frame(Hello(1, 12345)))
    again = next(message for message in unwrap(host.tick()) if isinstance(message, Identity))
    assert again == first._replace(session=12345)
