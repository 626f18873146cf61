"""`docs/protocol.md`, rendered from the message table: what a stranger needs to write a tilt unit.

`python -m protocol.spec` writes the file, and `firmware/core/wire.h` with it; a test fails while one is out of date.
Numbers that the code holds are taken from the code; what only a unit does (angles, times of the ladder) is written
here and restates safety.md.
"""

from binascii import crc_hqx
from collections.abc import Sequence
from inspect import getdoc
from pathlib import Path
from typing import Any, Final

from . import wire_header
from .framing import CRC_START, MAX_BODY, MAX_PAYLOAD, encode
from .link import GREET_PERIOD_S, NONCES, OUTBOX_LIMIT, RESTART_GAP_MS, STOP_FRAME, frame
from .messages import (
    BAUD,
    CAUSES,
    FLAG_MEANINGS,
    LAYOUTS,
    LEASE_MS,
    NONCE_LIFE_MS,
    REJECT_MEANINGS,
    SILENCE_MS,
    STRUCTS,
    TELEMETRY_PERIOD_MS,
    VERSION,
    Acknowledge,
    Arm,
    Cause,
    Disarm,
    Flag,
    Hello,
    Identity,
    Keepalive,
    Layout,
    Level,
    Message,
    Reject,
    Rejected,
    Rung,
    Setpoint,
    Stop,
    Telemetry,
    pack,
)

PATH: Final = Path(__file__).parent.parent / "docs" / "protocol.md"

BITS_PER_BYTE: Final = 10
"""8N1: a start bit, eight data bits, a stop bit."""

EXAMPLE_LEVEL: Final = Level(17, 4660)
EXAMPLES: Final[dict[type[Any], Message]] = {
    Hello: Hello(VERSION, 0x1234ABCD),
    Stop: Stop(),
    Level: EXAMPLE_LEVEL,
    Arm: Arm(18, 51966, 4660),
    Disarm: Disarm(19),
    Setpoint: Setpoint(258, 51967, 4660, 1500, -150, 3000, 500),
    Keepalive: Keepalive(259, 51968),
    Acknowledge: Acknowledge(260, 51969),
    Identity: Identity(VERSION, 0x1234ABCD, 0, 1, 2, 1, 1, 42, 3, 0x5EED, 6000, 300),
    Telemetry: Telemetry(
        51966, 123456, 4660, 1497, 1502, 1490, -150,
        Flag.OCCUPIED | Flag.ANKLES_LOCKED | Flag.HEAD_DOWN_SIDE | Flag.MOVING | Flag.TRUSTED | Flag.HOST_LIVE,
        Rung.LEVEL, Cause.LEVEL_WISHED | Cause.BED_SENSOR, Cause.BED_SENSOR, 3600, 95, 21, 37, 126, 2,
    ),
    Rejected: Rejected(Reject.STALE_NONCE, 0x06, 258),
}  # fmt: skip
"""One frame of each message: in the document, and literally in tests/vectors/messages.txt."""

