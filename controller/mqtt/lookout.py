"""Sees stops among bytes that nobody has read yet: the beginning of the stop lane.

A stop must not wait: not for the packets in front of it, nor until its own is decoded. Whoever waits for the broker's
socket shows what is in it to the lookout, and a live stop in there goes to the port at once; paho reads the same bytes
right after, and the wish takes its ordinary way. A kept stop (with the retain flag) is none.

Whatever is read while a stop was seen behind it was said before that stop, and counts as late.
"""

from typing import Final

LIVE_PUBLISH: Final = 0x30
LIVE_PUBLISH_BITS: Final = 0xF1
"""Of a packet's first byte: PUBLISH without retain; QoS and DUP do not matter (MQTT 3.1.1, 3.3.1)."""
MORE: Final = 0x80
"""Of a byte of the remaining length: another one follows (MQTT 3.1.1, 2.2.3)."""


class Lookout:
    """Looks for PUBLISH packets to one topic, on one connection. `unread`: how many were seen and not read yet."""

    def __init__(self, topic: str) -> None:
        name = topic.encode()
        self._topic = len(name).to_bytes(2, "big") + name
        self.unread = 0

    def look(self, waiting: bytes) -> int:
        """How many there are in the bytes to be read next, which begin with a packet, that were not there before."""
        before, self.unread = self.unread, self.count(waiting)
        return max(self.unread - before, 0)

    def read(self) -> bool:
        """One was read: whether it had been seen."""
        seen = self.unread > 0
        self.unread -= seen
        return seen

    def count(self, waiting: bytes) -> int:
        """How many live messages to the topic begin in these bytes, which begin with a packet."""
        topic = self._topic
        if topic not in waiting:  # nearly always
            return 0
        start, end, found = 0, len(waiting), 0
        while start < end:
            at, length, shift = start + 1, 0, 0
            while at < end and waiting[at] & MORE:
                length |= (waiting[at] & ~MORE) << shift
                at, shift = at + 1, shift + 7
            if at >= end:
                break
            found += waiting[start] & LIVE_PUBLISH_BITS == LIVE_PUBLISH and waiting.startswith(topic, at + 1)
            start = at + 1 + (length | waiting[at] << shift)
        return found
