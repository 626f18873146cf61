"""Prove invariants of the source tree in the working directory: `python -m proofs.prover NAME …`, one JSON line each.

CrossHair runs a function on symbols in place of numbers and forks wherever the function decides. "Confirmed" means that
it has seen every path to its end, and that the solver found no numbers on any of them that make the invariant false. A
path that it could not finish, a timeout, or a number that it had to pick make it "not confirmed", and that fails.

An invariant without parameters is not for the solver: it has walked through all of its states itself.
"""

import json
import re
import sys
from dataclasses import asdict, dataclass
from inspect import signature
from pathlib import Path
from time import perf_counter
from typing import Final

from crosshair.core_and_libs import MessageType, analyze_function, run_checkables
from crosshair.options import AnalysisKind, AnalysisOptionSet

from protocol.messages import CAUSES
from simulator import kernel

from . import angle_and_rate, causes_and_rung, head_down_time, liveness, outgoing
from .invariant import INVARIANTS

PROPOSITIONS: Final = (angle_and_rate, causes_and_rung, head_down_time, outgoing, liveness)
"""The modules that fill the table of invariants."""
CONFIRMED, REFUTED, UNCONFIRMED, BROKEN = "confirmed", "refuted", "not confirmed", "error"
OPTIONS: Final = AnalysisOptionSet(
    analysis_kind=[AnalysisKind.PEP316], per_condition_timeout=90.0, per_path_timeout=30.0, report_all=True
)
"""Seconds of computing time. Chosen: ten times what the slowest proof takes."""

ONE_TRUTH_A_CAUSE: Final = re.compile(rf"\((?:True|False)(?:, (?:True|False)){{{len(CAUSES) - 1}}}\)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a proof; `detail` is the counterexample."""

    name: str
    verdict: str
    seconds: float
    detail: str


def prove(name: str) -> Verdict:
    """The verdict on one invariant. An error in the code under proof is no refutation."""
    began_s = perf_counter()
    if not signature(INVARIANTS[name].proposition).parameters:
        confirmed = INVARIANTS[name].proposition()
        return Verdict(name, CONFIRMED if confirmed else REFUTED, perf_counter() - began_s, "")
    messages = run_checkables(analyze_function(INVARIANTS[name].proposition, OPTIONS))
    seconds = perf_counter() - began_s
    states = {message.state for message in messages}
    if states == {MessageType.CONFIRMED} and len(messages) == 1:
        return Verdict(name, CONFIRMED, seconds, "")
    if MessageType.POST_FAIL in states:
        verdict = REFUTED
    else:
        verdict = UNCONFIRMED if states <= {MessageType.CANNOT_CONFIRM} else BROKEN
    return Verdict(name, verdict, seconds, "; ".join(_readable(message.message) for message in messages))


def _readable(message: str) -> str:
    """A counterexample with causes by name in place of a truth for each."""

    def named(found: re.Match[str]) -> str:
        truths = found.group().strip("()").split(", ")
        return "{" + " ".join(str(c.name) for c, truth in zip(CAUSES, truths, strict=True) if truth == "True") + "}"

    return ONE_TRUTH_A_CAUSE.sub(named, message)


def main() -> int:
    """Prove what the arguments name. A proof of another tree than the one at hand would be worthless: that raises."""
    if not Path(kernel.__file__).is_relative_to(Path.cwd()):
        raise RuntimeError(f"{kernel.__file__} is not in {Path.cwd()}")
    for name in sys.argv[1:]:
        sys.stdout.write(json.dumps(asdict(prove(name))) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
