"""The parts of the rig that break things: a fault that is not applied would pass every round."""

import os
import pty
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from crashes.bridge import Cable, Way
from crashes.dated import reader, set_ahead
from crashes.phone import RigError, until
from crashes.processes import Process
from crashes.rig import Needs, Rig


class Ends:
    """The unit's end of a cable, and a port opened at the controller's."""

    def __init__(self, folder: Path) -> None:
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.link = folder / "port"
        self.cable = Cable(Path(os.ttyname(self.slave)), self.link)
        self.port = self.open()

    def open(self) -> int:
        return os.open(self.link, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def arrives(self, end: int, wanted: bytes, patience_s: float = 5.0) -> bool:
        """Whether these bytes arrive, and no others."""
        got = b""

        def complete() -> bool:
            nonlocal got
            try:
                got += os.read(end, 4096)
            except OSError:
                return False
            return len(got) >= len(wanted)

        try:
            until(complete, "bytes", patience_s)
        except RigError:
            return False
        return got == wanted


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    made = Ends(tmp_path)
    yield made
    made.cable.close()
    for handle in (made.port, made.master, made.slave):
        os.close(handle)


def test_a_cable_carries_both_ways(ends: Ends) -> None:
    os.write(ends.port, b"down")
    assert ends.arrives(ends.master, b"down")
    os.write(ends.master, b"up")
    assert ends.arrives(ends.port, b"up")


def test_a_cut_direction_loses_bytes_and_the_other_does_not(ends: Ends) -> None:
    """F3."""
    ends.cable.to_unit = Way.DROP
    os.write(ends.port, b"lost")
    os.write(ends.master, b"up")
    assert ends.arrives(ends.port, b"up")
    assert not ends.arrives(ends.master, b"lost", 0.2)
    ends.cable.to_unit = Way.PASS
    os.write(ends.port, b"down")
    assert ends.arrives(ends.master, b"down")


def test_held_bytes_arrive_late(ends: Ends) -> None:
    """F3: buffered writes."""
    ends.cable.to_unit = Way.HOLD
    os.write(ends.port, b"late")
    assert not ends.arrives(ends.master, b"late", 0.2)
    ends.cable.to_unit = Way.PASS
    assert ends.arrives(ends.master, b"late")


def test_a_pulled_cable_hangs_up(ends: Ends) -> None:
    """F4."""
    ends.cable.pull()
    assert not ends.link.exists()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(ends.port, b"down")
    ends.cable.plug()
    hung, ends.port = ends.port, ends.open()
    os.close(hung)
    os.write(ends.port, b"again")
    assert ends.arrives(ends.master, b"again")


def test_a_cable_is_there_when_it_is_plugged(ends: Ends, monkeypatch: pytest.MonkeyPatch) -> None:
    """F4: also where the system takes its time over the link."""
    symlink_to = Path.symlink_to

    def slowly(link: Path, target: str) -> None:
        time.sleep(0.1)
        symlink_to(link, target)

    monkeypatch.setattr(Path, "symlink_to", slowly)
    ends.cable.pull()
    ends.cable.plug()
    assert ends.link.is_symlink()


def test_a_program_that_nobody_reads_comes_to_a_stand() -> None:
    """Its pipe is full: the next word waits for ever."""
    program = "import time\nprint('here', flush=True)\ntime.sleep(0.5)\nprint('more', flush=True)"
    deaf = Process(sys.executable, "-c", program)
    try:
        deaf.says("here")
        deaf.deafen()
        with pytest.raises(RigError):
            deaf.ended(2.0)
    finally:
        deaf.kill()
    assert not [line for line in deaf.lines if "more" in line]


def test_a_limit_stops_a_file_from_growing(tmp_path: Path) -> None:
    """F19."""
    path = tmp_path / "file"
    program = (
        "import time\nprint('here', flush=True)\n"
        f"file = open({str(path)!r}, 'wb', buffering=0)\n"
        "while True:\n    time.sleep(0.01)\n    file.write(b'x')"
    )
    writer = Process(sys.executable, "-c", program)
    try:
        until(lambda: path.exists() and path.stat().st_size > 0, "a byte", 20.0)
        writer.limit_files(0)
        assert writer.ended(20.0) == 1
        writer.says("File too large")
    finally:
        writer.kill()


def test_the_wall_clock_shows_what_the_file_says(tmp_path: Path) -> None:
    """F18."""
    path = tmp_path / "clock"
    set_ahead(path, 0)
    read = reader(path, lambda: 1_800_000_000.0)
    assert read() == 1_800_000_000.0
    set_ahead(path, -86_400)
    assert read() == 1_799_913_600.0


def test_the_port_of_a_killed_unit_is_gone(tmp_path: Path) -> None:
    """F4: a link left behind led to the next terminal of that number, which was another round's table."""
    with Rig(tmp_path / "round", Random(1), Needs()) as rig:
        rig.start_unit(10.0)
        assert rig.port.is_symlink()
        rig.kill_unit()
        assert not rig.port.is_symlink()
        assert not rig.sure(rig.unit).running
        rig.start_unit(rig.angle_deg())
        assert rig.port.is_symlink()
