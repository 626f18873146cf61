"""The roles as people read about them."""

from pathlib import Path

import pytest

from bascule.setup_roles import HOME, LOWEST, PEOPLE, Role, access_list, may, rules
from controller.model import Verb
from controller.mqtt.discovery_parts import ALWAYS, ARM, REMOTE
from controller.mqtt.topics import EveryTable, Topics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "broker.md").read_text("utf-8")


@pytest.mark.parametrize("verb", Verb)
def test_every_verb_has_a_role_and_stands_in_the_manual(verb: Verb) -> None:
    family = f"{verb.partition('/')[0]}/…"
    row = next(line for line in PAGE.splitlines() if line.startswith("| `") and (f"`{verb}`" in line or family in line))
    marks = [cell.strip() for cell in row.split("|")[2:5]]
    assert marks == ["yes" if may(role, verb) else "" for role in PEOPLE]


def test_each_role_includes_the_one_before_it() -> None:
    rights = [{verb for verb in Verb if may(role, verb)} for role in PEOPLE]
    assert rights[0] < rights[1] < rights[2] == set(Verb)
    assert rights[0] == {Verb.STOP, Verb.LEVEL}
    assert set(LOWEST) == set(Verb)


def test_the_controller_gives_no_command() -> None:
    lines = rules(Role.CONTROLLER, [Topics("bascule", "home")])
    assert [line for line in lines if "write" in line and "/command/" in line] == [
        "topic write bascule/home/command/_echo"
    ]
    assert not any(may(Role.CONTROLLER, verb) for verb in Verb)
    assert {may(role, Verb.ARM) for role in HOME} == {True, False}


def test_home_assistant_may_press_every_button_that_it_is_shown() -> None:
    """By MQTT 3.1.1 nobody is told of a press that the broker drops."""
    always, more = ({Verb(part.verb) for part in parts} for parts in (ALWAYS, (ARM, *REMOTE)))
    assert always == {Verb.STOP, Verb.PAUSE, Verb.LEVEL}
    assert {verb for verb in Verb if may(Role.HOME_ASSISTANT, verb)} == always
    assert all(may(Role.HOME_ASSISTANT_USE, verb) for verb in always | more)
    assert not may(Role.WATCH, Verb.PAUSE)


def test_who_is_not_named_may_nothing() -> None:
    lines = access_list({"ana": Role.WATCH}, [EveryTable("bascule")]).splitlines()
    first_user = lines.index("user ana")
    assert not any(line.startswith(("topic", "pattern")) for line in lines[:first_user])
    assert not any("#" in line.split()[-1] for line in lines if line.startswith("topic write"))
