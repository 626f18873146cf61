"""How cost grows, as one picture for docs/performance.md."""

import re
from importlib import import_module
from io import StringIO
from typing import Any, Final

from .growth import STATES_HZ, TABLES, TELEMETRY_HZ, Points
from .measure import Spread
from .table import ROOT

PICTURE: Final = ROOT / "docs" / "pictures" / "growth.svg"
BLUE, ORANGE, GREY = "#2563a8", "#c2600c", "#6b7280"
"""Readable on white and, with the white ground that the picture brings, on dark pages."""


def draw(points: Points) -> None:
    """Four panels: telemetry, states, tables, history."""
    matplotlib: Any = import_module("matplotlib")
    matplotlib.use("Agg")
    # Text as text, and the same file for the same figures.
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "bascule", "font.size": 9}
    pyplot: Any = import_module("matplotlib.pyplot")
    figure, ((telemetry, states), (tables, history)) = pyplot.subplots(2, 2, figsize=(9.0, 6.2), layout="constrained")
    _rates(telemetry, points.by_telemetry, TELEMETRY_HZ, "telemetries a second")
    _rates(states, points.by_states, STATES_HZ, "state documents a second, at 50 telemetries")
    _tables(tables, points)
    _history(history, points)
    svg = StringIO()
    figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    pyplot.close(figure)
    picture = svg.getvalue()
    # Pages have pixels, not points; and lines of the file end where they end.
    picture = re.sub(r'width="([\d.]+)pt" height="([\d.]+)pt"', r'width="\1" height="\2"', picture, count=1)
    PICTURE.write_text("".join(line.rstrip() + "\n" for line in picture.splitlines()), "utf-8")


def _rates(panel: Any, of: dict[float, Spread], rates: tuple[float, ...], name: str) -> None:
    panel.set_title("CPU of one daemon")
    panel.set_xlabel(name)
    panel.set_ylabel("% of one core")
    panel.fill_between(
        rates, [of[rate].low for rate in rates], [of[rate].high for rate in rates], color=BLUE, alpha=0.2
    )
    panel.plot(rates, [of[rate].middle for rate in rates], "o-", color=BLUE)
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)


def _tables(panel: Any, points: Points) -> None:
    panel.set_title("One broker for many tables")
    panel.set_xlabel("tables")
    panel.set_ylabel("stop, ms")
    panel.set_xscale("log")
    panel.set_xticks(TABLES, [str(count) for count in TABLES])
    panel.minorticks_off()
    for place, (label, line) in enumerate((("stop, p50", "o-"), ("stop, p99", "o--"))):
        panel.plot(TABLES, [points.stop_by_tables[count][place] for count in TABLES], line, color=BLUE, label=label)
    other = panel.twinx()
    other.plot(TABLES, [points.broker_by_tables[count] for count in TABLES], "s-", color=ORANGE, label="broker's CPU")
    other.set_ylabel("broker, % of one core", color=ORANGE)
    panel.set_ylim(bottom=0)
    other.set_ylim(bottom=0)
    panel.grid(alpha=0.3)
    lines = [*panel.get_lines(), *other.get_lines()]
    panel.legend(lines, [line.get_label() for line in lines], loc="best")


def _history(panel: Any, points: Points) -> None:
    panel.set_title("Sessions on record")
    panel.set_xlabel("sessions: a day, a month, 90 days, a year at three a day")
    panel.set_ylabel("ms")
    panel.set_xscale("log")
    looks = (("open", "open the file", ORANGE), ("save", "save one more", BLUE), ("read", "read the newest 20", GREY))
    for what, label, colour in looks:
        of = points.history[what]
        panel.plot([*of], [one.middle for one in of.values()], "o-", color=colour, label=label)
    counts = [*points.history["save"]]
    panel.set_xticks(counts, [str(count) for count in counts])
    panel.minorticks_off()
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)
    panel.legend(loc="best")
