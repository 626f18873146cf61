"""The child lock: what it refuses, what it never refuses, and that it is neither guessed nor forgotten."""

import errno
import json
import os
from pathlib import Path
from random import Random

import pytest

from bascule.closed_loop import ClosedLoop
from controller import child_lock_file, small_file
from controller.account import Account
from controller.booking import Booking
from controller.child_lock import ChildLock, Kept
from controller.conduct import Settings
from controller.core import Core
from controller.model import Keep, NotKept, Reason, State, Verb, Wish
from controller.presets import bundled

from .rig import Level, Rig, Stop, in_state

PIN, WRONG = "2580", "0852"
OTHERS = {
    Verb.ARM: {}, Verb.START: {"preset": "back"}, Verb.GOTO: {"angle_deg": 5.0}, Verb.JOG: {"direction": -1},
    Verb.PAUSE: {}, Verb.RESUME: {}, Verb.SKIP: {}, Verb.CHECKIN: {}, Verb.STAND: {}, Verb.ACKNOWLEDGE: {},
    Verb.LOCK: {"pin": WRONG}, Verb.PRESETS_SAVE: {}, Verb.PRESETS_DELETE: {"preset": "back"}, Verb.HISTORY_GET: {},
    Verb.FEEDBACK: {}, Verb.PEOPLE_SAVE: {}, Verb.PEOPLE_DELETE: {"person": "ana"},
    Verb.PEOPLE_ACCEPT: {"person": "guest"}, Verb.DISCOVERY_REMOVE: {},
}  # fmt: skip


def locked(state: State) -> Rig:
    rig = in_state(state)
    assert rig.wish(Verb.LOCK, pin=PIN).accepted
    return rig


def test_every_verb_is_here() -> None:
    assert {*OTHERS, Verb.STOP, Verb.LEVEL, Verb.UNLOCK} == set(Verb)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("verb", OTHERS)
def test_everything_else_is_refused(state: State, verb: Verb) -> None:
    answer = locked(state).wish(verb, **OTHERS[verb])
    assert (answer.accepted, answer.moving, answer.reason) == (False, False, Reason.LOCKED)
    assert "unlock" in answer.message


@pytest.mark.parametrize("state", State)
def test_stop_and_level_are_never_refused(state: State) -> None:
    for verb in (Verb.LEVEL, Verb.STOP):
        answer = locked(state).wish(verb)
        assert (answer.accepted, answer.reason) == (True, None)


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED, State.FROZEN])
def test_level_leads_home_from_head_down(state: State) -> None:
    rig = locked(state)
    rig.run(2.0)
    assert rig.unit.angle_deg > 5.0
    assert rig.wish(Verb.LEVEL).moving
    rig.until(State.LEVEL)
    assert rig.unit.angle_deg == 0.0
    assert any(isinstance(message, Level) for message in rig.unit.heard)


def test_stop_freezes() -> None:
    rig = locked(State.RUNNING)
    rig.wish(Verb.STOP)
    assert any(isinstance(message, Stop) for message in rig.unit.heard)
    assert rig.state is State.FROZEN


def test_what_runs_goes_on() -> None:
    rig = locked(State.RUNNING)
    rig.run(5.0)
    assert rig.state is State.RUNNING


def test_the_arming_window_closes() -> None:
    rig = locked(State.ARMED)
    rig.run(0.2)
    assert (rig.state, rig.unit.armed) == (State.STANDING, False)


def test_the_button_at_the_table_does_not_arm() -> None:
    rig = locked(State.STANDING)
    rig.unit.arm_presses += 1
    rig.step()
    assert rig.state is State.STANDING
    assert rig.answers[-1].reason is Reason.LOCKED


@pytest.mark.parametrize("known", [{"retained": True}, {"expired": True}])
@pytest.mark.parametrize("verb", [Verb.LOCK, Verb.UNLOCK])
def test_an_old_command_neither_locks_nor_unlocks(verb: Verb, known: dict[str, bool]) -> None:
    rig = in_state(State.STANDING)
    if verb is Verb.UNLOCK:
        rig.wish(Verb.LOCK, pin=PIN)
    assert not rig.wish(verb, pin=PIN, **known).accepted
    assert rig.core.conduct.child_lock.on is (verb is Verb.UNLOCK)


def test_it_works_without_a_link() -> None:
    rig = locked(State.OFFLINE)
    answer = rig.wish(Verb.UNLOCK, pin=WRONG)
    assert answer.reason is Reason.LOCKED
    assert rig.wish(Verb.UNLOCK, pin=PIN).accepted
    assert not rig.core.conduct.child_lock.on


def test_a_pin_is_told_nobody() -> None:
    rig = locked(State.STANDING)
    rig.wish(Verb.UNLOCK, pin=WRONG)
    rig.wish(Verb.UNLOCK, pin=PIN)
    told = repr((rig.answers, rig.events, rig.requests, Wish(Verb.LOCK, pin=PIN)))
    assert PIN not in told
    assert WRONG not in told


