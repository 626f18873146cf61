"""Both ends of the link: handshake, sequence, nonce, stop count, liveness, restarts, and the race of a stop.

Times are written out: a nonce lives 300 ms, silence begins after 2000 ms, HELLO comes every 0.5 s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import LocalError
from protocol.link import STOP_FRAME, HostLink, UnitLink, frame
from protocol.messages import (
    Acknowledge,
    Arm,
    Disarm,
    Hello,
    HostMessage,
    Identity,
    Keepalive,
    Level,
    Message,
    Reject,
    Rejected,
    Setpoint,
    Stop,
    Telemetry,
)

DAMAGED = bytes.fromhex("000407030104CBB21200")
"""A KEEPALIVE with one bit of its CRC flipped."""
STOPS = 40
"""The stop count at the beginning of each test."""


def telemetry(nonce: int, time_ms: int | None = None, stop_count: int = STOPS) -> Telemetry:
    """A telemetry of a table at rest; its clock runs with its nonce."""
    time_ms = nonce * 20 if time_ms is None else time_ms
    return Telemetry(nonce, time_ms, stop_count, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0)


def identity(session: int, protocol: int = 1) -> Identity:
    """What a unit answers."""
    return Identity(protocol, session, 0, 1, 0, 1, 1, 1, 1, 9, 6000, 300)


def setpoint(sequence: int, nonce: int, stop_count: int = STOPS) -> Setpoint:
    """A setpoint that asks for 10°."""
    return Setpoint(sequence, nonce, stop_count, 1000, 0, 3000, 500)


def sent(data: bytes) -> list[HostMessage]:
    """The messages in a host's bytes, read by a unit that has heard nothing yet and so checks only what it must."""
    link = UnitLink(0, 0)
    return link.receive(data, 0)


NONCE = 1000
"""What the unit of these tests issued last, at 0 ms."""


def greeted(sequence: int = 100) -> UnitLink:
    """A unit after HELLO, which issued `NONCE` at 0 ms and took a frame with this sequence number."""
    link = UnitLink(NONCE - 1, STOPS)
    assert link.receive(frame(Hello(1, 7)), 0) == [Hello(1, 7)]
    assert link.issue(0) == NONCE
    assert link.receive(frame(Keepalive(sequence, NONCE)), 0) == [Keepalive(sequence, NONCE)]
    return link


def started() -> HostLink:
    """A host whose unit answered and sent telemetry 500 at 1.0 s."""
    link = HostLink(7)
    (hello,) = sent(link.greet(0.0))
    assert isinstance(hello, Hello)
    link.receive(frame(identity(hello.session)) + frame(telemetry(500)), 1.0)
    assert link.up
    return link


def numbered(sequence: int, nonce: int = NONCE, stop_count: int = STOPS) -> list[HostMessage]:
    """One of each message that has a sequence number."""
    return [
        Level(sequence, stop_count),
        Arm(sequence, nonce, stop_count),
        Disarm(sequence),
        setpoint(sequence, nonce, stop_count),
        Keepalive(sequence, nonce),
        Acknowledge(sequence, nonce),
    ]


CODES = {Level: 3, Arm: 4, Disarm: 5, Setpoint: 6, Keepalive: 7, Acknowledge: 8}
NEEDS_NONCE = (Setpoint, Keepalive, Arm, Acknowledge)
NEEDS_STOP_COUNT = (Setpoint, Arm, Level)


def ids(message: object) -> str:
    return type(message).__name__


# ---- the unit: what passes, and every rejection --------------------------------------------------------------------


@pytest.mark.parametrize("message", numbered(101), ids=ids)
def test_what_is_newer_fresh_and_valid_passes(message: HostMessage) -> None:
    link = greeted()
    assert link.receive(frame(message), 0) == [message]
    assert link.outbox == []


