"""What Home Assistant is told that a table has: a table of sensors, buttons and choices, and where each is read. Pure.

Nothing here is a cover, a valve, a light or a switch: voice assistants and commands for a whole room move those. Every
button that may begin motion is of the category `config`, which leaves it out when somebody presses all buttons of a
room or a device; *stop* is not. The templates are Home Assistant's (Jinja) and find their own device's entities, so
that nothing depends on what somebody calls them.
"""

from dataclasses import dataclass, field
from typing import Final

from protocol.messages import CAUSES

from ..causes import QUIET, cause_code
from ..model import State

OK: Final = "ok"
"""What the fault sensor shows without a fault; `none` would read as unknown."""
EVENT_TYPES: Final = ("started", "step", "check_in", "reached", "interrupted")
LONGEST_TEXT: Final = 250
"""Letters. Home Assistant drops a state of more than 255."""
EXPIRY_S: Final = 10
"""Chosen: longer than any hiccup of a home network, shorter than anybody waits for a press. Home Assistant sends it
with MQTT 5 since 2026.11 and leaves it out before; on what may begin motion only, never on stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entity or trigger. `extra`: further keys, as Home Assistant names them.

    `topic`: the name of ours on which its state comes; `verb`: of the command that it sends; `choice`: what somebody
    chooses with it. `needs_link`: it says and does nothing without a tilt unit; `only_while`: nor but then.
    """

    key: str
    platform: str
    name: str = ""
    icon: str = ""
    category: str = ""
    topic: str = ""
    value: str = ""
    attributes: str = ""
    verb: str = ""
    command: str = ""
    choice: str = ""
    needs_link: bool = False
    only_while: str = ""
    extra: dict[str, object] = field(default_factory=dict)


def known(expression: str, words: str) -> str:
    """A template that shows `words` while the expression is true or false, and nothing (unknown) while it is null."""
    return f"{{{{ 'None' if {expression} is none else {words} }}}}"


def on_off(expression: str) -> str:
    """For binary sensors."""
    return known(expression, f"('ON' if {expression} else 'OFF')")


def minutes(expression: str) -> str:
    """Seconds as minutes with one decimal."""
    return known(expression, f"({expression} / 60) | round(1)")


def text(expression: str) -> str:
    """A sentence that Home Assistant can keep."""
    return f"{{{{ {expression} | truncate({LONGEST_TEXT}, true, '…') }}}}"


_ANGLE: Final = {"unit_of_measurement": "°", "state_class": "measurement", "suggested_display_precision": 1}
_MINUTES: Final = {
    "device_class": "duration", "unit_of_measurement": "min", "state_class": "measurement",
    "suggested_display_precision": 1,
}  # fmt: skip
FAULTS: Final = (OK, *(cause_code(cause) for cause in CAUSES if cause not in QUIET))
_GRAVEST: Final = "(value_json.faults | sort(attribute='rung', reverse=true) | first)"
ASKED: Final = "(value_json.session and value_json.session.check_in_remaining_s is not none)"
"""The person is asked whether they are well."""

