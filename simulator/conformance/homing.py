"""Checks of the ways home: LEVEL, silence, the end of a freeze; and of what never moves by itself."""

from typing import Final

from protocol.link import STOP_FRAME
from protocol.messages import Cause, Flag, Hello, Level

from . import ready
from .check import Needs, check
from .talk import ANSWER_S, LEVEL_DEG, STILL_DEG, Talk, causes, reasons

RETURN_DPS: Final = 3.0
SLOW_DPS: Final = 1.0
RATE_SLACK: Final = 0.15
"""Of a rate: play and noise. Chosen."""
FREEZE_S: Final = 20.0
FREEZE_SLACK_S: Final = 0.7
"""Chosen: from the standstill or from the frame, a tick and the line; far from the 5 s that these checks tell apart."""
EXPOSED_DEG: Final = 5.0


def _comes_home(talk: Talk, within_s: float, most_dps: float, what: str) -> None:
    """It comes level by itself, rests there, and was never faster."""
    began_deg = talk.now.angle_deg
    talk.forget()
    there = talk.run(within_s, lambda: talk.home)
    angles = [told.telemetry.angle_deg for told in talk.told]
    talk.expect(there, f"{what} it did not come home: {talk.now.angle_deg:.1f}°, causes {causes(talk.now)}")
    talk.expect(max(angles) <= began_deg + 1.6, f"{what} it rose from {began_deg:.1f}° to {max(angles):.1f}°")
    talk.expect(min(angles) >= -LEVEL_DEG, f"{what} it went beyond level, to {min(angles):.1f}°")
    fastest_dps = talk.figure("return_dps", -min(talk.rates()))
    talk.expect(fastest_dps <= most_dps * (1 + RATE_SLACK), f"{what} it came home at {fastest_dps:.1f} °/s")
    talk.expect(not talk.now.latched, f"the return latched {causes(talk.now)}")


def _frozen(talk: Talk, angle_deg: float) -> float:
    """Frozen head down; when."""
    ready.head_down(talk, angle_deg)
    talk.stop()
    since_s = talk.now_s
    talk.run(1.5)
    talk.expect(talk.has(Flag.FROZEN), "a STOP head down does not make it say FROZEN")
    return since_s


@check(
    "C66",
    "LEVEL from head down returns at 3 °/s at most, to rest at level.",
    "protocol.md: 0x03 LEVEL",
    "H1",
    needs=Needs.MOTION,
)
def level_returns(talk: Talk) -> None:
    ready.head_down(talk, 8.0)
    talk.level()
    talk.run(0.1)
    talk.expect(talk.active(Cause.LEVEL_WISHED), "it does not tell LEVEL_WISHED")
    _comes_home(talk, 12.0, RETURN_DPS, "after LEVEL")
    talk.expect(not talk.active(Cause.LEVEL_WISHED), "LEVEL_WISHED does not end at level")


@check(
    "C67",
    "LEVEL also leads out of a freeze, at 1 °/s at most.",
    "protocol.md: 0x03 LEVEL",
    "H1",
    "H7",
    needs=Needs.MOTION,
)
def level_after_stop(talk: Talk) -> None:
    _frozen(talk, 5.0)
    talk.level()
    _comes_home(talk, 12.0, SLOW_DPS, "after STOP and LEVEL")


@check("C68", "A LEVEL that was wished before a STOP is void.", "protocol.md: Stop count", "H11", needs=Needs.MOTION)
def old_level(talk: Talk) -> None:
    ready.head_down(talk, 4.0)
    count = talk.now.stop_count
    talk.stop()
    talk.run(1.5)
    at_deg = talk.angle_at(talk.now_s)
    said = reasons(talk.asks(Level(talk.next(), count)))
    talk.run(1.0)
    talk.expect(said == "VOID_STOP_COUNT", f"it was answered: {said or 'no rejection'}")
    talk.expect(abs(talk.angle_at(talk.now_s) - at_deg) <= STILL_DEG, "it moves by a LEVEL that is older than the STOP")


@check("C69", "STOP freezes a return too.", "protocol.md: 0x02 STOP", "H11", needs=Needs.MOTION)
def stop_beats_return(talk: Talk) -> None:
    ready.head_down(talk, 8.0)
    talk.level()
    talk.run(6.0, lambda: talk.now.angle_deg < 6.0)
    talk.stop()
    talk.run(1.5)
    at_deg = talk.angle_at(talk.now_s)
    talk.run(1.5)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG + 0.1, f"after a STOP the return goes on: {moved_deg:.1f}° in 1.5 s")
    talk.expect(talk.has(Flag.FROZEN), "it does not say FROZEN")


@check(
    "C70",
    "Head down, 2 s of silence lead home without a host.",
    "protocol.md: Liveness",
    "F17",
    "H1",
    needs=Needs.MOTION,
)
def silence_returns(talk: Talk) -> None:
    ready.head_down(talk, 6.0)
    talk.live()
    talk.run(1.0)
    talk.hush()
    at_deg = talk.angle_at(talk.now_s)
    talk.run(1.7)
    talk.expect(abs(talk.angle_at(talk.now_s) - at_deg) <= STILL_DEG + 0.1, "it returns before 2 s of silence")
    talk.expect(not talk.active(Cause.HOST_SILENT), "it tells HOST_SILENT before 2 s")
    talk.expect(talk.run(0.6, lambda: talk.active(Cause.HOST_SILENT)), "2 s of silence do not make it tell HOST_SILENT")
    _comes_home(talk, 12.0, RETURN_DPS, "with a silent host")


