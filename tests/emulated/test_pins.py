"""The chip's registers, pins and kept memory, each by itself: quick tests of what firmware/avr/ does."""

import ctypes
import subprocess
from binascii import crc_hqx
from collections.abc import Callable
from functools import cache

import pytest

from protocol.messages import Cause, Flag, Telemetry
from tests.firmware.build import need
from tests.simulator.host import unwrap

from . import chip as chips
from . import table as tables
from .table import ChipTable

MCUSR, WDTCSR, SMCR = 0x54, 0x60, 0x53
DDRB, PORTB, PIND, DDRD, PORTD = 0x24, 0x25, 0x29, 0x2A, 0x2B
TCCR0A, TCCR0B, OCR0A, TIMSK0 = 0x44, 0x45, 0x47, 0x6E
TCCR1A, TCCR1B, ICR1, OCR1A = 0x80, 0x81, 0x86, 0x88
UCSR0A, UCSR0B, UCSR0C, UBRR0 = 0xC0, 0xC1, 0xC2, 0xC4
ADCSRA, ADIE, ADIF = 0x7A, 1 << 3, 1 << 4
WRITE_FUNCTION = 4
WDE, WDIE, WDP_250_MS = 1 << 3, 1 << 6, 1 << 2
LAST_RESETS = 0x0F
CHECK_START = 0xBA5C
WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint16, ctypes.c_uint8, ctypes.c_void_p)
LOOPS = (
    Flag.OCCUPIED
    | Flag.ANKLES_LOCKED
    | Flag.ESTOP
    | Flag.HEAD_DOWN_SIDE
    | Flag.END_HEAD_DOWN
    | Flag.END_HEAD_UP
    | Flag.LOWERING
)


@pytest.fixture(autouse=True, scope="module")
def on_the_chip() -> None:
    need("make", "avr-gcc")
    chips.library()
    tables.firmware_elf()


def told(table: ChipTable, ticks: int) -> Telemetry:
    """Let time pass; the last telemetry of it."""
    found = [message for _ in range(ticks) for message in unwrap(table.tick()) if isinstance(message, Telemetry)]
    return found[-1]


def running(angle_deg: float = -20.0, ticks: int = 5) -> ChipTable:
    table = ChipTable(1, angle_deg)
    told(table, ticks)
    return table


# ---- registers ------------------------------------------------------------------------------------------------------


def test_the_registers_stand_as_the_data_sheet_has_it() -> None:
    """Pins, timers, line and watchdog: values worked out from the data sheet of the ATmega328P."""
    table = running()
    chip = table.chip
    wanted = {
        DDRB: 0b0010_1110,  # motor, direction, brake and siren are outputs
        DDRD: 0,
        PORTD: 0b1111_1100,  # pull-ups of all loops
        TCCR0A: 0b10,  # clear timer on compare
        TCCR0B: 0b011,  # 16 MHz / 64
        OCR0A: 249,  # / 250: a millisecond
        TIMSK0: 0b010,
        TCCR1A: 0b10,  # phase-correct up to ICR1, the pin let go
        TCCR1B: 0b1_0001,  # 16 MHz
        ICR1: 400 & 0xFF,
        ICR1 + 1: 400 >> 8,
        OCR1A: 0,
        OCR1A + 1: 0,
        UBRR0: 16,  # 115,200 baud at double speed
        UCSR0C: 0b110,  # eight bits, no parity, one stop bit
        SMCR: 1,  # idle, not deeper: the converter, the line and both timers go on
        MCUSR: 0,
    }
    assert {at: chip.register(at) for at in wanted} == wanted
    assert chip.register(UCSR0A) & 0b11 == 0b10
    assert chip.register(UCSR0B) & 0b1001_1000 == 0b1001_1000
    assert chip.register(PORTB) & 0b1_0001 == 0b1_0001, "pull-ups of the level switch and the button"
    assert chip.register(PORTB) & 0b10_1000 == 0, "brake on, siren off"
    assert chip.register(WDTCSR) & ~0x80 == WDE | WDP_250_MS, "a reset after 250 ms, no interrupt instead of it"


def test_until_the_firmware_runs_every_output_is_low() -> None:
    """Boot, F5: from the first instruction to the first round of control the brake is on and the motor's pin low."""
    table = ChipTable(1, 20.0)
    for _ in range(400):
        table.chip.run(1600)
        assert table.command == (0.0, True)
        assert not table.siren


def test_the_first_round_of_control_is_at_24_ms() -> None:
    """Conversions begin every 10 ms and take 4.2: the second round of them ends in the 25th millisecond, then each."""
    table = ChipTable(1, -20.0)
    found = [message for _ in range(6) for message in unwrap(table.tick()) if isinstance(message, Telemetry)]
    assert [message.time_ms for message in found] == [24 + 20 * at for at in range(len(found))]
    assert len(found) >= 4


# ---- watchdog -------------------------------------------------------------------------------------------------------


