"""Every message of the wire: a NamedTuple of the integers there, and its layout in one table.

A field has one name on both ends, which says what one of it is: `angle_cdeg` counts hundredths of a degree, here as in
the unit. What reads a single value finds it in degrees, seconds and amperes beside it: `angle_deg`.
`docs/protocol.md` is rendered from this table by `protocol.spec`.
"""

from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import partial
from struct import Struct, error
from typing import Any, Final, NamedTuple

from .errors import LocalError

VERSION: Final = 1
"""Of this protocol. A unit and a controller with different versions do not talk."""
BAUD: Final = 115_200
TELEMETRY_PERIOD_MS: Final = 20
"""50 Hz: with the longest frame 18.7 % of the line at 115200 baud."""
NONCE_LIFE_MS: Final = 300
"""How long after its telemetry a nonce may be quoted (safety.md, lease and stop)."""
LEASE_MS: Final = 500
"""How long a setpoint holds (safety.md, lease and stop)."""
SILENCE_MS: Final = 2000
"""How long a unit waits for a fresh nonce to come back before the host counts as dead (safety.md, lease and stop)."""


class Rung(IntEnum):
    """The ladder of the tilt unit; the most severe applicable rung wins."""

    NONE = 0
    REFUSE = 1
    LEVEL = 2
    BLIND_LEVEL = 3
    HOLD = 4


class Flag(IntFlag):
    """What a unit senses and does, in each telemetry."""

    OCCUPIED = 1 << 0
    ANKLES_LOCKED = 1 << 1
    ESTOP = 1 << 2
    HEAD_DOWN_SIDE = 1 << 3
    END_HEAD_DOWN = 1 << 4
    END_HEAD_UP = 1 << 5
    BRAKE = 1 << 6
    DRIVEN = 1 << 7
    MOVING = 1 << 8
    ARMED = 1 << 9
    LEASED = 1 << 10
    TRUSTED = 1 << 11
    SIREN = 1 << 12
    LOWERING = 1 << 13
    FROZEN = 1 << 14
    HOST_LIVE = 1 << 15


FLAG_MEANINGS: Final = {
    Flag.OCCUPIED: "a person is sensed on the table",
    Flag.ANKLES_LOCKED: "both ankle locks are closed",
    Flag.ESTOP: "the emergency stop is pressed",
    Flag.HEAD_DOWN_SIDE: "the level switch (a cam) reports the head-down side",
    Flag.END_HEAD_DOWN: "the end switch of the head-down direction is open",
    Flag.END_HEAD_UP: "the end switch of the head-up direction is open",
    Flag.BRAKE: "the brake is applied",
    Flag.DRIVEN: "the motor is powered",
    Flag.MOVING: "the table moves (0.2 °/s or more)",
    Flag.ARMED: "motion that increases the angle is granted, until a stop, a fault, a silence or DISARM",
    Flag.LEASED: "a setpoint's lease runs",
    Flag.TRUSTED: "the angle is trusted",
    Flag.SIREN: "the siren sounds: somebody needs help",
    Flag.LOWERING: "the table is being lowered by hand",
    Flag.FROZEN: "a stop froze the table; head down it returns by itself 20 s later",
    Flag.HOST_LIVE: "a fresh nonce came back from the host within the last 2 s",
}


class Cause(IntFlag):
    """Why a unit stands on its rung."""

    STOPPED = 1 << 0
    LEVEL_WISHED = 1 << 1
    HOST_SILENT = 1 << 2
    LEASE_EXPIRED = 1 << 3
    OVER_TIME = 1 << 4
    OVER_ANGLE = 1 << 5
    ANKLES_OPEN = 1 << 6
    OCCUPANT_LOST = 1 << 7
    ESTOP = 1 << 8
    LOWERING = 1 << 9
    BED_SENSOR = 1 << 10
    DRIVE_SENSOR = 1 << 11
    DISAGREEMENT = 1 << 12
    NO_PROGRESS = 1 << 13
    OVER_SPEED = 1 << 14
    RESTARTED = 1 << 15
    RESET_LOOP = 1 << 16
    NO_SENSOR = 1 << 17
    BLIND_ENDED = 1 << 18
    PERSON_LOST = 1 << 19
    FROZEN_LONG = 1 << 20
    WRONG_WAY = 1 << 21
    STALLED = 1 << 22
    BRAKE_SLIP = 1 << 23
    MOTOR_WARM = 1 << 24
    MOTOR_HOT = 1 << 25
    SUPPLY_LOW = 1 << 26
    SUPPLY_CRITICAL = 1 << 27
    LEVEL_SWITCH = 1 << 28
    SIDE_UNKNOWN = 1 << 29


