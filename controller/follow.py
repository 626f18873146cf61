"""How the state follows what the tilt unit reports: where the table rests, what the unit does by itself, what ended."""

from typing import Final

from protocol.messages import CAUSES, Cause, Rung

from .causes import QUIET, cause_code, gravest, sentence
from .conduct import Conduct
from .estimator import Estimate
from .model import EventKind, State
from .player import Player
from .safety import LIVE
from .session import Trigger

UNKNOWN_DEPTH_DEG: Final = 90.0
"""Found lying somewhere, nobody knows what was before: the longest pause is due."""
STUCK_S: Final = 3.0
"""Head down at rest without a session, a stop or a reaction of the unit, the way is home. Chosen: longer than the
unit's own reaction takes to begin."""
_ORDINARY: Final = int(sum(QUIET))
_BLIND, _LEVEL = int(Rung.BLIND_LEVEL), int(Rung.LEVEL)
_LEVEL_WISHED: Final = int(Cause.LEVEL_WISHED)


class Follow:
    """Brings the state in line with each telemetry."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self._causes = 0
        self._stuck_since_s: float | None = None

    def take(self, e: Estimate) -> None:
        """Fresh telemetry."""
        c, now_s = self._c, self._c.now_s
        if e.causes | e.latched != self._causes:
            self._note_causes(e.causes | e.latched, e.rung >= Rung.LEVEL)
        if c.machine.state is State.OFFLINE:
            self._found(e)
        self._note_place(e)
        if e.estop or e.lowering:
            c.forget_level()
        if c.urgent.hear(e.stop_count, e.causes & _LEVEL_WISHED != 0, now_s):
            c.stopped_at_s = c.hand_s
            c.freeze(e, _who_stopped(e))
        c.arming.hear(e.armed, now_s)
        self._follow_unit(e)
        state = c.machine.state
        if state is State.ARMED:
            self._follow_arming(e)
        if state not in LIVE:
            self._follow_stuck(e)
            if c.booking.session is not None and not (e.head_down or e.moving):
                c.booking.settle(c.meter.session_s, e.head_down_s, *c.ending, now_s)

    def _follow_unit(self, e: Estimate) -> None:
        """The unit's own reactions lead; where it rests, so does the state."""
        c, state = self._c, self._c.machine.state
        if e.rung >= _BLIND or (e.latched and not e.moving and e.rung != _LEVEL):
            if state is not State.FAULT and not c.urgent.levelling:
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
        elif state is State.FROZEN and not (e.moving or c.urgent.stopping) and (e.at_level or e.standing):
            c.machine.fire(c.rests(e))

    def _follow_run(self, e: Estimate) -> None:
        """A session that has played to its end is over where the table rests."""
        c = self._c
        if c.run is None or not c.run.player.finished or e.moving:
            return
        c.end("the plan was played to its end", "reached")
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

    def _follow_stuck(self, e: Estimate) -> None:
        """H1: a return that stands still is none, and nobody stays head down because nobody felt responsible."""
        c, state = self._c, self._c.machine.state
        if state is State.RETURNING:
            stuck = not (c.leading or c.urgent.levelling or e.rung >= _LEVEL)
        else:
            stuck = not e.frozen and c.may_go_home(e)
        if not stuck or e.moving:
            self._stuck_since_s = None
        elif self._stuck_since_s is None:
            self._stuck_since_s = c.now_s
        elif c.now_s - self._stuck_since_s > STUCK_S:
            self._stuck_since_s = None
            if state is State.RETURNING:
                c.machine.fire(Trigger.INTERRUPTED)
            else:
                c.send_home(e, "Nobody stays head down without a session.")

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
