"""What is recorded of a session, in the closed loop with a real ledger and a real history."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.core import Leave, Output, PortLost
from controller.history import Feedback, Met
from controller.history_documents import HistoryDocument, PastSessionDocument, history_document, past_session
from controller.history_trace import Trace, angle_at, unpack
from controller.model import Event, EventKind, Reason, State, Verb
from controller.mqtt.payloads import dump
from controller.presets import bundled

from .recorded import WALL_S, Recorded

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


@pytest.fixture
def loop() -> Iterator[Recorded]:
    """At level, on the way to 10°."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        made = Recorded(Path(folder), bundled(), angle_deg=0.0)
        made.run(1.0)
        assert made.arm_and(Verb.GOTO, angle_deg=10.0).accepted
        made.run(20.0, lambda: made.angle_deg > 8.0)
        yield made
        made.close()


def home(loop: Recorded) -> None:
    assert loop.run(60.0, lambda: loop.state is State.LEVEL)
    loop.run(1.0)


def last(loop: Recorded) -> PastSessionDocument:
    published = loop.published[-1]
    assert isinstance(published, PastSessionDocument)
    return published


def test_a_session_is_there_from_its_first_moment_and_grows(loop: Recorded) -> None:
    assert loop.published == [None]  # what the broker may have kept of another history is taken back
    first = loop.sessions()[0]
    assert (first.outcome, first.preset, first.person, first.complete) == ("running", "goto", "guest", False)
    assert first.started_s == pytest.approx(WALL_S + 2.54, abs=0.1)
    loop.run(11.0)
    assert loop.now_s - 2.5 - loop.sessions()[0].duration_s < 6.0


def test_the_way_to_level_belongs_to_it(loop: Recorded) -> None:
    loop.run(10.0)
    loop.wish(Verb.LEVEL)
    loop.run(0.1)
    assert (last(loop).outcome, last(loop).why) == ("interrupted", "level was wished")
    at_once_s = last(loop).head_down_s
    assert 9.0 < at_once_s < 13.0
    home(loop)
    record = loop.sessions()[0]
    assert record.complete
    assert record.head_down_s > at_once_s + 1.0
    assert record.largest_deg == pytest.approx(10.0, abs=0.4)
    assert unpack(record.trace)[-1].at_s > record.duration_s + 2.0
    assert last(loop).head_down_s == round(record.head_down_s, 1)
    assert last(loop).trace is not None
    assert len(loop.sessions()) == 1


@pytest.mark.parametrize("angle_deg", [-70.0, -40.0])
def test_the_way_up_to_level_belongs_to_it_if_there_is_no_stop_on_it(tmp_path: Path, angle_deg: float) -> None:
    loop = Recorded(tmp_path, bundled())
    loop.run(1.0)
    assert loop.arm_and(Verb.START, preset="gentle").accepted
    assert loop.run(60.0, lambda: loop.angle_deg > angle_deg)
    loop.wish(Verb.LEVEL)
    loop.run(5.0)
    assert not loop.sessions()[0].complete
    home(loop)
    record = loop.sessions()[0]
    assert record.complete
    assert unpack(record.trace)[-1].angle_deg == pytest.approx(0.0, abs=1.6)
    loop.close()


def test_limits_and_faults_are_kept_with_their_time(loop: Recorded) -> None:
    loop.hands.do("fault ankle_lock_open 2s")
    loop.run(4.0)
    home(loop)
    record = loop.sessions()[0]
    met = [*record.faults, *record.limits]
    assert "ankles_open" in [one.code for one in met]
    assert all(record.duration_s - 0.2 < one.at_s < record.duration_s + 0.2 for one in met)
    assert [one.code for one in (*last(loop).faults, *last(loop).limits)] == [one.code for one in met]


def test_while_nobody_knows_the_angle_the_trace_has_a_gap(loop: Recorded) -> None:
    began_s = loop.sessions()[0].started_s - WALL_S
    loop.connected = False
    loop.give(PortLost("The port is gone."))
    lost_s = loop.now_s - began_s
    loop.run(8.0)
    assert [met.code for met in loop.historian._recorder._record.faults] == ["link_lost"]  # type: ignore[union-attr]
    loop.connected = True
    home(loop)
    record = loop.sessions()[0]
    assert record.outcome == "interrupted"
    corners = unpack(record.trace)
    assert angle_at(corners, lost_s + 4.0) is None
    assert angle_at(corners, lost_s - 1.0) is not None
    assert corners[-1].angle_deg == pytest.approx(0.0, abs=1.0)


