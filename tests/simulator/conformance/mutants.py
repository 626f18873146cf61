"""Units that are wrong on purpose: for each check at least one that it has to find.

A mutant is a simulated unit with one of its rules bent, or a good one behind a line that tampers with its frames.
"""

from collections.abc import Callable
from typing import Any, Final

import pytest

from protocol import framing, link, messages
from protocol.framing import DELIMITER
from protocol.link import STOP_FRAME, UnitLink, frame
from protocol.messages import Cause, Flag, Hello, Identity, Reject, Rejected, Setpoint, Stop, Telemetry
from simulator import drive, kernel, motion, physics
from simulator.unit import TiltUnit


class Line:
    """Bytes between a host and a unit, as they are."""

    def to_unit(self, data: bytes) -> bytes:
        return data

    def from_unit(self, data: bytes) -> bytes:
        return data


class Says(Line):
    """What the unit says, changed message by message: `change` returns what is said instead."""

    def __init__(self, change: Callable[[Any], list[Any]]) -> None:
        self._change, self._deframer = change, framing.Deframer()

    def from_unit(self, data: bytes) -> bytes:
        said = [messages.unpack_from_unit(one) for one in self._deframer.feed(data) if isinstance(one, bytes)]
        changed = [one for message in said for one in self._change(message)]
        return b"".join(one if isinstance(one, bytes) else frame(one) for one in changed)


class Hears(Line):
    """What the unit hears, changed write by write."""

    def __init__(self, change: Callable[[bytes], bytes]) -> None:
        self._change = change

    def to_unit(self, data: bytes) -> bytes:
        return self._change(data)


class Drifts(Says):
    """A unit that moves when it hears a frame of this type: its angles wander from then on, until a new HELLO."""

    def __init__(self, code: int) -> None:
        self._code, self._cdeg, self._on = code, 0, False
        super().__init__(self._shift)

    def to_unit(self, data: bytes) -> bytes:
        codes = {payload[0] for payload in framing.Deframer().feed(data) if isinstance(payload, bytes)}
        self._on = (self._on or self._code in codes) and 0x01 not in codes
        return data

    def _shift(self, message: Any) -> list[Any]:
        self._cdeg = self._cdeg + 1 if self._on else 0
        if isinstance(message, Telemetry):
            return [
                message._replace(bed_cdeg=message.bed_cdeg - self._cdeg, drive_cdeg=message.drive_cdeg - self._cdeg)
            ]
        return [message]


def _otherwise(message: Any) -> list[Any]:
    return [message._replace(reason=Reject.UNKNOWN_TYPE) if isinstance(message, Rejected) else message]


Bend = Callable[[pytest.MonkeyPatch], Line | None]


# ---- what is said ---------------------------------------------------------------------------------------------------


def telling(**changed: Callable[[Telemetry], Any]) -> Bend:
    """Telemetry with these fields made anew."""

    def change(message: Any) -> list[Any]:
        if not isinstance(message, Telemetry):
            return [message]
        return [message._replace(**{name: make(message) for name, make in changed.items()})]

    return lambda _: Says(change)


def introducing(**changed: int) -> Bend:
    """An IDENTITY with these fields."""
    return lambda _: Says(lambda one: [one._replace(**changed)] if isinstance(one, Identity) else [one])


def counted(change: Callable[[Telemetry, int], list[Any]]) -> Bend:
    """Telemetry by its number."""

    def bend(_: pytest.MonkeyPatch) -> Line:
        numbers = iter(range(10**9))
        return Says(lambda one: change(one, next(numbers)) if isinstance(one, Telemetry) else [one])

    return bend


def without(kind: type, which: Callable[[Any], bool] = lambda _: True) -> Bend:
    """Never says this."""
    return lambda _: Says(lambda one: [] if isinstance(one, kind) and which(one) else [one])


def twice(kind: type) -> Bend:
    """Says this twice."""
    return lambda _: Says(lambda one: [one, one] if isinstance(one, kind) else [one])


# ---- what is heard --------------------------------------------------------------------------------------------------


def hearing(change: Callable[[bytes], bytes]) -> Bend:
    return lambda _: Hears(change)


def deaf_to(code: int, after: int = 0) -> Bend:
    """Doesn't hear frames of this type, but for the first few."""

    def bend(_: pytest.MonkeyPatch) -> Line:
        heard = [0]

        def change(data: bytes) -> bytes:
            kept = b""
            for body in data.split(DELIMITER):
                payload = _opened(body) if body else b""
                if isinstance(payload, bytes) and payload and payload[0] == code:
                    heard[0] += 1
                    if heard[0] > after:
                        continue
                kept += DELIMITER + body + DELIMITER
            return kept

        return Hears(change)

    return bend


