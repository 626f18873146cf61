"""What Home Assistant makes of a discovery document, stricter than it says: each sentence is something that it would
reject, drop, forget without a word, or press when nobody meant it. Measured with the cores of 2024.11 to 2026.11; what
it accepts is compared with a real core in tests/home_assistant.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

Document = dict[str, Any]

LATER = {"default_entity_id", "message_expiry_interval"}
"""Keys that older cores leave out."""
COMMON = {
    "platform", "unique_id", "name", "icon", "entity_category", "availability", "availability_mode", "qos",
    "json_attributes_topic", "json_attributes_template", "default_entity_id",
}  # fmt: skip
READ = COMMON | {"state_topic", "value_template"}
KEYS = {
    "sensor": READ
    | {"device_class", "state_class", "unit_of_measurement", "options", "suggested_display_precision"},
    "binary_sensor": READ | {"device_class"},
    "event": READ | {"event_types"},
    "button": COMMON | {"command_topic", "command_template", "message_expiry_interval"},
    "select": READ | {"command_topic", "options", "optimistic"},
    "number": READ | {"command_topic", "min", "max", "step", "mode", "unit_of_measurement", "optimistic"},
    "device_automation": {
        "platform", "automation_type", "type", "subtype", "topic", "payload", "value_template", "qos",
    },
}  # fmt: skip
"""The platforms that a table may use. Covers, valves, lights and switches are moved by voice and by whole rooms."""
TOP = {"device", "origin", "components"}
DEVICE = {"identifiers", "name", "manufacturer", "model", "sw_version"}
ORIGIN = {"name", "sw_version"}
SENSOR_CLASSES = {"enum", "duration", "timestamp"}
BINARY_SENSOR_CLASSES = {"connectivity", "lock", "moving", "occupancy", "problem", "safety"}
DURATIONS = {"d", "h", "min", "ms", "s"}
HARMLESS = ("stop", "level", "pause")
"""What may be there without an opt-in. `level` moves a person, too, but only home."""
STATELESS = ("none", "unknown", "unavailable")


def wrong(document: Document, remote_start: bool) -> list[str]:
    """Everything that is wrong with it, as sentences."""
    try:
        json.dumps(document, allow_nan=False)
    except ValueError:
        return ["a NaN: breaks every template"]
    return [
        *_strange("the document", document, TOP, TOP),
        *_strange("device", document.get("device", {}), DEVICE, {"identifiers", "name"}),
        *_strange("origin", document.get("origin", {}), ORIGIN, {"name"}),
        *(f"{name}: {what}" for name, one in document.get("components", {}).items() for what in _component(one)),
        *_twice(document.get("components", {}), "unique_id"),
        *_twice(document.get("components", {}), "default_entity_id"),
        *_motion(document.get("components", {}), remote_start),
    ]


def _strange(where: str, given: Document, allowed: set[str], needed: set[str]) -> Iterator[str]:
    for key in sorted(given.keys() - allowed):
        yield f"{where}: the key {key} is unknown: all of it is rejected"
    for key in sorted(needed - given.keys()):
        yield f"{where}: {key} is missing: all of it is rejected"


def _component(one: Document) -> Iterator[str]:
    platform = one.get("platform", "")
    if platform not in KEYS:
        yield f"the platform {platform!r} is none that a table may use"
    elif len(one) > 1:
        for key in sorted(one.keys() - KEYS[platform]):
            yield f"the key {key} vanishes without a word"
        yield from _templates(one)
        yield from _trigger(one) if platform == "device_automation" else _entity(one, platform)


def _templates(one: Document) -> Iterator[str]:
    for key, text in one.items():
        if key.endswith("_template"):
            for left, right in (("{{", "}}"), ("{%", "%}"), ("(", ")"), ("[", "]")):
                if text.count(left) != text.count(right):
                    yield f"{key}: {left} without {right}"


def _trigger(one: Document) -> Iterator[str]:
    for key in ("automation_type", "type", "subtype", "topic", "payload"):
        if not one.get(key):
            yield f"{key} is missing: the trigger is dropped"


def _entity(one: Document, platform: str) -> Iterator[str]:
    for key in ("unique_id", "name", "default_entity_id", "icon" if "device_class" not in one else "name"):
        if not one.get(key):
            yield f"{key} is missing"
    if not re.fullmatch(rf"{platform}\.[a-z0-9_]+", one.get("default_entity_id", "")):
        yield "default_entity_id is no id of this platform"
    if not re.fullmatch(r"mdi:[a-z0-9-]+", one.get("icon", "mdi:none")):
        yield "the icon is none"
    if one.get("entity_category", "diagnostic") not in ("config", "diagnostic"):
        yield "entity_category is none"
    if platform in ("sensor", "binary_sensor", "event") and one.get("entity_category") == "config":
        yield "entity_category config on what is only read: it is dropped"
    if platform in ("sensor", "binary_sensor", "event", "button") and not one.get("availability"):
        yield "no availability: it would look alive without a controller"
    if "json_attributes_template" in one and "json_attributes_topic" not in one:
        yield "json_attributes_template without a topic"
    if "state_topic" in one and not one.get("value_template"):
        yield "a document as a state"
    yield from {
        "sensor": _sensor, "binary_sensor": _binary_sensor, "event": _event, "button": _button, "select": _select,
        "number": _number,
    }[platform](one)  # fmt: skip


def _sensor(one: Document) -> Iterator[str]:
    kind, unit, options = one.get("device_class"), one.get("unit_of_measurement"), one.get("options")
    if "state_topic" not in one:
        yield "state_topic is missing: it is dropped"
    if kind is not None and kind not in SENSOR_CLASSES:
        yield f"device_class {kind}: it is dropped"
    if (kind == "enum") != (options is not None):
        yield "options and the device_class enum need each other: it is dropped"
    if kind in ("enum", "timestamp") and (unit or one.get("state_class")):
        yield f"a unit or state_class on {kind}: it is dropped"
    if options is not None and (not options or len(set(options)) < len(options) or set(options) & {*STATELESS, "None"}):
        yield "options are empty, doubled, or read as unknown"
    if kind == "duration" and unit not in DURATIONS:
        yield f"the unit {unit} is none of a duration"
    if unit and one.get("state_class") != "measurement":
        yield "a unit without the state_class measurement"


def _binary_sensor(one: Document) -> Iterator[str]:
    if "state_topic" not in one:
        yield "state_topic is missing: it is dropped"
    if one.get("device_class", "moving") not in BINARY_SENSOR_CLASSES:
        yield f"device_class {one['device_class']}: it is dropped"


def _event(one: Document) -> Iterator[str]:
    if not one.get("event_types") or "state_topic" not in one:
        yield "event_types or state_topic is missing: it is dropped"


def _button(one: Document) -> Iterator[str]:
    yield from _command(one)


def _select(one: Document) -> Iterator[str]:
    yield from _command(one)
    options = one.get("options", [])
    if not options or len(set(options)) < len(options):
        yield "options are empty or doubled"
    if set(options) & set(STATELESS):
        yield "an option that reads as unknown"


def _number(one: Document) -> Iterator[str]:
    yield from _command(one)
    if not -90 <= one.get("min", 1) < one.get("max", 100) <= 90 or one.get("step", 0) <= 0:
        yield "min, max or step is out of reach"


def _command(one: Document) -> Iterator[str]:
    if not one.get("command_topic"):
        yield "command_topic is missing: it is dropped"
    elif "/command/" in one["command_topic"] and one.get("qos") != 1:
        yield "a command without qos 1: lost on a bad line, and not inherited from the top before 2025.5"


def _twice(components: dict[str, Document], key: str) -> Iterator[str]:
    named = [one[key] for one in components.values() if key in one]
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield f"{key} {name} stands twice"


def _motion(components: dict[str, Document], remote_start: bool) -> Iterator[str]:
    """What pressing every button of a room must not do."""
    verbs = {str(one.get("command_topic", "")).rpartition("/command/")[2]: one for one in components.values()}
    for verb in ("stop", "level"):
        if verb not in verbs:
            yield f"no {verb}: it is always there"
        elif len(verbs[verb].get("availability", [])) != 1:
            yield f"{verb} depends on more than the controller"
        elif "command_template" in verbs[verb] or "message_expiry_interval" in verbs[verb]:
            yield f"{verb} may be held up by a template or an expiry"
    if "entity_category" in verbs.get("stop", {}):
        yield "stop has a category: pressing all buttons of a room leaves it out"
    for one in components.values():
        topic = one.get("command_topic", "")
        verb = topic.rpartition("/command/")[2] if "/command/" in topic else ""
        if verb and one["platform"] != "button":
            yield f"{verb} is sent by a {one['platform']}, where choosing is moving"
        if verb in HARMLESS and verb != "level":
            continue
        if verb and one.get("entity_category") != "config":
            yield f"{verb} is no config: pressing all buttons of a room begins it"
        if verb and verb not in HARMLESS and not remote_start:
            yield f"{verb} without an opt-in"
        if verb and verb not in HARMLESS and "message_expiry_interval" not in one:
            yield f"{verb} without an expiry"
