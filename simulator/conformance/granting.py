"""Checks of what a unit grants: arming, the lease, and all that ends them. Nothing is asked to move here."""

from typing import Final

from protocol.link import STOP_FRAME
from protocol.messages import Arm, Cause, Disarm, Flag, Hello, Level

from . import ready
from .check import Needs, check
from .talk import ANSWER_S, STILL_DEG, Talk, causes, reasons

LEASE_S: Final = 0.5
SLACK_S: Final = 0.15


def _armed(talk: Talk) -> None:
    ready.at_level(talk)
    talk.arm()


def _leased(talk: Talk, lease_s: float = LEASE_S) -> None:
    """A lease that holds the table where it is."""
    _armed(talk)
    talk.hold(talk.now.angle_deg, lease_s=lease_s)
    leased = talk.run(1.0, lambda: talk.has(Flag.LEASED))
    talk.expect(leased, f"a SETPOINT became no lease: {reasons(talk.said) or 'no word'}, causes {causes(talk.now)}")


def _ended(talk: Talk, by: str, within_s: float = ANSWER_S) -> None:
    talk.expect(talk.run(within_s, lambda: not talk.has(Flag.ARMED)), f"{by} does not end the grant")
    talk.expect(talk.run(0.1, lambda: not talk.has(Flag.LEASED)), f"{by} does not end the lease")
    talk.run(ANSWER_S)
    talk.expect(not talk.has(Flag.ARMED), f"the grant comes back after {by}")


@check("C44", "ARM grants, and moves nothing.", "protocol.md: 0x04 ARM", needs=Needs.MOTION)
def arms(talk: Talk) -> None:
    _armed(talk)
    at_deg = talk.angle_at(talk.now_s)
    talk.run(1.0)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG, f"it moved by {moved_deg:.1f}°")
    talk.expect(talk.has(Flag.BRAKE), "the brake is off with nothing but a grant")
    talk.expect(talk.has(Flag.ARMED), "the grant ended without a reason")


@check("C45", "DISARM takes the grant and the lease back.", "protocol.md: 0x05 DISARM", needs=Needs.MOTION)
def disarms(talk: Talk) -> None:
    _leased(talk)
    talk.live()
    talk.send(Disarm(talk.next()))
    _ended(talk, "DISARM")


@check("C46", "STOP takes the grant and the lease back.", "protocol.md: 0x02 STOP", "H11", needs=Needs.MOTION)
def stop_ends(talk: Talk) -> None:
    _leased(talk)
    talk.send(STOP_FRAME)  # and setpoints of the old wish go on
    _ended(talk, "STOP")
    talk.expect(
        "VOID_STOP_COUNT" in reasons(talk.said), "setpoints of the wish before the STOP are not refused as void"
    )


@check("C47", "LEVEL takes the grant and the lease back.", "protocol.md: 0x03 LEVEL", needs=Needs.MOTION)
def level_ends(talk: Talk) -> None:
    _leased(talk)
    talk.live()
    talk.send(Level(talk.next(), talk.now.stop_count))
    _ended(talk, "LEVEL")


@check("C48", "A new HELLO takes the grant and the lease back.", "protocol.md: 0x01 HELLO", "F4", needs=Needs.MOTION)
def hello_ends(talk: Talk) -> None:
    _leased(talk)
    talk.session += 1
    talk.live()
    talk.send(Hello(1, talk.session))
    _ended(talk, "a new HELLO")


@check("C49", "2 s of silence end the grant.", "protocol.md: 0x04 ARM", "F17", needs=Needs.MOTION)
def silence_ends(talk: Talk) -> None:
    _armed(talk)
    talk.hush()
    talk.run(1.7)
    talk.expect(talk.has(Flag.ARMED), "the grant ended before 2 s of silence")
    _ended(talk, "silence", 0.7)


@check(
    "C50", "A lease ends 500 ms after its SETPOINT, and the grant with it.", "protocol.md: Lease", needs=Needs.MOTION
)
def lease_ends(talk: Talk) -> None:
    _leased(talk)
    talk.live()
    since_s = talk.now_s
    talk.run(LEASE_S - SLACK_S)
    talk.expect(talk.has(Flag.LEASED), "a lease of 500 ms ended early")
    ended = talk.run(2 * SLACK_S, lambda: not talk.has(Flag.LEASED))
    talk.figure("lease_s", talk.now_s - since_s)
    talk.expect(ended, "a lease of 500 ms goes on")
    _ended(talk, "the end of a lease")


@check("C51", "A longer lease is cut to 500 ms.", "protocol.md: 0x06 SETPOINT", "F2", needs=Needs.MOTION)
def lease_is_cut(talk: Talk) -> None:
    _leased(talk, 60.0)
    talk.live()
    since_s = talk.now_s
    ended = talk.run(LEASE_S + SLACK_S, lambda: not talk.has(Flag.LEASED))
    talk.figure("lease_s", talk.now_s - since_s)
    talk.expect(ended, "a lease of a minute goes on after 500 ms")
    _ended(talk, "the end of a lease")


@check("C52", "A shorter lease ends when it says.", "protocol.md: 0x06 SETPOINT", needs=Needs.MOTION)
def short_lease(talk: Talk) -> None:
    _leased(talk, 0.2)
    talk.live()
    ended = talk.run(0.2 + SLACK_S, lambda: not talk.has(Flag.LEASED))
    talk.expect(ended, "a lease of 200 ms goes on")
    _ended(talk, "the end of a lease")


@check(
    "C53", "A lease that moves nothing leaves no cause when it ends.", "protocol.md: Lease", "F2", needs=Needs.MOTION
)
def ends_quietly(talk: Talk) -> None:
    _leased(talk)
    talk.live()
    talk.run(LEASE_S + 2 * SLACK_S)
    talk.expect(not talk.now.causes & Cause.LEASE_EXPIRED, "it tells LEASE_EXPIRED of a table at rest")
    talk.expect(not talk.now.latched, f"the end of a lease latched {causes(talk.now)}")


@check(
    "C54", "A recorded conversation, sent again, grants nothing.", "protocol.md: Nonce", "F21", "H4", needs=Needs.MOTION
)
def replay(talk: Talk) -> None:
    ready.at_level(talk)
    arm = Arm(talk.next(), talk.nonce, talk.now.stop_count)
    talk.asks(arm)
    talk.expect(talk.has(Flag.ARMED), "ARM was not obeyed")
    talk.asks(Disarm(talk.next()))
    talk.expect(not talk.has(Flag.ARMED), "DISARM was not obeyed")
    talk.run(ANSWER_S)
    talk.asks(arm)
    talk.expect(not talk.has(Flag.ARMED), "the same ARM, sent again, grants")
    talk.greet()
    talk.asks(arm)
    talk.expect(not talk.has(Flag.ARMED), "the same ARM in a new conversation grants")


CHECKS: Final = (
    *(arms, disarms, stop_ends, level_ends, hello_ends, silence_ends, lease_ends, lease_is_cut, short_lease),
    *(ends_quietly, replay),
)
