"""Every target holds on its seeds, and fails on a decoder with a bug: one planted bug and more for each group."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from controller import config, presets
from controller.model import Unreadable, Verb, Wish
from controller.mqtt import commands
from controller.mqtt.lookout import Lookout
from fuzz import broker, links, outside, seeds, unit, wire
from fuzz.tape import Tape
from fuzz.targets import PLANTED, TARGETS
from protocol.framing import Damage, Deframer
from protocol.link import HostLink, UnitLink
from protocol.messages import Hello, HostMessage, Setpoint, Stop, Telemetry, unpack_from_host, unpack_from_unit
from simulator.unit import TiltUnit

Run = Callable[[bytes], None]


@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_on_its_seeds(name: str) -> None:
    run, inputs = TARGETS[name].load(), seeds.seeds(name)
    assert len(inputs) >= 3
    for data in inputs:
        assert len(data) <= TARGETS[name].longest, "the fuzzer would cut this seed"
        run(data)


def found(name: str, run: Run) -> str:
    """What the seeds of a target find in a decoder with a bug; "" if nothing."""
    for data in seeds.seeds(name):
        try:
            run(data)
        except Exception as error:
            return str(error) or type(error).__name__
    return ""


# ---- the wire -------------------------------------------------------------------------------------------------------


class Raising(Deframer):
    def feed(self, data: bytes) -> list[bytes | Damage]:
        if len(data) > 70:
            raise ValueError("too long")
        return super().feed(data)


class Hoarding(Deframer):
    def feed(self, data: bytes) -> list[bytes | Damage]:
        rest, self._rest = self._rest, b""
        self._kept = getattr(self, "_kept", b"") + data
        self._rest = rest
        return super().feed(data)

    @property
    def held(self) -> int:
        return len(self._kept)


class OutOfStep(Deframer):
    """After an overlong run it never finds back."""

    def feed(self, data: bytes) -> list[bytes | Damage]:
        found = super().feed(data)
        return [one for one in found if self.damaged == 0 or not isinstance(one, bytes)]


class ByChunks(Deframer):
    """A frame that comes in two chunks is lost."""

    def feed(self, data: bytes) -> list[bytes | Damage]:
        self._rest = b""
        return super().feed(data)


class Miscounting(Deframer):
    def feed(self, data: bytes) -> list[bytes | Damage]:
        found = super().feed(data)
        self.damaged = sum(isinstance(one, Damage) for one in found)
        return found * (1 + (self.damaged > 1))


@pytest.mark.parametrize("bug", [Raising, Hoarding, OutOfStep, ByChunks])
def test_a_bug_in_the_deframer_is_found(bug: type[Deframer]) -> None:
    assert found("deframer", wire.deframer(bug))


def test_the_bug_of_the_short_form_is_found() -> None:
    assert PLANTED not in TARGETS
    from fuzz.planted import leaky

    assert "miscounted" in found("deframer", leaky()) or "miscounted" in found_in(
        leaky(), b"\0\0\x05\x01\0" + wire.STOP
    )


def found_in(run: Run, data: bytes) -> str:
    try:
        run(data)
    except AssertionError as error:
        return str(error)
    return ""


def swapped(payload: bytes) -> Any:
    message = unpack_from_host(payload)
    return message._replace(rate_cdps=message.rate_cdps // 2) if isinstance(message, Setpoint) else message


def lenient(payload: bytes) -> Any:
    return unpack_from_host(payload[:1]) if payload[:1] == b"\x02" else unpack_from_host(payload)


def trusting(payload: bytes) -> Any:
    return Hello(payload[1], int.from_bytes(payload[2:6], "little")) if payload[0] == 1 else unpack_from_host(payload)


@pytest.mark.parametrize("bug", [swapped, trusting, lambda payload: unpack_from_host(payload + b"\0")])
def test_a_bug_in_the_host_messages_is_found(bug: Callable[[bytes], Any]) -> None:
    run = wire.host_messages(bug)
    assert found("host_messages", run) or raises(run, b"\x01\x01")


def test_a_stop_with_a_tail_is_found() -> None:
    assert found_in(wire.host_messages(lenient), b"\x02\x00")


def raises(run: Run, data: bytes) -> bool:
    try:
        run(data)
    except Exception:
        return True
    return False


def test_a_bug_in_the_unit_messages_is_found() -> None:
    def rounded(payload: bytes) -> Any:
        message = unpack_from_unit(payload)
        return (
            message._replace(angle_cdeg=round(message.angle_deg) * 100) if isinstance(message, Telemetry) else message
        )

    data = bytearray(seeds.seeds("unit_messages")[1])
    data[9] += 7
    assert found_in(wire.unit_messages(rounded), bytes(data)) == "it packs to other bytes"


# ---- the links ------------------------------------------------------------------------------------------------------


class AnyNonce(UnitLink):
    def _fresh(self, nonce: int, now_ms: int) -> bool:
        return True


class AnyOrder(UnitLink):
    def receive(self, data: bytes, now_ms: int) -> list[HostMessage]:
        self._sequence = None
        return super().receive(data, now_ms)


class AnyCount(UnitLink):
    def receive(self, data: bytes, now_ms: int) -> list[HostMessage]:
        before = self.stop_count
        passed = super().receive(data, now_ms)
        self.stop_count = before
        return passed


class DeafToStop(UnitLink):
    def receive(self, data: bytes, now_ms: int) -> list[HostMessage]:
        return [m for m in super().receive(data, now_ms) if not (isinstance(m, Stop) and self.session)]


class NeverSilent(UnitLink):
    def silent(self, now_ms: int) -> bool:
        return False


@pytest.mark.parametrize("bug", [AnyNonce, AnyCount, DeafToStop, NeverSilent])
def test_a_bug_in_the_units_link_is_found(bug: type[UnitLink]) -> None:
    assert found("unit_link", links.unit_link(bug))


def test_an_old_sequence_is_found() -> None:
    repeated = bytes(
        [1, 0, 5, 0, 1, 0, 0, 15, 6, 0, 0, 0, 6, 0xFF, 1, 0]
    )  # the second keepalive has the first's number
    links.unit_link()(repeated)
    assert found_in(links.unit_link(AnyOrder), repeated).startswith("a frame passed that may not")


class TakesCopies(HostLink):
    def _newer(self, message: Telemetry) -> bool:
        return True


class Unmet(HostLink):
    @property
    def _understood(self) -> bool:
        return True


class OldNonce(HostLink):
    @property
    def _nonce(self) -> int:
        return super()._nonce - 1 & 0xFFFF


class Stuck(HostLink):
    def _forget(self) -> None:
        self._greeted_s = 1e9


@pytest.mark.parametrize("bug", [OldNonce, Unmet, Stuck])
def test_a_bug_in_the_hosts_link_is_found(bug: type[HostLink]) -> None:
    assert found("host_link", links.host_link(bug))


def test_a_copied_telemetry_is_found() -> None:
    copied = bytes([7, 0, 5, 0, 19, 0, 0x21, 0, 0, 0, 0x21, 0xFF, 0, 0])  # the second has the first's number
    links.host_link()(copied)
    assert found_in(links.host_link(TakesCopies), copied) == "a copy counts as new"


# ---- the unit -------------------------------------------------------------------------------------------------------


class Armed(TiltUnit):
    """Whoever leases is granted."""

    def _take_setpoint(self, message: Setpoint) -> None:
        self._grant.armed = True
        super()._take_setpoint(message)


class Unstoppable(TiltUnit):
    def _obey(self, message: HostMessage) -> None:
        if not isinstance(message, Stop):
            super()._obey(message)


class AnyAge(TiltUnit):
    def __init__(self, *known: Any) -> None:
        super().__init__(*known)
        self._link._fresh = lambda nonce, now_ms: True  # type: ignore[method-assign]


@pytest.mark.parametrize("bug", [Armed, Unstoppable, AnyAge])
def test_a_bug_in_the_unit_is_found(bug: type[TiltUnit]) -> None:
    led_without_arming = bytes([0, 1, 0, 1, 0, 0, 25, 6, 0, 0, 0, 25, 156, 40, 25])  # hello, keepalive, leases
    unit.tilt_unit()(led_without_arming)
    run = unit.tilt_unit(bug)
    assert found("tilt_unit", run) or found_in(run, led_without_arming)


def test_the_seeds_of_the_unit_move_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What never rises proves nothing by not rising."""
    angles: list[float] = []
    tick = unit._Watched._tick

    def watched(table: Any) -> None:
        tick(table)
        angles.append(table._angle_deg)

    monkeypatch.setattr(unit._Watched, "_tick", watched)
    unit.tilt_unit()(seeds.seeds("tilt_unit")[0])
    assert max(angles) - angles[0] > 1.0