DUTIES: Final[dict[type[Any], str]] = {
    Hello: f"""
The unit compares `protocol` with its own version and rejects another one, and a session of 0, with WRONG_VERSION; it
answers every such HELLO, even inside a bad run. Otherwise it forgets the last sequence number, takes back the grant
and the lease, stores the session and sends IDENTITY with it at once. It does not touch the stop count, the nonces or
any cause. Until the first fresh nonce of the new conversation the host counts as silent. A HELLO with the session
that it already has is a duplicate: it is only answered.

The controller repeats HELLO every {GREET_PERIOD_S:g} s until IDENTITY quotes its session. Each new conversation has a
new session.
""",
    Stop: """
The unit adds one to its stop count, takes back the grant and the lease, sets STOPPED and freezes whatever moves, its
own return to level included: at most 5 °/s², 1.5° of travel and 1.3 s from the receipt of the frame to standstill. It
obeys STOP always: before a HELLO, in any state, on any rung. On R3, under the emergency stop and while the table is
lowered by hand nothing is driven anyway; the count still goes up.

Frozen on the head-down side, the unit waits 20 s; without a further command it then sets FROZEN_LONG and returns on
R1 at 1 °/s or less, with reduced current. A further STOP restarts the 20 s, at most three times in an episode (an
episode of head-down time ends after 60 s at or below 5°). Frozen at level or on the head-up side, the table stays
where it is. STOPPED ends at level, with LEVEL, with ARM, and on the head-up side with a SETPOINT that quotes the new
stop count.

The controller writes the frame from whichever thread received the wish and repeats it until the stop count in the
telemetry has moved. Each repetition counts, but one that comes within 500 ms of the frame before it repeats the same
stop and restarts nothing.

The count also goes up, with nothing frozen, when the emergency stop is pressed or released, when lowering by hand
begins or ends, when an ankle lock opens or the occupant is lost head down, in motion or armed, and when the host falls
silent: what was wished before that is void.
""",
    Level: """
Needs no HELLO, no nonce, no lease and no arming, but the current stop count, so that a later STOP beats it.

In any case it ends a running lease and takes back the grant. From the head-down side the unit sets LEVEL_WISHED and
returns on R1, also out of a freeze, also with a cause latched. A LEVEL that comes while the emergency stop is
pressed, the table is lowered by hand or another cause of R3 is active moves nothing, and nothing later either: no
release starts a motion. A new LEVEL after that may return, with or without an acknowledgement, but for WRONG_WAY, which
needs one. LEVEL_WISHED ends at level.

A table that is still rising through level when LEVEL comes is taken for head down: it brakes, then returns. After an
ended blind return (BLIND_ENDED) each LEVEL drives blind for 10 s at most.

Otherwise, at level or on the head-up side the table brakes and holds, and LEVEL is not rejected. From there, level is
reached by an increasing angle, which the controller has to lead with ARM and SETPOINT.
""",
    Arm: """
The unit sets ARMED if a person is sensed and both ankle locks are closed (otherwise INTERLOCK), the table stands still
(otherwise NOT_AT_REST), and the angle is trusted, not on the head-down side, with no cause latched or active
(otherwise LATCHED). STOPPED and LEASE_EXPIRED do not count as active here: a new grant, which only a person's wish
leads to, ends them.

The grant ends with STOP, DISARM, HELLO, the end of a lease, any cause, and silence. ARM moves nothing.
""",
    Disarm: """
The unit clears ARMED and ends a running lease; a moving table brakes as at the end of a lease. It needs no nonce,
because it only takes away.
""",
    Setpoint: f"""
The unit follows `target_cdeg`, with `rate_cdps` as feed-forward, for `lease_ms` from the receipt of the frame. A longer
lease is cut to {LEASE_MS} ms; each SETPOINT replaces the one before. The unit closes the loop by itself, at 50 Hz or
more, and judges every step by its own limits: the angle limit is the smallest of `limit_cdeg`, the limit in IDENTITY
and what the time spent head down still allows; rate, acceleration and jerk stay within 3 °/s, 1 °/s² and 2 °/s³.

**Nothing increases the angle, also from −80° up to 0°, unless all of this holds at that moment: ARMED, a running
lease with the current stop count, a trusted angle, no cause active or latched, head-down time left, and an angle
below the tightest limit.** A SETPOINT that would increase the angle without ARMED is rejected with NOT_ARMED, any
SETPOINT on R1 or above and in a freeze on the head-down side with LATCHED; neither moves anything.

When a lease ends and no newer one has come, the unit brakes at once (standstill within 1.3 s), takes back the grant
and, if the table was moving, sets LEASE_EXPIRED.
""",
    Keepalive: """
Moves nothing. Its nonce shows that the host lives and hears this unit.
""",
    Acknowledge: """
At level or on the head-up side the unit clears the latched causes that are no longer active; on the head-down side
none. Telemetry shows what is left. ACKNOWLEDGE moves nothing.
""",
    Identity: """
The unit sends it as the answer to every HELLO that it accepts, and once with session 0 after a restart. The
controller begins a new conversation when it reads session 0. It refuses a unit whose `time_scale` is not 1 on a real
port.
""",
    Telemetry: f"""
The unit sends it every {TELEMETRY_PERIOD_MS} ms from boot on, before any HELLO too, whatever its rung. If the
transmit buffer is not empty yet, it skips one rather than send an old one.

The controller believes it only after the handshake. It ignores one whose `nonce` is the last it took or one of the
{NONCES - 1} before that, and takes a `time_ms` that went back, or leapt by more than {RESTART_GAP_MS // 1000} s, for
a restart.
""",
    Rejected: f"""
Informs; the controller counts it and never moves anything because of it. The unit holds up to {OUTBOX_LIMIT} of them
and drops the rest; telemetry goes first. NOT_GREETED makes the controller begin a new conversation: the unit
restarted and its IDENTITY was lost.
""",
}
"""What each end does about a message."""

