"""What must hold in every run: each requirement as a function of the true record, with its robustness.

A robustness is the signed distance to a violation, in the requirement's own unit: 0.4 s to spare, 0.2° too much. The
least one over thousands of runs tells how near the worst came. They are bounded temporal logic ("always, within 1.3 s
of a stop, at rest") but plain functions: most begin at an event and end at another, several have units of their own,
and one pass over a list is fast enough for each of fifty thousand runs, which a general evaluator is not.

Every figure is restated from docs/safety.md and docs/domain.md, never imported from the code that is judged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from . import campaign_home as home
from . import campaign_motion as motion
from . import campaign_trust as trust
from .campaign_trace import Trace


@dataclass(frozen=True, slots=True)
class Monitor:
    """One requirement: the faults and hazards of docs/safety.md it watches, its unit, and what it says."""

    name: str
    ids: tuple[str, ...]
    unit: str
    sentence: str
    robustness: Callable[[Trace], float]


MONITORS: Final = (
    Monitor("angle", ("F14", "H2"), "°", "The bed stays within the limit and 1°.", motion.angle),
    Monitor("rate", ("H6",), "°/s", "The drive makes at most 3 °/s, and 0.1 for noise.", motion.rate),
    Monitor("trip", ("F12", "H6"), "s", "Nothing is clearly faster than 5 °/s for half a second.", motion.trip),
    Monitor("acceleration", ("H8",), "°/s²", "The bed stops and starts at 5 °/s² at most, but in R3.",
            motion.acceleration),
    Monitor("plan_acceleration", ("H6", "H8"), "°/s²", "A plan accelerates by at most 1 °/s², and 0.6 for the loop.",
            motion.plan_acceleration),
    Monitor("plan_jerk", ("H8",), "°/s³", "A plan jerks by at most 2 °/s³, and 2 for the loop.", motion.plan_jerk),
    Monitor("stop_travel", ("H11",), "°", "After a stop the drive moves at most 1.5°.", motion.stop_travel),
    Monitor("stop_time", ("H11",), "s", "1.3 s after a stop the drive stands.", motion.stop_time),
    Monitor("stop_holds", ("H7", "H11"), "s", "What a stop froze stays 20 s if nobody wishes.", motion.stop_holds),
    Monitor("slow_return", ("H7",), "°/s", "A return after a stop makes at most 1 °/s.", motion.slow_return),
    Monitor("slow_with_open_lock", ("F25", "H7"), "°/s", "With an ankle lock open a return makes at most 1 °/s.",
            motion.slow_with_open_lock),
    Monitor("lease", ("F2", "F17"), "s", "Without a lease or a reaction of the unit the drive stands after 1.3 s.",
            home.lease),
    Monitor("silence", ("F3", "F4", "F17", "H1"), "s", "Head down, a silent host means a return within 2.5 s.",
            home.silence),
    Monitor("return_time", ("F11", "H1"), "s", "A return reaches level at 0.5 °/s or faster.", home.return_time),
    Monitor("stranded", ("H1",), "s", "Nobody stays head down at rest without a session.", home.stranded),
    Monitor("ends_home", ("H1",), "°", "A run that may not end in R3 ends level or head up.", home.ends_home),
    Monitor("ends_still", ("H1",), "", "A run comes to rest.", home.ends_still),
    Monitor("head_down_time", ("F14", "H3"), "s", "When the time for the angle is over, the return begins in 2 s.",
            home.head_down_time),
    Monitor("no_increase", ("F2", "F21", "H4", "H15"), "°", "Nothing rises without a fresh lease.", trust.no_increase),
    Monitor("granted", ("H4", "F21"), "°", "Nothing rises without the unit's grant.", trust.granted),
    Monitor("interlock", ("F25", "F26", "H13"), "°", "Nothing rises without a person locked in.", trust.interlock),
    Monitor("resume", ("F4", "F20", "F21", "H4"), "°", "What was interrupted does not go on by itself.", trust.resume),
    Monitor("head_up_holds", ("H15",), "°", "Head up, nothing moves without a lease, either way.", trust.head_up_holds),
    Monitor("emergency_stop", ("F24", "H11"), "s", "With the emergency stop pressed nothing is driven.",
            trust.emergency_stop),
    Monitor("release", ("F24", "H4"), "°", "The release of the emergency stop or of lowering moves nothing.",
            trust.release),
    Monitor("pause_before_standing", ("H8",), "s", "Nobody stands up within a minute of having been head down.",
            trust.pause_before_standing),
    Monitor("siren", ("H1",), "s", "R3 sounds the siren.", trust.siren),
    Monitor("told", ("H10",), "s", "R3 shows as a fault within a second.", trust.told),
    Monitor("honest", ("F7", "F8", "H10"), "s", "An angle that is shown as good is good.", trust.honest),
    Monitor("budget", ("F18", "F19", "H3"), "s", "Head-down time is charged.", trust.budget),
    Monitor("applied", (), "", "Every fault of the run changed something.", trust.applied),
)  # fmt: skip
"""Everything that is watched in every run; `applied` watches the run itself."""
