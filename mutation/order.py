"""Cheap tests first: a mutant is mostly noticed by one of many small tests, before the long ones begin."""

import json
from pathlib import Path
from typing import Final

import pytest

_UNKNOWN_S: Final = 1e9


class Stopwatch:
    """A plugin that writes down how long each test takes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Setting up counts as well."""
        self._seconds[report.nodeid] = self._seconds.get(report.nodeid, 0.0) + report.duration

    def pytest_sessionfinish(self) -> None:
        """Everything ran."""
        self._file.write_text(json.dumps(self._seconds), "utf-8")


class CheapFirst:
    """A plugin that sorts the tests by what was written down."""

    def __init__(self, file: Path) -> None:
        self._seconds: dict[str, float] = json.loads(file.read_text("utf-8"))

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """What nobody knows comes last."""
        items.sort(key=lambda item: self._seconds.get(item.nodeid, _UNKNOWN_S))
