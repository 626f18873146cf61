"""Parts of the core beside their twins in Python, tick by tick, on inputs that no table would make.

A verdict is the same in the same tick; a number is as near as fixed point comes.
"""

from collections.abc import Iterator
from random import Random

import pytest

from protocol.messages import Cause, Setpoint
from simulator import drive
from simulator.angle import Angle
from simulator.brake import BrakeWatch
from simulator.exposure import Exposure
from simulator.grant import Grant
from simulator.ladder import Ladder
from simulator.memory import Memory
from simulator.sensors import Switches
from simulator.supply import Supply
from simulator.voting import Suspect, Voter
from simulator.watch import Progress

from . import parts
from .build import need
from .parts import FULL_POWER, Q16, Parts

C = Cause
LATCHED = [0, 0, 0, C.BED_SENSOR, C.DRIVE_SENSOR, C.BED_SENSOR | C.DRIVE_SENSOR, C.LEVEL_SWITCH, C.NO_SENSOR,
           C.DISAGREEMENT, C.BED_SENSOR | C.LEVEL_SWITCH, C.DRIVE_SENSOR | C.DISAGREEMENT, C.STALLED]  # fmt: skip
FIRST = [-9501, -9500, -9499, 9499, 9500, 9501, 20_000, 0]


@pytest.fixture(autouse=True, scope="module")
def in_c() -> None:
    need("gcc")
    parts.library()


# ---- sensors --------------------------------------------------------------------------------------------------------


def readings(random: Random, ticks: int) -> Iterator[tuple[int, int]]:
    """Both sensors of a table that turns, with everything that sensors do."""
    angle, apart, speed = random.uniform(-20.0, 20.0), 0.0, 0.0
    kinds = ["", ""]
    held = [0, 0]
    for tick in range(ticks):
        if tick % 120 == 0:
            speed = random.choice((0.0, 0.0, 0.1, 0.2, 0.25, -0.1, -0.2, 1.0, -1.0, 3.0, -3.0, 30.0))
            apart = random.choice((0.0, 0.0, 0.0, 1.4, -1.4, 2.99, 3.01, -3.01, 5.0, -5.0))
            kinds = [
                random.choice(("", "", "", "", "still", "rail", "spikes", "jumpy", "mirror", "drift")) for _ in "12"
            ]
            if random.random() < 0.5:
                kinds[random.randrange(2)] = ""
            if abs(angle) > 70.0:
                angle = 0.0
        for _ in range(2):
            angle += speed / 100
            shown = [round(angle * 100 + random.gauss(0, 4)), round((angle + apart) * 100 + random.gauss(0, 4))]
            for which, kind in enumerate(kinds):
                if kind == "still":
                    shown[which] = held[which]
                elif kind == "rail":
                    shown[which] = random.choice(FIRST) if random.random() < 0.02 else 20_000
                elif kind == "spikes" and random.random() < 0.3:
                    shown[which] += random.choice((250, 251, -250, -251, 400))
                elif kind == "jumpy" and tick % 20 == 0:
                    shown[which] = held[which] + random.choice((249, 250, 251, -249, -250, -251))
                elif kind == "mirror":
                    shown[which] = -shown[which]
                elif kind == "drift":
                    shown[which] += tick % 120 * 5
            held = shown
            yield shown[0], shown[1]


def verdicts(angle: Angle) -> tuple[list[int], list[float]]:
    """As `Parts.judge`."""
    bed, dri = angle.bed, angle.drive
    flags = [angle.causes, angle.worst_cdeg, angle.head_down, angle.trusted, angle.moving]
    flags += [bed.failing, dri.failing, angle._voter.apart, angle.exposed_cdeg]
    numbers = [angle.angle_deg * 100, angle.rate_dps * 100, angle.speed_cdps]
    inside = [max(-12_000.0, min(channel.smooth_cdeg, 12_000.0)) for channel in (bed, dri)]
    return [*map(int, flags)], [*numbers, *inside, angle.fastest_cdps]


