"""The natural way of the data, as one pure step: bytes → messages → estimate → assess → session → gate → bytes.

`Core` has no I/O and no clock. Two times go in: `now_s` is the clock of control, which the table shares; `hand_s` is
the clock of human hands (arming window, one-second rule, heartbeats). They differ only when a simulation runs faster
than time.
"""

from collections.abc import Iterable, Mapping
from math import inf
from random import Random
from typing import Final, NamedTuple

from protocol.link import STOP_FRAME, HostLink
from protocol.messages import Identity, Rung, Telemetry

from .account import LedgerFailed, Reconciled, Reserved, Settled
from .booking import Booking, Request
from .conduct import Conduct, Settings
from .estimator import Estimate, Estimator
from .model import Answer, Event, EventKind, State, Unreadable, Wish
from .presets import Preset
from .safety import FINE, LIVE, Action, Circumstances, Order, Outgoing, Permit, assess, gate
from .wishes import Desk

LINK_DOWN_S: Final = 2.0
"""Without telemetry for as long as the unit waits for us (safety.md, lease and stop), the link counts as down."""
MAX_PAUSE_S: Final = 120.0
"""Chosen: a pause is for adjusting something; after two minutes the way is home."""


class BrokerStatus(NamedTuple):
    """Whether wishes can arrive, and a sentence about it."""

    up: bool
    message: str


class PortLost(NamedTuple):
    """The port is closed or gone; a sentence."""

    message: str


class Leave(NamedTuple):
    """The daemon wants to end: level first from the head-down side, hold otherwise."""


Input = Wish | Unreadable | BrokerStatus | Reserved | Settled | Reconciled | LedgerFailed | PortLost | Leave


class Output(NamedTuple):
    """What one step wants done: bytes for the port, answers and events to publish, requests to the ledger."""

    data: bytes
    answers: list[Answer]
    events: list[Event]
    requests: list[Request]