def _tail_of_long(data: bytes) -> bytes:
    return DELIMITER.join(body if len(body) <= 67 else body[-4:] for body in data.split(DELIMITER))


def _needs_two_delimiters() -> Callable[[bytes], bytes]:
    inside, body = [False], bytearray()

    def change(data: bytes) -> bytes:
        out = b""
        for byte in data:
            if byte:
                body.append(byte)
                continue
            if inside[0] and body:
                out += DELIMITER + bytes(body) + DELIMITER
                inside[0] = False
            else:
                inside[0] = True
            body.clear()
        return out

    return change


def _any_version(data: bytes) -> bytes:
    for payload in framing.Deframer().feed(data):
        if isinstance(payload, bytes) and payload[0] == 1:
            hello = messages.unpack_from_host(payload)
            assert isinstance(hello, Hello)
            return frame(Hello(1, hello.session or 99))
    return data


# ---- rules that are bent --------------------------------------------------------------------------------------------


def setting(*values: tuple[Any, str, Any]) -> Bend:
    """These attributes have other values."""

    def bend(patch: pytest.MonkeyPatch) -> None:
        for place, name, value in values:
            patch.setattr(place, name, value)

    return bend


def knowing(name: str, **known: Any) -> Bend:
    """A function of the kernel that believes this of its arguments, whatever they are."""
    good = getattr(kernel, name)
    names = good.__code__.co_varnames[: good.__code__.co_argcount]
    return setting((kernel, name, lambda *given: good(**(dict(zip(names, given, strict=True)) | known))))


def answering(name: str, change: Callable[..., Any]) -> Bend:
    """A function of the kernel whose result is changed: `change(result, *arguments)`."""
    good = getattr(kernel, name)
    return setting((kernel, name, lambda *given, **named: change(good(*given, **named), *given, *named.values())))


def both(*bends: Bend) -> Bend:
    """All of these."""

    def bend(patch: pytest.MonkeyPatch) -> Line | None:
        return next((line for line in [one(patch) for one in bends] if line is not None), None)

    return bend


def in_link(name: str, wrong: Callable[..., Any]) -> Bend:
    """A method of the unit's link: `wrong(good, self, …)` in its place."""
    good = getattr(UnitLink, name)
    return setting((UnitLink, name, lambda self, *given: wrong(good, self, *given)))


def _keeps(name: str) -> Callable[..., Any]:
    def wrong(good: Any, self: Any, *given: Any) -> Any:
        kept = getattr(self, name)
        found = good(self, *given)
        setattr(self, name, kept)
        return found

    return wrong


def _keeps_if_refused(name: str) -> Callable[..., Any]:
    def wrong(good: Any, self: Any, *given: Any) -> Any:
        kept = getattr(self, name)
        found = good(self, *given)
        if not found:
            setattr(self, name, kept)
        return found

    return wrong


def _forgets_sequence(good: Any, self: Any, *given: Any) -> Any:
    self._sequence = None
    return good(self, *given)


def _one_wrong_hello(good: Any, self: Any, hello: Hello) -> Any:
    if hello.protocol != 1 or not hello.session:
        self.reject(Reject.WRONG_VERSION, 1)
        return False
    return good(self, hello)


def _rejects_each(_: Any, self: Any, reason: Reject, code: int = 0, sequence: int = 0) -> None:
    self.outbox.append(Rejected(reason, code, sequence))