@pytest.mark.parametrize("seed", range(10))
def test_sensors_are_judged_alike(seed: int) -> None:
    """F7, F8, F13: which one fails, which side it is, how fast; and whether the brake slips."""
    random = Random(seed)
    c, python, brake = Parts(), Angle(), BrakeWatch()
    samples = readings(random, 1500)
    held = head_down_side = returning = False
    latched = 0
    names = set()
    for tick in range(1500):
        for _ in range(2):
            bed, dri = next(samples)
            c.take(bed, dri)
            python.bed.take(bed)
            python.drive.take(dri)
        if tick % 60 == 0:
            held, returning, latched = random.random() < 0.7, random.random() < 0.3, int(random.choice(LATCHED))
            lies = random.random() < 0.25
        head_down_side = (python.bed.smooth_cdeg + python.drive.smooth_cdeg > 0) is not lies
        python.judge(head_down_side, returning, latched)
        verdict, numbers = c.judge(head_down_side, returning, latched)
        wanted, near = verdicts(python)
        assert verdict[0] == wanted[0], (tick, Cause(verdict[0]), Cause(wanted[0]))
        # Where half a hundredth is rounded, and where a limit is met to the last digit, both may differ by one.
        assert abs(verdict[1] - wanted[1]) <= (abs(near[0] % 1 - 0.5) < 0.01), tick
        assert verdict[2:8] == wanted[2:8], tick
        assert numbers == pytest.approx(near, abs=0.02), tick
        assert c.slips(held) == brake.tick(held, python.bed, python.drive), tick
        names |= {*Cause(verdict[0])}
    assert names


SUSPECTS = [Suspect.NOBODY, Suspect.BED, Suspect.DRIVE]


@pytest.mark.parametrize("seed", range(4))
def test_votes_are_alike(seed: int) -> None:
    """F7, F8: who lies, in every case of side, stillness and suspect; how long a doubt has to last, and a recovery."""
    random = Random(seed)
    found = set()
    for _ in range(300):
        c, python = Parts(), Voter()
        for channel in (python.bed, python.drive):
            channel.take(0)
        c.take(0, 0)
        given = [0] * 8
        for tick in range(120):
            if random.random() < 0.04:
                bed = random.choice((0, 100, 101, -100, -101, 3000, -3000))
                given[:2] = bed * Q16, (bed + random.choice((0, 0, 0, 300, -300, 301, -301, 700, -700))) * Q16
                given[2:4] = [random.choice((0, 0, 39, 40)) for _ in "12"]
                given[6:] = random.choice((0, 1, 2)), random.choice((0, 0, 1, 2))
            given[4:6] = [random.random() < 0.01 for _ in "12"]
            for at, channel in enumerate((python.bed, python.drive)):
                channel.smooth_cdeg, channel._still_samples = given[at] / Q16, given[2 + at]
                channel.implausible |= bool(given[4 + at])
            python.judge([False, True, None][given[6]], SUSPECTS[given[7]])
            told = parts.vote(c, given)
            assert told == [python.bed.failing, python.drive.failing, python.apart, python._doubt_ticks], tick
            found.add(tuple(told[:3]))
    assert found == {(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0)}


EDGES = [0, 1, 2, 12, 13, 149, 150, 151, 199, 200, 201, 499, 500, 501, 502]


@pytest.mark.parametrize("seed", range(4))
def test_an_angle_is_judged_alike_at_its_edges(seed: int) -> None:
    """F7, F8, F14: sides, level and exposure to the last digit, of sensors that are made up."""
    random = Random(seed)
    c, python = Parts(), Angle()
    for tick in range(8000):
        if tick % 200 == 0:
            c, python = Parts(), Angle()
        if tick % 200 == 0 or random.random() < 0.03:
            at = [(random.choice(EDGES) + random.choice((0, 0, 0.25))) * random.choice((1, 1, -1)) for _ in "12"]
            rates = [random.choice((0, 19, 20, 21, -20, -300)) for _ in at]
            fails = [random.random() < 0.2 for _ in at]
            side, returning, latched = random.random() < 0.5, random.random() < 0.3, int(random.choice(LATCHED))
            if random.random() < 0.5:
                at[1], rates[1] = at[0], rates[0]
        for which, channel in enumerate((python.bed, python.drive)):
            channel.smooth_cdeg, channel.rate_cdps, channel.failing = at[which], rates[which], fails[which]
        shown = [*(round(cdeg * Q16) for cdeg in at), *fails, *(cdps * Q16 for cdps in rates)]
        parts.sense(c, [0, 0, *shown], keep=True)
        python.judge(side, returning, latched)
        verdict, numbers = c.judge(side, returning, latched)
        wanted, near = verdicts(python)
        assert verdict == wanted, (tick, at, rates, fails, side, returning, Cause(latched))
        assert numbers == pytest.approx(near, abs=1e-6), tick


