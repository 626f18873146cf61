"""The file that keeps the child lock through restarts. It is there while the lock is on."""

import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from .child_lock import Kept

SALT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""What a lock that was kept whole looks like."""


def read(path: Path) -> Kept | None:
    """The lock that is on, None if none is. One that can't be read is on, and no PIN lifts it."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        salt, digest = kept["salt"], kept["digest"]
        if SALT.fullmatch(salt) and DIGEST.fullmatch(digest):
            return Kept(salt, digest)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return Kept("", "")


def write(path: Path, kept: Kept | None) -> None:
    """Keep this, whole or not at all, through a power cut, too. Raises OSError."""
    if kept is None:
        path.unlink(missing_ok=True)
        _sync(path.parent)
        return
    new = path.with_suffix(".new")
    try:
        with new.open("w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            json.dump(kept._asdict(), file)
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
