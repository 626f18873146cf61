"""A controller with a tilt unit that does at once what it is told: no physics, no noise, one step at a time.

The unit keeps only the rules that the controller can see: grant, lease, stop count, freeze, and a return at 3 °/s.
Tests set its fields to whatever a unit may report.
"""

from copy import deepcopy
from functools import cache

from controller.account import Account, Reconciled, Reserved, Settled
from controller.booking import Booking, Reconcile, Reserve, Settle
from controller.conduct import Settings
from controller.core import BrokerStatus, Core, Input, Output
from controller.model import Answer, Event, EventKind, State, Verb, Wish
from controller.people import People
from controller.presets import bundled
from protocol.framing import Deframer
from protocol.link import frame
from protocol.messages import (
    Acknowledge,
    Arm,
    Cause,
    Disarm,
    Flag,
    Hello,
    HostMessage,
    Identity,
    Keepalive,
    Level,
    Rung,
    Setpoint,
    Stop,
    Telemetry,
    unpack_from_host,
)

PERSON = Flag.OCCUPIED | Flag.ANKLES_LOCKED
STEP_S = 0.02
HOST_LIVE, TRUSTED, ESTOP, LOWERING = int(Flag.HOST_LIVE), int(Flag.TRUSTED), int(Flag.ESTOP), int(Flag.LOWERING)
ARMED, FROZEN, HEAD_DOWN_SIDE, MOVING = int(Flag.ARMED), int(Flag.FROZEN), int(Flag.HEAD_DOWN_SIDE), int(Flag.MOVING)
STOPPED, LEVEL_WISHED = int(Cause.STOPPED), int(Cause.LEVEL_WISHED)
PRESETS = dict(bundled())


class Unit:
    """What the unit is and reports. `moves` false: it takes setpoints but stands still."""

    def __init__(self, angle_deg: float) -> None:
        self.angle_deg = angle_deg
        self.bed_off_deg = self.drive_off_deg = 0.0
        self.rate_dps = 0.0
        self.person = PERSON
        self.trusted = self.host_live = True
        self.estop = self.lowering = False
        self.armed = self.frozen = False
        self.grants = self.levels = self.moves = True
        self.causes = self.latched = 0
        self.rung: Rung | None = None
        self.stop_count = 40
        self.head_down_s = 0.0
        self.arm_presses = 0
        self.nonce = 1000
        self.identity = Identity(1, 0, 1, 0, 0, 1, 1, 77, 1, 9, 6000, 300)
        self.heard: list[HostMessage] = []
        self.out = b""
        self._deframer = Deframer()
        self._setpoint: Setpoint | None = None
        self._leased_s = 0.0

    @property
    def returning(self) -> bool:
        return int(self.causes) & LEVEL_WISHED != 0

    def place(self, angle_deg: float) -> None:
        """It stands here now, at rest, disarmed."""
        self.angle_deg, self.rate_dps = angle_deg, 0.0
        self.armed, self._setpoint = False, None

    def restart(self) -> bytes:
        """It was reset: disarmed, with another stop count and other nonces. What it says first."""
        self.place(self.angle_deg)
        self.stop_count, self.nonce, self.frozen, self.causes = 777, self.nonce + 30_000, False, 0
        return frame(self.identity)

    def receive(self, data: bytes) -> list[HostMessage]:
        """Obey; the messages in these bytes."""
        messages = [unpack_from_host(payload) for payload in self._deframer.feed(data) if isinstance(payload, bytes)]
        for message in messages:
            self._obey(message)
        self.heard += messages
        return messages

    def _obey(self, message: HostMessage) -> None:
        if isinstance(message, Hello):
            self.armed = False
            self.out += frame(self.identity._replace(session=message.session))
        elif isinstance(message, Stop):
            self.stop_count += 1
            self.armed, self._setpoint, self.frozen = False, None, True
            self.causes &= ~Cause.LEVEL_WISHED
        elif isinstance(message, Disarm):
            self.armed, self._setpoint = False, None
        elif isinstance(message, Acknowledge):
            self.latched &= self.causes
        elif isinstance(message, Arm | Level | Setpoint) and message.stop_count == self.stop_count:
            self._obey_live(message)

    def _obey_live(self, message: Arm | Level | Setpoint) -> None:
        if isinstance(message, Level):
            self.armed, self._setpoint, self.frozen = False, None, False
            if self.levels and self.angle_deg > 1.5:
                self.causes |= Cause.LEVEL_WISHED
        elif isinstance(message, Setpoint):
            if self.armed or message.target_deg <= self.angle_deg + 0.5:
                self._setpoint, self._leased_s, self.frozen = message, 0.5, False
        elif self.grants:
            self.armed, self.frozen = True, False

    def advance(self, seconds: float) -> None:
        """Time goes on."""
        before_deg = self.angle_deg
        self._leased_s -= seconds
        if self._setpoint is not None and self._leased_s < 0.0:
            self.armed, self._setpoint = False, None
        if self.returning:
            self.angle_deg = max(self.angle_deg - 3.0 * seconds, 0.0)
            if self.angle_deg == 0.0:
                self.causes &= ~Cause.LEVEL_WISHED
        elif self._setpoint is not None and self.moves:
            self.angle_deg = self._setpoint.target_deg
        self.rate_dps = (self.angle_deg - before_deg) / seconds if seconds else 0.0
        self.head_down_s += seconds if self.angle_deg > 5.0 else 0.0

    def telemetry(self, now_s: float) -> bytes:
        """What it reports now."""
        self.nonce += 1
        flags = (
            int(self.person)
            | self.host_live * HOST_LIVE
            | self.trusted * TRUSTED
            | self.estop * ESTOP
            | self.lowering * LOWERING
        )
        flags |= self.armed * ARMED | self.frozen * FROZEN | (self.angle_deg > 0.0) * HEAD_DOWN_SIDE
        flags |= (abs(self.rate_dps) >= 0.2) * MOVING
        causes = int(self.causes) | self.frozen * STOPPED
        rung = self.rung if self.rung is not None else 2 if causes & LEVEL_WISHED else min(causes, 1)
        message = Telemetry(
            self.nonce & 0xFFFF, round(now_s * 1000), self.stop_count, round(self.angle_deg * 100),
            round((self.angle_deg + self.bed_off_deg) * 100), round((self.angle_deg + self.drive_off_deg) * 100),
            round(self.rate_dps * 100), flags, rung,
            causes, self.latched, int(self.head_down_s), 0, 5, 0, 128, self.arm_presses,
        )  # fmt: skip
        data, self.out = self.out + frame(message), b""
        return data


