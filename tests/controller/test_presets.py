"""The presets against the figures of the domain, restated here, and the errors of a file that is wrong."""

from array import array
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, pairwise

import pytest

from controller.motion import Swing, above
from controller.presets import Leg, Preset, PresetError, Step, bundled, parse, programme, programme_week

EVERY = [*bundled().values(), *programme()[1:]]
BY_NAME = pytest.mark.parametrize("preset", EVERY, ids=[p.title for p in EVERY])
SAMPLE_S = 0.01


def ramp_s(distance_deg: float, rate_dps: float) -> float:
    """A ramp at 0.8 °/s² and 1.6 °/s³ that is long enough to cruise."""
    return distance_deg / rate_dps + rate_dps / 0.8 + 0.8 / 1.6


TO_LEVEL_S = ramp_s(80, 1.5) + 15


@lru_cache(maxsize=16)
def walk(preset: Preset) -> tuple[array, array]:
    """Angle and rate of the whole preset, every 10 ms from standing to the end, across the joins."""
    legs = preset.legs()
    starts = [0.0, *accumulate(leg.duration_s for leg in legs)]
    found_deg, found_dps = array("d"), array("d")
    for i in range(int(starts[-1] / SAMPLE_S) + 2):
        at_s = i * SAMPLE_S
        leg = min(bisect_right(starts, at_s), len(legs)) - 1
        target = legs[leg].at(at_s - starts[leg])
        found_deg.append(target.angle_deg)
        found_dps.append(target.rate_dps)
    return found_deg, found_dps


# What there is


def test_the_six_bundled_presets():
    assert list(bundled()) == ["gentle", "back", "circulation", "balance", "recovery", "programme"]
    assert all(preset.id == key for key, preset in bundled().items())
    assert bundled() is bundled()
    with pytest.raises(TypeError):
        bundled()["gentle"] = bundled()["back"]


@BY_NAME
def test_every_preset_says_what_it_is_for_in_one_sentence_and_on_what_basis(preset):
    assert preset.title
    assert preset.purpose.endswith(".")
    assert preset.purpose.count(".") == 1
    assert len(preset.basis) > 20


