"""What several tests begin with is brought there once, and each test gets a copy of its own."""

import copyreg
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from types import MappingProxyType
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def _proxy(known: dict[object, object]) -> MappingProxyType[object, object]:
    return MappingProxyType(known)


copyreg.pickle(MappingProxyType, lambda proxy: (_proxy, (dict(proxy),)))  # otherwise nothing can copy one


_anew = False


@contextmanager
def anew() -> Iterator[None]:
    """Meanwhile nothing is copied: other parts have taken the place of those that were copied."""
    global _anew
    _anew = True
    try:
        yield
    finally:
        _anew = False


def made_once(make: Callable[P, T]) -> Callable[P, T]:
    """Each call gives what a new one would be; a copy takes 1 to 3 ms, the way to the middle of a session up to 120."""

    @cache
    def kept(*args: P.args, **kwargs: P.kwargs) -> bytes:
        return pickle.dumps(make(*args, **kwargs), pickle.HIGHEST_PROTOCOL)

    @wraps(make)
    def copy(*args: P.args, **kwargs: P.kwargs) -> T:
        if _anew:
            return make(*args, **kwargs)
        made: T = pickle.loads(kept(*args, **kwargs))
        return made

    return copy
