"""Small changes of a right answer's code: what an answer may have come from.

A program changes one place at a time: an operator, a bound, an index, two arguments.
`cnnjudge.judge` tries each change of a *working* (`cnnjudge.workings`), and where an
answer gives the same values it says in which step, without showing code.
`tools.mutants` makes mutants of other right answers, to see what the checks say.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from .workings import WORKINGS

Told = tuple[str, str, Callable[[ast.AST], None]]
"""A change: in a few words, as a student reads it, and a function that does it."""


@dataclass(frozen=True)
class Change:
    """One change of a text, and the tree that has it.

    Attributes:
        words: what was changed, with its line.
        sentence: where and what, as a student reads it: it shows no code.
    """

    words: str
    sentence: str
    tree: ast.Module


@dataclass(frozen=True)
class Changed:
    """A working with one change: the answer that came of it, by a name of its own."""

    name: str
    sentence: str
    answer: Any


@cache
def changed_workings(name: str) -> tuple[Changed, ...]:
    """Return a task's working with each of its changes, no two of the same text."""
    found: dict[str, Changed] = {}
    for number, text in enumerate(WORKINGS.get(name, ())):
        for change in changes(text):
            code = ast.unparse(change.tree)
            if code in found:
                continue
            names: dict[str, Any] = {"torch": torch, "F": F, "nn": nn, "pair": _pair}
            names |= {"copy": copy, "np": np}
            try:
                exec(compile(code, f"<a working of {name}>", "exec"), names)
            except Exception:  # it does not even define the answer
                continue
            label = f"{number}.{len(found)}, {change.words}"
            found[code] = Changed(label, change.sentence, names.get(name))
    return tuple(found.values())


def _pair(size: Any) -> Any:
    return (size, size) if isinstance(size, int) else size


def changes(text: str) -> Iterator[Change]:
    """Yield each change of one place of a text."""
    tree = ast.parse(text)
    _note_siblings(tree)
    places = _places(tree)
    nodes = list(ast.walk(tree))
    for place, original in enumerate(nodes):
        for number, (words, said, _) in enumerate(_changes(original)):
            other = copy.deepcopy(tree)
            node = list(ast.walk(other))[place]
            _, _, change = list(_changes(node))[number]
            change(node)
            ast.fix_missing_locations(other)
            line = getattr(original, "lineno", 0)
            where = places[id(original)]
            yield Change(f"line {line}: {words}", f"{where}{said}", other)


def _note_siblings(tree: ast.Module) -> None:
    """Note at each use of a name the one it is easily mixed up with: height, width.

    Two names are siblings that get their values together, or count two loops of which
    one is inside the other.
    """
    siblings: dict[str, str] = {}

    def pair(one: ast.AST, other: ast.AST) -> None:
        if isinstance(one, ast.Name) and isinstance(other, ast.Name):
            siblings.setdefault(one.id, other.id)
            siblings.setdefault(other.id, one.id)

    for node in ast.walk(tree):
        is_target = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store)
        if is_target and len(node.elts) == 2:  # type: ignore[attr-defined]
            pair(*node.elts)  # type: ignore[attr-defined]
        if isinstance(node, ast.For):
            for inner in node.body:
                if isinstance(inner, ast.For):
                    pair(node.target, inner.target)
    for node in ast.walk(tree):
        is_used = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if is_used and node.id in siblings:  # type: ignore[attr-defined]
            node.sibling = siblings[node.id]  # type: ignore[attr-defined]


# -- where ----------------------------------------------------------------------------

_MAKERS = {"zeros", "empty", "ones", "new_zeros", "zeros_like", "full"}
_ORDINALS = ("1st", "2nd", "3rd", *(f"{n}th" for n in range(4, 40)))


