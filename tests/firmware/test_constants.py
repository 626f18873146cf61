"""Every constant of the core is the one of its twin in Python, in the units of the chip. The kernel has its own."""

import re
import subprocess
from fractions import Fraction
from math import cos, radians

import pytest

from simulator import angle, brake, drive, ladder, memory, motion, supply, unit, voting, watch

from .build import CORE, need

HERE = CORE
"""Where the core is looked for; planted bugs have it elsewhere."""
Q16 = 65536
Q27 = 2**27
DEFINED = re.compile(r"^#define (\w+)(?:\(\w+\))? +\S", re.MULTILINE)
ELSEWHERE = {"kernel.h", "wire.h", "apart.h"}
"""tests/firmware/test_kernel.py compares the first, the second is rendered from protocol/messages.py, the third has
none."""


def deg_q16(degrees: float) -> int:
    """Degrees, or degrees a second, in 1/65536 of a hundredth."""
    return round(degrees * 100 * Q16)


CONSTANTS: dict[str, dict[str, int]] = {
    "angle.c": {
        "MOVING_Q16": angle.MOVING_CDPS * Q16, "MOVING_TICKS": angle.MOVING_TICKS,
        "ARRIVED_CDEG": angle.ARRIVED_CDEG, "SIDE_CDEG": angle.SIDE_CDEG, "SIDE_TICKS": angle.SIDE_TICKS,
        "ALONE_TICKS": angle.ALONE_TICKS,
    },
    "brake.c": {"SLIP_Q16": brake.SLIP_CDEG * Q16, "BITTEN_TICKS": brake.BITTEN_TICKS, "ANY_WAY": 2},
    "drive.c": {
        "TICKS_PER_S": 1000 // drive.TICK_MS, "ACCELERATION_Q16": deg_q16(drive.ACCELERATION_DPS2),
        "JERK_STEP_Q16": deg_q16(drive.JERK_DPS3 * drive.TICK_S), "FULL_CDPS": round(drive.FULL_DPS * 100),
        "LEAD_LIMIT_Q16": deg_q16(drive.LEAD_LIMIT_DEG), "OVERRUN_LIMIT_Q16": deg_q16(drive.OVERRUN_LIMIT_DEG),
        "INTEGRAL_LIMIT_Q16": deg_q16(drive.INTEGRAL_LIMIT_DPS), "WAITING_Q16": deg_q16(drive.WAITING_DPS2),
        "SLEW_STEP_Q16": deg_q16(drive.SLEW_DPS2 * drive.TICK_S), "GAINED_Q16": deg_q16(drive.GAINED_DPS),
        "PUSH_PER_S": round(drive.PUSH_PER_S), "SLOW_CDPS": round(drive.SLOW_DPS * 100),
        "MID_TRAVEL_CDEG": round(drive.MID_TRAVEL_DEG * 100),
        # Of fixed point alone: more than three times the largest rate, a third more than it, and the table of cosines.
        "TARGET_LIMIT_CDPS": 1000, "RATE_LIMIT_Q16": deg_q16(4.0), "PART_STEP_CDEG": 1024, "PART_LAST_CDEG": 13_000,
        "OF_ROOT": 1024, "TO_SQUARE": 16,
        **{
            f"PART[{at}]": round(32_768 * cos(radians(drive.GEOMETRY * at * 10.24))) for at in range(14)
        },
    },
    "drive.h": {
        "TICK_MS": drive.TICK_MS, "ARRIVED_Q16": deg_q16(drive.ARRIVED_DEG), "LEFT_Q16": deg_q16(drive.LEFT_DEG),
        "NEAR_Q16": deg_q16(drive.NEAR_DEG), "END_LIMIT_CDEG": 16_000,
    },
    "fixed.h": {
        "ONE_Q16": Q16, "Q16(3)": 3 * Q16, "Q16(-32767)": -32_767 * Q16, "Q16_HUNDREDTHS(250)": 163_840,
        "Q16_HUNDREDTHS(1)": 655,
    },
    "framing.c": {"DELIMITER": 0, "CRC_BYTES": 2},
    "framing.h": {"FRAME_LIMIT": 69},
    "grant.c": {"SECOND_MS": 1000},
    "ladder.c": {
        "SAME_STOP_MS": ladder.SAME_STOP_MS, "DEEP_TICKS": ladder.DEEP_TICKS, "FAST_TICKS": ladder.FAST_TICKS,
        "OPEN_TICKS": ladder.OPEN_TICKS, "EMPTY_TICKS": ladder.EMPTY_TICKS,
    },
    "link.c": {"HALF_OF_ALL": 0x7FFF, "DUPLICATE": 255},
    "memory.c": {
        "RESET_LOOP_MS": memory.RESET_LOOP_MS, "RESTART_MS": memory.RESTART_MS, "SECOND_MS": 1000, "STOPS_AHEAD": 251,
        "CHECK_START": 0xBA5C,
    },
    "motion.c": {
        "BRAKE_WAIT_TICKS": motion.BRAKE_WAIT_TICKS, "PLANNED_TENTHS": round(motion.RETURN_SHARE * 10),
        "CREEP_Q16": motion.CREEP_CDPS * Q16, "BLIND_RESERVE_CDEG": round(motion.BLIND_RESERVE_DEG * 100),
        "BLIND_AGAIN_TICKS": motion.BLIND_AGAIN_MS // drive.TICK_MS, "BACK_OFF_MS": motion.BACK_OFF_MS,
        "STILL_CDPS": motion.STILL_CDPS, "RESTING_Q16": deg_q16(0.05),
    },
    "supply.c": {
        "LOW_MV": round(supply.LOW_V * 1000), "RECOVERED_MV": round(supply.RECOVERED_V * 1000),
        "CRITICAL_MV": round(supply.CRITICAL_V * 1000), "LOW_TICKS": supply.LOW_TICKS,
        "CRITICAL_TICKS": supply.CRITICAL_TICKS, "ONE_Q27": Q27, "WARM_Q27": Q27 // 10 * 7, "HOT_Q27": Q27 // 10 * 8,
        "COOLED_Q27": Q27 // 10 * 6, "HEATING_TICKS": round(supply.HEATING_S * 50), "CURRENT_LIMIT_MA": 30_000,
        "SQUARE_STEP": 1000, "LOAD_PER_STEP": round(Fraction(1000 * Q27, 10_000**2)), "MOST_PERCENT": 250,
        "HEAT_LIMIT_Q27": 9 * Q27,
    },
    "unit.c": {"SETTLE_MS": unit.SETTLE_MS, "MA_PER_FIFTH": 200, "MV_PER_TENTH": 100},
    "unit.h": dict(zip(("FIRMWARE_MAJOR", "FIRMWARE_MINOR", "FIRMWARE_PATCH"), unit.FIRMWARE, strict=True)),
    "voting.c": {
        "JUMP_CDEG": voting.JUMP_CDEG, "BAD_WEIGHT": voting.BAD_WEIGHT, "BAD_LIMIT": voting.BAD_LIMIT,
        "STILL_SAMPLES_BED": voting.STILL_SAMPLES[0], "STILL_SAMPLES_DRIVE": voting.STILL_SAMPLES[1],
        "SUSPECT_SAMPLES": voting.SUSPECT_SAMPLES, "APART_Q16": voting.APART_CDEG * Q16,
        "APART_TICKS": voting.APART_TICKS, "SIDE_Q16": voting.SIDE_CDEG * Q16,
        "STARTING_TICKS": voting.STARTING_TICKS, "SETTLED_TICKS": voting.SETTLED_TICKS,
        "SAMPLES_PER_S": 1000 // voting.SAMPLE_MS,
        # Of fixed point alone: beyond every angle and rate that readings which pass can make.
        "SMOOTH_LIMIT_Q16": deg_q16(120.0), "RATE_LIMIT_Q16": deg_q16(300.0), "SURPRISE_LIMIT_Q16": deg_q16(40.0),
    },
    "voting.h": {"SAMPLE_MS": voting.SAMPLE_MS, "RANGE_CDEG": voting.RANGE_CDEG},
    "watch.c": {
        "TICKS_PER_S": 50, "PROGRESS_Q16": deg_q16(watch.PROGRESS_DEG), "PROGRESS_TICKS": watch.PROGRESS_MS // 20,
        "COMMANDED_Q8": round(watch.COMMANDED_DEG * 100 * 50 * 256), "WRONG_WAY_Q16": deg_q16(watch.WRONG_WAY_DEG),
        "SUM_LIMIT": 1_000_000_000, "STALL_MA": round(watch.STALL_A * 1000),
        "STALL_FULL_MA": round(watch.STALL_FULL_A * 1000), "STALL_TICKS": watch.STALL_TICKS, "FULL_POWER": 32_767,
    },
}  # fmt: skip


