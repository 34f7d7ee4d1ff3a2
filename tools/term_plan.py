"""A plan of the term: ``python -m tools.term_plan`` writes ``docs/term-plan.md``.

All of it is computed from the lessons and the questions: minutes, with and without
what is marked as extra, points, and on which earlier lessons one builds. ``make build``
writes it, too, and a test compares.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cnnlib.checks import registry
from cnnlib.settings import settings
from tools import minutes
from tools.build import chosen, extras, markdown, source
from tools.build.course import Course
from tools.build.source import Lesson

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/term-plan.md"
ENOUGH = 2
"""So many functions and layers of an earlier lesson make this one build on it."""
_TIME = re.compile(r"\*\*Time:\*\* (\d+) minutes")
_BACK = re.compile(r"\b[Ll]essons?\s+(\d\d)")

_HEAD = """\
# A plan of the term

<!-- Written by: python -m tools.term_plan. Do not edit. -->

{count} lessons, a week each: {lessons} minutes in class, {exercises} at home for the
exercises, {tasks} tasks with {points} points. Minutes are those of somebody who reads
and runs everything alone (`tools/minutes.py` says how they are counted). "Short" is a
lesson without what is marked as extra: `make build EXTRAS=no`.

Lesson 00 takes some Python for granted. "Builds on" are the earlier lessons that a
lesson or its exercise names, and those that bring two or more of the layers and
functions of PyTorch which it uses. Each lesson says again what it needs of them; a
class that left one out should look there first.

| week | lesson | minutes | short | exercises, minutes | tasks | points | builds on |
|---|---|---|---|---|---|---|---|
"""
_TAIL = """
A term of 12 weeks has room for two more: one to look back, with the term page of
`cnnlib grade` (which mistakes came back), one for the open project of lesson 09.
"""


@dataclass(frozen=True)
class Row:
    """What the plan says of a lesson; minutes, and those of its short form."""

    number: str
    title: str
    name: str
    lesson: int
    short: int
    exercise: int
    tasks: int
    points: int
    on: tuple[str, ...]  # the lessons that it builds on


def rows(course: Course) -> list[Row]:
    """Return a row to each lesson, in order."""
    exercises = {path.name[:2]: path for path in course.exercises()}
    first: dict[str, str] = {}  # the lesson that brings a function or a layer
    found = []
    for path in course.sources():
        whole = source.read(path)
        used = _functions(whole)
        brought = Counter(first[name] for name in used if name in first)
        first = dict.fromkeys(used, whole.number) | first
        on = {number for number, count in brought.items() if count >= ENOUGH}
        found.append(_row(whole, exercises.get(whole.number), on))
    return found


def _row(whole: Lesson, exercise: Path | None, on: set[str]) -> Row:
    lesson, short = chosen.form(whole, settings()), extras.short(whole)
    asked = [q for q in registry.questions().values() if q.lesson == whole.number]
    tasks = chosen.read(exercise) if exercise else None
    stated = _TIME.search(tasks.cells[0].text) if tasks else None
    title = markdown.headings(whole.cells[0].text)[0].text
    named = {number for text in (lesson, tasks) if text for number in _named(text)}
    return Row(
        whole.number,
        title.removeprefix(whole.number).strip(),
        whole.path.stem,
        minutes.of_cells(lesson.cells).minutes,
        minutes.of_cells(short.cells).minutes,
        int(stated[1]) if stated else 0,
        len(asked),
        sum(question.points for question in asked),
        tuple(sorted(one for one in named | on if one < whole.number)),
    )


def _named(lesson: Lesson) -> Iterator[str]:
    """Yield the numbers of the lessons that a text names."""
    for cell in lesson.cells:
        if cell.kind == "markdown":
            yield from _BACK.findall(cell.text)


def _functions(lesson: Lesson) -> set[str]:
    """Return the layers and functions of PyTorch that a lesson uses: nn. and F."""
    return {
        f"{node.value.id}.{node.attr}"
        for cell in lesson.cells
        if cell.kind == "code"
        for node in ast.walk(ast.parse(cell.text))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("nn", "F")
    }


def page(found: list[Row]) -> str:
    """Return the plan as Markdown."""
    lines = [
        f"| {week} | {_link(row)} | {row.lesson} | {_short(row)} | {row.exercise} | "
        f"{row.tasks} | {row.points} | {', '.join(row.on)} |\n"
        for week, row in enumerate(found, 1)
    ]
    head = _HEAD.format(
        count=len(found),
        lessons=sum(row.lesson for row in found),
        exercises=sum(row.exercise for row in found),
        tasks=sum(row.tasks for row in found),
        points=sum(row.points for row in found),
    )
    return head + "".join(lines).replace("|  |", "| |") + _TAIL


def _short(row: Row) -> str:
    return f"{row.short}" if row.short < row.lesson else ""


def _link(row: Row) -> str:
    return f"[{row.number} {row.title}](../notebooks/{row.name}.ipynb)"


def main() -> int:
    """Write the page."""
    (ROOT / PAGE).write_text(page(rows(Course(ROOT))), encoding="utf-8")
    print(f"Written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
