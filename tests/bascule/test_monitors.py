"""The monitors: each sees its own violation, measures how bad it is, and leaves a sound run alone."""

from collections.abc import Callable
from math import inf
from typing import Final

import pytest

from bascule.campaign_trace import Mark, Sample, Trace
from bascule.monitors import MONITORS, Monitor
from controller.model import State
from protocol.messages import Cause, Flag, Rung

TICK_S = 0.02
BY_NAME: Final = {monitor.name: monitor for monitor in MONITORS}
BRAKED = int(Flag.BRAKE | Flag.OCCUPIED | Flag.ANKLES_LOCKED)
DRIVEN = int(Flag.DRIVEN | Flag.MOVING)
ARMED = int(Flag.ARMED)


def sample(now_s: float, drive_deg: float, dps: float = 0.0, **known: object) -> Sample:
    """A moment of a session that runs as it should, unless told otherwise."""
    usual: dict[str, object] = {
        "now_s": now_s, "bed_deg": drive_deg, "bed_dps": dps, "drive_deg": drive_deg, "drive_dps": dps,
        "flags": (DRIVEN if dps else BRAKED) | ARMED, "rung": int(Rung.NONE), "active": 0, "latched": 0,
        "unit_s": now_s, "fresh_s": now_s, "lease_s": now_s + 0.5, "limit_deg": 30.0, "state": State.RUNNING,
        "believed_deg": drive_deg, "occupied": True, "ankles_locked": True, "estop": False, "lowering": False,
    }  # fmt: skip
    return Sample(**{**usual, **known})  # type: ignore[arg-type]


def run(
    seconds: float,
    start_deg: float = 10.0,
    dps: float = 0.0,
    marks: tuple[tuple[float, str], ...] = (),
    **known: object,
) -> Trace:
    """Steady motion from an angle, with the same facts throughout."""
    trace = Trace(marks=[Mark(at_s, what) for at_s, what in marks])
    for n in range(round(seconds / TICK_S)):
        now_s = n * TICK_S
        facts = {key: value(now_s) if callable(value) else value for key, value in known.items()}
        trace.samples.append(sample(now_s, start_deg + dps * now_s, dps, **facts))
    return trace


def joined(*traces: Trace) -> Trace:
    """One after the other; angles go on where the one before ended."""
    whole = Trace()
    for trace in traces:
        shift_s = whole.samples[-1].now_s + TICK_S if whole.samples else 0.0
        for one in trace.samples:
            late = {name: getattr(one, name) + shift_s for name in ("now_s", "unit_s", "fresh_s", "lease_s")}
            whole.samples.append(one._replace(**late))
        whole.marks += [Mark(mark.now_s + shift_s, mark.what) for mark in trace.marks]
    return whole


UNLEASED = {"lease_s": -10.0}
STOP = (0.5, "stop reaches the unit")
FROZEN = {"state": State.FROZEN, "active": int(Cause.STOPPED), **UNLEASED}
SILENT = {"fresh_s": -0.0, "lease_s": -10.0, "flags": BRAKED, "state": State.OFFLINE}
ENDED = {"state": State.RETURNING, "flags": BRAKED}


def jolt() -> Trace:
    return joined(run(2.0, flags=DRIVEN | ARMED), run(2.0, dps=2.8))


def jerky() -> Trace:
    trace = Trace()
    rate_dps, angle_deg = 0.0, 0.0
    for n in range(200):
        rate_dps += 0.0225 if n % 50 < 25 else -0.0225
        angle_deg += rate_dps * TICK_S
        trace.samples.append(sample(n * TICK_S, angle_deg, rate_dps))
    return trace


def deep_and_up() -> Trace:
    """Head down, and half a minute later on the way to standing."""
    return joined(run(1.0, 10.0), run(30.0, 0.0), run(1.0, -20.0, -1.5))


def overdue() -> Trace:
    trace = run(5.0, 12.0, flags=BRAKED)
    trace.episode_before_s = 599.0
    return trace


def ended(**known: object) -> Trace:
    trace = run(1.0, 10.0, state=State.FAULT)
    for name, value in known.items():
        setattr(trace, name, value)
    return trace


