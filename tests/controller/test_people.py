"""People through the controller: whose limits hold on every path, what is asked first, which sessions count."""

from dataclasses import replace

import pytest

from controller.account import Account, Entry
from controller.conduct import Settings
from controller.core import Today
from controller.document import state_document
from controller.limits import DEFAULTS
from controller.model import Answer, EventKind, Forget, Keep, Limit, Reason, State, Verb
from controller.people import People
from controller.people_payload import Save
from controller.profile import FixedProfile, Played, Profile, Register, parse
from controller.programme import Earned, Moment
from controller.session import Trigger

from .rig import Rig, in_state

DAY = 86_400.0
WALL = 1_770_000_000.0
ANA = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0)
READ = {"ana": Moment(0.0), "ben": Moment(0.0)}


def known(earned: Earned | None = None, angle_deg: float | None = None) -> People:
    """Ana, who has read the checklist."""
    profile = ANA.model_copy(update={"angle_deg": angle_deg})
    return People(None, Register({"ana": profile}, {} if earned is None else {"ana": earned}, READ))


def rig_of(earned: Earned | None = None, angle_deg: float | None = None, **more: float) -> Rig:
    return Rig(more.pop("at_deg", -80.0), people=known(earned, angle_deg), **more)


def kept(rig: Rig) -> Register:
    """The newest that was kept of people."""
    texts = [one.text for one in rig.requests if isinstance(one, Keep) and one.file == "people"]
    assert texts
    return parse(str(texts[-1]))


def begin(rig: Rig, verb: Verb, arm: str | None, start: str | None, **known: object) -> Answer:
    assert rig.wish(Verb.ARM, person=arm).accepted, rig.answers[-1]
    rig.run(1.2)
    return rig.wish(verb, person=start, **known)


# whose limits


LIMITS = [
    (None, None, 30.0, "the programme is not done"),
    (None, 12.0, 12.0, "profile of ana"),
    (None, 45.0, 30.0, "the programme is not done"),
    (Earned(1), None, 15.0, "programme week 1"),
    (Earned(1), 10.0, 10.0, "profile of ana"),
    (Earned(2), 45.0, 20.0, "programme week 2"),
    (Earned(6), 45.0, 30.0, "programme week 6"),
    (Earned(7), None, 30.0, "no larger one in the profile"),
    (Earned(7), 45.0, 45.0, "profile of ana"),
]


@pytest.mark.parametrize(("earned", "own_deg", "angle_deg", "reason"), LIMITS)
def test_the_tightest_limit_of_a_person_with_its_reason(
    earned: Earned | None, own_deg: float | None, angle_deg: float, reason: str
) -> None:
    rig = rig_of(earned, own_deg)
    rig.wish(Verb.ARM, person="ana")
    assert rig.core.conduct.limit == Limit(angle_deg, reason)
    rig.wish(Verb.ARM)
    assert rig.core.conduct.limit == Limit(30.0, "guest")


def test_the_configuration_tightens_everybody() -> None:
    tight = Settings(limits=replace(DEFAULTS, angle_deg=Limit(10.0, "configuration")))
    for earned in (None, Earned(1), Earned(7)):
        rig = Rig(settings=tight, people=known(earned, 45.0))
        rig.wish(Verb.ARM, person="ana")
        assert rig.core.conduct.limit == Limit(10.0, "configuration")


WAYS = {"armed for her": ("ana", None), "named at the start": (None, "ana"), "both": ("ana", "ana")}


