"""The file of own presets: what is read of it, what leaves it alone, and that no change loses anything."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.limits import DEFAULTS, Limits, combine
from controller.model import Limit, Reason, Target
from controller.own_presets import NONE, Own, OwnError, beyond, block, delete, parse, read, save
from controller.preset_file import Pattern, PresetError, patterns
from controller.presets import Leg, bundled

TAKEN = list(bundled())
FILE = """\
# Mine, all mine.

[calm]            # in the evening
title = "Calm"
purpose = "Rest."
basis = "My own choice."
rate_dps = 1
steps = [
    { angle_deg = 8, hold_s = 60 },  # not more
    { rest_s = 60 },
]

# After running.
[ "legs" ]
title = "Legs"
purpose = "Feet up."
basis = "My own choice."
rate_dps = 1.5
repeat = 2
steps = [{ angle_deg = 12, hold_s = 90, rate_dps = 2 }, { angle_deg = 3, swing_deg = 4, period_s = 20, hold_s = 60 }]
"""


def made(**known: object) -> Pattern:
    keys = {"title": "New", "purpose": "For a test.", "basis": "None.", "rate_dps": 1.0,
            "steps": [{"angle_deg": 10.0, "hold_s": 30.0}]}  # fmt: skip
    return patterns({"new": {**keys, **known}}, "f")["new"]


def whole() -> Own:
    own = read(FILE, "mine.toml", TAKEN)
    assert own.problem == ""
    return own


def test_the_file_is_read() -> None:
    own = whole()
    assert list(own.presets) == ["calm", "legs"]
    assert own.presets["legs"].largest_angle_deg == 12
    assert (read(None, "mine.toml", TAKEN).presets, read("", "mine.toml", TAKEN).problem) == ({}, "")


WRONG: list[tuple[str, str]] = [
    (FILE.replace("angle_deg = 8", "angle_deg = 80"),
     "mine.toml, preset calm, step 1, angle_deg: 80 is too much; write degrees from −30 to 60, the hard limits."),
    (FILE.replace("angle_deg = 8", "angle_deg = 80").replace("repeat = 2", "repeat = 0"),
     "mine.toml, preset calm, step 1, angle_deg: 80 is too much; write degrees from −30 to 60, the hard limits. "
     "There are 1 more problems."),
    (FILE.replace("hold_s = 60 },  #", "hold = 60 }, #"), "mine.toml, preset calm, step 1, hold_s: is missing"),
    (FILE.replace('[ "legs" ]', "[calm]"), "mine.toml: is not valid TOML: Cannot declare ('calm',) twice"),
    (FILE.replace("calm", "recovery"),
     "mine.toml, preset recovery: comes with Bascule and can't be replaced; choose another id."),
    (FILE + "[", "mine.toml: is not valid TOML: "),
    (FILE.replace("period_s = 20", "period_s = 5e-324"),
     "mine.toml, preset legs, step 2, period_s: 4.94066e-324 makes the swing too fast for 3 °/s, 1 °/s², 2 °/s³"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), WRONG)
def test_a_file_with_anything_wrong_is_left_alone_whole(text: str, problem: str) -> None:
    own = read(text, "mine.toml", TAKEN)
    assert own.problem.startswith(problem)
    assert (own.presets, own.patterns, own.text) == ({}, {}, text)
    changes: list[Callable[[], Own]] = [lambda: save(own, "new", made(), TAKEN), lambda: delete(own, "calm", TAKEN)]
    for change in changes:
        with pytest.raises(OwnError, match=r"^Nothing is saved over a file that can't be read: "):
            change()


def test_a_new_preset_comes_to_the_end_and_everything_else_stays_to_the_letter() -> None:
    own = save(whole(), "new", made(), TAKEN)
    assert own.text is not None
    assert own.text.startswith(FILE)
    assert list(own.presets) == ["calm", "legs", "new"]
    assert own.text[len(FILE) :] == "\n" + block("new", made())


def test_the_first_preset_makes_the_file() -> None:
    own = save(NONE, "new", made(), TAKEN)
    assert own.text == block("new", made())
    assert own.text.startswith('[new]\ntitle = "New"\n')


def test_a_replaced_preset_stays_in_its_place() -> None:
    own = save(whole(), "calm", made(), TAKEN)
    assert own.text is not None
    assert own.text.startswith("# Mine, all mine.\n\n[calm]\n")
    assert own.text.endswith(FILE[FILE.index("# After running.") :])
    assert "not more" not in own.text


def test_a_deleted_preset_takes_only_itself() -> None:
    own = delete(whole(), "calm", TAKEN)
    assert own.text == "# Mine, all mine.\n\n" + FILE[FILE.index("# After running.") :]
    own = delete(own, "legs", TAKEN)
    assert (own.text, own.presets) == ("# Mine, all mine.\n\n# After running.\n", {})


def test_lines_as_windows_ends_them_and_a_last_one_without_an_end() -> None:
    own = read(FILE.rstrip("\n").replace("\n", "\r\n"), "mine.toml", TAKEN)
    new = save(own, "new", made(), TAKEN)
    assert list(new.presets) == ["calm", "legs", "new"]
    assert list(delete(new, "calm", TAKEN).presets) == ["legs", "new"]


ODD = [
    'calm.title = "Calm"\ncalm.purpose = "R."\ncalm.basis = "B."\ncalm.rate_dps = 1\ncalm.steps = [{ rest_s = 60 }]\n',
    'calm = { title = "Calm", purpose = "R.", basis = "B.", rate_dps = 1, steps = [{ rest_s = 60 }] }\n',
    '[calm]\ntitle = """\\\n[legs]"""\npurpose = "R."\nbasis = "B."\nrate_dps = 1\nsteps = [{ rest_s = 60 }]\n',
    '[calm]\ntitle = "C"\npurpose = "R."\nbasis = "B."\nrate_dps = 1\n[[calm.steps]]\nrest_s = 60\n',
]
"""TOML that says the same in ways that we do not write."""


@pytest.mark.parametrize("text", ODD)
def test_what_can_not_be_changed_safely_is_not_changed(text: str) -> None:
    """Whatever is done, the other presets stay; and otherwise nothing is done."""
    own = read(text, "mine.toml", TAKEN)
    assert own.problem == ""
    told = []
    for change in (lambda: save(own, "calm", made(), TAKEN), lambda: delete(own, "calm", TAKEN)):
        try:
            changed = change()
        except OwnError as error:
            told.append(str(error))
        else:
            assert tomllib.loads(changed.text or "").keys() <= {"calm"}
    assert set(told) <= {"mine.toml is written in a way that can't be changed safely. Change it by hand."}


@pytest.mark.parametrize("preset", [*bundled(), "goto", "jog", "programme"])
def test_what_comes_with_bascule_is_never_replaced(preset: str) -> None:
    with pytest.raises(OwnError, match=f"^{preset} comes with Bascule and can't be replaced. Choose another id.$"):
        save(whole(), preset, made(), TAKEN)
    if preset in TAKEN:
        with pytest.raises(OwnError, match=f"^{preset} comes with Bascule and can't be deleted.$"):
            delete(whole(), preset, TAKEN)


def test_there_are_at_most_twelve() -> None:
    own = NONE
    for number in range(12):
        own = save(own, f"p{number}", made(), TAKEN)
    with pytest.raises(OwnError, match=r"^There are 12 own presets already. Delete one first.$"):
        save(own, "p12", made(), TAKEN)
    assert len(save(own, "p11", made(title="Other"), TAKEN).presets) == 12, "one of them is replaced all the same"


TITLES = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), min_size=1, max_size=60).filter(
    str.isprintable
)
STEPS = st.lists(
    st.fixed_dictionaries(
        {"angle_deg": st.floats(-30, 60), "hold_s": st.floats(1, 100)}, optional={"rate_dps": st.floats(0.1, 3)}
    )
    | st.fixed_dictionaries({"rest_s": st.floats(1, 100)})
    | st.just({"angle_deg": 5.5, "swing_deg": 3.25, "period_s": 20.0, "hold_s": 60.0}),
    min_size=1,
    max_size=8,
)


@settings(max_examples=100, deadline=None)
@given(title=TITLES, purpose=TITLES, steps=STEPS, repeat=st.integers(1, 3))
def test_what_is_written_is_what_was_meant(title: str, purpose: str, steps: list[object], repeat: int) -> None:
    """Whatever people call it, and to the last figure."""
    pattern = made(title=title, purpose=purpose, steps=steps, repeat=repeat)
    assert parse(block("new", pattern), "mine.toml", TAKEN).patterns == {"new": pattern}


def test_the_most_that_a_preset_may_be_is_judged_at_few_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps bound the work of a control step: 24 written out, and an hour, which is 600 of the shortest swings."""
    step = {"angle_deg": 5.0, "hold_s": 150.0, "swing_deg": 0.5, "period_s": 6.0}
    own = save(NONE, "most", made(steps=[step] * 12, repeat=2, rate_dps=3.0), TAKEN)
    at, looked = Leg.at, []

    def look(leg: Leg, elapsed_s: float) -> Target:
        looked.append(elapsed_s)
        return at(leg, elapsed_s)

    monkeypatch.setattr(Leg, "at", look)
    assert own.presets["most"].head_down_s() > 1500.0
    assert 0 < len(looked) < 20_000


