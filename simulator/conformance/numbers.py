"""Checks of what makes a frame the present one: sequence, nonce, stop count, a living host."""

from typing import Final

from protocol.link import STOP_FRAME
from protocol.messages import (
    Acknowledge,
    Arm,
    Cause,
    Disarm,
    Flag,
    Hello,
    HostMessage,
    Keepalive,
    Level,
    Setpoint,
)

from .check import check
from .talk import ANSWER_S, STILL_DEG, Talk, reasons

SILENCE_S: Final = 2.0
SLACK_S: Final = 0.3
"""Chosen: twice what an answer may take, and a tick."""


def _answered(talk: Talk, message: HostMessage | bytes, reason: str, what: str) -> None:
    """It is refused with this reason, or without one taken without a word."""
    said = reasons(talk.asks(message, within_s=0.1))
    talk.expect(said == reason, f"{what} was answered: {said or 'no rejection'}")


def _keepalive(talk: Talk, sequence: int, reason: str, what: str) -> None:
    _answered(talk, Keepalive(sequence & 0xFFFF, talk.nonce), reason, what)


@check("C28", "A duplicate is dropped without a word and shows no life.", "protocol.md: Sequence", "F2", "F21")
def duplicate(talk: Talk) -> None:
    talk.hush()
    last = talk.next()
    talk.asks(Keepalive(last, talk.nonce))
    talk.said.clear()
    end_s = talk.now_s + SILENCE_S + SLACK_S
    while talk.now_s < end_s:
        talk.send(Keepalive(last, talk.nonce))
        talk.run(0.1)
    talk.expect(not talk.said, f"duplicates were answered: {reasons(talk.said)}")
    talk.expect(not talk.has(Flag.HOST_LIVE), "the same number again and again keeps it saying HOST_LIVE")


@check(
    "C29", "A number more than 32767 ahead is refused with OLD_SEQUENCE, any other is newer.", "protocol.md: Sequence"
)
def old_sequence(talk: Talk) -> None:
    talk.hush()
    last = 1000
    talk.greet()
    talk.run(0.06)
    _keepalive(talk, last, "", "the first number")
    for behind in (1, 2, 100, 32_768):
        _keepalive(talk, last - behind, "OLD_SEQUENCE", f"a number {behind} behind the last")
        last += 1
        _keepalive(talk, last, "", "the next number")
    _keepalive(talk, last + 32_767, "", "a number 32767 ahead")


@check("C30", "After 65535 comes 0.", "protocol.md: Sequence")
def wraps(talk: Talk) -> None:
    talk.greet()
    talk.run(0.06)
    for sequence in (65_534, 65_535, 0, 1):
        _keepalive(talk, sequence, "", f"number {sequence}")
    _keepalive(talk, 65_535, "OLD_SEQUENCE", "number 65535 after 1")
    talk.sequence = 2


@check("C31", "The number of a frame that a later check refuses counts as the last.", "protocol.md: Sequence", "F2")
def refused_counts(talk: Talk) -> None:
    talk.greet()
    talk.run(0.1)
    _keepalive(talk, 1000, "", "the first number")
    talk.greet()
    talk.run(0.1)
    _answered(talk, Keepalive(100, talk.nonce + 9000 & 0xFFFF), "STALE_NONCE", "a nonce that was never sent")
    talk.asks(Keepalive(50, talk.nonce))
    talk.expect(not talk.has(Flag.HOST_LIVE), "a number below that of a refused frame was taken")
    talk.asks(Keepalive(101, talk.nonce))
    talk.expect(talk.has(Flag.HOST_LIVE), "the next number was not taken")


