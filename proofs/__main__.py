"""Prove every invariant, then plant every bug and see its invariant fall: `python -m proofs [--json]`.

Exit status 0 only if every invariant is confirmed over all paths and every bug refutes the invariant that it is meant
for. One process works on each processor.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from os import cpu_count
from time import monotonic

from .bugs import BUGS
from .invariant import INVARIANTS
from .liveness import FARTHEST_CDEG, blind_bound_ms, bound_ms
from .prover import CONFIRMED, REFUTED, Verdict
from .tree import prove_here, prove_with

SHARE = 4
"""Invariants given to one process at a time: starting it takes as long as most of the proofs."""


def main() -> int:
    """Everything, and one table."""
    parser = argparse.ArgumentParser(prog="python -m proofs", description="Prove what kernel and gate never do.")
    parser.add_argument("--json", action="store_true", help="one JSON document in place of the table")
    as_json = parser.parse_args().json
    began_s = monotonic()
    names = list(INVARIANTS)
    with ThreadPoolExecutor(cpu_count() or 1) as workers:
        shares = workers.map(prove_here, [names[start : start + SHARE] for start in range(0, len(names), SHARE)])
        planted = workers.map(prove_with, BUGS)
        proved = [verdict for share in shares for verdict in share]
        found = list(planted)
    seconds = monotonic() - began_s
    (_tell_json if as_json else _tell)(proved, found, seconds)
    good = all(v.verdict == CONFIRMED for v in proved) and all(v.verdict == REFUTED for v in found)
    return 0 if good and {v.name for v in found} == set(names) == {v.name for v in proved} else 1


def _tell_json(proved: Sequence[Verdict], found: Sequence[Verdict], seconds: float) -> None:
    document = {
        "invariants": [
            {**asdict(v), "says": INVARIANTS[v.name].sentence, "controls": INVARIANTS[v.name].controls} for v in proved
        ],
        "bugs": [
            {**asdict(v), "path": bug.path, "old": bug.old, "new": bug.new} for v, bug in zip(found, BUGS, strict=True)
        ],
        "return_bound_s": [bound_ms(times) / 1000 for times in range(5)],
        "blind_return_bound_s": blind_bound_ms() / 1000,
        "seconds": seconds,
    }
    json.dump(document, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _tell(proved: Sequence[Verdict], found: Sequence[Verdict], seconds: float) -> None:
    bugs = {name: [v for v in found if v.name == name] for name in INVARIANTS}
    wide = max(map(len, INVARIANTS))
    lines = [f"{'invariant':{wide}}  {'controls':27}  {'verdict':13} {'s':>5}  bugs found"]
    for v in proved:
        refuted = sum(bug.verdict == REFUTED for bug in bugs[v.name])
        ids = " ".join(INVARIANTS[v.name].controls)
        lines.append(f"{v.name:{wide}}  {ids:27}  {v.verdict:13} {v.seconds:5.1f}  {refuted} of {len(bugs[v.name])}")
    lines.append("")
    lines += [f"{v.name} is {v.verdict}: {v.detail}" for v in proved if v.verdict != CONFIRMED]
    for v, bug in zip(found, BUGS, strict=True):
        if v.verdict != REFUTED:
            lines.append(f"{v.name} is {v.verdict} with {bug.new!r} for {bug.old!r} in {bug.path}: {v.detail}")
    good, caught = sum(v.verdict == CONFIRMED for v in proved), sum(v.verdict == REFUTED for v in found)
    lines.append(f"{good} of {len(proved)} invariants confirmed over all paths, {caught} of {len(found)} bugs found")
    once_s, twice_s = bound_ms(0) / 1000, bound_ms(1) / 1000
    lines.append(
        f"return from {FARTHEST_CDEG / 100:.1f}°: level within {once_s:.0f} s, and {twice_s - once_s:.0f} s more for "
        f"each stop or reset; blind: over within {blind_bound_ms() / 1000:.0f} s"
    )
    lines.append(f"{seconds:.0f} s")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
