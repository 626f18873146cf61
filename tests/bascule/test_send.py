"""What `bascule send` publishes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bascule.cli import app
from bascule.send import payload_for

from .safe_broker import SafeBroker, needs_mosquitto, person


@pytest.mark.parametrize(
    ("verb", "argument", "key", "value"),
    [
        ("start", "back", "preset", "back"),
        ("goto", "15", "angle_deg", 15.0),
        ("jog", "up", "direction", "up"),
        ("lock", "0258", "pin", "0258"),
        ("unlock", "0258", "pin", "0258"),
        ("history/get", "5", "last", 5),
        ("presets/delete", "calm", "preset", "calm"),
        ("resume", "mrrv", "code", "mrrv"),
    ],
)
def test_an_argument_goes_by_the_name_that_its_verb_knows(verb: str, argument: str, key: str, value: object) -> None:
    assert json.loads(payload_for(verb, argument, "7")) == {"id": "7", key: value}


@pytest.mark.parametrize(
    ("verb", "argument", "said"), [("goto", "abc", "it is no number"), ("start", '{"preset": ', "it is no JSON")]
)
def test_what_is_no_argument_is_told_in_words_for_people(verb: str, argument: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        payload_for(verb, argument, "7")


@needs_mosquitto
def test_a_misspelt_command_is_not_taken_for_a_role_that_is_too_small(tmp_path: Path) -> None:
    broker = SafeBroker(tmp_path, "--user", "ana=use")
    broker.start()
    try:
        with person(broker, "bascule") as table:
            table.say("bascule/home/availability", b"online", retain=True)
            for verb, said in (("sotp", "there is no command 'sotp'; the commands are arm, "),
                               ("people/save", "user 'ana' may not give this command")):  # fmt: skip
                done = CliRunner().invoke(app, ["send", verb, "{}", *broker.options("ana")])
                assert (done.exit_code, said in done.output) == (1, True), done.output
    finally:
        broker.stop()
