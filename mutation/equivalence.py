"""What the waivers lean on: each check observes a module over a whole or bounded domain, the same way each time.

A check is given the module, sound or mutated, and yields what it saw; two modules that look the same do the same
there. Domains hold every value at which a decision of the function can change, and those next to it.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, product
from random import Random
from types import ModuleType, SimpleNamespace
from typing import Any

from controller.estimator import Estimate
from controller.model import Limit, State
from protocol.messages import (
    Acknowledge,
    Arm,
    Disarm,
    Hello,
    Identity,
    Keepalive,
    Level,
    Setpoint,
    Telemetry,
)

WHOLE_RATE = range(-700, 701)
"""Rates in cdps: all of them, well beyond the trip at 500."""


STILL = Telemetry(*(0,) * len(Telemetry._fields))._replace(nonce=500, time_ms=10_000, stop_count=40)
AHEAD = (0, 1, 2, 3, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xFFFE, 0xFFFF)
"""Sequence numbers ahead of the last: the duplicate, the next ones, and both sides of the middle."""


def braking(kernel: ModuleType) -> Iterator[object]:
    """Every rate."""
    for last_cdps in WHOLE_RATE:
        yield kernel.braking(last_cdps)


SMALL = range(-4, 5)
"""Around 0 and around each other: where functions that only compare their arguments can change their mind."""


def limit(kernel: ModuleType) -> Iterator[object]:
    """Own and asked limit around 0 and around each other, and far apart."""
    for own_cdeg, asked_cdeg in product((*SMALL, 6000), (*SMALL, -6000, 6001)):
        yield kernel.limit(own_cdeg, asked_cdeg)


def target(kernel: ModuleType) -> Iterator[object]:
    """Asked target, limit and lowest with every tie. No limit is below level, and the travel begins far below that."""
    for asked_cdeg, limit_cdeg, lowest_cdeg in product(SMALL, SMALL, SMALL):
        if lowest_cdeg <= limit_cdeg:
            yield kernel.target(asked_cdeg, limit_cdeg, lowest_cdeg)


def rate(kernel: ModuleType) -> Iterator[object]:
    """Wanted rate and cap around 0 and each other, the worst angle around the limit and 1° beyond it."""
    for wanted_cdps, cap_cdps, increase, beyond in product(SMALL, range(5), (False, True), (-1, 0, 1, 99, 100, 101)):
        yield kernel.rate(wanted_cdps, cap_cdps, increase, 3000 + beyond, 3000)


def drive(kernel: ModuleType) -> Iterator[object]:
    """As `rate`, after every rate up to the trip: what brakes, and what does not."""
    edges = product((-301, -300, -1, 0, 1, 300, 301), (100, 300), (False, True), (0, 3099, 3100, 3101))
    for asked, last_cdps in product(edges, WHOLE_RATE):
        yield kernel.drive(last_cdps, *asked, 3000)


def drive_home(kernel: ModuleType) -> Iterator[object]:
    """Every rate before, with each cap of a return, and every rate that is wanted around 0 and both caps."""
    wanted = (*range(-303, -296), *range(-103, -96), *range(-12, 13), 300, 301)
    for last_cdps, wanted_cdps, cap_cdps in product(WHOLE_RATE, wanted, (0, 1, 100, 300)):
        yield kernel.drive_home(last_cdps, wanted_cdps, cap_cdps)


def drive_blind(kernel: ModuleType) -> Iterator[object]:
    """Every rate."""
    for last_cdps in WHOLE_RATE:
        yield kernel.drive_blind(last_cdps)


def drive_back(kernel: ModuleType) -> Iterator[object]:
    """Every rate."""
    for last_cdps in WHOLE_RATE:
        yield kernel.drive_back(last_cdps)


def lease_runs(kernel: ModuleType) -> Iterator[object]:
    """Every length around 0 and the longest, at every age around each of them."""
    ages = (-2, -1, 0, 1, 2, 199, 200, 201, *range(497, 504), 65_535)
    for asked_ms, age_ms, since_ms in product((-1, 0, 1, 2, 200, *range(497, 504), 65_535), ages, (0, 1, 7000)):
        yield kernel.lease_runs(since_ms, asked_ms, since_ms + age_ms)


def refuse_arm(kernel: ModuleType) -> Iterator[object]:
    """Every answer to every question, with no cause, each one alone and all of them."""
    causes = (0, -1, *(1 << bit for bit in range(30)))
    known = tuple(product((False, True), repeat=4))
    for quoted, active, latched in product((6, 7, 8), causes, (0, 1, 1 << 10)):
        for asked in known:
            yield kernel.refuse_arm(quoted, 7, *asked, active, latched)


def over_angle(kernel: ModuleType) -> Iterator[object]:
    """Limits around level and far from it, and every angle that is about 1° beyond one of them."""
    for limit_cdeg, beyond in product((*SMALL, -6000, 3000, 6000), (-100, *range(-4, 5), *range(94, 107))):
        for base_cdeg in (0, limit_cdeg):
            yield kernel.over_angle(base_cdeg + beyond, limit_cdeg)


def strictest_cdeg(kernel: ModuleType) -> Iterator[object]:
    """Every pair of angles around 5° and around each other."""
    for strictest_cdeg, worst_cdeg in product(
        (0, *range(497, 504), 3000), (-8000, -1, 0, *range(497, 504), 3000, 3001)
    ):
        yield kernel.strictest_cdeg(strictest_cdeg, worst_cdeg)


def encode(framing: ModuleType) -> Iterator[object]:
    """Payloads of every length, with and without zeros in them and in their CRC."""
    for length, step in product(range(1, 65), (0, 1, 37, 255)):
        yield framing.encode(bytes(i * step & 0xFF for i in range(length)))


def fed(framing: ModuleType) -> Iterator[object]:
    """Any two of good frames, broken ones and bodies around the shortest and the longest one, then one of each more."""
    yield from encode(framing)
    stop, bad = b"\0\x04\x02\xc1\xb2\0", b"\x09\x02\xc1\xb2"
    longest = bytes.fromhex("0043") + bytes(range(1, 65)) + bytes.fromhex("FE1700")
    lengths = (b"\x01" * length for length in (1, 3, 4, 66, 67, 68, 69, 140))
    for parts in product((stop, longest, b"", bad, b"\x03\xff\xff", framing.encode(bytes(65)), *lengths), repeat=2):
        stream = b"\0".join((*parts, stop, bad, b"\x07"))
        for size in (1, 2, 3, *range(64, 72), 100, len(stream)):
            deframer = framing.Deframer()
            for place in range(0, len(stream), size):
                yield [repr(one) for one in deframer.feed(stream[place : place + size])]
                yield deframer.damaged, deframer.held


def _seen(grant: Any, now_ms: int) -> tuple[object, ...]:
    targets = [grant.target_cdeg(rate_cdps, now_ms) for rate_cdps in (0, 100, -1000, 1000)]
    return grant.armed, grant.setpoint, grant.limit_cdeg, grant.expired(now_ms), *targets


def granted(module: ModuleType) -> Iterator[object]:
    """Every order of up to three things that happen to a grant, looked at before, during and after a lease."""
    one = Setpoint(1, 1, 1, 1000, 0, 3000, 500)
    two = Setpoint(2, 1, 1, -7000, 200, 2000, 200)
    for length in range(4):
        for steps in product(("arm", "one", "two", "release"), repeat=length):
            grant = module.Grant()
            for at_ms, step in enumerate(steps):
                match step:
                    case "arm":
                        grant.arm()
                    case "release":
                        grant.release()
                    case _:
                        grant.lease(one if step == "one" else two, at_ms * 100)
            for now_ms in (0, 100, 200, 400, 401, 500, 501, 700, 701):
                yield _seen(grant, now_ms)


def lease(module: ModuleType) -> Iterator[object]:
    """Every length of a lease that the wire carries in whole milliseconds, its last moment and the one after."""
    for lease_ms in range(0x10000):
        grant = module.Grant()
        grant.lease(Setpoint(1, 1, 1, 1000, 0, 3000, lease_ms), 1000)
        lasts_ms = 1000 + min(lease_ms, 500)
        yield grant.expired(lasts_ms), grant.expired(lasts_ms + 1), grant.limit_cdeg, grant.setpoint
    yield from granted(module)


def setpoint(link: ModuleType) -> Iterator[object]:
    """Frames of the host's setpoints, before and after telemetry, with each argument varied."""
    host = link.HostLink(7)
    for heard in (b"", link.frame(Identity(1, 8, 0, 1, 0, 1, 1, 1, 1, 1, 6000, 300)), link.frame(STILL)):
        host.receive(heard, 1.0)
        for asked in product((0, 40), (0.0, -80.0, 30.5), (0.0, -3.0), (0.0, 60.0)):
            yield host.setpoint(*asked)


