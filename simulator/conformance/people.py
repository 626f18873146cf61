"""Checks that need a hand: emergency stop, ankle locks, occupant, arm button, lowering by hand, the reset."""

from typing import Final

from protocol.link import STOP_FRAME
from protocol.messages import Arm, Cause, Flag, Identity, Keepalive, Level, Rung, Telemetry

from . import ready
from .check import Needs, check
from .talk import ANSWER_S, LEVEL_DEG, STILL_DEG, Talk, Wish, causes, reasons

EMPTY: Final = Wish("empty", "Take the weight off the table")
ESTOP: Final = Wish("estop", "Press the emergency stop")
RELEASE: Final = Wish("release", "Release the emergency stop")
OPEN: Final = Wish("open", "Open an ankle lock; nobody may be on the table")
LOCK: Final = Wish("lock", "Close both ankle locks")
GONE: Final = Wish("gone", "Open the contact of the occupant sensor, with the ankle locks closed")
BACK: Final = Wish("back", "Close the contact of the occupant sensor")
BUTTON: Final = Wish("button", "Press the arm button once")
LOWER: Final = Wish("lower", "Take the crank out, as for lowering by hand")
STOW: Final = Wish("stow", "Stow the crank")
RESET: Final = Wish("reset", "Reset the tilt unit")
WISHES: Final = (ready.WEIGHT, EMPTY, ESTOP, RELEASE, OPEN, LOCK, GONE, BACK, BUTTON, LOWER, STOW, RESET)
SLOW_DPS: Final = 1.15
"""1 °/s, and play and noise."""


def _holds(talk: Talk, cause: Cause, flag: Flag) -> None:
    """R3: nothing is driven, the brake is on, the siren sounds, the cause is latched."""
    talk.run(ANSWER_S)
    name = str(cause.name)
    talk.expect(talk.has(flag) and talk.active(cause), f"it does not tell {name}")
    talk.expect(bool(talk.now.latched & cause), f"it does not latch {name}")
    talk.expect(talk.now.rung == Rung.HOLD, f"it stands on rung {talk.now.rung}, not on R3")
    talk.expect(talk.has(Flag.BRAKE) and not talk.has(Flag.DRIVEN), "the brake is off, or the motor is powered")
    talk.expect(talk.has(Flag.SIREN), "the siren is silent")


def _stays(talk: Talk, seconds: float, why: str) -> None:
    at_deg = talk.angle_at(talk.now_s)
    talk.run(seconds)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG, f"it moved by {moved_deg:.1f}° {why}")


def _ups(talk: Talk, before: int) -> int:
    return (talk.now.stop_count - before) & 0xFFFF


def _press(talk: Talk) -> None:
    talk.hand(ESTOP, lambda: talk.has(Flag.ESTOP))


def _release(talk: Talk) -> None:
    talk.hand(RELEASE, lambda: not talk.has(Flag.ESTOP))
    talk.run(0.1)


@check(
    "C43",
    "Without a person, or with an ankle lock open, ARM is refused: INTERLOCK.",
    "protocol.md: 0x04 ARM",
    "H13",
    needs=Needs.HAND,
)
def interlock(talk: Talk) -> None:
    talk.hand(EMPTY, lambda: not talk.secured)
    talk.run(0.6)  # longer than a switch may bounce, or a person may shift
    said = reasons(talk.asks(Arm(talk.next(), talk.nonce, talk.now.stop_count)))
    talk.expect(said == "INTERLOCK", f"it was answered: {said or 'no rejection'}")
    talk.expect(not talk.has(Flag.ARMED), "it is armed with nobody on it")


@check(
    "C76",
    "The emergency stop holds: R3, brake, siren; what was wished is void.",
    "protocol.md: 0x02 STOP",
    "F24",
    needs=Needs.HAND,
)
def estop(talk: Talk) -> None:
    before = talk.now.stop_count
    _press(talk)
    _holds(talk, Cause.ESTOP, Flag.ESTOP)
    talk.expect(_ups(talk, before) == 1, f"the stop count went up by {_ups(talk, before)}, not by 1")
    talk.asks(STOP_FRAME)
    talk.expect(_ups(talk, before) == 2, "a STOP under the emergency stop did not count")
    _release(talk)


