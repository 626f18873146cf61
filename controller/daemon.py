"""The loop around the core: the one thread that owns the state, and the only clock.

It blocks on the port, steps the core with what arrived, writes what goes out, and publishes. Everything else (MQTT,
ledger) has threads of its own that only put into the inbox and wake the port. A missing port is tried again with
backoff; a missing broker is the MQTT client's to try. Neither ends the daemon.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from math import inf
from typing import Final, Protocol

from protocol.messages import VERSION

from .booking import Reconcile, Reserve, Settle
from .core import BrokerStatus, Core, Leave, PortLost
from .document import (
    event_document,
    presets_document,
    result_document,
    state_document,
    timestamp,
)
from .documents import EventDocument, HealthDocument, PresetsDocument, ResultDocument, StateDocument
from .inbox import Inbox
from .ledger import LedgerInline, read_witness
from .model import Unreadable, Verb, Wish
from .presets import Preset
from .serial_port import Port, PortError
from .stop_lane import StopLane

MOVING_PERIOD_S: Final = 0.5
QUIET_PERIOD_S: Final = 30.0
HEALTH_PERIOD_S: Final = 60.0
"""How often state and health are published at least (docs/mqtt.md)."""
FIRST_HEALTH_S: Final = 2.0
"""The first health document waits until there is something to tell."""
CHECKPOINT_PERIOD_S: Final = 10.0
"""How often the ledger notes its time. Chosen: at most so much of a day's passing is forgotten by a crash."""
BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0)
"""Between attempts to open the port."""
BROKER_LEASE_S: Final = 8.0
"""Chosen: the MQTT client renews it with each echo, every 2 s, and gives a connection up itself after 6 s."""
LEAVE_S: Final = 60.0
"""Head down, leaving waits this long for level (docs/cli)."""
SAME_SIGNAL_S: Final = 1.0
"""Supervisors send a signal twice; within a second it is one."""
_log = logging.getLogger(__name__)


class Publisher(Protocol):
    """What the daemon needs of the MQTT client."""

    def start(self) -> None: ...
    def close(self, timeout_s: float = ...) -> None: ...
    def publish_state(self, document: StateDocument) -> None: ...
    def publish_presets(self, document: PresetsDocument) -> None: ...
    def publish_health(self, document: HealthDocument) -> None: ...
    def publish_event(self, document: EventDocument) -> None: ...
    def publish_result(self, document: ResultDocument) -> None: ...


@dataclass(slots=True)
class Timing:
    """Loop timing since the last health document. Seconds of wall time."""

    steps: int = 0
    step_max_s: float = 0.0
    gap_max_s: float = 0.0


