"""One race: the real stop lane, inbox, core and table, stepped in the order that threads and wires may give them.

A step of the daemon's loop is taken apart: what comes before its wishes are taken, while it computes, between two parts
of its write, and after it. Times are the table's; nothing here reads a clock.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Final

from controller.inbox import Inbox
from controller.model import Verb, Wish
from controller.mqtt.late import as_late
from controller.stop_lane import StopLane
from protocol.link import STOP_FRAME
from protocol.messages import Stop

from .judge import REPEAT_TICKS, Judge
from .line import LanePort, Piece, ways
from .plan import At, Lane, Plan, Press, Slot, plan
from .starts import start

SLOT_S: Final = {Slot.BEFORE: -0.01, Slot.TAKEN: 0.0, Slot.WRITING: 0.001, Slot.AFTER: 0.005}
"""When in a tick each of them is. Chosen: telemetry comes at 0."""
SLOTS: Final = len(Slot)
LONGEST_TICKS: Final = 150
HOME_TICKS: Final = 3000
"""60 s: 20 s of freeze, and level from 28° at 1 °/s at most."""
ARGUMENTS: Final[dict[Verb, dict[str, object]]] = {
    Verb.START: {"preset": "gentle"}, Verb.GOTO: {"angle_deg": 12.0}, Verb.JOG: {"direction": 1},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Result:
    """A race after it: what was wrong, and what it was like. Ticks of 20 ms after the stop's arrival until rest."""

    number: int
    start: str
    wrong: tuple[str, ...]
    ticks: int
    stops: int
    arrivals: int
    spoilt: int
    rest_ticks: int
    travel_deg: float


def run(number: int) -> Result:
    """The race of this number."""
    return Race(plan(number)).run()


