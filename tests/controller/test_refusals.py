"""Why wishes are refused: each reason for each verb it is asked of, alone and together with each other one."""

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from controller.account import Account, Entry
from controller.estimator import Estimate
from controller.limits import DEFAULTS, combine, guest
from controller.model import Limit, Reason, State, Verb, Wish
from controller.presets import bundled
from controller.refusals import ASKED, BUSY, FROM, QUESTIONS, Situation, refuse

ORDER = [
    "bad_payload", "unknown_verb", "unknown_preset", "unknown_person", "retained", "expired", "duplicate", "locked",
    "link_down", "estop", "fault_latched", "not_occupied", "ankles_open", "checklist_due", "budget_spent",
    "rest_needed", "busy", "not_armed", "too_soon", "over_angle", "over_time", "not_level", "pause_first",
    "not_saved",
]  # fmt: skip
"""The contract's."""
HAND = 5000.0
LEDGER = 100_000.0
LIMITS = combine(DEFAULTS, guest())
AT_LEVEL = Estimate(
    angle_deg=0.0, rate_dps=0.0, worst_deg=0.2, trusted=True, head_down=False, sound=True, moving=False,
    occupied=True, ankles_locked=True, estop=False, lowering=False, armed=False, frozen=False, rung=0, causes=0,
    latched=0, stop_count=5, head_down_s=9, arm_presses=3,
)  # fmt: skip
STANDING = AT_LEVEL._replace(angle_deg=-80.0, worst_deg=-80.0)
HEAD_DOWN = {"angle_deg": 20.0, "worst_deg": 20.0, "head_down": True}
USUAL = Situation(
    state=State.STANDING, estimate=AT_LEVEL, limits=LIMITS, account=Account(), ledger_s=LEDGER, person="guest",
    preset=None, hand_s=HAND, armed_at_s=HAND - 5.0, arm_code="abcd", stopped_at_s=HAND - 50.0,
    paused_at_s=HAND - 50.0, pause_left_s=0.0, went_past_5=True, jog=None, arm_by_button=False, taken_before=False,
    presets=("back", "gentle"), ledger_failed="", broker_gone="", leaving=False,
)  # fmt: skip

Case = tuple[Wish, Situation]
WISH: dict[Verb, Wish] = {
    Verb.ARM: Wish(Verb.ARM),
    Verb.START: Wish(Verb.START, preset="back"),
    Verb.GOTO: Wish(Verb.GOTO, angle_deg=20.0),
    Verb.JOG: Wish(Verb.JOG, direction=1),
    Verb.PAUSE: Wish(Verb.PAUSE),
    Verb.RESUME: Wish(Verb.RESUME),
    Verb.SKIP: Wish(Verb.SKIP),
    Verb.CHECKIN: Wish(Verb.CHECKIN),
    Verb.STAND: Wish(Verb.STAND),
    Verb.ACKNOWLEDGE: Wish(Verb.ACKNOWLEDGE),
    Verb.LOCK: Wish(Verb.LOCK, pin="2580"),
    Verb.UNLOCK: Wish(Verb.UNLOCK, pin="2580"),
    Verb.FEEDBACK: Wish(Verb.FEEDBACK, body="ok"),
    Verb.PEOPLE_SAVE: Wish(Verb.PEOPLE_SAVE, person="ana"),
    Verb.PEOPLE_DELETE: Wish(Verb.PEOPLE_DELETE, person="ana"),
    Verb.PEOPLE_ACCEPT: Wish(Verb.PEOPLE_ACCEPT, person="ana"),
    Verb.PRESETS_SAVE: Wish(Verb.PRESETS_SAVE),
    Verb.PRESETS_DELETE: Wish(Verb.PRESETS_DELETE, preset="back"),
}
WHERE = {Verb.START: State.ARMED, Verb.GOTO: State.ARMED, Verb.JOG: State.ARMED, Verb.PAUSE: State.RUNNING,
         Verb.RESUME: State.PAUSED, Verb.SKIP: State.PAUSED, Verb.CHECKIN: State.RUNNING,
         Verb.STAND: State.LEVEL}  # fmt: skip


