"""What the motor lives on: the voltage of its supply (F16), and how hot it may still get (F15).

Both warn before they end anything, because what is left is for the way home.
"""

from typing import Final

from protocol.messages import Cause

from .drive import TICK_S
from .memory import Memory

LOW_V: Final = 11.0
RECOVERED_V: Final = 11.5
CRITICAL_V: Final = 10.0
"""Of a 12 V supply. Chosen: a lead battery at 11.0 V under load has a tenth left, below 10 V the relays let go."""
LOW_TICKS: Final = 25
CRITICAL_TICKS: Final = 5
"""500 ms and 100 ms: the motor's start is no brown-out."""
CONTINUOUS_A: Final = 10.0
HEATING_S: Final = 600.0
"""Heat tends to (current / 10 A)² with a time constant of ten minutes. Chosen: a motor for continuous duty at its rated
8 A (domain.md: a furniture actuator's duty of 10 % would not do)."""
HEATING_PER_TICK: Final = TICK_S / HEATING_S
WARM: Final = 0.7
HOT: Final = 0.8
COOLED: Final = 0.6
"""The slowest whole return, 60 s at 8 A, heats by 0.06: with 0.2 in reserve there is three times what it takes."""
SUPPLY_LOW, SUPPLY_CRITICAL = int(Cause.SUPPLY_LOW), int(Cause.SUPPLY_CRITICAL)
MOTOR_WARM, MOTOR_HOT = int(Cause.MOTOR_WARM), int(Cause.MOTOR_HOT)


class Supply:
    """Judges voltage and heat, once a tick; `causes` is what they say."""

    __slots__ = ("_critical_ticks", "_low_ticks", "_memory", "causes")

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._low_ticks = self._critical_ticks = 0
        self.causes = 0

    def tick(self, voltage_v: float, current_a: float) -> None:
        """One tick at this voltage and motor current."""
        memory = self._memory
        load = current_a / CONTINUOUS_A
        memory.heat += (load * load - memory.heat) * HEATING_PER_TICK
        if self.causes or self._low_ticks or memory.heat >= WARM or voltage_v < RECOVERED_V:
            self._judge(voltage_v, memory.heat)

    def _judge(self, voltage_v: float, heat: float) -> None:
        causes = self.causes
        self._critical_ticks = self._critical_ticks + 1 if voltage_v < CRITICAL_V else 0
        self._low_ticks = self._low_ticks + 1 if voltage_v < LOW_V else 0
        if self._low_ticks >= LOW_TICKS:
            causes |= SUPPLY_LOW
        elif voltage_v >= RECOVERED_V:
            causes &= ~SUPPLY_LOW
        causes = causes | SUPPLY_CRITICAL if self._critical_ticks >= CRITICAL_TICKS else causes & ~SUPPLY_CRITICAL
        if heat >= HOT:
            causes |= MOTOR_WARM | MOTOR_HOT
        elif heat >= WARM:
            causes |= MOTOR_WARM
        elif heat < COOLED:
            causes &= ~(MOTOR_WARM | MOTOR_HOT)
        self.causes = causes
