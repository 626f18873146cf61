"""The real daemon in real time, over a pty, with a real broker, against the released firmware on an emulated chip.

What is measured is measured at the table, by what the chip's pins did to it. A chip that was behind real time by half
a second, a whole lease, proves nothing: then a test fails and says so.
"""

import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bascule.broker import EmbeddedBroker
from tests.bascule.conftest import Client, Process, until
from tests.firmware.build import firmware_elf

from .trace import Sample, newest, read

LATE_S = 0.5
LEVEL_DEG = 1.5
LEASE_S, SILENCE_S = 0.5, 2.0
WATCHDOG_S = 0.25
RETURN_DPS = 3.0
BOOT_S = 0.15
LEADING_HOME, HOLDING = 2, 4
FIRST = ("nice", "-n", "-10")
"""No real table shares its processors with other tests; where the system does not permit it, `nice` goes on without."""
NOTICED_S = 0.3
"""The broker and this process: what a moment here may be off by at the table."""

Start = Callable[..., Process]


class Rig:
    """A chip, a daemon and a phone, with somebody lying level."""

    def __init__(self, start: Start, client: Callable[[int, str], Client], broker: EmbeddedBroker, folder: Path):
        link, self._trace = folder / "chip", folder / "trace"
        given = ("--pty", link, "--start-angle", 0, "--elf", firmware_elf(), "--trace", self._trace)
        self.chip = start(*given, module="tests.emulated.serve", under=FIRST)
        self.chip.says("An emulated chip")
        data = folder / "data"
        self.daemon = start("run", "--port", link, "--broker", broker.url(), "--data", data, under=FIRST)
        self.phone = client(broker.port, "home")
        self.phone.state("standby")

    @property
    def now(self) -> Sample:
        """What is true of the table now."""
        return newest(self._trace)

    def head_down(self, angle_deg: float) -> None:
        """Led there by the daemon, or beyond."""
        until(lambda: self.now.bed_deg > angle_deg, f"{angle_deg}° head down")

    def do(self, words: str) -> float:
        """Something happens to the chip; when."""
        self.chip.type(words)
        return time.monotonic()

    def over(self) -> list[Sample]:
        """The chip ends; what really happened, in real time."""
        assert self.chip.end(signal.SIGTERM) == 0
        samples = read(self._trace)
        late_s = max(one.late_s for one in samples)
        assert late_s < LATE_S, f"this machine is too slow: the chip was {late_s:.2f} s behind real time"
        return samples


@pytest.fixture
def rig(elf: None, start: Start, client: Callable[[int, str], Client], broker: EmbeddedBroker, tmp_path: Path) -> Rig:
    return Rig(start, client, broker, tmp_path)


def since(samples: list[Sample], moment_s: float) -> list[Sample]:
    return [one for one in samples if one.when_s >= moment_s]


def at_rest(one: Sample) -> bool:
    return bool(one.brake) and abs(one.drive_dps) < 0.05


def home(one: Sample) -> bool:
    return abs(one.bed_deg) <= LEVEL_DEG and at_rest(one)


def came_home(samples: list[Sample], moment_s: float, within_s: float, up_deg: float) -> None:
    """Level and braked in this time, and by no more than this further up before."""
    after = since(samples, moment_s)
    arrived = next(filter(home, after), None)
    assert arrived is not None, f"it stays at {after[-1].bed_deg:.1f}°"
    assert arrived.when_s - moment_s <= within_s
    assert max(one.bed_deg for one in after) - after[0].bed_deg <= up_deg
    assert max(abs(one.drive_dps) for one in after) <= RETURN_DPS


def test_kill_9_of_the_daemon_in_a_preset_is_followed_by_the_way_home(rig: Rig) -> None:
    """F17, H1: `back` is armed and started by phone and leads head down; the chip goes home without a host."""
    assert rig.phone.arm_and_start({"preset": "back"})["moving"]
    rig.head_down(5.0)
    killed_s = time.monotonic()
    rig.daemon.end(signal.SIGKILL)
    rig.phone.wait("availability", lambda word: word == "offline")
    until(lambda: home(rig.now), "level again, by itself")
    samples = rig.over()
    before = [one for one in samples if one.when_s < killed_s]
    assert max(abs(one.drive_dps) for one in before) <= 2.5, "the preset goes at 2 °/s"
    held = since(samples, killed_s + LEASE_S + 1.3 + NOTICED_S)[0]
    assert abs(held.drive_dps) < 0.05, "the lease ends after half a second, and brakes in 1.3 s"
    came_home(samples, killed_s, SILENCE_S + 1.5 + held.bed_deg / RETURN_DPS + 3.0, LEASE_S * 2.5 + 1.5)
    assert samples[-1].resets == 0


def test_a_hung_chip_is_reset_and_comes_home_with_the_daemon_attached(rig: Rig) -> None:
    """F6, F5: the watchdog bites, the brake falls in, R1; the daemon ends the session and says why."""
    assert rig.phone.arm_and_start({"angle_deg": 9}, "goto")["moving"]
    rig.head_down(4.0)
    heard = len(rig.phone.heard)
    hung_s = rig.do("fault unit_hangs 3000")
    ended = rig.phone.wait("event", lambda event: event["kind"] == "session_ended", heard)
    assert ended["outcome"] == "interrupted"
    returning = rig.phone.wait("state", lambda state: state["state"] == "returning", heard)
    assert returning["rung"] == LEADING_HOME
    until(lambda: home(rig.now), "level again")
    assert rig.phone.state("level", "standby")["session"] is None
    assert not any(body["armed"] for topic, body in rig.phone.heard[heard:] if topic == "state")
    samples = rig.over()
    bitten = next(one for one in samples if one.resets == 1)
    assert bitten.when_s - hung_s <= WATCHDOG_S * 1.2 + NOTICED_S
    braked = next(one for one in samples if one.now_ms >= bitten.now_ms and one.brake)
    assert braked.now_ms - bitten.now_ms <= 1000 * BOOT_S
    came_home(samples, braked.when_s, 4.0 + bitten.bed_deg / RETURN_DPS + 3.0, 0.5)
    assert samples[-1].resets == 1


def test_two_resets_hold_and_the_daemon_shows_the_fault(rig: Rig) -> None:
    """H9, F5: R3 with the siren, head down; everybody who looks sees it, and no start is accepted."""
    assert rig.phone.arm_and_start({"angle_deg": 9}, "goto")["moving"]
    rig.head_down(4.0)
    heard = len(rig.phone.heard)
    rig.do("reset")
    threading.Event().wait(0.7)
    again_s = rig.do("reset")
    shown = rig.phone.wait("state", lambda state: state["state"] == "fault" and state["rung"] == HOLDING, heard)
    assert "reset_loop" in [fault["code"] for fault in shown["faults"]]
    assert rig.phone.wait("event", lambda event: event["kind"] == "fault" and event["code"] == "reset_loop", heard)
    until(lambda: rig.phone.ask("arm")["reason"] == "fault_latched", "the unit hears the daemon again, and refuses")
    assert not rig.phone.ask("start", json.dumps({"preset": "back"}))["accepted"]
    threading.Event().wait(1.0)
    samples = rig.over()
    assert samples[-1].resets == 2
    after = since(samples, again_s + 1.3 + NOTICED_S)
    assert all(at_rest(one) and one.siren for one in after)
    assert after[-1].bed_deg > LEVEL_DEG, "it holds where it was"
    assert max(one.bed_deg for one in after) - min(one.bed_deg for one in after) < 0.2
