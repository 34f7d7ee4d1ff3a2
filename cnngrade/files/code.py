"""What a cell's code binds and calls, also where it cannot be parsed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from cnngrade.limits import PARSED_CHARACTERS

_MARKS = re.compile(
    r"^[ \t]*#[ \t]*(NBVAL_SKIP|NBVAL_RAISES_EXCEPTION|NBVAL_IGNORE_OUTPUT|"
    r"PYTEST_VALIDATE_IGNORE_OUTPUT)\b",
    re.M,
)
_BINDING = re.compile(
    r"^(?:(?:async )?def|class) (\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)", re.M
)
_CHECK = re.compile(r"^ *checks\.(\w+)\(", re.M)


def bound(source: str) -> set[str]:
    """Return the names that a cell gives a value at its top level."""
    tree = _parsed(source)
    if tree is None:
        return {name for pair in _BINDING.findall(source) for name in pair if name}
    return set(_bound(tree.body))


def used(source: str) -> set[str]:
    """Return the names that a cell reads, wherever in it."""
    tree = _parsed(source)
    if tree is None:
        return set(re.findall(r"\b[A-Za-z_]\w*\b", re.sub(r"#.*", "", source)))
    names = (node for node in ast.walk(tree) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def checked(source: str) -> list[str]:
    """Return the tasks whose checks a cell calls: ``checks.NAME(...)``."""
    tree = _parsed(source)
    if tree is None:
        return _CHECK.findall(source)
    return [name for node in ast.walk(tree) if (name := _check(node))]


def only_checks(source: str) -> bool:
    """Tell whether a cell calls checks and does nothing else."""
    tree = _parsed(source)
    return bool(
        tree
        and tree.body
        and all(isinstance(n, ast.Expr) and _check(n.value) for n in tree.body)
    )


def marks(source: str) -> list[str]:
    """Return the comments in a cell that tell nbval to look away."""
    return _MARKS.findall(source)


def same(one: str, other: str) -> bool:
    """Tell whether two cells hold the same code, white space at the ends aside."""
    return _lines(one) == _lines(other)


def _lines(source: str) -> list[str]:
    return [line.rstrip() for line in source.strip().split("\n")]


def _parsed(source: str) -> ast.Module | None:
    if len(source) > PARSED_CHARACTERS:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _check(node: ast.AST) -> str:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if isinstance(owner, ast.Name) and owner.id == "checks":
            return node.func.attr
    return ""


def _bound(body: Sequence[ast.stmt]) -> Iterator[str]:
    left = [*body]
    while left:  # no recursion: a chain of elif may be thousands long
        node = left.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from _names(target)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from _names(node.target)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]
        else:  # the branches of if, for, with, try
            for part in ("body", "orelse", "finalbody"):
                left += getattr(node, part, [])


def _names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
