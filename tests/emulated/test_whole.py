"""The controller's core and the released firmware on an emulated chip, through bytes, in virtual time: a short preset
to its end. `python -m tests.emulated.whole back` plays a long one, also in real time.
"""

import pytest

from controller.presets import parse

from .whole import OFF_DEG, virtual

START_DEG = -20.0
SHORT = """
[short]
title = "Up and back, twice"
purpose = "Crosses level four times."
basis = "Chosen for this test."
rate_dps = 3
repeat = 2
steps = [{ angle_deg = 6, hold_s = 4 }, { rest_s = 8 }]
"""


@pytest.mark.usefixtures("elf")
def test_a_short_preset_is_played_to_its_end() -> None:
    preset = parse(SHORT, "presets.toml")["short"]
    played = virtual(preset, START_DEG, SHORT)
    assert played.passed, played.told()
    assert played.took_s == pytest.approx(preset.duration_s(START_DEG), abs=1.0)
    figures = played.figures
    assert figures.hold_deg <= OFF_DEG
    assert 5.5 < figures.largest_deg < 6.5
    assert 2.0 < figures.fastest_dps <= 3.3
