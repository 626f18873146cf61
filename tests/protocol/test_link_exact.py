"""The link where only one value is right: session numbers, counters, the half second between two HELLO."""

from typing import cast

import pytest

from protocol.link import HostLink, UnitLink, frame
from protocol.messages import Hello, HostMessage, Identity, Keepalive, Reject, Rejected, Telemetry


def telemetry(nonce: int) -> Telemetry:
    """A telemetry of a table at rest, 20 ms after the one before."""
    zeros = Telemetry(*(0,) * len(Telemetry._fields))
    return zeros._replace(nonce=nonce, time_ms=nonce * 20, stop_count=40)


def identity(session: int, protocol: int = 1) -> Identity:
    """What a unit answers."""
    return Identity(protocol, session, 0, 1, 0, 1, 1, 1, 1, 9, 6000, 300)


def heard(data: bytes) -> list[HostMessage]:
    """The messages in a host's bytes."""
    return UnitLink(0, 0).receive(data, 0)


def session_of(link: HostLink, now_s: float) -> int:
    """The session that the link's HELLO names."""
    (hello,) = heard(link.greet(now_s))
    return cast(Hello, hello).session


def started() -> HostLink:
    """A host whose unit answered and sent telemetry 500."""
    link = HostLink(7)
    link.receive(frame(identity(session_of(link, 0.0))) + frame(telemetry(500)), 1.0)
    assert link.up
    return link


@pytest.mark.parametrize(
    ("drawn", "session"), [(0, 1), (7, 8), (0xFFFF_FFFD, 0xFFFF_FFFE), (0xFFFF_FFFE, 1), (0xFFFF_FFFF, 2), (2**40, 513)]
)
def test_a_session_is_never_0_whatever_was_drawn(drawn: int, session: int) -> None:
    """They run from 1 to 2³² − 2 and begin again."""
    assert session_of(HostLink(drawn), 0.0) == session


def test_each_conversation_has_a_new_session() -> None:
    link = HostLink(0xFFFF_FFFC)
    sessions = []
    for now_s in (0.0, 1.0, 2.0, 3.0):
        sessions.append(session_of(link, now_s))
        link.reset()
    assert sessions == [0xFFFF_FFFD, 0xFFFF_FFFE, 1, 2]


def test_hello_comes_every_half_second_and_not_earlier() -> None:
    link = HostLink(7)
    assert link.greet(10.0)
    assert link.greet(10.499) == b""
    assert link.greet(10.5)


def test_a_unit_that_changes_its_version_is_no_longer_understood() -> None:
    link = HostLink(7)
    session = session_of(link, 0.0)
    link.receive(frame(identity(session)) + frame(telemetry(500)), 1.0)
    assert link.up
    link.receive(frame(identity(session, protocol=2)), 1.1)
    assert not link.up


def test_an_unasked_identity_begins_a_new_conversation() -> None:
    """F5: the unit restarted, so nothing that was known of it counts."""
    link = started()
    assert link.greet(1.01) == b""
    assert link.receive(frame(identity(0)), 1.02) == [identity(0)]
    assert not link.up
    assert link.telemetry is None
    assert link.age_s(1.02) is None
    assert session_of(link, 1.03) == 9


def test_what_is_late_or_lost_adds_up() -> None:
    """F2."""
    link = started()
    link.receive(frame(telemetry(500)) + frame(telemetry(499)), 1.1)
    assert (link.late, link.lost) == (2, 0)
    link.receive(frame(telemetry(503)) + frame(telemetry(505)), 1.2)
    assert (link.late, link.lost, link.received) == (2, 3, 3)


def test_duplicates_add_up() -> None:
    """F2."""
    link = UnitLink(999, 40)
    link.receive(frame(Hello(1, 7)), 0)
    link.issue(0)
    for _ in range(4):
        link.receive(frame(Keepalive(1, 1000)), 0)
    assert link.duplicates == 3


def test_before_any_hello_the_session_is_0() -> None:
    assert UnitLink(0, 0).session == 0


def test_a_repeated_hello_forgets_nothing() -> None:
    """F2: a duplicate of it is harmless, so what came before it stays used up and old."""
    link = UnitLink(999, 40)
    hello = frame(Hello(1, 7))
    link.receive(hello, 0)
    link.issue(0)
    assert link.receive(frame(Keepalive(5, 1000)), 10) == [Keepalive(5, 1000)]
    assert link.receive(hello, 20) == [Hello(1, 7)]
    assert link.receive(frame(Keepalive(5, 1000)), 30) == []
    assert link.duplicates == 1
    assert link.receive(frame(Keepalive(4, 1000)), 40) == []
    assert link.outbox == [Rejected(Reject.OLD_SEQUENCE, 0x07, 4)]
    assert not link.silent(2010), "the host was heard at 10 ms"
    assert link.receive(frame(Hello(1, 8)), 50) == [Hello(1, 8)]
    assert link.receive(frame(Keepalive(4, 1000)), 60) == [Keepalive(4, 1000)]
