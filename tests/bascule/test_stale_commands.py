"""F21, H4: a start that is kept, queued, delayed or replayed moves nobody, by both brokers and both versions of MQTT.

All four run at the same time, and in each of them one table for every way in which a command grows old. A live start
in the midst of it shows that the table would move.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bascule.broker import find_mosquitto

from .conftest import until
from .many_tables import Broker, Phone, Seat, two_versions

CELLS = [(kind, version) for kind in ("mosquitto", "iotcore") for version in ("3.1.1", "5")]
TABLES = (
    "kept", "live", "burst_start", "burst_goto", "queue", "replay", "cleared", "paused", "short", "long", "restart",
)  # fmt: skip
SHORT_S, LONG_S = 4.2, 7.5
"""One that the connections survive, and one that they don't: an echo may be 6 s old."""
STILL_DEG = 0.3
"""What the simulated bed moves while nobody drives it."""
Result = dict[str, Any]


@dataclass
class Story:
    """What was seen in one cell. `moved`: by how many degrees, from where it last was to move."""

    answers: dict[str, list[Result]] = field(default_factory=dict)
    moved: dict[str, float] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


def ready(phone: Phone, table: str) -> bool:
    """Whether it can be armed by now; it is not armed afterwards, and the second after a stop is over."""
    if not phone.ask(table, "arm")["accepted"]:
        return False
    assert phone.ask(table, "stop")["accepted"]
    threading.Event().wait(1.1)
    return True


def settle(phone: Phone, seat: Seat) -> float:
    """Stop a table and wait until it stands still: its angle."""
    assert phone.ask(seat.name, "stop")["accepted"]
    until(lambda: seat.states[-1].moving is False, f"{seat.name} at rest")
    return seat.angle_deg


def live_start(phone: Phone, seat: Seat, start: Result) -> float:
    """A start as it should be, quoting the code; the angle before it."""
    before = seat.angle_deg
    start["code"] = phone.arm(seat.name)
    result = phone.ask(seat.name, "start", start)
    assert result["accepted"], result
    until(lambda: seat.angle_deg > before + 1.0, f"{seat.name} moves")
    return before


@dataclass
class Scene:
    """One cell: a broker, a phone, and a table for each way of being late."""

    kind: str
    version: str
    broker: Broker
    phone: Phone
    seats: dict[str, Seat]
    began: dict[str, float]
    ends: ExitStack
    story: Story = field(default_factory=Story)


def in_one_burst(scene: Scene) -> None:
    """A phone that was offline sends what it kept."""
    phone = scene.phone
    until(lambda: all(ready(phone, name) for name in ("burst_start", "burst_goto", "queue")), "ready to be armed")
    for verb, payload in (("arm", None), ("start", "gentle")):
        phone.give("burst_start", verb, payload)
    for verb, payload in (("arm", None), ("goto", "15"), ("arm", None), ("start", {"preset": "gentle"})):
        phone.give("burst_goto", verb, payload)
    stale = Phone(scene.broker, scene.version, connect=False)
    scene.ends.callback(stale.close)
    for verb, payload in (("arm", None), ("start", "gentle"), ("jog", "down"), ("goto", {"angle_deg": 15})):
        stale.give("queue", verb, payload)
    stale.connect()
    for table, verb in (
        ("burst_start", "start"),
        ("burst_goto", "goto"),
        ("burst_goto", "start"),
        ("queue", "goto"),
    ):
        phone.answer(table, verb)


def clearing(scene: Scene) -> None:
    """What was kept is cleared while the table is armed."""
    phone = scene.phone
    for verb, payload in (("arm", "PRESS"), ("start", "gentle"), ("goto", "15"), ("resume", "PRESS")):
        phone.give("cleared", verb, payload, retain=True)
    phone.answer("cleared", "resume")
    phone.arm("cleared")
    threading.Event().wait(1.2)
    for verb in ("start", "goto", "resume", "arm"):
        phone.give("cleared", verb, "", retain=True)
    phone.answer("cleared", "resume", 4)


def the_same_again(scene: Scene) -> None:
    """A start is replayed."""
    phone, seats = scene.phone, scene.seats
    message = {"preset": "gentle", "id": f"{scene.kind}-{scene.version}"}
    live_start(phone, seats["replay"], message)
    scene.began["replay"] = settle(phone, seats["replay"])
    phone.arm("replay")
    threading.Event().wait(1.2)
    scene.story.notes["replayed"] = phone.ask("replay", "start", message)
    phone.arm("replay")
    scene.story.notes["replayed as new"] = phone.ask("replay", "start", message | {"id": "another"})


def while_the_broker_stands_still(scene: Scene) -> None:
    """Starts and a resume behind a frozen broker."""
    phone, seats = scene.phone, scene.seats
    live_start(phone, seats["paused"], {"preset": "gentle"})
    assert phone.ask("paused", "pause")["accepted"]
    for name in ("short", "restart"):
        phone.arm(name)
    threading.Event().wait(1.2)
    until(lambda: seats["paused"].states[-1].moving is False, "the pause")
    scene.began["paused"] = seats["paused"].angle_deg
    assert all(seats[name].states[-1].state == "armed" for name in ("short", "restart"))

    def meanwhile() -> None:
        phone.give("short", "start", "gentle")
        phone.give("paused", "resume")

    scene.broker.freeze(SHORT_S, meanwhile)
    phone.answer("short", "start")
    phone.answer("paused", "resume")
    until(lambda: seats["long"].linked, "the way is free again")
    phone.arm("long")
    threading.Event().wait(1.2)
    scene.broker.freeze(LONG_S, lambda: phone.give("long", "start", "gentle"))
    until(lambda: all(seat.linked for seat in seats.values()), "all tables at the broker again")