class Rig:
    """Core and unit. `hand_s` goes on with `now_s` unless a test moves it. `recording` false: the ledger is silent.

    `lane_frames`: how many frames the stop lane has written.
    """

    def __init__(
        self,
        angle_deg: float = -80.0,
        settings: Settings | None = None,
        account: Account | None = None,
        people: People | None = None,
        ledger_s: float = 0.0,
    ) -> None:
        self._account = account or Account()
        self.core = Core(settings or Settings(), PRESETS, Booking(self._account, ledger_s), 7, people=people)
        self.unit = Unit(angle_deg)
        self.now_s = 100.0
        self.hand_s = 5000.0
        self.recording = True
        self.lane_frames = 0
        self.answers: list[Answer] = []
        self.events: list[Event] = []
        self.requests: list[object] = []
        self.sent: list[HostMessage] = []
        self._next: list[Input] = []
        self.step(BrokerStatus(True, ""))
        self.run(0.2)

    @property
    def state(self) -> State:
        return self.core.conduct.state

    def step(
        self, *inputs: Input, seconds: float = STEP_S, deaf: bool = False, mute: bool = False, raw: bytes = b""
    ) -> Output:
        """One step of 20 ms. `deaf`: the telemetry is lost; `mute`: what the controller says is lost."""
        self.now_s += seconds
        self.hand_s += seconds
        self.unit.advance(seconds)
        data = self.unit.telemetry(self.now_s)
        given, self._next = [*self._next, *inputs], []
        output = self.core.step(self.now_s, self.hand_s, raw or (b"" if deaf else data), given, self.lane_frames)
        self.sent = [] if mute else self.unit.receive(output.data)
        self.answers.extend(output.answers)
        self.events.extend(output.events)
        for request in output.requests:
            self.requests.append(request)
            self._record(request)
        return output

    def _record(self, request: object) -> None:
        if not self.recording:
            return
        if isinstance(request, Reserve):
            self._account = account = self._account.reserve(request.session, request.person, request.total_s)
            self._next.append(Reserved(request.session, request.total_s, account))
        elif isinstance(request, Settle):
            self._account = account = self._account.settle(request.session, request.ledger_s, request.used_s)
            self._next.append(Settled(request.session, request.used_s, account))
        elif isinstance(request, Reconcile):
            self._next.append(Reconciled(0.0, self._account))

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.step()

    def wait(self, seconds: float) -> None:
        """Let time pass at rest, in steps that are just not late yet."""
        for _ in range(round(seconds * 4)):
            self.step(seconds=0.25)

    def until(self, state: State, seconds: float = 300.0) -> None:
        """Run until this state; AssertionError if it does not come."""
        for _ in range(round(seconds / STEP_S)):
            if self.state is state:
                return
            self.step()
        raise AssertionError(f"{self.state} and not {state} at {self.unit.angle_deg:.1f}°")

    def wish(self, verb: Verb, **known: object) -> Answer:
        before = len(self.answers)
        self.step(Wish(verb, **known))
        return next(answer for answer in self.answers[before:] if answer.verb == verb)

    def begin(self, verb: Verb = Verb.START, **known: object) -> Answer:
        """Arm, wait the second of a human hand, begin."""
        assert self.wish(Verb.ARM).accepted, self.answers[-1]
        self.run(1.2)
        return self.wish(verb, **(known or {"preset": "back"}))

    def ended(self) -> Event:
        """The event of the end of a session."""
        return [event for event in self.events if event.kind is EventKind.SESSION_ENDED][-1]

    def setpoints(self) -> list[Setpoint]:
        """Every setpoint so far."""
        return [message for message in self.unit.heard if isinstance(message, Setpoint)]