@pytest.mark.parametrize("way", WAYS)
def test_the_week_holds_for_presets_and_goto_however_she_is_named(way: str) -> None:
    arm, start = WAYS[way]
    answer = begin(rig_of(Earned(1)), Verb.START, arm, start, preset="back")
    assert (answer.reason, answer.message) == (Reason.OVER_ANGLE, "30° is over your limit of 15° (programme week 1).")
    answer = begin(rig_of(Earned(1)), Verb.GOTO, arm, start, angle_deg=15.5)
    assert answer.message == "15.5° is over your limit of 15° (programme week 1)."
    for verb, known in ((Verb.START, {"preset": "gentle"}), (Verb.GOTO, {"angle_deg": 15.0})):
        rig = rig_of(Earned(1))
        assert begin(rig, verb, arm, start, **known).accepted
        [began] = [event for event in rig.events if event.kind is EventKind.SESSION_STARTED]
        assert began.person == "ana"
        rig.wish(Verb.STOP)
        assert rig.core.conduct.limit == Limit(15.0, "programme week 1")


@pytest.mark.parametrize("way", WAYS)
def test_the_week_holds_for_jog(way: str) -> None:
    rig = rig_of(Earned(1), at_deg=0.0)
    arm, start = WAYS[way]
    assert begin(rig, Verb.JOG, arm, start, direction=1).moving
    for _ in range(300):
        rig.wish(Verb.JOG, direction=1)
        rig.run(0.1)
    assert 14.5 <= rig.unit.angle_deg <= 15.0
    assert max(message.limit_deg for message in rig.setpoints()) == 15.0
    assert rig.wish(Verb.JOG, direction=1, person="ben").reason is Reason.UNKNOWN_PERSON


def test_the_limit_of_the_state_is_the_persons_until_somebody_else_arms() -> None:
    rig = rig_of(Earned(1))
    assert rig.core.conduct.limit == Limit(30.0, "guest")
    begin(rig, Verb.START, "ana", None, preset="gentle")
    assert rig.core.conduct.limit == Limit(8.0, "preset gentle")
    rig.wish(Verb.STOP)
    assert rig.core.conduct.limit == Limit(15.0, "programme week 1")
    rig.run(1.2)
    rig.until(State.STANDING)
    rig.unit.arm_presses += 1
    rig.step()
    assert rig.state is State.ARMED
    assert (rig.core.conduct.person, rig.core.conduct.limit) == ("guest", Limit(30.0, "guest"))


def test_the_state_says_whom_the_table_serves() -> None:
    rig = rig_of(Earned(1))
    assert state_document(rig.core, 1, 1.0, 0.0).budget.person == "guest"
    assert rig.wish(Verb.ARM, person="ana").accepted
    assert state_document(rig.core, 1, 1.0, 0.0).budget.person == "ana"


def test_who_is_armed_for_one_does_not_start_for_another() -> None:
    rig = Rig(people=People(None, Register({"ana": ANA, "ben": ANA.model_copy(update={"id": "ben"})}, {}, READ)))
    for other in ("ben", "guest"):
        answer = begin(rig, Verb.START, "ana", other, preset="gentle")
        assert answer.reason is Reason.NOT_ARMED
        assert answer.message == f"The table serves ana now. Stop, then arm for {other}."
    assert begin(rig, Verb.START, "ana", None, preset="gentle").accepted
    assert next(event.person for event in rig.events if event.kind is EventKind.SESSION_STARTED) == "ana"


def test_the_button_at_the_table_leaves_it_armed_for_whom_it_is() -> None:
    rig = rig_of(Earned(1))
    rig.wish(Verb.ARM, person="ana")
    rig.run(1.2)
    rig.unit.arm_presses += 1
    rig.run(1.2)
    assert rig.state is State.ARMED
    answer = rig.wish(Verb.START, preset="back")
    assert (answer.reason, answer.message) == (Reason.OVER_ANGLE, "30° is over your limit of 15° (programme week 1).")


def test_the_budget_is_the_persons() -> None:
    spent = Account({"ana": (Entry(-70_000.0, 1200.0),)})
    rig = Rig(account=spent, people=known())
    assert rig.wish(Verb.ARM, person="ana").reason is Reason.BUDGET_SPENT
    assert rig.wish(Verb.ARM).accepted
    rig.run(1.2)
    assert rig.wish(Verb.START, preset="gentle", person="ana").reason is Reason.BUDGET_SPENT


