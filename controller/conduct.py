"""How a session is conducted: what begins it, what ends it, and how the state follows what the unit reports.

`follow` brings the state in line with each telemetry; the verbs (`begin`, `freeze`, `go_home`, `hold`, …) are what
wishes and verdicts do. Nothing here writes to the port: orders and events are left in lists for the core to take.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from protocol.messages import CAUSES, Cause, Rung

from .account import GUEST
from .arming import Arming
from .booking import Booking
from .estimator import Estimate
from .limits import DEFAULTS, Limits, combine, guest, level_pause_s
from .meter import Meter
from .model import Event, EventKind, State, Target
from .player import Player
from .presets import Preset, Step
from .refusals import JOG_S
from .safety import FINE, KEEP, LIVE, Order, Outgoing, Verdict
from .session import Machine, Trigger
from .urgent import Urgent

RISE_DPS: Final = 1.5
RISE: Final = (
    Step("to the stop at −40°", -40.0, 20.0, RISE_DPS),
    Step("to standing", -80.0, 0.0, RISE_DPS),
)
"""Standing up: 1.5 °/s with a stop of 20 s at −40° (domain.md, default limits)."""
TO_LEVEL: Final = (Step("to level", 0.0, 0.0, RISE_DPS),)
JOG_TEMPO_PER_S: Final = 1.0
"""A jog at 1 °/s ends within a second and with 1 °/s²."""
UNKNOWN_DEPTH_DEG: Final = 90.0
"""Found lying level, nobody knows what was before: the longest pause is due."""
STEP_LIMIT_S: Final = 0.1
"""The plan goes on by at most this much a step: after a hiccup the table is asked for no jump."""
QUIET: Final = frozenset({Cause.STOPPED, Cause.LEVEL_WISHED, Cause.FROZEN_LONG, Cause.RESTARTED})
"""Causes that are the ordinary course of things, and no faults."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the configuration decides. `time_scales`: which simulated units are acceptable over this port."""

    table: str = "home"
    arm_by_button: bool = False
    local_stop: bool = False
    limits: Limits = field(default_factory=lambda: combine(DEFAULTS, guest()))
    person: str = GUEST
    time_scales: frozenset[int] = frozenset({1})


@dataclass(slots=True)
class Run:
    """The session that runs. `jog` is its direction while somebody holds the button."""

    id: str
    preset: str
    person: str
    player: Player
    since_s: float
    announced: int = -1
    jog: int = 0
    jogged_at_s: float = 0.0


