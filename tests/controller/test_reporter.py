"""What is published when."""

from types import SimpleNamespace
from typing import Any

from controller.core import NOTHING
from controller.documents import StateDocument
from controller.inbox import Inbox
from controller.model import Reason, State, Undiscover, Verb
from controller.people_payload import Save
from controller.preset_draft import draft
from controller.profile import Profile
from controller.reporter import Reporter

from .rig import Rig, in_state


class Shown:
    """A rig with a reporter that is asked after each step."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.states: list[StateDocument] = []
        self.reporter = Reporter(rig.core, Inbox(), self.states.append, rig.now_s)
        self.health: list[Any] = []
        self.discovered: list[Any] = []
        self.reporter.begin(
            SimpleNamespace(  # type: ignore[arg-type]
                publish_presets=lambda _: None,
                publish_discovery=lambda presets, people: self.discovered.append((presets, people)),
                remove_discovery=lambda: self.discovered.append(None),
                publish_state=lambda _: None,
                publish_health=self.health.append,
                publish_event=lambda _: None,
                publish_result=lambda _: None,
                counters=SimpleNamespace(callback_errors=0, dropped=0, rebuilds=0),
            )
        )

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            output = self.rig.step(seconds=0.25)
            self.reporter.step(output, self.rig.now_s, self.rig.now_s + 0.001, 1.8e9)


def test_the_end_of_the_pause_is_told_at_once() -> None:
    """A countdown in the last state may be half a minute old."""
    shown = Shown(in_state(State.LEVEL))
    shown.run(20.0)
    shown.reporter.repeat()  # so that no periodic state comes just then
    shown.run(0.25)
    assert "Lie still" in shown.states[-1].message
    shown.run(shown.rig.core.conduct.pause_left_s + 0.5)
    assert "Stand up when you like" in shown.states[-1].message


def test_at_rest_a_state_comes_every_thirty_seconds_and_health_every_minute() -> None:
    shown = Shown(Rig())
    shown.run(10.0)
    before, healthy = len(shown.states), len(shown.health)
    assert healthy == 1
    shown.run(120.0)
    assert len(shown.states) - before == 4
    assert len(shown.health) - healthy == 2
    last = shown.health[-1]
    assert last.step_max_ms == last.loop_step.max_ms == 1.0
    assert last.loop_step.count == last.steps
    assert last.loop_jitter.count == last.steps - 1, "each step has its telemetry, and the first one no period"


def test_home_assistant_hears_of_presets_and_people_as_they_change_and_again_when_it_is_born() -> None:
    shown = Shown(Rig())
    assert [(len(presets.presets), people) for presets, people in shown.discovered] == [(6, [])]
    shown.run(1.0)
    assert len(shown.discovered) == 1, "not with every step"
    ana = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0)
    assert shown.rig.wish(Verb.PEOPLE_SAVE, body=Save(ana, None, None)).accepted
    shown.run(0.25)
    assert shown.discovered[-1][1] == ["ana"]
    body = draft({"preset": "calm", "title": "Calm", "purpose": "Rest.", "rate_dps": 1.0,
                  "steps": [{"angle_deg": 8.0, "hold_s": 60.0}]})  # fmt: skip
    assert shown.rig.wish(Verb.PRESETS_SAVE, body=body).accepted
    shown.run(0.25)
    assert [preset.id for preset in shown.discovered[-1][0].presets][-1] == "calm"
    assert len(shown.discovered) == 3
    shown.reporter.repeat()
    shown.run(0.25)
    assert len(shown.discovered) == 4


def test_what_home_assistant_was_told_to_forget_is_not_told_again() -> None:
    shown = Shown(Rig())
    shown.reporter.step(NOTHING._replace(requests=[Undiscover()]), 0.0, 0.001, 1.8e9)
    assert shown.discovered[1:] == [None]
    shown.reporter.repeat()
    ana = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0)
    assert shown.rig.wish(Verb.PEOPLE_SAVE, body=Save(ana, None, None)).accepted
    shown.run(1.0)
    assert shown.discovered[1:] == [None]


def test_discovery_remove_asks_for_it_and_moves_nothing() -> None:
    rig = Rig()
    answer = rig.wish(Verb.DISCOVERY_REMOVE)
    assert (answer.accepted, answer.moving) == (True, False)
    assert answer.message == "Home Assistant forgets this table, until the controller starts again."
    assert rig.requests.count(Undiscover()) == 1
    assert rig.wish(Verb.DISCOVERY_REMOVE, retained=True).reason is Reason.RETAINED