class Core:
    """One table's controller. `step` is called whenever bytes, wishes or a deadline arrive."""

    def __init__(self, settings: Settings, presets: Mapping[str, Preset], booking: Booking, seed: int) -> None:
        random = Random(seed)
        self.settings = settings
        self.link = HostLink(random.getrandbits(32))
        self.conduct = Conduct(settings, presets, booking, random)
        self.desk = Desk(self.conduct)
        self.estimate: Estimate | None = None
        self.broker = BrokerStatus(False, "Not connected to the MQTT broker yet.")
        self.connects = 0
        self.heard_s: float | None = None
        self._estimator = Estimator()
        self._presses = 0
        self._broker_lost_s: float | None = -inf
        self._told = FINE

    def step(self, now_s: float, hand_s: float, data: bytes, inputs: Iterable[Input] = ()) -> Output:
        """Take what arrived, decide, and say what goes out. Times in seconds; neither ever goes back."""
        conduct = self.conduct
        before_s = conduct.now_s
        conduct.now_s, conduct.hand_s = now_s, hand_s
        answers: list[Answer] = []
        fresh = self._hear(data, answers)
        for given in inputs:
            self._take(given, answers)
        if fresh and self.estimate is not None:
            conduct.follow(self.estimate)
        self._judge()
        data = self._speak(fresh, now_s - before_s)
        output = Output(data, answers, conduct.events, conduct.booking.requests)
        if conduct.events:
            conduct.events = []
        if conduct.booking.requests:
            conduct.booking.requests = []
        return output

    @property
    def safe_to_leave(self) -> bool:
        """Whether the daemon may end without leaving a motion or a head-down person to the unit alone."""
        e = self.estimate
        return e is None or not (e.head_down or e.moving) or e.rung == Rung.HOLD

    # ---- in ---------------------------------------------------------------------------------------------------------

    def _hear(self, data: bytes, answers: list[Answer]) -> bool:
        """Bytes to messages to estimate; whether there is fresh telemetry."""
        conduct, fresh = self.conduct, False
        for message in self.link.receive(data, conduct.now_s):
            if isinstance(message, Telemetry):
                e = self.estimate = self._estimator.take(message, conduct.now_s)
                self._count(e)
                fresh = True
                if e.arm_presses != self._presses:
                    self._presses = e.arm_presses
                    answers.append(self.desk.button(e))
            elif isinstance(message, Identity):
                fresh = False
                self._meet(message)
        if self.estimate is not None and self.link.identity is None:
            self._lose("The tilt unit restarted.")
        if self.heard_s is not None and conduct.now_s - self.heard_s > LINK_DOWN_S:
            self._lose("The tilt unit stopped answering; check its cable and power.")
        return fresh

    def _count(self, e: Estimate) -> None:
        """Head-down time since the last telemetry: a gap counts in full, an unknown angle as the steepest."""
        conduct = self.conduct
        now_s = conduct.now_s
        if self.heard_s is None:
            self._presses = e.arm_presses
            conduct.booking.connected(self.desk.unit, e.head_down_s, now_s)
        elif e.trusted:
            conduct.meter.count(e.worst_deg, now_s - self.heard_s)
        else:
            conduct.meter.count(90.0 if e.head_down else 0.0, now_s - self.heard_s)
        self.heard_s = now_s
        if conduct.booking.session is not None:
            conduct.booking.follow(conduct.meter.session_s, now_s)

    def _meet(self, identity: Identity) -> None:
        """A unit answered our greeting; one that restarted has not yet."""
        if not identity.session:
            return
        if identity.time_scale not in self.settings.time_scales:
            self._lose(f"The tilt unit runs {identity.time_scale} times faster than time; no real one does.")
        else:
            self.connects += 1
            self.desk.unit = identity.unit
            self.conduct.note = ""

    def _lose(self, why: str) -> None:
        """The link is down: nothing of what was believed or granted holds any more."""
        if self.estimate is not None:
            self.conduct.event(EventKind.LINK_LOST, why)
        self.conduct.lost(why)
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
            if self.broker.up and not given.up:
                self.conduct.event(EventKind.BROKER_LOST, given.message)
            if given.up or self._broker_lost_s is None:
                self._broker_lost_s = None if given.up else self.conduct.now_s
            self.broker = given
        elif isinstance(given, Reserved):
            booking.granted(given.session, given.total_s, given.account)
        elif isinstance(given, Settled | Reconciled):
            booking.account = given.account
        elif isinstance(given, LedgerFailed):
            booking.failed = given.message
        elif isinstance(given, PortLost):
            self._lose(given.message)
        elif self.estimate is not None:
            self._leave(self.estimate)

    def _leave(self, e: Estimate) -> None:
        self.conduct.end("the controller was stopped")
        if e.head_down and not e.estop and e.rung < Rung.LEVEL:
            self.conduct.go_home(e)
        elif not e.head_down:
            self.conduct.hold("the controller was stopped")

    # ---- the first door ---------------------------------------------------------------------------------------------

    def _judge(self) -> None:
        """Assess, and let the session react."""
        conduct, e = self.conduct, self.estimate
        if e is None or self.heard_s is None:
            conduct.verdict = FINE
            return
        now_s, limits, used_s = conduct.now_s, self.settings.limits, conduct.meter.session_s
        session_left_s = day_left_s = limits.session_head_down_s.value
        if conduct.booking.session is not None:
            session_left_s -= used_s
            day_left_s = limits.day_head_down_s.value - used_s
            day_left_s -= conduct.booking.used_before_s(self.settings.person, now_s)
        conduct.verdict = assess(
            e,
            Circumstances(
                state=conduct.state,
                age_s=now_s - self.heard_s,
                limit=limits.angle_deg,
                continuous_left_s=conduct.meter.continuous_left_s(),
                session_left_s=session_left_s if session_left_s < day_left_s else day_left_s,
                session_limit=limits.session_head_down_s if session_left_s < day_left_s else limits.day_head_down_s,
                reserved_left_s=conduct.booking.left_s(used_s),
                broker_down_s=-1.0 if self._broker_lost_s is None else now_s - self._broker_lost_s,
                local_stop=self.settings.local_stop,
                ledger_failed=conduct.booking.failed,
                wants_grant=conduct.arming.wanted,
                granted=conduct.arming.hear(e.armed, now_s),
            ),
        )
        self._react(e)

    def _react(self, e: Estimate) -> None:
        """What a verdict does to the session: hold it, or end it, home from the head-down side."""
        conduct = self.conduct
        action, code, message = conduct.verdict
        state = conduct.state
        if state in LIVE:
            if action is Action.NONE and conduct.paused_since_s is not None:
                if conduct.now_s - conduct.paused_since_s > MAX_PAUSE_S:
                    self._send_home(e, "The pause lasted for two minutes.")
            elif action is not Action.NONE and code != self._told.code:
                conduct.event(EventKind.LIMIT, message, code=code)
            if action is Action.HOME:
                self._send_home(e, message)
            elif action is Action.HOLD and state is State.RUNNING:
                conduct.note = message
                conduct.pause()
        elif action is Action.HOME and state is State.ARMED:
            conduct.disarm(e, message)
        elif action is Action.HOME and conduct.way is not None:
            conduct.hold(message)
        self._told = conduct.verdict

    def _send_home(self, e: Estimate, why: str) -> None:
        """End the session: home from the head-down side unless the unit is at it already, hold otherwise."""
        conduct = self.conduct
        conduct.end(why)
        conduct.note = why
        if e.head_down and not e.estop and e.rung < Rung.LEVEL:
            conduct.go_home(e)
        else:
            conduct.hold(why)

    # ---- the second door --------------------------------------------------------------------------------------------

    def _speak(self, fresh: bool, elapsed_s: float) -> bytes:
        """One control frame for each telemetry, urgent ones at any time; everything past the gate."""
        conduct, link = self.conduct, self.link
        now_s, urgent = conduct.now_s, conduct.urgent
        frames = [STOP_FRAME] if urgent.stop_due(now_s) else []
        e = self.estimate
        if e is None:
            frames.append(link.greet(now_s))
            return b"".join(frames)
        limit_deg = self.settings.limits.angle_deg.value
        left_s = conduct.booking.left_s(conduct.meter.session_s)
        permit = Permit(conduct.state, conduct.verdict.action, limit_deg, left_s)
        if urgent.levelling:
            count = urgent.level_due(now_s)
            if count is not None:
                frames.append(link.level(count))
        if conduct.arming.due(now_s):
            conduct.orders.append(Order.ARM)
        frames.extend(self._write(gate(Outgoing(order), e, permit), limit_deg) for order in conduct.orders)
        conduct.orders.clear()
        if fresh:
            frames.append(self._write(gate(conduct.play(e, elapsed_s), e, permit), limit_deg))
        return b"".join(frames)

    def _write(self, out: Outgoing, limit_deg: float) -> bytes:
        """An order that has passed the gate, as a frame."""
        link, stop_count = self.link, self.conduct.arming.stop_count
        if out.target is not None:
            return link.setpoint(stop_count, out.target.angle_deg, out.target.rate_dps, limit_deg)
        if out.order is Order.ARM:
            return link.arm(stop_count)
        if out.order is Order.DISARM:
            return link.disarm()
        if out.order is Order.ACKNOWLEDGE:
            return link.acknowledge()
        return link.keepalive()
