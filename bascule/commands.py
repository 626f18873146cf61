"""The commands that are imported only when somebody asks for them.

A daemon runs for months and needs none of them; with all they import they took 6 MB of its memory and a quarter of its
start.
"""

from importlib import import_module
from typing import Any, Final

from typer.core import TyperGroup
from typer.main import get_command

ELSEWHERE: Final = {
    "simulate": "simulate_command",
    "fault": "fault_command",
    "check": "check_command",
    "presets": "presets_command",
    "people": "people_cli",
    "history": "history_command",
    "setup": "setup_command",
    "discovery": "discovery_command",
}
"""Their modules here; each offers itself as `app`."""


class Commands(TyperGroup):
    """Those of the command line itself, and those elsewhere."""

    def list_commands(self, ctx: Any) -> list[str]:
        """All names, in the order of the help."""
        return [*dict.fromkeys([*super().list_commands(ctx), *ELSEWHERE])]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One of them. For a name that there isn't all are imported: typer looks among them for what was meant."""
        if cmd_name not in self.commands:
            for name in [cmd_name] if cmd_name in ELSEWHERE else ELSEWHERE:
                self.commands[name] = get_command(import_module(f".{ELSEWHERE[name]}", __package__).app)
                self.commands[name].name = name
        return super().get_command(ctx, cmd_name)
