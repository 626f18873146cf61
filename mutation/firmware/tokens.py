"""C as a list of words, each with its place: as much of a parser as planting bugs takes.

The house writes braces around every branch and one statement at a time, so brackets and semicolons tell where an
operand, a condition or a statement begins and ends. What is taken apart wrongly does not compile, and is left out.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

TOKEN: Final = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
    |(?P<name>[A-Za-z_]\w*)
    |(?P<number>0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*)
    |(?P<sign><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^\s\w])""",
    re.DOTALL | re.VERBOSE,
)
DIRECTIVE: Final = re.compile(r"^#[ \t]*(\w+)(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
DEFINED: Final = re.compile(r"#define[ \t]+(\w+)(?:\([^)]*\))?")
OPEN: Final = {"(": ")", "[": "]", "{": "}"}
CLOSE: Final = frozenset(OPEN.values())


class Token(NamedTuple):
    """One word. `scope`: the function, table or constant that it stands in; "" for what only declares."""

    text: str
    kind: str
    start: int
    end: int
    scope: str
    in_body: bool


class Source:
    """A file, its words, and which bracket belongs to which."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[Token] = []
        self.partner: dict[int, int] = {}
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._read()

    def line(self, offset: int) -> int:
        """Counted from 1."""
        return bisect_right(self._lines, offset)

    def _read(self) -> None:
        at = 0
        directives = [*DIRECTIVE.finditer(self.text)]
        scoper = _Scoper(self)
        for directive in directives:
            scoper.take(self._words(at, directive.start()))
            defined = DEFINED.match(directive[0])
            if defined is not None:
                for token in self._words(directive.start() + defined.end(), directive.end()):
                    if token.text != "\\":
                        self.tokens.append(token._replace(scope=defined[1]))
                scoper.restart()
            at = directive.end()
        scoper.take(self._words(at, len(self.text)))
        self._match()

    def _words(self, start: int, end: int) -> Iterator[Token]:
        for found in TOKEN.finditer(self.text, start, end):
            if found.lastgroup != "comment":
                yield Token(found[0], found.lastgroup or "", found.start(), found.end(), "", False)

    def _match(self) -> None:
        waiting: list[int] = []
        for index, token in enumerate(self.tokens):
            if token.text in OPEN:
                waiting.append(index)
            elif token.text in CLOSE and waiting:
                other = waiting.pop()
                self.partner[other], self.partner[index] = index, other


class _Scoper:
    """Names the function or table that each word stands in."""

    def __init__(self, source: Source) -> None:
        self._tokens = source.tokens
        self._depth = 0
        self._scope = ""
        self._in_body = False
        self.restart()

    def restart(self) -> None:
        """A new sentence at the top of the file."""
        self._sentence: list[str] = []

    def take(self, words: Iterator[Token]) -> None:
        """Add these."""
        for word in words:
            text = word.text
            if self._depth == 0 and text in "{=" and not self._scope:
                self._scope = _named(self._sentence)
                self._in_body = text == "{"
            if text in "{([":
                self._depth += 1
            self._tokens.append(word._replace(scope=self._scope, in_body=self._in_body and self._depth > 0))
            if text in "})]":
                self._depth -= 1
            self._sentence.append(text)
            if self._depth == 0 and text in ";}":
                self._scope, self._in_body = "", False
                self.restart()


def _named(sentence: Sequence[str]) -> str:
    """The name that a definition gives: before its first bracket, or else its last word."""
    names = [word for word in sentence if re.match(r"[A-Za-z_]", word)]
    if "ISR" in sentence:
        return names[-1]
    for bracket in ("(", "["):
        if bracket in sentence:
            return sentence[sentence.index(bracket) - 1]
    return names[-1] if names else ""