class Conduct:
    """The state of one table, and everything that may change it."""

    def __init__(self, settings: Settings, presets: Mapping[str, Preset], booking: Booking, random: Random) -> None:
        self.settings = settings
        self.presets = presets
        self.booking = booking
        self.random = random
        self.machine = Machine()
        self.arming = Arming(random)
        self.urgent = Urgent()
        self.meter = Meter()
        self.run: Run | None = None
        self.way: Player | None = None
        self.verdict: Verdict = FINE
        self.note = ""
        self.now_s = 0.0
        self.hand_s = 0.0
        self.paused_at_s: float | None = None
        self.paused_since_s: float | None = None
        self.stopped_at_s: float | None = None
        self.level_since_s: float | None = None
        self.went_past_5 = False
        self.known_causes = 0
        self.cause_since_s: dict[Cause, float] = {}
        self.orders: list[Order] = []
        self.events: list[Event] = []
        self._has_moved = False
        self._ending = ("interrupted", "")
        self._sessions = 0

    @property
    def state(self) -> State:
        """What the table is doing."""
        return self.machine.state

    @property
    def pause_left_s(self) -> float:
        """How long the person still has to lie level before standing up."""
        pause_s = level_pause_s(self.meter.deepest_deg, self.meter.since_pause_s)
        return pause_s if self.level_since_s is None else max(self.level_since_s + pause_s - self.now_s, 0.0)

    def event(self, kind: EventKind, message: str, **known: str | int | None) -> None:
        """Leave an event to be published."""
        self.events.append(Event(kind, message, **known))  # type: ignore[arg-type]

    # ---- what wishes and verdicts do --------------------------------------------------------------------------------

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
            self.machine.fire(self._rests(e))

    def give_back(self) -> None:
        """No grant is wanted any more."""
        if self.arming.drop():
            self.orders.append(Order.DISARM)

    def begin(self, e: Estimate, preset: str, player: Player, unit: int) -> Run:
        """Start a session; its head-down time is reserved from the first moment."""
        self._sessions += 1
        run = Run(
            f"{self.random.getrandbits(32):08x}-{self._sessions}", preset, self.settings.person, player, self.now_s
        )
        self.run = run
        self.arming.close()
        self.meter.begin()
        self._has_moved = True
        self.note = ""
        limits = self.settings.limits
        before_s = self.booking.used_before_s(run.person, self.now_s)
        allowed_s = min(limits.session_head_down_s.value, limits.day_head_down_s.value - before_s)
        self.booking.begin(run.id, run.person, unit, e.head_down_s, max(allowed_s, 0.0), self.now_s)
        self.machine.fire(Trigger.START)
        self.event(
            EventKind.SESSION_STARTED, f"{preset} started.", session=run.id, preset=preset, person=run.person
        )  # fmt: skip
        return run

    def pause(self) -> None:
        """Slow down and hold; head-down time goes on."""
        if self.run is not None:
            self.run.player.hold()
            self.paused_at_s, self.paused_since_s = self.hand_s, self.now_s
            self.machine.fire(Trigger.PAUSE)

    def resume(self, skip: bool = False) -> None:
        """Go on where it was, or with the next step."""
        if self.run is not None:
            self.run.player.skip() if skip else self.run.player.go_on()
            self.paused_at_s = self.paused_since_s = None
            self.machine.fire(Trigger.RESUME)

    def freeze(self, e: Estimate | None, why: str) -> None:
        """A stop: the session is over and nothing is granted; the unit brakes by itself."""
        self.end(why)
        self.way = None
        armed = self.state is State.ARMED
        self.arming.drop()
        if armed and e is not None:
            self.machine.fire(self._rests(e))
        else:
            self.machine.fire(Trigger.STOP)

    def go_home(self, e: Estimate) -> None:
        """From the head-down side: the unit leads itself to level."""
        self.arming.drop()
        self.way = None
        self._has_moved = True
        self.urgent.level(self.now_s, e.stop_count)
        self.machine.fire(Trigger.LEVEL)

    def lead_to_level(self, e: Estimate) -> None:
        """From the head-up side: with the person's live wish and the unit's grant, gently to level."""
        if not self.arming.granted or self.arming.stop_count != e.stop_count:
            self.arming.ask(self.now_s, e.stop_count)
        self.arming.close()
        self._has_moved = True
        self.way = Player(TO_LEVEL, e.angle_deg)
        self.machine.fire(Trigger.LEVEL)

    def rise(self, e: Estimate) -> None:
        """To standing, slowly, with the stop at −40°."""
        self.give_back()
        self.arming.stop_count = e.stop_count
        self._has_moved = True
        steps = RISE if e.angle_deg > RISE[0].angle_deg else RISE[1:]
        self.way = Player(steps, e.angle_deg)
        self.machine.fire(Trigger.STAND)

    def hold(self, why: str) -> None:
        """Give the grant back and hold where the table is."""
        self.end(why)
        self.note = why
        self.way = None
        self.give_back()
        self.machine.fire(Trigger.INTERRUPTED)

    def end(self, why: str, outcome: str = "interrupted") -> None:
        """The session is over; its head-down time is settled once nobody is head down any more."""
        run, self.run = self.run, None
        if run is None:
            return
        self.arming.close()
        self._ending = (outcome, why)
        self.paused_at_s = self.paused_since_s = None
        message = f"{run.preset} is done." if outcome == "reached" else f"{run.preset} was interrupted: {why}"
        self.event(
            EventKind.SESSION_ENDED, message, session=run.id, preset=run.preset, person=run.person,
            outcome=outcome, why=why,
        )  # fmt: skip

    def lost(self, why: str) -> None:
        """The link is down: nothing that was granted holds any more. The reservation stays until the unit is back."""
        self.end(why)
        self.note = why
        self.arming.drop()
        self.urgent.forget()
        self.way = None
        self.level_since_s = None
        self.orders.clear()
        self.machine.fire(Trigger.LINK_LOST)

    # ---- what telemetry means ---------------------------------------------------------------------------------------

    def follow(self, e: Estimate) -> None:
        """Bring the state in line with fresh telemetry."""
        if e.causes | e.latched != self.known_causes:
            self._note_causes(e.causes | e.latched)
        self._note_place(e)
        if self.state is State.OFFLINE:
            self._found(e)
        if self.urgent.hear(e.stop_count, self.now_s):
            self.freeze(e, "stopped at the table")
        granted = self.arming.hear(e.armed, self.now_s)
        if self.state is State.ARMED:
            remaining_s = self.arming.remaining_s(self.hand_s)
            if not granted:
                self.disarm(e, "The tilt unit did not grant motion, or took it back. Arm again.")
            elif remaining_s is not None and remaining_s <= 0:
                self.disarm(e, "The arming window closed without a start.")
        self._follow_unit(e, granted)
        if self.run is None and self.booking.session is not None and not (e.head_down or e.moving):
            self.booking.settle(self.meter.session_s, e.head_down_s, *self._ending, self.now_s)

    def _follow_unit(self, e: Estimate, granted: bool) -> None:
        """The unit's own reactions lead; where it rests, so does the state."""
        if e.rung >= Rung.BLIND_LEVEL or (e.latched and not e.moving and e.rung != Rung.LEVEL):
            self._yield(f"a fault: {self.gravest(e)}", Trigger.FAULT)
        elif e.rung == Rung.LEVEL:
            self._has_moved = True
            self._yield(f"the tilt unit returned: {self.gravest(e)}", Trigger.UNIT_RETURNS)
        elif self.state is State.FAULT:
            self.machine.fire(self._rests(e))
        elif self.state is State.RETURNING and not self.urgent.levelling:
            self._follow_return(e, granted)
        elif self.state is State.RISING:
            if self.way is not None and self.way.finished and not e.moving and e.standing:
                self.way = None
                self.machine.fire(Trigger.RESTS_STANDING)
        elif self.state is State.RUNNING:
            self._follow_run(e)
        elif self.state is State.FROZEN and not e.moving and not e.frozen and (e.at_level or e.standing):
            self.machine.fire(self._rests(e))

    def _yield(self, why: str, trigger: Trigger) -> None:
        """The unit acts by itself: whatever was under way here is over."""
        self.end(why)
        self.urgent.end_level()
        self.arming.drop()
        self.way = None
        self.machine.fire(trigger)

    def _follow_return(self, e: Estimate, granted: bool) -> None:
        """On the way home: arrived, or stuck on it."""
        if e.at_level and not e.moving and (self.way is None or self.way.finished):
            self.way = None
            self.give_back()
            self.machine.fire(Trigger.RESTS_LEVEL)
        elif self.way is None and not (e.moving or e.head_down or e.at_level):
            self.machine.fire(Trigger.INTERRUPTED)
        elif self.way is not None and not granted:
            self.hold("The tilt unit did not grant the way to level, or took it back.")

    def _follow_run(self, e: Estimate) -> None:
        """A session that has played to its end is over where the table rests."""
        run = self.run
        if run is None or not run.player.finished or e.moving:
            return
        self.end("the plan was played to its end", "reached")
        self.give_back()
        self.machine.fire(Trigger.FINISHED if e.at_level else self._rests(e))

    def _found(self, e: Estimate) -> None:
        """A unit was found; at rest somewhere, or busy returning by itself."""
        self._has_moved = False
        if e.standing:
            self.machine.fire(Trigger.FOUND_STANDING)
        else:
            self.meter.deepest_deg = UNKNOWN_DEPTH_DEG
            self.machine.fire(Trigger.FOUND_ELSEWHERE)

    def _rests(self, e: Estimate) -> Trigger:
        """Where the table rests when nothing is under way."""
        if e.standing:
            return Trigger.RESTS_STANDING
        return Trigger.RESTS_LEVEL if e.at_level and self._has_moved else Trigger.RESTS_ELSEWHERE

    def _note_place(self, e: Estimate) -> None:
        """Since when the person lies level, and whether it went beyond 5° since standing."""
        if not e.at_level or e.moving:
            self.level_since_s = None
        elif self.level_since_s is None:
            self.level_since_s = self.now_s
        if e.worst_deg > 5.0:
            self.went_past_5 = True
        elif e.standing:
            self.went_past_5 = False
            self.meter.rested()

    def _note_causes(self, known: int) -> None:
        """Events for causes that came and went."""
        self.known_causes = known
        for cause, fact in CAUSES.items():
            came, went = known & cause and cause not in self.cause_since_s, not known & cause
            if came:
                self.cause_since_s[cause] = self.now_s
            elif not went or self.cause_since_s.pop(cause, None) is None:
                continue
            if cause not in QUIET:
                kind = EventKind.FAULT if came else EventKind.FAULT_CLEARED
                self.event(kind, sentence(fact.meaning), code=cause_code(cause))

    def gravest(self, e: Estimate) -> str:
        """The gravest cause in words."""
        known = [fact for cause, fact in CAUSES.items() if (e.causes | e.latched) & cause]
        return max(known, key=lambda fact: fact.rung).meaning if known else "unknown"

    # ---- what to do next --------------------------------------------------------------------------------------------

    def play(self, e: Estimate, elapsed_s: float) -> Outgoing:
        """The order of this step: the next target of what is under way, or none."""
        run = self.run
        if run is not None and self.state in LIVE:
            if run.jog and self.hand_s - run.jogged_at_s > JOG_S:
                run.jog = 0
                run.player.hold()
            if not self.arming.granted:
                return KEEP
            target = run.player.advance(min(elapsed_s, STEP_LIMIT_S))
            if run.player.index != run.announced:
                self._announce(run)
            return Outgoing(Order.MOVE, target)
        if self.way is not None and (self.state is State.RISING or self.arming.granted):
            return Outgoing(Order.MOVE, self.way.advance(min(elapsed_s, STEP_LIMIT_S)))
        if self.state is State.RISING and e.standing:
            return Outgoing(Order.MOVE, Target(-80.0, 0.0))
        return KEEP

    def _announce(self, run: Run) -> None:
        run.announced = run.player.index
        self.event(
            EventKind.STEP, f"{sentence(run.player.label)}", session=run.id, preset=run.preset, person=run.person,
            step=run.announced + 1, label=run.player.label,
        )  # fmt: skip


def cause_code(cause: Cause) -> str:
    """A cause as a word for machines."""
    return str(cause.name).lower()


def sentence(words: str) -> str:
    """Words as a sentence."""
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
