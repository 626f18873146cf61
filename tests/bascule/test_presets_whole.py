"""Every bundled preset, whole, in virtual time: it goes where it says, when it says, and nothing that is watched fails.

One run a preset, with all that is true of it recorded, serves all checks. The weeks of the programme differ from each
other in figures only; the first runs here, the others are judged as plans.
"""

from bisect import bisect
from dataclasses import dataclass

import pytest

from bascule.campaign_rig import Rig
from bascule.campaign_trace import Trace
from bascule.monitors import MONITORS
from controller.document import state_document
from controller.model import State, Verb
from controller.player import Player
from controller.presets import Leg, Preset, bundled, programme

OFF_DEG = 0.5
OFF_S = 1.0
ETA_OFF_S = 2.0
SETTLED_S = 1.0
"""How late the drive may be."""
LOOK_S = 1.0
"""How often somebody looks at the remaining time."""


@dataclass(frozen=True, slots=True)
class Played:
    """A run: what was true, what was told at which moment, when it began and ended, in seconds."""

    preset: Preset
    rig: Rig
    trace: Trace
    told: list[tuple[float, float, float]]  # when, remaining_s, progress
    began_s: float
    ended_s: float

    def at(self, moment_s: float) -> float:
        """Where the bed was, so long after the beginning."""
        samples = self.trace.samples
        number = bisect(samples, self.began_s + moment_s, key=lambda one: one.now_s)
        return samples[min(number, len(samples) - 1)].bed_deg


def played(name: str) -> Played:
    """From standing, armed and started by a person, to the end at level and a second longer."""
    preset = bundled()[name]
    rig = Rig(len(name), -80.0)
    rig.run(1.0)
    trace = rig.record = Trace()
    rig.press(Verb.ARM)
    rig.run(1.3)
    rig.press(Verb.START, preset=name)
    rig.run(5.0, lambda: rig.state is State.RUNNING)
    began_s, told = rig.now_s, []
    while rig.state is State.RUNNING and rig.now_s - began_s < preset.duration_s() + 60.0:
        session = state_document(rig.core, 1, 1.0, 1.8e9).session
        assert session is not None
        told.append((rig.now_s, session.remaining_s, session.progress))
        rig.run(LOOK_S, lambda: rig.state is not State.RUNNING)
    ended_s = rig.now_s
    rig.run(1.0)
    trace.charged_s, trace.exposed_s = rig.account.head_down_today_s("guest", rig.ledger_s), rig.exposed_s
    return Played(preset, rig, trace, told, began_s, ended_s)


@pytest.fixture(scope="module", params=list(bundled()))
def run(request: pytest.FixtureRequest) -> Played:
    return played(str(request.param))


def legs(preset: Preset) -> list[tuple[float, Leg]]:
    """Each leg with the moment at which it begins."""
    found, at_s = [], 0.0
    for leg in preset.legs():
        found.append((at_s, leg))
        at_s += leg.duration_s
    return found


def stays(preset: Preset) -> list[tuple[str, float, float, float]]:
    """What the preset holds, or swings around, restated from its own pattern: label, angle, first and last second.

    The first is when the angle is reached, at most `OFF_S` late.
    """
    return [
        (leg.label, leg.step.angle_deg, at_s + leg.reached_s, at_s + leg.duration_s)
        for at_s, leg in legs(preset)
        if leg.step.hold_s
    ]


def test_it_ends_at_level_when_it_said_it_would(run: Played) -> None:
    assert run.rig.state is State.LEVEL
    assert run.ended_s - run.began_s == pytest.approx(run.preset.duration_s(), abs=OFF_S)
    assert abs(run.rig.angle_deg) <= OFF_DEG
    said = [mark.what for mark in run.trace.marks if mark.what.startswith("event session_ended")]
    assert len(said) == 1
    assert said[0].endswith(" is done.")
    assert not [mark.what for mark in run.trace.marks if mark.what.startswith(("event fault", "event limit"))]


def test_every_hold_is_held_and_every_swing_swings(run: Played) -> None:
    """±0.5° from the first second to the last, but for the second that the drive may be late."""
    for (label, angle_deg, from_s, to_s), (at_s, leg) in zip(
        stays(run.preset), [one for one in legs(run.preset) if one[1].step.hold_s], strict=True
    ):
        moment_s = from_s + SETTLED_S
        while moment_s < to_s:
            meant_deg = leg.at(moment_s - at_s).angle_deg
            assert run.at(moment_s) == pytest.approx(meant_deg, abs=OFF_DEG), (label, moment_s - from_s)
            if not leg.step.swing_deg:
                assert run.at(moment_s) == pytest.approx(angle_deg, abs=OFF_DEG), (label, moment_s - from_s)
            moment_s += 0.25


