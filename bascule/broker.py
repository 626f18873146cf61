"""The MQTT broker that the demo starts: a mosquitto if this machine has one, else rumqttd out of the package iotcore.

The broker runs in a child process of its own session. rumqttd cannot be shut down inside a process, only with it, and a
Ctrl-C in the terminal must not reach a broker through which the controller still has to publish its goodbye.

The child is this very file, run as a script (`hold` below). It keeps the broker for as long as its standard input is
open: `stop()` closes that pipe, and when the parent dies in any other way, the kernel does. What broker and child print
comes back through a second pipe into a bounded file; a line in it says when the broker listens, because an open port
alone may belong to somebody else.
"""

import atexit
import base64
import contextlib
import errno
import hashlib
import importlib.util
import logging
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

LOOPBACK = "127.0.0.1"
FIRST_PORT = 1883  # registered with IANA for MQTT without TLS
PORTS_TRIED = 50  # chosen: more demos than anybody runs side by side
START_S = 10.0  # chosen: 100 times what either broker was measured to take, for a slow board with a slow card
STOP_S = 5.0  # chosen: both were measured to end within 0.02 s
TERMINATE_S = 3.0  # chosen: below STOP_S, so that the child ends a deaf broker before the parent ends both
POLL_S = 0.01
PACKET_BYTES = 1 << 20  # chosen: presets and discovery, the largest documents, are tens of kB
SEGMENT_BYTES = 1 << 20  # rumqttd keeps a log of every topic in memory: 2 such segments, 1 GB with its sample file
LOG_BYTES = 1 << 16
LOG_LINES_SHOWN = 6
PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none of i l o 0 1: it is read off a screen and typed on a phone
PASSWORD_LENGTH = 10  # 49 bits
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin"  # where distributions put daemons; not on every user's PATH
NOBODY = ("203.0.113.1", 9)  # RFC 5737, for documentation: on no network, so the default route leads there
LISTENING = re.compile(r"mosquitto version (\S+) running|Listening for remote connections")


class BrokerError(Exception):
    """The broker cannot run. The text is for a person: what is wrong and what to do."""


