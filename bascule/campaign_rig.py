"""The closed loop with everything around it that can fail: the wire, the controller's process, its ledger, the broker.

A `Rig` is a `ClosedLoop` with a wire between its halves and a record of what really happens. It can be copied whole
(`bascule.campaign_states`), so that thousands of runs begin in the middle of a session.
"""

from typing import Final

from controller.account import Clock, Entry, LedgerFailed, Reconciled, Witness
from controller.booking import Booking, Reconcile, Settle
from controller.core import BrokerStatus, Core, Input
from controller.model import Verb, Wish
from controller.presets import bundled
from protocol.link import STOP_FRAME
from simulator.physics import Person
from simulator.table import Table
from simulator.wire import BUFFER, FROM_UNIT, TO_UNIT, Wire

from .campaign_trace import HostTap, Mark, Sample, Trace, UnitTap
from .closed_loop import ClosedLoop

EXPOSED_DEG: Final = 5.6
"""Restated from docs/domain.md: head-down time counts above 5°, and a sensor may be off by 0.6°."""
EPISODE_END_S: Final = 60.0
BOOTED_S: Final = 5000.0
"""How long the host has been up when a run begins, and Unix time then. Chosen: any."""
WALL_S: Final = 1.8e9
EXPIRY_S: Final = 10.0
"""How long the wishes of a run's people are good for, by the wall clock."""
CHECKPOINT_S: Final = 10.0
"""How often the daemon lets the ledger note its time: a disk that hangs is noticed by then at the latest."""
TICK_S: Final = 0.02


