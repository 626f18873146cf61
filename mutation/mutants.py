"""All mutants of one file: the source with one planted bug each."""

import ast
import marshal
import warnings
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider

from .operators import OPERATORS


class Mutant(NamedTuple):
    """A file with one planted bug. `scope`: the function or class that it is in. Lines count from 1, both included."""

    file: str
    scope: str
    first_line: int
    last_line: int
    source: str


def mutants(file: str, source: str, lines: frozenset[int] | None = None) -> list[Mutant]:
    """Every mutant that the compiler takes and that it compiles to something else, each once, from top to bottom.

    `lines`: only those that change one of these lines.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    finder = _Finder(only_annotations(source))
    wrapper.visit(finder)
    data = source.encode()
    seen = {compiled(source)}
    found: list[Mutant] = []
    for place in finder.places:
        if lines is not None and lines.isdisjoint(range(place.first_line, place.last_line + 1)):
            continue
        new = wrapper.module.code_for_node(place.new).encode()
        text = (data[: place.start] + new + data[place.end :]).decode()
        code = compiled(text)
        if code is not None and code not in seen:
            seen.add(code)
            found.append(Mutant(file, place.scope, place.first_line, place.last_line, text))
    return found


def code_of(source: str) -> CodeType:
    """The code of a module. SyntaxError where it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)
        return compile(source, "", "exec", dont_inherit=True)


def compiled(source: str) -> bytes | None:
    """The code that a source compiles to, without line numbers; None where it does not."""
    try:
        return marshal.dumps(placeless(code_of(source)))
    except SyntaxError:
        return None


def placeless(code: CodeType) -> CodeType:
    """The code without its line numbers, and so the same wherever it stands."""
    consts = tuple(placeless(const) if isinstance(const, CodeType) else const for const in code.co_consts)
    return code.replace(co_consts=consts, co_linetable=b"", co_firstlineno=1)


def only_annotations(source: str) -> frozenset[str]:
    """Names that a module gives to types for its annotations only: they do nothing when it runs."""
    tree = ast.parse(source)
    given = {
        target.id
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.FunctionDef):
            node.returns = None
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    return frozenset(name for name in given - used if name.startswith("_"))


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """What a mutant takes out of a source, and what it puts there, without the indentation."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return "\n".join(line.strip() for line in old), "\n".join(line.strip() for line in new)


class _Place(NamedTuple):
    scope: str
    first_line: int
    last_line: int
    start: int
    end: int
    new: cst.CSTNode


class _Finder(cst.CSTVisitor):
    """Every place where an operator has something to offer. Annotations do nothing when the code runs."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider)

    def __init__(self, idle_names: frozenset[str]) -> None:
        super().__init__()
        self.places: list[_Place] = []
        self._idle_names = idle_names
        self._scope: list[str] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom) or self._idle(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scope.append(node.name.value)
        self.places.extend(self._offers(node))
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._scope.pop()

    def _idle(self, node: cst.CSTNode) -> bool:
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))]):
                return name in self._idle_names
        return False

    def _offers(self, node: cst.CSTNode) -> Iterator[_Place]:
        for kind, operator in OPERATORS:
            if isinstance(node, kind):
                for new in operator(node):
                    if not (_is_false(node) and _is_none(new)):
                        yield self._place(*_smaller(node, new))

    def _place(self, old: cst.CSTNode, new: cst.CSTNode) -> _Place:
        lines = self.get_metadata(PositionProvider, old)
        span = self.get_metadata(ByteSpanPositionProvider, old)
        scope = ".".join(self._scope)
        return _Place(scope, lines.start.line, lines.end.line, span.start, span.start + span.length, new)


def _smaller(old: cst.CSTNode, new: cst.CSTNode) -> tuple[cst.CSTNode, cst.CSTNode]:
    """Of a branch only its condition; of an expression what stands inside its brackets, which stay."""
    match old, new:
        case (cst.If() | cst.While() | cst.CompIf(), cst.If() | cst.While() | cst.CompIf()):
            old, new = old.test, new.test
    if isinstance(old, cst.BaseExpression) and isinstance(new, cst.BaseExpression) and old.lpar and new.lpar:
        new = new.with_changes(lpar=new.lpar[len(old.lpar) :], rpar=new.rpar[len(old.rpar) :])
    return old, new


def _is_false(node: cst.CSTNode) -> bool:
    match node:
        case cst.Assign(value=cst.Name(value="False")) | cst.Return(value=cst.Name(value="False")):
            return True
    return False


def _is_none(node: cst.CSTNode) -> bool:
    """None for False tells nobody anything: both are untrue. True is planted there, too."""
    match node:
        case cst.Assign(value=cst.Name(value="None")) | cst.Return(value=cst.Name(value="None")):
            return True
    return False
