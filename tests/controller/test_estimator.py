"""Telemetry as an estimate: what is read off it, and when the controller does not believe it."""

from typing import Any

import pytest

from controller.estimator import Estimate, Estimator
from protocol.messages import Cause, Flag, Rung, Telemetry

SECURED = Flag.OCCUPIED | Flag.ANKLES_LOCKED | Flag.TRUSTED | Flag.HOST_LIVE


def telemetry(
    angle_deg: float = 0.0, bed_deg: float | None = None, drive_deg: float | None = None, **known: Any
) -> Telemetry:
    angle, bed, drive = (round((angle_deg if deg is None else deg) * 100) for deg in (angle_deg, bed_deg, drive_deg))
    fields: dict[str, Any] = {
        "nonce": 1, "time_ms": 0, "stop_count": 5, "angle_cdeg": angle, "bed_cdeg": bed, "drive_cdeg": drive,
        "rate_cdps": 0, "flags": SECURED, "rung": 0, "causes": 0, "latched": 0, "head_down_s": 9, "episode_s": 0,
        "current_fifths_a": 0, "heat_percent": 0, "supply_tenths_v": 128, "arm_presses": 3,
    }  # fmt: skip
    return Telemetry(**(fields | known))


def settled(seconds: float = 1.0, **known: Any) -> Estimate:
    """The estimate after the same telemetry for a while."""
    estimator = Estimator()
    message = telemetry(**known)
    for step in range(round(seconds / 0.02)):
        estimate = estimator.take(message, step * 0.02)
    return estimate


def test_a_table_at_rest_with_somebody_locked_in_is_sound() -> None:
    e = settled(angle_deg=-80.0)
    assert e == Estimate(
        angle_deg=-80.0, rate_dps=0.0, worst_deg=-80.0, trusted=True, head_down=False, sound=True, moving=False,
        occupied=True, ankles_locked=True, estop=False, lowering=False, armed=False, frozen=False, rung=0, causes=0,
        latched=0, stop_count=5, head_down_s=9, arm_presses=3, host_live=True, above_deg=0.0, occupied_lately=True,
        locked_lately=True,
    )  # fmt: skip
    assert (e.standing, e.at_level) == (True, False)


@pytest.mark.parametrize(
    ("flag", "field"),
    [
        (Flag.OCCUPIED, "occupied"), (Flag.ANKLES_LOCKED, "ankles_locked"), (Flag.ESTOP, "estop"),
        (Flag.LOWERING, "lowering"), (Flag.ARMED, "armed"), (Flag.FROZEN, "frozen"), (Flag.MOVING, "moving"),
        (Flag.DRIVEN, "moving"), (Flag.TRUSTED, "trusted"),
        (Flag.HOST_LIVE, "host_live"),
    ],
)  # fmt: skip
def test_each_flag(flag: Flag, field: str) -> None:
    assert getattr(settled(flags=SECURED | flag), field) is True
    assert getattr(settled(flags=(SECURED | flag) & ~flag), field) is False


@pytest.mark.parametrize(
    "known",
    [
        {"flags": SECURED & ~Flag.TRUSTED}, {"flags": SECURED & ~Flag.OCCUPIED}, {"flags": SECURED & ~Flag.HOST_LIVE},
        {"causes": Cause.OVER_TIME}, {"causes": Cause.STOPPED | 1 << 30},
        {"flags": SECURED & ~Flag.ANKLES_LOCKED}, {"flags": SECURED | Flag.ESTOP}, {"latched": Cause.ESTOP},
        {"rung": Rung.LEVEL}, {"rung": Rung.HOLD}, {"drive_deg": 3.5},
        {"angle_deg": 5.0, "bed_deg": 0.0, "drive_deg": 0.0},
    ],
)  # fmt: skip
def test_what_makes_a_table_unsound(known: dict[str, Any]) -> None:
    assert not settled(**known).sound


def test_a_refusing_unit_is_sound() -> None:
    assert settled(rung=Rung.REFUSE, causes=Cause.STOPPED).sound


@pytest.mark.parametrize(
    ("angle_deg", "head_down", "at_level", "standing"),
    [
        (1.6, True, False, False), (1.5, False, True, False), (0.0, False, True, False), (-1.5, False, True, False),
        (-1.6, False, False, False), (-76.9, False, False, False), (-77.1, False, False, True),
    ],
)  # fmt: skip
def test_the_sides(angle_deg: float, head_down: bool, at_level: bool, standing: bool) -> None:
    e = settled(angle_deg=angle_deg)
    assert (e.head_down, e.at_level, e.standing) == (head_down, at_level, standing)