class Rig(ClosedLoop):
    """One table, its controller and all between. `record` is the trace to write to, if any.

    `alive`: the controller's process exists. `stalled`: it gets no time. `disk`: "" as long as the ledger works,
    "hangs", or what it says; `unanswered`: what it was asked in vain. `broker_up`: whether wishes arrive.
    `wall_offset_s`: what the wall clock is wrong by. `boot`: how often the host has booted.
    `lane_frames`: how many stop frames the stop lane of this process has written.
    """

    def __init__(self, seed: int, angle_deg: float, person: Person | None = None) -> None:
        self.wire = Wire()
        self.unit_tap = UnitTap()
        self.host_tap = HostTap(self.unit_tap)
        self.alive, self.stalled, self.broker_up = True, False, True
        self.disk = ""
        self.unanswered = 0
        self.lane_frames = 0
        self.wall_offset_s = 0.0
        self.boot = 0
        self.clock = Clock(0.0, 0.0, WALL_S, BOOTED_S, "0", WALL_S, None, 0.0, True)
        self.record: Trace | None = None
        self.last_deep_s: float | None = None
        self.exposed_s = 0.0
        self.episode_before_s = 0.0
        self._counted_s: float | None = None
        self._checkpoint_s = 0.0
        self._waiting = b""
        self._posted: list[Input] = []
        super().__init__(seed, angle_deg, table=Table(seed, angle_deg, person))

    # ---- the controller's process -----------------------------------------------------------------------------------

    def _new_core(self) -> Core:
        self._inputs = [BrokerStatus(True, "")] if self.broker_up else []
        # A plain dictionary: the read-only view of it can't be copied.
        return Core(self.settings, dict(bundled()), Booking(self.account, self.clock.ledger_s), self._seed)

    def _witness(self) -> Witness:
        return Witness(WALL_S + self.now_s + self.wall_offset_s, BOOTED_S + self.now_s, str(self.boot))

    def kill(self) -> None:
        """The process is gone, and with it what it was about to do. The ledger's clock stays as it was last written."""
        self.clock = self.clock.checkpoint(self.core.conduct.booking.ledger_s(self.now_s), self._witness())
        self.alive, self.stalled = False, False
        self._waiting = b""
        self._inputs, self._posted = [], []

    def restart(self) -> None:
        """The controller is a new process. What the ledger holds open counts in full."""
        if self.alive:
            self.kill()
        self.clock = self.clock.resume(self._witness())
        for session, held in self.account.reservations.items():
            self.account = self.account.settle(session, self.clock.ledger_s, held.total_s)
        self._seed += 1
        self.alive = True
        self.lane_frames = 0
        self.core = self._new_core()
        self.mark("restart of the controller")

    def _record(self, request: object) -> None:
        if self.disk == "hangs":
            self.unanswered += 1
        elif self.disk:
            self.give(LedgerFailed(self.disk))
        elif isinstance(request, Reconcile):
            self._reconcile(request)
        else:
            if isinstance(request, Settle):
                self._counted_s = request.unit_count_s
            super()._record(request)

    def _reconcile(self, request: Reconcile) -> None:
        """What the unit counted beside the sessions is charged, as the real ledger does; not while one is open."""
        extra_s = 0.0
        if self.core.conduct.booking.session is None:
            extra_s = max(request.unit_count_s - (self._counted_s or request.unit_count_s), 0.0)
            self._counted_s = request.unit_count_s
        if extra_s:
            self.account = self.account.charge("guest", Entry(request.ledger_s, extra_s, False))
        self.give(Reconciled(extra_s, self.account))

    @property
    def ledger_s(self) -> float:
        """The ledger's time now."""
        return self.core.conduct.booking.ledger_s(self.now_s) if self.alive else self.clock.ledger_s

    # ---- people -----------------------------------------------------------------------------------------------------

    def press(self, verb: Verb, **known: object) -> None:
        """Somebody wishes something by phone; whether it arrives is the broker's matter."""
        self.mark(f"wish {verb}" + (f" {known['preset']}" if "preset" in known else ""))
        if not self.broker_up or not self.alive:
            return
        wish = Wish(verb, expired=abs(self.wall_offset_s) > EXPIRY_S, **known)  # type: ignore[arg-type]
        self.post(wish)

    def post(self, given: Input) -> None:
        """Something from the MQTT thread: a live stop goes to the port at once, everything to the control thread."""
        stops = isinstance(given, Wish) and given.verb is Verb.STOP and not given.retained
        if stops and self.connected and not self.stalled:
            self._reach_unit(self.wire.through(STOP_FRAME, TO_UNIT, self.table.now_ms))
            self.lane_frames += 1
            given = Wish(Verb.STOP, sent=self.lane_frames)
        self._posted.append(given)

    def mark(self, what: str) -> None:
        """Note that something happened now."""
        if self.record is not None:
            self.record.marks.append(Mark(self.now_s, what))

    # ---- time -------------------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """20 ms: the table moves on, its bytes take the wire to the controller, and the answer takes it back."""
        table, wire, tap = self.table, self.wire, self.unit_tap
        data = table.tick()
        now_ms, now_s = table.now_ms, table.now_s
        if data:
            tap.hear(data, now_s)
            if tap.booted:
                tap.booted = False
                self.mark("boot of the unit")
        data = wire.through(data, FROM_UNIT, now_ms)
        answer = b""
        if not self.connected or not self.alive:
            data = b""
        elif self.stalled:
            self._waiting = (self._waiting + data)[:BUFFER]
        elif self.alive:
            answer = self._step(self._waiting + data, now_s)
            self._waiting = b""
        if not self.alive:
            self._inputs, self._posted = [], []
        elif not self.connected and not self.stalled:
            self._step(b"", now_s)
        self._reach_unit(wire.through(answer if self.connected else b"", TO_UNIT, now_ms))
        self._observe(now_s)

    def _step(self, data: bytes, now_s: float) -> bytes:
        inputs = self._inputs
        if self._posted:
            inputs = [*inputs, *self._posted]
            self._posted = []
        self._inputs = []
        if now_s >= self._checkpoint_s:
            self._checkpoint_s = now_s + CHECKPOINT_S
            self.unanswered += self.disk == "hangs"
        output = self.core.step(now_s, now_s, data, inputs, self.lane_frames)
        if output.answers:
            self.answers.extend(output.answers)
            for answer in output.answers:
                self.mark(f"answer {answer.verb}: {answer.message}")
        for event in output.events:
            self.mark(f"event {event.kind}: {event.message}")
        for request in output.requests:
            self._record(request)
        return output.data

    def _reach_unit(self, data: bytes) -> None:
        if not data:
            return
        self.table.receive(data)
        for what in self.host_tap.hear(data, self.table.now_s):
            self.mark(f"{what} reaches the unit")

    def _observe(self, now_s: float) -> None:
        """Keep what is true of this moment."""
        physics = self.table.physics
        bed_deg = physics.bed_deg
        if bed_deg > EXPOSED_DEG:
            self.exposed_s += TICK_S
            self.last_deep_s = now_s
        record = self.record
        if record is None:
            return
        unit, host, switches, core = self.unit_tap, self.host_tap, self.table.switches, self.core
        e = core.estimate if self.alive else None
        record.samples.append(tuple.__new__(Sample, (
            now_s, bed_deg, physics.bed_dps, physics.drive_deg, physics.drive_dps,
            unit.flags, unit.rung, unit.active, unit.latched, unit.heard_s, host.fresh_s, host.lease_s, host.limit_deg,
            core.conduct.machine.state, e.angle_deg if e is not None and e.trusted else None,
            switches.occupied, switches.ankles_locked, switches.estop, switches.lowering,
        )))  # fmt: skip
