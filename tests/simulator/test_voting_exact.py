"""The vote of the two sensors reading by reading, without noise: each number of it restated, and tried at its edge.

Hundredths of a degree; a reading every 10 ms, a verdict every 20 ms.
"""

import pytest

from simulator.voting import Channel, Suspect, Voter

OUT = 9501
"""Beyond any table."""


def channel(cdeg: int = 2000, still_limit: int = 1000) -> Channel:
    """A sensor that was heard once."""
    found = Channel(still_limit)
    found.take(cdeg)
    return found


def voter(bed_cdeg: int = 2000, drive_cdeg: int = 2000, agreed: int = 20) -> Voter:
    """Both were heard once, and have agreed for so many ticks at 20°; 20 are the patience after a restart."""
    found = Voter()
    found.bed.take(bed_cdeg)
    found.drive.take(drive_cdeg)
    found.bed.smooth_cdeg = found.drive.smooth_cdeg = 2000.0
    for _ in range(agreed):
        found.judge(True)
    found.bed.smooth_cdeg, found.drive.smooth_cdeg = float(bed_cdeg), float(drive_cdeg)
    return found


def verdict(found: Voter) -> str:
    words = [("bed", found.bed.failing), ("drive", found.drive.failing), ("apart", found.apart)]
    return " ".join(word for word, on in words if on)


def rested(found: Channel, samples: int) -> None:
    """So many equal readings."""
    for _ in range(samples):
        found.take(found.cdeg)


# ---- one sensor ------------------------------------------------------------------------------------------------------


def test_a_sensor_that_was_never_heard_is_failing():
    """F7: and stands beyond every angle, so that no reading follows from it."""
    new = Channel(50)
    assert (new.cdeg, new.smooth_cdeg, new.rate_cdps) == (100_000, 0.0, 0.0)
    assert new.failing is True
    assert new.implausible is False
    assert new.suspiciously_still is False
    with pytest.raises(AttributeError):
        new.more = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("cdeg", [-9500, -1, 0, 9500])
def test_the_first_reading_is_where_the_table_is(cdeg: int):
    new = channel(cdeg)
    assert (new.cdeg, new.smooth_cdeg, new.rate_cdps) == (cdeg, float(cdeg), 0.0)
    assert isinstance(new.smooth_cdeg, float)
    assert new.failing is False
    assert new.implausible is False


@pytest.mark.parametrize("cdeg", [OUT, -OUT])
def test_a_first_reading_that_no_table_has_says_nothing(cdeg: int):
    """F7."""
    new = channel(cdeg)
    assert (new.cdeg, new.smooth_cdeg) == (100_000, 0.0)
    assert new.failing is True
    assert new.implausible is True


@pytest.mark.parametrize(("bad", "failing"), [(4, False), (5, True)])
def test_a_sensor_that_began_with_five_bad_readings_has_failed(bad: int, failing: bool):
    """F7, F5: the first good one shows where it is, and heals nothing."""
    new = Channel(1000)
    for _ in range(bad):
        new.take(OUT)
    new.take(2000)
    assert (new.cdeg, new.smooth_cdeg) == (2000, 2000.0)
    assert new.failing is failing


def test_angle_and_rate_are_filtered():
    """Alpha 0.08 and beta 0.0035 at 10 ms, by hand."""
    known = channel(1000)
    known.take(1010)
    assert known.cdeg == 1010
    assert known.smooth_cdeg == pytest.approx(1000.8, rel=1e-12)
    assert known.rate_cdps == pytest.approx(3.5, rel=1e-12)
    known.take(1020)
    assert known.smooth_cdeg == pytest.approx(1002.3682, rel=1e-12)
    assert known.rate_cdps == pytest.approx(10.20775, rel=1e-12)
    known.take(1020)
    assert known.smooth_cdeg == pytest.approx(1002.4702775 + 0.08 * 17.5297225, rel=1e-12)
    assert known.rate_cdps == pytest.approx(10.20775 + 0.35 * 17.5297225, rel=1e-12)


@pytest.mark.parametrize(("start", "reading"), [(0, 251), (0, -251), (9400, OUT), (-9400, -OUT), (2000, 32_767)])
def test_a_bad_reading_is_passed_over_at_the_rate_so_far(start: int, reading: int):
    """F7: faster than physics, or out of range."""
    known = channel(start)
    known.rate_cdps = 200.0
    known.take(reading)
    assert (known.cdeg, known.smooth_cdeg, known.rate_cdps) == (start, start + 2.0, 200.0)
    assert known.implausible is True
    assert known.failing is False


@pytest.mark.parametrize(("start", "reading"), [(0, 250), (0, -250), (9400, 9500), (-9400, -9500)])
def test_a_reading_at_the_edge_is_a_good_one(start: int, reading: int):
    known = channel(start)
    known.take(reading)
    assert known.cdeg == reading
    assert known.implausible is False


