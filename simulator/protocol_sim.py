"""`sim://` for pyserial: a simulated table inside the process, in real time, on every operating system.

pyserial finds this module by its name once the package is in `serial.protocol_handler_packages`. Options:
`sim://?seed=7&angle=-80`.
"""

import threading
import time
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import serial
from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from .server import Pace
from .table import Table

BUFFER: Final = 8192
"""Bytes that wait to be read; older ones are lost, as in a driver."""
USAGE: Final = "sim://?seed=NUMBER&angle=DEGREES (both may be left out)"


def register() -> None:
    """Make pyserial know `sim://`."""
    package = __name__.rpartition(".")[0]
    if package not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(package)


def make_table(url: str) -> Table:
    """The table that a URL asks for. Raises SerialException, naming the option."""
    options: dict[str, str] = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    try:
        table = Table(seed=int(options.pop("seed", "0")), angle_deg=float(options.pop("angle", "-80")))
    except ValueError as error:
        raise SerialException(f"{url}: {error}; the form is {USAGE}") from None
    if options:
        raise SerialException(f"{url}: unknown option {next(iter(options))!r}; the form is {USAGE}")
    return table


class Serial(SerialBase):
    """A pyserial port with a table behind it."""

    BAUDRATES = (115200,)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.table: Table | None = None
        self._received = bytearray()
        self._sent: list[bytes] = []
        self._changed = threading.Condition()
        self._cancelled = False
        self._thread: threading.Thread | None = None
        super().__init__(*arguments, **options)

    def open(self) -> None:
        """Start the table."""
        if self.is_open:
            raise SerialException("the port is open already")
        self.table = make_table(str(self.port))
        self.is_open = True
        self._thread = threading.Thread(target=self._run, args=(self.table,), name="simulated-table", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the table. It is gone; the next `open` makes a new one."""
        with self._changed:
            self.is_open = False
            self._changed.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(1.0)
            self._thread = None

    def _run(self, table: Table) -> None:
        pace = Pace(time.monotonic())
        while self.is_open:
            with self._changed:
                self._changed.wait(pace.wait_s(time.monotonic()))
                sent, self._sent = self._sent, []
            for data in sent:
                table.receive(data)
            out = b"".join(table.tick() for _ in range(pace.due(time.monotonic())))
            if out:
                with self._changed:
                    self._received += out
                    del self._received[:-BUFFER]
                    self._changed.notify_all()

    def _reconfigure_port(self) -> None:
        """Every setting is as good as another."""

    def _update_dtr_state(self) -> None:
        """Nothing hangs on this line."""

    _update_rts_state = _update_break_state = _update_dtr_state

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""
        return len(self._received)

    def read(self, size: int = 1) -> bytes:
        """Up to `size` bytes; fewer after the timeout or `cancel_read`."""
        if not self.is_open:
            raise PortNotOpenError
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._received) >= size or self._cancelled or not self.is_open, self.timeout
            )
            self._cancelled = False
            data = bytes(self._received[:size])
            del self._received[:size]
        return data

    def cancel_read(self) -> None:
        """End a read that waits."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()

    def write(self, data: Any) -> int:
        """Bytes reach the unit at once."""
        if not self.is_open:
            raise PortNotOpenError
        with self._changed:
            self._sent.append(bytes(data))
            self._changed.notify_all()
        return len(data)

    def reset_input_buffer(self) -> None:
        """Forget what was not read."""
        with self._changed:
            self._received.clear()
