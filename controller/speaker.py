"""What goes to the unit: stop and level at any time, and with telemetry the order of the moment, through the gate.

An order that stays the same is renewed every 100 ms; it goes at once where it, the state, the verdict or the limit has
changed. Whatever goes out has passed the gate at that moment.
"""

from math import inf
from typing import Final

from protocol.link import STOP_FRAME, HostLink

from .conduct import Conduct
from .estimator import Estimate
from .gate import Order, Outgoing, Permit, gate
from .model import State
from .play import Play
from .safety import Action

REPEAT_S: Final = 0.1
"""An order that stays the same is renewed this often: five times within a lease of 500 ms (safety.md)."""
ABOVE_DEADBAND_DEG: Final = 0.1
"""Chosen: the smoothed noise of the worst sensor, and a tenth of what a limit leaves (safety.md, F14)."""


class Speaker:
    """The second door and what comes after it."""

    def __init__(self, conduct: Conduct, link: HostLink) -> None:
        self._conduct = conduct
        self._link = link
        self._play = Play(conduct)
        self._rate_dps = conduct.settings.limits.rate_dps.value
        self._asked: tuple[Outgoing, State, Action, float] | None = None
        self._asked_s = -inf
        self._above_deg = self._limit_deg = 0.0

    def speak(self, e: Estimate | None, fresh: bool) -> bytes:
        """Urgent frames at any time; with telemetry the order of this step, unless it went out just now."""
        conduct, link = self._conduct, self._link
        urgent, now_s = conduct.urgent, conduct.now_s
        frames = [STOP_FRAME] if urgent.stopping_since_s is not None and urgent.stop_due(now_s) else []
        if e is None:
            frames.append(link.greet(now_s))
            return b"".join(frames)
        if urgent.levelling_since_s is not None:
            count = urgent.level_due(now_s)
            if count is not None:
                frames.append(link.level(count))
        if not conduct.arming.granted and conduct.arming.due(now_s):
            conduct.orders.append(Order.ARM)
        out = self._renew(e) if fresh else None
        if out is not None or conduct.orders:
            left_s = conduct.booking.left_s(conduct.meter.session_s)
            permit = Permit(conduct.machine.state, conduct.verdict.action, self._limit_deg, self._rate_dps, left_s)
            frames.extend([self._write(gate(Outgoing(order), e, permit)) for order in conduct.orders])
            conduct.orders.clear()
            if out is not None:
                frames.append(self._write(gate(out, e, permit)))
        return frames[0] if len(frames) == 1 else b"".join(frames)

    def _renew(self, e: Estimate) -> Outgoing | None:
        """The order of this step if it, or what it is judged by, has changed; otherwise only every 100 ms."""
        conduct = self._conduct
        out = self._play.next(e)
        # Targets lead the unit's angle; the limit is judged on the worse sensor. Without a deadband a hold at the limit
        # would follow that sensor's noise with a new order every 20 ms.
        if not -ABOVE_DEADBAND_DEG < e.above_deg - self._above_deg < ABOVE_DEADBAND_DEG:
            self._above_deg = e.above_deg
        limit_deg = conduct.limit.value - self._above_deg
        self._limit_deg = limit_deg if limit_deg > 0.0 else 0.0
        asked = (out, conduct.machine.state, conduct.verdict.action, self._limit_deg)
        if asked == self._asked and conduct.now_s - self._asked_s < REPEAT_S:
            return None
        self._asked, self._asked_s = asked, conduct.now_s
        return out

    def _write(self, out: Outgoing) -> bytes:
        """An order that has passed the gate, as a frame."""
        link, stop_count = self._link, self._conduct.arming.stop_count
        if out.target is not None:
            angle_deg, rate_dps = out.target
            return link.setpoint(stop_count, angle_deg, rate_dps, self._conduct.limit.value)
        if out.order is Order.ARM:
            return link.arm(stop_count)
        if out.order is Order.DISARM:
            return link.disarm()
        if out.order is Order.ACKNOWLEDGE:
            return link.acknowledge()
        return link.keepalive()
