"""Hand-ins that are equal, names and layout apart: a hint to look, never a verdict.

Compared are the answers of one lesson that are long enough to differ by themselves, as
their syntax trees: without comments, docstrings and layout, with each name that the
answer gives itself replaced by a number. A hand-in is listed where all of these answers
are equal to another's, or to the published solutions, where those are at hand.
"""

from __future__ import annotations

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cnngrade.files.exercise import handed_out
from cnngrade.limits import PARSED_CHARACTERS
from cnngrade.record import Result

LEAST_TASK = 30
"""Nodes of its syntax tree that an answer has at least to be compared."""
LEAST_HAND_IN = 150
"""The same for all compared answers of a hand-in together."""
_SOLUTIONS = Path(__file__).parents[2] / "solutions"

_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class EqualHandIns:
    """Students whose long answers to a lesson are equal.

    Attributes:
        tasks: the tasks that were compared.
        published: whether they are equal to the published solutions, too.
        pair: their answers to these as two have them: (whose, code) each.
    """

    lesson: str
    students: tuple[str, ...]
    tasks: tuple[str, ...]
    published: bool
    pair: tuple[tuple[str, str], ...]


def equal_hand_ins(results: Iterable[Result]) -> list[EqualHandIns]:
    """Return the groups of equal hand-ins, the largest first."""
    groups: dict[tuple[str, _Key], list[Result]] = defaultdict(list)
    for result in results:
        codes = {
            task.task: task.code
            for task in result.tasks
            if task.verdict.status not in ("unsolved", "missing")
        }
        if key := _key(codes):
            groups[result.lesson, key].append(result)
    made = []
    for (lesson, key), some in groups.items():
        solution = _solution(lesson)
        published = bool(solution) and _matches(key, solution)
        if len(some) > 1 or published:
            made.append(_group(lesson, key, some, solution if published else {}))
    return sorted(made, key=lambda one: (-len(one.students), one.lesson, one.students))


def _group(
    lesson: str, key: _Key, some: list[Result], solution: Mapping[str, str]
) -> EqualHandIns:
    tasks = tuple(task for task, _ in key)

    def together(codes: Mapping[str, str]) -> str:
        return "\n\n".join(codes[task].strip("\n") for task in tasks)

    shown = [
        (result.student, together({task.task: task.code for task in result.tasks}))
        for result in some[:2]
    ]
    if solution and len(shown) < 2:
        shown.append(("the published solution", together(solution)))
    students = tuple(result.student for result in some)
    return EqualHandIns(lesson, students, tasks, bool(solution), tuple(shown))


def _key(codes: Mapping[str, str]) -> _Key:
    """Return the trees of the answers that are compared; () if they are too short."""
    trees = {task: tree(code, task) for task, code in codes.items()}
    kept = [(task, text) for task, (text, size) in trees.items() if size >= LEAST_TASK]
    whole = sum(size for _, size in trees.values() if size >= LEAST_TASK)
    return tuple(kept) if whole >= LEAST_HAND_IN else ()


def _matches(key: _Key, solution: Mapping[str, str]) -> bool:
    return all(
        task in solution and tree(solution[task], task)[0] == text for task, text in key
    )


@cache
def _solution(lesson: str) -> Mapping[str, str]:
    """Return the published answers to a lesson by task; none where it is installed."""
    exercise = handed_out().get(lesson)
    if exercise is None:
        return {}
    path = _SOLUTIONS / f"{exercise.name}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        sources = {cell["id"]: "".join(cell["source"]) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    ids = {task: exercise.part(task, "answer").id for task in exercise.tasks}
    return {task: sources[one] for task, one in ids.items() if one in sources}


def tree(source: str, task: str) -> tuple[str, int]:
    """Return what an answer says apart from names and layout, and its size in nodes."""
    if len(source) > PARSED_CHARACTERS:
        return "", 0
    try:
        parsed = ast.parse(source)
        _Plain(task).visit(parsed)
        return ast.dump(parsed), sum(1 for _ in ast.walk(parsed))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "", 0


class _Plain(ast.NodeTransformer):
    """Drops docstrings and numbers the names that the code gives itself."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._numbers: dict[str, str] = {}

    def visit_Module(self, node: ast.Module) -> ast.AST:
        for one in ast.walk(node):
            if isinstance(one, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                self._own(one.name)
            elif isinstance(one, ast.arg):
                self._own(one.arg)
            elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                self._own(one.id)
        self._undocumented(node)
        return self.generic_visit(node)

    def _own(self, name: str) -> None:
        if name != self._task:
            self._numbers.setdefault(name, f"v{len(self._numbers)}")

    def _undocumented(self, node: ast.Module | ast.FunctionDef | ast.ClassDef) -> None:
        first = node.body[0] if node.body else None
        told = first.value if isinstance(first, ast.Expr) else None
        if isinstance(told, ast.Constant) and isinstance(told.value, str):
            node.body = node.body[1:] or [ast.Pass()]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self._undocumented(node)
        node.name = self._numbers.get(node.name, node.name)
        node.returns = None
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._undocumented(node)
        node.name = self._numbers.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg, node.annotation = self._numbers.get(node.arg, node.arg), None
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._numbers.get(node.id, node.id)
        return node