def test_a_converter_that_ends_no_round_is_a_hang() -> None:
    """F6: the line and the clock go on, but no round of control is completed, so nobody feeds the watchdog."""
    table = running()
    chip = table.chip
    assert chip.resets == 0
    for _ in range(160):
        chip.avr.data[ADCSRA] &= ~ADIE & 0xFF
        chip.run(tables.STEP_CYCLES)
        if chip.resets:
            break
    assert chip.resets == 1
    assert told(table, 10).time_ms < 250, "it starts, and goes on"


def test_a_clock_that_stands_still_is_a_hang() -> None:
    """F6: without the clock nothing asks for a round of conversions."""
    table = running()
    chip = table.chip
    for _ in range(160):
        chip.avr.data[TIMSK0] = 0
        chip.run(tables.STEP_CYCLES)
        if chip.resets:
            break
    assert chip.resets == 1


def test_a_hung_loop_is_reset_though_interrupts_go_on() -> None:
    """F6: neither the clock's interrupt nor the converter's nor the line's feeds the watchdog. 200 to 300 ms."""
    table = running()
    chip = table.chip
    while not chip.avr.data[0x5F] & 0x80:  # not inside of an interrupt: they have to go on
        chip.run(16)
    chip.hang()
    table.receive(bytes(200))
    before = chip.avr.cycle
    while not chip.resets and chip.avr.cycle < before + chips.HZ:
        chip.run(16_000)
    assert chip.resets == 1
    assert 0.2 < (chip.avr.cycle - before) / chips.HZ < 0.3


def test_the_watchdog_that_has_bitten_bites_again() -> None:
    """F6, H9: it is tamed at the start and stays on."""
    table = running()
    for count in (1, 2):
        table.chip.hang()
        for _ in range(25):
            table.tick()
        assert table.chip.resets == count
    assert table.chip.register(WDTCSR) & ~0x80 == WDE | WDP_250_MS
    assert table.chip.register(MCUSR) & LAST_RESETS == 0


# ---- kept memory ----------------------------------------------------------------------------------------------------


@cache
def _copies(elf: str) -> tuple[int, int]:
    shown = subprocess.run(["avr-nm", "-S", elf], check=True, capture_output=True, text=True, timeout=60).stdout
    (line,) = (line for line in shown.splitlines() if line.endswith(" copies"))
    address, size = line.split()[:2]
    return int(address, 16) & 0xFFFF, int(size, 16) // 2


def copy_at(table: ChipTable, which: int) -> slice:
    """Where one of both copies stands."""
    address, size = _copies(str(tables.firmware_elf()))
    return slice(address + which * size, address + (which + 1) * size)


def read(table: ChipTable, which: int) -> bytes:
    place = copy_at(table, which)
    return bytes(table.chip.avr.data[place.start : place.stop])


def is_whole(copy: bytes) -> bool:
    return crc_hqx(copy[:-2], CHECK_START) == int.from_bytes(copy[-2:], "little")


def saved(table: ChipTable) -> ChipTable:
    """Go on until no copy is being written: otherwise a test that spoils the other one spoils both."""
    for _ in range(1000):  # a tenth of a second; a copy is kept every 20 ms
        if all(is_whole(read(table, which)) for which in (0, 1)):
            return table
        table.chip.run(1600)
    raise AssertionError("one of the copies is never whole")


def write(table: ChipTable, which: int, data: bytes) -> None:
    place = copy_at(table, which)
    for at, byte in zip(range(place.start, place.stop), data, strict=True):
        table.chip.avr.data[at] = byte


def counted(ticks: int) -> ChipTable:
    """Head down for some seconds, which are counted."""
    return saved(running(20.0, 150 + ticks))


def restarted(table: ChipTable) -> Telemetry:
    """What it remembers."""
    table.reset_unit()
    return told(table, 5)


@pytest.mark.parametrize("ticks", [0, 1])
def test_both_copies_are_kept_in_turn(ticks: int) -> None:
    """F5, H3: a reset in the middle of one leaves the other."""
    table = counted(ticks)
    before = [read(table, which) for which in (0, 1)]
    table.tick()
    after = [read(table, which) for which in (0, 1)]
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1
    table.tick()
    assert all(read(table, which) != before[which] for which in (0, 1))


@pytest.mark.parametrize("ticks", [0, 1])
@pytest.mark.parametrize("which", [0, 1])
def test_one_damaged_copy_is_passed_over(which: int, ticks: int) -> None:
    """H3: one bit of it, in the first byte or the last; the other copy is used."""
    for at in (0, -1):
        table = counted(ticks)
        data = bytearray(read(table, which))
        data[at] ^= 0x10
        write(table, which, bytes(data))
        assert restarted(table).head_down_s >= 3


def test_two_damaged_copies_are_no_memory() -> None:
    """A power cut: counts begin anew."""
    table = counted(0)
    for which in (0, 1):
        write(table, which, bytes(byte ^ 0x5A for byte in read(table, which)))
    assert restarted(table).head_down_s <= 1


