"""Plays a plan: from one moment to the next, where the table should be.

Plan time runs at a *tempo* between 0 and 1. A pause, a resume or a skip changes it no faster than the limits of
acceleration and jerk allow at that moment of the plan, so that a pause in the middle of a ramp is as gentle as the
ramp. A skip slows down to rest first; the next step then begins from wherever the table is.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import floor, sqrt
from typing import Final

from .limits import ACCELERATION_DPS2, RATE_DPS
from .model import Target
from .motion import RAMP_ACCELERATION_DPS2, RAMP_JERK_DPS3, Swing
from .presets import Leg, Step

TEMPO_PER_S: Final = 1.0
"""From full tempo to rest takes a second at least. Chosen: a slow table need not stop any faster."""
EASE_PART: Final = 0.9
"""Of the acceleration limit, while the tempo changes: the rest is for the tilt unit's own correction."""
LEAST_PART: Final = 0.05
"""Of the limit, what a change of tempo may add even where the plan itself uses the limit up."""
EASE_JERK_PER_S: Final = 1.5
"""Of that part, what is gained or given up in a second: 1.35 °/s³ at the largest acceleration. Chosen: the plan may
jerk at the same time (domain.md, default limits: 2 °/s³)."""
RAMP_PART: Final = RAMP_ACCELERATION_DPS2 / ACCELERATION_DPS2
PEEK_S: Final = 0.02
"""The plan's own acceleration is measured over one step."""
LAG_DEG: Final = 1.0
"""Chosen: beyond what a sound table is behind its plan, with the play of its drive and the noise of its sensors."""
LEAD_DEG: Final = 0.5
"""How far ahead of the table a tilt unit leads it (`simulator/drive.py`): who stops short of that has to come back."""
JOG_DPS: Final = 1.0
"""Chosen: a table that somebody holds in motion by hand stops within half a degree."""
BOUND_PART: Final = 0.7
"""Of the acceleration, when a jog comes to the end of its range: in steps of 20 ms it needs some of the rest, too."""


def within(step: Step, rate_dps: float, acceleration_dps2: float) -> Step:
    """The step within these limits: a slower ramp, and in the same time fewer, slower swings (at least one)."""
    slower = replace(step, rate_dps=min(step.rate_dps, rate_dps))
    if not step.swing_deg:
        return slower
    peak_dps, peak_dps2, _ = Swing(0.0, step.swing_deg, step.period_s, step.hold_s).peaks
    factor = max(1.0, peak_dps / rate_dps, sqrt(peak_dps2 / acceleration_dps2))
    swings = max(floor(step.hold_s / (step.period_s * factor) + 1e-6), 1)
    period_s = max(step.hold_s / swings, step.period_s * factor)
    return replace(slower, period_s=period_s, hold_s=period_s * swings)


