"""The falsification campaign: the same number is the same run, every fault acts, and a planted bug is found."""

import json
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bascule import campaign
from bascule.campaign import (
    CELLS,
    MATRIX_STATES,
    TIMINGS_S,
    Findings,
    Mode,
    Plan,
    Result,
    count,
    do,
    falsify,
    plan,
    record,
    run,
)
from bascule.campaign_faults import MAKE
from bascule.campaign_rig import Rig
from bascule.campaign_states import PEOPLE, STATES, begin
from bascule.campaign_story import heading, lines
from bascule.cli import app
from bascule.monitors import MONITORS
from controller.core import Core
from controller.model import State, Verb, Wish
from simulator.faults import CATALOGUE, KINDS


def quiet(state: str, *presses: tuple[float, Verb], person: int = 0) -> Plan:
    """A run without any fault."""
    return Plan(1, state, person, 0, (), presses)


# States and plans


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_what_its_name_says_and_every_copy_is_alike(state: str) -> None:
    expected = {
        "armed": State.ARMED, "setting_out": State.RUNNING, "going_down": State.RUNNING, "holding": State.RUNNING,
        "returning": State.RETURNING, "frozen": State.FROZEN, "standing_up": State.RISING,
        "oscillating": State.RUNNING, "paused": State.PAUSED, "time_nearly_over": State.RUNNING,
    }  # fmt: skip
    rig, again = begin(state, 0, 0, 5), begin(state, 0, 0, 5)
    assert rig is not again
    assert rig.state is expected[state]
    for _ in range(50):
        rig.tick()
        again.tick()
    assert (rig.angle_deg, rig.state, rig.unit_tap.active) == (again.angle_deg, again.state, again.unit_tap.active)


def test_a_copy_has_noise_of_its_own() -> None:
    one, other = (begin("holding", 0, 0, seed) for seed in (1, 2))
    read = [rig.table.sensors.read(10.0, 0.0, 10.0, 0.0).bed_cdeg for rig in (one, other)]
    assert read[0] != read[1]


def test_the_same_number_is_the_same_run() -> None:
    assert plan(41) == plan(41) != plan(42)
    assert run(41) == run(41)
    assert run(41).robustness != run(42).robustness


def test_random_plans_reach_every_state_kind_and_person() -> None:
    plans = [plan(number) for number in range(1500)]
    assert {one.state for one in plans} == set(STATES)
    assert {name for one in plans for _, name, _ in one.faults} == set(CATALOGUE)
    assert {one.person for one in plans} == set(range(len(PEOPLE)))
    assert {verb for one in plans for _, verb in one.presses} >= {Verb.STOP, Verb.LEVEL, Verb.STAND, Verb.START}
    assert {len(one.faults) for one in plans} == {1, 2, 3}


def test_the_matrix_is_every_kind_in_every_state_at_every_timing() -> None:
    size = count(Mode.MATRIX)
    assert size == len(KINDS) * len(MATRIX_STATES) * len(TIMINGS_S)
    assert len(MATRIX_STATES) >= 6
    assert len(TIMINGS_S) >= 3
    plans = [plan(number, Mode.MATRIX) for number in range(size)]
    assert len({(one.state, one.faults) for one in plans}) == size
    with pytest.raises(ValueError, match="matrix has"):
        plan(size, Mode.MATRIX)


def test_the_pairs_are_all_pairs() -> None:
    size = count(Mode.PAIRS)
    assert size == len(KINDS) * (len(KINDS) - 1) // 2 - 2, "what is jammed neither slips nor runs"
    plans = [plan(number, Mode.PAIRS) for number in range(size)]
    assert len({frozenset(name for _, name, _ in one.faults) for one in plans}) == size
    with pytest.raises(ValueError, match="pairs has"):
        plan(-1, Mode.PAIRS)


# Runs