@pytest.mark.parametrize(
    ("data", "rejected"),
    [
        (DAMAGED, Rejected(1, 0, 0)),
        (b"\xaa" * 100 + b"\0", Rejected(1, 0, 0)),
        (frame(telemetry(1)), Rejected(2, 0x82, 0)),
        (bytes.fromhex("00040970D900"), Rejected(2, 0x09, 0)),
        (bytes.fromhex("000202037B6D00"), Rejected(3, 0x02, 0)),
        (frame(Hello(2, 7)), Rejected(4, 0x01, 0)),
        (frame(Hello(0, 7)), Rejected(4, 0x01, 0)),
        (frame(Hello(1, 0)), Rejected(4, 0x01, 0)),
        *((frame(message), Rejected(6, CODES[type(message)], 99)) for message in numbered(99)),
        *(
            (frame(message), Rejected(7, CODES[type(message)], 101))
            for message in numbered(101, nonce=NONCE - 1)
            if isinstance(message, NEEDS_NONCE)
        ),
        *(
            (frame(message), Rejected(8, CODES[type(message)], 101))
            for count in (STOPS - 1, STOPS + 1, 0)
            for message in numbered(101, stop_count=count)
            if isinstance(message, NEEDS_STOP_COUNT)
        ),
    ],
)
def test_every_rejection_of_the_wire(data: bytes, rejected: Rejected) -> None:
    link = greeted()
    assert link.receive(data, 0) == []
    assert link.outbox == [rejected]


@pytest.mark.parametrize("message", numbered(1), ids=ids)
def test_before_hello_only_level_passes(message: HostMessage) -> None:
    """Level leads to safety: it needs no conversation. Everything else does."""
    link = UnitLink(NONCE - 1, STOPS)
    link.issue(0)
    if isinstance(message, Level):
        assert link.receive(frame(message), 0) == [message]
        assert link.outbox == []
    else:
        assert link.receive(frame(message), 0) == []
        assert link.outbox == [Rejected(5, CODES[type(message)], 1)]


def test_level_before_hello_needs_the_stop_count() -> None:
    link = UnitLink(0, STOPS)
    assert link.receive(frame(Level(1, STOPS - 1)), 0) == []
    assert link.outbox == [Rejected(8, 3, 1)]


@pytest.mark.parametrize("reason", [Reject.NOT_ARMED, Reject.INTERLOCK, Reject.LATCHED, Reject.NOT_AT_REST])
def test_the_units_own_reasons_are_said_for_each_frame(reason: Reject) -> None:
    link = greeted()
    for sequence in (101, 102):
        assert link.receive(frame(setpoint(sequence, NONCE)), 0)
        link.reject(reason, 6, sequence)
    assert link.outbox == [Rejected(reason, 6, 101), Rejected(reason, 6, 102)]


def test_every_reason_is_tested_here() -> None:
    assert len(Reject) == 12


@pytest.mark.parametrize("good", [STOP_FRAME, frame(Hello(1, 8)), frame(Keepalive(101, NONCE))])
def test_one_rejection_for_each_bad_run(good: bytes) -> None:
    """F1: then silence until a good frame."""
    link = greeted()
    link.receive(DAMAGED + frame(telemetry(1)) + DAMAGED + frame(Keepalive(50, NONCE)), 0)
    assert link.outbox == [Rejected(1, 0, 0)]
    link.receive(good + DAMAGED + DAMAGED, 0)
    assert link.outbox == [Rejected(1, 0, 0)] * 2
    assert link.damaged == 4


def test_another_version_is_told_even_in_a_bad_run() -> None:
    link = greeted()
    link.receive(DAMAGED + frame(Hello(2, 9)), 0)
    assert link.outbox == [Rejected(1, 0, 0), Rejected(4, 1, 0)]
    assert link.session == 7


def test_rejections_that_nobody_fetches_are_bounded() -> None:
    link = greeted()
    for _ in range(100):
        link.receive(STOP_FRAME + DAMAGED, 0)
    assert len(link.outbox) == 8
    assert link.damaged == 100