def allowed(verb: Verb) -> Case:
    """A wish and a situation that nothing speaks against."""
    preset = bundled()["back"] if verb in (Verb.START, Verb.PRESETS_DELETE) else None
    return WISH[verb], USUAL._replace(state=WHERE.get(verb, State.STANDING), preset=preset, asked=True)


def wished(**known: Any) -> Callable[[Case], Case]:
    return lambda case: (replace(case[0], **known), case[1])


def found(**known: Any) -> Callable[[Case], Case]:
    return lambda case: (case[0], case[1]._replace(**known))


def seen(**known: Any) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        e = case[1].estimate
        return case[0], case[1]._replace(estimate=None if e is None else e._replace(**known))

    return change


def used(ago_s: float, head_down_s: float) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        return case[0], case[1]._replace(account=case[1].account.charge("guest", Entry(LEDGER - ago_s, head_down_s)))

    return change


def unknown_preset(case: Case) -> Case:
    return replace(case[0], preset="nope"), case[1]._replace(preset=None)


def limited(**known: float) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        named = {name: Limit(value, "configuration") for name, value in known.items()}
        return case[0], case[1]._replace(limits=replace(case[1].limits, **named))

    return change


def elsewhere(case: Case) -> Case:
    verb = case[0].verb
    if verb in (Verb.PRESETS_SAVE, Verb.PRESETS_DELETE):
        return seen(moving=True)(case)
    states = {Verb.PAUSE: State.STANDING, Verb.RESUME: State.RUNNING, Verb.SKIP: State.LEVEL,
              Verb.ACKNOWLEDGE: State.RUNNING, Verb.FEEDBACK: State.RUNNING}  # fmt: skip
    return case[0], case[1]._replace(state=states.get(verb, State.RETURNING))


def unarmed(case: Case) -> Case:
    return case[0], case[1]._replace(**{"arm_by_button": True} if case[0].verb is Verb.ARM else {"armed_at_s": None})


def steep(case: Case) -> Case:
    if case[0].verb is Verb.GOTO:
        return replace(case[0], angle_deg=31.0), case[1]
    return limited(angle_deg=15.0)(case)


def unrested(case: Case) -> Case:
    known = {Verb.GOTO: {"angle_deg": -40.0}, Verb.JOG: {"direction": -1}}.get(case[0].verb, {})
    return replace(case[0], **known), case[1]._replace(pause_left_s=42.0)


