"""The proof that both connections live: what the publisher says has to come back over the commands connection.

It travels as a command that nobody gives (`Topics.echo`), so that a broker whose rules keep commands from us keeps the
proof from us, too. And it takes as long as they do: a broker that stood still delivers late what it was given
meanwhile, and neither end can tell that by looking at a message. Pure: times in seconds are arguments.
"""

import secrets
from typing import Final

_UNTIMELY: Final = 1.25
"""Of the period: whoever beats looks four times in it whether it is time."""
_SHOWN: Final = 64
"""Bytes of an echo that are read; ours is shorter."""


class Pulse:
    """Beats every `period_s` since both connections are there. `proof_s`: when the newest beat that came back began.

    `late_s`: a way that takes longer is blocked. `settle_s`: how long what was held up may come once it is free.
    """

    def __init__(self, period_s: float, late_s: float = 1.0, settle_s: float = 4.0) -> None:
        self.token = secrets.token_hex(4)
        self.since_s = 0.0
        self.proof_s = 0.0
        self._period_s, self._late_s, self._settle_s = period_s, late_s, settle_s
        self._due_s = 0.0
        self._known = False
        self._lost = False
        self._settled_s = 0.0

    def begin(self, now_s: float) -> None:
        """A connection is new, or both are being made anew: what came back before proves nothing."""
        self.since_s = self._due_s = now_s
        self._lost = self._known

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
        token, _, sent = payload[:_SHOWN].decode("ascii", "replace").partition(" ")
        if token != self.token:
            return False
        sent_s = min(float(sent), now_s)
        self.proof_s = max(self.proof_s, sent_s)
        if now_s - sent_s > self._late_s or (self._lost and self.proven):
            self._settled_s = now_s + self._settle_s
        if self.proven:
            self._known, self._lost = True, False
        return True

    def held_up(self, now_s: float) -> bool:
        """F21: whether what arrives now may have waited on its way for longer than `late_s`.

        While an echo is overdue, and for a while after it came, or after a connection that was lost.
        """
        overdue = self._known and self.quiet_s(now_s) > self._period_s * _UNTIMELY + self._late_s
        return overdue or self._lost or now_s < self._settled_s
