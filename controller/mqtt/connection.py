"""One connection to the broker: paho, with the traps closed that would hurt a table in motion.

- An exception in a callback ends the connection: each runs in a `Guard`.
- Subscriptions are not restored, and a refused one is only told in the SUBACK: `up` waits for that.
- Unacknowledged messages are sent again after a reconnect, behind newer ones: dropped, the owner publishes anew.
- Leaving may take as long as connecting does: it happens in a thread made for it.
- A small message waits up to 40 ms in a stock broker (Nagle) while our kernel delays its acknowledgement. Measured
  with mosquitto 2.0: a stop right behind an echo took 38 ms, and 0.5 ms with an immediate acknowledgement.
"""

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from .address import Address
from .network import NetworkThread
from .replies import Reply
from .why import why_refused, why_silent, why_unreachable

VERSIONS: Final = {"3.1.1": MQTTProtocolVersion.MQTTv311, "5": MQTTProtocolVersion.MQTTv5}
MAX_QUEUED: Final = 256
"""Messages that wait for the broker's acknowledgement. Chosen: a burst of results fits, a dead one costs little."""
MAX_PACKET: Final = 2 * 1024 * 1024
"""Bytes of the largest message to us (F22). MQTT 5 lets a client name it, with 3.1.1 only the broker can bound it.
Chosen: costs no memory that matters, and no stop whose payload somebody made far too long."""
EXPIRY_S: Final = 60
"""Chosen: a phone that was away for longer wants to know what is, not what was."""
_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timing:
    """Wall-clock periods. `stale_s`: an echo this old means that a connection is dead whatever paho says.

    `late_s`: what takes longer was held up; `settle_s`: how long after that it may still come. `retry_max_s`: with what
    connecting takes, everything is published again within 5 s of a broker's return.
    """

    echo_s: float = 2.0
    stale_s: float = 6.0
    retry_min_s: int = 1
    retry_max_s: int = 3
    keepalive_s: int = 5
    """Chosen: the last will comes after 1.5 times this, as fast as the echo would notice."""
    late_s: float = 1.0
    """Chosen: no working network takes it, and a person who pressed still expects what they pressed."""
    settle_s: float = 4.0
    """Chosen: a broker that woke up hands over within milliseconds, a phone that was cut off tries again after 1 s."""


class Guard:
    """Calls what must not raise into its thread. Counts the exceptions and logs the first of each name."""

    def __init__(self) -> None:
        self.errors = 0
        self._named: set[str] = set()

    def call(self, name: str, function: Callable[..., object], *arguments: object) -> None:
        """`function(*arguments)`; whatever it raises ends here."""
        try:
            function(*arguments)
        except Exception:
            self.errors += 1
            if name not in self._named:
                self._named.add(name)
                _log.exception("%s failed; further failures of it are only counted", name)


