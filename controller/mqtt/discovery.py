"""Home Assistant's discovery document of a table: configuration, presets and people in, one JSON object out. Pure.

Home Assistant keeps what an update leaves out, and removes what the update names with nothing but its platform: so
every part is named each time, and those that there are not (any more) are named that way.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..account import GUEST
from .discovery_parts import (
    ALWAYS,
    ARM,
    ARM_FOR,
    BINARY_SENSORS,
    EVENTS,
    PERSON,
    PRESET,
    REMOTE,
    SENSORS,
    TARGET,
    Part,
)
from .topics import Topics

Json = dict[str, object]
PREFIX: Final = "homeassistant"
"""Home Assistant's own default."""
LOWEST_TARGET_DEG: Final = -15
"""Further up is the way to standing, which is another button."""
NOT_AN_OPTION: Final = ("none", "unknown", "unavailable")
"""What Home Assistant itself says in the place of a state."""


@dataclass(frozen=True, slots=True)
class Discovery:
    """One table as Home Assistant shall see it. `remote_start`: the configuration opts in to starting from there.

    `arm`: whether anything but the button on the table may arm. `largest_deg`: the table's own limit.
    """

    topics: Topics
    name: str
    version: str
    remote_start: bool
    arm: bool
    largest_deg: float

    @property
    def id(self) -> str:
        """Names the table among all that Home Assistant knows; of the letters that a discovery topic may have."""
        base = re.sub(r"[^A-Za-z0-9_-]", lambda other: f"-{ord(other[0]):x}", self.topics.base)
        return f"{base}_{self.topics.table}"

    @property
    def topic(self) -> str:
        """Where the document is kept for Home Assistant."""
        return f"{PREFIX}/device/{self.id}/config"

    def payload(self, presets: Sequence[str], people: Sequence[str]) -> bytes:
        """The document as UTF-8 JSON. `presets`, `people`: ids, as `start` and `arm` take them."""
        document = self.document(presets, people)
        return json.dumps(document, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()

    def document(self, presets: Sequence[str], people: Sequence[str]) -> Json:
        """The document."""
        there = {part.key: part for part in self._parts(presets, people)}
        return {
            "device": {
                "identifiers": [self.id],
                "name": self.name,
                "manufacturer": "Bascule",
                "model": "Inversion table",
                "sw_version": self.version,
            },
            "origin": {"name": "Bascule", "sw_version": self.version},
            "components": {
                part.key: self._component(there[part.key]) if part.key in there else {"platform": part.platform}
                for part in EVERY
            },
        }

    def _parts(self, presets: Iterable[str], people: Iterable[str]) -> Iterator[Part]:
        yield from (*SENSORS, *BINARY_SENSORS, *EVENTS, *ALWAYS)
        if not self.remote_start:
            return
        yield from REMOTE
        yield _chooser(PRESET, presets)
        yield replace(
            TARGET, extra={"min": LOWEST_TARGET_DEG, "max": self.largest_deg, **TARGET.extra}, value=_first(0)
        )
        known = tuple(people)
        if known:
            yield _chooser(PERSON, (GUEST, *known))
        if self.arm:
            yield replace(ARM, command=ARM_FOR) if known else ARM

    def _component(self, part: Part) -> Json:
        """One part as Home Assistant wants it."""
        if part.platform == "device_automation":
            return {
                "platform": part.platform,
                "topic": self._of(part.topic),
                "value_template": part.value,
                **part.extra,
            }
        component: Json = {
            "platform": part.platform,
            "unique_id": f"{self.id}_{part.key}",
            "default_entity_id": f"{part.platform}.{_slug(self.id)}_{part.key}",
            "name": part.name,
        }
        if not part.choice:
            component |= {"availability": list(self._availability(part)), "availability_mode": "all"}
        if part.icon:
            component["icon"] = part.icon
        if part.category:
            component["entity_category"] = part.category
        if part.topic:
            component |= {"state_topic": self._of(part.topic), "value_template": part.value}
        if part.attributes:
            component |= {"json_attributes_topic": self._of(part.topic), "json_attributes_template": part.attributes}
        if part.verb:
            component |= {"command_topic": self.topics.command(part.verb), "qos": 1}
        if part.command:
            component["command_template"] = part.command
        if part.choice:
            component |= self._choice(part)
        return component | part.extra

    def _choice(self, part: Part) -> Json:
        """Home Assistant itself keeps what was chosen, also while the table is away; the first state document only
        gives it something to begin with. It has to send it somewhere, and nobody reads it there. The attribute is how
        the templates find it."""
        return {
            "command_topic": self.topics.choice(part.choice),
            "optimistic": True,
            "state_topic": self.topics.state,
            "value_template": part.value,
            "json_attributes_topic": self.topics.state,
            "json_attributes_template": json.dumps({"chooses": part.choice}),
        }

    def _availability(self, part: Part) -> Iterator[Json]:
        yield {"topic": self.topics.availability}
        if part.needs_link:
            usable = f"value_json.link.up and {part.only_while}" if part.only_while else "value_json.link.up"
            template = f"{{{{ 'online' if {usable} else 'offline' }}}}"
            yield {"topic": self.topics.state, "value_template": template}

    def _of(self, name: str) -> str:
        topics = self.topics
        return {
            "state": topics.state, "event": topics.event, "result": topics.result, "last_session": topics.last_session,
        }[name]  # fmt: skip


EVERY: Final = (*SENSORS, *BINARY_SENSORS, *EVENTS, *ALWAYS, ARM, *REMOTE, PRESET, PERSON, TARGET)
"""Every part that a table may have, in the order of the document."""


def _chooser(part: Part, options: Iterable[str]) -> Part:
    """A choice of ids, as the command takes them. One that Home Assistant would read as no choice is left out."""
    usable = [option for option in options if option not in NOT_AN_OPTION]
    return replace(part, extra={"options": usable}, value=_first(usable[0]))


def _first(choice: object) -> str:
    """A choice to begin with, as long as nobody has made one. Ids have no letters that mean anything in a template."""
    return f"{{{{ '{choice}' if this.state == 'unknown' else '' }}}}"


def _slug(id_: str) -> str:
    """As part of an entity's id."""
    return re.sub(r"[^a-z0-9_]", "_", id_.lower())