PATTERNS = {
    # angle, hold, swing, period
    "gentle": (1, 1, [(8, 240, 0, 0)]),
    "back": (2, 3, [(30, 180, 0, 0), (0, 120, 0, 0)]),
    "circulation": (1.5, 4, [(12, 120, 0, 0), (-15, 60, 0, 0)]),
    "balance": (1, 1, [(0, 240, 6, 40)]),
    "recovery": (1.5, 4, [(15, 60, 7, 20), (0, 60, 0, 0)]),
    "programme": (1.5, 1, [(15, 60, 0, 0)]),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_the_pattern_of_every_preset(name):
    rate, repeat, pattern = PATTERNS[name]
    first, *steps, last = bundled()[name].steps
    assert first == Step("to level", 0, 15, 1.5)
    assert last == Step("back to level", 0, 0, rate)
    assert [(s.angle_deg, s.hold_s, s.swing_deg, s.period_s) for s in steps] == pattern * repeat
    assert {s.rate_dps for s in steps} == {rate}


@pytest.mark.parametrize(
    ("week", "angle", "repeat", "hold_s"),
    [(1, 15, 1, 60), (2, 20, 2, 60), (3, 25, 2, 120), (4, 30, 2, 120), (5, 30, 3, 120), (6, 30, 3, 180)],
)
def test_the_weeks_of_the_programme(week, angle, repeat, hold_s):
    preset = programme_week(week)
    assert preset.id == "programme"
    assert preset.title.endswith(f"week {week}")
    assert preset.largest_angle_deg == angle
    pattern = [(s.angle_deg, s.hold_s, s.rate_dps) for s in preset.steps[1:-1]]
    assert pattern == ([(angle, hold_s, 1.5), (0, 180, 1.5)] * repeat)[:-1]
    inversions, rests = repeat * (2 * ramp_s(angle, 1.5) + hold_s), (repeat - 1) * 180
    assert preset.duration_s() == pytest.approx(TO_LEVEL_S + inversions + rests, abs=1e-6)
    assert 2.5 * 60 < preset.duration_s() < 18.5 * 60


@pytest.mark.parametrize("week", [0, -1, 7])
def test_there_are_six_weeks(week):
    assert len(programme()) == 6
    assert bundled()["programme"] == programme_week(1)
    with pytest.raises(ValueError, match=f"weeks 1 to 6, not {week}"):
        programme_week(week)


# Labels


def test_labels_are_what_a_person_reads():
    labels = {name: [step.label for step in preset.steps] for name, preset in bundled().items()}
    assert labels["gentle"] == ["to level", "8° for 4 min", "back to level"]
    assert labels["back"][:4] == [
        "to level",
        "30° for 3 min (1 of 3)",
        "rest at 0° for 2 min (1 of 3)",
        "30° for 3 min (2 of 3)",
    ]
    assert labels["circulation"][1:3] == ["12° for 2 min (1 of 4)", "−15° for 1 min (1 of 4)"]
    assert labels["balance"] == ["to level", "swing 0° ± 6° for 4 min", "back to level"]
    assert labels["recovery"][-3:] == [
        "swing 15° ± 7° for 1 min (4 of 4)",
        "rest at 0° for 1 min (4 of 4)",
        "back to level",
    ]


@pytest.mark.parametrize(
    ("hold_s", "words"), [("60", "1 min"), ("45", "45 s"), ("90", "1 min 30 s"), ("2.5", "2.5 s"), ("1200", "20 min")]
)
def test_times_are_told_in_minutes_and_seconds(hold_s, words):
    text = table(f"{{ angle_deg = 7.5, hold_s = {hold_s} }}", repeat="1")
    assert parse(text, "mine.toml")["mine"].steps[1].label == f"7.5° for {words}"


# Times


@pytest.mark.parametrize(
    ("name", "minutes", "pattern_s"),
    [
        ("gentle", 5.4, 2 * ramp_s(8, 1) + 240),
        ("back", 17.6, 3 * (2 * ramp_s(30, 2) + 180 + 120)),
        ("circulation", 15.5, ramp_s(12, 1.5) + 7 * ramp_s(27, 1.5) + ramp_s(15, 1.5) + 4 * (120 + 60)),
        ("balance", 5.1, 240),
        ("recovery", 10.5, 4 * (2 * ramp_s(15, 1.5) + 60 + 60)),
    ],
)
def test_durations_are_those_of_the_domain_and_the_jerk_limited_ramps(name, minutes, pattern_s):
    preset = bundled()[name]
    assert preset.duration_s() == pytest.approx(TO_LEVEL_S + pattern_s, abs=1e-6)
    assert preset.duration_s(0.0) == pytest.approx(15 + pattern_s, abs=1e-6)
    # The domain counts ramps without their acceleration: each takes rate / 0.8 + 0.5 s longer, half a minute in all.
    assert -0.05 <= preset.duration_s() / 60 - minutes <= 0.5


@BY_NAME
def test_the_duration_is_that_of_the_legs(preset):
    legs = preset.legs(-40.0)
    assert preset.duration_s(-40.0) == sum(leg.duration_s for leg in legs)
    assert len(legs) == len(preset.steps)
    assert legs[0].start_deg == -40
    assert [leg.start_deg for leg in legs[1:]] == [step.angle_deg for step in preset.steps[:-1]]
    assert [leg.label for leg in legs] == [step.label for step in preset.steps]


# Motion


@BY_NAME
def test_the_whole_preset_is_smooth_and_within_the_limits_across_its_joins(preset):
    angles, rates = walk(preset)
    assert (angles[0], rates[0]) == (-80, 0)
    assert (angles[-1], rates[-1]) == (0, 0)
    assert max(angles) <= 30
    assert min(angles) == -80
    assert min(angles[int(TO_LEVEL_S / SAMPLE_S) :]) >= -15
    assert max(angles) == pytest.approx(preset.largest_angle_deg, abs=1e-3)
    assert max(map(abs, rates)) <= 3
    accelerations = array("d", [(b - a) / SAMPLE_S for a, b in pairwise(rates)])
    assert max(map(abs, accelerations)) <= 0.8 + 1e-6  # the limit is 1 °/s²
    assert max(abs(b - a) / SAMPLE_S for a, b in pairwise(accelerations)) <= 1.6 + 1e-6  # 2
    travel = (abs((b - a) / SAMPLE_S - r) for a, b, r in zip(angles, angles[1:], rates, strict=False))
    assert max(travel) <= 0.8 * SAMPLE_S / 2 + 1e-6


@pytest.mark.parametrize(
    ("name", "peak"), [("gentle", 1), ("back", 2), ("circulation", 1.5), ("balance", 0.942), ("recovery", 2.199)]
)
def test_peak_rates_of_the_pattern(name, peak):
    rates = walk(bundled()[name])[1][int(TO_LEVEL_S / SAMPLE_S) :]
    assert max(rates) == pytest.approx(peak, abs=1e-3)


def test_every_kind_of_leg_is_smooth_at_one_millisecond():
    different = {(leg.step.angle_deg, leg.start_deg, leg.step.swing_deg): leg for p in EVERY for leg in p.legs()}
    assert len(different) > 12
    for leg in different.values():
        moving_s = leg.duration_s if leg.step.swing_deg else leg.reached_s
        rates = [leg.at(i / 1000).rate_dps for i in range(-3, int(moving_s * 1000) + 5)]
        accelerations = [(b - a) * 1000 for a, b in pairwise(rates)]
        assert max(map(abs, accelerations)) <= 0.8 + 1e-6
        assert max(abs(b - a) * 1000 for a, b in pairwise(accelerations)) <= 1.6 + 1e-6


def test_a_leg_goes_from_wherever_the_table_is_and_then_stays():
    leg = Leg(Step("there", 10, 30, 1), -2.5)
    assert leg.at(-1) == leg.at(0)
    assert (leg.at(0).angle_deg, leg.at(0).rate_dps) == (-2.5, 0)
    assert leg.reached_s == pytest.approx(ramp_s(12.5, 1))
    assert leg.duration_s == pytest.approx(ramp_s(12.5, 1) + 30)
    assert leg.at(leg.reached_s / 2).rate_dps == pytest.approx(1)
    assert leg.at(leg.reached_s).angle_deg == leg.at(leg.duration_s).angle_deg == leg.at(1e9).angle_deg == 10
    already = Leg(Step("here", 10, 30, 1), 10)
    assert already.duration_s == 30
    assert already.at(0).angle_deg == 10


# Head-down time


@pytest.mark.parametrize("periods", [1, 2, 3, 7])
@pytest.mark.parametrize(
    ("angle", "swing"), [(5, 0.5), (4.3, 1), (0, 6), (0, 7.1), (8, 3.5), (15, 10.2), (9, 12), (5, 9)]
)
def test_the_head_down_time_of_a_swing_around_5_degrees(angle, swing, periods):
    """A ramp that comes from either side, then every crossing, those of the first and the last half period, too."""
    step = Step("rock", angle, 40.0 * periods, 2, swing, 40.0)
    for start_deg in (-10.0, 20.0):
        leg = Leg(step, start_deg)
        above_s = sum(leg.at(number * 0.005).angle_deg > 5 for number in range(int(leg.duration_s / 0.005))) * 0.005
        found = list(above(leg, 5, leg.turns_s))
        assert sum(end_s - start_s for start_s, end_s in found) == pytest.approx(above_s, abs=0.02 * (periods + 1))


def test_a_swing_goes_one_way_from_turn_to_turn():
    for periods in (1, 2, 5):
        swing = Swing(3.0, 4.0, 10.0, 10.0 * periods)
        turns = [0.0, *swing.turns_s, 10.0 * periods]
        assert len(turns) == 2 * periods + 2
        for number, (start_s, end_s) in enumerate(pairwise(turns)):
            inside = [swing.at(start_s + (end_s - start_s) * part / 50).rate_dps for part in range(1, 50)]
            assert all(rate > 0 for rate in inside) if number % 2 == 0 else all(rate < 0 for rate in inside)


@BY_NAME
def test_head_down_time_and_episodes_are_those_of_the_motion(preset):
    """Counted sample by sample: above 5° it runs, 60 s at or below end the episode, the largest angle rules it."""
    episodes: list[list[float]] = []
    below_s = 60.0
    for angle in walk(preset)[0]:
        if angle <= 5:
            below_s += SAMPLE_S
            continue
        if below_s >= 60:
            episodes.append([0.0, 0.0])
        below_s = 0.0
        episodes[-1] = [max(episodes[-1][0], angle), episodes[-1][1] + SAMPLE_S]
    assert len(preset.episodes()) == len(episodes)
    for found, (angle, head_down_s) in zip(preset.episodes(), episodes, strict=True):
        assert found.angle_deg == pytest.approx(angle, abs=1e-3)
        assert found.head_down_s == pytest.approx(head_down_s, abs=0.1)
    assert preset.head_down_s() == pytest.approx(sum(e[1] for e in episodes), abs=0.1)
    assert preset.head_down_s() == pytest.approx(sum(e.head_down_s for e in preset.episodes()))


@BY_NAME
def test_every_preset_is_within_the_limits_of_head_down_time(preset):
    for angle, head_down_s in preset.episodes():
        limit_s = 600 if angle <= 15 else 300 if angle <= 30 else 180 if angle <= 45 else 120
        assert angle <= 60
        assert head_down_s <= limit_s
    assert preset.head_down_s() <= 15 * 60


@pytest.mark.parametrize(
    ("name", "episodes", "head_down_s"),
    [
        ("gentle", [8], 247.75),
        ("back", [30] * 3, 624.0),
        ("circulation", [12] * 4, 526.8),
        ("balance", [6], 37.3),
        ("recovery", [22] * 4, 302.8),
        ("programme", [15], 75.7),
    ],
)
def test_the_episodes_of_each_preset(name, episodes, head_down_s):
    assert [episode.angle_deg for episode in bundled()[name].episodes()] == episodes
    assert bundled()[name].head_down_s() == pytest.approx(head_down_s, abs=0.1)


def made(*steps: tuple[float, float]) -> Preset:
    return Preset("x", "x", "x", "x", tuple(Step("x", angle, hold_s, 3) for angle, hold_s in steps))


def test_an_episode_ends_after_60_s_at_or_below_5_degrees():
    assert len(made((0, 0), (20, 30), (5, 60.1), (10, 30), (0, 0)).episodes()) == 2
    assert len(made((0, 0), (20, 30), (5, 59.9), (10, 30), (0, 0)).episodes()) == 1
    assert len(made((0, 0), (20, 30), (0, 56), (10, 30), (0, 0)).episodes()) == 2, "the ways from and to 5° count"
    assert len(made((0, 0), (20, 30), (5.01, 70), (10, 30), (0, 0)).episodes()) == 1


def test_the_strictest_angle_of_an_episode_counts_for_all_of_it():
    (episode,) = made((0, 0), (10, 200), (31, 10), (0, 30), (10, 60), (0, 0)).episodes()
    assert episode.angle_deg == 31
    assert 270 < episode.head_down_s < 310
    assert made((0, 10), (5, 100), (0, 0)).episodes() == ()
    assert made((0, 10), (5, 100), (0, 0)).head_down_s() == 0


# Files that are wrong


def table(steps: str, **changes: str) -> str:
    keys = {"title": '"Mine"', "purpose": '"For me."', "basis": '"None."', "rate_dps": "1", "repeat": "2"} | changes
    return "\n".join(["[mine]", *(f"{key} = {value}" for key, value in keys.items() if value), f"steps = [{steps}]"])


GOOD = "{ angle_deg = 10, hold_s = 60 }"


def test_a_file_of_ones_own():
    preset = parse(table(GOOD), "mine.toml")["mine"]
    assert (preset.id, preset.title, preset.purpose, preset.basis) == ("mine", "Mine", "For me.", "None.")
    assert preset.steps[1:-1] == (
        Step("10° for 1 min (1 of 2)", 10, 60, 1),
        Step("10° for 1 min (2 of 2)", 10, 60, 1),
    )
    assert parse("", "mine.toml") == {}
    swing = "{ angle_deg = 0, hold_s = 40, swing_deg = 6, period_s = 40 }"
    assert parse(table(swing), "mine.toml")["mine"].largest_angle_deg == 6
    assert parse(table("{ angle_deg = 60, hold_s = 1 }, { angle_deg = -30, hold_s = 1200 }", rate_dps="3"), "mine.toml")


@pytest.mark.parametrize(
    ("steps", "step", "key"),
    [
        (f"{GOOD}, {{ angle_deg = 60.1, hold_s = 60 }}", 2, "angle_deg"),
        ("{ angle_deg = -30.1, hold_s = 60 }", 1, "angle_deg"),
        ("{ angle_deg = nan, hold_s = 60 }", 1, "angle_deg"),
        ("{ angle_deg = true, hold_s = 60 }", 1, "angle_deg"),
        ("{ hold_s = 60 }", 1, "angle_deg"),
        (f"{GOOD}, {GOOD}, {{ angle_deg = 10 }}", 3, "hold_s"),
        ('{ angle_deg = 10, hold_s = "60" }', 1, "hold_s"),
        ("{ angle_deg = 10, hold_s = 0 }", 1, "hold_s"),
        ("{ angle_deg = 10, hold_s = 1201 }", 1, "hold_s"),
        ("{ angle_deg = 10, hold_s = inf }", 1, "hold_s"),
        ("{ angle_deg = 10, hold_s = 60, hold = 3 }", 1, "hold"),
        ("{ angle_deg = 55, hold_s = 60, swing_deg = 6, period_s = 30 }", 1, "swing_deg"),
        ("{ angle_deg = -25, hold_s = 60, swing_deg = 6, period_s = 30 }", 1, "swing_deg"),
        ("{ angle_deg = 10, hold_s = 60, swing_deg = -1, period_s = 30 }", 1, "swing_deg"),
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 6 }", 1, "period_s"),
        ("{ angle_deg = 10, hold_s = 60, period_s = 20 }", 1, "period_s"),
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 6, period_s = 25 }", 1, "period_s"),
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 14, period_s = 30 }", 1, None),  # 2.9 °/s: within
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 15, period_s = 30 }", 1, "period_s"),  # 3.1 °/s
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 9, period_s = 20 }", 1, None),  # 0.99 °/s²: within
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 9.2, period_s = 20 }", 1, "period_s"),  # 1.01 °/s²
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 0.6, period_s = 6 }", 1, "period_s"),  # 2.2 °/s³
        ("{ angle_deg = 10, hold_s = 60, swing_deg = 1, period_s = 1e-300 }", 1, "period_s"),
        ("3", 1, "steps"),
        ("", None, "steps"),
        (", ".join([GOOD] * 21), None, "steps"),
    ],
)
def test_a_wrong_step_is_named_by_file_preset_step_and_key(steps, step, key):
    if key is None:
        assert parse(table(steps), "mine.toml")
        return
    with pytest.raises(PresetError) as wrong:
        parse(table(steps), "mine.toml")
    assert (wrong.value.file, wrong.value.preset, wrong.value.step, wrong.value.key) == ("mine.toml", "mine", step, key)
    place = f"mine.toml, preset mine, step {step}, {key}: " if step else f"mine.toml, preset mine, {key}: "
    assert str(wrong.value).startswith(place)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *[("title", ""), ("purpose", ""), ("basis", ""), ("rate_dps", "")],
        *[("title", '""'), ("title", '"' + "x" * 61 + '"'), ("purpose", '"' + "x" * 201 + '"'), ("basis", "3")],
        *[("rate_dps", "3.1"), ("rate_dps", "0"), ("rate_dps", "-1"), ("rate_dps", "nan")],
        *[("repeat", "0"), ("repeat", "21"), ("repeat", "1.5"), ("repeats", "3")],
    ],
)
def test_a_wrong_key_of_the_preset_is_named(key, value):
    with pytest.raises(PresetError, match=f"^mine.toml, preset mine, {key}: ") as wrong:
        parse(table(GOOD, **{key: value}), "mine.toml")
    assert (wrong.value.step, wrong.value.key) == (None, key)


