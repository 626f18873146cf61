"""The process of `benchmarks.units`, from outside."""

from collections.abc import Sequence

from .measure import BenchError
from .rig import Program, folder, python


class Units(Program):
    """Simulated units, one a name. `hz` and `changes` as that program has them."""

    def __init__(self, names: Sequence[str], name: str, hz: float = 50.0, changes: float = 0.0) -> None:
        super().__init__(
            *python("benchmarks.units", str(folder()), *names, "--hz", str(hz), "--changes", str(changes)),
            name=f"units-{name}", pipes=True,
        )  # fmt: skip
        if self._line() != "ready":
            self.process.wait()
            self.check()

    @staticmethod
    def port(name: str) -> str:
        """Where a daemon finds this one."""
        return str(folder() / f"{name}.unit")

    def begin(self) -> None:
        """From now on losses count."""
        if self._ask("begin") != "begun":
            raise BenchError("the simulated units ended by themselves")

    def lost(self) -> list[str]:
        """Whose lease or host was lost since `begin`."""
        return self._ask("report").split()

    def telemetries(self) -> int:
        """How many all of them have sent."""
        return int(self._ask("count"))

    def _ask(self, words: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self._line()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return str(self.process.stdout.readline()).strip()
