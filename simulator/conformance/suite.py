"""Runs checks against one unit: looks before it begins, and leaves the table at rest after each."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from protocol.link import STOP_FRAME
from protocol.messages import Flag, Rung

from . import ready
from .check import Check, Needs
from .talk import LEVEL_DEG, NoHandError, Port, RunawayError, Talk, UnmetError, Wish, causes

LISTEN_S: Final = 3.0
"""Chosen: a unit that was just switched on needs a second until its rates have settled."""
HAND_S: Final = 60.0
"""How long a hand is waited for. Chosen: time to walk round the table."""


class Outcome(StrEnum):
    """What came of a check. One that was not run has not passed."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


class Result(NamedTuple):
    """What came of one check: why it failed or was not run, what was measured, how long it took."""

    check: Check
    outcome: Outcome
    why: str
    figures: dict[str, float]
    took_s: float


class RefusedError(Exception):
    """Nothing is checked: the port or the table is not as it has to be. Says what to do."""


class Suite:
    """One run. `ask` wants something of a hand and says whether there is one; `hands`: whether there is one at all."""

    def __init__(
        self, port: Port, session: int, ask: Callable[[Wish], bool], hands: bool, motion: bool, hand_s: float = HAND_S
    ) -> None:
        self.talk = Talk(port, session, ask, hand_s)
        self._hands = hands
        self._motion = motion
        self._over = ""

    def listen(self) -> None:
        """Hear the unit, and look at the table. Raises RefusedError; only HELLO and an acknowledgement were sent."""
        talk = self.talk
        try:
            talk.run(LISTEN_S, lambda: len(talk.told) > 5 and talk.still)
            now = talk.now
        except UnmetError:
            raise RefusedError(
                "nothing was heard that a tilt unit would say; check the unit's power, and its wires"
            ) from None
        if now.bed_deg > LEVEL_DEG or now.drive_deg > LEVEL_DEG:
            raise RefusedError(f"the table is head down, at {now.angle_deg:.1f}°; bring it level first")
        if now.flags & Flag.MOVING:
            raise RefusedError("the table moves; wait until it rests")
        if self._motion and now.flags & Flag.OCCUPIED:
            raise RefusedError(
                "somebody or something is on the table; motion is only checked with a table that is empty at the "
                "start: clear it, or leave --allow-motion out"
            )
        try:
            talk.meet()
            talk.run(0.3)
            if talk.now.latched:
                talk.acknowledge()
        except UnmetError as unmet:
            raise RefusedError(f"the unit does not talk: {unmet}") from None
        if talk.now.rung == Rung.HOLD or talk.now.latched:
            raise RefusedError(f"the unit holds, or waits for somebody ({causes(talk.now)}); mend that first")

    def run(self, check: Check) -> Result:
        """One check, from a new conversation to a table at rest. Raises PortGoneError."""
        talk, why = self.talk, self._not_now(check)
        if why:
            return Result(check, Outcome.NOT_CHECKED, why, {}, 0.0)
        began_s, outcome = talk.now_s, Outcome.PASSED
        talk.forget()
        talk.figures = {}
        fence_deg = talk.fence_deg
        try:
            talk.meet()
            talk.run(0.1)
            talk.forget()
            check.judge(talk)
        except NoHandError as undone:
            outcome, why = Outcome.NOT_CHECKED, f"nobody did this: {undone}"
        except UnmetError as unmet:
            outcome, why = Outcome.FAILED, str(unmet)
            self._over = check.number if isinstance(unmet, RunawayError) else ""
        talk.fence_deg = max(fence_deg, talk.now.angle_deg + 3.0) if talk.newest else fence_deg
        if check.needs.motion or outcome is Outcome.FAILED:
            outcome, why = self._settle(check, outcome, why)
        talk.fence_deg = fence_deg
        return Result(check, outcome, why, talk.figures, talk.now_s - began_s)

    def _not_now(self, check: Check) -> str:
        if self._over:
            return f"nothing more is tried after {self._over}"
        if check.needs.motion and not self._motion:
            return "it moves the table: --allow-motion"
        if check.needs is Needs.BOTH and not self._hands:
            return "it needs a hand at the table: --hands"
        return ""

    def _settle(self, check: Check, outcome: Outcome, why: str) -> tuple[Outcome, str]:
        """Home, at rest. A unit that can't is not tried any further."""
        talk = self.talk
        try:
            talk.greet()
            ready.home(talk)
        except UnmetError as unmet:
            self._over = check.number
            return Outcome.FAILED, why or f"after it: {unmet}"
        return outcome, why

    @property
    def head_down(self) -> bool:
        """Whether the table was head down when it was last heard."""
        newest = self.talk.newest
        return newest is not None and max(newest.bed_deg, newest.drive_deg) > LEVEL_DEG

    def leave(self) -> bool:
        """The end, or somebody wants to go: home from head down, otherwise stop and hold. Whether the table rests."""
        talk = self.talk
        talk.fence_deg = 180.0
        talk.hush()
        if talk.newest is None:
            return True
        if not self.head_down:
            talk.send(STOP_FRAME)
            return True
        try:
            ready.home(talk)
        except UnmetError:
            return False
        return True
