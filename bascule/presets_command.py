"""`bascule presets`: list, show, validate and save what a session can be."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from controller import own_preset_file, own_presets, small_file
from controller.config import Config, ConfigError, load
from controller.document import preset_document
from controller.limits import DEFAULTS, combine
from controller.own_presets import LARGEST_FILE, Own, OwnError, beyond
from controller.preset_file import PresetError
from controller.presets import Preset, bundled

from . import chart
from .preset_chart import FROM_BELOW, picture, series, view
from .say import ConfigOption, DataOption, JsonOption, TableOption, fail

app = typer.Typer(
    help="What a session can be: list, show, validate and save presets.", no_args_is_help=True, add_completion=False
)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="Presets in TOML.")]


def _settings(config: Path | None, table: str | None, data: Path | None) -> tuple[Config, Path]:
    """The configuration, and where its own presets lie."""
    try:
        settings = load(config, {"table.id": table, "data.folder": None if data is None else str(data)})
    except ConfigError as error:
        fail(str(error), 2)
    return settings, own_preset_file.place(settings, config)


@app.command("list")
def list_(
    config: ConfigOption = None, table: TableOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """All presets: those that come with Bascule, and your own."""
    _, path = _settings(config, table, data)
    own = own_preset_file.load(path)
    presets = [*bundled().values(), *own.presets.values()]
    if as_json:
        print(json.dumps([_as_json(preset, own) for preset in presets], ensure_ascii=False, indent=1))  # noqa: T201
    else:
        grid = Grid(box=None, header_style="dim")
        for name in ("id", "minutes", "largest", "head down", "purpose"):
            grid.add_column(name, justify="right" if name in ("minutes", "largest", "head down") else "left")
        for preset in presets:
            grid.add_row(
                f"[bold]{preset.id}[/]",
                f"{preset.duration_s() / 60:.1f}",
                f"{preset.largest_angle_deg:g}°",
                f"{preset.head_down_s() / 60:.1f} min",
                preset.purpose,
            )
        console = Console()
        console.print(grid)
        there = f"{len(own.presets)} of them" if own.presets else "none yet"
        if not own.problem:
            console.print(f"\nYour own ({there}): {path}", style="dim", markup=False, highlight=False, soft_wrap=True)
    if own.problem:
        fail(f"Your own presets are left alone: {own.problem}")


@app.command()
def show(
    preset_id: Annotated[str, typer.Argument(metavar="ID")],
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Draw it into this file, as SVG.")] = None,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help=r"As PNG; needs pip install 'bascule\[png]'.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """One preset: its angle over time, and its steps."""
    _, path = _settings(config, table, data)
    own = own_preset_file.load(path)
    presets = {**bundled(), **own.presets}
    preset = presets.get(preset_id)
    if preset is None:
        more = f" Your own presets are left alone: {own.problem}" if own.problem else ""
        fail(f"There is no preset {preset_id!r}. There are: {', '.join(presets)}.{more}")
    try:
        if svg is not None:
            svg.write_text(picture(preset), "utf-8")
        if png is not None:
            png.write_bytes(chart.png(picture(preset)))
    except chart.ChartError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename} can't be written: {error.strerror}.")
    if as_json:
        print(json.dumps(_as_json(preset, own), ensure_ascii=False, indent=1))  # noqa: T201
        return
    if drawn := [path for path in (svg, png) if path is not None]:
        print("\n".join(f"{path} shows {preset_id}." for path in drawn))  # noqa: T201
        return
    console = Console()
    console.print(Text.assemble((preset.title, "bold"), "  ", preset.purpose))
    console.print(Text(preset.basis, style="dim"))
    console.print()
    for line in chart.text(series(preset), min(console.width, 80), 14, view(preset)).splitlines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(Text(FROM_BELOW, style="dim"))
    console.print()
    grid = Grid(box=None, header_style="dim")
    for name in ("step", "from standing", "angle", "what"):
        grid.add_column(name, justify="left" if name == "what" else "right")
    at_s = 0.0
    for number, leg in enumerate(preset.legs(), 1):
        grid.add_row(str(number), chart.clock(at_s), chart.degrees(leg.step.angle_deg), leg.label)
        at_s += leg.duration_s
    console.print(grid)


@app.command()
def validate(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Default: your own presets.")] = None,
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Says what is wrong in a file of presets, and what to write instead; exit 1 if something is."""
    settings, path = _settings(config, table, data)
    if file is None and not path.exists():
        fail(f"There is no {path} yet: nothing to validate.")
    wrong = problems(file or path, settings)
    if as_json:
        print(json.dumps(wrong, ensure_ascii=False, indent=1))  # noqa: T201
    if wrong:
        fail("" if as_json else "\n".join(str(one["message"]) for one in wrong))
    if not as_json:
        print(f"{file or path} is fine.")  # noqa: T201


def problems(path: Path, settings: Config) -> list[dict[str, Any]]:
    """Everything that is wrong with a file: its place, and the whole sentence."""
    try:
        own = own_presets.parse(_text(path), str(path), bundled())
        limits = combine(DEFAULTS, settings.limits.layer())
        found = [error for name, one in own.patterns.items() for _, error in beyond(name, one, limits, str(path))]
    except PresetError as error:
        found = list(error.all)
    return [
        {
            "file": one.file,
            "preset": one.preset,
            "step": one.step,
            "key": one.key,
            "message": f"{one}.".replace("?.", "?"),
        }
        for one in found
    ]


def _text(path: Path) -> str:
    """What stands in a file that has to be there. Raises PresetError."""
    try:
        text = small_file.read(path, LARGEST_FILE)
    except OSError as error:
        raise PresetError(str(path), f"can't be read: {error.strerror}") from None
    if text is None:
        raise PresetError(str(path), "there is no such file")
    return text


@app.command()
def save(file: FileArgument, config: ConfigOption = None, table: TableOption = None, data: DataOption = None) -> None:
    """Puts the presets of a file among your own; one with the same id is replaced."""
    settings, path = _settings(config, table, data)
    if wrong := problems(file, settings):
        fail("\n".join(str(one["message"]) for one in wrong))
    given = own_presets.parse(_text(file), str(file), bundled())
    if not given.patterns:
        fail(f"There is no preset in {file}: nothing is saved.")
    before = own = own_preset_file.load(path)
    try:
        for preset, pattern in given.patterns.items():
            own = own_presets.save(own, preset, pattern, bundled())
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        small_file.write(path, own.text, before.text or "")
    except OwnError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path} can't be written: {error.strerror}.")
    for preset in given.patterns:
        print(f"{preset} is {'replaced' if preset in before.patterns else 'saved'} in {path}.")  # noqa: T201
    print("A controller that runs reads it at its next start.")  # noqa: T201


def _as_json(preset: Preset, own: Own) -> dict[str, Any]:
    return asdict(preset_document(preset, preset.id in own.presets))
