"""What a run of a target came to, for people and for programs."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """`runs` executions in `seconds`. `error` is empty if nothing was found; `command` runs the finding again."""

    target: str
    runs: int
    seconds: float
    error: str = ""
    file: str = ""
    command: str = ""

    @property
    def failed(self) -> bool:
        """Whether something was found, or nothing was run."""
        return bool(self.error)

    @property
    def runs_per_s(self) -> float:
        """Executions a second."""
        return self.runs / self.seconds if self.seconds else 0.0

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "runs_per_s": round(self.runs_per_s)}


def table(results: list[Result]) -> str:
    """One line a target."""
    lines = [f"{'target':14}{'executions':>12}{'seconds':>9}{'a second':>10}  result"]
    for result in results:
        outcome = f"FOUND {result.error}" if result.failed else "nothing found"
        lines.append(
            f"{result.target:14}{result.runs:>12,}{result.seconds:>9.1f}{result.runs_per_s:>10,.0f}  {outcome}"
        )
    return "\n".join(lines)
