"""The loop around the core: the one thread that owns the state, and the only clock.

It blocks on the port, steps the core with what arrived, writes what goes out, and publishes. Everything else (MQTT,
ledger) has threads of its own that only put into the inbox and wake the port. A missing port is tried again with
backoff; a missing broker is the MQTT client's to try. Neither ends the daemon.
"""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import Final

from . import realtime, small_file
from .booking import Reconcile, Reserve, Settle
from .core import BrokerStatus, Core, HeldUp, Leave, PortLost, Today
from .documents import StateDocument
from .historian import Historian
from .history_keeper import HistoryInline
from .inbox import Inbox
from .ledger import LedgerInline, read_witness
from .model import Forget, Keep, NotKept, Show, Undiscover, Unreadable, Verb, Wish
from .port_keeper import PortKeeper
from .reporter import Publisher, Reporter, installed_version
from .serial_port import Port
from .stop_lane import StopLane

__all__ = ["Daemon", "Publisher", "installed_version"]

CHECKPOINT_PERIOD_S: Final = 10.0
"""How often the ledger notes its time. Chosen: at most so much of a day's passing is forgotten by a crash."""
BROKER_LEASE_S: Final = 8.0
"""Chosen: the MQTT client renews it with each echo, every 2 s, and gives a connection up itself after 6 s."""
LEAVE_S: Final = 60.0
"""Head down, leaving waits this long for level (docs/cli)."""
SAME_SIGNAL_S: Final = 1.0
"""Supervisors send a signal twice; within a second it is one."""
NO_PORT_S: Final = 0.1
"""Without a port, the inbox and the wish to leave are looked at this often."""
MOST_NOTICES: Final = 20
"""Chosen: sentences about the history that are shown with the health; nobody reads more."""
LAST_WORDS_S: Final = 2.0
"""How long leaving waits for the broker, and then for the disk."""
WAKE_S: Final = 0.005
"""A step for each command of a flood would keep busy what the next stop needs (F22, H11). Chosen: what comes sooner
waits for the next telemetry, 20 ms at most; the frame of a stop has been written by then.
"""
_log = logging.getLogger(__name__)