class Daemon:
    """One table's daemon. Make it, connect it to a publisher, then `run` until it is told to leave."""

    def __init__(
        self,
        core: Core,
        open_port: Callable[[], Port],
        ledger: LedgerInline,
        inbox: Inbox,
        presets: Mapping[str, Preset],
        watch: Callable[[StateDocument], None] | None = None,
    ) -> None:
        self._core = core
        self._open_port = open_port
        self._ledger = ledger
        self._inbox = inbox
        self._presets = presets
        self._watch = watch
        self._lane = StopLane()
        self._publisher: Publisher | None = None
        self._port: Port | None = None
        self._next_open_s = 0.0
        self._failures = 0
        self._said = ""
        self._started_s = time.monotonic()
        self._stepped_s: float | None = None
        self._timing = Timing()
        self._shown: tuple[object, ...] = ()
        self._seq = 0
        self._published_s = -QUIET_PERIOD_S
        self._health_s = self._started_s + FIRST_HEALTH_S - HEALTH_PERIOD_S
        self._checkpoint_s = self._started_s
        self._republish = threading.Event()
        self._leave_since_s: float | None = None
        self._leaving = False
        self._at_once = False
        self.notices: list[str] = []

    # ---- called from other threads ----------------------------------------------------------------------------------

    def on_stop(self, retained: bool) -> None:
        """A stop arrived, nothing of it read yet. One that the broker had kept goes the slow way."""
        if not retained:
            self._lane.stop()

    def on_wish(self, wish: Wish | Unreadable) -> None:
        """A command arrived. A live stop's frame has been written by now if there is a port."""
        if isinstance(wish, Wish) and wish.verb is Verb.STOP and not wish.retained:
            wish = replace(wish, sent=self._lane.frames)
        self._inbox.put(wish)
        self._wake()

    def on_link(self, up: bool, message: str) -> None:
        """The connection to the broker came or went, or is still there."""
        self._inbox.notice(BrokerStatus(up, message, BROKER_LEASE_S if up else inf))
        self._wake()

    def on_birth(self) -> None:
        """Home Assistant came up and wants to hear everything again."""
        self._republish.set()

    def leave(self) -> None:
        """The daemon shall end; a second time, a second later or more, at once."""
        now_s = time.monotonic()
        if self._leave_since_s is None:
            self._leave_since_s = now_s
        elif now_s - self._leave_since_s > SAME_SIGNAL_S:
            self._at_once = True
        self._wake()

    def _wake(self) -> None:
        if port := self._port:
            port.wake()

    # ---- the loop ---------------------------------------------------------------------------------------------------

    def run(self, publisher: Publisher) -> None:
        """Run until `leave`. Ends with the table at rest where that was possible, `offline` published."""
        self._publisher = publisher
        publisher.start()
        self._inbox.notice(BrokerStatus(False, "Not connected to the MQTT broker yet."))
        publisher.publish_presets(presets_document(self._presets.values()))
        try:
            while not self._done():
                self._once()
        finally:
            self._close_port()
            self._publish_state(time.monotonic())
            publisher.close(2.0)
            self._checkpoint(time.monotonic())
            self._ledger.stop(2.0)

    def _done(self) -> bool:
        """Whether it is time to go."""
        if self._leave_since_s is None:
            return False
        if not self._leaving:
            self._leaving = True
            self._inbox.notice(Leave())
            return False
        late = time.monotonic() - self._leave_since_s > LEAVE_S
        return self._at_once or late or self._port is None or self._core.safe_to_leave

    def _once(self) -> None:
        """Read, step, write, publish."""
        data = b""
        if self._port is None and not self._try_port():
            self._inbox.wait(0.1)
        elif self._port is not None:
            try:
                data = self._port.read()
            except PortError as error:
                self._lose_port(error)
        self._step(data)

    def _step(self, data: bytes) -> None:
        began_s = time.monotonic()
        now_s = self._port.now_s() if self._port is not None else began_s
        output = self._core.step(now_s, began_s, data, self._inbox.take())
        if output.data and self._port is not None:
            try:
                self._port.write(output.data)
            except PortError as error:
                self._lose_port(error)
        self._note_timing(began_s)
        wall_s = time.time()
        if (publisher := self._publisher) is not None:
            for answer in output.answers:
                publisher.publish_result(result_document(answer, wall_s))
            for event in output.events:
                _log.info("%s: %s", event.kind, event.message)
                publisher.publish_event(event_document(event, wall_s))
        for request in output.requests:
            self._record(request)
        self._publish_what_is_due(began_s)

    def _note_timing(self, began_s: float) -> None:
        timing = self._timing
        timing.steps += 1
        timing.step_max_s = max(timing.step_max_s, time.monotonic() - began_s)
        if self._stepped_s is not None:
            timing.gap_max_s = max(timing.gap_max_s, began_s - self._stepped_s)
        self._stepped_s = began_s

    def _record(self, request: Reserve | Settle | Reconcile) -> None:
        if isinstance(request, Reserve):
            self._ledger.reserve(*request)
        elif isinstance(request, Settle):
            self._ledger.settle(*request)
        else:
            self._ledger.reconcile(*request)

    # ---- the port ---------------------------------------------------------------------------------------------------

    def _try_port(self) -> bool:
        """Open the port if it is time to try."""
        now_s = time.monotonic()
        if now_s < self._next_open_s:
            return False
        try:
            port = self._open_port()
        except PortError as error:
            self._next_open_s = now_s + BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            self._failures += 1
            self._say_port(str(error))
            return False
        self._failures = 0
        self._said = ""
        self._port = self._lane.port = port
        _log.info("port opened")
        return True

    def _lose_port(self, error: PortError) -> None:
        self._close_port()
        self._next_open_s = time.monotonic() + BACKOFF_S[0]
        self._say_port(str(error))

    def _say_port(self, message: str) -> None:
        """Warn once per different problem."""
        if message != self._said:
            self._said = message
            _log.warning("%s", message)
            self._inbox.notice(PortLost(message[:1].upper() + message[1:] + "."))

    def _close_port(self) -> None:
        port, self._port, self._lane.port = self._port, None, None
        if port is not None:
            port.close()

    # ---- what is published ------------------------------------------------------------------------------------------

    def _publish_what_is_due(self, now_s: float) -> None:
        core = self._core
        if self._republish.is_set() and self._publisher is not None:
            self._republish.clear()
            self._publisher.publish_presets(presets_document(self._presets.values()))
            self._shown = ()
            self._health_s = -HEALTH_PERIOD_S
        shown = _key(core)
        moving = core.estimate is not None and core.estimate.moving
        period_s = MOVING_PERIOD_S if moving or core.conduct.run is not None else QUIET_PERIOD_S
        if shown != self._shown or now_s - self._published_s >= period_s:
            self._shown = shown
            self._publish_state(now_s)
        if now_s - self._health_s >= HEALTH_PERIOD_S:
            self._health_s = now_s
            self._publish_health(now_s)
        if now_s - self._checkpoint_s >= CHECKPOINT_PERIOD_S:
            self._checkpoint(now_s)

    def _publish_state(self, now_s: float) -> None:
        self._published_s = now_s
        self._seq += 1
        document = state_document(self._core, self._seq, now_s - self._started_s, time.time())
        if self._publisher is not None:
            self._publisher.publish_state(document)
        if self._watch is not None:
            self._watch(document)

    def _publish_health(self, now_s: float) -> None:
        if self._publisher is None:
            return
        core, timing = self._core, self._timing
        self._publisher.publish_health(
            HealthDocument(
                time=timestamp(time.time()),
                uptime_s=round(now_s - self._started_s, 1),
                version=installed_version(),
                protocol=VERSION,
                steps=timing.steps,
                step_max_ms=round(timing.step_max_s * 1000, 2),
                gap_max_ms=round(timing.gap_max_s * 1000, 2),
                telemetry=core.link.received,
                telemetry_lost=core.link.lost,
                frames_damaged=core.link.damaged,
                frames_rejected=sum(core.link.rejections.values()),
                connects=core.connects,
                commands=core.desk.taken,
                commands_refused=core.desk.refused,
                commands_dropped=self._inbox.dropped,
                notices=tuple(self.notices),
            )
        )
        timing.step_max_s = timing.gap_max_s = 0.0

    def _checkpoint(self, now_s: float) -> None:
        self._checkpoint_s = now_s
        self._ledger.checkpoint(self._core.conduct.booking.ledger_s(self._core.conduct.now_s), read_witness())


def _key(core: Core) -> tuple[object, ...]:
    """What has to change for a state document to be published at once."""
    conduct, e, run = core.conduct, core.estimate, core.conduct.run
    seen = (
        None
        if e is None
        else (e.occupied, e.ankles_locked, e.estop, e.moving, e.head_down, e.rung, e.causes, e.latched)
    )
    return (
        conduct.state,
        conduct.arming.code,
        None if run is None else (run.id, run.player.index),
        seen,
        conduct.note,
        core.broker.up,
        core.link.identity is None,
    )


def installed_version() -> str:
    """Of this program."""
    try:
        return version("bascule")
    except PackageNotFoundError:
        return "0"
