"""The table of states, restated: what each trigger leads to from each state, and every other pair changes nothing."""

from itertools import product

import pytest

from controller.model import State
from controller.session import TRANSITIONS, Machine, Trigger

ANYWHERE = {"link_lost": "offline", "fault": "fault", "unit_returns": "returning"}
BY_PLACE = {"rests_standing": "standing", "rests_level": "level", "rests_elsewhere": "standby"}
AT_REST = {**BY_PLACE, "arm": "armed", "level": "returning", "stand": "rising"}
RESTATED: dict[str, dict[str, str]] = {
    "offline": {
        "found_standing": "standing", "found_elsewhere": "standby", "fault": "fault", "unit_returns": "returning",
    },
    "standing": {**ANYWHERE, **AT_REST},
    "standby": {**ANYWHERE, **AT_REST},
    "level": {**ANYWHERE, **AT_REST},
    "armed": {**ANYWHERE, **BY_PLACE, "start": "running", "level": "returning", "stand": "rising"},
    "running": {
        **ANYWHERE, "pause": "paused", "stop": "frozen", "interrupted": "frozen", "level": "returning",
        "finished": "level", "rests_standing": "standing", "rests_elsewhere": "standby",
    },
    "paused": {**ANYWHERE, "resume": "running", "stop": "frozen", "interrupted": "frozen", "level": "returning"},
    "frozen": {**ANYWHERE, **BY_PLACE, "level": "returning", "stand": "rising"},
    "returning": {**ANYWHERE, "stop": "frozen", "interrupted": "frozen", "rests_level": "level"},
    "rising": {
        **ANYWHERE, "stop": "frozen", "interrupted": "frozen", "level": "returning", "rests_standing": "standing",
    },
    "fault": {"link_lost": "offline", "unit_returns": "returning", **BY_PLACE, "level": "returning"},
}  # fmt: skip


@pytest.mark.parametrize(("state", "trigger"), list(product(State, Trigger)), ids=lambda pair: pair.name.lower())
def test_every_pair_of_state_and_trigger(state: State, trigger: Trigger) -> None:
    machine = Machine()
    machine.state = state
    expected = RESTATED[str(state)].get(trigger.name.lower(), str(state))
    assert machine.fire(trigger) == (expected != str(state))
    assert machine.state == expected


def test_every_state_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(State)
    assert Machine().state is State.OFFLINE


def test_from_everywhere_the_link_may_be_lost_and_a_fault_or_a_return_of_the_unit_is_believed() -> None:
    for state in State:
        assert state is State.OFFLINE or TRANSITIONS[state][Trigger.LINK_LOST] is State.OFFLINE
        assert state is State.FAULT or TRANSITIONS[state][Trigger.FAULT] is State.FAULT
        assert state is State.RETURNING or TRANSITIONS[state][Trigger.UNIT_RETURNS] is State.RETURNING


def test_a_session_begins_from_armed_only() -> None:
    """H4."""
    assert [state for state in State if Trigger.START in TRANSITIONS[state]] == [State.ARMED]
    assert [state for state in State if Trigger.RESUME in TRANSITIONS[state]] == [State.PAUSED]
    into_running = {(s, t) for s in State for t, after in TRANSITIONS[s].items() if after is State.RUNNING}
    assert into_running == {(State.ARMED, Trigger.START), (State.PAUSED, Trigger.RESUME)}


def test_from_every_state_there_is_a_way_to_standing() -> None:
    """No state is a trap: wishes, telemetry and the way home lead out of each of them."""
    for state in State:
        reached, before = {state}, set()
        while reached != before:
            before, reached = reached, reached | {after for s in reached for after in TRANSITIONS[s].values()}
        assert State.STANDING in reached, state
