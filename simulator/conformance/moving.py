"""Checks of motion that a host asks for: what is refused, followed, bounded and frozen."""

from typing import Final

from protocol.link import STOP_FRAME
from protocol.messages import Arm, Cause, Flag

from . import ready
from .check import Needs, check
from .talk import ANSWER_S, STILL_DEG, Talk, causes, reasons

STANDSTILL_S: Final = 1.3
STOP_TRAVEL_DEG: Final = 1.5
LEASE_S: Final = 0.5
LIMIT_DPS: Final = 3.0
RATE_SLACK_DPS: Final = 0.3
"""Chosen: a tenth, for play and noise; far from the 5 °/s of the trip."""
ACCELERATION_DPS2: Final = 1.0
NOISE_DEG: Final = 0.3
"""Of an angle that is averaged over two sensors and five telemetries, with the play of the drive."""
OVERSHOOT_DEG: Final = 1.0
"""Limit + 1° is a fault (safety.md, F14)."""


def _stays(talk: Talk, seconds: float, at_deg: float, why: str) -> None:
    talk.run(seconds)
    moved_deg = talk.figure("moved_deg", talk.angle_at(talk.now_s) - at_deg)
    talk.expect(abs(moved_deg) <= STILL_DEG + 0.1, f"it moved by {moved_deg:+.1f}° {why}")


def _fastest(talk: Talk) -> float:
    """The largest rate over any second, degrees a second."""
    return talk.figure("fastest_dps", max(map(abs, talk.rates())))


def brakes(talk: Talk, since_s: float, within_s: float, at_deg: float, travel_deg: float, what: str) -> None:
    """It comes to a standstill in this time and way, and stays there."""
    talk.run(max(since_s + within_s + 0.1 - talk.now_s, 0.0))
    stood_deg = talk.angle_at(since_s + within_s + 0.1)
    travelled_deg = talk.figure("travel_deg", abs(stood_deg - at_deg))
    talk.expect(travelled_deg <= travel_deg, f"after {what} it went on for {travelled_deg:.1f}°")
    talk.run(1.0)
    moved_deg = talk.angle_at(talk.now_s) - stood_deg
    talk.expect(
        abs(moved_deg) <= STILL_DEG + 0.1, f"{within_s:.1f} s after {what} it still moves: {moved_deg:+.1f}° in 1 s"
    )
    talk.expect(talk.has(Flag.BRAKE), f"after {what} the brake is off")


@check(
    "C55",
    "Nothing increases the angle without ARM: NOT_ARMED.",
    "protocol.md: 0x06 SETPOINT",
    "H4",
    "H15",
    needs=Needs.MOTION,
)
def needs_arming(talk: Talk) -> None:
    ready.at_level(talk)
    at_deg = talk.angle_at(talk.now_s)
    talk.hold(10.0, 3.0)
    _stays(talk, 1.5, at_deg, "without a grant")
    talk.expect("NOT_ARMED" in reasons(talk.said), f"it was answered: {reasons(talk.said)[:80] or 'no rejection'}")
    talk.expect(not talk.has(Flag.LEASED), "the SETPOINT became a lease")
    ready.down_to(talk, -4.0)
    at_deg = talk.angle_at(talk.now_s)
    talk.live()
    talk.run(0.8)
    talk.hold(0.0, 3.0)
    _stays(talk, 1.5, at_deg, "towards level from the head-up side, without a grant")


@check(
    "C56",
    "Armed, it follows setpoints to their angle and holds there.",
    "protocol.md: 0x06 SETPOINT",
    needs=Needs.MOTION,
)
def follows(talk: Talk) -> None:
    ready.at_level(talk)
    ready.lead_to(talk, 4.0)
    talk.run(1.0)
    at_deg = talk.figure("held_at_deg", talk.angle_at(talk.now_s))
    talk.expect(abs(at_deg - 4.0) <= 1.0, f"it was led to 4° and is at {at_deg:.1f}°")
    _stays(talk, 2.0, at_deg, "where it was to hold")