class CauseFact(NamedTuple):
    """A row of the table of causes: the fault it answers, its rung, whether it waits for an acknowledgement."""

    fault: str
    rung: Rung
    latches: bool
    meaning: str


CAUSES: Final = {
    Cause.STOPPED: CauseFact("", Rung.REFUSE, False, "frozen by a stop"),
    Cause.LEVEL_WISHED: CauseFact("", Rung.LEVEL, False, "returning to level as wished"),
    Cause.HOST_SILENT: CauseFact("F17", Rung.LEVEL, False, "nothing fresh from the controller for 2 s"),
    Cause.LEASE_EXPIRED: CauseFact("F2", Rung.REFUSE, False, "a lease ended while the table moved"),
    Cause.OVER_TIME: CauseFact("F14", Rung.LEVEL, False, "head down for longer than the angle allows"),
    Cause.OVER_ANGLE: CauseFact("F14", Rung.LEVEL, True, "a sensor beyond the limit and 1°, or the end switch open"),
    Cause.ANKLES_OPEN: CauseFact("F25", Rung.LEVEL, False, "an ankle lock is open"),
    Cause.OCCUPANT_LOST: CauseFact("F26", Rung.LEVEL, True, "nobody sensed although the ankles are locked"),
    Cause.ESTOP: CauseFact("F24", Rung.HOLD, True, "the emergency stop was pressed"),
    Cause.LOWERING: CauseFact("", Rung.HOLD, True, "the table was lowered by hand"),
    Cause.BED_SENSOR: CauseFact("F7", Rung.LEVEL, True, "the angle sensor on the bed failed"),
    Cause.DRIVE_SENSOR: CauseFact("F7", Rung.LEVEL, True, "the angle sensor on the drive failed"),
    Cause.DISAGREEMENT: CauseFact("F8", Rung.BLIND_LEVEL, True, "the two angle sensors disagree by more than 3°"),
    Cause.NO_PROGRESS: CauseFact("F11", Rung.HOLD, True, "driven, but moved less than 0.5° in 3 s"),
    Cause.OVER_SPEED: CauseFact("F12", Rung.HOLD, True, "faster than 5 °/s"),
    Cause.RESTARTED: CauseFact("F5", Rung.LEVEL, False, "the unit restarted"),
    Cause.RESET_LOOP: CauseFact("F5", Rung.HOLD, True, "the unit restarted twice within 60 s"),
    Cause.NO_SENSOR: CauseFact("F7", Rung.BLIND_LEVEL, True, "neither angle sensor is healthy"),
    Cause.BLIND_ENDED: CauseFact("F8", Rung.HOLD, True, "the blind return ended; the angle is not known"),
    Cause.PERSON_LOST: CauseFact(
        "F26", Rung.REFUSE, True, "nobody sensed and an ankle lock open: nothing moves by itself"
    ),
    Cause.FROZEN_LONG: CauseFact("", Rung.LEVEL, False, "frozen head down for 20 s without a further command"),
    Cause.WRONG_WAY: CauseFact("F9", Rung.HOLD, True, "the motor turned the table the wrong way"),
    Cause.STALLED: CauseFact("F10", Rung.HOLD, True, "the motor stalled: something is in the way"),
    Cause.BRAKE_SLIP: CauseFact("F13", Rung.LEVEL, True, "the table moved although the brake was on"),
    Cause.MOTOR_WARM: CauseFact("F15", Rung.REFUSE, False, "the motor is warm: the rest is for the way home"),
    Cause.MOTOR_HOT: CauseFact("F15", Rung.LEVEL, False, "the motor is hot"),
    Cause.SUPPLY_LOW: CauseFact("F16", Rung.LEVEL, False, "the supply voltage is low"),
    Cause.SUPPLY_CRITICAL: CauseFact("F16", Rung.HOLD, True, "the supply voltage was too low to move anybody"),
    Cause.LEVEL_SWITCH: CauseFact("F8", Rung.REFUSE, True, "the level switch contradicts both angle sensors"),
    Cause.SIDE_UNKNOWN: CauseFact("F8", Rung.HOLD, True, "neither the angle nor the side is known"),
}
"""From safety.md's fault table; the rung holds from the head-down side, on the head-up side REFUSE replaces LEVEL."""


