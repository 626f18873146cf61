"""What raw loop and usual way need of the wire: telemetry by bare struct, and frames by hand."""

from binascii import crc_hqx
from struct import Struct
from typing import Final

from cobs import cobs

TELEMETRY: Final = Struct("<BHIHhhhhHBIIIHBBBB")
KEEPALIVE: Final = Struct("<BHH")
HELLO: Final = Struct("<BBI").pack(0x01, 1, 4711)
STATE_PERIOD_S: Final = 0.5
NAMES: Final = (
    "nonce", "time_ms", "stop_count", "angle_deg", "bed_deg", "drive_deg", "rate_dps", "flags", "rung", "causes",
    "latched", "head_down_s", "episode_s", "current_a", "heat", "supply_v", "arm_presses",
)  # fmt: skip
SCALES: Final = (1, 1, 1, 0.01, 0.01, 0.01, 0.01, 1, 1, 1, 1, 1, 1, 0.2, 0.01, 0.1, 1)


def frame(payload: bytes) -> bytes:
    """Delimited, stuffed, with its CRC."""
    body: bytes = cobs.encode(payload + crc_hqx(payload, 0xFFFF).to_bytes(2, "big"))
    return b"\0" + body + b"\0"


def values(body: bytes) -> tuple[int, ...] | None:
    """A telemetry's counts, None for anything else."""
    try:
        checked = cobs.decode(body)
    except cobs.DecodeError:
        return None
    if crc_hqx(checked, 0xFFFF) or len(checked) != TELEMETRY.size + 2:
        return None
    return TELEMETRY.unpack(checked[:-2])[1:]


def keepalive(sequence: int, nonce: int) -> bytes:
    """The answer that keeps the host alive in the unit's eyes."""
    return frame(KEEPALIVE.pack(0x07, sequence & 0xFFFF, nonce))
