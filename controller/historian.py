"""Beside the reporter: has each session recorded, publishes the last one, and shows the newest ones on request."""

from functools import partial
from typing import Protocol

from .core import Core, Output
from .history import Record, Recorder
from .history_documents import HistoryDocument, PastSessionDocument, history_document, past_session
from .history_file import Kept
from .history_keeper import HistoryInline
from .model import Forget, Show


class Teller(Protocol):
    """What this needs of the MQTT client."""

    def publish_last_session(self, document: PastSessionDocument | None) -> None: ...
    def publish_history(self, document: HistoryDocument) -> None: ...


class Historian:
    """Reads the core after each step; nearly always that is two looks."""

    def __init__(self, core: Core, history: HistoryInline) -> None:
        self._core = core
        self._history = history
        self._recorder = Recorder(history.last)
        self._teller: Teller | None = None
        self._told: Record | None = None

    def begin(self, teller: Teller) -> None:
        """Speak through this from now on. The broker may have kept a session that is none any more."""
        self._teller = teller
        self._told = self._recorder.last
        teller.publish_last_session(None if self._told is None else past_session(self._told, traced=True))

    def step(self, output: Output, wall_s: float) -> None:
        """After a step. `wall_s`: Unix seconds."""
        recorder = self._recorder
        if not (output.events or output.requests or self._core.conduct.now_s >= recorder.due_s):
            return
        if items := recorder.step(self._core, output, wall_s):
            self._history.keep(items)
        for request in output.requests:
            if isinstance(request, Show):
                self._history.ask(request.last, partial(self._show, wall_s))
            elif isinstance(request, Forget):
                self._forget(request)
        last = recorder.last
        if last is not self._told and last is not None and self._teller is not None:
            self._told = last
            self._teller.publish_last_session(past_session(last, traced=True))

    def _forget(self, request: Forget) -> None:
        """Also what the broker keeps of them."""
        self._history.keep([request])
        self._recorder.forget(request.person)
        if self._told is not None and self._told.person == request.person:
            self._told = None
            if self._teller is not None:
                self._teller.publish_last_session(None)

    def _show(self, wall_s: float, kept: list[Kept], problem: str) -> None:
        """From the thread that has the file."""
        if self._teller is not None:
            self._teller.publish_history(history_document([one.record for one in kept], problem, wall_s))

    def stop(self, timeout_s: float) -> bool:
        """Keep what there is, and wait so long at most for the disk."""
        if items := self._recorder.finish(self._core):
            self._history.keep(items)
        return self._history.stop(timeout_s)