# ---- the unit: sequence --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "new", "passes"),
    [
        (100, 101, True),
        (100, 32_867, True),
        (100, 32_868, False),
        (100, 99, False),
        (65_535, 0, True),
        (0, 65_535, False),
        (65_535, 32_766, True),
        (65_535, 32_767, False),
        (40_000, 7_231, True),
        (40_000, 7_232, False),
    ],
)
def test_sequence_wraps(last: int, new: int, passes: bool) -> None:
    link = greeted(last)
    assert bool(link.receive(frame(Disarm(new)), 0)) == passes
    assert link.outbox == ([] if passes else [Rejected(6, 5, new)])


@pytest.mark.parametrize("message", numbered(100), ids=ids)
def test_duplicates_are_dropped_in_silence(message: HostMessage) -> None:
    link = greeted()
    assert link.receive(frame(message), 0) == []
    assert (link.duplicates, link.outbox) == (1, [])


def test_a_refused_frame_uses_its_number_up() -> None:
    """So that its copy can't run later, when the nonce it guessed has been issued."""
    link = greeted()
    assert link.receive(frame(setpoint(101, NONCE + 1)), 0) == []
    link.issue(20)
    assert link.receive(frame(setpoint(101, NONCE + 1)), 20) == []
    assert link.duplicates == 1


@pytest.mark.parametrize("first", [0, 1, 99, 100, 40_000, 65_535])
def test_after_hello_any_number_is_the_first(first: int) -> None:
    """A restarted host counts from anywhere."""
    link = greeted()
    link.receive(frame(Hello(1, 8)), 0)
    assert link.session == 8
    assert link.receive(frame(Keepalive(first, NONCE)), 0)


# ---- the unit: nonce -----------------------------------------------------------------------------------------------


def nonces(link: UnitLink, times_ms: list[int]) -> list[int]:
    return [link.issue(time_ms) for time_ms in times_ms]


@pytest.mark.parametrize(("now_ms", "passes"), [(0, True), (299, True), (300, True), (301, False), (5000, False)])
@pytest.mark.parametrize("start", [0, 65_530])
def test_a_nonce_is_fresh_for_300_ms(now_ms: int, passes: bool, start: int) -> None:
    link = UnitLink(start, STOPS)
    link.receive(frame(Hello(1, 7)), 0)
    nonce, *_ = nonces(link, list(range(0, now_ms + 1, 20)))
    assert bool(link.receive(frame(setpoint(1, nonce)), now_ms)) == passes
    assert link.outbox == ([] if passes else [Rejected(7, 6, 1)])


def test_a_nonce_ages_by_the_clock_and_not_by_the_count() -> None:
    """A unit whose telemetry stalled for a while does not make an old nonce young again."""
    link = UnitLink(0, STOPS)
    link.receive(frame(Hello(1, 7)), 0)
    old, late, *_ = nonces(link, [0, 290, 310, 330])
    assert link.receive(frame(setpoint(1, old)), 301) == []
    assert link.receive(frame(setpoint(2, late)), 590)
    assert link.receive(frame(setpoint(3, late)), 591) == []


def test_only_the_last_sixteen_nonces_count() -> None:
    """Telemetry faster than agreed makes nonces die sooner, never later."""
    link = UnitLink(0, STOPS)
    link.receive(frame(Hello(1, 7)), 0)
    older, oldest, *_ = nonces(link, list(range(17)))
    assert link.receive(frame(setpoint(1, older)), 17) == []
    assert link.receive(frame(setpoint(2, oldest)), 17)


@pytest.mark.parametrize("guess", [NONCE - 16, NONCE - 2, NONCE - 1, NONCE, NONCE + 3, NONCE + 4, 0])
def test_a_nonce_of_before_the_restart_is_worthless(guess: int) -> None:
    """Also when it lies right beside those issued since; so is one that was never issued."""
    link = UnitLink(NONCE, STOPS)
    link.receive(frame(Hello(1, 7)), 0)
    assert nonces(link, [0, 20]) == [NONCE + 1, NONCE + 2]
    assert link.receive(frame(setpoint(1, guess)), 20) == []
    assert link.outbox == [Rejected(7, 6, 1)]


