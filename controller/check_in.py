"""The check-in: head down for a while, the person is asked whether they are well; who does not answer is led home.

H13: nothing on the table measures whether somebody is awake. Only an answer to this question counts: a `pause` may come
from another room, and a hand that clenches in a faint goes on pressing `jog`.

When the question comes is counted in head-down seconds of the session, as the budget is; how long it waits is counted
by the clock of control. So neither a faster simulation nor a changed clock makes either of them longer.
"""

from math import inf
from typing import Final

CHECK_IN_S: Final = 120.0
"""Chosen: the first weeks' holds of 1 to 2 min (domain.md, Teeter) pass unasked, and nobody who hangs longer does."""
SHORTEST_S: Final = 30.0
"""Chosen: as long as the answer may take; asked more often, a person does nothing but answer."""
LONGEST_S: Final = 300.0
"""Chosen: a guest's 30° allow 5 min without a break; a longer time would ask nobody there."""
ANSWER_S: Final = 30.0
"""Chosen: time to find the phone, read and press; short beside the minutes that the limits allow head down."""


def allowed(value: float) -> float:
    """A value for `check_in_s`: 0 asks nobody. ValueError for one that is out of range."""
    if value and not SHORTEST_S <= value <= LONGEST_S:
        raise ValueError(f"must be 0, which asks nobody, or from {SHORTEST_S:g} to {LONGEST_S:g} seconds")
    return value


class CheckIn:
    """One table's question. `due_s`: head-down seconds of the session when there is something to do, inf if never."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s or inf
        self._until_s: float | None = None
        self.due_s = inf

    @property
    def asked(self) -> bool:
        """Whether the question is open."""
        return self._until_s is not None

    def begin(self) -> None:
        """A new session, with no head-down time yet."""
        self._until_s, self.due_s = None, self._every_s

    def end(self) -> None:
        """No session: nobody is asked."""
        self._until_s, self.due_s = None, inf

    def ask(self, now_s: float) -> None:
        """The question is out. From now on each step looks whether its time is over."""
        self._until_s, self.due_s = now_s + ANSWER_S, -inf

    def answer(self, head_down_s: float) -> None:
        """The person is well at this head-down time of the session."""
        self._until_s, self.due_s = None, head_down_s + self._every_s

    def left_s(self, now_s: float) -> float | None:
        """Seconds that are left to answer; None while nobody is asked."""
        return None if self._until_s is None else max(self._until_s - now_s, 0.0)
