"""A check: its number, what it demands, where that is written, what it needs, and the function that judges."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from .talk import Talk


class Needs(StrEnum):
    """What there has to be before a check may run."""

    LINE = "nothing but the line"
    HAND = "a hand"
    MOTION = "motion"
    BOTH = "motion and a hand"

    @property
    def motion(self) -> bool:
        """Whether a unit is granted or asked for motion: never without `--allow-motion`."""
        return self in (Needs.MOTION, Needs.BOTH)


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement and the function that judges it: that raises `UnmetError` if the unit does otherwise."""

    number: str
    demands: str
    cites: tuple[str, ...]
    needs: Needs
    judge: Callable[[Talk], None]


def check(
    number: str, demands: str, *cites: str, needs: Needs = Needs.LINE
) -> Callable[[Callable[[Talk], None]], Check]:
    """Make a check of a function."""
    return lambda judge: Check(number, demands, cites, needs, judge)