def test_five_wrong_pins_cost_a_minute_for_the_right_one_too() -> None:
    lock = ChildLock(Random(1))
    lock.lock(PIN)
    said = [lock.unlock(WRONG, 100.0) for _ in range(5)]
    assert said[0] == "That is not the PIN. 4 more tries before a pause of a minute."
    assert said[3] == "That is not the PIN. 1 more try before a pause of a minute."
    assert said[4] == "That is not the PIN. Try again in a minute."
    assert lock.unlock(PIN, 100.0) == "Too many wrong PINs. Try again in 60 s."
    assert lock.unlock(PIN, 159.9) is not None
    assert lock.on
    assert lock.unlock(PIN, 160.0) is None
    assert not lock.on


def test_after_the_pause_there_are_five_tries_again() -> None:
    lock = ChildLock(Random(1))
    lock.lock(PIN)
    for _ in range(5):
        lock.unlock(WRONG, 0.0)
    said = lock.unlock(WRONG, 60.0)
    assert said == "That is not the PIN. 4 more tries before a pause of a minute."


def test_two_locks_with_one_pin_are_kept_differently() -> None:
    lock, other = ChildLock(Random(1)), ChildLock(Random(2))
    lock.lock(PIN)
    other.lock(PIN)
    assert lock.kept != other.kept


def test_unlocking_what_is_open_is_accepted() -> None:
    assert in_state(State.STANDING).wish(Verb.UNLOCK, pin=WRONG).accepted


def test_the_ledgers_thread_is_asked_to_keep_it() -> None:
    rig = locked(State.STANDING)
    kept = rig.core.conduct.child_lock.kept
    assert kept is not None
    text = f'{{"salt": "{kept.salt}", "digest": "{kept.digest}"}}'
    kept_now = Keep("child_lock", text, "a restart forgets the child lock")
    assert [request for request in rig.requests if isinstance(request, Keep)] == [kept_now]
    rig.requests.clear()
    rig.wish(Verb.UNLOCK, pin=WRONG)
    assert rig.requests == []
    rig.wish(Verb.UNLOCK, pin=PIN)
    rig.wish(Verb.UNLOCK, pin=PIN)
    assert rig.requests == [Keep("child_lock", None, "a restart locks again")]


def test_it_outlives_a_restart_of_the_controller() -> None:
    loop = ClosedLoop(1)
    loop.run(1)
    assert loop.wish(Verb.LOCK, pin=PIN).accepted
    loop.restart()
    loop.run(1)
    assert loop.wish(Verb.ARM).reason is Reason.LOCKED
    assert loop.wish(Verb.UNLOCK, pin=PIN).accepted
    assert loop.wish(Verb.ARM).accepted


def test_what_could_not_be_kept_is_told() -> None:
    rig = in_state(State.STANDING)
    rig.step(NotKept("child_lock", "home.child_lock.json: No space left on device; a restart forgets the child lock."))
    assert [(event.code, event.message) for event in rig.events[-1:]] == [
        ("child_lock", "home.child_lock.json: No space left on device; a restart forgets the child lock.")
    ]


ODD = [
    b'{"salt": "0123456789abcdef", "digest": "' + "ü".encode() * 64 + b'"}',
    b'{"salt": "\\ud800", "digest": "' + b"0" * 64 + b'"}',
    b'{"salt": "0123456789abcdef", "digest": 7}',
    b'{"salt": "0123456789abcdef", "digest": ""}',
]
"""JSON that no lock ever wrote."""

# ---- the file -------------------------------------------------------------------------------------------------------


def test_the_file_is_there_while_the_lock_is_on(tmp_path: Path) -> None:
    path = tmp_path / "home.child_lock.json"
    assert child_lock_file.read(path) is None
    lock = ChildLock(Random(1))
    lock.lock(PIN)
    small_file.write(path, lock.keep().text)
    assert child_lock_file.read(path) == lock.kept
    assert path.stat().st_mode & 0o777 == 0o600
    assert PIN not in path.read_text("utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["home.child_lock.json"]
    small_file.write(path, None)
    small_file.write(path, None)
    assert child_lock_file.read(path) is None


@pytest.mark.parametrize("damage", [b"", b"{}", b"[]", b"null", b'{"salt": "ab"}', b"\xff\xfe", b"[" * 4_000, *ODD])
def test_a_damaged_file_is_a_lock_without_a_pin(tmp_path: Path, damage: bytes) -> None:
    """The side of caution: stop and level work, and who may delete the file may unlock."""
    path = tmp_path / "home.child_lock.json"
    path.write_bytes(damage)
    kept = child_lock_file.read(path)
    core = Core(Settings(), bundled(), Booking(Account(), 0.0), 1, kept)
    assert core.conduct.child_lock.on
    assert core.conduct.child_lock.unlock("", 0.0) is not None
    assert core.conduct.child_lock.unlock(PIN, 0.0) is not None


def test_no_more_than_a_lock_is_read_of_an_endless_file(tmp_path: Path) -> None:
    path = tmp_path / "home.child_lock.json"
    lock = ChildLock(Random(1))
    lock.lock(PIN)
    path.write_text(f"{lock.keep().text}{' ' * 4096}", "utf-8")
    assert child_lock_file.read(path) == Kept("", "")


def test_a_disk_that_is_full_leaves_the_last_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "home.child_lock.json"
    first = Kept("0" * 16, "f" * 64)
    small_file.write(path, json.dumps(first._asdict()))

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        small_file.write(path, "another one")
    assert child_lock_file.read(path) == first
    assert [file.name for file in tmp_path.iterdir()] == ["home.child_lock.json"]
