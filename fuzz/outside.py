"""What people and programs write: commands over MQTT, the configuration, presets (F21, F22, F23, H4, H12)."""

import json
import math
import re
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path, PosixPath
from typing import IO, Any

from bascule.closed_loop import ClosedLoop
from controller.config import Config, ConfigError, load
from controller.model import Reason, Unreadable, Verb, Wish
from controller.mqtt.commands import parse
from controller.mqtt.topics import Topics
from controller.presets import Preset, PresetError
from controller.presets import parse as parse_presets
from controller.refusals import refuse

from .tape import Run, Tape

VERBS = ("stop", "level", "arm", "start", "goto", "jog", "pause", "resume", "skip", "checkin", "stand", "acknowledge")
ALWAYS = ("stop", "level")
MAX_PAYLOAD = 4096
WALL_S = 1_800_000_000.0
LONGEST_MESSAGE = 1000
"""Letters. Chosen: some sentences; no stranger's payload comes back whole."""
_WORD = re.compile(r"[a-z0-9_-]{1,32}")
_TOPICS = Topics("bascule", "home")
_Parse = Callable[[str, bytes, bool, float], Wish | Unreadable | None]

HARD = {"angle_deg": 60.0, "rate_dps": 3.0, "acceleration_dps2": 1.0, "session_head_down_s": 900.0,
        "day_head_down_s": 1200.0, "sessions_per_day": 3.0}  # fmt: skip
"""The limits that nobody may loosen (domain.md, default limits), restated."""
REST_S = 3600.0


# ---- commands -------------------------------------------------------------------------------------------------------


def commands(read: _Parse = parse) -> Run:
    """Any topic and payload is a wish, a refusal that can be published, or nothing; no kept or late wish moves."""

    def run(data: bytes) -> None:
        tape = Tape(data)
        kind = tape.byte()
        retained = kind >= 128
        payload: bytes | None = None
        if kind & 127 < 110:
            topic = f"bascule/home/command/{VERBS[kind % len(VERBS)]}"
        else:
            topic = "bascule/home/command/" + tape.take(tape.byte() % 24).decode("utf-8", "replace")
        if kind & 127 == 127:
            payload = tape.rest() * 64
        verb = _TOPICS.verb_of(topic)
        if verb is None:
            return
        payload = tape.rest() if payload is None else payload
        result = read(verb, payload, retained, WALL_S)
        if result is None:
            assert payload == b"", "a command is passed over"
            assert verb not in ALWAYS, "stop and level are never passed over"
        elif isinstance(result, Unreadable):
            assert verb not in ALWAYS, "stop and level are never refused"
            _publishable(result)
        else:
            assert result.verb == verb, "another verb"
            assert result.retained is retained, "the retain flag is lost"
            _sensible(result)
            if verb not in ALWAYS:
                _strict(result, payload)
                _harmless(result, payload)

    return run


def _publishable(result: Unreadable) -> None:
    json.dumps([result.verb, result.message, result.id]).encode("utf-8")
    f"{result.verb} {result.message} {result.id}".encode()
    assert len(result.message) <= LONGEST_MESSAGE, "a stranger's payload comes back"
    assert result.message.isprintable()
    assert result.id is None or len(result.id) <= 64


def _sensible(wish: Wish) -> None:
    """Every field of a wish is bounded, and belongs to its verb."""
    assert wish.id is None or (0 < len(wish.id) <= 64 and wish.id.isprintable())
    assert wish.code is None or (0 < len(wish.code) <= 16 and wish.code.isprintable())
    assert (wish.preset is not None) == (wish.verb == "start")
    assert (wish.angle_deg is not None) == (wish.verb == "goto")
    assert wish.direction in ((-1, 0, 1) if wish.verb == "jog" else (0,))
    assert wish.angle_deg is None or -90.0 <= wish.angle_deg <= 90.0, "no angle of any table"
    assert all(word is None or _WORD.fullmatch(word) for word in (wish.preset, wish.person))