class Daemon:
    """One table's daemon. Make it, connect it to a publisher, then `run` until it is told to leave.

    `files`: where each small file lies that the core wants kept. `realtime_priority`: which the thread that calls `run`
    gives itself, if the system permits it; 0 for none. It changes when the loop turns, never what it decides.
    """

    def __init__(
        self,
        core: Core,
        open_port: Callable[[], Port],
        ledger: LedgerInline,
        inbox: Inbox,
        files: Mapping[str, Path],
        watch: Callable[[StateDocument], None] | None = None,
        realtime_priority: int = 0,
    ) -> None:
        self._core = core
        self._ledger = ledger
        self._inbox = inbox
        self._files = files
        self._priority = realtime_priority
        self._keeps: dict[str, Keep] = {}
        self._there: dict[str, str | None] = {}
        self._waiting: set[str] = set()
        self._lane = StopLane()
        self._ports = PortKeeper(open_port, self._lane, lambda message: inbox.notice(PortLost(message)))
        self._reporter = Reporter(core, inbox, watch, time.monotonic())
        self._checkpoint_s = time.monotonic()
        self._woken_s = -inf
        self._leave_since_s: float | None = None
        self._leaving = False
        self._at_once = False
        self._historian: Historian | None = None
        self.notices = self._reporter.notices

    def record(self, history: HistoryInline) -> None:
        """Have sessions recorded there. To be called before `run`."""
        self._historian = Historian(self._core, history)

    # ---- called from other threads ----------------------------------------------------------------------------------

    def on_stop(self, retained: bool) -> None:
        """A stop arrived, nothing of it read yet. One that the broker had kept goes the slow way."""
        if not retained:
            self._lane.stop(time.monotonic())

    def on_wish(self, wish: Wish | Unreadable) -> None:
        """A command arrived. A live stop's frame has been written by now if that was possible."""
        if isinstance(wish, Wish) and wish.verb is Verb.STOP and not wish.retained:
            wish = replace(wish, sent=self._lane.frames)
        self._inbox.put(wish)
        now_s = time.monotonic()
        if now_s - self._woken_s >= WAKE_S:
            self._woken_s = now_s
            self._ports.wake()

    def on_link(self, up: bool, message: str) -> None:
        """The connection to the broker came or went, or is still there."""
        self._inbox.notice(BrokerStatus(up, message, BROKER_LEASE_S if up else inf))
        self._ports.wake()

    def on_held_up(self) -> None:
        """F21: what was sent a while ago may come any moment now."""
        self._inbox.notice(HeldUp())

    def on_birth(self) -> None:
        """Home Assistant came up and wants to hear everything again."""
        self._reporter.repeat()

    def on_history(self, problem: str) -> None:
        """F19: sessions can't be recorded, or could not be for a while. Nothing else changes."""
        if problem not in self.notices and len(self.notices) < MOST_NOTICES:
            self.notices.append(problem)
        self._inbox.notice(NotKept("history", problem))

    def leave(self) -> None:
        """The daemon shall end; a second time, a second later or more, at once.

        A signal handler calls this in the middle of anything the main thread does, also while that holds a lock. So it
        only leaves a note, which the loop finds when its read ends: 100 ms later at most.
        """
        now_s = time.monotonic()
        if self._leave_since_s is None:
            self._leave_since_s = now_s
        elif now_s - self._leave_since_s > SAME_SIGNAL_S:
            self._at_once = True

    # ---- the loop ---------------------------------------------------------------------------------------------------

    def run(self, publisher: Publisher) -> None:
        """Run until `leave`. Ends with the table at rest where that was possible, `offline` published."""
        with ExitStack() as leaving:  # each of these comes, whatever the others did
            leaving.callback(self._ledger.stop, LAST_WORDS_S)
            leaving.callback(self._checkpoint)
            if self._historian is not None:
                leaving.callback(self._historian.stop, LAST_WORDS_S)
            leaving.callback(publisher.close, LAST_WORDS_S)
            leaving.callback(self._last_state)
            publisher.start()
            self._inbox.notice(BrokerStatus(False, "Not connected to the MQTT broker yet."))
            self._inbox.notice(Today(read_witness().wall_s))
            self._reporter.begin(publisher)
            if self._historian is not None:
                self._historian.begin(publisher)
            self._take_priority()
            while not self._done():
                self._once()

    def _take_priority(self) -> None:
        """For the thread that runs the loop; what the system does not permit is said, and the loop runs without."""
        if not self._priority:
            return
        if problem := realtime.take(self._priority):
            _log.warning("%s", problem)
            self.notices.append(problem)
        else:
            _log.info("the control thread has the real-time priority %d", self._priority)
            self._reporter.realtime_priority = self._priority

    def _done(self) -> bool:
        """Whether it is time to go."""
        if self._leave_since_s is None:
            return False
        if not self._leaving:
            self._leaving = True
            self._inbox.notice(Leave())
            return False
        late = time.monotonic() - self._leave_since_s > LEAVE_S
        return self._at_once or late or self._ports.port is None or self._core.safe_to_leave

    def _once(self) -> None:
        """Read, step, write, publish."""
        if not self._ports.open(time.monotonic()):
            self._inbox.wait(NO_PORT_S)
        self._step(self._ports.read())

    def _step(self, data: bytes) -> None:
        began_s = time.monotonic()
        port, core = self._ports.port, self._core
        # Without a port there is only the wall's clock, and a simulated table's may be ahead of it.
        now_s = port.now_s() if port is not None else max(began_s, core.conduct.now_s)
        lane_frames = self._lane.frames  # before the wishes are taken: one that is on its way comes with the next step
        output = core.step(now_s, began_s, data, self._inbox.take(), lane_frames)
        if output.data:
            self._ports.write(output.data)
        ended_s = time.monotonic()
        self._ports.judge(core.answered_s)
        for request in output.requests:
            self._record(request)
        wall_s = time.time()
        self._reporter.step(output, began_s, ended_s, wall_s)
        if self._historian is not None:
            self._historian.step(output, wall_s)
        if began_s - self._checkpoint_s >= CHECKPOINT_PERIOD_S:
            self._checkpoint()

    def _record(self, request: Reserve | Settle | Reconcile | Keep | Show | Forget | Undiscover) -> None:
        if isinstance(request, Reserve):
            self._ledger.reserve(*request)
        elif isinstance(request, Settle):
            self._ledger.settle(*request)
        elif isinstance(request, Reconcile):
            self._ledger.reconcile(*request)
        elif isinstance(request, Keep):
            self._there.setdefault(request.file, request.instead_of)  # from then on the disk's thread knows
            self._keeps[request.file] = request
            if request.file not in self._waiting:  # bounded: who locks and unlocks all the time fills no queue
                self._waiting.add(request.file)
                self._ledger.keep(partial(self._keep, request.file))

    def _keep(self, file: str) -> None:
        """Write the newest content of a small file, on the thread that may wait for the disk."""
        self._waiting.discard(file)
        keep, path = self._keeps[file], self._files[file]
        try:
            small_file.write(path, keep.text, self._there[file])
            if keep.instead_of is not None:
                self._there[file] = keep.text or ""
        except OSError as error:
            self._inbox.notice(NotKept(file, f"{path}: {error.strerror}; {keep.otherwise}."))

    def _checkpoint(self) -> None:
        self._checkpoint_s = time.monotonic()
        witness = read_witness()
        self._inbox.notice(Today(witness.wall_s))
        self._ledger.checkpoint(self._core.conduct.booking.ledger_s(self._core.conduct.now_s), witness)

    def _last_state(self) -> None:
        """H10: the state that the broker keeps claims no link, for nobody will correct it."""
        self._ports.close()
        self._inbox.notice(PortLost("The controller was stopped."))
        self._step(b"")
