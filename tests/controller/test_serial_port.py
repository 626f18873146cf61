"""Real ports: a pty, a TCP socket, and ports that are not there."""

import os
import pty
import socket
import threading
import tty
from collections.abc import Iterator

import pytest

from controller.serial_port import PortError, SerialPort


@pytest.fixture
def line() -> Iterator[tuple[int, SerialPort]]:
    """A pty: its other end, and the port on it."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    port = SerialPort(os.ttyname(slave))
    yield master, port
    port.close()
    os.close(slave)
    os.close(master)


def test_reads_what_is_there_and_writes_whole(line: tuple[int, SerialPort]) -> None:
    master, port = line
    os.write(master, b"abc")
    data = b""
    while len(data) < 3:
        data += port.read()
    assert data == b"abc"
    port.write(b"\x00stop\x00")
    assert os.read(master, 100) == b"\x00stop\x00"


def test_a_quiet_port_gives_nothing_after_a_moment_and_can_be_woken(line: tuple[int, SerialPort]) -> None:
    _, port = line
    before_s = port.now_s()
    assert port.read() == b""
    assert port.now_s() - before_s < 5
    threading.Timer(0.01, port.wake).start()
    assert port.read() == b""


@pytest.mark.parametrize("url", ["/dev/no-such-port", "socket://127.0.0.1:1", "nonsense://x", "socket://:x"])
def test_a_port_that_is_not_there_is_named_with_what_to_do(url: str) -> None:
    with pytest.raises(PortError) as caught:
        SerialPort(url)
    assert url in str(caught.value)
    assert "check the name, the cable" in str(caught.value)


def test_a_port_that_goes_away_is_an_error_not_silence() -> None:
    """F4."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = SerialPort(f"socket://127.0.0.1:{listener.getsockname()[1]}")
    peer, _ = listener.accept()
    peer.sendall(b"x")
    assert port.read() == b"x"
    peer.close()
    listener.close()

    def use() -> None:
        for _ in range(100):
            port.read()
            port.write(b"y")

    with pytest.raises(PortError, match="plug the tilt unit in again"):
        use()
    port.close()


def test_a_port_is_opened_by_one_program_at_a_time(line: tuple[int, SerialPort]) -> None:
    _, port = line
    with pytest.raises(PortError, match="no other program"):
        SerialPort(port._url)