BREAK: dict[Reason, Callable[[Case], Case]] = {
    Reason.UNKNOWN_PRESET: unknown_preset,
    Reason.UNKNOWN_PERSON: found(unknown="There is no person 'bob' here."),
    Reason.RETAINED: wished(retained=True),
    Reason.EXPIRED: wished(expired=True),
    Reason.DUPLICATE: found(taken_before=True),
    Reason.LOCKED: found(locked=True),
    Reason.LINK_DOWN: found(estimate=None),
    Reason.ESTOP: seen(estop=True),
    Reason.FAULT_LATCHED: seen(latched=1),
    Reason.NOT_OCCUPIED: seen(occupied=False),
    Reason.ANKLES_OPEN: seen(ankles_locked=False),
    Reason.CHECKLIST_DUE: found(due="The checklist comes first."),
    Reason.BUDGET_SPENT: used(40_000.0, 1200.0),
    Reason.REST_NEEDED: used(100.0, 1.0),
    Reason.BUSY: elsewhere,
    Reason.NOT_ARMED: unarmed,
    Reason.TOO_SOON: found(stopped_at_s=HAND - 0.9),
    Reason.OVER_ANGLE: steep,
    Reason.OVER_TIME: limited(session_head_down_s=500.0),
    Reason.NOT_LEVEL: seen(**HEAD_DOWN),
    Reason.PAUSE_FIRST: unrested,
}
RESTATED = {
    "arm": "unknown_person retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open "
    "checklist_due budget_spent rest_needed busy not_armed too_soon not_level",
    "start": "unknown_preset unknown_person retained expired duplicate locked link_down estop fault_latched "
    "not_occupied ankles_open checklist_due budget_spent rest_needed busy not_armed too_soon over_angle over_time "
    "not_level",
    "goto": "unknown_person retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open "
    "checklist_due budget_spent rest_needed busy not_armed too_soon over_angle not_level pause_first",
    "jog": "unknown_person retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open "
    "checklist_due budget_spent rest_needed busy not_armed too_soon not_level pause_first",
    "pause": "retained expired duplicate locked link_down busy",
    "resume": "retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open busy too_soon",
    "checkin": "retained expired duplicate locked link_down busy",
    "skip": "retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open busy too_soon",
    "stand": "retained expired duplicate locked link_down estop fault_latched not_occupied ankles_open busy too_soon "
    "not_level pause_first",
    "acknowledge": "retained expired duplicate locked link_down estop busy not_level",
    "lock": "retained expired duplicate locked",
    "unlock": "retained expired duplicate",
    "feedback": "retained expired duplicate locked busy",
    "people/save": "retained expired duplicate locked busy",
    "people/delete": "retained expired duplicate locked busy",
    "people/accept": "unknown_person retained expired duplicate locked busy",
    "history/get": "retained expired duplicate locked",
    "discovery/remove": "retained expired duplicate locked",
    "presets/save": "retained expired duplicate locked busy",
    "presets/delete": "unknown_preset retained expired duplicate locked busy",
    "stop": "",
    "level": "",
}
"""What each verb is asked."""
ALONE = [(verb, Reason(reason)) for verb in WISH for reason in RESTATED[verb].split()]
TOGETHER = [
    (verb, Reason(one), Reason(other))
    for verb in WISH
    for one, other in combinations(RESTATED[verb].split(), 2)
    if (one, other) != ("over_angle", "pause_first")  # no angle is both
]


def test_the_order_is_the_contracts() -> None:
    assert [str(reason) for reason in Reason] == ORDER
    assert [str(reason) for reason in QUESTIONS] == [
        reason for reason in ORDER if reason not in ("bad_payload", "unknown_verb", "not_saved")
    ]


@pytest.mark.parametrize("verb", Verb)
def test_what_each_verb_is_asked(verb: Verb) -> None:
    assert {str(reason) for reason in ASKED[verb]} == set(RESTATED[verb].split())


@pytest.mark.parametrize("verb", WISH)
def test_nothing_speaks_against_it(verb: Verb) -> None:
    assert refuse(*allowed(verb)) is None


@pytest.mark.parametrize(("verb", "reason"), ALONE)
def test_each_reason_alone(verb: Verb, reason: Reason) -> None:
    refused = refuse(*BREAK[reason](allowed(verb)))
    assert refused is not None
    assert refused[0] is reason
    assert refused[1][0].isupper() or refused[1][0].isdigit()
    assert refused[1].endswith(".")
    assert len(refused[1]) > 12


@pytest.mark.parametrize(("verb", "first", "later"), TOGETHER)
def test_the_first_that_applies_is_told(verb: Verb, first: Reason, later: Reason) -> None:
    refused = refuse(*BREAK[later](BREAK[first](allowed(verb))))
    assert refused is not None
    assert refused[0] is first


def test_stop_and_level_are_asked_nothing() -> None:
    case = allowed(Verb.ARM)
    for change in BREAK.values():
        case = change(case)
    for verb in (Verb.STOP, Verb.LEVEL):
        assert refuse(replace(case[0], verb=verb), case[1]) is None


def told(case: Case) -> str:
    refused = refuse(*case)
    return "" if refused is None else refused[1]


