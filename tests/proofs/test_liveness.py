"""The bound on a return, restated: H1."""

from proofs import liveness
from proofs.liveness import ACTIVE, EVENTS, LATCHED, State
from protocol.messages import Cause
from simulator import kernel


def test_a_return_takes_six_minutes_at_most_at_the_slowest_progress():
    """62.22° down to 1.5° in 122 steps of 0.5° and 3 s, and 0.68 s to brake before; 24.28 s for each interruption."""
    assert liveness.FARTHEST_CDEG == 6222
    assert liveness.bound_ms(0) == 122 * 3000 + 680
    assert liveness.bound_ms(4) - liveness.bound_ms(0) == 4 * 24_280
    assert liveness.blind_bound_ms() == 134_440 + 680


def test_a_stop_from_3_dps_takes_680_ms_and_one_degree():
    """Safety.md, stop: at most 1.3 s and 1.5°."""
    assert liveness.BRAKE_MS == 680
    assert 100 <= liveness.BRAKE_CDEG <= 110


def test_one_of_each_kind_stands_for_all_causes_that_the_kernel_treats_alike():
    """All kinds but those that the argument leaves out: what holds, is not trusted or only refuses; the person lost."""
    kinds = liveness.kinds()
    assert sum(map(len, kinds.values())) == 30
    left_out = {
        Cause.ESTOP,
        Cause.DISAGREEMENT,
        Cause.PERSON_LOST,
        Cause.MOTOR_WARM,
        Cause.LEVEL_SWITCH,
        Cause.WRONG_WAY,
    }
    assert sorted(ACTIVE) == sorted(kind[0] for kind in kinds.values() if kind[0] not in left_out)
    assert {cause for kind in kinds.values() for cause in LATCHED if cause in kind} == set(LATCHED)
    latching = [kind[0] for kind in kinds.values() if kind[0] & kernel.LATCHING_MASK]
    assert set(latching) == {*LATCHED, Cause.DISAGREEMENT, Cause.LEVEL_SWITCH, Cause.WRONG_WAY}


def test_every_state_is_walked_through():
    states = list(liveness.states())
    assert len(set(states)) == len(states) == 768
    assert len(set(EVENTS)) == len(EVENTS) == 128
    returning = [state for state in states if liveness.reaction(liveness.thawed(state)) == kernel.RETURN]
    assert len(returning) == 478
    assert State(Cause.LEVEL_WISHED, Cause.ESTOP) in returning
    assert State(Cause.HOST_SILENT, Cause.ESTOP) not in returning
    assert State(Cause.STOPPED, 0) in returning


def test_nothing_breaks_the_argument():
    assert next(liveness.violations(), None) is None
