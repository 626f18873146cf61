"""Assesses the table with each step, and lets the session react: the first door, and what it does."""

from typing import Final

from .conduct import Conduct
from .estimator import Estimate
from .model import EventKind, State
from .safety import FINE, Action, Circumstances, assess

UNCONFIRMED_S: Final = 0.5
"""Chosen: eight repetitions, and many times what a frame and the telemetry that answers it take."""
UNCONFIRMED: Final = "The tilt unit does not confirm the stop: use the emergency stop."


class Judge:
    """Judges one table."""

    def __init__(self, conduct: Conduct) -> None:
        self._c = conduct
        self._known = Circumstances(
            conduct.state, 0.0, conduct.limit, 0.0, 0.0, conduct.booking.allowed, 0.0, 0.0,
            conduct.settings.local_stop, "", False,
        )  # fmt: skip
        self._told = FINE

    def judge(self, e: Estimate, age_s: float, broker_down_s: float) -> None:
        """Assess, and react. `age_s` of the telemetry; `broker_down_s` is negative while the broker is there."""
        c = self._c
        booking, used_s, known = c.booking, c.meter.session_s, self._known
        known.state = c.machine.state
        known.age_s = age_s
        known.limit = c.limit
        known.continuous_left_s = c.meter.continuous_left_s
        known.allowed = booking.allowed
        known.allowed_left_s = booking.allowed.value - used_s
        known.reserved_left_s = booking.left_s(used_s)
        known.broker_down_s = broker_down_s
        known.ledger_failed = booking.failed
        known.grant_lost = c.arming.failed
        c.verdict = assess(e, known)
        if c.verdict is not FINE or self._told is not FINE or c.pauses.paused:
            self._react(e)
        if used_s >= c.check_in.due_s:
            self._check_in(e)

    def watch_stop(self) -> None:
        """F3, H11: a stop that the unit does not confirm is told to people, who have another one."""
        c = self._c
        unconfirmed = c.urgent.unconfirmed_s(c.now_s) > UNCONFIRMED_S
        if unconfirmed and not c.alarm:
            c.alarm = UNCONFIRMED
            c.event(EventKind.FAULT, UNCONFIRMED, code="stop_unconfirmed")
        elif c.alarm and not unconfirmed and c.state is not State.OFFLINE:
            c.alarm = ""
            c.event(EventKind.FAULT_CLEARED, "The tilt unit confirms stops again.", code="stop_unconfirmed")

    def _react(self, e: Estimate) -> None:
        """What a verdict does: hold a session or end it, close the arming window, end the way to level or standing."""
        c = self._c
        action, code, message = c.verdict
        if c.run is not None:
            if action is not Action.NONE and code != self._told.code:
                c.event(EventKind.LIMIT, message, code=code)
            if action is Action.HOME:
                c.send_home(e, message)
            elif why := c.pauses.why_home(c.now_s):
                c.send_home(e, why)
            elif action is Action.HOLD and c.state is State.RUNNING:
                c.note = message
                c.pause(e)
        elif action is not Action.NONE:
            if c.state is State.ARMED:
                c.disarm(e, message)
            elif c.way is not None or c.leading:
                c.hold(e, message)
        self._told = c.verdict

    def _check_in(self, e: Estimate) -> None:
        """H13: ask, or end the session of somebody who did not answer. A session that was paused is asked as well."""
        c = self._c
        left_s = c.check_in.left_s(c.now_s)
        if left_s is None:
            c.ask()
        elif left_s <= 0.0:
            c.send_home(e, "nobody answered the check-in")