@check("C57", "It moves at 3 °/s at most, whatever is asked.", "protocol.md: 0x06 SETPOINT", "H6", needs=Needs.MOTION)
def rate_limit(talk: Talk) -> None:
    ready.at_level(talk)
    talk.arm()
    talk.forget()
    talk.hold(30.0, 30.0, 30.0)
    talk.run(8.0, lambda: talk.now.angle_deg > 10.5)
    talk.level()
    fastest_dps = _fastest(talk)
    talk.expect(talk.now.angle_deg > 3.0, f"it does not follow: {talk.now.angle_deg:.1f}°, causes {causes(talk.now)}")
    talk.expect(fastest_dps <= LIMIT_DPS + RATE_SLACK_DPS, f"asked for 30 °/s, it went at {fastest_dps:.1f} °/s")


@check(
    "C58", "It speeds up by 1 °/s² at most, whatever is asked.", "protocol.md: 0x06 SETPOINT", "H8", needs=Needs.MOTION
)
def acceleration_limit(talk: Talk) -> None:
    ready.at_level(talk)
    at_deg = talk.angle_at(talk.now_s)
    talk.arm()
    talk.forget()
    talk.hold(12.0, 30.0, 12.0)
    began_s = talk.now_s
    talk.run(2.2)
    for after_s in (1.0, 1.5, 2.0):
        went_deg = talk.figure(f"after_{after_s:g}_s_deg", talk.angle_at(began_s + after_s) - at_deg)
        most_deg = ACCELERATION_DPS2 * after_s**2 / 2 + NOISE_DEG
        talk.expect(
            went_deg <= most_deg, f"after {after_s:g} s it went {went_deg:.1f}°, at 1 °/s² it is {most_deg:.1f}°"
        )


@check("C59", "It keeps the limit that the setpoint names.", "protocol.md: 0x06 SETPOINT", "H2", needs=Needs.MOTION)
def named_limit(talk: Talk) -> None:
    ready.at_level(talk)
    talk.arm()
    talk.hold(12.0, 3.0, 4.0)
    talk.run(6.0)
    highest_deg = talk.figure("highest_deg", max(told.telemetry.bed_deg for told in talk.told))
    talk.expect(highest_deg > 2.5, f"it does not follow: {highest_deg:.1f}°, causes {causes(talk.now)}")
    talk.expect(highest_deg <= 4.0 + OVERSHOOT_DEG, f"the setpoint's limit was 4°, and it went to {highest_deg:.1f}°")


@check(
    "C60", "It keeps its own limit, whatever is asked.", "protocol.md: 0x06 SETPOINT", "H2", "F14", needs=Needs.MOTION
)
def own_limit(talk: Talk) -> None:
    limit_deg = talk.greet().limit_deg
    talk.live()
    ready.at_level(talk)
    talk.arm()
    talk.fence_deg = limit_deg + 2.0
    talk.hold(90.0, 3.0, 90.0)
    talk.run(40.0, lambda: talk.now.angle_deg > limit_deg - 1.0)
    talk.run(2.0)
    highest_deg = talk.figure("highest_deg", max(told.telemetry.bed_deg for told in talk.told))
    talk.expect(highest_deg > limit_deg - 2.0, f"it got to {highest_deg:.1f}° only, causes {causes(talk.now)}")
    talk.expect(
        highest_deg <= limit_deg + OVERSHOOT_DEG, f"its limit is {limit_deg:g}°, and it went to {highest_deg:.1f}°"
    )
    talk.expect(not talk.now.latched & Cause.OVER_ANGLE, "at its own limit it latched OVER_ANGLE")


@check(
    "C61",
    "A lease that ends in motion brakes at once and ends the grant.",
    "protocol.md: Lease",
    "F2",
    needs=Needs.MOTION,
)
def lease_lapses(talk: Talk) -> None:
    ready.rising(talk, 3.0)
    at_deg, since_s = talk.now.angle_deg, talk.now_s
    talk.live()
    brakes(
        talk, since_s, LEASE_S + STANDSTILL_S, at_deg, LEASE_S * LIMIT_DPS + 2 * STOP_TRAVEL_DEG, "the last SETPOINT"
    )
    talk.expect(talk.active(Cause.LEASE_EXPIRED), "it does not tell LEASE_EXPIRED")
    talk.expect(not talk.has(Flag.ARMED), "the grant goes on")
    at_deg = talk.angle_at(talk.now_s)
    talk.hold(10.0, 3.0)
    _stays(talk, 1.0, at_deg, "by setpoints that came back after the lease")


