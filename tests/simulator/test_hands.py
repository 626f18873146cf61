"""Lines of text that change the simulated table."""

import pytest

from simulator.faults import KINDS
from simulator.hands import HELP, SWITCHES, WORDS, HandError, Hands, scenario
from simulator.table import Table


def test_each_switch_can_be_set_both_ways_and_says_where_everything_is() -> None:
    table = Table()
    do = Hands(table).do
    assert do("estop on").endswith("emergency stop pressed")
    assert table.switches.estop
    assert "emergency" not in do("estop off")
    do("ankles open")
    assert not table.switches.ankles_locked
    do("Ankles LOCKED")
    assert table.switches.ankles_locked
    assert "empty" in do("occupied off")
    assert not table.switches.occupied
    assert "arms up" in do("arms up")
    assert table.physics.arms_wanted == 1.0
    do("lower on")
    assert table.switches.lowering
    do("jam on")
    assert table.physics.jammed


def test_the_button_is_released_by_itself() -> None:
    table = Table()
    Hands(table).do("button arm")
    table.tick()
    assert table.switches.arm_button
    for _ in range(30):
        table.tick()
    assert not table.switches.arm_button


def test_a_reset_restarts_the_unit() -> None:
    table = Table()
    boots = table.memory.boots
    Hands(table).do("reset")
    assert table.memory.boots == boots + 1


def run(hands: Hands, table: Table, ticks: int) -> list[str]:
    """Time goes on; what the faults that end meanwhile say."""
    told = []
    for _ in range(ticks):
        told += hands.tick()
        table.tick()
    return told


def test_a_fault_lasts_as_long_as_it_is_told_and_says_what_it_did() -> None:
    table = Table(1, 0.0)
    hands = Hands(table)
    assert hands.do("fault bed_jump -8 0.2s") == (
        "bed_jump (-8 °): the sensor on the bed is off by so much, for 0.2 s"
    )  # fmt: skip
    assert run(hands, table, 5) == []
    assert hands.do("faults") == "bed_jump: it acted 10 times"
    assert run(hands, table, 10) == ["bed_jump is over: it acted 20 times"]
    assert hands.do("faults") == "none is at work"


def test_a_fault_without_a_time_lasts_until_it_is_ended() -> None:
    table = Table(1, 0.0)
    hands = Hands(table)
    assert hands.do("fault stall").endswith("until it is ended")
    run(hands, table, 100)
    assert table.physics.jammed
    assert hands.do("fault off stall") == "stall is over: it has changed nothing"
    assert not table.physics.jammed
    assert hands.do("fault off") == "no such fault is at work"


def test_all_faults_end_at_once() -> None:
    table = Table(1, 0.0)
    hands = Hands(table)
    hands.do("fault ankle-lock-open 0s")
    hands.do("fault nobody_sensed 60s")
    assert hands.do("fault off").count("is over") == 2
    assert table.switches.secured


def test_a_kind_that_is_at_work_is_not_begun_twice() -> None:
    hands = Hands(Table(1, 0.0))
    hands.do("fault stall")
    with pytest.raises(HandError, match="at work already"):
        hands.do("fault stall")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("frobnicate", "unknown"),
        ("estop", "needs one of"),
        ("estop maybe", "needs one of"),
        ("ankles on", "needs one of"),
        ("button", "unknown"),
        ("button stop", "unknown"),
        ("estop on off", "needs one of"),
        ("fault", "needs a kind"),
        ("fault frobnicate", "unknown fault"),
        ("fault stall 3", "no amount"),
        ("fault stall 3s 4s", "the form is"),
        ("fault bed_jump 400", "-40 to 40"),
        ("fault bed_jump left", "the form is"),
        ("fault off frobnicate", "unknown fault"),
        ("fault off stall now", "the form is"),
        ("fault host_killed", "kill -9"),
    ],
)
def test_a_line_that_means_nothing_says_what_would_and_changes_nothing(line: str, words: str) -> None:
    hands = Hands(Table())
    before = hands.do("status"), hands.do("faults")
    with pytest.raises(HandError, match=words):
        hands.do(line)
    assert (hands.do("status"), hands.do("faults")) == before


def test_help_names_every_switch_and_every_kind_with_its_amount() -> None:
    text = Hands(Table()).do("help")
    assert text.startswith(HELP)
    for name, words in SWITCHES.items():
        assert any(line.startswith(name) and all(word in line for word in words) for line in HELP.splitlines())
    lines = {line.split(" ", 1)[0]: line for line in text.splitlines()}
    for kind in KINDS:
        assert kind.meaning in lines[kind.name]
        if kind.amount is not None:
            assert f"{kind.amount.most:g} {kind.amount.unit}".rstrip() in lines[kind.name]
        if kind.make is None:
            assert kind.by_hand in lines[kind.name]
    assert all(any(line.startswith(word) for line in HELP.splitlines()) for word in WORDS)


def test_no_kind_is_called_like_a_hands_word() -> None:
    """`bascule fault estop on` and `bascule fault estop_pressed` are told apart by the first word."""
    kinds = {kind.name for kind in KINDS}
    assert not kinds & {*WORDS, "off"}


def test_an_empty_line_is_no_error() -> None:
    assert Hands(Table()).do("  ") == ""


def test_a_scenario_is_lines_with_times_in_order() -> None:
    hands = Hands(Table())
    assert scenario(hands, "# a bad day\n\n12.5 fault stall 5s  # ouch\n3 estop on\n") == [
        (3.0, "estop on"),
        (12.5, "fault stall 5s"),
    ]


@pytest.mark.parametrize("text", ["estop on", "-1 estop on", "nan estop on", "1", "2 frobnicate", "0 fault stall 9"])
def test_a_scenario_that_means_nothing_names_its_line(text: str) -> None:
    if text == "1":
        assert scenario(Hands(Table()), text) == [(1.0, "")]
        return
    with pytest.raises(HandError, match="line 2"):
        scenario(Hands(Table()), f"0 status\n{text}")
