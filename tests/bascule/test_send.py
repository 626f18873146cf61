"""What `bascule send` publishes."""

import json

import pytest

from bascule.send import payload_for


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
