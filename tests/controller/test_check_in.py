"""H13: head down for a while the person is asked whether they are well; who does not answer is led home."""

from typing import Any

import pytest

from controller.account import Account
from controller.check_in import CheckIn
from controller.conduct import Settings
from controller.document import state_document
from controller.model import Event, EventKind, Reason, State, Verb, Wish

from .rig import Rig

EVERY_S, ANSWER_S = 60.0, 30.0
HEAD_DOWN_DEG = 5.0


def lying(angle_deg: float = 12.0, every_s: float = EVERY_S) -> Rig:
    """On a long hold, the first head-down seconds just begun."""
    rig = Rig(0.0, settings=Settings(check_in_s=every_s))
    rig.begin(Verb.GOTO, angle_deg=angle_deg)
    while rig.unit.angle_deg < min(angle_deg, HEAD_DOWN_DEG):
        rig.step()
    return rig


def asked(rig: Rig) -> list[Event]:
    return [event for event in rig.events if event.kind is EventKind.CHECK_IN]


def shown(rig: Rig) -> tuple[float | None, str]:
    document = state_document(rig.core, 1, 1.0, 1.8e9)
    return (document.session.check_in_remaining_s if document.session else None), document.message


def questioned() -> Rig:
    rig = lying()
    rig.wait(EVERY_S + 0.5)
    assert len(asked(rig)) == 1
    return rig


def test_the_question_comes_after_the_head_down_time_and_says_so() -> None:
    rig = lying()
    rig.wait(EVERY_S - 1.0)
    assert (asked(rig), shown(rig)[0]) == ([], None)
    rig.wait(1.5)
    (event,) = asked(rig)
    assert (event.preset, event.person) == ("goto", "guest")
    assert event.session == rig.core.conduct.run.id  # type: ignore[union-attr]
    assert event.message == "Are you well? Answer with checkin within 30 s, or the session ends."
    left_s, message = shown(rig)
    assert left_s is not None
    assert 29.0 < left_s <= ANSWER_S
    assert message == "Are you well? Answer with checkin within half a minute, or the table returns to level."


def test_who_does_not_answer_is_led_home() -> None:
    rig = questioned()
    rig.wait(ANSWER_S - 1.5)
    assert rig.state is State.RUNNING
    rig.wait(1.5)
    assert rig.state is State.RETURNING
    assert (rig.ended().outcome, rig.ended().why) == ("interrupted", "nobody answered the check-in")
    rig.until(State.LEVEL)
    assert shown(rig)[0] is None
    assert len(asked(rig)) == 1


def test_who_answers_stays_and_is_asked_again_after_the_same_time() -> None:
    rig = questioned()
    rig.wait(20.0)
    answer = rig.wish(Verb.CHECKIN)
    assert (answer.accepted, answer.moving, answer.message) == (True, False, "Thank you. The session goes on.")
    assert shown(rig)[0] is None
    rig.wait(EVERY_S - 1.0)
    assert len(asked(rig)) == 1
    rig.wait(1.5)
    assert len(asked(rig)) == 2
    assert rig.state is State.RUNNING
    rig.wait(ANSWER_S)
    assert rig.state is State.RETURNING


def test_the_answer_moves_nothing() -> None:
    rig = questioned()
    before_deg, sent = rig.unit.angle_deg, len(rig.setpoints())
    rig.wish(Verb.CHECKIN)
    assert (rig.unit.angle_deg, rig.state) == (before_deg, State.RUNNING)
    assert all(message.target_deg == before_deg for message in rig.setpoints()[sent:])


@pytest.mark.parametrize(
    ("known", "reason"),
    [({"retained": True}, Reason.RETAINED), ({"expired": True}, Reason.EXPIRED), ({"id": "1"}, Reason.DUPLICATE)],
)
def test_an_old_answer_answers_nothing(known: dict[str, Any], reason: Reason) -> None:
    """F21."""
    rig = lying()
    rig.step(Wish(Verb.CHECKIN, id="1"))
    rig.wait(EVERY_S + 0.5)
    assert rig.wish(Verb.CHECKIN, **known).reason is reason
    assert shown(rig)[0] is not None
    rig.wait(ANSWER_S)
    assert rig.state is State.RETURNING


def test_nobody_answers_before_the_question_or_after_its_time() -> None:
    """F21: an answer that waited in a queue is none."""
    rig = lying()
    early = rig.wish(Verb.CHECKIN)
    assert (early.reason, early.message) == (
        Reason.BUSY, "Nobody is asked just now. Answer when the state or the event check_in asks.",
    )  # fmt: skip
    rig.wait(EVERY_S + 0.5)
    assert len(asked(rig)) == 1, "the early one did not put it off"
    rig.wait(ANSWER_S)
    late = rig.wish(Verb.CHECKIN)
    assert (late.reason, late.message) == (Reason.BUSY, "The table is returning to level. Wait until it is there.")
    assert rig.state is State.RETURNING


