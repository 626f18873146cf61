"""Stop and level: asked nothing, never refused, never queued behind anything else.

Stop wins over an older level, and for a second over a younger one, because a press on every button at once sends them
in any order. From the head-down side a live level is carried out when that second is over: nobody has to press twice.
"""

from typing import Final

from .causes import gravest
from .conduct import HOLDING, Conduct
from .estimator import Estimate
from .model import Answer, State, Wish
from .questions import HUMAN_S

_LED: Final = frozenset({State.ARMED, State.RUNNING, State.PAUSED, State.FROZEN, State.RISING, State.RETURNING})
"""Where level may lead a person up from the head-up side: armed, in a session or frozen, or on the way already."""


def accepted(wish: Wish, message: str, moving: bool = False) -> Answer:
    """The answer to a wish that was taken."""
    return Answer(wish.verb, wish.id, True, moving, None, message)


class Always:
    """Stop and level on behalf of one table."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct

    def stop(self, wish: Wish, e: Estimate | None) -> Answer:
        """Freeze. A stop that the broker had kept freezes whatever moves, but never a return from head down."""
        c = self._c
        going_home = c.state is State.RETURNING and not c.leading
        if wish.retained and (going_home or c.state in (State.FROZEN, State.FAULT)):
            return accepted(wish, "This stop was kept by the broker; the way back to level goes on.")
        if not wish.retained:
            c.stopped_at_s = c.hand_s
        if e is None and wish.retained:
            return accepted(wish, "There is no connection to the tilt unit, and this stop was kept by the broker.")
        c.urgent.stop(c.now_s, wish.sent)
        if e is None:
            return accepted(wish, "There is no connection to the tilt unit; it brakes and returns to level by itself.")
        c.freeze(e, "stop was pressed")
        return accepted(wish, "Stopped.")

    def level(self, wish: Wish, e: Estimate | None, known: bool) -> Answer:
        """Home. From the head-down side always; from the head-up side only for a person who is known to lie there."""
        c = self._c
        if e is None:
            return accepted(wish, "There is no connection to the tilt unit; it returns to level by itself.")
        why = self._why_void(wish, e, known)
        if why is not None:
            return accepted(wish, f"This moves nothing: {why}")
        if e.head_down:
            if self._just_stopped:
                c.home_at_s = (c.stopped_at_s or c.hand_s) + HUMAN_S
                c.note = "Level was wished, and follows a second after the stop."
                return accepted(wish, "Returning to level a second after the stop.", moving=True)
            c.go_home(e, "level was wished")
            return accepted(wish, "Returning to level.", moving=True)
        under_way = c.run is not None or c.way is not None
        if e.at_level and not under_way:
            c.disarm(e, "")
            return accepted(wish, "The table is level.")
        why = self._why_not_up(e)
        if why is not None:
            if under_way:
                c.hold(e, why)
            return accepted(wish, f"Holding: {why}")
        if not c.leading:
            c.lead_to_level(e, "level was wished")
        return accepted(wish, "Going to level.", moving=True)

    def follow_up(self, e: Estimate) -> None:
        """Carry out the wish for level that waited for the second after a stop."""
        c = self._c
        if c.home_at_s is not None and c.hand_s >= c.home_at_s:
            c.home_at_s = None
            if e.head_down:
                c.go_home(e, "level was wished")

    @property
    def _just_stopped(self) -> bool:
        c = self._c
        return c.stopped_at_s is not None and c.hand_s - c.stopped_at_s < HUMAN_S

    def _why_void(self, wish: Wish, e: Estimate, known: bool) -> str | None:
        """What makes this very wish for level void. From the head-down side old ones still count, unless it was stopped
        (a stop beats an older level), but never kept ones."""
        c = self._c
        if wish.retained:
            return "the broker had kept this command. Send it again."
        if e.estop:
            return "the emergency stop is pressed. Release it, then send level again."
        if e.lowering:
            return "the table is being lowered by hand."
        if e.causes & HOLDING:
            return f"the tilt unit holds: {gravest(e)}. Send level again when that is over."
        old = wish.expired or known
        if e.head_down and not (old and (e.frozen or c.urgent.stopping)):
            return None
        if old:
            return "this command is old. Send level again."
        if self._just_stopped and not e.at_level:
            return "a stop was pressed just now. Send level again in a second."
        armed_at_s = c.arming.at_s
        hasty = armed_at_s is not None and c.hand_s - armed_at_s < HUMAN_S and wish.code != c.arming.code
        if hasty and not e.at_level:
            return "it came too soon after arming. Send level again in a second."
        return None

    def _why_not_up(self, e: Estimate) -> str | None:
        """What keeps the table from moving up to level now."""
        if e.latched:
            return "a fault waits for acknowledgement."
        if not e.trusted:
            return "the angle sensors do not agree, so nobody knows how far the table is tilted."
        if not e.occupied:
            return "nobody is sensed on the table."
        if not e.ankles_locked:
            return "an ankle lock is open."
        if self._c.broker_gone:
            return f"a stop from the phone might not arrive. {self._c.broker_gone}"
        if self._c.state not in _LED:
            return "on the head-up side level needs arming first."
        return None
