"""`bascule presets`, as a person types it."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bascule import chart
from bascule.cli import app
from bascule.preset_chart import picture, series, view
from controller.presets import bundled

ROOT = Path(__file__).resolve().parents[2]
CALM = """\
# What I do in the evening.
[calm]
title = "Calm"
purpose = "Rest."
basis = "My own choice."
rate_dps = 1
steps = [{ angle_deg = 8, hold_s = 60 }, { rest_s = 60 }]
"""


def bascule(*words: str, data: Path, width: int = 80) -> Result:
    return CliRunner().invoke(app, ["presets", *words, "--data", str(data)], env={"COLUMNS": str(width)})


def own(folder: Path, text: str) -> Path:
    path = folder / "home.presets.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_list_has_all_presets_and_says_where_ones_own_are(tmp_path: Path) -> None:
    result = bascule("list", data=tmp_path)
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines() if re.match(r" [a-z]", line)] == ["id", *bundled()]
    assert f"Your own (none yet): {tmp_path / 'home.presets.toml'}" in result.stdout
    path = own(tmp_path, CALM)
    result = bascule("list", data=tmp_path)
    assert f"Your own (1 of them): {path}" in result.stdout
    listed = json.loads(bascule("list", "--json", data=tmp_path).stdout)
    assert [(one["id"], one["own"]) for one in listed[-2:]] == [("programme", False), ("calm", True)]


def test_beside_a_configuration_the_own_presets_lie_there(tmp_path: Path) -> None:
    config = tmp_path / "etc" / "bascule.toml"
    config.parent.mkdir()
    config.write_text('[table]\nid = "attic"\n', "utf-8")
    (config.parent / "attic.presets.toml").write_text(CALM, "utf-8")
    result = CliRunner().invoke(app, ["presets", "list", "--config", str(config)])
    assert f"Your own (1 of them): {config.parent / 'attic.presets.toml'}" in result.stdout


def test_a_wrong_file_is_told_and_the_others_are_listed(tmp_path: Path) -> None:
    own(tmp_path, CALM.replace("angle_deg = 8", "angle_deg = 80"))
    result = bascule("list", data=tmp_path)
    assert result.exit_code == 1
    assert "recovery" in result.stdout
    assert "calm" not in result.stdout
    assert "Your own presets are left alone: " in result.stderr
    assert "preset calm, step 1, angle_deg: 80 is too much; write degrees from −30 to 60" in result.stderr


@pytest.mark.parametrize("name", bundled())
def test_show_draws_every_preset_within_80_columns(tmp_path: Path, name: str) -> None:
    result = bascule("show", name, data=tmp_path)
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "\x1b" not in result.stdout, "no colour where nobody asked for it"
    assert sum("┤" in line for line in result.stdout.splitlines()) >= 3
    assert bundled()[name].title in result.stdout
    assert "back to level" in result.stdout
    assert "comes in from below" in result.stdout
    assert "+0°" not in result.stdout


def test_show_draws_into_files(tmp_path: Path) -> None:
    svg, png = tmp_path / "back.svg", tmp_path / "back.png"
    result = bascule("show", "back", "--svg", str(svg), "--png", str(png), data=tmp_path)
    assert (result.exit_code, result.stdout) == (0, f"{svg} shows back.\n{png} shows back.\n")
    assert svg.read_text("utf-8").startswith("<svg ")
    assert png.read_bytes().startswith(b"\x89PNG")
    result = bascule("show", "back", "--svg", str(tmp_path / "no" / "back.svg"), data=tmp_path)
    assert (result.exit_code, "can't be written: No such file or directory." in result.stderr) == (1, True)


def test_show_without_the_extra_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(chart, "import_module", missing)
    result = bascule("show", "back", "--png", str(tmp_path / "back.png"), data=tmp_path)
    assert result.exit_code == 1
    assert "A PNG needs the extra png, which is not installed: pip install 'bascule[png]'." in result.stderr
    assert not (tmp_path / "back.png").exists()


def test_show_of_what_there_is_not(tmp_path: Path) -> None:
    result = bascule("show", "nope", data=tmp_path)
    assert result.exit_code == 1
    assert "There is no preset 'nope'. There are: gentle, back," in result.stderr


def test_validate_says_that_a_file_is_fine(tmp_path: Path) -> None:
    path = own(tmp_path, CALM)
    result = bascule("validate", data=tmp_path)
    assert (result.exit_code, result.stdout) == (0, f"{path} is fine.\n")
    assert bascule("validate", str(path), "--json", data=tmp_path / "other").stdout == "[]\n"


def test_validate_tells_every_mistake(tmp_path: Path) -> None:
    path = own(tmp_path, CALM.replace("= 8", "= 80").replace("rest_s = 60", "rest_s = 0").replace('"Rest."', '""'))
    result = bascule("validate", data=tmp_path)
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        f'{path}, preset calm, purpose: "" is empty; write 1 to 200 letters in quotes, such as "Calm".',
        f"{path}, preset calm, step 1, angle_deg: 80 is too much; write degrees from −30 to 60, the hard limits.",
        f"{path}, preset calm, step 2, rest_s: 0 is too little; write seconds from 1 to 1200, such as 60.",
    ]
    told = json.loads(bascule("validate", "--json", data=tmp_path).stdout)
    assert [(one["preset"], one["step"], one["key"]) for one in told] == [
        ("calm", None, "purpose"), ("calm", 1, "angle_deg"), ("calm", 2, "rest_s"),
    ]  # fmt: skip


def test_validate_knows_the_limits_of_the_configuration(tmp_path: Path) -> None:
    config = tmp_path / "bascule.toml"
    config.write_text("[limits]\nangle_deg = 5\n", "utf-8")
    path = own(tmp_path, CALM)
    result = CliRunner().invoke(app, ["presets", "validate", "--config", str(config)])
    assert result.exit_code == 1
    assert result.stderr == (
        f"{path}, preset calm, step 1, angle_deg: 8° is over the limit of 5° (configuration); write at most 5.\n"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file."),
        (b"[calm\n", "is not valid TOML: Expected ']' at the end of a table declaration (at line 1, column 6)."),
        (b"\xff\xfe", "can't be read: it is not UTF-8 (line 1); save it as UTF-8."),
        (b"#" * 70_000, "can't be read: it is larger than 64 KiB."),
        (CALM.replace("[calm]", "[back]").encode(),
         "comes with Bascule and can't be replaced; choose another id."),
        (CALM.replace("[calm]", "[jog]").encode(),
         "comes with Bascule and can't be replaced; choose another id."),
        (CALM.replace("title", "titel").replace('purpose = "Rest."', 'title = "Calm"\npurpose = "Rest."').encode(),
         "is not a known key; did you mean title?"),
        (CALM.replace("[calm]", "[Calm]").encode(), "the id is not 1 to 32 of a-z, 0-9, - and _."),
        (b"".join(CALM.replace("calm", f"calm{n}").encode() for n in range(13)),
         "13 presets; at most 12 are kept, delete some."),
    ],
)  # fmt: skip
def test_validate_of_what_is_no_file_of_presets(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    result = bascule("validate", str(path), data=tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}")
    assert result.stderr.endswith(f": {message}\n")


def test_save_puts_a_file_among_ones_own(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(CALM, "utf-8")
    path = tmp_path / "data" / "home.presets.toml"
    result = bascule("save", str(mine), data=tmp_path / "data")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, f"calm is saved in {path}.")
    assert bascule("show", "calm", data=tmp_path / "data").exit_code == 0
    mine.write_text(CALM.replace("= 8", "= 9"), "utf-8")
    result = bascule("save", str(mine), data=tmp_path / "data")
    assert result.stdout.splitlines()[0] == f"calm is replaced in {path}."
    assert "angle_deg = 9" in path.read_text("utf-8")


def test_save_of_nothing_says_so_and_makes_a_private_folder(tmp_path: Path) -> None:
    mine, folder = tmp_path / "mine.toml", tmp_path / "data"
    mine.write_text("", "utf-8")
    result = bascule("save", str(mine), data=folder)
    assert (result.exit_code, result.stderr) == (1, f"There is no preset in {mine}: nothing is saved.\n")
    mine.write_text(CALM, "utf-8")
    assert bascule("save", str(mine), data=folder).exit_code == 0
    assert folder.stat().st_mode & 0o777 == 0o700


def test_save_never_writes_over_what_it_can_not_read(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(CALM, "utf-8")
    path = own(tmp_path, "[broken")
    result = bascule("save", str(mine), data=tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Nothing is saved over a file that can't be read: {path}: is not valid TOML")
    assert path.read_text("utf-8") == "[broken"


# ---- pictures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", bundled())
def test_the_pictures_in_docs_are_current(name: str) -> None:
    drawn = (ROOT / "docs" / "pictures" / f"preset-{name}.svg").read_text("utf-8")
    assert drawn == picture(bundled()[name]), "run python -m bascule.preset_chart"


@pytest.mark.parametrize("name", bundled())
def test_a_picture_is_the_motion(name: str) -> None:
    """Between its points a straight line is within half a degree of the plan."""
    preset, points = bundled()[name], series(bundled()[name])
    assert (points[0], points[-1][0]) == ((0.0, -80.0), pytest.approx(preset.duration_s()))
    index, began_s = 0, 0.0
    for leg in preset.legs():
        for part in range(100):
            at_s = began_s + leg.duration_s * part / 100
            while points[index + 1][0] < at_s:
                index += 1
            (s0, d0), (s1, d1) = points[index], points[index + 1]
            assert d0 + (d1 - d0) * (at_s - s0) / (s1 - s0) == pytest.approx(leg.at(at_s - began_s).angle_deg, abs=0.5)
        began_s += leg.duration_s
    assert view(preset) < min(step.angle_deg - step.swing_deg for step in preset.steps)
