"""What is planted in C: limits moved, conditions forced, operands dropped, clamps and statements removed.

Each operator gives places of the source and what may stand there. Of all mutants, those remain that the compiler takes
and that it compiles to something else (build.py).
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ..mutants import Mutant
from .tokens import CLOSE, OPEN, Source, Token

RELATIONS: Final = {
    "<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<"), "==": ("!=",), "!=": ("==",),
}  # fmt: skip
"""The neighbour and the opposite."""
SIGNS: Final = {
    "+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&",
    "+=": "-=", "-=": "+=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<=", "++": "--", "--": "++",
    "&&": "||", "||": "&&",
}  # fmt: skip
CLAMPS: Final = {"within": "", "least": "most_of", "most_of": "least", "size_of": "", "counted": ""}
"""Calls that give way to each of their arguments, or to their opposite."""
TRUTHS: Final = {"true": "false", "false": "true"}
BITS: Final = re.compile(r"(?:CAUSE|CAUSES|FLAG|REJECT|RUNG)_\w+|\w+_MASK|KEPT|RELEASED|VOIDING")
"""Names of bits and codes: without one of them, something is no cause any more."""
TYPES: Final = re.compile(r"u?int\d*_t|bool|void|size_t|const|static|struct|enum|int|char|unsigned")
STARTS_NO_EFFECT: Final = frozenset({"if", "else", "while", "for", "do", "switch", "case", "default", "goto", "{", "}"})
ENDS_OPERAND: Final = frozenset({"&&", "||", "?", ":", ",", ";", "=", "+=", "-=", "|=", "&=", "return", "{", "}"})
ENDS_CONDITION: Final = ENDS_OPERAND - {"&&", "||"}


class Place(NamedTuple):
    """What stands from `start` to `end` gives way to `text`."""

    scope: str
    start: int
    end: int
    text: str


def mutants(file: str, text: str, lines: frozenset[int] | None = None) -> list[Mutant]:
    """Every mutant of a file, from top to bottom, each once. `lines`: only those that change one of these lines."""
    source = Source(text)
    found: list[Mutant] = []
    for place in sorted({*places(source)}, key=lambda place: (place.start, place.end, place.text)):
        first, last = source.line(place.start), source.line(max(place.start, place.end - 1))
        if lines is None or not lines.isdisjoint(range(first, last + 1)):
            mutated = text[: place.start] + place.text + text[place.end :]
            found.append(Mutant(file, place.scope, first, last, mutated))
    return found


def places(source: Source) -> Iterator[Place]:
    """All of them, unordered."""
    for index, token in enumerate(source.tokens):
        if token.scope:
            for start, end, text in _offers(source, index, token):
                yield Place(token.scope, start, end, text)


def _offers(source: Source, index: int, token: Token) -> Iterator[tuple[int, int, str]]:
    """Beginning, end and replacement."""
    tokens, text = source.tokens, token.text
    here = token.start, token.end
    if token.kind == "number":
        for other in _numbers(text):
            yield *here, other
    elif token.kind == "name":
        if text in TRUTHS:
            yield *here, TRUTHS[text]
        elif BITS.fullmatch(text) and tokens[index - 1].text != "case":
            yield *here, "0u"
        elif text in CLAMPS:
            yield from _clamp(source, index)
        elif text in ("if", "while"):
            yield from _condition(source, index + 1, endless=text == "if")
        elif text == "for":
            yield from _for(source, index + 1)
    elif text in RELATIONS:
        for other in RELATIONS[text]:
            yield *here, other
    elif text == "?":
        start = tokens[_left(source, index, ENDS_CONDITION)].start
        yield start, tokens[index - 1].end, "true"
        yield start, tokens[index - 1].end, "false"
    elif text in ("!", "~") or (text in ("-", "+") and not _binary(source, index)):
        yield *here, ""
    elif text in SIGNS and (len(text) > 1 or _binary(source, index)):
        yield *here, SIGNS[text]
        if text in ("&&", "||"):
            neutral = "true" if text == "&&" else "false"
            yield tokens[_left(source, index, ENDS_OPERAND)].start, tokens[index - 1].end, neutral
            yield tokens[index + 1].start, tokens[_right(source, index, ENDS_OPERAND)].end, neutral
    elif text == ";" and token.in_body:
        yield from _statement(source, index)


def _numbers(text: str) -> Iterator[str]:
    """One more, one less."""
    digits = text.rstrip("uUlL")
    suffix = text[len(digits) :]
    value = int(digits, 16 if digits[:2].lower() == "0x" else 10)
    yield f"{value + 1}{suffix}"
    if value > 0:
        yield f"{value - 1}{suffix}"


def _binary(source: Source, index: int) -> bool:
    """Whether a sign stands between two operands; after a cast it does not."""
    before = source.tokens[index - 1]
    if before.text == ")":
        opening = source.partner.get(index - 1, index - 1)
        return TYPES.fullmatch(source.tokens[opening + 1].text) is None
    return before.kind == "number" or before.text == "]" or (before.kind == "name" and before.text != "return")


def _left(source: Source, index: int, ends: frozenset[str]) -> int:
    """Where the operand on the left of a sign begins."""
    at = index - 1
    while at >= 0:
        text = source.tokens[at].text
        if text in CLOSE and text != "}":
            at = source.partner[at]
        elif text in ends or text in OPEN:
            break
        at -= 1
    return at + 1


def _right(source: Source, index: int, ends: frozenset[str]) -> int:
    """Where the operand on the right of a sign ends."""
    at = index + 1
    while at < len(source.tokens):
        text = source.tokens[at].text
        if text in OPEN and text != "{":
            at = source.partner[at]
        elif text in ends or text in CLOSE:
            break
        at += 1
    return at - 1


def _condition(source: Source, opening: int, endless: bool) -> Iterator[tuple[int, int, str]]:
    """Never, and always where that does not go round for ever."""
    start, end = source.tokens[opening].end, source.tokens[source.partner[opening]].start
    yield start, end, "false"
    if endless:
        yield start, end, "true"


def _for(source: Source, opening: int) -> Iterator[tuple[int, int, str]]:
    """Not even once."""
    tokens = source.tokens
    ends = [at for at in range(opening, source.partner[opening]) if tokens[at].text == ";"]
    if len(ends) == 2 and ends[1] > ends[0] + 1:
        yield tokens[ends[0] + 1].start, tokens[ends[1] - 1].end, "false"


def _clamp(source: Source, index: int) -> Iterator[tuple[int, int, str]]:
    """A call of one of the clamps gives way to each of its arguments."""
    tokens = source.tokens
    if not tokens[index].in_body or tokens[index + 1].text != "(":
        return
    if CLAMPS[tokens[index].text]:
        yield tokens[index].start, tokens[index].end, CLAMPS[tokens[index].text]
    closing = source.partner[index + 1]
    at = index + 1
    while at < closing:
        last = _right(source, at, frozenset(","))
        argument = source.text[tokens[at + 1].start : tokens[last].end]
        yield tokens[index].start, tokens[closing].end, f"({argument})"
        at = last + 1


def _statement(source: Source, index: int) -> Iterator[tuple[int, int, str]]:
    """A statement that does something, gone."""
    tokens = source.tokens
    at = index - 1
    while tokens[at].text not in (";", "{", "}") and not (tokens[at].text == ":" and _label(source, at)):
        if tokens[at].text == ")":
            at = source.partner[at]
        elif tokens[at].text == "(":
            return  # the semicolon of a loop's head
        at -= 1
    first = tokens[at + 1]
    if at + 1 == index or first.text in STARTS_NO_EFFECT or TYPES.fullmatch(first.text):
        return
    if first.text == "return" and index > at + 2:
        return
    yield first.start, tokens[index].start, ""


def _label(source: Source, at: int) -> bool:
    """Whether this colon ends `case …:` or `default:`."""
    tokens = source.tokens
    return tokens[at - 1].text == "default" or tokens[at - 2].text == "case"
