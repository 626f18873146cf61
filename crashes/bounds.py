"""By when a table has to stand still and to be on its way home: the times of docs/safety.md, restated."""

from typing import Final

from .judge import Bounds

LEASE_S: Final = 0.5
STANDSTILL_S: Final = 1.3
SILENCE_S: Final = 2.0
SHOWS_S: Final = 1.5
"""Chosen: the first half a degree of a return takes 1.3 s at 1 °/s² and 2 °/s³; before that none can be told."""
HOST_S: Final = 1.0
"""Chosen: how late a controller may be on a machine that runs eight rounds at once. The unit gets no such allowance."""
NONCE_S: Final = 0.3
"""How long a nonce is good for: a unit that is heard by nobody takes setpoints for so long."""
HOST_LOST: Final = Bounds(LEASE_S + STANDSTILL_S, SILENCE_S + SHOWS_S)
"""The unit hears nothing any more."""
HALF_OPEN: Final = Bounds(NONCE_S + LEASE_S + STANDSTILL_S, NONCE_S + SILENCE_S + SHOWS_S)
LEAVING: Final = Bounds(STANDSTILL_S + HOST_S, STANDSTILL_S + SHOWS_S + HOST_S)
"""The controller lives and sends the table home at once."""
BROKER_GONE: Final = Bounds(STANDSTILL_S + HOST_S, 10.0 + SHOWS_S + HOST_S)
"""F20: nothing increases the angle at once; the way home begins after 10 s."""
ECHO_S: Final = 8.0
"""A broker that is silent without hanging up is noticed by an echo that stays away for so long."""
BROKER_SILENT: Final = Bounds(ECHO_S + STANDSTILL_S + HOST_S, ECHO_S + 10.0 + SHOWS_S + HOST_S)
CHECKPOINT_S: Final = 10.0
"""The controller writes to its record this often, and only then learns that it can't."""
RECORD_LOST: Final = Bounds(CHECKPOINT_S + STANDSTILL_S + HOST_S, CHECKPOINT_S + STANDSTILL_S + SHOWS_S + HOST_S)
FROZEN: Final = Bounds(STANDSTILL_S + HOST_S, 20.0 + SHOWS_S + HOST_S)
"""Frozen by a stop: 20 s, then slowly home."""