def test_without_telemetry_no_nonce_is_fresh() -> None:
    link = UnitLink(NONCE, STOPS)
    link.receive(frame(Hello(1, 7)), 0)
    assert link.receive(frame(setpoint(1, NONCE)), 0) == []


# ---- the unit: stop ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("message", [m for m in numbered(101) if isinstance(m, NEEDS_STOP_COUNT)], ids=ids)
def test_a_stop_voids_what_was_in_flight(message: HostMessage) -> None:
    """H4, H11: made before the stop, arrives after it."""
    link = greeted()
    assert link.receive(STOP_FRAME + frame(message), 0) == [Stop()]
    assert link.outbox == [Rejected(8, CODES[type(message)], 101)]


def test_a_wish_made_after_the_stop_passes() -> None:
    link = greeted()
    link.receive(STOP_FRAME, 0)
    assert link.receive(frame(setpoint(101, NONCE, STOPS + 1)), 0)


def test_a_stop_always_passes_and_always_counts() -> None:
    link = UnitLink(0, 65_534)
    assert link.receive(STOP_FRAME, 0) == [Stop()]
    assert link.stop_count == 65_535
    assert link.receive(DAMAGED + STOP_FRAME + STOP_FRAME, 0) == [Stop(), Stop()]
    assert link.stop_count == 1


@pytest.mark.parametrize("cut", range(1, 19))
def test_a_stop_inside_another_frame_passes_and_the_frame_does_not(cut: int) -> None:
    data = frame(setpoint(101, NONCE))
    link = greeted()
    assert link.receive(data[:cut] + STOP_FRAME + data[cut:], 0) == [Stop()]


# ---- the unit: silence ---------------------------------------------------------------------------------------------


def test_silence_begins_two_seconds_after_the_last_fresh_nonce() -> None:
    link = greeted()
    assert not link.silent(0)
    assert not link.silent(2000)
    assert link.silent(2001)


@pytest.mark.parametrize("message", numbered(101, stop_count=STOPS - 1), ids=ids)
def test_a_fresh_nonce_is_life_even_in_a_void_frame(message: HostMessage) -> None:
    link = greeted()
    link.issue(1000)
    nonce_of = message._replace(nonce=NONCE + 1) if isinstance(message, NEEDS_NONCE) else message
    link.receive(frame(nonce_of), 1000)
    assert link.silent(2001) != isinstance(message, NEEDS_NONCE)


def test_bytes_out_of_a_buffer_are_no_life() -> None:
    """F3: a stale nonce, a duplicate and a stop show nothing about the host."""
    link = greeted()
    for now_ms in range(500, 2500, 500):
        link.issue(now_ms)
        link.receive(frame(setpoint(100 + now_ms, NONCE)) + frame(Keepalive(100 + now_ms, NONCE)) + STOP_FRAME, now_ms)
    assert link.silent(2001)


def test_a_new_conversation_begins_silent() -> None:
    link = UnitLink(NONCE, STOPS)
    assert link.silent(0)
    link = greeted()
    link.receive(frame(Hello(1, 8)), 10)
    assert link.silent(10)
    link.receive(frame(Keepalive(1, NONCE)), 10)
    assert not link.silent(10)


# ---- the host ------------------------------------------------------------------------------------------------------


def test_it_greets_twice_a_second_until_answered() -> None:
    link = HostLink(7)
    greetings = [bool(link.greet(now_ms / 1000)) for now_ms in range(0, 1100, 100)]
    assert [number for number, said in enumerate(greetings) if said] == [0, 5, 10]
    link.receive(frame(identity(8)), 1.1)
    assert link.greet(9.0) == b""


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 3, 2**32 - 2, 2**32 - 1, 2**32, 2**63, -1])
def test_a_session_is_never_zero_and_each_conversation_has_its_own(seed: int) -> None:
    link = HostLink(seed)
    sessions = []
    for _ in range(3):
        (hello,) = sent(link.greet(0.0))
        assert isinstance(hello, Hello)
        sessions.append(hello.session)
        link.reset()
    assert len(set(sessions)) == 3
    assert 0 not in sessions


