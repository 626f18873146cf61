"""Parts of the core, past the unit: what tests ask of them, in the units of the simulator."""

import ctypes
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from protocol.messages import Cause

from .build import compile_library, core_sources

HERE = Path(__file__).parent
Q16 = 65536
Q27 = 2**27
FULL_POWER = 32767
FAULTS = [0, Cause.STALLED, Cause.BLIND_ENDED, Cause.NO_PROGRESS, Cause.WRONG_WAY]
"""`enum fault`, the milder ones first."""


@cache
def library() -> ctypes.CDLL:
    """The core and the C side of this module."""
    with tempfile.TemporaryDirectory() as folder:
        built = compile_library([*core_sources(), HERE / "parts.c"], Path(folder) / "parts.so")
    built.new_parts.restype = ctypes.c_void_p
    built.valid_with.restype = built.slips.restype = built.stalls.restype = built.ends.restype = ctypes.c_bool
    built.gets_nowhere.restype, built.supplied.restype = ctypes.c_uint8, ctypes.c_uint32
    built.named_by.restype = ctypes.c_uint16
    built.follows.restype = built.drive_power.restype = ctypes.c_int16
    return built


class Parts:
    """One of each. Degrees and seconds here, 1/65536 of their hundredths there."""

    def __init__(self) -> None:
        self._at = ctypes.c_void_p(library().new_parts())
        self._out = (ctypes.c_int64 * 16)()

    def __del__(self) -> None:
        library().drop_parts(self._at)

    def take(self, bed_cdeg: int, drive_cdeg: int) -> None:
        """A reading of each sensor."""
        library().take_both(self._at, ctypes.c_int16(bed_cdeg), ctypes.c_int16(drive_cdeg))

    def judge(self, head_down_side: bool, returning: bool, latched: int) -> tuple[list[int], list[float]]:
        """Verdicts, and numbers in hundredths of a degree (and second)."""
        library().judge(self._at, head_down_side, returning, ctypes.c_uint32(latched), self._out)
        return [*self._out[:9]], [number / Q16 for number in self._out[9:15]]

    def show(self, bed_q16: int, drive_q16: int, bed_fails: bool = False, drive_fails: bool = False) -> None:
        """What both channels make of their readings."""
        library().show(self._at, bed_q16, drive_q16, bed_fails, drive_fails)

    def slips(self, held: bool) -> bool:
        """The brake, one tick."""
        return bool(library().slips(self._at, held))

    def gets_nowhere(self, angle_q16: int, rate_cdps: int, asked_q16: int) -> int:
        """The watch over progress, one tick: the cause that its fault is told as."""
        return FAULTS[library().gets_nowhere(self._at, angle_q16, ctypes.c_int16(rate_cdps), asked_q16)]

    def rests(self) -> None:
        """The watch begins anew."""
        library().rests(self._at)

    def stalls(self, current_ma: int, power: int) -> bool:
        """The watch over the current, one tick."""
        return bool(library().stalls(self._at, ctypes.c_uint16(current_ma), ctypes.c_int16(power)))

    def supplied(self, supply_mv: int, current_ma: int) -> tuple[int, float, int]:
        """Causes, heat, and its percent."""
        causes = library().supplied(self._at, ctypes.c_uint16(supply_mv), ctypes.c_uint16(current_ma), self._out)
        return int(causes), self._out[0] / Q27, self._out[1]

    def heat(self, heat: float) -> None:
        """So warm it is."""
        library().set_heat(self._at, round(heat * Q27))

    def remembers(self, episode_ms: int, strictest_cdeg: int) -> None:
        """A start with this episode in memory."""
        library().remembers(self._at, ctypes.c_uint32(episode_ms), ctypes.c_int16(strictest_cdeg))

    def exposed(self, worst_cdeg: int = 0, elapsed_ms: int = 0) -> list[int]:
        """After so long at this angle: time left, of the episode, its strictest angle, exposed, head-down time."""
        library().exposed(self._at, ctypes.c_int16(worst_cdeg), ctypes.c_uint32(elapsed_ms), self._out)
        return [*self._out[:5]]

    def valid_with(self, at: int, flipped: int) -> bool:
        """Whether memory that was sealed is still valid with these bits of one byte changed."""
        return bool(library().valid_with(self._at, at, ctypes.c_uint8(flipped)))

    def grants(self, what: int, setpoint: Sequence[int], now_ms: int) -> None:
        """0 arms, 1 leases a setpoint (target, rate, limit, length), 2 releases."""
        library().grants(self._at, what, (ctypes.c_int64 * 4)(*setpoint), ctypes.c_uint32(now_ms))

    def granted(self, now_ms: int) -> list[int]:
        """Armed, leased, limit, expired, and the target by now."""
        library().granted(self._at, ctypes.c_uint32(now_ms), self._out)
        return [*self._out[:5]]

    def put(self, reference: Sequence[int], follower: Sequence[int]) -> None:
        """State of the drive, in 1/65536."""
        library().put(self._at, (ctypes.c_int64 * 3)(*reference), (ctypes.c_int64 * 2)(*follower))

    def approach(self, target_q16: int, target_cdps: int, cap_cdps: int, low_cdeg: int, high_cdeg: int) -> list[int]:
        """The reference one tick on: its state, that of the follower, and what it asks for."""
        small = [ctypes.c_int16(value) for value in (target_cdps, cap_cdps, low_cdeg, high_cdeg)]
        library().approach(self._at, target_q16, *small, self._out)
        return [*self._out[:6]]

    def ends(self, target_q16: int, target_cdps: int) -> bool:
        """Whether the reference may as well rest."""
        return bool(library().ends(self._at, target_q16, ctypes.c_int16(target_cdps)))

    def follows(self, angle_q16: int, hurry: bool) -> tuple[int, list[int]]:
        """The rate for the motor, and the state after it."""
        rate_cdps = library().follows(self._at, angle_q16, hurry, self._out)
        return int(rate_cdps), [*self._out[:6]]