def judged(link: ModuleType) -> Iterator[object]:
    """Each numbered message after each other state of the unit: greeted or not, and with every reason to reject it.

    The sequence is the first one, or so far ahead of the last; the nonce fresh, too old or unknown; the stop count the
    unit's or another.
    """
    for greeted, ahead, behind, stops in product((False, True), (None, *AHEAD), (0, 1, 2, 40), (40, 41)):
        sequence = 9 if ahead is None else 100 + ahead & 0xFFFF
        nonce = 1001 - behind & 0xFFFF
        for message in (
            Level(sequence, stops),
            Arm(sequence, nonce, stops),
            Disarm(sequence),
            Setpoint(sequence, nonce, stops, 1000, 0, 3000, 500),
            Keepalive(sequence, nonce),
            Acknowledge(sequence, nonce),
        ):
            unit = link.UnitLink(999, 40)
            if greeted:
                unit.receive(link.frame(Hello(1, 7)), 0)
            unit.issue(0)
            if ahead is not None:
                unit.receive(link.frame(Keepalive(100, 1000)), 0)
            unit.issue(200)
            for now_ms in (301, 320):
                passed = unit.receive(link.frame(message), now_ms)
                yield passed, unit.outbox, unit.duplicates, unit.stop_count, unit.session, unit.silent(2301)


