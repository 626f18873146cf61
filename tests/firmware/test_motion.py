"""Motions of the core beside their twin in Python, tick by tick, on a table that follows, or not.

A verdict is the same in the same tick; a number is as near as fixed point comes, and both go on from the one in C.
"""

from random import Random

import pytest

from protocol.messages import Cause, Setpoint
from simulator.angle import Angle
from simulator.drive import TICK_MS
from simulator.motion import Motion

from . import parts
from .build import need
from .parts import FULL_POWER, Q16, Parts

REST, BRAKE, RETURN, BLIND, FOLLOW, AGAIN, END, WATCH, BACK_OFF = range(9)


@pytest.fixture(autouse=True, scope="module")
def in_c() -> None:
    need("gcc")
    parts.library()


class Both:
    """Both motions of one table, which goes the more or less of its way that the drive does."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.c, self.python, self.angle = Parts(), Motion(), Angle()
        self.at_q16 = round(random.choice((2000, 6100, 200, -500, -5000)) * Q16 * random.uniform(0.9, 1.0))
        self.part, self.fails = 1.0, (False, False)
        self.what, self.given = REST, [0, 0, 0, 0]
        self.current_ma = 0
        self.allowed = True
        self.faults: set[int] = set()

    def vary(self) -> None:
        """Another motion, table, or load."""
        random, here = self.random, self.at_q16 // Q16
        if random.random() < 0.01:
            self.what = random.choice((REST, BRAKE, BRAKE, RETURN, RETURN, BLIND, FOLLOW, FOLLOW, FOLLOW))
            target = random.choice((here, here + 20, here + 33, here - 20, here + 400, here - 400, 0, 6000, -2000))
            rate = random.choice((0, 0, 0, 1, -1, 2, -2, 3, 100, -100, 250, -300))
            self.given = [300, 0, 0, 0] if self.what == RETURN else [target, rate, 6000, random.random() < 0.7]
            if random.random() < 0.2:
                self.given[2] = random.choice((1500, 3000, -20_000))
        if self.what == RETURN and random.random() < 0.01:
            self.given[0] = random.choice((100, 300))
        if self.what == FOLLOW:
            target = self.given[0] + (self.given[1] // 50 if abs(self.given[1]) > 3 else 0)
            self.given[0] = max(-8000, min(target, 6000))
        if random.random() < 0.006:
            self.part = random.choice((1.0, 1.0, 0.8, 0.8, 0.3, 0.0, 0.0, -1.0))
            self.fails = random.choice(((False, False), (False, False), (True, False), (False, True), (True, True)))
        if random.random() < 0.01:
            self.current_ma, self.allowed = random.choice((3000, 3000, 3000, 3000, 3000, 30_000)), random.random() < 0.7

    def look(self) -> None:
        """What both sensors show by now; one of them stands still now and then."""
        random, angle = self.random, self.angle
        moved_q16 = round(self.python.out_cdps * self.part * Q16 / 50)
        self.at_q16 = max(-8500 * Q16, min(self.at_q16 + moved_q16, 6500 * Q16))
        noise = [random.randint(-2 * Q16, 2 * Q16) for _ in range(3)]
        shown = [self.at_q16 + noise[0], self.at_q16 + noise[1]]
        rates = [moved_q16 * 50 + random.randint(-9 * Q16, 9 * Q16) for _ in shown]
        worst_cdeg = (max(shown) + Q16 // 2) // Q16
        parts.sense(self.c, [shown[0] + noise[2], worst_cdeg, *shown, *self.fails, *rates])
        angle.angle_deg, angle.worst_cdeg = (shown[0] + noise[2]) / Q16 / 100, worst_cdeg
        both = zip((angle.bed, angle.drive), shown, rates, self.fails, strict=True)
        for channel, at_q16, rate_q16, fails in both:
            channel.smooth_cdeg, channel.rate_cdps, channel.failing = at_q16 / Q16, rate_q16 / Q16, fails

    def ask(self, what: int, given: list[int]) -> None:
        """One motion of both, compared."""
        self._python(what, given)
        told = parts.move(self.c, what, *given)
        motion, reference, follower = self.python, self.python._reference, self.python._follower
        wanted = [motion.fault, motion.braked, motion.returning, motion.back_off_ms, motion.blind_ms // TICK_MS]
        assert told[:5] == wanted, (what, given)
        assert abs(told[5] - motion.out_cdps) <= 1, (what, given)
        assert told[6] == pytest.approx(motion._power * FULL_POWER, abs=0.005 * FULL_POWER), (what, given)
        assert told[6] == 0 or not motion.braked, "a motor against its brake"
        if not motion.braked:
            state = [reference.angle_deg, reference.rate_dps, reference.acceleration_dps2, follower._rate_dps]
            found = [number / Q16 / 100 for number in (*told[7:10], told[11])]
            assert found == pytest.approx(state, abs=0.011), (what, given)
            assert told[10] / Q16 / 100 == pytest.approx(follower._integral_dps, abs=0.0005), (what, given)
            reference.angle_deg, reference.rate_dps, reference.acceleration_dps2, follower._rate_dps = found
            follower._integral_dps = told[10] / Q16 / 100
            motion.out_cdps = told[5]
        self.faults.add(told[0])

    def _python(self, what: int, given: list[int]) -> None:
        motion, angle = self.python, self.angle
        motion.fault = 0
        if what == REST:
            motion.rest()
        elif what == BRAKE:
            motion.brake(angle)
        elif what == RETURN:
            motion.return_to_level(angle, given[0])
        elif what == BLIND:
            motion.return_blind(angle)
        elif what == FOLLOW:
            target, rate, limit, increase = given
            setpoint = Setpoint(1, 1, 1, target, rate, limit, 500)
            if not motion.holds(angle, setpoint, target):
                motion.follow(angle, setpoint, target, bool(increase), limit)
        elif what == AGAIN:
            motion.blind_again()
        elif what == END:
            motion.end_blind()
        elif what == WATCH:
            motion.watch_stall(angle, given[0] / 1000)
        else:
            motion.back_off(angle, given[0] / 1000, bool(given[1]))

    def tick(self) -> None:
        """As the unit does it, and sometimes a wish or an end of what is blind."""
        self.vary()
        self.look()
        self.ask(WATCH, [self.current_ma, 0, 0, 0])
        if self.python.fault:
            return
        if self.python.back_off_ms:
            self.ask(BACK_OFF, [self.current_ma, self.allowed, 0, 0])
            return
        if self.random.random() < 0.002:
            self.ask(self.random.choice((AGAIN, END)), [0, 0, 0, 0])
        self.ask(self.what, self.given)


@pytest.mark.parametrize("seed", range(4))
def test_motions_are_alike(seed: int) -> None:
    """R1, R2, F9 to F11: rate, power and brake in each tick, and what a motion ends with."""
    random = Random(seed)
    faults: set[int] = set()
    for _ in range(20):
        both = Both(random)
        for _ in range(800):
            both.tick()
        faults |= both.faults
    assert faults == {0, Cause.STALLED, Cause.NO_PROGRESS, Cause.WRONG_WAY, Cause.BLIND_ENDED}


@pytest.mark.parametrize("at_cdeg", [-300, 0, 40, 1000])
def test_a_blind_return_ends_after_its_time(at_cdeg: int) -> None:
    """R2: a tick for each hundredth of a degree head down and 5° more, then 10 s for each wish, to the tick."""
    both = Both(Random(1))
    both.at_q16 = at_cdeg * Q16
    both.look()
    ticks = max(both.angle.worst_cdeg, 0) + 500
    for wished in (False, True, True):
        for _ in range(500 if wished else ticks):
            both.ask(BLIND, [0, 0, 0, 0])
            assert both.python.fault == 0
            both.look()
        both.ask(BLIND, [0, 0, 0, 0])
        assert both.python.fault == Cause.BLIND_ENDED
        assert both.python.braked
        both.ask(AGAIN, [0, 0, 0, 0])
    both.ask(END, [0, 0, 0, 0])
    both.at_q16 = 900 * Q16
    both.look()
    for _ in range(both.angle.worst_cdeg + 500):
        both.ask(BLIND, [0, 0, 0, 0])
        assert both.python.fault == 0, "another one, with a time of its own"
        both.look()