def sense(c: Parts, given: Sequence[int], keep: bool = False) -> None:
    """What a motion knows of the table: angle, more head-down one, both sensors, their failures and rates.

    `keep`: the first two stay as they were judged.
    """
    library().senses(c._at, (ctypes.c_int64 * 8)(*given), keep)


def move(c: Parts, what: int, *given: int) -> list[int]:
    """A motion for a tick, in the order of motion.h's functions of it: fault, what comes out, and its state."""
    library().moves(c._at, what, (ctypes.c_int64 * 4)(*given), c._out)
    return [int(FAULTS[c._out[0]]), *c._out[1:12]]


def vote(c: Parts, given: Sequence[int]) -> list[int]:
    """Both sensors' angles, equal readings and bad ones, side, suspect: who fails, apart, and for how long so far."""
    library().votes(c._at, (ctypes.c_int64 * 8)(*given), c._out)
    return [*c._out[:4]]


def named_by(c: Parts, entropy: int) -> int:
    """What a memory is called that did not survive."""
    return int(library().named_by(c._at, ctypes.c_uint32(entropy)))


def climb(c: Parts, what: int, given: Sequence[int]) -> list[int]:
    """The ladder: 0 stop, 1 level, 2 a new grant, 3 a fault, 4 a verdict; what it says then."""
    library().climb(c._at, what, (ctypes.c_int64 * 19)(*given), c._out)
    return [*c._out[:11]]


def power(rate_cdps: int, angle_q16: int) -> int:
    """The part of full power, ±32767."""
    return int(library().drive_power(ctypes.c_int16(rate_cdps), angle_q16))


def said_at_first() -> int:
    """Bytes that a new unit says after its identity, before its first round of control."""
    library().said_at_first.restype = ctypes.c_uint8
    return int(library().said_at_first(ctypes.create_string_buffer(69)))


def sampled(bed_cdeg: int, drive_cdeg: int) -> tuple[int, int]:
    """What both channels of a new unit hold after one sample of both."""
    out = (ctypes.c_int64 * 2)()
    library().sampled(ctypes.c_int16(bed_cdeg), ctypes.c_int16(drive_cdeg), out)
    return out[0], out[1]
