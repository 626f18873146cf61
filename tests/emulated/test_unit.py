"""The released firmware on an emulated chip, in a closed loop with the project's physics, in virtual time."""

import subprocess
from collections.abc import Iterator

import pytest

from protocol.link import STOP_FRAME, frame
from protocol.messages import Cause, Flag, Hello, Identity, Rung, Telemetry
from tests.firmware.build import firmware_elf, need
from tests.once import anew
from tests.simulator import host as hosts
from tests.simulator.host import Host, broken, holding, rising, unwrap

from . import chip as chips
from .table import ChipTable

FLASH_BYTES = 32_768
RAM_BYTES = 2048
C = Cause


@pytest.fixture(autouse=True, scope="module")
def on_the_chip() -> Iterator[None]:
    """Every host of this module leads a table with a chip."""
    need("make", "avr-gcc")
    chips.library()
    firmware_elf()
    with pytest.MonkeyPatch.context() as patch, anew():
        patch.setattr(hosts, "Table", ChipTable)
        yield


def table_of(host: Host) -> ChipTable:
    assert isinstance(host.table, ChipTable)
    return host.table


def head_down(angle_deg: float = 12.0) -> Host:
    """Held head down by a lease."""
    return holding(angle_deg)


def returned_by_itself(host: Host, seconds: float) -> bool:
    """The host says nothing any more; whether the chip brings the table level in this time."""
    host.silent = True
    return host.run(seconds, lambda: abs(host.angle_deg) <= 1.5 and table_of(host).command[1])


# ---- boot -----------------------------------------------------------------------------------------------------------


def test_it_boots_braked_and_says_who_it_is() -> None:
    table = ChipTable(1, -20.0)
    said: list[object] = []
    for _ in range(60):
        said += unwrap(table.tick())
        assert table.command == (0.0, True)
    identity, *telemetry = said
    assert isinstance(identity, Identity)
    assert identity[:2] == (1, 0)
    assert (identity.simulated, identity.time_scale, identity.limit_deg, identity.rate_limit_dps) == (0, 1, 60.0, 3.0)
    assert all(isinstance(message, Telemetry) for message in telemetry)
    assert 57 <= len(telemetry) <= 60
    last = telemetry[-1]
    assert isinstance(last, Telemetry)
    assert last.causes == C.HOST_SILENT
    assert last.flags & Flag.TRUSTED
    assert last.angle_deg == pytest.approx(-20.0, abs=0.5)
    assert table.chip.resets == 0


def test_no_two_runs_begin_with_the_same_numbers() -> None:
    """Boot: a frame from before a restart fits nothing."""
    nonces = set()
    for seed in range(4):
        table = ChipTable(seed, 0.0)
        for _ in range(3):
            told = [m for m in unwrap(table.tick()) if isinstance(m, Telemetry)]
        nonces.add((told[-1].nonce, told[-1].stop_count))
    assert len(nonces) == 4


def test_hello_is_answered_with_its_session() -> None:
    table = ChipTable(1, 0.0)
    for _ in range(5):
        table.tick()
    table.receive(frame(Hello(1, 12345)))
    said = unwrap(table.tick() + table.tick())
    assert [message.session for message in said if isinstance(message, Identity)] == [12345]


# ---- motion ---------------------------------------------------------------------------------------------------------


def test_it_follows_a_session_up_and_level_brings_it_home() -> None:
    """H2, H6: to 20° and back, never faster than the limit, never beyond the target."""
    host = holding(20.0)
    host.level()
    assert host.run(20.0, host.at_level)
    assert max(host.angles) < 21.0
    assert max(map(abs, host.driven)) < 3.3
    assert host.latched == 0
    assert host.link.lost == 0


def test_a_stop_freezes_within_its_time_and_the_return_follows_20_s_later() -> None:
    """H1, H11: 1.3 s and 1.5°; then R1 at 1 °/s."""
    host = rising(10.0)
    at = host.angle_deg
    host.stop()
    host.run(1.3)
    assert abs(host.driven[-1]) < 0.05
    assert host.angle_deg - at <= 1.5
    host.run(18.0)
    assert host.causes == C.STOPPED
    assert host.run(2.0, lambda: C.FROZEN_LONG in host.causes)
    since = len(host.driven)
    assert host.run(25.0, host.at_level)
    assert max(map(abs, host.driven[since:])) <= 1.1


def test_nothing_rises_without_a_grant() -> None:
    """H4, H15."""
    host = Host(-20.0).meet()
    at = host.angle_deg
    host.lead(10.0)
    host.run(5.0)
    assert host.angle_deg == pytest.approx(at, abs=0.05)
    assert not host.has(Flag.LEASED)


def test_an_ended_lease_brakes_at_once() -> None:
    """F2, F17: standstill within 1.3 s of its end, the grant gone."""
    host = rising(-10.0)
    host.let_go()
    host.run(0.5 + 1.3)
    assert abs(host.driven[-1]) < 0.05
    host.run(1.0)
    assert not host.has(Flag.ARMED)
    assert host.has(Flag.BRAKE)


def test_a_host_that_dies_head_down_is_followed_by_the_way_home() -> None:
    """F17, H1: 2 s of silence, then R1."""
    host = head_down()
    assert returned_by_itself(host, 15.0)


def test_on_the_head_up_side_a_dead_host_moves_nothing() -> None:
    """H15."""
    host = Host(-30.0).meet()
    host.silent = True
    at = host.angle_deg
    host.run(8.0)
    assert host.angle_deg == pytest.approx(at, abs=0.05)
    assert table_of(host).command == (0.0, True)