def test_telemetry_counts_only_after_the_handshake() -> None:
    link = HostLink(7)
    assert link.receive(frame(telemetry(1)), 0.0) == []
    assert link.receive(frame(identity(99)) + frame(telemetry(2)), 0.0) == []
    assert not link.up
    assert (link.identity, link.telemetry, link.age_s(1.0)) == (None, None, None)
    assert link.receive(frame(identity(8)), 0.1) == [identity(8)]
    assert not link.up
    assert link.receive(frame(telemetry(3)), 0.2) == [telemetry(3)]
    assert link.up
    assert link.age_s(1.0) == pytest.approx(0.8)
    assert (link.received, link.lost) == (1, 0)


def test_another_version_is_neither_believed_nor_forgotten() -> None:
    """Its telemetry may mean something else; HELLO goes on."""
    link = HostLink(7)
    link.greet(0.0)
    assert link.receive(frame(identity(8, protocol=2)) + frame(telemetry(1)), 0.1) == [identity(8, protocol=2)]
    assert not link.up
    assert link.telemetry is None
    assert link.identity == identity(8, protocol=2)
    assert link.greet(0.5) == frame(Hello(1, 8))


@pytest.mark.parametrize(
    ("first", "second", "lost"), [(500, 501, 0), (500, 503, 2), (65_534, 0, 1), (65_535, 0, 0), (10, 60_000, 59_989)]
)
def test_lost_telemetry_is_counted(first: int, second: int, lost: int) -> None:
    link = HostLink(7)
    link.receive(frame(identity(8)) + frame(telemetry(first, 1000)), 0.0)
    link.receive(frame(telemetry(second, 1020)), 0.0)
    assert (link.received, link.lost) == (2, lost)


@pytest.mark.parametrize("late", [500, 499, 485])
def test_a_copy_or_a_late_telemetry_shows_nothing(late: int) -> None:
    """F2: it must not make a dead unit look alive."""
    link = started()
    assert link.receive(frame(telemetry(late)), 9.0) == []
    assert link.telemetry == telemetry(500)
    assert link.age_s(9.0) == pytest.approx(8.0)
    assert (link.up, link.late, link.lost, link.received) == (True, 1, 0, 1)


@pytest.mark.parametrize("again", [telemetry(484), telemetry(40_000, 20), telemetry(501, 10_000 + 60_001)])
def test_a_clock_that_jumps_is_a_restart(again: Telemetry) -> None:
    """F5: the IDENTITY that should have told it was lost."""
    link = started()
    assert link.receive(frame(again), 1.1) == []
    assert not link.up
    assert link.greet(1.1) == frame(Hello(1, 9))


@pytest.mark.parametrize("again", [telemetry(501, 10_000), telemetry(501, 10_000 + 60_000)])
def test_a_gap_is_no_restart(again: Telemetry) -> None:
    link = started()
    assert link.receive(frame(again), 1.1) == [again]
    assert link.up


def test_a_clock_that_wraps_is_no_restart() -> None:
    link = HostLink(7)
    link.receive(frame(identity(8)) + frame(telemetry(1, 2**32 - 10)), 0.0)
    link.receive(frame(telemetry(2, 10)), 0.0)
    assert link.up


def test_a_unit_that_has_not_met_us_restarted() -> None:
    link = started()
    rejected = Rejected(5, 7, 1)
    assert link.receive(frame(rejected), 1.1) == [rejected]
    assert not link.up
    assert link.greet(1.1) == frame(Hello(1, 9))
    assert link.receive(frame(rejected), 1.1) == [rejected]
    assert link.greet(1.6) == frame(Hello(1, 9)), "while a HELLO is on its way, that says nothing new"


