"""The unit's end of the link in C passes every test of the one in Python, and both agree on random conversations."""

from collections.abc import Iterator
from random import Random

import pytest

from protocol import link
from protocol.link import STOP_FRAME, frame
from protocol.messages import Acknowledge, Arm, Disarm, Hello, Keepalive, Level, Message, Setpoint
from tests.protocol import test_link as python_tests
from tests.protocol import test_link_exact as exact_tests
from tests.protocol import test_link_stateful as stateful_tests
from tests.protocol.test_link import *  # noqa: F403
from tests.protocol.test_link_exact import *  # noqa: F403
from tests.protocol.test_link_stateful import TestWire as TestWire

from . import ends
from .build import need


@pytest.fixture(autouse=True, scope="module")
def in_c() -> Iterator[None]:
    """The tests above, on the twin."""
    need("gcc")
    ends.library()
    with pytest.MonkeyPatch.context() as patch:
        for module in (python_tests, exact_tests, stateful_tests):
            patch.setattr(module, "UnitLink", ends.UnitLink)
        yield


class Talk:
    """A host of no manners: any message, with numbers that are right, nearly right, or wrong."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.sequence = random.choice((0, 65_500, 32_000))

    def _near(self, value: int) -> int:
        return (value + self.random.choice((0, 0, 0, 0, 1, -1, -15, -16, 32_767, 32_768))) % 65_536

    def message(self, nonce: int, stop_count: int) -> Message:
        """The next one."""
        random = self.random
        self.sequence = (self.sequence + random.choice((1, 1, 1, 1, 0, 2, -1, 32_767, 32_768))) % 65_536
        sequence, nonce, stops = self.sequence, self._near(nonce), self._near(stop_count)
        angle = random.randrange(-32_768, 32_768)
        return random.choice((
            Hello(random.choice((1, 1, 1, 2)), random.choice((0, 1, 2, 2**32 - 1))),
            Level(sequence, stops), Arm(sequence, nonce, stops), Disarm(sequence), Keepalive(sequence, nonce),
            Setpoint(sequence, nonce, stops, angle, -angle // 3, angle // 2, random.randrange(65_536)),
            Acknowledge(sequence, nonce),
        ))  # fmt: skip

    def data(self, nonce: int, stop_count: int) -> bytes:
        """Bytes: mostly one whole frame."""
        random = self.random
        data = bytearray(STOP_FRAME if random.random() < 0.1 else frame(self.message(nonce, stop_count)))
        if random.random() < 0.15:
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        return bytes(data[: random.randrange(len(data))] if random.random() < 0.05 else data)


@pytest.mark.parametrize("seed", range(6))
def test_both_judge_a_conversation_alike(seed: int) -> None:
    random = Random(seed)
    start, stops = random.choice((0, 65_530, 30_000)), random.choice((0, 65_534))
    python, c, talk = link.UnitLink(start, stops), ends.UnitLink(start, stops), Talk(random)
    now_ms, nonce, passed, rejected = random.choice((0, 2**31 - 3000)), start, 0, set()
    for _ in range(3000):
        if random.random() < 0.5:
            now_ms += random.choice((20, 20, 20, 20, 300, 301, 2000, 2001))
            nonce = python.issue(now_ms)
            assert c.issue(now_ms) == nonce
        data = talk.data(nonce, python.stop_count)
        found = python.receive(data, now_ms)
        assert c.receive(data, now_ms) == found, data.hex()
        assert (c.stop_count, c.session, c.duplicates) == (python.stop_count, python.session, python.duplicates)
        assert c.silent(now_ms) == python.silent(now_ms)
        assert c.outbox == python.outbox
        passed += len(found)
        rejected |= {said.reason for said in python.outbox}
        if random.random() < 0.1:
            python.outbox.clear()
            c.outbox.clear()
    assert passed > 300
    assert rejected >= {1, 4, 6, 7, 8}


def test_the_clock_may_begin_anew() -> None:
    """After 49 days the milliseconds do; nonces and silence go on over it."""
    link = ends.UnitLink(9, 0)
    assert link.receive(frame(Hello(1, 5)), 2**32 - 400)
    nonce = link.issue(2**32 - 100)
    assert link.receive(frame(Keepalive(1, nonce)), 200) == [Keepalive(1, nonce)]
    assert link.receive(frame(Keepalive(2, nonce)), 201) == []
    assert not link.silent(2200)
    assert link.silent(2201)
    assert link.silent(200), "a silence does not end by itself"