@pytest.mark.parametrize("state", STATES)
def test_without_a_fault_nothing_is_violated(state: str) -> None:
    for presses in ((), ((0.5, Verb.STOP), (2.0, Verb.LEVEL)), ((0.3, Verb.LEVEL),)):
        assert do(quiet(state, *presses)).violated == (), presses


@pytest.mark.parametrize(
    ("number", "mode"),
    [
        *((number, Mode.RANDOM) for number in (
            200387, 201280, 201572, 202519, 203158, 203413, 203430, 203468, 204645, 204902, 205207, 205467, 492,
            200030, 202738, 204384, 204746, 205098, 300509, 300805, 304239, 305117, 306735, 309467, 310936,
                501993, 518029, 521870, 524824, 532019,
        )),
        (2082, Mode.PAIRS),
    ],
)  # fmt: skip
def test_a_run_that_once_broke_a_requirement_breaks_none(number: int, mode: Mode) -> None:
    assert run(number, mode).violated == ()


@pytest.mark.parametrize("person", [i for i, person in enumerate(PEOPLE) if person.mass_kg * person.offset_m > -10.0])
def test_a_ramp_that_ends_does_not_turn_round(person: int) -> None:
    """H8: what it leads a little too far is not taken back: through the play, and out of the screw's own hold, that
    would be a jolt. The heaviest load bends the frame so far that the limit ends the way, and not the ramp."""
    trace = record(quiet("going_down", person=person))
    assert trace.samples[0].drive_dps > 1.0
    assert trace.samples[-1].bed_deg > 12.0
    assert min(sample.drive_dps for sample in trace.samples) > -0.1


def test_a_motor_that_runs_by_itself_shows_its_other_faults_first() -> None:
    for number in range(3000):
        names = [name for _, name, _ in plan(number).faults]
        moving = [name for name in names if CATALOGUE[name].moving]
        assert "runaway" not in moving[:-1]


def test_time_that_is_not_settled_yet_counts_by_the_unit() -> None:
    """H3: both sensors contradict each other, so that the unit can't tell that it has reached level. What it counted
    is more than the reservation, and would be charged."""
    planned = Plan(204645, "holding", 0, 2, ((0.1, "weak_motor", 0.514), (0.4, "drive_drifts", -2.658)),
                   ((0.6, Verb.LEVEL),))  # fmt: skip
    trace = record(planned)
    assert trace.charged_s is not None
    assert trace.charged_s >= trace.exposed_s > 61.0


def test_the_kinds_of_the_controllers_side_are_the_ones_that_the_catalogue_leaves_to_it() -> None:
    assert set(MAKE) == {kind.name for kind in KINDS if kind.make is None}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_acts_in_a_run_and_the_run_comes_to_an_end(kind: Any) -> None:
    result = run(CELLS.index((kind.name, "going_down", 0.7)), Mode.MATRIX)
    assert result.unacted == ()
    assert not {"applied", "ends_still"} & set(result.violated)


def test_a_fault_that_changes_nothing_is_a_violation_of_its_own() -> None:
    planned = Plan(1, "frozen", 0, 0, ((0.1, "stuck_to_unit", None), (0.2, "truncation", 0.01)), ())
    rig_killed = Plan(1, "armed", 0, 0, ((0.1, "host_killed", None), (0.2, "stuck_to_unit", None)), ())
    assert do(planned).unacted == ()
    result = do(rig_killed)
    assert result.unacted == ("stuck_to_unit",)
    assert "applied" in result.violated


def test_a_planted_bug_in_the_unit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = quiet("going_down", (0.5, Verb.STOP))
    assert not {"stop_time", "stop_travel"} & set(do(planned).violated)
    monkeypatch.setattr("simulator.kernel.braking", lambda last: last - 1 if last > 0 else last + 1 if last < 0 else 0)
    assert {"stop_time", "stop_travel"} & set(do(planned).violated)


