"""Stops among bytes that nobody has read yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.mqtt.lookout import Lookout

TOPIC = "bascule/home/command/stop"
LOOKOUT = Lookout(TOPIC)


def packet(first: int, body: bytes) -> bytes:
    """With its remaining length as MQTT 3.1.1 (2.2.3) says."""
    left, length = len(body), b""
    while True:
        left, seven = divmod(left, 128)
        length += bytes([seven | (0x80 if left else 0)])
        if not left:
            return bytes([first]) + length + body


def publish(topic: str = TOPIC, payload: bytes = b"", first: int = 0x30) -> bytes:
    """QoS 1 and 2 have a number behind the topic."""
    name = topic.encode()
    number = b"\0\7" if first & 0x06 else b""
    return packet(first, len(name).to_bytes(2, "big") + name + number + payload)


OTHERS = packet(0xD0, b"") + publish("bascule/home/command/_echo", b"ab") + publish("bascule/home/command/goto", b"9")


@pytest.mark.parametrize("first", [0x30, 0x32, 0x3A, 0x34, 0x38])
@pytest.mark.parametrize("payload", [b"", b'{"id": "7"}', b"x" * 200, b"x" * 20_000])
def test_a_live_stop_is_seen(first: int, payload: bytes) -> None:
    assert LOOKOUT.count(publish(payload=payload, first=first)) == 1


@pytest.mark.parametrize("first", [0x31, 0x33, 0x3B])
def test_a_kept_one_is_none(first: int) -> None:
    assert LOOKOUT.count(publish(first=first)) == 0


def test_stops_are_seen_behind_others() -> None:
    assert LOOKOUT.count(OTHERS) == 0
    assert LOOKOUT.count(OTHERS + publish()) == 1
    assert (
        LOOKOUT.count(publish("a/b", b"x" * 300) + publish() + OTHERS + publish(first=0x32) + publish(first=0x31)) == 2
    )


@pytest.mark.parametrize(
    "topic", ["bascule/home/command/stops", "xbascule/home/command/stop", "bascule/other/command/stop"]
)
def test_other_topics_are_none(topic: str) -> None:
    assert LOOKOUT.count(publish(topic)) == 0


def test_a_stop_inside_of_another_message_is_none() -> None:
    assert LOOKOUT.count(publish("bascule/home/command/goto", publish())) == 0
    assert LOOKOUT.count(publish("bascule/home/command/goto", publish()[2:]) + publish(first=0x31)) == 0


def test_the_topic_has_to_be_there_whole() -> None:
    whole = publish()
    assert [LOOKOUT.count(whole[:end]) for end in range(len(whole) + 1)] == [0] * len(whole) + [1]
    assert LOOKOUT.count(publish(payload=b"x" * 300)[:-1]) == 1, "its payload need not be"


def test_a_length_without_an_end_is_none() -> None:
    assert LOOKOUT.count(b"\x30" + b"\xff" * 40 + publish()[2:]) == 0
    assert LOOKOUT.count(publish()[2:] + b"\x30\x80") == 0


@given(st.binary(max_size=40), st.lists(st.sampled_from([publish(), publish(first=0x31), OTHERS]), max_size=4))
def test_any_bytes_can_be_looked_at(garbage: bytes, packets: list[bytes]) -> None:
    waiting = b"".join(packets)
    live = sum(one == publish() for one in packets)
    assert LOOKOUT.count(waiting) == live
    assert 0 <= LOOKOUT.count(garbage + waiting) <= live + len(garbage)


def test_each_stop_is_told_once() -> None:
    lookout = Lookout(TOPIC)
    assert lookout.look(OTHERS + publish()) == 1
    assert lookout.look(OTHERS + publish() + publish()) == 1, "one more has come"
    assert lookout.look(publish() + publish()) == 0
    assert lookout.read()
    assert lookout.unread == 1, "what is read now was said before it"
    assert lookout.look(publish()) == 0
    assert lookout.read()
    assert lookout.look(OTHERS) == 0
    assert not lookout.read(), "one that nobody looked at"
    assert lookout.unread == 0
