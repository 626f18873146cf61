"""H8: how long a person lies still before standing up, and why, in words for the person.

The time itself is `limits.level_pause_s`; this says which of its figures counted. Blood pressure is lowest just after
standing up, and falls further after lying head down for long (domain.md, standing up).
"""

from .conduct import Conduct
from .documents import LieStillDocument
from .estimator import Estimate
from .follow import UNKNOWN_DEPTH_DEG
from .limits import (
    LONG_LEVEL_PAUSE_S,
    LONG_PAUSE_ABOVE_DEG,
    LONG_PAUSE_AFTER_S,
    SHORT_LEVEL_PAUSE_S,
    level_pause_s,
)
from .model import State


def lie_still(conduct: Conduct, e: Estimate | None) -> LieStillDocument | None:
    """What is due before `stand`. None when nothing is: at standing, in a session, on the way to standing, afterwards.

    On the way to level all of it is due; it begins where the table rests.
    """
    if e is None or e.standing or conduct.run is not None or conduct.state is State.RISING:
        return None
    straight_back = conduct.state is State.FROZEN and not conduct.went_past_5
    left_s = conduct.pause_left_s
    if straight_back or left_s <= 0.0:
        return None
    return LieStillDocument(round(left_s, 1), reason(conduct.meter.deepest_deg, conduct.meter.since_pause_s))


def reason(deepest_deg: float, head_down_s: float) -> str:
    """Why so long, by the deepest angle and the head-down time since the person last stood."""
    pause_s = level_pause_s(deepest_deg, head_down_s)
    if pause_s == SHORT_LEVEL_PAUSE_S:
        return f"{pause_s:.0f} s, because the table moved, though nobody was head down."
    if pause_s != LONG_LEVEL_PAUSE_S:
        return f"{pause_s:.0f} s after being head down: blood pressure is lowest just after standing up."
    if deepest_deg >= UNKNOWN_DEPTH_DEG:
        return f"{pause_s:.0f} s, because nobody knows how far and how long the table was head down."
    steep, long = f"more than {LONG_PAUSE_ABOVE_DEG:.0f}°", f"more than {LONG_PAUSE_AFTER_S / 60.0:.0f} min head down"
    what = steep if deepest_deg > LONG_PAUSE_ABOVE_DEG else long
    return f"{pause_s:.0f} s after {what}: blood pressure falls further on standing up than after less."
