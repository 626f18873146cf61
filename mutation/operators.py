"""What is planted: the operators of mutmut, and those that it leaves out.

mutmut itself changes neither constants of a module nor properties nor class bodies, and that is where our limits stand.
So only its operators serve here. Each takes a node of the syntax tree and gives what may stand in its place.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import libcst as cst
from mutmut.mutation.mutators import mutation_operators

NEGATED: Final[dict[type[cst.BaseCompOp], type[cst.BaseCompOp]]] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
}
SWAPPED: Final = {"min": "max", "max": "min", "any": "all", "all": "any"}
LITTLE: Final = 0.01
"""By how much of itself a number with a fraction is moved. Chosen: a test at the limit and just beyond it sees 1 %."""
_REMOVABLE: Final = (
    cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Expr, cst.Raise, cst.Return, cst.Continue, cst.Break
)  # fmt: skip
_TRUTH: Final = (cst.Comparison, cst.BooleanOperation, cst.UnaryOperation)


def _number(value: float) -> cst.BaseExpression:
    plain: cst.BaseNumber = cst.Integer(repr(abs(value))) if isinstance(value, int) else cst.Float(repr(abs(value)))
    if value >= 0:
        return plain
    return cst.UnaryOperation(cst.Minus(), plain, lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def number(node: cst.Integer | cst.Float) -> Iterable[cst.BaseExpression]:
    """One less (mutmut adds one); a number with a fraction also a little more and less."""
    value = node.evaluated_value
    yield _number(value - 1)
    if isinstance(value, float) and value:
        yield _number(value * (1 + LITTLE))
        yield _number(value * (1 - LITTLE))


def comparison(node: cst.ComparisonTarget) -> Iterable[cst.ComparisonTarget]:
    """The opposite (mutmut moves the boundary)."""
    other = NEGATED.get(type(node.operator))
    if other is not None:
        yield node.with_changes(operator=other())


def operand(node: cst.BooleanOperation) -> Iterable[cst.BaseExpression]:
    """`a and b` without `b`, and without `a`."""
    for kept in (node.left, node.right):
        yield kept.with_changes(lpar=[cst.LeftParen(), *kept.lpar], rpar=[*kept.rpar, cst.RightParen()])


def condition(node: cst.If | cst.While | cst.CompIf) -> Iterable[cst.CSTNode]:
    """Always, and never."""
    for always in ("True", "False"):
        yield node.with_changes(test=cst.Name(always), whitespace_before_test=cst.SimpleWhitespace(" "))


def returned(node: cst.Return) -> Iterable[cst.Return]:
    """Nothing instead of the value; of a truth its opposite."""
    if node.value is None:
        return
    yield node.with_changes(value=cst.Name("None"), whitespace_after_return=cst.SimpleWhitespace(" "))
    if isinstance(node.value, _TRUTH):
        inner = node.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(value=cst.UnaryOperation(cst.Not(), inner))


def removed(node: cst.BaseSmallStatement) -> Iterable[cst.Pass]:
    """The statement gone. Docstrings do nothing, so they stay."""
    if isinstance(node, cst.Expr) and isinstance(node.value, cst.SimpleString | cst.ConcatenatedString):
        return
    if isinstance(node, cst.AnnAssign) and node.value is None:
        return
    if isinstance(node, _REMOVABLE):
        yield cst.Pass()


def element(node: cst.Tuple | cst.Set | cst.List | cst.Dict) -> Iterable[cst.BaseExpression]:
    """Each element of several gone: tables decide as much as branches do."""
    if len(node.elements) > 1:
        for i in range(len(node.elements)):
            left = [*node.elements[:i], *node.elements[i + 1 :]]
            if isinstance(node, cst.Tuple) and len(left) == 1:
                left = [left[0].with_changes(comma=cst.Comma())]
            yield node.with_changes(elements=left)


def function(node: cst.Call) -> Iterable[cst.Call]:
    """The smallest for the largest, any for all."""
    if isinstance(node.func, cst.Name) and node.func.value in SWAPPED:
        yield node.with_changes(func=cst.Name(SWAPPED[node.func.value]))


def text(node: cst.FormattedStringText) -> Iterable[cst.FormattedStringText]:
    """Other words in an f-string (mutmut changes plain strings)."""
    yield node.with_changes(value=f"XX{node.value}XX")


OPERATORS: Final[Sequence[tuple[Any, Callable[[Any], Iterable[cst.CSTNode]]]]] = (
    *mutation_operators,
    (cst.Integer, number),
    (cst.Float, number),
    (cst.ComparisonTarget, comparison),
    (cst.BooleanOperation, operand),
    (cst.If, condition),
    (cst.While, condition),
    (cst.CompIf, condition),
    (cst.Return, returned),
    (cst.BaseSmallStatement, removed),
    (cst.Tuple, element),
    (cst.Set, element),
    (cst.List, element),
    (cst.Dict, element),
    (cst.Call, function),
    (cst.FormattedStringText, text),
)
