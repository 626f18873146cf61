"""Where clients of MQTT 5 want the answers to their commands: the response topic and the correlation data. Pure.

Only topics below `<base>/<table>/reply/` are answered: everywhere else somebody could have the controller say for them
what they may not say themselves, a state for instance. An answer finds its command by the command's `id`.
"""

from typing import Final, NamedTuple

MOST: Final = 64
"""Answers that are waited for. Chosen: as many as commands can wait for one step."""
LONGEST: Final = 256
"""Letters of a topic and bytes of correlation data. Chosen: a UUID fits several times."""


class Reply(NamedTuple):
    """Where an answer is wanted, and what shall come with it."""

    topic: str
    correlation: bytes | None


class Replies:
    """`wish` and `take` may run in two threads: each is one step of a dictionary."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._wanted: dict[str, Reply] = {}

    def wish(self, id_: str | None, reply: Reply | None) -> None:
        """A command with this id came; `reply` says where its answer is wanted, too."""
        if id_ is None or reply is None or not self._allowed(reply):
            return
        self._wanted[id_] = reply
        if len(self._wanted) > MOST:
            self._wanted.pop(next(iter(self._wanted)), None)

    def take(self, id_: str | None) -> Reply | None:
        """Where else the answer to this command goes."""
        return None if id_ is None else self._wanted.pop(id_, None)

    def _allowed(self, reply: Reply) -> bool:
        topic, correlation = reply
        end = topic.removeprefix(self._prefix)
        named = topic.startswith(self._prefix) and end.isprintable() and not set(end) & set("+#")
        return named and len(end) > 0 and len(topic) <= LONGEST and len(correlation or b"") <= LONGEST