@check(
    "C77",
    "The release moves nothing, and only an acknowledgement after it clears the cause.",
    "protocol.md: Causes",
    "F24",
    needs=Needs.HAND,
)
def release(talk: Talk) -> None:
    _press(talk)
    talk.run(ANSWER_S)
    talk.acknowledge()
    talk.expect(bool(talk.now.latched & Cause.ESTOP), "an acknowledgement while it is pressed clears it")
    before = talk.now.stop_count
    _release(talk)
    talk.expect(_ups(talk, before) == 1, f"with the release the stop count went up by {_ups(talk, before)}, not by 1")
    _stays(talk, 1.0, "with the release")
    talk.expect(bool(talk.now.latched & Cause.ESTOP), "the cause ended without an acknowledgement")
    talk.acknowledge()
    talk.expect(not talk.now.latched, f"after the acknowledgement it still latches {causes(talk.now)}")


@check("C78", "Each press of the arm button is counted, once.", "protocol.md: 0x82 TELEMETRY", needs=Needs.HAND)
def button(talk: Talk) -> None:
    before = talk.now.arm_presses
    talk.hand(BUTTON, lambda: talk.now.arm_presses != before)
    talk.run(0.5)
    counted = (talk.now.arm_presses - before) & 0xFF
    talk.expect(counted == 1, f"one press counted {counted} times")
    talk.expect(not talk.has(Flag.ARMED), "the button alone armed the unit")


@check(
    "C79",
    "While the table is lowered by hand nothing is driven, and nothing after it.",
    "protocol.md: Causes",
    needs=Needs.HAND,
)
def lowering(talk: Talk) -> None:
    before = talk.now.stop_count
    talk.hand(LOWER, lambda: talk.has(Flag.LOWERING))
    _holds(talk, Cause.LOWERING, Flag.LOWERING)
    talk.expect(talk.now.stop_count != before, "the stop count did not go up when lowering began")
    talk.run(1.0)
    before = talk.now.stop_count
    talk.hand(STOW, lambda: not talk.has(Flag.LOWERING))
    talk.run(0.1)
    talk.expect(talk.now.stop_count != before, "the stop count did not go up when lowering ended")
    _stays(talk, 1.0, "with the end of lowering")
    talk.expect(bool(talk.now.latched & Cause.LOWERING), "the cause ended without an acknowledgement")
    talk.acknowledge()
    talk.expect(not talk.now.latched, f"after the acknowledgement it still latches {causes(talk.now)}")


@check(
    "C80",
    "Head down, no LEVEL moves it under the emergency stop, nor later: only a new one.",
    "protocol.md: 0x03 LEVEL",
    "F24",
    "H1",
    needs=Needs.BOTH,
)
def level_under_estop(talk: Talk) -> None:
    ready.head_down(talk, 5.0)
    talk.live()
    _press(talk)
    talk.level()
    _stays(talk, 1.0, "under the emergency stop")
    _release(talk)
    _stays(talk, 2.0, "with the release")
    talk.acknowledge()
    talk.expect(bool(talk.now.latched & Cause.ESTOP), "head down an acknowledgement clears the emergency stop")
    talk.level()
    talk.expect(
        talk.run(15.0, lambda: talk.level_and_still), f"a new LEVEL does not lead home: {talk.now.angle_deg:.1f}°"
    )


def _slowly(talk: Talk, within_s: float) -> None:
    talk.forget()
    talk.expect(talk.run(within_s, lambda: talk.home), f"it does not come home: {talk.now.angle_deg:.1f}°")
    fastest_dps = talk.figure("return_dps", -min(talk.rates()))
    talk.expect(fastest_dps <= SLOW_DPS, f"it came home at {fastest_dps:.1f} °/s")