STEP = "mine.toml, preset mine, step 1, "
MISTAKES = [
    ("{ angle_deg = 75, hold_s = 60 }", "angle_deg: 75 is too much; write degrees from −30 to 60, the hard limits"),
    ("{ angle_deg = -31, hold_s = 60 }", "angle_deg: -31 is too little; write degrees from −30 to 60, the hard limits"),
    ("{ angle_deg = nan, hold_s = 60 }", "angle_deg: nan can't be used; write degrees from −30 to 60, the hard limits"),
    ("{ angle_deg = true, hold_s = 60 }",
     "angle_deg: true can't be used; write degrees from −30 to 60, the hard limits"),
    ('{ angle_deg = "8", hold_s = 60 }',
     'angle_deg: "8" can\'t be used; write degrees from −30 to 60, the hard limits, without quotes'),
    ('{ angle_deg = "now", hold_s = 60 }',
     'angle_deg: "now" can\'t be used; write degrees from −30 to 60, the hard limits, without quotes'),
    ("{ angle_deg = 7 }", "hold_s: is missing; write hold_s = 60"),
    ("{ hold_s = 7 }", "angle_deg: is missing; write angle_deg = 8"),
    ("{ angle_deg = 7, hold_s = 0 }", "hold_s: 0 is too little; write seconds from 1 to 1200, such as 60"),
    ("{ angle_deg = 7, hold_s = 1201 }", "hold_s: 1201 is too much; write seconds from 1 to 1200, such as 60"),
    ("{ angle_deg = 7, hold = 60, hold_s = 60 }", "hold: is not a known key; did you mean hold_s?"),
    ("{ angle_deg = 7, hold_s = 60, xyzzy = 1 }",
     "xyzzy: is not a known key; known are angle_deg, hold_s, swing_deg, period_s, rate_dps, rest_s"),
    ("{ angle_deg = 7, hold_s = 60, rate_dps = 3.5 }",
     "rate_dps: 3.5 is too much; write degrees a second from 0.1 to 3, the hard limit"),
    ("{ rest_s = 60, angle_deg = 7 }",
     "angle_deg: does not go with rest_s, which is a rest at level; leave one of them out"),
    ("{ rest_s = 0.5 }", "rest_s: 0.5 is too little; write seconds from 1 to 1200, such as 60"),
    ("{ angle_deg = 55, hold_s = 60, swing_deg = 6, period_s = 30 }",
     "swing_deg: 6 swings beyond −30 to 60°, the hard limit; around 55° write at most 5"),
    ("{ angle_deg = -28, hold_s = 60, swing_deg = 6, period_s = 30 }",
     "swing_deg: 6 swings beyond −30 to 60°, the hard limit; around -28° write at most 2"),
    ("{ angle_deg = 8, hold_s = 60, swing_deg = 0.2, period_s = 30 }",
     "swing_deg: 0.2 is less than anybody feels; write at least 0.5, or leave it out to hold the angle"),
    ("{ angle_deg = 8, hold_s = 60, swing_deg = 6 }",
     "period_s: is needed with swing_deg; write the seconds of one swing, such as period_s = 40"),
    ("{ angle_deg = 8, hold_s = 60, period_s = 20 }",
     "period_s: 20 needs swing_deg with it, such as swing_deg = 6"),
    ("{ angle_deg = 0, hold_s = 60, swing_deg = 6, period_s = 25 }",
     "period_s: 25 does not go into hold_s a whole number of times; with it write hold_s = 50"),
    ("{ angle_deg = 0, hold_s = 60, swing_deg = 10, period_s = 20 }",
     "period_s: 20 makes the swing too fast for 3 °/s, 1 °/s², 2 °/s³; swing less far, or slower"),
    (f"{{ angle_deg = 0x{'f' * 5000}, hold_s = 60 }}",
     "angle_deg: a huge number can't be used; write degrees from −30 to 60, the hard limits"),
    ("3", "steps: 3 is not a table; write [{ angle_deg = 8, hold_s = 60 }]"),
]  # fmt: skip


