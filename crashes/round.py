"""One round: a table goes head down, something crashes, and the judge looks at what became of it."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from .judge import judge, least_charge_s
from .kinds import Kind
from .phone import RigError
from .rig import Rig, clear
from .trace import EXPOSED_DEG

ATTEMPTS: Final = 3
"""Chosen: on a machine that is too busy to hold a lease the table may not get head down at the first attempt."""
WATCH_S: Final = 2.0
"""After everything is back, so long is watched that nothing resumes."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a round. Seconds after the crash as in `Judgement`; `lost_s`: head down and not charged."""

    kind: str
    seed: int
    problems: tuple[str, ...]
    story: tuple[str, ...]
    still_s: float = 0.0
    home_s: float = 0.0
    level_s: float = 0.0
    head_down_s: float = 0.0
    charged_s: float = 0.0
    lost_s: float = 0.0

    @property
    def passed(self) -> bool:
        """Whether nothing was wrong."""
        return not self.problems

    def told(self) -> str:
        """The round as a person reads it: how to repeat it, what was wrong, what happened."""
        head = f"{self.kind}, seed {self.seed}: {'; '.join(self.problems) or 'fine'}"
        return "\n".join((head, *(f"  {line}" for line in self.story)))


def play(kind: Kind, seed: int, folder: Path) -> Result:
    """A round of this kind. The same seed makes the same choices; the machine's timing is its own."""
    why: list[str] = []
    for attempt in range(ATTEMPTS):
        place = folder / f"{kind.name}-{seed}-{attempt}"
        with ExitStack() as held:
            held.callback(clear, place)
            rig = held.enter_context(Rig(place, Random(f"{kind.name} {seed}"), kind.needs))
            try:
                rig.begin()
                rig.approach()
                if rig.angle_deg() <= EXPOSED_DEG:
                    raise RigError("the session ended before the crash")
            except RigError as error:
                why.append(f"attempt {attempt + 1}: {error}")
                continue
            return _crash(kind, seed, rig)
    return Result(kind.name, seed, ("the table was never brought head down",), tuple(why))


def _crash(kind: Kind, seed: int, rig: Rig) -> Result:
    """The crash, the way back, and the judgement."""
    try:
        kind.do(rig)
        rig.come_home()
        rig.recover()
        rig.wait(WATCH_S)
    except RigError as error:
        rig.blame(str(error))
    found = judge(rig.samples(), rig.crash_s or 0.0, rig.bounds, rig.target_deg)
    least_s = least_charge_s(found.head_down_s)
    charged_s = rig.charged_s()
    for problem in found.problems:
        rig.blame(problem)
    if charged_s < least_s:
        rig.blame(f"{found.head_down_s:.1f} s head down, only {charged_s:.1f} s charged")
    return Result(
        kind.name, seed, tuple(rig.problems), tuple(rig.story), found.still_s, found.home_s or 0.0,
        found.level_s or 0.0, found.head_down_s, charged_s, max(0.0, found.head_down_s - charged_s),
    )  # fmt: skip
