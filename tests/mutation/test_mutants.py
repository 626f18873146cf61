"""What is planted: the kinds of bugs that people make, each once, and nothing that does nothing."""

import pytest

from mutation import targets
from mutation.changed import hunks
from mutation.mutants import changed_lines, mutants

SOURCE = '''"""A module."""
from typing import Final

MOST: Final = 5
_Kinds = int | str
_TABLE: Final = (1, 2)


class Box:
    def __init__(self, size: int = 3) -> None:
        self.open = False

    @property
    def big(self) -> bool:
        return self.open and MOST < 7


def cut(a: int, b: _Kinds) -> int:
    """The smaller one."""
    if a >= MOST:
        return min(a, 2.5)
    return -a
'''


def planted(source: str) -> set[tuple[str, str, str]]:
    """Scope, what goes, what comes."""
    return {(m.scope, *changed_lines(source, m.source)) for m in mutants("box.py", source)}


@pytest.mark.parametrize(
    ("scope", "before", "after"),
    [
        ("", "MOST: Final = 5", "MOST: Final = 6"),
        ("", "MOST: Final = 5", "MOST: Final = 4"),
        ("", "_TABLE: Final = (1, 2)", "_TABLE: Final = (2,)"),
        ("Box.__init__", "def __init__(self, size: int = 3) -> None:", "def __init__(self, size: int = 4) -> None:"),
        ("Box.__init__", "self.open = False", "self.open = True"),
        ("Box.__init__", "self.open = False", "pass"),
        ("Box.big", "return self.open and MOST < 7", "return self.open or MOST < 7"),
        ("Box.big", "return self.open and MOST < 7", "return (self.open)"),
        ("Box.big", "return self.open and MOST < 7", "return (MOST < 7)"),
        ("Box.big", "return self.open and MOST < 7", "return self.open and MOST <= 7"),
        ("Box.big", "return self.open and MOST < 7", "return self.open and MOST >= 7"),
        ("Box.big", "return self.open and MOST < 7", "return not (self.open and MOST < 7)"),
        ("cut", "if a >= MOST:", "if a > MOST:"),
        ("cut", "if a >= MOST:", "if True:"),
        ("cut", "if a >= MOST:", "if False:"),
        ("cut", "return min(a, 2.5)", "return max(a, 2.5)"),
        ("cut", "return min(a, 2.5)", "return min(a, 2.525)"),
        ("cut", "return min(a, 2.5)", "return min(a, 2.475)"),
        ("cut", "return min(a, 2.5)", "pass"),
        ("cut", "return -a", "return +a"),
        ("cut", "return -a", "return None"),
    ],
)
def test_each_kind_of_bug(scope: str, before: str, after: str) -> None:
    assert (scope, before, after) in planted(SOURCE)


def test_nothing_is_planted_where_nothing_would_change() -> None:
    """Docstrings, imports, annotations, names for annotations only; and None for False, which nobody can tell."""
    untouched = ('"""A module."""', "from typing", "_Kinds", '"""The smaller one."""')
    for scope, before, after in planted(SOURCE):
        assert not before.startswith(untouched), (scope, before, after)
        assert after != "self.open = None"


def test_every_mutant_is_another_program() -> None:
    found = mutants("box.py", SOURCE)
    assert len({m.source for m in found}) == len(found)
    assert all(m.source != SOURCE for m in found)
    assert mutants("box.py", "X = 1 if True else 1\n") != []
    assert "pass" not in {after for *_, after in planted("def f() -> None:\n    return None\n")}


def test_only_the_lines_that_are_asked_for() -> None:
    some = mutants("box.py", SOURCE, frozenset({4}))
    assert {changed_lines(SOURCE, m.source)[0] for m in some} == {"MOST: Final = 5"}


def test_the_lines_that_a_diff_names() -> None:
    diff = "@@ -1 +1 @@\n-a\n+b\n@@ -4,0 +5,3 @@ def f\n+c\n+d\n+e\n@@ -9,2 +12,0 @@\n-x\n-y\n"
    assert hunks(diff) == {1, 5, 6, 7}
    assert hunks("") == frozenset()


@pytest.mark.parametrize("file", targets.TARGETS)
def test_what_is_mutated_is_there_and_has_tests(file: str) -> None:
    assert (targets.ROOT / file).is_file()
    assert all(targets.tests_of(stage) for stage in targets.TARGETS[file])