class EmbeddedBroker:
    """A broker for one demo, also a context manager.

    `port` None takes 1883 or the next free one. `lan` opens the broker to the network, with a generated user and
    password; otherwise only this machine reaches it, without. The log is kept in `folder`, or goes with the broker.
    `prefer` forces "mosquitto" or "iotcore". After `start()`: `host`, `port`, `username` and `password` (None unless
    `lan`), and `kind`, for example "mosquitto 2.0.11".
    """

    def __init__(
        self, port: int | None = None, lan: bool = False, folder: Path | None = None, prefer: str | None = None
    ) -> None:
        self.host = LOOPBACK
        self.port = port or FIRST_PORT
        self.username: str | None = None
        self.password: str | None = None
        self.kind = ""
        self._wanted, self._lan, self._folder, self._prefer = port, lan, folder, prefer
        self._bind = "0.0.0.0" if lan else LOOPBACK
        self._private: tempfile.TemporaryDirectory[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start the broker and return when it accepts connections; call `stop()` afterwards.

        Raises `BrokerError` for a port that is taken, when no broker is installed, when `lan` is asked for on no
        network, and when the broker ends or is silent for 10 s (with the last lines of its log); `OSError` for a
        folder that cannot be written.
        """
        self.stop()
        program = find_program(self._prefer)
        if self._lan:
            self.host = lan_address()
            self.username = "bascule"
            self.password = "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(PASSWORD_LENGTH))
        self._private = tempfile.TemporaryDirectory(prefix="bascule-broker-")
        atexit.register(self.stop)
        try:
            self._launch_on_free_port(program, Path(self._private.name))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End the broker and free its port. Does nothing when there is none."""
        self._end_child()
        if self._private is not None:
            self._private.cleanup()
            self._private = None
        atexit.unregister(self.stop)

    def alive(self) -> bool:
        """Whether the broker's process runs."""
        return self._child is not None and self._child.poll() is None

    def url(self) -> str:
        """The address as `--broker` takes it, `mqtt://[user@]host:port`. The password is not in it."""
        user = f"{self.username}@" if self.username else ""
        return f"mqtt://{user}{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _launch_on_free_port(self, program: str, private: Path) -> None:
        last = FIRST_PORT + PORTS_TRIED - 1
        refusal = None
        for port in range(FIRST_PORT, last + 1) if self._wanted is None else [self._wanted]:
            refusal = port_refusal(self._bind, port)
            if refusal is None and self._launch(program, private, port):
                return
        if self._wanted is None:
            raise BrokerError(f"no port from {FIRST_PORT} to {last} is free: name a free one with --port")
        raise BrokerError(
            f"port {self._wanted} {refusal or 'is taken by another program'}: "
            "name another one with --port, or leave the option out for the next free one"
        )

    def _launch(self, program: str, private: Path, port: int) -> bool:
        """Start the child and wait until it listens; False if somebody else took the port first."""
        log = (self._folder or private) / "broker.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        config = private / ("broker.toml" if program == "iotcore" else "broker.conf")
        if program == "iotcore":
            config.write_text(iotcore_config(self._bind, port, self.username, self.password))
        else:
            config.write_text(mosquitto_config(self._bind, port, private / "passwords" if self._lan else None))
            if self.username and self.password:
                line = mosquitto_password(self.username, self.password, secrets.token_bytes(12))
                (private / "passwords").write_text(line)
        # -P: neither the working directory nor this file's folder may shadow a module of the standard library.
        command = [sys.executable, "-P", __file__, program, str(config)]
        child = self._child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
        )
        assert child.stdout is not None
        self._reader = threading.Thread(target=keep_log, args=(child.stdout, log), name="broker-log", daemon=True)
        self._reader.start()
        deadline_s = time.monotonic() + START_S
        while child.poll() is None and time.monotonic() < deadline_s:
            if (found := LISTENING.search(log.read_text(errors="replace"))) and accepts(port):
                self.kind = f"mosquitto {found[1]}" if found[1] else "iotcore"
                self.port = port
                return True
            time.sleep(POLL_S)
        self._end_child()
        words = log.read_text(errors="replace")
        # Not a second look at the port: who took it may have left again.
        if os.strerror(errno.EADDRINUSE) in words:
            return False
        last_lines = words.splitlines()[-LOG_LINES_SHOWN:] or ["nothing"]
        raise BrokerError(
            f"the broker {program} did not start: repair or remove it. It said:\n" + "\n".join(last_lines)
        )

    def _end_child(self) -> None:
        child, reader = self._child, self._reader
        self._child = self._reader = None
        if child is None or reader is None:
            return
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.close()
        reader.join(STOP_S)
        if reader.is_alive():
            # The pipe is still open, so somebody of the group still lives, so the group's number is still its own.
            os.killpg(child.pid, signal.SIGKILL)
            reader.join()
        child.wait()
        child.stdout.close()


