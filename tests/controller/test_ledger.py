"""The budget through crashes, restarts, changed clocks and a full disk (H3, F18, F19)."""

import os
import queue
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.account import GUEST, Account, Answer, LedgerFailed, Reconciled, Reserved, Settled, Witness
from controller.ledger import QUEUE_LENGTH, Ledger, LedgerError, LedgerInline, LedgerThread, read_witness

DAY = 24 * 3600
SET = 1_750_000_000.0
"""A wall clock in June 2025."""
BOOT = Witness(SET, 100.0, "boot 1")
UNIT = 7
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
"""In memory where there is such a folder: thousands of durable changes would wait for the disk."""


def later(seconds: float, wall_s: float | None = None, boot_id: str = "boot 1") -> Witness:
    """The clocks of the same machine after a while; `wall_s` is how much the wall clock shows to have passed."""
    return Witness(SET + (seconds if wall_s is None else wall_s), 100.0 + seconds, boot_id)


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        yield Path(folder)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ledger.sqlite3"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with closing(Ledger.open(path, BOOT)) as opened:
        yield opened


def crashed(path: Path, total_s: float = 300, person: str = "ana") -> None:
    """A session was reserved on unit 7 at a count of 1000, and the controller died."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s1", person, total_s, 10, UNIT, 1000)


def test_a_new_record(path: Path, ledger: Ledger) -> None:
    assert ledger.account() == Account()
    assert ledger.ledger_s == 0
    assert ledger.notice is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_reserve_raise_and_settle(path: Path, ledger: Ledger) -> None:
    assert ledger.reserve("s1", "ana", 60, 10, UNIT, 1000) == 60
    assert ledger.account().head_down_today_s("ana", 10) == 60
    assert ledger.reserve("s1", "ana", 120, 60, UNIT, 1000) == 120
    assert ledger.reserve("s1", "ana", 90, 61, UNIT, 1000) == 120, "a reservation never shrinks"
    assert ledger.settle("s1", 75.5, "reached", "", 200, 1075) == 75.5
    ledger.close()
    with closing(Ledger.open(path, BOOT)) as again:
        assert again.account() == ledger.account()
        assert again.account().head_down_today_s("ana", 200) == 75.5
        assert again.account().rest_remaining_s("ana", 200, 3600) == 3600
        assert again.account().head_down_today_s("ana", 200 + DAY) == 0
        assert again.ledger_s == 200


def test_a_session_that_never_was_head_down_costs_nothing(path: Path, ledger: Ledger) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    assert ledger.settle("s1", 0, "interrupted", "stopped", 10, 1000) == 0
    ledger.reserve("s2", "ana", 60, 20, UNIT, 1000)
    ledger.close()
    with closing(Ledger.open(path, later(30))) as again:
        assert again.reconcile(UNIT, 1000, 30) == 0
        assert again.account().sessions_today("ana", 30) == 0
        assert again.account().rest_remaining_s("ana", 30, 3600) == 0


def test_the_larger_of_both_counts_is_charged(ledger: Ledger) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    assert ledger.settle("s1", 50, "reached", "", 100, 1058) == 58
    ledger.reserve("s2", "ana", 60, 200, UNIT, 1058)
    assert ledger.settle("s2", 70, "reached", "", 300, 1100) == 70, "more than was reserved, if that is the truth"


@pytest.mark.parametrize("used_s", [-1, float("nan"), float("inf")])
def test_a_use_that_is_no_time_is_charged_in_full(ledger: Ledger, used_s: float) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    assert ledger.settle("s1", used_s, "interrupted", "", 100, 1010) == 60


def test_a_session_whose_unit_lost_its_count_is_charged_in_full(ledger: Ledger) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    assert ledger.settle("s1", 10, "interrupted", "", 100, 3) == 60
    assert ledger.reconcile(UNIT, 5, 101) == 3, "counted from where it is now"


def test_settling_again_only_raises_the_charge(path: Path) -> None:
    crashed(path)
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.reconcile(UNIT, 1040, 50) == 41
        assert ledger.settle("s1", 30, "interrupted", "", 60, 1030) == 41
        assert ledger.settle("s1", 55, "interrupted", "", 70, 1040) == 55
        assert ledger.reconcile(UNIT, 1040, 80) == 0, "an older count doesn't make the unit's time count twice"


def test_what_is_not_a_reservation_is_refused(ledger: Ledger) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    before = ledger.account()
    for total_s in (-1, float("nan"), float("inf")):
        with pytest.raises(LedgerError, match="no time to reserve"):
            ledger.reserve("s1", "ana", total_s, 1, UNIT, 1000)
    with pytest.raises(LedgerError, match="ana's and can't get more"):
        ledger.reserve("s1", "bob", 90, 1, UNIT, 1000)
    with pytest.raises(LedgerError, match="never reserved"):
        ledger.settle("s2", 1, "reached", "", 1, 1000)
    with pytest.raises(LedgerError, match="no time"):
        ledger.checkpoint(float("nan"), BOOT)
    with pytest.raises(LedgerError, match="no count"):
        ledger.reconcile(8, float("nan"), 1)
    assert ledger.account() == before
    ledger.settle("s1", 10, "reached", "", 2, 1010)
    with pytest.raises(LedgerError, match="can't get more"):
        ledger.reserve("s1", "ana", 90, 3, UNIT, 1010)


def test_a_crash_counts_in_full_until_the_unit_tells(path: Path) -> None:
    """H3: 42 whole seconds that the unit counted may be nearly 43 that passed."""
    crashed(path)
    with closing(Ledger.open(path, later(5))) as ledger:
        assert ledger.account().head_down_today_s("ana", 15) == 300
        assert ledger.reconcile(UNIT, 1042, 20) == 43
        assert ledger.account().head_down_today_s("ana", 20) == 43
        assert ledger.account().sessions_today("ana", 20) == 1
        assert ledger.account().rest_remaining_s("ana", 20, 3600) == 3600
        assert ledger.reconcile(UNIT, 1042, 25) == 0


def test_a_crash_is_charged_with_more_than_was_reserved_if_the_unit_says_so(path: Path) -> None:
    crashed(path)
    with closing(Ledger.open(path, later(5))) as ledger:
        assert ledger.reconcile(UNIT, 1400, 20) == 401


@pytest.mark.parametrize(("unit", "count_s"), [(8, 5000), (UNIT, 999), (UNIT, 0)])
def test_another_unit_or_a_count_that_went_back_leaves_the_charge_in_full(path: Path, unit: int, count_s: int) -> None:
    crashed(path)
    with closing(Ledger.open(path, later(5))) as ledger:
        assert ledger.reconcile(unit, count_s, 20) == 300
        assert ledger.account().head_down_today_s("ana", 20) == 300
        assert ledger.account().reservations == {}, "it ends a day later, and not never"
        assert ledger.reconcile(unit, count_s, 30) == 0


def test_time_that_no_session_accounts_for_is_charged_to_the_last_person(ledger: Ledger) -> None:
    assert ledger.reconcile(UNIT, 1000, 0) == 0, "what a new unit counted before is not ours"
    assert ledger.reconcile(UNIT, 1007, 1) == 8
    assert ledger.account().head_down_today_s(GUEST, 1) == 8, "nobody was there before"
    ledger.reserve("s1", "ana", 60, 2, UNIT, 1007)
    ledger.settle("s1", 20, "interrupted", "link lost", 30, 1027)
    assert ledger.reconcile(UNIT, 1045, 60) == 19, "it drove home without us"
    account = ledger.account()
    assert account.head_down_today_s("ana", 60) == 39
    assert account.sessions_today("ana", 60) == 1
    assert account.rest_remaining_s("ana", 60, 3600) == 3600
    assert ledger.reconcile(UNIT, 900, 70) == 0, "a count that went back charges nothing"
    assert ledger.reconcile(UNIT, 903, 80) == 4


def test_a_new_session_settles_what_was_left(path: Path) -> None:
    """Nobody has to remember to reconcile first."""
    crashed(path)
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s2", "bob", 60, 20, UNIT, 1030)
        assert ledger.account().head_down_today_s("ana", 20) == 31
        ledger.settle("s2", 10, "reached", "", 40, 1040)
        ledger.reserve("s3", "bob", 60, 50, UNIT, 1044)
        assert ledger.account().head_down_today_s("bob", 50) == 10 + 5 + 60


def test_a_link_that_comes_back_leaves_the_running_session_to_its_owner(ledger: Ledger) -> None:
    ledger.reserve("s1", "ana", 60, 0, UNIT, 1000)
    assert ledger.reconcile(UNIT, 1012, 20) == 0
    assert ledger.account().head_down_today_s("ana", 20) == 60
    assert ledger.reserve("s1", "ana", 90, 21, UNIT, 1012) == 90
    assert ledger.settle("s1", 15, "interrupted", "link lost", 40, 1030) == 30
    assert ledger.reconcile(UNIT, 1030, 50) == 0
    ledger.reserve("s2", "ana", 60, 60, UNIT, 1030)
    assert ledger.reconcile(8, 0, 70) == 60, "another unit is not a link that came back"


@pytest.mark.parametrize("wall_s", [-3e9, -DAY, 0, 60, DAY, 3e9])
def test_a_clock_that_was_changed_while_away_changes_nothing(path: Path, wall_s: float) -> None:
    """F18: the same boot, a minute away."""
    crashed(path)
    with closing(Ledger.open(path, later(60, wall_s))) as ledger:
        assert ledger.ledger_s == 60
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == 300


@pytest.mark.parametrize(("wall_s", "passed_s"), [(-DAY, 0), (0, 0), (600, 600), (DAY + 600, DAY + 600)])
def test_over_a_reboot_the_wall_clock_counts_only_forward(path: Path, wall_s: float, passed_s: float) -> None:
    """F18."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s1", "ana", 300, 0, UNIT, 1000)
        ledger.settle("s1", 300, "reached", "", 0, 1300)
    with closing(Ledger.open(path, Witness(SET + wall_s, 3.0, "boot 2"))) as ledger:
        assert ledger.ledger_s == passed_s
        assert ledger.account().head_down_today_s("ana", ledger.ledger_s) == (0 if passed_s > DAY else 300)


