"""What the host was granted: to increase the angle (armed), and to move at all for half a second (the lease)."""

from typing import Final

from protocol.messages import Setpoint

from . import kernel

LOWEST_CDEG: Final = -8000
"""The load position (domain.md): no setpoint leads beyond it."""


class Grant:
    """Armed or not, and the setpoint whose lease runs. Times in milliseconds, angles in hundredths of a degree."""

    __slots__ = ("_asked_cdeg", "_since_ms", "_target_cdeg", "_until_ms", "armed", "limit_cdeg", "setpoint")

    def __init__(self) -> None:
        self.armed = False
        self.setpoint: Setpoint | None = None
        self.limit_cdeg = kernel.HARD_LIMIT_CDEG
        self._asked_cdeg = 0
        self._target_cdeg = 0
        self._since_ms = 0
        self._until_ms = 0

    def arm(self) -> None:
        """The angle may be increased; nothing is leased yet."""
        self.armed = True
        self.setpoint = None
        self.limit_cdeg = kernel.HARD_LIMIT_CDEG

    def lease(self, setpoint: Setpoint, now_ms: int) -> None:
        """Follow this setpoint until its lease ends."""
        self.setpoint = setpoint
        self.limit_cdeg = kernel.limit(kernel.HARD_LIMIT_CDEG, round(setpoint.limit_deg * 100))
        self._asked_cdeg = round(setpoint.target_deg * 100)
        self._target_cdeg = kernel.target(self._asked_cdeg, self.limit_cdeg, LOWEST_CDEG)
        self._since_ms = now_ms
        self._until_ms = now_ms + min(round(setpoint.lease_s * 1000), kernel.LEASE_LIMIT_MS)

    def release(self) -> None:
        """Nothing is granted any more; what moves, brakes."""
        self.armed = False
        self.setpoint = None

    def expired(self, now_ms: int) -> bool:
        """Whether a lease has run out unrenewed."""
        return self.setpoint is not None and now_ms > self._until_ms

    def target_cdeg(self, rate_dps: float, now_ms: int) -> int:
        """Where the setpoint is by now: extrapolated by its own rate, within limit and travel."""
        if not rate_dps:
            return self._target_cdeg
        moved_cdeg = round(rate_dps * (now_ms - self._since_ms) / 10)
        return kernel.target(self._asked_cdeg + moved_cdeg, self.limit_cdeg, LOWEST_CDEG)
