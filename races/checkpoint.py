"""A moment of a whole object graph, to which it can be put back in a tenth of a millisecond.

To copy a table with its controller takes thirty times as long, for what races change is little of what there is.
"""

from collections import deque
from collections.abc import Callable, Iterator
from enum import Enum
from functools import partial
from random import Random
from types import BuiltinFunctionType, FunctionType, MappingProxyType, MethodType
from typing import Any, Final

ATOMS: Final = (
    type(None), bool, int, float, complex, str, bytes, frozenset, type, Enum, FunctionType, BuiltinFunctionType,
    MappingProxyType,
)  # fmt: skip
"""What never changes, or is never changed here."""
MOVING: Final[tuple[type, ...]] = (type(iter([])),)
"""Iterators, whose place is given anew in each race."""
_MISSING: Final = object()


class Checkpoint:
    """The state of `root`, and of everything that it holds, at the moment of its making."""

    def __init__(self, root: object) -> None:
        self._restore: list[Callable[[], object]] = []
        seen: dict[int, object] = {}
        waiting = [root]
        while waiting:
            one = waiting.pop()
            if isinstance(one, ATOMS) or type(one) in MOVING or id(one) in seen:
                continue
            seen[id(one)] = one  # which also keeps it alive: its id is nobody else's
            waiting.extend(self._keep(one))

    def restore(self) -> None:
        """Everything is again as it was."""
        for restore in self._restore:
            restore()

    def _keep(self, one: Any) -> Iterator[object]:
        """Remember one object; what it holds. TypeError for what can't be put back."""
        if isinstance(one, tuple):
            yield from one
        elif isinstance(one, dict):
            self._restore.append(partial(_refill, one, dict(one)))
            yield from one.values()
        elif isinstance(one, list):
            self._restore.append(partial(one.__setitem__, slice(None), list(one)))
            yield from one
        elif isinstance(one, deque):
            self._restore.append(partial(_put, one, list(one)))
            yield from one
        elif isinstance(one, MethodType):
            yield one.__self__
        elif isinstance(one, Random):
            self._restore.append(partial(one.setstate, one.getstate()))
        else:
            yield from self._keep_object(one)

    def _keep_object(self, one: Any) -> Iterator[object]:
        fields = _slots(type(one))
        held = getattr(one, "__dict__", None)
        if held is None and not fields:
            raise TypeError(f"a {type(one).__qualname__} can't be put back")
        values = {name: value for name in fields if (value := getattr(one, name, _MISSING)) is not _MISSING}
        params = getattr(type(one), "__dataclass_params__", None)
        if not (params is not None and params.frozen):
            if held is not None:
                self._restore.append(partial(held.update, dict(held)))
            if values:
                self._restore.append(partial(_set, one, tuple(values.items())))
        yield from values.values()
        if held is not None:
            yield from held.values()


def _slots(kind: type) -> list[str]:
    """The slots of a class and its bases."""
    found: list[str] = []
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        found.extend((slots,) if isinstance(slots, str) else slots)
    return [name for name in found if not name.startswith("__")]


def _refill(one: dict[object, object], held: dict[object, object]) -> None:
    one.clear()
    one.update(held)


def _put(one: "deque[object]", held: list[object]) -> None:
    one.clear()
    one.extend(held)


def _set(one: object, values: tuple[tuple[str, object], ...]) -> None:
    for name, value in values:
        setattr(one, name, value)