def taken(readings: str) -> Channel:
    """After these readings: `b` a bad one, `g` a good one."""
    known = channel(2000, still_limit=10_000)
    for reading in readings:
        known.take(OUT if reading == "b" else 2000)
    return known


@pytest.mark.parametrize(
    ("readings", "failing"),
    [
        ("bbbb", False), ("bbbbb", True), ("bbbbgb", False), ("bbbbgbb", True), ("bbbbggb", False), ("bbbbgggb", False),
        ("bg" * 7 + "b", False), ("bg" * 8 + "b", True), ("g" * 10 + "bbbb", False), ("g" * 10 + "bbbbb", True),
        ("bbbbb" + "g" * 20, True),
    ],
)  # fmt: skip
def test_a_bad_reading_weighs_two_good_ones(readings: str, failing: bool):
    """F7: and ten are a failure, which good readings alone do not end."""
    known = taken(readings)
    assert known.failing is failing
    assert known.implausible is True


@pytest.mark.parametrize(("good", "failing"), [(1, True), (2, True), (3, False)])
def test_no_number_of_bad_readings_weighs_more_than_ten(good: int, failing: bool):
    """So a fault that lasted long heals no later than one that lasted short."""
    known = taken("b" * 40 + "g" * good)
    known.failing = False
    known.take(OUT)
    assert known.failing is failing


def test_a_sensor_that_jumped_is_read_where_it_went_once_it_has_failed():
    """F7: not before, and nowhere where no table is."""
    known = channel(2000)
    known.rate_cdps = 100.0
    for _ in range(4):
        known.take(5000)
    assert (known.cdeg, known.smooth_cdeg, known.rate_cdps) == (2000, 2004.0, 100.0)
    known.take(5000)
    assert (known.cdeg, known.smooth_cdeg, known.rate_cdps) == (5000, 5000.0, 0.0)
    assert known.failing is True
    known.take(OUT)
    assert known.cdeg == 5000


@pytest.mark.parametrize("limit", [1, 50, 200])
def test_so_many_equal_readings_in_a_row_are_a_failure(limit: int):
    """F7: frozen without its noise."""
    known = channel(2000, limit)
    rested(known, limit - 1)
    known.take(2001)
    rested(known, limit - 1)
    assert known.failing is False
    assert known.implausible is False
    rested(known, 1)
    assert known.failing is True
    assert known.implausible is True


def test_a_sensor_is_suspiciously_still_after_40_equal_readings():
    known = channel()
    rested(known, 39)
    assert known.suspiciously_still is False
    rested(known, 1)
    assert known.suspiciously_still is True
    known.take(2001)
    assert known.suspiciously_still is False
    rested(known, 39)
    assert known.suspiciously_still is False


def test_a_change_of_one_hundredth_is_a_change_either_way():
    for step in (1, -1):
        known = channel()
        rested(known, 45)
        known.take(2000 + step)
        assert known.suspiciously_still is False


def test_other_evidence_makes_a_sensor_fail():
    known = channel()
    known.fail()
    assert known.failing is True
    assert known.implausible is True


# ---- both together ---------------------------------------------------------------------------------------------------


def test_a_vote_begins_with_nobody_believed():
    new = Voter()
    assert verdict(new) == "bed drive"
    assert new.apart is False
    with pytest.raises(AttributeError):
        new.more = 1  # type: ignore[attr-defined]


def test_the_suspects_are_three():
    assert [(suspect.name, suspect.value) for suspect in Suspect] == [("NOBODY", 1), ("BED", 2), ("DRIVE", 3)]


@pytest.mark.parametrize(("which", "limit"), [("bed", 50), ("drive", 200)])
def test_each_sensor_may_be_still_for_as_long_as_its_noise_allows(which: str, limit: int):
    """F7: 0.5 s on the bed, 2 s on the drive."""
    found = voter()
    rested(getattr(found, which), limit - 1)
    assert verdict(found) == ""
    rested(getattr(found, which), 1)
    assert verdict(found) == which


def ticks_until_apart(found: Voter) -> int:
    """How many verdicts it takes until nobody is believed."""
    for tick in range(1, 100):
        found.judge(True)
        if found.apart:
            assert verdict(found) == "apart"
            return tick
        assert verdict(found) == ""
    return 0


@pytest.mark.parametrize(("agreed", "ticks"), [(0, 30), (5, 25), (19, 11), (20, 10), (21, 10), (100, 10)])
def test_a_disagreement_lasts_200_ms_and_after_a_restart_400_ms_more(agreed: int, ticks: int):
    """F8: agreement after a restart uses the patience up, and earns no new one."""
    assert ticks_until_apart(voter(2301, 2000, agreed)) == ticks


@pytest.mark.parametrize(
    ("bed", "drive", "ticks"), [(2300, 2000, 0), (2301, 2000, 10), (2000, 2300, 0), (2000, 2301, 10)]
)
def test_a_disagreement_begins_beyond_3_degrees(bed: int, drive: int, ticks: int):
    """F8: either way."""
    assert ticks_until_apart(voter(bed, drive)) == ticks


