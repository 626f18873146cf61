"""Where an answer goes beside `result`: only where the controller may be made to speak."""

import pytest

from controller.mqtt.replies import Replies, Reply

PREFIX = "bascule/home/reply/"


def test_an_answer_goes_once_to_where_it_is_wanted() -> None:
    replies = Replies(PREFIX)
    replies.wish("7", Reply(PREFIX + "ana", b"\x00\xff"))
    assert replies.take("8") is None
    assert replies.take(None) is None
    assert replies.take("7") == Reply(PREFIX + "ana", b"\x00\xff")
    assert replies.take("7") is None


@pytest.mark.parametrize(
    "topic",
    [
        "bascule/home/command/stop",
        "bascule/home/command/_echo",
        "bascule/home/state",
        "bascule/home/availability",
        "bascule/home/reply/",
        "bascule/home/reply",
        "bascule/other/reply/ana",
        "homeassistant/device/bascule_home/config",
        "$SYS/broker",
        "bascule/home/reply/+",
        "bascule/home/reply/a/#",
        "bascule/home/reply/a\0b",
        "bascule/home/reply/a\ud800",
        "bascule/home/reply/" + "x" * 240,
        "",
    ],
)
def test_nobody_has_the_controller_speak_elsewhere(topic: str) -> None:
    replies = Replies(PREFIX)
    replies.wish("7", Reply(topic, None))
    assert replies.take("7") is None


def test_without_an_id_or_with_too_much_data_there_is_no_reply() -> None:
    replies = Replies(PREFIX)
    replies.wish(None, Reply(PREFIX + "ana", None))
    replies.wish("7", None)
    replies.wish("8", Reply(PREFIX + "ana", b"x" * 257))
    assert [replies.take(id_) for id_ in (None, "7", "8")] == [None, None, None]


def test_who_never_hears_an_answer_costs_little() -> None:
    replies = Replies(PREFIX)
    for number in range(1000):
        replies.wish(str(number), Reply(PREFIX + "ana", None))
    assert [number for number in range(1000) if replies.take(str(number))] == list(range(936, 1000))