def test_every_angle_comes_within_a_second_of_its_time(run: Played) -> None:
    """Also on the ramps: at some moment of the two seconds around it the bed is where the plan wants it."""
    for at_s, leg in legs(run.preset):
        for moment_s in (leg.reached_s * part / 8 for part in range(9)):
            meant_deg = leg.at(moment_s).angle_deg
            near = [run.at(at_s + moment_s + off_s) for off_s in (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)]
            assert min(near) - OFF_DEG <= meant_deg <= max(near) + OFF_DEG, (leg.label, moment_s)


def test_the_swing_goes_as_far_as_it_says(run: Played) -> None:
    for at_s, leg in legs(run.preset):
        if leg.step.swing_deg:
            samples = [run.at(at_s + leg.reached_s + n * 0.1) for n in range(round(leg.step.hold_s / 0.1))]
            assert max(samples) == pytest.approx(leg.step.angle_deg + leg.step.swing_deg, abs=OFF_DEG)
            assert min(samples) == pytest.approx(leg.step.angle_deg - leg.step.swing_deg, abs=OFF_DEG)


def test_the_remaining_time_is_right_from_the_first_second_to_the_last(run: Played) -> None:
    assert len(run.told) >= run.preset.duration_s() - 1, "it was looked at all the time"
    for now_s, remaining_s, progress in run.told:
        left_s = run.ended_s - now_s
        assert remaining_s == pytest.approx(left_s, abs=ETA_OFF_S), now_s - run.began_s
        whole_s = run.ended_s - run.began_s
        assert progress == pytest.approx(1.0 - left_s / whole_s, abs=ETA_OFF_S / whole_s + 0.001)


def test_the_head_down_time_is_what_the_preset_says_and_is_charged(run: Played) -> None:
    charged_s = run.trace.charged_s
    assert charged_s is not None
    assert charged_s == pytest.approx(run.preset.head_down_s(), abs=8.0)
    assert charged_s >= run.rig.table.memory.head_down_ms / 1000 - 1.0


def test_nothing_that_is_watched_fails(run: Played) -> None:
    broken = {one.name: one.robustness(run.trace) for one in MONITORS if not one.robustness(run.trace) >= 0.0}
    assert not broken


# ---- the weeks of the programme -------------------------------------------------------------------------------------

WEEKS = [(15, 1, 60, 0), (20, 2, 60, 180), (25, 2, 120, 180), (30, 2, 120, 180), (30, 3, 120, 180), (30, 3, 180, 180)]
"""Angle, how often, for how long, and the rest between (docs/domain.md)."""


@pytest.mark.parametrize("week", range(1, 7))
def test_a_week_of_the_programme_plays_as_declared(week: int) -> None:
    """As a plan: every hold and rest in its place, the remaining time right throughout."""
    angle_deg, repeat, hold_s, rest_s = WEEKS[week - 1]
    plan = programme()[week - 1]
    player, now_s = Player(plan.steps, -80.0), 0.0
    held: list[list[float]] = []  # angle, seconds
    while not player.finished:
        assert player.remaining_s == pytest.approx(plan.duration_s() - now_s, abs=0.1)
        target = player.advance(0.1)
        now_s += 0.1
        if target.rate_dps == 0.0:
            if held and held[-1][0] == target.angle_deg:
                held[-1][1] += 0.1
            else:
                held.append([target.angle_deg, 0.1])
        assert now_s < 2000.0
    pattern = [(0.0, 15.0)]
    for number in range(repeat):
        pattern += [(float(angle_deg), float(hold_s))] + ([(0.0, float(rest_s))] if number < repeat - 1 else [])
    assert len(held) - len(pattern) in (0, 1), "and at level at the end"
    for (was_deg, was_s), (meant_deg, meant_s) in zip(held, pattern, strict=False):
        assert was_deg == meant_deg
        assert was_s == pytest.approx(meant_s, abs=0.5)
    assert now_s == pytest.approx(plan.duration_s(), abs=0.2)


def test_h8_standing_up_comes_a_minute_after_the_head_was_down() -> None:
    """The programme's first week, with somebody who wants to stand up all the time."""
    whole = played("programme")
    rig, trace = whole.rig, whole.trace
    while rig.state is not State.STANDING and rig.now_s < whole.ended_s + 200.0:
        if rig.state is State.LEVEL:
            rig.press(Verb.STAND)
        rig.run(1.0)
    assert rig.state is State.STANDING
    (watched,) = (one for one in MONITORS if one.name == "pause_before_standing")
    assert 0.0 <= watched.robustness(trace) < 30.0
    assert {one.name for one in MONITORS if one.robustness(trace) < 0.0} == set()