@pytest.mark.parametrize(("steps", "message"), MISTAKES)
def test_a_mistake_in_a_step_is_told_with_what_to_write_instead(steps, message):
    with pytest.raises(PresetError) as wrong:
        parse(table(steps, repeat="1"), "mine.toml")
    assert str(wrong.value) == STEP + message


OF_THE_PRESET = [
    ({"title": ""}, 'title: is missing; write title = "Calm"'),
    ({"title": '""'}, 'title: "" is empty; write 1 to 60 letters in quotes, such as "Calm"'),
    ({"title": f'"{"x" * 61}"'},
     f'title: "{"x" * 39}… is too long; write 1 to 60 letters in quotes, such as "Calm"'),
    ({"title": "7"}, 'title: 7 can\'t be used; write 1 to 60 letters in quotes, such as "Calm"'),
    ({"title": '"a\\u202eb"'},
     'title: "a�b" has line breaks or other control characters; write it in one line'),
    ({"purpose": ""}, 'purpose: is missing; write purpose = "Rest with the feet up."'),
    ({"basis": ""}, 'basis: is missing; write basis = "My own choice."'),
    ({"rate_dps": ""}, "rate_dps: is missing; write rate_dps = 1"),
    ({"rate_dps": "4"}, "rate_dps: 4 is too much; write degrees a second from 0.1 to 3, the hard limit"),
    ({"repeat": "0"}, "repeat: 0 is too little; write a whole number from 1 to 20"),
    ({"repeat": "1.5"}, "repeat: 1.5 can't be used; write a whole number from 1 to 20"),
    ({"pause_s": "9"},
     "pause_s: is not a known key; known are title, purpose, basis, rate_dps, repeat, steps"),
    ({"rate": "2"}, "rate: is not a known key; did you mean rate_dps?"),
    ({"repeat": "13", "steps": 2}, "steps: makes 26 steps with repeat = 13; at most 24 are kept"),
    ({"repeat": "4", "steps": "{ rest_s = 1000 }"}, "steps: holds and rests for 67 min in all; at most 60 min"),
    ({"steps": ""}, "steps: is empty; write a list of 1 to 20 steps, such as [{ angle_deg = 8, hold_s = 60 }]"),
    ({"steps": 21}, "steps: has too many; write a list of 1 to 20 steps, such as [{ angle_deg = 8, hold_s = 60 }]"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "message"), OF_THE_PRESET)