# ---- limits ---------------------------------------------------------------------------------------------------------


def tightened(**known: float) -> Limits:
    layer = {name: Limit(value, "configuration") for name, value in known.items()}
    return combine(DEFAULTS, Limits(**{**{key: getattr(DEFAULTS, key) for key in DEFAULTS.__slots__}, **layer}))


OVER = [
    ({"steps": [{"angle_deg": 10.0, "hold_s": 30.0}, {"angle_deg": 25.0, "hold_s": 30.0}]}, {"angle_deg": 20.0},
     Reason.OVER_ANGLE,
     "preset new, step 2, angle_deg: 25° is over the limit of 20° (configuration); write at most 20"),
    ({"steps": [{"angle_deg": 15.0, "hold_s": 40.0, "swing_deg": 7.0, "period_s": 20.0}]}, {"angle_deg": 20.0},
     Reason.OVER_ANGLE,
     "preset new, step 1, swing_deg: 22° is over the limit of 20° (configuration); write at most 5"),
    ({"steps": [{"angle_deg": 8.0, "hold_s": 500.0}, {"rest_s": 60.0}], "repeat": 2}, {}, Reason.OVER_TIME,
     "preset new: 16.9 min head down are over 15 min a session (hard limit); hold shorter, or repeat less often"),
    ({"steps": [{"angle_deg": 8.0, "hold_s": 300.0}]}, {"session_head_down_s": 240.0}, Reason.OVER_TIME,
     "preset new: 5.1 min head down are over 4 min a session (configuration); hold shorter, or repeat less often"),
    ({"steps": [{"angle_deg": 30.0, "hold_s": 280.0}]}, {}, Reason.OVER_TIME,
     "preset new: 5.5 min head down in one go, up to 30°, are over 5 min (hard limit); hold shorter, or rest for "
     "60 s between"),
]  # fmt: skip


