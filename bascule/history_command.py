"""`bascule history`: past sessions, read from the disk, whether a controller runs or not."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from controller.config import ConfigError, load
from controller.history_documents import points
from controller.history_file import HistoryError, Kept, read

from . import chart
from .history_table import as_csv, as_json, bars, facts, grid, local, lowest_deg, minutes, pieces, sums
from .say import ConfigOption, DataOption, JsonOption, TableOption, fail

app = typer.Typer(help="Past sessions: what was done, how it ended, and the angle over time.", add_completion=False)

ALL = 1_000_000
"""Chosen: more sessions than anybody has in a life."""
SHOWN = 20
"""Chosen: fits a screen."""
NONE_YET = "There are no sessions yet. The first one is recorded when it starts."
PersonOption = Annotated[str | None, typer.Option("--person", metavar="NAME", help="Only this person's.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="As CSV, for a spreadsheet.")]


def _read(
    config: Path | None, table: str | None, data: Path | None, person: str | None = None, last: int = ALL
) -> list[Kept]:
    """What is on the disk, newest first."""
    try:
        settings = load(config, {"table.id": table, "data.folder": None if data is None else str(data)})
        return read(settings.data.folder / f"{settings.table.id}.history.sqlite3", last, person)
    except ConfigError as error:
        fail(str(error), 2)
    except HistoryError as error:
        fail(str(error))


@app.callback(invoke_without_command=True)
def list_(
    context: typer.Context,
    last: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Only the newest so many (table: 20, otherwise all).")
    ] = None,
    person: PersonOption = None,
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    as_json_: JsonOption = False,
    csv: CsvOption = False,
) -> None:
    """Past sessions, newest first; with show or weeks: a picture."""
    if context.invoked_subcommand is not None:
        given = {"--last": last, "--person": person, "--json": as_json_, "--csv": csv}
        if lost := [name for name, value in given.items() if value]:
            raise typer.BadParameter(f"{lost[0]} before {context.invoked_subcommand} has no effect; write it behind.")
        context.obj = (config, table, data)
        return
    kept = _read(config, table, data, person, last or (ALL if as_json_ or csv else SHOWN))
    if as_json_:
        print(json.dumps([as_json(one, traced=False) for one in kept], ensure_ascii=False, indent=1))  # noqa: T201
    elif csv:
        print(as_csv(kept), end="")  # noqa: T201
    elif kept:
        console = Console()
        console.print(grid(kept, console.width))
    else:
        print(NONE_YET if person is None else f"There are no sessions of {person}.")  # noqa: T201


@app.command()
def show(
    context: typer.Context,
    session: Annotated[str, typer.Argument(metavar="ID", help="Its number in the list, or its whole id; or: last.")],
    svg: Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="The chart as a picture.")] = None,
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    as_json_: JsonOption = False,
) -> None:
    """One session, with its angle over time."""
    kept = _read(*_options(context, config, table, data))
    wanted = kept[:1] if session == "last" else [one for one in kept if session in (str(one[0]), one.record.session)]
    if not wanted:
        fail(f"There is no session {session!r}. 'bascule history' lists them." if kept else NONE_YET)
    one = wanted[0]
    if as_json_:
        print(json.dumps(as_json(one, traced=True), ensure_ascii=False, indent=1))  # noqa: T201
        return
    record, console = one.record, Console()
    corners = points(record, most=10_000)
    series = pieces(corners or ())
    if svg is not None:
        title = f"{record.preset}, {record.person}, {local(record.started_s):%Y-%m-%d %H:%M}"
        ended = f"{record.outcome}: {record.why}" if record.why else record.outcome
        try:
            over = f"The angle over {minutes(record.duration_s)} min."
            picture = chart.svg(series, title, over, ended, low_deg=lowest_deg(series))
            svg.write_text(picture, "utf-8")
        except (chart.ChartError, OSError) as error:
            fail(f"{svg}: {error}")
        print(f"{svg} shows the session.")  # noqa: T201
        return
    console.print(Text(record.preset, "bold"))
    for name, what in facts(one):
        console.print(Text(f"{name:>11}  ", "dim"), Text(what), sep="", soft_wrap=True)
    try:
        print(f"\n{chart.text(series, min(console.width, 100), low_deg=lowest_deg(series))}")  # noqa: T201
    except chart.ChartError:
        print("\nThere are no angles of this session.")  # noqa: T201


@app.command()
def weeks(
    context: typer.Context,
    days: Annotated[bool, typer.Option("--days", help="One bar a day.")] = False,
    person: PersonOption = None,
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Head-down minutes of each week, or day."""
    rows = sums(_read(*_options(context, config, table, data), person), weekly=not days)
    if as_json_:
        lines = [{"from": str(day), "head_down_s": round(s, 1), "sessions": count} for day, s, count in rows]
        print(json.dumps(lines, indent=1))  # noqa: T201
    else:
        print(bars(rows) if rows else NONE_YET)  # noqa: T201


def _options(
    context: typer.Context, config: Path | None, table: str | None, data: Path | None
) -> tuple[Path | None, str | None, Path | None]:
    """Those behind the command win over those before it."""
    before: tuple[Path | None, str | None, Path | None] = context.obj or (None, None, None)
    return config or before[0], table or before[1], data or before[2]