@check(
    "C71",
    "A host that comes back during that return changes nothing.",
    "protocol.md: Liveness",
    "F4",
    "F17",
    needs=Needs.MOTION,
)
def host_comes_back(talk: Talk) -> None:
    ready.head_down(talk, 7.0)
    talk.hush()
    talk.run(6.0, lambda: talk.active(Cause.HOST_SILENT))
    talk.run(1.0)
    talk.send(Hello(1, talk.session + 1))
    talk.session += 1
    talk.run(ANSWER_S)
    talk.said.clear()
    talk.hold(10.0, 3.0)
    _comes_home(talk, 12.0, RETURN_DPS, "after a host came back")
    talk.expect(
        "LATCHED" in reasons(talk.said), f"its setpoints were answered: {reasons(talk.said)[:80] or 'no rejection'}"
    )


@check(
    "C72",
    "On the head-up side silence and LEVEL move nothing.",
    "protocol.md: Liveness",
    "H15",
    "F17",
    needs=Needs.MOTION,
)
def head_up_stays(talk: Talk) -> None:
    ready.down_to(talk, -5.0)
    talk.live()
    talk.run(1.0)
    at_deg = talk.angle_at(talk.now_s)
    said = reasons(talk.asks(Level(talk.next(), talk.now.stop_count)))
    talk.expect(not said, f"LEVEL on the head-up side was refused: {said}")
    talk.send(STOP_FRAME)
    talk.hush()
    talk.run(4.0)
    moved_deg = talk.figure("moved_deg", abs(talk.angle_at(talk.now_s) - at_deg))
    talk.expect(moved_deg <= STILL_DEG, f"it moved by {moved_deg:.1f}°")
    talk.expect(talk.has(Flag.BRAKE), "the brake is off")


@check(
    "C73",
    "Frozen head down for 20 s, it returns at 1 °/s at most.",
    "protocol.md: 0x02 STOP",
    "H1",
    "H7",
    needs=Needs.MOTION,
)
def freeze_ends(talk: Talk) -> None:
    since_s = _frozen(talk, 4.0)
    at_deg = talk.angle_at(talk.now_s)
    talk.run(FREEZE_S - FREEZE_SLACK_S - (talk.now_s - since_s))
    talk.expect(abs(talk.angle_at(talk.now_s) - at_deg) <= STILL_DEG + 0.1, "it moves before the 20 s are over")
    ended = talk.run(2 * FREEZE_SLACK_S, lambda: talk.active(Cause.FROZEN_LONG))
    talk.figure("frozen_s", talk.now_s - since_s)
    talk.expect(ended, "after 20 s it does not tell FROZEN_LONG")
    _comes_home(talk, 12.0, SLOW_DPS, "after 20 s of a freeze")


@check(
    "C74",
    "A further STOP restarts the 20 s, three times at most.",
    "protocol.md: 0x02 STOP",
    "H1",
    "F22",
    needs=Needs.MOTION,
)
def freeze_restarts(talk: Talk) -> None:
    since_s = _frozen(talk, 4.0)
    for _ in range(3):
        since_s = talk.now_s
        talk.stop()
        talk.run(1.0)
    talk.run(3.0)
    talk.stop()  # the fourth further one freezes, but restarts nothing
    talk.run(FREEZE_S - FREEZE_SLACK_S - (talk.now_s - since_s))
    talk.expect(talk.has(Flag.FROZEN), "the 20 s do not begin again with a further STOP")
    ended = talk.run(2 * FREEZE_SLACK_S, lambda: talk.active(Cause.FROZEN_LONG))
    talk.figure("frozen_s", talk.now_s - since_s)
    talk.expect(ended, "STOP after STOP holds up the return for longer than three times")
    talk.level()
    talk.expect(talk.run(12.0, lambda: talk.home), "after it, LEVEL does not lead home")


@check(
    "C75",
    "It counts head-down time above 5°, and none below.",
    "protocol.md: What a unit owes",
    "H3",
    needs=Needs.MOTION,
)
def counts_time(talk: Talk) -> None:
    ready.head_down(talk, 3.0)
    before = talk.now.head_down_s
    talk.run(3.0)
    talk.expect(talk.now.head_down_s == before, f"at 3° it counted {talk.now.head_down_s - before} s")
    talk.lead(7.0)
    talk.run(6.0, lambda: talk.now.bed_deg >= EXPOSED_DEG)
    before, episode, since_s = talk.now.head_down_s, talk.now.episode_s, talk.now_s
    talk.run(6.0)
    counted = talk.figure("counted_s", talk.now.head_down_s - before)
    talk.expect(abs(counted - (talk.now_s - since_s)) <= 1.5, f"above 5° it counted {counted:.0f} s in 6 s")
    talk.expect(talk.now.episode_s - episode >= 4, "the time of this episode was not counted")


CHECKS: Final = (
    *(level_returns, level_after_stop, old_level, stop_beats_return, silence_returns, host_comes_back, head_up_stays),
    *(freeze_ends, freeze_restarts, counts_time),
)