RUNGS: Final = {
    Rung.NONE: ("–", "no rung: commands are obeyed within the limits"),
    Rung.REFUSE: ("R0", "nothing increases the angle; on the head-up side brake and hold"),
    Rung.LEVEL: (
        "R1",
        "from the head-down side only: to 0° by itself, closed loop, at most 3 °/s (1 °/s and reduced current after a "
        "stop or with an ankle lock open), then hold. Aborts on no progress (less than 0.5° in 3 s), never on elapsed "
        "time",
    ),
    Rung.BLIND_LEVEL: (
        "R2",
        "the angle is not trusted: from the head-down side, as the level switch says, low torque head-up until the "
        "side changes, for no longer than the last trusted angle takes at the slowest speed; then R3",
    ),
    Rung.HOLD: ("R3", "motor off, brake on, siren. Not safe, but the least harm; it waits for people"),
}

TIMES: Final = (
    ("Telemetry", f"every {TELEMETRY_PERIOD_MS} ms", "unit", "sent by its own timer, never as an answer"),
    (
        "A nonce is fresh",
        f"{NONCE_LIFE_MS} ms",
        "unit",
        "from issue to receipt of the frame that quotes it, the limit included",
    ),
    ("Lease", f"{LEASE_MS} ms", "unit", "from receipt; then brake at once, standstill within 1.3 s, grant gone"),
    (
        "Silence",
        f"{SILENCE_MS} ms",
        "unit",
        "since the last fresh nonce; beyond it HOST_SILENT: R1, or brake and hold head-up",
    ),
    ("Freeze", "1.3 s, 1.5°, 5 °/s²", "unit", "from the receipt of STOP to standstill; the last taken over 0.5 s"),
    (
        "Frozen head down",
        "20 s",
        "unit",
        "then R1 at 1 °/s or less; a STOP restarts it, at most three times in an episode",
    ),
    ("No progress", "less than 0.5° in 3 s", "unit", "then R3"),
    (
        "Stall",
        "200 ms of stall current",
        "unit",
        "motor off; what was rising backs off by 2° at most within a second; then R3",
    ),
    ("Watchdog", "250 ms", "unit", "a unit that completes no round of its control restarts with the brake on"),
    ("Second restart", "within 60 s", "unit", "then R3"),
    ("HELLO", f"every {GREET_PERIOD_S * 1000:g} ms", "controller", "until IDENTITY quotes the session"),
    (
        "SETPOINT or KEEPALIVE",
        "one for each telemetry",
        "controller",
        "from the completed control step, never from a timer",
    ),
)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _intro() -> str:
    return f"""\
# The wire between controller and tilt unit

<!-- Rendered from protocol/messages.py: edit that or protocol/spec.py, then run `python -m protocol.spec`. -->

Version {VERSION}. This document is meant to be enough to write a tilt unit, the microcontroller that moves an
inversion table. A person may hang head down on it while both ends talk, so two ideas come before all details:

- **The unit trusts nobody.** It holds its own limits, and it brings a person back to level when everything above it
  is dead. The controller can ask for less than the unit allows, never for more.
- **No automatic reaction increases the angle.** Head down, the unit returns to level. At level and head-up it brakes
  and holds.

Angles are degrees of inversion: 0 lies level, + is head down, 90 hangs straight down, −80 stands on the footrest.
*Level* is −1.5° to +1.5°; above that is the *head-down side*, below it the *head-up side*. When the two sensors
differ, limits are judged on the more head-down one.

## The line

Asynchronous serial, {BAUD} baud, 8 data bits, no parity, 1 stop bit, no flow control. All numbers on the wire are
integers, **little-endian**, signed ones in two's complement. Only the CRC is big-endian. A field is named after the
integer that it is on the wire, and its *step* is what one of it stands for: an `angle_cdeg` of 1497 is 14.97°."""


