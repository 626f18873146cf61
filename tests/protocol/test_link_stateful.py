"""Two ends over a wire that loses, doubles, delays, reorders, cuts and damages, in any sequence (F1–F3, H4)."""

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from protocol.framing import Deframer
from protocol.link import STOP_FRAME, HostLink, UnitLink, frame
from protocol.messages import Hello, HostMessage, Identity, Keepalive, Level, Setpoint, Stop, Telemetry

FRESH_MS = 300
PERIOD_MS = 20
SILENT_MS = 2000
whiches = st.integers(0, 9)


class Wire(RuleBasedStateMachine):
    """Frames lie in two piles until a rule picks one of them."""

    @initialize(
        nonce=st.sampled_from([0, 500, 65_530]), stops=st.sampled_from([0, 65_533]), sequence=st.integers(0, 65_535)
    )
    def begin(self, nonce: int, stops: int, sequence: int) -> None:
        self.unit = UnitLink(nonce, stops)
        self.host = HostLink(1)
        self.host._sequence = sequence
        self.now_ms = 0
        self.to_unit: list[bytes] = []
        self.to_host: list[bytes] = []
        self.issued_ms: dict[int, int] = {}
        self.count = stops
        self.wish_count = stops
        self.passed: list[int] = []
        self.fresh_ms: int | None = None
        for _ in range(8):
            self.a_good_round()

    # ---- what both ends do ----------------------------------------------------------------------------------------

    def telemetry(self) -> bytes:
        nonce = self.unit.issue(self.now_ms)
        self.issued_ms[nonce] = self.now_ms
        return frame(Telemetry(nonce, self.now_ms, self.unit.stop_count, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0))

    @rule(periods=st.sampled_from([1, 1, 1, 5, 16, 120]))
    def time_passes(self, periods: int) -> None:
        for _ in range(periods):
            self.now_ms += PERIOD_MS
            self.to_host.append(self.telemetry())
            self.to_unit.append(self.host.greet(self.now_ms / 1000) or self.host.keepalive())
        del self.to_host[:-40], self.to_unit[:-40]

    @rule(late_ms=st.sampled_from([200, 310, 1000]))
    def unit_is_slow(self, late_ms: int) -> None:
        """Time without telemetry: a nonce ages by the clock, not by the count."""
        self.now_ms += late_ms

    @rule()
    def somebody_wishes(self) -> None:
        if self.host.telemetry is not None:
            self.wish_count = self.host.telemetry.stop_count

    @rule(what=st.sampled_from(["setpoint", "setpoint", "arm", "level", "disarm", "acknowledge"]))
    def host_says(self, what: str) -> None:
        host, count = self.host, self.wish_count
        self.to_unit.append(
            {
                "setpoint": lambda: host.setpoint(count, 10.0, 1.0, 30.0),
                "arm": lambda: host.arm(count),
                "level": lambda: host.level(count),
                "disarm": host.disarm,
                "acknowledge": host.acknowledge,
            }[what]()
        )

    @rule()
    def somebody_stops(self) -> None:
        self.to_unit.append(STOP_FRAME)

    # ---- what the wire does ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.to_unit)
    @rule(which=whiches, doubled=st.booleans())
    def unit_hears(self, which: int, doubled: bool) -> None:
        data = self.to_unit.pop(-1 - which % len(self.to_unit))
        for _ in range(1 + doubled):
            self.arrive(data)

    @precondition(lambda self: self.to_unit)
    @rule()
    def unit_hears_everything(self) -> None:
        waiting, self.to_unit = self.to_unit, []
        for data in waiting:
            self.arrive(data)

    @precondition(lambda self: self.to_unit)
    @rule(which=whiches, cut=st.integers(1, 12))
    def unit_hears_half(self, which: int, cut: int) -> None:
        data = self.to_unit.pop(which % len(self.to_unit))
        assert self.unit.receive(data[: min(cut, len(data) - 2)], self.now_ms) == []

    @precondition(lambda self: self.to_unit)
    @rule(which=whiches, at=st.integers(8, 150))
    def unit_hears_damage(self, which: int, at: int) -> None:
        data = bytearray(self.to_unit.pop(which % len(self.to_unit)))
        at = 8 + at % (8 * (len(data) - 2))
        data[at // 8] ^= 1 << at % 8
        assert self.unit.receive(b"\0" + bytes(data), self.now_ms) == []

    @precondition(lambda self: self.to_host)
    @rule(which=whiches, doubled=st.booleans())
    def host_hears(self, which: int, doubled: bool) -> None:
        data = self.to_host.pop(-1 - which % len(self.to_host))
        for _ in range(1 + doubled):
            before = self.host.telemetry
            found = self.host.receive(data, self.now_ms / 1000)
            newer = [m for m in found if isinstance(m, Telemetry)]
            assert not newer or before is None or newer[0].time_ms > before.time_ms, "the past counts as the present"

    @rule()
    def everything_is_lost(self) -> None:
        self.to_unit, self.to_host = [], []

    @rule()
    def host_restarts(self) -> None:
        session = self.host._session
        self.host = HostLink(session + 1)

    # ---- what has to hold -----------------------------------------------------------------------------------------

    def arrive(self, data: bytes) -> list[HostMessage]:
        """One whole frame reaches the unit."""
        passed = self.unit.receive(data, self.now_ms)
        self.count = (self.count + (data == STOP_FRAME)) % 65_536
        assert self.unit.stop_count == self.count, "a stop is not counted, or something else is"
        assert passed == [Stop()] if data == STOP_FRAME else Stop() not in passed
        for message in passed:
            if isinstance(message, Hello):
                self.passed, self.fresh_ms = [], None
                self.to_host.append(frame(Identity(1, message.session, 1, 0, 0, 1, 1, 7, 1, 9, 6000, 300)))
            elif not isinstance(message, Stop):
                assert message.sequence not in self.passed, "a frame passed twice"
                assert not self.passed or (message.sequence - self.passed[-1]) % 65_536 < 32_768, "out of order"
                self.passed.append(message.sequence)
            nonce = getattr(message, "nonce", None)
            if nonce is not None:
                assert self.now_ms - self.issued_ms[nonce] <= FRESH_MS, "a stale frame passed"
                self.fresh_ms = self.now_ms
            if hasattr(message, "stop_count"):
                assert message.stop_count == self.count, "a wish of before a stop passed"
        if self.fresh_ms is not None and self.now_ms - self.fresh_ms <= SILENT_MS:
            assert not self.unit.silent(self.now_ms), "a live host counts as dead"
        return passed

    def a_good_round(self) -> list[HostMessage]:
        """A period in which nothing is lost; what the unit may obey."""
        self.now_ms += PERIOD_MS
        host = self.host
        waiting, self.to_host = [*self.to_host, self.telemetry()], []
        for data in waiting:
            host.receive(data, self.now_ms / 1000)
        greeting = host.greet(self.now_ms / 1000)
        return self.arrive(greeting or host.setpoint(self.count, 10.0, 1.0, 30.0))

    def teardown(self) -> None:
        """Never stuck: on a good wire a live setpoint passes within a second, and a level even without a host."""
        if not hasattr(self, "unit"):
            return
        self.to_unit = self.to_host = []
        rounds = [self.a_good_round() for _ in range(60)]
        assert any(isinstance(m, Setpoint) for m in rounds[-1]), "no setpoint passes any more"
        assert isinstance(self.arrive(self.host.level(self.count))[0], Level)
        assert isinstance(self.arrive(self.host.keepalive())[0], Keepalive)
        assert self.arrive(STOP_FRAME) == [Stop()]
        assert self.unit._deframer.held <= 68
        assert not Deframer().feed(b"")


TestWire = Wire.TestCase
TestWire.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, derandomize=True, database=None, phases=[Phase.generate]
)
