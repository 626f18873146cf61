"""`bascule people`: who is known to a table, what may they do, and what is stored about them.

Reading is reading a file that is only ever replaced as a whole. Changing it has one owner: the controller while it
runs, which is asked over MQTT like by everybody; otherwise this program, which holds the controller's own lock
meanwhile, so that none can start and overwrite the change. No third way can lose one.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table as Grid

from controller import checklist, people_file, small_file
from controller.account import GUEST
from controller.config import Config, ConfigError, load
from controller.history_file import HistoryError, HistoryFile, read
from controller.ledger import Ledger, LedgerError, read_witness
from controller.ledger_file import charges_of, clock_of
from controller.limits import combine
from controller.people import People, PeopleError
from controller.people_payload import Save, read_save
from controller.profile import ProfileError, dump
from controller.programme import Moment, moment, weeks

from .assembly import address_of, history_path_of, ledger_path_of, people_path_of
from .history_table import as_json as session_json
from .say import (
    FILE_KEYS,
    BrokerOption,
    CaFileOption,
    CertFileOption,
    ConfigOption,
    DataOption,
    JsonOption,
    KeyFileOption,
    PasswordFileOption,
    TableOption,
    fail,
)
from .send import SendError
from .send import send as send_command

app = typer.Typer(
    help="Who uses the table: profiles, checklist, programme.", no_args_is_help=True, add_completion=False
)
MOST = 1_000_000
"""Chosen: more sessions than anybody has in a life."""
PersonArgument = Annotated[str, typer.Argument(metavar="ID", help="Whose, as in the list.")]


def _settings(
    config: Path | None, table: str | None, broker: str | None, data: Path | None, *files: Path | None
) -> Config:
    """`files`: password, authority, certificate, key."""
    named: dict[str, object] = {"table.id": table, "mqtt.broker": broker}
    paths = zip(("data.folder", *FILE_KEYS), (data, *files), strict=False)
    named |= {key: None if path is None else str(path) for key, path in paths}
    try:
        return load(config, named)
    except ConfigError as error:
        fail(str(error), 2)


def _people(settings: Config) -> People:
    register, wrong = people_file.read(people_path_of(settings))
    return People({one.id: one for one in settings.people}, register, wrong)


def _now(settings: Config) -> Moment:
    """As far as the record of head-down time knows."""
    try:
        clock = clock_of(ledger_path_of(settings))
    except LedgerError as error:
        fail(str(error))
    return moment(0.0 if clock is None else clock.resume(read_witness()).seen_s, time.time())


def _known(settings: Config, person: str) -> People:
    people = _people(settings)
    if people.wrong:
        fail(people.wrong)
    if people.profile(person) is None:
        if person == GUEST:
            fail(f"{person} is whoever has no profile; nothing is kept.")
        there_are = f"There are: {', '.join(people.ids())}." if people.ids() else "Nobody has a profile yet."
        fail(f"There is no person {person!r} here. {there_are}")
    return people


def _shown(people: People, settings: Config, person: str, now: Moment) -> dict[str, Any]:
    """One person for people and programs."""
    profile, earned = people.profile(person), people.earned(person, now)
    limit = combine(settings.limits.layer(), people.layer(person, now)).angle_deg
    accepted = people.register.accepted.get(person)
    return {
        **(profile.model_dump(exclude={"programme"}) if profile is not None else {"id": person}),
        "from": "configuration" if person in people.fixed else "saved",
        "programme_week": None if earned is None else "done" if earned.done else earned.week,
        "limit_deg": limit.value,
        "limit_reason": limit.reason,
        "checklist_accepted": _date(accepted),
        "checklist_due": bool(people.why_due(person, now)),
    }


def _words(shown: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is shown of one person, for people."""
    week, angle_deg = shown["programme_week"], shown["angle_deg"]
    yield "name", shown["name"]
    yield "id", f"{shown['id']} ({'in the configuration' if shown['from'] == 'configuration' else 'saved'})"
    yield "height", f"{shown['height_cm']:g} cm"
    yield "weight", f"{shown['weight_kg']:g} kg"
    yield "wants", "no limit of their own" if angle_deg is None else f"at most {angle_deg:g}°"
    yield "limit", f"{shown['limit_deg']:g}° ({shown['limit_reason']})"
    yield "programme", f"week {week} of {weeks()}" if isinstance(week, int) else week or "no"
    yield "checklist", f"accepted {shown['checklist_accepted']}" if shown["checklist_accepted"] else "not accepted yet"