def _framing() -> str:
    example = EXAMPLE_LEVEL
    payload = pack(example)
    crc = crc_hqx(payload, CRC_START)
    check = crc_hqx(b"123456789", CRC_START)
    steps = _table(
        ("Step", "Bytes"),
        [
            ("payload", f"`{_hex(payload)}`"),
            (f"with its CRC 0x{crc:04X}", f"`{_hex(payload + crc.to_bytes(2, 'big'))}`"),
            ("COBS", f"`{_hex(encode(payload)[1:-1])}`"),
            ("frame", f"`{_hex(encode(payload))}`"),
        ],
    )
    return f"""\
## Frames

```
00  COBS( payload  CRC-16 )  00
```

- *Payload*: one type byte, then the fields. 1 to {MAX_PAYLOAD} bytes; each type has exactly one length.
- *CRC-16/IBM-3740* (also called CCITT-FALSE): polynomial 0x1021, start 0x{CRC_START:04X}, nothing reflected, nothing
  inverted at the end. Its check value over the nine characters `123456789` is 0x{check:04X}. It is
  `_crc_xmodem_update` of avr-libc, started at 0x{CRC_START:04X}. It stands behind the payload with the high byte
  first. Because of that, the CRC over payload *and* CRC is 0 for an undamaged frame, so a receiver runs it over
  everything and compares with 0. Zero bytes appended behind the CRC would leave that 0 as it is: check the length of
  each type too.

  ```c
  uint16_t crc = 0x{CRC_START:04X};
  while (n--) {{
      crc ^= (uint16_t)(*p++ << 8);
      for (int bit = 0; bit < 8; bit++)
          crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
  }}
  ```

- *COBS* (Cheshire and Baker, 1999) removes the zero bytes: each zero is replaced by the distance to the next one, and
  one byte in front holds the distance to the first. Frames are so short that it always adds exactly one byte and
  never needs the code 0xFF.
- *Delimiters*: a 00 before and a 00 after. The one in front closes whatever half a frame came before, so that a STOP
  written into the middle of another frame still arrives. Two delimiters in a row enclose nothing and mean nothing.

Worked example, LEVEL with sequence {example.sequence} and stop count {example.stop_count} (0x{example.stop_count:04X}):

{steps}

A receiver holds at most {MAX_BODY} bytes between two delimiters, and that there were more. It drops a frame

1. that is longer than {MAX_BODY} bytes (and everything up to the next delimiter),
2. in which COBS points behind the end,
3. that has fewer than 3 bytes without its stuffing, or whose CRC is not 0,

counts it, and acts on no part of it. The next delimiter brings it back in step.

**One rejection in a bad run.** A unit says REJECTED for the first frame that it drops or does not let through, and
then stays silent until a frame passes all checks of the wire. So noise can't fill the line back. A frame that the
unit refuses for a reason of its own (9 to 12 below) has passed the wire, and each one is answered."""


