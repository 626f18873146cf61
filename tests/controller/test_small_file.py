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


def test_what_is_read(tmp_path: Path) -> None:
    path = tmp_path / "home.presets.toml"
    assert small_file.read(path, 100) is None
    path.write_bytes(b"\xef\xbb\xbfa = 1\r\n")
    assert small_file.read(path, 100) == "a = 1\r\n"


@pytest.mark.parametrize(
    ("data", "why"),
    [(b"x" * 2049, "it is larger than 2 KiB"), (b"a\nb\xff", "it is not UTF-8 (line 2); save it as UTF-8")],
)
def test_what_can_not_be_read_says_why(tmp_path: Path, data: bytes, why: str) -> None:
    path = tmp_path / "home.presets.toml"
    path.write_bytes(data)
    with pytest.raises(OSError) as caught:  # noqa: PT011
        small_file.read(path, 2048)
    assert caught.value.strerror == why


@pytest.mark.parametrize(
    ("there", "instead_of", "written"),
    [(None, "", True), ("", "", True), ("old", "old", True), ("newer", "old", False), ("newer", "", False),
     (None, "old", False)],
)  # fmt: skip
def test_what_somebody_else_wrote_is_not_written_over(
    tmp_path: Path, there: str | None, instead_of: str, written: bool
) -> None:
    path = tmp_path / "home.presets.toml"
    if there is not None:
        path.write_text(there, "utf-8")
    if written:
        small_file.write(path, "new", instead_of)
        assert path.read_text("utf-8") == "new"
        return
    with pytest.raises(OSError) as caught:  # noqa: PT011
        small_file.write(path, "new", instead_of)
    assert caught.value.strerror == "somebody else changed it meanwhile, and that is left alone"
    assert (path.read_text("utf-8") if path.exists() else None) == there


def test_what_is_no_text_any_more_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "home.presets.toml"
    path.write_bytes(b"\xff")
    with pytest.raises(OSError):  # noqa: PT011
        small_file.write(path, "new", "old")
    assert path.read_bytes() == b"\xff"
