"""Somebody presses every button that Home Assistant has at once, in any order: stop wins (H4, H11, H15)."""

from random import Random

import pytest

from controller.model import State, Verb, Wish

from .rig import Rig, in_state

BUTTONS = (Verb.STOP, Verb.LEVEL, Verb.PAUSE, Verb.ARM, Verb.START, Verb.GOTO, Verb.RESUME, Verb.STAND, Verb.CHECKIN)
BEGINNINGS = {
    "standing": (State.STANDING, -80.0), "armed": (State.ARMED, -80.0), "way down": (State.RUNNING, -40.0),
    "head down": (State.RUNNING, 20.0), "paused": (State.PAUSED, 20.0), "frozen": (State.FROZEN, -40.0),
    "frozen head down": (State.FROZEN, 20.0), "level": (State.LEVEL, 0.0), "rising": (State.RISING, -40.0),
    "returning": (State.RETURNING, 20.0),
}  # fmt: skip
UNDER_WAY_DEG = 1.6
"""A stop freezes within 1.5° of travel; the rest is what a reading may be off."""


def begun(name: str) -> Rig:
    state, angle_deg = BEGINNINGS[name]
    rig = Rig() if state is State.STANDING else in_state(state, angle_deg)
    rig.run(1.2)  # so that nothing is refused for what happened just before
    return rig


def press(rig: Rig, verb: Verb, code: str | None) -> Wish:
    """As Home Assistant sends it: every template was rendered before the first press arrived."""
    return Wish(
        verb,
        preset="back" if verb is Verb.START else None,
        angle_deg=15.0 if verb is Verb.GOTO else None,
        code=code if verb in (Verb.START, Verb.GOTO) else None,
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", BEGINNINGS)
def test_every_button_at_once_in_any_order_and_within_a_second_leads_nowhere_but_home(name: str, seed: int) -> None:
    random = Random(f"{name} {seed}")
    rig = begun(name)
    code, before_deg = rig.core.conduct.arming.code, rig.unit.angle_deg
    order = random.sample(BUTTONS, len(BUTTONS))
    together = random.random() < 0.3
    if together:
        rig.step(*(press(rig, verb, code) for verb in order))
    else:
        for verb in order:
            rig.step(press(rig, verb, code))
            rig.run(random.choice((0.0, 0.02, 0.06)))
    answers = {answer.verb: answer for answer in rig.answers[-len(BUTTONS) :]}
    assert answers[Verb.STOP].accepted
    assert answers[Verb.LEVEL].accepted
    highest_deg = rig.unit.angle_deg
    for _ in range(60):
        rig.run(0.05)
        highest_deg = max(highest_deg, rig.unit.angle_deg)
    assert highest_deg <= before_deg + UNDER_WAY_DEG, "nothing went further head down, nor from standing towards level"
    assert rig.core.conduct.run is None
    assert not rig.unit.armed, "what was armed is not any more"
    assert rig.state not in (State.ARMED, State.RUNNING, State.PAUSED, State.RISING)
    if before_deg < -1.5:
        assert abs(rig.unit.angle_deg - before_deg) <= UNDER_WAY_DEG, "on the head-up side it holds"


@pytest.mark.parametrize("seed", range(12))
def test_the_same_without_a_stop_moves_nobody_who_is_not_armed(seed: int) -> None:
    """Stop may be left out, when somebody hides it: the arming of this very burst does not start anything."""
    rig = begun("standing")
    others = [verb for verb in BUTTONS if verb is not Verb.STOP]
    for verb in Random(seed).sample(others, len(others)):
        rig.step(press(rig, verb, None))
    rig.run(3.0)
    assert rig.unit.angle_deg == -80.0
    assert rig.state in (State.STANDING, State.ARMED)