def _strict(wish: Wish, payload: bytes) -> None:
    """A second reading: only plain UTF-8 of bounded length, and JSON that any reader understands alike."""
    assert len(payload) <= MAX_PAYLOAD, "an oversized payload is a wish"
    text = payload.decode("utf-8").strip(" \t\r\n")
    if not text.startswith("{"):
        if wish.angle_deg is not None:
            assert wish.angle_deg == float(text), "another angle"
        return
    fields = json.loads(text, parse_constant=_never, object_pairs_hook=_once)
    if wish.angle_deg is not None:
        assert wish.angle_deg == fields["angle_deg"], "another angle"
    expires = fields.get("expires")
    assert wish.expired == (expires is not None and expires <= WALL_S), "its expiry is misread"


def _never(word: str) -> None:
    raise AssertionError(f"{word} is taken for a number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), "a key that appears twice is taken"
    return dict(pairs)


def _harmless(wish: Wish, payload: bytes) -> None:
    """Where a live wish of this verb would be welcome, a kept or a late one is refused as such."""
    if not (wish.retained or wish.expired):
        return
    loop = _armed()
    situation = loop.core.desk._situation(wish, loop.estimate, False)
    refusal = refuse(wish, situation)
    expected = (Reason.UNKNOWN_PRESET, Reason.UNKNOWN_PERSON, Reason.RETAINED, Reason.EXPIRED)
    assert refusal is not None, "a kept or late command is obeyed"
    assert refusal[0] in expected, "a kept or late command is refused for something else only"


@cache
def _armed() -> ClosedLoop:
    """Somebody stands on the table, locked in and armed: any start would do."""
    loop = ClosedLoop(angle_deg=0.0)
    loop.run(2.0)
    assert loop.wish(Verb.ARM).accepted
    loop.run(1.5)
    return loop


# ---- files ----------------------------------------------------------------------------------------------------------


class _InMemory(PosixPath):
    """A file that is only bytes: ten thousand real ones a second would be a test of the disk."""

    data: bytes = b""

    def open(self, *_: Any, **__: Any) -> IO[Any]:  # type: ignore[override]
        return BytesIO(self.data)


def configuration(read: Callable[[Path], Config] = load) -> Run:
    """Any file is a configuration no looser than the hard limits, or a ConfigError that names what is wrong."""

    def run(data: bytes) -> None:
        path = _InMemory("/fuzz/bascule.toml")
        path.data = data
        try:
            config = read(path)
        except ConfigError as error:
            _told([str(problem) for problem in error.problems])
            return
        limits = config.limits.layer()
        for name, hard in HARD.items():
            value = getattr(limits, name).value
            assert 0 <= value <= hard, f"{name} is looser than the hard limit"
        assert REST_S <= limits.rest_s.value < math.inf, "rest_s is looser than the hard limit"
        assert _WORD.fullmatch(config.table.id)
        Topics(config.mqtt.base, config.table.id)

    return run


def _told(lines: list[str]) -> None:
    """Some lines for a terminal."""
    assert 0 < len(lines) <= 50, "nothing is told, or too much"
    for line in lines:
        line.encode()
        assert len(line) <= LONGEST_MESSAGE, "a whole file comes back"
        assert line.isprintable()


def presets(read: Callable[[str, str], dict[str, Preset]] = parse_presets) -> Run:
    """Any text is presets within the hard limits, or a PresetError."""

    def run(data: bytes) -> None:
        try:
            found = read(data.decode("utf-8", "replace"), "fuzz.toml")
        except PresetError as error:
            str(error).encode()
            return
        for name, preset in found.items():
            assert _WORD.fullmatch(name)
            assert min(step.angle_deg - step.swing_deg for step in preset.steps) >= -30.0
            assert preset.largest_angle_deg <= HARD["angle_deg"], "a preset goes beyond the hard limit"
            assert all(0 < step.rate_dps <= HARD["rate_dps"] for step in preset.steps), "a preset is too fast"
            assert preset.steps[-1].angle_deg == 0.0, "a preset does not end at level"
            assert math.isfinite(preset.duration_s())
            _smooth(preset)

    return run


def _smooth(preset: Preset) -> None:
    """No swing is faster than the hard rate."""
    for step in preset.steps:
        if step.swing_deg:
            assert step.swing_deg * math.tau / step.period_s <= HARD["rate_dps"] * 1.001, "a swing is too fast"
