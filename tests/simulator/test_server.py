"""The table over a pty, over TCP and as `sim://`: real file descriptors, real time."""

import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import serial

from protocol.link import HostLink
from protocol.messages import Telemetry
from simulator import protocol_sim
from simulator.server import Endpoint, Pace, Pty, ServerError, Tcp, serve
from simulator.table import Table


@pytest.fixture
def served() -> Iterator[Callable[[Endpoint], "queue.SimpleQueue[str]"]]:
    """Serve a table on an endpoint until the test is over; the queue of hands' lines."""
    done = threading.Event()
    threads: list[tuple[threading.Thread, Endpoint]] = []

    def run(endpoint: Endpoint) -> "queue.SimpleQueue[str]":
        lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        thread = threading.Thread(target=serve, args=(Table(1), endpoint, lines, lambda _: None, done.is_set))
        thread.start()
        threads.append((thread, endpoint))
        return lines

    yield run
    done.set()
    for thread, endpoint in threads:
        thread.join(5)
        endpoint.close()


def converse(url: str, telemetries: int = 5, patience_s: float = 10.0) -> list[Telemetry]:
    """Shake hands over a pyserial port and collect telemetry."""
    link, found = HostLink(7), []
    end_s = time.monotonic() + patience_s
    with serial.serial_for_url(url, baudrate=115_200, timeout=0.05) as port:
        while len(found) < telemetries:
            assert time.monotonic() < end_s, "no telemetry"
            now_s = time.monotonic()
            if hello := link.greet(now_s):
                port.write(hello)
            data = port.read(1)
            data += port.read(port.in_waiting)
            for message in link.receive(data, now_s):
                if isinstance(message, Telemetry):
                    found.append(message)
                    port.write(link.keepalive())
    return found


def test_a_pty_speaks_the_protocol_and_leaves_no_link_behind(
    served: Callable[[Endpoint], object], tmp_path: Path
) -> None:
    link = tmp_path / "table"
    endpoint = Pty(link)
    served(endpoint)
    assert os.readlink(link) == endpoint.name
    assert abs(converse(str(link))[-1].angle_deg + 80) < 1
    assert abs(converse(str(link))[-1].angle_deg + 80) < 1  # a second client after the first
    endpoint.close = lambda _=endpoint.close: None  # type: ignore[method-assign]
    assert link.is_symlink()


def test_a_pty_removes_its_own_link_only(tmp_path: Path) -> None:
    link = tmp_path / "table"
    first = Pty(link)
    second = Pty(link)  # takes the link over
    first.close()
    assert os.readlink(link) == second.name
    second.close()
    assert not link.is_symlink()


def test_a_pty_never_overwrites_a_file(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    with pytest.raises(ServerError, match=r"precious.*choose another"):
        Pty(tmp_path / "precious")
    assert (tmp_path / "precious").read_text() == "data"
    with pytest.raises(ServerError, match="choose a path"):
        Pty(tmp_path / "no-folder" / "table")


def test_a_pty_without_a_reader_loses_bytes_and_never_blocks(tmp_path: Path) -> None:
    endpoint = Pty(tmp_path / "table")
    for _ in range(100):
        assert endpoint.exchange(b"x" * 1000, 0.0) == b""
    endpoint.close()


def test_tcp_serves_one_client_after_the_other(served: Callable[[Endpoint], object]) -> None:
    endpoint = Tcp("127.0.0.1", 0)
    served(endpoint)
    assert len(converse(endpoint.name)) >= 5
    assert len(converse(endpoint.name)) >= 5


def test_a_new_tcp_client_takes_the_place_of_the_old() -> None:
    endpoint = Tcp("127.0.0.1", 0)
    host, port = endpoint.name.removeprefix("socket://").split(":")
    old = socket.create_connection((host, int(port)))
    endpoint.exchange(b"", 1.0)
    new = socket.create_connection((host, int(port)))
    endpoint.exchange(b"", 1.0)
    old.settimeout(5)
    assert old.recv(1) == b""
    endpoint.exchange(b"hello", 0.0)
    new.settimeout(5)
    assert new.recv(5) == b"hello"
    new.close()
    old.close()
    endpoint.close()


def test_a_taken_tcp_port_says_what_to_do() -> None:
    endpoint = Tcp("127.0.0.1", 0)
    port = int(endpoint.name.rpartition(":")[2])
    with pytest.raises(ServerError, match=rf"{port}.*choose another port"):
        Tcp("127.0.0.1", port)
    endpoint.close()


def test_hands_act_while_it_runs(served: Callable[[Endpoint], "queue.SimpleQueue[str]"], tmp_path: Path) -> None:
    lines = served(Pty(tmp_path / "table"))
    lines.put("ankles open")
    lines.put("nonsense")
    link = HostLink(1)
    end_s = time.monotonic() + 10
    with serial.serial_for_url(str(tmp_path / "table"), timeout=0.05) as port:
        while link.telemetry is None or link.telemetry.flags & 2:
            assert time.monotonic() < end_s
            port.write(link.greet(time.monotonic()))
            link.receive(port.read(port.in_waiting or 1), time.monotonic())


def test_pace_counts_ticks_and_forgives_a_long_hold_up() -> None:
    pace = Pace(100.0)
    assert pace.due(100.0) == 0
    assert pace.wait_s(100.0) == pytest.approx(0.02)
    assert pace.due(100.055) == 2
    assert pace.due(100.055) == 0
    assert pace.due(200.0) <= 6  # not ten thousand
    assert pace.wait_s(200.0) <= 0.02


def test_sim_url_is_a_table_inside_the_process() -> None:
    protocol_sim.register()
    protocol_sim.register()
    assert abs(converse("sim://?seed=3&angle=-20")[-1].angle_deg + 20) < 1


@pytest.mark.parametrize("url", ["sim://?seed=x", "sim://?angle=flat", "sim://?speed=3"])
def test_sim_url_names_the_option_that_is_wrong(url: str) -> None:
    protocol_sim.register()
    with pytest.raises(serial.SerialException, match="the form is sim://"):
        serial.serial_for_url(url)


def test_sim_url_read_is_woken_and_times_out() -> None:
    protocol_sim.register()
    port = serial.serial_for_url("sim://", timeout=30)
    port.reset_input_buffer()
    threading.Timer(0.05, port.cancel_read).start()
    port.read(100_000)  # would wait half a minute
    port.timeout = 0
    port.reset_input_buffer()
    assert len(port.read(8192)) < 8192
    port.close()
    with pytest.raises(serial.PortNotOpenError):
        port.read(1)
    with pytest.raises(serial.PortNotOpenError):
        port.write(b"x")
