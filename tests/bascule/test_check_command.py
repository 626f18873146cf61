"""`bascule check`: what a tester types and reads, with a table in virtual time behind the port."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bascule import check_command
from bascule.cli import app
from controller.serial_port import PortError
from protocol import framing
from simulator.conformance.catalogue import CHECKS
from simulator.conformance.talk import Wish
from simulator.table import Table
from tests.simulator.conformance.bench import hand_at

STOP = bytes.fromhex("0004 02c1b2 00".replace(" ", ""))
HAND_CHECKS = ["C43", "C76", "C77", "C78", "C79", "C80", "C81", "C82", "C83"]


class Bench:
    """A table that is the serial port; `meanwhile` is called before each read."""

    def __init__(self) -> None:
        self.table = Table(5, -3.0)
        self.table.switches.occupied = False
        self.table.physics.advance(0.0, True, 10_000)
        self.written: list[bytes] = []
        self.meanwhile: Callable[[], None] = lambda: None
        self.angles = [self.table.angle_deg]
        self.closed = False

    def read(self) -> bytes:
        self.meanwhile()
        data = self.table.tick()
        self.angles.append(self.table.angle_deg)
        return data

    def write(self, data: bytes) -> None:
        self.written.append(data)
        self.table.receive(data)

    def now_s(self) -> float:
        return self.table.now_s

    def close(self) -> None:
        self.closed = True

    @property
    def codes(self) -> set[int]:
        """Types of the whole frames that were written."""
        payloads = framing.Deframer().feed(b"".join(self.written))
        return {payload[0] for payload in payloads if isinstance(payload, bytes)}


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench()
    monkeypatch.setattr(check_command, "SerialPort", lambda _: made)
    return made


@pytest.fixture
def hands(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A hand at the table; what it was asked for."""
    asked: list[str] = []
    act = hand_at(bench.table)

    def ask(wish: Wish) -> bool:
        asked.append(wish.word)
        return act(wish)

    monkeypatch.setattr(check_command, "_person", ask)
    return asked


def check(*words: str) -> Result:
    return CliRunner().invoke(app, ["check", "/dev/tilt", *words])


def test_a_good_unit_passes_everything(bench: Bench, hands: list[str], tmp_path: Path) -> None:
    found = check("--allow-motion", "--hands", "--json", "--report", str(tmp_path / "unit.txt"))
    assert found.exit_code == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["passed"] is True
    assert [one["number"] for one in told["checks"]] == [one.number for one in CHECKS]
    assert {one["outcome"] for one in told["checks"]} == {"passed"}
    assert told["identity"]["unit"] == 1
    assert hands.count("reset") == 1
    assert abs(bench.table.angle_deg) < 1.5
    assert bench.closed
    text = (tmp_path / "unit.txt").read_text("utf-8")
    assert "simulated unit 1, firmware 1.0.0, protocol 1" in text
    assert f"{len(CHECKS)} passed, 0 failed, 0 not checked." in text
    assert "period_ms 20" in text
    assert "[protocol.md: 0x82 TELEMETRY; protocol.md: Times]" in text


def test_without_leave_nothing_is_granted_and_nothing_moves(bench: Bench, tmp_path: Path) -> None:
    found = check("--no-hands", "--report", str(tmp_path / "unit.json"))
    assert found.exit_code == 1
    assert "0 failed" in found.stdout
    assert "--allow-motion" in found.stdout
    assert "not everything was checked" in found.stderr
    assert max(bench.angles) - min(bench.angles) < 0.05
    told = json.loads((tmp_path / "unit.json").read_text("utf-8"))
    assert told["passed"] is False
    assert {one["outcome"] for one in told["checks"]} == {"passed", "not checked"}
    assert all(one["why"] for one in told["checks"] if one["outcome"] == "not checked")


def test_lines_fit_80_columns(bench: Bench) -> None:
    found = check("--no-hands")
    assert max(map(len, found.stdout.splitlines())) <= 80
    assert "\x1b" not in found.stdout


def test_a_person_on_the_table_is_not_moved(bench: Bench) -> None:
    """H4: refused before anything but listening."""
    bench.table.switches.occupied = True
    found = check("--allow-motion", "--hands")
    assert found.exit_code == 1
    assert "somebody or something is on the table" in found.stderr
    assert not bench.written
    assert max(bench.angles) - min(bench.angles) < 0.05


