"""The file of the controller's ledger, as somebody else than the controller sees it: damaged, and read."""

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from random import Random


def damage(path: Path, how: str, random: Random) -> None:
    """Do to the files of the record what a bad disk or a wrong hand does."""
    size = path.stat().st_size
    if how == "overwritten":
        with path.open("r+b") as file:
            for _ in range(8):
                file.seek(random.randrange(size))
                file.write(random.randbytes(64))
    elif how == "truncated":
        os.truncate(path, random.randrange(size))
    else:
        for part in path.parent.glob(f"{path.name}*"):
            part.unlink(missing_ok=True)


def used_s(path: Path) -> float | None:
    """Head-down seconds on record. None while a session is open, or if there is no record that can be read.

    A reservation is no charge: it is more than was used, and the next start may settle it to less.
    """
    query = "SELECT total(used_s), count(*) - count(used_s) FROM session"
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        charged_s, still_open = db.execute(query).fetchone()
        return None if still_open else float(charged_s)
    return None
