"""Causes for the prover. It reasons about whole numbers and about truth, but not about bits of whole numbers.

So a mask of causes is proved as one truth a bit: `causes` makes an object that answers `&`, `|`, `~`, `==` and "is it
0?" as a number with those bits would (a test compares the two). The kernel does not notice. Every one of the 2³⁰ sets
of causes is covered, and the prover forks only where the kernel decides.
"""

from typing import Any, Final

from protocol.messages import CAUSES

WIDTH: Final = len(CAUSES)
"""The causes; one more bit stands for all higher ones, so that the complement is right, too."""

Causes = tuple[
    bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool,
    bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool, bool,
]  # fmt: skip
"""What the prover makes up for a mask: one truth for each of the 30 causes."""


class Bits:
    """A number by its bits, lowest first. Nothing here forks but `__bool__`."""

    __slots__ = ("bits",)

    def __init__(self, bits: tuple[bool, ...]) -> None:
        self.bits = bits

    def __and__(self, other: Any) -> "Bits":
        return Bits(tuple(a & b for a, b in zip(self.bits, _bits(other), strict=True)))

    def __or__(self, other: Any) -> "Bits":
        return Bits(tuple(a | b for a, b in zip(self.bits, _bits(other), strict=True)))

    def __invert__(self) -> "Bits":
        return Bits(tuple(bit ^ True for bit in self.bits))

    __rand__, __ror__ = __and__, __or__

    def __ne__(self, other: object) -> bool:
        differs = False
        for a, b in zip(self.bits, _bits(other), strict=True):
            differs |= a ^ b
        return differs

    def __eq__(self, other: object) -> bool:
        return (self != other) ^ True

    def __bool__(self) -> bool:
        return True if self != 0 else False  # noqa: SIM210  (the interpreter wants a real bool)

    __hash__ = None  # type: ignore[assignment]


def _bits(value: Any) -> tuple[bool, ...]:
    if isinstance(value, Bits):
        return value.bits
    return tuple(bool(value >> place & 1) for place in range(WIDTH + 1))


def causes(bits: Causes) -> Any:
    """A mask of these causes, for functions that take it as a whole number."""
    return Bits((*bits, False))
