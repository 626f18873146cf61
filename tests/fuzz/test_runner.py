"""What is made of libFuzzer's output, and of a file that broke something. No fuzzer is started here."""

import io
import json
from pathlib import Path

import pytest

from fuzz import __main__ as cli
from fuzz.report import Result, table
from fuzz.runner import listen

GOOD = """\
INFO: Seed: 1
#2	INITED cov: 26 ft: 27 corp: 1/1b exec/s: 0 rss: 41Mb
#984844	REDUCE cov: 26 ft: 137 corp: 52/2399b lim: 256 exec/s: 44765 rss: 41Mb
#1000000	DONE   cov: 26 ft: 137 corp: 52/2394b lim: 256 exec/s: 43478 rss: 41Mb
Done 1000000 runs in 23 second(s)
stat::number_of_executed_units: 1000000
""".splitlines()
BAD = """\
#2665	NEW    cov: 83 ft: 184 corp: 30/231b lim: 14 exec/s: 0 rss: 43Mb

 === Uncaught Python exception: ===
AssertionError: it rises without a grant
Traceback (most recent call last):
==21783== ERROR: libFuzzer: fuzz target exited
artifact_prefix='/f/unit-'; Test unit written to /f/unit-crash-32fc
""".splitlines()
HUNG = """\
#31	NEW    cov: 83 ft: 184 corp: 30/231b lim: 14 exec/s: 0 rss: 43Mb
==21783== ERROR: libFuzzer: timeout after 10 seconds
Test unit written to /f/unit-timeout-32fc
""".splitlines()


def test_a_run_to_its_end() -> None:
    heard = listen("x", GOOD, io.StringIO())
    assert (heard.runs, heard.error, heard.file) == (1_000_000, "", "")


@pytest.mark.parametrize(
    ("lines", "error", "file"),
    [
        (BAD, "AssertionError: it rises without a grant", "/f/unit-crash-32fc"),
        (HUNG, "timeout", "/f/unit-timeout-32fc"),
    ],
)
def test_a_finding_keeps_error_and_file(lines: list[str], error: str, file: str) -> None:
    heard = listen("x", lines, io.StringIO())
    assert (heard.error, heard.file) == (error, file)


def test_the_table_and_the_document() -> None:
    results = [
        Result("a", 1000, 2.0),
        Result("b", 7, 1.0, "ValueError: no", "/f/b-1", "python -m fuzz b --replay /f/b-1"),
    ]
    lines = table(results).splitlines()
    assert lines[1].split() == ["a", "1,000", "2.0", "500", "nothing", "found"]
    assert lines[2].endswith("FOUND ValueError: no")
    assert results[0].document()["runs_per_s"] == 500
    assert [result.failed for result in results] == [False, True]


@pytest.mark.parametrize(("failing", "status"), [((), 0), (("deframer",), 1), (("planted missed",), 1)])
def test_the_exit_status(
    failing: tuple[str, ...],
    status: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(name: str, *_: object) -> Result:
        broken = name in failing or (name == "planted" and "planted missed" not in failing)
        return Result(name, 5, 1.0, "AssertionError: x" if broken else "")

    monkeypatch.setattr(cli, "run", run)
    assert cli.main(["--short", "--json", "--findings", str(tmp_path)]) == status
    told = json.loads(capsys.readouterr().out)
    assert [one["target"] for one in told][:2] == ["deframer", "host_messages"]


def test_a_file_is_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "input"
    file.write_bytes(b"\0\0\x05\x01\0\0\x04\x02\xc1\xb2\0")
    assert cli.main(["deframer", "--replay", str(file)]) == 0
    assert cli.main(["planted", "--replay", str(file)]) == 1
    assert "miscounted" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["nothing"], ["--replay", "x"]])
def test_wrong_use(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