class Connection:
    """One paho client. `up` is what it is: connected, and subscribed if it has to. Reconnects until `retire`.

    `on_change` says that `up` or `problem` changed, `on_message(topic, payload, retained, reply)` gives what was
    subscribed, `on_waiting(bytes)` shows it before it is read; they run in the network thread. The first `required` of
    the subscriptions must be granted.
    """

    def __init__(
        self,
        address: Address,
        context: ssl.SSLContext | None,
        version: str,
        client_id: str,
        timing: Timing,
        guard: Guard,
        on_change: Callable[[], None],
        *,
        will: tuple[str, bytes] | None = None,
        subscriptions: tuple[tuple[str, int], ...] = (),
        required: int = 0,
        on_message: Callable[[str, bytes, bool, Reply | None], None] | None = None,
        on_waiting: Callable[[bytes], None] | None = None,
    ) -> None:
        self.client_id = client_id
        self.up = False
        self.connects = 0
        self.problem: str | None = None
        self.sign_s = time.monotonic()
        self._address = address
        self._guard = guard
        self._on_change = on_change
        self._subscriptions = list(subscriptions)
        self._required = required
        self._on_message = on_message
        self._answered = False
        protocol = VERSIONS[version]
        self._modern = protocol is MQTTProtocolVersion.MQTTv5
        clean = None if self._modern else True
        client = Client(CallbackAPIVersion.VERSION2, client_id, clean_session=clean, protocol=protocol)
        client.username_pw_set(address.username, address.password)
        if context is not None:
            client.tls_set_context(context)
        if will is not None:
            client.will_set(*will, qos=1, retain=True)
        client.max_queued_messages_set(MAX_QUEUED)
        client.on_pre_connect = lambda *_: guard.call("on_pre_connect", self._connecting)
        client.on_socket_open = lambda _c, _u, sock: guard.call("on_socket_open", _no_delay, sock)
        client.on_connect = lambda _c, _u, _f, reason, _p: guard.call("on_connect", self._connected, reason)
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: guard.call("on_subscribe", self._subscribed, reasons)
        client.on_disconnect = lambda _c, _u, _f, reason, _p: guard.call("on_disconnect", self._disconnected, reason)
        client.on_message = lambda _c, _u, message: guard.call("on_message", self._received, message)
        properties = None
        if self._modern:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = MAX_PACKET
        client.connect_async(
            address.host, address.port, keepalive=timing.keepalive_s, clean_start=True, properties=properties
        )
        self._client = client
        self._network = NetworkThread(
            client,
            f"mqtt-{client_id}",
            (timing.retry_min_s, timing.retry_max_s),
            connects=lambda: self.connects,
            on_failed=lambda error: guard.call("on_failed", self._failed, error),
            on_waiting=None if on_waiting is None else partial(guard.call, "on_waiting", on_waiting),
        )

    def start(self) -> None:
        """Starts the network thread, which connects and keeps trying."""
        self._network.start()

    @property
    def clogged(self) -> bool:
        """Whether bytes wait because the broker does not read: nothing more should be published."""
        return self._client.want_write()

    def publish(
        self, topic: str, payload: bytes, qos: int, retain: bool, correlation: bytes | None = None
    ) -> MQTTMessageInfo | None:
        """Hands a message to the network thread. None if there is no room: the broker does not read or acknowledge.

        By MQTT 5 what is not retained expires, so that nobody finds an old answer, and has its correlation data.
        """
        properties = None
        if self._modern and not retain:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = EXPIRY_S
            if correlation is not None:
                properties.CorrelationData = correlation
        info = self._client.publish(topic, payload, qos, retain, properties)
        return None if info.rc == MQTTErrorCode.MQTT_ERR_QUEUE_SIZE else info

    def retire(self, grace_s: float) -> threading.Thread:
        """Leaves for good, in the thread that is returned: politely for up to `grace_s`; with 0 the last will speaks.

        No callback comes any more, except one that is running.
        """
        client = self._client
        self.up = False
        client.on_pre_connect = client.on_socket_open = None
        client.on_connect = client.on_subscribe = client.on_disconnect = client.on_message = None
        self._network.silence()
        thread = threading.Thread(target=self._leave, args=(grace_s,), name=f"leave-{self.client_id}", daemon=True)
        thread.start()
        return thread

    def _connecting(self) -> None:
        self.sign_s = time.monotonic()
        self._answered = False

    def _failed(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._down(why_unreachable(self._address, error))
            return
        self._down(f"a mistake of this program ended the connection to the broker at {self._address}, trying again")
        raise error  # counted and logged by the guard

    def _connected(self, reason: ReasonCode) -> None:
        self.sign_s = time.monotonic()
        self._answered = True
        if reason.is_failure:
            self._down(why_refused(self._address, reason))
            return
        self._client.drop_out_messages()
        if self._subscriptions:
            self._client.subscribe(self._subscriptions)
        else:
            self._rise()

    def _subscribed(self, reasons: list[ReasonCode]) -> None:
        for (topic, _), reason in zip(self._subscriptions[: self._required], reasons, strict=False):
            if reason.is_failure:
                self._down(f"the broker at {self._address} does not let us read {topic}: allow it in its access rules")
                return
        self._rise()

    def _rise(self) -> None:
        self.problem = None
        self.connects += 1
        self.up = True
        self._on_change()

    def _disconnected(self, reason: ReasonCode) -> None:
        if self.up:
            self._down(f"lost the connection to the broker at {self._address}, trying again")
        elif not self._answered:
            self._down(why_silent(self._address, reason))

    def _down(self, problem: str) -> None:
        self.up = False
        self.sign_s = time.monotonic()
        self.problem = problem
        self._on_change()

    def _received(self, message: MQTTMessage) -> None:
        self.sign_s = time.monotonic()
        if self._on_message is not None:
            self._on_message(message.topic, bytes(message.payload), message.retain, _reply(message))
        sock: Any = self._client.socket()
        if _QUICKACK is not None and sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def _leave(self, grace_s: float) -> None:
        """Ends the client from outside, whether its thread lives or hangs."""
        client, deadline_s = self._client, time.monotonic() + grace_s
        sock: Any = None
        if grace_s > 0:
            with contextlib.suppress(Exception):
                client.disconnect()
                while (sock := client.socket()) is not None and sock.fileno() >= 0 and time.monotonic() < deadline_s:
                    time.sleep(0.01)
        sock = client.socket()
        with contextlib.suppress(OSError):
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(Exception):
            client.disconnect()
        self._network.leave()
        sock = client.socket()
        if sock is not None:
            sock.close()


def _reply(message: MQTTMessage) -> Reply | None:
    """Where the sender wants the answer; only MQTT 5 can say that."""
    topic = getattr(message.properties, "ResponseTopic", None)
    return Reply(topic, getattr(message.properties, "CorrelationData", None)) if topic else None


def _no_delay(sock: Any) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