@pytest.mark.parametrize("jump_s", [-DAY, DAY, 3e9])
def test_a_clock_that_jumps_while_running_changes_nothing(path: Path, jump_s: float) -> None:
    """F18: noted by the checkpoint, it counts neither now nor after a restart."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.reserve("s1", "ana", 300, 0, UNIT, 1000)
        ledger.checkpoint(60, later(60, 60 + jump_s))
        assert ledger.account().head_down_today_s("ana", 60) == 300
    with closing(Ledger.open(path, later(90, 90 + jump_s))) as ledger:
        assert ledger.ledger_s == 90


@pytest.mark.parametrize(("jump_s", "passed_s"), [(-DAY, 60), (DAY, 100), (3e9, 100)])
def test_a_clock_that_jumped_while_running_changes_nothing_over_a_reboot(
    path: Path, jump_s: float, passed_s: float
) -> None:
    """F18."""
    with closing(Ledger.open(path, BOOT)) as ledger:
        ledger.checkpoint(60, later(60, 60 + jump_s))
    with closing(Ledger.open(path, Witness(SET + 100 + jump_s, 3.0, "boot 2"))) as ledger:
        assert ledger.ledger_s == passed_s


def test_time_never_goes_back(path: Path, ledger: Ledger) -> None:
    ledger.checkpoint(500, later(500))
    ledger.checkpoint(400, later(501))
    assert ledger.ledger_s == 500
    ledger.close()
    with closing(Ledger.open(path, Witness(SET, 0.0, "boot 1"))) as again:
        assert again.ledger_s == 500


def test_only_one_controller_at_a_time(path: Path, ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3: another controller uses it; head-down time can't be"):
        Ledger.open(path, BOOT)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="out of order"):
        ledger.reconcile(UNIT, 0, 0)
    Ledger.open(path, BOOT).close()


def test_the_clocks_are_read() -> None:
    first, second = read_witness(), read_witness()
    proc = Path("/proc/sys/kernel/random/boot_id")
    assert first.boot_id == second.boot_id == (proc.read_text().strip() if proc.exists() else "")
    assert second.boot_s >= first.boot_s > 0
    assert first.wall_s > 1.7e9


VICTIM = """
import sys
from pathlib import Path
from controller.account import Witness
from controller.ledger import Ledger
unit = int(sys.argv[2])
ledger = Ledger.open(Path(sys.argv[1]), Witness(1.75e9, 100.0, "boot 1"))
for number in range(1000):
    for total_s in range(1, 9):
        ledger.reserve(f"{unit}-{number}", "ana", total_s, number, unit, 1000 + number * 8)
        print(number, total_s, flush=True)
    ledger.settle(f"{unit}-{number}", 8.0, "reached", "", number, 1000 + number * 8 + 8)
    print(number, 8, flush=True)
