"""Any sequence of wishes, faults and time: what the controller never does (H1, H3, H4, H11, H13, H15, F20, F21)."""

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from controller.conduct import Settings
from controller.core import BrokerStatus, Output
from controller.model import Answer, EventKind, State, Verb, Wish
from controller.session import Machine, Trigger
from protocol.framing import Deframer
from protocol.link import STOP_FRAME
from protocol.messages import Arm, Cause, Setpoint, unpack_from_host

from .rig import PERSON, Rig

GUEST_LIMIT_DEG = 30.0
RATE_DPS = 3.0
NOISE_DEG = 0.5
"""A target this far above the table is no increase."""
LEVEL_DEG = 1.5
LATE_S = 0.3
ANSWER_S = 30.0
MISSED_S = 2.5
"""Before a lost link counts as one, and a step of waiting."""
MOVING = (Verb.START, Verb.GOTO, Verb.JOG, Verb.RESUME, Verb.SKIP, Verb.LEVEL)
"""Verbs that may begin a motion that increases the angle."""
_S = State
REST = {_S.STANDING, _S.STANDBY, _S.LEVEL}
NEXT = {
    _S.OFFLINE: {_S.STANDING, _S.STANDBY, _S.RETURNING, _S.FAULT},
    _S.STANDING: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.ARMED, _S.RISING} | REST,
    _S.STANDBY: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.ARMED, _S.RISING} | REST,
    _S.LEVEL: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.ARMED, _S.RISING} | REST,
    _S.ARMED: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.RUNNING, _S.RISING} | REST,
    _S.RUNNING: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.PAUSED, _S.FROZEN} | REST,
    _S.PAUSED: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.RUNNING, _S.FROZEN},
    _S.FROZEN: {_S.OFFLINE, _S.FAULT, _S.RETURNING, _S.RISING} | REST,
    _S.RETURNING: {_S.OFFLINE, _S.FAULT, _S.FROZEN, _S.LEVEL},
    _S.RISING: {_S.OFFLINE, _S.FAULT, _S.FROZEN, _S.RETURNING, _S.STANDING},
    _S.FAULT: {_S.OFFLINE, _S.RETURNING} | REST,
}
"""Restated: nothing leads to running but armed and paused, nothing to armed but rest. A table at rest that was moved by
other means, or whose angle was not known at first, rests elsewhere."""


