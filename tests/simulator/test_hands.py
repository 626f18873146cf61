"""Lines of text that change the simulated table."""

import pytest

from simulator.hands import HELP, SWITCHES, HandError, do
from simulator.table import Table


def test_each_switch_can_be_set_both_ways_and_says_where_everything_is() -> None:
    table = Table()
    assert do(table, "estop on").endswith("emergency stop pressed")
    assert table.switches.estop
    assert "emergency" not in do(table, "estop off")
    do(table, "ankles open")
    assert not table.switches.ankles_locked
    do(table, "Ankles LOCKED")
    assert table.switches.ankles_locked
    assert "empty" in do(table, "occupied off")
    assert not table.switches.occupied
    assert "arms up" in do(table, "arms up")
    assert table.physics.arms_wanted == 1.0
    do(table, "lower on")
    assert table.switches.lowering
    do(table, "jam on")
    assert table.physics.jammed


def test_the_button_is_released_by_itself() -> None:
    table = Table()
    do(table, "button arm")
    table.tick()
    assert table.switches.arm_button
    for _ in range(30):
        table.tick()
    assert not table.switches.arm_button


def test_a_reset_restarts_the_unit() -> None:
    table = Table()
    boots = table.memory.boots
    do(table, "reset")
    assert table.memory.boots == boots + 1


@pytest.mark.parametrize(
    "line", ["frobnicate", "estop", "estop maybe", "ankles on", "button", "button stop", "estop on off"]
)
def test_a_line_that_means_nothing_says_what_would_and_changes_nothing(line: str) -> None:
    table = Table()
    before = do(table, "status")
    with pytest.raises(HandError, match=r"help|needs one of|unknown"):
        do(table, line)
    assert do(table, "status") == before


def test_help_names_every_switch() -> None:
    assert do(Table(), "help") == HELP
    for name, words in SWITCHES.items():
        assert any(line.startswith(name) and all(word in line for word in words) for line in HELP.splitlines())


def test_an_empty_line_is_no_error() -> None:
    assert do(Table(), "  ") == ""
