"""Whatever a host says or leaves out, and whatever hands do to the table: what the unit never does.

Properties over random scripts: a list of deeds, each with the time that passes after it.
"""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.link import frame
from protocol.messages import Hello, Rung
from simulator.physics import Person

from .host import TICK_S, Host, broken

STANDSTILL_S = 1.3
"""Safety.md: from the end of a lease to standstill."""
LEASE_S = 0.5
DEEDS: dict[str, Callable[[Host, float], object]] = {
    "arm": lambda h, _: h.arm(),
    "lead": lambda h, x: h.lead(-80.0 + 145.0 * x, 0.5 + 3.5 * x),
    "lead to the end": lambda h, _: h.lead(70.0, 3.0),
    "lead down": lambda h, _: h.lead(-80.0, 3.0),
    "let go": lambda h, _: h.let_go(),
    "stop": lambda h, _: h.stop(),
    "level": lambda h, _: h.level(),
    "acknowledge": lambda h, _: h.acknowledge(),
    "disarm": lambda h, _: h.send(h.link.disarm()),
    "hello": lambda h, x: h.table.receive(frame(Hello(1, 1 + int(x * 1e6)))),
    "silent": lambda h, _: setattr(h, "silent", True),
    "talk": lambda h, _: setattr(h, "silent", False),
    "lossy": lambda h, x: setattr(h, "lost", losing(x)),
    "garbage": lambda h, x: h.table.receive(Random(x).randbytes(200)),
    "ankles open": lambda h, _: setattr(h.table.switches, "ankles_locked", False),
    "ankles locked": lambda h, _: setattr(h.table.switches, "ankles_locked", True),
    "nobody": lambda h, _: setattr(h.table.switches, "occupied", False),
    "somebody": lambda h, _: setattr(h.table.switches, "occupied", True),
    "estop": lambda h, _: setattr(h.table.switches, "estop", True),
    "release": lambda h, _: setattr(h.table.switches, "estop", False),
    "reset": lambda h, _: h.table.reset_unit(),
    "jam": lambda h, x: setattr(h.table.physics, "jammed", x < 0.5),
}
SENSOR_WAYS = ["frozen", "rail", "slipped up", "slipped down", "sign", "wild", "drifting"]


def losing(part: float) -> Callable[[], bool]:
    """Loses this part of the host's frames."""
    random = Random(part)
    return lambda: random.random() < part * 0.9


def begin(host: Host, x: float) -> None:
    """Everything in order again: level, acknowledged, armed; and on the way somewhere."""
    host.silent, host.lost, host.target_deg = False, lambda: False, None
    host.table.physics.jammed = False
    switches = host.table.switches
    switches.occupied, switches.ankles_locked, switches.estop = True, True, False
    if host.run(2.0, lambda: host.link.up):
        host.run(0.1)
        host.level()
        host.run(40.0, lambda: host.angle_deg < 1.5 and host.still())
        host.run(0.5)
        host.acknowledge()
        host.arm()
        host.lead(80.0 * x, 3.0)
        host.run(1.0)