BAD: Final[dict[str, tuple[Callable[[], Trace], float]]] = {
    "angle": (lambda: run(1.0, 33.0), -2.0),
    "rate": (lambda: run(2.0, dps=3.5), -0.4),
    "trip": (lambda: run(1.0, dps=5.6), -0.5),
    "acceleration": (jolt, -0.6),
    "plan_acceleration": (jolt, -4.1),
    "plan_jerk": (jerky, -0.5),
    "stop_travel": (lambda: run(3.0, dps=1.5, marks=((0.5, "stop reaches the unit"),)), -0.45),
    "stop_time": (lambda: run(3.0, dps=0.5, marks=((0.5, "stop reaches the unit"),)), -TICK_S),
    "stop_holds": (
        lambda: joined(
            run(1.0, marks=((0.5, "stop reaches the unit"),), lease_s=0.0),
            run(9.0, lease_s=0.0),
            run(1.0, dps=-1.0, **UNLEASED),
        ),
        -10.0,
    ),
    "slow_return": (
        lambda: joined(run(1.0, 20.0, marks=(STOP,), **UNLEASED), run(4.0, 20.0, -2.5, **UNLEASED)),
        -1.35,
    ),
    "slow_with_open_lock": (lambda: run(4.0, 20.0, -2.5, ankles_locked=False), -1.35),
    "lease": (lambda: run(3.0, dps=-1.0, lease_s=0.5), -1.2),
    "silence": (lambda: run(6.0, **SILENT), -3.5),
    "return_time": (lambda: run(60.0, rung=int(Rung.LEVEL)), -22.0),
    "stranded": (lambda: run(40.0, **ENDED), -16.0),
    "ends_home": (ended, -7.5),
    "ends_still": (lambda: ended(settled=False), -1.0),
    "head_down_time": (overdue, -2.0),
    "no_increase": (lambda: run(4.0, dps=1.0, lease_s=0.5), -1.9),
    "granted": (lambda: run(4.0, dps=1.0, flags=DRIVEN), -2.4),
    "interlock": (lambda: run(4.0, dps=1.0, ankles_locked=False), -2.3),
    "resume": (lambda: joined(run(1.0), run(6.0, state=State.PAUSED), run(2.0, dps=1.0)), -1.2),
    "head_up_holds": (lambda: run(2.0, -30.0, -1.0, **UNLEASED), -1.7),
    "emergency_stop": (lambda: run(2.0, dps=-1.0, estop=True), -1.5),
    "release": (lambda: joined(run(1.0, estop=True), run(1.0), run(1.0, 10.0, -1.0)), -0.7),
    "pause_before_standing": (deep_and_up, -30.0),
    "siren": (lambda: run(1.0, rung=int(Rung.HOLD)), -0.9),
    "told": (lambda: run(3.0, rung=int(Rung.HOLD)), -2.0),
    "honest": (lambda: run(3.0, believed_deg=2.0), -2.5),
    "budget": (lambda: ended(charged_s=10.0, exposed_s=20.0), -8.5),
    "applied": (lambda: ended(unacted=("stall",)), -1.0),
}
"""For each requirement a run that breaks it, and by how much."""


def test_there_are_at_least_fifteen_and_each_has_a_bad_example() -> None:
    assert len(BY_NAME) == len(MONITORS) >= 15
    assert set(BAD) == set(BY_NAME)


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_a_violation_is_seen_and_measured(monitor: Monitor) -> None:
    make, robustness = BAD[monitor.name]
    assert monitor.robustness(make()) == pytest.approx(robustness, abs=0.12)


def sound() -> Trace:
    """Up from level, a hold, a stop, 21 s of standstill, and a slow return."""
    trace = joined(
        run(5.0, 2.0, 1.5),
        run(5.0, 9.5),
        run(
            1.0,
            9.5,
            0.0,
            marks=((0.0, "stop reaches the unit"),),
            state=State.FROZEN,
            active=int(Cause.STOPPED),
            **UNLEASED,
        ),
        run(20.0, 9.5, 0.0, **FROZEN),
        run(9.3, 9.5, -1.0, rung=int(Rung.LEVEL), active=int(Cause.FROZEN_LONG), state=State.RETURNING, **UNLEASED),
        run(3.0, 0.2, state=State.LEVEL),
    )
    trace.charged_s, trace.exposed_s = 36.0, 35.0
    return trace


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_a_sound_run_is_left_alone(monitor: Monitor) -> None:
    if monitor.name in ("acceleration", "plan_acceleration", "plan_jerk", "stop_travel"):
        return  # its corners are sharp; test_campaign has true motion
    assert monitor.robustness(sound()) >= 0.0