def test_one_tick_of_agreement_ends_a_doubt():
    found = voter(2400)
    for _ in range(9):
        found.judge(True)
    found.bed.smooth_cdeg = 2000.0
    found.judge(True)
    found.bed.smooth_cdeg = 2400.0
    assert ticks_until_apart(found) == 10


def told(found: Voter, side: bool | None, *suspect: Suspect) -> str:
    for _ in range(10):
        assert verdict(found) == ""
        found.judge(side, *suspect)
    return verdict(found)


@pytest.mark.parametrize(
    ("bed", "drive", "side", "lies"),
    [
        (-101, 900, True, "bed"), (-100, 900, True, "apart"), (900, -101, True, "drive"), (900, -100, True, "apart"),
        (101, -900, False, "bed"), (100, -900, False, "apart"), (-900, 101, False, "drive"),
        (-900, 100, False, "apart"), (-101, 900, None, "apart"), (900, -101, None, "apart"),
        (101, -900, None, "apart"), (-900, 101, None, "apart"), (-900, -200, True, "apart"), (900, 200, False, "apart"),
        (2000, 900, True, "apart"), (-2000, -900, False, "apart"),
    ],
)  # fmt: skip
def test_the_level_switch_says_who_lies_beyond_1_degree_on_the_other_side(
    bed: int, drive: int, side: bool | None, lies: str
):
    """F7, F8: unless nobody believes the switch, or it contradicts both."""
    assert told(voter(bed, drive), side) == lies


@pytest.mark.parametrize(
    ("bed_still", "drive_still", "lies"), [(40, 0, "bed"), (0, 40, "drive"), (40, 40, "apart"), (39, 39, "apart")]
)
def test_one_that_stands_still_while_the_other_moved_away_lies(bed_still: int, drive_still: int, lies: str):
    """F7: inertial sensor or encoder, whether the level switch is believed or not."""
    for side in (True, None):
        found = voter(2400)
        rested(found.bed, bed_still)
        rested(found.drive, drive_still)
        assert told(found, side) == lies


def test_stillness_of_one_and_the_wrong_side_of_the_other_cancel():
    found = voter(-200, 900)
    rested(found.drive, 40)
    assert told(found, True) == "apart"


@pytest.mark.parametrize(
    ("suspect", "lies"), [(Suspect.NOBODY, "apart"), (Suspect.BED, "bed"), (Suspect.DRIVE, "drive")]
)
def test_else_it_is_who_failed_before(suspect: Suspect, lies: str):
    """F7: through a restart, too; where there is better evidence it counts for nothing."""
    assert told(voter(2400), True, suspect) == lies
    assert told(voter(-101, 900), True, suspect) == "bed"
    assert told(voter(900, -101), True, suspect) == "drive"


def healed_after(found: Voter) -> int:
    """How many more verdicts it takes until everybody is believed again."""
    for tick in range(1, 200):
        found.judge(True)
        if verdict(found) == "":
            return tick
    return 0


@pytest.mark.parametrize("longer", [0, 5])
def test_apart_heals_after_50_ticks_of_agreement(longer: int):
    """F8: a second, however long they were apart."""
    found = voter(2301)
    ticks_until_apart(found)
    for _ in range(longer):
        found.judge(True)
    found.bed.smooth_cdeg = 2300.0
    assert healed_after(found) == 50


@pytest.mark.parametrize("which", ["bed", "drive"])
def test_a_failed_sensor_heals_after_50_plausible_ticks(which: str):
    """F7: the first verdict after it still knows that something was wrong."""
    found = voter()
    getattr(found, which).fail()
    assert healed_after(found) == 51


@pytest.mark.parametrize("which", ["bed", "drive"])
@pytest.mark.parametrize("disturbs", ["bed", "drive", "apart"])
def test_whatever_is_wrong_meanwhile_begins_the_second_again(which: str, disturbs: str):
    """F7, F8: with either sensor, or between them."""
    found = voter()
    getattr(found, which).fail()
    for _ in range(50):
        found.judge(True)
        assert verdict(found) == which
    if disturbs == "apart":
        found.bed.smooth_cdeg = 2301.0
        found.judge(True)
        found.bed.smooth_cdeg = 2000.0
        assert healed_after(found) == 50
    else:
        getattr(found, disturbs).take(OUT)
        assert healed_after(found) == 51


def test_both_heal_together_and_doubt_begins_at_nothing():
    found = voter()
    found.bed.fail()
    found.drive.fail()
    assert healed_after(found) == 51
    found.bed.smooth_cdeg = 2301.0
    assert ticks_until_apart(found) == 10


def test_while_one_has_failed_nobody_else_is_judged():
    """F7: the healthy one is what is left."""
    found = voter(-3000)
    found.bed.fail()
    for _ in range(100):
        found.judge(True)
    assert verdict(found) == "bed"
