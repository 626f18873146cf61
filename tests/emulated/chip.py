"""An ATmega328P on this machine: libsimavr, driven by ctypes, with the unit's firmware in it.

What is in no manual. `run_cycle_limit` begins at 1: every instruction would be a call. A reset, also the watchdog's,
wipes that limit; that is how it is noticed here. It also forgets the levels of the input pins, and passes on only
changes of them. The default sleep really sleeps. Every write to a port puts its pull-ups back, unless an external level
is set. It does not know all modes of the 16-bit timer, and captures its count into ICR1 also where that is the top of
the PWM; on silicon the input is off then (data sheet, Timer/Counter1, Noise Canceler). The chip's fields stand at the
same places in libsimavr 1.6 and 1.7, which is checked at the start.
"""

import ctypes
import ctypes.util
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

HZ: Final = 16_000_000
BYTE_CYCLES: Final = 11 * 8 * 17
"""A byte takes ten bits on the line, and eleven in the emulator, at the rate that the program set: faster, and bytes
would wait in the emulator that do not on silicon."""
FULL_SCALE: Final = 1023
"""Reference of the converter: with so many millivolts its input is its output."""
LIMIT: Final = 16_000
CRASHED: Final = 5
"""`cpu_Crashed` of `state`."""
UART_INPUT, UART_OUTPUT = 0, 1
ADC_TRIGGER: Final = 18
SOURCE_SHIFT: Final = 19
"""Where the number of the input stands in what the trigger tells."""
UDR0, IO_START, READ_FUNCTION = 0xC6, 0x20, 2
"""The register of the line, and where the function stands that the emulator calls when the program reads it."""
UCSR0B, RECEIVES = 0xC1, 0x10
ICR1: Final = 0x86
RECEIVE_ROOM: Final = 3
"""Bytes that silicon holds before the program takes one: two, and one in the shift register. The emulator holds 64."""
RAM_START: Final = 0x100
PAINT: Final = 0xC5
JUMP_TO_ITSELF: Final = b"\xff\xcf"


def _ioctl(name: str) -> int:
    return int.from_bytes(name.encode(), "big")


class _Io(ctypes.Structure):
    _fields_ = (("pointers", ctypes.c_void_p * 5),)


class _Shared(ctypes.Structure):
    _fields_ = (("used", ctypes.c_int), ("pointers", ctypes.c_void_p * 8))


class Avr(ctypes.Structure):
    """`avr_t`, as far as it is needed here."""

    _fields_ = (
        ("mmcu", ctypes.c_char_p), ("ioend", ctypes.c_uint16), ("ramend", ctypes.c_uint16),
        ("flashend", ctypes.c_uint32), ("e2end", ctypes.c_uint32), ("vector_size", ctypes.c_uint8),
        ("signature", ctypes.c_uint8 * 3), ("fuse", ctypes.c_uint8 * 6), ("lockbits", ctypes.c_uint8),
        ("rampz", ctypes.c_uint16), ("eind", ctypes.c_uint16), ("address_size", ctypes.c_uint8),
        ("reset_flags", ctypes.c_uint32 * 4), ("codeend", ctypes.c_uint32), ("state", ctypes.c_int),
        ("frequency", ctypes.c_uint32), ("vcc", ctypes.c_uint32), ("avcc", ctypes.c_uint32),
        ("aref", ctypes.c_uint32), ("cycle", ctypes.c_uint64), ("run_cycle_count", ctypes.c_uint64),
        ("run_cycle_limit", ctypes.c_uint64), ("sleep_usec", ctypes.c_uint32), ("time_base", ctypes.c_uint64),
        ("init", ctypes.c_void_p), ("reset", ctypes.c_void_p), ("custom", ctypes.c_void_p * 3),
        ("run", ctypes.c_void_p), ("sleep", ctypes.c_void_p), ("irq_count", ctypes.c_int),
        ("irq_pool", ctypes.c_void_p), ("sreg", ctypes.c_uint8 * 8), ("interrupt_state", ctypes.c_int8),
        ("pc", ctypes.c_uint32), ("reset_pc", ctypes.c_uint32), ("io", _Io * 280),
        ("shared_count", ctypes.c_int), ("shared", _Shared * 4), ("flash", ctypes.POINTER(ctypes.c_uint8)),
        ("data", ctypes.POINTER(ctypes.c_uint8)),
    )  # fmt: skip


