"""Controller and simulated table together, over the same bytes as a wire, in virtual time."""

from collections.abc import Callable
from itertools import pairwise
from random import Random
from typing import Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bascule.closed_loop import ClosedLoop
from controller.account import DAY_S, Account, Entry, LedgerFailed
from controller.conduct import Settings
from controller.core import BrokerStatus, Leave, PortLost
from controller.gate import Order, Outgoing
from controller.model import EventKind, Reason, State, Target, Verb, Wish
from controller.play import Play
from controller.presets import Preset, bundled, programme
from protocol.framing import Deframer
from protocol.link import STOP_FRAME
from protocol.messages import Cause, Stop, unpack_from_host
from simulator.physics import Person
from simulator.table import Table
from tests.once import made_once

LEVEL = 1.5  # degrees
STEP = 0.02  # seconds between two samples of the trace
GONE = BrokerStatus(False, "The broker is gone.")
BACK = BrokerStatus(True, "")


def copyable(loop: ClosedLoop) -> ClosedLoop:
    """With a plain dictionary of presets: the read-only view of it can't be copied."""
    loop.core.conduct.presets = dict(loop.core.conduct.presets)
    return loop


def standing(seed: int = 1, **known: object) -> ClosedLoop:
    loop = copyable(ClosedLoop(seed, **known))  # type: ignore[arg-type]
    loop.run(1.0)
    assert loop.state is State.STANDING
    return loop


@made_once
def head_down(angle_deg: float = 20.0, seed: int = 1) -> ClosedLoop:
    """On the way to 30° at 1.5 °/s, and at this angle now. It began not far below."""
    loop = copyable(ClosedLoop(seed, 0.0 if angle_deg > 0 else angle_deg - 8.0))
    loop.run(1.0)
    assert loop.arm_and(Verb.GOTO, angle_deg=30.0).accepted
    assert loop.run(30.0, lambda: loop.angle_deg >= angle_deg)
    return loop


@made_once
def setting_out(angle_deg: float = -60.0, seed: int = 1) -> ClosedLoop:
    """A session that began at standing, still below level."""
    loop = standing(seed)
    assert loop.arm_and(Verb.START, preset="back").accepted
    assert loop.run(60.0, lambda: loop.angle_deg >= angle_deg)
    return loop


@made_once
def at_level(seed: int = 1) -> ClosedLoop:
    loop = head_down(4.0, seed)
    loop.wish(Verb.LEVEL)
    assert loop.run(60.0, lambda: loop.state is State.LEVEL)
    return loop


@made_once
def rising(angle_deg: float = -30.0, seed: int = 1) -> ClosedLoop:
    loop = at_level(seed)
    loop.core.conduct.resting_since_s = loop.now_s - 121.0  # the pause is over
    assert loop.wish(Verb.STAND).moving
    assert loop.run(60.0, lambda: loop.angle_deg <= angle_deg)
    return loop


@made_once
def holding(angle_deg: float = 30.0, seed: int = 1) -> ClosedLoop:
    loop = head_down(angle_deg - 1.0, seed)
    loop.run(10.0)
    return loop


def goes_level(loop: ClosedLoop, seconds: float = 60.0) -> bool:
    """From head down, never further that way, and it ends there."""
    before = len(loop.trace)
    arrives = loop.run(seconds, lambda: abs(loop.angle_deg) < 0.5 and not loop.estimate.moving)
    highest_deg = max(loop.trace[before:])
    loop.run(2.0)  # the last tenths of a degree may go in two steps
    return arrives and highest_deg <= max(loop.trace[before - 1] + 1.5, 0.5)


def stays(loop: ClosedLoop, seconds: float = 5.0) -> bool:
    """At rest within the 1.3 s of a stop, and then for good."""
    loop.run(1.3)
    before = loop.table.physics.drive_deg
    loop.run(seconds)
    return abs(loop.table.physics.drive_deg - before) <= 0.05


def may_stand_up(loop: ClosedLoop) -> bool:
    """Once a fault is acknowledged nothing but the pause stands between the person and standing."""
    if loop.state is State.FAULT:
        assert loop.wish(Verb.ACKNOWLEDGE).accepted
        loop.run(0.5)
    assert loop.state in (State.LEVEL, State.STANDBY), loop.core.conduct.note
    return loop.wish(Verb.STAND).reason is Reason.PAUSE_FIRST


def stands_up(loop: ClosedLoop) -> bool:
    """From wherever a session ended at level, by the person's own wish after the pause."""
    assert may_stand_up(loop)
    loop.core.conduct.resting_since_s = loop.now_s - 121.0  # the pause is over
    assert loop.wish(Verb.STAND).moving
    return loop.run(100.0, lambda: loop.state is State.STANDING) and loop.angle_deg < -78.0


