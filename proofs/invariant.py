"""What a proof is about: a function that is true for whatever it is given.

Its docstring is the invariant in one plain sentence, and the contract for the prover: `pre:` what it may assume,
`post: _` that it returns true.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

Proposition = TypeVar("Proposition", bound=Callable[..., bool])


class Invariant(NamedTuple):
    """One invariant: what it says, the hazards and faults that it controls, and the function to be proved."""

    name: str
    sentence: str
    controls: tuple[str, ...]
    proposition: Callable[..., bool]


INVARIANTS: Final[dict[str, Invariant]] = {}
"""By name, in the order in which they are written down."""


def controls(*ids: str) -> Callable[[Proposition], Proposition]:
    """Enter an invariant into the table, by the ids of safety.md's hazards and faults."""

    def enter(proposition: Proposition) -> Proposition:
        text = (proposition.__doc__ or "").split("\n\n")[0]
        name = proposition.__name__
        INVARIANTS[name] = Invariant(name, " ".join(text.split()), ids, proposition)
        return proposition

    return enter
