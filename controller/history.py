"""What is remembered of each session, and the recorder that makes it out of what the core does. Pure.

A session is on record from its first moment, so that one that was cut off is there, too. It is *over* when its plan is,
and *complete* when nobody is head down any more: the way to level belongs to it.
"""

from dataclasses import dataclass, replace
from math import inf
from typing import Final

from .account import EARLIEST_WALL_S
from .booking import Settle
from .core import Core, Output
from .history_trace import Trace
from .model import Event, EventKind, State

SAMPLE_S: Final = 0.5
"""Chosen: in half a second a turn at 3 °/s goes 1.5°, and a swing's peak moves by 0.1°."""
KEEP_S: Final = 5.0
"""So much of a session is lost at most when the controller is killed."""
JUMP_S: Final = 2.0
"""Chosen: network time slews more slowly, and a person notices less."""
MOST_MET: Final = 50
"""Limits, and faults, that are kept of one session. Chosen: more tells nobody more."""
RUNNING: Final = "running"
INTERRUPTED: Final = "interrupted"
CUT_OFF: Final = "the controller was stopped or crashed"
"""Why a session is over that nobody ended."""
FEEDBACK: Final = "feedback"
"""The kind of event that brings it."""


@dataclass(frozen=True, slots=True)
class Met:
    """A limit that was met, or a fault that came: seconds since the start, the code, a sentence."""

    at_s: float
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """One session. `started_s` is Unix time, and `clock` what to think of it: sound, jumped or unset.

    `outcome`: running, reached or interrupted. `duration_s` is until the plan was over, `head_down_s` until level.
    `step` of `steps` was the last one that began. `feedback`: ok, symptom, or None as long as nobody said.
    """

    session: str
    person: str
    preset: str
    started_s: float
    clock: str = "sound"
    duration_s: float = 0.0
    head_down_s: float = 0.0
    largest_deg: float | None = None
    step: int = 1
    steps: int = 1
    outcome: str = RUNNING
    why: str = ""
    limits: tuple[Met, ...] = ()
    faults: tuple[Met, ...] = ()
    feedback: str | None = None
    trace: bytes = b""
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the person said after a session: ok or symptom."""

    session: str
    outcome: str


class Recorder:
    """Watches a core. `due_s`: from when on `step` is wanted although nothing happened, by the clock of control.

    `last`: the newest session that is over, as far as it is known.
    """

    def __init__(self, last: Record | None = None) -> None:
        self.last = last
        self.due_s = inf
        self._record: Record | None = None
        self._trace = Trace()
        self._began_s = self._keep_s = 0.0
        self._ahead_s = 0.0

    def step(self, core: Core, output: Output, wall_s: float) -> list[Record | Feedback]:
        """After a step in which something happened, or was due: what is to be kept now."""
        kept: list[Record | Feedback] = []
        for event in output.events:
            if event.kind is EventKind.SESSION_STARTED and event.session is not None:
                kept += self._complete(core)
                self._begin(core, event, wall_s)
                self._sample(core, wall_s)
                kept += self._keep(core)
            elif event.kind == FEEDBACK and event.outcome is not None:
                kept += self._hear(event.session, event.outcome)
            elif self._record is not None and self._note(self._record, event, core.conduct.now_s):
                self._sample(core, wall_s)
                kept += self._keep(core)
        if self._record is None:
            return kept
        settled = next(
            (r for r in output.requests if isinstance(r, Settle) and r.session == self._record.session), None
        )
        if core.conduct.now_s >= self.due_s or settled is not None:
            self._sample(core, wall_s, settled.used_s if settled is not None else 0.0)
            home = core.conduct.booking.session != self._record.session and core.conduct.state is not State.RETURNING
            if self._record.outcome != RUNNING and home:
                kept += self._complete(core)
            elif core.conduct.now_s >= self._keep_s:
                kept += self._keep(core)
        return kept

    def finish(self, core: Core) -> list[Record | Feedback]:
        """The controller ends."""
        return self._keep(core) if self._record is not None else []

    def forget(self, person: str) -> None:
        """Nothing of this person's is recorded any more, and nothing known."""
        if self._record is not None and self._record.person == person:
            self._record, self.due_s = None, inf
        if self.last is not None and self.last.person == person:
            self.last = None

    def _begin(self, core: Core, event: Event, wall_s: float) -> None:
        clock = "sound" if wall_s >= EARLIEST_WALL_S else "unset"
        self._record = Record(str(event.session), str(event.person), str(event.preset), wall_s, clock)
        self._trace = Trace()
        self._began_s = core.conduct.now_s
        self._ahead_s = wall_s - core.conduct.hand_s

    def _note(self, record: Record, event: Event, now_s: float) -> bool:
        """What an event adds to the record; whether it does."""
        at_s, code = round(now_s - self._began_s, 2), event.code or ""
        if event.kind is EventKind.SESSION_ENDED and event.session == record.session:
            record = replace(record, outcome=str(event.outcome), why=event.why or "", duration_s=at_s)
        elif event.kind is EventKind.STEP and event.step is not None and event.session == record.session:
            record = replace(record, step=event.step)
        elif event.kind is EventKind.LIMIT and len(record.limits) < MOST_MET:
            record = replace(record, limits=(*record.limits, Met(at_s, code, event.message)))
        elif event.kind in (EventKind.FAULT, EventKind.LINK_LOST) and len(record.faults) < MOST_MET:
            code = code or str(event.kind)
            record = replace(record, faults=(*record.faults, Met(at_s, code, event.message)))
        else:
            return False
        self._record = record
        return True

    def _sample(self, core: Core, wall_s: float, settled_s: float = 0.0) -> None:
        """Where the table is now."""
        record, conduct, e = self._record, core.conduct, core.estimate
        if record is None:
            return
        self.due_s = conduct.now_s + SAMPLE_S
        at_s = round(conduct.now_s - self._began_s, 2)
        angle_deg = e.angle_deg if e is not None and e.trusted else None
        self._trace.add(at_s, angle_deg)
        largest_deg = record.largest_deg
        if angle_deg is not None and (largest_deg is None or angle_deg > largest_deg):
            largest_deg = angle_deg
        ahead_s = wall_s - conduct.hand_s
        jumped = record.clock == "sound" and abs(ahead_s - self._ahead_s) > JUMP_S
        self._ahead_s = ahead_s
        run = conduct.run
        self._record = replace(
            record,
            clock="jumped" if jumped else record.clock,
            duration_s=at_s if record.outcome == RUNNING else record.duration_s,
            head_down_s=max(record.head_down_s, round(conduct.meter.session_s, 2), settled_s),
            largest_deg=None if largest_deg is None else round(largest_deg, 2),
            steps=run.player.count if run is not None else record.steps,
        )

    def _keep(self, core: Core) -> list[Record | Feedback]:
        """The record as it is now."""
        if self._record is None:
            return []
        self._keep_s = core.conduct.now_s + KEEP_S
        record = replace(self._record, trace=self._trace.pack())
        if record == self._record:
            return []
        self._record = record
        if record.outcome != RUNNING:
            self.last = record
        return [record]

    def _complete(self, core: Core) -> list[Record | Feedback]:
        """Nothing more comes: nobody is head down any more, or the next session begins."""
        if self._record is None:
            return []
        record = self._record
        if record.outcome == RUNNING:
            record = replace(record, outcome=INTERRUPTED, why=CUT_OFF)
        self.last = replace(record, complete=True, trace=self._trace.pack())
        self._record, self.due_s = None, inf
        return [self.last]

    def _hear(self, session: str | None, outcome: str) -> list[Record | Feedback]:
        """Somebody said how it was."""
        newest = self._record or self.last
        if session is None and newest is not None:
            session = newest.session
        if self._record is not None and session == self._record.session:
            self._record = replace(self._record, feedback=outcome)
        if self.last is not None and session == self.last.session:
            self.last = replace(self.last, feedback=outcome)
        return [Feedback(session, outcome)] if session is not None else []
