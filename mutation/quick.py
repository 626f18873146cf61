"""The quick way: collect the tests once, then fork, give one function its mutated code, and run them.

Most mutants change the inside of one function. Those need no new import: the function object stays, so everybody who
imported it meets the mutant. What is noticed this way is noticed. What is not goes the slow way, with a new import,
because a function may have done its work at import time already.
"""

import os
import time
from collections.abc import Callable, Generator, Sequence
from importlib import import_module
from types import CodeType, FunctionType, ModuleType
from typing import Final, NamedTuple

import pytest

from .fork import Pool, fork
from .mutants import Mutant, code_of, placeless
from .targets import ROOT, module_name

CO_OPTIMIZED: Final = 0x1
"""Flag of the code of functions; that of modules and class bodies lacks it (inspect.CO_OPTIMIZED)."""


class Swap(NamedTuple):
    """One mutant as a function's new code. `number`: of the mutant in its list."""

    number: int
    qualname: str
    code: CodeType


def functions(code: CodeType) -> dict[str, CodeType]:
    """The code of every function of a module and every method of its classes, by qualified name."""
    found: dict[str, CodeType] = {}
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found |= {const.co_qualname: const} if const.co_flags & CO_OPTIMIZED else functions(const)
    return found


def shell(code: CodeType) -> CodeType:
    """What a module does when it is imported, without the insides of its functions."""
    consts: list[object] = []
    for const in code.co_consts:
        if isinstance(const, CodeType):
            consts.append(const.co_qualname if const.co_flags & CO_OPTIMIZED else shell(const))
        else:
            consts.append(const)
    return placeless(code.replace(co_consts=tuple(consts)))


def swaps(file: str, mutants: Sequence[Mutant]) -> list[Swap]:
    """The mutants that change the inside of exactly one function."""
    sound = code_of((ROOT / file).read_text("utf-8"))
    sound_shell, sound_functions = shell(sound), functions(sound)
    found: list[Swap] = []
    for index, mutant in enumerate(mutants):
        code = code_of(mutant.source)
        if shell(code) != sound_shell:
            continue
        changed = [
            Swap(index, name, inner)
            for name, inner in functions(code).items()
            if placeless(inner) != placeless(sound_functions[name])
        ]
        if len(changed) == 1:
            found += changed
    return found


def function(module: ModuleType, qualname: str) -> FunctionType | None:
    """The function of that name, out of its property if need be."""
    found: object = module
    for name in qualname.split("."):
        found = vars(found).get(name)
    if isinstance(found, property):
        found = found.fget
    elif isinstance(found, staticmethod | classmethod):
        found = found.__func__
    return found if isinstance(found, FunctionType) else None


class _Planter:
    """A plugin: where pytest would run the tests, it does so in a child for each mutant."""

    def __init__(
        self, file: str, todo: Sequence[Swap], processes: int, cpu_s: float, until_s: float, pipe: int
    ) -> None:
        self._module = module_name(file)
        self._todo = todo
        self._pool = Pool(processes)
        self._cpu_s = cpu_s
        self._until_s = until_s
        self._pipe = pipe

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Returns in the children only; the process that forks them ends here."""
        module = import_module(self._module)
        for swap in self._todo:
            if self._pool.full:
                self._reap()
            if time.monotonic() >= self._until_s:
                break
            target = function(module, swap.qualname)
            if target is not None and self._pool.split(swap.number, self._cpu_s):
                target.__code__ = swap.code
                return (yield)
        while self._pool.busy:
            self._reap()
        os._exit(0)

    def _reap(self) -> None:
        index, status, seconds = self._pool.wait()
        os.write(self._pipe, f"{index} {status} {seconds:.3f}\n".encode())


def noticed(
    file: str,
    mutants: Sequence[Mutant],
    run_tests: Callable[[object], int],
    cpu_s: float,
    processes: int,
    until_s: float,
) -> dict[int, float]:
    """The mutants that the tests noticed this way, by index, and the seconds that each took.

    `run_tests` runs pytest in this process with one plugin more.
    """
    todo = swaps(file, mutants)
    reading, writing = os.pipe()

    def collect() -> int:
        os.close(reading)
        return run_tests(_Planter(file, todo, processes, cpu_s, until_s, writing))

    pid = fork(collect)
    os.close(writing)
    found: dict[int, float] = {}
    with os.fdopen(reading) as lines:
        for line in lines:
            index, status, seconds = line.split()
            if int(status) != pytest.ExitCode.OK:
                found[int(index)] = float(seconds)
    os.waitpid(pid, 0)
    return found