class Race:
    """One race under way. Moments are counted, in the order of all that happens."""

    def __init__(self, planned: Plan) -> None:
        self.plan = planned
        begun = start(planned.start, planned.person)
        begun.again(planned.number)
        self._random = random = Random(planned.number + 1)
        self._loop = begun.loop
        self._witness = begun.witness
        self._table, self._core = begun.loop.table, begun.loop.core
        self._urgent = self._core.conduct.urgent
        self._up, self._down = ways(planned.wires, random)
        self._inbox = Inbox()
        self._lane = StopLane()
        self._port = LanePort(self._up, random)
        self.judge = Judge(self._table, self._core)
        self._now = 0
        self._tick = 0
        self._made: dict[int, int] = {}
        self._told_stop = 0
        self._framed = [0]
        self._stops = 0
        self._dues: list[tuple[int, int]] = []
        self._agenda: dict[int, list[tuple[Press, bool]]] = {}
        for press in planned.presses:
            self._agenda.setdefault(_place(press.at), []).append((press, True))
            if press.told is not None:
                self._agenda.setdefault(_place(press.told), []).append((press, False))
        wires = planned.wires
        self._bad_ticks = wires.bad_ticks if wires.up_bad or wires.down_bad else 0
        stalled, ticks = planned.stall
        self._stalled = range(stalled, stalled + ticks)
        self._calm = ticks + wires.up_ticks + wires.down_ticks + REPEAT_TICKS
        last = max(self._bad_ticks, *(place // SLOTS for place in self._agenda))
        self._last = last + ticks + wires.up_ticks + wires.down_ticks + 2
        self._pressed: dict[int, int] = {}

    def run(self) -> Result:
        """To the table's rest, and as much longer as was planned."""
        planned, judge = self.plan, self.judge
        rested = 0
        while rested < planned.rest_ticks and self._tick < LONGEST_TICKS:
            resting = self._step()
            over = self._tick > self._last and not (self._dues or self._up.pieces or self._urgent.stopping)
            rested = rested + 1 if over and (resting or not judge.bound) else 0
        judge.settled(max(judge.stopped_by, self._told_stop))
        if planned.home and judge.bound:
            self._home()
        return Result(
            planned.number, planned.start, tuple(judge.wrong), self._tick, self._stops, judge.arrivals,
            self._up.spoilt + self._down.spoilt, judge.rest_ticks, judge.travel_deg,
        )  # fmt: skip

    # ---- time -------------------------------------------------------------------------------------------------------

    def _home(self) -> None:
        """The freeze of 20 s, and the way to level after it."""
        for _ in range(HOME_TICKS):
            if self._step() and self.judge.homeward:
                break
        if not self.judge.moved_by:
            self.judge.at_home()

    def _step(self) -> bool:
        """20 ms; whether the table rests."""
        table, judge, down = self._table, self.judge, self._down
        self._tick += 1
        tick = judge.tick = self._up.tick = down.tick = self._tick
        data = table.tick()
        resting = judge.look()
        if data:
            down.put(data)
        self._happen(Slot.BEFORE)
        if tick in self._stalled:
            self._happen(Slot.TAKEN)
            self._happen(Slot.WRITING)
        else:
            heard = b""
            while (piece := down.take()) is not None:
                heard += piece.data
            self._control(Slot.TAKEN, heard)
        self._happen(Slot.AFTER)
        self._deliver()
        for due, press in self._dues[:]:
            arrived = judge.bound and judge.arrived > press
            if arrived or due <= tick:
                self._dues.remove((due, press))
                judge.due(press)
        return resting

    def _control(self, slot: Slot, heard: bytes) -> None:
        """One turn of the daemon's loop, with what may come in the middle of it."""
        core, link = self._core, self._core.link
        frames, inputs = self._lane.frames, self._inbox.take()
        whole_turn = slot is Slot.TAKEN
        if whole_turn:
            self._happen(Slot.TAKEN)
        now_s = self._table.now_s + SLOT_S[slot]
        before = link._sequence
        self._now += 1
        self._told_stop = max(self._told_stop, self._framed[frames])
        output = core.step(now_s, now_s, heard, inputs, frames)
        for sequence in range(before + 1, link._sequence + 1):
            self._made[sequence & 0xFFFF] = self._now
        for request in output.requests:
            self._loop._record(request)
        for given in self._loop._inputs:
            self._inbox.notice(given)
        self._loop._inputs.clear()
        self._write(output.data, whole_turn)

    def _write(self, data: bytes, whole_turn: bool) -> None:
        """The daemon's write, in two parts if the first one was short."""
        up, place = self._up, len(data)
        stops = int(data.startswith(STOP_FRAME))
        if len(data) > 1 and whole_turn and self._random.random() < self.plan.wires.split:
            place = self._random.randrange(1, len(data))
            if place < len(STOP_FRAME):
                stops = 0
        if whole_turn and place == len(data):
            self._happen(Slot.WRITING)
        if data:
            up.put(data[:place], stops, self._told_stop)
        if place < len(data):
            self._happen(Slot.WRITING)
            up.put(data[place:])
        if self._port.rest:
            up.put(self._port.rest)
            self._port.rest = b""

    # ---- what happens -----------------------------------------------------------------------------------------------

    def _happen(self, slot: Slot) -> None:
        """What was planned for this moment."""
        for press, first in self._agenda.pop(self._tick * SLOTS + slot, ()):
            self._now += 1
            if first:
                if press.verb is Verb.STOP:
                    self._on_stop(press, slot)
                else:
                    self.judge.wish(press.verb, self._now, press.held_up)
                continue
            if press.verb is not Verb.STOP:
                wish = Wish(press.verb, **ARGUMENTS.get(press.verb, {}))  # type: ignore[arg-type]
                # As `MqttClient` does while a stop that was told is still unread.
                self._inbox.put(as_late(wish) if press.held_up else wish)
            else:
                # As `Daemon.on_wish` does.
                self._told_stop = max(self._told_stop, self._pressed[id(press)])
                self._inbox.put(replace(Wish(Verb.STOP), sent=self._lane.frames))
            if press.wakes and slot in (Slot.BEFORE, Slot.AFTER) and self._tick not in self._stalled:
                self._control(slot, b"")

    def _on_stop(self, press: Press, slot: Slot) -> None:
        """The thread that received the stop writes its frame."""
        port, lane = self._port, self._lane
        self._stops += 1
        self._pressed[id(press)] = self._now
        port.lane, port.press, port.written = press.lane, self._now, b""
        lane.port = None if press.lane is Lane.CLOSED else port
        frames = lane.frames
        said = lane.stop(self._table.now_s + SLOT_S[slot])
        self.judge.wrote(said, frames, lane.frames, port.written, STOP_FRAME)
        known = press.told
        if lane.frames > frames:  # the core hears of these without any wish
            self._framed.append(self._now)
            known = press.at
        if known is not None:
            self._dues.append((max(known[0], self._bad_ticks) + self._calm, self._now))

    def _deliver(self) -> None:
        """What has arrived at the unit, which obeys it."""
        while (piece := self._up.take()) is not None:
            self._reach(piece)

    def _reach(self, piece: Piece) -> None:
        obeyed = self._witness.obeyed
        self._now += 1
        if piece.data:
            self._table.receive(piece.data)
        stops = 0
        for message in obeyed:
            if isinstance(message, Stop):
                stops += 1
                self.judge.obeyed(message, 0, self._now, piece.press)
            else:
                self.judge.obeyed(message, self._made.get(message.sequence, 0), self._now, 0)
        self.judge.heard(stops, piece.stops)
        obeyed.clear()


def _place(at: At) -> int:
    """A moment as a number; many of them are looked up."""
    tick, slot = at
    return tick * SLOTS + slot