def test_a_mistake_in_a_preset_is_told_with_what_to_write_instead(known, message):
    steps = known.get("steps", GOOD)
    keys = {key: value for key, value in known.items() if key != "steps"}
    with pytest.raises(PresetError) as wrong:
        parse(table(", ".join([GOOD] * steps) if isinstance(steps, int) else steps, **keys), "mine.toml")
    assert str(wrong.value) == "mine.toml, preset mine, " + message


def test_every_mistake_of_a_file_is_found_at_once():
    text = table("{ angle_deg = 75, hold_s = 0 }, { rest_s = 60, rate_dps = 9 }", title='""')
    with pytest.raises(PresetError) as wrong:
        parse(text, "mine.toml")
    assert [(error.step, error.key) for error in wrong.value.all] == [
        (None, "title"), (1, "angle_deg"), (1, "hold_s"), (2, "rate_dps"),
    ]  # fmt: skip


def test_a_rest_is_a_hold_at_level_and_a_step_may_have_its_own_rate():
    steps = parse(table("{ angle_deg = 10, hold_s = 60, rate_dps = 2 }, { rest_s = 90 }", repeat="1"), "f")[
        "mine"
    ].steps
    assert steps[1:3] == (Step("10° for 1 min", 10, 60, 2), Step("rest at 0° for 1 min 30 s", 0, 90, 1))


@pytest.mark.parametrize("preset_id", ["Mine", "my preset", "", "x" * 33, "rücken", "mine\\n"])
def test_an_id_is_a_topic_level(preset_id):
    text = table(GOOD).replace("[mine]", f'["{preset_id}"]')
    with pytest.raises(PresetError, match="the id is not 1 to 32 of a-z, 0-9, - and _"):
        parse(text, "mine.toml")


def test_what_is_no_preset_and_what_is_no_toml():
    with pytest.raises(
        PresetError,
        match=r"^mine.toml, preset x: 3 is not a table; write \[calm\] on a line of its own, and its keys below it$",
    ):
        parse("x = 3", "mine.toml")
    with pytest.raises(PresetError, match=r"^mine.toml: is not valid TOML: .*line 2") as wrong:
        parse("[mine]\nsteps = [}]", "mine.toml")
    assert (wrong.value.preset, wrong.value.step, wrong.value.key) == (None, None, None)
    with pytest.raises(PresetError, match="is not valid TOML"):
        parse(table(GOOD) + "\n[mine]\n", "mine.toml")
