"""The referee's view of the record: only what is settled counts as charged."""

from pathlib import Path
from random import Random

import pytest

from controller.account import Witness
from controller.ledger import Ledger
from crashes.record import damage, used_s

NOW = Witness(1_800_000_000.0, 100.0, "boot")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home.sqlite3"


def test_a_reservation_is_no_charge(path: Path) -> None:
    """H3: a referee that took 60 s that were reserved for 60 s that were charged saw no loss."""
    ledger = Ledger.open(path, NOW)
    ledger.reserve("s", "guest", 60.0, 0.0, 1, 0.0)
    assert used_s(path) is None
    ledger.settle("s", 7.5, "reached", "", 10.0, 7.0)
    assert used_s(path) == 7.5, "read while the controller has it open"
    ledger.close()
    assert used_s(path) == 7.5


@pytest.mark.parametrize("how", ["truncated", "deleted"])
def test_a_damaged_record_is_charged_by_the_next_start(path: Path, how: str) -> None:
    """F19: the damage is done, and a start counts the day of 20 min as used."""
    Ledger.open(path, NOW).close()
    damage(path, how, Random(3))
    Ledger.open(path, NOW).close()
    assert used_s(path) == 1200.0


def test_an_overwritten_record_is_another_one(path: Path) -> None:
    """F19: at random places, some of which hold nothing."""
    Ledger.open(path, NOW).close()
    before = path.read_bytes()
    damage(path, "overwritten", Random(3))
    assert len(path.read_bytes()) == len(before)
    assert path.read_bytes() != before


def test_no_record_is_no_charge(path: Path) -> None:
    assert used_s(path) is None
    assert not path.exists()
    path.write_bytes(b"no database" * 100)
    assert used_s(path) is None