class Reject(IntEnum):
    """Why a unit did not do what a frame asked."""

    DAMAGED = 1
    UNKNOWN_TYPE = 2
    WRONG_LENGTH = 3
    WRONG_VERSION = 4
    NOT_GREETED = 5
    OLD_SEQUENCE = 6
    STALE_NONCE = 7
    VOID_STOP_COUNT = 8
    NOT_ARMED = 9
    INTERLOCK = 10
    LATCHED = 11
    NOT_AT_REST = 12


REJECT_MEANINGS: Final = {
    Reject.DAMAGED: "the frame was damaged (once per bad run)",
    Reject.UNKNOWN_TYPE: "no message of this type goes this way",
    Reject.WRONG_LENGTH: "the payload is longer or shorter than its type",
    Reject.WRONG_VERSION: "HELLO named another protocol version, or session 0",
    Reject.NOT_GREETED: "HELLO has to come first",
    Reject.OLD_SEQUENCE: "the sequence number is not newer than the last one taken",
    Reject.STALE_NONCE: "the nonce was not issued in the last 300 ms",
    Reject.VOID_STOP_COUNT: "a stop came after this wish was made",
    Reject.NOT_ARMED: "it would increase the angle and nothing is armed",
    Reject.INTERLOCK: "the person is not sensed or an ankle lock is open",
    Reject.LATCHED: "a cause is latched or active",
    Reject.NOT_AT_REST: "only while the table stands still",
}


class Hello(NamedTuple):
    """Opens a conversation: the unit forgets sequence and grants of the one before."""

    protocol: int
    session: int


class Stop(NamedTuple):
    """Freeze now. No other content, so that any thread can write it whole at any moment."""


class Level(NamedTuple):
    """Return to level by yourself, from the head-down side; needs no nonce, no lease and no arming."""

    sequence: int
    stop_count: int


class Arm(NamedTuple):
    """Grant motion that increases the angle, until a stop, a fault, a silence or DISARM."""

    sequence: int
    nonce: int
    stop_count: int


class Disarm(NamedTuple):
    """Take the grant back."""

    sequence: int


class Setpoint(NamedTuple):
    """A lease: follow this angle, moving at this rate, within this limit, for this long."""

    sequence: int
    nonce: int
    stop_count: int
    target_cdeg: int
    rate_cdps: int
    limit_cdeg: int
    lease_ms: int

    @classmethod
    def nearest(
        cls,
        sequence: int,
        nonce: int,
        stop_count: int,
        target_deg: float,
        rate_dps: float,
        limit_deg: float,
        lease_ms: int = LEASE_MS,
    ) -> "Setpoint":
        """The one nearest to these degrees. Raises LocalError for what is no number or has no end."""
        return cls(
            sequence, nonce, stop_count, _hundredths("target_deg", target_deg), _hundredths("rate_dps", rate_dps),
            _hundredths("limit_deg", limit_deg), lease_ms,
        )  # fmt: skip

    @property
    def target_deg(self) -> float:
        """Degrees."""
        return self.target_cdeg / 100

    @property
    def rate_dps(self) -> float:
        """Degrees a second."""
        return self.rate_cdps / 100

    @property
    def limit_deg(self) -> float:
        """Degrees."""
        return self.limit_cdeg / 100

    @property
    def lease_s(self) -> float:
        """Seconds."""
        return self.lease_ms / 1000


def _hundredths(field: str, value: float) -> int:
    """A value of a setpoint as an integer, the nearest."""
    try:
        return round(value * 100)
    except (ValueError, OverflowError, TypeError):
        raise LocalError(Setpoint.__name__, field, value) from None


class Keepalive(NamedTuple):
    """The host lives and hears the unit; moves nothing."""

    sequence: int
    nonce: int


class Acknowledge(NamedTuple):
    """A person acknowledges the latched causes: clears those that are gone, at level or on the head-up side."""

    sequence: int
    nonce: int


class Identity(NamedTuple):
    """Answer to HELLO, and sent once unasked (session 0) after a restart."""

    protocol: int
    session: int
    firmware_major: int
    firmware_minor: int
    firmware_patch: int
    simulated: int
    time_scale: int
    unit: int
    boots: int
    memory: int
    limit_cdeg: int
    rate_limit_cdps: int

    @property
    def limit_deg(self) -> float:
        """Degrees."""
        return self.limit_cdeg / 100

    @property
    def rate_limit_dps(self) -> float:
        """Degrees a second."""
        return self.rate_limit_cdps / 100


