"""An angle over time as a picture: as text for a terminal, as SVG, and from that as PNG.

A series is (seconds, degrees) in the order of time; between two points the line is straight. What lies below `low_deg`
or above `high_deg` is left out.
"""

from collections.abc import Iterator, Sequence
from html import escape
from importlib import import_module
from itertools import pairwise
from math import ceil, floor, inf
from typing import Final, NamedTuple

Series = Sequence[tuple[float, float]]

TIME_STEPS_S: Final = (1, 5, 10, 30, 60, 120, 300, 600, 1200, 3600)
ANGLE_STEPS_DEG: Final = (1, 2, 5, 10, 20, 30)
"""What is good to read on an axis."""
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Unicode's Braille patterns: the bits of the two columns of dots, from the top."""
_BLANK: Final = 0x2800


class ChartError(Exception):
    """No picture can be made; a sentence that says what to do."""


class Frame(NamedTuple):
    """What a picture shows: the seconds from 0, the degrees from bottom to top, and where its ticks are."""

    seconds: float
    low_deg: float
    high_deg: float
    ticks_s: tuple[float, ...]
    ticks_deg: tuple[float, ...]


def frame(series: Series, low_deg: float | None, high_deg: float | None, most_s: int, most_deg: int) -> Frame:
    """A frame around a series, with at most so many ticks a side. Raises ChartError for one without two moments."""
    if len(series) < 2 or not series[-1][0] > 0:
        raise ChartError("There is nothing to draw.")
    low = min(angle for _, angle in series) if low_deg is None else low_deg
    high = max(angle for _, angle in series) if high_deg is None else high_deg
    low, high = min(low, 0.0), max(high, 0.0)  # level is always seen
    high = max(high, low + 1.0)
    step_deg = _step(ANGLE_STEPS_DEG, high - low, most_deg)
    low, high = floor(low / step_deg) * step_deg, ceil(high / step_deg) * step_deg
    seconds = series[-1][0]
    step_s = _step(TIME_STEPS_S, seconds, most_s)
    return Frame(seconds, low, high, tuple(_range(0, seconds, step_s)), tuple(_range(low, high, step_deg)))


def _step(steps: Sequence[int], span: float, most: int) -> int:
    """The smallest step that makes no more than so many ticks; past the last one whole multiples of it."""
    for step in steps:
        if span / step + 1 <= most:
            return step
    return steps[-1] * ceil(span / steps[-1] / max(most - 1, 1))


def _range(low: float, high: float, step: int) -> Iterator[float]:
    at = ceil(low / step) * step
    while at <= high:
        yield at
        at += step