@pytest.mark.parametrize("verb", [Verb.ARM, Verb.START, Verb.GOTO, Verb.JOG, Verb.PEOPLE_ACCEPT])
def test_who_is_not_known(verb: Verb) -> None:
    arg = {Verb.START: {"preset": "gentle"}, Verb.GOTO: {"angle_deg": 5.0}, Verb.JOG: {"direction": 1}}.get(verb, {})
    answer = rig_of().wish(verb, person="bob", **arg)
    assert answer.reason is Reason.UNKNOWN_PERSON
    assert answer.message == ("There is no person 'bob' here; leave the person out to start as guest. There are: ana.")


# the checklist


@pytest.mark.parametrize(
    ("accepted", "now", "due"),
    [
        (None, Moment(0.0), True), (Moment(0.0), Moment(89.9 * DAY), False), (Moment(0.0), Moment(90 * DAY), True),
        (Moment(0.0, WALL), Moment(DAY, WALL + 90 * DAY), True), (Moment(0.0, WALL), Moment(DAY, WALL - DAY), False),
        (Moment(0.0, WALL), Moment(90 * DAY, WALL), True), (Moment(9 * DAY), Moment(0.0), True),
    ],
)  # fmt: skip
def test_the_checklist_is_due_after_90_days_by_either_clock(accepted: Moment | None, now: Moment, due: bool) -> None:
    """H13, F18."""
    people = People(None, Register({"ana": ANA}, {}, {} if accepted is None else {"ana": accepted}))
    assert bool(people.why_due("ana", now)) is due
    assert people.why_due("guest", now) == ""


@pytest.mark.parametrize("verb", [Verb.ARM, Verb.START, Verb.GOTO, Verb.JOG])
def test_nothing_begins_before_the_checklist_was_read(verb: Verb) -> None:
    """H13."""
    rig = Rig(people=People(None, Register({"ana": ANA})))
    arg = {Verb.START: {"preset": "gentle"}, Verb.GOTO: {"angle_deg": 5.0}, Verb.JOG: {"direction": 1}}.get(verb, {})
    if verb is not Verb.ARM:
        rig.wish(Verb.ARM)
        rig.run(1.2)
    answer = rig.wish(verb, person="ana", **arg)
    assert answer.reason is Reason.CHECKLIST_DUE
    assert answer.message == (
        "The checklist comes first: ana has not accepted it yet. Read it ('bascule people checklist'), ask a doctor, "
        "then send people/accept ana ('bascule people accept ana')."
    )
    assert rig.state is State.STANDING
    assert rig.wish(Verb.PEOPLE_ACCEPT, person="ana").accepted
    assert kept(rig).accepted["ana"].ledger_s == pytest.approx(rig.core.conduct.moment.ledger_s, abs=0.1)
    rig.wish(Verb.ARM)
    rig.run(1.2)
    assert rig.wish(verb, person="ana", **arg).accepted


def test_the_wall_clock_of_the_daemon_is_the_one_that_is_asked() -> None:
    rig = Rig(people=People(None, Register({"ana": ANA}, {}, {"ana": Moment(0.0, WALL)})))
    rig.step(Today(WALL + 80 * DAY))
    assert rig.wish(Verb.ARM, person="ana").accepted
    rig.step(Today(WALL + 91 * DAY))
    assert rig.wish(Verb.ARM, person="ana").reason is Reason.CHECKLIST_DUE


# changes


def save(rig: Rig, programme: bool | None = None, week: int | None = None, **changes: object) -> Answer:
    profile = ANA.model_copy(update=changes)
    return rig.wish(Verb.PEOPLE_SAVE, person=profile.id, body=Save(profile, programme, week))