# Every preset, whole

PLANS: Final[dict[str, Preset]] = dict(bundled())


def played(plan: Preset, loop: ClosedLoop) -> None:
    """From standing to the end at level: the angle is the plan's at every hold."""
    assert loop.arm_and(Verb.START, preset=plan.id).accepted
    began, elapsed = loop.now_s, 0.0
    ended = loop.run(plan.duration_s(loop.angle_deg) + 10.0, lambda: loop.state is State.LEVEL)
    assert ended, loop.state
    assert loop.now_s - began == pytest.approx(plan.duration_s(), abs=4.0)
    trace = loop.trace[round(began / STEP) :]
    for leg in plan.legs():
        hold_s = 0.0 if leg.step.swing_deg else leg.step.hold_s
        if hold_s > 10:
            first = round((elapsed + leg.reached_s + 4.0) / STEP)
            held = trace[first : round((elapsed + leg.reached_s + hold_s) / STEP) - 50]
            assert max(abs(angle_deg - leg.step.angle_deg) for angle_deg in held) <= 0.5, leg.label
        elapsed += leg.duration_s
    assert max(trace) <= plan.largest_angle_deg + 0.5


def test_a_preset_runs_whole_ends_level_and_the_person_stands_up() -> None:
    """Each of them, with everything that is watched: test_presets_whole."""
    plan = PLANS["gentle"]
    loop = standing(seed=len(plan.id))
    played(plan, loop)
    outcomes = [event.outcome for event in loop.events if event.kind is EventKind.SESSION_ENDED]
    assert outcomes == ["reached"]
    assert not loop.core.conduct.arming.wanted
    used = loop.account.head_down_today_s("guest", loop.now_s)
    assert used == pytest.approx(plan.head_down_s(), abs=8.0)
    assert used >= loop.table.memory.head_down_ms / 1000 - 1.0, "H3: what the unit counted is charged"
    assert EventKind.FAULT not in [event.kind for event in loop.events]
    assert EventKind.LIMIT not in [event.kind for event in loop.events]
    assert stands_up(loop)


def test_the_same_seed_and_wishes_give_the_same_trace() -> None:
    def trace(seed: int) -> list[float]:
        loop = standing(seed)
        loop.arm_and(Verb.START, preset="balance")
        loop.run(30.0)
        return loop.trace

    assert trace(5) == trace(5)
    assert trace(5) != trace(6)


@pytest.mark.parametrize("mass_kg", [50.0, 136.0])
def test_the_heaviest_and_the_lightest_person(mass_kg: float) -> None:
    loop = standing(table=Table(3, person=Person(mass_kg, 0.0)))
    loop.arm_and(Verb.START, preset="back")
    loop.run(110.0)
    assert loop.angle_deg == pytest.approx(30.0, abs=0.5)


@pytest.mark.parametrize("after_s", [4.0, 8.5], ids=["on the ramp", "in the hold"])
def test_a_pause_of_a_weak_table_does_not_make_up_for_what_it_lags_behind(after_s: float) -> None:
    """Of a third of its power: it was led on for as far as it was behind its plan, 4° and more."""
    loop = head_down(20.0)
    loop.table.physics.strength = 0.31
    loop.run(after_s)
    run = loop.core.conduct.run
    assert run is not None
    lag_deg, at_deg = run.player.target.angle_deg - loop.angle_deg, loop.angle_deg
    assert lag_deg > 2.5
    loop.wish(Verb.PAUSE)
    loop.run(20.0)
    assert loop.state is State.PAUSED
    assert loop.angle_deg <= at_deg + 2.6
    loop.wish(Verb.RESUME)
    assert loop.run(40.0, lambda: loop.angle_deg >= 29.5)


# Stop


@pytest.mark.parametrize("make", [head_down, rising, at_level], ids=["up", "rising", "level"])
def test_a_stop_freezes_what_moves_within_its_bounds(make: Callable[[], ClosedLoop]) -> None:
    """H11: 1.5° and 1.3 s."""
    loop = make()
    before = loop.angle_deg
    loop.wish(Verb.STOP)
    assert stays(loop)
    assert abs(loop.angle_deg - before) <= 1.5


def test_a_stop_in_a_return_freezes_it_and_twenty_seconds_later_it_goes_on_slowly() -> None:
    """H7."""
    loop = holding()
    loop.wish(Verb.LEVEL)
    loop.run(5.0)
    loop.wish(Verb.STOP)
    assert loop.state is State.FROZEN
    assert stays(loop, 15.0)
    assert loop.state is State.FROZEN
    before = len(loop.trace)
    assert goes_level(loop)
    rates = [(b - a) / STEP for a, b in zip(loop.trace[before:], loop.trace[before + 50 :], strict=False)]
    assert min(rates) / 50 >= -1.15
    assert loop.state is State.LEVEL
    assert may_stand_up(loop)


