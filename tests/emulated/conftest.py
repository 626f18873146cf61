"""Real processes, a broker and phones, as the tests of the command line have them; and hosts that lead a chip."""

from collections.abc import Iterator

import pytest

from tests.bascule.conftest import broker, client, start
from tests.firmware.build import firmware_elf, need
from tests.once import anew
from tests.simulator import host as hosts

from . import chip as chips
from .table import ChipTable

__all__ = ["broker", "client", "start"]


@pytest.fixture(scope="session")
def elf() -> None:
    """What it takes: the program built, and a chip for it."""
    need("make", "avr-gcc")
    chips.library()
    firmware_elf()


@pytest.fixture(scope="module")
def on_the_chip(elf: None) -> Iterator[None]:
    """Every host of this module leads a table with a chip."""
    with pytest.MonkeyPatch.context() as patch, anew():
        patch.setattr(hosts, "Table", ChipTable)
        yield
