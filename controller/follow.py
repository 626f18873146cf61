"""How the state follows what the tilt unit reports: where the table rests, what the unit does by itself, what ended."""

from operator import itemgetter
from typing import Final

from protocol.messages import CAUSES, Cause, Rung

from .causes import QUIET, cause_code, gravest, sentence
from .conduct import HOLDING, Conduct
from .estimator import LEVEL_DEG, STANDING_DEG, Estimate
from .model import EventKind, State
from .player import Player
from .progress import Progress
from .safety import LIVE
from .session import Trigger

UNKNOWN_DEPTH_DEG: Final = 90.0
"""Found lying somewhere, nobody knows what was before: the longest pause is due."""
FREEZE_S: Final = 60.0
"""As long as the arming window: a wish that much later is somebody else's."""
AWAY_DEG: Final = 1.0
"""Chosen: further than brake and sensors let a table stray from where it is held."""
DISCRETE: Final = itemgetter(slice(Estimate._fields.index("trusted"), Estimate._fields.index("head_down_s")))
"""What is no measured quantity in an estimate: without a change of these a session just goes on."""
_RESTING: Final = frozenset({State.STANDING, State.STANDBY, State.LEVEL})
_ORDINARY: Final = int(sum(QUIET))
_BLIND, _LEVEL = int(Rung.BLIND_LEVEL), int(Rung.LEVEL)
_LEVEL_WISHED: Final = int(Cause.LEVEL_WISHED)