@check("C62", "STOP freezes within 1.3 s and 1.5°.", "protocol.md: 0x02 STOP", "H11", needs=Needs.MOTION)
def stop_freezes(talk: Talk) -> None:
    ready.rising(talk, 3.0)
    at_deg, since_s = (talk.now.bed_deg + talk.now.drive_deg) / 2, talk.now_s
    talk.send(STOP_FRAME)  # and setpoints of the old wish go on
    brakes(talk, since_s, STANDSTILL_S, at_deg, STOP_TRAVEL_DEG + NOISE_DEG, "a STOP")
    talk.expect(talk.has(Flag.FROZEN), "it does not say FROZEN")
    talk.expect("VOID_STOP_COUNT" in reasons(talk.said), "setpoints that were in flight are not refused as void")


@check(
    "C63", "Frozen head down, no SETPOINT is taken: LATCHED.", "protocol.md: 0x06 SETPOINT", "H11", needs=Needs.MOTION
)
def frozen_takes_none(talk: Talk) -> None:
    ready.head_down(talk, 5.0)
    talk.stop()
    talk.run(1.5)
    at_deg = talk.angle_at(talk.now_s)
    talk.said.clear()
    talk.hold(10.0, 3.0)
    _stays(talk, 1.0, at_deg, "by setpoints after a STOP")
    talk.hold(0.0, -3.0)
    _stays(talk, 1.0, at_deg, "by setpoints after a STOP")
    talk.expect("LATCHED" in reasons(talk.said), f"it was answered: {reasons(talk.said)[:80] or 'no rejection'}")


@check("C64", "ARM is refused in motion and head down.", "protocol.md: 0x04 ARM", "H4", needs=Needs.MOTION)
def arm_is_refused(talk: Talk) -> None:
    ready.at_level(talk)
    talk.lead(-12.0)
    talk.expect(talk.run(6.0, lambda: talk.has(Flag.MOVING)), "it does not follow a setpoint down")
    talk.run(0.5)
    said = reasons(talk.asks(Arm(talk.next(), talk.nonce, talk.now.stop_count), within_s=0.1))
    talk.expect(said == "NOT_AT_REST", f"in motion ARM was answered: {said or 'no rejection'}")
    talk.live()
    ready.head_down(talk, 4.0)
    talk.live()
    talk.run(1.5)
    said = reasons(talk.asks(Arm(talk.next(), talk.nonce, talk.now.stop_count)))
    talk.expect(said == "LATCHED", f"head down ARM was answered: {said or 'no rejection'}")
    talk.expect(not talk.has(Flag.ARMED), "head down it is armed")


@check(
    "C65",
    "A HELLO in motion brakes and ends the grant: nothing resumes.",
    "protocol.md: Handshake",
    "F4",
    needs=Needs.MOTION,
)
def hello_in_motion(talk: Talk) -> None:
    ready.down_to(talk, -10.0)
    talk.arm()
    talk.lead(0.0)
    talk.expect(talk.run(8.0, lambda: talk.now.angle_deg > -6.0), "it does not follow up from the head-up side")
    at_deg, since_s = talk.now.angle_deg, talk.now_s
    talk.greet()
    talk.run(0.06)
    talk.hold(0.0, 3.0)
    brakes(talk, since_s, STANDSTILL_S + ANSWER_S, at_deg, 2 * STOP_TRAVEL_DEG, "a HELLO")
    talk.expect(not talk.has(Flag.ARMED), "the grant of the old conversation goes on")


CHECKS: Final = (
    *(needs_arming, follows, rate_limit, acceleration_limit, named_limit, own_limit, lease_lapses, stop_freezes),
    *(frozen_takes_none, arm_is_refused, hello_in_motion),
)
