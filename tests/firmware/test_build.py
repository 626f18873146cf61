"""What `make -C firmware` makes for one table."""

import subprocess
from pathlib import Path

import pytest

from .build import FIRMWARE, need


def test_another_calibration_is_another_program(tmp_path: Path) -> None:
    """F7, H2: a calibrated unit is built after one that is not, in the same folder; the zeros have to be in it."""
    need("make", "avr-gcc")
    built: list[bytes] = []
    for zeros in ([], ["BED_ZERO=35", "DRIVE_ZERO=-120"], ["BED_ZERO=35", "DRIVE_ZERO=-120"]):
        command = ["make", "-s", "-C", str(FIRMWARE), f"OUT={tmp_path}", *zeros]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        built.append((tmp_path / "tilt-unit.elf").read_bytes())
    assert built[0] != built[1]
    assert built[1] == built[2]


@pytest.mark.parametrize("zero", ["BED_ZERO=-1001", "BED_ZERO=1001", "DRIVE_ZERO=-1001", "DRIVE_ZERO=1001"])
def test_no_zero_makes_an_angle_of_a_broken_wire(tmp_path: Path, zero: str) -> None:
    """F7: a wire that broke reads -125° less the zero."""
    need("make", "avr-gcc")
    command = ["make", "-s", "-C", str(FIRMWARE), f"OUT={tmp_path}", zero]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode != 0
    assert "mount the sensor anew" in done.stderr
