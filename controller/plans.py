"""Plans that are no presets: to level, to standing, to an angle."""

from dataclasses import replace
from typing import Final

from .limits import LEVEL_DEG, STAND_BREAK_DEG, STAND_BREAK_S, STAND_RATE_DPS, STANDING_DEG, Limits, continuous_s
from .player import within
from .presets import Preset, Step

GOTO_DPS: Final = 1.5
"""As slow as standing up; to a steep angle it is the way through the horizontal that matters."""
SPARE_S: Final = 1.0
"""Chosen: what a plan leaves of the head-down time that its angle allows, to end by itself and not by the limit."""
_STOP: Final = Step("to the stop at −40°", STAND_BREAK_DEG, STAND_BREAK_S, STAND_RATE_DPS)
_TO_STANDING: Final = Step("to standing", STANDING_DEG, 0.0, STAND_RATE_DPS)
TO_LEVEL: Final = (Step("to level", 0.0, 0.0, STAND_RATE_DPS),)


def standing_up(from_deg: float) -> tuple[Step, ...]:
    """H8: to standing, slowly, with the stop on the way."""
    return (_STOP, _TO_STANDING) if from_deg > STAND_BREAK_DEG else (_TO_STANDING,)


def going_to(angle_deg: float, from_deg: float, limits: Limits) -> tuple[Step, ...]:
    """To an angle: head down for as long as it allows without a break, and back; otherwise the plan ends there."""
    there = Step(f"{angle_deg:g}°", angle_deg, 0.0, GOTO_DPS)
    if angle_deg > LEVEL_DEG:
        back = Step("back to level", 0.0, 0.0, GOTO_DPS)
        ways = tuple(within(step, limits.rate_dps.value, limits.acceleration_dps2.value) for step in (there, back))
        ways_s = Preset("goto", "", "", "", ways).head_down_s()
        return (replace(there, hold_s=max(continuous_s(angle_deg) - ways_s - SPARE_S, 0.0)), back)
    return (_STOP, there) if angle_deg < STAND_BREAK_DEG < from_deg else (there,)
