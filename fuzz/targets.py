"""The list of targets: what each one reads, and how long its inputs may get."""

from importlib import import_module
from typing import Final, NamedTuple

from .tape import Run


class Target(NamedTuple):
    """One decoder with its properties.

    `place`: module and function that makes it. `guides`: the packages and modules whose branches guide the fuzzer.
    `longest`: bytes of an input. `words`: tokens that it may put in.
    """

    place: str
    guides: tuple[str, ...]
    longest: int
    words: tuple[bytes, ...] = ()

    def load(self) -> Run:
        """The target itself. Only now its module is imported, and with it only what this one needs."""
        module, _, make = self.place.partition(":")
        run: Run = getattr(import_module(f".{module}", __package__), make)()
        return run


_CODES: Final = tuple(bytes([code]) for code in (*range(0x01, 0x09), *range(0x81, 0x84)))
_JSON: Final = (
    b'{"', b'": ', b'", "', b'"}', b"id", b"code", b"expires", b"preset", b"person", b"angle_deg", b"direction", b"up",
    b"down", b"back", b"NaN", b"Infinity", b"1e999", b"-0", b"null", b"true", b"PRESS", b"\\ud800", b"[[[[[[[[",
)  # fmt: skip
_STOPS: Final = (b"\x00\x19bascule/home/command/stop", b"\x30\x1b", b"\x31\x1b", b"\x32\x1d", b"\x3b\x9d\x01")
_TOML: Final = (
    b"[", b"]", b"[[", b" = ", b"\n", b'"', b"{ ", b" }", b"inf", b"nan", b"-", b"1e9", b"'''", b"true", b".",
)  # fmt: skip
_SETTINGS: Final = (
    b"[table]", b"[mqtt]", b"[limits]", b"[session]", b"[data]", b"[log]", b"id", b"name", b"port", b"broker", b"base",
    b"version", b"username", b"password_file", b"angle_deg", b"rate_dps", b"acceleration_dps2", b"session_head_down_s",
    b"day_head_down_s", b"rest_s", b"sessions_per_day", b"arming", b"check_in_s", b"local_stop", b"folder",
    b"keep_days", b"level", b"format", b"mqtt://", b"mqtts://", b"@",
)  # fmt: skip
_PATTERN: Final = (
    b"title", b"purpose", b"basis", b"rate_dps", b"repeat", b"steps", b"angle_deg", b"hold_s", b"swing_deg",
    b"period_s",
)  # fmt: skip

TARGETS: Final[dict[str, Target]] = {
    "deframer": Target("wire:deframer", ("protocol",), 160, (bytes.fromhex("000402C1B200"),)),
    "host_messages": Target("wire:host_messages", ("protocol",), 64, _CODES),
    "unit_messages": Target("wire:unit_messages", ("protocol",), 64, _CODES),
    "unit_link": Target("links:unit_link", ("protocol",), 96),
    "host_link": Target("links:host_link", ("protocol",), 72),
    "tilt_unit": Target("unit:tilt_unit", ("protocol", "simulator"), 96),
    "commands": Target("outside:commands", ("controller.mqtt.commands", "controller.mqtt.topics"), 256, _JSON),
    "lookout": Target("broker:lookout", ("controller.mqtt.lookout",), 256, _STOPS),
    "configuration": Target("outside:configuration", ("controller.config", "tomllib"), 400, _TOML + _SETTINGS),
    "presets": Target("outside:presets", ("controller.preset_file", "tomllib"), 400, _TOML + _PATTERN),
}
"""By name, from the wire outwards."""
PLANTED: Final = "planted"
"""The deframer with a bug (`planted.py`), to know that a run can fail."""
EVERY: Final = {**TARGETS, PLANTED: TARGETS["deframer"]._replace(place="planted:leaky")}
