"""The ways to where a check begins, and home again. Only these lead a table, and only towards what a check needs."""

from typing import Final

from protocol.messages import Cause, Flag, Rung

from .talk import LEVEL_DEG, RunawayError, Talk, UnmetError, Wish, causes

WEIGHT: Final = Wish("weight", "Put the sandbag on the table, and close both ankle locks. Nobody may be on it")
HOME_S: Final = 90.0
"""From 60° at 1 °/s (safety.md, R1), with its beginning and its end."""
LEAD_S: Final = 45.0
"""From standing to level at 3 °/s is 27 s; a heavy person and a weak drive take longer."""


def weight(talk: Talk) -> None:
    """Something for the occupant sensor to feel, and locked ankles. Raises NoHandError."""
    talk.hand(WEIGHT, lambda: talk.secured)


def home(talk: Talk) -> None:
    """Level or head-up, at rest, nothing latched. Raises RunawayError: a unit that can't is not tried any further."""
    talk.live()
    talk.run(0.1)
    if talk.now.causes & Cause.STOPPED or talk.now.bed_deg > LEVEL_DEG or talk.now.drive_deg > LEVEL_DEG:
        talk.level()
    leading = (Rung.LEVEL, Rung.BLIND_LEVEL)
    rests = talk.run(HOME_S, lambda: talk.still and talk.now.angle_deg <= LEVEL_DEG and talk.now.rung not in leading)
    if rests and talk.now.latched:
        talk.acknowledge()
    if not rests or talk.now.latched:
        raise RunawayError(f"it does not come home: {talk.now.angle_deg:.1f}°, causes {causes(talk.now)}")


def at_level(talk: Talk) -> None:
    """At rest at level, a weight on the table, nothing granted, nothing that speaks against a grant."""
    weight(talk)
    home(talk)
    if abs(talk.now.angle_deg) > 1.0:
        lead_to(talk, 0.0)
    talk.live()
    if not talk.run(3.0, lambda: talk.still and not talk.has(Flag.ARMED) and not talk.now.causes | talk.now.latched):
        # A grant that is left ends with a STOP; at level that leaves nothing behind.
        talk.stop()
        if not talk.run(3.0, lambda: talk.still and not talk.now.causes | talk.now.latched):
            raise UnmetError(f"it does not come to rest at level: causes {causes(talk.now)}")
    talk.forget()
    talk.run(0.1)


def lead_to(talk: Talk, angle_deg: float) -> None:
    """Armed, led there as a controller does, and held there by a lease."""
    talk.arm()
    talk.lead(angle_deg)
    there = talk.run(LEAD_S, lambda: abs(talk.now.angle_deg - angle_deg) < 0.6 and talk.has(Flag.BRAKE))
    talk.expect(there, f"it was led to {angle_deg:g}° and is at {talk.now.angle_deg:.1f}°: causes {causes(talk.now)}")


def down_to(talk: Talk, angle_deg: float) -> None:
    """At rest on the head-up side: a lease alone leads down."""
    at_level(talk)
    talk.lead(angle_deg)
    there = talk.run(LEAD_S, lambda: talk.now.angle_deg < angle_deg + 0.6 and talk.still)
    talk.run(0.5)
    talk.expect(there, f"it was led to {angle_deg:g}° and is at {talk.now.angle_deg:.1f}°: causes {causes(talk.now)}")
    talk.forget()
    talk.run(0.1)


def head_down(talk: Talk, angle_deg: float) -> None:
    """Held head down by a lease."""
    at_level(talk)
    lead_to(talk, angle_deg)
    talk.run(0.3)
    talk.forget()
    talk.run(0.1)


def rising(talk: Talk, angle_deg: float, rate_dps: float = 3.0) -> None:
    """Armed and on the way up, as it passes this angle."""
    at_level(talk)
    talk.arm()
    talk.lead(angle_deg + 12.0, rate_dps)
    passes = talk.run(LEAD_S, lambda: talk.now.angle_deg >= angle_deg)
    talk.expect(passes, f"it was led up and is at {talk.now.angle_deg:.1f}°: causes {causes(talk.now)}")
    talk.forget()
    talk.run(0.1)
