"""What waits to be published: bounded, the latest of what is retained, and never an exception."""

import json
import math
from dataclasses import replace

from controller.mqtt.outbox import MAX_RETAINED, MAX_SINGLE, Outbox

from .test_payloads import EVENT, RESULT, STATE


class Wire:
    """Takes `room` messages, then none."""

    def __init__(self, room: int = 10_000) -> None:
        self.room = room
        self.sent: list[tuple[str, bytes, int, bool]] = []

    def __call__(self, topic: str, payload: bytes, qos: int, retain: bool, correlation: bytes | None) -> bool:
        if len(self.sent) >= self.room:
            return False
        self.sent.append((topic, payload, qos, retain))
        return True


def ids(wire: Wire) -> list[str]:
    return [json.loads(payload)["id"] for _, payload, _, _ in wire.sent]


def test_the_latest_of_a_retained_topic_and_every_single_message_in_order() -> None:
    outbox, wire = Outbox(), Wire()
    assert not outbox.waiting
    for seq in range(3):
        outbox.retain("t/state", replace(STATE, seq=seq), 0)
        outbox.put("t/result", replace(RESULT, id=str(seq)))
    outbox.retain("t/config", b"raw", 1)
    assert outbox.waiting
    outbox.flush(wire)
    assert not outbox.waiting
    assert {(topic, qos, retain) for topic, _, qos, retain in wire.sent[:2]} == {
        ("t/state", 0, True),
        ("t/config", 1, True),
    }
    assert json.loads({each[0]: each[1] for each in wire.sent}["t/state"])["seq"] == 2
    assert [each[:1] + each[2:] for each in wire.sent[2:]] == [("t/result", 1, False)] * 3
    assert [json.loads(each[1])["id"] for each in wire.sent[2:]] == ["0", "1", "2"]
    outbox.flush(wire)
    assert len(wire.sent) == 5


def test_a_full_wire_keeps_the_order_and_loses_nothing() -> None:
    outbox, wire = Outbox(), Wire(room=2)
    for number in range(4):
        outbox.put("t/result", replace(RESULT, id=str(number)))
    outbox.flush(wire)
    assert ids(wire) == ["0", "1"]
    assert outbox.waiting
    wire.room = 10
    outbox.flush(wire)
    assert ids(wire) == ["0", "1", "2", "3"]
    assert outbox.dropped == 0
    wire.room = 4
    outbox.retain("t/state", STATE, 0)
    outbox.flush(wire)
    assert outbox.waiting
    wire.room = 5
    outbox.flush(wire)
    assert wire.sent[-1][0] == "t/state"


def test_the_queue_is_bounded_and_the_oldest_goes() -> None:
    """F22."""
    outbox, wire = Outbox(), Wire()
    for number in range(MAX_SINGLE + 10):
        outbox.put("t/result", replace(RESULT, id=str(number)))
    assert outbox.dropped == 10
    outbox.flush(wire)
    assert ids(wire) == [str(number) for number in range(10, MAX_SINGLE + 10)]


def test_retained_topics_are_bounded_and_known_ones_still_change() -> None:
    outbox, wire = Outbox(), Wire()
    for number in range(MAX_RETAINED + 5):
        outbox.retain(f"t/{number}", b"old", 1)
    outbox.retain("t/0", b"new", 1)
    assert outbox.dropped == 5
    outbox.flush(wire)
    assert {topic: payload for topic, payload, _, _ in wire.sent} == {
        "t/0": b"new",
        **{f"t/{number}": b"old" for number in range(1, MAX_RETAINED)},
    }


def test_without_a_broker_only_the_retained_ones_are_left() -> None:
    outbox, wire = Outbox(), Wire()
    outbox.retain("t/state", STATE, 0)
    outbox.put("t/event", EVENT)
    outbox.discard()
    assert outbox.dropped == 1
    assert not outbox.waiting
    outbox.flush(wire)
    assert wire.sent == []
    outbox.repeat()
    outbox.flush(wire)
    assert [each[0] for each in wire.sent] == ["t/state"]


def test_what_cannot_be_written_stops_nothing() -> None:
    outbox, wire = Outbox(), Wire()
    outbox.retain("t/state", replace(STATE, rate_dps=math.inf), 0)
    outbox.put("t/event", replace(EVENT, message="\ud800"))
    outbox.put("t/result", RESULT)
    outbox.flush(wire)
    assert [each[0] for each in wire.sent] == ["t/result"]
    assert outbox.unserialisable == 2
    assert not outbox.waiting