@pytest.mark.parametrize("size", [1, 5, 29, 30, 31, 1000])
def test_an_unasked_identity_begins_a_new_conversation(size: int) -> None:
    """Nothing that came with it gets lost, however the bytes are cut."""
    link = started()
    data = frame(telemetry(501)) + frame(identity(0)) + frame(telemetry(7)) + frame(Rejected(2, 3, 0))
    found: list[object] = []
    for start in range(0, len(data), size):
        found += link.receive(data[start : start + size], 1.1)
    assert found == [telemetry(501), identity(0), Rejected(2, 3, 0)]
    assert (link.up, link.identity, link.telemetry, link.heard_s) == (False, None, None, None)
    assert link.damaged == 0
    assert link.greet(1.1) == frame(Hello(1, 9))
    assert link.receive(frame(identity(8)), 1.1) == [], "an answer to the old conversation"
    link.receive(frame(identity(9)) + frame(telemetry(8)), 1.2)
    assert link.up
    assert link.lost == 0


def test_a_reopened_port_closes_the_half_frame_of_the_old_one() -> None:
    link = started()
    link.receive(frame(telemetry(501))[:20], 1.1)
    link.reset()
    assert (link.up, link.damaged) == (False, 1)
    link.receive(frame(identity(9))[1:] + frame(telemetry(3)), 2.0)
    assert link.up
    assert link.damaged == 1


def test_what_is_wrong_with_the_units_bytes_is_counted() -> None:
    link = started()
    data = DAMAGED + frame(Keepalive(1, 2)) + frame(Rejected(7, 6, 1)) * 2 + frame(Rejected(200, 6, 1))
    assert len(link.receive(data, 1.1)) == 3
    assert link.damaged == 1
    assert link.rejections == {7: 2, 200: 1}
    assert link.up


def test_receive_takes_the_bytes_whether_or_not_anyone_looks() -> None:
    link = started()
    link.receive(frame(telemetry(501)), 1.1)
    assert link.telemetry == telemetry(501)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda link: link.level(9), Level(1, 9)),
        (lambda link: link.arm(9), Arm(1, 500, 9)),
        (lambda link: link.disarm(), Disarm(1)),
        (lambda link: link.setpoint(9, 15.0, -1.5, 30.0), Setpoint(1, 500, 9, 1500, -150, 3000, 500)),
        (lambda link: link.keepalive(), Keepalive(1, 500)),
        (lambda link: link.acknowledge(), Acknowledge(1, 500)),
    ],
)
def test_frames_quote_sequence_nonce_and_the_wishs_stop_count(
    make: Callable[[HostLink], bytes], message: Message
) -> None:
    """The stop count is the caller's: the telemetry here says 40, the wish was made at 9."""
    assert make(started()) == frame(message)


def test_without_telemetry_there_is_no_nonce_to_quote() -> None:
    assert HostLink(7).keepalive() == frame(Keepalive(1, 0))


def test_sequence_numbers_wrap() -> None:
    link = started()
    for _ in range(65_535):
        data = link.disarm()
    assert data == frame(Disarm(65_535))
    assert link.disarm() == frame(Disarm(0))


@pytest.mark.parametrize("target_deg", [nan, 1e9])
def test_a_target_that_the_wire_cannot_carry(target_deg: float) -> None:
    with pytest.raises(LocalError, match=r"Setpoint\.target_c?deg"):
        started().setpoint(1, target_deg, 0.0, 30.0)


# ---- both ends -----------------------------------------------------------------------------------------------------


