"""Saving and deleting presets by wish: when it is refused, and that it counts at once."""

from dataclasses import replace

import pytest

from controller.conduct import Settings
from controller.limits import DEFAULTS
from controller.model import Answer, EventKind, Keep, Limit, Reason, State, Verb, Wish
from controller.own_presets import block, read
from controller.preset_draft import draft
from controller.preset_file import PresetError
from controller.presets import bundled

from .rig import Rig, in_state

NOW = {"angle_deg": "now", "hold_s": 30}


def fields(*steps: object, **known: object) -> dict[str, object]:
    given = {"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1.0}
    return {**given, "steps": list(steps) or [{"angle_deg": 8.0, "hold_s": 60.0}], **known}


def saved(rig: Rig, *steps: object, **known: object) -> Answer:
    return rig.wish(Verb.PRESETS_SAVE, body=draft(fields(*steps, **known)))


def kept(rig: Rig) -> list[Keep]:
    return [request for request in rig.requests if isinstance(request, Keep)]


def test_what_is_saved_can_be_started_at_once() -> None:
    rig = Rig()
    answer = saved(rig)
    assert (answer.accepted, answer.moving, answer.message) == (True, False, "Calm is saved as calm.")
    pattern = rig.core.conduct.own.patterns["calm"]
    assert pattern.basis == "The owner's own choice."
    assert kept(rig) == [
        Keep("presets", block("calm", pattern), "a restart brings the presets back as the file has them", "")
    ]
    assert rig.begin(Verb.START, preset="calm").message == "Calm started."
    assert rig.state is State.RUNNING


def test_what_is_saved_again_is_replaced_and_what_is_deleted_can_not_be_started() -> None:
    rig = Rig()
    saved(rig)
    assert saved(rig, title="Calmer").message == "calm is replaced by Calmer."
    assert rig.wish(Verb.PRESETS_DELETE, preset="calm").message == "calm is deleted."
    assert [keep.instead_of for keep in kept(rig)] == ["", kept(rig)[0].text, kept(rig)[1].text]
    answer = rig.wish(Verb.START, preset="calm")
    assert answer.reason is Reason.UNKNOWN_PRESET
    assert rig.wish(Verb.PRESETS_DELETE, preset="calm").reason is Reason.UNKNOWN_PRESET


def test_what_runs_goes_on_as_it_began() -> None:
    rig = Rig()
    saved(rig)
    rig.begin(Verb.START, preset="calm")
    while rig.unit.angle_deg < 7.99:
        rig.step()
    rig.run(1.0)
    assert rig.core.estimate is not None
    assert not rig.core.estimate.moving
    assert rig.wish(Verb.PRESETS_DELETE, preset="calm").accepted
    rig.until(State.LEVEL)
    assert rig.ended().outcome == "reached"


@pytest.mark.parametrize("verb", [Verb.PRESETS_SAVE, Verb.PRESETS_DELETE])
@pytest.mark.parametrize("preset", bundled())
def test_bundled_ones_stay(verb: Verb, preset: str) -> None:
    rig = Rig()
    answer = rig.wish(verb, preset=preset, body=draft(fields(preset=preset)))
    assert (answer.accepted, answer.reason) == (False, Reason.NOT_SAVED)
    assert answer.message.startswith(f"{preset} comes with Bascule and can't be ")
    assert kept(rig) == []
    assert rig.core.conduct.presets == bundled()


@pytest.mark.parametrize("verb", [Verb.PRESETS_SAVE, Verb.PRESETS_DELETE])
@pytest.mark.parametrize("state", [State.RUNNING, State.RETURNING, State.RISING])
def test_nothing_is_saved_while_the_table_moves(verb: Verb, state: State) -> None:
    rig = in_state(state)
    answer = rig.wish(verb, preset="back", body=draft(fields()))
    assert (answer.reason, answer.message) == (
        Reason.BUSY, "The table moves. Save and delete presets while it stands still.",
    )  # fmt: skip


def test_without_a_link_presets_can_be_written() -> None:
    assert saved(in_state(State.OFFLINE)).accepted


# ---- the angle of now -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("angle_deg", "meant_deg"), [(20.2, 20.0), (20.3, 20.5), (-14.8, -15.0), (0.1, 0.0)])
def test_a_step_may_take_the_angle_of_now(angle_deg: float, meant_deg: float) -> None:
    rig = in_state(State.STANDBY, angle_deg)
    answer = saved(rig, {"rest_s": 5}, NOW)
    assert answer.message == f"Calm is saved as calm, with {meant_deg:g}° from where the table is."
    assert [step.angle_deg for step in rig.core.conduct.own.patterns["calm"].rows] == [0.0, meant_deg]


def test_the_angle_at_which_somebody_paused_can_be_kept() -> None:
    """As with a desk: go there by hand, let go, save."""
    assert saved(in_state(State.PAUSED), NOW).accepted


def test_no_link_no_angle() -> None:
    answer = saved(in_state(State.OFFLINE), NOW)
    assert (answer.reason, answer.message) == (
        Reason.LINK_DOWN, "There is no connection to the tilt unit, so nobody knows the angle of now.",
    )  # fmt: skip


@pytest.mark.parametrize(("age_s", "fresh"), [(0.26, True), (0.34, False), (1.5, False)])
def test_an_old_angle_is_no_angle_of_now(age_s: float, fresh: bool) -> None:
    rig = in_state(State.STANDBY, 10.0)
    for _ in range(round(age_s / 0.02) - 1):
        rig.step(deaf=True)
    before = len(rig.answers)
    rig.step(Wish(Verb.PRESETS_SAVE, body=draft(fields(NOW))), deaf=True)
    answer = rig.answers[before]
    assert answer.accepted is fresh
    if not fresh:
        assert answer.reason is Reason.LINK_DOWN
        assert answer.message.endswith(" s old. Try again when the tilt unit answers.")
        assert kept(rig) == []


def test_an_angle_that_is_not_trusted_is_no_angle_of_now() -> None:
    rig = in_state(State.STANDBY, 10.0)
    rig.unit.trusted = False
    rig.run(0.1)
    answer = saved(rig, NOW)
    assert (answer.reason, answer.message) == (
        Reason.FAULT_LATCHED, "The angle sensors do not agree, so nobody knows the angle of now.",
    )  # fmt: skip
    assert kept(rig) == []


def test_nobody_rests_at_standing() -> None:
    answer = saved(Rig(-80.0), NOW)
    assert answer.reason is Reason.NOT_SAVED
    assert answer.message == (
        "Not saved: preset calm, step 1, angle_deg: -80 is too little; write degrees from −30 to 60, the hard limits."
    )


def test_only_the_angle_may_be_now() -> None:
    for step in ({"angle_deg": 8, "hold_s": "now"}, {"angle_deg": "Now", "hold_s": 30}):
        with pytest.raises(PresetError, match="step 1, "):
            draft(fields(step))


# ---- limits ---------------------------------------------------------------------------------------------------------


def tight() -> Rig:
    limits = replace(
        DEFAULTS, angle_deg=Limit(15.0, "configuration"), session_head_down_s=Limit(120.0, "configuration")
    )
    return Rig(settings=Settings(limits=limits))


def test_what_is_over_a_limit_is_not_saved() -> None:
    answer = saved(tight(), {"angle_deg": 16, "hold_s": 30})
    assert (answer.reason, answer.message) == (
        Reason.OVER_ANGLE,
        "Not saved: preset calm, step 1, angle_deg: 16° is over the limit of 15° (configuration); write at most 15.",
    )
    answer = saved(tight(), {"angle_deg": 15, "hold_s": 200})
    assert answer.reason is Reason.OVER_TIME
    assert "over 2 min a session (configuration)" in answer.message
    rig = Rig(20.0, Settings(limits=tight().core.settings.limits))
    assert saved(rig, NOW).reason is Reason.OVER_ANGLE


def test_twelve_are_enough_and_it_is_told() -> None:
    rig = Rig()
    for number in range(12):
        assert saved(rig, preset=f"p{number}").accepted
    answer = saved(rig, preset="p12")
    assert (answer.reason, answer.message) == (
        Reason.NOT_SAVED, "There are 12 own presets already. Delete one first.",
    )  # fmt: skip
    assert rig.events[-1].kind is EventKind.COMMAND_REFUSED
    assert rig.events[-1].reason is Reason.NOT_SAVED


def test_nothing_is_saved_over_a_file_that_could_not_be_read() -> None:
    rig = Rig()
    rig.core.conduct.own = read("[broken", "home.presets.toml", bundled())
    answer = saved(rig)
    assert answer.reason is Reason.NOT_SAVED
    assert answer.message.startswith("Nothing is saved over a file that can't be read: home.presets.toml: is not valid")
    assert kept(rig) == []