SENSORS: Final = (
    Part(
        key="state", platform="sensor", name="State", icon="mdi:seat-flat-angled", topic="state",
        value="{{ value_json.state }}",
        attributes="{{ {'arm_code': value_json.arm_code, 'person': value_json.budget.person} | to_json }}",
        extra={"device_class": "enum", "options": [str(state) for state in State]},
    ),
    Part(
        key="message", platform="sensor", name="Message", icon="mdi:message-text-outline", topic="state",
        value=text("value_json.message"),
    ),
    Part(
        key="answer", platform="sensor", name="Last answer", icon="mdi:message-reply-text-outline", topic="result",
        value=text("value_json.message"),
        attributes="{{ {'command': value_json.verb, 'accepted': value_json.accepted,"
        " 'reason': value_json.reason} | to_json }}",
    ),
    Part(
        key="angle", platform="sensor", name="Angle", icon="mdi:angle-acute", topic="state", needs_link=True,
        value=known("value_json.angle_deg", "value_json.angle_deg | round(1)"), extra=_ANGLE,
    ),
    Part(
        key="preset_running", platform="sensor", name="Running preset", icon="mdi:play-circle-outline", topic="state",
        value="{{ value_json.session.preset if value_json.session else 'None' }}",
    ),
    Part(
        key="step", platform="sensor", name="Session step", icon="mdi:stairs", topic="state",
        value="{{ value_json.session.label if value_json.session else 'None' }}",
    ),
    Part(
        key="time_left", platform="sensor", name="Session time left", icon="mdi:timer-sand", topic="state",
        value="{{ (value_json.session.remaining_s / 60) | round(1) if value_json.session else 'None' }}",
        extra=_MINUTES,
    ),
    Part(
        key="head_down_today", platform="sensor", name="Head-down time in 24 h", icon="mdi:clock-outline",
        topic="state", value=minutes("value_json.budget.head_down_today_s"), extra=_MINUTES,
    ),
    Part(
        key="head_down_left", platform="sensor", name="Head-down time left", icon="mdi:clock-check-outline",
        topic="state",
        value="{{ ([value_json.budget.allowed_today_s - value_json.budget.head_down_today_s, 0] | max / 60)"
        " | round(1) }}",
        extra=_MINUTES,
    ),
    Part(
        key="rest", platform="sensor", name="Rest before the next session", icon="mdi:bed-clock", topic="state",
        value=minutes("value_json.budget.rest_remaining_s"), extra=_MINUTES,
    ),
    Part(
        key="last_session", platform="sensor", name="Last session", icon="mdi:history", topic="last_session",
        value="{{ value_json.started if value_json is defined else 'None' }}",
        attributes="{{ ({'preset': value_json.preset, 'person': value_json.person, 'outcome': value_json.outcome,"
        " 'why': value_json.why, 'duration_s': value_json.duration_s, 'head_down_s': value_json.head_down_s,"
        " 'largest_angle_deg': value_json.largest_angle_deg} if value_json is defined else {}) | to_json }}",
        extra={"device_class": "timestamp"},
    ),
    Part(
        key="fault", platform="sensor", name="Fault", icon="mdi:alert-circle-outline", topic="state", needs_link=True,
        value=f"{{{{ {_GRAVEST}.code if value_json.faults else '{OK}' }}}}",
        attributes=f"{{{{ ({{'message': {_GRAVEST}.message, 'codes': value_json.faults | map(attribute='code') | list}}"
        " if value_json.faults else {'message': none, 'codes': []}) | to_json }}",
        extra={"device_class": "enum", "options": list(FAULTS)},
    ),
    Part(
        key="limit", platform="sensor", name="Angle limit", icon="mdi:angle-obtuse", category="diagnostic",
        topic="state", value="{{ value_json.limit.angle_deg }}",
        attributes="{{ {'reason': value_json.limit.reason} | to_json }}", extra=_ANGLE,
    ),
)  # fmt: skip

BINARY_SENSORS: Final = (
    Part(
        key="problem", platform="binary_sensor", name="Problem", topic="state",
        value="{{ 'ON' if value_json.faults or value_json.state in ['fault', 'offline'] else 'OFF' }}",
        extra={"device_class": "problem"},
    ),
    Part(
        key="occupied", platform="binary_sensor", name="Person on the table", topic="state", needs_link=True,
        value=on_off("value_json.occupied"), extra={"device_class": "occupancy"},
    ),
    Part(
        # Of this class, on means unlocked.
        key="ankles", platform="binary_sensor", name="Ankle locks", topic="state", needs_link=True,
        value=known("value_json.ankles_locked", "('OFF' if value_json.ankles_locked else 'ON')"),
        extra={"device_class": "lock"},
    ),
    Part(
        key="moving", platform="binary_sensor", name="Moving", topic="state", needs_link=True,
        value=on_off("value_json.moving"), extra={"device_class": "moving"},
    ),
    Part(
        key="head_down", platform="binary_sensor", name="Head down", icon="mdi:arrow-down-bold-outline", topic="state",
        needs_link=True, value=on_off("value_json.head_down"),
    ),
    Part(
        key="check_in", platform="binary_sensor", name="Check-in due", icon="mdi:account-question-outline",
        topic="state", needs_link=True,
        value=f"{{{{ 'ON' if {ASKED} else 'OFF' }}}}",
    ),
    Part(
        key="estop", platform="binary_sensor", name="Emergency stop", topic="state", needs_link=True,
        value=on_off("value_json.estop"), extra={"device_class": "safety"},
    ),
    Part(
        key="child_lock", platform="binary_sensor", name="Child lock", icon="mdi:account-lock-outline", topic="state",
        value=on_off("value_json.locked"),
    ),
    Part(
        key="link", platform="binary_sensor", name="Tilt unit", category="diagnostic", topic="state",
        value=on_off("value_json.link.up"), extra={"device_class": "connectivity"},
    ),
    Part(
        key="simulated", platform="binary_sensor", name="Simulated table", icon="mdi:test-tube",
        category="diagnostic", topic="state", value=on_off("value_json.simulated"),
    ),
)  # fmt: skip