@pytest.mark.parametrize("angle_deg", [-60.0, 10.0, 25.0])
def test_after_a_stop_level_goes_home(angle_deg: float) -> None:
    loop = head_down(angle_deg)
    loop.wish(Verb.STOP)
    loop.run(1.1)
    assert loop.wish(Verb.LEVEL).moving
    assert loop.run(90.0, lambda: loop.state is State.LEVEL)
    assert loop.angle_deg == pytest.approx(0.0, abs=0.5)
    assert may_stand_up(loop)


def test_stop_and_level_in_one_burst_go_home_from_head_down() -> None:
    loop = head_down(25.0)
    loop.give(Wish(Verb.STOP))
    loop.give(Wish(Verb.LEVEL))
    loop.run(0.9)
    assert loop.state is State.FROZEN, "stop wins for a second"
    loop.run(0.3)
    assert loop.state is State.RETURNING
    assert goes_level(loop)


def test_a_stop_just_after_the_start_leaves_standing_ready_for_the_next() -> None:
    loop = standing()
    loop.arm_and(Verb.START, preset="gentle")
    loop.run(0.4)
    loop.wish(Verb.STOP)
    loop.run(2.0)
    assert loop.state is State.STANDING
    assert loop.arm_and(Verb.START, preset="gentle").accepted


# A stop races everything that is on the wire


class Race(ClosedLoop):
    """Bytes take their time both ways, may be damaged or doubled, and the stop lane writes whenever its thread runs.

    The wire keeps its order, as a serial line does, but for the lane's frames, which stand wherever they were written.
    """

    def __init__(self, seed: int, angle_deg: float) -> None:
        super().__init__(seed, angle_deg)
        self.random = Random(seed)
        self.delay_ms = self.lane_ms = 0
        self.loss = self.doubling = 0.0
        self.to_table: list[tuple[int, bytes]] = []
        self.to_core: list[tuple[int, bytes]] = []
        self.lane: list[tuple[int, Wish | None]] = []
        self.stopped_ms = 0
        self.pressed_ms = 0
        self._arrived = Deframer()

    def press_stop(self) -> None:
        """The lane writes now; the core is told a little later."""
        now_ms = self.table.now_ms
        self.pressed_ms = now_ms
        self.to_table.append((now_ms, self._spoilt(STOP_FRAME)))
        self.lane.append((now_ms + self.random.randint(0, self.lane_ms), Wish(Verb.STOP, sent=True)))

    def _spoilt(self, data: bytes) -> bytes:
        if data and self.random.random() < self.loss:
            place = self.random.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ 0x24]) + data[place + 1 :]
        return data + data if self.random.random() < self.doubling else data

    def tick(self) -> None:
        table = self.table
        data = self._spoilt(table.tick())
        self.trace.append(table.physics.drive_deg)
        now_ms = table.now_ms
        if data:
            self.to_core.append((now_ms + self.random.randint(0, self.delay_ms), data))
        for due_ms, wish in [told for told in self.lane if told[0] <= now_ms]:
            self.lane.remove((due_ms, wish))
            if wish is not None:
                self.give(wish)
        heard = b""
        while self.to_core and self.to_core[0][0] <= now_ms:
            heard += self.to_core.pop(0)[1]
        if heard or self._inputs:
            inputs, self._inputs = self._inputs, []
            output = self.core.step(now_ms / 1000, now_ms / 1000, heard, inputs)
            self.answers.extend(output.answers)
            if output.data:
                delay_ms = self.random.randint(0, self.delay_ms // 2)
                self.to_table.append((now_ms + delay_ms, self._spoilt(output.data)))
            for request in output.requests:
                self._record(request)
        arrived = b""
        while self.to_table and self.to_table[0][0] <= now_ms:
            arrived += self.to_table.pop(0)[1]
        if arrived:
            table.receive(arrived)
            frames = [frame for frame in self._arrived.feed(arrived) if isinstance(frame, bytes)]
            if any(isinstance(unpack_from_host(frame), Stop) for frame in frames):
                self.stopped_ms = now_ms


WISHES = st.sampled_from([Verb.LEVEL, Verb.STOP, Verb.ARM, Verb.START, Verb.PAUSE, Verb.RESUME, Verb.STAND, Verb.SKIP])


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    angle_deg=st.sampled_from([-60.0, -20.0, 10.0, 25.0]),
    wires=st.tuples(st.integers(0, 60), st.integers(0, 120), st.sampled_from([0.0, 0.1]), st.sampled_from([0.0, 0.2])),
    presses=st.lists(st.tuples(WISHES, st.integers(0, 30)), max_size=8),
)
@example(seed=1, angle_deg=25.0, wires=(60, 120, 0.1, 0.2), presses=[(Verb.LEVEL, 1), (Verb.STOP, 2), (Verb.LEVEL, 1)])
def test_a_stop_wins_every_race_on_the_wire(
    seed: int, angle_deg: float, wires: tuple[int, int, float, float], presses: list[tuple[Verb, int]]
) -> None:
    """F1, F2, H11: whatever is in flight, 1.3 s after the last stop frame nothing moves, and nothing will."""
    loop = Race(seed, 0.0 if angle_deg > 0 else angle_deg - 10.0)
    loop.run(1.0)
    loop.arm_and(Verb.GOTO, angle_deg=28.0)
    assert loop.run(30.0, lambda: loop.angle_deg >= angle_deg)
    loop.delay_ms, loop.lane_ms, loop.loss, loop.doubling = wires
    loop.run(0.2)
    for verb, ticks in presses:
        if verb is Verb.STOP:
            loop.press_stop()
        else:
            loop.give(Wish(verb, preset="back" if verb is Verb.START else None))
        loop.run(ticks / 100)
    loop.press_stop()
    loop.run(1.0)
    loop.loss = 0.0
    loop.run(1.0)
    assert loop.stopped_ms >= loop.pressed_ms, "it arrived"
    if not wires[2]:
        assert loop.stopped_ms - loop.pressed_ms <= wires[0] + wires[1] + 200, "and once confirmed it is not repeated"
    loop.run(1.3 - (loop.table.now_ms - loop.stopped_ms) / 1000)
    rest = len(loop.trace)
    loop.run(5.0)
    assert max(loop.trace[rest:]) - min(loop.trace[rest:]) <= 0.05
    assert loop.core.conduct.run is None


