"""Exercises: one text, from which solved and unsolved notebooks are made.

In an answer cell the solution stands between two markers. The unsolved notebook has a
stub in its place: ``raise NotImplementedError`` in a function, ``name = ...`` for a
value, or the lines that start with ``# STUB``.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cnnlib.checks import registry
from cnnlib.settings import settings
from tools.build import chosen, code_rules, extras, rules
from tools.build.chosen import HEADING
from tools.build.claims import claims
from tools.build.course import Course
from tools.build.draft import Draft, make_draft
from tools.build.problems import Finding, LessonError, Problem
from tools.build.source import Cell, Lesson

BEGIN, END, STUB = "# BEGIN SOLUTION", "# END SOLUTION", "# STUB "
_MARKER = re.compile(r"#.*\b(?:BEGIN|END) +SOLUTION\b", re.I)
_FOLDS = ("Hint", "I get this error")


@dataclass(frozen=True)
class AnswerParts:
    """An answer cell cut at its markers: lines before, of the solution, and after."""

    before: list[str]
    stub: list[str]
    solution: list[str]
    after: list[str]
    indent: str


def cut(text: str) -> AnswerParts:
    """Cut an answer cell at its markers.

    There is one BEGIN and one END, each alone on its line, equally far in; anything
    else raises ValueError.
    """
    lines = text.split("\n")
    marked = [i for i, line in enumerate(lines) if _MARKER.search(line)]
    for i in marked:
        if lines[i].strip() not in (BEGIN, END):
            raise _MarkerError(i, f"a marker is '{BEGIN}' or '{END}', alone on a line")
    kinds = [lines[i].strip() for i in marked]
    if not kinds:
        raise _MarkerError(0, f"an answer cell needs '{BEGIN}' and '{END}'")
    if kinds.count(BEGIN) > kinds.count(END):
        raise _MarkerError(marked[0], f"'{BEGIN}' without its '{END}'")
    if kinds.count(BEGIN) < kinds.count(END):
        raise _MarkerError(marked[0], f"'{END}' without its '{BEGIN}'")
    if kinds != [BEGIN, END]:
        message = "one solution to a cell; markers are not nested or turned round"
        raise _MarkerError(marked[0], message)
    begin, end = marked
    indent = lines[begin][: -len(BEGIN)]
    if lines[end][: -len(END)] != indent:
        raise _MarkerError(end, "both markers are equally far in")
    inner = lines[begin + 1 : end]
    stub = [line for line in inner if line.strip().startswith(STUB.strip())]
    solution = inner[len(stub) :]
    if any(line.strip().startswith(STUB.strip()) for line in solution):
        raise _MarkerError(begin, f"'{STUB}' lines stand directly after '{BEGIN}'")
    if not any(line.strip() for line in solution):
        raise _MarkerError(begin, "there is no solution between the markers")
    return AnswerParts(lines[:begin], stub, solution, lines[end + 1 :], indent)


class _MarkerError(ValueError):
    def __init__(self, offset: int, message: str) -> None:
        self.offset, self.message = offset, message
        super().__init__(f"{offset}: {message}")


def solved(text: str) -> str:
    """Return an answer cell with its solution and without markers."""
    parts = cut(text)
    return "\n".join([*parts.before, *parts.solution, *parts.after]).strip("\n")


def unsolved(text: str, task: str) -> str:
    """Return an answer cell with the stub in place of its solution."""
    parts = cut(text)
    stub = [f"{parts.indent}raise NotImplementedError"]
    if parts.stub:
        stub = [line.replace(STUB, "", 1) for line in parts.stub]
    elif not parts.indent:
        stub = [f"{task} = ..."]
    return "\n".join([*parts.before, *stub, *parts.after]).strip("\n")


def problems(lesson: Lesson, course: Course) -> list[Problem]:
    """Return every breach of the conventions for exercises, with its file line."""
    found = [lesson.at(finding) for finding in _findings(lesson)]
    if not (course.root / "lessons" / f"{lesson.topic}.py").exists():
        found.append(lesson.problem(0, f"there is no lesson {lesson.topic}.py"))
    return [*found, *rules.line_problems(lesson)]


def _findings(lesson: Lesson) -> Iterator[Finding]:
    yield from rules.headings(lesson)
    yield from rules.prose(lesson)
    yield from code_rules.code(lesson)
    yield from _opening(lesson)
    asked = [q for q in registry.questions().values() if q.lesson == lesson.number]
    names = [cell.task for cell in lesson.cells if cell.task]
    if names != [question.name for question in asked]:
        wanted = ", ".join(question.name for question in asked)
        yield Finding(0, f"the tasks of this lesson are, in order: {wanted}")
    points = {question.name: question.points for question in asked}
    yield from _left_out(lesson)
    for index, cell in enumerate(lesson.cells):
        if cell.task:
            yield from _answer(lesson, index, cell, points.get(cell.task))
        elif _MARKER.search(cell.text):
            yield Finding(index, "markers of a solution outside an answer cell")
        if cell.check and (not index or lesson.cells[index - 1].task != cell.check):
            yield Finding(index, "a check cell stands right after its answer cell")


def _left_out(lesson: Lesson) -> Iterator[Finding]:
    """Find what uses the answer of a task that ``course.toml`` leaves out."""
    gone = {task for task, points in settings().points.items() if not points}
    for index, cell in enumerate(lesson.cells):
        if cell.kind == "code":
            with contextlib.suppress(SyntaxError):  # told by another rule
                for name in sorted(extras.names(cell.text)[0] & gone):
                    message = f"uses {name}, which course.toml leaves out"
                    yield Finding(index, message)


def _opening(lesson: Lesson) -> Iterator[Finding]:
    """Check what the first cell says of the tasks and points of its lesson."""
    asked = [q for q in registry.questions().values() if q.lesson == lesson.number]
    points = sum(question.points for question in asked)
    first = lesson.cells[0].text
    if f"**Points:** {points}." not in first:
        yield Finding(0, f"the first cell says '**Points:** {points}.'")
    for number, noun in claims(first):
        if noun == "task" and number != len(asked):
            yield Finding(0, f"{number} tasks in the first cell, not {len(asked)}")


def _answer(
    lesson: Lesson, index: int, cell: Cell, points: int | None
) -> Iterator[Finding]:
    try:
        stub = unsolved(cell.text, str(cell.task))
        solved(cell.text)
    except _MarkerError as error:
        yield Finding(index, error.message, error.offset)
        return
    if not _defines(stub, str(cell.task)):
        yield Finding(index, f"the stub does not define {cell.task}")
    above = [c.text for c in lesson.cells[:index] if c.text.startswith("## ")]
    heading = HEADING.match(above[-1]) if above else None
    if not heading or heading[1] != cell.task or int(heading[2]) != points:
        message = f"its section is called '## {cell.task} ({points} points)'"
        yield Finding(index, message)
    after = [*lesson.cells[index + 1 : index + 3], cell, cell][:2]
    if after[0].check != cell.task:
        yield Finding(index, f'no check cell follows: # %% check="{cell.task}"')
    elif after[0].text != f"checks.{cell.task}({cell.task})":
        yield Finding(index + 1, f"a check cell is: checks.{cell.task}({cell.task})")
    for fold in _FOLDS:
        if f"<summary>{fold}</summary>" not in after[1].text:
            yield Finding(index, f"the cell after the check has no fold '{fold}'")


def _defines(code: str, name: str) -> bool:
    for node in ast.parse(code).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return True
        if isinstance(node, ast.Assign):
            targets = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if name in targets:
                return True
    return False


def drafts(lesson: Lesson, course: Course) -> list[Draft]:
    """Return the solved notebook, to be run, and the unsolved one, which is not.

    Both have the tasks and the points that the course has: see ``chosen``.
    """
    lesson = chosen.form(lesson, settings())
    found = [*lesson.problems, *problems(lesson, course)]
    if found:
        raise LessonError(found)
    made = [
        make_draft(_with(lesson, solution=True), course, "solutions"),
        make_draft(_with(lesson, solution=False), course, "exercises", run=False),
    ]
    for draft in made:
        draft.notebook.metadata["cnnlib"]["kind"] = draft.target.parent.name
        _mark(draft)
    return made


def _with(lesson: Lesson, *, solution: bool) -> Lesson:
    """Return the lesson with each answer cell solved or unsolved."""
    made = copy.copy(lesson)
    made.cells = [copy.copy(cell) for cell in lesson.cells]
    for cell in made.cells:
        if cell.task:
            text = cell.text
            cell.text = solved(text) if solution else unsolved(text, cell.task)
    return made


def _mark(draft: Draft) -> None:
    """Write what nbgrader and our own grader know a cell by."""
    points = {q.name: q.points for q in registry.questions().values()}
    cells = {cell.id: cell for cell in draft.lesson.cells}
    for made in draft.notebook.cells:
        cell = cells.get(made.id)
        if cell is None or not (cell.task or cell.check):
            continue
        role = "answer" if cell.task else "check"
        task = str(cell.task or cell.check)
        made.metadata["cnnlib"] = {"role": role, "task": task}
        made.metadata["nbgrader"] = nbgrader(made.id, points[task], role)
        made.metadata["deletable"] = False
        if role == "check":
            made.metadata["editable"] = False


def nbgrader(grade_id: str, points: int, role: str) -> dict[str, Any]:
    """Return a cell's metadata in version 3 of nbgrader's schema."""
    known = {
        "schema_version": 3,
        "grade": role == "check",
        "solution": role == "answer",
        "locked": role == "check",
        "task": False,
        "grade_id": grade_id,
    }
    return known | ({"points": points} if role == "check" else {})


def handed_out_json(draft: Draft) -> str:
    """Return the code cells of an unsolved notebook, as ``cnnlib check`` needs them."""
    cells = [
        {"id": cell.id, "source": cell.source, **cell.metadata.get("cnnlib", {})}
        for cell in draft.notebook.cells
        if cell.cell_type == "code"
    ]
    facts = {"name": draft.lesson.topic, **draft.notebook.metadata["cnnlib"]}
    text = json.dumps(facts | {"cells": cells}, indent=1, ensure_ascii=False)
    return text + "\n"


def handed_out_path(lesson: Lesson, course: Course) -> Any:
    """Return where that file of an exercise lies in the package."""
    return course.root / "cnnjudge" / "exercises" / f"{lesson.number}.json"