_SESSION_EVENT: Final = (
    "{% set types = {'session_started': 'started', 'step': 'step', 'check_in': 'check_in',"
    " 'session_ended': value_json.outcome} %}"
    "{% if value_json.kind in types %}{{ {'event_type': types[value_json.kind], 'message': value_json.message,"
    " 'preset': value_json.preset, 'person': value_json.person, 'why': value_json.why} | to_json }}{% endif %}"
)
EVENTS: Final = (
    Part(
        key="session", platform="event", name="Session", icon="mdi:calendar-clock", topic="event",
        value=_SESSION_EVENT, extra={"event_types": list(EVENT_TYPES)},
    ),
    *(
        Part(
            key=f"{kind}_trigger", platform="device_automation", topic="event", value="{{ value_json.kind }}",
            extra={"automation_type": "trigger", "type": word, "subtype": name, "payload": kind},
        )
        for kind, name, word in (("fault", "fault", "reported"), ("check_in", "check-in", "asked for"))
    ),
)  # fmt: skip

ALWAYS: Final = (
    Part(key="stop", platform="button", name="Stop", icon="mdi:stop-circle", verb="stop"),
    Part(key="level", platform="button", name="Return to level", icon="mdi:seat-flat", category="config", verb="level"),
    Part(
        key="pause", platform="button", name="Pause", icon="mdi:pause-circle-outline", verb="pause", needs_link=True,
    ),
)  # fmt: skip
"""What only ends or holds motion, or leads home."""

_MINE: Final = "{% set mine = device_entities(device_id(entity_id)) %}"
_CODE: Final = "(mine | map('state_attr', 'arm_code') | reject('none') | first | default(''))"


def _chosen(choice: str) -> str:
    return f"(mine | select('is_state_attr', 'chooses', '{choice}') | map('states') | first | default(''))"


ARM: Final = Part(
    key="arm", platform="button", name="Arm", icon="mdi:shield-check-outline", category="config", verb="arm",
    needs_link=True, extra={"message_expiry_interval": EXPIRY_S},
)  # fmt: skip
ARM_FOR: Final = f"{_MINE}{{{{ {{'person': {_chosen('person')}}} | to_json }}}}"
"""What *arm* sends when there is somebody to choose."""
REMOTE: Final = (
    Part(
        key="start", platform="button", name="Start", icon="mdi:play-circle", category="config", verb="start",
        needs_link=True, command=f"{_MINE}{{{{ {{'preset': {_chosen('preset')}, 'code': {_CODE}}} | to_json }}}}",
        extra={"message_expiry_interval": EXPIRY_S},
    ),
    Part(
        key="goto", platform="button", name="Go to the target angle", icon="mdi:arrow-right-circle", category="config",
        verb="goto", needs_link=True,
        command=f"{_MINE}{{{{ {{'angle_deg': {_chosen('angle')} | float(none), 'code': {_CODE}}} | to_json }}}}",
        extra={"message_expiry_interval": EXPIRY_S},
    ),
    Part(
        key="resume", platform="button", name="Resume", icon="mdi:play-pause", category="config", verb="resume",
        needs_link=True, extra={"message_expiry_interval": EXPIRY_S},
    ),
    Part(
        key="checkin", platform="button", name="I am well", icon="mdi:account-check", category="config",
        verb="checkin", needs_link=True, only_while=ASKED, extra={"message_expiry_interval": EXPIRY_S},
    ),
    Part(
        key="stand", platform="button", name="Stand up", icon="mdi:human-handsup", category="config", verb="stand",
        needs_link=True, extra={"message_expiry_interval": EXPIRY_S},
    ),
)  # fmt: skip
"""What begins motion, or lets it go on."""

PRESET: Final = Part(key="preset", platform="select", name="Preset", icon="mdi:format-list-bulleted", choice="preset")
PERSON: Final = Part(key="person", platform="select", name="Person", icon="mdi:account", choice="person")
TARGET: Final = Part(
    key="target", platform="number", name="Target angle", icon="mdi:angle-acute", choice="angle",
    extra={"mode": "box", "step": 1, "unit_of_measurement": "°"},
)  # fmt: skip
"""Choices move nothing: they are what *start*, *go to the target angle* and *arm* then send."""
