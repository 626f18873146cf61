"""The table on MQTT, over two connections: *commands* only listens, the *publisher* only speaks.

Threads. Each connection has a network thread: the one of the commands calls `on_stop` and `on_wish`, and does
nothing else. A thread of our own makes the JSON, publishes, and watches over both: the publisher says an echo that has
to come back over the commands connection. Only then the link is up and `availability` is online, whatever paho says.

Commands are subscribed with QoS 1: a stop published with QoS 1 is then not dropped by a broker whose queue is short,
and sessions are clean, so the broker keeps nothing that could come late; with QoS 2 a stop would cost two more trips.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from ..documents import EventDocument, HealthDocument, PresetsDocument, ResultDocument, StateDocument
from ..history_documents import HistoryDocument, PastSessionDocument
from ..model import Unreadable, Verb, Wish
from . import commands
from .address import Address
from .clearing import Clearing, as_clearing
from .connection import VERSIONS, Connection, Guard, Timing
from .discovery import Discovery
from .late import as_late
from .lookout import Lookout
from .outbox import Outbox
from .payloads import Document
from .pulse import Pulse
from .replies import Replies, Reply
from .throttle import Throttle
from .topics import BIRTH, Topics

_SILENT_S: Final = 60.0
"""Chosen: longer than a name lookup with several addresses; a thread that tries nothing for so long is dead."""
_MAX_LEAVING: Final = 8
"""Connections that are still leaving. Chosen: a callback that hangs for ever must not cost a thread every 6 s."""
_PACE_S: Final = 0.01
"""How soon a full queue is tried again."""
_MAX_WARNED: Final = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counters:
    """Of this run. `dropped`: messages that found no broker or no room, and commands of a flood. `rebuilds`: how often
    the echo stayed away.
    """

    callback_errors: int
    dropped: int
    unserialisable: int
    rebuilds: int


class MqttClient:
    """Wishes in, documents out. `start`, then publish at any time from any thread, `close` at the end.

    `on_stop(retained)` and then `on_wish` run in the network thread: they must only put into a queue or a port.
    `on_link(up, sentence)` says that the link changed, and with each echo that it still is up: who hears nothing for
    longer than an echo may take has to count it as down. `on_birth()` says that Home Assistant came up, `on_held_up()`
    that the way here was blocked for a while. What a callback raises is counted and logged. `discovery`: how Home
    Assistant shall see the table, None: not at all. Raises ValueError, naming the key, for a configuration that can't
    work.
    """

    def __init__(
        self,
        address: Address,
        base: str,
        table: str,
        version: str = "3.1.1",
        *,
        on_stop: Callable[[bool], None],
        on_wish: Callable[[Wish | Unreadable], None],
        on_link: Callable[[bool, str], None],
        on_birth: Callable[[], None],
        on_held_up: Callable[[], None] = lambda: None,
        discovery: Discovery | None = None,
        timing: Timing | None = None,
    ) -> None:
        if version not in VERSIONS:
            raise ValueError(
                f"MQTT version {version!r} is not supported: set version to {' or '.join(VERSIONS)} in [mqtt]"
            )
        self.topics = Topics(base, table)
        self._stop_topic = self.topics.command("stop")
        self._address = address
        self._context = address.tls_context()
        self._version = version
        self._discovery = discovery
        self._timing = timing or Timing()
        self._on_stop, self._on_wish, self._on_link, self._on_birth = on_stop, on_wish, on_link, on_birth
        self._on_held_up = on_held_up
        self._guard = Guard()
        self._clearing = Clearing()
        self._pulse = Pulse(self._timing.echo_s, self._timing.late_s, self._timing.settle_s)
        self._replies = Replies(self.topics.replies)
        self._throttle = Throttle(time.monotonic())
        self._crowded = 0
        self._outbox = Outbox()
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._close_s = 0.0
        self._leaving: list[threading.Thread] = []
        self._rebuilds = 0
        self._commands, self._publisher = self._connections()
        self._pair: tuple[object, ...] | None = None
        self._published_on: tuple[object, ...] | None = None
        self._told_s = 0.0
        self._echo_problem: str | None = None
        self._said: str | None = None
        self._disputed = False
        self._born = False
        self._foreign = False
        self._link: tuple[bool, str] = (False, "")
        self._warned: set[str] = set()
        self._thread = threading.Thread(target=self._run, name=f"mqtt-publish-{table}", daemon=True)

    def start(self) -> None:
        """Connects, and keeps trying for ever. Returns at once."""
        self._commands.start()
        self._publisher.start()
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Publishes what waits, then `offline`, and disconnects. Returns after `timeout_s` at the latest."""
        if not self._thread.is_alive():
            return
        self._close_s = time.monotonic() + timeout_s
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout_s)

    @property
    def counters(self) -> Counters:
        """What was counted until now."""
        return Counters(
            self._guard.errors, self._outbox.dropped + self._crowded, self._outbox.unserialisable, self._rebuilds
        )

    def publish_state(self, document: StateDocument) -> None:
        """Replaces the retained state. QoS 0: nobody's queue should fill with old states."""
        self._retain(self.topics.state, document, qos=0)

    def publish_presets(self, document: PresetsDocument) -> None:
        """Replaces the retained presets."""
        self._retain(self.topics.presets, document)

    def publish_health(self, document: HealthDocument) -> None:
        """Replaces the retained health document."""
        self._retain(self.topics.health, document)

    def publish_last_session(self, document: PastSessionDocument | None) -> None:
        """Replaces the retained last session; None: there is none, and an older one is taken back."""
        self._retain(self.topics.last_session, b"" if document is None else document)

    def publish_discovery(self, presets: PresetsDocument, people: Sequence[str]) -> None:
        """Replaces what Home Assistant is told of the table. `people`: the ids of those with a profile."""
        if (discovery := self._discovery) is not None:
            ids = [preset.id for preset in presets.presets]
            self._retain(discovery.topic, discovery.payload(ids, people))

    def remove_discovery(self) -> None:
        """Home Assistant forgets the table."""
        if self._discovery is not None:
            self._retain(self._discovery.topic, b"")

    def publish_event(self, document: EventDocument) -> None:
        """Sends an event once, or drops it if there is no broker."""
        self._put(self.topics.event, document)

    def publish_result(self, document: ResultDocument) -> None:
        """Sends a result once, also to where its sender wants it, or drops it if there is no broker."""
        self._outbox.put(self.topics.result, document)
        if (reply := self._replies.take(document.id)) is not None:
            self._outbox.put(reply.topic, document, reply.correlation)
        self._wake.set()  # after both: who is woken in between would leave the second for the next look

    def publish_history(self, document: HistoryDocument) -> None:
        """Sends the sessions that somebody asked for, or drops them if there is no broker."""
        self._put(self.topics.history, document)

    def _retain(self, topic: str, content: Document | bytes, qos: int = 1) -> None:
        self._outbox.retain(topic, content, qos)
        self._wake.set()

    def _put(self, topic: str, document: Document) -> None:
        self._outbox.put(topic, document)
        self._wake.set()

    # --- the commands connection's network thread -------------------------------------------------------------------

    def _look(self, lookout: Lookout, waiting: bytes) -> None:
        """A stop does not wait until what came before it is read, nor until it is read itself."""
        for _ in range(lookout.look(waiting)):
            self._guard.call("on_stop", self._on_stop, False)

    def _on_message(self, lookout: Lookout, topic: str, payload: bytes, retained: bool, reply: Reply | None) -> None:
        if topic == self._stop_topic and (retained or not lookout.read()):
            self._guard.call("on_stop", self._on_stop, retained)
        if topic == self.topics.echo:
            self._heard_echo(payload)
        elif (verb := self.topics.verb_of(topic)) is not None:
            now_s = time.monotonic()
            clears = self._clearing.clears(verb, payload, now_s)
            if verb not in (Verb.STOP, Verb.LEVEL) and not self._throttle.admits(now_s):
                self._crowded += 1
                return
            wish = commands.parse(verb, payload, retained, time.time())
            if clears and isinstance(wish, Wish):
                wish = as_clearing(wish)
            if isinstance(wish, Wish) and (lookout.unread or self._pulse.held_up(now_s)):
                wish = as_late(wish)
            if wish is not None:
                self._replies.wish(wish.id, reply)
                self._guard.call("on_wish", self._on_wish, wish)
        elif topic == self.topics.availability:
            # Not ours, the last will of an earlier connection that the broker noticed late: said again with the echo.
            self._disputed = payload != (self._said or "").encode()
        elif topic == BIRTH and payload == b"online":
            self._born = True
            self._wake.set()
            self._guard.call("on_birth", self._on_birth)

    def _heard_echo(self, payload: bytes) -> None:
        now_s = time.monotonic()
        if self._pulse.hear(payload, now_s):
            self._wake.set()
            if self._pulse.held_up(now_s):
                self._guard.call("on_held_up", self._on_held_up)
        elif not self._foreign:
            self._foreign = True
            _log.warning(
                "another controller publishes as table %r on the broker at %s: give one of them another id in [table]",
                self.topics.table,
                self._address,
            )

    # --- the publishing thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait(_PACE_S if self._outbox.waiting and self._publisher.up else self._timing.echo_s / 4)
            self._wake.clear()
            self._guard.call("the publishing thread", self._tick, time.monotonic())
        self._guard.call("closing", self._farewell)

    def _tick(self, now_s: float) -> None:
        self._follow(now_s)
        pulse, quiet_s = self._pulse, self._pulse.quiet_s(now_s)
        up = self._pair is not None and pulse.proven and quiet_s < self._timing.stale_s
        if self._pair is not None and quiet_s >= self._timing.stale_s:
            self._echo_problem = (
                f"the broker at {self._address} does not return our messages on {self.topics.echo}, connecting anew: "
                "check the network, and that its access rules let us write and read there"
            )
            self._rebuild(now_s)
        elif any(not each.up and now_s - each.sign_s > _SILENT_S for each in (self._commands, self._publisher)):
            self._rebuild(now_s)
        self._report(up)
        if self._pair is not None and (beat := pulse.beat(now_s)) is not None:
            self._publisher.publish(self.topics.echo, beat, 0, False)
            if self._disputed:
                self._said = None
        self._flush()
        self._announce("online" if up else "offline")

    def _follow(self, now_s: float) -> None:
        """Notices each connect, also one that was lost and made again between two looks."""
        commands, publisher = self._commands, self._publisher
        spoken = (publisher, publisher.connects) if publisher.up else None
        pair = (commands, commands.connects, *spoken) if spoken and commands.up else None
        if pair != self._pair:
            self._pair = pair
            self._pulse.begin(now_s)
        if spoken != self._published_on or self._born:
            self._born = False
            self._published_on = spoken
            self._said = None
            self._outbox.repeat()

    def _report(self, up: bool) -> None:
        was_up, was_message = self._link
        if up:
            self._echo_problem = None
            message = f"connected to the broker at {self._address}"
        else:
            message = self._commands.problem or self._publisher.problem or self._echo_problem or ""
            if was_up and not message:
                message = f"lost the connection to the broker at {self._address}, trying again"
            message = message or was_message
        if (up, message) == self._link:
            if up and self._told_s != self._pulse.proof_s:
                self._tell(up, message)
            return
        self._link = (up, message)
        self._tell(up, message)  # before anything is logged: a log may be slow
        if up:
            self._warned.clear()
            _log.info("%s", message)
        elif message not in self._warned:
            if len(self._warned) < _MAX_WARNED:
                self._warned.add(message)
            _log.warning("%s", message)

    def _tell(self, up: bool, message: str) -> None:
        self._told_s = self._pulse.proof_s
        self._guard.call("on_link", self._on_link, up, message)

    def _flush(self) -> None:
        if self._publisher.up:
            self._outbox.flush(self._send)
        else:
            self._outbox.discard()

    def _send(self, topic: str, payload: bytes, qos: int, retain: bool, correlation: bytes | None = None) -> bool:
        """QoS 1 is bounded by the broker's acknowledgements, QoS 0 by what the socket takes."""
        if qos == 0 and self._publisher.clogged:
            return False
        return self._publisher.publish(topic, payload, qos, retain, correlation) is not None

    def _announce(self, word: str) -> None:
        """Said before it is sent: the broker's copy may be back before the call returns."""
        before = self._said
        if self._publisher.up and word != before:
            self._said = word
            if not self._send(self.topics.availability, word.encode(), 1, True):
                self._said = before

    def _connections(self) -> tuple[Connection, Connection]:
        """Both anew. The ids stay: the broker then ends an old connection, and says its last will, before this one."""
        table, topics = self.topics.table, self.topics
        broker = (self._address, self._context, self._version)
        common = (self._timing, self._guard, self._wake.set)
        lookout = Lookout(self._stop_topic)
        commands = Connection(
            *broker,
            f"bascule-{table}-{self._pulse.token}-c",
            *common,
            subscriptions=((topics.commands, 1), (topics.availability, 1), (BIRTH, 0)),
            required=1,
            on_message=partial(self._on_message, lookout),
            on_waiting=partial(self._look, lookout),
        )
        publisher = Connection(
            *broker,
            f"bascule-{table}-{self._pulse.token}-p",
            *common,
            will=(topics.availability, b"offline"),
        )
        return commands, publisher

    def _rebuild(self, now_s: float) -> None:
        """Gives both connections up, threads and all, and makes new ones."""
        self._pair = None
        self._pulse.begin(now_s)
        self._leaving = [thread for thread in self._leaving if thread.is_alive()]
        if len(self._leaving) > _MAX_LEAVING:
            return
        self._rebuilds += 1
        commands, publisher = self._connections()
        self._leaving += [self._commands.retire(0.0), self._publisher.retire(0.0)]
        self._commands, self._publisher = commands, publisher
        self._commands.start()
        self._publisher.start()

    def _farewell(self) -> None:
        """Without an acknowledged `offline` the connection is cut instead of ended: the last will then says it."""
        self._flush()
        while self._outbox.waiting and time.monotonic() < self._close_s:
            time.sleep(_PACE_S)
            self._flush()
        told = False
        if self._publisher.up:
            info = self._publisher.publish(self.topics.availability, b"offline", 1, True)
            if info is not None:
                with contextlib.suppress(ValueError, RuntimeError):
                    info.wait_for_publish(max(0.0, self._close_s - time.monotonic()))
                    told = info.is_published()
        grace_s = max(0.0, self._close_s - time.monotonic()) / 2
        live = (self._commands.up, self._publisher.up)
        leaving = (self._commands.retire(grace_s), self._publisher.retire(grace_s if told else 0.0))
        for thread, was_up in zip(leaving, live, strict=True):
            if was_up:  # otherwise it only waits before its next attempt, and has nothing left to say
                thread.join(max(0.0, self._close_s - time.monotonic()))