def test_the_more_head_down_sensor_counts() -> None:
    """H2."""
    assert settled(angle_deg=30.0, drive_deg=31.2).worst_deg == pytest.approx(31.2)
    assert settled(angle_deg=30.0, bed_deg=31.2).worst_deg == pytest.approx(31.2)
    assert settled(angle_deg=1.0, bed_deg=1.0, drive_deg=2.0).head_down
    assert not settled(angle_deg=1.0, bed_deg=1.0, drive_deg=2.0).at_level


@pytest.mark.parametrize(("failed", "healthy"), [(Cause.BED_SENSOR, "drive_deg"), (Cause.DRIVE_SENSOR, "bed_deg")])
@pytest.mark.parametrize("where", ["causes", "latched"])
def test_a_sensor_that_the_unit_says_has_failed_is_left_out(failed: Cause, healthy: str, where: str) -> None:
    """F7."""
    sensors = {"bed_deg": 90.0, "drive_deg": 90.0} | {healthy: 20.0}
    e = settled(angle_deg=20.0, **sensors, **{where: failed})
    assert (e.trusted, e.worst_deg, e.head_down) == (True, 20.0, True)
    off = settled(angle_deg=12.0, **sensors, **{where: failed})
    assert not off.trusted, "the unit's angle has to be near the sensor that is left"


def test_without_a_healthy_sensor_nothing_is_trusted() -> None:
    """F7."""
    both = Cause.BED_SENSOR | Cause.DRIVE_SENSOR
    assert not settled(angle_deg=20.0, causes=both).trusted
    assert not settled(angle_deg=20.0, causes=Cause.BED_SENSOR, latched=Cause.DRIVE_SENSOR).trusted


@pytest.mark.parametrize(
    "known",
    [
        {"angle_deg": 20.0, "bed_deg": 20.0, "drive_deg": 23.2},
        {"angle_deg": 20.0, "bed_deg": 23.2, "drive_deg": 23.2},
        {"angle_deg": 20.0, "bed_deg": 16.8, "drive_deg": 16.8},
    ],
)
def test_three_degrees_apart_for_200_ms_is_not_believed(known: dict[str, float]) -> None:
    """F8: the sensors from each other, or the unit's angle from both."""
    estimator = Estimator()
    trusted = [estimator.take(telemetry(**known), step * 0.02).trusted for step in range(20)]
    assert trusted == [True] * 10 + [False] * 10
    assert estimator.take(telemetry(20.0), 0.4).trusted, "and is again when they agree"


def test_three_degrees_apart_for_a_moment_or_less_than_three_for_ever_is_believed() -> None:
    estimator = Estimator()
    for step in range(500):
        apart = 3.4 if step % 9 else 0.0
        assert estimator.take(telemetry(20.0, drive_deg=20.0 + apart), step * 0.02).trusted
    assert settled(10.0, angle_deg=20.0, drive_deg=22.9).trusted


def test_an_angle_that_nobody_knows_is_head_down_by_the_level_switch() -> None:
    for side, head_down in ((Flag.HEAD_DOWN_SIDE, True), (Flag(0), False)):
        e = settled(angle_deg=-20.0, flags=(SECURED | side) & ~Flag.TRUSTED)
        assert (e.head_down, e.at_level, e.standing) == (head_down, False, False)


def test_the_first_telemetry_counts_in_full_and_noise_is_smoothed() -> None:
    estimator = Estimator()
    assert estimator.take(telemetry(20.0), 0.0).worst_deg == 20.0
    assert estimator.take(telemetry(20.0, bed_deg=22.0), 0.02).worst_deg == pytest.approx(20.4)


@pytest.mark.parametrize(
    ("flag", "field", "patience_s"),
    [(Flag.ANKLES_LOCKED, "locked_lately", 0.1), (Flag.OCCUPIED, "occupied_lately", 0.5)],
)
def test_what_was_sensed_shortly_before_may_be_a_bounce(flag: Flag, field: str, patience_s: float) -> None:
    """F25, F26: with the unit's own patience; what was never sensed does not bounce."""
    estimator, gone = Estimator(), telemetry(flags=SECURED & ~flag)
    assert not getattr(estimator.take(gone, 10.0), field)
    estimator.take(telemetry(), 10.02)
    assert getattr(estimator.take(gone, 10.02 + patience_s - 0.01), field)
    assert not getattr(estimator.take(gone, 10.02 + patience_s + 0.01), field)


def test_how_far_the_worse_sensor_is_beyond_the_angle() -> None:
    assert settled(angle_deg=8.0, drive_deg=9.2).above_deg == pytest.approx(1.2)
    assert settled(angle_deg=8.0, drive_deg=6.8).above_deg == 0.0
    estimator = Estimator()
    ahead_deg = max(estimator.take(telemetry(n * 0.06), n * 0.02).above_deg for n in range(100))
    assert ahead_deg == pytest.approx(0.0, abs=1e-9), "angle and sensors lag alike"