class Telemetry(NamedTuple):
    """Everything the unit knows, 50 times a second. `nonce` counts up from an unpredictable start."""

    nonce: int
    time_ms: int
    stop_count: int
    angle_cdeg: int
    bed_cdeg: int
    drive_cdeg: int
    rate_cdps: int
    flags: int
    rung: int
    causes: int
    latched: int
    head_down_s: int
    episode_s: int
    current_fifths_a: int
    heat_percent: int
    supply_tenths_v: int
    arm_presses: int

    @property
    def angle_deg(self) -> float:
        """Degrees."""
        return self.angle_cdeg / 100

    @property
    def bed_deg(self) -> float:
        """Degrees."""
        return self.bed_cdeg / 100

    @property
    def drive_deg(self) -> float:
        """Degrees."""
        return self.drive_cdeg / 100

    @property
    def rate_dps(self) -> float:
        """Degrees a second."""
        return self.rate_cdps / 100

    @property
    def current_a(self) -> float:
        """Amperes."""
        return self.current_fifths_a / 5

    @property
    def heat(self) -> float:
        """Of the motor, as a part of what it may take."""
        return self.heat_percent / 100

    @property
    def supply_v(self) -> float:
        """Volts."""
        return self.supply_tenths_v / 10


class Rejected(NamedTuple):
    """A frame was not obeyed: why, which type (0 if unreadable) and which sequence number (0 if it has none)."""

    reason: int
    code: int
    sequence: int


class Unreadable(NamedTuple):
    """Not a message but a value in its place: a good frame whose payload is none of ours."""

    reason: Reject
    code: int


HostMessage = Hello | Stop | Level | Arm | Disarm | Setpoint | Keepalive | Acknowledge
UnitMessage = Identity | Telemetry | Rejected
Message = HostMessage | UnitMessage


class Field(NamedTuple):
    """One number on the wire: a little-endian integer of `kind`, of which one is a `step` of `unit`."""

    name: str
    kind: str
    unit: str
    meaning: str
    step: float = 1


class Layout(NamedTuple):
    """One message on the wire: its type byte, who sends it, and its fields in order."""

    code: int
    message: type[Any]
    from_host: bool
    fields: tuple[Field, ...]


_SEQUENCE = Field("sequence", "u16", "", "newer than the last one taken, modulo 65536; duplicates are dropped")
_NONCE = Field("nonce", "u16", "", "from a telemetry of the last 300 ms")
_STOP_COUNT = Field("stop_count", "u16", "", "the unit's count of stops when this wish was made")
_PROTOCOL = Field("protocol", "u8", "", f"version of this protocol: {VERSION}")

LAYOUTS: Final = (
    Layout(0x01, Hello, True, (_PROTOCOL, Field("session", "u32", "", "random, not 0; IDENTITY echoes it"))),
    Layout(0x02, Stop, True, ()),
    Layout(0x03, Level, True, (_SEQUENCE, _STOP_COUNT)),
    Layout(0x04, Arm, True, (_SEQUENCE, _NONCE, _STOP_COUNT)),
    Layout(0x05, Disarm, True, (_SEQUENCE,)),
    Layout(0x06, Setpoint, True, (
        _SEQUENCE, _NONCE, _STOP_COUNT,
        Field("target_cdeg", "i16", "°", "where the table should be now", 0.01),
        Field("rate_cdps", "i16", "°/s", "how fast the target moves (feed-forward), + towards head down", 0.01),
        Field("limit_cdeg", "i16", "°", "tightest angle limit; the unit takes the smaller of it and its own", 0.01),
        Field("lease_ms", "u16", "ms", f"from receipt; at most {LEASE_MS}"),
    )),
    Layout(0x07, Keepalive, True, (_SEQUENCE, _NONCE)),
    Layout(0x08, Acknowledge, True, (_SEQUENCE, _NONCE)),
    Layout(0x81, Identity, False, (
        _PROTOCOL, Field("session", "u32", "", "of the HELLO it answers; 0 unasked, after a restart"),
        Field("firmware_major", "u8", "", "version of the firmware"),
        Field("firmware_minor", "u8", "", ""),
        Field("firmware_patch", "u8", "", ""),
        Field("simulated", "u8", "", "1 if no real table hangs on this unit"),
        Field("time_scale", "u16", "", "how many times faster than real time the unit runs; 1 on hardware"),
        Field("unit", "u32", "", "number of this unit"),
        Field("boots", "u16", "", "restarts so far, modulo 65536"),
        Field("memory", "u16", "", "random; another one whenever the counts of head-down time began anew"),
        Field("limit_cdeg", "i16", "°", "hard angle limit of the unit", 0.01),
        Field("rate_limit_cdps", "u16", "°/s", "hard rate limit of the unit", 0.01),
    )),
    Layout(0x82, Telemetry, False, (
        Field("nonce", "u16", "", "counts up by one from an unpredictable start after each restart"),
        Field("time_ms", "u32", "ms", "since the unit started, modulo 2^32"),
        Field("stop_count", "u16", "", "stops so far; kept unpredictable across restarts"),
        Field("angle_cdeg", "i16", "°", "the unit's best angle; the last trusted one while it has none", 0.01),
        Field("bed_cdeg", "i16", "°", "sensor on the bed", 0.01),
        Field("drive_cdeg", "i16", "°", "sensor on the drive", 0.01),
        Field("rate_cdps", "i16", "°/s", "of the best angle", 0.01),
        Field("flags", "u16", "", "see *Flags*"),
        Field("rung", "u8", "", "see *Rungs*"),
        Field("causes", "u32", "", "causes at work now, see *Causes*"),
        Field("latched", "u32", "", "causes that wait for an acknowledgement, see *Causes*"),
        Field("head_down_s", "u32", "s", "head-down time ever counted (above 5°), kept through restarts"),
        Field("episode_s", "u16", "s", "head-down time of this episode"),
        Field("current_fifths_a", "u8", "A", "motor current", 0.2),
        Field("heat_percent", "u8", "%", "of the motor, as a part of what it may take"),
        Field("supply_tenths_v", "u8", "V", "voltage that the motor gets", 0.1),
        Field("arm_presses", "u8", "", "presses of the arm button, modulo 256"),
    )),
    Layout(0x83, Rejected, False, (
        Field("reason", "u8", "", "see *Rejections*"),
        Field("code", "u8", "", "type of the frame that was rejected; 0 if it could not be read"),
        Field("sequence", "u16", "", "of the frame that was rejected; 0 if it has none"),
    )),
)  # fmt: skip

