"""From the thread that received a stop straight to the port."""

from controller.serial_port import PortError
from controller.stop_lane import StopLane


class FakePort:
    """A port that remembers, or refuses."""

    def __init__(self, broken: bool = False) -> None:
        self.written = b""
        self._broken = broken

    def write(self, data: bytes) -> None:
        if self._broken:
            raise PortError("fake", "gone", "plug it in")
        self.written += data

    def read(self) -> bytes:
        raise AssertionError("the stop lane never reads")

    def wake(self) -> None:
        raise AssertionError("the stop lane needs no wake")

    def close(self) -> None:
        raise AssertionError("the stop lane never closes")

    def now_s(self) -> float:
        raise AssertionError("the stop lane needs no clock")


def test_one_whole_frame_of_six_bytes_between_delimiters() -> None:
    lane, port = StopLane(), FakePort()
    lane.port = port
    assert lane.stop(5.0)
    assert port.written.hex() == "000402c1b200"
    assert len(port.written) <= 8


def test_without_a_port_or_with_a_broken_one_the_core_repeats() -> None:
    lane = StopLane()
    assert not lane.stop(5.0)
    lane.port = FakePort(broken=True)
    assert not lane.stop(5.0)
    assert lane.frames == 0


def test_a_flood_is_one_frame_in_10_ms() -> None:
    """F22: a line of 11,520 bytes a second is not filled with stops. The core writes the one that was left out."""
    now_s = 5.0
    lane, port = StopLane(), FakePort()
    lane.port = port
    wrote = []
    for _ in range(100):
        wrote.append(lane.stop(now_s))
        now_s += 0.001
    assert wrote[:12] == [True] + [False] * 9 + [True, False]
    assert lane.frames == len(port.written) // 6 == 10
