"""What has to hold in each race, restated from docs/safety.md, and judged by the unit's own motion and the true table.

A stop that arrived binds the table until somebody's younger wish is obeyed.
"""

from typing import Final

from controller.core import Core
from controller.model import State, Verb
from protocol.messages import Cause, Stop
from simulator.table import Table

from .starts import Obeyed

BRAKING_CDPS, BRAKING_UP_CDPS = 9, 8
"""4.5 and, on the way up, 4.0 °/s² in 20 ms, below the 5 °/s² that a stop may take."""
REST_TICKS: Final = 65
TRAVEL_DEG: Final = 1.5
"""1.3 s and 1.5° (docs/safety.md, limits)."""
REPEAT_TICKS: Final = 7
"""A stop whose frame was lost is written again 60 ms after its wish, with the next step; and steps are 20 ms apart, at
both ends. Chosen: the sum and two ticks more."""
SLOW_CDPS: Final = 100
"""1 °/s at most on the way home after a stop."""
STILL_DPS: Final = 0.02
WISHES: Final = frozenset({Verb.ARM, Verb.LEVEL, Verb.STAND})
"""What may move a table after a stop; everything else needs one of these first."""
STOPPED, LEVEL_WISHED, FROZEN_LONG = int(Cause.STOPPED), int(Cause.LEVEL_WISHED), int(Cause.FROZEN_LONG)
FROZEN_TICKS: Final = 1000
"""20 s: so long a stop wins over the return (docs/safety.md, the ladder)."""
RESTING: Final = frozenset({State.FROZEN, State.STANDING, State.STANDBY, State.LEVEL})
HEAD_DOWN_DEG: Final = 1.5


class Judge:
    """Watches one race. `wrong`: what did not hold; `bound`: a stop arrived, and no younger wish was obeyed since."""

    def __init__(self, table: Table, core: Core) -> None:
        self._table, self._core, self._unit = table, core, table._unit
        self.wrong: list[str] = []
        self.bound = False
        self.arrived = 0
        self.tick = self.arrived_tick = 0
        self.stopped_by = self.moved_by = 0
        self.wished = 0
        self.arrivals = 0
        self.homeward = False
        self.rest_ticks = 0
        self.travel_deg = 0.0
        self._out_cdps = 0
        self._from_deg = 0.0

    def wish(self, verb: Verb, now: int, held_up: bool) -> None:
        """Somebody pressed something. Of what is held up on its way only `level` still moves anybody (F21)."""
        if verb is Verb.LEVEL or (verb in WISHES and not held_up):
            self.wished = now

    # ---- what reaches the unit --------------------------------------------------------------------------------------

    def obeyed(self, message: Obeyed, made: int, now: int, press: int) -> None:
        """The unit obeyed a message that was made at this moment of the race; `press`: the stop that it belongs to."""
        if isinstance(message, Stop):
            self.arrived = now
            self.arrivals += 1
            self.stopped_by = max(self.stopped_by, press)
            if not self.bound:
                self.bound = True
                self.arrived_tick = self.tick
                self._out_cdps = self._unit._motion.out_cdps
                self._from_deg = self._table.physics.bed_deg
            return
        if not self.arrived:
            return
        what = type(message).__name__.upper()
        if made < self.arrived:
            self._say(f"a {what} made before the stop was obeyed after it")
        elif self.wished < self.stopped_by:
            self._say(f"a {what} was obeyed after the stop, and nobody wished anything since")
        else:
            self.bound = self.homeward = False
            self.moved_by = self.wished

    def heard(self, stops: int, sent: int) -> None:
        """So many stops were counted of so many whole stop frames."""
        if stops < sent:
            self._say("a whole stop frame was not heard")

    def due(self, press: int) -> None:
        """By now this stop must have arrived."""
        if not self.bound and self.moved_by <= press:
            self._say("a stop did not reach the unit in time")

    def wrote(self, said: bool, before: int, after: int, bytes_out: bytes, frame: bytes) -> None:
        """What the lane says that it did, and what it did."""
        if (said and bytes_out != frame) or (said and after != before + 1) or (not said and after != before):
            self._say("the stop lane did not write what it says")

    # ---- each tick --------------------------------------------------------------------------------------------------

    def look(self) -> bool:
        """After a tick of the unit: whether the table rests."""
        unit, physics = self._unit, self._table.physics
        motion, grant, ladder = unit._motion, unit._grant, unit._ladder
        out = motion.out_cdps
        if self.bound and ladder.active & FROZEN_LONG and self.tick - self.arrived_tick >= FROZEN_TICKS:
            self.bound, self.homeward = False, True
        if self.homeward:
            self._goes_home(out)
        resting = not out and motion.braked and -STILL_DPS < physics.drive_dps < STILL_DPS
        if self.bound:
            self._brakes(out)
            self._out_cdps = out
            if grant.armed or grant.setpoint is not None:
                self._say("a lease or the grant outlives the stop")
            if not ladder.active & STOPPED and (out or unit.angle.head_down):
                self._say("the unit is not frozen")
            travel_deg = abs(physics.bed_deg - self._from_deg)
            self.travel_deg = max(self.travel_deg, travel_deg)
            if travel_deg > TRAVEL_DEG:
                self._say(f"it went on by more than {TRAVEL_DEG}°")
            if not resting:
                self.rest_ticks = max(self.rest_ticks, self.tick - self.arrived_tick)
                if self.tick - self.arrived_tick > REST_TICKS:
                    self._say("it is not at rest in time")
        return resting

    def _brakes(self, out: int) -> None:
        """Each tick takes its part of the rate away, until none is left, and nothing turns round."""
        part = BRAKING_CDPS if self._out_cdps > 0 else BRAKING_UP_CDPS
        most = max(abs(self._out_cdps) - part, 0)
        if abs(out) > most or out * self._out_cdps < 0:
            self._say("it does not brake", f": {self._out_cdps} to {out} hundredths of a degree a second")

    # ---- the end ----------------------------------------------------------------------------------------------------

    def settled(self, newest_stop: int) -> None:
        """The controller knows of the stop, has nothing under way, and keeps nothing in mind, unless newly wished."""
        c = self._core.conduct
        if not self.bound or self.wished > newest_stop:
            return
        if c.urgent.stopping:
            self._say("the stop is not confirmed")
        if c.run is not None or c.way is not None or c.leading or c.urgent.levelling or c.home_at_s is not None:
            self._say(f"the controller goes on after the stop: {c.state}")
        if c.state not in RESTING:
            self._say(f"the controller believes {c.state} after the stop")
        if self._core.estimate is None:
            self._say("the controller has lost the unit")

    def _goes_home(self, out: int) -> None:
        """During the unit's own return after the freeze: towards level only, slowly."""
        if out > 0 or out < -SLOW_CDPS:
            self._say("it returns wrongly", f": with {out} hundredths of a degree a second")
        if self._unit._grant.armed or self._unit._grant.setpoint is not None:
            self._say("something is granted on the way home")
        if self._unit._ladder.active & LEVEL_WISHED:
            self._say("the controller wished level by itself")

    def at_home(self) -> None:
        """After it: level and at rest, if it was head down; where it was, otherwise."""
        if self._unit._motion.out_cdps or self._table.physics.bed_deg > HEAD_DOWN_DEG + 0.5:
            self._say(f"it is not level: {self._table.physics.bed_deg:.1f}°")

    def _say(self, what: str, more: str = "") -> None:
        """Each wrong once, as it was first."""
        if not any(one.startswith(what) for one in self.wrong):
            self.wrong.append(what + more)