# Level, stand


def test_level_while_rising_turns_round_gently() -> None:
    loop = rising()
    before = len(loop.trace)
    assert loop.wish(Verb.LEVEL).moving
    assert loop.run(60.0, lambda: loop.state is State.LEVEL)
    rates = [(b - a) / 0.2 for a, b in zip(loop.trace[before:], loop.trace[before + 10 :], strict=False)]
    assert max(rates) <= 2.0
    assert max(abs(b - a) / 0.2 for a, b in zip(rates, rates[10:], strict=False)) <= 2.0, "°/s², with the bed's play"
    assert may_stand_up(loop)


def test_a_freeze_on_the_way_up_before_five_degrees_goes_straight_back() -> None:
    loop = setting_out()
    loop.wish(Verb.STOP)
    loop.run(1.2)
    assert loop.wish(Verb.STAND).moving
    assert loop.run(120.0, lambda: loop.state is State.STANDING)


def test_goto_and_back() -> None:
    loop = standing()
    assert loop.arm_and(Verb.GOTO, angle_deg=10.0).moving
    loop.run(90.0)
    assert loop.angle_deg == pytest.approx(10.0, abs=0.5)
    loop.wish(Verb.LEVEL)
    assert goes_level(loop)
    assert may_stand_up(loop)


def test_jog_to_an_angle_and_home() -> None:
    loop = ClosedLoop(4, 0.0)
    loop.run(125.0)
    loop.arm_and(Verb.JOG, direction=1)
    for _ in range(60):
        assert loop.wish(Verb.JOG, direction=1).accepted
        loop.run(0.2)
    assert loop.angle_deg > 9.0
    loop.run(2.0)
    assert loop.state is State.PAUSED
    assert stays(loop)
    loop.wish(Verb.LEVEL)
    assert goes_level(loop)


# What fails, seen from the controller's side


def interrupted(loop: ClosedLoop) -> str:
    """Why the one session was interrupted; empty if it was not."""
    ended = [event for event in loop.events if event.kind is EventKind.SESSION_ENDED]
    return str(ended[0].why) if [event.outcome for event in ended] == ["interrupted"] else ""


def test_f2_lost_and_doubled_frames_disturb_nobody() -> None:
    loop = Race(3, -80.0)
    loop.delay_ms, loop.loss, loop.doubling = 20, 0.05, 0.2
    loop.run(1.5)
    loop.arm_and(Verb.START, preset="back")
    loop.run(100.0)
    assert loop.state is State.RUNNING
    assert loop.angle_deg == pytest.approx(30.0, abs=0.5)


