"""The released firmware on an emulated chip, with the project's physics and sensors: with the face of `Table`, so that
whatever leads a simulated table leads this one.

Time is virtual. Physics goes on every 2 ms, the sensors are read when the chip's converter begins a round.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Final

from simulator.physics import STEP_S, Person, Physics
from simulator.sensors import Sensors, Switches
from tests.firmware.build import firmware_elf

from .chip import HZ, ICR1, RAM_START, Chip

TICK_MS: Final = 20
STEPS_PER_TICK: Final = round(TICK_MS / 1000 / STEP_S)
STEP_CYCLES: Final = round(HZ * STEP_S)
SOURCE_OHM: Final = 0.02
PRESS_MS: Final = 100
BED, DRIVE, CURRENT, SUPPLY = range(4)
CONVERSIONS: Final = (16, 16, 4, 4)
DDRB, PORTB, TCCR1A, OCR1A = 0x24, 0x25, 0x80, 0x88
PWM, DIRECTION, RELEASED, SIREN = 1 << 1, 1 << 2, 1 << 3, 1 << 5


class ChipTable:
    """`simulator.table.Table` around a chip. `elf`: the program, if it is built already."""

    def __init__(
        self,
        seed: int = 0,
        angle_deg: float = -80.0,
        person: Person | None = None,
        time_scale: int = 1,
        unit: int = 1,
        elf: Path | None = None,
    ) -> None:
        self._random = Random(seed)
        self.physics = Physics(angle_deg, person or Person())
        self.switches = Switches()
        self.sensors = Sensors(self._random.getrandbits(32), self.switches)
        self.supply_v = 12.8
        self.now_ms = 0
        self._pressed_until_ms = self._hung_until_ms = 0
        self._asked: list[int] = []
        self._sums = [0, 0, 0, 0]
        self._set: dict[tuple[str, int], Callable[[], bool]] = {
            ("D", 2): lambda: not self.switches.ankles_locked,
            ("D", 3): lambda: not self.switches.occupied,
            ("D", 4): lambda: self.switches.estop,
            ("D", 5): lambda: self.switches.lowering,
            ("D", 6): lambda: self.sensors.readings.end_head_down,
            ("D", 7): lambda: self.sensors.readings.end_head_up,
            ("B", 0): lambda: self.sensors.readings.head_down_side,
            ("B", 4): lambda: not self.switches.arm_button,
        }
        self._read()
        self.chip = Chip(elf or firmware_elf(), self._convert, lambda: None)

    @property
    def now_s(self) -> float:
        """Virtual seconds since the table was made."""
        return self.now_ms / 1000

    @property
    def angle_deg(self) -> float:
        """Where the bed really is."""
        return self.physics.bed_deg

    @property
    def command(self) -> tuple[float, bool]:
        """What the chip's pins give to motor (−1 to 1) and brake."""
        chip = self.chip
        port = chip.register(PORTB) & chip.register(DDRB)
        top = chip.register(ICR1) | chip.register(ICR1 + 1) << 8
        duty = chip.register(OCR1A) | chip.register(OCR1A + 1) << 8
        driven = chip.register(TCCR1A) & 0x80 and chip.register(DDRB) & PWM and top
        power = duty / top if driven else 0.0
        return (power if port & DIRECTION else -power), not port & RELEASED

    @property
    def siren(self) -> bool:
        """Whether it sounds."""
        return bool(self.chip.register(PORTB) & self.chip.register(DDRB) & SIREN)

    def press_arm_button(self) -> None:
        """Press and let go, as a finger does."""
        self.switches.arm_button = True
        self._pressed_until_ms = self.now_ms + PRESS_MS

    def reset_unit(self) -> None:
        """The chip restarts; its memory survives."""
        self.chip.reset()

    def lose_memory(self) -> None:
        """A power cut: what memory holds afterwards is noise."""
        ram = self._random.randbytes(self.chip.avr.ramend + 1 - RAM_START)
        for at, byte in enumerate(ram, RAM_START):
            self.chip.avr.data[at] = byte
        self.chip.reset()

    def hang(self, seconds: float) -> None:
        """The program hangs for a while; its watchdog may be sooner."""
        self.chip.hang()
        self._hung_until_ms = self.now_ms + round(seconds * 1000)

    def receive(self, data: bytes) -> None:
        """Bytes from the host, on the line."""
        self.chip.receive(data)

    def tick(self) -> bytes:
        """The next 20 ms; the bytes that the chip sent meanwhile."""
        self.now_ms += TICK_MS
        if self._pressed_until_ms and self.now_ms > self._pressed_until_ms:
            self.switches.arm_button = False
            self._pressed_until_ms = 0
        if self._hung_until_ms and self.now_ms > self._hung_until_ms:
            self.chip.go_on()
            self._hung_until_ms = 0
        for _ in range(STEPS_PER_TICK):
            self.step()
        sent = bytes(self.chip.sent)
        self.chip.sent.clear()
        return sent

    def step(self) -> None:
        """2 ms of chip and table. Hard-wired: emergency stop and end switches."""
        for (port, pin), is_high in self._set.items():
            self.chip.set_pin(port, pin, int(is_high()))
        self.chip.run(STEP_CYCLES)
        power, brake = self.command
        readings = self.sensors.readings
        if self.switches.estop:
            power, brake = 0.0, True
        if power and (readings.end_head_down if power > 0.0 else readings.end_head_up):
            power = 0.0
        if self.switches.lowering:
            self.physics.lower_by_hand(1)
        self.physics.advance(power, brake, 1)

    # ---- the converter --------------------------------------------------------------------------------------------

    def _read(self) -> None:
        """What the sensors show now, as sums of conversions."""
        physics = self.physics
        readings = self.sensors.read(physics.bed_deg, physics.bed_dps, physics.drive_deg, physics.current_a)
        supply_v = self.supply_v - SOURCE_OHM * readings.current_a
        volts = (
            8184 + readings.bed_cdeg * 13094 / 20000, 8184 + readings.drive_cdeg * 13094 / 20000,
            readings.current_a * 4092 / 40, supply_v * 4092 / 20,
        )  # fmt: skip
        tops = (16 * 1023, 16 * 1023, 4 * 1023, 4 * 1023)
        self._sums = [max(0, min(round(value), top)) for value, top in zip(volts, tops, strict=True)]

    def _convert(self, source: int) -> int:
        """One conversion: the parts of a round add up to what the sensor shows."""
        if source == BED and self._asked and self._asked[-1] != BED:
            self._asked.clear()
        if not self._asked:
            self._read()
        self._asked.append(source)
        count = CONVERSIONS[source]
        turn = (self._asked.count(source) - 1) % count
        total = self._sums[source]
        value = total * (turn + 1) // count - total * turn // count
        booting = len(self._asked) > 1 and self._asked[:2] == [BED, DRIVE]
        return max(0, min(value + self._random.randint(-1, 1) * booting, 1023))