def _conversation() -> str:
    return f"""\
## The conversation

```mermaid
sequenceDiagram
    participant C as Controller
    participant U as Tilt unit
    Note over U: boots, brake on
    U->>C: IDENTITY session 0
    U->>C: TELEMETRY nonce 7 (every {TELEMETRY_PERIOD_MS} ms from here on)
    C->>U: HELLO version {VERSION}, session S
    U->>C: IDENTITY session S, limits
    U->>C: TELEMETRY nonce 8, stop count 40
    C->>U: KEEPALIVE sequence 1, nonce 8
    U->>C: TELEMETRY nonce 9
    C->>U: ARM sequence 2, nonce 9, stop count 40
    U->>C: TELEMETRY nonce 10, ARMED
    C->>U: SETPOINT sequence 3, nonce 10, stop count 40
    U->>C: TELEMETRY nonce 11, ARMED, LEASED
    C->>U: STOP
    Note over U: stop count 41, freezes
    C->>U: SETPOINT sequence 4, nonce 11, stop count 40 (was in flight)
    U->>C: REJECTED VOID_STOP_COUNT
    U->>C: TELEMETRY nonce 12, stop count 41, FROZEN
    C->>U: LEVEL sequence 5, stop count 41 (a new wish)
    Note over U: returns to level
```

**Handshake.** HELLO carries the version and a session number, not 0. IDENTITY answers with both. Only then does the
controller believe telemetry. Before HELLO, or after a restart, a unit takes HELLO, STOP and LEVEL; the rest is
NOT_GREETED. A unit that restarted sends IDENTITY with session 0 unasked, once. If that frame is lost, NOT_GREETED or
the clock in the telemetry tells the controller. Every new conversation begins disarmed, and nothing resumes by
itself.

**Sequence.** Counts up by one for each numbered frame of the controller, modulo 65536. `ahead = (new - last) mod
65536`. 0 is a duplicate: dropped without a word. More than 32767 is OLD_SEQUENCE. Anything else is newer and becomes
the last number, even if a check below then refuses the frame. After HELLO the first number is taken as it is.

**Nonce.** The number of a telemetry. It starts anywhere unpredictable after each restart and counts up by one. A unit
keeps the send times of its last {NONCES} telemetries; a nonce is fresh if it is one of these, sent by this unit since
it started, at most {NONCE_LIFE_MS} ms ago. So a frame that waited in a buffer can't run, and a host that doesn't hear
the unit can't move it.

**Stop count.** Modulo 65536. Each STOP adds one. SETPOINT, ARM and LEVEL quote the count that was valid *when the
wish behind them was made*; any other count is VOID_STOP_COUNT. So nothing that was in flight when a stop arrived can
undo it. The controller takes the count from the telemetry when a person starts a session or wishes level, keeps it
for that wish, and never copies a newer one into it. After a restart the unit goes on from a stored or otherwise
unpredictable count.

**Lease.** A SETPOINT holds for at most {LEASE_MS} ms and is renewed from each completed control step. No renewal: the
unit brakes at once and the grant is gone.

**Liveness and silence.** SETPOINT, KEEPALIVE, ARM and ACKNOWLEDGE with a fresh nonce show a living host, also when
the stop count then voids them. More than {SILENCE_MS} ms without one is silence: HOST_SILENT, R1 from the head-down
side, brake and hold on the head-up side. Bytes that merely arrive are not life: they may come out of a buffer.

**Order of the checks in a unit:** damage; type; length; (STOP passes; HELLO: version and session); greeted, but not
for LEVEL; duplicate; sequence; nonce of SETPOINT, KEEPALIVE, ARM, ACKNOWLEDGE; stop count of SETPOINT, ARM, LEVEL;
then the unit's own reasons (NOT_ARMED, INTERLOCK, LATCHED, NOT_AT_REST)."""