def _places(tree: ast.Module) -> dict[int, str]:
    """Return in words where each node stands, by its id."""
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
    arguments = {a.arg for f in functions[:1] for a in f.args.args}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)]
    calls.sort(key=lambda n: (n.end_lineno, n.end_col_offset))
    met: dict[str, int] = {}
    ordinals = {}
    for call in calls:
        name = _called(call)
        ordinals[id(call)] = _ORDINALS[min(met.get(name, 0), len(_ORDINALS) - 1)]
        met[name] = met.get(name, 0) + 1
    found: dict[int, str] = {}

    def visit(node: ast.AST, where: str, used: str) -> None:
        if isinstance(node, ast.stmt):
            names = sorted(
                {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} & arguments
            )
            plain = not isinstance(node, ast.FunctionDef | ast.For | ast.With | ast.If)
            few = plain and 0 < len(names) < 3
            words = " and ".join(f"`{name}`" for name in names)
            used = f"where {words} is used, " if few and len(names) == 1 else used
            used = f"where {words} are used, " if few and len(names) == 2 else used
        found[id(node)] = where or used
        for field, child in ast.iter_fields(node):
            inside = _inside(node, field, ordinals, met) or where
            for item in child if isinstance(child, list) else [child]:
                if isinstance(item, ast.AST):
                    visit(item, inside, used)

    visit(tree, "", "")
    return found


def _called(call: ast.Call) -> str:
    return str(getattr(call.func, "attr", getattr(call.func, "id", "")))


def _inside(
    node: ast.AST, field: str, ordinals: dict[int, str], met: dict[str, int]
) -> str:
    """Return in words what a part of a node is, or "" if that says nothing."""
    if isinstance(node, ast.Slice):
        words = {"lower": "start", "upper": "stop", "step": "step"}
        return f"at the {words[field]} of a slice, "
    if isinstance(node, ast.Subscript) and field == "slice":
        if isinstance(node.ctx, ast.Store):
            return "in the place where a value is put, "
        return "in an index or a slice, "
    if isinstance(node, ast.Call) and field in ("args", "keywords"):
        name = _called(node)
        if name == "range":
            return "in how far a loop runs, "
        if name in _MAKERS:
            return "in the size of the new tensor, "
        many = met.get(name, 0) > 1 and name[:1].isupper()
        which = f"the {ordinals[id(node)]} " if many else ""
        return f"in {which}`{name}`, " if name and name[0] != "_" else ""
    if isinstance(node, ast.If | ast.IfExp) and field == "test":
        return "in a condition, "
    return ""


# -- what -----------------------------------------------------------------------------


_SWAPS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Add, ast.FloorDiv),
    ast.FloorDiv: (ast.Div, ast.Mult),
    ast.Div: (ast.FloorDiv, ast.Mult),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
_COMPARED: dict[type, type] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
}
_CALLS = {
    "sum": "mean", "mean": "sum", "max": "min", "min": "max", "amax": "amin",
    "amin": "amax", "argmax": "argmin", "zeros": "ones", "new_zeros": "new_ones",
    "train": "eval", "eval": "train", "ReLU": "Tanh", "Tanh": "ReLU",
    "MaxPool2d": "AvgPool2d", "AvgPool2d": "MaxPool2d", "no_grad": "enable_grad",
    "softmax": "log_softmax",
}  # fmt: skip
_DROPPED = {
    "abs", "detach", "clone", "sum", "item", "flip", "eval", "deepcopy", "softmax",
}  # fmt: skip


_PART = "a part of a sum or product is missing."
_COMPARISON = "a comparison is the other way round, or off by one."
_NUMBER = "a number is off by one."
_MIXED_UP = "two names are mixed up: that of a row and of a column, say."
_PLACES = "two things have changed places."
_AXES = "two things have changed places: one stands where the next axis is, say."
_OPERATOR = "an operator is another one (`+` for `-`, `*` for `//`)."
OF_A_CALCULATION = frozenset({_PART, _NUMBER, _OPERATOR})
"""Slips that can be made on paper, too."""


def _changes(node: ast.AST) -> Iterator[Told]:
    """Yield the changes that can be made to a node."""
    for changes in (_of_operators, _of_numbers, _of_places, _of_calls, _of_lines):
        yield from changes(node)


