"""The file that keeps the child lock through restarts. It is there while the lock is on."""

from pathlib import Path

from . import small_file
from .child_lock import LARGEST_FILE, Kept, parse


def read(path: Path) -> Kept | None:
    """The lock that is on, None if none is. One that can't be read is on, and no PIN lifts it."""
    try:
        text = small_file.read(path, LARGEST_FILE)
    except OSError:
        return parse("")
    return None if text is None else parse(text)