# ---- the chip itself ------------------------------------------------------------------------------------------------


def test_a_hung_loop_is_reset_by_the_watchdog_and_the_table_comes_home() -> None:
    """F6, F5: the brake is on within 250 ms and the start, then R1 without a host."""
    host = head_down()
    table = table_of(host)
    table.chip.hang()
    assert host.run(0.32, lambda: table.chip.resets == 1)
    host.run(0.04)
    assert table.command == (0.0, True)
    assert returned_by_itself(host, 20.0)
    assert table.chip.resets == 1


def test_a_loop_that_hangs_in_motion_brakes_with_the_reset() -> None:
    """F6: whatever the motor was told when the loop hung ends with the reset."""
    host = rising(5.0)
    table = table_of(host)
    table.chip.hang()
    host.run(0.2)
    assert table.command[0] > 0.5, "the pins keep what they were told"
    assert host.run(0.12, lambda: table.chip.resets == 1)
    host.run(0.04)
    assert table.command == (0.0, True)
    assert host.angle_deg < 7.0


def test_two_resets_within_a_minute_hold() -> None:
    """H9: R3, with the siren, and only people go on."""
    host = head_down()
    table = table_of(host)
    table.reset_unit()
    host.run(2.0)
    table.reset_unit()
    host.run(3.0)
    assert host.rung == Rung.HOLD
    assert C.RESET_LOOP in host.latched
    assert table.command == (0.0, True)
    assert table.siren


def test_a_reset_remembers_what_was_counted_and_latched() -> None:
    """H3: the head-down seconds, one more for the reset itself; and a failed sensor."""
    host = head_down()
    host.run(4.0)
    host.table.sensors.bed_fault = broken("rail")
    host.run(0.5)
    counted, latched = host.now.head_down_s, host.latched
    assert counted >= 4
    assert latched == C.BED_SENSOR
    table_of(host).reset_unit()
    host.run(1.0)
    assert host.now.head_down_s >= counted + 1
    assert C.BED_SENSOR in host.latched


def test_a_power_cut_forgets_and_says_so() -> None:
    """What memory holds without power is noise: another `memory`, and counts that begin anew."""
    host = head_down()
    host.run(5.0)
    table, before = table_of(host), host.link.identity
    for at in range(chips.RAM_START, RAM_BYTES + chips.RAM_START):
        table.chip.avr.data[at] = (at * 7) & 0xFF
    table.reset_unit()
    host.run(2.0)
    after = host.link.identity
    assert before is not None
    assert after is not None
    assert after.boots == 1
    assert host.now.head_down_s <= 2
    assert after.memory != before.memory


# ---- the line -------------------------------------------------------------------------------------------------------


def test_a_flood_delays_neither_control_nor_a_stop() -> None:
    """F22, H11: garbage at the full rate of the line, a stop in the middle of it."""
    host = rising(5.0)
    table = table_of(host)
    count = host.now.stop_count
    table.receive(bytes(range(1, 256)) * 4 + STOP_FRAME + bytes(range(1, 256)) * 8)
    host.run(0.3)
    assert (host.now.stop_count - count) % 65_536 == 1
    host.run(1.3)
    assert abs(host.driven[-1]) < 0.05
    assert table.chip.resets == 0
    assert table.chip.overruns == 0


# ---- people ---------------------------------------------------------------------------------------------------------


def test_the_emergency_stop_holds_and_its_release_moves_nothing() -> None:
    """F24."""
    host = rising(8.0)
    host.table.switches.estop = True
    host.run(0.5)
    assert host.rung == Rung.HOLD
    assert table_of(host).command == (0.0, True)
    assert table_of(host).siren
    host.table.switches.estop = False
    at = host.angle_deg
    host.run(5.0)
    assert host.angle_deg == pytest.approx(at, abs=0.1)
    host.level()
    assert host.run(15.0, host.at_level)


def test_an_open_ankle_lock_leads_home_slowly() -> None:
    """F25: at 1 °/s or less."""
    host = head_down()
    host.table.switches.ankles_locked = False
    host.run(0.5)
    since = len(host.driven)
    assert host.run(25.0, host.at_level)
    assert max(map(abs, host.driven[since:])) <= 1.1


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_a_broken_wire_of_a_sensor_leads_home_on_the_other(which: str) -> None:
    """F7: an input that reads 0 is no angle."""
    host = head_down()
    setattr(host.table.sensors, f"{which}_fault", lambda cdeg: -32_768)
    host.run(0.5)
    assert host.latched == (C.BED_SENSOR if which == "bed" else C.DRIVE_SENSOR)
    assert returned_by_itself(host, 15.0)


# ---- what it takes --------------------------------------------------------------------------------------------------


def test_it_takes_little_of_the_chip() -> None:
    """Variables and the deepest stack of a whole session take at most three fifths of the memory, the code half of flash."""
    host = rising(6.0)
    host.table.switches.estop = True
    host.run(1.0)
    used = RAM_BYTES - table_of(host).chip.untouched_ram()
    assert used <= RAM_BYTES * 0.6
    shown = subprocess.run(["avr-size", str(firmware_elf())], check=True, capture_output=True, text=True, timeout=60)
    text, data = map(int, shown.stdout.splitlines()[1].split()[:2])
    assert text + data <= FLASH_BYTES * 0.5
