"""The port is opened, given up and opened again."""

import pytest

from controller.port_keeper import PortKeeper
from controller.serial_port import PortError
from controller.stop_lane import StopLane

GONE = PortError("/dev/x", "gone", "plug it in")


class FakePort:
    """A port with a clock that the test sets."""

    def __init__(self) -> None:
        self.clock_s = 1000.0
        self.closed = self.broken = False

    def read(self) -> bytes:
        if self.broken:
            raise GONE
        return b"x"

    def write(self, data: bytes) -> None:
        if self.broken:
            raise GONE

    def wake(self) -> None:
        raise AssertionError("nobody waits")

    def close(self) -> None:
        self.closed = True

    def now_s(self) -> float:
        return self.clock_s


class Rig:
    def __init__(self) -> None:
        self.lane = StopLane()
        self.ports: list[FakePort] = []
        self.told: list[str] = []
        self.refused = False
        self.now_s = 0.0
        self.keeper = PortKeeper(self._open, self.lane, self.told.append)

    def _open(self) -> FakePort:
        if self.refused:
            raise GONE
        self.ports.append(FakePort())
        return self.ports[-1]

    def reopen(self) -> FakePort:
        self.now_s += 60.0
        assert self.keeper.open(self.now_s) or self.keeper.open(self.now_s + 0.5)
        return self.ports[-1]


def test_a_port_over_which_nothing_comes_is_opened_anew_after_three_seconds() -> None:
    """F3: a half-open port accepts bytes for ever and brings none."""
    rig = Rig()
    port = rig.reopen()
    port.clock_s = 1003.0
    rig.keeper.judge(-1.0)
    assert not port.closed
    port.clock_s = 1003.1
    rig.keeper.judge(-1.0)
    assert port.closed
    assert (rig.keeper.port, rig.lane.port) == (None, None)
    second = rig.reopen()
    rig.keeper.judge(1000.0)
    second.clock_s = 1002.9
    rig.keeper.judge(1000.0)
    assert not second.closed
    second.clock_s = 1050.0
    rig.keeper.judge(1049.0)
    assert not second.closed, "it answered a second ago"
    second.clock_s = 1052.1
    rig.keeper.judge(1049.0)
    assert second.closed


def test_a_silence_that_goes_on_is_told_once_until_the_unit_answers() -> None:
    rig = Rig()
    for _ in range(3):
        rig.reopen().clock_s = 1004.0
        rig.keeper.judge(-1.0)
    assert len(rig.told) == 1
    assert "does not answer" in rig.told[0]
    rig.reopen()
    rig.keeper.judge(1000.5)
    rig.ports[-1].clock_s = 1005.0
    rig.keeper.judge(1000.5)
    assert len(rig.told) == 2


@pytest.mark.parametrize("act", ["read", "write"])
def test_a_port_that_fails_is_closed_and_opened_again_after_a_while(act: str) -> None:
    """F4."""
    rig = Rig()
    port = rig.reopen()
    port.broken = True
    if act == "read":
        assert rig.keeper.read() == b""
    else:
        rig.keeper.write(b"y")
    assert port.closed
    assert rig.told == ["Port /dev/x: gone; plug it in."]
    assert rig.keeper.read() == b""
    rig.keeper.write(b"nobody hears this")
    rig.keeper.judge(0.0)
    assert not rig.keeper.open(70.0)
    assert not rig.keeper.open(70.4), "not yet"
    assert rig.keeper.open(70.5)
    assert rig.ports[-1] is not port


def test_a_missing_port_is_tried_again_ever_more_slowly_and_told_once() -> None:
    rig = Rig()
    rig.refused = True
    tries = [t for t in range(200) if t / 10 >= rig.keeper._next_open_s and not rig.keeper.open(t / 10)]
    assert tries == [0, 5, 15, 35, 85, 135, 185]
    assert len(rig.told) == 1
