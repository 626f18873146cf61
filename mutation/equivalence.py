"""What the waivers lean on: each check observes a module over a whole or bounded domain, the same way each time.

A check is given the module, sound or mutated, and yields what it saw; two modules that look the same do the same
there. Domains hold every value at which a decision of the function can change, and those next to it.
"""

from collections.abc import Iterator
from itertools import product
from types import ModuleType
from typing import Any

from protocol.messages import Setpoint

WHOLE_RATE = range(-700, 701)
"""Rates in cdps: all of them, well beyond the trip at 500."""


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


def encode(framing: ModuleType) -> Iterator[object]:
    """Payloads of every length, with and without zeros in them and in their CRC."""
    for length, step in product(range(1, 65), (0, 1, 37, 255)):
        yield framing.encode(bytes(i * step & 0xFF for i in range(length)))


def _seen(grant: Any, now_ms: int) -> tuple[object, ...]:
    targets = [grant.target_cdeg(rate_dps, now_ms) for rate_dps in (0.0, -0.0, 1.0, -10.0, 10.0)]
    return grant.armed, grant.setpoint, grant.limit_cdeg, grant.expired(now_ms), *targets


def granted(module: ModuleType) -> Iterator[object]:
    """Every order of up to three things that happen to a grant, looked at before, during and after a lease."""
    one = Setpoint(1, 1, 1, 10.0, 0.0, 30.0, 0.5)
    two = Setpoint(2, 1, 1, -70.0, 2.0, 20.0, 0.2)
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
        grant.lease(Setpoint(1, 1, 1, 10.0, 0.0, 30.0, lease_ms / 1000), 1000)
        lasts_ms = 1000 + min(lease_ms, 500)
        yield grant.expired(lasts_ms), grant.expired(lasts_ms + 1), grant.limit_cdeg, grant.setpoint
    yield from granted(module)