def test_f4_unplugged_and_back() -> None:
    loop = holding()
    loop.connected = False
    loop.give(PortLost("Unplugged."))
    loop.run(1.0)
    assert loop.state is State.OFFLINE
    loop.run(4.0)
    assert loop.angle_deg < 29.0, "R1 without the host"
    loop.connected = True
    loop.run(1.0)
    assert loop.state is State.RETURNING
    assert goes_level(loop)
    assert loop.state is State.LEVEL
    assert interrupted(loop) == "Unplugged."
    loop.run(5.0)
    assert loop.account.head_down_today_s("guest", loop.now_s) >= loop.table.memory.head_down_ms // 1000
    assert stands_up(loop)


def test_f4_unplugged_on_the_head_up_side_holds() -> None:
    loop = head_down(-40.0)
    loop.connected = False
    loop.run(3.0)
    loop.connected = True
    assert stays(loop)
    assert loop.state is State.STANDBY
    assert loop.wish(Verb.LEVEL).moving is False
    assert loop.run(121.0, lambda: loop.core.conduct.pause_left_s == 0)
    assert loop.wish(Verb.STAND).moving
    assert loop.run(60.0, lambda: loop.state is State.STANDING)


@pytest.mark.parametrize("make", [holding, head_down], ids=["holding", "rising"])
def test_f5_the_unit_restarts(make: Callable[[], ClosedLoop]) -> None:
    loop = make()
    loop.table.reset_unit()
    loop.run(1.0)
    assert interrupted(loop) == "The tilt unit restarted."
    assert loop.state is State.RETURNING
    assert goes_level(loop)
    assert loop.state is State.LEVEL
    assert not loop.estimate.armed
    assert stands_up(loop)


def test_f5_h9_a_second_restart_holds_until_a_person_decides() -> None:
    loop = holding()
    loop.table.reset_unit()
    loop.run(3.0)
    loop.table.reset_unit()
    loop.run(2.0)
    assert loop.state is State.FAULT
    assert stays(loop, 30.0)
    assert loop.wish(Verb.LEVEL).moving
    assert goes_level(loop)
    assert may_stand_up(loop)


SENSOR_FAULTS: dict[str, Callable[[int], int]] = {
    "out of range": lambda _: 9900,
    "frozen": lambda _: 2990,
    "sign flipped": lambda reading: -reading,
}


@pytest.mark.parametrize("how", SENSOR_FAULTS)
@pytest.mark.parametrize("which", ["bed_fault", "drive_fault"])
def test_f7_a_sensor_fails_and_the_other_leads_home(which: str, how: str) -> None:
    loop = holding()
    setattr(loop.table.sensors, which, SENSOR_FAULTS[how])
    assert goes_level(loop)
    assert interrupted(loop)
    assert loop.state is State.FAULT
    assert loop.wish(Verb.STAND).reason is Reason.FAULT_LATCHED
    if how != "sign flipped":  # which at 0° nobody sees
        loop.wish(Verb.ACKNOWLEDGE)
        loop.run(0.5)
        assert loop.state is State.FAULT, "it is still there"
    setattr(loop.table.sensors, which, None)
    loop.run(3.0)
    assert may_stand_up(loop)


def test_f8_a_disagreement_leads_home_blindly_and_needs_help() -> None:
    loop = holding()
    before = loop.angle_deg
    for _ in range(80):  # slowly, so that neither looks broken by itself
        loop.table.sensors.bed_offset_deg -= 0.05
        loop.run(0.02)
    loop.run(0.5)
    assert loop.state is State.FAULT
    assert interrupted(loop)
    assert loop.run(90.0, lambda: abs(loop.angle_deg) < 3.0)
    loop.run(10.0)
    assert loop.estimate.rung == 4
    assert max(loop.trace) <= before + 2.0, "it followed the drift until the other sensor was over the limit"


def test_f10_stalled_it_holds_and_a_person_may_send_it_home() -> None:
    loop = head_down()
    loop.table.physics.jammed = True
    loop.run(6.0)
    assert loop.state is State.FAULT
    assert interrupted(loop)
    loop.table.physics.jammed = False
    assert stays(loop, 25.0)
    assert loop.wish(Verb.LEVEL).moving
    assert goes_level(loop)
    assert may_stand_up(loop)


def test_f14_over_the_time_of_the_angle() -> None:
    loop = standing()
    loop.arm_and(Verb.GOTO, angle_deg=30.0)
    loop.run(150.0)
    loop.wish(Verb.PAUSE)
    loop.run(60.0)
    loop.wish(Verb.RESUME)
    assert loop.run(500.0, lambda: loop.state is State.RETURNING)
    assert "angle allows" in interrupted(loop), "the unit's count or ours, whichever is first"
    assert loop.account.reservations
    assert goes_level(loop)
    assert 299.0 <= loop.account.head_down_today_s("guest", loop.now_s) <= 320.0
    assert loop.wish(Verb.ARM).reason is Reason.REST_NEEDED