@pytest.mark.parametrize("way", [1, -1])
def test_a_sensor_that_is_passed_over_for_hours_ends_where_it_fits(way: int) -> None:
    """Fixed point alone: it goes on at its last rate up to 120°, and one good reading pulls it back by what 40° do."""
    c = Parts()
    for cdeg in range(-7500, 7501, 250):
        c.take(cdeg * way, 0)
    for _ in range(20_000):
        c.take(20_000, 0)
    assert c.judge(False, False, 0)[1][3] == 12_000 * way
    c.take(7500 * way, 0)
    assert c.judge(False, False, 0)[1][3] == pytest.approx((12_000 - 320) * way, abs=0.01)


SLIP_Q16 = 150 * Q16


def braked(bed_q16: int = 0, drive_q16: int = 0) -> Parts:
    """A brake that has bitten with the sensors there: after 25 ticks it is watched."""
    c = Parts()
    c.show(bed_q16 + 9 * SLIP_Q16, drive_q16 - 9 * SLIP_Q16)
    for _ in range(24):
        assert not c.slips(True)
    c.show(bed_q16, drive_q16)
    assert not c.slips(True)
    return c


@pytest.mark.parametrize("way", [1, -1])
def test_the_brake_slips_by_one_and_a_half_degrees(way: int) -> None:
    """F13: both sensors, the same way, to the last digit. One alone that moves away is a sensor's fault."""
    for bed, drive_, slips in (
        (SLIP_Q16, SLIP_Q16, True),
        (SLIP_Q16 - 1, SLIP_Q16, False),
        (SLIP_Q16, SLIP_Q16 - 1, False),
        (SLIP_Q16, -SLIP_Q16, False),
        (SLIP_Q16, 0, False),
        (0, SLIP_Q16, False),
    ):
        c = braked(1000, -1000)
        c.show(1000 + bed * way, -1000 + drive_ * way)
        assert c.slips(True) == slips, (bed, drive_)
        assert [c.slips(True) for _ in range(25)] == [False] * 25 if slips else True, "once for each slip"


@pytest.mark.parametrize("way", [1, -1])
def test_the_brake_slips_by_the_sensor_that_is_left(way: int) -> None:
    """F13, F7: whatever the other one shows."""
    for other in (0, 5000 * Q16, -5000 * Q16):
        for left, slips in ((SLIP_Q16, True), (SLIP_Q16 - 1, False)):
            c = braked()
            c.show(other, left * way, bed_fails=True)
            assert c.slips(True) == slips
            c = braked()
            c.show(left * way, other, drive_fails=True)
            assert c.slips(True) == slips


def test_a_brake_that_is_let_go_bites_anew() -> None:
    c = braked()
    c.show(SLIP_Q16, SLIP_Q16)
    assert not c.slips(False)
    assert not any(c.slips(True) for _ in range(40)), "from here on"
    c.show(2 * SLIP_Q16, 2 * SLIP_Q16)
    assert c.slips(True)


# ---- watches --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_progress_is_judged_alike(seed: int) -> None:
    """F9, F11: no progress, the wrong way, a turn of the drive; at whole steps of what both can hold."""
    random = Random(seed)
    found = set()
    for _ in range(60):
        c, python = Parts(), Progress()
        angle = rate = asked = 0
        moves = random.choice((0.0, 0.11, 0.161, 0.173, 0.51, 0.99, -0.11, -0.51, -0.99))
        turns = random.random() < 0.3
        for tick in range(330):
            if tick == 0 or random.random() < 0.01:
                rate = random.choice((301, 151, 97, 53, 49, 0, -97, -301)) if tick == 0 or turns else rate
                asked = rate * random.choice((256, 256, 128, 0)) * 256
            angle += round(rate * moves * Q16 / 50)
            if random.random() < 0.002:
                c.rests()
                python.reset()
            cause = c.gets_nowhere(angle, rate, asked)
            assert cause == python.tick(angle / Q16 / 100, rate / 100, 20, asked / Q16 / 100), tick
            found.add(cause)
    assert found == {0, C.NO_PROGRESS, C.WRONG_WAY}


