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