@dataclass
class Pair:
    """Host and unit on one line, in steps of 20 ms; a minimal unit around `UnitLink`."""

    unit: UnitLink = field(default_factory=lambda: UnitLink(65_530, STOPS))
    host: HostLink = field(default_factory=lambda: HostLink(7))
    now_ms: int = 0
    booted_ms: int = 0
    passed: list[HostMessage] = field(default_factory=list)
    boot: bytes = frame(identity(0))

    def restart_unit(self, announced: bool) -> None:
        self.unit = UnitLink(self.unit.issue(self.now_ms) * 7919, self.unit.stop_count + 77)
        self.booted_ms = self.now_ms
        self.boot = frame(identity(0)) if announced else b""

    def step(self, data: bytes | None = None) -> None:
        """One telemetry up, one frame down (a KEEPALIVE or a HELLO if none is given)."""
        self.now_ms += 20
        nonce = self.unit.issue(self.now_ms)
        up = self.boot + frame(telemetry(nonce, self.now_ms - self.booted_ms, self.unit.stop_count))
        up += b"".join(frame(rejected) for rejected in self.unit.outbox)
        self.boot = b""
        self.unit.outbox.clear()
        self.host.receive(up, self.now_ms / 1000)
        down = self.host.greet(self.now_ms / 1000) if not self.host.up else data or self.host.keepalive()
        passed = self.unit.receive(down, self.now_ms)
        self.passed += passed
        for message in passed:
            if isinstance(message, Hello):
                self.boot = frame(identity(message.session))


def test_a_conversation() -> None:
    pair = Pair()
    for _ in range(3):
        pair.step()
    assert pair.host.up
    for _ in range(100):
        pair.step(pair.host.setpoint(STOPS, 10.0, 0.0, 30.0))
    assert sum(isinstance(message, Setpoint) for message in pair.passed) == 100
    assert pair.host.rejections == {}
    assert (pair.host.lost, pair.host.damaged, pair.unit.damaged) == (0, 0, 0)
    assert not pair.unit.silent(pair.now_ms)


@pytest.mark.parametrize("announced", [True, False], ids=["with IDENTITY", "IDENTITY lost"])
def test_the_unit_restarts(announced: bool) -> None:
    """F5: what belongs to the time before is void, and the host meets the unit again by itself."""
    pair = Pair()
    for _ in range(10):
        pair.step()
    in_flight = pair.host.setpoint(STOPS, 10.0, 0.0, 30.0) + pair.host.level(STOPS)
    pair.restart_unit(announced)
    assert pair.unit.receive(in_flight, pair.now_ms) == []
    for _ in range(4):
        pair.step()
    assert pair.host.up
    assert not pair.unit.silent(pair.now_ms)
    assert pair.host.telemetry is not None
    assert pair.host.telemetry.stop_count == STOPS + 77


def test_the_host_restarts() -> None:
    """F4, F17: the new host meets the unit again; what the old one wrote is over."""
    pair = Pair()
    for _ in range(200):
        pair.step()
    old = pair.host.setpoint(STOPS, 10.0, 0.0, 30.0)
    pair.host = HostLink(12345)
    pair.step()
    pair.step()
    assert pair.host.up
    assert pair.unit.session == 12346
    assert not pair.unit.silent(pair.now_ms)
    pair.step()
    assert pair.unit.receive(old, pair.now_ms + 300) == []


def test_a_stop_and_its_copies_void_the_session_but_not_the_next() -> None:
    pair = Pair()
    for _ in range(3):
        pair.step()
    pair.passed.clear()
    pair.unit.receive(STOP_FRAME * 3, pair.now_ms)
    pair.step(pair.host.setpoint(STOPS, 10.0, 0.0, 30.0))
    assert pair.passed == []
    assert pair.host.telemetry is not None
    pair.step(pair.host.setpoint(pair.host.telemetry.stop_count, 10.0, 0.0, 30.0))
    assert len(pair.passed) == 1


@dataclass
class Flying:
    """Bytes on their way to the unit, with what the property has to know about them."""

    data: bytes
    made_at: int
    """Stops that had reached the unit when the telemetry behind the wish was sent."""


ACTIONS = [
    "telemetry",
    "wish",
    "setpoint",
    "setpoint",
    "level",
    "arm",
    "keepalive",
    "stop",
    "deliver",
    "deliver",
    "deliver",
]
ACTIONS += ["copy", "lose", "damage", "wait"]
WISHES: dict[str, Callable[[HostLink, int], bytes]] = {
    "setpoint": lambda host, stop_count: host.setpoint(stop_count, 10.0, 0.0, 30.0),
    "level": lambda host, stop_count: host.level(stop_count),
    "arm": lambda host, stop_count: host.arm(stop_count),
}