SOUND = Estimate(
    angle_deg=20.0, rate_dps=0.0, worst_deg=20.0, trusted=True, head_down=True, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=True, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
WRONG: tuple[dict[str, Any], ...] = (
    {}, {"estop": True}, {"trusted": False}, {"ankles_locked": False}, {"occupied": False}, {"latched": 4}, {"rung": 2},
)  # fmt: skip
"""What makes a table unsound; the estimator calls it sound when, and only when, none of these holds."""


def assessed(safety: ModuleType) -> Iterator[object]:
    """Each thing that can be wrong with the table with each that can be wrong around it, two at a time."""
    usual = safety.Circumstances(
        state=State.RUNNING, age_s=0.02, limit=Limit(30.0, "guest"), continuous_left_s=100.0, allowed_left_s=200.0,
        allowed=Limit(900.0, "hard limit"), reserved_left_s=40.0, broker_down_s=-1.0, local_stop=False,
        ledger_failed="", grant_lost=False,
    )  # fmt: skip
    around: tuple[dict[str, Any], ...] = (
        {}, {"continuous_left_s": 0.0}, {"reserved_left_s": 0.0}, {"ledger_failed": "full"}, {"grant_lost": True},
        {"broker_down_s": 1.0}, {"broker_down_s": 10.0}, {"age_s": 1.0}, {"limit": Limit(3.0, "x")},
    )  # fmt: skip
    for one, two, three, four in product(WRONG, WRONG, around, around):
        table = SOUND._replace(**{**two, **one}, sound=not one and not two)
        verdict = safety.assess(table, replace(usual, **{**three, **four}))
        yield None if verdict is None else (int(verdict.action), *verdict[1:])


def vetted(gate: ModuleType) -> Iterator[object]:
    """A target and its rate at every edge, in each state, with each thing about table and permit changed."""
    angles = (-8000, -1, 0, 1, 2, 499, 500, 501, 502, 1000, 1029, 1030, 1031, 1032, 3000, 3001)
    rates = (-301, -300, -299, -1, 0, 1, 2, 299, 300, 301)
    limits = ((3000, 300), (501, 300), (500, 300), (499, 300), (1, 2), (0, 300), (3000, 0))
    tables: tuple[dict[str, Any], ...] = (
        {}, {"armed": False}, {"sound": False}, {"trusted": False}, {"estop": True}, {"rung": 1}, {"rung": 2},
        {"rung": 3}, {"home": True}, {"reserved": False},
    )  # fmt: skip
    well = {"armed": True, "sound": True, "trusted": True, "estop": False, "rung": 0, "home": False, "reserved": True}
    states = (State.RUNNING, State.RETURNING, State.RISING, State.LEVEL)
    some = product(angles, rates, (1000,), limits, states, tables)
    each = product((-50, 0, 1031), (-1, 0, 1), (1000, -40, 0), limits[:1], State, tables)
    for angle_cdeg, rate_cdps, table_cdeg, limit, state, table in chain(some, each):
        yield gate.vet(angle_cdeg, rate_cdps, table_cdeg, *limit, state=state, **{**well, **table})


def walked(module: ModuleType) -> Iterator[object]:
    """A ladder on random walks: whatever a unit tells it comes and goes at its edges, for one tick or for long."""
    # Imported here: what is mutated must not be loaded before the mutant is planted.
    from simulator.angle import Angle
    from simulator.exposure import Exposure
    from simulator.grant import Grant
    from simulator.memory import Memory
    from simulator.sensors import Switches

    random = Random(0)
    changes: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        ("angle", "head_down", (False, False, True)), ("angle", "moving", (False, False, True)),
        ("angle", "trusted", (True, True, False)), ("angle", "worst_cdeg", (0, 1000, 2100, 2101, 6100, 6101)),
        ("angle", "speed_cdps", (0.0, 500, 501, 502)), ("angle", "angle_deg", (-2.0, -1.51, -1.5, 0.0, 1.5, 1.51, 2.0)),
        ("switches", "estop", (False, False, True)), ("switches", "lowering", (False, False, True)),
        ("switches", "occupied", (True, True, False)), ("switches", "ankles_locked", (True, True, False)),
        ("exposure", "left_ms", (-1, 0, 1, 9)), ("memory", "episode_ms", (0, 1)), ("memory", "latched", (0, 0, 1024)),
        ("memory", "slow", (False, True)), ("told", "others", (0, 0, 1 << 24, 1 << 25, 1 << 27)),
        ("told", "silent", (False, False, True)), ("told", "driven", (False, False, True)),
        ("told", "braked", (True, True, False)), ("bed", "smooth_cdeg", (0.0, 150.0, -150.0)),
        ("drive", "smooth_cdeg", (0.0, 150.0, -150.0)), ("ladder", "active", (0, 1 << 15, 1 << 3, 1 << 1)),
    )  # fmt: skip
    leased = Setpoint(1, 1, 1, 1000, 0, 2000, 500)
    for _ in range(120):
        memory, told, now_ms = Memory(valid=True), SimpleNamespace(), 0
        told.others, told.silent, told.driven, told.braked = 0, False, False, True
        angle, exposure, grant, switches = Angle(), Exposure(memory), Grant(), Switches()
        angle.trusted, angle.worst_cdeg, angle.bed.failing, angle.drive.failing = True, 0, False, False
        ladder = module.Ladder(memory)
        things = {
            "angle": angle, "switches": switches, "exposure": exposure, "memory": memory, "told": told,
            "bed": angle.bed, "drive": angle.drive, "ladder": ladder,
        }  # fmt: skip
        for _ in range(40):
            name, key, values = random.choice(changes)
            setattr(things[name], key, random.choice(values))
            match random.randrange(8):
                case 0:
                    ladder.stop(now_ms)
                case 1:
                    ladder.wish_level(angle.head_down)
                case 2:
                    grant.arm()
                case 3 | 4:
                    grant.lease(leased, now_ms)
                case 5:
                    ladder.unfreeze()
                case 6:
                    switches.occupied = switches.ankles_locked = False
                    angle.head_down = ladder.wish_level(True)
            step_ms = random.choice((20, 20, 20, 480, 20_000))
            for _ in range(random.choice((1, 1, 2, 3, 27))):
                now_ms += step_ms
                rung = ladder.judge(
                    now_ms, switches, angle, exposure, grant, told.others, told.silent, told.driven, told.braked
                )
                yield rung, ladder.rung, ladder.active, ladder.voids, memory.latched, memory.slow, ladder.unlocked
                yield grant.armed, grant.setpoint is None, ladder._restarts