@pytest.mark.parametrize("which", [0, 1])
def test_the_newer_copy_is_used(which: int) -> None:
    """H3: of this start by its time, and of two starts the later one, however short it was."""
    table = running(20.0, 100)
    old = read(table, which)
    counted_s = told(table, 101).head_down_s
    write(saved(table), which, old)
    assert restarted(table).head_down_s >= counted_s
    table = running(20.0, 200)
    old = read(table, which)
    table.tick()
    table.reset_unit()
    counted_s = told(table, 61).head_down_s  # the second start is shorter than the first, and counts on
    write(saved(table), which, old)
    assert restarted(table).head_down_s >= counted_s, "with the old one it were a second less"


def test_a_restart_is_kept_at_once() -> None:
    """H9: one that comes before the first round of control counts as well."""
    table = running(0.0, 100)
    for _ in range(2):
        table.reset_unit()
        table.chip.run(chips.HZ // 100)
    assert Cause.RESET_LOOP in Cause(told(table, 3).latched)


# ---- switches -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "pin", "flag", "open_sets"),
    [
        ("D", 2, Flag.ANKLES_LOCKED, False), ("D", 3, Flag.OCCUPIED, False), ("D", 4, Flag.ESTOP, True),
        ("D", 5, Flag.LOWERING, True), ("D", 6, Flag.END_HEAD_DOWN, True), ("D", 7, Flag.END_HEAD_UP, True),
        ("B", 0, Flag.HEAD_DOWN_SIDE, True),
    ],
)  # fmt: skip
def test_an_open_loop_is_its_dangerous_side(port: str, pin: int, flag: Flag, open_sets: bool) -> None:
    """F24 to F26: each loop by itself, and none says anything about another."""
    table = running(0.0, 3)
    wired: dict[tuple[str, int], Callable[[], bool]] = dict.fromkeys(table._set, lambda: False)
    table._set = wired | {("B", 4): lambda: True}
    closed = told(table, 2).flags & LOOPS
    wired = table._set | {(port, pin): lambda: True}
    table._set = wired
    opened = told(table, 2).flags & LOOPS
    assert closed ^ opened == flag
    assert bool(opened & flag) is open_sets


def test_the_button_is_pressed_where_it_is_closed() -> None:
    table = running(0.0, 3)
    assert told(table, 5).arm_presses == 0
    table.press_arm_button()
    assert told(table, 10).arm_presses == 1


# ---- converter ------------------------------------------------------------------------------------------------------


def test_no_round_begins_with_a_conversion_from_before() -> None:
    """F7: the noise at the start leaves its flag behind. On silicon only a 1 clears it, or its interrupt, which comes
    at once where it is allowed: the bed's first sum would hold a conversion of the supply, 7° off in a table that
    stands. The emulator takes a 0 for a clear flag, so the writes are judged here."""
    chip = ChipTable(1, -80.0).chip
    pointers = chip.avr.io[ADCSRA - chips.IO_START].pointers
    go_on = WRITE(pointers[WRITE_FUNCTION])
    flagged = False
    allowed: list[bool] = []

    def write_it(avr: int, address: int, value: int, param: int) -> None:
        nonlocal flagged
        flagged = (flagged or bool(chip.register(ADCSRA) & ADIF)) and not value & ADIF
        if value & ADIE:
            allowed.append(flagged)
            flagged = False
        go_on(avr, address, value, param)

    hook = WRITE(write_it)
    pointers[WRITE_FUNCTION] = ctypes.cast(hook, ctypes.c_void_p)
    chip.run(chips.HZ // 50)
    assert len(allowed) >= sum(tables.CONVERSIONS), "a round was made"
    assert not any(allowed), "an interrupt with an old value"


@pytest.mark.parametrize("cdeg", [-9000, -3333, -1, 0, 1, 1500, 6000, 9000])
def test_a_voltage_is_an_angle(cdeg: int) -> None:
    """A tenth of the supply is -100°, nine tenths +100°, each sensor on its own input."""
    for own, other in ((0, 1), (1, 0)):
        table = running(0.0, 3)

        def read_them(table: ChipTable = table, own: int = own, other: int = other) -> None:
            table._sums = [0, 0, 500, 2500]
            table._sums[own] = round(8184 + cdeg * 13094 / 20000)
            table._sums[other] = round(8184 + 500 * 13094 / 20000)

        table._read = read_them  # type: ignore[method-assign]
        seen = told(table, 3)
        found = round(seen.bed_deg * 100), round(seen.drive_deg * 100)
        assert found[own] == pytest.approx(cdeg, abs=2)
        assert found[other] == pytest.approx(500, abs=2)


def test_sums_are_current_and_supply() -> None:
    """40 A and 20 V at full scale, each on its own input; told in fifths of an ampere and tenths of a volt."""
    for current, supply, current_a, supply_v in ((0, 4092, 0.0, 20.0), (4092, 0, 40.0, 0.0), (1023, 2619, 10.0, 12.8)):
        table = running(0.0, 3)

        def read_them(table: ChipTable = table, current: int = current, supply: int = supply) -> None:
            table._sums = [8184, 8184, current, supply]

        table._read = read_them  # type: ignore[method-assign]
        seen = told(table, 3)
        assert seen.current_a == pytest.approx(current_a, abs=0.11)
        assert seen.supply_v == pytest.approx(supply_v, abs=0.051)