def while_the_broker_is_gone(scene: Scene) -> None:
    """The phone's queue brings the start when it is back."""
    phone, seats = scene.phone, scene.seats
    phone.arm("restart")
    threading.Event().wait(1.2)
    scene.broker.stop()
    phone.give("restart", "start", "gentle")
    scene.broker.start()
    until(lambda: all(seat.linked for seat in seats.values()), "all tables at the new broker")
    phone.wait()


def live(scene: Scene) -> None:
    """The control: everything still answers, a live start moves, and a stop stops."""
    phone, seats = scene.phone, scene.seats
    live_start(phone, seats["live"], {"preset": "gentle"})
    for name, seat in seats.items():
        settle(phone, seat)
        scene.story.moved[name] = seat.angle_deg - scene.began[name]
        scene.story.answers[name] = phone.results[name]


CHAPTERS = (in_one_burst, clearing, the_same_again, while_the_broker_stands_still, while_the_broker_is_gone, live)


def tell(kind: str, version: str, folder: Path) -> Story:
    """Everything in one cell, in order."""
    with ExitStack() as ends:
        broker = Broker(kind, version)
        broker.start()
        ends.callback(broker.stop)
        phone = Phone(broker, version)
        ends.callback(phone.close)
        for verb, payload in (
            ("arm", "PRESS"),
            ("start", "gentle"),
            ("goto", "15"),
            ("stand", "PRESS"),
            ("level", "x"),
        ):
            phone.give("kept", verb, payload, retain=True).wait_for_publish(10)
        seats = {name: Seat(name, broker, version, folder) for name in TABLES}
        for seat in seats.values():
            seat.start()
            ends.callback(seat.close)
        until(lambda: all(seat.linked and seat.states for seat in seats.values()), "all tables at the broker")
        began = {name: seat.angle_deg for name, seat in seats.items()}
        scene = Scene(kind, version, broker, phone, seats, began, ends)
        for chapter in CHAPTERS:
            chapter(scene)
        return scene.story


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, str], Story]]:
    """All cells, told side by side; a cell that broke tells it to its own tests."""
    if find_mosquitto() is None:
        pytest.skip("mosquitto is not installed")
    with two_versions(), ThreadPoolExecutor(len(CELLS)) as pool:
        told = {
            cell: pool.submit(tell, *cell, tmp_path_factory.mktemp("-".join(cell).replace(".", ""))) for cell in CELLS
        }
        yield lambda kind, version: told[kind, version].result()


@pytest.fixture(params=CELLS, ids=lambda cell: "-".join(cell))
def story(request: pytest.FixtureRequest, stories: Callable[[str, str], Story]) -> Story:
    return stories(*request.param)


def refused(story: Story, table: str, verb: str) -> list[str]:
    """Why, each time."""
    return [result["reason"] for result in story.answers[table] if result["verb"] == verb]


def still(story: Story, table: str) -> None:
    """It is where it was when it last was to move."""
    said = [(result["verb"], result["reason"], result["message"]) for result in story.answers[table]]
    assert abs(story.moved[table]) < STILL_DEG, (story.moved[table], said)


def test_a_live_start_moves(story: Story) -> None:
    assert story.moved["live"] > 1.0


def test_kept(story: Story) -> None:
    still(story, "kept")
    for verb in ("arm", "start", "goto", "stand"):
        assert set(refused(story, "kept", verb)) <= {"retained"}, "also each time that the connections are new"
    assert len([one for one in story.answers["kept"] if one["reason"] == "retained"]) >= 3, "one may find nobody yet"
    assert {result["moving"] for result in story.answers["kept"] if result["verb"] == "level"} == {False}


def test_armed_and_started_in_one_burst(story: Story) -> None:
    still(story, "burst_start")
    assert refused(story, "burst_start", "start") == ["too_soon"]


def test_armed_and_sent_somewhere_in_one_burst(story: Story) -> None:
    still(story, "burst_goto")
    assert refused(story, "burst_goto", "goto") == ["too_soon"]
    assert refused(story, "burst_goto", "start") == ["too_soon"]


def test_out_of_a_queue_that_is_stale(story: Story) -> None:
    still(story, "queue")
    assert refused(story, "queue", "start") == ["too_soon"]
    assert refused(story, "queue", "jog") == ["not_armed"]
    assert refused(story, "queue", "goto") == ["not_armed"]


def test_replayed(story: Story) -> None:
    still(story, "replay")
    assert story.notes["replayed"]["reason"] == "duplicate"
    assert story.notes["replayed as new"]["reason"] == "not_armed", "the code of before"


def test_the_empty_message_that_clears_a_kept_one(story: Story) -> None:
    still(story, "cleared")
    assert refused(story, "cleared", "resume")[-1] == "retained"
    assert refused(story, "cleared", "arm").count("retained") == 1, (
        "the first empty one; then who arms sends empty ones"
    )


def test_delayed_by_a_broker_that_stood_still(story: Story) -> None:
    still(story, "short")
    (answer,) = [one for one in story.answers["short"] if one["verb"] == "start"]
    assert answer["reason"] in ("expired", "not_armed"), "a phone that lost its connection, too, comes later"


def test_a_pause_is_not_ended_by_what_was_delayed(story: Story) -> None:
    still(story, "paused")
    assert set(refused(story, "paused", "resume")) <= {"expired", "link_down"}


def test_delayed_for_so_long_that_the_connections_are_new(story: Story) -> None:
    still(story, "long")
    assert not any(result["accepted"] for result in story.answers["long"] if result["verb"] == "start")


def test_kept_by_the_phone_until_the_broker_is_back(story: Story) -> None:
    still(story, "restart")
    assert not any(result["accepted"] for result in story.answers["restart"] if result["verb"] == "start")