@check(
    "C81",
    "Head down, an open ankle lock leads home at 1 °/s at most.",
    "protocol.md: What a unit owes",
    "F25",
    "H7",
    needs=Needs.BOTH,
)
def ankles_open(talk: Talk) -> None:
    ready.head_down(talk, 4.0)
    talk.live()
    before = talk.now.stop_count
    talk.hand(OPEN, lambda: not talk.has(Flag.ANKLES_LOCKED))
    talk.run(0.3)
    talk.expect(talk.active(Cause.ANKLES_OPEN), "it does not tell ANKLES_OPEN")
    talk.expect(_ups(talk, before) == 1, f"the stop count went up by {_ups(talk, before)}, not by 1")
    _slowly(talk, 12.0)
    talk.hand(LOCK, lambda: talk.has(Flag.ANKLES_LOCKED))


@check(
    "C82",
    "Head down, an occupant that is not sensed any more leads home, and waits for an acknowledgement.",
    "protocol.md: What a unit owes",
    "F26",
    needs=Needs.BOTH,
)
def occupant_lost(talk: Talk) -> None:
    ready.head_down(talk, 4.0)
    talk.live()
    talk.hand(GONE, lambda: not talk.has(Flag.OCCUPIED))
    talk.run(0.8)
    talk.expect(talk.active(Cause.OCCUPANT_LOST), "it does not tell OCCUPANT_LOST")
    talk.expect(talk.run(12.0, lambda: talk.level_and_still), f"it does not come home: {talk.now.angle_deg:.1f}°")
    talk.hand(BACK, lambda: talk.has(Flag.OCCUPIED))
    talk.run(0.3)
    talk.expect(bool(talk.now.latched & Cause.OCCUPANT_LOST), "the cause ended without an acknowledgement")
    talk.acknowledge()
    talk.expect(not talk.now.latched, f"after the acknowledgement it still latches {causes(talk.now)}")


@check(
    "C83",
    "After a restart it says so, moves nothing, and takes HELLO, STOP and LEVEL only.",
    "protocol.md: Handshake",
    "F5",
    "F21",
    "H4",
    needs=Needs.HAND,
)
def restart(talk: Talk) -> None:
    before = talk.now
    boots = talk.greet().boots
    talk.live()
    talk.said.clear()
    talk.hand(RESET, lambda: talk.now.time_ms < before.time_ms)
    talk.hush()  # one KEEPALIVE has gone out to the unit that forgot the host
    talk.run(1.0)
    unasked = [one for one in talk.said if isinstance(one, Identity) and not one.session]
    refused = reasons(talk.said)
    talk.expect(len(unasked) == 1, f"it sent {len(unasked)} IDENTITY of session 0")
    talk.expect((unasked[0].boots - boots) & 0xFFFF == 1, f"it counted {unasked[0].boots - boots} restarts")
    told = [one.telemetry for one in talk.told if one.telemetry.time_ms < before.time_ms]
    talk.expect(len(told) > 40, "it tells no telemetry before HELLO")
    talk.expect(all(now.flags & Flag.BRAKE for now in told), "it boots with the brake off")
    talk.expect(refused == "NOT_GREETED", f"before HELLO a KEEPALIVE was answered: {refused or 'no rejection'}")
    _before_hello(talk)
    talk.greet()
    talk.run(0.1)
    said = reasons(talk.asks(Keepalive(talk.next(), before.nonce)))
    talk.expect(said == "STALE_NONCE", f"a nonce from before the restart was answered: {said or 'no rejection'}")


def _before_hello(talk: Talk) -> None:
    before: Telemetry = talk.now
    talk.asks(STOP_FRAME)
    talk.expect(_ups(talk, before.stop_count) == 1, "before HELLO a STOP does not count")
    said = reasons(talk.asks(Level(talk.next(), talk.now.stop_count)))
    talk.expect(not said, f"before HELLO a LEVEL was refused: {said}")
    at_deg = talk.now.angle_deg
    talk.run(0.5)
    talk.expect(
        abs(at_deg - before.angle_deg) <= STILL_DEG or before.angle_deg > LEVEL_DEG, "it moved after the restart"
    )


FIRST: Final = (interlock,)
CHECKS: Final = (estop, release, button, lowering, level_under_estop, ankles_open, occupant_lost, restart)
