"""The controller's own steps for the raw loop and the usual way, so that they can do the daemon's work, too.

Bytes in, bytes out; a ledger in memory that answers at once; a hand that arms and starts the session. No MQTT command
is obeyed, nothing is recorded, nobody is asked.
"""

import time
from typing import Any, Final

from controller.account import Account, Reconciled, Reserved
from controller.booking import Booking, Reconcile, Reserve
from controller.conduct import Settings
from controller.core import BrokerStatus, Core, Input
from controller.model import State, Verb, Wish
from controller.presets import bundled

HAND_S: Final = 2.0
"""Between two things that the hand does: beyond the second that belongs to a human one."""


class Control:
    """One table's core. `session`: the preset that is started."""

    def __init__(self, session: str) -> None:
        now_s = time.monotonic()
        self._account = Account()
        self._core = Core(Settings(), bundled(), Booking(self._account, now_s), 4711)
        self._inputs: list[Input] = [BrokerStatus(True, "")]
        self._session = session
        self._hand_s = now_s

    def step(self, data: bytes) -> bytes:
        """What goes out because of what came in."""
        now_s, inputs = time.monotonic(), self._inputs
        self._inputs = []
        if now_s >= self._hand_s:
            self._hand_s = now_s + HAND_S
            state = self._core.conduct.machine.state
            if state is State.STANDING:
                inputs.append(Wish(Verb.ARM))
            elif state is State.ARMED:
                inputs.append(Wish(Verb.START, preset=self._session))
        output = self._core.step(now_s, now_s, data, inputs)
        for request in output.requests:
            if isinstance(request, Reserve):
                self._account = self._account.reserve(request.session, request.person, request.total_s)
                self._inputs.append(Reserved(request.session, request.total_s, self._account))
            elif isinstance(request, Reconcile):
                self._inputs.append(Reconciled(0.0, self._account))
        return output.data

    @property
    def state(self) -> str:
        """As it is published."""
        return self._core.conduct.machine.state.value

    def document(self) -> dict[str, Any]:
        """What there is to publish."""
        e = self._core.estimate
        return {"state": self.state} | ({} if e is None else e._asdict())