@pytest.mark.parametrize(
    ("since_arming_s", "code", "reason"),
    [
        (0.0, None, Reason.TOO_SOON), (0.99, None, Reason.TOO_SOON), (1.0, None, None), (60.0, None, None),
        (60.01, None, Reason.NOT_ARMED), (0.0, "abcd", None), (60.0, "abcd", None), (60.01, "abcd", Reason.NOT_ARMED),
        (5.0, "abce", Reason.NOT_ARMED), (5.0, "", Reason.NOT_ARMED), (0.0, "abce", Reason.NOT_ARMED),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", [Verb.START, Verb.GOTO, Verb.JOG])
def test_the_window_of_hands(verb: Verb, since_arming_s: float, code: str | None, reason: Reason | None) -> None:
    """F21, H4: one second to sixty without the code, at once with it."""
    wish, situation = allowed(verb)
    refused = refuse(replace(wish, code=code), situation._replace(armed_at_s=HAND - since_arming_s))
    assert (None if refused is None else refused[0]) is reason


@pytest.mark.parametrize("verb", [Verb.RESUME, Verb.SKIP])
@pytest.mark.parametrize(("since_pause_s", "reason"), [(0.0, Reason.TOO_SOON), (0.99, Reason.TOO_SOON), (1.0, None)])
def test_the_second_after_a_pause(verb: Verb, since_pause_s: float, reason: Reason | None) -> None:
    wish, situation = allowed(verb)
    refused = refuse(wish, situation._replace(paused_at_s=HAND - since_pause_s))
    assert (None if refused is None else refused[0]) is reason


@pytest.mark.parametrize("verb", [Verb.ARM, Verb.START, Verb.GOTO, Verb.JOG, Verb.RESUME, Verb.SKIP, Verb.STAND])
def test_a_stop_locks_everything_that_moves_for_a_second(verb: Verb) -> None:
    wish, situation = allowed(verb)
    for since_s, refused in ((0.0, True), (0.99, True), (1.0, False)):
        asked = refuse(replace(wish, code="abcd"), situation._replace(stopped_at_s=HAND - since_s))
        assert (asked is not None) == refused


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", FROM)
def test_in_which_states_a_verb_means_something(verb: Verb, state: State) -> None:
    means = {
        "arm": "standing standby level armed", "start": "standing standby level armed",
        "goto": "standing standby level armed", "jog": "standing standby level armed", "pause": "running",
        "resume": "paused", "skip": "running paused", "checkin": "running paused",
        "stand": "standing standby level armed frozen",
        "acknowledge": "offline standing standby level armed frozen fault",
        "feedback": "offline standing standby armed frozen returning level rising fault",
        "people/save": "offline standing standby level frozen fault",
        "people/delete": "offline standing standby level frozen fault",
        "people/accept": "offline standing standby level frozen fault",
    }  # fmt: skip
    assert (state in FROM[verb]) == (str(state) in means[verb].split())
    if state not in FROM[verb]:
        assert BUSY[state].endswith(".")


@pytest.mark.parametrize("state", [State.STANDING, State.STANDBY, State.LEVEL])
def test_a_start_at_rest_that_nobody_armed(state: State) -> None:
    wish, situation = allowed(Verb.START)
    refused = refuse(wish, situation._replace(state=state, armed_at_s=None, arm_code=None))
    assert refused is not None
    assert refused[0] is Reason.NOT_ARMED


def test_jog_goes_on_while_it_is_held_whatever_its_own_session_has_reserved() -> None:
    wish, situation = allowed(Verb.JOG)
    held = situation._replace(
        state=State.RUNNING, jog=1, armed_at_s=None, arm_code=None, account=Account().reserve("s", "guest", 60.0)
    )
    assert refuse(wish, held) is None
    assert refuse(wish, held._replace(state=State.PAUSED, jog=0, estimate=AT_LEVEL._replace(**HEAD_DOWN))) is None
    assert "by hand" in told((Wish(Verb.RESUME), held._replace(state=State.PAUSED)))
    assert "by hand" in told((Wish(Verb.SKIP), held))
    refused = refuse(Wish(Verb.START, preset="back"), held._replace(preset=bundled()["back"]))
    assert refused is not None
    assert refused[0] is Reason.BUSY


@pytest.mark.parametrize(
    ("wish", "angle_deg", "jog", "refused"),
    [
        (Wish(Verb.GOTO, angle_deg=-15.0), 0.0, None, False),
        (Wish(Verb.GOTO, angle_deg=-15.1), 0.0, None, True),
        (Wish(Verb.GOTO, angle_deg=-50.0), -80.0, None, False),
        (Wish(Verb.GOTO, angle_deg=-80.0), -50.0, None, True),
        (Wish(Verb.JOG, direction=-1), 1.5, None, True),
        (Wish(Verb.JOG, direction=-1), 1.5, 0, True),
        (Wish(Verb.JOG, direction=-1), 1.5, -1, False),
        (Wish(Verb.JOG, direction=-1), 1.6, 0, False),
        (Wish(Verb.JOG, direction=1), 0.0, None, False),
        (Wish(Verb.JOG, direction=-1), -80.0, None, False),
    ],
)
def test_further_up_than_level_needs_the_pause(wish: Wish, angle_deg: float, jog: int | None, refused: bool) -> None:
    """H8."""
    _, situation = allowed(wish.verb)
    e = AT_LEVEL._replace(angle_deg=angle_deg)
    asked = refuse(wish, situation._replace(estimate=e, jog=jog, pause_left_s=30.0))
    assert (asked is not None) == refused
    if asked is not None:
        assert asked == (
            Reason.PAUSE_FIRST, "Lie still for another 30 s: blood pressure is low after lying head down.",
        )  # fmt: skip
    assert refuse(wish, situation._replace(estimate=e, jog=jog)) is None


@pytest.mark.parametrize(
    ("state", "e", "went_past_5", "reason"),
    [
        (State.LEVEL, AT_LEVEL, True, None),
        (State.STANDING, STANDING, True, None),
        (State.FROZEN, AT_LEVEL._replace(angle_deg=-40.0), False, None),
        (State.FROZEN, AT_LEVEL._replace(angle_deg=-40.0), True, Reason.NOT_LEVEL),
        (State.FROZEN, AT_LEVEL._replace(angle_deg=3.0, head_down=True), False, Reason.NOT_LEVEL),
        (State.STANDBY, AT_LEVEL._replace(angle_deg=-40.0), True, None),
        (State.STANDBY, AT_LEVEL._replace(**HEAD_DOWN), True, Reason.NOT_LEVEL),
        (State.ARMED, AT_LEVEL._replace(angle_deg=-40.0), True, Reason.NOT_LEVEL),
    ],
)
def test_from_where_somebody_stands_up(state: State, e: Estimate, went_past_5: bool, reason: Reason | None) -> None:
    situation = USUAL._replace(state=state, estimate=e, went_past_5=went_past_5)
    refused = refuse(Wish(Verb.STAND), situation)
    assert (None if refused is None else refused[0]) is reason


def test_a_freeze_on_the_way_up_needs_no_pause() -> None:
    frozen = USUAL._replace(
        state=State.FROZEN, estimate=AT_LEVEL._replace(angle_deg=-40.0), went_past_5=False, pause_left_s=15.0
    )
    assert refuse(Wish(Verb.STAND), frozen) is None
    assert refuse(Wish(Verb.STAND), frozen._replace(state=State.STANDBY)) is not None


def test_a_limit_is_told_with_whose_it_is() -> None:
    """H2."""
    wish, situation = allowed(Verb.GOTO)
    assert told((replace(wish, angle_deg=45.0), situation)) == "45° is over your limit of 30° (guest)."
    assert told((replace(wish, angle_deg=30.0), situation)) == ""
    refused = refuse(replace(wish, angle_deg=float("nan")), situation)
    assert refused is not None
    assert refused[0] is Reason.OVER_ANGLE
    message = told(limited(session_head_down_s=300.0)(allowed(Verb.START)))
    assert message == "Back relief needs 10.4 min head down, over your 5 min a session (configuration)."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (used(100.0, 1.0), "Rest between sessions is needed. Possible again in 59 min."),
        (used(40_000.0, 1200.0), "Not enough head-down time is left: 20 min in 24 h are allowed (hard limit). "
         "Possible again in 13 h."),
        (used(86_400.0 - 30.0, 1200.0), "Not enough head-down time is left: 20 min in 24 h are allowed (hard limit). "
         "Possible again in 1 min."),
        (limited(sessions_per_day=0.0), "0 sessions in 24 h are enough (configuration). Waiting does not help."),
        (limited(day_head_down_s=0.5), "Not enough head-down time is left: 0.00833 min in 24 h are allowed "
         "(configuration). Waiting does not help."),
    ],
)  # fmt: skip
def test_when_it_will_be_possible_again(change: Callable[[Case], Case], message: str) -> None:
    assert told(change(allowed(Verb.ARM))) == message