def test_no_progress_takes_three_seconds_and_one_and_a_half_degrees() -> None:
    """R1: to the tick, with what is asked for just enough (0.5 °/s), and just not."""
    for way in (1, -1):
        c = Parts()
        said = [c.gets_nowhere(0, 50 * way, 50 * Q16 * way) for _ in range(152)]
        assert said == [0] * 150 + [C.NO_PROGRESS] * 2
        c = Parts()
        said = [c.gets_nowhere(0, 50 * way, (50 * Q16 - 256) * way) for _ in range(152)]
        assert said == [0] * 151 + [C.NO_PROGRESS]
        c = Parts()
        assert not any(c.gets_nowhere(0, 0, 0) for _ in range(400))
        assert c.gets_nowhere(-200 * Q16, 0, 0) == 0, "a drive that asks for nothing has no way"


def test_progress_is_half_a_degree_and_the_wrong_way_one_and_a_half() -> None:
    """R1, F9: with and against the drive, to the last digit."""
    for way in (1, -1):
        c = Parts()
        assert [c.gets_nowhere(0, 100 * way, 0) for _ in range(3)] == [0, 0, 0]
        assert c.gets_nowhere(-way * (150 * Q16 - 1), 100 * way, 0) == 0
        assert c.gets_nowhere(-way * 150 * Q16, 100 * way, 0) == C.WRONG_WAY
        c = Parts()
        c.gets_nowhere(0, 100 * way, 0)
        c.gets_nowhere(way * 50 * Q16, 100 * way, 0)
        assert c.gets_nowhere(-way * 100 * Q16, 100 * way, 0) == C.WRONG_WAY, "what was reached is the new beginning"
        c = Parts()
        c.gets_nowhere(0, 100 * way, 0)
        c.gets_nowhere(way * (50 * Q16 - 1), 100 * way, 0)
        assert c.gets_nowhere(-way * 100 * Q16, 100 * way, 0) == 0


def test_sums_do_not_overflow_while_a_load_is_held() -> None:
    for way in (1, -1):
        c = Parts()
        found = [c.gets_nowhere(0, 32_767 * way, (32_767 * Q16 - 1) * way) for _ in range(70_000)]
        assert found == [0] * 150 + [C.NO_PROGRESS] * (70_000 - 150)
        assert c.gets_nowhere(-150 * Q16 * way, 32_767 * way, 0) == C.WRONG_WAY, "it still knows which way"


@pytest.mark.parametrize(
    ("power", "limit_ma"),
    [(0, 8500), (13_926, 8500), (13_927, 8500), (20_000, 12_207), (-20_000, 12_207), (32_767, 20_000),
     (-32_767, 20_000)],
)  # fmt: skip
def test_a_stall_is_more_than_the_power_draws_for_200_ms(power: int, limit_ma: int) -> None:
    """F10: 20 A at full power, the same part of it at less, and never less than 8.5 A."""
    c = Parts()
    assert not any(c.stalls(limit_ma, power) for _ in range(30))
    assert [c.stalls(limit_ma + 1, power) for _ in range(11)] == [False] * 9 + [True, True]
    assert not c.stalls(limit_ma, power)
    assert [c.stalls(limit_ma + 1, power) for _ in range(10)] == [False] * 9 + [True]


# ---- supply ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_supply_and_heat_are_judged_alike(seed: int) -> None:
    """F15, F16: every threshold, from both sides."""
    random = Random(seed)
    memory = Memory()
    c, python = Parts(), Supply(memory)
    found = 0
    volts = [9999, 10_000, 10_999, 11_000, 11_499, 11_500, 12_800]
    for _ in range(400):
        heat = random.choice((0.0, 0.599, 0.601, 0.699, 0.701, 0.799, 0.801, random.uniform(0.0, 2.7)))
        memory.heat = heat
        c.heat(heat)
        supply_mv, current_ma = random.choice(volts), random.choice((0, 8000, 10_000, 29_999, 30_000, 30_001, 65_535))
        for _ in range(random.choice((1, 4, 5, 6, 24, 25, 26))):
            python.tick(supply_mv / 1000, min(current_ma, 30_000) / 1000)
            causes, warm, percent = c.supplied(supply_mv, current_ma)
            assert causes == python.causes
            assert warm == pytest.approx(memory.heat, abs=2e-6)
            assert abs(percent - min(250.0, 100 * warm)) <= 0.501
            found |= causes
    assert found == C.SUPPLY_LOW | C.SUPPLY_CRITICAL | C.MOTOR_WARM | C.MOTOR_HOT


