"""What is planted in C, and that waivers and the choice for each change name what is there."""

import pytest

from mutation.firmware.__main__ import AVR, CORE, planted
from mutation.firmware.choice import gone, safety
from mutation.firmware.operators import mutants
from mutation.firmware.waivers import read, unknown
from mutation.mutants import changed_lines

SOURCE = """
#include "box.h"
#define MOST 5u
#define WIDE \\
    (CAUSE_A | 7)

static const uint8_t TABLE[] = {16, 4};

static int32_t cut(const struct box *box, int32_t value)
{
    const bool open = box->open && !box->shut; /* if (never) */

    if (value >= MOST || open) {
        return within(value, 3);
    }
    box->count++;
    for (uint8_t i = 0; i < 2u; i++) {
        note(box, i + 1);
    }
    switch (box->kind) {
    case 3:
        box->causes |= CAUSE_B;
        break;
    default:
        break;
    }
    return open ? -value : (int32_t)-1;
}
"""


def seen(source: str) -> set[tuple[str, str, str]]:
    """Scope, what goes, what comes."""
    return {(m.scope, *changed_lines(source, m.source)) for m in mutants("box.c", source)}


@pytest.mark.parametrize(
    ("scope", "before", "after"),
    [
        ("MOST", "#define MOST 5u", "#define MOST 6u"),
        ("MOST", "#define MOST 5u", "#define MOST 4u"),
        ("WIDE", "(CAUSE_A | 7)", "(0u | 7)"),
        ("WIDE", "(CAUSE_A | 7)", "(CAUSE_A & 7)"),
        ("TABLE", "static const uint8_t TABLE[] = {16, 4};", "static const uint8_t TABLE[] = {16, 5};"),
        ("cut", "if (value >= MOST || open) {", "if (value > MOST || open) {"),
        ("cut", "if (value >= MOST || open) {", "if (value < MOST || open) {"),
        ("cut", "if (value >= MOST || open) {", "if (value >= MOST && open) {"),
        ("cut", "if (value >= MOST || open) {", "if (value >= MOST || false) {"),
        ("cut", "if (value >= MOST || open) {", "if (false || open) {"),
        ("cut", "if (value >= MOST || open) {", "if (true) {"),
        ("cut", "if (value >= MOST || open) {", "if (false) {"),
        ("cut", "return within(value, 3);", "return (value);"),
        ("cut", "return within(value, 3);", "return (3);"),
        ("cut", "return within(value, 3);", "return within(value, 4);"),
        ("cut", "box->count++;", ";"),
        ("cut", "box->count++;", "box->count--;"),
        ("cut", "for (uint8_t i = 0; i < 2u; i++) {", "for (uint8_t i = 0; false; i++) {"),
        ("cut", "for (uint8_t i = 0; i < 2u; i++) {", "for (uint8_t i = 0; i <= 2u; i++) {"),
        ("cut", "note(box, i + 1);", ";"),
        ("cut", "note(box, i + 1);", "note(box, i - 1);"),
        ("cut", "box->causes |= CAUSE_B;", "box->causes &= CAUSE_B;"),
        ("cut", "box->causes |= CAUSE_B;", "box->causes |= 0u;"),
        ("cut", "break;", ";"),
        ("cut", "return open ? -value : (int32_t)-1;", "return true ? -value : (int32_t)-1;"),
        ("cut", "return open ? -value : (int32_t)-1;", "return open ? value : (int32_t)-1;"),
        ("cut", "return open ? -value : (int32_t)-1;", "return open ? -value : (int32_t)1;"),
    ],
)
def test_it_is_planted(scope: str, before: str, after: str) -> None:
    assert (scope, before, after) in seen(SOURCE)


def test_each_once_and_no_words_in_comments() -> None:
    found = mutants("box.c", SOURCE)
    assert len({mutant.source for mutant in found}) == len(found)
    assert not any("/* if (never) */" not in mutant.source for mutant in found)


def test_only_the_lines_that_changed() -> None:
    assert {mutant.scope for mutant in mutants("box.c", SOURCE, frozenset({3}))} == {"MOST"}


def test_every_file_with_code_is_planted() -> None:
    found = {mutant.file for mutant in planted([*CORE, *AVR], None, "")}
    assert {file for file in (*CORE, *AVR) if file.endswith(".c")} <= found
    assert len(CORE) > 20


def test_every_waiver_names_a_mutant() -> None:
    assert unknown(read(), planted([*CORE, *AVR], None, "")) == []


def test_the_choice_for_each_change_names_what_is_there() -> None:
    everything = planted([*CORE, *AVR], None, "")
    assert gone(everything) == []
    assert 60 <= len(safety(everything)) <= 130
