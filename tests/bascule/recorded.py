"""A closed loop with a real ledger and a real history on the disk: what a daemon has around its core, without clocks.

It can be copied whole in the middle of a session, files and all, so that many runs begin there.
"""

import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bascule.closed_loop import ClosedLoop
from controller.account import Witness
from controller.booking import Booking, Reconcile, Reserve, Settle
from controller.conduct import Settings
from controller.core import BrokerStatus, Core
from controller.historian import Historian
from controller.history_documents import HistoryDocument, PastSessionDocument
from controller.history_file import read
from controller.history_keeper import HistoryInline
from controller.ledger import Ledger, LedgerInline
from controller.ledger_file import read_account
from controller.model import Keep, Show
from controller.presets import Preset
from simulator.hands import Hands
from simulator.table import Table

WALL_S = 1_795_000_000.0
"""Unix time when virtual time begins."""


class Recorded(ClosedLoop):
    """A closed loop in a folder. `published`: the last sessions that were published, and what was asked for.

    `true`: where the bed really was, at each tick since the start or the copy.
    """

    def __init__(self, folder: Path, presets: Mapping[str, Preset], seed: int = 1, angle_deg: float = -80.0) -> None:
        self.folder, self.presets = folder, dict(presets)
        self.published: list[PastSessionDocument | HistoryDocument | None] = []
        self.said: list[str] = []
        self.wall_ahead_s = 0.0
        self.true: list[tuple[float, float]] = []
        table = Table(seed, angle_deg)
        self.hands = Hands(table)
        super().__init__(seed, angle_deg, Settings(), table)

    # ---- the process ------------------------------------------------------------------------------------------------

    def _new_core(self) -> Core:
        self._inputs = [BrokerStatus(True, "")]
        ledger = self._open()
        core = Core(self.settings, self.presets, Booking(ledger.account(), ledger.ledger_s), self._seed)
        self.historian = Historian(core, self.history)
        self.historian.begin(self)
        return core

    def _open(self) -> Ledger:
        """Both records, as a start of the program finds them."""
        witness = Witness(self.wall_s, self.table.now_s, "boot")
        self.ledger = Ledger.open(self.folder / "home.sqlite3", witness)
        self.inline = LedgerInline(self.ledger, self.give)
        self.history = HistoryInline(self.folder / "home.history.sqlite3", 90, self.said.append, lambda: self.wall_s)
        return self.ledger

    def snapshot(self, folder: Path) -> bytes:
        """Everything as it is now; what is on the disk as a copy in this new folder."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*-shm"))
        open_files = {"ledger", "inline", "history", "historian"}
        state = {name: value for name, value in self.__dict__.items() if name not in open_files}
        recorder = self.historian._recorder
        state |= {"true": [], "events": [], "answers": [], "published": []}
        return pickle.dumps((state, recorder, self.ledger._live), pickle.HIGHEST_PROTOCOL)

    @classmethod
    def begun(cls, snapshot: bytes, folder: Path) -> "Recorded":
        """A loop that goes on from a snapshot in a session, with the records that were copied for it."""
        state, recorder, live = pickle.loads(snapshot)
        loop = cls.__new__(cls)
        loop.__dict__.update(state)
        loop.folder = folder
        ledger = loop._open()
        ledger._live = live
        ledger._account = read_account(ledger._db)
        assert loop.history._file is not None
        # Opening it took the session for one that was cut off.
        loop.history._file._db.execute("UPDATE session SET outcome = 'running', why = '', complete = 0")
        loop.historian = Historian(loop.core, loop.history)
        loop.historian._recorder, loop.historian._teller = recorder, loop
        return loop

    def close(self) -> None:
        """Let go of the files."""
        self.ledger.close()
        self.history.close()

    def kill(self) -> None:
        """The process is gone: whatever was not on the disk is lost, and nothing is closed in any order."""
        self.close()
        self.connected = False
        self._inputs = []

    def restart(self) -> None:
        """The controller is a new process."""
        self._seed += 1
        self.connected = True
        self.core = self._new_core()

    @property
    def wall_s(self) -> float:
        """Unix seconds by the host's clock."""
        return WALL_S + self.table.now_s + self.wall_ahead_s

    # ---- what a daemon does with what a step says -------------------------------------------------------------------

    def tick(self) -> None:
        """10 ms, and both records."""
        self.hands.tick()
        data, inputs = self.table.tick(), self._inputs
        self.true.append((self.table.now_s, self.table.physics.bed_deg))
        if not self.connected and not inputs:
            return
        if not (data or inputs):
            return
        self._inputs = []
        now_s = self.table.now_s
        output = self.core.step(now_s, now_s, data if self.connected else b"", inputs)
        if output.data and self.connected:
            self.table.receive(output.data)
        self.answers.extend(output.answers)
        self.events.extend(output.events)
        for request in output.requests:
            if isinstance(request, Reserve):
                self.inline.reserve(*request)
            elif isinstance(request, Settle):
                self.inline.settle(*request)
            elif isinstance(request, Reconcile):
                self.inline.reconcile(*request)
            else:
                assert isinstance(request, Show | Keep)
        self.historian.step(output, self.wall_s)

    def publish_last_session(self, document: PastSessionDocument | None) -> None:
        self.published.append(document)

    def publish_history(self, document: HistoryDocument) -> None:
        self.published.append(document)

    def true_deg(self, at_s: float) -> float:
        """Where the bed really was at a virtual second since the copy."""
        return next((angle for time_s, angle in self.true if time_s >= at_s - 0.001), self.true[-1][1])

    def sessions(self) -> list[Any]:
        """What is on the disk, newest first, as the command line reads it."""
        return [kept.record for kept in read(self.folder / "home.history.sqlite3", 100)]