# ---- time and leases ------------------------------------------------------------------------------------------------


def time(exposure: Exposure, memory: Memory) -> list[int]:
    """As `Parts.exposed`; the one in C stops at 0."""
    left_ms = max(0, exposure.left_ms)
    return [left_ms, memory.episode_ms, memory.strictest_cdeg, int(memory.exposed), memory.head_down_ms]


@pytest.mark.parametrize("seed", range(4))
def test_exposure_is_counted_alike(seed: int) -> None:
    """H3, F14: episodes of every kind, from a start in the middle of one."""
    random = Random(seed)
    for _ in range(60):
        memory = Memory(episode_ms=random.choice((0, 1, 119_000, 599_000)))
        memory.strictest_cdeg = random.choice((501, 3000, 6000)) if memory.episode_ms else 0
        c, python = Parts(), Exposure(memory)
        c.remembers(memory.episode_ms, memory.strictest_cdeg)
        assert c.exposed() == time(python, memory)
        for _ in range(40):
            worst_cdeg = random.choice((-8000, 0, 499, 500, 501, 502, 1600, 1601, 3100, 4600, 6000))
            elapsed_ms = random.choice((1, 20, 20, 980, 1000, 1001, 20_000, 59_980, 59_999, 60_000, 300_000))
            python.tick(worst_cdeg, elapsed_ms)
            assert c.exposed(worst_cdeg, elapsed_ms) == time(python, memory)


def test_an_episode_ends_after_a_whole_minute_below_five_degrees() -> None:
    """H3: two times 50 s are none; and a stricter angle may leave less time than was spent already."""
    c = Parts()
    c.exposed(2000, 290_000)
    c.exposed(400, 50_000)
    c.exposed(600, 20)
    assert c.exposed(400, 50_000)[1] == 290_020
    assert c.exposed(6000, 20)[0] == 0
    assert c.exposed(400, 59_980)[:2] == [0, 290_040]
    assert c.exposed(400, 20)[1:3] == [0, 0]


def test_memory_with_one_wrong_bit_is_none() -> None:
    """F5, H3: every byte of it, and the check itself."""
    c, size = Parts(), parts.library().checked_bytes()
    assert size > 20
    for at in range(size):
        assert c.valid_with(at, 0)
        assert not any(c.valid_with(at, 1 << bit) for bit in range(8)), at


def test_a_lost_memory_is_named_by_the_upper_half_of_what_is_random() -> None:
    """The lower half is the first nonce."""
    assert parts.named_by(Parts(), 0x8421_BA5C) == 0x8421


@pytest.mark.parametrize("seed", range(4))
def test_leases_run_alike(seed: int) -> None:
    """H4, F17: what is armed, leased, limited, and where the target is by now; also where the clock begins anew."""
    random = Random(seed)
    c, python = Parts(), Grant()
    assert c.granted(0)[:3] == [0, 0, 6000]
    now_ms = random.choice((0, 2**32 - 1500))
    for _ in range(3000):
        what = random.choice((0, 1, 1, 1, 2, 3, 3, 3, 3))
        setpoint = (random.choice((-8001, -500, 0, 10, 2000, 6001)), random.choice((0, 1, -1, 5, 15, -25, 300, -300)),
                    random.choice((-100, 0, 1500, 5999, 6001)), random.choice((0, 1, 199, 200, 500, 501)))  # fmt: skip
        if what < 3:
            c.grants(what, setpoint, now_ms)
        if what == 0:
            python.arm()
        elif what == 1:
            python.lease(Setpoint(1, 1, 1, *setpoint), now_ms)
        elif what == 2:
            python.release()
        now_ms += random.choice((0, 1, 20, 20, 200, 499, 500, 501, 700))
        armed, leased, limit, expired, target = c.granted(now_ms)
        setpoint_now = python.setpoint
        assert (armed, leased) == (python.armed, setpoint_now is not None)
        assert limit == python.limit_cdeg
        assert expired == python.expired(now_ms)
        if setpoint_now is not None:
            by_now_ms = min(now_ms, python._since_ms + 500)
            assert abs(target - python.target_cdeg(setpoint_now.rate_cdps, by_now_ms)) <= 1


