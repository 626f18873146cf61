"""docs/safety.md against the code and the tests: every fault and hazard has its control and its test, by its id."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "safety.md").read_text("utf-8")
FAULTS = [f"F{number}" for number in range(1, 27)]
HAZARDS = [f"H{number}" for number in range(1, 16)]
HARDWARE = {"H14"}
"""What only hardware can control and show."""
PLACE = re.compile(r"`([\w/]+\.py): ([\w.]+)`")


def rows(name: str) -> list[str]:
    return re.findall(rf"^\| {name} \|.*$", TEXT, re.MULTILINE)


def mentions(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


@cache
def sources(path: Path) -> dict[str, str]:
    """The text of each class, function, method and constant of a module; a constant with what is said below it."""
    text = path.read_text("utf-8")
    found: dict[str, str] = {}

    def walk(body: list[ast.stmt], before: str) -> None:
        for node, after in zip(body, [*body[1:], None], strict=True):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                found[before + node.name] = ast.get_source_segment(text, node) or ""
                if isinstance(node, ast.ClassDef):
                    walk(node.body, f"{before}{node.name}.")
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                said = ast.get_source_segment(text, after) if isinstance(after, ast.Expr) else ""
                found[before + node.target.id] = said or ""

    walk(ast.parse(text).body, "")
    return found


@cache
def all_tests() -> tuple[str, ...]:
    """The text of each test and each table of cases."""
    found: list[str] = []
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text("utf-8")
        if path == Path(__file__):
            continue
        lines = text.splitlines()
        found += ["\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in ast.parse(text).body]
    return tuple(found)


@pytest.mark.parametrize("name", FAULTS + HAZARDS)
def test_it_has_a_row_with_a_control_that_names_it(name: str) -> None:
    assert len(rows(name)) == 1, f"docs/safety.md has {len(rows(name))} rows of {name}"
    places = PLACE.findall(rows(name)[0])
    if name in HARDWARE:
        assert not places
        assert "hardware" in rows(name)[0]
        return
    assert places, f"{name} names no control"
    texts = []
    for path, symbol in places:
        found = sources(ROOT / path)
        assert symbol in found, f"{name}: there is no {symbol} in {path}"
        texts.append(found[symbol])
    assert any(mentions(text, name) for text in texts), f"{name} stands in none of {places}"


@pytest.mark.parametrize("name", [name for name in FAULTS + HAZARDS if name not in HARDWARE])
def test_it_has_a_test(name: str) -> None:
    assert any(mentions(text, name) for text in all_tests()), f"no test names {name}"


def test_nothing_names_what_is_not_in_the_tables() -> None:
    for package in ("protocol", "controller", "simulator", "bascule", "tests", "proofs"):
        for path in (ROOT / package).rglob("*.py"):
            named = set(re.findall(r"\b[FH]\d{1,2}\b", path.read_text("utf-8")))
            unknown = named - set(FAULTS) - set(HAZARDS) - {"F401", "F821"}
            assert not unknown, f"{path}: {unknown}"