def test_a_profile_is_saved_and_kept() -> None:
    rig = Rig()
    answer = save(rig, programme=True)
    assert (answer.accepted, answer.message) == (True, "Saved ana, with at most 15° (programme week 1).")
    assert kept(rig) == Register({"ana": ANA}, {"ana": Earned()}, {})
    assert save(rig, angle_deg=20.0).message == "Saved ana, with at most 15° (programme week 1)."
    assert save(rig, programme=False).message == "Saved ana, with at most 30° (the programme is not done)."
    assert kept(rig).earned == {}


@pytest.mark.parametrize("earned", [None, Earned(1), Earned(3), Earned(6)])
def test_nobody_saves_a_week_or_an_angle_that_was_not_earned(earned: Earned | None) -> None:
    week = 1 if earned is None else earned.week
    for wanted in range(week + 1, 7):
        rig = rig_of(earned)
        answer = save(rig, week=wanted)
        assert (answer.reason, answer.message) == (
            Reason.OVER_ANGLE, f"Week {wanted} is not earned yet: ana is in week {week}. Nobody skips ahead.",
        )  # fmt: skip
        assert rig.core.conduct.people.register.earned == ({} if earned is None else {"ana": earned})
    answer = save(rig_of(earned), angle_deg=31.0)
    assert answer.message == "31° is over 30°, the most until the programme is done."
    assert answer.reason is Reason.OVER_ANGLE


def test_who_is_done_may_have_a_larger_angle_and_stays_done() -> None:
    rig = rig_of(Earned(7))
    assert save(rig, angle_deg=45.0).message == "Saved ana, with at most 45° (profile of ana)."
    assert save(rig, programme=False, angle_deg=45.0).accepted
    assert kept(rig).earned == {"ana": Earned(7)}
    assert begin(rig, Verb.GOTO, "ana", None, angle_deg=45.0).accepted


def test_going_back_is_allowed() -> None:
    rig = rig_of(Earned(4, 0.0, 3, 0.0))
    assert save(rig, week=4).accepted
    assert kept(rig).earned["ana"].days == 3
    assert save(rig, week=2).message == "Saved ana, with at most 20° (programme week 2)."
    assert kept(rig).earned["ana"] == Earned(2)


def test_who_stands_in_the_configuration_is_changed_there() -> None:
    fixed = FixedProfile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0, angle_deg=45.0, programme=True)
    rig = Rig(people=People({"ana": fixed}, Register({}, {}, READ)))
    assert (
        save(rig, weight_kg=70.0).message
        == "The profile of ana stands in the configuration, [[people]]; change it there."
    )
    assert rig.wish(Verb.PEOPLE_DELETE, person="ana").accepted  # what is kept beside it
    assert rig.core.conduct.people.profile("ana") == fixed
    rig.wish(Verb.PEOPLE_ACCEPT, person="ana")
    rig.wish(Verb.ARM, person="ana")
    assert rig.core.conduct.limit == Limit(15.0, "programme week 1")


def test_who_is_deleted_gains_nothing_by_coming_back() -> None:
    """H3."""
    rig = Rig(account=Account({"ana": (Entry(-70_000.0, 1200.0),)}), people=known(Earned(5)))
    answer = rig.wish(Verb.PEOPLE_DELETE, person="ana")
    assert answer.message == "Deleted ana. The head-down time of the last 24 h still counts for this id."
    assert kept(rig) == Register({}, {}, {"ben": Moment(0.0)})
    assert Forget("ana") in rig.requests
    assert rig.wish(Verb.ARM, person="ana").reason is Reason.UNKNOWN_PERSON
    assert rig.wish(Verb.PEOPLE_DELETE, person="ana").reason is Reason.UNKNOWN_PERSON
    assert save(rig, programme=True).message == "Saved ana, with at most 15° (programme week 1)."
    assert rig.wish(Verb.ARM, person="ana").reason is Reason.CHECKLIST_DUE
    rig.wish(Verb.PEOPLE_ACCEPT, person="ana")
    assert rig.wish(Verb.ARM, person="ana").reason is Reason.BUDGET_SPENT


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.ARMED, State.RETURNING, State.RISING])
def test_nobody_is_changed_while_the_table_is_armed_or_moves(state: State) -> None:
    rig = in_state(state)
    before = rig.core.conduct.people.register
    for answer in (save(rig), rig.wish(Verb.PEOPLE_DELETE, person="ana")):
        assert answer.reason is Reason.BUSY
    assert rig.core.conduct.people.register == before