@pytest.mark.parametrize(("known", "limits", "reason", "message"), OVER)
def test_what_nobody_could_play_to_its_end_is_told_with_whose_limit_it_is(
    known: dict[str, object], limits: dict[str, float], reason: Reason, message: str
) -> None:
    found = beyond("new", made(**known), tightened(**limits))
    assert [(one, str(error)) for one, error in found] == [(reason, message)]


def test_the_bundled_presets_are_within_the_hard_limits_and_so_is_a_calm_one() -> None:
    assert beyond("new", made(), DEFAULTS) == []


def test_an_error_of_a_file_is_raised_by_parse() -> None:
    with pytest.raises(PresetError, match="preset calm"):
        parse(FILE.replace("angle_deg = 8", "angle_deg = 80"), "mine.toml", TAKEN)


def test_the_example_of_the_documentation_is_a_preset() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "presets.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]
    preset = parse(example, "evening.presets.toml", TAKEN).presets["evening"]
    assert len(preset.steps) == 2 + 2 * 4
    assert beyond("evening", parse(example, "f", TAKEN).patterns["evening"], DEFAULTS) == []
    wrong = example.replace("{ angle_deg = 8, hold_s = 120 }", "{ angle_deg = 80, hold_s = 120 }")
    assert read(wrong, "evening.presets.toml", TAKEN).problem in text