# ---- what comes from outside ----------------------------------------------------------------------------------------


def changed(**known: Any) -> Callable[[str, bytes, bool, float], Wish | Unreadable | None]:
    def parse(verb: str, payload: bytes, retained: bool, wall_s: float) -> Wish | Unreadable | None:
        wish = commands.parse(verb, payload, retained, wall_s)
        return replace(wish, **known) if isinstance(wish, Wish) else wish

    return parse


def refuses_stop(verb: str, payload: bytes, retained: bool, wall_s: float) -> Wish | Unreadable | None:
    return commands.parse("start" if payload[:1] == b"\xff" else verb, payload, retained, wall_s)


def obliging(verb: str, payload: bytes, retained: bool, wall_s: float) -> Wish | Unreadable | None:
    wish = commands.parse(verb, payload, retained, wall_s)
    return Wish(Verb.GOTO, angle_deg=float("nan")) if verb == "goto" and isinstance(wish, Unreadable) else wish


@pytest.mark.parametrize(
    "bug", [changed(retained=False), changed(expired=False), changed(angle_deg=15.5), refuses_stop, obliging]
)
def test_a_bug_in_the_commands_is_found(bug: Callable[[str, bytes, bool, float], Any]) -> None:
    assert found("commands", outside.commands(bug))