def test_a_file_that_is_out_of_order_makes_everybody_a_guest_and_is_never_written() -> None:
    rig = Rig(people=People(None, None, "The file of people is out of order."))
    answer = rig.wish(Verb.ARM, person="ana")
    assert answer.reason is Reason.UNKNOWN_PERSON
    assert "The file of people is out of order." in answer.message
    assert save(rig).reason is Reason.NOT_SAVED
    assert begin(rig, Verb.START, None, None, preset="gentle").accepted
    rig.wish(Verb.STOP)
    assert rig.wish(Verb.FEEDBACK, body="ok").accepted
    assert not [one for one in rig.requests if isinstance(one, Keep) and one.file == "people"]


def test_no_more_people_than_fit() -> None:
    many = {f"p{number}": ANA.model_copy(update={"id": f"p{number}"}) for number in range(32)}
    rig = Rig(people=People(None, Register(many)))
    assert save(rig).reason is Reason.NOT_SAVED
    assert save(rig, id="p3").accepted


# sessions and answers


def finish(rig: Rig) -> None:
    """The plan was played to its end, as `follow` says it."""
    conduct = rig.core.conduct
    rig.unit.place(0.0)
    conduct.end("the plan was played to its end", "reached")
    conduct.give_back()
    conduct.machine.fire(Trigger.FINISHED)
    rig.step()


def test_a_session_of_the_week_that_is_played_whole_counts_once_it_is_answered() -> None:
    rig = rig_of(Earned(1), ledger_s=DAY)
    assert begin(rig, Verb.START, "ana", None, preset="programme").accepted
    assert rig.core.conduct.limit == Limit(15.0, "programme week 1")
    assert kept(rig).last == Played(str(rig.core.conduct.run and rig.core.conduct.run.id), "programme", "ana", 1)
    assert rig.wish(Verb.FEEDBACK, body="ok").reason is Reason.BUSY
    rig.until(State.LEVEL)
    assert rig.ended().outcome == "reached"
    ended = kept(rig).earned["ana"]
    assert (ended.days, ended.last is not None) == (0, True)
    assert rig.wish(Verb.FEEDBACK, body="ok").message == "Noted."
    counted = kept(rig).earned["ana"]
    assert (counted.week, counted.days) == (1, 1)
    [told] = [event for event in rig.events if event.kind is EventKind.FEEDBACK]
    assert (told.session, told.person, told.preset, told.outcome) == (rig.ended().session, "ana", "programme", "ok")
    assert rig.wish(Verb.FEEDBACK, body="ok").reason is Reason.BUSY
    late = rig.wish(Verb.FEEDBACK, body="symptom")
    assert late.message == (
        "Noted. Ask a doctor if it stays or comes again. From the next session on ana has 15° (programme week 1)."
    )
    assert (kept(rig).earned["ana"].days, kept(rig).earned["ana"].symptoms) == (0, 1)
    assert rig.wish(Verb.FEEDBACK, body="ok").reason is Reason.BUSY
    assert kept(rig).earned["ana"].days == 0


@pytest.mark.parametrize("how", ["stopped", "skipped", "another preset", "a lower week"])
def test_what_does_not_count(how: str) -> None:
    rig = rig_of(Earned(2))
    begin(rig, Verb.START, "ana", None, preset="gentle" if how == "another preset" else "programme")
    if how == "skipped":
        rig.wish(Verb.SKIP)
    if how == "stopped":
        rig.wish(Verb.STOP)
    else:
        finish(rig)
    if how == "a lower week":
        assert save(rig, week=1).accepted
    assert rig.wish(Verb.FEEDBACK, body="ok").accepted
    assert kept(rig).earned["ana"].days == 0


