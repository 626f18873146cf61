"""What becomes of each wish: refused with a reason, or done, with an answer either way.

Stop and level are asked nothing and never refused. Any refused start closes the arming window.
"""

from collections.abc import Callable
from typing import Final

from protocol.messages import Cause

from .conduct import JOG_TEMPO_PER_S, Conduct
from .estimator import LEVEL_DEG, Estimate
from .model import Answer, EventKind, Reason, State, Unreadable, Verb, Wish
from .player import Player
from .presets import Step
from .refusals import Situation, refuse
from .safety import LIVE, Order

GOTO_DPS: Final = 1.5
JOG_DPS: Final = 1.0
GOTO_HOLD_S: Final = 600.0
"""The longest hold at any angle (domain.md, continuous time); steeper ones end earlier by their own limit."""
LOWEST_DEG: Final = -80.0
SEEN_IDS: Final = 256
"""Ids of taken commands that are remembered against duplicates. Chosen: hours of anybody's use."""


class Desk:
    """Answers wishes on behalf of one table. `unit` names the tilt unit in the ledger."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self._seen: dict[str, None] = {}
        self.unit = 0
        self.taken = 0
        self.refused = 0
        self._do: dict[Verb, Callable[[Wish, Estimate], Answer]] = {
            Verb.ARM: self._arm,
            Verb.START: self._start,
            Verb.GOTO: self._goto,
            Verb.JOG: self._jog,
            Verb.PAUSE: self._pause,
            Verb.RESUME: self._resume,
            Verb.SKIP: self._skip,
            Verb.STAND: self._stand,
            Verb.ACKNOWLEDGE: self._acknowledge,
        }

    def take(self, wish: Wish, e: Estimate | None) -> Answer:
        """Do one wish or refuse it. `e` is None while there is no link."""
        self.taken += 1
        if wish.verb is Verb.STOP:
            return self._stop(wish, e)
        if wish.verb is Verb.LEVEL:
            return self._level(wish, e)
        refusal = refuse(wish, self._situation(wish, e))
        if refusal is not None or e is None:
            return self._refuse(wish, e, *(refusal or (Reason.LINK_DOWN, "There is no connection to the tilt unit.")))
        if wish.id is not None:
            self._seen[wish.id] = None
            if len(self._seen) > SEEN_IDS:
                del self._seen[next(iter(self._seen))]
        return self._do[wish.verb](wish, e)

    def unreadable(self, given: Unreadable, e: Estimate | None) -> Answer:
        """A command that was not understood is refused with what was wrong."""
        self.taken += 1
        if given.verb == Verb.START:
            self._c.disarm(e, "A start that could not be read closed the arming window.")
        return self._no(given.verb, given.id, given.reason, given.message)

    def button(self, e: Estimate) -> Answer:
        """The arm button on the table."""
        wish = Wish(Verb.ARM)
        refusal = refuse(wish, self._situation(wish, e)._replace(arm_by_button=False))
        return self._refuse(wish, e, *refusal) if refusal is not None else self._arm(wish, e)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def _refuse(self, wish: Wish, e: Estimate | None, reason: Reason, message: str) -> Answer:
        if wish.verb in (Verb.START, Verb.GOTO) or (wish.verb is Verb.JOG and self._c.state is State.ARMED):
            self._c.disarm(e, f"The arming window closed: {message}")
        return self._no(wish.verb, wish.id, reason, message)

    def _no(self, verb: str, id_: str | None, reason: Reason, message: str) -> Answer:
        self.refused += 1
        self._c.event(EventKind.COMMAND_REFUSED, message, verb=verb, reason=reason)
        return Answer(verb, id_, False, False, reason, message)

    def _yes(self, wish: Wish, message: str, moving: bool = False) -> Answer:
        return Answer(wish.verb, wish.id, True, moving, None, message)

    def _situation(self, wish: Wish, e: Estimate | None) -> Situation:
        c = self._c
        return Situation(
            state=c.state,
            estimate=e,
            limits=c.settings.limits,
            account=c.booking.account,
            ledger_s=c.booking.ledger_s(c.now_s),
            person=c.settings.person,
            preset=c.presets.get(wish.preset) if wish.preset is not None else None,
            hand_s=c.hand_s,
            armed_at_s=c.arming.at_s,
            arm_code=c.arming.code,
            stopped_at_s=c.stopped_at_s,
            paused_at_s=c.paused_at_s,
            pause_left_s=c.pause_left_s,
            went_past_5=c.went_past_5,
            jogging=c.run is not None and c.run.preset == Verb.JOG and c.state in LIVE,
            arm_by_button=c.settings.arm_by_button,
            seen_ids=frozenset(self._seen),
            presets=tuple(c.presets),
            ledger_failed=c.booking.failed,
        )

    # ---- always accepted --------------------------------------------------------------------------------------------

    def _stop(self, wish: Wish, e: Estimate | None) -> Answer:
        """Freeze. A stop that the broker had kept freezes a session, but never a return on its way to safety."""
        c = self._c
        resting = wish.retained and (c.state is State.FROZEN or c.state is State.RETURNING)
        if not wish.retained:
            c.stopped_at_s = c.hand_s
        if e is not None and not resting:
            c.urgent.stop(c.now_s, wish.sent)
            c.freeze(e, "stop was pressed")
        if e is None:
            return self._yes(wish, "There is no connection to the tilt unit; it brakes and returns to level by itself.")
        return self._yes(wish, "Stopped." if not resting else "Nothing is running.")

    def _level(self, wish: Wish, e: Estimate | None) -> Answer:
        """Home. From the head-down side always; from the head-up side only for a person who is known to lie there."""
        c = self._c
        if e is None:
            return self._yes(wish, "There is no connection to the tilt unit; it returns to level by itself.")
        why = self._why_not_level(wish, e)
        if e.head_down and why is None:
            c.end("level was wished")
            c.go_home(e)
            return self._yes(wish, "Returning to level.", moving=True)
        if e.at_level and not wish.retained:
            if c.state in LIVE or c.state is State.ARMED:
                c.end("level was wished")
                c.lead_to_level(e)
            return self._yes(wish, "The table is level.")
        if why is not None:
            if c.state is State.RISING:
                c.hold(why)
            return self._yes(wish, f"Holding: {why}")
        c.end("level was wished")
        c.lead_to_level(e)
        return self._yes(wish, "Going to level.", moving=True)

    def _why_not_level(self, wish: Wish, e: Estimate) -> str | None:
        """What keeps a wish for level from moving the table now."""
        if wish.retained:
            return "the broker had kept this command. Send it again."
        if e.estop:
            return "the emergency stop is pressed. Release it, then send level again."
        if e.lowering:
            return "the table is being lowered by hand."
        if e.head_down:
            return None
        if e.latched or not e.trusted:
            return "a fault waits for acknowledgement."
        if not e.occupied:
            return "nobody is sensed on the table."
        if not e.ankles_locked:
            return "an ankle lock is open."
        if self._c.state not in (State.ARMED, State.RUNNING, State.PAUSED, State.FROZEN, State.RISING, State.RETURNING):
            return "on the head-up side level needs arming first."
        return None

    # ---- the others -------------------------------------------------------------------------------------------------

    def _arm(self, wish: Wish, e: Estimate) -> Answer:
        self._c.arm(e)
        return self._yes(wish, "Armed for 60 s. Start now, or stop to disarm.")

    def _start(self, wish: Wish, e: Estimate) -> Answer:
        c = self._c
        preset = c.presets[str(wish.preset)]
        c.begin(e, preset.id, Player(preset.steps, e.angle_deg), self.unit)
        return self._yes(wish, f"{preset.title} started.", moving=True)

    def _goto(self, wish: Wish, e: Estimate) -> Answer:
        angle_deg = max(float(wish.angle_deg or 0.0), LOWEST_DEG)
        steps = [Step(f"{angle_deg:g}°", angle_deg, 0.0, GOTO_DPS)]
        if angle_deg > LEVEL_DEG:
            steps = [
                Step(f"{angle_deg:g}°", angle_deg, GOTO_HOLD_S, GOTO_DPS),
                Step("back to level", 0.0, 0.0, GOTO_DPS),
            ]
        self._c.begin(e, Verb.GOTO, Player(steps, e.angle_deg), self.unit)
        return self._yes(wish, f"Going to {angle_deg:g}°.", moving=True)

    def _jog(self, wish: Wish, e: Estimate) -> Answer:
        """Hold to move: each jog renews the motion for half a second."""
        c = self._c
        run = c.run if c.run is not None and c.run.preset == Verb.JOG else None
        if wish.direction == 0:
            if run is not None:
                run.jog = 0
                run.player.hold()
            return self._yes(wish, "Holding.")
        limit_deg = c.settings.limits.angle_deg.value
        end_deg = limit_deg if wish.direction > 0 else -15.0
        if run is None:
            run = c.begin(e, Verb.JOG, self._jog_player(e.angle_deg, end_deg), self.unit)
        elif run.player.still or run.jog == 0:
            run.player = self._jog_player(run.player.target.angle_deg, end_deg)
        run.jogged_at_s = c.hand_s
        run.jog = wish.direction
        return self._yes(wish, f"Moving {'head down' if wish.direction > 0 else 'head up'}.", moving=True)

    def _jog_player(self, start_deg: float, end_deg: float) -> Player:
        steps = [Step("jog", end_deg, GOTO_HOLD_S, JOG_DPS), Step("back to level", 0.0, 0.0, GOTO_DPS)]
        return Player(steps, start_deg, JOG_TEMPO_PER_S)

    def _pause(self, wish: Wish, _: Estimate) -> Answer:
        self._c.pause()
        return self._yes(wish, "Paused. Head-down time goes on counting.")

    def _resume(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume()
        return self._yes(wish, "Going on.", moving=True)

    def _skip(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume(skip=True)
        return self._yes(wish, "Going on with the next step.", moving=True)

    def _stand(self, wish: Wish, e: Estimate) -> Answer:
        if e.standing:
            return self._yes(wish, "The table is at standing.")
        self._c.rise(e)
        return self._yes(wish, "Going to standing, with a stop of 20 s at −40°.", moving=True)

    def _acknowledge(self, wish: Wish, e: Estimate) -> Answer:
        if not e.latched:
            return self._yes(wish, "Nothing waits for acknowledgement.")
        self._c.orders.append(Order.ACKNOWLEDGE)
        still = e.latched & e.causes
        if still:
            return self._yes(wish, f"Acknowledged; still there: {_names(still)}.")
        return self._yes(wish, "Acknowledged.")


def _names(causes: int) -> str:
    """Causes as a list of words."""
    return ", ".join(str(cause.name).lower().replace("_", " ") for cause in Cause if causes & cause)
