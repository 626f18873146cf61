"""The proof that both connections live: what the publisher says has to come back over the commands connection.

It travels as a command that nobody gives (`Topics.echo`), so that a broker whose rules keep commands from us keeps the
proof from us, too. Pure: times in seconds are arguments.
"""

import secrets
from typing import Final

_SHOWN: Final = 64
"""Bytes of an echo that are read; ours is shorter."""


class Pulse:
    """Beats every `period_s` since both connections are there. `proof_s`: when the newest beat that came back began."""

    def __init__(self, period_s: float) -> None:
        self.token = secrets.token_hex(4)
        self.since_s = 0.0
        self.proof_s = 0.0
        self._period_s = period_s
        self._due_s = 0.0

    def begin(self, now_s: float) -> None:
        """A connection is new, or both are being made anew: what came back before proves nothing."""
        self.since_s = self._due_s = now_s

    @property
    def proven(self) -> bool:
        """Whether anything came back over these two connections."""
        return self.proof_s >= self.since_s

    def quiet_s(self, now_s: float) -> float:
        """How long nothing has come back."""
        return now_s - max(self.since_s, self.proof_s)

    def beat(self, now_s: float) -> bytes | None:
        """What to say now, None while it is not time."""
        if now_s < self._due_s:
            return None
        self._due_s = now_s + self._period_s
        return f"{self.token} {now_s!r}".encode()

    def hear(self, payload: bytes, now_s: float) -> bool:
        """Take what came back; false if somebody else said it."""
        token, _, sent_s = payload[:_SHOWN].decode("ascii", "replace").partition(" ")
        if token != self.token:
            return False
        self.proof_s = min(float(sent_s), now_s)
        return True
