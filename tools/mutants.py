"""Change right answers a little, and see what the checkers say: ``python -m tools.mutants``.

Each right answer in `lessons/` and in `tools/codings.py` is changed in one place by a
program: an operator, a bound, an index, an axis, two arguments swapped. Such a mutant is
*equivalent* where it still does the same; else its check must refuse it, and should say
what is wrong. What passes and is not equivalent is a wrong answer that earns points.
"""

from __future__ import annotations

import argparse
import ast
import copy
import linecache
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from tqdm import tqdm

from cnnjudge.judge import KnownOutcomes
from cnnjudge.tasks import task
from cnnjudge.verdict import Verdict
from cnnlib import checks
from cnnlib.checks.registry import questions
from tools.build import build, exercise, source
from tools.build.course import Course
from tools.codings import CODINGS

TRAINED = frozenset({"trained_model"})
"""Tasks whose answer is trained: half a minute for each mutant is too long."""

Change = tuple[str, Callable[[ast.AST], None]]
"""What is changed, in words, and a function that does it to the node, in place."""


@dataclass(frozen=True)
class Mutant:
    """A right answer with one change.

    Attributes:
        task: the name of the task.
        change: what was changed, in words, with the line of the code.
        answer: the function or value that came of it.
    """

    task: str
    change: str
    answer: Any


@dataclass(frozen=True)
class MutantRow:
    """What became of a mutant."""

    mutant: Mutant
    verdict: Verdict

    @property
    def survived(self) -> bool:
        """Whether it passes its check."""
        return self.verdict.passed

    @property
    def named(self) -> bool:
        """Whether the verdict says what is wrong: a cause, or what an error means."""
        found = self.verdict
        return bool(found.mistake or found.remark or found.meaning or found.difference)

    @property
    def by_a_mistake(self) -> bool:
        """Whether the verdict names a mistake of the key, or what was noticed."""
        known = {mistake.name for mistake in task(self.mutant.task).key.mistakes}
        return bool(self.verdict.remark) or self.verdict.mistake in known


def rows(name: str, seed: int = 0) -> Iterator[MutantRow]:
    """Yield a row for each mutant of a task's right answers."""
    known = KnownOutcomes(task(name), questions()[name].draw(seed))
    for mutant in mutants(name):
        verdict = checks.Check(name).verdict(mutant.answer, seed, known=known)
        yield MutantRow(mutant, verdict)


def mutants(name: str) -> Iterator[Mutant]:
    """Yield the mutants of a task's right answers, no two of the same text."""
    seen: set[str] = set()
    if name in TRAINED:
        return
    for text in (_solution(name), *CODINGS.get(name, ())):
        original = ast.unparse(ast.parse(text))
        seen.add(original)
        for words, tree in _changed(text, name):
            changed = ast.unparse(tree)
            if changed in seen:
                continue
            seen.add(changed)
            try:
                answer = _made(name, changed, words)
            except Exception:  # it does not even define the answer
                continue
            yield Mutant(name, words, answer)


def answer(name: str, text: str) -> Any:
    """Return the answer that a cell's text defines, other tasks' answers around it."""
    return _made(name, text, "as it is")


def _made(name: str, text: str, words: str) -> Any:
    names = _copied(_before(name))
    place = f"<{name}: {words}>"
    linecache.cache[place] = (len(text), None, text.splitlines(True), place)
    exec(compile(text, place, "exec"), names)
    return names[name]