def _message(layout: Layout) -> str:
    example = EXAMPLES[layout.message]
    payload = pack(example)
    rows = [("0", "type", "u8", "", "", f"0x{layout.code:02X}", f"`{layout.code:02X}`")]
    offset = 1
    for field, value in zip(layout.fields, example, strict=True):
        size = int(field.kind[1:]) // 8
        raw = payload[offset : offset + size]
        step = f"{field.step:g} {field.unit}" if field.unit else ""
        shown = f"{value:d}" if field.step == 1 else f"{value:d} = {value * field.step:g} {field.unit}"
        rows.append((str(offset), f"`{field.name}`", field.kind, step, field.meaning, shown, f"`{_hex(raw)}`"))
        offset += size
    data = frame(example)
    return f"""\
### 0x{layout.code:02X} {layout.message.__name__.upper()}, {_direction(layout)}

{_flat(getdoc(layout.message))}

{_table(("Offset", "Field", "Type", "Step", "Meaning", "Example", "Its bytes"), rows)}

Bytes of payload: {len(payload)}, on the wire: {len(data)}. The example as a frame:

```
{_hex(data)}
```

{DUTIES[layout.message].strip()}"""


def _direction(layout: Layout) -> str:
    return "controller to unit" if layout.from_host else "unit to controller"


def _messages() -> str:
    rows = [
        (
            f"0x{layout.code:02X}",
            layout.message.__name__.upper(),
            _direction(layout),
            str(STRUCTS[layout.message].size),
            str(len(frame(EXAMPLES[layout.message]))),
        )
        for layout in LAYOUTS
    ]
    summary = _table(("Type", "Message", "Direction", "Payload bytes", "Bytes on the wire"), rows)
    intro = (
        "Types from 0x80 on come from the unit. The example frames are also in `tests/vectors/messages.txt`, in a\n"
        "form that programs read; `tests/vectors/damaged.txt` holds frames that have to be dropped."
    )
    return "\n\n".join(["## Messages", intro, summary, *(_message(layout) for layout in LAYOUTS)])


def _codes() -> str:
    flags = [(str(flag.bit_length() - 1), f"0x{flag:04X}", str(flag.name), FLAG_MEANINGS[flag]) for flag in Flag]
    rungs = [(str(int(rung)), name, rung.name, text) for rung, (name, text) in RUNGS.items()]
    causes = [
        (
            str(cause.bit_length() - 1),
            f"0x{cause:08X}",
            str(cause.name),
            RUNGS[fact.rung][0],
            "yes" if fact.latches else "",
            fact.fault,
            fact.meaning,
        )
        for cause, fact in CAUSES.items()
    ]
    rejections = [(str(int(reject)), reject.name, text) for reject, text in REJECT_MEANINGS.items()]
    return f"""\
## Flags

`flags` of TELEMETRY, one bit each.

{_table(("Bit", "Mask", "Name", "Set while"), flags)}

## Rungs

`rung` of TELEMETRY. When several apply, the most severe one wins.

{_table(("Value", "Rung", "Name", "What the unit does"), rungs)}

## Causes

`causes` and `latched` of TELEMETRY, one bit each. The rung holds from the head-down side; on the head-up side and at
level R0 replaces R1, and R3 replaces R2. A cause that latches stays in `latched`, after it has left `causes`, until
ACKNOWLEDGE clears it. The others end by themselves. The column *Fault* names the row of the fault table in safety.md.

{_table(("Bit", "Mask", "Name", "Rung", "Latches", "Fault", "Meaning"), causes)}

## Rejections

`reason` of REJECTED. 1 to 8 are checks of the wire, 9 to 12 the unit's own.

{_table(("Value", "Name", "Meaning"), rejections)}"""