def in_state(state: State, angle_deg: float | None = None) -> Rig:
    """A rig that came to a state by ordinary wishes; `angle_deg` where that is a matter of choice."""
    return deepcopy(_in_state(state, angle_deg), {id(PRESETS): PRESETS})


@cache
def _in_state(state: State, angle_deg: float | None) -> Rig:
    if state is State.OFFLINE:
        rig = Rig()
        for _ in range(120):
            rig.step(deaf=True)
    elif state is State.STANDING:
        rig = Rig()
    elif state is State.STANDBY:
        rig = Rig(-30.0 if angle_deg is None else angle_deg)
    elif state is State.ARMED:
        rig = Rig(-80.0 if angle_deg is None else angle_deg)
        rig.wish(Verb.ARM)
        rig.run(1.2)
    elif state in (State.RUNNING, State.PAUSED, State.FROZEN, State.RETURNING):
        rig = _in_session(state, 20.0 if angle_deg is None else angle_deg)
    elif state is State.LEVEL:
        rig = in_state(State.RETURNING)
        rig.until(State.LEVEL)
    elif state is State.RISING:
        rig = in_state(State.LEVEL)
        rig.wait(130)
        rig.wish(Verb.STAND)
        while rig.unit.angle_deg > (-20.0 if angle_deg is None else angle_deg):
            rig.step()
    else:
        rig = Rig(0.0 if angle_deg is None else angle_deg)
        rig.unit.latched = Cause.BED_SENSOR
        rig.step()
    assert rig.state is state, (rig.state, state)
    rig.unit.heard.clear()
    return rig


def _in_session(state: State, angle_deg: float) -> Rig:
    rig = Rig()
    rig.begin()
    while rig.unit.angle_deg < angle_deg:
        rig.step()
    if state is State.PAUSED:
        rig.wish(Verb.PAUSE)
        rig.run(4)
    elif state is State.FROZEN:
        rig.wish(Verb.STOP)
        rig.run(0.2)
    elif state is State.RETURNING:
        rig.wish(Verb.LEVEL)
        rig.run(0.2)
    return rig


__all__ = ["PERSON", "STEP_S", "Acknowledge", "Arm", "Disarm", "Keepalive", "Level", "Rig", "Stop", "Unit", "in_state"]