def _set(**fields: Any) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        for name, value in fields.items():
            setattr(node, name, value)

    return change


def _of_operators(node: ast.AST) -> Iterator[Told]:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in _SWAPS.get(type(node.op), ()):
            words = f"{type(node.op).__name__} becomes {other.__name__}"
            yield (
                words,
                _OPERATOR,
                _set(op=other()),
            )
    if isinstance(node, ast.BinOp):
        yield from _sides_swapped(node)
        yield "the left side alone", _PART, _become("left")
        yield "the right side alone", _PART, _become("right")
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
        other = _COMPARED[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} reversed", _COMPARISON, _set(ops=[other()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "a minus sign lost", "a minus sign is missing.", _set(op=ast.UAdd())
    if isinstance(node, ast.If | ast.IfExp):
        yield "a condition turned round", _COMPARISON, _negate


def _sides_swapped(node: ast.BinOp) -> Iterator[Told]:
    if isinstance(node.op, ast.Sub | ast.FloorDiv | ast.Div):
        left, right = node.left, node.right
        yield "the two sides swapped", _PLACES, _set(left=right, right=left)


def _become(side: str) -> Callable[[ast.AST], None]:
    """Make of `a + b` the call `(a)`: written as `a + 0` would change types."""

    def change(node: ast.AST) -> None:
        kept = getattr(node, side)
        fields = {"value": kept, "slice": ast.Constant(0)}
        node.__class__ = ast.Subscript  # (kept,)[0] is kept
        node.__dict__.clear()
        fields["value"] = ast.Tuple([kept], ast.Load())
        node.__dict__.update(fields, ctx=ast.Load())

    return change


def _negate(node: ast.AST) -> None:
    assert isinstance(node, ast.If | ast.IfExp)
    node.test = ast.UnaryOp(ast.Not(), node.test)


def _of_numbers(node: ast.AST) -> Iterator[Told]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield (
            f"{value} becomes {not value}",
            "True stands for False, or the other way round.",
            _set(value=not value),
        )
    elif isinstance(value, int):
        yield f"{value} becomes {value + 1}", _NUMBER, _set(value=value + 1)
        if value > 0:
            yield f"{value} becomes {value - 1}", _NUMBER, _set(value=value - 1)
    elif isinstance(value, float):
        yield f"{value} becomes {value + 1}", _NUMBER, _set(value=value + 1)


def _of_places(node: ast.AST) -> Iterator[Told]:
    """Names, indices, bounds and entries."""
    sibling = getattr(node, "sibling", "")
    if isinstance(node, ast.Name) and sibling:
        words = f"{node.id} becomes {sibling}"
        yield words, _MIXED_UP, _set(id=sibling, sibling="")
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        for i in range(len(node.elts) - 1):
            yield f"entries {i} and {i + 1} swapped", _AXES, _swapped("elts", i)
    if isinstance(node, ast.Slice):
        for side in ("lower", "upper", "step"):
            if getattr(node, side) is not None:
                yield (
                    f"the {side} of a slice lost",
                    "a slice lacks its start, stop or step.",
                    _set(**{side: None}),
                )
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
        if getattr(node.iter.func, "id", "") == "range":
            yield (
                "the loop stops one too early",
                "a loop stops one round too early.",
                _range_end(-1),
            )
            yield (
                "the loop goes one too far",
                "a loop goes one round too far.",
                _range_end(1),
            )
        if getattr(node.iter.func, "id", "") == "zip" and len(node.iter.args) == 2:
            yield "the two sides of zip swapped", _PLACES, _zip_swapped