def test_a_target_goes_on_at_its_rate_to_the_nearest_hundredth() -> None:
    """0.05 °/s for 100 ms is 0.005°, which is rounded away from level; and never beyond the lease."""
    for way in (1, -1):
        c = Parts()
        c.grants(1, (1000, 5 * way, 6000, 500), 0)
        assert [c.granted(ms)[4] - 1000 for ms in (0, 99, 100, 299, 300, 499, 500, 900)] == [
            way * moved for moved in (0, 0, 1, 1, 2, 2, 3, 3)
        ]


# ---- drive ----------------------------------------------------------------------------------------------------------


def test_power_is_the_part_of_full_power_that_makes_the_rate() -> None:
    """Within 0.2 %, at every angle; never more than full."""
    for angle_cdeg in (*range(-14_000, 12_001, 97), -1000, -1001, -999, -14_000, 12_000):
        for rate_cdps in (-640, -320, -300, -100, -1, 0, 1, 9, 100, 300, 320, 640):
            wanted = drive.power(rate_cdps / 100, angle_cdeg / 100) * FULL_POWER
            found = parts.power(rate_cdps, angle_cdeg * Q16)
            assert abs(found - wanted) <= 0.002 * FULL_POWER * max(1.0, abs(rate_cdps) / 320), (angle_cdeg, rate_cdps)
        assert parts.power(700, angle_cdeg * Q16) == parts.power(640, angle_cdeg * Q16)
        assert parts.power(-700, angle_cdeg * Q16) == parts.power(-640, angle_cdeg * Q16)
    assert parts.power(320, -1000 * Q16) == FULL_POWER
    assert parts.power(-320, -1000 * Q16) == -FULL_POWER


def state(random: Random) -> tuple[drive.Reference, list[int]]:
    """A reference somewhere on its way, in both."""
    angle, rate = (
        random.uniform(-80.0, 60.0),
        random.choice((0.0, random.uniform(-3.0, 3.0), random.uniform(-0.3, 0.3))),
    )
    acceleration = random.choice((0.0, random.uniform(-1.0, 1.0)))
    numbers = [round(value * 100 * Q16) for value in (angle, rate, acceleration)]
    reference = drive.Reference(numbers[0] / Q16 / 100)
    reference.rate_dps, reference.acceleration_dps2 = numbers[1] / Q16 / 100, numbers[2] / Q16 / 100
    return reference, numbers


@pytest.mark.parametrize("seed", range(4))
def test_the_reference_moves_alike(seed: int) -> None:
    """One tick from anywhere: angle, rate and acceleration."""
    random, c = Random(seed), Parts()
    for _ in range(4000):
        reference, numbers = state(random)
        near = random.choice((0.0, random.uniform(-0.5, 0.5), random.uniform(-5.0, 5.0), random.uniform(-80.0, 80.0)))
        target_q16 = numbers[0] + round(near * 100 * Q16)
        target_cdps = random.choice((0, 0, 100, -100, 300, -300, random.randint(-300, 300)))
        cap_cdps = random.choice((300, 270, 90))
        low, high = random.choice(((-8000, 6000), (-8000, 3000), (-16_000, 16_000)))
        c.put(numbers, (0, 0))
        angle, rate, acceleration, *_ = c.approach(target_q16, target_cdps, cap_cdps, low, high)
        reference.approach(target_q16 / Q16 / 100, target_cdps / 100, cap_cdps / 100, low / 100, high / 100)
        assert acceleration / Q16 / 100 == pytest.approx(reference.acceleration_dps2, abs=0.002)
        assert rate / Q16 / 100 == pytest.approx(reference.rate_dps, abs=0.00005)
        assert angle / Q16 / 100 == pytest.approx(reference.angle_deg, abs=0.000002)