def test_three_sessions_a_day() -> None:
    case = allowed(Verb.ARM)
    for ago_s in (80_000.0, 50_000.0, 20_000.0):
        assert refuse(*case) is None
        case = used(ago_s, 60.0)(case)
    assert told(case) == "3 sessions in 24 h are enough (hard limit). Possible again in 2 h."


def test_what_a_preset_needs_has_to_be_left() -> None:
    """10.4 min of "back" and 10 min of before are more than 20."""
    assert told(used(40_000.0, 600.0)(allowed(Verb.START))) == (
        "Not enough head-down time is left for the 10.4 min of Back relief: 20 min in 24 h are allowed (hard limit). "
        "Possible again in 13 h."
    )
    assert told(used(40_000.0, 570.0)(allowed(Verb.START))) == ""


MOVING = [Verb.ARM, Verb.START, Verb.GOTO, Verb.JOG, Verb.RESUME, Verb.SKIP]


@pytest.mark.parametrize("verb", WISH)
def test_without_the_broker_nothing_begins(verb: Verb) -> None:
    """F20."""
    wish, situation = allowed(verb)
    refused = refuse(wish, situation._replace(broker_gone="The broker is gone."))
    assert (refused is not None) == (verb in MOVING or verb is Verb.STAND)
    if refused is not None:
        assert refused[0] is Reason.LINK_DOWN
        assert "The broker is gone." in refused[1]


