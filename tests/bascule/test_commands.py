"""The commands that are imported only when somebody asks for them."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from bascule.cli import app

run = CliRunner().invoke
HELP = {
    "demo": "try everything",
    "run": "The controller of one table",
    "campaign": "Simulated sessions with faults",
    "send": "One command over MQTT",
    "simulate": "A simulated table and tilt unit",
    "fault": "Break something in a running",
    "check": "Whether a tilt unit does",
    "presets": "What a session can be",
    "people": "Who uses the table",
    "history": "Past sessions",
    "setup": "First configuration",
    "discovery": "Home Assistant",
}
"""Every command, in order, and how its help begins or goes on."""


def test_the_help_names_every_command() -> None:
    told = run(app, ["--help"], env={"COLUMNS": "120"}).output
    found = [line.split()[1] for line in told.splitlines() if line.startswith("│ ") and line[2:3].isalpha()]
    assert found == [*HELP]


@pytest.mark.parametrize("name", HELP)
def test_every_command_is_found_under_its_own_name_and_has_no_options_of_other_programs(name: str) -> None:
    result = run(app, [name, "--help"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert f" {name} " in result.output.partition("Usage: ")[2].partition("\n")[0]
    assert HELP[name] in result.output
    assert "completion" not in result.output


def test_a_mistyped_command_is_answered_with_the_one_that_may_be_meant() -> None:
    result = run(app, ["chek"])
    assert result.exit_code == 2
    assert "'check'" in result.output


def test_a_daemon_carries_nothing_that_only_other_commands_need() -> None:
    """6 MB and a sixth of the start were theirs."""
    script = "import sys, bascule.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    loaded = set(done.stdout.split())
    assert {"bascule", "controller", "protocol", "pydantic"} <= loaded
    assert not {"simulator", "rich", "segno"} & loaded