"""


def test_kill_9_in_the_middle_of_reservations_loses_no_second(path: Path) -> None:
    """H3: what was told to be on record is there after a kill, and at most the second that was under way besides."""
    charged_s = 0.0
    for life, lines in enumerate((1, 5, 9, 30, 101)):
        with subprocess.Popen(
            [sys.executable, "-c", VICTIM, str(path), str(life)], stdout=subprocess.PIPE, text=True
        ) as victim:
            assert victim.stdout is not None
            told = [victim.stdout.readline() for _ in range(lines)]
            victim.send_signal(signal.SIGKILL)
            told += victim.stdout.readlines()
        assert victim.returncode == -signal.SIGKILL
        number, total_s = map(int, [line for line in told if line.endswith("\n")][-1].split())
        promised_s = charged_s + number * 8 + total_s
        with closing(Ledger.open(path, BOOT)) as ledger:
            charged_s = ledger.account().head_down_today_s("ana", 0)
            assert promised_s <= charged_s <= promised_s + 1
            ledger.reconcile(99, 0, 0)
            assert ledger.account().head_down_today_s("ana", 0) == charged_s


FULL_DISK = """
import resource, sys
from pathlib import Path
from controller.account import Witness
from controller.ledger import Ledger, LedgerError
ledger = Ledger.open(Path(sys.argv[1]), Witness(1.75e9, 100.0, "boot 1"))
ledger.reserve("s1", "ana", 60, 0, 7, 1000)
resource.setrlimit(resource.RLIMIT_FSIZE, (2048, resource.RLIM_INFINITY))
for _ in range(3):
    try:
        ledger.reserve("s1", "ana", 120, 1, 7, 1000)
        print("no error")
    except LedgerError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(ledger.account().head_down_today_s("ana", 1))
