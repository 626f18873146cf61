"""One whole table in virtual time: physics, sensors, switches and the tilt unit, stepped together."""

from random import Random
from typing import Final

from .drive import TICK_MS
from .memory import Memory
from .motion import RESTING
from .physics import STEP_S, Person, Physics
from .sensors import Sensors, Switches
from .unit import TiltUnit
from .voting import SAMPLE_MS, SAMPLE_S

SAMPLES_PER_TICK: Final = TICK_MS // SAMPLE_MS
STEPS_PER_SAMPLE: Final = round(SAMPLE_S / STEP_S)
"""Samples of the sensors in one tick of the unit, steps of physics in one sample."""
WATCHDOG_MS: Final = 250
"""A unit that makes no tick for so long is reset by its watchdog (safety.md, F6). Chosen: a timer of the ATmega328P."""
SOURCE_OHM: Final = 0.02
"""Of battery and wires. Chosen: half a volt at stall."""
PRESS_MS: Final = 100
"""How long a finger stays on the arm button."""


class Table:
    """The simulated table. Bytes from the host go into `receive`, time goes on with `tick`, bytes come out of it.

    `seed` decides every sensor reading and nonce, so that the same seed and the same bytes give the same run.
    `supply_v` is the voltage without load.
    """

    def __init__(
        self, seed: int = 0, angle_deg: float = -80.0, person: Person | None = None, time_scale: int = 1, unit: int = 1
    ) -> None:
        self._random = Random(seed)
        self._time_scale = time_scale
        self._unit_number = unit
        self.physics = Physics(angle_deg, person or Person())
        self.switches = Switches()
        self.sensors = Sensors(self._random.getrandbits(32), self.switches)
        self.memory = Memory()
        self.supply_v = 12.8
        self.now_ms = 0
        self._started_ms = 0
        self._pressed_until_ms = 0
        self._hung_until_ms = self._watchdog_ms = 0
        self._command = RESTING
        self._unit = self._new_unit()

    def _new_unit(self) -> TiltUnit:
        return TiltUnit(self.memory, self._random.getrandbits(32), self._unit_number, self._time_scale)

    @property
    def now_s(self) -> float:
        """Virtual seconds since the table was made."""
        return self.now_ms / 1000

    @property
    def angle_deg(self) -> float:
        """Where the bed really is."""
        return self.physics.bed_deg

    def press_arm_button(self) -> None:
        """Press and let go, as a finger does."""
        self.switches.arm_button = True
        self._pressed_until_ms = self.now_ms + PRESS_MS

    def reset_unit(self) -> None:
        """The microcontroller restarts; its memory survives."""
        self._unit = self._new_unit()
        self._started_ms = self.now_ms
        self._hung_until_ms = 0
        self._command = RESTING

    def lose_memory(self) -> None:
        """A power cut: nothing of the memory survives, and the microcontroller starts anew."""
        self.memory = Memory()
        self.reset_unit()

    def hang(self, seconds: float) -> None:
        """The microcontroller does nothing for a while, and its last command to motor and brake stays."""
        self._hung_until_ms = self.now_ms + round(seconds * 1000)
        self._watchdog_ms = self.now_ms + WATCHDOG_MS

    def receive(self, data: bytes) -> None:
        """Bytes from the host reach the unit now."""
        if not self._hung_until_ms:
            self._unit.receive(data)

    def tick(self) -> bytes:
        """The next 20 ms; the bytes that the unit sent meanwhile."""
        self.now_ms += TICK_MS
        physics, sensors, switches, unit = self.physics, self.sensors, self.switches, self._unit
        take_bed, take_drive = unit.angle.bed.take, unit.angle.drive.take
        read, advance = sensors.read, physics.advance
        power, brake = self._command
        # Hard-wired: the emergency stop cuts the motor and lets the brake fall in, an end switch cuts its direction.
        if switches.estop:
            power, brake = 0.0, True
        if self._pressed_until_ms and self.now_ms > self._pressed_until_ms:
            switches.arm_button = False
            self._pressed_until_ms = 0
        for _ in range(SAMPLES_PER_TICK):
            if switches.lowering:
                physics.lower_by_hand(STEPS_PER_SAMPLE)
            readings = read(physics.bed_deg, physics.bed_dps, physics.drive_deg, physics.current_a)
            ended = power and (readings.end_head_down if power > 0.0 else readings.end_head_up)
            advance(0.0 if ended else power, brake, STEPS_PER_SAMPLE)
            take_bed(readings.bed_cdeg)
            take_drive(readings.drive_cdeg)
        readings.supply_v = self.supply_v - SOURCE_OHM * readings.current_a
        if self._hung_until_ms:
            self._hang_on()
            return b""
        self._command = unit.tick(self.now_ms - self._started_ms, readings)
        return unit.transmit()

    def _hang_on(self) -> None:
        """Until the unit goes on by itself, or its watchdog bites."""
        if self.now_ms >= self._hung_until_ms:
            self._hung_until_ms = 0
        elif self.now_ms >= self._watchdog_ms:
            self.reset_unit()
