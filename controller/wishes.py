"""What becomes of each wish: refused with a reason, or done, with an answer either way.

Stop and level are asked nothing and never refused. Any refused start closes the arming window.
"""

from collections.abc import Callable
from typing import Final

from protocol.messages import Cause

from .conduct import STOP_ON_RISING, Conduct
from .estimator import LEVEL_DEG, Estimate
from .gate import Order
from .model import Answer, EventKind, Reason, State, Unreadable, Verb, Wish
from .player import Jog, Player
from .presets import Step
from .refusals import HUMAN_S, STEEPEST_SEAT_DEG, Situation, refuse

GOTO_DPS: Final = 1.5
GOTO_HOLD_S: Final = 600.0
"""The longest hold at any angle (domain.md, continuous time); steeper ones end earlier by their own limit."""
LOWEST_DEG: Final = -80.0
SEEN_IDS: Final = 256
"""Ids of commands that are remembered against duplicates. Chosen: hours of anybody's use."""
STARTS: Final = frozenset({Verb.START, Verb.GOTO, Verb.JOG})
"""What needs the arming window, and closes it when it is refused."""
LED: Final = frozenset({State.ARMED, State.RUNNING, State.PAUSED, State.FROZEN, State.RISING, State.RETURNING})
"""Where level may lead a person up from the head-up side: armed, in a session or frozen, or on the way already."""


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
        known = self._remember(wish.id)
        if wish.verb is Verb.STOP:
            return self._stop(wish, e)
        if wish.verb is Verb.LEVEL:
            return self._level(wish, e, known)
        refusal = refuse(wish, self._situation(wish, e, known))
        if refusal is not None or e is None:
            return self._refuse(wish, e, *(refusal or (Reason.LINK_DOWN, "There is no connection to the tilt unit.")))
        return self._do[wish.verb](wish, e)

    def _remember(self, id_: str | None) -> bool:
        """Whether a command with this id came before, whatever became of it: one command is one act."""
        if id_ is None:
            return False
        known = id_ in self._seen
        self._seen[id_] = None
        if len(self._seen) > SEEN_IDS:
            del self._seen[next(iter(self._seen))]
        return known

    def unreadable(self, given: Unreadable, e: Estimate | None) -> Answer:
        """A command that was not understood is refused with what was wrong."""
        self.taken += 1
        if given.verb in STARTS:
            self._c.disarm(e, "A start that could not be read closed the arming window.")
        return self._no(given.verb, given.id, given.reason, given.message)

    def button(self, e: Estimate) -> Answer:
        """The arm button on the table."""
        wish = Wish(Verb.ARM)
        refusal = refuse(wish, self._situation(wish, e, False)._replace(arm_by_button=False))
        return self._refuse(wish, e, *refusal) if refusal is not None else self._arm(wish, e)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def _refuse(self, wish: Wish, e: Estimate | None, reason: Reason, message: str) -> Answer:
        if wish.verb in STARTS:
            self._c.disarm(e, f"The arming window closed: {message}")
        return self._no(wish.verb, wish.id, reason, message)

    def _no(self, verb: str, id_: str | None, reason: Reason, message: str) -> Answer:
        self.refused += 1
        self._c.event(EventKind.COMMAND_REFUSED, message, verb=verb, reason=reason)
        return Answer(verb, id_, False, False, reason, message)

    def _yes(self, wish: Wish, message: str, moving: bool = False) -> Answer:
        return Answer(wish.verb, wish.id, True, moving, None, message)

    def _situation(self, wish: Wish, e: Estimate | None, known: bool) -> Situation:
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
            jog=c.run.player.direction if c.run is not None and isinstance(c.run.player, Jog) else None,
            arm_by_button=c.settings.arm_by_button,
            taken_before=known,
            presets=tuple(c.presets),
            ledger_failed=c.booking.failed,
            broker_gone=c.broker_gone,
            leaving=c.leaving,
        )

    # ---- always accepted --------------------------------------------------------------------------------------------

    def _stop(self, wish: Wish, e: Estimate | None) -> Answer:
        """Freeze. A stop that the broker had kept freezes a session, but never a return on its way to safety."""
        c = self._c
        if wish.retained and c.state in (State.FROZEN, State.RETURNING, State.FAULT):
            return self._yes(wish, "This stop was kept by the broker; the way back to level goes on.")
        if not wish.retained:
            c.stopped_at_s = c.hand_s
        if e is None and wish.retained:
            return self._yes(wish, "There is no connection to the tilt unit, and this stop was kept by the broker.")
        c.urgent.stop(c.now_s, wish.sent)
        if e is None:
            return self._yes(wish, "There is no connection to the tilt unit; it brakes and returns to level by itself.")
        c.freeze(e, "stop was pressed")
        return self._yes(wish, "Stopped.")

    def _level(self, wish: Wish, e: Estimate | None, known: bool) -> Answer:
        """Home. From the head-down side always; from the head-up side only for a person who is known to lie there."""
        c = self._c
        if e is None:
            return self._yes(wish, "There is no connection to the tilt unit; it returns to level by itself.")
        why = self._why_no_level(wish, e, known)
        if why is not None:
            return self._yes(wish, f"This moves nothing: {why}")
        if e.head_down:
            c.go_home(e, "level was wished")
            return self._yes(wish, "Returning to level.", moving=True)
        under_way = c.run is not None or c.way is not None
        if e.at_level and not under_way:
            c.disarm(e, "")
            return self._yes(wish, "The table is level.")
        why = self._why_not_up(e)
        if why is not None:
            if under_way:
                c.hold(e, why)
            return self._yes(wish, f"Holding: {why}")
        if not c.leading:
            c.lead_to_level(e, "level was wished")
        return self._yes(wish, "Going to level.", moving=True)

    def _why_no_level(self, wish: Wish, e: Estimate, known: bool) -> str | None:
        """What makes this very wish for level void. Old ones still count from the head-down side, but kept ones."""
        if wish.retained:
            return "the broker had kept this command. Send it again."
        if e.estop:
            return "the emergency stop is pressed. Release it, then send level again."
        if e.lowering:
            return "the table is being lowered by hand."
        if e.head_down:
            return None
        if wish.expired or known:
            return "this command is old. Send level again."
        c = self._c
        if c.stopped_at_s is not None and c.hand_s - c.stopped_at_s < HUMAN_S and not e.at_level:
            return "a stop was pressed just now. Send level again in a second."
        armed_at_s = c.arming.at_s
        hasty = armed_at_s is not None and c.hand_s - armed_at_s < HUMAN_S and wish.code != c.arming.code
        if hasty and not e.at_level:
            return "it came too soon after arming. Send level again in a second."
        return None

    def _why_not_up(self, e: Estimate) -> str | None:
        """What keeps the table from moving up to level now."""
        if e.latched or not e.trusted:
            return "a fault waits for acknowledgement."
        if not e.occupied:
            return "nobody is sensed on the table."
        if not e.ankles_locked:
            return "an ankle lock is open."
        if self._c.broker_gone:
            return f"a stop from the phone might not arrive. {self._c.broker_gone}"
        if self._c.state not in LED:
            return "on the head-up side level needs arming first."
        return None

    # ---- the others -------------------------------------------------------------------------------------------------

    def _arm(self, wish: Wish, e: Estimate) -> Answer:
        self._c.arm(e)
        return self._yes(wish, "Armed for 60 s. Start now, or stop to disarm.")

    def _start(self, wish: Wish, e: Estimate) -> Answer:
        c = self._c
        preset = c.presets[str(wish.preset)]
        c.begin(e, preset.id, c.player(preset.steps, e.angle_deg), self.unit)
        return self._yes(wish, f"{preset.title} started.", moving=True)

    def _goto(self, wish: Wish, e: Estimate) -> Answer:
        """To an angle: head down with the way back, otherwise the session ends there."""
        angle_deg = max(float(wish.angle_deg or 0.0), LOWEST_DEG)
        steps = [Step(f"{angle_deg:g}°", angle_deg, 0.0, GOTO_DPS)]
        if angle_deg > LEVEL_DEG:
            steps = [
                Step(f"{angle_deg:g}°", angle_deg, GOTO_HOLD_S, GOTO_DPS),
                Step("back to level", 0.0, 0.0, GOTO_DPS),
            ]
        elif angle_deg < STOP_ON_RISING.angle_deg < e.angle_deg:
            steps.insert(0, STOP_ON_RISING)
        self._c.begin(e, Verb.GOTO, self._c.player(steps, e.angle_deg), self.unit)
        return self._yes(wish, f"Going to {angle_deg:g}°.", moving=True)

    def _jog(self, wish: Wish, e: Estimate) -> Answer:
        """Hold to move: each jog renews the motion for half a second; below level only after the pause."""
        c = self._c
        run = c.run
        if wish.direction == 0:
            c.pause()
            return self._yes(wish, "Holding.")
        if wish.direction < 0 and e.angle_deg <= STEEPEST_SEAT_DEG:
            c.pause()
            return self._yes(wish, f"Jog leads up to {STEEPEST_SEAT_DEG:g}° only. Send stand to stand up.")
        if run is None:
            limits = c.settings.limits
            jog = Jog(e.angle_deg, limits.rate_dps.value, limits.acceleration_dps2.value)
            jog.highest_deg = limits.angle_deg.value
            run = c.begin(e, Verb.JOG, jog, self.unit)
        elif c.state is State.PAUSED:
            c.resume()
        if isinstance(run.player, Jog) and run.player.direction != wish.direction:
            run.player.direction = wish.direction
            run.player.lowest_deg = 0.0 if c.pause_left_s > 0 else STEEPEST_SEAT_DEG
        run.jogged_at_s = c.hand_s
        return self._yes(wish, f"Moving {'head down' if wish.direction > 0 else 'head up'}.", moving=True)

    def _pause(self, wish: Wish, _: Estimate) -> Answer:
        self._c.pause()
        return self._yes(wish, "Paused. Head-down time goes on counting.")

    def _resume(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume()
        return self._yes(wish, "Going on.", moving=True)

    def _skip(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume()
        run = self._c.run
        skipped = run is not None and isinstance(run.player, Player) and run.player.skip()
        return self._yes(wish, "Going on with the next step." if skipped else "Going on: this is the last step.", True)

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
