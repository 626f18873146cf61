"""A whole session is played once and kept at many moments; at each it is interrupted, and goes on from there."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from controller.core import BrokerStatus, PortLost
from controller.history import Record
from controller.history_trace import angle_at, unpack
from controller.model import EventKind, State, Verb
from controller.presets import bundled

from .recorded import WALL_S, Recorded

MOMENTS = 20
KINDS = 5
"""So many moments for each kind of interruption, and so many kinds in each of the two files that play them."""
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
CUT = "the controller was stopped or crashed"
OFF_DEG = 1.0
"""What a kept angle may differ from the true one: 0.25° kept, 0.6° of a sensor."""
KEPT_S = 5.6
"""So much at most of a trace is lost with the controller: 5 s, and half a second to the next sample."""
PRESET = "recovery"
"""Goes through everything that a session has: a way from standing, level, head down, swings, rests."""

Interrupt = Callable[[Recorded, Random], None]


class Moments:
    """One session, kept at random moments from its first second to its last."""

    def __init__(self, seed: int, folder: Path) -> None:
        random = Random(seed)
        (folder / "session").mkdir()
        loop = Recorded(folder / "session", bundled(), seed)
        loop.run(1.0)
        assert loop.arm_and(Verb.START, preset=PRESET).accepted
        began_s, lasts_s = loop.now_s, bundled()[PRESET].duration_s()
        self._kept: list[tuple[bytes, Path]] = []
        for number, at_s in enumerate(sorted(random.uniform(0.0, lasts_s) for _ in range(MOMENTS * KINDS))):
            loop.run(began_s + at_s - loop.now_s)
            assert loop.state is State.RUNNING
            self._kept.append((loop.snapshot(folder / str(number)), folder / str(number)))
        loop.close()

    def interrupted(self, kind: int, interrupt: Interrupt) -> Iterator[Recorded]:
        """What becomes of every so manieth of them; each can be had once."""
        random = Random(kind)
        for kept in self._kept[kind::KINDS]:
            loop = Recorded.begun(*kept)
            interrupt(loop, random)
            yield loop
            loop.close()


def unit_s(loop: Recorded) -> float:
    """Head-down seconds by the unit's own count, in thousandths."""
    return loop.table.memory.head_down_ms / 1000


def settle(loop: Recorded, seconds: float = 150.0) -> None:
    """A person who is left somewhere head down sends level until it helps; ends when nothing is open any more."""

    def over() -> bool:
        e, core = loop.core.estimate, loop.core
        busy = core.conduct.booking.session is not None or core.conduct.state is State.RETURNING
        return e is not None and not (e.head_down or e.moving or busy)

    end_s = loop.now_s + seconds
    while not loop.run(3.0, over):
        assert loop.now_s < end_s, f"{loop.state} at {loop.angle_deg:.1f}°"
        e = loop.core.estimate
        if e is not None and e.head_down and not e.moving:
            loop.wish(Verb.LEVEL)
    loop.run(2.0)


def check(loop: Recorded) -> Record:
    """What holds whatever happened: one record that is complete, one budget, and nothing goes on by itself."""
    assert loop.core.conduct.run is None
    sessions = loop.sessions()
    assert len(sessions) == 1
    record: Record = sessions[0]
    assert record.complete
    assert (record.preset, record.person, record.clock) == (PRESET, "guest", "sound")
    account = loop.ledger.account()
    assert not account.reservations
    charged_s = sum(entry.head_down_s for entry in account.entries.get("guest", ()))
    assert charged_s >= loop.table.memory.head_down_ms // 1000, "the ledger gives time back"
    # The unit counts in whole seconds: of a session that was cut off, less than one may show in the next one only.
    assert record.head_down_s < charged_s + 1.0, "the record knows of time that nobody was charged"
    assert loop.published[-1] is not None
    before_deg, states = loop.angle_deg, {loop.state}
    loop.run(2.0)
    assert abs(loop.angle_deg - before_deg) < 0.5, "something goes on by itself"
    assert states == {loop.state}
    assert loop.core.conduct.run is None
    corners = unpack(record.trace)
    assert corners[0].at_s <= 0.01
    known = [corner.angle_deg for corner in corners if corner.angle_deg is not None]
    assert record.largest_deg is not None
    assert abs(max(known) - record.largest_deg) <= 0.3
    return record


def check_seen_through(loop: Recorded) -> Record:
    """The controller was there until the end: all agree, and the trace ends where the table is."""
    record = check(loop)
    assert [e.kind for e in loop.events].count(EventKind.SESSION_ENDED) == 1
    ended = next(event for event in loop.events if event.kind is EventKind.SESSION_ENDED)
    assert (record.session, record.outcome, record.why) == (ended.session, ended.outcome, ended.why)
    charged_s = sum(entry.head_down_s for entry in loop.ledger.account().entries.get("guest", ()))
    assert charged_s <= unit_s(loop) + 2.0
    assert charged_s - 2.0 <= record.head_down_s
    last = unpack(record.trace)[-1]
    assert last.angle_deg is not None
    assert abs(last.angle_deg - loop.true_deg(record.started_s - WALL_S + last.at_s)) <= OFF_DEG
    published = loop.published[-1]
    assert (published.session, published.outcome, published.why) == (record.session, record.outcome, record.why)  # type: ignore[union-attr]
    assert abs(published.head_down_s - record.head_down_s) < 0.06  # type: ignore[union-attr]
    return record