print(ledger.reserve("s1", "ana", 180, 2, 7, 1000))
"""


def test_a_full_disk_is_an_error_and_no_loss(path: Path) -> None:
    """F19."""
    done = subprocess.run([sys.executable, "-c", FULL_DISK, str(path)], capture_output=True, text=True, check=True)
    *errors, before_s, after_s = done.stdout.splitlines()
    for error in errors:
        assert error.startswith(f"{path}: the disk ")
        assert error.endswith("; head-down time can't be recorded.")
    assert (len(errors), before_s, after_s) == (3, "60.0", "180")
    with closing(Ledger.open(path, BOOT)) as ledger:
        assert ledger.account().head_down_today_s("ana", 2) == 180


def test_a_folder_that_cant_be_written_is_refused_plainly(tmp_path: Path) -> None:
    """F19."""
    (tmp_path / "file").write_text("")
    (tmp_path / "ledger.sqlite3").mkdir()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3: it can't be opened; head-down time can't be recorded"):
        Ledger.open(tmp_path / "ledger.sqlite3", BOOT)
    for name, why in (
        ("file/ledger.sqlite3", "File exists"),
        ("/proc/none/ledger.sqlite3", "No such file or directory"),
    ):
        with pytest.raises(LedgerError, match=rf"ledger\.sqlite3: {why}; head-down time can't be recorded\.$"):
            Ledger.open(tmp_path / name, BOOT)


Doors = Callable[[Ledger, Callable[[Answer], None]], LedgerInline]


@pytest.mark.parametrize("door", [LedgerInline, LedgerThread])
def test_both_doors_give_the_same_answers(path: Path, ledger: Ledger, door: Doors) -> None:
    answers: queue.Queue[Answer] = queue.Queue()
    posted = door(ledger, answers.put)
    posted.reserve("s1", "ana", 60, 0, UNIT, 1000)
    posted.checkpoint(5, later(20))
    posted.settle("s1", 20, "reached", "", 30, 1020)
    posted.reconcile(UNIT, 1023, 40)
    posted.reserve("s1", "ana", 90, 50, UNIT, 1023)
    open_account = Account().reserve("s1", "ana", 60)
    settled = open_account.settle("s1", 30, 20)
    assert answers.get(timeout=5) == Reserved("s1", 60, open_account)
    assert answers.get(timeout=5) == Settled("s1", 20, settled)
    reconciled = answers.get(timeout=5)
    assert isinstance(reconciled, Reconciled)
    assert (reconciled.seconds, reconciled.account.head_down_today_s("ana", 40)) == (4, 24)
    failed = answers.get(timeout=5)
    assert failed == LedgerFailed(
        f"{path}: session s1 is ana's and can't get more time; head-down time can't be recorded."
    )
    assert posted.stop(5)
    assert answers.empty()
    posted.reserve("s2", "ana", 60, 60, UNIT, 1023)
    assert isinstance(answers.get(timeout=5), LedgerFailed)
    with closing(Ledger.open(path, later(70))) as again:
        assert again.ledger_s == 55, "5 when the machine was up for 120 s, 170 now"


def test_a_slow_disk_never_blocks_and_a_full_queue_says_so() -> None:
    """F19: the posts that fit are done before the end, the others were answered at once."""
    go_on, busy, answers = threading.Event(), threading.Event(), []

    def reconcile(unit: int, unit_count_s: float, ledger_s: float) -> float:
        busy.set()
        assert go_on.wait(10)
        return ledger_s

    slow = SimpleNamespace(reconcile=reconcile, account=Account, close=lambda: None)
    others = set(threading.enumerate())
    thread = LedgerThread(slow, answers.append)  # type: ignore[arg-type]
    [own] = set(threading.enumerate()) - others
    assert own.daemon, "a disk that hangs doesn't keep the program from ending"
    assert QUEUE_LENGTH == 64
    thread.reconcile(UNIT, 0, 0)
    assert busy.wait(5)
    for number in range(1, QUEUE_LENGTH + 3):
        thread.reconcile(UNIT, 0, number)
    full = LedgerFailed("The record of head-down time is closed or can't keep up.")
    assert answers == [full, full]
    assert not thread.stop(0)
    go_on.set()
    assert thread.stop(5)
    assert [answer.seconds for answer in answers[2:]] == list(range(QUEUE_LENGTH + 1))


def test_an_error_that_nobody_expected_ends_in_a_failure_for_each_job() -> None:
    """F19: the thread tells it instead of dying silently."""
    answers: queue.Queue[Answer] = queue.Queue()
    broken = SimpleNamespace(reconcile=lambda *_: 1 / 0, close=lambda: None)
    thread = LedgerThread(broken, answers.put)  # type: ignore[arg-type]
    thread.reconcile(UNIT, 0, 0)
    assert answers.get(timeout=5) == LedgerFailed(
        "The record of head-down time stopped: ZeroDivisionError('division by zero')."
    )
    thread.reconcile(UNIT, 0, 0)
    assert answers.get(timeout=5) == LedgerFailed("The record of head-down time is closed or can't keep up.")
    assert thread.stop(5)


class World:
    """True time, true head-down time, a machine with clocks, a tilt unit that counts, and one controller."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.true_s = 0.0
        self.boots = 0
        self.booted_s = -100.0
        self.error_s = 0.0
        self.units = {7: 5000.25, 8: 0.0}
        self.unit = 7
        self.truth: list[tuple[str, float, float]] = []
        self.behind = False
        self.last = GUEST
        self.sessions = 0
        self.ledger: Ledger | None = None
        self.start()

    def witness(self) -> Witness:
        """What the clocks show; the controller saw it."""
        return Witness(SET + self.true_s + self.error_s, self.true_s - self.booted_s, f"boot {self.boots}")

    @property
    def count_s(self) -> int:
        return int(self.units[self.unit])

    @property
    def ledger_s(self) -> float:
        return self.opened_ledger_s + self.true_s - self.opened_true_s

    def start(self) -> None:
        self.stop()
        self.ledger = Ledger.open(self.path, self.witness())
        self.opened_ledger_s, self.opened_true_s = self.ledger.ledger_s, self.true_s
        self.seen_error_s = self.error_s
        self.ledger.reconcile(self.unit, self.count_s, self.ledger_s)

    def stop(self) -> None:
        if self.ledger is not None:
            self.ledger.close()
        self.ledger = None

    def head_down(self, person: str, seconds: float) -> None:
        self.truth.append((person, self.true_s, self.true_s + seconds))
        self.units[self.unit] += seconds
        self.true_s += seconds

    def session(self, person: str, total_s: float, used: float, crash: bool, tail_s: float, unit: int) -> None:
        """Reserve, be head down for a part of it, raise, be head down for more, and settle or crash.

        After a crash the unit drives home by itself, or another unit is there when the controller is back; then nobody
        can tell how long this one was head down after all, and it wasn't longer than was granted.
        """
        assert self.ledger is not None
        self.sessions += 1
        name = f"s{self.sessions}"
        self.last = person
        start_s = self.count_s
        self.ledger.reserve(name, person, total_s / 2, self.ledger_s, self.unit, start_s)
        self.head_down(person, total_s / 2 * used)
        self.ledger.reserve(name, person, total_s, self.ledger_s, self.unit, start_s)
        self.head_down(person, total_s / 2 * used)
        if not crash:
            self.ledger.settle(name, total_s * used, "reached", "", self.ledger_s, self.count_s)
            return
        self.stop()
        if unit == self.unit:
            self.head_down(person, tail_s)
        self.unit = unit

    def away(self, seconds: float, reboot: bool, error_s: float, hand_s: float) -> None:
        """The controller is away for a while; somebody may hang there, the machine reboots, the clock is changed.

        Over a reboot the clock may go back as far as it likes, and then forward again. But it isn't set forward
        between the last look at it and a reboot, unless it had gone back before: that is what nothing can tell.
        """
        self.stop()
        self.head_down(self.last, hand_s)
        self.true_s += seconds
        if reboot:
            before_s, self.error_s = self.error_s, error_s if self.behind else min(error_s, self.seen_error_s)
            self.boots += 1
            self.booted_s = self.true_s
            self.behind = self.error_s + seconds + hand_s < before_s
        else:
            self.error_s = error_s
            self.behind = False

    def check(self) -> None:
        """Whoever was head down in the last 24 true hours was charged for it: all but the second that isn't over."""
        assert self.ledger is not None
        account = self.ledger.account()
        for person in {person for person, _, _ in self.truth}:
            since_s = self.true_s - DAY
            true_s = sum(max(0.0, end - max(begin, since_s)) for who, begin, end in self.truth if who == person)
            charged_s = account.head_down_today_s(person, self.ledger_s)
            assert charged_s > true_s - 1.0001 * len(self.units), (person, charged_s, true_s)