def constants(file: str) -> set[str]:
    """What a file of the core gives a value to."""
    return set(DEFINED.findall((HERE / file).read_text("utf-8")))


@pytest.mark.parametrize("file", CONSTANTS)
def test_the_constants_are_the_same(file: str) -> None:
    """gcc evaluates them, and names the one that is not."""
    need("gcc")
    lines = [f'#include "{file}"', '#include "fixed.h"']
    for name, value in CONSTANTS[file].items():
        if "[" in name:  # no constant expression in C: each is seen to be indexed as it stands
            continue
        lines.append(f'_Static_assert((long long)({name}) == {value}LL, "{name}");')
    command = ["gcc", "-std=c11", "-fsyntax-only", "-w", f"-I{HERE}", "-x", "c", "-"]
    done = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_table_of_cosines_is_one() -> None:
    text = (HERE / "drive.c").read_text("utf-8")
    table = re.search(r"PART\[\] = \{([^}]*)\}", text)
    assert table is not None
    wanted = [value for name, value in CONSTANTS["drive.c"].items() if "[" in name]
    assert [*map(int, table[1].split(","))] == wanted


def test_a_blind_return_counts_a_hundredth_of_a_degree_in_each_tick() -> None:
    """So that an angle is its time: the core has no constant for it."""
    assert round(motion.BLIND_SLOWEST_DPS * 100) * drive.TICK_MS == 1000


def test_none_is_forgotten() -> None:
    """A constant that is new, moved or gone has to be seen here."""
    files = {path.name for path in HERE.glob("*.[ch]")} - ELSEWHERE
    found = {file: names for file in files if (names := constants(file))}
    assert found == {
        file: {re.split(r"[(\[]", name)[0] for name in names} - {"PART"} for file, names in CONSTANTS.items()
    }