def _date(when: Moment | None) -> str | None:
    if when is None:
        return None
    return "by a clock that was not set" if when.wall_s is None else f"{datetime.fromtimestamp(when.wall_s, UTC):%F}"


@app.command("list")
def people_list(
    config: ConfigOption = None, table: TableOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Everybody with a profile."""
    settings = _settings(config, table, None, data)
    people, now = _people(settings), _now(settings)
    if people.wrong:
        fail(people.wrong)
    everybody = [_shown(people, settings, person, now) for person in people.ids()]
    if as_json:
        print(json.dumps(everybody, ensure_ascii=False, indent=1))  # noqa: T201
        return
    if not everybody:
        print("Nobody has a profile: everybody is a guest. 'bascule people save' makes one.")  # noqa: T201
        return
    grid = Grid(box=None, header_style="dim")
    for name in ("id", "name", "limit", "because of", "programme", "checklist"):
        grid.add_column(name)
    for one in everybody:
        week = one["programme_week"]
        grid.add_row(
            one["id"], one["name"], f"{one['limit_deg']:g}°", one["limit_reason"],
            f"week {week} of {weeks()}" if isinstance(week, int) else week or "no",
            "due" if one["checklist_due"] else one["checklist_accepted"],
        )  # fmt: skip
    Console().print(grid)


@app.command("show")
def people_show(
    person: PersonArgument,
    config: ConfigOption = None,
    table: TableOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """One person: profile, limit, week, checklist."""
    settings = _settings(config, table, None, data)
    people, now = _known(settings, person), _now(settings)
    shown = _shown(people, settings, person, now)
    if as_json:
        print(json.dumps(shown, ensure_ascii=False, indent=1))  # noqa: T201
        return
    for name, value in _words(shown):
        print(f"{name:>10}  {value}")  # noqa: T201
    if why := people.why_due(person, now):
        print(why)  # noqa: T201


@app.command("export")
def people_export(
    person: PersonArgument, config: ConfigOption = None, table: TableOption = None, data: DataOption = None
) -> None:
    """Everything that is stored about a person, as JSON; also for one whose profile is gone."""
    settings = _settings(config, table, None, data)
    people = _people(settings)
    if people.wrong:
        fail(people.wrong)
    register, profile = people.register, people.profile(person)
    earned, accepted, last = register.earned.get(person), register.accepted.get(person), register.last
    try:
        head_down = charges_of(ledger_path_of(settings), person)
        sessions = read(history_path_of(settings), MOST, person)
    except (LedgerError, HistoryError) as error:
        fail(str(error))
    if not (profile or earned or accepted or head_down or sessions):
        fail(f"Nothing is stored about {person!r}.")
    everything = {
        "profile": None if profile is None else profile.model_dump(),
        "programme": None if earned is None else _plain(asdict(earned)),
        "checklist_accepted": None if accepted is None else _plain(accepted),
        "last_session": _plain(asdict(last)) if last is not None and last.person == person else None,
        "head_down": head_down,
        "sessions": [session_json(one, traced=True) for one in sessions],
    }
    print(json.dumps(everything, ensure_ascii=False, indent=1))  # noqa: T201


def _plain(value: Any) -> Any:
    """With the parts of each moment by name, which JSON would have as a bare list."""
    if isinstance(value, Moment):
        return value._asdict()
    return {key: _plain(part) for key, part in value.items()} if isinstance(value, dict) else value


@app.command("checklist")
def people_checklist() -> None:
    """What to read before anybody is tilted: with which conditions nobody should be."""
    print(checklist.text())  # noqa: T201


@app.command("accept")
def people_accept(
    person: PersonArgument,
    config: ConfigOption = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
    data: DataOption = None,
) -> None:
    """Say that this person has read the checklist. It is asked for again after 90 days."""
    settings = _settings(config, table, broker, data, password_file, ca_file, cert_file, key_file)
    _known(settings, person)
    _change(settings, "people/accept", {"person": person}, lambda people, now: people.accept(person, now))


@app.command("delete")
def people_delete(
    person: PersonArgument,
    config: ConfigOption = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
    data: DataOption = None,
) -> None:
    """Forget profile, week, checklist and sessions. Head-down time of the last 24 h still counts for this id."""
    settings = _settings(config, table, broker, data, password_file, ca_file, cert_file, key_file)

    def forget(people: People, _: Moment) -> str:
        said, path = people.delete(person), history_path_of(settings)
        if path.exists():
            with closing(HistoryFile.open(path, settings.data.keep_days, time.time())) as history:
                history.forget(person)
        return said

    _change(settings, "people/delete", {"person": person}, forget)


@app.command("save")
def people_save(
    person: PersonArgument,
    name: Annotated[str, typer.Option(help="What to call them.")],
    height: Annotated[float, typer.Option(metavar="CM", help="147 to 198.")],
    weight: Annotated[float, typer.Option(metavar="KG", help="30 to 136.")],
    angle: Annotated[float | None, typer.Option(metavar="DEG", help="The largest angle that they want.")] = None,
    programme: Annotated[
        bool | None, typer.Option("--programme/--no-programme", help="Begin the beginner's weeks, or leave them.")
    ] = None,
    week: Annotated[int | None, typer.Option(help="Go back to this week; nobody skips ahead.")] = None,
    config: ConfigOption = None,
    table: TableOption = None,
    broker: BrokerOption = None,
    password_file: PasswordFileOption = None,
    ca_file: CaFileOption = None,
    cert_file: CertFileOption = None,
    key_file: KeyFileOption = None,
    data: DataOption = None,
) -> None:
    """Make or change a profile."""
    settings = _settings(config, table, broker, data, password_file, ca_file, cert_file, key_file)
    named = {
        "person": person, "name": name, "height_cm": height, "weight_kg": weight, "angle_deg": angle,
        "programme": programme, "week": week,
    }  # fmt: skip
    fields = {key: value for key, value in named.items() if value is not None}
    try:
        save: Save = read_save(fields)
    except ProfileError as error:
        fail(f"{error}.", 2)
    _change(settings, "people/save", fields, lambda people, now: people.save(*save, now))


def _change(settings: Config, verb: str, fields: dict[str, Any], do: Callable[[People, Moment], str]) -> None:
    """By this program if no controller runs, otherwise by the controller."""
    try:
        with closing(Ledger.open(ledger_path_of(settings), read_witness())) as ledger:
            people = _people(settings)
            said = do(people, moment(ledger.ledger_s, time.time()))
            small_file.write(people_path_of(settings), dump(people.register))
    except PeopleError as error:
        fail(f"refused ({error.reason}): {error.message}")
    except HistoryError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{people_path_of(settings)}: {error.strerror}.")
    except LedgerError as error:
        if not isinstance(error.__cause__, BlockingIOError):
            fail(str(error))
        said = _ask(settings, verb, fields)
    print(said)  # noqa: T201


def _ask(settings: Config, verb: str, fields: dict[str, Any]) -> str:
    """The controller runs: it is asked."""
    try:
        result = send_command(
            address_of(settings, None), settings.mqtt.base, settings.table.id, verb, json.dumps(fields)
        )
    except ConfigError as error:
        fail(str(error), 2)
    except SendError as error:
        fail(f"The controller of this table runs, so it has to be asked: {error}.")
    if not result["accepted"]:
        fail(f"refused ({result['reason']}): {result['message']}")
    return str(result["message"])
