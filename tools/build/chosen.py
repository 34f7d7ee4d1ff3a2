"""The form of a lesson, or of an exercise, that ``cnnlib/course.toml`` asks for.

Where it asks for nothing, that is the text as it stands in ``lessons/``.
"""

from __future__ import annotations

import copy
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from cnnlib.checks import registry
from cnnlib.checks.question import Question
from cnnlib.settings import Settings, settings
from tools.build import extras, source
from tools.build.claims import in_words
from tools.build.problems import LessonError
from tools.build.source import Cell, Lesson

HEADING = re.compile(r"## (\w+) \((\d+) points?\)")
_POINTS = re.compile(r"\*\*Points:\*\* \d+\.")
_TIME = re.compile(r"\*\*Time:\*\* (\d+) minutes")
_STEP = 5  # minutes are stated to five
_WIDTH = 77

_Questions = dict[str, Question]


def read(path: Path, asked: Settings | None = None) -> Lesson:
    """Read a text of ``lessons/`` in the form that the course has."""
    return form(source.read(path), asked or settings())


def form(lesson: Lesson, asked: Settings) -> Lesson:
    """Return that form of a lesson or an exercise."""
    if lesson.is_exercise:
        return _exercise(lesson, asked.points)
    return lesson if asked.extras else extras.short(lesson)


def left_out(path: Path) -> list[str]:
    """Return the headings of a lesson's text that the course's form of it has not."""
    return [] if settings().extras else extras.left_out(source.read(path))


def _exercise(lesson: Lesson, points: dict[str, int]) -> Lesson:
    """Return an exercise with the tasks and the points that the course has."""
    every = registry.every_question()
    own = {cell.task: every[cell.task] for cell in lesson.cells if cell.task in every}
    asked = registry.weighted(own, {k: n for k, n in points.items() if k in own})
    if asked == own:
        return lesson
    if not asked:
        message = "course.toml leaves out every task of this exercise; keep one"
        raise LessonError([lesson.problem(0, message)])
    made = copy.copy(lesson)
    made.cells = [copy.copy(cell) for cell in _without(lesson, own.keys() - asked)]
    for cell in made.cells:
        found = HEADING.match(cell.text) if cell.kind == "markdown" else None
        if found and found[1] in asked:
            number = asked[found[1]].points
            title = f"## {found[1]} ({number} point{'s' * (number != 1)})"
            cell.text = title + cell.text[found.end() :]
    made.cells[0].text = _opening(made.cells[0].text, lesson.number, own, asked)
    return made


def _without(lesson: Lesson, tasks: set[str]) -> Iterator[Cell]:
    """Yield the cells that belong to no such task: from its heading to the next."""
    leaving = False
    for cell in lesson.cells:
        if cell.kind == "markdown" and cell.text.startswith("## "):
            found = HEADING.match(cell.text)
            leaving = found is not None and found[1] in tasks
        if not leaving:
            yield cell


def _opening(text: str, number: str, own: _Questions, asked: _Questions) -> str:
    """Return the first cell with the tasks, points and minutes of what is asked."""
    total = sum(question.points for question in asked.values())
    text = _POINTS.sub(f"**Points:** {total}.", text, count=1)
    if len(asked) == len(own):
        return text
    kept = sum(own[name].points for name in asked)
    share = kept / sum(question.points for question in own.values())
    text = _TIME.sub(
        lambda found: (
            f"**Time:** {_STEP * round(int(found[1]) * share / _STEP)} minutes"
        ),
        text,
        count=1,
    )
    *before, last = [f"`{name}`" for name in asked]
    names = " and ".join(filter(None, [", ".join(before), last]))
    count = in_words(len(asked)).capitalize()
    words = f"{count} task{'s' * (len(asked) > 1)} to lesson {number}: {names}."
    title, _, *rest = text.split("\n\n")
    return "\n\n".join([title, textwrap.fill(words, _WIDTH), *rest])
