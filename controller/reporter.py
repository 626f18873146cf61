"""What the daemon publishes, and when: answers and events at once, the state as it changes, health once a minute."""

import logging
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from operator import itemgetter
from typing import Final, Protocol

from protocol.messages import VERSION

from .core import Core, Output
from .document import event_document, presets_document, result_document, state_document, timestamp
from .documents import EventDocument, HealthDocument, PresetsDocument, ResultDocument, StateDocument
from .estimator import Estimate
from .history_documents import HistoryDocument, PastSessionDocument
from .inbox import Inbox
from .loop_times import LoopTimes
from .model import State, Undiscover
from .presets import Preset
from .profile import Profile

MOVING_PERIOD_S: Final = 0.5
QUIET_PERIOD_S: Final = 30.0
HEALTH_PERIOD_S: Final = 60.0
"""How often state and health are published at least (docs/mqtt.md)."""
FIRST_HEALTH_S: Final = 2.0
"""The first health document waits until there is something to tell."""
_seen: Final = itemgetter(*map(Estimate._fields.index, (
    "occupied", "ankles_locked", "estop", "moving", "head_down", "rung", "causes", "latched",
)))  # fmt: skip
"""What the unit senses and does that is published at once when it changes."""
_log = logging.getLogger(__name__)


class Counted(Protocol):
    """What the MQTT client counts of this run."""

    @property
    def callback_errors(self) -> int: ...
    @property
    def dropped(self) -> int: ...
    @property
    def rebuilds(self) -> int: ...


class Publisher(Protocol):
    """What the daemon needs of the MQTT client."""

    @property
    def counters(self) -> Counted: ...
    def start(self) -> None: ...
    def close(self, timeout_s: float = ...) -> None: ...
    def publish_state(self, document: StateDocument) -> None: ...
    def publish_presets(self, document: PresetsDocument) -> None: ...
    def publish_discovery(self, presets: PresetsDocument, people: Sequence[str]) -> None: ...
    def remove_discovery(self) -> None: ...
    def publish_health(self, document: HealthDocument) -> None: ...
    def publish_last_session(self, document: PastSessionDocument | None) -> None: ...
    def publish_history(self, document: HistoryDocument) -> None: ...
    def publish_event(self, document: EventDocument) -> None: ...
    def publish_result(self, document: ResultDocument) -> None: ...


