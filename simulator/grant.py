"""What the host was granted: to increase the angle (armed), and to move at all for half a second (the lease)."""

from protocol.messages import Setpoint

from . import kernel


class Grant:
    """Armed or not, and the setpoint whose lease runs. Times in milliseconds, angles in hundredths of a degree."""

    __slots__ = ("_asked_cdeg", "_since_ms", "_target_cdeg", "armed", "limit_cdeg", "setpoint")

    def __init__(self) -> None:
        self.armed = False
        self.setpoint: Setpoint | None = None
        self.limit_cdeg = kernel.HARD_LIMIT_CDEG
        self._asked_cdeg = 0
        self._target_cdeg = 0
        self._since_ms = 0

    def arm(self) -> None:
        """The angle may be increased; nothing is leased yet."""
        self.armed = True
        self.setpoint = None
        self.limit_cdeg = kernel.HARD_LIMIT_CDEG

    def lease(self, setpoint: Setpoint, now_ms: int) -> None:
        """Follow this setpoint until its lease ends."""
        self.setpoint = setpoint
        self.limit_cdeg = kernel.limit(kernel.HARD_LIMIT_CDEG, setpoint.limit_cdeg)
        self._asked_cdeg = setpoint.target_cdeg
        self._target_cdeg = kernel.target(self._asked_cdeg, self.limit_cdeg, kernel.LOWEST_CDEG)
        self._since_ms = now_ms

    def release(self) -> None:
        """Nothing is granted any more; what moves, brakes."""
        self.armed = False
        self.setpoint = None

    def expired(self, now_ms: int) -> bool:
        """Whether a lease has run out unrenewed."""
        setpoint = self.setpoint
        return setpoint is not None and not kernel.lease_runs(self._since_ms, setpoint.lease_ms, now_ms)

    def target_cdeg(self, rate_cdps: int, now_ms: int) -> int:
        """Where the setpoint is by now: extrapolated by its own rate, within limit and travel."""
        if not rate_cdps:
            return self._target_cdeg
        moved_cdeg = round(rate_cdps * (now_ms - self._since_ms) / 1000)
        return kernel.target(self._asked_cdeg + moved_cdeg, self.limit_cdeg, kernel.LOWEST_CDEG)