def test_a_clock_that_jumps_is_said_and_one_that_creeps_is_not(loop: Recorded) -> None:
    for _ in range(8):
        loop.wall_ahead_s += 0.5
        loop.run(1.0)
    assert loop.historian._recorder._record.clock == "sound"  # type: ignore[union-attr]
    loop.wall_ahead_s += 3600.0
    loop.run(2.0)
    loop.wish(Verb.LEVEL)
    home(loop)
    assert loop.sessions()[0].clock == last(loop).clock == "jumped"
    assert loop.sessions()[0].duration_s < 60.0


def test_a_clock_that_was_never_set_is_said(loop: Recorded) -> None:
    loop.wish(Verb.LEVEL)
    home(loop)
    loop.wall_ahead_s = 100.0 - WALL_S
    loop.core.conduct.meter.session_s = 0.0
    loop.ledger._account = type(loop.ledger._account)()
    loop.core.conduct.booking.account = loop.ledger.account()
    assert loop.arm_and(Verb.GOTO, angle_deg=3.0).accepted
    assert loop.sessions()[0].clock == "unset"


def test_feedback_belongs_to_the_session_that_it_is_about(loop: Recorded) -> None:
    loop.wish(Verb.LEVEL)
    home(loop)
    session = loop.sessions()[0].session
    for said in ("ok", "symptom"):
        assert loop.wish(Verb.FEEDBACK, body=said).accepted
        loop.run(0.1)
        assert loop.sessions()[0].feedback == last(loop).feedback == said
    assert not loop.wish(Verb.FEEDBACK, body="ok").accepted, "an ok undoes no symptom"
    other = Event(EventKind.FEEDBACK, "Thanks.", session="long ago", outcome="ok")
    loop.historian.step(Output(b"", (), (other,), ()), loop.wall_s)
    assert loop.sessions()[0].feedback == "symptom"
    assert loop.historian._recorder._hear(None, "ok") == [Feedback(session, "ok")]


def test_a_session_of_which_a_part_was_skipped_says_so(loop: Recorded) -> None:
    loop.run(10.0)
    assert loop.wish(Verb.SKIP).accepted
    home(loop)
    assert (last(loop).outcome, last(loop).why) == ("reached", "the plan ended, with steps skipped")


def test_the_last_session_is_told_again_after_a_restart(loop: Recorded) -> None:
    loop.wish(Verb.LEVEL)
    home(loop)
    told = last(loop)
    loop.kill()
    loop.restart()
    assert last(loop) == told
    loop.run(1.0)
    assert loop.wish(Verb.HISTORY_GET).accepted
    shown = loop.published[-1]
    assert isinstance(shown, HistoryDocument)
    assert [one.session for one in shown.sessions] == [told.session]
    assert shown.sessions[0].trace is None
    assert shown.problem is None


def test_leaving_keeps_what_there_is(loop: Recorded) -> None:
    loop.give(Leave())
    loop.run(0.1)
    assert loop.historian.stop(1.0)
    assert [(one.outcome, one.why) for one in loop.sessions()] == [("interrupted", "the controller was stopped")]


def test_a_child_lock_keeps_the_history_to_itself(loop: Recorded) -> None:
    loop.wish(Verb.LOCK, pin="2580")
    assert loop.wish(Verb.HISTORY_GET).reason is Reason.LOCKED
    assert loop.published == [None]


def test_twenty_sessions_of_the_worst_kind_fit_into_64_kilobytes(loop: Recorded) -> None:
    trace = Trace()
    for number in range(8000):
        trace.add(number / 2, 20.0 * (number % 2))
    met = tuple(Met(1234.5, "angle_untrusted", "The angle sensors do not agree. " * 4) for _ in range(50))
    worst = replace(loop.sessions()[0], trace=trace.pack(), limits=met, faults=met, why="why " * 40)
    assert len(dump(history_document([worst] * 20, "", WALL_S))) < 64_000
    assert len(dump(past_session(worst, traced=True))) < 8_000