def test_f14_over_the_angle() -> None:
    loop = holding()
    loop.table.sensors.drive_offset_deg += 1.6
    assert loop.run(60.0, lambda: loop.angle_deg < 0.5 and not loop.estimate.moving)
    assert interrupted(loop)
    loop.run(1.0)
    assert stands_up(loop)


def test_f17_the_controller_dies_and_another_one_finds_the_unit_returning() -> None:
    loop = holding()
    loop.connected = False
    loop.run(4.0)
    loop.connected = True
    loop.restart()
    loop.run(1.0)
    assert loop.state is State.RETURNING
    assert goes_level(loop)
    assert loop.state is State.LEVEL
    assert loop.core.conduct.run is None
    assert not loop.estimate.armed
    assert loop.wish(Verb.ARM).reason is Reason.REST_NEEDED, "what was reserved counts"
    assert may_stand_up(loop)


def test_f17_the_controller_is_replaced_faster_than_the_unit_notices() -> None:
    """H1: a unit that hears a new host within two seconds might not return by itself."""
    loop = holding()
    loop.restart()
    loop.run(0.5)
    assert goes_level(loop)
    assert may_stand_up(loop)


def test_f17_the_controller_stalls_for_a_second() -> None:
    loop = holding()
    for _ in range(100):
        loop.table.tick()
    loop.run(0.5)
    assert interrupted(loop)
    assert goes_level(loop)


def test_f19_the_ledger_fails() -> None:
    loop = holding()
    loop.give(LedgerFailed("The disk is full."))
    loop.run(0.1)
    assert interrupted(loop) == "The disk is full."
    assert goes_level(loop)
    assert loop.wish(Verb.ARM).reason is Reason.FAULT_LATCHED
    assert stands_up(loop)


def test_f20_the_broker_goes() -> None:
    loop = holding()
    loop.give(GONE)
    loop.run(0.1)
    assert loop.state is State.PAUSED
    loop.run(9.5)
    assert loop.state is State.PAUSED
    loop.run(1.0)
    assert loop.state is State.RETURNING
    loop.give(BACK)
    assert goes_level(loop)
    assert may_stand_up(loop)


def test_f20_the_broker_goes_while_standing_up() -> None:
    loop = rising()
    loop.give(GONE)
    loop.run(0.1)
    assert stays(loop)
    loop.give(BACK)
    loop.run(20.0)
    assert loop.state is State.FROZEN
    loop.wish(Verb.LEVEL)
    assert goes_level(loop)
    assert may_stand_up(loop)


@pytest.mark.parametrize("verb", [Verb.START, Verb.ARM, Verb.LEVEL, Verb.GOTO, Verb.JOG])
@pytest.mark.parametrize("known", [{"retained": True}, {"expired": True}])
def test_f21_old_commands_move_nobody(verb: Verb, known: dict[str, object]) -> None:
    loop = standing()
    loop.wish(Verb.ARM)
    loop.run(1.5)
    arguments: dict[Verb, dict[str, object]] = {
        Verb.START: {"preset": "back"}, Verb.GOTO: {"angle_deg": 5.0}, Verb.JOG: {"direction": 1},
    }  # fmt: skip
    answer = loop.wish(verb, **known, **arguments.get(verb, {}))
    assert not answer.moving
    assert answer.accepted == (verb is Verb.LEVEL)
    loop.run(3.0)
    assert max(loop.trace) < -79.0


def test_f24_the_emergency_stop() -> None:
    loop = head_down()
    loop.table.switches.estop = True
    loop.run(1.0)
    assert loop.state is State.FAULT
    assert interrupted(loop) in ("The emergency stop is pressed.", "the emergency stop was pressed")
    assert not loop.wish(Verb.LEVEL).moving
    loop.table.switches.estop = False
    assert stays(loop, 30.0)
    assert loop.state is State.FAULT
    assert loop.wish(Verb.LEVEL).moving, "a deliberate one, without acknowledgement"
    assert goes_level(loop)
    assert loop.wish(Verb.ARM).reason is Reason.FAULT_LATCHED
    assert stands_up(loop)


