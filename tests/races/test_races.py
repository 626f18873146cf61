"""Races of a stop with everything on its way: thousands are lost by nobody, and each planted bug is found at once."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest

from bascule.campaign_states import begin
from controller import speaker, stop_lane
from controller.conduct import Conduct
from controller.core import Core, Output
from controller.inbox import Inbox
from controller.model import State, Verb, Wish
from controller.stop_lane import StopLane
from controller.urgent import Urgent
from protocol.link import STOP_FRAME, HostLink, UnitLink
from protocol.messages import Stop
from races import __main__ as command
from races import run as racing
from races.checkpoint import Checkpoint
from races.many import race
from races.plan import Lane, plan
from races.run import run
from races.starts import STARTS, start
from simulator import kernel
from simulator.grant import Grant
from simulator.ladder import Ladder
from simulator.unit import TiltUnit

RACES = 1200
FEW = 300
"""Within so many races each planted bug is found."""


@pytest.fixture(autouse=True, scope="module")
def _made() -> None:
    """Every start is made by sound code, before anything is planted."""
    for name in STARTS:
        for person in range(2):
            start(name, person)


def test_a_stop_and_a_lease_racing_at_random_never_leave_the_table_moving() -> None:
    """H11, H4: in every order that threads and wires can give."""
    with ThreadPoolExecutor(1) as executor:
        found = race(range(1_000_000, 1_000_000 + RACES), executor, 1)
    assert [(result.number, result.wrong) for result in found.violations] == []
    assert found.races == RACES == sum(found.starts.values())
    assert {*found.starts} == {*STARTS}
    assert found.arrivals > 0.9 * found.stops > 0
    assert found.spoilt > RACES / 4
    assert 0.5 < found.rest_s <= 1.3
    assert 0.5 < found.travel_deg <= 1.5


def test_every_order_is_drawn() -> None:
    plans = [plan(number) for number in range(2000)]
    stops = [press for one in plans for press in one.presses if press.verb is Verb.STOP]
    others = {press.verb for one in plans for press in one.presses}
    assert {press.lane for press in stops} == {*Lane}
    assert {press.at[1] for press in stops} == {press.told[1] for press in stops if press.told} == {0, 1, 2, 3}
    assert {None if press.told is None else press.told[0] - press.at[0] for press in stops} >= {None, 0, 1, 2, 4, 7}
    assert others >= {Verb.LEVEL, Verb.RESUME, Verb.START, Verb.GOTO, Verb.STAND, Verb.ARM, Verb.JOG}
    assert {len([p for p in one.presses if p.verb is Verb.STOP]) for one in plans} == {1, 2, 3}
    assert {one.stall[1] for one in plans} == {*range(7)}
    assert {one.wires.split for one in plans} == {0.0, 0.5, 1.0}


def test_commands_older_than_a_stop_come_between_its_frame_and_its_wish() -> None:
    behind: list[bool] = []
    verbs: set[Verb] = set()
    for one in (plan(number) for number in range(2000)):
        older = [press for press in one.presses if press.held_up]
        if not older:
            continue
        verbs |= {press.verb for press in older}
        told = max(press.told for press in older if press.told)
        passed = [
            stop
            for stop in one.presses
            if stop.verb is Verb.STOP
            and all(press.told and press.at <= stop.at < press.told for press in older)
            and (stop.told is None or stop.told >= told)
        ]
        assert passed
        assert one.presses[: len(older)] == tuple(older), "in the same moment they come first"
        behind.append(any(stop.told for stop in passed))
    assert len(behind) > 300
    assert {*behind} == {False, True}
    assert verbs >= {Verb.LEVEL, Verb.RESUME, Verb.START, Verb.GOTO, Verb.STAND, Verb.PAUSE, Verb.ARM, Verb.JOG}


def test_a_race_is_decided_by_its_number() -> None:
    once = [run(number) for number in (3, 17, 99)]
    run(5)
    assert [run(number) for number in (3, 17, 99)] == once


def test_after_a_freeze_head_down_the_table_goes_home_by_itself() -> None:
    """H1: followed for as long as it takes."""
    home = next(number for number in count() if plan(number).home and plan(number).start in ("going_on", "holding"))
    result = run(home)
    assert not result.wrong
    assert result.ticks > 1000


def test_what_is_put_back_is_as_it_was() -> None:
    rig = begin("going_down", 0, 0, 1)
    rig.run(0.1)
    checkpoint = Checkpoint(rig.core)
    before = pickle.dumps(rig.core)
    rig.press(Verb.STOP)
    rig.run(1.0)
    assert rig.state is State.FROZEN
    assert pickle.dumps(rig.core) != before
    checkpoint.restore()
    assert pickle.dumps(rig.core) == before


def test_what_can_not_be_put_back_is_refused() -> None:
    with pytest.raises(TypeError, match="generator"):
        Checkpoint([(one for one in "ab")])


# Planted bugs


def _silent_lane(lane: StopLane, now_s: float) -> bool:
    """Says that it wrote."""
    lane.frames += lane.port is not None
    return lane.port is not None


_obey, _hear, _setpoint, _put, _step = TiltUnit._obey, Urgent.hear, HostLink.setpoint, Inbox.put, Core.step


def _deaf_while_armed(unit: TiltUnit, message: Any) -> None:
    if not (isinstance(message, Stop) and unit._grant.armed):
        _obey(unit, message)


def _all_ours(urgent: Urgent, stop_count: int, level_wished: bool, now_s: float) -> bool:
    """Every stop that the unit counts is taken for our own: an older wish for level goes on with the newer count."""
    urgent._balance, urgent._balance_until_s = 5, now_s + 1.0
    return _hear(urgent, stop_count, level_wished, now_s)


def _without_lane(core: Core, now_s: float, hand_s: float, data: bytes, inputs: Any, _: int) -> Output:
    """Of the lane's frames the core hears from their wishes only."""
    return _step(core, now_s, hand_s, data, inputs)