def _copied(names: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a name space in which no list or dict is shared."""
    kept = {n: copy.copy(v) for n, v in names.items() if isinstance(v, list | dict)}
    return {**names, **kept}


@cache
def _texts() -> dict[str, str]:
    """Return the solved cell of each task."""
    found = {}
    for path in Course(build.ROOT).exercises():
        for cell in source.read(path).cells:
            if cell.task:
                found[cell.task] = exercise.solved(cell.text)
    return found


def _solution(name: str) -> str:
    return _texts()[name]


@cache
def _before(name: str) -> dict[str, Any]:
    """Return the names that a task's cell finds: what the cells before it define."""
    lesson = questions()[name].lesson
    (path,) = (p for p in Course(build.ROOT).exercises() if p.name.startswith(lesson))
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in source.read(path).cells:
        if cell.task == name:
            break
        if cell.kind == "code" and not cell.check and cell.task not in TRAINED:
            text = exercise.solved(cell.text) if cell.task else cell.text
            exec(compile(text, str(path), "exec"), names)
    return names


# -- changes --------------------------------------------------------------------------


def _changed(text: str, name: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield a tree for each change of one node of a text."""
    tree = ast.parse(text)
    count = sum(1 for _ in ast.walk(tree))
    for place in range(count):
        original = list(ast.walk(tree))[place]
        for number, (words, _) in enumerate(_changes(original)):
            other = copy.deepcopy(tree)
            node = list(ast.walk(other))[place]
            _, change = list(_changes(node))[number]
            change(node)
            ast.fix_missing_locations(other)
            line = getattr(original, "lineno", 0)
            yield f"line {line}: {words}", other


_SWAPS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
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


def _changes(node: ast.AST) -> Iterator[Change]:
    """Yield the changes that can be made to a node."""
    for changes in (_of_operators, _of_numbers, _of_places, _of_calls, _of_lines):
        yield from changes(node)


def _set(**fields: Any) -> Callable[[ast.AST], None]:
    def change(node: ast.AST) -> None:
        for name, value in fields.items():
            setattr(node, name, value)

    return change


def _of_operators(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp | ast.AugAssign):
        for other in _SWAPS.get(type(node.op), ()):
            words = f"{type(node.op).__name__} becomes {other.__name__}"
            yield words, _set(op=other())
    if isinstance(node, ast.BinOp):
        yield "the left side alone", _become("left")
        yield "the right side alone", _become("right")
    if isinstance(node, ast.Compare) and type(node.ops[0]) in _COMPARED:
        other = _COMPARED[type(node.ops[0])]
        yield f"{type(node.ops[0]).__name__} reversed", _set(ops=[other()])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "a minus sign lost", _set(op=ast.UAdd())
    if isinstance(node, ast.If | ast.IfExp):
        yield "a condition turned round", _negate


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


def _of_numbers(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Constant):
        return
    value = node.value
    if isinstance(value, bool):
        yield f"{value} becomes {not value}", _set(value=not value)
    elif isinstance(value, int):
        yield f"{value} becomes {value + 1}", _set(value=value + 1)
        if value > 0:
            yield f"{value} becomes {value - 1}", _set(value=value - 1)
    elif isinstance(value, float):
        yield f"{value} becomes {value + 1}", _set(value=value + 1)


def _of_places(node: ast.AST) -> Iterator[Change]:
    """Indices, bounds and entries."""
    if isinstance(node, ast.Tuple) and len(node.elts) > 1:
        for i in range(len(node.elts) - 1):
            yield f"entries {i} and {i + 1} swapped", _swapped("elts", i)
    if isinstance(node, ast.Slice):
        for side in ("lower", "upper", "step"):
            if getattr(node, side) is not None:
                yield f"the {side} of a slice lost", _set(**{side: None})
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
        if getattr(node.iter.func, "id", "") == "range":
            yield "the loop stops one too early", _range_end(-1)
            yield "the loop goes one too far", _range_end(1)
        if getattr(node.iter.func, "id", "") == "zip" and len(node.iter.args) == 2:
            yield "the two sides of zip swapped", _zip_swapped


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


def _of_calls(node: ast.AST) -> Iterator[Change]:
    if not isinstance(node, ast.Call):
        return
    called = getattr(node.func, "attr", getattr(node.func, "id", ""))
    for i in range(len(node.args) - 1):
        if not any(isinstance(a, ast.Starred) for a in node.args):
            yield f"arguments {i} and {i + 1} swapped", _swapped("args", i)
    if len(node.args) > 1 and called not in ("isinstance", "zip"):
        yield "the last argument lost", lambda n: n.args.pop()  # type: ignore[attr-defined]
    for i, keyword in enumerate(node.keywords):
        if keyword.arg:
            yield f"`{keyword.arg}` lost", _without_keyword(i)
    if called in _CALLS:
        field = "attr" if isinstance(node.func, ast.Attribute) else "id"
        yield f"{called} becomes {_CALLS[called]}", _renamed(field, _CALLS[called])
    if called in _DROPPED and isinstance(node.func, ast.Attribute):
        whole = node.args[0] if called == "deepcopy" and node.args else node.func.value
        if not isinstance(whole, ast.Name) or whole.id not in ("torch", "F", "copy"):
            yield f"{called} left out", _kept(called)


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


def _of_lines(node: ast.AST) -> Iterator[Change]:
    """Whole statements: left out, set for added, `return` inside a loop."""
    if isinstance(node, ast.AugAssign):
        yield "set where it should be added", _set_for_added
    body = getattr(node, "body", None)
    if not isinstance(body, list):
        return
    for i, line in enumerate(body):
        is_doc = isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant)
        if isinstance(line, ast.Expr | ast.AugAssign | ast.If) and not is_doc:
            yield f"line {line.lineno} left out", _left_out(i)
        if isinstance(line, ast.With):
            yield "a `with` left out", _without_with(i)
        after = body[i + 1] if i + 1 < len(body) else None
        if isinstance(line, ast.For) and isinstance(after, ast.Return):
            yield "`return` inside the loop", _returned_early(i)


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


# -- the table ------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: print a line for each task, and the mutants without a name."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("tasks", nargs="*", help="names of tasks; default: all")
    parser.add_argument("--show", action="store_true", help="those without a name")
    parser.add_argument("--survivors", action="store_true", help="those that pass")
    parser.add_argument("--named", action="store_true", help="all others with hints")
    options = parser.parse_args(arguments)
    for name in tqdm(options.tasks or list(questions()), disable=None):
        found = list(rows(name))
        if not found:
            continue
        refused = [row for row in found if not row.survived]
        named = [row for row in refused if row.named]
        causes = [row for row in refused if row.by_a_mistake]
        print(
            f"{name}: {len(found)} tried, {len(refused)} refused, {len(named)} named "
            f"({100 * len(named) // max(1, len(refused))} %), by a mistake of the key "
            f"{len(causes)}, passing {len(found) - len(refused)}"
        )
        for row in found:
            text = row.verdict.text
            if row.survived and options.survivors:
                print(f"    passes: {row.mutant.change}")
            elif options.show and not row.survived and not row.named:
                print(f"  {row.mutant.change}\n    " + text.replace("\n", "\n    "))
            elif options.named and row.named and not row.survived:
                print(f"  {row.mutant.change}\n    " + text.replace("\n", "\n    "))
    return 0


if __name__ == "__main__":
    sys.exit(main())
