"""Virtual time: the whole closed loop, physics alone beside MuJoCo, and campaigns on two processes."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from typing import Any, Final

from bascule.campaign import Mode, falsify
from bascule.campaign_states import prepare
from bascule.closed_loop import ClosedLoop
from controller.model import State, Verb
from simulator.physics import STEP_S, Person, Physics
from simulator.table import STEPS_PER_SAMPLE

from .measure import Figure, bytecodes, in_turns, ratio, spread

SESSION_S: Final = 18 * 60.0
PRESET: Final = "circulation"
"""The longest one: it moves a third of the time, and the table is found standing and left at level."""
TRACED: Final = 200
"""Ticks whose instructions are counted."""
HINGE: Final = f"""
<mujoco><option timestep="{STEP_S}" gravity="0 0 -9.81"/>
<worldbody><body><joint type="hinge" axis="0 1 0" damping="10" frictionloss="10" name="pivot"/>
<geom type="box" size="0.9 0.3 0.05" mass="80" pos="-0.02 0 0"/></body></worldbody>
<actuator><motor joint="pivot" gear="100"/></actuator></mujoco>
"""
"""One hinge with friction and a motor, and nothing that touches anything."""


def measure(quick: bool) -> Iterator[Figure]:
    """All figures of simulation."""
    rounds = 2 if quick else 5
    session_s = SESSION_S / 10 if quick else SESSION_S
    took_s = [_session_s(session_s, number) for number in range(rounds)]
    yield Figure("simulation.loop", spread([session_s / one for one in took_s]))
    yield Figure("simulation.session", spread([one * SESSION_S / session_s for one in took_s]))
    yield Figure("simulation.bytecodes", spread(_bytecodes()))
    yield _physics(quick)
    yield _campaign(quick)


def _session_s(seconds: float, seed: int) -> float:
    """The processor's seconds for so long a session; the table, its unit and the wire included."""
    loop = ClosedLoop(seed)
    loop.run(1.0)
    assert loop.arm_and(Verb.START, preset=PRESET).accepted
    began_s, before_s = time.process_time(), loop.now_s
    loop.run(seconds)
    took_s = time.process_time() - began_s
    assert loop.now_s - before_s >= seconds
    assert loop.state in (State.RUNNING, State.LEVEL)
    return took_s


def _bytecodes() -> list[float]:
    """Of each telemetry's tick, while the table sets out."""
    loop = ClosedLoop(1)
    loop.run(1.0)
    assert loop.arm_and(Verb.START, preset=PRESET).accepted
    loop.run(5.0)
    return [float(bytecodes(loop.tick)) for _ in range(TRACED)]


def _physics(quick: bool) -> Figure:
    """As the table calls it: some steps between two samples of the sensors, the motor at work."""
    calls = 5_000 if quick else 50_000
    try:
        hinge = mujoco_hinge(calls)
    except ImportError as error:
        return Figure("simulation.mujoco", None, str(error))
    given = in_turns({"ours": ours(calls), "mujoco": hinge}, 3 if quick else 9)
    return Figure("simulation.mujoco", ratio(given, "mujoco", "ours"))


def ours(calls: int) -> Callable[[], float]:
    """Bed, drive and coupling."""

    def once() -> float:
        physics = Physics(0.0, Person())
        began_s = time.process_time()
        for number in range(calls):
            physics.advance(0.2 if number & 1024 else -0.2, False, STEPS_PER_SAMPLE)
        return time.process_time() - began_s

    return once


def mujoco_hinge(calls: int) -> Callable[[], float]:
    """The bare hinge, stepped as often in one call."""
    mujoco: Any = import_module("mujoco")
    model = mujoco.MjModel.from_xml_string(HINGE)

    def once() -> float:
        data = mujoco.MjData(model)
        began_s = time.process_time()
        for number in range(calls):
            data.ctrl[0] = 0.2 if number & 1024 else -0.2
            mujoco.mj_step(model, data, STEPS_PER_SAMPLE)
        return time.process_time() - began_s

    return once


def _campaign(quick: bool) -> Figure:
    """Seconds on the wall, because that is what somebody waits for.

    Workers are started before, and have made the states that runs begin in: a campaign of hours makes them once.
    """
    runs = 50 if quick else 200
    spawn = get_context("spawn")
    with ProcessPoolExecutor(1, spawn, prepare) as one, ProcessPoolExecutor(2, spawn, prepare) as two:
        for pool in (one, two):
            list(pool.map(_warm, range(8)))

        def on(pool: ProcessPoolExecutor, jobs: int) -> Callable[[], float]:
            def once() -> float:
                began_s = time.monotonic()
                assert falsify(range(runs), Mode.RANDOM, pool, jobs).runs == runs
                return time.monotonic() - began_s

            return once

        given = in_turns({"one": on(one, 1), "two": on(two, 2)}, 1 if quick else 2)
    return Figure("simulation.campaign", ratio(given, "one", "two"))


def _warm(number: int) -> int:
    """In a worker: each gets a turn."""
    time.sleep(0.2)
    return number