def test_a_kept_command_that_is_obeyed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outside, "refuse", lambda wish, situation: None)
    assert found("commands", outside.commands()) == "a kept or late command is obeyed"


def test_where_a_kept_command_is_refused_a_live_one_is_welcome() -> None:
    loop = outside._armed()
    for verb, known in ((Verb.START, {"preset": "back"}), (Verb.GOTO, {"angle_deg": 15.0})):
        wish = Wish(verb, **known)  # type: ignore[arg-type]
        assert outside.refuse(wish, loop.core.desk._situation(wish, loop.estimate, False)) is None


NAME = b"\x00\x19bascule/home/command/stop"


class Kept(Lookout):
    """A kept stop is one, too."""

    def count(self, waiting: bytes) -> int:
        return super().count(bytes(byte & 0xFE if byte & 0xF0 == 0x30 else byte for byte in waiting))


class Anywhere(Lookout):
    """Wherever the topic's bytes are."""

    def count(self, waiting: bytes) -> int:
        return waiting.count(NAME)


class Short(Lookout):
    """A length is one byte."""

    def count(self, waiting: bytes) -> int:
        found = start = 0
        while start + 1 < len(waiting):
            found += waiting[start] & 0xF1 == 0x30 and waiting.startswith(NAME, start + 2)
            start += 2 + waiting[start + 1]
        return found


class Only(Lookout):
    """Only what is at the beginning."""

    def count(self, waiting: bytes) -> int:
        return min(super().count(waiting), 1)


class Endless(Lookout):
    """Looks for a length's end beyond the bytes."""

    def count(self, waiting: bytes) -> int:
        at = 1
        while waiting and waiting[at] > 127:
            at += 1
        return super().count(waiting)


@pytest.mark.parametrize("bug", [Kept, Anywhere, Short, Only, Endless])
def test_a_bug_in_the_lookout_is_found(bug: type[Lookout]) -> None:
    assert found("lookout", broker.lookout(lambda topic: bug(topic).count))


def test_the_lookout_reads_streams_with_stops_of_every_length() -> None:
    """What is never there proves nothing by not being miscounted."""
    live, lengths = 0, set[int]()
    for data in seeds.seeds("lookout"):
        tape = Tape(data)
        for _ in range(tape.byte() % broker.PACKETS):
            packet, stop = broker.publish(tape)
            live += stop
            lengths.add(next(at for at in (1, 2, 3) if packet[at] < 128))
    assert live >= 3
    assert lengths == {1, 2, 3}


def loose(path: Path) -> config.Config:
    known = config.load(path)
    return known.model_copy(update={"limits": known.limits.model_copy(update={"rate_dps": 3.1})})


def careless(path: Path) -> config.Config:
    return config.Config.model_validate(config._read(path))


@pytest.mark.parametrize("bug", [loose, careless])
def test_a_bug_in_the_configuration_is_found(bug: Callable[[Path], config.Config]) -> None:
    assert found("configuration", outside.configuration(bug))


def steep(text: str, file: str) -> dict[str, presets.Preset]:
    return {
        name: replace(preset, steps=(*preset.steps[:-1], replace(preset.steps[-1], angle_deg=1.0)))
        for name, preset in presets.parse(text, file).items()
    }


def blunt(text: str, file: str) -> dict[str, presets.Preset]:
    try:
        return presets.parse(text, file)
    except presets.PresetError:
        raise KeyError(file) from None


@pytest.mark.parametrize("bug", [steep, blunt])
def test_a_bug_in_the_presets_is_found(bug: Callable[[str, str], dict[str, presets.Preset]]) -> None:
    assert found("presets", outside.presets(bug))