def _share(message: type[Any]) -> tuple[str, str]:
    """Bytes of a frame, and what part of the line it takes when it is sent once in each telemetry period."""
    size = len(frame(EXAMPLES[message]))
    return str(size), f"{size * BITS_PER_BYTE * 1000 / TELEMETRY_PERIOD_MS / BAUD * 100:.1f} %"


def _budget() -> str:
    heads = ("Direction", "Frame", "Bytes", "Share of the line")
    up = "unit to controller"
    shares = _table(
        heads,
        [
            (up, "TELEMETRY", *_share(Telemetry)),
            (up, "REJECTED, if each SETPOINT is refused", *_share(Rejected)),
            ("controller to unit", "SETPOINT", *_share(Setpoint)),
        ],
    )
    stop_ms = len(STOP_FRAME) * BITS_PER_BYTE * 1000 / BAUD
    return f"""\
## Times

{_table(("What", "How long", "Kept by", "Details"), TIMES)}

## The line's budget

A byte takes {BITS_PER_BYTE} bits. At {1000 // TELEMETRY_PERIOD_MS} frames a second:

{shares}

Telemetry has to stay below 20 %. STOP has {len(STOP_FRAME)} bytes and takes {stop_ms:.2f} ms.

## When the unit boots

1. Motor off, brake on, before anything else. Nothing is armed, leased or wished. What the unit remembers: its latched
   causes, `head_down_s`, its stop count, and when it last restarted.
2. The stop count and the first nonce are unpredictable, so that no frame from before the restart fits.
3. IDENTITY with session 0, once; then TELEMETRY every {TELEMETRY_PERIOD_MS} ms.
4. Until the sensors have been watched for 600 ms, the brake holds. A second of head-down time is charged if it was
   being counted before. A return is a slow one if it would have been before.
5. RESTARTED: on the head-down side, with a trusted angle, R1, without waiting for a host. At level or head-up, brake
   and hold.
6. A second restart within 60 s: RESET_LOOP, R3. A unit that hangs is restarted by its hardware watchdog.

## What a unit owes, whatever it hears

- It counts head-down seconds (above 5°) itself, keeps `head_down_s` through restarts, and ends by R1 what lasts
  longer than the angle allows: 10 min up to 15°, 5 min up to 30°, 3 min up to 45°, 2 min up to 60°. The strictest
  angle of an episode counts for all of it.
- Faster than 5 °/s, driven without progress, the wrong way, or stalled: R3. A sensor more than 1° beyond the limit:
  R1. Sensors that differ by more than 3° for 200 ms and nothing says which one fails: R2. One that fails by itself,
  also one that fails on and off: R1 on the other.
- A level switch that contradicts both sensors: nothing rises any more. Neither angle nor side known: R3.
- A brake that slips under no drive: R1 again and again. A supply below 11 V: R1; below 10 V: R3. A motor so warm that
  only a whole return is left in it: nothing rises any more; hotter: R1.
- The release of the emergency stop moves nothing. While it is pressed, while the table is lowered by hand and on R3,
  nothing is driven.
- An ankle lock that opens: head down R1 at 1 °/s or less, otherwise freeze. Nobody sensed: with the ankles locked R1,
  with them open freeze and siren, and nothing by itself after that.
- Causes latch, actions don't: a return after a stop, a time limit or a silent host needs no acknowledgement at level.
  Faults do.
- Memory is bounded: one unfinished frame of {MAX_BODY} bytes, {NONCES} times of nonces, {OUTBOX_LIMIT} rejections."""


def render() -> str:
    """The whole document."""
    return "\n\n".join([_intro(), _framing(), _conversation(), _messages(), _codes(), _budget()]) + "\n"


def main() -> None:
    """Write docs/protocol.md and firmware/core/wire.h."""
    PATH.write_text(render(), encoding="utf-8")
    wire_header.PATH.write_text(wire_header.render(), encoding="utf-8")


if __name__ == "__main__":
    main()
