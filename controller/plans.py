"""Plans that are no presets: to level, to standing, to an angle."""

from typing import Final

from .estimator import LEVEL_DEG
from .limits import STAND_BREAK_DEG, STAND_BREAK_S, STAND_RATE_DPS, STANDING_DEG
from .presets import Step

GOTO_DPS: Final = 1.5
"""As slow as standing up; to a steep angle it is the way through the horizontal that matters."""
GOTO_HOLD_S: Final = 600.0
"""The longest hold at any angle (domain.md, continuous time); steeper ones end earlier by their own limit."""
_STOP: Final = Step("to the stop at −40°", STAND_BREAK_DEG, STAND_BREAK_S, STAND_RATE_DPS)
_TO_STANDING: Final = Step("to standing", STANDING_DEG, 0.0, STAND_RATE_DPS)
TO_LEVEL: Final = (Step("to level", 0.0, 0.0, STAND_RATE_DPS),)


def standing_up(from_deg: float) -> tuple[Step, ...]:
    """To standing, slowly, with the stop on the way."""
    return (_STOP, _TO_STANDING) if from_deg > STAND_BREAK_DEG else (_TO_STANDING,)


def going_to(angle_deg: float, from_deg: float) -> tuple[Step, ...]:
    """To an angle: head down with the way back, otherwise the plan ends there."""
    label = f"{angle_deg:g}°"
    if angle_deg > LEVEL_DEG:
        return (Step(label, angle_deg, GOTO_HOLD_S, GOTO_DPS), Step("back to level", 0.0, 0.0, GOTO_DPS))
    there = Step(label, angle_deg, 0.0, GOTO_DPS)
    return (_STOP, there) if angle_deg < STAND_BREAK_DEG < from_deg else (there,)
