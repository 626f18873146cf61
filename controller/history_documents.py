"""Past sessions as they are published, and how a record becomes such a document. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field

from .document import timestamp
from .documents import Degrees, Seconds, Timestamp
from .history import Met, Record
from .history_trace import DOOR, Sample, Trace, TraceError, unpack

MOST_POINTS: Final = 200
"""Chosen: more than a phone is wide shows nobody more, and a message stays under 8 KB."""
MOST_SHOWN: Final = 5
"""Limits, and faults, of a session that are published. Chosen: twenty sessions fit into 64 KB."""


@dataclass(frozen=True, slots=True)
class MetDocument:
    """A limit that was met, or a fault that came."""

    at_s: Annotated[float, Field(description="seconds since the session started")]
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TraceDocument:
    """The angle over time: straight between two points, null from where on nobody knew it."""

    at_s: tuple[float, ...]
    angle_deg: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class PastSessionDocument:
    """A session that is over, or the one that runs."""

    session: str
    person: str
    preset: str
    started: Timestamp
    clock: Annotated[str, Field(description="of the host: sound, jumped (during the session) or unset")]
    duration_s: Seconds
    head_down_s: Annotated[float, Field(ge=0, description="seconds above 5°, with the way back to level")]
    largest_angle_deg: Degrees | None
    step: Annotated[int, Field(ge=1, description="the last step that began, from 1")]
    steps: int
    outcome: Annotated[str, Field(description="reached, interrupted, or running")]
    why: str
    limits: tuple[MetDocument, ...]
    faults: tuple[MetDocument, ...]
    feedback: Annotated[str | None, Field(description="ok or symptom, if the person said")]
    trace: TraceDocument | None


@dataclass(frozen=True, slots=True)
class HistoryDocument:
    """The answer to `history/get`: the newest sessions, newest first, without their traces."""

    time: Timestamp
    sessions: tuple[PastSessionDocument, ...]
    problem: Annotated[str | None, Field(description="why there are none, if the history can't be read")]


def past_session(record: Record, *, traced: bool) -> PastSessionDocument:
    """One record as a document; `traced`: with its angles."""
    return PastSessionDocument(
        session=record.session,
        person=record.person,
        preset=record.preset,
        started=timestamp(record.started_s),
        clock=record.clock,
        duration_s=round(record.duration_s, 1),
        head_down_s=round(record.head_down_s, 1),
        largest_angle_deg=None if record.largest_deg is None else round(record.largest_deg, 1),
        step=record.step,
        steps=record.steps,
        outcome=record.outcome,
        why=record.why,
        limits=_met(record.limits),
        faults=_met(record.faults),
        feedback=record.feedback,
        trace=_trace(record) if traced else None,
    )


def history_document(records: Sequence[Record], problem: str, wall_s: float) -> HistoryDocument:
    """What was asked for."""
    sessions = tuple(past_session(record, traced=False) for record in records)
    return HistoryDocument(timestamp(wall_s), sessions, problem or None)


def points(record: Record, most: int = MOST_POINTS) -> tuple[Sample, ...] | None:
    """The angles, coarser if they would be too many; None if they can't be read."""
    try:
        corners = unpack(record.trace)
    except TraceError:
        return None
    door = DOOR
    while len(corners) > most and door < 100:
        door *= 2
        coarse = Trace(door)
        for corner in corners:
            coarse.add(*corner)
        if len(coarse.corners()) <= most:
            return coarse.corners()
    return corners[:: -(-len(corners) // most)] if len(corners) > most else corners


def _trace(record: Record) -> TraceDocument | None:
    corners = points(record)
    if corners is None:
        return None
    return TraceDocument(tuple(one.at_s for one in corners), tuple(one.angle_deg for one in corners))


def _met(met: Sequence[Met]) -> tuple[MetDocument, ...]:
    return tuple(MetDocument(one.at_s, one.code, one.message) for one in met[:MOST_SHOWN])
