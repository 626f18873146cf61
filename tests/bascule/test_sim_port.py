"""Virtual time as a port: lockstep, and never a step ahead of a late host."""

import threading
import time

from bascule.sim_port import SimPort
from simulator.table import Table


def test_virtual_time_goes_on_only_while_somebody_reads() -> None:
    port = SimPort(Table(1), speed=200)
    first_s = port.now_s()
    for _ in range(10):
        port.read()
    read_s = port.now_s()
    assert 0 < read_s - first_s <= 0.25
    threading.Event().wait(0.2)
    assert port.now_s() == read_s  # a late host slows virtual time down
    port.read()
    assert port.now_s() - read_s <= 0.04  # and does not make up for it in one burst


def test_speed_is_virtual_seconds_in_a_second_of_the_wall() -> None:
    port = SimPort(Table(1), speed=10)
    began_s, began_virtual_s = time.monotonic(), port.now_s()
    while port.now_s() - began_virtual_s < 2.0:
        port.read()
    assert time.monotonic() - began_s >= 0.19


def test_a_wake_ends_a_wait_at_once() -> None:
    port = SimPort(Table(1), speed=0.01)
    threading.Timer(0.02, port.wake).start()
    while port.read():
        pass
    assert port.now_s() > 0


def test_a_wait_is_never_long() -> None:
    """Whoever reads is not woken by a signal, and has to look for one itself."""
    port = SimPort(Table(1), speed=0.001)
    port.read()
    began_s = time.monotonic()
    assert port.read() == b""
    assert time.monotonic() - began_s < 5.0, "the next bytes come in 20 s"


def test_bytes_reach_the_unit_with_its_next_tick() -> None:
    table = Table(1)
    port = SimPort(table, speed=100)
    port.write(b"\x00\x04\x02\xc1\xb2\x00")
    before = table.memory.stop_count
    while table.now_ms < 100:
        port.read()
    assert table.memory.stop_count == before + 1