@check("C32", "A nonce is fresh for 300 ms from its telemetry, and no longer.", "protocol.md: Nonce", "F3", "H4")
def stale_nonce(talk: Talk) -> None:
    talk.run(1.0)
    talk.hush()
    told = {round(talk.now_s - one.at_s, 2): one.telemetry.nonce for one in talk.told}
    young = min(told, key=lambda age_s: abs(age_s - 0.15))
    _answered(talk, Keepalive(talk.next(), told[young]), "", f"a nonce {1000 * young:.0f} ms old")
    talk.run(0.1)
    told = {round(talk.now_s - one.at_s, 2): one.telemetry.nonce for one in talk.told}
    for age_s in (0.36, 0.6):
        old = min((age for age in told if age >= age_s), default=0.0)
        _answered(talk, Keepalive(talk.next(), told[old]), "STALE_NONCE", f"a nonce {1000 * old:.0f} ms old")
        _keepalive(talk, talk.next(), "", "a fresh nonce")
        told = {round(talk.now_s - one.at_s, 2): one.telemetry.nonce for one in talk.told}


@check("C33", "A nonce that was never sent is refused.", "protocol.md: Nonce", "F3", "F21")
def unknown_nonce(talk: Talk) -> None:
    talk.hush()
    for ahead in (30, 1000, 32_768, 60_000):
        nonce = talk.nonce + ahead & 0xFFFF
        _answered(talk, Keepalive(talk.next(), nonce), "STALE_NONCE", f"a nonce {ahead} ahead")
        _keepalive(talk, talk.next(), "", "a fresh nonce")


@check("C34", "ARM, SETPOINT and ACKNOWLEDGE need a fresh nonce too.", "protocol.md: Order of the checks", "H4")
def all_need_one(talk: Talk) -> None:
    talk.hush()
    now = talk.now
    old = now.nonce - 40 & 0xFFFF
    for message in (
        Arm(talk.next(), old, now.stop_count),
        Setpoint(talk.next(), old, now.stop_count, now.angle_cdeg, 0, -6000, 100),
        Acknowledge(talk.next(), old),
    ):
        _answered(
            talk, message._replace(sequence=talk.next()), "STALE_NONCE", f"{type(message).__name__} with an old nonce"
        )
        _keepalive(talk, talk.next(), "", "a fresh nonce")
    talk.expect(not talk.has(Flag.ARMED), "an ARM with an old nonce was obeyed")


@check(
    "C35", "2 s without a fresh nonce are silence, which voids what was wished.", "protocol.md: Liveness", "F17", "F3"
)
def silence(talk: Talk) -> None:
    talk.run(0.1)
    talk.hush()
    count, since_s = talk.now.stop_count, talk.now_s
    talk.run(SILENCE_S - SLACK_S)
    talk.expect(talk.has(Flag.HOST_LIVE), "the host counts as silent before 2 s")
    silent = talk.run(2 * SLACK_S, lambda: not talk.has(Flag.HOST_LIVE))
    talk.figure("silence_s", talk.now_s - since_s)
    talk.expect(silent, f"the host counts as alive {talk.now_s - since_s:.1f} s after its last word")
    talk.expect(talk.active(Cause.HOST_SILENT), "it does not tell HOST_SILENT")
    talk.expect(talk.now.stop_count == (count + 1) & 0xFFFF, "the stop count did not go up with the silence")


@check(
    "C36", "Bytes that merely arrive are no life: no HELLO, DISARM, LEVEL or stale nonce is.", "protocol.md: Liveness"
)
def bytes_are_no_life(talk: Talk) -> None:
    talk.run(0.1)
    talk.hush()
    old, end_s = talk.nonce - 40 & 0xFFFF, talk.now_s + SILENCE_S + SLACK_S
    while talk.now_s < end_s:
        talk.send(Hello(1, talk.session), Disarm(talk.next()), Keepalive(talk.next(), old), b"\x00\x01\x00\x05\x05\x00")
        talk.send(Level(talk.next(), talk.now.stop_count))
        talk.run(0.1)
    talk.expect(not talk.has(Flag.HOST_LIVE), "it says HOST_LIVE to a host that hears nothing")


@check("C37", "A fresh nonce shows life also in a frame that a stop made void.", "protocol.md: Liveness")
def void_is_life(talk: Talk) -> None:
    talk.hush()
    end_s = talk.now_s + SILENCE_S + SLACK_S
    while talk.now_s < end_s:
        now = talk.now
        talk.send(Setpoint(talk.next(), now.nonce, now.stop_count - 1 & 0xFFFF, now.angle_cdeg, 0, -6000, 100))
        talk.run(0.1)
    talk.expect(talk.has(Flag.HOST_LIVE), "void frames with fresh nonces do not keep it saying HOST_LIVE")
    talk.expect(not talk.has(Flag.LEASED), "a void SETPOINT became a lease")


@check("C38", "Each STOP adds one to the stop count.", "protocol.md: 0x02 STOP", "H11")
def counts_stops(talk: Talk) -> None:
    for times in (1, 3):
        before = talk.now.stop_count
        talk.asks(*[STOP_FRAME] * times)
        counted = (talk.now.stop_count - before) & 0xFFFF
        talk.expect(counted == times, f"{times} STOP counted {counted} times")


@check(
    "C39", "STOP is obeyed whatever the conversation: silent host, rubbish in front.", "protocol.md: 0x02 STOP", "H11"
)
def stops_always(talk: Talk) -> None:
    talk.hush()
    talk.run(SILENCE_S + SLACK_S)
    for name, data in (
        ("a silent host", b""),
        ("rubbish", b"\x07\x12\x02\xff"),
        ("another version", b"\x00\x04\x01\x02\x00"),
    ):
        before = talk.now.stop_count
        talk.asks(data + STOP_FRAME)
        counted = (talk.now.stop_count - before) & 0xFFFF
        talk.expect(counted == 1, f"a STOP after {name} counted {counted} times")


@check("C40", "ARM, SETPOINT and LEVEL with any other stop count are void.", "protocol.md: Stop count", "F21", "H4")
def void(talk: Talk) -> None:
    talk.hush()
    talk.asks(STOP_FRAME)
    for off in (-1, 1, 300):
        now = talk.now
        count = now.stop_count + off & 0xFFFF
        for message in (
            Arm(0, now.nonce, count),
            Setpoint(0, now.nonce, count, now.angle_cdeg, 0, -6000, 100),
            Level(0, count),
        ):
            name = f"{type(message).__name__} with a stop count {off:+d}"
            fresh = message if isinstance(message, Level) else message._replace(nonce=talk.nonce)
            _answered(talk, fresh._replace(sequence=talk.next()), "VOID_STOP_COUNT", name)
            _keepalive(talk, talk.next(), "", "a KEEPALIVE")
    talk.expect(not talk.has(Flag.ARMED), "a void ARM was obeyed")


@check(
    "C41",
    "LEVEL needs no living host; where there is nothing to return from it moves nothing.",
    "protocol.md: 0x03 LEVEL",
)
def level_always(talk: Talk) -> None:
    talk.hush()
    talk.run(SILENCE_S + SLACK_S)
    at_deg = talk.angle_at(talk.now_s)
    _answered(talk, Level(talk.next(), talk.now.stop_count), "", "LEVEL from a silent host")
    talk.run(1.0)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG, f"it moved by {moved_deg:.1f}°")
    talk.expect(not talk.active(Cause.LEVEL_WISHED), "it tells LEVEL_WISHED at level or on the head-up side")


@check("C42", "STOP, LEVEL, DISARM, KEEPALIVE and ACKNOWLEDGE move nothing at rest.", "protocol.md: Messages", "H15")
def nothing_moves(talk: Talk) -> None:
    talk.run(ANSWER_S)
    at_deg = talk.angle_at(talk.now_s)
    for _ in range(5):
        now = talk.now
        talk.send(
            STOP_FRAME, Disarm(talk.next()), Keepalive(talk.next(), now.nonce), Acknowledge(talk.next(), now.nonce)
        )
        talk.run(0.1)
        talk.level()
        talk.run(0.1)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG, f"it moved by {moved_deg:.1f}°")
    talk.expect(not talk.has(Flag.DRIVEN), "it is driven")


CHECKS: Final = (
    *(duplicate, old_sequence, wraps, refused_counts, stale_nonce, unknown_nonce, all_need_one, silence),
    *(bytes_are_no_life, void_is_life, counts_stops, stops_always, void, level_always, nothing_moves),
)
