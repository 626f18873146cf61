"""What past sessions look like: as table, as lines for programs, as bars of days and weeks. Pure."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from itertools import dropwhile
from typing import Any, Final

from rich.table import Table as Grid
from rich.text import Text

from controller.history_documents import points
from controller.history_file import Kept
from controller.history_trace import Sample
from controller.limits import LEVEL_DEG

from .chart import degrees
from .preset_chart import ROOM_DEG

FIELDS: Final = (
    "number", "session", "person", "preset", "started", "clock", "duration_s", "head_down_s", "largest_angle_deg",
    "step", "steps", "outcome", "why", "limits", "faults", "feedback",
)  # fmt: skip
"""The columns of CSV, and with `trace` the keys of JSON."""
MOST_BARS: Final = 60
"""Chosen: two months of days, a year of weeks, on a screen or two."""
BAR: Final = 40
"""Letters of the longest bar."""
NARROW: Final = 100
WIDEST: Final = {"person": 8, "preset": len("circulation")}
"""Letters of an id in one line of a terminal with less than so many columns: what the others leave of 80."""
CLOCKS: Final = {"jumped": "the clock jumped", "unset": "the clock was not set"}


def local(started_s: float) -> datetime:
    """Unix seconds as the time of this place."""
    return datetime.fromtimestamp(started_s, UTC).astimezone()


def minutes(seconds: float) -> str:
    """As on a watch."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"


def grid(kept: Sequence[Kept], width: int) -> Grid:
    """For people, newest first. How it ended has what the others leave, and wraps between words."""
    table = Grid(box=None, header_style="dim", padding=(0, 1, 0, 0), pad_edge=False)
    narrow = width < NARROW
    for name in ("id", "started", "person", "preset", "took", "head\ndown", "most", "said"):
        right = name in ("id", "took", "head\ndown", "most")
        widest = WIDEST.get(name) if narrow else None
        table.add_column(
            name, justify="right" if right else "left", no_wrap=widest is None, max_width=widest, overflow="fold"
        )
    table.add_column("ended", min_width=len("interrupted:"))
    for number, one in kept:
        ended = one.outcome if not one.why or one.outcome == "reached" else f"{one.outcome}: {one.why}"
        met = [*dict.fromkeys(met.code for met in (*one.faults, *one.limits))]
        table.add_row(
            str(number),
            f"{local(one.started_s):%Y-%m-%d %H:%M}{'' if one.clock == 'sound' else '?'}",
            Text(one.person),
            Text(one.preset),
            minutes(one.duration_s),
            minutes(one.head_down_s),
            "" if one.largest_deg is None else degrees(round(one.largest_deg)),
            one.feedback or "",
            Text(ended + (f" ({', '.join(met)})" if met else "")),
        )
    return table


def as_json(kept: Kept, *, traced: bool) -> dict[str, Any]:
    """For programs; `traced`: with the angle over time."""
    number, one = kept
    fields: dict[str, Any] = {
        "number": number,
        "session": one.session,
        "person": one.person,
        "preset": one.preset,
        "started": datetime.fromtimestamp(one.started_s, UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "clock": one.clock,
        "duration_s": round(one.duration_s, 1),
        "head_down_s": round(one.head_down_s, 1),
        "largest_angle_deg": one.largest_deg,
        "step": one.step,
        "steps": one.steps,
        "outcome": one.outcome,
        "why": one.why,
        "limits": [asdict(met) for met in one.limits],
        "faults": [asdict(met) for met in one.faults],
        "feedback": one.feedback,
    }
    if traced:
        corners = points(one, most=10_000)
        fields["trace"] = None if corners is None else [list(corner) for corner in corners]
    return fields


def as_csv(kept: Sequence[Kept]) -> str:
    """One line a session; limits and faults as their codes."""
    out = io.StringIO()
    writer = csv.DictWriter(out, FIELDS, lineterminator="\n")
    writer.writeheader()
    for one in kept:
        fields = as_json(one, traced=False)
        for name in ("limits", "faults"):
            fields[name] = " ".join(met["code"] for met in fields[name])
        writer.writerow(fields)
    return out.getvalue()


def facts(kept: Kept) -> Iterator[tuple[str, str]]:
    """One session in words: a name and what there is to say."""
    number, one = kept
    clock = f" ({CLOCKS[one.clock]})" if one.clock in CLOCKS else ""
    yield "session", f"{number} ({one.session})"
    yield "person", one.person
    yield "started", f"{local(one.started_s):%Y-%m-%d %H:%M:%S}{clock}"
    yield "lasted", f"{minutes(one.duration_s)} min, head down {minutes(one.head_down_s)} min"
    if one.largest_deg is not None:
        yield "largest", degrees(round(one.largest_deg, 1))
    yield "steps", f"{one.step} of {one.steps}"
    yield one.outcome, one.why
    for name, met in (("limit", one.limits), ("fault", one.faults)):
        for each in met:
            yield name, f"{minutes(each.at_s)} {each.code}: {each.message}"
    if one.feedback is not None:
        yield "said", one.feedback


def pieces(corners: Sequence[Sample]) -> list[tuple[float, float]]:
    """The angles for a chart. Where nobody knew the angle the last one goes on: a chart has no gaps."""
    series: list[tuple[float, float]] = []
    for at_s, angle_deg in corners:
        if angle_deg is not None:
            series.append((at_s, angle_deg))
        elif series:
            series.append((at_s, series[-1][1]))
    return series


def lowest_deg(series: Sequence[tuple[float, float]]) -> float | None:
    """Where a chart is cut off below, in degrees: a little under where the session went after it had come to level."""
    pattern = dropwhile(lambda point: point[1] < -LEVEL_DEG, series)
    lowest = min((angle_deg for _, angle_deg in pattern), default=None)
    return None if lowest is None else lowest - ROOM_DEG


def sums(kept: Sequence[Kept], *, weekly: bool) -> list[tuple[date, float, int]]:
    """Head-down seconds and sessions of each day, or of each week by its Monday, oldest first, without holes."""
    days: dict[date, tuple[float, int]] = {}
    for _, one in kept:
        if one.clock != "unset":
            first = _first(local(one.started_s).date(), weekly)
            before_s, sessions = days.get(first, (0.0, 0))
            days[first] = (before_s + one.head_down_s, sessions + 1)
    if not days:
        return []
    step = timedelta(days=7 if weekly else 1)
    last = max(days)
    start = max(min(days), last - step * (MOST_BARS - 1))
    count = (last - start) // step
    return [(day, *days.get(day, (0.0, 0))) for day in (start + step * number for number in range(count + 1))]


def _first(day: date, weekly: bool) -> date:
    return day - timedelta(days=day.weekday()) if weekly else day


def bars(rows: Sequence[tuple[date, float, int]]) -> str:
    """Head-down minutes as bars in text."""
    most_s = max((seconds for _, seconds, _ in rows), default=0.0)
    lines = []
    for day, seconds, sessions in rows:
        eighths = round(seconds / most_s * BAR * 8) if most_s else 0
        bar = "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8]
        count = f"{sessions} session{'' if sessions == 1 else 's'}" if sessions else ""
        lines.append(f"{day:%a %Y-%m-%d} {bar:<{BAR}} {seconds / 60:5.1f} min  {count}".rstrip())
    return "\n".join(lines)
