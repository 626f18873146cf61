"""The owner's own presets: the file that holds them, as a value, and every change of it.

A file that can't be read whole is left alone, and nobody starts a preset out of it: half a file may mean something else
than was written, and to save into it would lose the rest. The bundled presets work, and so does everything else.

A change is made in the text itself, so that comments and other presets stay as their owner wrote them. What comes out
is read again, and has to say what was meant.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from . import preset_file
from .limits import Limits, continuous_s
from .model import Reason
from .preset_file import EPISODE_GAP_S, Pattern, PresetError, RestRow, StepRow, shown
from .presets import Preset, written_out

FILE: Final = "presets"
"""What `Keep` calls the file."""
MOST: Final = 12
"""Chosen: with the bundled ones a screen of a phone, and one message of MQTT below the 64 KiB that brokers take."""
LARGEST_FILE: Final = 64 * 1024
"""Bytes. Chosen: ten times what so many presets need."""
NOT_IDS: Final = frozenset({"goto", "jog", "programme"})
"""What a session is called that plays no preset, and the programme."""
_HEADER: Final = re.compile(r"\s*\[[^\[\]=,{}]*\]\s*(#.*)?")
_Step = StepRow | RestRow


class OwnError(Exception):
    """A change that is not made; a sentence."""


@dataclass(frozen=True, slots=True)
class Own:
    """The own presets by id, and the text that holds them; `text` is None as long as there is no file.

    `name`: how problems call the file. `problem`: why the file is left alone, "" if it is not.
    """

    text: str | None = None
    name: str = "the file of own presets"
    patterns: Mapping[str, Pattern] = field(default_factory=dict)
    presets: Mapping[str, Preset] = field(default_factory=dict)
    problem: str = ""


NONE: Final = Own()
"""Nobody's."""


def read(text: str | None, name: str, taken: Iterable[str]) -> Own:
    """What a file holds. `taken`: the ids that can't be used. Whatever is wrong becomes the `problem`."""
    try:
        return parse(text, name, taken)
    except PresetError as error:
        more = f" There are {len(error.all) - 1} more problems." if len(error.all) > 1 else ""
        return Own(text, name, problem=f"{error}.{more}".replace("?.", "?"))


def parse(text: str | None, name: str, taken: Iterable[str]) -> Own:
    """The same; raises PresetError."""
    patterns = preset_file.patterns(preset_file.tables(text or "", name), name)
    if clashing := [preset for preset in patterns if preset in taken or preset in NOT_IDS]:
        raise PresetError(name, "comes with Bascule and can't be replaced; choose another id", clashing[0])
    if len(patterns) > MOST:
        raise PresetError(name, f"{len(patterns)} presets; at most {MOST} are kept, delete some")
    presets = {preset: written_out(preset, pattern) for preset, pattern in patterns.items()}
    return Own(text, name, patterns, presets)


def save(own: Own, preset: str, pattern: Pattern, taken: Iterable[str]) -> Own:
    """With this preset, in place of the one with its id if there is one. Raises OwnError."""
    _whole(own)
    if preset in taken or preset in NOT_IDS:
        raise OwnError(f"{preset} comes with Bascule and can't be replaced. Choose another id.")
    if preset not in own.patterns and len(own.patterns) >= MOST:
        raise OwnError(f"There are {MOST} own presets already. Delete one first.")
    lines = (own.text or "").splitlines(keepends=True)
    start, end = _place(lines, preset)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    before, after = "".join(lines[:start]), "".join(lines[end:])
    gap = "\n" if start == end and before.strip() else ""
    return _changed(own, before + gap + block(preset, pattern) + after, {**own.patterns, preset: pattern}, taken)


def delete(own: Own, preset: str, taken: Iterable[str]) -> Own:
    """Without this preset. Raises OwnError."""
    _whole(own)
    if preset in taken:
        raise OwnError(f"{preset} comes with Bascule and can't be deleted.")
    lines = (own.text or "").splitlines(keepends=True)
    start, end = _place(lines, preset)
    left = {name: pattern for name, pattern in own.patterns.items() if name != preset}
    return _changed(own, "".join(lines[:start] + lines[end:]), left, taken)


