"""A person who is deleted: the history and the broker forget their sessions, and nobody else's."""

from pathlib import Path

from controller.core import NOTHING, Input, Output
from controller.historian import Historian
from controller.history import Record
from controller.history_documents import HistoryDocument, PastSessionDocument
from controller.history_file import HistoryFile, read
from controller.history_keeper import HistoryInline
from controller.model import Forget, Verb
from controller.people import People
from controller.profile import Profile, Register
from controller.programme import Moment

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


def test_who_is_deleted_on_the_way_home_leaves_nothing_behind(tmp_path: Path) -> None:
    """The session is over by then, and its record is not: the way to level belongs to it."""
    path = tmp_path / "home.history.sqlite3"
    ana = Profile(id="ana", name="Ana", height_cm=168.0, weight_kg=62.0)
    rig = Rig(people=People(None, Register({"ana": ana}, {}, {"ana": Moment(0.0)})))
    historian, broker = Historian(rig.core, HistoryInline(path, 90, lambda _: None, lambda: WALL)), Broker()
    historian.begin(broker)
    step = rig.step

    def recorded(*given: Input) -> Output:
        output = step(*given)
        historian.step(output, WALL + rig.now_s)
        return output

    rig.step = recorded  # type: ignore[method-assign, assignment]
    rig.wish(Verb.ARM, person="ana")
    rig.run(1.2)
    assert rig.wish(Verb.START, preset="back").accepted
    while rig.unit.angle_deg < 12.0:
        rig.step()
    rig.wish(Verb.STOP)
    rig.run(1.2)
    assert [one.record.person for one in read(path, 9)] == ["ana"]
    assert rig.wish(Verb.PEOPLE_DELETE, person="ana").accepted
    assert read(path, 9) == []
    rig.wish(Verb.LEVEL)
    rig.run(30.0)
    assert not rig.core.conduct.booking.session
    assert read(path, 9) == []
    assert broker.last[-1] is None
    historian.stop(1.0)
    assert b"ana" not in path.read_bytes()
