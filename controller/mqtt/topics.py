"""The topics of one table: `<base>/<table>/…`. Pure names, no I/O."""

import re
from dataclasses import dataclass
from typing import Final

BIRTH: Final = "homeassistant/status"
"""Where Home Assistant says `online` after its start; everything retained is then published again."""

DISCOVERED: Final = "homeassistant/device/+/config"
"""Where Home Assistant reads what there is; each table has one such topic."""

_TABLE: Final = re.compile(r"[a-z0-9_-]{1,32}")
_BASE: Final = re.compile(r"[^/+#$](?:[^+#]*[^/+#])?")
_BASE_LENGTH: Final = 128
"""Letters. The same as the configuration's `base`; every topic stays far below MQTT's 65,535 bytes."""


def check_table(table: str) -> str:
    """The table id itself, or ValueError with a sentence."""
    if _TABLE.fullmatch(table) is None:
        raise ValueError(f"table id {table[:40]!r} is not allowed: use 1 to 32 of a-z, 0-9, _ and -")
    return table


def check_base(base: str) -> str:
    """The base topic itself, or ValueError with a sentence."""
    if len(base) > _BASE_LENGTH or _BASE.fullmatch(base) is None or not base.isprintable():
        raise ValueError(
            f"base topic {base[:80]!r} is not allowed: use 1 to {_BASE_LENGTH} letters without + and #, "
            "no / or $ in front, no / at the end"
        )
    return base


@dataclass(frozen=True, slots=True)
class Topics:
    """All topics of one table. Raises ValueError if base or table cannot be part of a topic."""

    base: str
    table: str

    def __post_init__(self) -> None:
        check_base(self.base)
        check_table(self.table)

    def _of(self, name: str) -> str:
        return f"{self.base}/{self.table}/{name}"

    def document(self, name: str) -> str:
        """Where the document of this name is published."""
        return self._of(name)

    @property
    def replies(self) -> str:
        """What the topics begin with on which a client of MQTT 5 may ask for its answers."""
        return self._of("reply/")

    @property
    def availability(self) -> str:
        """Retained `online` or `offline`."""
        return self._of("availability")

    @property
    def state(self) -> str:
        """Retained state document."""
        return self._of("state")

    @property
    def presets(self) -> str:
        """Retained list of presets."""
        return self._of("presets")

    @property
    def health(self) -> str:
        """Retained health document."""
        return self._of("health")

    @property
    def last_session(self) -> str:
        """Retained record of the newest session that is over."""
        return self._of("last_session")

    @property
    def history(self) -> str:
        """The sessions that somebody asked for."""
        return self._of("history")

    @property
    def event(self) -> str:
        """What happened, one at a time."""
        return self._of("event")

    @property
    def result(self) -> str:
        """Answers to commands."""
        return self._of("result")

    def choice(self, name: str) -> str:
        """Where Home Assistant says what somebody chose there. It commands nothing, and nobody reads it."""
        return self._of(f"choice/{name}")

    @property
    def echo(self) -> str:
        """What the publisher says to the commands connection, to know that both live. Nobody else's business.

        It is a command that nobody gives: rules of the broker that keep commands from us then keep the echo, too.
        """
        return self._of("command/_echo")

    @property
    def commands(self) -> str:
        """The subscription for all commands, also for deeper topics: what nobody knows is answered, too."""
        return self._of("command/#")

    def command(self, verb: str) -> str:
        """Where one command is sent."""
        return self._of(f"command/{verb}")

    def verb_of(self, topic: str) -> str | None:
        """The verb that a command's topic names, as it was written, levels and all; None for every other topic."""
        prefix = self._of("command/")
        return topic[len(prefix) :] if topic.startswith(prefix) else None


@dataclass(frozen=True, slots=True)
class EveryTable(Topics):
    """The topics of all tables with a wildcard, for subscriptions and access rules. Raises ValueError for the base."""

    table: str = "+"

    def __post_init__(self) -> None:
        check_base(self.base)
