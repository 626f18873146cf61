"""Reads and writes a small file that has to outlive the program: whole or not at all, through a power cut, too."""

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

MOST: Final = 1 << 20
"""Bytes that are compared. Chosen: more than any small file has."""


def read(path: Path, most: int) -> str | None:
    """The text of a file, None if there is none. Raises OSError, also for more than `most` bytes or no UTF-8."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
        if len(data) > most:
            raise OSError(errno.EFBIG, f"it is larger than {most // 1024} KiB")
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise OSError(errno.EILSEQ, f"it is not UTF-8 (line {line}); save it as UTF-8") from None


def write(path: Path, text: str | None, instead_of: str | None = None) -> None:
    """Keep this text; None: no file. Raises OSError, and then the file is what it was.

    `instead_of`: the text that is there now, "" for no file; somebody else's newer one stays. Only its owner may read a
    new file; one that exists keeps its permissions and, if it is a link, its place.
    """
    path = Path(os.path.realpath(path))
    if instead_of is not None and (read(path, MOST) or "") != instead_of:
        raise OSError(errno.EBUSY, "somebody else changed it meanwhile, and that is left alone")
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