def test_a_planted_bug_in_the_controller_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    planned = Plan(1, "going_down", 0, 0, ((0.5, "broker_flaps", None),), ())
    assert "resume" not in do(planned).violated
    real = Core._take_broker

    def forgets(self: Core, status: Any) -> None:
        real(self, status)
        if status.up and self.conduct.state is State.PAUSED:
            self.conduct.resume()

    monkeypatch.setattr(Core, "_take_broker", forgets)
    assert "resume" in do(planned).violated


def test_the_tap_sees_a_stop_that_the_lane_writes() -> None:
    trace = record(quiet("going_down", (0.5, Verb.STOP)))
    first = trace.times("stop")[0]
    assert first - trace.samples[0].now_s == pytest.approx(0.5, abs=0.04)


def test_a_wish_does_not_arrive_while_the_broker_is_gone() -> None:
    rig = begin("going_down", 0, 0, 1)
    rig.broker_up = False
    rig.press(Verb.STOP)
    for _ in range(25):
        rig.tick()
    assert rig.state is State.RUNNING


def test_head_down_time_besides_a_session_is_charged_when_the_unit_is_found_again() -> None:
    rig = begin("holding", 0, 0, 1)
    rig.kill()
    for _ in range(600):
        rig.tick()
    rig.restart()
    for _ in range(100):
        rig.tick()
    assert rig.account.head_down_today_s("guest", rig.ledger_s) >= rig.exposed_s - 1.5


@pytest.mark.parametrize("hours", [25.0, -25.0])
def test_a_wall_clock_that_jumps_over_a_reboot_gives_no_time(hours: float) -> None:
    """F18: what is on the account before a jump is on it afterwards, unless the clock says that a day has passed."""
    rig = begin("returning", 0, 0, 1)
    for _ in range(600):
        rig.tick()
    before = rig.account.head_down_today_s("guest", rig.ledger_s)
    assert before > 0.0
    rig.kill()
    rig.wall_offset_s, rig.boot = hours * 3600.0, 1
    rig.restart()
    after = rig.account.head_down_today_s("guest", rig.ledger_s)
    assert after >= before or hours > 24.0


# Many runs


class Inline(Executor):
    """An executor as any library may bring: it does what it is given at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """See `Executor`."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def test_any_executor_gives_the_same_findings() -> None:
    told: list[int] = []
    inline = falsify(range(60, 68), Mode.RANDOM, Inline(), 1, told.append)
    with ThreadPoolExecutor(2) as threads:
        other = falsify(range(60, 68), Mode.RANDOM, threads, 2)
    assert inline == other
    assert inline.runs == told[-1] == 8


def test_findings_keep_the_least_robustness_and_whose_it_is() -> None:
    findings = Findings()
    findings.take(Result(7, (2.0,) * len(MONITORS), 1.0))
    findings.take(Result(8, (-1.0, *(float("inf"),) * (len(MONITORS) - 1)), 2.0))
    assert findings.least[:2] == [-1.0, 2.0]
    assert findings.seed[:2] == [8, 7]
    assert findings.judged[:2] == [2, 1]
    assert [one.number for one in findings.violations] == [8]
    assert findings.violations[0].violated == (MONITORS[0].name,)


def test_findings_are_the_same_in_any_order() -> None:
    results = [
        Result(number, (value,) * len(MONITORS), 0.02 * number)
        for number, value in ((7, 2.0), (9, 1.0), (8, 1.0), (5, float("inf")))
    ]
    forth, back = Findings(), Findings()
    for one, other in zip(results, reversed(results), strict=True):
        forth.take(one)
        back.take(other)
    assert forth == back
    assert forth.seed[0] == 8


# The command line