class Watched(Machine):
    """The machine of states, each change of which has to be one of `NEXT`."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def fire(self, trigger: Trigger) -> bool:
        before = self.state
        changed = super().fire(trigger)
        assert not changed or self.state in NEXT[before], f"{before} → {self.state} by {trigger}"
        return changed


class Session(RuleBasedStateMachine):
    """A rig whose every step is watched."""

    @initialize(angle=st.sampled_from([-80.0, -80.0, -30.0, 0.0]), check_in_s=st.sampled_from([0.0, 30.0, 60.0]))
    def begin(self, angle: float, check_in_s: float) -> None:
        self.rig = Rig(angle, Settings(check_in_s=check_in_s))
        self.answered_s = 0.0
        self.rig.core.conduct.machine = Watched(self.rig.state)
        self.wished = False
        self._step = self.rig.step
        self.rig.step = self.step  # type: ignore[method-assign]
        self.since_heard_s = 0.0
        self.ids = 0

    def step(self, *inputs: object, seconds: float = 0.02, deaf: bool = False, **known: object) -> Output:
        """One step of the rig, and what has to hold of it."""
        rig = self.rig
        self.since_heard_s = self.since_heard_s + seconds if deaf else 0.0
        before_deg = rig.unit.angle_deg
        output = self._step(*inputs, seconds=seconds, deaf=deaf, **known)  # type: ignore[arg-type]
        self.judge_answers(output)
        payloads = [p for p in Deframer().feed(output.data) if isinstance(p, bytes)]
        for message in map(unpack_from_host, payloads):
            if isinstance(message, Setpoint):
                self.judge_setpoint(message, max(before_deg, rig.unit.angle_deg) if deaf else rig.unit.angle_deg)
            elif isinstance(message, Arm):
                assert self.wished, "it asks for the grant by itself"
        self.judge_account()
        self.judge_patience(output)
        return output

    def judge_patience(self, output: Output) -> None:
        """H13: nobody is head down for long without an answer."""
        conduct = self.rig.core.conduct
        for answer in output.answers:
            if answer.verb == Verb.CHECKIN and answer.accepted:
                assert not answer.moving
                self.answered_s = conduct.meter.session_s
        if conduct.run is None:
            self.answered_s = 0.0
            return
        if every_s := conduct.settings.check_in_s:
            assert conduct.meter.session_s - self.answered_s <= every_s + ANSWER_S + MISSED_S

    def judge_answers(self, output: Output) -> None:
        """A live wish that was accepted allows motion; a stop, an end of the session and a lost link forbid it."""
        if any(event.kind in (EventKind.SESSION_ENDED, EventKind.LINK_LOST) for event in output.events):
            self.wished = False
        for answer in output.answers:
            assert answer.accepted or answer.verb not in (Verb.STOP, Verb.LEVEL), "stop and level are never refused"
            if answer.accepted and answer.verb in (*MOVING, Verb.ARM):
                self.wished = answer.moving or answer.verb == Verb.ARM
        if self.rig.state in (State.FROZEN, State.FAULT, State.OFFLINE):
            self.wished = False

    def judge_setpoint(self, message: Setpoint, angle_deg: float) -> None:
        """The gate, from outside."""
        rig, unit = self.rig, self.rig.unit
        assert message.target_deg <= GUEST_LIMIT_DEG
        assert message.limit_deg <= GUEST_LIMIT_DEG
        assert abs(message.rate_dps) <= RATE_DPS
        if message.target_deg <= angle_deg + NOISE_DEG:
            return
        assert self.wished, f"it rises by itself in {rig.state}"
        assert unit.armed, "it rises without a grant"
        assert unit.trusted, "it rises at an unknown angle"
        assert unit.person == PERSON, "it rises without a person who is locked in"
        assert not any((unit.estop, unit.lowering, unit.latched)), "it rises over a fault"
        assert self.since_heard_s <= LATE_S, "it rises without hearing the unit"
        assert rig.state in (State.RUNNING, State.PAUSED, State.RETURNING), rig.state
        assert rig.state is not State.RETURNING or message.target_deg <= LEVEL_DEG, "it returns head down"

    def judge_account(self) -> None:
        """Once nobody is head down any more, all of the time that was used is charged."""
        rig = self.rig
        if rig.unit.angle_deg > LEVEL_DEG or rig.core.conduct.booking.session is not None:
            return
        charged_s = rig._account.head_down_today_s("guest", rig.core.conduct.booking.ledger_s(rig.now_s))
        assert charged_s >= rig.unit.head_down_s - 2.0, (
            f"{rig.unit.head_down_s:.0f} s were used, {charged_s:.0f} charged"
        )

    # ---- wishes -----------------------------------------------------------------------------------------------------

    def give(self, wish: Wish) -> Answer:
        before = len(self.rig.answers)
        output = self.rig.step(wish)
        answer = next(one for one in self.rig.answers[before:] if one.verb == wish.verb)
        if wish.retained:
            assert not answer.moving, "a retained command moves"
            assert not answer.accepted or wish.verb in (Verb.STOP, Verb.LEVEL)
        elif wish.verb is Verb.STOP:
            assert STOP_FRAME in output.data, "a stop waits"
        if wish.expired:
            assert not answer.accepted or wish.verb in (Verb.STOP, Verb.LEVEL)
            assert not (answer.moving and self.rig.unit.angle_deg < 0.0), "a late command moves upwards"
        return answer

    @rule(
        verb=st.sampled_from(list(Verb)),
        angle=st.sampled_from([-90.0, -20.0, 0.0, 8.0, 25.0, 30.0, 31.0]),
        preset=st.sampled_from(["gentle", "back", "circulation", "nothing"]),
        direction=st.sampled_from([-1, 0, 1]),
        code=st.sampled_from([None, "right", "abcd"]),
        old=st.sampled_from(["", "", "", "", "retained", "expired", "doubled"]),
    )
    def wish(self, verb: Verb, angle: float, preset: str, direction: int, code: str | None, old: str) -> None:
        right = self.rig.core.conduct.arming.code if code == "right" else code
        known = Wish(
            verb, f"id{self.ids - (old == 'doubled')}", right,
            preset=preset if verb is Verb.START else None,
            angle_deg=angle if verb is Verb.GOTO else None,
            direction=direction if verb is Verb.JOG else 0,
            retained=old == "retained", expired=old == "expired",
        )  # fmt: skip
        self.ids += 1
        self.give(known)

    @precondition(lambda self: self.rig.state in REST)
    @rule(
        angle=st.sampled_from([None, 8.0, 30.0]),
        seconds=st.sampled_from([5.0, 20.0, 40.0, 70.0]),
        hangs_s=st.sampled_from([0.0, 0.0, 130.0]),
    )
    def session(self, angle: float | None, seconds: float, hangs_s: float) -> None:
        """Arm, wait, start: the common way into everything."""
        self.heal()
        if self.give(Wish(Verb.ARM)).accepted:
            self.rig.run(1.2)
            self.give(Wish(Verb.START, preset="back") if angle is None else Wish(Verb.GOTO, angle_deg=angle))
            self.rig.run(seconds)
            self.rig.wait(hangs_s)

    @rule()
    def stop_and_level(self) -> None:
        """Both are taken in any state, and the stop is on the wire in the same step."""
        self.give(Wish(Verb.STOP))
        self.give(Wish(Verb.LEVEL))

    @precondition(lambda self: self.rig.core.conduct.check_in.asked)
    @rule()
    def is_well(self) -> None:
        self.give(Wish(Verb.CHECKIN))

    # ---- time and faults --------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 0.5, 1.2, 5.0]))
    def run(self, seconds: float) -> None:
        self.rig.run(seconds)

    @rule(seconds=st.sampled_from([20.0, 70.0, 130.0]))
    def wait(self, seconds: float) -> None:
        self.rig.wait(seconds)

    @rule(
        what=st.sampled_from(
            ["person", "trust", "estop", "lowering", "latched", "grant", "freeze", "broker", "restart", "heal"]
        )
    )
    def fault(self, what: str) -> None:
        unit = self.rig.unit
        if what == "person":
            unit.person = PERSON & 1
        elif what == "trust":
            unit.trusted = False
        elif what == "estop":
            unit.estop = True
            unit.armed, unit._setpoint = False, None
        elif what == "lowering":
            unit.lowering = True
        elif what == "latched":
            unit.latched |= Cause.BED_SENSOR
        elif what == "grant":
            unit.armed, unit._setpoint = False, None
        elif what == "freeze":  # by somebody else's stop: the link stays
            unit.armed, unit.frozen, unit._setpoint = False, True, None
            unit.stop_count += 1
        elif what == "broker":
            self.rig.step(BrokerStatus(False, "The broker is gone."))
        elif what == "restart":
            self.rig.step(raw=unit.restart())
        else:
            self.heal()
        self.rig.step()

    @rule(steps=st.sampled_from([1, 10, 20, 150]), mute=st.booleans())
    def faltering(self, steps: int, mute: bool) -> None:
        """What one of them says is lost for a while."""
        for _ in range(steps):
            self.rig.step(deaf=not mute, mute=mute)

    def heal(self) -> None:
        unit = self.rig.unit
        unit.person, unit.trusted, unit.estop, unit.lowering = PERSON, True, False, False
        unit.latched, unit.frozen = 0, False
        self.rig.step(BrokerStatus(True, ""))

    def teardown(self) -> None:
        """H1: nobody stays head down. All is well again and nobody does anything; a session of 18 min ends, too."""
        if not hasattr(self, "rig"):
            return
        self.heal()
        self.rig.wait(1200.0)
        assert self.rig.unit.angle_deg <= LEVEL_DEG, f"stranded at {self.rig.unit.angle_deg:.1f}° in {self.rig.state}"


TestSession = Session.TestCase
TestSession.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
