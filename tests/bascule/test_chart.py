"""Charts: what is drawn is where it should be, in a terminal, as SVG and as PNG."""

import re
import struct
import xml.etree.ElementTree as ElementTree
from itertools import pairwise

import pytest

from bascule import chart

TENT = [(0.0, 0.0), (60.0, 30.0), (120.0, 0.0)]
SWING = [(number * 0.5, 10.0 if number % 2 else -10.0) for number in range(601)]
"""Far faster than the columns can show."""


def dots(picture: str) -> set[tuple[int, int]]:
    """The dots of a text chart, column and row from the top left of the plot."""
    found = set()
    bits = {(0, 0): 1, (0, 1): 2, (0, 2): 4, (1, 0): 8, (1, 1): 16, (1, 2): 32, (0, 3): 64, (1, 3): 128}
    for row, line in enumerate(picture.splitlines()):
        for column, letter in enumerate(line[6:]):
            if 0x2800 <= ord(letter) <= 0x28FF:
                found |= {(column * 2 + x, row * 4 + y) for (x, y), bit in bits.items() if (ord(letter) - 0x2800) & bit}
    return found


def test_the_text_fits_the_terminal() -> None:
    for width, height in ((80, 14), (40, 8), (200, 30), (1, 1)):
        lines = chart.text(SWING, width, height).splitlines()
        assert max(map(len, lines)) <= max(width, 20)
        assert len(lines) == max(height, 6)


def test_a_tent_is_a_tent() -> None:
    found = dots(chart.text(TENT, 80, 14))
    width = max(x for x, _ in found) + 1
    heights = [min(y for at, y in found if at == x) for x in range(width)]
    top = heights.index(min(heights))
    assert abs(top - width / 2) <= 2, "the peak is in the middle"
    assert all(after <= before for before, after in pairwise(heights[:top]))
    assert all(after >= before for before, after in pairwise(heights[top:]))


def test_the_axes_say_what_is_where() -> None:
    lines = chart.text(TENT, 80, 14).splitlines()
    assert [line[:5].strip() for line in lines if "┤" in line] == ["30°", "20°", "10°", "0°"]
    assert lines[-1].split() == ["0:00", "0:30", "1:00", "1:30", "2:00"]
    assert "┈" in next(line for line in lines if line.startswith("   0°"))


def test_what_is_too_fast_to_see_is_a_band() -> None:
    found = dots(chart.text(SWING, 40, 10))
    columns = {x for x, _ in found}
    assert columns == set(range(max(columns) + 1)), "without a gap"
    assert all(len({y for at, y in found if at == x}) >= 28 for x in columns)


def test_what_is_below_is_left_out() -> None:
    """From standing, 110° below the top: only what matters is seen."""
    series = [(0.0, -80.0), (55.0, 0.0), (60.0, 0.0), (80.0, 8.0), (120.0, 8.0)]
    found = dots(chart.text(series, 80, 14, low_deg=-5.0))
    assert min(x for x, _ in found) > 50, "not on the edge while the table is further up"
    assert "−5°" in chart.text(series, 80, 14, low_deg=-5.0)
    assert "−80°" in chart.text(series, 80, 14)


def test_the_line_is_never_left_out_between_two_distant_points() -> None:
    found = dots(chart.text([(0.0, 0.0), (99.9, 0.0), (100.0, 30.0)], 80, 14))
    assert {x for x, _ in found} == set(range(max(x for x, _ in found) + 1))
    last = max(x for x, _ in found)
    assert min(y for x, y in found if x == last) == 0


@pytest.mark.parametrize("series", [[], [(0.0, 1.0)], [(0.0, 1.0), (0.0, 2.0)]])
def test_nothing_to_draw(series: list[tuple[float, float]]) -> None:
    with pytest.raises(chart.ChartError, match="nothing to draw"):
        chart.text(series)
    with pytest.raises(chart.ChartError, match="nothing to draw"):
        chart.svg(series, "x")


def line_of(picture: str) -> list[tuple[float, float]]:
    found = re.search(r'points="([^"]+)"', picture)
    assert found is not None
    return [(float(x), float(y)) for x, y in (point.split(",") for point in found[1].split())]


def test_the_svg_is_xml_and_escapes_what_people_wrote() -> None:
    root = ElementTree.fromstring(chart.svg(TENT, 'A <b> & "c"', "d < e", "f & g"))
    texts = [element.text for element in root.iter() if element.tag.endswith(("title", "desc", "text"))]
    assert {'A <b> & "c"', "d < e", "f & g"} <= set(texts)


def test_the_svg_line_is_where_the_axes_say() -> None:
    picture = chart.svg(TENT, "Tent", width=800, height=320)
    (first, top, last) = line_of(picture)
    ticks = dict(re.findall(r'class="end" x="56" y="([\d.]+)">([^<]+)<', picture))
    rows = {label: float(y) - 5 for y, label in ticks.items()}
    assert (first[1], top[1], last[1]) == pytest.approx((rows["0°"], rows["30°"], rows["0°"]), abs=0.2)
    times = {label: float(x) for x, label in re.findall(r'class="mid" x="([\d.]+)" y="\d+">([^<]+)<', picture)}
    assert (first[0], top[0], last[0]) == pytest.approx((times["0:00"], times["1:00"], times["2:00"]), abs=0.2)


def test_a_thinned_line_stays_where_it_was() -> None:
    bow = [(x * 0.5, (x / 40) ** 2) for x in range(200)]
    thin = list(chart._thinned(bow))
    assert len(thin) < len(bow) / 3
    for x, y in bow:
        (x0, y0), (x1, y1) = next(pair for pair in pairwise(thin) if pair[0][0] <= x <= pair[1][0])
        assert y0 + (y1 - y0) * (x - x0) / (x1 - x0) == pytest.approx(y, abs=0.11)


def test_a_thinned_line_keeps_its_corners() -> None:
    corner = [(0.0, 0.0), (10.0, 0.0), (10.0, 30.0), (20.0, 30.0)]
    assert list(chart._thinned(corner)) == corner


def test_the_png_is_one() -> None:
    data = chart.png(chart.svg(TENT, "Tent"), width=400)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (400, 160)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(chart, "import_module", missing)
    with pytest.raises(chart.ChartError, match=re.escape("pip install 'bascule[png]'")):
        chart.png("<svg/>")


def test_ticks_of_any_span_are_few() -> None:
    for seconds in (1.0, 59.0, 600.0, 3599.0, 40_000.0, 1e6):
        shown = chart.frame([(0.0, 0.0), (seconds, 30.0)], None, None, 8, 6)
        assert 1 <= len(shown.ticks_s) <= 8
        assert 2 <= len(shown.ticks_deg) <= 6
