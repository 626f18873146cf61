"""The whole unit through any sequence of bytes, hands, sensor faults and resets (F1–F8, F17, F24–F26, H1, H4, H15)."""

from random import Random

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from protocol.link import STOP_FRAME, frame
from protocol.messages import Cause, Flag, Hello, Rung

from .host import Host, broken

STANDSTILL_S = 1.3
HARD_LIMIT_DEG = 60.0
LEVEL_DEG = 1.5
FASTEST_DPS = 3.3
"""3 °/s, and what motor lag adds."""
PLAY_DEG = 0.3
SETTLED_MS = 700
"""After a reset the unit watches its sensors for 600 ms."""
HOLDING = (
    Cause.ESTOP | Cause.LOWERING | Cause.NO_PROGRESS | Cause.OVER_SPEED | Cause.RESET_LOOP | Cause.BLIND_ENDED
    | Cause.PERSON_LOST | Cause.WRONG_WAY | Cause.STALLED | Cause.SUPPLY_CRITICAL | Cause.SIDE_UNKNOWN
)  # fmt: skip
"""Restated: what may keep somebody head down; only hands help then."""


class Ladder(RuleBasedStateMachine):
    """A host on the wire whose every tick is watched, on the true angle."""

    @initialize(angle=st.sampled_from([-80.0, -10.0, -1.0]), seed=st.integers(0, 99))
    def begin(self, angle: float, seed: int) -> None:
        self.host = host = Host(angle, seed).meet()
        self._tick = host.tick
        host.tick = self.tick  # type: ignore[method-assign]
        self.armed_until_s = host.table.now_s
        self.lowest_deg = host.table.physics.drive_deg
        self.head_down_s = 0
        self.latched = self.hands_ticks = 0
        self.acknowledging = False

    def tick(self) -> None:
        """20 ms, and what has to hold in each of them."""
        self._tick()
        host, table = self.host, self.host.table
        physics, now_s = table.physics, table.now_s
        if table._unit._grant.armed or table.switches.lowering:  # hands may lead up to level, too
            self.armed_until_s = now_s
        if now_s - self.armed_until_s <= STANDSTILL_S:
            self.lowest_deg = physics.drive_deg
        self.lowest_deg = min(self.lowest_deg, physics.drive_deg)
        assert physics.drive_deg - self.lowest_deg <= PLAY_DEG, "it rises without a grant"
        assert physics.bed_deg <= HARD_LIMIT_DEG + 1.0, "it goes beyond the hard limit"
        assert table.switches.lowering or abs(physics.drive_dps) <= FASTEST_DPS, "it is too fast"
        if host.link.telemetry is not None:
            self.judge_report()

    def judge_report(self) -> None:
        """What the unit says of itself."""
        host, now = self.host, self.host.now
        assert now.head_down_s >= self.head_down_s, "head-down time is given back"
        self.head_down_s = now.head_down_s
        assert not self.latched & ~now.latched or self.acknowledging, "a fault clears by itself"
        self.latched = now.latched
        if now.latched or host.rung >= Rung.LEVEL:
            assert not host.has(Flag.ARMED), "a grant outlives a fault"
        switches, uptime_ms = host.table.switches, host.table.now_ms - host.table._started_ms
        self.hands_ticks = self.hands_ticks + 1 if switches.estop or switches.lowering else 0
        if self.hands_ticks > 3 and uptime_ms > SETTLED_MS:
            assert host.rung == Rung.HOLD, "it does not hold"
            assert not host.has(Flag.DRIVEN), "it drives against hands"

    # ---- the host ---------------------------------------------------------------------------------------------------

    @rule(angle=st.sampled_from([6.0, 25.0, 50.0, 80.0]), seconds=st.sampled_from([1.0, 8.0, 20.0]))
    def session(self, angle: float, seconds: float) -> None:
        """Level, acknowledged, armed, on the way: the common way into everything."""
        self.mend()
        self.say("level")
        self.host.run(25.0, lambda: self.host.angle_deg < LEVEL_DEG and self.host.still())
        self.host.run(0.5)
        self.say("acknowledge")
        self.say("arm")
        self.say("lead", angle)
        self.host.run(seconds)

    @rule(
        what=st.sampled_from(["arm", "lead", "lead", "let go", "level", "acknowledge", "disarm", "hello"]),
        angle=st.sampled_from([-80.0, 0.0, 30.0, 80.0]),
    )
    def say(self, what: str, angle: float = 0.0) -> None:
        host = self.host
        if not host.link.up:
            return
        if what == "arm":
            host.arm()
        elif what == "lead":
            host.lead(angle, 3.0)
        elif what == "let go":
            host.let_go()
        elif what == "level":
            host.level()
        elif what == "acknowledge":
            self.acknowledging = True
            host.acknowledge()
            self.acknowledging = False
        elif what == "disarm":
            host.send(host.link.disarm())
        else:
            host.table.receive(frame(Hello(1, 99)))

    @rule(seconds=st.sampled_from([0.02, 0.5, 1.4]))
    def stop(self, seconds: float) -> None:
        """Always counted; whatever moved stands 1.3 s later."""
        host = self.host
        before = host.table._unit._link.stop_count
        host.target_deg = None
        host.table.receive(STOP_FRAME)
        assert (host.table._unit._link.stop_count - before) % 65_536 >= 1, "a stop is not counted"
        host.run(seconds)
        frozen = seconds > STANDSTILL_S and not host.table.switches.lowering and host.angle_deg > 2 * LEVEL_DEG
        if frozen and not host.now.causes & Cause.FROZEN_LONG:
            assert abs(host.table.physics.drive_dps) < 0.05, "it moves on after a stop"

    @precondition(lambda self: self.host.angle_deg > 2 * LEVEL_DEG)
    @rule(after_s=st.sampled_from([0.1, 1.0, 2.0]), seconds=st.sampled_from([0.5, 1.4, 21.0]))
    def stop_in_a_return(self, after_s: float, seconds: float) -> None:
        """In the middle of R1, where there is one."""
        self.say("level")
        self.host.run(after_s)
        self.stop(seconds)

    @precondition(lambda self: self.host.link.up)
    @rule(angle=st.sampled_from([-80.0, -80.0, 30.0]))
    def the_same_lease_after_a_stop(self, angle: float) -> None:
        """F2, F21: a setpoint with the count of before the stop is no lease any more, however fresh it is."""
        host = self.host
        self.mend()
        host.lead(angle, 3.0)
        host.run(0.1)
        host.stop()
        host.run(0.1)  # a new nonce: only the count is old
        host.table.receive(host.link.setpoint(host.stop_count, angle, 0.0, HARD_LIMIT_DEG))
        assert host.table._unit._grant.setpoint is None, "a lease comes back after a stop"
        host.run(1.4)

    @rule(size=st.integers(1, 200), seed=st.integers(0, 999))
    def garbage(self, size: int, seed: int) -> None:
        self.host.table.receive(Random(seed).randbytes(size))

    @rule(silent=st.booleans(), seconds=st.sampled_from([0.2, 2.5]))
    def host_falls_silent(self, silent: bool, seconds: float) -> None:
        self.host.silent = silent
        self.host.run(seconds)

    # ---- hands and faults -------------------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0.1, 1.0, 4.0, 21.0]))
    def time_passes(self, seconds: float) -> None:
        self.host.run(seconds)

    @rule(
        switch=st.sampled_from(["occupied", "ankles_locked", "estop", "lowering"]), seconds=st.sampled_from([0.04, 1.0])
    )
    def hands(self, switch: str, seconds: float) -> None:
        switches = self.host.table.switches
        setattr(switches, switch, not getattr(switches, switch))
        self.host.run(seconds)

    @rule(
        which=st.sampled_from(["bed_fault", "drive_fault"]),
        way=st.sampled_from(["frozen", "rail", "slipped up", "slipped down", "sign", "wild", "drifting"]),
    )
    def sensor_fails(self, which: str, way: str) -> None:
        setattr(self.host.table.sensors, which, broken(way))
        self.host.run(0.5)

    @rule()
    def mend(self) -> None:
        table = self.host.table
        table.sensors.bed_fault = table.sensors.drive_fault = None
        switches = table.switches
        switches.occupied = switches.ankles_locked = True
        switches.estop = switches.lowering = False
        self.host.silent = False
        self.host.run(0.6)

    @precondition(lambda self: self.host.table.memory.boots < 3)
    @rule(seconds=st.sampled_from([0.1, 3.0]))
    def reset(self, seconds: float) -> None:
        self.host.table.reset_unit()
        self.host.run(seconds)

    def teardown(self) -> None:
        """H1: with healthy sensors, hands off and silence, the way ends at level, but where it has to hold."""
        if not hasattr(self, "host"):
            return
        self.mend()
        self.host.silent = True
        self.host.run(26.0)
        self.host.run(90.0, lambda: self.host.angle_deg <= LEVEL_DEG)
        held = (self.host.now.latched | self.host.now.causes) & HOLDING
        assert self.host.angle_deg <= LEVEL_DEG + PLAY_DEG or held, f"stranded at {self.host.angle_deg:.1f}°"


TestLadder = Ladder.TestCase
TestLadder.settings = settings(
    max_examples=20, stateful_step_count=16, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)  # fmt: skip