_FORMATS: Final = {"u8": "B", "u16": "H", "u32": "I", "i16": "h"}
BY_MESSAGE: Final = {layout.message: layout for layout in LAYOUTS}
STRUCTS: Final = {
    layout.message: Struct("<B" + "".join(_FORMATS[field.kind] for field in layout.fields)) for layout in LAYOUTS
}


_Reader = tuple[type[Any], Callable[[bytes], tuple[int, ...]]]
"""What reads the payloads of one type: its message, and the integers behind the type byte."""


def _readers(from_host: bool) -> dict[int, _Reader]:
    """By type byte."""
    layouts = [layout for layout in LAYOUTS if layout.from_host == from_host]
    return {one.code: (one.message, Struct("<x" + STRUCTS[one.message].format[2:]).unpack) for one in layouts}


_PACK: Final = {layout.message: partial(STRUCTS[layout.message].pack, layout.code) for layout in LAYOUTS}
_FROM_HOST: Final = _readers(True)
_FROM_UNIT: Final = _readers(False)
_new: Final = tuple.__new__
"""Half of what a constructor takes that names each field."""


def pack(message: Message) -> bytes:
    """The payload of a message. Raises LocalError, naming the field, if a value does not fit."""
    try:
        return _PACK[type(message)](*message[:])  # a plain tuple: of any other kind Python would take one by one
    except error:
        raise _misfit(message) from None


def _misfit(message: Message) -> LocalError:
    """Find the field that did not fit, once it is known that one did not."""
    pairs = zip(BY_MESSAGE[type(message)].fields, message, strict=True)
    field, value = next(pair for pair in pairs if not _fits(*pair))
    return LocalError(type(message).__name__, field.name, value)


def _fits(field: Field, value: Any) -> bool:
    try:
        Struct("<" + _FORMATS[field.kind]).pack(value)
    except error:
        return False
    return True


def unpack_from_host(payload: bytes) -> HostMessage | Unreadable:
    """What a unit reads: a message of the host, or why it is none."""
    try:
        kind, unpack = _FROM_HOST[payload[0]]
        message: HostMessage = _new(kind, unpack(payload))
    except (LookupError, error):
        return _unreadable(_FROM_HOST, payload)
    return message


def unpack_from_unit(payload: bytes) -> UnitMessage | Unreadable:
    """What a host reads: a message of the unit, or why it is none."""
    try:
        kind, unpack = _FROM_UNIT[payload[0]]
        message: UnitMessage = _new(kind, unpack(payload))
    except (LookupError, error):
        return _unreadable(_FROM_UNIT, payload)
    return message


def _unreadable(readers: dict[int, _Reader], payload: bytes) -> Unreadable:
    """Why a payload is no message, once it is known that it is none."""
    code = payload[0] if payload else 0
    return Unreadable(Reject.WRONG_LENGTH if code in readers else Reject.UNKNOWN_TYPE, code)
