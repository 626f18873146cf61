"""Who may do what at the broker: three roles for people, and what the controller and Home Assistant need. Pure.

The broker keeps these rules, not the controller: by MQTT a command does not say whose it is. Each role includes the one
before it. Everything that is not listed is denied, and every verb has to be: a new one belongs to nobody until it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from controller.model import Verb
from controller.mqtt.payloads import DOCUMENTS
from controller.mqtt.topics import BIRTH, DISCOVERED, Topics


class Role(StrEnum):
    """What a user of the broker may do. `controller` is the daemon, `home-assistant` adds discovery to *watch*."""

    WATCH = "watch"
    USE = "use"
    MANAGE = "manage"
    CONTROLLER = "controller"
    HOME_ASSISTANT = "home-assistant"
    HOME_ASSISTANT_USE = "home-assistant-use"


PEOPLE: Final = (Role.WATCH, Role.USE, Role.MANAGE)
"""The roles that people have, each with all rights of those before it."""
HOME: Final = {Role.HOME_ASSISTANT: Role.WATCH, Role.HOME_ASSISTANT_USE: Role.USE}
"""Which role Home Assistant has towards the table, beside discovery."""
LOWEST: Final[Mapping[Verb, Role]] = {
    Verb.STOP: Role.WATCH,  # whoever watches over somebody must be able to
    Verb.LEVEL: Role.WATCH,
    Verb.ARM: Role.USE,
    Verb.START: Role.USE,
    Verb.GOTO: Role.USE,
    Verb.JOG: Role.USE,
    Verb.PAUSE: Role.USE,
    Verb.RESUME: Role.USE,
    Verb.SKIP: Role.USE,
    Verb.CHECKIN: Role.USE,
    Verb.STAND: Role.USE,
    Verb.ACKNOWLEDGE: Role.USE,
    Verb.LOCK: Role.USE,  # the PIN protects it, and who starts sessions has to get past it
    Verb.UNLOCK: Role.USE,
    Verb.FEEDBACK: Role.USE,
    Verb.PEOPLE_ACCEPT: Role.USE,  # who is about to lie down reads the checklist, not who manages
    Verb.PEOPLE_SAVE: Role.MANAGE,
    Verb.PEOPLE_DELETE: Role.MANAGE,
    Verb.HISTORY_GET: Role.MANAGE,
    Verb.PRESETS_SAVE: Role.MANAGE,
    Verb.PRESETS_DELETE: Role.MANAGE,
    Verb.DISCOVERY_REMOVE: Role.MANAGE,
}
"""The lowest role that may give each command."""


def may(role: Role, verb: Verb) -> bool:
    """Whether this role may give this command."""
    known = HOME.get(role, role)
    return known in PEOPLE and PEOPLE.index(known) >= PEOPLE.index(LOWEST[verb])


def told(topics: Topics) -> list[str]:
    """What the controller says to everybody. Not the commands: a PIN travels there."""
    return [topics.availability, *(topics.document(name) for name in DOCUMENTS), f"{topics.replies}#"]


def rules(role: Role, tables: Iterable[Topics]) -> list[str]:
    """The lines of Mosquitto's access list for one user of this role, without the line that names the user."""
    lines = []
    for topics in tables:
        if role is Role.CONTROLLER:
            lines += [f"topic write {topic}" for topic in told(topics)]
            lines += [f"topic read {topics.availability}", f"topic read {topics.commands}"]
            lines += [f"topic write {topics.echo}"]
        else:
            lines += [f"topic read {topic}" for topic in told(topics)]
            lines += [f"topic write {topics.command(verb)}" for verb in Verb if may(role, verb)]
        if role in HOME:
            lines += [f"topic write {topics.choice('#')}"]
    if role is Role.CONTROLLER:
        lines += [f"topic read {BIRTH}", f"topic write {DISCOVERED}"]
    if role in HOME:
        lines += [f"topic write {BIRTH}", f"topic read {DISCOVERED}"]
    return lines


def access_list(users: Mapping[str, Role], tables: Sequence[Topics]) -> str:
    """The whole file. Who is not named in it may do nothing."""
    blocks = [
        "# Who may do what, written by: bascule setup broker. Change it with: bascule setup user",
        *("\n".join([f"# {role}", f"user {user}", *rules(role, tables)]) for user, role in users.items()),
    ]
    return "\n\n".join(blocks) + "\n"