people = st.sampled_from(["ana", "bob"])
errors = st.sampled_from([0.0, 60.0, -60.0, 3600.0, -3600.0, 2.0 * DAY, -2.0 * DAY, 3e9, -1.7e9])
spans = st.floats(0, 3 * DAY) | st.sampled_from([0.0, 1.0, 600.0, 12.0 * 3600, DAY - 1.0, DAY, DAY + 1.0])
steps = st.one_of(
    st.tuples(
        st.just("session"), people, st.floats(0, 900), st.floats(0, 1), st.booleans(), st.floats(0, 60),
        st.sampled_from([7, 7, 7, 8]),
    ),
    st.tuples(st.just("away"), spans, st.booleans(), errors, st.floats(0, 30) | st.just(0.0)),
    st.tuples(st.just("wait"), spans, errors),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, min_size=2, max_size=14))
def test_nobody_ever_gets_more_time_than_was_charged(drawn: list[tuple]) -> None:  # type: ignore[type-arg]
    """H3, F18: sessions, crashes, restarts, reboots, changed clocks, head down without a controller, other units."""
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        world = World(Path(folder, "ledger.sqlite3"))
        for step in drawn:
            match step:
                case "session", *details:
                    world.session(*details)
                case "away", *details:
                    world.away(*details)
                case "wait", seconds, error_s:
                    assert world.ledger is not None
                    world.true_s += seconds
                    world.error_s = error_s
                    world.behind = False
                    world.ledger.checkpoint(world.ledger_s, world.witness())
                    world.seen_error_s = error_s
            if world.ledger is None:
                world.start()
            world.check()
        world.stop()


def test_the_witness_measures_absences_by_a_clock_that_nobody_sets() -> None:
    """F18, H3: the wall clock only tells how far it is ahead."""
    witness = read_witness()
    assert witness.boot_s == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=5.0)
    assert witness.wall_s == pytest.approx(time.time(), abs=5.0)
