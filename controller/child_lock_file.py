"""The file that keeps the child lock through restarts. It is there while the lock is on."""

from pathlib import Path

from .child_lock import Kept, parse


def read(path: Path) -> Kept | None:
    """The lock that is on, None if none is. One that can't be read is on, and no PIN lifts it."""
    try:
        return parse(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        return parse("")