def _duplicate_lives(good: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    if message.sequence == self._sequence and code == 7:
        self._fresh_ms = now_ms
    return good(self, message, code, now_ms)


def _duplicate_told(good: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    if message.sequence == self._sequence:
        self.reject(Reject.OLD_SEQUENCE, code, message.sequence)
    return good(self, message, code, now_ms)


def _never_wraps(good: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    if self._sequence is not None and message.sequence < self._sequence:
        self.reject(Reject.OLD_SEQUENCE, code, message.sequence)
        return False
    return good(self, message, code, now_ms)


def _all_frames_live(good: Any, self: Any, data: bytes, now_ms: int) -> Any:
    found = good(self, data, now_ms)
    if found:
        self._fresh_ms = now_ms
    return found


def _stop_needs_life(good: Any, self: Any, data: bytes, now_ms: int) -> Any:
    silent, before = self.silent(now_ms), self.stop_count
    found = good(self, data, now_ms)
    if silent and Stop() in found:
        self.stop_count = before
        return [one for one in found if not isinstance(one, Stop)]
    return found


def _level_needs_life(good: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    if code == 3 and self.silent(now_ms):
        self.reject(Reject.STALE_NONCE, code, message.sequence)
        return False
    return good(self, message, code, now_ms)


def _takes_all(_: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    self._fresh_ms = now_ms
    return True


def _greeted(good: Any, self: Any, *given: Any) -> None:
    good(self, *given)
    self.session = 0xABCD


def _opened(body: bytes) -> Any:
    """What a good deframer makes of one body."""
    return framing.Deframer().feed(body + DELIMITER)[0]


def opening(wrong: Callable[[bytes], Any]) -> Bend:
    """A unit whose deframer makes this of each body."""

    class Wrong(framing.Deframer):
        def feed(self, data: bytes) -> list[Any]:
            *bodies, self._rest = (self._rest + data).split(DELIMITER)
            return [wrong(body) for body in bodies if body]

    return setting((link, "Deframer", Wrong))


def _part(body: bytes) -> Any:
    found = _opened(body)
    return b"\x02" if isinstance(found, framing.Damage) and body[1:2] == b"\x02" else found


def _any_crc(body: bytes) -> Any:
    try:
        return framing.cobs.decode(body)[:-2] or framing.Damage.CRC
    except framing.cobs.DecodeError:
        return framing.Damage.COBS


def _any_length(payload: bytes) -> Any:
    sizes = {one.code: messages.STRUCTS[one.message].size for one in messages.LAYOUTS}
    size = sizes.get(payload[0], len(payload))
    return messages.unpack_from_host(payload[:size].ljust(size, b"\x00"))


def _keeps_grant(patch: pytest.MonkeyPatch) -> None:
    good = TiltUnit._obey

    def obey(self: Any, message: Any) -> None:
        self._session = self._link.session
        good(self, message)

    patch.setattr(TiltUnit, "_obey", obey)
    in_link("_welcome", _keeps("_fresh_ms"))(patch)


def _expires_for_ever(found: int, active: int, silent: bool, expired: bool, *_: Any) -> int:
    return found | kernel.LEASE_EXPIRED if expired or active & kernel.LEASE_EXPIRED else found


def _level_refused(good: Any, self: Any, message: Any, code: int, now_ms: int) -> Any:
    if code == 3:
        self.reject(Reject.NOT_ARMED, code, message.sequence)
    return good(self, message, code, now_ms)


UNKNOWN: Final = framing.encode(b"\x90\x01")
MUTANTS: Final[dict[str, dict[str, Bend]]] = {
    "C01": {"every second telemetry": counted(lambda one, number: [one] * (number % 2))},
    "C02": {"pauses": counted(lambda one, number: [one] if number % 60 < 50 else [])},
    "C03": {"a clock twice as fast": telling(time_ms=lambda one: one.time_ms * 2)},
    "C04": {
        "a clock twice as fast": telling(time_ms=lambda one: one.time_ms * 2),
        "another time scale": introducing(time_scale=10),
    },
    "C05": {
        "a telemetry twice": counted(lambda one, number: [one] * (1 + (number % 10 == 0))),
        "lost telemetry": counted(lambda one, number: [one] if number % 10 else []),
    },
    "C06": {"an unknown message": counted(lambda one, number: [one, *([UNKNOWN] * (number % 20 == 0))])},
    "C07": {
        "no brake": telling(flags=lambda one: one.flags & ~Flag.BRAKE),
        "no trust": telling(flags=lambda one: one.flags & ~Flag.TRUSTED),
        "armed": telling(flags=lambda one: one.flags | Flag.ARMED),
        "the other side": telling(flags=lambda one: one.flags ^ Flag.HEAD_DOWN_SIDE),
        "an unknown cause": telling(causes=lambda one: one.causes | 1 << 31),
        "an unknown rung": telling(rung=lambda _: 9),
        "a bed elsewhere": telling(bed_cdeg=lambda one: one.bed_cdeg - 400),
        "an angle elsewhere": telling(angle_cdeg=lambda one: one.angle_cdeg - 400),
    },
    "C08": {"two answers": twice(Identity)},
    "C09": {
        "80°": introducing(limit_cdeg=8000),
        "5 °/s": introducing(rate_limit_cdps=500),
        "version 2": introducing(protocol=2),
    },
    "C10": {"any version": hearing(_any_version), "no word": without(Rejected, lambda one: one.reason == 4)},
    "C11": {"session 0": hearing(_any_version)},
    "C12": {"one answer": in_link("_welcome", _one_wrong_hello)},
    "C13": {"a sequence for ever": in_link("_welcome", _keeps("_sequence"))},
    "C14": {"forgets": in_link("_welcome", _forgets_sequence)},
    "C15": {"life for ever": in_link("_welcome", _keeps("_fresh_ms"))},
    "C16": {"any CRC": opening(_any_crc)},
    "C17": {"no word": without(Rejected), "another word": lambda _: Says(_otherwise)},
    "C18": {"parts": opening(_part)},
    "C19": {"the tail": hearing(_tail_of_long)},
    "C20": {"any length": setting((link, "unpack_from_host", _any_length))},
    "C21": {
        "no word": without(Rejected, lambda one: one.reason == Reject.UNKNOWN_TYPE),
        "no type": lambda _: Says(lambda one: [one._replace(code=0)] if isinstance(one, Rejected) else [one]),
    },
    "C22": {"any length": setting((link, "unpack_from_host", _any_length))},
    "C23": {"each one": in_link("reject", _rejects_each)},
    "C24": {"whole frames only": hearing(lambda data: data if data[:1] == data[-1:] == DELIMITER else b"")},
    "C25": {"no delimiter in front": hearing(lambda data: data.replace(STOP_FRAME, STOP_FRAME[1:]))},
    "C26": {"two delimiters": lambda _: Hears(_needs_two_delimiters())},
    "C27": {"256 bytes at once": hearing(lambda data: data[:256])},
    "C28": {
        "duplicates live": in_link("_judge", _duplicate_lives),
        "duplicates are told": in_link("_judge", _duplicate_told),
    },
    "C29": {"any number": in_link("_judge", _forgets_sequence)},
    "C30": {"no wrap": in_link("_judge", _never_wraps)},
    "C31": {"refused ones are forgotten": in_link("_judge", _keeps_if_refused("_sequence"))},
    "C32": {
        "fresh for long": setting((link, "NONCE_LIFE_MS", 10_000), (link, "NONCES", 500)),
        "fresh for 60 ms": setting((link, "NONCE_LIFE_MS", 60)),
    },
    "C33": {"any nonce": in_link("_fresh", lambda *_: True)},
    "C34": {"KEEPALIVE only": setting((link, "_LIVE", (messages.Keepalive,)))},
    "C35": {
        "10 s": setting((link, "SILENCE_MS", 10_000)),
        "1 s": setting((link, "SILENCE_MS", 1_000)),
        "nothing void": setting((kernel, "VOIDING", kernel.VOIDING & ~kernel.HOST_SILENT)),
    },
    "C36": {"every frame": in_link("receive", _all_frames_live)},
    "C37": {"void ones not": in_link("_judge", _keeps_if_refused("_fresh_ms"))},
    "C38": {"one in a write": hearing(lambda data: data.replace(STOP_FRAME * 3, STOP_FRAME))},
    "C39": {
        "living hosts only": in_link("receive", _stop_needs_life),
        "no delimiter in front": hearing(lambda data: data.replace(STOP_FRAME, STOP_FRAME[1:])),
    },
    "C40": {
        "an old LEVEL": setting((link, "_VOIDED", (Setpoint, messages.Arm))),
        "all": setting((link, "_VOIDED", ())),
    },
    "C41": {"living hosts only": in_link("_judge", _level_needs_life), "it moves": lambda _: Drifts(0x03)},
    "C42": {"ACKNOWLEDGE moves": lambda _: Drifts(0x08), "STOP moves": lambda _: Drifts(0x02)},
    "C43": {"anybody": knowing("refuse_arm", secured=True)},
    "C44": {"it moves": lambda _: Drifts(0x04), "no grant": deaf_to(0x04)},
    "C45": {"deaf": deaf_to(0x05)},
    "C46": {"deaf": deaf_to(0x02)},
    "C47": {"deaf": deaf_to(0x03)},
    "C48": {"deaf": deaf_to(0x01, after=2)},
    "C49": {"10 s": setting((link, "SILENCE_MS", 10_000)), "1 s": setting((link, "SILENCE_MS", 1_000))},
    "C50": {
        "a second more": setting((kernel, "lease_runs", lambda since, asked, now: now - since <= asked + 1000)),
        "half": setting((kernel, "lease_runs", lambda since, asked, now: now - since <= asked // 2)),
    },
    "C51": {"no limit": setting((kernel, "LEASE_LIMIT_MS", 100_000))},
    "C52": {"always 500 ms": setting((kernel, "lease_runs", lambda since, asked, now: now - since <= 500))},
    "C53": {"a cause": answering("judge_host", _expires_for_ever)},
    "C54": {"all frames": in_link("_judge", _takes_all)},
    "C55": {"no grant": both(knowing("refuse_setpoint", armed=True), knowing("may_increase", armed=True))},
    "C56": {"2° at most": setting((kernel, "HARD_LIMIT_CDEG", 200))},
    "C57": {
        "4.5 °/s": setting(
            (kernel, "HARD_RATE_CDPS", 450), (motion, "RATE_CAP_DPS", 4.5), (physics, "FULL_SPEED_DPS", 4.8)
        )
    },
    "C58": {
        "4 °/s²": setting((drive, "ACCELERATION_DPS2", 4.0), (drive, "SLEW_DPS2", 5.0), (drive, "JERK_DPS3", 20.0))
    },
    "C59": {"its own only": answering("limit", lambda _, own, __: own)},
    "C60": {
        "3° more": both(setting((kernel, "HARD_LIMIT_CDEG", 6300)), introducing(limit_cdeg=6000)),
    },
    "C61": {"for ever": setting((kernel, "lease_runs", lambda *_: True))},
    "C62": {"slow": setting((kernel, "BRAKING_STEP_CDPS", 2)), "deaf": deaf_to(0x02)},
    "C63": {"taken": knowing("refuse_setpoint", frozen=False)},
    "C64": {"in motion": knowing("refuse_arm", moving=False), "head down": knowing("refuse_arm", head_down=False)},
    "C65": {"goes on": _keeps_grant},
    "C66": {"nothing begins": knowing("wish_level", head_down=False)},
    "C67": {
        "fast": knowing("return_rate_cap", stopped=False),
        "frozen": answering("wish_level", lambda found, active, _: found | active & kernel.STOPPED),
    },
    "C68": {"an old LEVEL": setting((link, "_VOIDED", (Setpoint, messages.Arm)))},
    "C69": {"goes on": answering("stop", lambda found, active, _: active if active & kernel.LEVEL_WISHED else found)},
    "C70": {"10 s": setting((link, "SILENCE_MS", 10_000)), "1 s": setting((link, "SILENCE_MS", 1_000))},
    "C71": {"it resumes": knowing("judge_host", head_down=False)},
    "C72": {"LEVEL moves": lambda _: Drifts(0x03), "LEVEL is refused": in_link("_judge", _level_refused)},
    "C73": {
        "10 s": setting((kernel, "FROZEN_MS", 10_000)),
        "30 s": setting((kernel, "FROZEN_MS", 30_000)),
        "fast": knowing("return_rate_cap", stopped=False),
    },
    "C74": {"for ever": setting((kernel, "FREEZE_RESTARTS", 99)), "never": setting((kernel, "FREEZE_RESTARTS", 0))},
    "C75": {"from 20°": setting((kernel, "EXPOSED_CDEG", 2000)), "from 1°": setting((kernel, "EXPOSED_CDEG", 100))},
    "C76": {
        "no siren": telling(flags=lambda one: one.flags & ~Flag.SIREN),
        "not latched": telling(latched=lambda one: one.latched & ~Cause.ESTOP),
        "nothing void": answering("voids", lambda *_: False),
    },
    "C77": {
        "cleared by the release": telling(
            latched=lambda one: one.latched if one.flags & Flag.ESTOP else one.latched & ~Cause.ESTOP
        ),
        "cleared while pressed": telling(latched=lambda one: one.latched & ~Cause.ESTOP),
        "never cleared": setting((kernel, "acknowledge", lambda latched, *_: latched)),
        "nothing void": setting((kernel, "RELEASED", 0)),
    },
    "C78": {"counted twice": telling(arm_presses=lambda one: one.arm_presses * 2 & 0xFF)},
    "C79": {
        "not latched": telling(latched=lambda one: one.latched & ~Cause.LOWERING),
        "nothing void": setting((kernel, "RELEASED", 0)),
    },
    "C80": {"cleared head down": knowing("acknowledge", head_down=False)},
    "C81": {
        "fast": knowing("return_rate_cap", ankles_open=False, stopped=False),
        "unseen": knowing("judge_person", ankles_locked=True),
    },
    "C82": {
        "unseen": knowing("judge_person", occupied=True),
        "not latched": setting((kernel, "LATCHING_MASK", kernel.LATCHING_MASK & ~kernel.OCCUPANT_LOST)),
    },
    "C83": {
        "greeted": in_link("__init__", _greeted),
        "no word": without(Identity, lambda one: not one.session),
        "living hosts only": in_link("receive", _stop_needs_life),
    },
}  # fmt: skip