def test_f25_an_ankle_lock_opens_head_down_it_returns_slowly() -> None:
    loop = holding()
    loop.table.switches.ankles_locked = False
    loop.run(3.0)
    assert interrupted(loop).endswith("an ankle lock is open")
    before = len(loop.trace)
    assert goes_level(loop)
    rates = [(b - a) / 1.0 for a, b in zip(loop.trace[before:], loop.trace[before + 50 :], strict=False)]
    assert min(rates) >= -1.15
    assert loop.wish(Verb.STAND).reason in (Reason.ANKLES_OPEN, Reason.PAUSE_FIRST)
    loop.table.switches.ankles_locked = True
    loop.run(1.0)
    assert may_stand_up(loop)


@pytest.mark.parametrize("make", [rising, setting_out], ids=["rising", "setting out"])
def test_f25_h15_an_ankle_lock_opens_on_the_head_up_side_it_freezes(make: Callable[[], ClosedLoop]) -> None:
    loop = make()
    before = loop.angle_deg
    loop.table.switches.ankles_locked = False
    assert stays(loop, 30.0)
    assert abs(loop.angle_deg - before) <= 1.5
    assert not loop.wish(Verb.LEVEL).moving
    loop.table.switches.ankles_locked = True
    loop.run(1.0)
    if loop.state is State.FAULT:
        loop.wish(Verb.ACKNOWLEDGE)
        loop.run(0.5)
    assert not loop.wish(Verb.LEVEL).moving, "whoever lies there now has not armed"
    loop.run(121.0)
    assert loop.wish(Verb.STAND).moving
    assert loop.run(100.0, lambda: loop.state is State.STANDING)


def test_f26_nobody_is_sensed_with_the_ankles_locked_it_returns() -> None:
    loop = holding()
    loop.table.switches.occupied = False
    loop.run(2.0)
    assert goes_level(loop)
    loop.table.switches.occupied = True
    loop.run(1.0)
    assert stands_up(loop)


def test_f26_nobody_is_sensed_with_the_ankles_open_nothing_moves_but_by_a_person() -> None:
    loop = holding()
    loop.table.switches.occupied = loop.table.switches.ankles_locked = False
    assert stays(loop, 40.0)
    assert loop.state is State.FAULT
    assert loop.estimate.latched & Cause.PERSON_LOST
    assert loop.wish(Verb.LEVEL).moving
    assert goes_level(loop)


def test_f26_an_ankle_lock_opens_and_then_the_person_is_lost() -> None:
    """The controller must not have sent a level wish of its own, which would go on leading the table."""
    loop = holding()
    loop.table.switches.ankles_locked = False
    loop.run(3.0)
    assert loop.angle_deg < 29.5
    loop.table.switches.occupied = False
    loop.run(1.0)
    assert stays(loop, 30.0)


def test_f25_a_switch_that_bounces_ends_no_session() -> None:
    """Controller and unit are equally patient: 100 ms."""
    loop = holding()
    loop.table.switches.ankles_locked = False
    loop.run(0.04)
    loop.table.switches.ankles_locked = True
    loop.run(1.0)
    assert loop.state is State.RUNNING


def test_h1_a_switch_that_flickers_leaves_nobody_head_down() -> None:
    loop = holding()
    loop.table.switches.ankles_locked = False
    loop.run(0.12)
    loop.table.switches.ankles_locked = True
    loop.run(0.1)
    assert interrupted(loop)
    assert goes_level(loop)
    assert may_stand_up(loop)


def test_leaving_head_down_levels_first() -> None:
    loop = holding()
    loop.give(Leave())
    loop.run(0.1)
    assert not loop.core.safe_to_leave
    assert loop.run(60.0, lambda: loop.core.safe_to_leave)
    assert abs(loop.angle_deg) <= LEVEL


# Budget


def test_the_budget_of_a_day() -> None:
    """H3: 20 min a day, three sessions, 60 min of rest."""
    account = Account().charge("guest", Entry(-5000.0, 700.0))
    loop = standing(account=account)
    answer = loop.arm_and(Verb.START, preset="back")
    assert answer.reason is Reason.BUDGET_SPENT
    assert "Possible again in" in answer.message
    assert loop.arm_and(Verb.START, preset="gentle").accepted
    assert loop.run(400.0, lambda: loop.state is State.LEVEL)
    loop.run(1.0)
    assert loop.account.sessions_today("guest", loop.now_s) == 2
    assert loop.wish(Verb.ARM).reason is Reason.REST_NEEDED
    rest = loop.account.rest_remaining_s("guest", loop.now_s, 3600.0)
    assert 3590 < rest <= 3600
    assert loop.account.sessions_today("guest", loop.now_s + DAY_S) == 0


