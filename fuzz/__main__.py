"""Fuzzing from the command line: `python -m fuzz [TARGET…] [--runs N] [--seconds S]`."""

import argparse
import json
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from .report import table
from .runner import Limit, run
from .targets import EVERY, PLANTED, TARGETS

FINDINGS = Path(__file__).parent / "findings"
SHORT_S = 3
"""Of each target in the short form. Chosen: with the start of each process it stays below a minute."""
DEFAULT_S = 10
PLANTED_S = 30
"""At most: it is found within one or two."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 nothing was found, 1 something was, 2 usage."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := sorted({*options.targets} - {*EVERY}):
        parser.error(f"there is no target {', '.join(unknown)}; there are {', '.join(TARGETS)}")
    if options.replay is not None and len(options.targets) != 1:
        parser.error("--replay needs the one target that the file belongs to")
    if options.replay is not None:
        return _replay(options.targets, options.replay)
    seconds = SHORT_S if options.short else options.seconds
    limit = Limit(options.runs, seconds if seconds or options.runs else DEFAULT_S)
    options.findings.mkdir(parents=True, exist_ok=True)
    results = [run(name, EVERY[name], limit, options.findings, sys.stderr) for name in options.targets or TARGETS]
    told = json.dumps([result.document() for result in results], indent=2) if options.json else table(results)
    sys.stdout.write(told + "\n")
    if options.short and not _can_fail():
        return 1
    for result in results:
        if result.failed:
            sys.stderr.write(f"{result.target}: {result.error}\n  {result.command}\n")
    return int(any(result.failed for result in results))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m fuzz", description="Feed every decoder with anything at all.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--runs", type=int, default=0, help="executions of each target")
    parser.add_argument("--seconds", type=int, default=0, help=f"time of each target; {DEFAULT_S} without --runs")
    parser.add_argument("--short", action="store_true", help=f"{SHORT_S} s each, and a planted bug has to be found")
    parser.add_argument("--json", action="store_true", help="the results as JSON")
    parser.add_argument("--findings", type=Path, default=FINDINGS, help="the folder of inputs that break something")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one target once, on this input")
    return parser


def _replay(names: Sequence[str], file: Path) -> int:
    """The target's property on one input, without atheris."""
    [name] = names
    try:
        EVERY[name].load()(file.read_bytes())
    except Exception:
        traceback.print_exc()
        return 1
    sys.stdout.write(f"{name} holds on {file}\n")
    return 0


def _can_fail() -> bool:
    """Whether a bug that is known to be there is found."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(PLANTED, EVERY[PLANTED], Limit(0, PLANTED_S), Path(folder), sys.stderr)
    if not result.failed:
        sys.stderr.write("The planted bug was not found: nothing that was run here proves anything.\n")
    return result.failed


if __name__ == "__main__":
    sys.exit(main())
