"""What waits to be published: the latest of each retained topic, and a bounded queue of single messages.

Any thread puts in and never waits; one thread empties it and makes the JSON. Nothing is kept for a broker that is not
there, except what it would retain anyway.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from .payloads import Document, dump

MAX_SINGLE: Final = 256
"""Events and results that wait; the oldest goes first. Chosen: a burst of commands fits with its results."""
MAX_RETAINED: Final = 64
"""Retained topics. Chosen: ours and discovery's fit many times."""
Send = Callable[[str, bytes, int, bool, bytes | None], bool]
"""`(topic, payload, qos, retain, correlation data)`; False if there is no room now."""
_log = logging.getLogger(__name__)


class Outbox:
    """`retain` and `put` from any thread; `repeat`, `discard` and `flush` from the one that publishes."""

    def __init__(self) -> None:
        self.dropped = 0
        self.unserialisable = 0
        self._single: deque[tuple[str, Document, bytes | None]] = deque(maxlen=MAX_SINGLE)
        self._retained: dict[str, tuple[Document | bytes, int]] = {}
        self._changed: set[str] = set()
        self._named: set[str] = set()

    @property
    def waiting(self) -> bool:
        """Whether there is anything to publish."""
        return bool(self._single or self._changed)

    def retain(self, topic: str, content: Document | bytes, qos: int) -> None:
        """Replaces what the topic holds; what was not sent yet is never sent."""
        if topic not in self._retained and len(self._retained) >= MAX_RETAINED:
            self.dropped += 1
            return
        self._retained[topic] = (content, qos)
        self._changed.add(topic)

    def put(self, topic: str, document: Document, correlation: bytes | None = None) -> None:
        """Queues a message that is sent once, with QoS 1. `correlation`: data that its reader knows it by."""
        if len(self._single) >= MAX_SINGLE:
            self.dropped += 1
        self._single.append((topic, document, correlation))

    def repeat(self) -> None:
        """Everything retained counts as new: the broker may have forgotten it."""
        self._changed.update(list(self._retained))

    def discard(self) -> None:
        """There is no broker: single messages are lost, the retained ones wait for `repeat`."""
        self._changed.clear()
        self.dropped += len(self._single)
        self._single.clear()

    def flush(self, send: Send) -> None:
        """Sends what waits, until there is no room."""
        while self._changed:
            topic = self._changed.pop()
            content, qos = self._retained[topic]
            if not self._send(send, topic, content, qos, retain=True):
                self._changed.add(topic)
                return
        while self._single:
            item = self._single.popleft()
            topic, document, correlation = item
            if not self._send(send, topic, document, 1, retain=False, correlation=correlation):
                if len(self._single) < MAX_SINGLE:
                    self._single.appendleft(item)
                else:
                    self.dropped += 1
                return

    def _send(
        self,
        send: Send,
        topic: str,
        content: Document | bytes,
        qos: int,
        *,
        retain: bool,
        correlation: bytes | None = None,
    ) -> bool:
        """What can't be written as JSON is counted, logged once a topic, and done with."""
        try:
            payload = content if isinstance(content, bytes) else dump(content)
        except Exception as error:
            self.unserialisable += 1
            if topic not in self._named:
                self._named.add(topic)
                _log.error("a document for %s cannot be published: %s", topic, error)
            return True
        return send(topic, payload, qos, retain, correlation)