def test_behind_the_child_lock_nobody_answers_for_somebody_else() -> None:
    rig = questioned()
    rig.wish(Verb.LOCK, pin="2580")
    assert rig.wish(Verb.CHECKIN).reason is Reason.LOCKED
    rig.wish(Verb.UNLOCK, pin="2580")
    assert rig.wish(Verb.CHECKIN).accepted


@pytest.mark.parametrize("verb", [Verb.PAUSE, Verb.ARM, Verb.ACKNOWLEDGE])
def test_no_other_command_is_an_answer(verb: Verb) -> None:
    """A pause may come from another room."""
    rig = questioned()
    rig.wish(verb)
    rig.wait(ANSWER_S)
    assert rig.core.conduct.run is None
    assert rig.ended().why == "nobody answered the check-in"
    assert len(asked(rig)) == 1


def test_a_hand_that_holds_the_jog_button_is_no_answer() -> None:
    """A hand may clench in a faint."""
    rig = Rig(0.0, settings=Settings(check_in_s=EVERY_S))
    rig.begin(Verb.JOG, direction=1)
    while rig.core.conduct.run is not None and rig.now_s < 400.0:
        rig.step(Wish(Verb.JOG, direction=1), seconds=0.25)
    assert rig.ended().why == "nobody answered the check-in"
    assert rig.core.conduct.meter.session_s == pytest.approx(EVERY_S + ANSWER_S, abs=1.0)


def test_a_pause_is_asked_as_well() -> None:
    rig = lying()
    rig.wish(Verb.PAUSE)
    rig.wait(EVERY_S + 0.5)
    assert (rig.state, len(asked(rig))) == (State.PAUSED, 1)
    assert shown(rig)[1].startswith("Are you well?")
    rig.wait(ANSWER_S)
    assert rig.state is State.RETURNING


def test_time_that_is_not_head_down_asks_nobody() -> None:
    rig = lying(4.0)
    rig.wait(EVERY_S * 3)
    assert asked(rig) == []


def test_a_question_stays_open_at_level_and_the_session_ends_there() -> None:
    """Nobody who did not answer goes head down again, though the preset would."""
    rig = Rig(0.0, settings=Settings(check_in_s=EVERY_S))
    rig.begin(preset="back")
    while not asked(rig):
        rig.step()
    assert rig.wish(Verb.SKIP).moving
    rig.run(ANSWER_S - 0.5)
    assert (rig.unit.angle_deg, rig.state) == (0.0, State.RUNNING)
    rig.run(1.0)
    assert (rig.unit.angle_deg, rig.state) == (0.0, State.LEVEL)
    assert rig.ended().why == "nobody answered the check-in"


@pytest.mark.parametrize("speed", [1.0, 30.0, 200.0])
def test_no_speed_gives_more_head_down_time(speed: float) -> None:
    """The clock of hands stands nearly still beside the table's: H3."""
    rig = lying()
    for _ in range(round((EVERY_S + ANSWER_S + 1.0) * 4)):
        rig.hand_s -= 0.25 * (1.0 - 1.0 / speed)
        rig.step(seconds=0.25)
    assert rig.state is State.RETURNING


def test_each_session_begins_anew() -> None:
    rig = lying()
    rig.wait(EVERY_S - 5.0)
    rig.wish(Verb.LEVEL)
    rig.until(State.LEVEL)
    assert rig.core.conduct.check_in.due_s > 1e9, "nobody is asked without a session"
    rig.run(0.2)
    rig.core.conduct.booking.account = Account()  # another day
    rig.begin(Verb.GOTO, angle_deg=12.0)
    rig.wait(30.0)
    assert asked(rig) == []


def test_nobody_is_asked_where_it_is_switched_off() -> None:
    rig = lying(every_s=0.0)
    rig.wait(240.0)
    assert (asked(rig), rig.state) == ([], State.RUNNING)


def test_the_question_and_its_end() -> None:
    check_in = CheckIn(120.0)
    assert check_in.due_s > 1e9
    check_in.begin()
    assert (check_in.due_s, check_in.asked, check_in.left_s(5.0)) == (120.0, False, None)
    check_in.ask(1000.0)
    assert (check_in.asked, check_in.left_s(1000.0), check_in.left_s(1029.0)) == (True, 30.0, 1.0)
    assert check_in.left_s(1031.0) == 0.0
    assert check_in.due_s < 0.0, "each step looks"
    check_in.answer(140.0)
    assert (check_in.asked, check_in.due_s) == (False, 260.0)
    check_in.ask(1.0)
    check_in.end()
    assert (check_in.asked, check_in.due_s > 1e9) == (False, True)