READ = ctypes.CFUNCTYPE(ctypes.c_uint8, ctypes.c_void_p, ctypes.c_uint16, ctypes.c_void_p)
NOTIFY = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)


def library() -> ctypes.CDLL:
    """libsimavr, or a skipped test that says what to install."""
    name = ctypes.util.find_library("simavr") or "libsimavr.so.2"
    try:
        simavr = ctypes.CDLL(name)
    except OSError:
        pytest.skip("without libsimavr (apt-get install libsimavr2)")
    simavr.avr_make_mcu_by_name.restype = ctypes.POINTER(Avr)
    simavr.avr_io_getirq.restype = ctypes.c_void_p
    return simavr


class Chip:
    """One chip. `run` lets cycles pass; `sent` gathers what it says; `convert` answers its converter.

    `on_reset` is called after each reset, also the watchdog's.
    """

    def __init__(self, elf: Path, convert: Callable[[int], int], on_reset: Callable[[], None]) -> None:
        self._lib = library()
        self._made = self._lib.avr_make_mcu_by_name(b"atmega328p")
        self.avr = avr = self._made.contents
        self._lib.avr_init(self._made)
        self._check()
        firmware = ctypes.create_string_buffer(1 << 16)
        assert self._lib.elf_read_firmware(str(elf).encode(), firmware) == 0, elf
        self._lib.avr_load_firmware(self._made, firmware)
        avr.frequency = HZ
        avr.vcc = avr.avcc = avr.aref = FULL_SCALE
        avr.log = 0
        avr.sleep = ctypes.cast(self._lib.avr_pending_sleep_usec, ctypes.c_void_p)
        self._convert, self._on_reset = convert, on_reset
        self.sent = bytearray()
        self.resets = 0
        self._waiting = bytearray()
        self._byte_due = 0
        self._levels: dict[tuple[str, int], int] = {}
        self._untaken = self.overruns = 0
        self._kept: tuple[int, bytes] | None = None
        self._hooks = (NOTIFY(self._say), NOTIFY(self._asked), READ(self._taken))
        nothing = ctypes.c_uint32(0)
        self._lib.avr_ioctl(self._made, _ioctl("uas0"), ctypes.byref(nothing))
        self._uart = self._irq("uar0", UART_INPUT)
        self._hook(self._irq("uar0", UART_OUTPUT), self._hooks[0])
        self._hook(self._irq("adc ", ADC_TRIGGER), self._hooks[1])
        pointers = avr.io[UDR0 - IO_START].pointers
        self._take = READ(pointers[READ_FUNCTION])
        pointers[READ_FUNCTION] = ctypes.cast(self._hooks[2], ctypes.c_void_p)
        for at in range(RAM_START, avr.ramend + 1):
            avr.data[at] = PAINT
        avr.run_cycle_limit = LIMIT
        self._poll_no_levels()

    def _check(self) -> None:
        avr = self.avr
        known = (avr.ramend, avr.flashend, bytes(avr.signature), avr.frequency, avr.address_size)
        begins = (0x8FF, 0x7FFF, b"\x1e\x95\x0f", 1_000_000, 2)
        assert known == begins, f"this is not the libsimavr 1.6 or 1.7 whose fields are known here: {known}"

    def _irq(self, name: str, index: int) -> ctypes.c_void_p:
        return ctypes.c_void_p(self._lib.avr_io_getirq(self._made, ctypes.c_uint32(_ioctl(name)), index))

    def _hook(self, irq: ctypes.c_void_p, hook: object) -> None:
        self._lib.avr_irq_register_notify(irq, hook, None)

    def _say(self, _irq: int, value: int, _param: int) -> None:
        self.sent.append(value & 0xFF)

    def _taken(self, avr: int, address: int, uart: int) -> int:
        self._untaken -= 1
        return self._take(avr, address, uart)

    def _asked(self, _irq: int, value: int, _param: int) -> None:
        source = value >> SOURCE_SHIFT
        self._lib.avr_raise_irq(self._irq("adc ", source), self._convert(source))

    # ---- time -----------------------------------------------------------------------------------------------------

    def run(self, cycles: int) -> None:
        """Let so many cycles pass, with the bytes that come in meanwhile."""
        end = self.avr.cycle + cycles
        while self.avr.cycle < end:
            if self._waiting and self.avr.cycle >= self._byte_due:
                self._arrive(self._waiting.pop(0))
                self._byte_due = max(self._byte_due, self.avr.cycle) + BYTE_CYCLES
            self._until(min(end, self._byte_due) if self._waiting else end)

    def _arrive(self, byte: int) -> None:
        """A byte is complete. One too many is lost, and so is what comes before the program listens."""
        if not self.avr.data[UCSR0B] & RECEIVES:
            return
        if self._untaken >= RECEIVE_ROOM:
            self.overruns += 1
            return
        self._untaken += 1
        self._lib.avr_raise_irq(self._uart, byte)

    def _until(self, cycle: int) -> None:
        avr, run, made = self.avr, self._lib.avr_run, self._made
        while avr.cycle < cycle:
            avr.run_cycle_limit = LIMIT if cycle - avr.cycle > LIMIT else cycle - avr.cycle
            before = avr.run_cycle_limit
            state = run(made)
            assert state != CRASHED, f"the chip crashed at {avr.pc:#x}"
            if avr.run_cycle_limit != before:
                self._was_reset()

    def _poll_no_levels(self) -> None:
        """Otherwise the pins of INT0 and INT1 are looked at in every cycle while they are low, which no board does."""
        for number in (0, 1):
            self._lib.avr_extint_set_strict_lvl_trig(self._made, number, 0)

    def _was_reset(self) -> None:
        self.resets += 1
        self.go_on()
        self._untaken = 0
        self._poll_no_levels()
        for (port, pin), level in self._levels.items():
            self._change(port, pin, level)
        self._on_reset()

    # ---- what is wired to it --------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> None:
        """Bytes on the line to it, one after the other as fast as the line is."""
        self._waiting += data

    @property
    def waiting(self) -> int:
        """Bytes that are still on the line to it."""
        return len(self._waiting)

    def set_pin(self, port: str, pin: int, level: int) -> None:
        """An input is pulled high or low from outside."""
        if self._levels.get((port, pin)) == level:
            return
        self._levels[port, pin] = level
        pins = [number for name, number in self._levels if name == port]
        mask = sum(1 << number for number in pins)
        value = sum(self._levels[port, number] << number for number in pins)
        external = ctypes.c_uint64(ord(port) & 0x7F | mask << 7 | value << 15)
        self._lib.avr_ioctl(self._made, ctypes.c_uint32(_ioctl(f"iop{port}")), ctypes.byref(external))
        self._change(port, pin, level)

    def _change(self, port: str, pin: int, level: int) -> None:
        """The program sees a level come; nothing is captured."""
        top = self.avr.data[ICR1], self.avr.data[ICR1 + 1]
        for value in (1 - level, level):
            self._lib.avr_raise_irq(self._irq(f"iog{port}", pin), value)
        self.avr.data[ICR1], self.avr.data[ICR1 + 1] = top

    def register(self, address: int) -> int:
        """What a register holds."""
        return int(self.avr.data[address])

    # ---- what a test does to it -----------------------------------------------------------------------------------

    def reset(self) -> None:
        """Somebody pulls the reset pin; MCUSR says so."""
        self._lib.avr_reset(self._made)
        self.avr.data[0x54] |= 0x02
        self.avr.run_cycle_limit = LIMIT
        self._was_reset()

    def hang(self) -> None:
        """It goes round in circles where it is, interrupts and all, until it is reset or `go_on`."""
        self.go_on()
        at = self.avr.pc
        self._kept = at, bytes(self.avr.flash[at : at + 2])
        self.avr.flash[at], self.avr.flash[at + 1] = JUMP_TO_ITSELF

    def go_on(self) -> None:
        """It hangs no longer."""
        if self._kept is not None:
            at, kept = self._kept
            self.avr.flash[at], self.avr.flash[at + 1] = kept
            self._kept = None

    def number(self, address: int, size: int) -> int:
        """A variable of the firmware, by where the linker put it."""
        at = address & 0xFFFF
        return int.from_bytes(bytes(self.avr.data[at : at + size]), "little")

    def untouched_ram(self) -> int:
        """How many bytes between the variables and the stack were never written."""
        ram = bytes(self.avr.data[RAM_START : self.avr.ramend + 1])
        longest = best = 0
        for byte in ram:
            longest = longest + 1 if byte == PAINT else 0
            best = max(best, longest)
        return best
