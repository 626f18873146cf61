"""Small files are written whole or not at all, and stay whose and where they were."""

import errno
import os
from pathlib import Path

import pytest

from controller import small_file


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "home.presets.toml"
    small_file.write(path, "für mich\n")
    assert path.read_text("utf-8") == "für mich\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_permissions_that_somebody_gave_stay(tmp_path: Path) -> None:
    path = tmp_path / "home.presets.toml"
    path.write_text("old", "utf-8")
    path.chmod(0o664)
    small_file.write(path, "new")
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("new", 0o664)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "kept" / "presets.toml", tmp_path / "presets.toml"
    real.parent.mkdir()
    real.write_text("old", "utf-8")
    link.symlink_to(real)
    small_file.write(link, "new")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "new"


def test_what_can_not_be_written_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "home.presets.toml"
    small_file.write(path, "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        small_file.write(path, "new")
    assert path.read_text("utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["home.presets.toml"]


def test_none_takes_the_file_away_once_or_twice(tmp_path: Path) -> None:
    path = tmp_path / "home.presets.toml"
    small_file.write(path, "old")
    small_file.write(path, None)
    small_file.write(path, None)
    assert not path.exists()