def clock(seconds: float) -> str:
    """Minutes and seconds as on a watch: 4:05."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def degrees(angle_deg: float) -> str:
    """As a person reads it: −15°."""
    return f"{angle_deg:g}°".replace("-", "−")


def text(
    series: Series, width: int = 80, height: int = 14, low_deg: float | None = None, high_deg: float | None = None
) -> str:
    """The picture in Braille dots, two by four a letter, with both axes. Lines of at most `width` letters."""
    margin = 6
    columns, rows = max(width - margin - 3, 10), max(height - 2, 4)  # the last time stands centred below its tick
    shown = frame(series, low_deg, high_deg, columns // 8, rows // 2)
    per_dot = (shown.high_deg - shown.low_deg) / (rows * 4 - 1)
    grid = [[0] * columns for _ in range(rows)]
    for x, (least, most) in enumerate(_extremes(series, shown, columns * 2)):
        top = max(round((shown.high_deg - most) / per_dot), 0)
        bottom = min(round((shown.high_deg - least) / per_dot), rows * 4 - 1)
        for y in range(top, bottom + 1):
            grid[y // 4][x // 2] |= _DOTS[x % 2][y % 4]
    labels = {round((shown.high_deg - angle) / per_dot) // 4: degrees(angle) for angle in (*shown.ticks_deg, 0.0)}
    level = round(shown.high_deg / per_dot) // 4
    lines = []
    for row, dots in enumerate(grid):
        label = labels.get(row, "")
        blank = "┈" if row == level else " "
        line = "".join(chr(_BLANK + bits) if bits else blank for bits in dots)
        lines.append(f"{label:>{margin - 1}}{'┤' if label else '│'}{line}".rstrip())
    axis, times = ["─"] * columns, [" "] * (margin + columns + 3)
    for at_s in shown.ticks_s:
        column = min(round(at_s / shown.seconds * (columns - 1)), columns - 1)
        axis[column] = "┬"
        word = clock(at_s)
        start = margin + column - len(word) // 2
        times[start : start + len(word)] = word
    lines.append(" " * (margin - 1) + "└" + "".join(axis))
    lines.append("".join(times).rstrip())
    return "\n".join(lines)


def _extremes(series: Series, shown: Frame, count: int) -> Iterator[tuple[float, float]]:
    """The least and the greatest angle within each of so many equal parts of the time, edges included."""
    index = 0
    for part in range(count):
        start_s, end_s = shown.seconds * part / count, shown.seconds * (part + 1) / count
        while index + 2 < len(series) and series[index + 1][0] <= start_s:
            index += 1
        inside = [_at(series, index, start_s)]
        after = index + 1
        while after < len(series) and series[after][0] < end_s:
            inside.append(series[after][1])
            after += 1
        inside.append(_at(series, min(after, len(series) - 1) - 1, end_s))
        yield min(inside), max(inside)


def _at(series: Series, index: int, at_s: float) -> float:
    """The angle on the line from the point with this index to the next, at this moment."""
    (from_s, from_deg), (to_s, to_deg) = series[index], series[index + 1]
    part = (at_s - from_s) / (to_s - from_s) if to_s > from_s else 1.0
    return from_deg + (to_deg - from_deg) * min(max(part, 0.0), 1.0)


# ---- SVG ------------------------------------------------------------------------------------------------------------

_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 20, 64, 44
_STYLE: Final = """
    .paper { fill: #ffffff } .grid { stroke: #e3e9f0; stroke-width: 1 }
    .level { stroke: #7b8a9c; stroke-width: 1.5; stroke-dasharray: 5 4 }
    .line { fill: none; stroke: #1b6ac9; stroke-width: 2.5; stroke-linejoin: round }
    text { font-family: system-ui, 'DejaVu Sans', sans-serif; font-size: 14px; fill: #3c4a5a }
    .note { font-size: 13px }
    .title { font-size: 19px; font-weight: 600; fill: #1c2a3a } .end { text-anchor: end } .mid { text-anchor: middle }
    @media (prefers-color-scheme: dark) {
      .paper { fill: #14191f } .grid { stroke: #2a323c } .level { stroke: #8b99a9 } .line { stroke: #6cb0ff }
      text { fill: #b9c4d0 } .title { fill: #eef2f6 }
    }
"""


def svg(
    series: Series,
    title: str,
    description: str = "",
    note: str = "",
    low_deg: float | None = None,
    high_deg: float | None = None,
    width: int = 800,
    height: int = 320,
) -> str:
    """The picture as one SVG document, for light and dark pages.

    `description` is for who can't see it, `note` stands below the title.
    """
    across, down = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM
    shown = frame(series, low_deg, high_deg, across // 70, down // 28)

    def x(at_s: float) -> float:
        return _LEFT + across * at_s / shown.seconds

    def y(angle_deg: float) -> float:
        return _TOP + down * (shown.high_deg - angle_deg) / (shown.high_deg - shown.low_deg)

    points = " ".join(f"{_px(px)},{_px(py)}" for px, py in _thinned([(x(at), y(angle)) for at, angle in series]))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title desc">',
        f'  <title id="title">{escape(title)}</title>',
        f'  <desc id="desc">{escape(description)}</desc>',
        f"  <style>{_STYLE}  </style>",
        f'  <clipPath id="plot"><rect x="{_LEFT}" y="{_TOP - 2}" width="{across}" height="{down + 4}"/></clipPath>',
        f'  <rect class="paper" width="{width}" height="{height}"/>',
        f'  <text class="title" x="{_LEFT}" y="28">{escape(title)}</text>',
        f'  <text class="note" x="{_LEFT}" y="49">{escape(note)}</text>',
    ]
    for angle in shown.ticks_deg:
        kind = "grid" if angle else "level"
        at = _px(y(angle))
        parts.append(f'  <line class="{kind}" x1="{_LEFT}" y1="{at}" x2="{_LEFT + across}" y2="{at}"/>')
        parts.append(f'  <text class="end" x="{_LEFT - 8}" y="{_px(y(angle) + 5)}">{degrees(angle)}</text>')
    for at_s in shown.ticks_s:
        at = _px(x(at_s))
        parts.append(f'  <line class="grid" x1="{at}" y1="{_TOP}" x2="{at}" y2="{_TOP + down}"/>')
        parts.append(f'  <text class="mid" x="{at}" y="{height - 18}">{clock(at_s)}</text>')
    parts += [f'  <polyline class="line" clip-path="url(#plot)" points="{points}"/>', "</svg>", ""]
    return "\n".join(parts)


def _px(at: float) -> str:
    return f"{round(at, 1):g}"


def _thinned(points: Sequence[tuple[float, float]], off_px: float = 0.1) -> Iterator[tuple[float, float]]:
    """The points without those that a straight line passes within so many pixels."""
    yield points[0]
    kept, low, high = points[0], -inf, inf
    for here, after in pairwise(points[1:]):
        run = here[0] - kept[0]
        if here == kept:
            continue
        if run > 0:
            low = max(low, (here[1] - off_px - kept[1]) / run)
            high = min(high, (here[1] + off_px - kept[1]) / run)
        next_run = after[0] - kept[0]
        slope = (after[1] - kept[1]) / next_run if next_run > 0 else inf
        if run <= 0 or not low <= slope <= high:
            yield here
            kept, low, high = here, -inf, inf
    yield points[-1]


def png(picture: str, width: int = 1600) -> bytes:
    """An SVG of ours as PNG. Raises ChartError if the extra that renders it is not installed."""
    try:
        renderer = import_module("resvg_py")
    except ImportError:
        raise ChartError(
            "A PNG needs the extra png, which is not installed: pip install 'bascule[png]'. --svg needs nothing."
        ) from None
    return bytes(renderer.svg_to_bytes(svg_string=picture, width=width))
