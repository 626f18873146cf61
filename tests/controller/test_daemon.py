"""The loop around the core, with a simulated port, a real ledger and a publisher that remembers."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bascule.sim_port import SimPort
from controller import child_lock_file, own_preset_file, small_file
from controller.booking import Booking
from controller.conduct import Settings
from controller.core import Core
from controller.daemon import Daemon
from controller.documents import EventDocument, HealthDocument, PresetsDocument, ResultDocument, StateDocument
from controller.inbox import Inbox
from controller.ledger import Ledger, LedgerThread, read_witness
from controller.model import State, Verb, Wish
from controller.mqtt.client import Counters
from controller.preset_draft import draft
from controller.presets import bundled
from controller.serial_port import Port, PortError
from simulator.table import Table

PATIENCE_S = 30.0


class Remembering:
    """A publisher that keeps what it was given."""

    counters = Counters(callback_errors=1, dropped=2, unserialisable=3, rebuilds=4)

    def __init__(self) -> None:
        self.states: list[StateDocument] = []
        self.others: list[Any] = []
        self.closed = False

    def start(self) -> None:
        self.others.append("started")

    def close(self, timeout_s: float = 2.0) -> None:
        self.closed = True

    def publish_state(self, document: StateDocument) -> None:
        self.states.append(document)

    def publish_presets(self, document: PresetsDocument) -> None:
        self.others.append(document)

    def publish_discovery(self, presets: PresetsDocument, people: Sequence[str]) -> None:
        self.others.append(tuple(people))

    def remove_discovery(self) -> None:
        self.others.append("removed")

    def publish_health(self, document: HealthDocument) -> None:
        self.others.append(document)

    def publish_event(self, document: EventDocument) -> None:
        self.others.append(document)

    def publish_result(self, document: ResultDocument) -> None:
        self.others.append(document)

    def of(self, kind: type) -> list[Any]:
        return [one for one in self.others if isinstance(one, kind)]


class Rig:
    """A daemon in a thread, at a hundred times real time."""

    def __init__(self, folder: Path) -> None:
        self.table = Table(2, time_scale=100)
        self.refuse: PortError | None = None
        self.linked_s: float | None = None
        self.ports: list[SimPort] = []
        self.published = Remembering()
        ledger = Ledger.open(folder / "ledger.sqlite3", read_witness())
        self.core = Core(
            Settings(time_scales=frozenset({100})), bundled(), Booking(ledger.account(), ledger.ledger_s), 1
        )
        inbox = Inbox()
        self.daemon = Daemon(
            self.core,
            self.open,
            LedgerThread(ledger, inbox.notice),
            inbox,
            {
                "child_lock": folder / "child_lock.json",
                "presets": folder / "presets.toml",
                "people": folder / "people.json",
            },
        )
        self.thread = threading.Thread(target=self.daemon.run, args=(self.published,))

    def open(self) -> Port:
        if self.refuse is not None:
            raise self.refuse
        self.ports.append(SimPort(self.table, 100))
        return self.ports[-1]

    def until(self, wanted: Callable[[], Any], what: str) -> Any:
        """Wait until something is true; its value."""
        end_s = time.monotonic() + PATIENCE_S
        while not (value := wanted()):
            if self.linked_s is not None and time.monotonic() - self.linked_s > 1.0:
                self.link()
            assert time.monotonic() < end_s, f"{what}; {self.published.states[-1:]} {self.published.others[-3:]}"
            threading.Event().wait(0.005)
        return value

    def until_state(self, state: State) -> None:
        self.until(lambda: self.published.states and self.published.states[-1].state is state, str(state))

    def connect(self) -> None:
        self.thread.start()
        self.link()
        self.until_state(State.STANDING)
        self.until(lambda: not self.core.conduct.booking.comparing, "the ledger has compared")
        self.until(lambda: self.core.estimate is not None and self.core.estimate.host_live, "the unit hears us, too")

    def link(self) -> None:
        """What the MQTT client says with each echo."""
        self.linked_s = time.monotonic()
        self.daemon.on_link(True, "connected")

    def start_gentle(self) -> None:
        self.daemon.on_wish(Wish(Verb.ARM))
        self.until(lambda: self.core.conduct.arming.code, "armed")
        self.daemon.on_wish(Wish(Verb.START, preset="gentle", code=self.core.conduct.arming.code))
        self.until_state(State.RUNNING)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    if made.thread.is_alive():
        made.daemon.leave()
        made.thread.join(PATIENCE_S)
    assert not made.thread.is_alive()


def test_it_publishes_what_it_has_and_what_changes(rig: Rig) -> None:
    rig.connect()
    rig.start_gentle()
    assert len(rig.published.of(PresetsDocument)) == 1
    rig.until(lambda: rig.published.of(HealthDocument), "the first health document")
    health = rig.published.of(HealthDocument)[0]
    assert health.telemetry > 0
    assert 0 < health.loop_jitter.count == health.loop_jitter.at_most[0], "by the table's clock, which ours is here"
    assert health.loop_step.count == health.steps
    assert health.realtime_priority == 0
    assert (health.mqtt_errors, health.mqtt_dropped, health.mqtt_rebuilds) == (1, 2, 4)
    assert [answer.verb for answer in rig.published.of(ResultDocument)] == ["arm", "start"]
    rig.until(lambda: any(s.session and s.session.step == 2 for s in rig.published.states), "the second step")
    numbers = [state.seq for state in rig.published.states]
    assert numbers == sorted(set(numbers))


def test_a_stop_reaches_the_port_before_anything_is_read_of_it(rig: Rig) -> None:
    """H11."""
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > -70, "on its way")
    before = rig.table.memory.stop_count
    rig.daemon.on_stop(False)
    rig.daemon.on_wish(Wish(Verb.STOP, id="s"))
    rig.until(lambda: rig.table.memory.stop_count > before, "the unit counted the stop")
    rig.until_state(State.FROZEN)
    assert rig.published.of(ResultDocument)[-1].id == "s"


def test_a_stop_whose_wish_is_lost_is_known_by_its_frame(rig: Rig) -> None:
    """H11."""
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > -70, "on its way")
    before = rig.table.memory.stop_count
    rig.daemon.on_stop(False)
    rig.until_state(State.FROZEN)
    rig.until(lambda: rig.core.conduct.urgent.lane_frames == 1, "the frame is known")
    assert rig.table.memory.stop_count > before
    assert rig.core.conduct.run is None, "the session is over, as after any stop"


def test_a_kept_stop_does_not_take_the_lane(rig: Rig) -> None:
    rig.connect()
    before = rig.table.memory.stop_count
    rig.daemon.on_stop(True)
    rig.daemon.on_wish(Wish(Verb.ARM))
    rig.until(lambda: rig.core.conduct.state is State.ARMED, "armed")
    assert rig.table.memory.stop_count == before


def test_leaving_head_down_goes_to_level_first(rig: Rig) -> None:
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > 7, "head down")
    rig.daemon.leave()
    rig.daemon.leave()  # supervisors send it twice
    rig.thread.join(PATIENCE_S)
    assert abs(rig.table.angle_deg) <= 1.5
    assert rig.published.closed


def test_leaving_on_the_head_up_side_holds(rig: Rig) -> None:
    """H15."""
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > -70, "on its way")
    rig.daemon.leave()
    rig.thread.join(PATIENCE_S)
    assert rig.table.angle_deg < -20


def test_the_last_state_claims_no_link(rig: Rig) -> None:
    """H10: the broker keeps it, and nobody will correct it."""
    rig.connect()
    rig.daemon.leave()
    rig.thread.join(PATIENCE_S)
    last = rig.published.states[-1]
    assert (last.state, last.link.up, last.angle_deg) == (State.OFFLINE, False, None)
    assert last.message == "The controller was stopped."


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_whatever_fails_at_the_end_the_broker_and_the_ledger_are_left_properly(rig: Rig) -> None:
    def fail(document: StateDocument) -> None:
        if document.state is State.OFFLINE:
            raise RuntimeError("no more states")

    rig.connect()
    rig.published.publish_state = fail  # type: ignore[method-assign]
    rig.daemon.leave()
    rig.thread.join(PATIENCE_S)
    assert rig.published.closed
    assert not rig.daemon._ledger._thread.is_alive()  # type: ignore[attr-defined]


def test_a_flood_of_levels_wakes_the_loop_a_few_times_only(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """F22, H11: 4000 of them a second would otherwise be as many steps, and the next stop would wait."""
    wakes: list[int] = []
    monkeypatch.setattr(rig.daemon._ports, "wake", lambda: wakes.append(1))
    began_s = time.monotonic()
    for _ in range(1000):
        rig.daemon.on_wish(Wish(Verb.LEVEL))
    assert 1 <= len(wakes) <= 1 + (time.monotonic() - began_s) / 0.005
    before = len(wakes)
    rig.daemon._woken_s = float("-inf")
    rig.daemon.on_wish(Wish(Verb.LEVEL))
    assert len(wakes) == before + 1


def test_a_signal_wakes_nobody(rig: Rig) -> None:
    """A handler that sets an event while the main thread waits for that event holds both up for ever."""
    rig.connect()
    port = rig.ports[-1]
    wakes: list[int] = []
    port.wake = lambda: wakes.append(1)  # type: ignore[method-assign]
    rig.daemon.leave()
    rig.thread.join(PATIENCE_S)
    assert not rig.thread.is_alive()
    assert wakes == []


def test_a_stop_whose_frame_could_not_be_written_is_not_taken_for_sent(rig: Rig) -> None:
    """H11: nobody waits a repetition for a frame that never left."""
    taken: list[Wish] = []
    rig.daemon._inbox.put = taken.append  # type: ignore[assignment, method-assign]
    rig.daemon._ports.port = rig.daemon._lane.port = rig.open()
    rig.daemon.on_stop(False)
    rig.daemon.on_wish(Wish(Verb.STOP))

    def broken(_: bytes) -> None:
        raise PortError("/dev/x", "gone", "plug it in")

    rig.ports[-1].write = broken  # type: ignore[method-assign]
    threading.Event().wait(0.02)  # the lane's 10 ms
    rig.daemon.on_stop(False)
    rig.daemon.on_wish(Wish(Verb.STOP))
    assert [wish.sent for wish in taken] == [1, 1]
    rig.daemon._ports.port = rig.daemon._lane.port = None


def test_a_second_signal_a_second_later_leaves_at_once(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.daemon.SAME_SIGNAL_S", 0.0)
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > 7, "head down")
    # Level never comes, and a single signal would wait a minute for it.
    monkeypatch.setattr(type(rig.core), "safe_to_leave", False)
    rig.daemon.leave()
    rig.until(lambda: rig.daemon._leaving, "the first one was seen")
    assert rig.thread.is_alive()
    rig.daemon.leave()
    rig.thread.join(PATIENCE_S)
    assert not rig.thread.is_alive()


def test_a_broker_client_that_falls_silent_counts_as_lost(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """F20: its thread may hang, and say nothing any more."""
    monkeypatch.setattr("controller.daemon.BROKER_LEASE_S", 0.3)
    rig.connect()
    lost = rig.until(lambda: not rig.core.broker.up and rig.core.broker, "nobody renewed it")
    assert "does not answer" in lost.message
    rig.daemon.on_link(True, "connected")
    assert rig.until(lambda: rig.core.broker.up and rig.core.broker, "renewed").message == "connected"


def test_everything_is_published_again_for_home_assistant(rig: Rig) -> None:
    rig.connect()
    rig.until(lambda: rig.published.of(HealthDocument), "the first one, a minute before the next")
    states = len(rig.published.states)
    rig.daemon.on_birth()
    rig.until(lambda: len(rig.published.of(HealthDocument)) > 1, "health again")
    assert len(rig.published.of(HealthDocument)) == 2
    assert len(rig.published.of(PresetsDocument)) == 2
    assert len(rig.published.states) > states


def test_a_port_that_fails_is_opened_again_disarmed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """F4."""
    monkeypatch.setattr("controller.port_keeper.BACKOFF_S", (0.02,))
    rig.connect()
    rig.daemon.on_wish(Wish(Verb.ARM))
    rig.until_state(State.ARMED)
    gone = PortError("/dev/x", "gone", "plug it in")

    def fail(_: bytes = b"") -> bytes:
        raise gone

    rig.refuse = gone
    rig.ports[-1].read = fail  # type: ignore[method-assign]
    rig.ports[-1].wake()
    rig.until_state(State.OFFLINE)
    assert "/dev/x" in rig.published.states[-1].message
    rig.daemon.on_stop(False)  # nothing to write to, and no harm
    rig.daemon.on_wish(Wish(Verb.STOP))
    rig.until(lambda: rig.published.of(ResultDocument)[-1].verb == "stop", "stop is answered without a port")
    rig.refuse = None
    rig.until_state(State.STANDING)
    assert not rig.published.states[-1].armed


def test_a_port_that_falls_silent_is_opened_anew(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """F3: half-open, it takes every byte and brings none."""
    monkeypatch.setattr("controller.port_keeper.BACKOFF_S", (0.02,))
    rig.connect()
    port, since_s, wall_s = rig.ports[-1], rig.ports[-1].now_s(), time.monotonic()
    before = len(rig.published.states)

    def nothing() -> bytes:
        threading.Event().wait(0.01)
        return b""

    port.read = nothing  # type: ignore[method-assign]
    port.now_s = lambda: since_s + (time.monotonic() - wall_s) * 20  # type: ignore[method-assign]
    rig.until(lambda: State.OFFLINE in [state.state for state in rig.published.states[before:]], "offline meanwhile")
    rig.until_state(State.STANDING)
    assert rig.ports[-1] is not port


def test_the_budget_is_on_disk_before_anybody_is_head_down(rig: Rig, tmp_path: Path) -> None:
    """H3."""
    rig.connect()
    rig.start_gentle()
    rig.until(lambda: rig.table.angle_deg > 7, "head down")
    with sqlite3.connect(f"file:{tmp_path / 'ledger.sqlite3'}?mode=ro", uri=True) as reader:
        rows = reader.execute("SELECT total_s FROM session").fetchall()
    reader.close()
    assert rows
    assert rows[0][0] >= 60


def test_the_child_lock_is_kept_on_the_disk_while_it_is_on(rig: Rig, tmp_path: Path) -> None:
    rig.connect()
    path = tmp_path / "child_lock.json"
    rig.daemon.on_wish(Wish(Verb.LOCK, pin="2580"))
    rig.until(lambda: len(rig.published.of(ResultDocument)) == 1, "answered")
    rig.until(path.exists, "on the disk")
    assert child_lock_file.read(path) == rig.core.conduct.child_lock.kept
    assert rig.until(lambda: [state.locked for state in rig.published.states][-1:] == [True], "shown")
    shown_s = time.monotonic()
    rig.daemon.on_wish(Wish(Verb.UNLOCK, pin="2580"))
    rig.until(lambda: len(rig.published.of(ResultDocument)) == 2, "answered again")
    rig.until(lambda: not path.exists(), "gone from the disk")
    assert [answer.accepted for answer in rig.published.of(ResultDocument)] == [True, True]
    assert rig.until(lambda: [state.locked for state in rig.published.states][-1:] == [False], "shown")
    assert time.monotonic() - shown_s < 15.0, "it is shown at once, and not with the next document of every 30 s"


def test_somebody_who_locks_all_the_time_fills_no_queue(rig: Rig, tmp_path: Path) -> None:
    """F22: however slow the disk is, one lock waits for it, the newest, and head-down time is recorded behind it."""
    posted: list[Callable[[], None]] = []
    rig.daemon._ledger.keep = posted.append  # type: ignore[method-assign]
    rig.connect()
    for number in range(50):
        rig.daemon.on_wish(Wish(Verb.UNLOCK, pin="0000") if number % 2 else Wish(Verb.LOCK, pin="0000"))
    rig.daemon.on_wish(Wish(Verb.LOCK, pin="2580"))
    rig.until(lambda: len(rig.published.of(ResultDocument)) == 51, "answered")
    assert len(posted) == 1
    posted[0]()
    assert child_lock_file.read(tmp_path / "child_lock.json") == rig.core.conduct.child_lock.kept


@pytest.mark.parametrize(("verb", "after"), [(Verb.LOCK, "forgets the child lock"), (Verb.UNLOCK, "locks again")])
def test_a_lock_that_can_not_be_kept_is_told(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: Verb, after: str
) -> None:
    rig.connect()
    if verb is Verb.UNLOCK:
        rig.daemon.on_wish(Wish(Verb.LOCK, pin="2580"))
        rig.until(lambda: (tmp_path / "child_lock.json").exists(), "locked")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(small_file, "write", full)
    rig.daemon.on_wish(Wish(verb, pin="2580"))
    told = rig.until(lambda: [e for e in rig.published.of(EventDocument) if e.code == "child_lock"], "told")
    assert told[0].message == f"{tmp_path / 'child_lock.json'}: No space left on device; a restart {after}."


# ---- own presets ----------------------------------------------------------------------------------------------------

CALM = {"title": "Calm", "purpose": "Rest.", "rate_dps": 1.0, "steps": [{"angle_deg": 8.0, "hold_s": 60.0}]}


def save(rig: Rig, preset: str) -> None:
    rig.daemon.on_wish(Wish(Verb.PRESETS_SAVE, body=draft({"preset": preset, **CALM})))


def test_a_saved_preset_is_published_at_once_and_read_again_by_the_next_controller(rig: Rig, tmp_path: Path) -> None:
    rig.connect()
    before = len(rig.published.of(PresetsDocument))
    save(rig, "calm")
    told = rig.until(lambda: rig.published.of(PresetsDocument)[before:], "published")
    assert [(one.id, one.own) for one in told[-1].presets[-2:]] == [("programme", False), ("calm", True)]
    path = tmp_path / "presets.toml"
    rig.until(path.exists, "on the disk")
    assert list(own_preset_file.load(path).presets) == ["calm"]
    rig.daemon.on_wish(Wish(Verb.PRESETS_DELETE, preset="calm"))
    rig.until(lambda: [one.id for one in rig.published.of(PresetsDocument)[-1].presets] == list(bundled()), "gone")
    rig.until(lambda: not own_preset_file.load(path).presets, "gone from the disk")


def test_what_a_hand_wrote_meanwhile_is_not_written_over_and_told(rig: Rig, tmp_path: Path) -> None:
    rig.connect()
    path = tmp_path / "presets.toml"
    path.write_text("# Mine.\n", "utf-8")
    save(rig, "calm")
    told = rig.until(lambda: [e for e in rig.published.of(EventDocument) if e.code == "presets"], "told")
    assert told[0].message == (
        f"{path}: somebody else changed it meanwhile, and that is left alone; "
        "a restart brings the presets back as the file has them."
    )
    assert path.read_text("utf-8") == "# Mine.\n"


def test_presets_are_kept_again_once_the_disk_has_room(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F19: what stands in the file is what was last written, and not what could not be."""
    write = small_file.write

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    rig.connect()
    path = tmp_path / "presets.toml"
    save(rig, "one")
    rig.until(path.exists, "on the disk")
    monkeypatch.setattr(small_file, "write", full)
    save(rig, "two")
    rig.until(lambda: [e for e in rig.published.of(EventDocument) if e.code == "presets"], "told")
    monkeypatch.setattr(small_file, "write", write)
    save(rig, "three")
    rig.until(lambda: list(own_preset_file.load(path).presets) == ["one", "two", "three"], "on the disk")
    assert len([e for e in rig.published.of(EventDocument) if e.code == "presets"]) == 1


def test_presets_saved_while_the_disk_is_slow_are_written_once_and_whole(rig: Rig, tmp_path: Path) -> None:
    posted: list[Callable[[], None]] = []
    rig.daemon._ledger.keep = posted.append  # type: ignore[method-assign]
    rig.connect()
    for name in ("one", "two", "three"):
        save(rig, name)
    rig.until(lambda: len(rig.published.of(ResultDocument)) == 3, "answered")
    assert len(posted) == 1
    posted[0]()
    assert list(own_preset_file.load(tmp_path / "presets.toml").presets) == ["one", "two", "three"]
