"""What must not raise into a thread."""

import logging

import pytest

from controller.mqtt.connection import Guard


def test_the_guard_counts_all_and_logs_the_first(caplog: pytest.LogCaptureFixture) -> None:
    guard = Guard()
    got: list[tuple[object, ...]] = []

    def broken() -> None:
        raise RuntimeError("broken")

    guard.call("fine", lambda *arguments: got.append(arguments), 1, "two")
    for name in ("one", "one", "other"):
        guard.call(name, broken)
    assert got == [(1, "two")]
    assert guard.errors == 3
    assert [record.getMessage().split(" ")[0] for record in caplog.records] == ["one", "other"]
    assert all(record.levelno == logging.ERROR for record in caplog.records)
