"""Writes a small file that has to outlive the program: whole or not at all, through a power cut, too."""

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, text: str | None) -> None:
    """Keep this text; None: no file. Raises OSError, and then the file is what it was.

    Only its owner may read a new file; one that exists keeps its permissions and, if it is a link, its place.
    """
    path = Path(os.path.realpath(path))
    if text is None:
        path.unlink(missing_ok=True)
        _sync(path.parent)
        return
    new = path.with_name(path.name + ".new")
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        with new.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        _sync(path.parent)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
