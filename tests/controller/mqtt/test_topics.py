"""Names of topics, and which strings may be part of one."""

import pytest

from controller.mqtt.topics import BIRTH, Topics, check_base, check_table


def test_every_topic_of_a_table() -> None:
    topics = Topics("bascule", "home")
    assert topics.availability == "bascule/home/availability"
    assert topics.state == "bascule/home/state"
    assert topics.presets == "bascule/home/presets"
    assert topics.health == "bascule/home/health"
    assert topics.event == "bascule/home/event"
    assert topics.result == "bascule/home/result"
    assert topics.echo == "bascule/home/command/_echo"
    assert topics.commands == "bascule/home/command/#"
    assert topics.command("stop") == "bascule/home/command/stop"
    assert BIRTH == "homeassistant/status"


@pytest.mark.parametrize(
    ("topic", "verb"),
    [
        ("bascule/home/command/stop", "stop"),
        ("bascule/home/command/STOP", "STOP"),
        ("bascule/home/command/", ""),
        ("bascule/home/command/ü", "ü"),
        ("bascule/home/command", None),
        ("bascule/home/command/presets/save", "presets/save"),
        ("bascule/home/command//stop", "/stop"),
        ("bascule/home/command/stop/", "stop/"),
        ("bascule/home/commandx/stop", None),
        ("bascule/home2/command/stop", None),
        ("bascule/other/command/stop", None),
        ("x/bascule/home/command/stop", None),
        ("Bascule/home/command/stop", None),
        ("bascule/home/state", None),
        ("", None),
    ],
)
def test_the_verb_of_a_topic(topic: str, verb: str | None) -> None:
    assert Topics("bascule", "home").verb_of(topic) == verb


def test_a_base_of_several_levels() -> None:
    topics = Topics("flat/cellar/Bascule-1", "a_b-2")
    assert topics.state == "flat/cellar/Bascule-1/a_b-2/state"
    assert topics.verb_of("flat/cellar/Bascule-1/a_b-2/command/level") == "level"


@pytest.mark.parametrize("table", ["a", "home", "table-2", "under_score", "0", "x" * 32])
def test_good_table_ids(table: str) -> None:
    assert check_table(table) == table


@pytest.mark.parametrize(
    "table",
    ["", "x" * 33, "Home", "a b", "a/b", "+", "#", "a+", "$sys", "ä", "a\n", "\na", "a.b", "a\0", "\ud800", "١"],
)
def test_bad_table_ids(table: str) -> None:
    with pytest.raises(ValueError, match=r"^table id .* is not allowed: use 1 to 32"):
        check_table(table)
    with pytest.raises(ValueError, match="table id"):
        Topics("bascule", table)


@pytest.mark.parametrize("base", ["bascule", "a/b/c", "A-Z_9", "b", "Übungen im Keller", "x" * 128])
def test_good_bases(base: str) -> None:
    assert check_base(base) == base


@pytest.mark.parametrize("base", ["", "/", "a/", "/a", "a/+", "a+b", "#", "$SYS", "a\n", "a\0b", "\ud800", "x" * 129])
def test_bad_bases(base: str) -> None:
    with pytest.raises(ValueError, match=r"^base topic .* is not allowed"):
        check_base(base)
    with pytest.raises(ValueError, match="base topic"):
        Topics(base, "home")