def _whole(own: Own) -> None:
    if own.problem:
        raise OwnError(f"Nothing is saved over a file that can't be read: {own.problem}")


def _place(lines: list[str], preset: str) -> tuple[int, int]:
    """From which line to which one this preset stands; both the end if it does not.

    Comments directly above the next one are the next one's.
    """
    header = re.compile(rf"""\s*\[\s*(["']?){re.escape(preset)}\1\s*\]\s*(#.*)?""")
    start = next((number for number, line in enumerate(lines) if header.fullmatch(line.rstrip())), None)
    if start is None:
        return len(lines), len(lines)
    end = start + 1
    while end < len(lines) and not _HEADER.fullmatch(lines[end].rstrip()):
        end += 1
    while end < len(lines) and end > start + 1 and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return start, end


def _changed(own: Own, text: str, meant: Mapping[str, Pattern], taken: Iterable[str]) -> Own:
    """The file with this text, if it says what was meant and can be read again."""
    try:
        new = parse(text, own.name, taken)
        if new.patterns == meant and len(text.encode()) <= LARGEST_FILE:
            return new
    except ValueError:
        pass
    raise OwnError(f"{own.name} is written in a way that can't be changed safely. Change it by hand.")


def block(preset: str, pattern: Pattern) -> str:
    """A preset as its file has it."""
    keys = ("title", "purpose", "basis", "rate_dps")
    lines = [f"[{preset}]", *(f"{key} = {_value(getattr(pattern, key))}" for key in keys)]
    if pattern.repeat != 1:
        lines.append(f"repeat = {pattern.repeat}")
    return "\n".join([*lines, "steps = [", *(f"    {_step(row)}," for row in pattern.steps), "]", ""])


def _step(row: _Step) -> str:
    """One step; keys that say nothing are left out."""
    given = {key: value for key, value in row if value or key == "angle_deg"}
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in given.items()) + " }"


def _value(value: str | float) -> str:
    """In TOML. JSON's strings are TOML's as long as they are printable, which ours are."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if float(f"{value:g}") == value else repr(value)


def beyond(preset: str, pattern: Pattern, limits: Limits, file: str = "") -> list[tuple[Reason, PresetError]]:
    """What of a preset is over these limits, and whose they are: nobody could play it to its end."""
    angle, session = limits.angle_deg, limits.session_head_down_s
    found = []
    for number, row in enumerate(pattern.rows, 1):
        largest = row.angle_deg + row.swing_deg
        if largest > angle.value:
            key = "swing_deg" if row.angle_deg <= angle.value else "angle_deg"
            most = angle.value - (row.angle_deg if key == "swing_deg" else row.swing_deg)
            why = f"{largest:g}° is over the limit of {angle.value:g}° ({angle.reason}); write at most {shown(most)}"
            found.append((Reason.OVER_ANGLE, PresetError(file, why, preset, number, key)))
    whole = written_out(preset, pattern)
    head_down_s = whole.head_down_s()
    if head_down_s > session.value:
        why = (
            f"{head_down_s / 60:.1f} min head down are over {session.value / 60:g} min a session ({session.reason}); "
            "hold shorter, or repeat less often"
        )
        found.append((Reason.OVER_TIME, PresetError(file, why, preset)))
    for episode in whole.episodes():
        allowed_s = continuous_s(episode.angle_deg)
        if episode.head_down_s > allowed_s:
            why = (
                f"{episode.head_down_s / 60:.1f} min head down in one go, up to {episode.angle_deg:g}°, are over "
                f"{allowed_s / 60:g} min (hard limit); hold shorter, or rest for {EPISODE_GAP_S:g} s between"
            )
            found.append((Reason.OVER_TIME, PresetError(file, why, preset)))
            break
    return found