def test_there_is_nobody_to_answer_for() -> None:
    assert Rig().wish(Verb.FEEDBACK, body="ok").message == "There is no session to answer for."


def test_after_a_restart_the_last_session_can_still_be_answered() -> None:
    rig = rig_of(Earned(2, symptoms=1))
    begin(rig, Verb.START, "ana", None, preset="programme")
    register = kept(rig)  # killed in the middle of it
    rig = Rig(people=People(None, register))
    assert rig.wish(Verb.FEEDBACK, body="ok").accepted
    assert kept(rig).earned["ana"].days == 0
    rig = Rig(people=People(None, register))
    assert rig.wish(Verb.FEEDBACK, body="symptom").accepted
    assert kept(rig).earned["ana"].week == 1


def test_an_answer_on_the_way_to_standing_leaves_the_limit_of_the_way() -> None:
    rig = rig_of(Earned(2))
    begin(rig, Verb.START, "ana", None, preset="programme")
    finish(rig)
    rig.wait(130)
    assert rig.wish(Verb.STAND).accepted
    before = rig.core.conduct.limit
    assert rig.wish(Verb.FEEDBACK, body="ok").accepted
    assert rig.core.conduct.limit == before == Limit(1.5, "the way to level")


def test_a_guest_answers_too_and_nothing_is_counted() -> None:
    rig = Rig()
    begin(rig, Verb.START, None, None, preset="programme")
    finish(rig)
    assert rig.wish(Verb.FEEDBACK, body="symptom").message == "Noted. Ask a doctor if it stays or comes again."
    assert kept(rig).earned == {}


# eight weeks

OK, SYMPTOM, SILENT, STOPPED = "ok", "symptom", "", "stopped"
DIARY = [  # day, what came of the session, the week that it was in
    (0, OK, 1), (2, OK, 1), (3, OK, 1), (5, OK, 1),
    (7, OK, 2), (8, SYMPTOM, 2),  # the week begins anew
    (9, OK, 2), (10, OK, 2), (12, OK, 2), (14, SILENT, 2), (15, OK, 2),
    (16, OK, 3), (17, STOPPED, 3), (19, OK, 3),
    (28, OK, 2),  # eight missed days
    (29, OK, 2), (31, OK, 2), (33, OK, 2), (34, OK, 2),
    (35, OK, 3), (36, OK, 3), (37, SYMPTOM, 3), (38, OK, 3), (39, SYMPTOM, 3),  # the second in a week
    (40, OK, 2), (42, OK, 2), (44, OK, 2), (46, OK, 2),
    (47, OK, 3), (48, OK, 3), (50, OK, 3), (52, OK, 3),
    (54, OK, 4), (55, SILENT, 4),
]  # fmt: skip
ANGLE = {1: 15.0, 2: 20.0, 3: 25.0, 4: 30.0}


def test_eight_weeks_of_somebody_who_misses_days_and_has_symptoms() -> None:
    """Each day is a new process: what it knows is what was kept."""
    register = Register({"ana": ANA}, {"ana": Earned()}, READ)
    for day, came, week in DIARY:
        rig = Rig(people=People(None, register), ledger_s=day * DAY)
        rig.step(Today(WALL + day * DAY))
        answer = begin(rig, Verb.START, "ana", None, preset="programme")
        assert answer.accepted, (day, answer)
        limit = rig.core.conduct.limit
        assert (day, limit.value, limit.reason) == (day, ANGLE[week], f"programme week {week}")
        over = rig.core.conduct.limits_of("ana").angle_deg
        assert over == Limit(ANGLE[week], f"programme week {week}")
        if came == STOPPED:
            rig.wish(Verb.STOP)
        else:
            finish(rig)
        if came != SILENT:
            assert rig.wish(Verb.FEEDBACK, body=SYMPTOM if came == SYMPTOM else OK).accepted
        register = kept(rig)
