"""The demo: broker, simulated table and controller together, and a line that shows what the table does."""

import math
import queue
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import segno
from rich.console import Console
from rich.live import Live
from rich.text import Text

from controller.config import load
from controller.documents import StateDocument
from controller.model import Verb, Wish
from simulator.table import Table

from .assembly import assemble
from .broker import EmbeddedBroker
from .sim_port import SimPort

TABLE_ID: Final = "demo"
QUEUED: Final = 64
"""Chosen: states that wait for a slow terminal."""
LAST_LINE_S: Final = 1.0
"""Chosen: how long the end waits for it."""
MARKS: Final = {"running": "green", "armed": "yellow", "fault": "bold red", "frozen": "red", "paused": "yellow"}


def line(document: StateDocument) -> Text:
    """The table in one line."""
    words = Text(no_wrap=True, overflow="ellipsis")
    words.append(f"{document.state:<10}", style=MARKS.get(document.state, "cyan"))
    angle = "     –" if document.angle_deg is None else f"{document.angle_deg:+6.1f}°"
    words.append(f"{angle}  ", style="bold")
    session = document.session
    if session is not None:
        minutes, seconds = divmod(round(session.remaining_s), 60)
        done = round(session.progress * 10)
        words.append(f"{'━' * done}{'╌' * (10 - done)} {minutes}:{seconds:02} left  ", style="green")
    if document.arm_code is not None:
        words.append(f"code {document.arm_code}  ", style="yellow")
    words.append(document.message)
    return words


def asks(document: StateDocument) -> bool:
    """Whether the person is asked to check in."""
    return document.session is not None and document.session.check_in_remaining_s is not None


class Screen:
    """Shows the newest state from a thread of its own: a terminal that stands still must not hold the controller up."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._newest: queue.Queue[StateDocument | None] = queue.Queue(QUEUED)
        self._thread = threading.Thread(target=self._run, name="screen", daemon=True)

    def __enter__(self) -> "Screen":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(queue.Full):
            self._newest.put_nowait(None)
            self._thread.join(LAST_LINE_S)

    def show(self, document: StateDocument) -> None:
        """Called by the daemon; what the screen can't keep up with is not shown."""
        with suppress(queue.Full):
            self._newest.put_nowait(document)

    def _run(self) -> None:
        if self._console.is_terminal:
            with Live(console=self._console, auto_refresh=False, transient=False) as live:
                while (document := self._newest.get()) is not None:
                    live.update(line(document), refresh=True)
            return
        last = ""
        while (document := self._newest.get()) is not None:
            shown = f"{document.state} {document.message}"
            if shown != last:
                last = shown
                self._console.print(line(document), soft_wrap=True)
                self._console.file.flush()


def introduction(broker: EmbeddedBroker, speed: float) -> list[Text]:
    """Where everything is and what to try. Commands are never broken, so that they can be copied from any width."""
    login = f" -u {broker.username} -P {broker.password}" if broker.password else ""
    where = f"-h {broker.host} -p {broker.port}{login}"
    topic = f"bascule/{TABLE_ID}"
    pace = "" if speed == 1 else f"; everything {speed:g} times faster than time, check-ins answer themselves"
    rows = [("broker", f"mqtt://{broker.host}:{broker.port}", f"({broker.kind})")]
    if broker.password:
        rows.append(("log in", f"user {broker.username}  password {broker.password}", ""))
    rows += [
        ("table", TABLE_ID, f"(simulated: nothing real moves{pace})"),
        ("watch", f"mosquitto_sub {where} -v -t '{topic}/#'", ""),
        ("arm", f"mosquitto_pub {where} -t {topic}/command/arm -n", ""),
        ("start", f"mosquitto_pub {where} -t {topic}/command/start -m gentle", "(a second later)"),
        (
            "checkin",
            f"mosquitto_pub {where} -t {topic}/command/checkin -n",
            "(when you are asked whether you are well)",
        ),
        ("stop", f"mosquitto_pub {where} -t {topic}/command/stop -n", "(level brings it back)"),
        ("end", "Ctrl-C", ""),
    ]
    return [Text.assemble((f"{name:<8}", "dim"), (words, "bold"), ("  " + more, "dim")) for name, words, more in rows]


def run(speed: float, port: int | None, lan: bool, seed: int, folder: Path | None, console: Console) -> None:
    """Run the demo until Ctrl-C. Raises BrokerError, ConfigError, LedgerError."""
    with ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bascule-demo-")))
        broker = stack.enter_context(EmbeddedBroker(port, lan))
        config = load(
            None,
            {
                "table.id": TABLE_ID,
                "mqtt.broker": broker.url(),
                "mqtt.remote_start": True,  # nothing real moves
                "data.folder": str(folder),
                "log.level": "warning",
            },
        )
        scale = max(math.ceil(speed), 1)
        table = Table(seed=seed, time_scale=scale)
        console.rule("[bold]Bascule demo[/]")
        for text in introduction(broker, speed):
            console.print(text, soft_wrap=True)
        if broker.password:
            link = f"mqtt://{broker.username}:{broker.password}@{broker.host}:{broker.port}"
            console.print(f"\n{link}", soft_wrap=True, highlight=False)
            segno.make(link, micro=False).terminal(compact=True)
        console.print("\nNot a medical device. On a real table: never alone, emergency stop in reach.\n", style="dim")
        screen = stack.enter_context(Screen(console))

        def watch(document: StateDocument) -> None:
            screen.show(document)
            if speed > 1 and asks(document):  # its time goes with the table's, too fast for a hand
                assembly.daemon.on_wish(Wish(Verb.CHECKIN))

        assembly = assemble(config, lambda: SimPort(table, speed), broker.password, frozenset({scale}), watch)
        assembly.run()