@settings(deadline=None, max_examples=400)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(ACTIONS),
            st.integers(0, 400),
        ),
        min_size=20,
        max_size=120,
    ),
    st.integers(0, 65_535),
    st.integers(0, 65_535),
)
def test_no_wish_passes_a_stop_that_came_after_it(actions: list[tuple[str, int]], nonce: int, stops: int) -> None:
    """H4, H11, F2: frames are lost, doubled, damaged, held back and overtake each other; the stop still wins."""
    unit = UnitLink(nonce, stops)
    host = HostLink(1)
    unit.receive(host.greet(0.0), 0)
    host.receive(frame(identity(2)), 0.0)
    now_ms = stopped = 0
    wish: tuple[int, int] | None = None
    flying: list[Flying] = []
    issued: dict[int, int] = {}
    said_at: dict[int, int] = {}
    taken: set[int] = set()
    for action, number in actions:
        chosen = number % len(flying) if flying else None
        if action == "telemetry":
            now_ms += 20
            latest = unit.issue(now_ms)
            issued[latest], said_at[latest] = now_ms, stopped
            if number % 5:
                host.receive(frame(telemetry(latest, now_ms, unit.stop_count)), now_ms / 1000)
        elif action == "wait":
            now_ms += number
        elif action == "stop":
            flying.append(Flying(STOP_FRAME, 0))
        elif host.telemetry is None:
            continue
        elif action == "wish":
            wish = host.telemetry.stop_count, said_at[host.telemetry.nonce]
        elif action == "keepalive":
            flying.append(Flying(host.keepalive(), 0))
        elif action in WISHES:
            if wish is not None:
                flying.append(Flying(WISHES[action](host, wish[0]), wish[1]))
        elif chosen is None:
            continue
        elif action == "copy":
            flying.append(flying[chosen])
        elif action == "lose":
            del flying[chosen]
        elif action == "damage":
            data = bytearray(flying[chosen].data)
            data[1 + number % (len(data) - 2)] ^= 1 << number % 8
            flying[chosen] = Flying(bytes(data), flying[chosen].made_at)
        else:
            arrived = flying.pop(chosen)
            for message in unit.receive(arrived.data, now_ms):
                if isinstance(message, Stop):
                    stopped += 1
                    assert unit.stop_count == (stops + stopped) & 0xFFFF
                    continue
                assert not isinstance(message, Hello)
                assert message.sequence not in taken, "a copy ran"
                taken.add(message.sequence)
                if isinstance(message, NEEDS_STOP_COUNT):
                    assert arrived.made_at == stopped, "a wish of before the stop ran"
                if isinstance(message, NEEDS_NONCE):
                    assert now_ms - issued[message.nonce] <= 300
    assert len(unit.outbox) <= 8


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(WISHES)), min_size=1, max_size=8), st.integers(0), st.integers(1, 40))
def test_the_stop_lane_cuts_through_a_stream_of_wishes(names: list[str], cut: int, size: int) -> None:
    """H11: another thread writes the stop at any byte; one frame at most is lost, and nothing runs after the stop."""
    host = started()
    unit = UnitLink(499, STOPS)
    unit.receive(frame(Hello(1, 8)), 0)
    assert unit.issue(0) == 500
    frames = [WISHES[name](host, STOPS) for name in names]
    stream = b"".join(frames)
    cut %= len(stream) + 1
    stream = stream[:cut] + STOP_FRAME + stream[cut:]
    passed: list[HostMessage] = []
    for start in range(0, len(stream), size):
        passed += unit.receive(stream[start : start + size], 0)
    assert passed[-1] == Stop()
    assert passed.count(Stop()) == 1
    whole_before = 0
    while sum(map(len, frames[: whole_before + 1])) <= cut and whole_before < len(frames):
        whole_before += 1
    assert len(passed) - 1 in (whole_before, whole_before + 1), "the last byte of a frame may be the stop's delimiter"
