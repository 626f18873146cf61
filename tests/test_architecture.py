"""The house as a test: who may import whom, who may do I/O, who may read a clock."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("protocol", "controller", "simulator", "bascule")
MAY_IMPORT = {
    "protocol": {"protocol"},
    "controller": {"controller", "protocol"},
    "simulator": {"simulator", "protocol"},
    "bascule": {"bascule", "controller", "simulator", "protocol"},
}
OUTSIDE = {"asyncio", "http", "os", "paho", "select", "serial", "shutil", "signal", "socket", "sqlite3", "ssl",
           "subprocess", "tempfile", "threading", "time", "urllib", "queue", "pty", "tty"}  # fmt: skip
"""Modules that reach outside, wait, or read a clock."""
SHELLS = {
    "controller/config.py", "controller/daemon.py", "controller/history_file.py",
    "controller/history_keeper.py", "controller/inbox.py",
    "controller/ledger.py", "controller/ledger_file.py", "controller/mqtt/client.py", "controller/mqtt/connection.py",
    "controller/mqtt/address.py", "controller/mqtt/network.py", "controller/mqtt/why.py",
    "controller/mqtt/outbox.py", "controller/descriptor.py", "controller/realtime.py", "controller/serial_port.py",
    "controller/small_file.py",
    "simulator/protocol_sim.py", "simulator/server.py",
}  # fmt: skip
"""The thin shells of controller and simulator; every other module there is pure."""


def modules() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Each imported module: its first name, and the whole of it with relative ones made absolute."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], alias.name
        elif isinstance(node, ast.ImportFrom):
            if not node.level:
                yield str(node.module).split(".")[0], str(node.module)
                continue
            base = [*parts[: -node.level], *(node.module.split(".") if node.module else [])]
            targets = [".".join(base)] if node.module else [".".join([*base, alias.name]) for alias in node.names]
            for target in targets:
                yield base[0], target


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", list(modules()), ids=name_of)
def test_imports_go_one_way_between_packages(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = {first for first, _ in imports(path) if first in PACKAGES}
    assert ours <= MAY_IMPORT[package], f"{name_of(path)} imports {sorted(ours - MAY_IMPORT[package])}"


@pytest.mark.parametrize("path", [p for p in modules() if p.parts[-2] != "bascule"], ids=name_of)
def test_only_the_shells_reach_outside(path: Path) -> None:
    if name_of(path) in SHELLS or name_of(path).startswith("bascule/"):
        return
    outside = {whole for first, whole in imports(path) if first in OUTSIDE and whole != "urllib.parse"}
    assert not outside, f"{name_of(path)} is no shell and imports {sorted(outside)}"


def test_every_shell_exists() -> None:
    assert {name_of(path) for path in modules()} >= SHELLS


def test_the_protocol_needs_the_standard_library_and_cobs_only() -> None:
    for path in (ROOT / "protocol").glob("*.py"):
        foreign = {first for first, _ in imports(path)} - set(sys.stdlib_module_names) - {"protocol", "cobs"}
        assert not foreign, f"{name_of(path)} imports {sorted(foreign)}"


def test_imports_inside_a_package_have_no_cycle() -> None:
    known = {name_of(path).removesuffix(".py").replace("/", "."): path for path in modules()}
    graph = {name: {whole for _, whole in imports(path) if whole in known} - {name} for name, path in known.items()}
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"a cycle of imports: {' → '.join((*way, name))}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*way, name))
            done.add(name)

    for name in sorted(graph):
        visit(name, ())