@pytest.mark.parametrize("seed", range(2))
def test_the_reference_ends_alike(seed: int) -> None:
    """Near a target that rests."""
    random, c = Random(seed), Parts()
    found = set()
    for _ in range(4000):
        angle, rate = random.randint(-3100, 3100), random.choice((-11, -10, -9, -1, 0, 1, 9, 10, 11, 200, -200))
        away, target_cdps = random.choice((-30, -29, -1, 0, 1, 29, 30, 31)), random.choice((0, 9, 10, -9, -10, 11))
        c.put((angle * Q16, rate * Q16, 0), (0, 0))
        ends = abs(away) < 30 and abs(target_cdps) < 10 and (abs(rate) < 10 or rate * away < 0)
        assert c.ends((angle + away) * Q16, target_cdps) == ends, (rate, away, target_cdps)
        found.add(ends)
    assert found == {True, False}


@pytest.mark.parametrize("seed", range(4))
def test_the_follower_follows_alike(seed: int) -> None:
    """One tick from anywhere: the rate, the correction, and where the reference waits."""
    random, c = Random(seed), Parts()
    for _ in range(4000):
        reference, numbers = state(random)
        integral, given = round(random.uniform(-1.0, 1.0) * 100 * Q16), round(random.uniform(-3.2, 3.2) * 100 * Q16)
        if random.random() < 0.6:
            given = numbers[1] + round(random.uniform(-0.2, 0.2) * 100 * Q16)
        error = random.choice((0.0, random.uniform(-0.05, 0.05), random.uniform(-0.6, 0.6), random.uniform(-3.0, 3.0)))
        angle_q16, hurry = numbers[0] - round(error * 100 * Q16), random.random() < 0.7
        c.put(numbers, (integral, given))
        follower = drive.Follower()
        follower._integral_dps, follower._rate_dps = integral / Q16 / 100, given / Q16 / 100
        wanted = follower.rate_dps(reference, angle_q16 / Q16 / 100, hurry)
        rate_cdps, after = c.follows(angle_q16, hurry)
        found = [value / Q16 / 100 for value in after]
        assert abs(rate_cdps - wanted * 100) <= 0.501
        assert found[:3] == pytest.approx(
            [reference.angle_deg, reference.rate_dps, reference.acceleration_dps2], abs=0.000002
        )
        assert found[3:5] == pytest.approx([follower._integral_dps, follower._rate_dps], abs=0.00001)
        assert found[5] == pytest.approx(follower.asked_dps, abs=0.00002)


# ---- ladder ---------------------------------------------------------------------------------------------------------