class Reporter:
    """Reads the core after each step. `watch` gets each state document, too.

    `notices` are told with the health, and `realtime_priority`, which the control thread has.
    """

    def __init__(
        self,
        core: Core,
        inbox: Inbox,
        watch: Callable[[StateDocument], None] | None,
        now_s: float,
    ) -> None:
        self._core = core
        self._inbox = inbox
        self._presets: Mapping[str, Preset] = {}
        self._profiles: Mapping[str, Profile] = {}
        self._discovered = True
        self._watch = watch
        self._publisher: Publisher | None = None
        self._started_s = now_s
        self._times = LoopTimes()
        self._shown: tuple[object, ...] = ()
        self._seq = 0
        self._published_s = -QUIET_PERIOD_S
        self._health_s = self._started_s + FIRST_HEALTH_S - HEALTH_PERIOD_S
        self._repeat = False
        self.notices: list[str] = []
        self.realtime_priority = 0

    def begin(self, publisher: Publisher) -> None:
        """Speak through this publisher from now on."""
        self._publisher = publisher
        self._publish_presets(publisher)

    def repeat(self) -> None:
        """Publish everything again with the next step; from any thread."""
        self._repeat = True

    def step(self, output: Output, began_s: float, ended_s: float, wall_s: float) -> None:
        """After a step: what it said, and what is due. `wall_s`: Unix seconds."""
        core = self._core
        telemetry = core.link.telemetry
        self._times.turned(began_s, ended_s)
        self._times.heard(core.conduct.now_s, core.link.received, None if telemetry is None else telemetry.time_ms)
        if (publisher := self._publisher) is not None:
            for answer in output.answers:
                publisher.publish_result(result_document(answer, wall_s))
            for event in output.events:
                _log.info("%s: %s", event.kind, event.message)
                publisher.publish_event(event_document(event, wall_s))
            if any(isinstance(request, Undiscover) for request in output.requests):
                self._discovered = False
                publisher.remove_discovery()
        self._publish_what_is_due(began_s, wall_s)

    def _publish_what_is_due(self, now_s: float, wall_s: float) -> None:
        core = self._core
        if self._repeat and self._publisher is not None:
            self._repeat = False
            self._publish_presets(self._publisher)
            self._shown = ()
            self._health_s = -HEALTH_PERIOD_S
        changed = (
            core.conduct.presets is not self._presets or core.conduct.people.register.profiles is not self._profiles
        )
        if changed and self._publisher is not None:
            self._publish_presets(self._publisher)
        shown = _key(core)
        moving = core.estimate is not None and core.estimate.moving
        period_s = MOVING_PERIOD_S if moving or core.conduct.run is not None else QUIET_PERIOD_S
        if shown != self._shown or now_s - self._published_s >= period_s:
            self._shown = shown
            self._publish_state(now_s, wall_s)
        if now_s - self._health_s >= HEALTH_PERIOD_S:
            self._health_s = now_s
            self._publish_health(now_s, wall_s)

    def _publish_presets(self, publisher: Publisher) -> None:
        conduct = self._core.conduct
        self._presets = conduct.presets
        self._profiles = conduct.people.register.profiles
        document = presets_document(conduct.presets.values(), conduct.own.presets)
        publisher.publish_presets(document)
        if self._discovered:
            publisher.publish_discovery(document, conduct.people.ids())

    def _publish_state(self, now_s: float, wall_s: float) -> None:
        self._published_s = now_s
        self._seq += 1
        document = state_document(self._core, self._seq, now_s - self._started_s, wall_s)
        if self._publisher is not None:
            self._publisher.publish_state(document)
        if self._watch is not None:
            self._watch(document)

    def _publish_health(self, now_s: float, wall_s: float) -> None:
        if self._publisher is None:
            return
        core, times, mqtt = self._core, self._times, self._publisher.counters
        step = times.step.document()
        self._publisher.publish_health(
            HealthDocument(
                time=timestamp(wall_s),
                uptime_s=round(now_s - self._started_s, 1),
                version=installed_version(),
                protocol=VERSION,
                steps=times.steps,
                step_max_ms=step.max_ms,
                gap_max_ms=round(times.gap_max_s * 1000, 2),
                loop_step=step,
                loop_jitter=times.jitter.document(),
                realtime_priority=self.realtime_priority,
                telemetry=core.link.received,
                telemetry_lost=core.link.lost,
                frames_damaged=core.link.damaged,
                frames_rejected=sum(core.link.rejections.values()),
                connects=core.connects,
                commands=core.desk.taken,
                commands_refused=core.desk.refused,
                commands_dropped=self._inbox.dropped,
                mqtt_errors=mqtt.callback_errors,
                mqtt_dropped=mqtt.dropped,
                mqtt_rebuilds=mqtt.rebuilds,
                notices=tuple(self.notices),
            )
        )
        times.gap_max_s = 0.0


def _key(core: Core) -> tuple[object, ...]:
    """What has to change for a state document to be published at once."""
    conduct, e, run = core.conduct, core.estimate, core.conduct.run
    state = conduct.machine.state
    return (
        state,
        conduct.arming.code,
        None if run is None else (run.id, run.player.index),
        None if e is None else _seen(e),
        conduct.note,
        conduct.alarm,
        conduct.booking.failed,
        conduct.child_lock.on,
        conduct.check_in.asked,
        core.broker.up,
        core.link.identity is None,
        state is State.LEVEL and conduct.pause_left_s > 0,
    )


def installed_version() -> str:
    """Of this program."""
    try:
        return version("bascule")
    except PackageNotFoundError:
        return "0"