def _once(urgent: Urgent, now_s: float) -> bool:
    if urgent.stopping_since_s is None or now_s < urgent._stop_next_s:
        return False
    urgent._stop_next_s = 1e9
    urgent._frame(now_s)
    return True


def _without_stops(inbox: Inbox, wish: Any) -> None:
    if not (isinstance(wish, Wish) and wish.verb is Verb.STOP):
        _put(inbox, wish)


def _newest(link: HostLink, stop_count: int, *target: float) -> bytes:
    """A setpoint with the newest count instead of its wish's."""
    assert link.telemetry is not None
    return _setpoint(link, link.telemetry.stop_count, *target)


def _unnoticed(conduct: Conduct, e: object, why: str) -> None:
    """What stopped the table ends nothing in the controller; the grant that the unit took back is not missed."""
    conduct.arming.failed = False


BUGS: dict[str, tuple[list[tuple[object, str, Any]], str]] = {
    "the lane writes nothing": ([(StopLane, "stop", _silent_lane)], "the stop lane did not write what it says"),
    "the unit is deaf while armed": ([(TiltUnit, "_obey", _deaf_while_armed)], "it does not brake: "),
    "an older level gets the new count": (
        [(Urgent, "hear", _all_ours), (Core, "step", _without_lane)],
        "a LEVEL was obeyed after the stop, and nobody wished anything since",
    ),
    "the core hears of wishes only": (
        [(Core, "step", _without_lane)], "the controller goes on after the stop: frozen",
    ),
    "an older level is taken for a new one": (
        [(racing, "as_late", lambda wish: wish)], "the controller goes on after the stop: frozen",
    ),
    "the core goes on after a stop": (
        [(Conduct, "freeze", _unnoticed)], "the controller goes on after the stop: rising",
    ),
    "setpoints quote the newest count": (
        [(HostLink, "setpoint", _newest), (Conduct, "freeze", _unnoticed)],
        "a SETPOINT was obeyed after the stop, and nobody wished anything since",
    ),
    "no delimiter in front": (
        [(where, "STOP_FRAME", STOP_FRAME[1:]) for where in (stop_lane, speaker, racing)],
        "a whole stop frame was not heard",
    ),
    "never repeated": ([(Urgent, "stop_due", _once)], "a stop did not reach the unit in time"),
    "the inbox loses stops": ([(Inbox, "put", _without_stops)], "a stop did not reach the unit in time"),
    "the unit does not count": ([(UnitLink, "void", lambda link: None)], "the stop is not confirmed"),
    "the grant outlives a stop": ([(Grant, "release", lambda grant: None)], "a lease or the grant outlives the stop"),
    "the ladder forgets": ([(Ladder, "stop", lambda ladder, now_ms: None)], "the unit is not frozen"),
    "it brakes too gently": (
        [(kernel, "braking", lambda rate: max(rate - 5, 0) + min(rate + 5, 0))], "it does not brake: ",
    ),
}  # fmt: skip


@pytest.fixture(params=BUGS)
def planted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    changes, expected = BUGS[request.param]
    for where, name, instead in changes:
        monkeypatch.setattr(where, name, instead)
    return expected


def test_a_planted_bug_is_found(planted: str) -> None:
    assert any(wrong.startswith(planted) for number in range(1, FEW + 1) for wrong in run(number).wrong)


def test_without_a_bug_nothing_is_found_there() -> None:
    assert not any(run(number).wrong for number in range(1, FEW + 1))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ((Urgent, "hear", _all_ours), "an older level gets the new count"),
        ((Core, "step", _without_lane), "an older level gets the new count"),
        ((HostLink, "setpoint", _newest), "setpoints quote the newest count"),
        ((Conduct, "freeze", _unnoticed), "setpoints quote the newest count"),
    ],
)
def test_it_takes_both_of_two_changes(
    change: tuple[object, str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is expected of the two together is found with neither alone."""
    monkeypatch.setattr(*change)
    _, expected = BUGS[name]
    assert not any(wrong.startswith(expected) for number in range(1, FEW // 3) for wrong in run(number).wrong)


# The command


def test_the_command_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--runs", "1", "--seed", "7"]) == 0
    out, err = capsys.readouterr()
    assert "everything held" in out
    assert "stop" in err


def test_the_command_fails_with_a_way_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def here(*_: object) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1)

    monkeypatch.setattr(command, "ProcessPoolExecutor", here)
    monkeypatch.setattr(StopLane, "stop", _silent_lane)
    assert command.main(["--runs", "2", "--jobs", "1", "--seed", "40"]) == 1
    assert "python -m races --runs 1 --seed 40" in capsys.readouterr().out
    assert command.main(["--runs", "1", "--seed", "40"]) == 1
