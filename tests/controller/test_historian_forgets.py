"""A person who is deleted: the history and the broker forget their sessions, and nobody else's."""

from pathlib import Path

from controller.core import NOTHING
from controller.historian import Historian
from controller.history import Record
from controller.history_documents import HistoryDocument, PastSessionDocument
from controller.history_file import HistoryFile, read
from controller.history_keeper import HistoryInline
from controller.model import Forget

from .rig import Rig

WALL = 1_790_000_000.0


class Broker:
    def __init__(self) -> None:
        self.last: list[PastSessionDocument | None] = []

    def publish_last_session(self, document: PastSessionDocument | None) -> None:
        self.last.append(document)

    def publish_history(self, document: HistoryDocument) -> None:
        raise AssertionError(document)


def test_a_deleted_persons_sessions_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "home.history.sqlite3"
    file = HistoryFile.open(path, 90, WALL)
    for session, person in (("7-1", "ben"), ("7-2", "ana")):
        file.save(Record(session, person, "gentle", WALL, outcome="reached", complete=True))
    file.close()
    said: list[str] = []
    historian, broker = Historian(Rig().core, HistoryInline(path, 90, said.append, lambda: WALL)), Broker()
    historian.begin(broker)
    assert [one and one.person for one in broker.last] == ["ana"]
    historian.step(NOTHING._replace(requests=[Forget("eve")]), WALL)
    assert len(broker.last) == 1
    historian.step(NOTHING._replace(requests=[Forget("ana")]), WALL)
    assert broker.last[1:] == [None]
    assert [one.record.person for one in read(path, 9)] == ["ben"]
    assert said == []
    historian.stop(1.0)
    assert b"ana" not in path.read_bytes()
