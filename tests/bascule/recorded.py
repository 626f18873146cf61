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
from controller.model import Show
from controller.presets import Preset
from simulator.sensors import Sensors

WALL_S = 1_795_000_000.0
"""Unix time when virtual time begins."""


class Recorded(ClosedLoop):
    """A closed loop in a folder. `published`: the last sessions that were published, and what was asked for."""

    def __init__(self, folder: Path, presets: Mapping[str, Preset], seed: int = 1, angle_deg: float = -80.0) -> None:
        self.folder, self.presets = folder, dict(presets)
        self.published: list[PastSessionDocument | HistoryDocument | None] = []
        self.said: list[str] = []
        self.wall_ahead_s = 0.0
        super().__init__(seed, angle_deg, Settings())

    # ---- the process ------------------------------------------------------------------------------------------------

    def _new_core(self) -> Core:
        self._inputs = [BrokerStatus(True, "")]
        ledger = self._open()
        return self._watch(
            Core(self.settings, self.presets, Booking(ledger.account(), ledger.ledger_s), self._seed)
        )

    def _watch(self, core: Core) -> Core:
        self.historian = Historian(core, self.history)
        self.historian.begin(self)
        return core

    def _open(self) -> Ledger:
        """Both records, as a start of the program finds them."""
        witness = Witness(self.wall_s, self.table.now_s, "boot")
        self.ledger = Ledger.open(self.folder / "home.sqlite3", witness)
        self.inline = LedgerInline(self.ledger, self.give)
        self.history = HistoryInline(
            self.folder / "home.history.sqlite3", 90, self.said.append, lambda: self.wall_s
        )
        return self.ledger

    def kill(self) -> None:
        """The process is gone: whatever was not on the disk is lost, and nothing is closed in any order."""
        self.ledger.close()
        self.history.close()
        self.connected = False

    def restart(self) -> None:
        """The controller is a new process."""
        self._seed += 1
        self.connected = True
        self.core = self._new_core()

    @property
    def wall_s(self) -> float:
        """Unix seconds by the host's clock."""
        return WALL_S + self.table.now_s + self.wall_ahead_s

    # ---- what a daemon does with what a step says ---------------------------------------------------------------------

    def tick(self) -> None:
        """10 ms, and both records."""
        data, inputs = self.table.tick(), self._inputs
        if data:
            self.trace.append(self.table.physics.bed_deg)
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
                assert isinstance(request, Show)
        self.historian.step(output, self.wall_s)

    def publish_last_session(self, document: PastSessionDocument | None) -> None:
        self.published.append(document)

    def publish_history(self, document: HistoryDocument) -> None:
        self.published.append(document)

    def sessions(self) -> list[Any]:
        """What is on the disk, newest first, as the command line reads it."""
        return [kept.record for kept in read(self.folder / "home.history.sqlite3", 100)]
