"""The file that keeps the child lock through restarts. It is there while the lock is on."""

import json
import os
from contextlib import suppress
from pathlib import Path

from .child_lock import Kept


def read(path: Path) -> Kept | None:
    """The lock that is on, None if none is. One that can't be read is on, and no PIN lifts it."""
    try:
        salt, digest = (str(json.loads(path.read_text("utf-8"))[key]) for key in Kept._fields)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Kept("", "")
    return Kept(salt, digest)


def write(path: Path, kept: Kept | None) -> None:
    """Keep this, whole or not at all. Raises OSError."""
    if kept is None:
        path.unlink(missing_ok=True)
        return
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump(kept._asdict(), file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise
