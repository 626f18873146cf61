"""Checks of what a unit tells by itself, and of how it answers HELLO."""

from itertools import pairwise
from typing import Final

from protocol.messages import CAUSES, Cause, Flag, Hello, Identity, Keepalive, Reject, Rejected, Rung

from .check import check
from .talk import ANSWER_S, LEVEL_DEG, Talk, causes, reasons

PERIOD_MS: Final = 20
WATCH_S: Final = 2.0
RATIO: Final = 0.05
"""Chosen: a busy host is late by up to 40 ms at either end of two seconds; a resonator is off by half a percent."""
GAP_S: Final = 0.15
"""Chosen: half of a nonce's life, so that a controller always has a fresh one."""
LOST: Final = 0.02
"""The part of telemetries that may be missing: a unit skips one whose buffer is not empty yet."""


@check("C01", "It sends a telemetry every 20 ms.", "protocol.md: 0x82 TELEMETRY", "protocol.md: Times")
def rate(talk: Talk) -> None:
    talk.run(WATCH_S)
    told = talk.told
    period_ms = talk.figure("period_ms", 1000 * (told[-1].at_s - told[0].at_s) / (len(told) - 1))
    talk.expect(abs(period_ms / PERIOD_MS - 1) <= RATIO, f"a telemetry comes every {period_ms:.1f} ms")


@check("C02", "Telemetry comes evenly: never 150 ms without one.", "protocol.md: Times", "F3")
def jitter(talk: Talk) -> None:
    talk.run(WATCH_S)
    gap_s = max(after.at_s - before.at_s for before, after in pairwise(talk.told))
    talk.figure("largest_gap_ms", 1000 * gap_s)
    talk.expect(gap_s <= GAP_S, f"nothing came for {1000 * gap_s:.0f} ms")


@check("C03", "`time_ms` counts the unit's milliseconds, 20 for each telemetry.", "protocol.md: 0x82 TELEMETRY")
def clock(talk: Talk) -> None:
    talk.run(WATCH_S)
    for (_, before), (_, after) in pairwise(talk.told):
        steps = (after.nonce - before.nonce) & 0xFFFF
        passed_ms = (after.time_ms - before.time_ms) & 0xFFFF_FFFF
        talk.expect(abs(passed_ms - PERIOD_MS * steps) <= 2 * steps, f"{passed_ms} ms in {steps} telemetries")


@check("C04", "The unit's clock runs as fast as real time: its time scale is 1.", "protocol.md: 0x81 IDENTITY")
def time_scale(talk: Talk) -> None:
    talk.run(WATCH_S)
    first, last = talk.told[0], talk.told[-1]
    passed_s = ((last.telemetry.time_ms - first.telemetry.time_ms) & 0xFFFF_FFFF) / 1000
    ratio = talk.figure("unit_to_host", passed_s / (last.at_s - first.at_s))
    scale = talk.greet().time_scale
    talk.expect(scale == 1, f"its time scale is {scale}")
    talk.expect(abs(ratio - 1) <= RATIO, f"its clock runs {ratio:.2f} times as fast as the host's")


@check("C05", "`nonce` counts up by one with each telemetry.", "protocol.md: The conversation, Nonce", "F2")
def nonces(talk: Talk) -> None:
    talk.run(WATCH_S)
    steps = [(after.telemetry.nonce - before.telemetry.nonce) & 0xFFFF for before, after in pairwise(talk.told)]
    missing = talk.figure("missing_telemetries", sum(step - 1 for step in steps))
    talk.expect(0 not in steps, "a nonce came twice")
    talk.expect(missing <= max(LOST * len(steps), 1), f"{missing:.0f} of {len(steps)} telemetries are missing")


@check("C06", "Whatever it says is an undamaged message of this protocol.", "protocol.md: Messages", "F1")
def readable(talk: Talk) -> None:
    talk.run(WATCH_S / 2)
    talk.asks(Hello(1, talk.session), b"\x00\x01\x02\x00")
    talk.expect(not talk.unreadable, f"{talk.unreadable} frames of it were damaged or unknown")


@check("C07", "Flags, rung, causes and angles of a table at rest fit together.", "protocol.md: Flags", "F7", "F8")
def consistent(talk: Talk) -> None:
    talk.run(0.5)
    for now in (told.telemetry for told in talk.told):
        latching = sum(cause for cause, fact in CAUSES.items() if fact.latches)
        talk.expect(not (now.causes | now.latched) & ~sum(Cause), "it tells a cause that nobody knows")
        talk.expect(not now.latched & ~latching, f"it latches what does not latch: {causes(now)}")
        talk.expect(now.rung in set(Rung), f"it stands on rung {now.rung}, which nobody knows")
        talk.expect(
            abs(now.bed_deg - now.drive_deg) <= 3, f"its sensors say {now.bed_deg:.1f}° and {now.drive_deg:.1f}°"
        )
        talk.expect(abs(now.angle_deg - now.bed_deg) <= 3, f"its angle is {now.angle_deg:.1f}° at {now.bed_deg:.1f}°")
        talk.expect(bool(now.flags & Flag.TRUSTED), "it does not trust its angle")
        talk.expect(bool(now.flags & Flag.BRAKE), "it rests without its brake")
        talk.expect(not now.flags & (Flag.DRIVEN | Flag.LEASED | Flag.ARMED), "it is driven or granted something")
        side = bool(now.flags & Flag.HEAD_DOWN_SIDE)
        talk.expect(abs(now.bed_deg) <= LEVEL_DEG or side == (now.bed_deg > 0), "its level switch shows the other side")


@check("C08", "HELLO is answered once, by an IDENTITY with its session.", "protocol.md: 0x01 HELLO")
def greets(talk: Talk) -> None:
    said = talk.asks(Hello(1, talk.session + 1))
    sessions = [one.session for one in said if isinstance(one, Identity)]
    talk.session += 1
    talk.expect(sessions == [talk.session], f"it answered with {len(sessions)} IDENTITY, of sessions {sessions}")


@check(
    "C09",
    "It speaks version 1 and sets itself limits: 60° and 3 °/s at most.",
    "protocol.md: 0x81 IDENTITY",
    "H2",
    "H6",
)
def identity(talk: Talk) -> None:
    told = talk.greet()
    talk.expect(told.protocol == 1, f"it speaks version {told.protocol}")
    talk.expect(0 < told.limit_deg <= 60, f"its limit is {told.limit_deg:g}°")
    talk.expect(0 < told.rate_limit_dps <= 3, f"its limit is {told.rate_limit_dps:g} °/s")


def _refused(talk: Talk, hello: Hello, what: str) -> None:
    said = talk.asks(hello)
    wrong = [one for one in said if isinstance(one, Rejected)]
    talk.expect(
        wrong == [Rejected(Reject.WRONG_VERSION, 1, 0)], f"{what} was answered: {reasons(said) or 'no rejection'}"
    )
    talk.expect(not any(isinstance(one, Identity) for one in said), f"{what} was accepted")
    talk.expect(not talk.asks(Keepalive(talk.next(), talk.nonce)), "after it the conversation is not what it was")


@check("C10", "A HELLO of another version is refused and changes nothing.", "protocol.md: 0x01 HELLO")
def other_version(talk: Talk) -> None:
    for version in (0, 2, 255):
        _refused(talk, Hello(version, talk.session + 7), f"version {version}")


@check("C11", "A HELLO with session 0 is refused and changes nothing.", "protocol.md: 0x01 HELLO")
def session_0(talk: Talk) -> None:
    _refused(talk, Hello(1, 0), "session 0")


@check("C12", "Each wrong HELLO is answered, also inside a bad run.", "protocol.md: 0x01 HELLO")
def each_hello(talk: Talk) -> None:
    talk.hush()
    talk.asks(b"\x00\x05\x06\x00")
    said = [one for _ in range(3) for one in talk.asks(Hello(2, talk.session + 7))]
    talk.expect(
        reasons(said).count("WRONG_VERSION") == 3, f"three wrong ones were answered: {reasons(said) or 'no word'}"
    )


@check("C13", "A new HELLO forgets the sequence: the first number is taken as it is.", "protocol.md: Sequence")
def forgets_sequence(talk: Talk) -> None:
    talk.hush()
    talk.asks(Keepalive(20_000, talk.nonce))
    talk.greet()
    talk.run(0.1)
    said = talk.asks(Keepalive(19_000, talk.nonce))
    talk.expect(not reasons(said), f"the first number was refused: {reasons(said)}")
    talk.expect(talk.has(Flag.HOST_LIVE), "the first frame was not taken")


@check("C14", "A HELLO with the session that it has is answered and forgets nothing.", "protocol.md: 0x01 HELLO", "F2")
def hello_twice(talk: Talk) -> None:
    talk.hush()
    talk.asks(Keepalive(20_000, talk.nonce))
    said = talk.asks(Hello(1, talk.session))
    talk.expect([one.session for one in said if isinstance(one, Identity)] == [talk.session], "it was not answered")
    said = talk.asks(Keepalive(19_000, talk.nonce))
    talk.expect(reasons(said) == "OLD_SEQUENCE", f"an older number was answered: {reasons(said) or 'no rejection'}")


@check("C15", "After a new HELLO the host counts as silent until a fresh nonce.", "protocol.md: 0x01 HELLO", "F4")
def hello_is_no_life(talk: Talk) -> None:
    talk.expect(talk.has(Flag.HOST_LIVE), "it does not say HOST_LIVE")
    talk.greet()
    talk.run(ANSWER_S)
    talk.expect(not talk.has(Flag.HOST_LIVE), "it says HOST_LIVE after nothing but HELLO")
    talk.expect(talk.active(Cause.HOST_SILENT), "it does not tell HOST_SILENT")


CHECKS: Final = (
    *(rate, jitter, clock, time_scale, nonces, readable, consistent, greets, identity, other_version, session_0),
    *(each_hello, forgets_sequence, hello_twice, hello_is_no_life),
)