@pytest.mark.parametrize("verb", WISH)
def test_without_a_record_no_session_runs_but_everybody_gets_up(verb: Verb) -> None:
    """F19."""
    wish, situation = allowed(verb)
    refused = refuse(wish, situation._replace(ledger_failed="The disk is full."))
    assert (refused is not None) == (verb in MOVING)
    if refused is not None:
        assert refused == (
            Reason.FAULT_LATCHED,
            "The disk is full. No session can run until the controller is restarted.",
        )


@pytest.mark.parametrize("verb", WISH)
def test_while_the_controller_ends_nothing_begins(verb: Verb) -> None:
    wish, situation = allowed(verb)
    refused = refuse(wish, situation._replace(leaving=True))
    assert (refused is not None) == (verb in [*MOVING, Verb.STAND])


def test_an_angle_that_nobody_knows_is_a_fault() -> None:
    refused = refuse(*seen(trusted=False)(allowed(Verb.STAND)))
    assert refused is not None
    assert refused[0] is Reason.FAULT_LATCHED


def test_who_is_known() -> None:
    wish, situation = allowed(Verb.START)
    assert refuse(replace(wish, person="guest"), situation) is None
    assert "'bob'" in told(found(unknown="There is no person 'bob'.")((wish, situation)))
    assert told(unknown_preset((wish, situation))) == "There is no preset 'nope'. There are: back, gentle."
    lost = unknown_preset((wish, situation._replace(own_wrong="a.toml: is not valid TOML.")))
    assert told(lost).endswith("gentle. Your own presets are left alone: a.toml: is not valid TOML.")