def _swapped(field: str, i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        entries = getattr(node, field)
        entries[i], entries[i + 1] = entries[i + 1], entries[i]

    return change


def _range_end(by: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.For)
        assert isinstance(node.iter, ast.Call)
        at = 0 if len(node.iter.args) == 1 else 1
        end = node.iter.args[at]
        node.iter.args[at] = ast.BinOp(end, ast.Add(), ast.Constant(by))

    return change


def _zip_swapped(node: ast.AST) -> None:
    assert isinstance(node, ast.For)
    assert isinstance(node.iter, ast.Call)
    node.iter.args.reverse()


def _of_calls(node: ast.AST) -> Iterator[Told]:
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    for i in range(len(node.args) - 1):
        if not any(isinstance(a, ast.Starred) for a in node.args):
            yield (
                f"arguments {i} and {i + 1} swapped",
                f"two arguments of `{called}` have changed places.",
                _swapped("args", i),
            )
    if len(node.args) > 1 and called not in ("isinstance", "zip"):
        yield (
            "the last argument lost",
            f"an argument of `{called}` is missing.",
            _without_argument,
        )
    for i, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield (
                f"`{keyword.arg}` lost",
                f"`{keyword.arg}` is missing in `{called}`.",
                _without_keyword(i),
            )
    if called in _CALLS:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        other = _CALLS[called]
        yield (
            f"{called} becomes {other}",
            f"`{other}` stands for `{called}`.",
            _renamed(field, other),
        )
    if called in _DROPPED and isinstance(node.func, ast.Attribute):
        whole = node.args[0] if called == "deepcopy" and node.args else node.func.value
        if not isinstance(whole, ast.Name) or whole.id not in ("torch", "F", "copy"):
            yield f"{called} left out", f"`{called}` is missing.", _kept(called)


def _without_argument(node: ast.AST) -> None:
    assert isinstance(node, ast.Call)
    node.args.pop()


def _without_keyword(i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        del node.keywords[i]

    return change


def _renamed(field: str, name: str) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        setattr(node.func, field, name)

    return change


def _kept(called: str) -> Callable[[ast.AST], None]:
    """Make of `x.abs()` just `x`."""

    def change(node: ast.AST) -> None:
        assert isinstance(node, ast.Call)
        assert isinstance(node.func, ast.Attribute)
        whole = node.args[0] if called == "deepcopy" else node.func.value
        node.__class__ = ast.Subscript  # type: ignore[assignment]
        node.__dict__.clear()
        value = ast.Tuple([whole], ast.Load())
        node.__dict__.update(value=value, slice=ast.Constant(0), ctx=ast.Load())

    return change


def _of_lines(node: ast.AST) -> Iterator[Told]:
    """Whole statements: left out, set for added, `return` inside a loop."""
    if isinstance(node, ast.AugAssign):
        yield (
            "set where it should be added",
            "`=` stands where `+=` should.",
            _set_for_added,
        )
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    for i, line in enumerate(body):
        is_doc = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        if isinstance(line, ast.Expr | ast.AugAssign | ast.If) and not is_doc:
            yield f"line {line.lineno} left out", "a line is missing.", _left_out(i)
        if isinstance(line, ast.With):
            yield "a `with` left out", "a `with` is missing.", _without_with(i)
        after = body[i + 1] if i + 1 < len(body) else None
        if isinstance(line, ast.For) and isinstance(after, ast.Return):
            yield (
                "`return` inside the loop",
                "`return` stands inside the loop.",
                _returned_early(i),
            )


def _set_for_added(node: ast.AST) -> None:
    assert isinstance(node, ast.AugAssign)
    target, value = node.target, node.value
    node.__class__ = ast.Assign  # type: ignore[assignment]
    node.__dict__.pop("op")
    node.__dict__.pop("target")
    node.__dict__.update(targets=[target], value=value, lineno=0)


def _left_out(i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        node.body[i] = ast.Pass()  # type: ignore[attr-defined]

    return change


def _without_with(i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        node.body[i : i + 1] = node.body[i].body  # type: ignore[attr-defined]

    return change


def _returned_early(i: int) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        loop, back = node.body[i], node.body[i + 1]  # type: ignore[attr-defined]
        loop.body.append(copy.deepcopy(back))

    return change
