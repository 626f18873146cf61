"""F4, F5, F16, H3: links that come and go, and units that forget: the controller charges what truly passed."""

import pytest

from bascule.closed_loop import ClosedLoop
from controller.core import PortLost
from controller.model import Verb

EXPOSED_DEG = 5.0
UNSURE_S = 0.4
"""The unit judges 5° by its sensors, which may read 0.2° low, on ramps of about 1 °/s there."""


class Watched(ClosedLoop):
    """Knows how long the table truly was head down."""

    true_s = 0.0

    def tick(self) -> None:
        before_s = self.now_s
        super().tick()
        if self.angle_deg > EXPOSED_DEG:
            self.true_s += self.now_s - before_s

    def away(self, seconds: float) -> None:
        """The cable is pulled, and in again."""
        self.connected = False
        self.give(PortLost("Unplugged."))
        self.run(seconds)
        self.connected = True

    def tells_the_next_second(self) -> None:
        """The unit's count grows."""
        assert self.run(2.0, lambda: self.core.estimate is not None)
        counted_s = self.estimate.head_down_s
        assert self.run(2.0, lambda: self.estimate.head_down_s > counted_s)

    def cut_power(self, seconds: float) -> None:
        """The unit forgets all; the screw holds the table. It starts where it was."""
        self.connected = False
        self.give(PortLost("No power."))
        self.tick()
        self.table.now_ms += round(seconds * 1000)
        if self.angle_deg > EXPOSED_DEG:
            self.true_s += seconds
        self.table.lose_memory()
        self.connected = True

    def charged_s(self) -> float:
        """What is charged when the table has come home and everything is settled."""
        assert self.run(120.0, lambda: self.core.conduct.booking.session is None)
        self.run(1.0)
        return self.account.head_down_today_s("guest", self.core.conduct.booking.ledger_s(self.now_s))


def going(target_deg: float, until_deg: float, seconds: float = 0.0) -> Watched:
    """A session on its way head down, at `until_deg` or held for some seconds."""
    loop = Watched(seed=3, angle_deg=0.5)
    loop.run(1.0)
    assert loop.arm_and(Verb.GOTO, angle_deg=target_deg).accepted
    assert loop.run(60.0, lambda: loop.angle_deg >= until_deg)
    loop.run(seconds)
    return loop


def test_a_count_in_whole_seconds_gives_none_back() -> None:
    """F4: gaps that lay between two of its seconds were not charged. The last one loses what would have made good."""
    loop = going(30.0, 29.0)
    for _ in range(4):
        loop.tells_the_next_second()
        loop.away(0.45)
    assert loop.run(2.0, lambda: loop.core.estimate is not None)
    assert loop.angle_deg > EXPOSED_DEG
    loop.cut_power(0.01)
    assert loop.charged_s() >= loop.true_s - UNSURE_S


@pytest.mark.parametrize("dark_s", [0.01, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("silent_s", [0.0, 1.0, 5.0])
def test_a_unit_that_forgot_is_charged_in_full(dark_s: float, silent_s: float) -> None:
    """F16: also one that starts in no time, and has counted further than before when it is heard again."""
    loop = going(12.0, 7.0)
    loop.cut_power(dark_s)
    loop.connected = False
    loop.run(silent_s)
    loop.connected = True
    assert loop.charged_s() >= loop.true_s - UNSURE_S


def test_who_coasts_beyond_5_degrees_without_a_host_is_charged() -> None:
    """Last heard below 5°, came to a stand above; then the power was gone for a minute."""
    loop = going(12.0, 4.6)
    assert loop.estimate.worst_deg <= EXPOSED_DEG
    loop.away(1.5)
    assert loop.angle_deg > EXPOSED_DEG
    loop.cut_power(60.0)
    loop.connected = False
    loop.run(8.0)
    loop.connected = True
    assert loop.charged_s() >= loop.true_s - UNSURE_S
