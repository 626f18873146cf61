"""What to do next: with each telemetry, the next target of what is under way, or none."""

from typing import Final

from .causes import sentence
from .conduct import LEVEL_LIMIT, Conduct, Run
from .estimator import Estimate
from .gate import KEEP, Order, Outgoing
from .model import EventKind
from .plans import TO_LEVEL
from .player import Jog
from .questions import JOG_S

STEP_LIMIT_S: Final = 0.1
"""The plan goes on by at most this much a step: after a hiccup the table is asked for no jump."""


class Play:
    """Plays what a `Conduct` has under way."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self._played_s = 0.0
        self._move = KEEP

    def next(self, e: Estimate) -> Outgoing:
        """The order of this step."""
        c = self._c
        elapsed_s = min(c.now_s - self._played_s, STEP_LIMIT_S)
        self._played_s = c.now_s
        if c.run is not None:
            return self._run(c.run, e, elapsed_s)
        if c.leading:
            return self._lead(e, elapsed_s)
        if c.way is not None:
            return Outgoing(Order.MOVE, c.way.advance(elapsed_s))
        return KEEP

    def _run(self, run: Run, e: Estimate, elapsed_s: float) -> Outgoing:
        c, player = self._c, run.player
        if isinstance(player, Jog) and c.hand_s - run.jogged_at_s > JOG_S:
            c.pause(e, let_go=True)
        if not c.arming.granted:
            return KEEP
        target = player.advance(elapsed_s)
        if player.index != run.announced:
            self._announce(run)
        if target is not self._move.target:
            self._move = Outgoing(Order.MOVE, target)
        return self._move

    def _lead(self, e: Estimate, elapsed_s: float) -> Outgoing:
        """To level from the head-up side: slow down, be granted, go."""
        c = self._c
        if c.way is None:
            if e.moving:
                return KEEP
            if not c.arming.granted:
                if not c.arming.wanted:
                    c.arming.ask(c.now_s, c.lead_count)
                return KEEP
            if not self._begin_lead(e, e.angle_deg):
                return KEEP
        elif c.way.still:
            if not c.arming.granted:
                if e.moving:  # it lags behind: without its lease it would be braked
                    return Outgoing(Order.MOVE, c.way.advance(elapsed_s))
                c.way = None
                c.orders.append(Order.DISARM)
                return KEEP
            if not self._begin_lead(e, c.way.target.angle_deg):
                return KEEP
        return KEEP if c.way is None else Outgoing(Order.MOVE, c.way.advance(elapsed_s))

    def _begin_lead(self, e: Estimate, from_deg: float) -> bool:
        """Whether the way to level begins; slowing down may have led past it, and from there the unit leads."""
        c = self._c
        if e.head_down:
            c.go_home(e, "level was wished")
            return False
        c.way, c.limit = c.player(TO_LEVEL, from_deg), LEVEL_LIMIT
        return True

    def _announce(self, run: Run) -> None:
        run.announced = run.player.index
        self._c.event(
            EventKind.STEP, sentence(run.player.label), session=run.id, preset=run.preset, person=run.person,
            step=run.announced + 1, label=run.player.label,
        )  # fmt: skip
