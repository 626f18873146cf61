"""Where everything has to be there (`BASCULE_REQUIRE_ALL` is set, as in CI), a skipped test is a failed one.

Programs that a test starts are compiled once, not each time: that would be half of what they cost. Files that mostly
wait for real time come first: a worker that waits leaves the processor to the others, who then still have work.
"""

import os
from collections.abc import Generator
from tempfile import TemporaryDirectory

import pytest

pytest.register_assert_rewrite("tests.simulator.host")  # the scripted host explains itself as a test does

WAIT_LONGEST = (
    "home_assistant/test_core.py",
    "crash/test_rounds.py",
    "bascule/test_end_to_end.py",
    "emulated/test_real_time.py",
    "bascule/test_stale_commands.py",
    "controller/mqtt/test_client.py",
    "bascule/test_encrypted.py",
    "bascule/test_flood.py",
    "clients/test_recipes.py",
    "clients/test_node_red.py",
    "clients/test_many.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Where Python is told to leave no compiled files behind, keep them until the end, in a folder of their own.

    Workers take both variables over from here.
    """
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        folder = TemporaryDirectory(prefix="bascule-compiled-")
        config.add_cleanup(folder.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See above; xdist is told to keep this order (`--no-loadscope-reorder`)."""
    first = {name: place for place, name in enumerate(WAIT_LONGEST)}
    items.sort(key=lambda item: first.get(item.nodeid.partition("::")[0].removeprefix("tests/"), len(first)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure that says why it was skipped; otherwise let one line speak for all of its file."""
    report = yield
    if isinstance(report.longrepr, tuple):
        path, _, reason = report.longrepr
        report.longrepr = (path, None, reason)  # type: ignore[assignment]
    if report.skipped and os.environ.get("BASCULE_REQUIRE_ALL") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {report.longrepr}"
    return report
