"""What `bascule run --metrics` tells Prometheus: one table of metrics, each read from the newest documents.

Nothing here asks the controller. The daemon publishes its state and health documents anyway; `Overheard` keeps the
newest of each as they pass, and a scrape reads those. So figures of the state are as old as the newest state document,
counters as old as the newest health document, a minute at most; both say when they were made.

Names follow https://prometheus.io/docs/practices/naming/. No label and no name is a person's: metrics go to where many
people look. So there is no label for the preset either, as owners name own presets after people.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Generic, NamedTuple, TypeVar

from controller.documents import (
    EventDocument,
    HealthDocument,
    HistogramDocument,
    PresetsDocument,
    ResultDocument,
    StateDocument,
)
from controller.history_documents import HistoryDocument, PastSessionDocument
from controller.model import State
from controller.reporter import Counted, Publisher

D = TypeVar("D")
Values = Iterable[tuple[tuple[str, ...], float | None]]
"""Values of the labels and the value; None: unknown now, so it is left out."""


class Metric(NamedTuple, Generic[D]):
    """One metric. `labels`: their names, beside `table`, which every metric has."""

    name: str
    help: str
    read: Callable[[D], Values]
    labels: tuple[str, ...] = ()


class Histogram(NamedTuple):
    """One metric whose values are counted by size, of the health document."""

    name: str
    help: str
    read: Callable[[HealthDocument], HistogramDocument]


class Measured(NamedTuple):
    """One metric as it is now: each value with its labels."""

    name: str
    help: str
    values: list[tuple[dict[str, str], float]]


class Distribution(NamedTuple):
    """One histogram as it is now. `buckets`: upper bounds in seconds as Prometheus writes them, how many up to each."""

    name: str
    help: str
    table: str
    buckets: list[tuple[str, float]]
    sum_s: float


def _one(name: str, words: str, read: Callable[[D], float | None]) -> Metric[D]:
    """A metric without labels of its own."""
    return Metric(name, words, lambda document: [((), read(document))])


def _unix_s(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _seconds(milliseconds: float | None) -> float | None:
    return None if milliseconds is None else round(milliseconds / 1000, 6)


OF_STATE: Final[tuple[Metric[StateDocument], ...]] = (
    Metric("bascule_state", "1 for the state that the table is in, 0 for all others.",
           lambda d: [((str(state),), state is d.state) for state in State], ("state",)),
    _one("bascule_angle_degrees", "Where the table is: 0 level, + head down, -80 standing.", lambda d: d.angle_deg),
    _one("bascule_rate_degrees_per_second", "How fast it turns.", lambda d: d.rate_dps),
    _one("bascule_target_degrees", "Where it should be at this moment; absent when nothing is under way.",
         lambda d: d.target_deg),
    _one("bascule_limit_degrees", "The tightest angle limit.", lambda d: d.limit.angle_deg),
    _one("bascule_moving", "Whether it moves or the motor is powered.", lambda d: d.moving),
    _one("bascule_head_down", "Whether it is beyond +1.5 degrees.", lambda d: d.head_down),
    _one("bascule_occupied", "Whether the unit senses a person.", lambda d: d.occupied),
    _one("bascule_ankles_locked", "Whether both ankle locks are closed.", lambda d: d.ankles_locked),
    _one("bascule_emergency_stop", "Whether the emergency stop is pressed.", lambda d: d.estop),
    _one("bascule_armed", "Whether a session may start now.", lambda d: d.armed),
    _one("bascule_child_lock", "Whether the child lock is on.", lambda d: d.locked),
    _one("bascule_session_active", "Whether a session runs.", lambda d: d.session is not None),
    _one("bascule_session_progress_ratio", "How much of it is done; absent without a session.",
         lambda d: None if d.session is None else d.session.progress),
    _one("bascule_session_remaining_seconds", "Until its end at level; absent without a session.",
         lambda d: None if d.session is None else d.session.remaining_s),
    _one("bascule_head_down_today_seconds", "Head-down time over the last 24 h of whom the table serves.",
         lambda d: d.budget.head_down_today_s),
    _one("bascule_head_down_allowed_seconds", "How much of it is allowed.", lambda d: d.budget.allowed_today_s),
    _one("bascule_sessions_today", "Sessions over the last 24 h of whom the table serves.",
         lambda d: d.budget.sessions_today),
    _one("bascule_rest_remaining_seconds", "Until their next session may start.", lambda d: d.budget.rest_remaining_s),
    _one("bascule_rung", "How the unit reacts: 0 none, 1 refuse, 2 level, 3 blind level, 4 hold.", lambda d: d.rung),
    _one("bascule_faults", "How many causes are at work or latched.", lambda d: len(d.faults)),
    Metric("bascule_fault", "1 for each cause at work or latched.",
           lambda d: [((fault.code, str(fault.rung), str(fault.latched).lower()), 1) for fault in d.faults],
           ("code", "rung", "latched")),
    _one("bascule_link_up", "Whether there is a link to the tilt unit.", lambda d: d.link.up),
    _one("bascule_link_age_seconds", "Age of the newest telemetry when the state was made.", lambda d: d.link.age_s),
    Metric("bascule_unit_info", "The tilt unit; absent without a link.",
           lambda d: [((d.link.unit or "", d.link.firmware or "", str(d.link.protocol).lower(),
                        str(d.simulated).lower()), 1 if d.link.up else None)],
           ("unit", "firmware", "protocol", "simulated")),
    _one("bascule_uptime_seconds", "Since the controller started.", lambda d: d.uptime_s),
    _one("bascule_state_timestamp_seconds", "When this state was made, Unix time; every 30 s at least.",
         lambda d: _unix_s(d.time)),
)  # fmt: skip
OF_HEALTH: Final[tuple[Metric[HealthDocument], ...]] = (
    Metric("bascule_build_info", "The controller.", lambda d: [((d.version, str(d.protocol)), 1)],
           ("version", "protocol")),
    _one("bascule_loop_steps_total", "Completed control steps.", lambda d: d.steps),
    _one("bascule_loop_step_max_seconds", "Longest control step of the last minute.",
         lambda d: _seconds(d.step_max_ms)),
    _one("bascule_loop_gap_max_seconds", "Longest time between two control steps of the last minute.",
         lambda d: _seconds(d.gap_max_ms)),
    _one("bascule_loop_realtime_priority", "Real-time priority of the control thread; 0: none.",
         lambda d: d.realtime_priority),
    _one("bascule_telemetry_total", "Telemetries of the tilt unit.", lambda d: d.telemetry),
    _one("bascule_telemetry_lost_total", "Telemetries that did not arrive.", lambda d: d.telemetry_lost),
    _one("bascule_frames_damaged_total", "Frames that arrived damaged.", lambda d: d.frames_damaged),
    _one("bascule_frames_rejected_total", "Frames that the tilt unit rejected.", lambda d: d.frames_rejected),
    _one("bascule_connects_total", "How often the tilt unit was found.", lambda d: d.connects),
    _one("bascule_commands_total", "Commands that were judged.", lambda d: d.commands),
    _one("bascule_commands_refused_total", "Commands that were refused.", lambda d: d.commands_refused),
    _one("bascule_commands_dropped_total", "Commands lost to a full queue; never a stop or a level.",
         lambda d: d.commands_dropped),
    _one("bascule_mqtt_errors_total", "Failures in the MQTT client's callbacks.", lambda d: d.mqtt_errors),
    _one("bascule_mqtt_dropped_total", "MQTT messages that found no broker or no room.", lambda d: d.mqtt_dropped),
    _one("bascule_mqtt_rebuilds_total", "How often the MQTT echo stayed away.", lambda d: d.mqtt_rebuilds),
    _one("bascule_notices", "Sentences for a person in the health document.", lambda d: len(d.notices)),
    _one("bascule_health_timestamp_seconds", "When these counters were read, Unix time; once a minute.",
         lambda d: _unix_s(d.time)),
)  # fmt: skip
OF_LOOP: Final = (
    Histogram("bascule_loop_step_seconds", "Control steps, from data read to answer written.", lambda d: d.loop_step),
    Histogram("bascule_loop_jitter_seconds",
              "Between two telemetries, by how much the time here differs from the time at the tilt unit.",
              lambda d: d.loop_jitter),
)  # fmt: skip


class Overheard:
    """A publisher that passes everything on and keeps the newest documents. Any thread may ask what is `measured`."""

    def __init__(self, publisher: Publisher, table: str) -> None:
        self._publisher = publisher
        self._table = table
        self._state: StateDocument | None = None
        self._health: HealthDocument | None = None

    def measured(self) -> list[Measured]:
        """Every metric that has a value now."""
        state, health = self._state, self._health  # each is replaced whole, so no lock holds the controller up
        found: list[Measured] = []
        if state is not None:
            found += [self._read(metric, state) for metric in OF_STATE]
        if health is not None:
            found += [self._read(metric, health) for metric in OF_HEALTH]
        return [one for one in found if one.values]

    def histograms(self) -> list[Distribution]:
        """Every histogram, once there is a health document."""
        health = self._health
        return [] if health is None else [self._count(metric, metric.read(health)) for metric in OF_LOOP]

    def _count(self, metric: Histogram, found: HistogramDocument) -> Distribution:
        bounds = [f"{bound_ms / 1000:g}" for bound_ms in found.bounds_ms]
        buckets = [*zip(bounds, map(float, found.at_most), strict=True), ("+Inf", float(found.count))]
        return Distribution(metric.name, metric.help, self._table, buckets, round(found.sum_ms / 1000, 6))

    def _read(self, metric: Metric[D], document: D) -> Measured:
        names = ("table", *metric.labels)
        values = [
            (dict(zip(names, (self._table, *labels), strict=True)), float(value))
            for labels, value in metric.read(document)
            if value is not None
        ]
        return Measured(metric.name, metric.help, values)

    # ---- as a publisher ---------------------------------------------------------------------------------------------

    @property
    def counters(self) -> Counted:
        """Those of the real publisher."""
        return self._publisher.counters

    def start(self) -> None:
        """Passed on."""
        self._publisher.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Passed on."""
        self._publisher.close(timeout_s)

    def publish_state(self, document: StateDocument) -> None:
        """Kept, and passed on."""
        self._state = document
        self._publisher.publish_state(document)

    def publish_health(self, document: HealthDocument) -> None:
        """Kept, and passed on."""
        self._health = document
        self._publisher.publish_health(document)

    def publish_presets(self, document: PresetsDocument) -> None:
        """Passed on."""
        self._publisher.publish_presets(document)

    def publish_discovery(self, presets: PresetsDocument, people: Sequence[str]) -> None:
        """Passed on."""
        self._publisher.publish_discovery(presets, people)

    def remove_discovery(self) -> None:
        """Passed on."""
        self._publisher.remove_discovery()

    def publish_last_session(self, document: PastSessionDocument | None) -> None:
        """Passed on."""
        self._publisher.publish_last_session(document)

    def publish_history(self, document: HistoryDocument) -> None:
        """Passed on."""
        self._publisher.publish_history(document)

    def publish_event(self, document: EventDocument) -> None:
        """Passed on."""
        self._publisher.publish_event(document)

    def publish_result(self, document: ResultDocument) -> None:
        """Passed on."""
        self._publisher.publish_result(document)
