"""What nobody may exceed, and how several limits become one: the tightest of all, with its reason kept.

Layers of limits come from the hard values below, the configuration, the person's profile and the preset. Each may only
tighten. The reason travels with the figure, so that a refusal can say whose limit it was: "30° is over your limit of
15° (programme week 1)".

Figures cite the table "Default limits" of the project's domain facts, here in short "default limits". They are
proposals that need review by a clinician. Angles: 0 level, + head down.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import Final

from .model import Limit

LARGEST_ANGLE_DEG: Final = 60.0
"""Default limits: hard; 90° would add lock-out and entrapment."""
GUEST_ANGLE_DEG: Final = 30.0
"""Default limits: for a guest, and for everybody until the programme is done (makers: 20–30° for the first weeks)."""
RATE_DPS: Final = 3.0
"""Default limits: 3 °/s is 0.05 m/s at the head."""
ACCELERATION_DPS2: Final = 1.0
"""Default limits, computed there."""
SESSION_HEAD_DOWN_S: Final = 15 * 60.0
"""Default limits: Dimberg, at most 2 × 10 min a day; 15 in one session."""
DAY_HEAD_DOWN_S: Final = 20 * 60.0
"""Default limits: Dimberg, at most 2 × 10 min, over a rolling 24 h."""
REST_S: Final = 60 * 60.0
"""Default limits: between sessions, counted only after head-down time."""
SESSIONS_PER_DAY: Final = 3
"""Default limits: at most three in a rolling 24 h."""
CONTINUOUS: Final = ((15.0, 600.0), (30.0, 300.0), (45.0, 180.0), (60.0, 120.0))
"""Default limits: up to this angle in degrees, so many seconds without a break; trials used 2–10 min."""
HEAD_DOWN_DEG: Final = 5.0
"""Default limits and safety concept: exposure is counted above this angle."""
LEVEL_DEG: Final = 1.5
"""Safety concept: level is at most this far from 0°; every reaction treats anything above as head down."""
EPISODE_END_S: Final = 60.0
"""Safety concept: an episode of exposure ends after this long at or below `HEAD_DOWN_DEG`."""
STANDING_DEG: Final = -80.0
"""Domain facts, angle convention: standing on the footrest (FDA K991835: loads about 10° off vertical)."""
STAND_RATE_DPS: Final = 1.5
"""Default limits: standing up."""
STAND_BREAK_DEG: Final = -40.0
"""Default limits: where standing up stops for a while."""
STAND_BREAK_S: Final = 20.0
"""Default limits: how long it stops there."""
LEVEL_PAUSE_S: Final = 60.0
"""Default limits: pause at level on return, the time of the blood-pressure low (PMC3029466)."""
LONG_LEVEL_PAUSE_S: Final = 120.0
"""Default limits: the pause after a steep or a long exposure."""
LONG_PAUSE_ABOVE_DEG: Final = 45.0
"""Default limits: what is steep."""
LONG_PAUSE_AFTER_S: Final = 300.0
"""Default limits: what is long; the drop is larger after longer exposure (Banks 1995)."""
SHORT_LEVEL_PAUSE_S: Final = 15.0
"""Domain facts, presets: the pause at 0° of every preset; enough where nobody was head down."""


def tightest(*limits: Limit) -> Limit:
    """The limit with the smallest value; the first wins a tie. ValueError for none at all and for a NaN."""
    if not limits or any(math.isnan(limit.value) for limit in limits):
        raise ValueError(f"no tightest of {limits}")
    return min(limits, key=lambda limit: limit.value)


def continuous_s(strictest_angle_deg: float) -> float:
    """Seconds head down without a break that the strictest angle of an episode allows; 0 above 60° and for a NaN."""
    for angle_deg, seconds in CONTINUOUS:
        if strictest_angle_deg <= angle_deg:
            return seconds
    return 0.0


def level_pause_s(deepest_angle_deg: float, head_down_s: float) -> float:
    """H8: seconds to lie level before standing up, by the deepest angle and the head-down time since the last pause.

    Prior head-down exaggerates the drop in blood pressure on standing up (Sheriff 2010). A NaN gets the long pause.
    """
    if deepest_angle_deg <= HEAD_DOWN_DEG and head_down_s <= 0:
        return SHORT_LEVEL_PAUSE_S
    if deepest_angle_deg <= LONG_PAUSE_ABOVE_DEG and head_down_s <= LONG_PAUSE_AFTER_S:
        return LEVEL_PAUSE_S
    return LONG_LEVEL_PAUSE_S


@dataclass(frozen=True, slots=True)
class Limits:
    """One layer of limits, or all of them combined. ValueError for a value that is NaN, infinite or negative."""

    angle_deg: Limit
    rate_dps: Limit
    acceleration_dps2: Limit
    session_head_down_s: Limit
    day_head_down_s: Limit
    rest_s: Limit
    sessions_per_day: Limit

    def __post_init__(self) -> None:
        for field in fields(self):
            limit: Limit = getattr(self, field.name)
            if not 0 <= limit.value < math.inf:
                raise ValueError(f"{field.name}: {limit.value} ({limit.reason}) is no limit")


_HARD: Final = "hard limit"
DEFAULTS: Final = Limits(
    angle_deg=Limit(LARGEST_ANGLE_DEG, _HARD),
    rate_dps=Limit(RATE_DPS, _HARD),
    acceleration_dps2=Limit(ACCELERATION_DPS2, _HARD),
    session_head_down_s=Limit(SESSION_HEAD_DOWN_S, _HARD),
    day_head_down_s=Limit(DAY_HEAD_DOWN_S, _HARD),
    rest_s=Limit(REST_S, _HARD),
    sessions_per_day=Limit(float(SESSIONS_PER_DAY), _HARD),
)
"""The hard values. No layer gets past them."""


def guest() -> Limits:
    """The layer of a person whom the controller doesn't know."""
    return replace(DEFAULTS, angle_deg=Limit(GUEST_ANGLE_DEG, "guest"))


def combine(*layers: Limits) -> Limits:
    """Of each limit the tightest, of the rest the longest; the first layer wins a tie. `DEFAULTS` always take part."""
    everything = (DEFAULTS, *layers)
    return Limits(
        angle_deg=tightest(*(layer.angle_deg for layer in everything)),
        rate_dps=tightest(*(layer.rate_dps for layer in everything)),
        acceleration_dps2=tightest(*(layer.acceleration_dps2 for layer in everything)),
        session_head_down_s=tightest(*(layer.session_head_down_s for layer in everything)),
        day_head_down_s=tightest(*(layer.day_head_down_s for layer in everything)),
        rest_s=max((layer.rest_s for layer in everything), key=lambda limit: limit.value),
        sessions_per_day=tightest(*(layer.sessions_per_day for layer in everything)),
    )