class Player:
    """One run through a sequence of steps, which begins at rest at `start_deg`, within these limits.

    `index`: which step runs, from 0.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        start_deg: float,
        rate_dps: float = RATE_DPS,
        acceleration_dps2: float = ACCELERATION_DPS2,
    ) -> None:
        self._steps = tuple(within(step, rate_dps, acceleration_dps2) for step in steps)
        self._acceleration_dps2 = acceleration_dps2
        self._tempo = 1.0
        self._tempo_per_s = 0.0
        self._holding = False
        self._skipping = False
        self.index = 0
        self._leg_s = self._later_s = 0.0
        self._leg = self._begin(0, start_deg)
        self.target = Target(start_deg, 0.0)

    @property
    def count(self) -> int:
        """How many steps there are."""
        return len(self._steps)

    @property
    def label(self) -> str:
        """The running step, as a person reads it."""
        return self._leg.label

    @property
    def remaining_s(self) -> float:
        """Seconds to the end of the plan at full tempo."""
        return max(self._leg.duration_s - self._leg_s, 0.0) + self._later_s

    @property
    def finished(self) -> bool:
        """The last step is over."""
        return self.index == len(self._steps) - 1 and self._leg_s >= self._leg.duration_s

    @property
    def still(self) -> bool:
        """Held, and slowed down to rest."""
        return self._holding and self._tempo == 0.0

    def hold(self, angle_deg: float, rate_dps: float) -> None:
        """Slow down to rest and stay there; where the table is, and how fast.

        One that lags behind on its way up, with a weak motor, rests where it can: it does not make up for that towards
        head down, in what is called a pause. The step goes on from there, with what is left of its hold.
        """
        self._holding = True
        leg, step = self._leg, self._leg.step
        swings = step.swing_deg > 0.0 and self._leg_s > leg.reached_s
        behind = step.angle_deg > leg.start_deg and angle_deg < self.target.angle_deg - LAG_DEG
        if not behind or swings or self._skipping:
            return
        stopping_deg = _stopping_deg(max(rate_dps, self.target.rate_dps), RAMP_PART * self._acceleration_dps2)
        rest_deg = angle_deg + LEAD_DEG + stopping_deg
        left_s = leg.duration_s - max(self._leg_s, leg.reached_s)
        self._steps = (*self._steps[: self.index], replace(step, hold_s=left_s), *self._steps[self.index + 1 :])
        self._begin(self.index, min(rest_deg, self.target.angle_deg))
        self._tempo = self._tempo_per_s = 0.0

    def go_on(self) -> None:
        """Pick the tempo up again."""
        self._holding = False

    def skip(self) -> bool:
        """Go on with the next step, from wherever this one has led; false in the last one, which just goes on."""
        self._holding = False
        self._skipping = self.index < len(self._steps) - 1
        return self._skipping

    def advance(self, elapsed_s: float) -> Target:
        """The target `elapsed_s` after the last one."""
        if self._tempo < 1.0 or self._holding or self._skipping:
            self._ease(elapsed_s)
        leg = self._leg
        self._leg_s += elapsed_s * self._tempo
        while self._leg_s >= leg.duration_s and self.index < len(self._steps) - 1:
            late_s = self._leg_s - leg.duration_s
            leg = self._begin(self.index + 1, leg.step.angle_deg)
            self._leg_s = late_s
        target = leg.at(self._leg_s)
        if self._tempo < 1.0:
            target = Target(target.angle_deg, target.rate_dps * self._tempo)
        self.target = target
        return target

    def _ease(self, elapsed_s: float) -> None:
        """Change the tempo as fast as the limits allow here, where the plan accelerates, too."""
        slower = self._holding or self._skipping
        speed_dps = abs(self._leg.at(self._leg_s).rate_dps)
        if speed_dps == 0.0:
            self._tempo, self._tempo_per_s = 0.0 if slower else 1.0, 0.0
        else:
            after_dps = abs(self._leg.at(self._leg_s + PEEK_S).rate_dps)
            along_dps2 = (after_dps - speed_dps) / PEEK_S * self._tempo**2
            self._change_tempo(slower, along_dps2, speed_dps, elapsed_s)
        if self._skipping and self._tempo == 0.0:
            self._begin(self.index + 1, self.target.angle_deg)
            self._tempo = 0.0 if self._holding else 1.0

    def _change_tempo(self, slower: bool, along_dps2: float, speed_dps: float, elapsed_s: float) -> None:
        """One step towards rest or full tempo, which begins and ends gently; `along_dps2`: the plan's own gain."""
        ease_dps2, least_dps2 = EASE_PART * self._acceleration_dps2, LEAST_PART * self._acceleration_dps2
        down_per_s = min(max(ease_dps2 + along_dps2, least_dps2) / speed_dps, TEMPO_PER_S)
        up_per_s = min(max(ease_dps2 - along_dps2, least_dps2) / speed_dps, TEMPO_PER_S)
        gain_per_s2 = EASE_JERK_PER_S * ease_dps2 / speed_dps
        left = self._tempo if slower else 1.0 - self._tempo
        ending_per_s = sqrt(2.0 * gain_per_s2 * left)
        wanted_per_s = -ending_per_s if slower else ending_per_s
        step_per_s = gain_per_s2 * elapsed_s
        change_per_s = min(max(wanted_per_s, self._tempo_per_s - step_per_s), self._tempo_per_s + step_per_s)
        change_per_s = min(max(change_per_s, -down_per_s), up_per_s)
        tempo = self._tempo + change_per_s * elapsed_s
        ends = left <= max(abs(change_per_s), step_per_s) * elapsed_s  # one step more could not be told from the end
        if ends and wanted_per_s * change_per_s >= 0.0:
            tempo, change_per_s = 0.0 if slower else 1.0, 0.0
        self._tempo, self._tempo_per_s = min(max(tempo, 0.0), 1.0), change_per_s

    def _begin(self, index: int, start_deg: float) -> Leg:
        """The step with this index, from rest at this angle."""
        acceleration_dps2 = RAMP_PART * self._acceleration_dps2
        self.index = index
        self._leg = Leg(self._steps[index], start_deg, acceleration_dps2)
        self._leg_s = 0.0
        self._skipping = False
        self._later_s, at_deg = 0.0, self._steps[index].angle_deg
        for step in self._steps[index + 1 :]:
            self._later_s += Leg(step, at_deg, acceleration_dps2).duration_s
            at_deg = step.angle_deg
        return self._leg


def _stopping_deg(rate_dps: float, acceleration_dps2: float) -> float:
    """How far it is from this rate to rest, as a ramp ends."""
    return rate_dps / 2.0 * (rate_dps / acceleration_dps2 + acceleration_dps2 / RAMP_JERK_DPS3)


class Jog:
    """Hold to move: while `direction` is 1 (head down) or −1 (head up) towards that side, between two angles.

    It looks like a plan of one step that never ends by itself.
    """

    index: Final = 0
    count: Final = 1
    label: Final = "by hand"
    remaining_s: Final = 0.0
    finished: Final = False

    def __init__(
        self, start_deg: float, rate_dps: float = RATE_DPS, acceleration_dps2: float = ACCELERATION_DPS2
    ) -> None:
        self._rate_dps = min(JOG_DPS, rate_dps)
        self._acceleration_dps2 = RAMP_PART * acceleration_dps2
        self.lowest_deg = self.highest_deg = start_deg
        self.direction = 0
        self.target = Target(start_deg, 0.0)

    @property
    def still(self) -> bool:
        """Nobody holds the button, and the table has slowed down to rest."""
        return self.direction == 0 and self.target.rate_dps == 0.0

    def hold(self, _angle_deg: float, _rate_dps: float) -> None:
        """The button was let go."""
        self.direction = 0

    def advance(self, elapsed_s: float) -> Target:
        """The target `elapsed_s` after the last one."""
        angle_deg, rate_dps = self.target
        end_deg = self.highest_deg if self.direction > 0 else self.lowest_deg
        room_deg = max((end_deg - angle_deg) * self.direction, 0.0)
        top_dps = min(self._rate_dps, sqrt(2.0 * BOUND_PART * self._acceleration_dps2 * room_deg))
        wanted_dps = self.direction * top_dps
        change_dps = self._acceleration_dps2 * elapsed_s
        after_dps = min(max(wanted_dps, rate_dps - change_dps), rate_dps + change_dps)
        self.target = Target(angle_deg + (rate_dps + after_dps) / 2.0 * elapsed_s, after_dps)
        return self.target