class Both:
    """Both ladders in the same situation, with what they judge by made up."""

    def __init__(self, random: Random) -> None:
        self.random, self.now_ms = random, random.choice((0, 600))
        self.memory = Memory()
        self.python, self.angle = Ladder(self.memory), Angle()
        self.exposure, self.grant, self.c = Exposure(self.memory), Grant(), Parts()
        self.calm = self.kept = False
        self.given = [0] * 19

    def people(self) -> tuple[list[int], list[int]]:
        """One of the things that people do, and a grant."""
        what, head_down = self.random.choice((0, 0, 1, 2, 3)), self.random.random() < 0.5
        cause = int(self.random.choice((C.WRONG_WAY, C.STALLED, C.NO_PROGRESS)))
        if self.random.random() < 0.5:
            kind = self.random.choice((0, 1, 2))
            setpoint = (1000, 100, self.random.choice((1500, 3000, 6000)), self.random.choice((200, 500)))
            self.c.grants(kind, setpoint, self.now_ms)
            if kind == 0:
                self.python_grant(None)
            elif kind == 1:
                self.python_grant(setpoint)
            else:
                self.grant.release()
        found = parts.climb(self.c, what, [self.now_ms, head_down, cause, *[0] * 16])
        wished = False
        if what == 0:
            self.python.stop(self.now_ms)
        elif what == 1:
            wished = self.python.wish_level(head_down)
        elif what == 2:
            self.python.unfreeze()
        else:
            self.python.fail(cause, head_down)
        return found, [wished, *self.said()]

    def python_grant(self, setpoint: tuple[int, int, int, int] | None) -> None:
        if setpoint is None:
            self.grant.arm()
        else:
            target, rate, limit, lease = setpoint
            self.grant.lease(Setpoint(1, 1, 1, target, rate, limit, lease), self.now_ms)

    def verdict(self) -> tuple[list[int], list[int]]:
        """One tick, 20 ms or a second later; now and then begins another situation."""
        random, given, angle = self.random, self.given, self.angle
        if random.random() < 0.02:
            given[18] = random.choice((0, 149 * Q16, 150 * Q16))
        if random.random() < 0.06:
            head_down = random.random() < 0.5
            at = (
                random.choice((2000, 151, 3101, 6101))
                if head_down
                else random.choice((0, 149, 150, 151, -150, -151, -4000))
            )
            rare = [random.random() < 0.06 for _ in range(8)]
            given[:] = [
                0, head_down, int(random.choice((C.SUPPLY_LOW, C.MOTOR_WARM, C.BED_SENSOR))) * rare[0], not rare[1],
                not rare[2], rare[3], rare[4], random.random() < 0.3, random.random() < 0.4, random.random() < 0.5,
                not rare[5], random.random() < 0.2, at * Q16 + random.choice((-1, 0, 0, 1)), at,
                random.choice((0, 0, 0, 500 * Q16, 500 * Q16 + 1)), random.choice((100_000, 100_000, 1, 0)),
                random.choice((0, 5000)), random.choice((0, 2**32 - 1)), given[18],
            ]  # fmt: skip
        self.now_ms += random.choice((20, 20, 20, 20, 20, 480, 500, 5000))
        given[0] = self.now_ms
        switches = Switches()
        switches.occupied, switches.ankles_locked = bool(given[3]), bool(given[4])
        switches.estop, switches.lowering = bool(given[5]), bool(given[6])
        angle.head_down, angle.trusted, angle.moving = bool(given[1]), bool(given[10]), bool(given[11])
        angle.angle_deg, angle.worst_cdeg, angle.speed_cdps = given[12] / Q16 / 100, given[13], given[14] / Q16
        self.exposure.left_ms, self.memory.episode_ms = given[15], given[16]
        self.memory.latched &= given[17]
        angle.bed.smooth_cdeg = angle.drive.smooth_cdeg = given[18] / Q16
        angle.bed.failing = angle.drive.failing = False
        silent, driven, braked = map(bool, given[7:10])
        self.python.judge(self.now_ms, switches, angle, self.exposure, self.grant, given[2], silent, driven, braked)
        return parts.climb(self.c, 4, given), [0, *self.said()]

    def said(self) -> list[int]:
        """As `parts.climb`."""
        ladder, grant = self.python, self.grant
        told = [ladder.active, ladder.rung, ladder.voids, ladder.occupied, ladder.ankles_locked, ladder.unlocked]
        told += [self.memory.latched, self.memory.slow, grant.armed, grant.setpoint is not None]
        return [*map(int, told)]


@pytest.mark.parametrize("seed", range(8))
def test_the_ladder_is_climbed_alike(seed: int) -> None:
    """H1, H4, F24 to F26: causes, latches, rung, restarts of a freeze, and what is taken back, word for word."""
    both = Both(Random(seed))
    active = 0
    for step in range(4000):
        found, wanted = both.people() if both.random.random() < 0.04 else both.verdict()
        assert found == wanted, (step, Cause(found[1]), Cause(wanted[1]), found, wanted)
        active |= found[1]
    seen = C.FROZEN_LONG | C.OVER_TIME | C.OVER_ANGLE | C.OVER_SPEED | C.ANKLES_OPEN | C.OCCUPANT_LOST | C.LEVEL_WISHED
    assert active & seen == seen


# ---- the unit -------------------------------------------------------------------------------------------------------


def test_a_sample_goes_to_both_sensors() -> None:
    for _ in range(2):
        assert parts.sampled(-1234, 567) == (-1234, 567)


def test_nothing_is_told_before_the_first_round_of_control() -> None:
    """Boot: but the identity. What the memory held before is no telemetry."""
    for _ in range(2):
        assert parts.said_at_first() == 0