@pytest.mark.parametrize("monitor", MONITORS, ids=lambda monitor: monitor.name)
def test_it_says_what_it_watches(monitor: Monitor) -> None:
    assert monitor.sentence.endswith(".")
    assert monitor.ids or monitor.name == "applied"
    assert all(id_[0] in "FH" and id_[1:].isdecimal() for id_ in monitor.ids)


def test_what_did_not_happen_is_not_judged() -> None:
    assert BY_NAME["stop_holds"].robustness(run(1.0)) == inf
    assert BY_NAME["return_time"].robustness(run(1.0)) == inf
    assert BY_NAME["budget"].robustness(run(1.0)) == inf


@pytest.mark.parametrize("kind", ["bed_noisy", "stall", "arms_up"])
def test_a_loop_that_is_misled_is_left_to_the_trip(kind: str) -> None:
    trace = run(2.0, dps=3.5)
    trace.kinds = (kind,)
    assert BY_NAME["rate"].robustness(trace) == inf
    assert BY_NAME["trip"].robustness(trace) > 0.0


def test_a_motor_that_runs_the_wrong_way_may_do_so_until_it_is_noticed_once_for_each_try() -> None:
    trace = run(4.0, dps=1.0, lease_s=0.5)
    trace.kinds = ("wrong_way",)
    assert BY_NAME["no_increase"].robustness(trace) == pytest.approx(0.3 + 3.5 - 2.2, abs=0.05)
    trace.marks.append(Mark(1.0, "wish level"))
    assert BY_NAME["no_increase"].robustness(trace) == pytest.approx(0.3 + 7.0 - 2.2, abs=0.05)


@pytest.mark.parametrize("sensor", ["bed_drifts", "drive_drifts"])
def test_a_wrong_way_that_a_drifting_sensor_hides_is_seen_by_nobody(sensor: str) -> None:
    """Each of both alone is judged as ever; without any sensor it is the same."""
    gone = run(1.0, 40.0)
    gone.kinds = ("wrong_way", "bed_stuck", "drive_stuck")
    assert BY_NAME["angle"].robustness(gone) == inf
    gone.kinds = ("bed_stuck", "drive_stuck")
    assert BY_NAME["angle"].robustness(gone) < 0.0
    for name, trace in (("no_increase", run(30.0, 0.0, 1.0, lease_s=0.5)), ("return_time", BAD["return_time"][0]())):
        for kinds, passes in ((("wrong_way",), False), ((sensor,), False), ((sensor, "wrong_way"), True)):
            trace.kinds = kinds
            assert (BY_NAME[name].robustness(trace) == inf) is passes
            assert (BY_NAME[name].robustness(trace) < 0.0) is not passes


@pytest.mark.parametrize(("kind", "deepest"), [("runaway", 33.0), ("wrong_way", 33.0), ("stall", 31.0)])
def test_a_motor_that_runs_wild_is_noticed_on_the_way_back(kind: str, deepest: float) -> None:
    for angle_deg, holds in ((deepest - 0.1, True), (deepest + 0.1, False)):
        trace = run(1.0, angle_deg)
        trace.kinds = (kind,)
        assert (BY_NAME["angle"].robustness(trace) > 0.0) is holds


def test_two_sensors_may_be_three_degrees_apart_and_the_sound_one_a_little_off() -> None:
    for shown_deg, holds in ((13.65, True), (6.35, True), (13.75, False), (6.25, False)):
        assert (BY_NAME["honest"].robustness(run(3.0, believed_deg=shown_deg)) > 0.0) is holds


