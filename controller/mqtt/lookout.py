"""Sees stops among bytes that nobody has read yet: the beginning of the stop lane.

A stop must not wait: not for the packets in front of it, nor until its own is decoded. Whoever waits for the broker's
socket shows what is in it to the lookout, and a live stop in there goes to the port at once; paho reads the same bytes
right after, and the wish takes its ordinary way, which writes again only what is not confirmed.

It may err in one direction only. A kept stop (with the retain flag) is none. If the bytes begin in the middle of a
packet, a stop may be overlooked, which then costs what reading costs, or one may be seen where somebody wrote the bytes
of one into another message, which stops the table: anybody who may write there may stop.
"""

from typing import Final

LIVE_PUBLISH: Final = 0x30
LIVE_PUBLISH_BITS: Final = 0xF1
"""Of a packet's first byte: PUBLISH without retain; QoS and DUP do not matter (MQTT 3.1.1, 3.3.1)."""
MORE: Final = 0x80
"""Of a byte of the remaining length: another one follows (MQTT 3.1.1, 2.2.3)."""


class Lookout:
    """Looks for PUBLISH packets to one topic."""

    def __init__(self, topic: str) -> None:
        name = topic.encode()
        self._topic = len(name).to_bytes(2, "big") + name

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
