"""The contract of the topics: docs/asyncapi.json, docs/schemas, and the tables in docs/mqtt.md, all from one source.

`python -m controller.mqtt.contract` writes them; a test fails while one of them is out of date. AsyncAPI 3.0, see
https://www.asyncapi.com/docs/reference/specification/v3.0.0.
"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

from .command_models import object_schema
from .command_table import COMMANDS, Command
from .payloads import DOCUMENTS, document_schema, write_schemas

DOCS: Final = Path(__file__).resolve().parents[2] / "docs"
_REF: Final = "#/components/schemas/{model}"
_BINDING: Final = "0.2.0"
_Object = dict[str, Any]


class Channel(NamedTuple):
    """What the controller publishes on one topic, as docs/mqtt.md tells it. `words`: its payloads, if no JSON."""

    name: str
    retained: bool
    qos: int
    what: str
    words: tuple[str, ...] = ()


CHANNELS: Final = (
    Channel(
        "availability",
        True,
        1,
        "the word `online` or `offline`; `offline` is also the last will",
        ("online", "offline"),
    ),
    Channel(
        "state",
        True,
        0,
        "the state document: on every change, twice a second while something runs, every 30 s at least",
    ),
    Channel(
        "presets",
        True,
        1,
        "everything that `start` accepts, with steps, duration and largest angle; `own` says which of them "
        "`presets/save` and `presets/delete` may change. Published again as soon as one is saved or deleted",
    ),
    Channel("health", True, 1, "once a minute: loop timing, counters of the link, version"),
    Channel(
        "last_session",
        True,
        1,
        "the newest session that is over, with its angle over time, see [Past sessions](#past-sessions); empty while "
        "there is none",
    ),
    Channel("history", False, 1, "past sessions, when somebody asked with `history/get`"),
    Channel("event", False, 1, "something happened: a session started, a fault came, a command was refused"),
    Channel("result", False, 1, "the answer to each command"),
)


def asyncapi() -> _Object:
    """The AsyncAPI document."""
    schemas: _Object = {}
    messages: _Object = {}
    channels: _Object = {}
    operations: _Object = {}
    for channel in CHANNELS:
        _add_published(channel, channels, operations, messages, schemas)
    for command in COMMANDS:
        _add_command(command, channels, operations, messages, schemas)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bascule: an inversion table on MQTT",
            "version": version("bascule"),
            "description": "Not a medical device. The controller decides what becomes of a wish; MQTT never has "
            "authority over the motor. Commands are never retained. The words to all this are in docs/mqtt.md.",
            "license": {"name": "Apache 2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": {"host": "localhost:1883", "protocol": "mqtt", "protocolVersion": "3.1.1"}},
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": dict(sorted(schemas.items()))},
    }


def _add_published(
    channel: Channel, channels: _Object, operations: _Object, messages: _Object, schemas: _Object
) -> None:
    name = channel.name
    if name in DOCUMENTS:
        payload = _collected(document_schema(DOCUMENTS[name], _REF), schemas)
        content = "application/json"
    else:
        payload, content = {"type": "string", "enum": list(channel.words)}, "text/plain"
    messages[name] = {"summary": _plain(channel.what), "contentType": content, "payload": payload}
    channels[name] = _channel(name, name)
    operations[f"publish_{name}"] = {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": {"qos": channel.qos, "retain": channel.retained, "bindingVersion": _BINDING}},
    }


def _add_command(command: Command, channels: _Object, operations: _Object, messages: _Object, schemas: _Object) -> None:
    verb = str(command.verb)
    name = f"command_{verb.replace('/', '_')}"
    messages[name] = {
        "summary": _plain(command.does),
        "description": f"Without an object: {_plain(command.bare)}.",
        "payload": _collected(object_schema(command.carries, _REF), schemas),
        "examples": [{"payload": command.example}],
    }
    channels[name] = _channel(f"command/{verb}", name)
    operations[f"take_{verb.replace('/', '_')}"] = {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{name}"},
        "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": _BINDING}},
        "reply": {"channel": {"$ref": "#/channels/result"}},
    }


def _channel(topic: str, message: str) -> _Object:
    return {
        "address": f"{{base}}/{{table}}/{topic}",
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {
            "base": {"default": "bascule", "description": "`base` of the configuration"},
            "table": {"default": "home", "description": "the table's id: 1 to 32 of a-z, 0-9, _ and -"},
        },
    }


def _collected(schema: _Object, schemas: _Object) -> _Object:
    """The schema without its definitions, which go where all find them."""
    schemas.update(schema.pop("$defs", {}))
    return schema


def _plain(words: str) -> str:
    """Without the links of Markdown."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", words)


def topic_table() -> str:
    """The rows of docs/mqtt.md about what is published."""
    rows = [f"| `{c.name}` | {'yes' if c.retained else 'no'} | {c.qos} | {c.what} |" for c in CHANNELS]
    return "\n".join(["| Topic | Retained | QoS | What |", "|---|---|---|---|", *rows])


def command_table() -> str:
    """The rows of docs/mqtt.md about commands."""
    rows = [f"| `{c.verb}` | {c.argument} | {c.bare} | {c.does} |" for c in COMMANDS]
    return "\n".join(["| Verb | Argument | Bare form | Does |", "|---|---|---|---|", *rows])


def rendered(text: str) -> str:
    """docs/mqtt.md with both tables as they are here. They stand between a pair of comments each."""
    for name, table in (("topics", topic_table()), ("commands", command_table())):
        begin, end = f"<!-- {name}: made by python -m controller.mqtt.contract -->", f"<!-- end of {name} -->"
        before, begun, rest = text.partition(begin)
        _, ended, after = rest.partition(end)
        if not (begun and ended):
            raise ValueError(
                f"the page has no place for the table of {name}: it has to stand between {begin} and {end}"
            )
        text = f"{before}{begin}\n\n{table}\n\n{end}{after}"
    return text


def asyncapi_text() -> str:
    """The AsyncAPI document as it stands in its file."""
    return json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"


def write(docs: Path) -> None:
    """Everything that is made from the models, into this folder."""
    write_schemas(docs / "schemas")
    (docs / "asyncapi.json").write_text(asyncapi_text(), encoding="utf-8")
    page = docs / "mqtt.md"
    page.write_text(rendered(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
