"""Plays a plan: from one moment to the next, where the table should be.

Plan time runs at a *tempo* between 0 and 1 that changes smoothly, so that a pause in the middle of a ramp is as gentle
as the ramp. A skip slows down to rest first; the next step then begins from wherever the table is.
"""

from collections.abc import Sequence
from typing import Final

from .model import Target
from .presets import Leg, Step

TEMPO_PER_S: Final = 0.35
"""From full tempo to rest in 2.9 s. Chosen: at 2.5 °/s it adds 0.88 °/s², within the limit of 1 °/s²."""


class Player:
    """One run through a sequence of steps, which begins at rest at `start_deg`."""

    def __init__(self, steps: Sequence[Step], start_deg: float, tempo_per_s: float = TEMPO_PER_S) -> None:
        self._steps = tuple(steps)
        self._tempo_per_s = tempo_per_s
        self._index = 0
        self._leg = Leg(self._steps[0], start_deg)
        self._leg_s = 0.0
        self._tempo = 1.0
        self._holding = False
        self._skipping = False
        self._later_s = self._rest_of_plan_s()
        self.target = Target(start_deg, 0.0)

    def _rest_of_plan_s(self) -> float:
        """Seconds of the steps after this one."""
        total, at_deg = 0.0, self._steps[self._index].angle_deg
        for step in self._steps[self._index + 1 :]:
            total += Leg(step, at_deg).duration_s
            at_deg = step.angle_deg
        return total

    @property
    def index(self) -> int:
        """Which step runs, from 0."""
        return self._index

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
        """Seconds to the end of the plan if nobody pauses it."""
        return max(self._leg.duration_s - self._leg_s, 0.0) + self._later_s

    @property
    def finished(self) -> bool:
        """The last step is over."""
        return self._index == len(self._steps) - 1 and self._leg_s >= self._leg.duration_s

    @property
    def still(self) -> bool:
        """Held, and slowed down to rest."""
        return self._holding and self._tempo == 0.0

    def hold(self) -> None:
        """Slow down to rest and stay there."""
        self._holding = True

    def go_on(self) -> None:
        """Pick the tempo up again."""
        self._holding = False

    def skip(self) -> None:
        """Go on with the next step, from wherever this one has led. The last step can't be skipped."""
        if self._index < len(self._steps) - 1:
            self._skipping = True
        self._holding = False

    def advance(self, elapsed_s: float) -> Target:
        """The target `elapsed_s` after the last one."""
        if self._holding or self._skipping or self._tempo < 1.0:
            change = self._tempo_per_s * elapsed_s
            slower = self._holding or self._skipping
            self._tempo = max(self._tempo - change, 0.0) if slower else min(self._tempo + change, 1.0)
            if self._skipping and (self._tempo == 0.0 or self.target.rate_dps == 0.0):
                self._begin(self._index + 1)
        self._leg_s += elapsed_s * self._tempo
        while self._leg_s >= self._leg.duration_s and self._index < len(self._steps) - 1:
            late_s = self._leg_s - self._leg.duration_s
            self._begin(self._index + 1, self._leg.step.angle_deg)
            self._leg_s = late_s
        angle_deg, rate_dps = (at := self._leg.at(self._leg_s)).angle_deg, at.rate_dps
        self.target = at if self._tempo == 1.0 else Target(angle_deg, rate_dps * self._tempo)
        return self.target

    def _begin(self, index: int, start_deg: float | None = None) -> None:
        self._index = index
        self._leg = Leg(self._steps[index], self.target.angle_deg if start_deg is None else start_deg)
        self._leg_s = 0.0
        self._tempo = 1.0
        self._skipping = False
        self._later_s = self._rest_of_plan_s()
