"""The whole table: the same seed and bytes give the same run, and what is wired past the unit."""

from protocol import framing
from protocol.messages import Telemetry, unpack_from_unit
from simulator.motion import Command
from simulator.physics import Person
from simulator.table import Table

from .host import Host, holding


def session(seed: int) -> tuple[list[float], bytes]:
    """A small session with a stop, a reset and a fault; the true trace and every byte of the unit."""
    host = Host(-5.0, seed).meet()
    sent: list[bytes] = []
    tick = host.table.tick

    def record() -> bytes:
        sent.append(tick())
        return sent[-1]

    host.table.tick = record  # type: ignore[method-assign]
    host.arm()
    host.lead(15.0, 3.0)
    host.run(6.0)
    host.stop()
    host.run(3.0)
    host.level()
    host.run(3.0)
    host.table.reset_unit()
    host.run(1.0)
    host.table.switches.estop = True
    host.run(1.0)
    return host.angles, b"".join(sent)


def test_the_same_seed_gives_the_same_bytes_and_the_same_motion():
    assert session(3) == session(3)


def test_another_seed_gives_others():
    ours, theirs = session(3), session(4)
    assert ours[1] != theirs[1]
    assert ours[0] != theirs[0]


def test_nonces_and_stop_counts_cannot_be_guessed_from_the_number_of_resets():
    """F2, F21."""
    firsts = set()
    for seed in range(30):
        table = Table(seed)
        data = table.tick()
        for payload in framing.Deframer().feed(data):
            message = unpack_from_unit(payload) if isinstance(payload, bytes) else None
            if isinstance(message, Telemetry):
                firsts.add((message.nonce, message.stop_count))
    assert len({nonce for nonce, _ in firsts}) == 30
    assert len({count for _, count in firsts}) > 15


def test_time_goes_by_20_milliseconds():
    table = Table()
    for _ in range(125):
        table.tick()
    assert (table.now_ms, table.now_s) == (2500, 2.5)


def test_the_units_clock_wraps_after_49_days():
    table = Table()
    table._started_ms = -(2**32 + 4)
    data = table.tick()
    found = [unpack_from_unit(p) for p in framing.Deframer().feed(data) if isinstance(p, bytes)]
    assert [m.time_ms for m in found if isinstance(m, Telemetry)] == [24]


def test_the_emergency_stop_is_wired_past_the_unit():
    """F24, F6: it works with a unit that is hung and goes on driving."""
    table = Table(angle_deg=20.0)
    hang(table, Command(-1.0, False))
    run(table, 50)
    assert table.physics.drive_dps < -2.0
    table.switches.estop = True
    run(table, 15)
    at = table.angle_deg
    run(table, 150)
    assert abs(table.angle_deg - at) < 0.05


def test_an_end_switch_breaks_only_its_direction():
    """H2: at 62° a unit that hangs drives no further; back it may."""
    table = Table(angle_deg=58.0)
    hang(table, Command(1.0, False))
    run(table, 500)
    assert 62.0 <= table.angle_deg < 63.5
    hang(table, Command(-1.0, False))
    run(table, 100)
    assert table.angle_deg < 60.0
    table = Table(angle_deg=-80.0)
    hang(table, Command(-1.0, False))
    run(table, 500)
    assert -83.5 < table.angle_deg <= -82.0
    hang(table, Command(1.0, False))
    run(table, 100)
    assert table.angle_deg > -80.0


def hang(table: Table, command: Command) -> None:
    """The unit's last command goes on for ever."""
    table._unit.tick = lambda now_ms, readings: command  # type: ignore[method-assign]


def run(table: Table, ticks: int) -> None:
    for _ in range(ticks):
        table.tick()


def test_a_reset_begins_a_new_run_with_the_old_memory():
    """F5."""
    host = holding(10.0)
    host.run(10.0)
    memory = host.table.memory
    boots, seconds = memory.boots, memory.head_down_ms
    host.table.reset_unit()
    assert host.table.memory is memory
    assert memory.boots == boots + 1
    assert memory.head_down_ms == seconds + 1_000 > 9_000


def test_a_power_cut_loses_the_memory():
    host = holding(10.0)
    host.table.memory = type(host.table.memory)()
    host.table.reset_unit()
    host.run(1.0)
    assert host.latched == 0
    assert host.now.head_down_s <= 1


def test_the_person_and_the_place_are_given():
    table = Table(angle_deg=-30.0, person=Person(136.0, -0.1))
    assert table.angle_deg == -30.0
    assert table.physics.person.mass_kg == 136.0
