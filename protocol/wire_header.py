"""`firmware/core/wire.h`, rendered from the message table: the wire as a tilt unit in C reads and writes it.

`python -m protocol.spec` writes the file; a test fails while it is out of date. A field is the integer of the wire and
has the same name on both ends.
"""

from collections.abc import Iterable
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import Final

from .framing import CRC_START, MAX_BODY, MAX_PAYLOAD, MIN_CHECKED, Damage
from .link import NONCES, OUTBOX_LIMIT
from .messages import (
    BAUD,
    CAUSES,
    LAYOUTS,
    LEASE_MS,
    NONCE_LIFE_MS,
    SILENCE_MS,
    STRUCTS,
    TELEMETRY_PERIOD_MS,
    VERSION,
    Cause,
    CauseFact,
    Field,
    Flag,
    Layout,
    Reject,
    Rung,
)

PATH: Final = Path(__file__).parent.parent / "firmware" / "core" / "wire.h"
TYPES: Final = {"u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "i16": "int16_t"}


def _enumeration(kind: str, members: type[IntEnum], why: str) -> str:
    names = [f"    {kind}_{member.name} = {int(member)}," for member in members]
    return "\n".join([f"/* {why} */", f"enum {kind.lower()} {{", *names, "};"])


def _bits(kind: str, flags: type[IntFlag], digits: int) -> list[str]:
    return [f"#define {kind}_{flag.name} UINT{digits * 4}_C(0x{flag:0{digits}X})" for flag in flags]


def _mask(facts: Iterable[tuple[Cause, CauseFact]]) -> str:
    return f"UINT32_C(0x{sum(cause for cause, _ in facts):08X})"


def _constants() -> str:
    rows = (
        ("WIRE_VERSION", f"{VERSION}u"),
        ("WIRE_BAUD", f"UINT32_C({BAUD})"),
        ("WIRE_TELEMETRY_PERIOD_MS", f"{TELEMETRY_PERIOD_MS}u"),
        ("WIRE_NONCE_LIFE_MS", f"{NONCE_LIFE_MS}u"),
        ("WIRE_NONCES", f"{NONCES}u"),
        ("WIRE_LEASE_MS", f"{LEASE_MS}u"),
        ("WIRE_SILENCE_MS", f"{SILENCE_MS}u"),
        ("WIRE_OUTBOX_LIMIT", f"{OUTBOX_LIMIT}u"),
        ("WIRE_MAX_PAYLOAD", f"{MAX_PAYLOAD}u"),
        ("WIRE_MAX_BODY", f"{MAX_BODY}u"),
        ("WIRE_MIN_CHECKED", f"{MIN_CHECKED}u"),
        ("WIRE_CRC_START", f"0x{CRC_START:04X}u"),
    )
    return "\n".join(f"#define {name} {value}" for name, value in rows)


def _causes() -> str:
    facts = CAUSES.items()
    masks = [f"#define CAUSES_{rung.name} {_mask(f for f in facts if f[1].rung is rung)}" for rung in Rung if rung]
    return "\n".join(
        [
            "/* Why the unit stands on its rung, one bit each. */",
            *_bits("CAUSE", Cause, 8),
            "",
            "/* All of them, those that wait for an acknowledgement, and those of each rung. */",
            f"#define CAUSES_ALL {_mask(facts)}",
            f"#define CAUSES_LATCHING {_mask(f for f in facts if f[1].latches)}",
            *masks,
        ]
    )


def _codes(layouts: Iterable[Layout]) -> str:
    lines = []
    for layout in layouts:
        name = layout.message.__name__.upper()
        lines += [f"#define {name}_CODE 0x{layout.code:02X}u", f"#define {name}_SIZE {STRUCTS[layout.message].size}u"]
    return "\n".join(["/* The type byte of each message, and the bytes of its payload with that. */", *lines])


def _structure(name: str, fields: Iterable[Field]) -> list[str]:
    return [f"struct {name} {{", *(f"    {TYPES[field.kind]} {field.name};" for field in fields), "};"]


def _reader(layouts: list[Layout]) -> str:
    """One structure for all that a host sends, and the one function that reads it."""
    fields = {field.name: field for layout in layouts for field in layout.fields}
    code = Field("code", "u8", "", "")
    lines = [
        "/* Whatever a host sends: `code` says which message it is; the fields that this one has not are 0. */",
        *_structure("from_host", [code, *fields.values()]),
        "",
        "/* Read a payload of `size` bytes, at least one. 0, or the `enum reject` of what is no message. */",
        "static inline uint8_t wire_read(const uint8_t *payload, uint8_t size, struct from_host *message)",
        "{",
        "    static const struct from_host empty = {0};",
        "    *message = empty;",
        "    message->code = payload[0];",
        "    switch (payload[0]) {",
    ]
    for layout in layouts:
        name = layout.message.__name__.upper()
        lines += [f"    case {name}_CODE:", f"        if (size != {name}_SIZE) {{"]
        lines += ["            return (uint8_t)REJECT_WRONG_LENGTH;", "        }"]
        at = STRUCTS[layout.message].size
        for field in reversed(layout.fields):  # many begin alike: a compiler joins what ends alike
            at -= int(field.kind[1:]) // 8
            lines.append(f"        message->{field.name} = wire_get_{field.kind}(&payload[{at}]);")
        lines.append("        return 0;")
    lines += ["    default:", "        return (uint8_t)REJECT_UNKNOWN_TYPE;", "    }", "}"]
    return "\n".join(lines)


def _writer(layout: Layout) -> str:
    """One function for each field of a message of the unit: what is told is written where it is sent from."""
    name = layout.message.__name__
    begun = f"static inline void wire_begin_{name.lower()}(uint8_t *payload)"
    lines = [f"/* {name.upper()}: write its code, then each field, into {name.upper()}_SIZE bytes. */"]
    lines += [begun, "{", f"    payload[0] = {name.upper()}_CODE;", "}"]
    at = 1
    for field in layout.fields:
        given = f"uint8_t *payload, {TYPES[field.kind]} {field.name}"
        lines += ["", f"static inline void wire_{name.lower()}_{field.name}({given})"]
        lines += ["{", f"    wire_put_{field.kind}(&payload[{at}], {field.name});", "}"]
        at += int(field.kind[1:]) // 8
    return "\n".join(lines)


_HEAD: Final = """\
/* The wire between controller and tilt unit, as docs/protocol.md tells it. Numbers are the integers on the wire:
 * cdeg and cdps are hundredths of a degree and of a degree a second.
 *
 * Rendered from protocol/messages.py: edit that or protocol/wire_header.py, then run `python -m protocol.spec`. */
#ifndef BASCULE_WIRE_H
#define BASCULE_WIRE_H

#include <stdint.h>
"""

_NUMBERS: Final = """\
/* Little-endian numbers, byte by byte: right on every machine, aligned or not. */
static inline uint8_t wire_get_u8(const uint8_t *at)
{
    return at[0];
}

static inline uint16_t wire_get_u16(const uint8_t *at)
{
    return (uint16_t)(at[0] | (uint16_t)((uint16_t)at[1] << 8));
}

static inline int16_t wire_get_i16(const uint8_t *at)
{
    return (int16_t)wire_get_u16(at);
}

static inline uint32_t wire_get_u32(const uint8_t *at)
{
    return wire_get_u16(at) | ((uint32_t)wire_get_u16(&at[2]) << 16);
}

static inline void wire_put_u8(uint8_t *at, uint8_t value)
{
    at[0] = value;
}

static inline void wire_put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)(value >> 8);
}

static inline void wire_put_i16(uint8_t *at, int16_t value)
{
    wire_put_u16(at, (uint16_t)value);
}

static inline void wire_put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value & 0xFFu);
    at[1] = (uint8_t)((value >> 8) & 0xFFu);
    at[2] = (uint8_t)((value >> 16) & 0xFFu);
    at[3] = (uint8_t)(value >> 24);
}"""


def render() -> str:
    """The whole header."""
    flags = "\n".join(["/* What the unit senses and does, in each telemetry. */", *_bits("FLAG", Flag, 4)])
    parts = [
        _HEAD + "\n" + _constants(),
        _enumeration("RUNG", Rung, "The ladder; the most severe rung that applies wins."),
        flags,
        _causes(),
        _enumeration("REJECT", Reject, "Why a frame was not obeyed."),
        _enumeration("DAMAGE", Damage, "What was wrong with a frame."),
        _codes(LAYOUTS),
        _NUMBERS,
        _reader([layout for layout in LAYOUTS if layout.from_host]),
        *(_writer(layout) for layout in LAYOUTS if not layout.from_host),
    ]
    return "\n\n".join(parts) + "\n\n#endif\n"
