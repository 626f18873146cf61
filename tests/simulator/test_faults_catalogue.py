"""The catalogue of faults: every kind can be done, shows that it was done, and can be undone."""

from random import Random

import pytest

from protocol.messages import Telemetry
from simulator.fault_acts import Site
from simulator.faults import CATALOGUE, KINDS, Injector, Kind, Layer
from simulator.table import Table
from simulator.wire import FROM_UNIT, TO_UNIT, Delay, Dribble, Filter, Jitter, Reordering, Stuck, Wire

from .host import Host

HERE = [kind for kind in KINDS if kind.make is not None]
ELSEWHERE = [kind for kind in KINDS if kind.make is None]


class Bench(Host):
    """A host that leads the table head down and back, over a wire with faults on it."""

    def __init__(self, seed: int = 1) -> None:
        self.wire = Wire()
        self.crossed = b""
        self._to_unit = b""
        super().__init__(-10.0, seed)
        self.injector = Injector(Site(self.table, self.wire, Random(seed)))

    def tick(self) -> None:
        """20 ms, with the wire between."""
        table, link = self.table, self.link
        self.injector.tick()
        data = self.wire.through(table.tick(), FROM_UNIT, table.now_ms)
        self.crossed += data
        heard = link.receive(data, table.now_s)
        if not link.up:
            self._to_unit += link.greet(table.now_s)
        elif any(isinstance(message, Telemetry) for message in heard):
            self._to_unit += self._answer()
        arrived, self._to_unit = self.wire.through(self._to_unit, TO_UNIT, table.now_ms), b""
        self.crossed += arrived
        table.receive(arrived)

    def send(self, data: bytes) -> None:
        """Bytes on their way to the unit."""
        self._to_unit += data


def moving() -> Bench:
    """On the way up to level, as the fault comes."""
    bench = Bench()
    bench.meet()
    assert bench.arm()
    bench.lead(5.0, 2.0)
    bench.run(2.0)
    return bench


def said(kind: Kind | None, resting: bool = False) -> tuple[bytes, int]:
    """What crosses the wire in four seconds with a fault or without, and what the fault counts."""
    bench = moving()
    if resting:
        bench.let_go()
    before = len(bench.crossed)
    fault = bench.injector.begin(kind, for_s=0.0) if kind is not None else None
    bench.run(4.0)
    return bench.crossed[before:], fault.acted if fault is not None else 0


SOUND = {resting: said(None, resting)[0] for resting in (False, True)}


def test_there_are_at_least_forty_kinds_on_every_layer() -> None:
    assert len(CATALOGUE) == len(KINDS) >= 40
    assert {kind.layer for kind in KINDS} == set(Layer)


@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.name)
def test_a_kind_shows_that_it_was_applied_and_makes_a_difference(kind: Kind) -> None:
    changed, acted = said(kind, kind.resting)
    assert acted > 0
    assert changed != SOUND[kind.resting]


@pytest.mark.parametrize("kind", HERE, ids=lambda kind: kind.name)
def test_a_kind_that_is_over_leaves_the_table_as_it_was(kind: Kind) -> None:
    bench = moving()
    table = bench.table
    before = _parts(table)
    bench.injector.begin(kind, for_s=0.3)
    bench.run(0.6)
    assert not bench.injector.running
    assert bench.wire.clear
    table.physics.arms = 0.0
    assert _parts(table) == before


def _parts(table: Table) -> list[object]:
    """Everything that a fault may change for as long as it lasts."""
    physics, sensors, switches = table.physics, table.sensors, table.switches
    return [
        physics.jammed, physics.polarity, physics.coulomb_nm, physics.backlash_deg, physics.arms_wanted,
        sensors.bed_fault, sensors.drive_fault, sensors.side_fault,
        physics.strength, physics.slip_dps, physics.runaway_dps, table.supply_v,
        switches.occupied, switches.ankles_locked, switches.estop, switches.lowering, switches.arm_button,
    ]  # fmt: skip


@pytest.mark.parametrize("name", [kind.name for kind in HERE if kind.moving])
def test_a_fault_that_shows_in_a_motion_counts_nothing_at_rest(name: str) -> None:
    bench = Bench()
    bench.meet()
    fault = bench.injector.begin(CATALOGUE[name])
    bench.run(2.0)
    assert fault.acted == 0


