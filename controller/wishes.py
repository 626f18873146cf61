"""What becomes of each wish: refused with a reason, or done, with an answer either way.

Stop and level are asked nothing and never refused (`always`). Any refused start closes the arming window.
"""

from collections.abc import Callable, Mapping
from typing import Final

from .account import GUEST
from .always import Always, accepted
from .causes import cause_names
from .conduct import Conduct
from .estimator import Estimate
from .gate import Order
from .limits import LEVEL_DEG, STANDING_DEG
from .model import Answer, EventKind, Limit, Reason, Show, State, Undiscover, Unreadable, Verb, Wish
from .people import PeopleError
from .people_verbs import PeopleVerbs
from .plans import going_to
from .player import Jog, Player
from .preset_wishes import PresetDesk
from .presets import Preset
from .questions import BEGINNING, CHECKLIST, STEEPEST_SEAT_DEG, Situation
from .refusals import refuse
from .safety import Action

SEEN_IDS: Final = 256
"""Ids of commands that are remembered against duplicates. Chosen: hours of anybody's use."""
LAST: Final = 10
"""How many sessions are shown to somebody who does not say."""


class Desk:
    """Answers wishes on behalf of one table. `unit` names the tilt unit in the ledger."""

    def __init__(self, conduct: Conduct, bundled: Mapping[str, Preset]) -> None:
        self._c = conduct
        self._presets = PresetDesk(conduct, bundled)
        self.always = Always(conduct)
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
            Verb.CHECKIN: self._check_in,
            Verb.STAND: self._stand,
            Verb.ACKNOWLEDGE: self._acknowledge,
        }
        self._do_anywhere: dict[Verb, Callable[[Wish, Estimate | None], Answer]] = {
            Verb.LOCK: self._lock,
            Verb.UNLOCK: self._unlock,
            Verb.PRESETS_SAVE: self._save_preset,
            Verb.PRESETS_DELETE: self._delete_preset,
            Verb.HISTORY_GET: self._history,
            Verb.DISCOVERY_REMOVE: self._undiscover,
        }
        self._people = PeopleVerbs(conduct)

    def take(self, wish: Wish, e: Estimate | None) -> Answer:
        """Do one wish or refuse it. `e` is None while there is no link."""
        self.taken += 1
        known = self._remember(wish.id)
        if wish.verb is Verb.STOP:
            return self.always.stop(wish, e)
        if wish.verb is Verb.LEVEL:
            return self.always.level(wish, e, known)
        refusal = refuse(wish, self._situation(wish, e, known))
        if refusal is not None:
            return self._refuse(wish, e, *refusal)
        if wish.verb in self._do_anywhere:
            return self._do_anywhere[wish.verb](wish, e)
        if wish.verb in self._people.do:
            try:
                return accepted(wish, self._people.do[wish.verb](wish))
            except PeopleError as error:
                return self._no(wish.verb, wish.id, error.reason, error.message)
        if e is None:
            return self._refuse(wish, e, Reason.LINK_DOWN, "There is no connection to the tilt unit.")
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
        if given.verb in BEGINNING:
            self._c.disarm(e, "A start that could not be read closed the arming window.")
        return self._no(given.verb, given.id, given.reason, given.message)

    def button(self, e: Estimate) -> Answer:
        """The arm button on the table, which can name nobody: what is armed for somebody stays theirs."""
        wish = Wish(Verb.ARM, person=self._c.person if self._c.state is State.ARMED else None)
        refusal = refuse(wish, self._situation(wish, e, False)._replace(arm_by_button=False))
        return self._refuse(wish, e, *refusal) if refusal is not None else self._arm(wish, e)

    # ---- answers ----------------------------------------------------------------------------------------------------

    def _refuse(self, wish: Wish, e: Estimate | None, reason: Reason, message: str) -> Answer:
        if wish.verb in BEGINNING:
            self._c.disarm(e, f"The arming window closed: {message}")
        return self._no(wish.verb, wish.id, reason, message)

    def _no(self, verb: str, id_: str | None, reason: Reason, message: str) -> Answer:
        self.refused += 1
        self._c.event(EventKind.COMMAND_REFUSED, message, verb=verb, reason=reason)
        return Answer(verb, id_, False, False, reason, message)

    def _person(self, wish: Wish) -> str:
        """Whose wish it is: of the session that runs, of who armed, of who is named; otherwise a guest's."""
        c = self._c
        if c.run is not None:
            return c.run.person
        if c.state is State.ARMED and c.person != GUEST and wish.verb in BEGINNING:
            return c.person
        return wish.person or GUEST

    def _situation(self, wish: Wish, e: Estimate | None, known: bool) -> Situation:
        c = self._c
        person = self._person(wish)
        return Situation(
            state=c.state,
            estimate=e,
            limits=c.limits if c.run is not None else c.limits_of(person),
            account=c.booking.account,
            ledger_s=c.booking.ledger_s(c.now_s),
            person=person,
            preset=self._preset(wish, person),
            hand_s=c.hand_s,
            armed_at_s=c.arming.at_s,
            arm_code=c.arming.code,
            stopped_at_s=c.stopped_at_s,
            paused_at_s=c.pauses.at_s,
            pause_left_s=c.pause_left_s,
            went_past_5=c.went_past_5,
            jog=c.run.player.direction if c.run is not None and isinstance(c.run.player, Jog) else None,
            arm_by_button=c.settings.arm_by_button,
            taken_before=known,
            presets=tuple(c.presets),
            own_wrong=c.own.problem,
            ledger_failed=c.booking.failed,
            broker_gone=c.broker_gone,
            leaving=c.leaving,
            comparing=c.booking.comparing,
            held=c.verdict.message if c.verdict.action is Action.HOLD else "",
            locked=c.child_lock.on,
            asked=c.check_in.asked,
            skipped_at_s=c.skipped_at_s,
            unknown=c.people.why_unknown(wish.person or person),
            due=c.people.why_due(person, c.moment) if c.run is None else "",
            taken=f"The table serves {person} now. Stop, then arm for {wish.person}."
            if wish.person not in (None, person)
            else "",
        )

    def _preset(self, wish: Wish, person: str) -> Preset | None:
        """The preset that is wished, as it is for this person."""
        c = self._c
        return c.people.preset(c.presets.get(wish.preset), person, c.moment) if wish.preset is not None else None

    # ---- the others -------------------------------------------------------------------------------------------------

    def _arm(self, wish: Wish, e: Estimate) -> Answer:
        self._c.serve(wish.person or GUEST)
        self._c.arm(e)
        return accepted(wish, f"Armed for 60 s. You confirm: {CHECKLIST}. Start now, or stop to disarm.")

    def _start(self, wish: Wish, e: Estimate) -> Answer:
        c = self._c
        c.serve(self._person(wish))
        preset = self._preset(wish, c.person)
        if preset is None:
            return self._refuse(wish, e, Reason.UNKNOWN_PRESET, f"There is no preset {wish.preset!r}.")
        largest = Limit(max(preset.largest_angle_deg, LEVEL_DEG), f"preset {preset.id}")
        c.begin(e, preset.id, c.player(preset.steps, e.angle_deg), self.unit, largest)
        return accepted(wish, f"{preset.title} started.", moving=True)

    def _goto(self, wish: Wish, e: Estimate) -> Answer:
        """To an angle: head down with the way back, otherwise the session ends there."""
        angle_deg = max(float(wish.angle_deg or 0.0), STANDING_DEG)
        self._c.serve(self._person(wish))
        steps = going_to(angle_deg, e.angle_deg, self._c.limits)
        largest = Limit(max(angle_deg, LEVEL_DEG), "goto")
        self._c.begin(e, Verb.GOTO, self._c.player(steps, e.angle_deg), self.unit, largest)
        return accepted(wish, f"Going to {angle_deg:g}°.", moving=True)

    def _jog(self, wish: Wish, e: Estimate) -> Answer:
        """Hold to move: each jog renews the motion for half a second; below level only after the pause."""
        c = self._c
        run = c.run
        if wish.direction == 0:
            c.pause(e, let_go=True)
            return accepted(wish, "Holding.")
        if wish.direction < 0 and e.angle_deg <= STEEPEST_SEAT_DEG:
            c.pause(e, let_go=True)
            return accepted(wish, f"Jog leads up to {STEEPEST_SEAT_DEG:g}° only. Send stand to stand up.")
        if run is None:
            c.serve(self._person(wish))
            limits = c.limits
            jog = Jog(e.angle_deg, limits.rate_dps.value, limits.acceleration_dps2.value)
            jog.highest_deg = limits.angle_deg.value
            run = c.begin(e, Verb.JOG, jog, self.unit, limits.angle_deg)
        elif c.state is State.PAUSED:
            c.resume()
        if isinstance(run.player, Jog) and run.player.direction != wish.direction:
            run.player.direction = wish.direction
            run.player.lowest_deg = 0.0 if c.pause_left_s > 0 else STEEPEST_SEAT_DEG
        run.jogged_at_s = c.hand_s
        return accepted(wish, f"Moving {'head down' if wish.direction > 0 else 'head up'}.", moving=True)

    def _pause(self, wish: Wish, e: Estimate) -> Answer:
        self._c.pause(e)
        return accepted(wish, "Paused. Head-down time goes on counting." if e.head_down else "Paused.")

    def _resume(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume()
        return accepted(wish, "Going on.", moving=True)

    def _skip(self, wish: Wish, _: Estimate) -> Answer:
        self._c.resume()
        self._c.skipped_at_s = self._c.hand_s
        run = self._c.run
        if run is not None:
            run.whole = False
        skipped = run is not None and isinstance(run.player, Player) and run.player.skip()
        return accepted(wish, "Going on with the next step." if skipped else "Going on: this is the last step.", True)

    def _check_in(self, wish: Wish, _: Estimate) -> Answer:
        self._c.check_in.answer(self._c.meter.session_s)
        return accepted(wish, "Thank you. The session goes on.")

    def _stand(self, wish: Wish, e: Estimate) -> Answer:
        if e.standing:
            return accepted(wish, "The table is at standing.")
        self._c.rise(e)
        return accepted(wish, "Going to standing, with a stop of 20 s at −40°.", moving=True)

    def _acknowledge(self, wish: Wish, e: Estimate) -> Answer:
        if not e.latched:
            return accepted(wish, "Nothing waits for acknowledgement.")
        self._c.orders.append(Order.ACKNOWLEDGE)
        still = e.latched & e.causes
        if still:
            return accepted(wish, f"Acknowledged; still there: {cause_names(still)}.")
        return accepted(wish, "Acknowledged.")

    def _lock(self, wish: Wish, e: Estimate | None) -> Answer:
        """What runs goes on; nothing new begins."""
        self._c.child_lock.lock(wish.pin)
        self._c.keeps.append(self._c.child_lock.keep())
        self._c.disarm(e, "The child lock closed the arming window.")
        return accepted(wish, "Locked. Stop and level still work.")

    def _unlock(self, wish: Wish, _: Estimate | None) -> Answer:
        c = self._c
        was_on = c.child_lock.on
        why = c.child_lock.unlock(wish.pin, c.hand_s)
        if why is not None:
            return self._no(wish.verb, wish.id, Reason.LOCKED, why)
        if was_on:
            c.keeps.append(c.child_lock.keep())
        return accepted(wish, "Unlocked.")

    def _history(self, wish: Wish, _: Estimate | None) -> Answer:
        """The disk is asked by somebody else, who publishes what it has."""
        last = wish.body if isinstance(wish.body, int) else LAST
        self._c.keeps.append(Show(last))
        return accepted(wish, f"The last {last} sessions follow on the topic history.")

    def _undiscover(self, wish: Wish, _: Estimate | None) -> Answer:
        """What Home Assistant knows of us is the publisher's business."""
        self._c.keeps.append(Undiscover())
        return accepted(wish, "Home Assistant forgets this table, until the controller starts again.")

    def _save_preset(self, wish: Wish, e: Estimate | None) -> Answer:
        said = self._presets.save(wish, e)
        return accepted(wish, said) if isinstance(said, str) else self._no(wish.verb, wish.id, *said)

    def _delete_preset(self, wish: Wish, _: Estimate | None) -> Answer:
        said = self._presets.delete(wish)
        return accepted(wish, said) if isinstance(said, str) else self._no(wish.verb, wish.id, *said)