def find_mosquitto() -> str | None:
    """The path of an installed mosquitto, or None."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=SYSTEM_FOLDERS)


def find_program(prefer: str | None) -> str:
    """The path of mosquitto, or the word "iotcore". Raises `BrokerError` if what is wanted is not installed."""
    mosquitto = None if prefer == "iotcore" else find_mosquitto()
    if mosquitto:
        return mosquitto
    if prefer != "mosquitto" and importlib.util.find_spec("iotcore"):
        return "iotcore"
    raise BrokerError("no MQTT broker is installed: install mosquitto (apt-get install mosquitto)")


def lan_address() -> str:
    """The IPv4 address of this machine on its network. Raises `BrokerError` if it is on none."""
    address = LOOPBACK
    # Connecting a datagram socket only chooses the route, and with it the own address; nothing is sent.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.connect(NOBODY)
        address = str(probe.getsockname()[0])
    if address.startswith("127."):
        raise BrokerError("this machine is on no network that phones could share: connect it to one or leave out --lan")
    return address


def port_refusal(bind: str, port: int) -> str | None:
    """Why the port cannot be listened on, as the end of a sentence; None if it can."""
    if not 1 <= port <= 65535:
        return "is not a port, they run from 1 to 65535"
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the brokers do it: connections closed a moment ago do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            return "is taken by another program" if taken else f"cannot be opened ({error.strerror})"
    return None


def accepts(port: int) -> bool:
    """Whether a connection to the port on this machine is accepted within a second."""
    with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, port), timeout=1.0):
        return True
    return False


def mosquitto_config(bind: str, port: int, passwords: Path | None) -> str:
    """The configuration file for mosquitto 2; without a password file whoever reaches the port may connect."""
    lines = [
        f"listener {port} {bind}",
        "set_tcp_nodelay true",
        "persistence false",
        # Not message_size_limit, which acknowledges what it drops: this one disconnects, as iotcore does.
        f"max_packet_size {PACKET_BYTES}",
        "log_dest stderr",
        f"allow_anonymous {'true' if passwords is None else 'false'}",
    ]
    if passwords is not None:
        lines.append(f"password_file {passwords}")
    if os.geteuid() == 0:
        lines.append("user root")  # by itself it becomes the user mosquitto, who may not enter the private folder
    return "\n".join(lines) + "\n"


def mosquitto_password(username: str, password: str, salt: bytes, rounds: int = 101) -> str:
    """A line of mosquitto's password file (kind 7: PBKDF2 with SHA-512; `salt` is 12 bytes).

    Made here because `mosquitto_passwd` takes the password on its command line, where every process can read it. By
    default with its own number of rounds: a random password that lives as long as the demo needs no more.
    """
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds)
    return f"{username}:$7${rounds}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def iotcore_config(bind: str, port: int, username: str | None, password: str | None) -> str:
    """The configuration file for rumqttd: one listener, MQTT 3.1.1 only.

    A second listener for MQTT 5 would harm: a publish with properties there disconnects the subscribers here.
    """
    auth = f'auth = {{ {username} = "{password}" }}' if username else ""
    return f"""\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = {SEGMENT_BYTES}
max_segment_count = 2
[v4.1]
name = "bascule"
listen = "{bind}:{port}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 10000
max_payload_size = {PACKET_BYTES}
max_inflight_count = 100
dynamic_filters = true
{auth}
"""


def keep_log(stream: IO[bytes], path: Path) -> None:
    """Copy lines to a file until the stream ends; before the file outgrows 64 KiB, it starts over."""
    with open(path, "wb", buffering=0) as log:
        for line in iter(lambda: stream.readline(LOG_BYTES), b""):
            # Reading goes on with a full disk too: a broker that cannot get rid of its words stands still.
            with contextlib.suppress(OSError):
                if log.tell() + len(line) > LOG_BYTES:
                    log.seek(0)
                    log.truncate()
                log.write(line)


def hold(program: str, config: str) -> int:
    """In the child: run the broker until it ends or standard input does. Returns the exit status."""
    if program == "iotcore":
        # rumqttd's tracing arrives as an error for every packet; only its server says what matters.
        logging.basicConfig(level=logging.CRITICAL, format="%(message)s")
        logging.getLogger("rumqttd.server.broker").setLevel(logging.INFO)
        from iotcore.iotcore import IotCoreBroker

        threading.Thread(target=end_with_parent, args=(None,), daemon=True).start()
        IotCoreBroker(config_path=config).run_forever()
        return 1
    broker = subprocess.Popen([program, "-c", config], stdin=subprocess.DEVNULL)
    signal.signal(signal.SIGTERM, lambda number, frame: broker.terminate())
    threading.Thread(target=end_with_parent, args=(broker,), daemon=True).start()
    return broker.wait()


def end_with_parent(broker: subprocess.Popen[bytes] | None) -> None:
    """In the child: wait until the parent closes the pipe, then end the broker, politely first; None is this one."""
    os.read(0, 1)
    if broker is None:
        os._exit(0)
    broker.terminate()
    time.sleep(TERMINATE_S)
    broker.kill()


if __name__ == "__main__":
    sys.exit(hold(*sys.argv[1:]))
