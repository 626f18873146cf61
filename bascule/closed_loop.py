"""Controller and simulated table joined in memory, in virtual time: the same bytes as over a port, no clock, no thread.

A run is decided by its seed and its wishes: the same ones give the same trace.
"""

from collections.abc import Callable, Mapping

from controller import child_lock, own_presets, profile
from controller.account import Account, Reconciled, Reserved, Settled
from controller.booking import Booking, Reconcile, Reserve, Settle
from controller.conduct import Settings
from controller.core import BrokerStatus, Core, Input
from controller.estimator import Estimate
from controller.model import Answer, Event, Keep, State, Verb, Wish
from controller.people import People
from controller.presets import bundled
from controller.profile import FixedProfile
from simulator.table import Table


class ClosedLoop:
    """One table and its controller. `answers`, `events` and `trace` (true angle, each 20 ms) grow as it runs.

    `speed`: how many times slower than the table's clock that of human hands goes. `account`: what the ledger holds.
    `connected`: whether bytes get through. `recording`: whether the ledger, which is in memory, answers. `files`: what
    the controller wanted kept, by name. `fixed`: the people of the configuration.
    """

    def __init__(
        self,
        seed: int = 0,
        angle_deg: float = -80.0,
        settings: Settings | None = None,
        table: Table | None = None,
        speed: float = 1.0,
        account: Account | None = None,
        fixed: Mapping[str, FixedProfile] | None = None,
    ) -> None:
        self.table = table or Table(seed, angle_deg)
        self.settings = settings or Settings()
        self.speed = speed
        self.answers: list[Answer] = []
        self.events: list[Event] = []
        self.trace: list[float] = []
        self.connected = True
        self.recording = True
        self._seed = seed
        self._inputs: list[Input] = []
        self.account = account or Account()
        self.files: dict[str, str] = {}
        self._fixed = fixed
        self.core = self._new_core()

    def _new_core(self) -> Core:
        self._inputs = [BrokerStatus(True, "")]
        text = self.files.get(child_lock.FILE)
        lock = None if text is None else child_lock.parse(text)
        own = own_presets.read(self.files.get(own_presets.FILE), "presets.toml", bundled())
        kept = self.files.get(profile.FILE)
        people = People(self._fixed, None if kept is None else profile.parse(kept))
        booking = Booking(self.account, self.table.now_s)
        return Core(self.settings, bundled(), booking, self._seed, lock, own, people)

    def restart(self) -> None:
        """The controller is a new process. What the ledger holds open counts in full."""
        for session, held in self.account.reservations.items():
            self.account = self.account.settle(session, self.now_s, held.total_s)
        self._seed += 1
        self.core = self._new_core()

    @property
    def state(self) -> State:
        """What the controller says the table is doing."""
        return self.core.conduct.machine.state

    @property
    def now_s(self) -> float:
        """Virtual seconds."""
        return self.table.now_s

    @property
    def angle_deg(self) -> float:
        """Where the bed really is."""
        return self.table.angle_deg

    @property
    def estimate(self) -> Estimate:
        """What the controller believes. Raises LookupError while it has no link."""
        if self.core.estimate is None:
            raise LookupError("the controller has no link to the unit")
        return self.core.estimate

    def give(self, given: Input) -> None:
        """Something for the controller's next step, which comes with the next tick."""
        self._inputs.append(given)

    def wish(self, verb: Verb, **known: object) -> Answer:
        """Send a wish; its answer, one tick later."""
        before = len(self.answers)
        self.give(Wish(verb, **known))  # type: ignore[arg-type]
        self.tick()
        return next(answer for answer in self.answers[before:] if answer.verb == verb)

    def arm_and(self, verb: Verb, **known: object) -> Answer:
        """Arm, wait the second that belongs to a human hand, and send the wish."""
        self.wish(Verb.ARM)
        self.run(1.5 * self.speed)
        return self.wish(verb, **known)

    def run(self, seconds: float, until: Callable[[], bool] | None = None) -> bool:
        """Let time pass; whether `until` came true within it."""
        table, tick = self.table, self.tick
        end_ms = table.now_ms + round(seconds * 1000)
        while table.now_ms < end_ms:
            tick()
            if until is not None and until():
                return True
        return False

    def tick(self) -> None:
        """10 ms: the table moves on, and what it says goes through the controller and back."""
        table, connected, inputs = self.table, self.connected, self._inputs
        data = table.tick()
        if data:
            self.trace.append(table.physics.bed_deg)
        elif not inputs and connected:
            return
        if inputs:
            self._inputs = []
        now_s = table.now_s
        output = self.core.step(now_s, now_s / self.speed, data if connected else b"", inputs)
        if output.data and connected:
            table.receive(output.data)
        if output.answers:
            self.answers.extend(output.answers)
        if output.events:
            self.events.extend(output.events)
        if output.requests:
            for request in output.requests:
                self._record(request)

    def _record(self, request: object) -> None:
        """A ledger in memory that answers at once, or never."""
        if isinstance(request, Keep):
            self.files.pop(request.file, None)
            if request.text is not None:
                self.files[request.file] = request.text
        if not self.recording:
            return
        if isinstance(request, Reserve):
            self.account = self.account.reserve(request.session, request.person, request.total_s)
            self.give(Reserved(request.session, request.total_s, self.account))
        elif isinstance(request, Settle):
            self.account = self.account.settle(request.session, request.ledger_s, request.used_s)
            self.give(Settled(request.session, request.used_s, self.account))
        elif isinstance(request, Reconcile):
            self.give(Reconciled(0.0, self.account))
