"""What a file of presets may say; what is wrong is said with file, preset, step and key."""

from collections.abc import Callable
from importlib import resources

import pytest

from controller.preset_file import PresetError, patterns, programme, tables

GOOD = {
    "calm": {
        "title": "Calm", "purpose": "Rest.", "basis": "Chosen.", "rate_dps": 1.0,
        "steps": [{"angle_deg": 8.0, "hold_s": 60.0}],
    }
}  # fmt: skip
WEEKS = {
    "title": "Weeks", "purpose": "Slowly.", "basis": "Chosen.", "rate_dps": 1.5, "rest_s": 180.0,
    "week": [{"angle_deg": 15.0, "hold_s": 60.0, "repeat": 1}],
}  # fmt: skip


def changed(**known: object) -> dict[str, object]:
    return {"calm": {**GOOD["calm"], **known}}


def test_the_tables_of_a_text() -> None:
    assert tables("[a]\nb = 1\n", "f.toml") == {"a": {"b": 1}}
    with pytest.raises(PresetError, match=r"^mine\.toml: is not valid TOML: "):
        tables("[a\n", "mine.toml")


def test_rows_come_out_with_their_defaults() -> None:
    (pattern,) = patterns(GOOD, "f.toml").values()
    assert (pattern.title, pattern.repeat, pattern.rate_dps) == ("Calm", 1, 1.0)
    assert (pattern.steps[0].swing_deg, pattern.steps[0].period_s) == (0.0, 0.0)
    table = programme(WEEKS, "f.toml")
    assert (table.rest_s, table.week[0].repeat, table.week[0].angle_deg) == (180.0, 1, 15.0)


@pytest.mark.parametrize(
    ("known", "step", "key"),
    [
        ({"title": ""}, None, "title"),
        ({"rate_dps": 3.1}, None, "rate_dps"),
        ({"rate_dps": float("nan")}, None, "rate_dps"),
        ({"repeat": 0}, None, "repeat"),
        ({"colour": "red"}, None, "colour"),
        ({"steps": []}, None, "steps"),
        ({"steps": [{"angle_deg": 60.1, "hold_s": 60.0}]}, 1, "angle_deg"),
        ({"steps": [{"angle_deg": -30.1, "hold_s": 60.0}]}, 1, "angle_deg"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 0.5}]}, 1, "hold_s"),
        ({"steps": [{"angle_deg": 55.0, "hold_s": 40.0, "swing_deg": 6.0, "period_s": 40.0}]}, 1, "swing_deg"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 40.0, "swing_deg": 6.0}]}, 1, "period_s"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 40.0, "period_s": 20.0}]}, 1, "period_s"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 50.0, "swing_deg": 6.0, "period_s": 20.0}]}, 1, "period_s"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 40.0, "swing_deg": 20.0, "period_s": 10.0}]}, 1, "period_s"),
        ({"steps": [{"angle_deg": 5.0, "hold_s": 40.0}, {"angle_deg": 5.0}]}, 2, "hold_s"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(known: dict[str, object], step: int | None, key: str) -> None:
    """H12: 60° and 3 °/s are hard."""
    with pytest.raises(PresetError) as caught:
        patterns(changed(**known), "mine.toml")
    error = caught.value
    assert (error.file, error.preset, error.step, error.key) == ("mine.toml", "calm", step, key)
    assert "mine.toml, preset calm" in str(error)


NO_PRESETS: list[Callable[[], object]] = [
    lambda: patterns({"Not an id": GOOD["calm"]}, "f.toml"),
    lambda: patterns({"calm": 7}, "f.toml"),
    lambda: programme(None, "f.toml"),
]


@pytest.mark.parametrize("read", NO_PRESETS)
def test_what_is_no_preset_at_all(read: Callable[[], object]) -> None:
    with pytest.raises(PresetError):
        read()


def test_the_file_that_comes_with_the_package() -> None:
    text = (resources.files("controller") / "presets.toml").read_text("utf-8")
    named = tables(text, "presets.toml")
    assert len(programme(named.pop("programme"), "presets.toml").week) == 6
    assert list(patterns(named, "presets.toml")) == ["gentle", "back", "circulation", "balance", "recovery"]