def stop(loop: Recorded, random: Random) -> None:
    """Most people press level after it; some wait for what the unit does by itself."""
    assert loop.wish(Verb.STOP).accepted
    loop.run(1.5)
    if random.random() < 0.8:
        loop.wish(Verb.LEVEL)


def level(loop: Recorded, _: Random) -> None:
    assert loop.wish(Verb.LEVEL).accepted


def pause_and_resume(loop: Recorded, random: Random) -> None:
    """Then on to the end, step by step; a few stay away."""
    assert loop.wish(Verb.PAUSE).accepted
    loop.run(random.uniform(1.1, 4.0))
    assert loop.state is State.PAUSED
    assert [record.outcome for record in loop.sessions()] == ["running"]
    if random.random() < 0.2:
        loop.run(130.0, lambda: loop.state is not State.PAUSED)
        return
    assert loop.wish(Verb.RESUME).accepted
    loop.run(1.0)
    assert loop.state is State.RUNNING
    while loop.state is State.RUNNING:
        loop.wish(Verb.SKIP)
        loop.run(2.0, lambda: loop.state is not State.RUNNING)
        if loop.core.conduct.run is not None and loop.core.conduct.run.player.index == 9:
            loop.run(90.0, lambda: loop.state is not State.RUNNING)


def controller_killed(loop: Recorded, random: Random) -> None:
    """kill -9, and a new controller at once, or later, or when the unit has long brought the person home."""
    loop.kill()
    loop.killed_s = loop.now_s  # type: ignore[attr-defined]
    loop.killed_deg = loop.angle_deg  # type: ignore[attr-defined]
    loop.run(random.choice((0.3, 2.5, 12.0)))
    loop.restart()
    loop.run(1.0)


def controller_restarted(loop: Recorded, random: Random) -> None:
    """A crash loop: killed again just after the start."""
    controller_killed(loop, random)
    loop.kill()
    loop.run(0.5)
    loop.restart()


def check_killed(loop: Recorded) -> None:
    """What the dead controller did not see is charged all the same; its record ends a little before it did."""
    record = check(loop)
    assert (record.outcome, record.why) == ("interrupted", CUT)
    charged_s = sum(entry.head_down_s for entry in loop.ledger.account().entries.get("guest", ()))
    assert charged_s <= unit_s(loop) + 3.0
    corners = unpack(record.trace)
    began_s = record.started_s - WALL_S
    lost_s = loop.killed_s - began_s - corners[-1].at_s  # type: ignore[attr-defined]
    assert 0.0 <= lost_s <= KEPT_S
    at_deg = angle_at(corners, corners[-1].at_s)
    assert at_deg is not None
    assert abs(at_deg - loop.killed_deg) <= OFF_DEG + 3.0 * lost_s  # type: ignore[attr-defined]
    assert abs(record.duration_s - corners[-1].at_s) < 0.02
    assert loop.published[-1].why == CUT  # type: ignore[union-attr]
    assert loop.state in (State.STANDING, State.STANDBY, State.LEVEL)


def fault(*lines: str) -> Interrupt:
    """A fault of the table, for a while; when it is over somebody acknowledges and asks for level until it helps."""

    def interrupt(loop: Recorded, random: Random) -> None:
        loop.hands.do(random.choice(lines))
        _until_over(loop)

    return interrupt


def cable(loop: Recorded, random: Random) -> None:
    """F4: unplugged, and back."""
    loop.connected = False
    loop.give(PortLost("The port is gone."))
    loop.run(random.choice((0.5, 3.0, 20.0)))
    loop.connected = True
    _until_over(loop)


def broker(loop: Recorded, _: Random) -> None:
    """F20: gone for longer than a session waits."""
    loop.give(BrokerStatus(False, "The broker is gone."))
    loop.run(11.0)
    loop.give(BrokerStatus(True, ""))
    _until_over(loop)


def _until_over(loop: Recorded) -> None:
    """Until it has ended the session; one that it did not end is stopped by hand."""
    loop.run(6.0)
    if loop.core.conduct.run is not None:
        assert loop.wish(Verb.STOP).accepted
        loop.run(1.5)
    for _ in range(8):
        e = loop.core.estimate
        if e is not None and e.latched and not e.head_down:
            loop.wish(Verb.ACKNOWLEDGE)
        if e is not None and not (e.head_down or e.moving):
            break
        if e is not None and not e.moving:
            loop.wish(Verb.LEVEL)
        loop.run(4.0)
