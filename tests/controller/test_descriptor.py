"""Reading and writing a descriptor: what is written is never called lost, and a closed one is nobody else's file."""

import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from controller.descriptor import Descriptor

PIPE_BYTES = 65536
"""What a pipe of Linux holds."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, Descriptor]]:
    """A pipe: the end that reads, and a descriptor on the other one."""
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    line = Descriptor(writes)
    yield reads, line
    line.close()
    os.close(reads)
    os.close(writes)


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, Descriptor]]:
    """A pair of sockets: one end, and a descriptor on the other one."""
    peer, ours = socket.socketpair()
    ours.setblocking(False)
    line = Descriptor(ours.fileno())
    yield peer, line
    line.close()
    ours.close()
    peer.close()


def test_a_line_that_is_full_after_the_last_byte_took_them_all(pipe: tuple[int, Descriptor]) -> None:
    reads, line = pipe
    line.write(b"x" * PIPE_BYTES, 0.0)
    assert len(os.read(reads, PIPE_BYTES)) == PIPE_BYTES


def test_time_that_is_over_after_the_last_byte_makes_no_timeout(
    pipe: tuple[int, Descriptor], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, line = pipe
    clock_s = iter(range(0, 1000, 10))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock_s))
    line.write(b"\0stop\0", 0.2)
    assert os.read(reads, 100) == b"\0stop\0"


def test_a_line_that_takes_nothing_is_a_timeout(pipe: tuple[int, Descriptor]) -> None:
    _, line = pipe
    with pytest.raises(TimeoutError, match=r"took nothing for 0\.05 s"):
        line.write(b"x" * (PIPE_BYTES + 1), 0.05)


def test_what_is_too_much_for_once_arrives_in_order(pipe: tuple[int, Descriptor]) -> None:
    reads, line = pipe
    sent = bytes(range(256)) * 1000
    writer = threading.Thread(target=line.write, args=(sent, 30.0))
    writer.start()
    got = b""
    while len(got) < len(sent):
        got += os.read(reads, PIPE_BYTES)
    writer.join()
    assert got == sent


def test_reads_what_is_there(line: tuple[socket.socket, Descriptor]) -> None:
    peer, ours = line
    peer.sendall(b"abc")
    assert ours.read(10.0) == b"abc"
    assert ours.read(0.0) == b""


def test_a_wake_ends_one_read_and_loses_no_bytes(line: tuple[socket.socket, Descriptor]) -> None:
    peer, ours = line
    for _ in range(10_000):
        ours.wake()  # never waits, not even where nobody reads
    assert ours.read(10.0) == b""
    while ours.read(0.0) or ours._readable.poll(0):
        pass
    ours.wake()
    peer.sendall(b"abc")
    assert ours.read(10.0) == b"abc"


def test_the_other_end_that_goes_is_told(line: tuple[socket.socket, Descriptor]) -> None:
    peer, ours = line
    peer.close()
    with pytest.raises(OSError, match="the other end is gone"):
        ours.read(10.0)


def test_a_closed_one_writes_into_nobody_elses_file() -> None:
    reads, writes = os.pipe()
    line = Descriptor(writes)
    line.close()
    for use in (lambda: line.write(b"x", 0.0), lambda: line.read(0.0)):
        with pytest.raises(OSError, match=r".+"):
            use()
    line.wake()
    os.close(writes)
    assert os.read(reads, 10) == b""
    os.close(reads)
