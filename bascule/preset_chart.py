"""A preset's angle over time. `python -m bascule.preset_chart` renders docs/pictures/preset-<id>.svg."""

import sys
from itertools import pairwise
from math import ceil
from pathlib import Path

from controller.presets import Preset, bundled

from . import chart

PARTS = 32
RAMP_PARTS = 200
"""Of each period of a swing, and of a ramp. Chosen: no corner is seen."""
ROOM_DEG = 4.0
"""Below the lowest angle of a pattern: the way up from standing comes in there."""
FROM_BELOW = "The way up from standing, at −80°, comes in from below."
FOLDER = Path(__file__).resolve().parents[1] / "docs" / "pictures"


def series(preset: Preset) -> list[tuple[float, float]]:
    """From standing to the end at level: seconds and degrees."""
    points = []
    began_s = 0.0
    for leg in preset.legs():
        step = leg.step
        swings = round(step.hold_s / step.period_s) if step.swing_deg else 0
        count = max(swings * PARTS, 1)
        moments = [leg.reached_s * part / RAMP_PARTS for part in range(RAMP_PARTS)]
        moments += [leg.reached_s + step.hold_s * part / count for part in range(count + 1)]
        points += [(began_s + moment_s, leg.at(moment_s).angle_deg) for moment_s in moments]
        began_s += leg.duration_s
    return [point for point, after in pairwise(points) if after[0] > point[0]] + points[-1:]


def view(preset: Preset) -> float:
    """The lowest angle that a picture shows: the pattern is to be seen, not the way to it."""
    return min(step.angle_deg - step.swing_deg for step in preset.steps) - ROOM_DEG


def picture(preset: Preset) -> str:
    """The preset as SVG."""
    steps = "; ".join(step.label for step in preset.steps)
    minutes = ceil(preset.duration_s() / 60)
    return chart.svg(
        series(preset),
        f"{preset.title}: degrees head down, by minutes",
        f"{preset.purpose} It takes {minutes} min from standing: {steps}.",
        FROM_BELOW,
        low_deg=view(preset),
    )


def main() -> int:
    """Write the pictures of all bundled presets."""
    for preset in bundled().values():
        (FOLDER / f"preset-{preset.id}.svg").write_text(picture(preset), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