def test_without_a_record_nobody_goes_beyond_five_degrees() -> None:
    """F19, H3."""
    loop = ClosedLoop(2, 0.0)
    loop.run(1.0)
    loop.recording = False
    loop.arm_and(Verb.GOTO, angle_deg=20.0)
    loop.run(30.0)
    assert max(loop.trace) < 5.2
    assert loop.state is not State.RUNNING


# Clocks


def test_under_speed_hands_have_their_own_clock() -> None:
    loop = standing(speed=30.0)
    assert loop.wish(Verb.ARM).accepted
    loop.run(10.0)
    assert loop.wish(Verb.START, preset="gentle").reason is Reason.TOO_SOON
    loop.wish(Verb.ARM)
    loop.run(45.0)
    assert loop.wish(Verb.START, preset="gentle").accepted


def test_a_unit_that_runs_faster_than_time_is_refused() -> None:
    loop = ClosedLoop(table=Table(1, time_scale=10))
    loop.run(5.0)
    assert loop.state is State.OFFLINE
    accepted = ClosedLoop(table=Table(1, time_scale=10), settings=Settings(time_scales=frozenset({10})))
    accepted.run(1.0)
    assert accepted.state is State.STANDING


# States on the way


def test_no_state_flickers() -> None:
    loop = standing()
    seen = [loop.state]

    def note() -> bool:
        if loop.state is not seen[-1]:
            seen.append(loop.state)
        return False

    loop.wish(Verb.ARM)
    note()
    loop.run(1.5, note)
    loop.wish(Verb.START, preset="back")
    note()
    loop.run(90.0, note)
    loop.wish(Verb.STOP)
    note()
    loop.run(5.0, note)
    loop.wish(Verb.LEVEL)
    note()
    loop.run(100.0, note)
    loop.wish(Verb.STAND)
    note()
    loop.run(100.0, note)
    assert [str(state) for state in seen] == [
        "standing", "armed", "running", "frozen", "returning", "level", "rising", "standing",
    ]  # fmt: skip


def test_the_programmes_last_week_is_within_the_limits() -> None:
    assert programme()[-1].largest_angle_deg <= 30.0
    assert all(a <= b for a, b in pairwise(week.largest_angle_deg for week in programme()))


def test_f21_a_burst_of_arm_and_level_out_of_a_stale_queue_moves_nobody() -> None:
    loop = ClosedLoop(11)
    loop.run(1)
    loop.wish(Verb.ARM)
    loop.run(0.3)
    answer = loop.wish(Verb.LEVEL)
    assert (answer.accepted, answer.moving) == (True, False)
    loop.run(5)
    assert loop.angle_deg < -79
    assert loop.wish(Verb.LEVEL).moving  # a second later it is a person's


@pytest.mark.parametrize("forgets", [True, False])
def test_a_unit_that_was_away_gives_no_time_back(forgets: bool) -> None:
    """F4, F16, H3: by its own count, or in full where it lost that in a power cut."""
    loop = holding(20.0)
    deep_s = loop.core.conduct.meter.session_s
    loop.connected = False
    away_s = loop.now_s
    loop.run(3.0)
    if forgets:
        loop.table.lose_memory()
    loop.connected = True
    assert loop.run(60.0, lambda: loop.angle_deg <= 5.0)
    deep_s += loop.now_s - away_s
    assert loop.run(60.0, lambda: loop.core.conduct.booking.session is None)
    loop.run(1.0)
    charged_s = loop.account.head_down_today_s("guest", loop.core.conduct.booking.ledger_s(loop.now_s))
    assert deep_s - 1.5 <= charged_s <= deep_s + 3.0


@pytest.mark.parametrize("verb", [Verb.START, Verb.GOTO, Verb.JOG])
def test_nothing_goes_round_the_gate(verb: Verb, monkeypatch: pytest.MonkeyPatch) -> None:
    """H2, H4: whatever a session of any kind asks for, no target beyond the limit goes out."""
    loop = ClosedLoop(1, 0.0)
    loop.run(1.0)
    asked: dict[str, object] = {"preset": "back"} if verb is Verb.START else {"angle_deg": 9.0, "direction": 1}
    assert loop.arm_and(verb, **asked).accepted
    loop.run(0.2)
    sent: list[float] = []
    lease = loop.core.link.setpoint

    def seen(stop_count: int, target_deg: float, rate_dps: float, limit_deg: float) -> bytes:
        sent.append(target_deg)
        return lease(stop_count, target_deg, rate_dps, limit_deg)

    monkeypatch.setattr(loop.core.link, "setpoint", seen)
    monkeypatch.setattr(Play, "next", lambda *_: Outgoing(Order.MOVE, Target(55.0, 2.9)))
    loop.run(0.3)
    assert sent
    assert max(sent) <= loop.core.conduct.limit.value <= 30.0
