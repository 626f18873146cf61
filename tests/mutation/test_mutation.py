"""The checker, checked: on a project of two functions it finds the bug that the tests miss, and proves its waivers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[2] / "mutation"
CODE = """LIMIT = 5


def cut(asked: int) -> int:
    if asked > LIMIT:
        return LIMIT
    return asked
"""
WEAK = """from pack.cut import cut


def test_cut():
    assert cut(3) == 3
    assert cut(7) == 5
"""
CHECK = """def cut(module):
    for asked in range(9):
        yield module.cut(asked)


def blind(module):
    yield module.cut(0)
"""
WAIVER = """[[waiver]]
file = "pack/cut.py"
scope = "cut"
before = "if asked > LIMIT:"
after = "if asked {after} LIMIT:"
check = "{check}"
why = "the limit itself either way"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with code, a weak test, and the checker."""
    shutil.copytree(TOOL, tmp_path / "mutation", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "mutation/targets.toml").write_text('"pack/cut.py" = [["tests/test_cut.py"]]\n')
    (tmp_path / "mutation/equivalence.py").write_text(CHECK)
    (tmp_path / "mutation/waivers.toml").write_text("")
    for name, text in {"pack/__init__.py": "", "pack/cut.py": CODE, "tests/test_cut.py": WEAK}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def mutation(project: Path, *words: str) -> tuple[int, str]:
    """Exit status and output."""
    command = [sys.executable, "-m", "mutation", *words]
    run = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=300, check=False)
    return run.returncode, run.stdout + run.stderr


def waive(project: Path, after: str, check: str) -> None:
    (project / "mutation/waivers.toml").write_text(WAIVER.format(after=after, check=check))


def git(project: Path, *words: str) -> None:
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=project, check=True, capture_output=True)


def test_a_bug_that_no_test_notices_is_told_and_fails(project: Path) -> None:
    status, out = mutation(project, "--all", "--json")
    assert status == 1
    found = json.loads(out)
    (row,) = found["files"]
    assert row["survived"] == len(found["survivors"]) == row["mutants"] - row["killed"] == 1
    assert "-    if asked > LIMIT:\n+    if asked >= LIMIT:" in found["survivors"][0]["diff"]


def test_a_waiver_is_believed_only_when_it_is_true_and_its_check_sees(project: Path) -> None:
    waive(project, ">=", "cut")
    status, out = mutation(project, "--all", "--json")
    assert (status, json.loads(out)["files"][0]["waived"]) == (0, 1)
    waive(project, ">=", "blind")
    status, out = mutation(project, "pack/cut.py")
    assert status == 1
    assert "+    if asked >= LIMIT:" in out
    assert "blind misses" in out
    waive(project, "!=", "cut")
    status, out = mutation(project, "--all")
    assert status == 1
    assert "no mutant 'if asked != LIMIT:'" in out


def test_a_waiver_that_is_not_needed_or_of_a_file_that_is_never_mutated_fails(project: Path) -> None:
    (project / "tests/test_cut.py").write_text(WEAK.replace("cut(7)", "cut(6)"))
    waive(project, "<=", "cut")
    status, out = mutation(project, "--all")
    assert status == 1
    assert "'if asked <= LIMIT:': the tests notice it" in out
    waive(project, ">=", "cut")
    toml = project / "mutation/waivers.toml"
    toml.write_text(toml.read_text() + WAIVER.replace("cut.py", "gone.py").format(after=">=", check="cut"))
    status, out = mutation(project, "--all")
    assert status == 1
    assert "pack/gone.py: no mutant 'if asked >= LIMIT:'" in out


def test_a_checker_that_has_loaded_what_it_mutates_says_nothing(project: Path) -> None:
    """Every mutant would end badly there, and seem to be noticed."""
    (project / "mutation/equivalence.py").write_text("import pack.cut\n" + CHECK)
    status, out = mutation(project, "--all")
    assert status == 2
    assert "has loaded it" in out


def test_a_false_waiver_fails(project: Path) -> None:
    (project / "tests/test_cut.py").write_text("import pack.cut\n\n\ndef test_cut():\n    pack.cut.cut(3)\n")
    waive(project, "<=", "cut")
    status, out = mutation(project, "--all")
    assert status == 1
    assert "not equivalent, cut tells them apart" in out


def test_only_changed_lines_are_tried(project: Path) -> None:
    git(project, "init", "-q")
    git(project, "add", "-A")
    git(project, "commit", "-qm", "one")
    assert mutation(project, "--changed", "HEAD") == (0, "Nothing to mutate has changed.\n")
    (project / "pack/cut.py").write_text(CODE.replace("return asked\n", "return asked + 0\n"))
    status, out = mutation(project, "--changed", "HEAD", "--json")
    survivors = json.loads(out)["survivors"]
    assert status == 1
    assert {survivor["line"] for survivor in survivors} == {7}
    assert mutation(project, "--changed", "no-such-commit")[0] == 2


@pytest.mark.parametrize(
    ("words", "test", "says"),
    [
        ((), WEAK, "say --changed, --all, or which FILE"),
        (("pack/other.py",), WEAK, "not in mutation/targets.toml"),
        (("--all",), "def test_cut():\n    assert False\n", "without any mutant"),
        (("--all",), "", "without any mutant"),
    ],
)
def test_where_nothing_can_be_said(project: Path, words: tuple[str, ...], test: str, says: str) -> None:
    (project / "tests/test_cut.py").write_text(test)
    status, out = mutation(project, *words)
    assert status == 2
    assert says in out