@pytest.fixture
def bascule() -> Callable[..., Any]:
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have every run end with this as its first robustness, in this process."""

    def end_with(value: float) -> None:
        rest = (1.0,) * (len(MONITORS) - 1)
        monkeypatch.setattr(campaign, "run", lambda number, mode=Mode.RANDOM: Result(number, (value, *rest), 1.0))
        monkeypatch.setattr("bascule.campaign_report.do", lambda planned: Result(planned.number, (value, *rest), 1.0))
        monkeypatch.setattr("bascule.campaign_report.ProcessPoolExecutor", lambda *_: Inline())

    return end_with


def test_a_campaign_without_a_violation_ends_well(bascule: Callable[..., Any], judged: Callable[[float], None]) -> None:
    judged(0.5)
    ended = bascule("campaign", "--runs", 30, "--seed", 4, "--jobs", 1)
    assert ended.exit_code == 0
    assert "30 runs" in ended.stdout
    assert MONITORS[0].name in ended.stdout


def test_a_violation_ends_it_with_1_and_its_seed_is_said_last(
    bascule: Callable[..., Any], judged: Callable[[float], None]
) -> None:
    judged(-0.5)
    ended = bascule("campaign", "--runs", 3, "--seed", 4, "--jobs", 1, "--matrix")
    assert ended.exit_code == 1
    assert ended.stderr.strip().endswith("bascule campaign --matrix --runs 1 --seed 4")


def test_json_has_a_row_for_each_requirement_and_each_violation(
    bascule: Callable[..., Any], judged: Callable[[float], None]
) -> None:
    judged(-0.5)
    ended = bascule("campaign", "--runs", 2, "--json", "--jobs", 1)
    assert ended.exit_code == 1
    told = json.loads(ended.stdout)
    assert [row["requirement"] for row in told["requirements"]] == [monitor.name for monitor in MONITORS]
    assert told["requirements"][0]["least"] == -0.5
    assert [one["seed"] for one in told["violations"]] == [0, 1]
    assert told["violations"][1]["again"].endswith("--seed 1")


def test_one_run_tells_its_story(bascule: Callable[..., Any]) -> None:
    number = CELLS.index(("estop_pressed", "holding", 0.7))
    told = bascule("campaign", "--matrix", "--runs", 1, "--seed", number).stdout.splitlines()
    assert told[0] == heading(plan(number, Mode.MATRIX))
    assert any("fault estop_pressed begins" in line for line in told)
    assert any("rung HOLD" in line for line in told)


def test_a_story_says_what_was_pressed_and_answered() -> None:
    told = "\n".join(lines(record(quiet("going_down", (0.5, Verb.STOP)))))
    assert "wish stop; stop reaches the unit" in told
    assert "answer stop: Stopped." in told
    assert "+STOPPED" in told


@pytest.mark.parametrize("arguments", [("--matrix", "--pairs"), ("--matrix", "--seed", "999999"), ("--runs", "0")])
def test_what_cannot_be_run_is_said(bascule: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    ended = bascule("campaign", *arguments)
    assert ended.exit_code == 2
    assert ended.stderr


def test_the_kinds_can_be_listed(bascule: Callable[..., Any]) -> None:
    told = json.loads(bascule("fault", "--json").stdout)
    assert {one["kind"] for one in told} == set(CATALOGUE)
    assert {one["kind"] for one in told if not one["here"]} == set(MAKE)
    assert "stall" in bascule("fault").stdout


def test_a_fault_needs_a_simulator(bascule: Callable[..., Any], tmp_path: Path) -> None:
    assert bascule("fault", "stall").exit_code == 2
    ended = bascule("fault", "stall", "--pty", tmp_path / "none")
    assert ended.exit_code == 1
    assert "bascule simulate" in ended.stderr


def test_wishes_while_the_controller_stalls_wait_and_a_kill_loses_them() -> None:
    rig = begin("going_down", 0, 0, 1)
    rig.stalled = True
    rig.post(Wish(Verb.PAUSE))
    for _ in range(10):
        rig.tick()
    assert rig.state is State.RUNNING
    rig.stalled = False
    rig.tick()
    assert rig.state is State.PAUSED
    rig.post(Wish(Verb.RESUME))
    rig.kill()
    rig.restart()
    for _ in range(50):
        rig.tick()
    assert isinstance(rig, Rig)
    assert rig.state in (State.STANDBY, State.RETURNING)