class Monitor:
    """Watches the true table, and what the unit granted, at every tick. `seen`: what should never be, and when."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.spoken_s = self.driven_until_s = self.armed_until_s = host.table.now_s
        self.lowest_deg = host.angle_deg
        self.seen: list[str] = []

    def look(self) -> None:
        host, physics, unit = self.host, self.host.table.physics, self.host.table._unit
        now_s = host.table.now_s
        leased = unit._grant.setpoint is not None
        if host.target_deg is not None and not host.silent:
            self.spoken_s = now_s
        self._never(leased and now_s - self.spoken_s > LEASE_S + 2 * TICK_S, "keeps a lease that nobody renews")
        if leased or unit._ladder.rung in (Rung.LEVEL, Rung.BLIND_LEVEL):
            self.driven_until_s = now_s
        self._never(abs(physics.drive_dps) >= 0.05 and now_s - self.driven_until_s > STANDSTILL_S, "moves by itself")
        self._never(physics.bed_deg > host.limit_deg + 1.0, "is beyond the limit")
        if unit._grant.armed:
            self.armed_until_s = now_s
        if now_s - self.armed_until_s <= STANDSTILL_S:
            self.lowest_deg = physics.drive_deg
        self.lowest_deg = min(self.lowest_deg, physics.drive_deg)
        self._never(physics.drive_deg - self.lowest_deg > 0.3, "rises without a grant")
        self._never(abs(physics.drive_dps) > 3.3, "is too fast")

    def _never(self, happens: bool, what: str) -> None:
        if happens:
            self.seen.append(f"{what} at {self.host.table.now_s:.2f} s")


def play(
    host: Host, script: list[tuple[str, float, float]], deeds: dict[str, Callable[[Host, float], object]]
) -> list[str]:
    """The script, watched; what should never be seen. A deed that needs telemetry is left out while there is none."""
    monitor = Monitor(host)
    tick = host.tick

    def watched() -> None:
        tick()
        monitor.look()

    host.tick = watched  # type: ignore[method-assign]
    for name, value, seconds in script:
        if name == "begin" or (host.link.telemetry is not None and host.link.up):
            deeds[name](host, value)
        host.run(seconds)
    host.silent = True
    host.run(4.0)
    return monitor.seen


def scripts(*names: str) -> st.SearchStrategy[list[tuple[str, float, float]]]:
    """Every third deed begins a session; the others happen to it."""
    waits = st.sampled_from([0.02, 0.1, 0.4, 1.0, 3.0, 8.0])
    deed = st.tuples(st.sampled_from(names), st.floats(0, 1), waits)
    session = st.tuples(st.just("begin"), st.floats(0, 1), waits)
    return st.lists(st.tuples(session, deed, deed), min_size=1, max_size=5).map(
        lambda threes: [deed for three in threes for deed in three]
    )


people = st.sampled_from([Person(50.0, -0.1), Person(80.0, -0.02), Person(136.0, -0.1)])
starts = st.sampled_from([-80.0, -40.0, -2.0, 0.0, 1.0, 8.0])
slowly = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DEEDS["begin"] = begin


@slowly
@given(scripts(*DEEDS), people, starts, st.sampled_from([10.0, 30.0, 60.0]), st.integers(0, 1000))
def test_any_script(script: list[tuple[str, float, float]], person: Person, start: float, limit: float, seed: int):
    """F1–F5, F17, H2, H4, H15: it never moves for longer than 1.3 s without a lease or a reaction, never 1° beyond the
    limit, and without a grant never up."""
    host = Host(start, seed, person).meet()
    host.limit_deg = limit
    assert play(host, script, DEEDS) == []


@slowly
@given(
    scripts("lead", "lead to the end", "level", "stop", "let go", "break", "mend", "acknowledge", "silent", "talk"),
    st.sampled_from(["bed_fault", "drive_fault"]),
    st.sampled_from(SENSOR_WAYS),
    starts,
    st.integers(0, 1000),
)
def test_any_script_with_a_broken_sensor(
    script: list[tuple[str, float, float]], which: str, way: str, start: float, seed: int
):
    """F7, F8: and the same with a sensor that fails in any way at any moment."""
    host = Host(start, seed).meet()
    deeds = DEEDS | {
        "break": lambda h, _: setattr(h.table.sensors, which, broken(way)),
        "mend": lambda h, _: setattr(h.table.sensors, which, None),
    }
    assert play(host, script, deeds) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_busy_hour(seed: int):
    """A session that is begun again and again, with everything else in between; the longer walk of the same."""
    random = Random(seed)
    script = []
    for _ in range(25):
        script += [("begin", random.random(), random.choice([1.0, 5.0, 10.0]))]
        script += [(random.choice([*DEEDS]), random.random(), random.choice([0.1, 0.5, 2.0, 5.0])) for _ in range(3)]
    host = Host(-10.0, seed).meet()
    assert play(host, script, DEEDS) == []
    assert max(host.angles) > 15.0
