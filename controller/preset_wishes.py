"""What becomes of a wish to save or to delete a preset."""

from collections.abc import Mapping
from typing import Final

from . import own_presets
from .conduct import Conduct
from .estimator import Estimate
from .model import Keep, Reason, Wish
from .own_presets import Own, OwnError
from .preset_draft import Draft
from .preset_file import Pattern, PresetError
from .presets import Preset
from .questions import FRESH_S

NOT_KEPT: Final = "a restart brings the presets back as the file has them"
Refusal = tuple[Reason, str]


class PresetDesk:
    """The own presets of one table: what `start` accepts beside the bundled ones."""

    def __init__(self, conduct: Conduct, bundled: Mapping[str, Preset]) -> None:
        self._c = conduct
        self._bundled = bundled

    def save(self, wish: Wish, e: Estimate | None) -> Refusal | str:
        """Save the draft of this wish; the sentence of its answer, or why not."""
        draft, c = wish.body, self._c
        if not isinstance(draft, Draft):
            return Reason.BAD_PAYLOAD, "There is no preset in this command."
        try:
            pattern = self._pattern(draft, e)
            if not isinstance(pattern, Pattern):
                return pattern
            for reason, error in own_presets.beyond(draft.id, pattern, c.settings.limits):
                return reason, f"Not saved: {error}."
            known = draft.id in c.own.patterns
            self._change(own_presets.save(c.own, draft.id, pattern, self._bundled))
        except PresetError as error:
            return Reason.NOT_SAVED, f"Not saved: {error}."
        except OwnError as error:
            return Reason.NOT_SAVED, str(error)
        preset = c.presets[draft.id]
        there = f", with {pattern.rows[draft.now[0]].angle_deg:g}° from where the table is" if draft.now else ""
        what = f"{draft.id} is replaced by {preset.title}" if known else f"{preset.title} is saved as {draft.id}"
        return f"{what}{there}."

    def delete(self, wish: Wish) -> Refusal | str:
        """Delete the preset of this wish; the sentence of its answer, or why not."""
        c, preset = self._c, str(wish.preset)
        try:
            self._change(own_presets.delete(c.own, preset, self._bundled))
        except OwnError as error:
            return Reason.NOT_SAVED, str(error)
        return f"{preset} is deleted."

    def _pattern(self, draft: Draft, e: Estimate | None) -> Pattern | Refusal:
        """With the angle of this moment where it is asked for, and only one that is fresh and trusted."""
        c = self._c
        if not draft.now:
            return draft.pattern
        age_s = c.now_s - c.heard_s
        if e is None:
            return Reason.LINK_DOWN, "There is no connection to the tilt unit, so nobody knows the angle of now."
        if age_s > FRESH_S:
            return Reason.LINK_DOWN, f"The angle is {age_s:.1f} s old. Try again when the tilt unit answers."
        if not e.trusted:
            return Reason.FAULT_LATCHED, "The angle sensors do not agree, so nobody knows the angle of now."
        return draft.at(e.angle_deg)

    def _change(self, new: Own) -> None:
        c, old = self._c, self._c.own
        c.own = new
        c.presets = {**self._bundled, **new.presets}
        c.keeps.append(Keep(own_presets.FILE, new.text, NOT_KEPT, instead_of=old.text or ""))