def test_after_a_power_cut_nobody_knows_of_an_emergency_stop_any_more() -> None:
    """F5: head down it leads home as after any restart; without the cut, or before the unit is back, nothing moves."""
    cut, rest = (("power_cut",), (("boot of the unit", 1.1),)), run(1.0)
    for (kinds, marks), holds in ((cut, True), (((), cut[1]), False), ((("power_cut",), ()), False)):
        trace = joined(run(1.0, estop=True), rest, run(1.0, 10.0, -1.0))
        trace.kinds = kinds
        trace.marks += [Mark(at_s, what) for what, at_s in marks]
        assert (BY_NAME["release"].robustness(trace) > 0.0) is holds


@pytest.mark.parametrize(("kinds", "judged"), [
    (("bed_drifts",), True), (("loose_linkage",), True), (("bed_drifts", "loose_linkage"), False),
])  # fmt: skip
def test_a_loose_linkage_hides_what_a_broken_sensor_shows(kinds: tuple[str, ...], judged: bool) -> None:
    trace = run(3.0, believed_deg=2.0)
    trace.kinds = kinds
    assert (BY_NAME["honest"].robustness(trace) < 0.0) is judged


def test_a_runaway_without_any_sensor_is_seen_by_nobody() -> None:
    for name in ("angle", "no_increase", "granted", "resume"):
        trace = run(60.0, 0.0, 1.0, lease_s=0.5) if name != "resume" else BAD[name][0]()
        trace.kinds = ("bed_noisy", "drive_jump", "runaway")
        assert BY_NAME[name].robustness(trace) == inf
    for kinds in (("runaway",), ("bed_noisy", "drive_jump")):
        trace = run(60.0, 0.0, 1.0, lease_s=0.5)
        trace.kinds = kinds
        assert BY_NAME["no_increase"].robustness(trace) < 0.0


@pytest.mark.parametrize(("dps", "seconds", "holds"), [
    (5.2, 1.4, True), (5.2, 1.6, False), (-5.2, 1.6, False), (5.6, 0.4, True), (-5.6, 0.6, False),
])  # fmt: skip
def test_a_rate_just_above_the_trip_lies_within_the_noise_of_the_sensors(
    dps: float, seconds: float, holds: bool
) -> None:
    assert (BY_NAME["trip"].robustness(run(seconds, dps=dps)) >= 0.0) is holds


def test_a_weak_motor_may_be_as_slow_as_progress_allows() -> None:
    for seconds, holds in ((60.0, True), (120.0, False)):
        trace = run(seconds, rung=int(Rung.LEVEL))
        trace.kinds = ("weak_motor",)
        assert (BY_NAME["return_time"].robustness(trace) >= 0.0) is holds


@pytest.mark.parametrize("name", ["ends_still", "head_up_holds"])
def test_a_wrong_level_switch_beside_a_broken_sensor_leaves_nothing_to_go_by(name: str) -> None:
    for kinds, judged in (
        (("level_switch_wrong",), True),
        (("bed_noisy", "drive_noisy"), True),
        (("bed_drifts", "level_switch_wrong"), False),
    ):
        trace = BAD[name][0]()
        trace.kinds = kinds
        assert (BY_NAME[name].robustness(trace) < 0.0) is judged


def test_a_return_without_angle_sensors_ends_by_the_level_switch_within_a_second() -> None:
    for kinds, seconds, holds in (
        ((), 0.5, False),
        (("bed_noisy",), 0.5, False),
        (("bed_noisy", "drive_noisy"), 1.2, True),
        (("bed_noisy", "drive_noisy"), 1.4, False),
    ):
        trace = run(seconds, -30.0, -1.0, **UNLEASED)
        trace.kinds = kinds
        assert (BY_NAME["head_up_holds"].robustness(trace) >= 0.0) is holds


def test_an_open_lock_beside_a_broken_sensor_may_cost_a_tenth_of_a_degree_a_second() -> None:
    for kinds, dps, holds in (((), -1.2, False), (("bed_stuck",), -1.2, True), (("bed_stuck",), -1.3, False)):
        trace = run(4.0, 20.0, dps, ankles_locked=False)
        trace.kinds = kinds
        assert (BY_NAME["slow_with_open_lock"].robustness(trace) >= 0.0) is holds


def test_a_rescuer_may_do_what_a_motor_may_not() -> None:
    for name in ("no_increase", "granted", "interlock", "head_up_holds", "emergency_stop", "lease"):
        make, _ = BAD[name]
        trace = make()
        trace.samples = [one._replace(lowering=True) for one in trace.samples]
        assert BY_NAME[name].robustness(trace) > 0.0, name


