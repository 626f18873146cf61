"""The proof that both connections live."""

from controller.mqtt.pulse import Pulse


def test_a_beat_that_comes_back_proves_until_a_connection_is_new() -> None:
    pulse = Pulse(2.0)
    pulse.begin(100.0)
    assert not pulse.proven
    beat = pulse.beat(100.0)
    assert beat is not None
    assert pulse.beat(101.9) is None
    assert pulse.hear(beat, 100.5)
    assert pulse.proven
    assert pulse.quiet_s(103.0) == 3.0
    pulse.begin(104.0)
    assert not pulse.proven
    assert pulse.quiet_s(105.0) == 1.0
    assert pulse.hear(beat, 104.5)
    assert not pulse.proven, "it was said over the connections before"
    assert pulse.beat(104.0) is not None


def test_somebody_elses_beat_proves_nothing() -> None:
    pulse, other = Pulse(2.0), Pulse(2.0)
    pulse.begin(100.0)
    beat = other.beat(100.0)
    assert beat is not None
    assert not pulse.hear(beat, 100.0)
    assert not pulse.hear(b"\xff" * 1000, 100.0)
    assert not pulse.proven


def test_a_beat_of_the_future_is_no_proof_for_later() -> None:
    pulse = Pulse(2.0)
    pulse.begin(100.0)
    assert pulse.hear(f"{pulse.token} 1e300".encode(), 101.0)
    assert pulse.quiet_s(110.0) == 9.0


def running_since_100() -> Pulse:
    """Beats every 2 s; the first one came back at once."""
    pulse = Pulse(2.0, 1.0, 2.0)
    pulse.begin(100.0)
    assert pulse.hear(pulse.beat(100.0) or b"", 100.01)
    return pulse


def test_what_arrives_while_an_echo_is_overdue_may_be_old() -> None:
    """F21: a broker that stood still hands over what it was given meanwhile, before or after the echo."""
    pulse = running_since_100()
    assert not pulse.held_up(100.02)
    beat = pulse.beat(102.0) or b""
    assert not pulse.held_up(103.4), "two periods of looking, and the second that a command may take"
    assert pulse.held_up(103.6)
    assert pulse.hear(beat, 104.0)
    assert pulse.held_up(104.1), "the echo took 2 s, so may what comes behind it"
    assert pulse.hear(pulse.beat(104.5) or b"", 104.51)
    assert pulse.held_up(105.9), "one that is fast again does not take that back"
    assert not pulse.held_up(106.1)


def test_a_fast_echo_holds_nothing_up() -> None:
    pulse = running_since_100()
    for count in range(1, 50):
        now_s = 100.0 + 2.0 * count
        assert not pulse.held_up(now_s)
        assert pulse.hear(pulse.beat(now_s) or b"", now_s + 0.9)
        assert not pulse.held_up(now_s + 0.91)


def test_a_lost_connection_holds_up_until_a_while_after_it_is_back() -> None:
    pulse = running_since_100()
    old = pulse.beat(102.0) or b""
    pulse.begin(103.0)
    assert pulse.held_up(103.0)
    assert pulse.hear(old, 103.1)
    assert pulse.held_up(110.0), "that was said over the connections before"
    pulse.begin(120.0)
    assert pulse.hear(pulse.beat(120.0) or b"", 120.1)
    assert pulse.held_up(122.0)
    assert not pulse.held_up(122.2)


def test_before_the_first_proof_nothing_was_lost() -> None:
    pulse = Pulse(2.0, 1.0, 2.0)
    pulse.begin(100.0)
    assert not pulse.held_up(100.1)
    pulse.begin(105.0)
    assert not pulse.held_up(109.0), "nobody can have armed"