def test_a_table_head_down_is_refused(bench: Bench) -> None:
    bench.table.physics.bed_deg = bench.table.physics.drive_deg = 8.0
    found = check("--allow-motion")
    assert found.exit_code == 1
    assert "head down" in found.stderr
    assert not bench.written


def test_a_unit_that_fails_is_named(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("protocol.link.SILENCE_MS", 10_000)
    found = check("--no-hands")
    assert found.exit_code == 1
    assert "C35  FAILED" in found.stdout
    assert "But the host counts as alive 2.3 s after its last word." in " ".join(found.stdout.split())
    assert "the unit failed C28, C35 to C36." in found.stderr


def test_a_port_that_goes_ends_the_run_and_leaves_a_report(bench: Bench, tmp_path: Path) -> None:
    def gone() -> None:
        if bench.table.now_s > 5.0:
            raise PortError("/dev/tilt", "device reports no data", "plug it in")

    bench.meanwhile = gone
    found = check("--no-hands", "--report", str(tmp_path / "unit.txt"))
    assert found.exit_code == 1
    assert "ended early: port /dev/tilt: device reports no data" in found.stderr
    text = (tmp_path / "unit.txt").read_text("utf-8")
    assert "The checks ended early" in text
    assert "C83: the run ended before it" in " ".join(text.split())
    assert bench.closed


def test_silence_is_no_unit(bench: Bench) -> None:
    bench.table.hang(1e9)
    bench.table._watchdog_ms = 10**9
    found = check()
    assert found.exit_code == 1
    assert "nothing was heard" in found.stderr


def interrupt_when(bench: Bench, when: Callable[[], bool], times: int = 1) -> None:
    left = [times]

    def meanwhile() -> None:
        if left[0] and when():
            left[0] -= 1
            signal.raise_signal(signal.SIGINT)

    bench.meanwhile = meanwhile


@pytest.mark.usefixtures("hands")
def test_an_interruption_head_down_levels_first(bench: Bench) -> None:
    """H1."""
    interrupt_when(bench, lambda: bench.table.angle_deg > 3.0)
    found = check("--allow-motion", "--hands")
    assert found.exit_code == 1
    assert "level first" in found.stderr
    assert "interrupted; the table rests" in found.stderr
    assert abs(bench.table.angle_deg) <= 1.5
    assert max(bench.angles) < 6.0


@pytest.mark.usefixtures("hands")
def test_an_interruption_head_up_stops_and_holds(bench: Bench) -> None:
    """H15."""
    interrupt_when(bench, lambda: bench.table.now_s > 4.0)
    found = check("--allow-motion", "--hands")
    assert found.exit_code == 1
    assert "interrupted; the table rests" in found.stderr
    assert bench.written[-1] == STOP
    assert max(bench.angles) - min(bench.angles) < 0.05


def test_a_missing_port_is_said() -> None:
    found = CliRunner().invoke(app, ["check", "/dev/there-is-none"])
    assert found.exit_code == 1
    assert "/dev/there-is-none" in found.stderr


def test_a_report_that_finds_no_place_is_known_before(bench: Bench) -> None:
    found = check("--report", "/there-is-none/unit.txt")
    assert found.exit_code == 2
    assert "--report" in found.stderr
    assert not bench.written


def test_what_a_hand_has_to_do_is_asked_in_a_sentence(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert check_command._person(Wish("estop", "Press the emergency stop"))
    assert "Press the emergency stop" in capsys.readouterr().err


def test_without_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert check_command._hand(str(tmp_path / "x"), None) is None
    assert check_command._hand(str(tmp_path / "x"), False) is None
    assert check_command._hand(str(tmp_path / "x"), True) is check_command._person


def test_each_wish_has_words_for_the_simulator() -> None:
    from simulator.conformance.people import WISHES
    from simulator.hands import Hands

    assert {wish.word for wish in WISHES} == set(check_command.BY_SIMULATOR)
    hands = Hands(Table())
    for lines in check_command.BY_SIMULATOR.values():
        for line in lines:
            hands.read(line)