def test_a_half_open_wire_without_a_host_counts_nothing() -> None:
    table, wire = Table(1, 0.0), Wire()
    injector = Injector(Site(table, wire, Random(1)))
    fault = injector.begin(CATALOGUE["half_open_to_unit"])
    for _ in range(50):
        injector.tick()
        wire.through(b"", TO_UNIT, table.now_ms)
        wire.through(table.tick(), FROM_UNIT, table.now_ms)
    assert fault.acted == 0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.amount], ids=lambda kind: kind.name)
def test_an_amount_has_bounds_and_a_usual_value_within(kind: Kind) -> None:
    amount = kind.amount
    assert amount is not None
    assert kind.value(None) == amount.usual
    assert amount.least <= amount.usual <= amount.most
    with pytest.raises(ValueError, match=kind.name):
        kind.value(amount.most + 0.01)
    with pytest.raises(ValueError, match=kind.name):
        kind.value(amount.least - 0.01)


def test_a_kind_without_an_amount_takes_none() -> None:
    with pytest.raises(ValueError, match="stall has no amount"):
        CATALOGUE["stall"].value(1.0)


@pytest.mark.parametrize("kind", ELSEWHERE, ids=lambda kind: kind.name)
def test_what_happens_at_the_controllers_side_says_how_to_do_it_by_hand(kind: Kind) -> None:
    with pytest.raises(ValueError, match=kind.name):
        Injector(Site(Table(), Wire(), Random(0))).begin(kind)
    assert kind.by_hand
    assert kind.layer in (Layer.HOST, Layer.CLOCK, Layer.DISK, Layer.BROKER)


def test_two_faults_of_one_sensor_act_together_and_end_in_any_order() -> None:
    table = Table(1, 0.0)
    injector = Injector(Site(table, Wire(), Random(1)))
    injector.begin(CATALOGUE["bed_jump"], 8.0)
    injector.begin(CATALOGUE["bed_mirrored"])
    assert table.sensors.bed_fault is not None
    assert table.sensors.bed_fault(1000) == -1800
    assert dict(injector.end("bed_jump")) == {"bed_jump": 1}
    assert table.sensors.bed_fault(1000) == -1000
    injector.end()
    assert table.sensors.bed_fault is None or table.sensors.bed_fault(1000) == 1000


def test_a_fault_ends_by_its_time_and_says_what_it_did() -> None:
    table = Table(1, 0.0)
    injector = Injector(Site(table, Wire(), Random(1)))
    injector.begin(CATALOGUE["ankle_lock_open"], for_s=0.1)
    over = []
    for _ in range(10):
        over += injector.tick()
        table.tick()
    assert [name for name, _ in over] == ["ankle_lock_open"]
    assert over[0][1] in (4, 5)
    assert table.switches.ankles_locked


# The wire's filters

STREAM = [bytes([n] * 9) for n in range(1, 60)]


def sent(fault: Filter, ticks: int = 120) -> bytes:
    """The stream through a filter, with what is left when it ends."""
    wire = Wire()
    wire.add(fault)
    out = b""
    for tick in range(ticks):
        out += wire.through(STREAM[tick] if tick < len(STREAM) else b"", TO_UNIT, tick * 20)
    wire.remove(fault)
    return out + wire.through(b"", TO_UNIT, ticks * 20)


@pytest.mark.parametrize("made", [Delay, Jitter, Dribble, Stuck], ids=lambda made: made.__name__)
def test_what_is_only_late_is_whole_and_in_order(made: type[Filter]) -> None:
    amount = {Delay: 200.0, Jitter: 200.0, Dribble: 7.0, Stuck: float(TO_UNIT)}[made]
    fault = made(Random(1), amount)
    assert sent(fault) == b"".join(STREAM)
    assert fault.acted > 0


def test_reordering_loses_nothing() -> None:
    fault = Reordering(Random(1), 0.3)
    out = sent(fault)
    assert out != b"".join(STREAM)
    assert sorted(out) == sorted(b"".join(STREAM))


def test_a_delay_delays() -> None:
    fault = Delay(Random(1), 100.0)
    assert [fault.through(b"x" if ms == 0 else b"", TO_UNIT, ms) for ms in range(0, 140, 20)].index(b"x") == 5


def test_a_stuck_buffer_is_bounded() -> None:
    fault = Stuck(Random(1), TO_UNIT)
    for _ in range(1000):
        fault.through(b"0123456789", TO_UNIT, 0)
    assert len(fault.rest(TO_UNIT)) == 4096
