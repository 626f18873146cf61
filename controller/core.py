"""The natural way of the data, as one pure step: bytes → messages → estimate → assess → session → gate → bytes.

`Core` has no I/O and no clock. Two times go in: `now_s` is the clock of control, which the table shares; `hand_s` is
the clock of human hands (arming window, one-second rule, heartbeats). They differ only when a simulation runs faster
than time.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from random import Random
from typing import Final, NamedTuple

from protocol.link import HostLink
from protocol.messages import VERSION, Identity, Rung, Telemetry

from .account import LedgerFailed, Reconciled, Reserved, Settled
from .booking import Booking, Request
from .child_lock import ChildLock, Kept
from .conduct import Conduct, Settings
from .estimator import Estimate, Estimator
from .follow import Follow
from .gap import UNKNOWN_DEG, Heard, head_down
from .judge import Judge
from .model import Answer, Event, EventKind, Forget, Keep, NotKept, Show, Undiscover, Unreadable, Verb, Wish
from .own_presets import NONE, Own
from .people import People
from .presets import Preset
from .speaker import Speaker
from .wishes import Desk

LINK_DOWN_S: Final = 2.0
"""Without telemetry for as long as the unit waits for us (safety.md, lease and stop), the link counts as down."""


class BrokerStatus(NamedTuple):
    """Whether wishes can arrive, and a sentence about it. It holds for `lease_s`, by the clock of hands."""

    up: bool
    message: str
    lease_s: float = inf


BROKER_SILENT: Final = BrokerStatus(False, "The part of the controller that talks to the broker does not answer.")
"""F20: nobody renewed what was known of the broker."""


class HeldUp(NamedTuple):
    """F21: the way through the broker was blocked for a while; what was meant then may still come."""


class PortLost(NamedTuple):
    """The port is closed or gone; a sentence."""

    message: str


class Today(NamedTuple):
    """What the wall clock shows, Unix seconds. Control never asks it; what is asked for again after months does."""

    wall_s: float


class Leave(NamedTuple):
    """The daemon wants to end: level first from the head-down side, hold otherwise."""


Input = (
    Wish
    | Unreadable
    | BrokerStatus
    | HeldUp
    | Reserved
    | Settled
    | Reconciled
    | LedgerFailed
    | NotKept
    | PortLost
    | Today
    | Leave
)


class Output(NamedTuple):
    """What one step wants done: bytes for the port, answers and events to publish, requests to the disk."""

    data: bytes
    answers: Sequence[Answer]
    events: Sequence[Event]
    requests: Sequence[Request | Keep | Show | Forget | Undiscover]


NOTHING: Final = Output(b"", (), (), ())
"""What most steps want done."""


class Core:
    """One table's controller. `step` is called whenever bytes, wishes or a deadline arrive.

    `heard_s`: when telemetry came that counts, None while there is no link; `answered_s`: when the unit said anything.
    """

    def __init__(
        self,
        settings: Settings,
        presets: Mapping[str, Preset],
        booking: Booking,
        seed: int,
        lock: Kept | None = None,
        own: Own = NONE,
        people: People | None = None,
    ) -> None:
        random = Random(seed)
        self.settings = settings
        self.link = HostLink(random.getrandbits(32))
        self.conduct = Conduct(settings, presets, booking, random, ChildLock(random, lock), own, people)
        self.desk = Desk(self.conduct, presets)
        self.estimate: Estimate | None = None
        self.broker = BrokerStatus(False, "Not connected to the MQTT broker yet.")
        self.connects = 0
        self.heard_s: float | None = None
        self._last: Heard | None = None
        self._unit_ms = 0
        self.answered_s = -inf
        self._refused = ""
        self._met = 0
        self._gap_s = 0.0
        self._follow = Follow(self.conduct)
        self._judge = Judge(self.conduct)
        self._speaker = Speaker(self.conduct, self.link)
        self._estimator = Estimator()
        self._presses = 0
        self._broker_lost_s: float | None = -inf
        self._broker_until_s = inf
        self._take_broker(self.broker)

    def step(
        self, now_s: float, hand_s: float, data: bytes, inputs: Iterable[Input] = (), lane_frames: int = 0
    ) -> Output:
        """Take what arrived, decide, and say what goes out. Times in seconds; neither ever goes back.

        `lane_frames`: how many stop frames the stop lane has written in all. One whose wish is missing is a stop, too.
        """
        conduct = self.conduct
        conduct.now_s, conduct.hand_s = now_s, hand_s
        answers: list[Answer] = []
        fresh = self._hear(data, answers)
        for given in inputs:
            self._take(given, answers)
        if lane_frames > conduct.urgent.lane_frames:
            self.desk.always.stop(Wish(Verb.STOP, sent=lane_frames), self.estimate)
        if hand_s > self._broker_until_s:
            self._take_broker(BROKER_SILENT)
        e = self.estimate
        if e is not None:
            if fresh:
                self._follow.take(e)
            age_s = now_s - self.heard_s if self.heard_s is not None else 0.0
            broker_down_s = -1.0 if self._broker_lost_s is None else now_s - self._broker_lost_s
            self._judge.judge(e, max(age_s, self._gap_s), broker_down_s)
            if conduct.home_at_s is not None:
                self.desk.always.follow_up(e)
        if conduct.alarm or conduct.urgent.stopping_since_s is not None:
            self._judge.watch_stop()
        data = self._speaker.speak(e, fresh)
        events: Sequence[Event] = conduct.events
        if events:
            conduct.events = []
        requests: Sequence[Request | Keep | Show | Forget | Undiscover] = conduct.booking.requests
        if requests:
            conduct.booking.requests = []
        if conduct.keeps:
            requests, conduct.keeps = [*requests, *conduct.keeps], []
        if not (data or answers or events or requests):
            return NOTHING
        return Output(data, answers, events or (), requests or ())

    @property
    def safe_to_leave(self) -> bool:
        """Whether the daemon may end without leaving a motion or a head-down person to the unit alone."""
        e = self.estimate
        return e is None or not (e.head_down or e.moving) or e.rung == Rung.HOLD

    # ---- in ---------------------------------------------------------------------------------------------------------

    def _hear(self, data: bytes, answers: list[Answer]) -> bool:
        """Bytes to messages to estimate; whether there is fresh telemetry."""
        now_s, fresh = self.conduct.now_s, False
        self._gap_s = 0.0
        for message in self.link.receive(data, now_s):
            self.answered_s = now_s
            if isinstance(message, Telemetry):
                if not self._refused:
                    e = self.estimate = self._estimator.take(message, now_s)
                    self._unit_ms = message.time_ms
                    self._count(e, now_s)
                    fresh = True
                    if e.arm_presses != self._presses:
                        self._presses = e.arm_presses
                        answers.append(self.desk.button(e))
            elif isinstance(message, Identity):
                fresh = False
                self._meet(message)
        if self.estimate is not None and self.link.identity is None:
            self._lose("The tilt unit restarted.")
        if self.heard_s is not None and now_s - self.heard_s > LINK_DOWN_S:
            self._lose("The tilt unit stopped answering; check its cable and power.")
        return fresh

    def _count(self, e: Estimate, now_s: float) -> None:
        """Head-down time since the last telemetry: a gap counts in full, an unknown angle as the steepest."""
        meter, booking = self.conduct.meter, self.conduct.booking
        if self.heard_s is None:
            self._presses = e.arm_presses
            self._count_gap(e, now_s)
            booking.connected(self.desk.unit, e.head_down_s, now_s)
        else:
            gap_s = now_s - self.heard_s
            if gap_s > self._gap_s:
                self._gap_s = gap_s
            meter.count(_worst_deg(e), gap_s)
        self.heard_s = self.conduct.heard_s = now_s
        if self.conduct.run is not None:
            booking.follow(meter.session_s, now_s)

    def _count_gap(self, e: Estimate, now_s: float) -> None:
        """Head-down time while the link was down."""
        last, self._last = self._last, None
        if last is not None:
            self.conduct.meter.count(*head_down(last, self._heard(e, now_s)))

    def _heard(self, e: Estimate, at_s: float) -> Heard:
        return Heard(at_s, _worst_deg(e), e.head_down_s, self._unit_ms, self.desk.unit)

    def _meet(self, identity: Identity) -> None:
        """A unit answered our greeting; one that restarted has not yet."""
        if not identity.session:
            return
        self._refused = ""
        if identity.protocol != VERSION:
            self._refused = f"The tilt unit speaks version {identity.protocol} of the protocol, not {VERSION}."
        elif identity.time_scale not in self.settings.time_scales:
            self._refused = f"The tilt unit runs {identity.time_scale} times faster than time; no real one does."
        if identity.session != self._met:  # a unit of another version answers every greeting
            self._met = identity.session
            self.connects += 1
        self.desk.unit = identity.unit << 16 | identity.memory  # for the ledger one that forgot its counts is another
        self.conduct.note = self._refused

    def _lose(self, why: str) -> None:
        """F4: the link is down; nothing of what was believed or granted holds any more."""
        if self.estimate is not None:
            self.conduct.event(EventKind.LINK_LOST, why)
        self.conduct.lost(why)
        if (e := self.estimate) is not None and self.heard_s is not None:
            self._last = self._heard(e, self.heard_s)
        self.estimate = None
        self.heard_s = None
        self._estimator = Estimator()
        self.link.reset()

    def _take(self, given: Input, answers: list[Answer]) -> None:
        """One thing that did not come from the port."""
        booking = self.conduct.booking
        if isinstance(given, Wish):
            answers.append(self.desk.take(given, self.estimate))
        elif isinstance(given, Unreadable):
            answers.append(self.desk.unreadable(given, self.estimate))
        elif isinstance(given, BrokerStatus):
            self._take_broker(given)
        elif isinstance(given, HeldUp):
            self.conduct.disarm(self.estimate, "The arming window closed: commands were held up on their way.")
        elif isinstance(given, Reserved):
            booking.granted(given.session, given.total_s, given.account)
        elif isinstance(given, Settled):
            booking.account = given.account
        elif isinstance(given, Reconciled):
            booking.compared(given.account)
        elif isinstance(given, LedgerFailed):
            if not booking.failed:
                self.conduct.event(EventKind.FAULT, given.message, code="ledger")
            booking.fail(given.message)
        elif isinstance(given, NotKept):
            self.conduct.event(EventKind.FAULT, given.message, code=given.file)
        elif isinstance(given, PortLost):
            self._lose(given.message)
        elif isinstance(given, Today):
            self.conduct.wall_s = given.wall_s
        else:
            self.conduct.leaving = True
            if self.estimate is not None:
                self.conduct.send_home(self.estimate, "the controller was stopped")

    def _take_broker(self, status: BrokerStatus) -> None:
        """The broker came, or went, or is still gone."""
        if self.broker.up and not status.up:
            self.conduct.event(EventKind.BROKER_LOST, status.message)
            # F21: also with a local stop. Who pressed start while it was gone has it delivered when it is back.
            self.conduct.disarm(self.estimate, f"The arming window closed: {status.message}")
        if status.up:
            self._broker_lost_s = None
        elif self._broker_lost_s is None:
            self._broker_lost_s = self.conduct.now_s
        self.broker = status
        self._broker_until_s = self.conduct.hand_s + status.lease_s
        self.conduct.broker_gone = "" if status.up or self.settings.local_stop else status.message


def _worst_deg(e: Estimate) -> float:
    """The angle that head-down time counts at: an unknown one as the steepest."""
    return e.worst_deg if e.trusted else UNKNOWN_DEG if e.head_down else 0.0
