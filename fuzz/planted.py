"""A deframer with a bug that only the right bytes show, to know that a run can fail."""

from typing import Final

from protocol.framing import DELIMITER, Damage, Deframer

from .tape import Run
from .wire import deframer

STOP_BEGINS: Final = DELIMITER + b"\x04\x02\xc1"


class Leaky(Deframer):
    """Forgets to count the damage of a frame that begins like a stop."""

    def feed(self, data: bytes) -> list[bytes | Damage]:
        before = self.damaged
        found = super().feed(data)
        if STOP_BEGINS in data:
            self.damaged = before
        return found


def leaky() -> Run:
    """The target of the deframer, on this one."""
    return deframer(Leaky)
