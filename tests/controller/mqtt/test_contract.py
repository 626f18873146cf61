"""docs/mqtt.md is the contract: every verb and every reason has its row there, the reasons in their order."""

import re
from pathlib import Path

from controller.model import Reason, Verb

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "mqtt.md").read_text("utf-8")


def test_every_verb_has_its_row() -> None:
    assert set(re.findall(r"^\| `([a-z/]+)` \| [^|]+ \| [^|]+ \| [^|]+ \|$", TEXT, re.MULTILINE)) >= set(Verb)


def test_every_reason_has_its_row_in_order() -> None:
    rows = re.findall(r"^\| (\d+) \| `([a-z_]+)` \|", TEXT, re.MULTILINE)
    assert rows == [(str(number), str(reason)) for number, reason in enumerate(Reason, 1)]
