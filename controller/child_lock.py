"""The child lock: while it is on, everything but stop and level is refused (docs/mqtt.md).

A PIN that is guessed is no lock: after five wrong ones nobody's PIN is looked at for a minute, right or wrong. What is
kept of the PIN is a salted digest, so that nobody reads it by chance; who may read the file may lift the lock anyway.
Pure; `child_lock_file` keeps it through restarts.
"""

import json
import re
from hashlib import sha256
from hmac import compare_digest
from math import ceil
from random import Random
from typing import Final, NamedTuple

from .model import Keep

FILE: Final = "child_lock"
"""What `Keep` calls the file."""
LARGEST_FILE: Final = 4096
"""Bytes. Chosen: thirty times what a lock needs."""
SALT: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)
DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
"""What a lock that was kept whole looks like."""
TRIES: Final = 5
WAIT_S: Final = 60.0
"""Chosen: five of the 10 000 shortest PINs a minute take a day to try, and a forgotten digit costs a minute."""


class Kept(NamedTuple):
    """What is kept of a lock that is on. A `digest` that fits no PIN: what was kept could not be read."""

    salt: str
    digest: str


def parse(text: str) -> Kept:
    """What a file holds. One that no lock wrote is on, and no PIN lifts it."""
    try:
        kept = json.loads(text)
        salt, digest = kept["salt"], kept["digest"]
        if SALT.fullmatch(salt) and DIGEST.fullmatch(digest):
            return Kept(salt, digest)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return Kept("", "")


class ChildLock:
    """One table's lock. `kept` is None while it is off; times are by the clock of hands."""

    def __init__(self, random: Random, kept: Kept | None = None) -> None:
        self._random = random
        self._wrong = 0
        self._until_s = 0.0
        self.kept = kept

    @property
    def on(self) -> bool:
        """Whether the table is locked."""
        return self.kept is not None

    def keep(self) -> Keep:
        """What is to be kept of it now."""
        if self.kept is None:
            return Keep(FILE, None, "a restart locks again")
        return Keep(FILE, json.dumps(self.kept._asdict()), "a restart forgets the child lock")

    def lock(self, pin: str) -> None:
        """Lock with this PIN, which unlocks it again."""
        salt = f"{self._random.getrandbits(64):016x}"
        self.kept = Kept(salt, _digest(salt, pin))
        self._wrong = 0

    def unlock(self, pin: str, hand_s: float) -> str | None:
        """Unlock with the PIN, or say in a sentence why not."""
        if self.kept is None:
            return None
        if self._wrong >= TRIES:
            wait_s = self._until_s - hand_s
            if wait_s > 0.0:
                return f"Too many wrong PINs. Try again in {ceil(wait_s)} s."
            self._wrong = 0
        if compare_digest(_digest(self.kept.salt, pin), self.kept.digest):
            self.kept = None
            return None
        self._wrong += 1
        left = TRIES - self._wrong
        if left:
            return f"That is not the PIN. {left} more {'try' if left == 1 else 'tries'} before a pause of a minute."
        self._until_s = hand_s + WAIT_S
        return "That is not the PIN. Try again in a minute."


def _digest(salt: str, pin: str) -> str:
    return sha256(f"{salt}:{pin}".encode()).hexdigest()
