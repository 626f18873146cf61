"""The deframer in C passes every test of the one in Python (F1), and both agree byte for byte."""

from collections.abc import Iterator
from random import Random

import pytest

from protocol import framing
from protocol.framing import Damage
from tests.protocol import test_framing as python_tests
from tests.protocol.test_framing import *  # noqa: F403

from . import ends
from .build import need


@pytest.fixture(autouse=True, scope="module")
def in_c() -> Iterator[None]:
    """The tests above, on the twin."""
    need("gcc")
    ends.library()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(python_tests, "Deframer", ends.Deframer)
        patch.setattr(python_tests, "encode", ends.encode)
        yield


def noise(random: Random) -> bytes:
    """Frames, halves of frames, bit flips, and bytes of which every fourth is a delimiter or a small number."""
    what = random.randrange(5)
    if what == 4:
        return random.randbytes(random.randint(60, 90)).replace(b"\0", b"\1")
    data = bytearray(framing.encode(random.randbytes(random.randint(1, 64))))
    if what == 1:
        del data[random.randrange(len(data)) :]
    elif what == 2:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    elif what == 3:
        data = bytearray(random.choice((0, 1, 2, 3, 255, random.randrange(256))) for _ in range(random.randrange(90)))
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_both_find_the_same_in_noise(seed: int) -> None:
    random, python, c = Random(seed), framing.Deframer(), ends.Deframer()
    kinds = set()
    for _ in range(1500):
        data = noise(random)
        found = python.feed(data)
        assert c.feed(data) == found, data.hex()
        kinds |= {outcome if isinstance(outcome, Damage) else bytes for outcome in found}
    assert (c.damaged, c.held) == (python.damaged, min(python.held, framing.MAX_BODY))
    assert kinds == {bytes, *Damage}


def test_both_encode_alike() -> None:
    random = Random(3)
    for size in range(1, 65):
        for payload in (bytes(size), random.randbytes(size), b"\xff" * size, bytes(random.choices((0, 1), k=size))):
            assert ends.encode(payload) == framing.encode(payload)
