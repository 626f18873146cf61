"""The documents of one moment: valid in every state that a table goes through, and with a sentence for a person."""

import json
from collections.abc import Callable

import pytest

from bascule.closed_loop import ClosedLoop
from controller.core import BrokerStatus, PortLost
from controller.document import (
    event_document,
    preset_document,
    presets_document,
    result_document,
    state_document,
    timestamp,
)
from controller.documents import StateDocument
from controller.model import State, Verb
from controller.mqtt.payloads import dump
from controller.presets import bundled

NOON_S = 1_790_000_000.0


def document(loop: ClosedLoop) -> StateDocument:
    made = state_document(loop.core, 7, 12.34, NOON_S)
    assert json.loads(dump(made))["schema"] == 1  # raises for NaN and wrong types
    assert made.message[0].isupper() or not made.message[0].isalpha()
    assert made.message[-1] in ".!"
    assert len(made.message) < 300
    return made


def ready() -> ClosedLoop:
    loop = ClosedLoop(5)
    loop.run(1)
    return loop


def test_before_the_first_telemetry_everything_unknown_is_none() -> None:
    made = document(ClosedLoop(5))
    assert made.state is State.OFFLINE
    unknown = (made.angle_deg, made.rate_dps, made.occupied, made.estop, made.head_down, made.simulated, made.session)
    for absent in (*unknown, made.arm_code, made.arm_remaining_s, made.link.age_s, made.link.unit):
        assert absent is None
    assert not made.link.up
    assert made.budget.allowed_today_s == 1200


def test_standing_and_armed() -> None:
    loop = ready()
    standing = document(loop)
    assert (standing.state, standing.simulated, standing.occupied, standing.ankles_locked) == (
        State.STANDING, True, True, True,
    )  # fmt: skip
    assert standing.link.up
    assert standing.link.firmware == "1.0.0"
    assert standing.limit.angle_deg == 30
    assert standing.limit.reason == "guest"
    loop.wish(Verb.ARM)
    armed = document(loop)
    assert armed.armed
    assert armed.arm_code is not None
    assert len(armed.arm_code) == 4
    assert armed.arm_remaining_s == pytest.approx(60, abs=0.5)


def running(preset: str = "gentle") -> ClosedLoop:
    loop = ready()
    loop.arm_and(Verb.START, preset=preset)
    loop.run(90)
    return loop


def test_running_says_which_step_how_long_and_how_far() -> None:
    made = document(running())
    assert made.state is State.RUNNING
    assert made.session is not None
    assert (made.session.preset, made.session.person, made.session.step, made.session.steps) == (
        "gentle",
        "guest",
        2,
        3,
    )
    assert made.session.label == "8° for 4 min"
    assert made.session.elapsed_s + made.session.remaining_s == pytest.approx(330.2, abs=1)
    assert 0.2 < made.session.progress < 0.35
    assert made.session.head_down_s == pytest.approx(made.budget.head_down_today_s, abs=0.2)
    assert made.target_deg == pytest.approx(8, abs=0.1)
    assert made.head_down


def frozen(loop: ClosedLoop) -> None:
    loop.wish(Verb.STOP)


def paused(loop: ClosedLoop) -> None:
    loop.wish(Verb.PAUSE)


def returning(loop: ClosedLoop) -> None:
    loop.wish(Verb.LEVEL)
    loop.run(1)


def level(loop: ClosedLoop) -> None:
    returning(loop)
    loop.run(30)


def rising(loop: ClosedLoop) -> None:
    level(loop)
    loop.run(130)
    loop.wish(Verb.STAND)


def fault(loop: ClosedLoop) -> None:
    loop.table.switches.estop = True
    loop.table.physics.disturb()
    loop.run(1)


def offline(loop: ClosedLoop) -> None:
    loop.connected = False
    loop.give(PortLost("Port /dev/ttyUSB0: gone; plug the tilt unit in again."))
    loop.run(0.1)


@pytest.mark.parametrize("lead", [frozen, paused, returning, level, rising, fault, offline])
def test_every_state_has_a_valid_document_and_a_sentence(lead: Callable[[ClosedLoop], None]) -> None:
    loop = running()
    lead(loop)
    made = document(loop)
    assert made.state == lead.__name__
    if lead is fault:
        assert [one.code for one in made.faults] == ["estop"]
        assert made.faults[0].latched
        assert made.rung == 4
    if lead is level:
        assert "Lie still" in made.message
    if lead is offline:
        assert "ttyUSB0" in made.message


def test_a_lost_broker_is_said() -> None:
    loop = ready()
    loop.give(BrokerStatus(False, "The broker at host:1883 is gone."))
    loop.run(0.1)
    assert "broker" in document(loop).message.lower()


def test_answers_events_and_presets_are_valid() -> None:
    loop = running()
    loop.wish(Verb.STOP)
    for answer in loop.answers:
        assert json.loads(dump(result_document(answer, NOON_S)))["accepted"] is answer.accepted
    for event in loop.events:
        assert json.loads(dump(event_document(event, NOON_S)))["kind"] == event.kind
    published = json.loads(dump(presets_document(bundled().values())))["presets"]
    assert [one["id"] for one in published] == list(bundled())
    back = preset_document(bundled()["back"])
    assert back.duration_s == pytest.approx(1078.7, abs=0.1)
    assert back.largest_angle_deg == 30


def test_time_is_utc_with_milliseconds() -> None:
    assert timestamp(0.0) == "1970-01-01T00:00:00.000Z"
