"""The stand-in for a mask of causes answers as a number does."""

from hypothesis import given
from hypothesis import strategies as st

from proofs.bits import WIDTH, Bits, causes

masks = st.integers(0, (1 << 30) - 1)
numbers = masks | st.integers(-(1 << 30), (1 << 30) - 1)


def of(mask: int) -> Bits:
    made: Bits = causes(tuple(bool(mask >> place & 1) for place in range(30)))  # type: ignore[arg-type]
    return made


def test_there_are_30_causes():
    assert WIDTH == 30


@given(masks, masks, numbers)
def test_bits_answer_as_a_number(one: int, other: int, constant: int):
    a, b = of(one), of(other)
    assert bool(a) == bool(one)
    for made, meant in (
        (a & b, one & other),
        (a | b, one | other),
        (a & ~b, one & ~other),
        (a & constant, one & constant),
        (constant & a, constant & one),
        (a | constant, one | constant),
        (constant | a, constant | one),
        (~a, ~one),
        (~(a | b) & constant, ~(one | other) & constant),
    ):
        assert made == meant
        assert not (made != meant)  # noqa: SIM202  (both operators are there to be tested)
        assert made.bits == (*of(meant).bits[:30], meant < 0)
        assert (made == constant) == (meant == constant)
        assert (made != constant) == (meant != constant)
        assert (made == a) == (meant == one)
        assert bool(made) == bool(meant)
