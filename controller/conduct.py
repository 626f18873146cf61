"""How a session is conducted: the state of one table, and what wishes and verdicts do to it.

The verbs (`begin`, `pause`, `freeze`, `hold`, …) are what wishes (`wishes`, `always`), telemetry (`follow`) and
verdicts (`core`) do; `play` says what to do next. Nothing here writes to the port: orders, events and what
is to be kept are left in lists for the core to take.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Final

from protocol.messages import CAUSES, Cause, Rung

from .account import GUEST
from .arming import Arming
from .booking import Booking
from .causes import sentence
from .check_in import ANSWER_S, CheckIn
from .child_lock import ChildLock
from .estimator import Estimate
from .gate import Order
from .limits import DEFAULTS, LEVEL_DEG, Limits, combine, guest, level_pause_s, tightest
from .meter import Meter
from .model import Event, EventKind, Forget, Keep, Limit, Show, State, Undiscover
from .own_presets import NONE, Own
from .pauses import Pauses
from .people import People
from .plans import standing_up
from .player import Jog, Player
from .presets import Preset, Step
from .programme import Moment, moment
from .safety import FINE, Verdict
from .session import Machine, Trigger
from .urgent import Urgent

LEVEL_LIMIT: Final = Limit(LEVEL_DEG, "the way to level")
"""Not 0°: a sensor that is off by a little would show more than the limit."""
_PERSON_LOST: Final = int(Cause.PERSON_LOST)
HOLDING: Final = int(sum(cause for cause, fact in CAUSES.items() if fact.rung is Rung.HOLD))
"""Causes over which, at work, the unit obeys no wish for level (safety.md, R3)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration decides. `limits` of the table, to which each person adds theirs.

    `check_in_s`: head-down time after which the person is asked to answer, 0 for never. `time_scales`: which simulated
    units are acceptable over this port.
    """

    table: str = "home"
    arm_by_button: bool = False
    local_stop: bool = False
    check_in_s: float = 0.0
    limits: Limits = DEFAULTS
    time_scales: frozenset[int] = frozenset({1})


@dataclass(slots=True)
class Run:
    """The session that runs. `jogged_at_s`: when somebody last held the button, by the clock of hands.

    `whole`: no step of it was skipped.
    """

    id: str
    preset: str
    person: str
    player: Player | Jog
    since_s: float
    announced: int = -1
    jogged_at_s: float = 0.0
    whole: bool = True


class Conduct:
    """The state of one table, and everything that may change it.

    `presets` is what `start` accepts, `own` the part of it that is the owner's. `heard_s`: when telemetry came.
    `person` is who armed, or whose session is or was the last, and `limits` are theirs. `limit` is the tightest angle
    limit of what is under way, and whose it is. `alarm`: what a person has to do at once.
    `way` is what leads to level or to standing outside of a session, `leading` whether it is to level from the head-up
    side, wished when the unit's count of stops was `lead_count`. `broker_gone` and `leaving` say why nothing new may
    begin. `home_at_s`: when a wish for level is carried out that a stop holds up, by the clock of hands.
    """

    def __init__(
        self,
        settings: Settings,
        presets: Mapping[str, Preset],
        booking: Booking,
        random: Random,
        child_lock: ChildLock | None = None,
        own: Own = NONE,
        people: People | None = None,
    ) -> None:
        self.settings = settings
        self.presets: Mapping[str, Preset] = {**presets, **own.presets} if own.presets else presets
        self.own = own
        self.booking = booking
        self.random = random
        self.child_lock = child_lock or ChildLock(random)
        self.machine = Machine()
        self.arming = Arming(random)
        self.urgent = Urgent()
        self.meter = Meter()
        self.check_in = CheckIn(settings.check_in_s)
        self.pauses = Pauses()
        self.run: Run | None = None
        self.way: Player | Jog | None = None
        self.leading = False
        self.verdict: Verdict = FINE
        self.people = people or People()
        self.note = ""
        self.alarm = ""
        self.now_s = 0.0
        self.hand_s = 0.0
        self.wall_s: float | None = None
        self.person = GUEST
        self.limits = combine(settings.limits, guest())
        self.limit = self.limits.angle_deg
        self.heard_s = -inf
        self.skipped_at_s: float | None = None
        self.stopped_at_s: float | None = None
        self.home_at_s: float | None = None
        self.resting_since_s: float | None = None
        self.went_past_5 = False
        self.has_moved = False
        self.broker_gone = ""
        self.leaving = False
        self.cause_since_s: dict[Cause, float] = {}
        self.orders: list[Order] = []
        self.events: list[Event] = []
        self.keeps: list[Keep | Show | Forget | Undiscover] = []
        self.ending = ("interrupted", "")
        self.lead_count = 0
        self._sessions = 0

    @property
    def state(self) -> State:
        """What the table is doing."""
        return self.machine.state

    @property
    def pause_left_s(self) -> float:
        """How long the person still has to lie still, level or head up, before standing up."""
        pause_s = level_pause_s(self.meter.deepest_deg, self.meter.since_pause_s)
        return pause_s if self.resting_since_s is None else max(self.resting_since_s + pause_s - self.now_s, 0.0)

    @property
    def moment(self) -> Moment:
        """Now, as the programme and the checklist count time."""
        return moment(self.booking.ledger_s(self.now_s), self.wall_s)

    def limits_of(self, person: str) -> Limits:
        """The tightest of the hard ones, the configuration's and this person's, with the week they have earned."""
        return combine(self.settings.limits, self.people.layer(person, self.moment))

    def serve(self, person: str) -> None:
        """The table is this person's from now on; between sessions only."""
        self.person = person
        self.limits = self.limits_of(person)
        self.limit = self.limits.angle_deg

    def keep_people(self) -> None:
        """Have kept what is known about people; what is newer replaces what waits."""
        if (keep := self.people.keep()) is not None:
            self.keeps.append(keep)

    def event(self, kind: EventKind, message: str, **known: str | int | None) -> None:
        """Leave an event to be published."""
        self.events.append(Event(kind, message, **known))  # type: ignore[arg-type]

    # ---- arming and sessions ----------------------------------------------------------------------------------------

    def arm(self, e: Estimate) -> None:
        """Open the arming window on behalf of a person."""
        self.arming.open(self.hand_s, self.now_s, e.stop_count)
        self.note = ""
        self.machine.fire(Trigger.ARM)

    def disarm(self, e: Estimate | None, why: str) -> None:
        """The arming window closes and the grant goes back."""
        if self.state is not State.ARMED:
            return
        self.note = why
        self.give_back()
        if e is not None:
            self.machine.fire(self.rests(e))

    def give_back(self) -> None:
        """No grant is wanted any more."""
        if self.arming.drop():
            self.orders.append(Order.DISARM)

    def player(self, steps: Sequence[Step], start_deg: float) -> Player:
        """A plan within the limits of rate and acceleration."""
        limits = self.limits
        return Player(steps, start_deg, limits.rate_dps.value, limits.acceleration_dps2.value)

    def begin(self, e: Estimate, preset: str, player: Player | Jog, unit: int, limit: Limit) -> Run:
        """Start a session within the tightest limit; its head-down time is reserved from the first moment."""
        self._sessions += 1
        run = Run(f"{self.random.getrandbits(32):08x}-{self._sessions}", preset, self.person, player, self.now_s)
        self.run = run
        self.limit = tightest(self.limits.angle_deg, limit)
        self.arming.close()
        self.meter.begin()
        self.check_in.begin()
        self.pauses = Pauses()
        self.has_moved = True
        self.note = ""
        limits = self.limits
        day, before_s = limits.day_head_down_s, self.booking.used_before_s(run.person, self.now_s)
        rest = Limit(max(day.value - before_s, 0.0), f"{day.value / 60:.3g} min a day, {day.reason}")
        allowed = tightest(limits.session_head_down_s, rest)
        self.booking.begin(run.id, run.person, unit, e.head_down_s, allowed, self.now_s)
        self.people.begins(run.id, preset, run.person, self.moment)
        self.keep_people()
        self.machine.fire(Trigger.START)
        self.event(EventKind.SESSION_STARTED, f"{preset} started.", session=run.id, preset=preset, person=run.person)
        return run

    def pause(self, e: Estimate, *, let_go: bool = False) -> None:
        """Slow down and hold; head-down time goes on. A button that was let go may be pressed again at once."""
        if self.run is not None and self.state is State.RUNNING:
            self.run.player.hold(e.angle_deg, e.rate_dps)
            self.pauses.begin(self.now_s, None if let_go else self.hand_s)
            self.machine.fire(Trigger.PAUSE)

    def resume(self) -> None:
        """Go on: a plan where it was, a jog when somebody holds the button."""
        run = self.run
        if run is not None:
            if isinstance(run.player, Player):
                run.player.go_on()
            self.note = ""
            self.pauses.end(self.now_s)
            self.machine.fire(Trigger.RESUME)

    def ask(self) -> None:
        """H13: ask the person whether they are well."""
        run = self.run
        if run is not None:
            self.check_in.ask(self.now_s)
            self.event(
                EventKind.CHECK_IN, f"Are you well? Answer with checkin within {ANSWER_S:.0f} s, or the session ends.",
                session=run.id, preset=run.preset, person=run.person,
            )  # fmt: skip

    def end(self, why: str, outcome: str = "interrupted") -> None:
        """The session is over; its head-down time is settled once nobody is head down any more."""
        run, self.run = self.run, None
        self.limit = self.limits.angle_deg
        if run is None:
            return
        self.arming.close()
        self.check_in.end()
        self.ending = (outcome, why)
        self.pauses.end(self.now_s)
        message = f"{run.preset} is done." if outcome == "reached" else f"{run.preset} was interrupted: {why}"
        self.event(
            EventKind.SESSION_ENDED, sentence(message), session=run.id, preset=run.preset, person=run.person,
            outcome=outcome, why=why,
        )  # fmt: skip
        self.people.ends(outcome == "reached" and run.whole, self.meter.session_s > 0.0, self.moment)
        self.keep_people()

    # ---- ending and leading home ------------------------------------------------------------------------------------

    def freeze(self, e: Estimate | None, why: str) -> None:
        """A stop: the session is over and nothing is granted; the unit brakes by itself."""
        self._drop(why)
        self.note = ""
        if self.state is State.ARMED and e is not None:
            self.machine.fire(self.rests(e))
        else:
            self.machine.fire(Trigger.STOP)

    def hold(self, e: Estimate, why: str) -> None:
        """Take the lease back and hold where the table is."""
        self._drop(why)
        self.note = why
        self.orders.append(Order.DISARM)
        self.machine.fire(self.rests(e) if self.state is State.ARMED else Trigger.INTERRUPTED)

    def go_home(self, e: Estimate, why: str) -> None:
        """From the head-down side: the unit leads itself to level."""
        self._drop(why)
        self.note = ""
        self.has_moved = True
        self.urgent.level(self.now_s, e.stop_count)
        self.machine.fire(Trigger.LEVEL)

    def forget_level(self) -> None:
        """F24: what was wished before an emergency stop, or R3, does not come true when that ends."""
        self.urgent.end_level()
        self.home_at_s = None

    def may_go_home(self, e: Estimate) -> bool:
        """Whether the controller may wish level without a person.

        F25, F26: with an ankle lock open or nobody sensed the unit knows best, and would take it for a person's wish.
        The same on R3.
        """
        person = e.occupied and e.ankles_locked and not (e.causes | e.latched) & _PERSON_LOST
        held = e.estop or e.lowering or e.latched & HOLDING
        return e.head_down and person and not (held or e.rung >= Rung.LEVEL)

    def send_home(self, e: Estimate, why: str) -> None:
        """End whatever runs by the controller's own decision: home from the head-down side, hold otherwise."""
        if self.may_go_home(e):
            self.go_home(e, why)
            self.note = why
        else:
            self.hold(e, why)

    def lead_to_level(self, e: Estimate, why: str) -> None:
        """From the head-up side: slow down first, then, with the unit's grant for this live wish, gently to level."""
        slowing = self.run.player if self.run is not None else self.way
        self.end(why)
        self.arming.close()
        if slowing is not None:
            slowing.hold(e.angle_deg, e.rate_dps)
        self.way, self.leading = slowing, True
        self.lead_count = e.stop_count
        self.note = ""
        self.has_moved = True
        self.machine.fire(Trigger.LEVEL)

    def rise(self, e: Estimate) -> None:
        """To standing, slowly, with the stop at −40°."""
        self.give_back()
        self.arming.stop_count = e.stop_count
        self.note = ""
        self.has_moved = True
        self.limit = LEVEL_LIMIT
        self.way = self.player(standing_up(e.angle_deg), e.angle_deg)
        self.machine.fire(Trigger.STAND)

    def arrive(self, trigger: Trigger) -> None:
        """Where `way` or the unit's own return led to: nothing is under way any more."""
        self.way, self.leading = None, False
        self.limit = self.limits.angle_deg
        self.give_back()
        self.machine.fire(trigger)

    def yields(self, e: Estimate, why: str, trigger: Trigger) -> None:
        """The unit acts by itself: whatever was under way here is over."""
        self._drop(why)
        self.machine.fire(trigger)

    def lost(self, why: str) -> None:
        """The link is down: nothing that was granted holds any more. The reservation stays until the unit is back."""
        self._drop(why)
        self.note = why
        self.urgent.lost()
        self.resting_since_s = None
        self.orders.clear()
        self.machine.fire(Trigger.LINK_LOST)

    def _drop(self, why: str) -> None:
        """Nothing is under way and nothing is wanted any more."""
        self.end(why)
        self.way, self.leading = None, False
        self.home_at_s = None
        self.arming.drop()

    def rests(self, e: Estimate) -> Trigger:
        """Where the table rests when nothing is under way."""
        if e.standing:
            return Trigger.RESTS_STANDING
        return Trigger.RESTS_LEVEL if e.at_level and self.has_moved else Trigger.RESTS_ELSEWHERE