class Follow:
    """Brings the state in line with each telemetry."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self._causes = 0
        self._seen: tuple[object, ...] | None = None
        self._progress = Progress()
        self._frozen_at_s: float | None = None

    def take(self, e: Estimate) -> None:
        """Fresh telemetry. In a session most of it brings nothing new but angles."""
        c = self._c
        goes_on = c.run is not None and c.machine.state is State.RUNNING and not c.run.player.finished
        seen = DISCRETE(e) if goes_on and c.arming.granted else None
        if seen is not None and seen == self._seen:
            self._note_place(e)
        else:
            self._seen = seen
            self._take(e, c.now_s)

    def _take(self, e: Estimate, now_s: float) -> None:
        """All that telemetry may mean."""
        c = self._c
        if e.causes | e.latched != self._causes:
            self._note_causes(e.causes | e.latched, e.rung >= Rung.LEVEL)
        if c.machine.state is State.OFFLINE:
            self._found(e)
        self._note_place(e)
        if e.estop or e.lowering or e.causes & HOLDING:
            c.forget_level()  # what was wished before does not come true when it ends (F24, R3)
        if c.urgent.hear(e.stop_count, e.causes & _LEVEL_WISHED != 0, now_s):
            c.stopped_at_s = c.hand_s
            c.freeze(e, _who_stopped(e))
        c.arming.hear(e.armed, now_s)
        self._follow_unit(e)
        state = c.machine.state
        if state is State.ARMED:
            self._follow_arming(e)
        if state is not State.FROZEN:
            self._frozen_at_s = None
        if state in LIVE:
            if self._progress.mark_deg is not None:
                self._progress.reset()
        else:
            if c.way is not None or c.leading:
                self._follow_way(e)
            else:
                self._follow_home(e)
            if not (e.head_down or e.moving):
                c.booking.settle(c.meter.session_s, e.head_down_s, *c.ending, now_s)
                c.booking.rests(e.head_down_s, now_s)

    def _follow_unit(self, e: Estimate) -> None:
        """The unit's own reactions lead; where it rests, so does the state."""
        c, state = self._c, self._c.machine.state
        if e.rung >= _BLIND or (e.latched and not e.moving and e.rung != _LEVEL):
            # Head down a live wish for level may still lead out of it; elsewhere there is nothing to wait for (H10).
            if state is not State.FAULT and not (c.urgent.levelling and e.head_down):
                c.yields(e, f"a fault: {gravest(e)}", Trigger.FAULT)
        elif e.rung == _LEVEL:
            stopped = e.frozen or c.urgent.stopping  # it will go on by itself, but not yet
            if not stopped and (state is not State.RETURNING or c.leading):
                c.has_moved = True
                c.yields(e, f"the tilt unit returned: {gravest(e)}", Trigger.UNIT_RETURNS)
        elif state is State.RUNNING:
            self._follow_run(e)
        elif state is State.RETURNING:
            self._follow_return(e)
        elif state is State.RISING:
            if isinstance(c.way, Player) and c.way.finished and not e.moving and e.standing:
                c.arrive(Trigger.RESTS_STANDING)
        elif state is State.FAULT:
            if not e.latched:
                c.machine.fire(c.rests(e))
        elif state is State.FROZEN:
            self._follow_frozen(e)
        elif state in _RESTING:
            self._follow_rest(e)

    def _follow_run(self, e: Estimate) -> None:
        """A session that has played to its end is over where the table rests."""
        c = self._c
        if c.run is None or not c.run.player.finished or e.moving:
            return
        c.end("the plan was played to its end" if c.run.whole else "the plan ended, with steps skipped", "reached")
        c.give_back()
        c.machine.fire(Trigger.FINISHED if e.at_level else c.rests(e))

    def _follow_return(self, e: Estimate) -> None:
        """On the way home: arrived, or stuck on it."""
        c = self._c
        if c.urgent.levelling or e.moving:
            return
        if not c.leading:
            if e.at_level:
                c.arrive(Trigger.RESTS_LEVEL)
        elif e.at_level and (c.way is None or c.way.finished):
            c.arrive(Trigger.RESTS_LEVEL)
        elif c.arming.failed:
            c.hold(e, "The tilt unit did not grant the way to level, or took it back. Send level again.")

    def _follow_arming(self, e: Estimate) -> None:
        """The window closes when its time is over, or the unit does not go along."""
        c = self._c
        if c.arming.failed:
            c.disarm(e, "The tilt unit did not grant motion, or took it back. Arm again.")
        elif not c.arming.remaining_s(c.hand_s):
            c.disarm(e, "The arming window closed without a start.")

    def _follow_frozen(self, e: Estimate) -> None:
        """A freeze ends where the table rests at level or standing.

        H15: elsewhere head up it stands for somebody who armed, and outlives neither this person nor a minute.
        """
        c = self._c
        if e.moving or e.head_down or c.urgent.stopping:
            return
        if self._frozen_at_s is None:
            self._frozen_at_s = c.hand_s
        alone = not ((e.occupied or e.occupied_lately) and (e.ankles_locked or e.locked_lately))
        if e.at_level or e.standing or alone or c.hand_s - self._frozen_at_s > FREEZE_S:
            c.machine.fire(c.rests(e))

    def _follow_rest(self, e: Estimate) -> None:
        """A table that was moved by other means rests where it is now."""
        c, state = self._c, self._c.machine.state
        if e.moving or not e.trusted:
            return
        left_standing = state is State.STANDING and e.angle_deg > STANDING_DEG + AWAY_DEG
        left_level = state is State.LEVEL and abs(e.angle_deg) > LEVEL_DEG + AWAY_DEG
        if left_standing or left_level or (state is not State.STANDING and e.standing):
            c.machine.fire(c.rests(e))

    def _follow_home(self, e: Estimate) -> None:
        """H1: a return that stands still is none, and nobody stays head down because nobody felt responsible."""
        c, state = self._c, self._c.machine.state
        if not e.head_down and state is not State.RETURNING:
            self._progress.reset()
        elif self._progress.stuck(-e.worst_deg, c.now_s) and not (c.urgent.levelling or e.frozen or e.rung >= _LEVEL):
            if state is not State.RETURNING:
                if c.may_go_home(e):
                    c.send_home(e, "Nobody stays head down without a session.")
            elif c.may_go_home(e):
                c.urgent.level(c.now_s, e.stop_count)
            else:
                c.machine.fire(Trigger.INTERRUPTED)
            self._progress.reset()

    def _follow_way(self, e: Estimate) -> None:
        """F10: what leads up to level or to standing is where it should be or comes on; otherwise it is given up."""
        c, way = self._c, self._c.way
        if way is not None and abs(way.target.angle_deg - e.angle_deg) <= AWAY_DEG:
            self._progress.reset()
        elif self._progress.stuck(e.angle_deg if c.leading else -e.angle_deg, c.now_s):
            c.hold(e, "The table does not move as it should.")

    def _found(self, e: Estimate) -> None:
        """A unit was found; at rest somewhere, or busy returning by itself."""
        c = self._c
        c.has_moved = False
        if e.standing:
            c.machine.fire(Trigger.FOUND_STANDING)
        else:
            c.meter.deepest_deg = UNKNOWN_DEPTH_DEG
            c.went_past_5 = True
            c.machine.fire(Trigger.FOUND_ELSEWHERE)

    def _note_place(self, e: Estimate) -> None:
        """Since when the person lies still and not head down, and whether it went beyond 5° since standing."""
        c = self._c
        if e.moving or e.head_down or not e.trusted:
            c.resting_since_s = None
            if e.worst_deg > 5.0:
                c.went_past_5 = True
        elif c.resting_since_s is None:
            c.resting_since_s = c.now_s
        elif e.standing:
            c.went_past_5 = False
            c.meter.rested()

    def _note_causes(self, known: int, reacting: bool) -> None:
        """Events for causes that came and went. A unit that only waits for its controller has no fault."""
        c = self._c
        self._causes = known
        for cause, fact in CAUSES.items():
            came, went = known & cause and cause not in c.cause_since_s, not known & cause
            if came:
                c.cause_since_s[cause] = c.now_s
            elif not went or c.cause_since_s.pop(cause, None) is None:
                continue
            if cause not in QUIET and (reacting or cause is not Cause.HOST_SILENT):
                kind = EventKind.FAULT if came else EventKind.FAULT_CLEARED
                c.event(kind, sentence(fact.meaning), code=cause_code(cause))


def _who_stopped(e: Estimate) -> str:
    """Why the unit counted a stop that nobody told us of: what it reports beside, or a button at the table."""
    return gravest(e) if (e.causes | e.latched) & ~_ORDINARY else "stopped at the table"
