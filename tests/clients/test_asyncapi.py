"""The AsyncAPI document as AsyncAPI's own parser reads it."""

import json
import subprocess

from .conftest import DOCS, HERE

WARNING = 1
"""Severities are 0 error, 1 warning, 2 information, 3 hint."""
LATER_VERSION = "asyncapi-latest-version"
"""That there is an AsyncAPI 3.1 by now is no fault of a document in 3.0, which more programs read."""


def test_the_document_has_no_error(node: str) -> None:
    done = subprocess.run(
        [node, HERE / "asyncapi.js", DOCS / "asyncapi.json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    said = [(one["severity"], one["code"], one["message"]) for one in read["diagnostics"]]
    assert [one for one in said if one[0] <= WARNING or one[1] != LATER_VERSION] == []
    written = json.loads((DOCS / "asyncapi.json").read_text("utf-8"))
    assert read["channels"] == len(written["channels"]) > 20
    assert read["operations"] == len(written["operations"]) > 20