def test_a_level_wish_ends_what_a_stop_froze() -> None:
    trace = run(3.0, dps=-1.0, marks=((0.5, "stop reaches the unit"), (0.52, "level reaches the unit")), **UNLEASED)
    assert BY_NAME["stop_time"].robustness(trace) > 0.0
    assert BY_NAME["stop_holds"].robustness(trace) > 0.0


THAWS: Final = {"state": State.FROZEN, "active": int(Cause.STOPPED), **UNLEASED}


def test_a_freeze_is_over_where_the_table_rests_at_level() -> None:
    """Reactions end with their cause; a return that a broken sensor asks for later is none that the stop forbids."""
    for level_deg, holds in ((0.3, True), (2.4, True), (-0.3, True), (2.6, False), (-20.0, False)):
        trace = joined(
            run(0.1, level_deg, marks=((0.0, "stop reaches the unit"),), **THAWS),
            run(0.5, level_deg, **UNLEASED),
            run(2.0, level_deg, -0.5, **UNLEASED),
        )
        assert (BY_NAME["stop_holds"].robustness(trace) > 0.0) is holds, level_deg
        assert (BY_NAME["stop_time"].robustness(trace) > 0.0) is holds, level_deg


def test_a_stop_at_level_that_froze_nothing_is_no_freeze_that_has_ended() -> None:
    trace = joined(
        run(0.6, 0.3, marks=((0.0, "stop reaches the unit"),), **UNLEASED),
        run(2.0, 0.3, -0.5, **UNLEASED),
    )
    assert BY_NAME["stop_holds"].robustness(trace) < 0.0
    assert BY_NAME["stop_time"].robustness(trace) < 0.0


def test_what_the_unit_does_by_itself_after_a_stop_at_level_is_judged_elsewhere() -> None:
    """A blind return, two seconds after a stop that found the table resting there; elsewhere the stop counts."""
    for at_deg, rung, holds in ((0.4, Rung.BLIND_LEVEL, True), (0.4, Rung.REFUSE, False), (9.0, Rung.LEVEL, False)):
        trace = joined(
            run(2.0, at_deg, marks=((0.0, "stop reaches the unit"),), **UNLEASED),
            run(2.0, at_deg, -0.5, rung=int(rung), **UNLEASED),
        )
        assert (BY_NAME["stop_holds"].robustness(trace) > 0.0) is holds, (at_deg, rung)


def test_a_freeze_that_still_lasts_at_level_is_not_over() -> None:
    trace = joined(
        run(0.6, 0.3, marks=((0.0, "stop reaches the unit"),), **THAWS),
        run(2.0, 0.3, -0.5, **THAWS),
    )
    assert BY_NAME["stop_holds"].robustness(trace) < 0.0


def test_a_live_wish_after_a_stop_ends_what_it_froze() -> None:
    """Stand, out of a freeze head up: a new lease. One in flight ends nothing, nor does an older wish."""
    for wish_s, holds in ((0.3, True), (-0.2, False)):
        trace = joined(
            run(0.5),
            run(0.5, -20.0, marks=((0.0, "stop reaches the unit"), (wish_s, "wish stand")), **THAWS),
            run(2.0, -20.0, -0.5, state=State.RISING),
        )
        assert (BY_NAME["stop_time"].robustness(trace) > 0.0) is holds
    at_once = joined(run(0.5), run(2.0, -20.0, -0.5, marks=((0.0, "stop reaches the unit"), (0.1, "wish stand"))))
    assert BY_NAME["stop_time"].robustness(at_once) < 0.0


@pytest.mark.parametrize("name", ["head_down_time", "silence", "slow_return", "slow_with_open_lock"])
def test_without_any_sensor_nobody_knows_how_the_return_goes(name: str) -> None:
    trace = BAD[name][0]()
    trace.kinds = ("bed_drifts",)
    assert BY_NAME[name].robustness(trace) < 0.0
    trace.kinds = ("bed_drifts", "drive_mirrored")
    assert BY_NAME[name].robustness(trace) == inf
