"""docs/protocol.md: current, complete, and its examples are the golden frames."""

import re
import runpy
import sys
from pathlib import Path

import pytest

from protocol import spec, wire_header
from protocol.framing import Deframer
from protocol.messages import LAYOUTS, Cause, Flag, Layout, Reject, Rung, pack

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "protocol.md"
HEADER = ROOT / "firmware" / "core" / "wire.h"
TEXT = spec.render()


def test_the_document_is_current() -> None:
    written = DOCUMENT.read_text(encoding="utf-8")
    assert written == TEXT, "docs/protocol.md is out of date: run `python -m protocol.spec`"


def test_the_header_of_the_firmware_is_current() -> None:
    written = HEADER.read_text(encoding="utf-8")
    assert written == wire_header.render(), "firmware/core/wire.h is out of date: run `python -m protocol.spec`"


def test_the_command_writes_both_files(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[Path, str, str]] = []

    def write_text(path: Path, text: str, encoding: str) -> None:
        written.append((path, text, encoding))

    monkeypatch.setattr(Path, "write_text", write_text)
    monkeypatch.delitem(sys.modules, "protocol.spec")
    runpy.run_module("protocol.spec", run_name="__main__")
    assert written == [(DOCUMENT, TEXT, "utf-8"), (HEADER, wire_header.render(), "utf-8")]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.message.__name__)
def test_every_message_has_its_section(layout: Layout) -> None:
    name = layout.message.__name__.upper()
    start = TEXT.index(f"### 0x{layout.code:02X} {name}, ")
    section = TEXT[start : TEXT.find("\n##", start + 1)]
    for field in layout.fields:
        (row,) = [line for line in section.splitlines() if f"| `{field.name}` |" in line]
        assert f"| {field.kind} |" in row
        assert f"| {field.meaning} |" in row
    assert spec.DUTIES[layout.message].strip() in section
    assert f"| 0x{layout.code:02X} | {name} | " in TEXT


@pytest.mark.parametrize("names", [Flag, Cause, Reject, Rung], ids=lambda names: names.__name__)
def test_every_name_has_its_row(names: type[Flag | Cause | Reject | Rung]) -> None:
    for member in names:
        assert re.search(rf"^\| .*\| {member.name} \|.*$", TEXT, re.MULTILINE), member


def test_the_examples_are_golden_frames() -> None:
    golden = (ROOT / "tests" / "vectors" / "messages.txt").read_text(encoding="utf-8")
    examples = re.findall(r"^```\n((?:[0-9A-F]{2} ?)+)\n```$", TEXT, re.MULTILINE)
    assert len(examples) == len(LAYOUTS) == 11
    for example, layout in zip(examples, LAYOUTS, strict=True):
        assert f"\n{example.replace(' ', '')} " in golden
        (payload,) = Deframer().feed(bytes.fromhex(example))
        assert isinstance(payload, bytes)
        assert payload[0] == layout.code


def test_the_bytes_of_an_example_are_its_payload() -> None:
    for layout in LAYOUTS:
        section = TEXT[TEXT.index(f"### 0x{layout.code:02X} ") :]
        section = section[: section.index("Bytes of payload")]
        columns = [line.rsplit("|", 2)[1].strip() for line in section.splitlines() if line.startswith("| ")]
        payload = bytes.fromhex("".join(cell.strip("`") for cell in columns if cell.startswith("`")))
        assert payload == pack(spec.EXAMPLES[layout.message])


@pytest.mark.parametrize(
    "fact",
    [
        "115200 baud, 8 data bits, no parity, 1 stop bit",
        "polynomial 0x1021, start 0xFFFF",
        "0x29B1",
        "`00 03 03 11 05 34 12 69 EF 00`",
        "at most 67 bytes",
        "300 ms ago",
        "at most 500 ms",
        "More than 2000 ms",
        "at most 5 °/s², 1.5° of travel and 1.3 s",
        "waits 20 s",
        "at most three times in an episode",
        "1 °/s or less",
        "every 20 ms",
        "| TELEMETRY | 43 | 18.7 % |",
        "STOP has 6 bytes",
        "sequenceDiagram",
        "**Nothing increases the angle",
    ],
)
def test_what_a_unit_must_know_is_said(fact: str) -> None:
    assert fact in TEXT


def test_tables_are_whole() -> None:
    """Each row of a table has as many cells as its head."""
    width = 0
    for line in TEXT.splitlines():
        cells = line.count("|") if line.startswith("|") else 0
        assert not (cells and width) or cells == width, line
        width = cells
